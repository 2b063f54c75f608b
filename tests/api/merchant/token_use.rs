//! Card tokens in use and deleted: service provider tokens, cryptograms, deletion.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::server::Server;
use axum::http::Method;
use serde_json::json;
use shared::api::error::ErrorCode;

async fn active(app: &TestApp) -> (Server, String) {
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", "9876543210").await;
    (merchant, customer_id)
}

#[tokio::test]
async fn service_provider_tokens_are_one_for_a_token_and_a_list_for_a_customer() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    merchant.card(&app, &customer_id, "sandbox-pending-1").await;
    let one = merchant
        .get(&format!("/api/v1/tokens/{token_id}"))
        .await
        .is(200);
    assert_eq!(
        (&one["token_id"], &one["customer_id"], &one["status"]),
        (&json!(token_id), &json!(customer_id), &json!("ACTIVE"))
    );
    assert!(
        one["service_provider_token_id"]
            .as_str()
            .unwrap()
            .starts_with("tp-v1-"),
        "{one}"
    );
    let list = merchant
        .get(&format!("/api/v1/tokens/{customer_id}"))
        .await
        .is(200);
    assert_eq!(list["customer_id"], json!(customer_id));
    assert_eq!(list["tokens"], json!([one]), "a pending token has none yet");
    merchant
        .get("/api/v1/tokens/token-v1-260314092653-aa-aaaaaaaaaaaa")
        .await
        .refused(ErrorCode::TokenNotFound);
}

async fn cryptogram(merchant: &Server, token_id: &str) -> acceptance::request::Answer {
    let provider_token = merchant
        .get(&format!("/api/v1/tokens/{token_id}"))
        .await
        .is(200)["service_provider_token_id"]
        .clone();
    let body =
        json!({ "merchant_unique_reference": "u-1", "service_provider_token_id": provider_token });
    merchant
        .post(
            &format!("/api/v1/tokens/{token_id}/token-transactional-data"),
            &body,
        )
        .await
}

#[tokio::test]
async fn a_cryptogram_is_all_text_new_each_time_and_never_stored() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    let first = cryptogram(&merchant, &token_id).await.is(201);
    assert_eq!(
        (&first["token_id"], &first["merchant_token_reference"]),
        (&json!(token_id), &json!("card-1"))
    );
    let data = first["token_data"].as_object().unwrap();
    for name in [
        "cryptogram",
        "token_reference",
        "payment_account_reference",
        "token_expiry_month",
        "token_expiry_year",
    ] {
        assert!(
            data[name].as_str().is_some_and(|text| !text.is_empty()),
            "{name} is text, or the SDK fails: {first}"
        );
    }
    assert_eq!(
        (
            data["token_expiry_month"].as_str().unwrap().len(),
            data["token_expiry_year"].as_str().unwrap().len()
        ),
        (2, 4)
    );
    let second = cryptogram(&merchant, &token_id).await.is(201);
    assert_ne!(
        first["token_data"]["cryptogram"],
        second["token_data"]["cryptogram"]
    );
    let kept = database::contents(&app).await;
    let secret = data["cryptogram"].as_str().unwrap();
    assert!(kept.values().flatten().all(|row| !row.contains(secret)));
}

#[tokio::test]
async fn a_cryptogram_for_a_token_that_is_not_eligible_is_422_with_every_reason() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    for (reference, code) in [
        ("sandbox-suspend-1", "token_suspended"),
        ("sandbox-expired-1", "token_expired"),
        ("sandbox-noncompliant-1", "token_not_compliant"),
        ("sandbox-fail-1", "token_failed"),
    ] {
        let token_id = merchant.card(&app, &customer_id, reference).await;
        let details = cryptogram(&merchant, &token_id)
            .await
            .refused(ErrorCode::NotEligible);
        assert_eq!(details["reasons"][0]["code"], code);
    }
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    merchant
        .update(&customer_id, &json!({ "status": "SUSPENDED" }))
        .await
        .is(200);
    let details = cryptogram(&merchant, &token_id)
        .await
        .refused(ErrorCode::NotEligible);
    assert_eq!(details["reasons"][0]["code"], "customer_suspended");
}

#[tokio::test]
async fn a_cryptogram_needs_this_tokens_own_service_provider_token() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let (one, other) = (
        merchant.card(&app, &customer_id, "card-1").await,
        merchant.card(&app, &customer_id, "card-2").await,
    );
    let of_other = merchant
        .get(&format!("/api/v1/tokens/{other}"))
        .await
        .is(200)["service_provider_token_id"]
        .clone();
    for wrong in [
        of_other,
        json!("tp-v1-260314092653-aa-aaaaaaaaaaaa"),
        json!(""),
        json!("x".repeat(51)),
    ] {
        let body =
            json!({ "merchant_unique_reference": "u-1", "service_provider_token_id": wrong });
        merchant
            .post(
                &format!("/api/v1/tokens/{one}/token-transactional-data"),
                &body,
            )
            .await
            .refuses_field("service_provider_token_id");
    }
}

#[tokio::test]
async fn a_deleted_token_says_deleted_once_and_is_deactivated_in_lists() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    let path = format!("/api/v1/customer/{customer_id}/tokens/{token_id}/delete");
    let body = json!({ "merchant_unique_reference": "u-1", "merchant_metadata": { "a": "b" } });
    let deleted = merchant.post(&path, &body).await.is(200);
    assert_eq!(
        deleted,
        json!({ "customer_id": customer_id, "token_id": token_id, "status": "DELETED", "merchant_unique_reference": "u-1" })
    );
    let token = merchant.read_token(&customer_id, &token_id).await;
    assert_eq!(
        (&token["status"], &token["status_reason"]),
        (&json!("DEACTIVATED"), &json!("deleted by the merchant"))
    );
    assert_eq!(token["decision"]["eligible"], false);
    app.settle().await;
    let kept = database::contents(&app).await;

    let again = merchant
        .post(&path, &json!({ "merchant_unique_reference": "another" }))
        .await
        .is(200);
    assert_eq!(
        (&again["status"], &again["merchant_unique_reference"]),
        (&json!("DELETED"), &json!("another"))
    );
    let by_id = merchant
        .send(merchant.request(Method::POST, &format!("/api/v1/tokens/{token_id}/delete")))
        .await
        .is(200);
    assert_eq!(by_id, json!({ "token_id": token_id, "status": "DELETED" }));
    assert_eq!(
        database::contents(&app).await,
        kept,
        "deleting again writes nothing"
    );
    merchant
        .post(
            "/api/v1/tokens",
            &Server::token_body(&customer_id, "card-1"),
        )
        .await
        .refused(ErrorCode::DuplicateRequest);
}

#[tokio::test]
async fn a_token_is_deleted_by_its_id_alone_with_or_without_an_empty_body() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    for (reference, body) in [("card-1", None), ("card-2", Some(json!({})))] {
        let token_id = merchant.card(&app, &customer_id, reference).await;
        let request = merchant.request(Method::POST, &format!("/api/v1/tokens/{token_id}/delete"));
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        assert_eq!(merchant.send(request).await.is(200)["status"], "DELETED");
        assert_eq!(
            merchant.read_token(&customer_id, &token_id).await["status"],
            "DEACTIVATED"
        );
    }
    let gone = "/api/v1/tokens/token-v1-260314092653-aa-aaaaaaaaaaaa/delete";
    merchant
        .send(merchant.request(Method::POST, gone))
        .await
        .refused(ErrorCode::TokenNotFound);
}

#[tokio::test]
async fn a_token_is_the_merchants_attestation_of_consent_and_deleting_it_withdraws_that() {
    let app = TestApp::start().await;
    let (merchant, customer_id) = active(&app).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    merchant
        .send(merchant.request(Method::POST, &format!("/api/v1/tokens/{token_id}/delete")))
        .await
        .is(200);
    let consents = database::contents(&app).await["consents"].clone();
    assert_eq!(consents.len(), 2, "append-only");
    assert!(
        consents
            .iter()
            .any(|row| row.contains("'given'|'merchant'")),
        "{consents:?}"
    );
    assert!(
        consents
            .iter()
            .any(|row| row.contains("'withdrawn'|'merchant'")),
        "{consents:?}"
    );
}
