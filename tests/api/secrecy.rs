//! What is kept: nothing personal in the clear, no card number anywhere, and a history that shows
//! when it was touched.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::{Desk, PASSWORD, sign_in};
use acceptance::kept::Kept;
use acceptance::request::encode;
use acceptance::server::Server;
use axum::http::Method;
use backend::service::{customers, merchants};
use serde_json::json;
use shared::api::admin::Role;
use shared::api::error::ErrorCode;
use shared::id::CustomerId;

const WORDS: [&str; 22] = [
    "Zebrafirst",
    "Zebralast",
    "zebra.mail",
    "ZebraStreet",
    "ZebraCity",
    "ZebraState",
    "ZebraFull",
    "ZebraType",
    "zebrakey",
    "zebravalue",
    "zebra-reference",
    "28ZEBRA1234F2Z6",
    "9812345670",
    "ZebraReason",
    "ZebraNote",
    "zebratokenkey",
    "zebratokenvalue",
    "ZebraReveal",
    "zebra-card-ciphertext",
    "9812345671",
    "Zebrashopper",
    "9812345672",
];

/// Everything that happens in a shop, with words in it that are easy to find again. Answers the words.
async fn busy_day(app: &TestApp) -> Vec<String> {
    let merchant = app.merchant().await;
    let officer = Desk::open(app, &merchant, Role::Officer).await;
    let mut secrets: Vec<String> = WORDS.map(str::to_owned).to_vec();
    let body = json!({
        "merchant_customer_reference": "zebra-reference",
        "first_name": "Zebrafirst",
        "last_name": "Zebralast",
        "mobile_number": "9812345670",
        "email_id": "zebra.mail@example.com",
        "billing_address": {
            "address1": "1 ZebraStreet",
            "city": "ZebraCity",
            "state": "ZebraState",
            "full_name": "ZebraFull",
            "adddress_type": "ZebraType",
        },
        "gstin": "28ZEBRA1234F2Z6",
        "merchant_metadata": { "zebrakey": "zebravalue" },
    });
    let id = merchant.create(&body).await.is(201)["customer_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut token = Server::token_body(&id, "card-1");
    token["payment_option"]["encrypted_card_details"] = json!("zebra-card-ciphertext");
    token["merchant_metadata"] = json!({ "zebratokenkey": "zebratokenvalue" });
    merchant.post("/api/v1/tokens", &token).await.is(201);
    app.settle().await;
    let why = json!({ "reason": "ZebraReason", "note": "ZebraNote" });
    officer
        .post(&format!("customers/{id}/activate"), &why)
        .await
        .is(200);
    officer
        .post(
            &format!("customers/{id}/reveal"),
            &json!({ "reason": "ZebraReveal" }),
        )
        .await
        .is(200);
    officer
        .post(
            "customers/search",
            &json!({ "query": "zebra.mail@example.com" }),
        )
        .await
        .is(200);

    let hint = json!({ "mobile_number": "9812345671" });
    let mut shopper = merchant.shopper_with(app, &hint).await.at("192.0.2.7");
    secrets.push(shopper.secret.rsplit('.').next().unwrap().to_owned());
    secrets.push(shopper.frame_url.split("code=").nth(1).unwrap().to_owned());
    shopper.verify("9812345671").await;
    secrets.push(shopper.secret.rsplit('.').next().unwrap().to_owned());
    let name = shopper
        .request(Method::PATCH, "customer")
        .json(&json!({ "first_name": "Zebrashopper" }));
    shopper.send(name).await.is(200);
    shopper
        .post("selection", &json!({ "save": true }))
        .await
        .is(200);
    // A code that still waits in the outbox.
    merchant.shopper(app).await.challenge("9812345672").await;
    let suspend = json!({ "first_name": "Zebrafirst2", "status": "SUSPENDED" });
    merchant.update(&id, &suspend).await.is(200);
    merchant
        .update(&id, &json!({ "status": "DELETED" }))
        .await
        .is(200);
    sign_in("nobody@tamra.example", "Zebrawrongpassword")
        .send(&app.admin)
        .await
        .is(401);
    let credentials = [merchant.client_secret, merchant.token, officer.cookie];
    secrets.extend(
        credentials
            .into_iter()
            .chain([PASSWORD.to_owned(), "Zebrawrongpassword".to_owned()]),
    );
    secrets
}

/// Every byte of the database and of what lies beside it.
async fn kept_bytes(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let directory = match app.kept() {
        Kept::File(directory) => directory,
        // the server's files are not ours to read: what a dump of it would hold
        Kept::Server(_) => return database::dump(app).await,
    };
    let paths = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let files: Vec<_> = paths
        .map(|path| (name(&path), std::fs::read(&path).unwrap()))
        .collect();
    assert!(
        files.iter().any(|(name, _)| name == "onfile.sqlite-wal"),
        "the log is part of what is kept"
    );
    files
}

fn find(files: &[(String, Vec<u8>)], needle: &str) -> Option<String> {
    let needle = needle.as_bytes();
    let holds = |bytes: &[u8]| {
        bytes
            .windows(needle.len())
            .any(|window| window.eq_ignore_ascii_case(needle))
    };
    files
        .iter()
        .find(|(_, bytes)| holds(bytes))
        .map(|(name, _)| name.clone())
}

#[tokio::test]
async fn no_personal_word_and_no_secret_stands_in_any_byte_of_the_database() {
    let app = TestApp::start().await;
    let secrets = busy_day(&app).await;
    let files = kept_bytes(&app).await;
    // The search itself works: these are kept in the clear.
    for known in ["customer.create", "Tamra Tea", "cust-v1-", "card-1"] {
        assert!(find(&files, known).is_some(), "{known}");
    }
    for secret in &secrets {
        assert_eq!(find(&files, secret), None, "{secret} stands in the clear");
    }
    app.settle().await;
    for message in app.sent.all() {
        assert_eq!(
            find(&kept_bytes(&app).await, &message.text),
            None,
            "a message to a phone stands in the clear"
        );
    }
}

#[tokio::test]
async fn nothing_of_ten_thousand_customers_stands_in_any_file() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let phone = |n: u32| (7_000_000_000 + u64::from(n) * 98_317).to_string();
    let at_once = app.kept().at_once();
    let mut running = tokio::task::JoinSet::new();
    for n in 0..10_000 {
        let (merchant, at_once) = (merchant.clone(), at_once.clone());
        running.spawn(async move {
            let _turn = at_once.acquire().await;
            let body = json!({
                "merchant_customer_reference": format!("zebraref{n}"),
                "first_name": format!("Zebraname{n}"),
                "mobile_number": phone(n),
                "email_id": format!("zebramail{n}@example.com"),
                "billing_address": { "address1": format!("{n} Zebrastreet") },
            });
            merchant.create(&body).await.is(201)
        });
    }
    assert_eq!(running.join_all().await.len(), 10_000);
    let files = kept_bytes(&app).await;
    assert_eq!(find(&files, "zebra"), None);
    let phones: std::collections::HashSet<String> = (0..10_000).map(phone).collect();
    for (name, bytes) in &files {
        let found = bytes
            .windows(10)
            .find(|window| std::str::from_utf8(window).is_ok_and(|window| phones.contains(window)));
        assert_eq!(found, None, "a phone stands in {name}");
    }
}

#[tokio::test]
async fn no_refused_card_number_is_kept_anywhere() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer("9876543210").await;
    for number in [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
    ] {
        merchant
            .update(&id, &json!({ "first_name": number }))
            .await
            .refused(ErrorCode::CardNumberRefused);
        let mut token = Server::token_body(&id, "card-1");
        token["payment_option"]["encrypted_card_details"] = json!(number);
        merchant
            .post("/api/v1/tokens", &token)
            .await
            .refused(ErrorCode::CardNumberRefused);
        let path = format!("/api/v1/customer/{}", encode(number));
        merchant
            .get(&path)
            .await
            .refused(ErrorCode::CardNumberRefused);
    }
    let files = kept_bytes(&app).await;
    for number in [
        "4111111111111111",
        "4111 1111",
        "5555-5555",
        "5555555555554444",
    ] {
        assert_eq!(find(&files, number), None);
    }
}

#[tokio::test]
async fn only_what_may_be_kept_of_a_card_has_a_column() {
    let app = TestApp::start().await;
    let columns = database::columns(&app, "card_tokens").await;
    let allowed = "afa_reference card_category card_country_code card_cvv_required card_emi card_international \
        card_issuer_name card_last4_digit card_network_name card_type created_at customer_id expired_at \
        is_compliant merchant_id merchant_token_reference metadata payment_method provider \
        provider_token_reference removal_confirmed_at removed_at request_mac service_provider_token_id \
        status status_reason status_since_at token_id updated_at";
    assert_eq!(
        columns.join(" "),
        allowed,
        "what may be kept of a card is a decision, not a migration"
    );
}

#[tokio::test]
async fn the_history_of_every_merchant_is_an_unbroken_chain() {
    let app = TestApp::start().await;
    busy_day(&app).await;
    busy_day(&app).await;
    let entries = database::audit_entries(&app).await;
    assert!(entries.len() > 20, "{}", entries.len());
    assert_eq!(database::broken_links(&entries), Vec::<String>::new());
    let app = app.restarted().await;
    app.merchant().await.customer("9876543210").await;
    let entries = database::audit_entries(&app).await;
    assert_eq!(database::broken_links(&entries), Vec::<String>::new());
}

#[tokio::test]
async fn parallel_writers_keep_one_chain() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut running = tokio::task::JoinSet::new();
    for place in 0..60 {
        let merchant = merchant.clone();
        // Some of them are refused, in the middle of a group.
        let body = json!({ "mobile_number": format!("98765432{:02}", place % 40) });
        running.spawn(async move { merchant.create(&body).await.status });
    }
    let statuses = running.join_all().await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        40,
        "{statuses:?}"
    );
    let entries = database::audit_entries(&app).await;
    assert_eq!(entries.len(), 40);
    assert_eq!(database::broken_links(&entries), Vec::<String>::new());
}

#[tokio::test]
async fn a_history_that_was_touched_does_not_hold() {
    for statement in [
        "update audit_entries set action = 'customer.update' where seq = 2",
        "update audit_entries set actor_id = 'somebody' where seq = 2",
        "update audit_entries set actor = 'system' where seq = 2",
        "update audit_entries set happened_at = happened_at + 1 where seq = 2",
        "update audit_entries set transition = 'ACTIVE>SUSPENDED' where seq = 2",
        "update audit_entries set fields = fields || ',x' where seq = 2",
        "update audit_entries set customer_id = 'cust-v1-x' where seq = 2",
        "update audit_entries set token_id = 'token-v1-x' where seq = 2",
        "update audit_entries set address = '192.0.2.1' where seq = 2",
        "update audit_entries set request_id = 'another' where seq = 2",
        "update audit_entries set sealed_reason = x'00' where seq = 2",
        "update audit_entries set hash = zeroblob(32) where seq = 2",
        "delete from audit_entries where seq = 2",
    ] {
        let app = TestApp::start().await;
        let merchant = app.merchant().await;
        merchant.customer_who_is("SUSPENDED", "9876543210").await;
        let before = database::audit_entries(&app).await;
        assert_eq!(database::broken_links(&before), Vec::<String>::new());
        assert_eq!(database::tamper(&app, statement).await, 1, "{statement}");
        let after = database::audit_entries(&app).await;
        assert!(!database::broken_links(&after).is_empty(), "{statement}");
    }
}

#[tokio::test]
async fn a_sealed_profile_that_was_moved_to_another_customer_does_not_open() {
    let app = TestApp::start().await;
    let server = app.merchant().await;
    let (one, _other) = (
        server.customer("9876543210").await,
        server.customer("9876543211").await,
    );
    let moved = "update customers set profile =
        (select profile from customers other where other.customer_id <> customers.customer_id)";
    let app = app.restarted().await;
    assert_eq!(database::tamper(&app, moved).await, 2);
    let merchant = merchants::get(&app.onfile, &server.merchant_id)
        .await
        .unwrap()
        .unwrap();
    let read = customers::get(&app.onfile, &merchant, &CustomerId::parse(&one).unwrap()).await;
    assert!(
        matches!(read, Err(customers::CustomerError::Fault(_))),
        "a fault, never another person's data"
    );
}
