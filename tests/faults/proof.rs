//! The proof that the auditor sees: data tampered with in every way that it is to find.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;

use crate::api::Api;
use crate::auditor::{Findings, audit};
use crate::disk::copy;
use crate::installation::{Installation, Under};
use crate::ledger::{Ledger, Line, What};
use crate::model::Model;

/// One of an audit's counts.
type Count = fn(&Findings) -> usize;

/// Attempts these, one after the other, and answers the customer of the last one.
async fn attempt(api: &Api, ledger: &Ledger, wishes: Vec<What>) -> String {
    let mut customer = String::new();
    for what in wishes {
        let op = Model::of(&ledger.read()).next_op();
        let attempt = Line::Attempt {
            op,
            what: what.clone(),
        };
        ledger.add(&attempt).await;
        let told = api.attempt(op, &what).await.unwrap();
        customer = told.customer.clone().unwrap_or(customer);
        ledger.add(&Line::Answer { op, told }).await;
    }
    customer
}

async fn tamper(installation: &Installation, statement: &str) {
    let mut database = SqliteConnectOptions::new()
        .filename(installation.database())
        .foreign_keys(false)
        .connect()
        .await
        .unwrap();
    database
        .execute(AssertSqlSafe(statement.to_owned()))
        .await
        .unwrap();
    database.close().await.unwrap();
}

/// Audits a copy in which this was done.
async fn after(installation: &Installation, ledger: &Ledger, statement: &str) -> Findings {
    let place = TempDir::new().unwrap();
    copy(&installation.data, place.path());
    let found = installation.moved_to(place.path().to_owned());
    tamper(&found, statement).await;
    audited(&found, ledger).await
}

async fn audited(found: &Installation, ledger: &Ledger) -> Findings {
    let server = found.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, found).await;
    let mut model = Model::of(&ledger.read());
    audit(found, &api, &mut model, 0).await
}

/// A customer with a name, before and after another one: a card kept, and one removed.
async fn work(installation: &Installation, ledger: &Ledger, notes: &Path) {
    let server = installation.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, installation).await;
    let phone = "9000000001".to_owned();
    let customer = attempt(&api, ledger, vec![What::Create { phone }]).await;
    let rename = |name: &str| What::Rename {
        customer: customer.clone(),
        name: name.to_owned(),
    };
    let card = |reference: &str| What::Generate {
        customer: customer.clone(),
        reference: reference.to_owned(),
    };
    attempt(&api, ledger, vec![rename("Asha")]).await;
    server.end();
    copy(&installation.data, notes);
    let server = installation.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, installation).await;
    attempt(
        &api,
        ledger,
        vec![rename("Uma"), card("first"), card("second")],
    )
    .await;
    server.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_auditor_finds_what_is_lost_changed_or_made_up() {
    let directory = TempDir::new().unwrap();
    let installation = Installation::new(directory.path().join("data"));
    let ledger = Ledger::new(&directory.path().join("ledger"));
    let earlier = directory.path().join("earlier");
    work(&installation, &ledger, &earlier).await;
    let earlier = earlier.join("onfile.sqlite").display().to_string();

    let untouched = after(&installation, &ledger, "select 1").await;
    untouched.must_be_clean();
    assert_eq!(untouched.acknowledged, 5);

    let last = "where request_id = 'op-5'";
    let tampered: [(&str, String, Count); 11] = [
        (
            "a customer lost",
            "delete from customers".to_owned(),
            |found| found.lost,
        ),
        (
            "a card lost",
            "delete from card_tokens where merchant_token_reference = 'first'".to_owned(),
            |found| found.lost,
        ),
        (
            "an older value",
            format!(
                "attach '{earlier}' as earlier; update customers set (profile, version) = \
                 (select profile, version from earlier.customers)"
            ),
            |found| found.lost,
        ),
        (
            "a customer deleted",
            "update customers set status = 'DELETED'".to_owned(),
            |found| found.wrong,
        ),
        (
            "a stranger",
            "insert into customers select merchant_id, 'cust-x', 'DELETED', null, null, created_at, null, null, 1, \
             wrapped_key, profile, null, null, null, 0, 0 from customers"
                .to_owned(),
            |found| found.wrong,
        ),
        (
            "an entry lost",
            "delete from audit_entries where seq = (select max(seq) from audit_entries where actor = 'merchant')".to_owned(),
            |found| found.untold,
        ),
        (
            "an entry made up",
            format!("update audit_entries set request_id = 'op-4' {last}"),
            |found| found.unfounded,
        ),
        (
            "an entry of nobody's",
            format!("update audit_entries set request_id = 'op-99' {last}"),
            |found| found.unfounded,
        ),
        (
            "a gap in the chain",
            "delete from audit_entries where seq = 2".to_owned(),
            |found| found.breaks,
        ),
        (
            "a break in the chain",
            "update audit_entries set hash = zeroblob(32) where seq = 2".to_owned(),
            |found| found.breaks,
        ),
        (
            "rows without their customer",
            "delete from customers".to_owned(),
            |found| found.damaged,
        ),
    ];
    for (what, statement, count) in tampered {
        let found = after(&installation, &ledger, &statement).await;
        assert!(count(&found) > 0, "{what} was not found: {found}");
    }

    // without the index the server makes a second one
    tamper(&installation, "drop index customers_phone_unique").await;
    let server = installation.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, &installation).await;
    let phone = "9000000001".to_owned();
    attempt(&api, &ledger, vec![What::Create { phone }]).await;
    server.end();
    assert!(audited(&installation, &ledger).await.doubled > 0);
}
