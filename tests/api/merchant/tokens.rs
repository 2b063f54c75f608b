//! Card tokens: the seven published operations.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::server::Server;
use serde_json::{Value, json};
use shared::Timestamp;
use shared::api::error::ErrorCode;

async fn active(app: &TestApp) -> (Server, String) {
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", "9876543210").await;
    (merchant, customer_id)
}

fn reasons(decision: &Value) -> Vec<&str> {
    decision["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_token_is_initiated_and_active_once_its_provider_has_answered() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let mut body = Server::token_body(&customer_id, "card-1");
    body["merchant_metadata"] = json!({ "tid": "7" });
    let made = merchant.post("/api/v1/tokens", &body).await.is(201);
    assert_eq!(made["status"], "INITIATED");
    assert_eq!(
        (&made["customer_id"], &made["merchant_token_reference"]),
        (&json!(customer_id), &json!("card-1"))
    );
    let token_id = made["token_id"].as_str().unwrap();
    assert!(
        token_id.starts_with("token-v1-260314092653-") && shared::id::is_our_id(token_id),
        "{token_id}"
    );
    let before = merchant.read_token(&customer_id, token_id).await;
    assert_eq!(reasons(&before["decision"]), ["token_pending"]);
    assert!(before.get("card_data").is_none(), "{before}");

    app.settle().await;
    let token = merchant.read_token(&customer_id, token_id).await;
    assert_eq!(
        (
            &token["status"],
            &token["payment_method"],
            &token["is_compliant"]
        ),
        (&json!("ACTIVE"), &json!("CARD"), &json!(true))
    );
    assert_eq!(
        token["decision"],
        json!({ "eligible": true, "reasons": [] })
    );
    assert_eq!(token["merchant_metadata"], json!({ "tid": "7" }));
    let last4 = token["card_data"]["last4_digit"].as_str().unwrap();
    assert!(last4.len() == 4 && last4.bytes().all(|b| b.is_ascii_digit()));
    assert!(
        Timestamp::parse(token["expired_at"].as_str().unwrap()).unwrap() > app.now(),
        "when a live token will expire"
    );
    for never in [
        "card_number",
        "bin",
        "expiry_month",
        "cvv",
        "name",
        "cryptogram",
    ] {
        assert!(token["card_data"].get(never).is_none(), "{never}");
    }
}

#[tokio::test]
async fn the_sandbox_does_what_the_reference_says() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    for (prefix, status, codes) in [
        ("plain", "ACTIVE", vec![]),
        ("sandbox-pending-", "INITIATED", vec!["token_pending"]),
        ("sandbox-fail-", "FAILED", vec!["token_failed"]),
        ("sandbox-suspend-", "SUSPENDED", vec!["token_suspended"]),
        (
            "sandbox-deactivate-",
            "DEACTIVATED",
            vec!["token_deactivated"],
        ),
        ("sandbox-expired-", "ACTIVE", vec!["token_expired"]),
        (
            "sandbox-noncompliant-",
            "ACTIVE",
            vec!["token_not_compliant"],
        ),
    ] {
        let token_id = merchant
            .card(&app, &customer_id, &format!("{prefix}1"))
            .await;
        let token = merchant.read_token(&customer_id, &token_id).await;
        assert_eq!(token["status"], status, "{prefix}");
        assert_eq!(reasons(&token["decision"]), codes, "{prefix}");
        assert_eq!(token["decision"]["eligible"], codes.is_empty(), "{prefix}");
        assert_eq!(
            token["is_compliant"],
            prefix != "sandbox-noncompliant-",
            "{prefix}"
        );
    }
    app.advance(31);
    app.settle().await;
    let listed = merchant
        .get(&format!("/api/v1/customer/{customer_id}/tokens"))
        .await
        .is(200);
    assert_eq!(listed["total_tokens"], 7);
    let pending = listed["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|token| token["status"] == "INITIATED")
        .count();
    assert_eq!(
        pending, 1,
        "a pending one stays so however often the provider is asked"
    );
}

#[tokio::test]
async fn every_reason_says_since_when_and_what_to_do() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer("9876543210").await;
    let token_id = merchant.card(&app, &customer_id, "sandbox-expired-1").await;
    let decision = merchant.read_token(&customer_id, &token_id).await["decision"].clone();
    assert_eq!(
        reasons(&decision),
        ["customer_not_verified", "token_expired"],
        "every reason that holds"
    );
    for reason in decision["reasons"].as_array().unwrap() {
        assert!(
            Timestamp::parse(reason["since"].as_str().unwrap()).is_some(),
            "{reason}"
        );
    }
    assert_eq!(
        decision["reasons"][0]["remedy"]["code"]
            .as_str()
            .or(decision["reasons"][0]["remedy"].as_str()),
        Some("verify"),
        "{decision}"
    );
}

#[tokio::test]
async fn the_same_request_again_answers_the_same_token() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let body = Server::token_body(&customer_id, "card-1");
    let first = merchant.post("/api/v1/tokens", &body).await.is(201);
    let before = database::contents(&app).await;
    let again = merchant.post("/api/v1/tokens", &body).await.is(201);
    assert_eq!(again, first);
    // The same request in other words: order and empty fields do not matter.
    let mut reworded = body.clone();
    reworded["payment"]["acquirer_data"]["rrn"] = json!("");
    reworded["merchant_metadata"] = json!({});
    assert_eq!(
        merchant.post("/api/v1/tokens", &reworded).await.is(201)["token_id"],
        first["token_id"]
    );
    assert_eq!(
        database::contents(&app).await,
        before,
        "nothing was written"
    );
}

#[tokio::test]
async fn a_reference_used_for_another_request_is_422() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let body = Server::token_body(&customer_id, "card-1");
    merchant.post("/api/v1/tokens", &body).await.is(201);
    let second = merchant.customer("9876543211").await;
    for (pointer, value) in [
        ("/customer_id", json!(second)),
        ("/payment_option/encrypted_card_details", json!("another")),
        ("/payment/acquirer_data/auth_reference", json!("another")),
        ("/payment/acquirer_data", json!({})),
    ] {
        let mut other = body.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        let answer = merchant.post("/api/v1/tokens", &other).await;
        assert_eq!(
            answer.refused(ErrorCode::DuplicateRequest)["field"],
            "merchant_token_reference",
            "{pointer}"
        );
    }
    let mut other = body;
    other["merchant_metadata"] = json!({ "a": "b" });
    merchant
        .post("/api/v1/tokens", &other)
        .await
        .refused(ErrorCode::DuplicateRequest);
    assert_eq!(database::count(&app, "card_tokens").await, 1);
}

#[tokio::test]
async fn a_reference_is_a_merchants_own() {
    let app = TestApp::start().await;
    let ((one, of_one), (other, of_other)) = (active(&app).await, active(&app).await);
    let first = one
        .post("/api/v1/tokens", &Server::token_body(&of_one, "card-1"))
        .await
        .is(201);
    let second = other
        .post("/api/v1/tokens", &Server::token_body(&of_other, "card-1"))
        .await
        .is(201);
    assert_ne!(first["token_id"], second["token_id"]);
}

#[tokio::test]
async fn many_generates_of_one_reference_at_once_make_one_token() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (merchant, body) = (merchant.clone(), Server::token_body(&customer_id, "card-1"));
        running.spawn(async move {
            merchant.post("/api/v1/tokens", &body).await.is(201)["token_id"].clone()
        });
    }
    let ids = running.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(database::count(&app, "card_tokens").await, 1);
    assert_eq!(
        database::count(&app, "consents").await,
        1,
        "one attestation"
    );
}

#[tokio::test]
async fn only_an_inactive_or_active_customer_of_this_merchant_gets_tokens() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for (place, status) in ["INACTIVE", "ACTIVE"].into_iter().enumerate() {
        let id = merchant
            .customer_who_is(status, &format!("987654321{place}"))
            .await;
        merchant
            .post(
                "/api/v1/tokens",
                &Server::token_body(&id, &format!("card-{place}")),
            )
            .await
            .is(201);
    }
    let suspended = merchant.customer_who_is("SUSPENDED", "9876543218").await;
    merchant
        .post("/api/v1/tokens", &Server::token_body(&suspended, "card-8"))
        .await
        .refused(ErrorCode::NotEligible);
    merchant
        .post(
            "/api/v1/tokens",
            &Server::token_body("cust-v1-260314092653-aa-aaaaaaaaaaaa", "card-9"),
        )
        .await
        .refused(ErrorCode::CustomerNotFound);
}

#[tokio::test]
async fn tokens_of_a_customer_who_is_not_active_keep_their_status_and_are_not_eligible() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    merchant
        .update(&customer_id, &json!({ "status": "SUSPENDED" }))
        .await
        .is(200);
    let token = merchant.read_token(&customer_id, &token_id).await;
    assert_eq!(
        (&token["status"], &token["decision"]["eligible"]),
        (&json!("ACTIVE"), &json!(false))
    );
    assert_eq!(reasons(&token["decision"]), ["customer_suspended"]);
    merchant
        .update(&customer_id, &json!({ "status": "ACTIVE" }))
        .await
        .is(200);
    assert_eq!(
        merchant.read_token(&customer_id, &token_id).await["decision"]["eligible"],
        true
    );
}

#[tokio::test]
async fn a_verification_older_than_the_merchants_limit_is_stale() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    app.advance(181 * 86_400);
    let mut later = merchant.clone();
    later.token = merchant.fresh_token().await;
    let token = later.read_token(&customer_id, &token_id).await;
    assert_eq!(reasons(&token["decision"]), ["verification_stale"]);
}

#[tokio::test]
async fn the_list_has_its_envelope_and_is_newest_first() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let empty = merchant
        .get(&format!("/api/v1/customer/{customer_id}/tokens"))
        .await
        .is(200);
    assert_eq!(
        (
            &empty["customer_id"],
            &empty["total_tokens"],
            &empty["tokens"]
        ),
        (&json!(customer_id), &json!(0), &json!([]))
    );
    let customer = merchant.read(&customer_id).await;
    assert_eq!(
        (&empty["created_at"], &empty["updated_at"]),
        (&customer["created_at"], &customer["updated_at"])
    );
    let mut made = Vec::new();
    for place in 0..3 {
        made.insert(
            0,
            merchant
                .card(&app, &customer_id, &format!("card-{place}"))
                .await,
        );
        app.advance(1);
    }
    let listed = merchant
        .get(&format!("/api/v1/customer/{customer_id}/tokens"))
        .await
        .is(200);
    let ids: Vec<_> = listed["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["token_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, made);
    assert_eq!(
        listed["tokens"][0],
        merchant.read_token(&customer_id, &made[0]).await,
        "one token reads as in the list"
    );
}

#[tokio::test]
async fn a_token_belongs_to_its_customer() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    let other = merchant.customer("9876543219").await;
    merchant
        .get(&format!("/api/v1/customer/{other}/tokens/{token_id}"))
        .await
        .refused(ErrorCode::TokenNotFound);
    let delete = json!({ "merchant_unique_reference": "u1" });
    merchant
        .post(
            &format!("/api/v1/customer/{other}/tokens/{token_id}/delete"),
            &delete,
        )
        .await
        .refused(ErrorCode::TokenNotFound);
    assert_eq!(
        merchant.read_token(&customer_id, &token_id).await["status"],
        "ACTIVE"
    );
}
