//! Erasing for good: after the merchant's retention nothing of a deleted customer is left but ids.

use std::sync::Arc;

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::Desk;
use acceptance::kept::{Kept, file_in};
use acceptance::server::Server;
use axum::http::Method;
use backend::outbox;
use backend::service::erasure::{self, EraseError, Receipt};
use backend::service::merchants::{self, Merchant, Settings};
use backend::service::{By, audit};
use serde_json::json;
use shared::api::admin::Role;
use shared::id::{CustomerId, MerchantId};
use store::{CustomerRecord, ErasureRecord};

const PHONE: &str = "9812345670";
const DAY: u64 = 86_400;

async fn merchant_of(app: &TestApp, merchant: &MerchantId) -> Arc<Merchant> {
    merchants::get(&app.onfile, merchant)
        .await
        .unwrap()
        .unwrap()
}

async fn record_of(app: &TestApp, merchant: &Server, id: &str) -> CustomerRecord {
    let mut view = app.onfile.store.read().await.unwrap();
    let id = CustomerId::parse(id).unwrap();
    view.customer(&merchant.merchant_id, &id)
        .await
        .unwrap()
        .unwrap()
}

/// Erases whoever is due, and tells.
async fn erase_due(app: &TestApp, merchant: &Server) -> Vec<ErasureRecord> {
    let merchant = merchant_of(app, &merchant.merchant_id).await;
    let mut receipts = Vec::new();
    erasure::erase_due(
        &app.onfile,
        &merchant,
        &By::system("test"),
        &mut |receipt| {
            receipts.push(receipt.clone());
        },
    )
    .await
    .unwrap();
    erasure::scrub(&app.onfile).await.unwrap();
    receipts
}

/// A customer with everything that can hang on one, among others; deleted. With what identifies it in the
/// database.
async fn a_life(app: &TestApp, merchant: &Server) -> (String, Vec<Vec<u8>>) {
    for n in 0..150 {
        let other = merchant.customer(&format!("98765{n:05}")).await;
        if n % 10 == 0 {
            merchant.card(app, &other, &format!("card-of-{n}")).await;
        }
    }
    let create = json!({
        "merchant_customer_reference": "zebra-reference",
        "first_name": "Zebra",
        "mobile_number": PHONE,
        "email_id": "zebra@example.com",
        "merchant_metadata": { "zebra": "zebra" },
    });
    let create = merchant
        .request(Method::POST, "/api/v1/customer")
        .json(&create)
        .header("idempotency-key", "zebra-key");
    let id = merchant.send(create).await.is(201)["customer_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut body = Server::token_body(&id, "zebra-card");
    body["merchant_metadata"] = json!({ "zebra": "zebra" });
    let token = merchant.post("/api/v1/tokens", &body).await.is(201);
    let token = token["token_id"].as_str().unwrap().to_owned();
    app.settle().await;
    let mut shopper = merchant
        .shopper_with(app, &json!({ "mobile_number": PHONE }))
        .await
        .at("192.0.2.7");
    shopper.verify(PHONE).await;
    shopper.cards().await;
    // a cool-down of the phone
    let merchant_record = merchant_of(app, &merchant.merchant_id).await;
    let record = record_of(app, merchant, &id).await;
    let customer = merchant_record.keys.customer(&record).unwrap();
    let phone = merchant_record
        .keys
        .phone_subject(&customer.profile.phone.unwrap());
    let mut unit = app.onfile.store.write().await.unwrap();
    let until = app.now();
    unit.set_cool_down(
        &merchant.merchant_id,
        &phone,
        &store::CoolDown { until, nth: 1 },
    )
    .await
    .unwrap();
    unit.commit().await.unwrap();
    for n in 150..300 {
        merchant.customer(&format!("98765{n:05}")).await;
    }
    // each leaves an older copy of the row behind
    for n in 0..20 {
        let name = "Zebra".repeat(1 + n % 9);
        merchant
            .update(&id, &json!({ "first_name": name }))
            .await
            .is(200);
    }
    let officer = Desk::open(app, merchant, Role::Officer).await;
    officer.make_move(&id, "suspend").await.is(200);
    officer.make_move(&id, "delete").await.is(200);
    app.settle().await;
    let record = record_of(app, merchant, &id).await;
    let mut view = app.onfile.store.read().await.unwrap();
    let token = view
        .token(
            &merchant.merchant_id,
            &shared::id::TokenId::parse(&token).unwrap(),
        )
        .await
        .unwrap()
        .unwrap();
    let key = merchant_record
        .keys
        .customer_key(&record.customer_id, &record.wrapped_key);
    key.expect("it opens as long as it is there");
    let traces = vec![
        record.wrapped_key,
        record.profile,
        phone,
        record.phone_index.unwrap(),
        record.reference_index.unwrap(),
        record.email_index.unwrap(),
        token.metadata.unwrap(),
        token.request_mac,
        b"zebra-card".to_vec(),
        token.provider_token_reference.unwrap().into_bytes(),
        token
            .service_provider_token_id
            .unwrap()
            .as_str()
            .as_bytes()
            .to_vec(),
    ];
    (id, traces)
}

/// How many of these byte strings stand in the database's files, or in a dump of it.
async fn found(app: &TestApp, traces: &[Vec<u8>]) -> usize {
    let files = match app.kept() {
        Kept::File(directory) => std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .collect(),
        Kept::Server(_) => {
            let dump = database::contents(app).await;
            let text: String = dump.into_values().flatten().collect();
            return traces
                .iter()
                .filter(|trace| {
                    let words = std::str::from_utf8(trace).unwrap_or("no text");
                    text.contains(&hex::encode(trace)) || text.contains(words)
                })
                .count();
        }
    };
    let holds = |trace: &[u8]| {
        let files: &Vec<Vec<u8>> = &files;
        files
            .iter()
            .any(|bytes| bytes.windows(trace.len()).any(|window| window == trace))
    };
    traces.iter().filter(|trace| holds(trace)).count()
}

async fn findings(app: &TestApp, merchant: &Server) -> Vec<String> {
    let mut view = app.onfile.store.read().await.unwrap();
    let record = view.merchant(&merchant.merchant_id).await.unwrap().unwrap();
    let mut findings = Vec::new();
    audit::verify(&mut *view, &app.onfile.vault, &record, &mut |finding| {
        findings.push(finding.to_string());
    })
    .await
    .unwrap();
    findings
}

#[tokio::test]
async fn after_the_retention_nothing_of_a_customer_is_in_any_file() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (id, traces) = a_life(&app, &merchant).await;
    assert_eq!(found(&app, &traces).await, traces.len(), "they are there");
    assert_eq!(erase_due(&app, &merchant).await, [], "30 days");
    assert_eq!(merchant.read(&id).await["status"], "DELETED");

    app.advance(30 * DAY - 1);
    outbox::purge(&app.onfile).await.unwrap();
    assert_eq!(erase_due(&app, &merchant).await, []);
    app.advance(1);
    let receipts = erase_due(&app, &merchant).await;
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0].customer_id.as_str(), id);
    assert_eq!(receipts[0].destroyed.tokens, 1);
    assert!(receipts[0].destroyed.consents >= 2);
    assert!(erasure::is_genuine(&app.onfile.vault, &receipts[0]));
    assert_eq!(found(&app, &traces).await, 0);
    assert_eq!(findings(&app, &merchant).await, Vec::<String>::new());
    assert_eq!(erase_due(&app, &merchant).await, [], "once");

    // a reason that cannot be opened is one only without the receipt
    assert_eq!(
        database::tamper(&app, "update erasures set tokens = 7").await,
        1
    );
    let findings = findings(&app, &merchant).await;
    assert_eq!(findings.len(), 2, "{findings:#?}");
    assert!(findings[0].contains("its customer is not there"));
}

#[tokio::test]
async fn an_erased_customer_is_not_found_by_anybody_and_its_phone_is_free() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer(PHONE).await;
    let token = merchant.card(&app, &id, "card-1").await;
    merchant
        .update(&id, &json!({ "status": "DELETED" }))
        .await
        .is(200);
    app.settle().await;
    let again = merchant.customer(PHONE).await;
    app.advance(31 * DAY);
    let merchant = {
        let mut merchant = merchant;
        merchant.token = merchant.fresh_token().await;
        merchant
    };
    assert_eq!(erase_due(&app, &merchant).await.len(), 1);
    let customer = format!("/api/v1/customer/{id}");
    for path in [
        customer.clone(),
        format!("{customer}/tokens"),
        format!("{customer}/tokens/{token}"),
    ] {
        assert_eq!(merchant.get(&path).await.status, 404, "{path}");
    }
    let update = json!({ "first_name": "Priya" });
    assert_eq!(merchant.update(&id, &update).await.status, 404);
    let generated = merchant
        .post("/api/v1/tokens", &Server::token_body(&id, "card-2"))
        .await;
    assert_eq!(generated.status, 404);
    let officer = Desk::open(&app, &merchant, Role::Officer).await;
    let page = officer.get(&format!("customers/{id}")).await;
    assert_eq!(page.status, 404);
    assert_eq!(officer.make_move(&id, "delete").await.status, 404);
    // the one who has the phone since is untouched
    assert_eq!(merchant.read(&again).await["mobile_number"], PHONE);
    assert_eq!(findings(&app, &merchant).await, Vec::<String>::new());
}

#[tokio::test]
async fn only_a_deleted_customer_whose_cards_the_provider_has_removed_is_erased() {
    let app = TestApp::start().await;
    let server = app
        .merchant_with(
            "Tamra Tea",
            true,
            &Settings {
                retention_days: 0,
                ..Settings::default()
            },
        )
        .await;
    let merchant = merchant_of(&app, &server.merchant_id).await;
    let id = server.customer(PHONE).await;
    server.card(&app, &id, "card-1").await;
    let customer_id = CustomerId::parse(&id).unwrap();
    let by = By::system("test");
    let erase = async || erasure::erase(&app.onfile, &merchant, &by, &customer_id).await;
    assert!(matches!(erase().await, Err(EraseError::NotDeleted)));
    server
        .update(&id, &json!({ "status": "DELETED" }))
        .await
        .is(200);
    assert!(matches!(erase().await, Err(EraseError::AtProvider)));
    assert_eq!(erase_due(&app, &server).await, []);
    assert_eq!(server.read(&id).await["status"], "DELETED");
    app.settle().await;
    assert_eq!(erase_due(&app, &server).await.len(), 1);
    assert!(matches!(erase().await, Err(EraseError::NotFound)));
}

/// As a backup that was made before the customer was even deleted.
#[tokio::test]
async fn what_a_restored_backup_brings_back_is_erased_again_by_the_receipt() {
    let app = TestApp::on(Kept::in_file()).await;
    let merchant = app.merchant().await;
    let id = merchant.customer_who_is("ACTIVE", PHONE).await;
    merchant.card(&app, &id, "card-1").await;
    let record = record_of(&app, &merchant, &id).await;
    let traces = vec![record.wrapped_key, record.phone_index.unwrap()];
    let Kept::File(directory) = app.kept() else {
        panic!("a backup of a file is a copy of it");
    };
    app.onfile.store.scrub().await.unwrap();
    let backup = std::fs::read(file_in(directory)).unwrap();
    merchant
        .update(&id, &json!({ "status": "DELETED" }))
        .await
        .is(200);
    app.settle().await;
    app.advance(31 * DAY);
    let receipts = erase_due(&app, &merchant).await;
    let line = serde_json::to_string(&Receipt::from(receipts[0].clone())).unwrap();

    let file = file_in(directory);
    app.onfile.store.close().await;
    std::fs::write(&file, backup).unwrap();
    let app = app.restarted().await;
    let mut merchant = merchant.at(&app);
    merchant.token = merchant.fresh_token().await;
    assert_eq!(merchant.read(&id).await["status"], "ACTIVE", "it is back");
    assert_eq!(found(&app, &traces).await, 2);

    let receipt = Receipt::parse(&line).unwrap();
    assert_eq!(receipt, receipts[0]);
    assert!(erasure::is_genuine(&app.onfile.vault, &receipt));
    let record = merchant_of(&app, &merchant.merchant_id).await;
    let by = By::system("test");
    for was_there in [true, false] {
        let again = erasure::erase_again(&app.onfile, &record, &by, &receipt).await;
        assert_eq!(again.unwrap(), was_there);
    }
    erasure::scrub(&app.onfile).await.unwrap();
    assert_eq!(found(&app, &traces).await, 0);
    let gone = merchant.get(&format!("/api/v1/customer/{id}")).await;
    assert_eq!(gone.status, 404);
    let mut view = app.onfile.store.read().await.unwrap();
    let kept = view
        .erasure(&merchant.merchant_id, &receipt.customer_id)
        .await
        .unwrap();
    assert_eq!(kept, Some(receipt));
    assert_eq!(findings(&app, &merchant).await, Vec::<String>::new());
    app.settle().await;
}

#[tokio::test]
async fn a_receipt_that_was_changed_is_no_receipt() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer(PHONE).await;
    merchant
        .update(&id, &json!({ "status": "DELETED" }))
        .await
        .is(200);
    app.advance(31 * DAY);
    let receipts = erase_due(&app, &merchant).await;
    let receipt = serde_json::to_value(Receipt::from(receipts[0].clone())).unwrap();
    for (field, value) in [
        ("merchant_id", json!("mer-v1-another")),
        ("customer_id", json!("cust-v1-another")),
        ("deleted_at", json!("2026-03-14T09:26:53.589794Z")),
        ("erased_at", json!("2026-03-14T09:26:53.589794Z")),
        ("tokens", json!(7)),
        ("consents", json!(7)),
        ("decisions", json!(7)),
        ("sessions", json!(7)),
        ("signature", json!("AAAA")),
    ] {
        let mut changed = receipt.clone();
        assert_ne!(changed[field], value);
        changed[field] = value;
        let changed = Receipt::parse(&changed.to_string()).unwrap();
        assert!(!erasure::is_genuine(&app.onfile.vault, &changed), "{field}");
    }
    assert_eq!(receipt.as_object().unwrap().len(), 9);
}
