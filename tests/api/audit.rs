//! The check of the audit chains: every change behind Onfile's back is found, and what cannot be found is
//! known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::Desk;
use acceptance::kept::{Kept, file_in};
use acceptance::server::Server;
use backend::service::{audit, work};
use serde_json::json;
use shared::api::admin::Role;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use store::{AuditRecord, Read};
use tempfile::TempDir;

/// Entries of several kinds: by server, shopper, officer and Onfile itself; with and without customer,
/// token, address and sealed reason.
async fn a_morning(app: &TestApp, merchant: &Server, first: u64) {
    let phone = |n: u64| (9_876_500_000 + first + n).to_string();
    let id = merchant.customer(&phone(0)).await;
    merchant.card(app, &id, &format!("card-{first}")).await;
    let mut shopper = merchant.shopper(app).await.at("192.0.2.7");
    shopper.verify(&phone(0)).await;
    merchant
        .update(&id, &json!({ "first_name": "Priya" }))
        .await
        .is(200);
    let other = merchant.customer_who_is("SUSPENDED", &phone(1)).await;
    merchant
        .update(&other, &json!({ "status": "DELETED" }))
        .await
        .is(200);
}

async fn an_officer_moves(app: &TestApp, merchant: &Server, phone: &str) {
    let officer = Desk::open(app, merchant, Role::Officer).await;
    let id = merchant.customer_who_is("ACTIVE", phone).await;
    for verb in ["suspend", "lift", "delete"] {
        officer.make_move(&id, verb).await.is(200);
    }
}

async fn verify_all(view: &mut dyn Read, app: &TestApp) -> (Vec<String>, Vec<audit::Checked>) {
    let (mut findings, mut checked) = (Vec::new(), Vec::new());
    for merchant in view.merchants().await.unwrap() {
        let one = audit::verify(view, &app.onfile.vault, &merchant, &mut |finding| {
            findings.push(finding.to_string());
        })
        .await
        .unwrap();
        checked.push(one);
    }
    let counted: u64 = checked.iter().map(|one| one.findings).sum();
    assert_eq!(usize::try_from(counted).unwrap(), findings.len());
    (findings, checked)
}

/// A database with two merchants' chains, of which each copy is tampered with in another way.
struct Scene {
    app: TestApp,
    original: PathBuf,
    copies: TempDir,
    merchant: String,
    other: String,
    /// The chain of the merchant that is tampered with, as it is.
    chain: Vec<AuditRecord>,
    /// The places of its signed heads.
    heads: Vec<i64>,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::on(Kept::in_file()).await;
        let [one, other] = [app.merchant().await, app.merchant().await];
        // the one that is tampered with is the last, so that its last entries are not signed
        for merchant in [&other, &one] {
            a_morning(&app, merchant, 0).await;
            audit::sign_heads(&app.onfile).await.unwrap();
            an_officer_moves(&app, merchant, "9876600000").await;
            audit::sign_heads(&app.onfile).await.unwrap();
            a_morning(&app, merchant, 100).await;
            audit::sign_heads(&app.onfile).await.unwrap();
            a_morning(&app, merchant, 200).await;
        }
        let Kept::File(directory) = app.kept() else {
            panic!("the tampering is written for SQLite");
        };
        let original = file_in(directory);
        app.onfile.store.close().await;
        let copies = TempDir::new().unwrap();
        let merchant = one.merchant_id.to_string();
        let chain: Vec<_> = database::audit_entries(&app)
            .await
            .into_iter()
            .filter(|entry| entry.merchant_id == one.merchant_id)
            .collect();
        let mut scene = Self {
            app,
            original,
            copies,
            other: other.merchant_id.to_string(),
            merchant,
            chain,
            heads: Vec::new(),
        };
        let mut connection = connect(&scene.original).await;
        scene.heads =
            sqlx::query_scalar("select seq from audit_heads where merchant_id = ? order by seq")
                .bind(&scene.merchant)
                .fetch_all(&mut connection)
                .await
                .unwrap();
        connection.close().await.unwrap();
        assert_eq!(scene.heads.len(), 3);
        assert!(scene.chain.len() > 24, "{}", scene.chain.len());
        scene
    }

    /// The findings after these statements on a copy; none at all when the engine refuses one of them, or
    /// when the first changes nothing.
    async fn after(&self, statements: &[String]) -> Option<Vec<String>> {
        let copy = self.copies.path().join("copy.sqlite");
        std::fs::copy(&self.original, &copy).unwrap();
        let mut connection = connect(&copy).await;
        let mut changed = None;
        for statement in statements {
            let statement = statement
                .replace("$M", &format!("'{}'", self.merchant))
                .replace("$O", &format!("'{}'", self.other));
            match sqlx::query(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await
            {
                Ok(done) => changed = changed.or(Some(done.rows_affected())),
                Err(_) => changed = Some(0),
            }
            if changed == Some(0) {
                break;
            }
        }
        connection.close().await.unwrap();
        if changed == Some(0) {
            return None;
        }
        Some(self.look(&copy).await)
    }

    async fn look(&self, copy: &Path) -> Vec<String> {
        let look = store_sqlite::Look::at(copy).await.unwrap();
        let (findings, _) = verify_all(&mut *look.view(), &self.app).await;
        assert!(!look.was_disturbed());
        findings
    }

    /// The same, of what the engine does take.
    async fn found(&self, statements: &[&str]) -> Vec<String> {
        let statements: Vec<_> = statements.iter().map(|&text| text.to_owned()).collect();
        let found = self.after(&statements).await;
        found.unwrap_or_else(|| panic!("the engine refuses {statements:?}"))
    }
}

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .synchronous(SqliteSynchronous::Off)
        .pragma("ignore_check_constraints", "on")
        .connect()
        .await
        .unwrap()
}

/// What a column may be changed to. The engine refuses some of it.
fn values_for(table: &str, column: &str) -> Vec<String> {
    let mut values: Vec<_> = ["null", "''", "x''", "x'00'", "0", "$O"]
        .map(str::to_owned)
        .into();
    values.push("cast(x'ff' as text)".to_owned());
    values.push(format!("{column} + 1"));
    values.push(format!("{column} || 'x'"));
    values.push(format!(
        "(select {column} from {table} another where another.merchant_id = $M
          and another.{column} is not {table}.{column} limit 1)"
    ));
    values
}

async fn columns_of(scene: &Scene, table: &str) -> Vec<String> {
    let columns = database::columns(&scene.app, table).await;
    assert!(columns.len() > 4);
    columns
}

#[tokio::test]
async fn an_untouched_chain_holds_and_is_counted() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    a_morning(&app, &merchant, 0).await;
    assert_eq!(audit::sign_heads(&app.onfile).await.unwrap(), 1);
    assert_eq!(audit::sign_heads(&app.onfile).await.unwrap(), 0, "it rests");
    let signed_up_to = database::count(&app, "audit_entries").await;
    an_officer_moves(&app, &merchant, "9876600000").await;
    let entries = database::audit_entries(&app).await;
    let mut view = app.onfile.store.read().await.unwrap();
    let (findings, checked) = verify_all(&mut *view, &app).await;
    assert_eq!(findings, Vec::<String>::new());
    let last = entries.last().unwrap();
    let expected = audit::Checked {
        entries: u64::try_from(entries.len()).unwrap(),
        end: Some((last.seq, last.hash.clone())),
        heads: 1,
        signed_up_to: Some(i64::try_from(signed_up_to).unwrap()),
        findings: 0,
    };
    assert_eq!(checked, [expected]);
}

/// On either engine.
#[tokio::test]
async fn a_chain_that_was_touched_does_not_hold() {
    for statement in [
        "update audit_entries set action = 'customer.update' where seq = 2",
        "update audit_entries set address = '' where seq = 2 and address is null",
        "update audit_entries set token_id = '' where seq = 2",
        "update audit_entries set sealed_reason = x'00' where seq = 2",
        "update audit_entries set hash = zeroblob(32) where seq = 2",
        "delete from audit_entries where seq = 1",
        "delete from audit_entries where seq = 2",
        "delete from audit_entries where seq = 3",
        "update audit_heads set hash = zeroblob(32)",
        "update audit_heads set signed_at = signed_at + 1",
        "update audit_heads set signature = zeroblob(32)",
    ] {
        let app = TestApp::start().await;
        let merchant = app.merchant().await;
        merchant.customer_who_is("SUSPENDED", "9876543210").await;
        assert_eq!(audit::sign_heads(&app.onfile).await.unwrap(), 1);
        assert_eq!(database::tamper(&app, statement).await, 1, "{statement}");
        let mut view = app.onfile.store.read().await.unwrap();
        let (findings, _) = verify_all(&mut *view, &app).await;
        assert!(!findings.is_empty(), "{statement}");
    }
}

#[tokio::test]
async fn every_change_of_every_column_of_an_entry_is_found() {
    let scene = Scene::new().await;
    assert_eq!(scene.look(&scene.original).await, Vec::<String>::new());
    let place_of = |wanted: &dyn Fn(&AuditRecord) -> bool| {
        scene.chain.iter().find(|entry| wanted(entry)).unwrap().seq
    };
    let (signed, end) = (*scene.heads.last().unwrap(), scene.chain.len());
    let places = [
        1,
        place_of(&|entry| entry.sealed_reason.is_some()),
        place_of(&|entry| entry.token_id.is_some()),
        place_of(&|entry| entry.address.is_some()),
        signed,
        i64::try_from(end).unwrap(),
    ];
    let mut done: BTreeMap<String, usize> = BTreeMap::new();
    for column in columns_of(&scene, "audit_entries").await {
        for value in values_for("audit_entries", &column) {
            for place in places {
                // taken out of the chain after what is signed: see the last test
                if column == "merchant_id" && place > signed {
                    continue;
                }
                let statement = format!(
                    "update audit_entries set {column} = {value}
                     where merchant_id = $M and seq = {place} and {column} is not {value}"
                );
                if let Some(findings) = scene.after(std::slice::from_ref(&statement)).await {
                    assert!(!findings.is_empty(), "{statement}");
                    *done.entry(column.clone()).or_default() += 1;
                }
            }
        }
    }
    assert_eq!(done.len(), 15, "{done:?}");
    assert!(done.values().all(|times| *times >= 7), "{done:?}");
    // what is empty is told from what is not there, where the engine takes both
    for column in ["address", "customer_id", "token_id", "sealed_reason"] {
        let empty = if column == "sealed_reason" {
            "x''"
        } else {
            "''"
        };
        let statement = format!(
            "update audit_entries set {column} = {empty}
             where merchant_id = $M and seq = (select min(seq) from audit_entries where merchant_id = $M and {column} is null)"
        );
        let findings = scene.found(&[&statement]).await;
        assert!(
            findings
                .iter()
                .any(|finding| finding.contains("hash does not match")
                    || finding.contains("the row is unreadable")),
            "{column}: {findings:#?}"
        );
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_decoded_is_one_finding_and_hides_no_other() {
    let scene = Scene::new().await;
    let findings = scene
        .found(&[
            "update audit_entries set action = cast(x'ff' as text) where merchant_id = $M and seq = 4",
            "update audit_entries set actor = 'nobody' where merchant_id = $M and seq = 6",
            "update audit_entries set fields = 'x' where merchant_id = $M and seq = 9",
        ])
        .await;
    let merchant = &scene.merchant;
    assert_eq!(findings.len(), 3, "{findings:#?}");
    assert!(findings[0].starts_with(&format!("{merchant} 4: the row is unreadable")));
    assert!(findings[1].starts_with(&format!("{merchant} 6: the row is unreadable")));
    assert_eq!(
        findings[2],
        format!("{merchant} 9: hash does not match what the entry says")
    );
}

#[tokio::test]
async fn rows_that_were_removed_moved_or_added_are_found() {
    let scene = Scene::new().await;
    let signed = *scene.heads.last().unwrap();
    let end = scene.chain.len();
    let merchant = &scene.merchant;
    for (statements, expected) in [
        (
            vec!["delete from audit_entries where merchant_id = $M and seq = 1".to_owned()],
            "1: the entries from here to 1 are missing",
        ),
        (
            vec!["delete from audit_entries where merchant_id = $M and seq between 7 and 9".to_owned()],
            "7: the entries from here to 9 are missing",
        ),
        // the last, which is signed
        (
            vec![format!("delete from audit_entries where merchant_id = $M and seq >= {signed}")],
            "before this signed head",
        ),
        (
            vec!["delete from audit_entries where merchant_id = $M".to_owned()],
            "the chain ends at 0, before this signed head",
        ),
        // two swapped
        (
            vec![
                "update audit_entries set seq = 0 where merchant_id = $M and seq = 5".to_owned(),
                "update audit_entries set seq = 5 where merchant_id = $M and seq = 6".to_owned(),
                "update audit_entries set seq = 6 where merchant_id = $M and seq = 0".to_owned(),
            ],
            "5: hash does not match",
        ),
        // one put in between
        (
            vec![
                "update audit_entries set seq = -seq - 1 where merchant_id = $M and seq > 5".to_owned(),
                "update audit_entries set seq = -seq where merchant_id = $M and seq < 0".to_owned(),
                "insert into audit_entries select merchant_id, 6, happened_at, actor, actor_id, address, action,
                    customer_id, token_id, fields, transition, sealed_reason, request_id, previous_hash, hash
                 from audit_entries where merchant_id = $M and seq = 5".to_owned(),
            ],
            "6: hash does not match",
        ),
        // one added at the end, and one before the first
        (
            vec![format!(
                "insert into audit_entries select merchant_id, {end} + 1, happened_at, actor, actor_id, address,
                    action, customer_id, token_id, fields, transition, sealed_reason, request_id, previous_hash, hash
                 from audit_entries where merchant_id = $M and seq = {end}"
            )],
            "hash does not match",
        ),
        (
            vec![
                "insert into audit_entries select merchant_id, 0, happened_at, actor, actor_id, address,
                    action, customer_id, token_id, fields, transition, sealed_reason, request_id, previous_hash, hash
                 from audit_entries where merchant_id = $M and seq = 1".to_owned(),
            ],
            "0: no entry has this place",
        ),
        // one given to the other merchant, at the end of its chain
        (
            vec![format!(
                "update audit_entries set merchant_id = $O,
                    seq = (select max(seq) + 1 from audit_entries where merchant_id = $O)
                 where merchant_id = $M and seq = {end}"
            )],
            "previous_hash does not match the entry before",
        ),
    ] {
        let findings = scene.after(&statements).await.unwrap();
        assert!(
            findings.iter().any(|finding| finding.contains(expected)),
            "{expected}: {statements:?} gave {findings:#?} for {merchant}"
        );
    }
}

/// Rewrites the chain with right hashes, from a copy of it in which something else is said.
fn made_anew(chain: &[AuditRecord], from: usize) -> Vec<String> {
    let mut statements = Vec::new();
    let mut previous = None;
    for (place, entry) in chain.iter().enumerate().skip(from) {
        let mut entry = entry.clone();
        if place == from {
            "somebody else".clone_into(&mut entry.actor_id);
        }
        if let Some(previous) = previous {
            entry.previous_hash = previous;
        }
        entry.hash = work::hash(&entry);
        statements.push(format!(
            "update audit_entries set actor_id = '{}', previous_hash = x'{}', hash = x'{}'
             where merchant_id = $M and seq = {}",
            entry.actor_id,
            hex::encode(&entry.previous_hash),
            hex::encode(&entry.hash),
            entry.seq
        ));
        previous = Some(entry.hash);
    }
    statements
}

#[tokio::test]
async fn a_chain_that_was_made_anew_with_right_hashes_is_found_by_its_signed_heads() {
    let scene = Scene::new().await;
    for from in [0, 5] {
        let findings = scene.after(&made_anew(&scene.chain, from)).await.unwrap();
        let expected: Vec<_> = scene
            .heads
            .iter()
            .map(|head| {
                format!(
                    "{} {head}: hash is not the one that was signed: the chain was made anew up to here",
                    scene.merchant
                )
            })
            .collect();
        assert_eq!(findings, expected);
    }
}

#[tokio::test]
async fn every_change_of_a_signed_head_is_found() {
    let scene = Scene::new().await;
    let last = *scene.heads.last().unwrap();
    let mut done: BTreeMap<String, usize> = BTreeMap::new();
    for column in columns_of(&scene, "audit_heads").await {
        for value in values_for("audit_heads", &column) {
            for place in &scene.heads {
                // given to a merchant that is not there: as if the newest were removed, see the last test
                if column == "merchant_id" && *place == last && value != "$O" {
                    continue;
                }
                let statement = format!(
                    "update audit_heads set {column} = {value}
                     where merchant_id = $M and seq = {place} and {column} is not {value}"
                );
                if let Some(findings) = scene.after(std::slice::from_ref(&statement)).await {
                    assert!(!findings.is_empty(), "{statement}");
                    *done.entry(column.clone()).or_default() += 1;
                }
            }
        }
    }
    assert_eq!(done.len(), 5, "{done:?}");
    assert!(done.values().all(|times| *times >= 3), "{done:?}");
    for head in &scene.heads[..2] {
        let statement = format!("delete from audit_heads where merchant_id = $M and seq = {head}");
        let findings = scene.found(&[&statement]).await;
        assert!(findings[0].contains("the signature of this signed head does not match"));
        assert_eq!(findings.len(), 1);
    }
}

/// Against these only what was kept elsewhere helps: the line that an earlier check printed.
#[tokio::test]
async fn what_the_database_alone_cannot_show_is_this() {
    let scene = Scene::new().await;
    let (before, signed) = (scene.heads[1], scene.heads[2]);
    let end = scene.chain.len();
    let clean = Vec::<String>::new();
    let statements = [
        // what came after the newest signed head is cut off
        vec![format!(
            "delete from audit_entries where merchant_id = $M and seq > {signed}"
        )],
        // or made anew with right hashes
        made_anew(&scene.chain, end - 2),
        // the newest signed head is removed, and then the chain behind it is free as well
        vec![format!(
            "delete from audit_heads where merchant_id = $M and seq = {signed}"
        )],
        vec![
            format!("delete from audit_heads where merchant_id = $M and seq > {before}"),
            format!("delete from audit_entries where merchant_id = $M and seq > {before}"),
        ],
    ];
    for statements in statements {
        assert_eq!(
            scene.after(&statements).await.unwrap(),
            clean,
            "{statements:?}"
        );
    }
}
