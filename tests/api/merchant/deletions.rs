//! What becomes of a deleted customer.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::server::Server;
use backend::service::{merchants, tokens};
use serde_json::{Value, json};
use shared::api::error::ErrorCode;
use shared::id::TokenId;

async fn deleted(app: &TestApp, merchant: &Server) -> (String, String) {
    let body = json!({ "mobile_number": "9876543210", "merchant_customer_reference": "ref-1", "first_name": "Priya", "email_id": "p@example.com", "billing_address": { "city": "Kolkata" } });
    let id = merchant.create(&body).await.is(201)["customer_id"]
        .as_str()
        .unwrap()
        .to_owned();
    merchant
        .update(&id, &json!({ "status": "ACTIVE" }))
        .await
        .is(200);
    let token = merchant.card(app, &id, "card-1").await;
    merchant
        .update(&id, &json!({ "status": "DELETED" }))
        .await
        .is(200);
    (id, token)
}

#[tokio::test]
async fn a_deleted_customer_is_a_tombstone() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (id, _) = deleted(&app, &merchant).await;
    let tombstone = merchant.read(&id).await;
    let told: Vec<_> = tombstone
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| **value != json!(""))
        .map(|(name, _)| name.as_str())
        .collect();
    let mut told = told;
    told.sort_unstable();
    assert_eq!(
        told,
        ["created_at", "customer_id", "status", "updated_at"],
        "{tombstone}"
    );
    assert_eq!(tombstone["status"], "DELETED");
}

#[tokio::test]
async fn deleting_again_answers_the_tombstone_and_anything_else_is_refused() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (id, _) = deleted(&app, &merchant).await;
    app.advance(10);
    let before = database::contents(&app).await;
    let tombstone = merchant.read(&id).await;
    assert_eq!(
        merchant
            .update(&id, &json!({ "status": "DELETED" }))
            .await
            .is(200),
        tombstone
    );
    for body in [
        json!({}),
        json!({ "first_name": "X" }),
        json!({ "status": "ACTIVE" }),
        json!({ "status": "DELETED", "first_name": "X" }),
    ] {
        merchant
            .update(&id, &body)
            .await
            .refused(ErrorCode::CustomerDeleted);
    }
    assert_eq!(
        database::contents(&app).await,
        before,
        "nothing was written"
    );
}

#[tokio::test]
async fn a_deleted_customer_frees_its_phone_and_reference_and_is_not_found_by_them() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (old, _) = deleted(&app, &merchant).await;
    for query in [
        "mobile_number=9876543210",
        "merchant_customer_reference=ref-1",
    ] {
        merchant
            .get(&format!("/api/v1/customer?{query}"))
            .await
            .refused(ErrorCode::CustomerNotFound);
    }
    let new = merchant
        .create(&json!({ "mobile_number": "9876543210", "merchant_customer_reference": "ref-1" }))
        .await
        .is(201);
    assert_ne!(new["customer_id"], json!(old));
}

#[tokio::test]
async fn a_deleted_customers_tokens_are_deactivated_here_and_at_the_provider() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (id, token_id) = deleted(&app, &merchant).await;
    let listed = merchant
        .get(&format!("/api/v1/customer/{id}/tokens"))
        .await
        .is(200);
    assert_eq!(
        (&listed["total_tokens"], &listed["tokens"][0]["status"]),
        (&json!(1), &json!("DEACTIVATED"))
    );
    let reasons: Vec<_> = listed["tokens"][0]["decision"]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons[..2],
        ["customer_deleted", "token_deactivated"],
        "the most fundamental first"
    );
    assert_eq!(removal_confirmed(&app, &token_id).await, Value::Null);
    app.settle().await;
    assert_ne!(
        removal_confirmed(&app, &token_id).await,
        Value::Null,
        "the provider was told"
    );
}

/// The outbox may give out a task again that was done: its worker died before it could say so.
#[tokio::test]
async fn a_removal_that_was_confirmed_is_not_confirmed_again() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (_, token_id) = deleted(&app, &merchant).await;
    app.settle().await;
    let (at, entries) = (
        removal_confirmed(&app, &token_id).await,
        database::count(&app, "audit_entries").await,
    );
    app.advance(1);
    let of = merchants::get(&app.onfile, &merchant.merchant_id).await;
    let token = TokenId::parse(&token_id).unwrap();
    let again = tokens::confirm_removal(&app.onfile, &of.unwrap().unwrap(), &token).await;
    assert!(again.is_ok());
    assert_eq!(
        (
            removal_confirmed(&app, &token_id).await,
            database::count(&app, "audit_entries").await
        ),
        (at, entries)
    );
}

async fn removal_confirmed(app: &TestApp, token_id: &str) -> Value {
    let rows = &database::contents(app).await["card_tokens"];
    let row = rows.iter().find(|row| row.contains(token_id)).unwrap();
    let columns: Vec<_> = row.split('|').collect();
    // ... removed_at, removal_confirmed_at, created_at, updated_at
    if columns[columns.len() - 3] == "NULL" {
        Value::Null
    } else {
        json!(columns[columns.len() - 3])
    }
}

#[tokio::test]
async fn a_deleted_customer_gets_no_token_and_no_cryptogram() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (id, token_id) = deleted(&app, &merchant).await;
    merchant
        .post("/api/v1/tokens", &Server::token_body(&id, "card-2"))
        .await
        .refused(ErrorCode::CustomerDeleted);
    let provider_token = merchant
        .get(&format!("/api/v1/tokens/{token_id}"))
        .await
        .is(200)["service_provider_token_id"]
        .clone();
    let body =
        json!({ "merchant_unique_reference": "u1", "service_provider_token_id": provider_token });
    let details = merchant
        .post(
            &format!("/api/v1/tokens/{token_id}/token-transactional-data"),
            &body,
        )
        .await
        .refused(ErrorCode::NotEligible);
    assert_eq!(details["reasons"][0]["code"], "customer_deleted");
}
