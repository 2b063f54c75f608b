//! What shoppers were shown is kept.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::Desk;
use serde_json::json;
use shared::api::admin::Role;

const PHONE: &str = "9876543210";

#[tokio::test]
async fn decisions_that_were_shown_are_kept_with_their_inputs() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    let mut shopper = merchant.shopper(&app).await;
    shopper.verify(PHONE).await;
    assert_eq!(database::count(&app, "decisions").await, 1);
    shopper.cards().await;
    assert_eq!(
        database::count(&app, "decisions").await,
        1,
        "the same again is not shown again"
    );
    app.advance(60);
    merchant
        .update(&customer_id, &json!({ "status": "SUSPENDED" }))
        .await
        .is(200);
    shopper.cards().await;
    let page = Desk::open(&app, &merchant, Role::Viewer)
        .await
        .customer(&customer_id)
        .await;
    let shown = page["shown_decisions"].as_array().unwrap();
    assert_eq!(shown.len(), 2);
    assert_eq!(
        (&shown[0]["decision"]["reasons"][0]["code"], &shown[0]["at"]),
        (&json!("customer_suspended"), &json!(app.in_seconds(0)))
    );
    assert_eq!(
        (
            &shown[1]["decision"]["eligible"],
            &shown[1]["token_id"],
            &shown[1]["session_id"]
        ),
        (&json!(true), &json!(token_id), &json!(shopper.session_id))
    );
}
