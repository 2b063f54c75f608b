//! Checkout sessions from the merchant's server.

use acceptance::app::{PUBLIC_URL, SHOP, TestApp};
use backend::service::merchants::Settings;
use serde_json::json;
use shared::api::error::ErrorCode;

const PATH: &str = "/api/v1/checkout-sessions";

#[tokio::test]
async fn a_minted_session_is_open_for_thirty_minutes() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let minted = merchant
        .post(
            PATH,
            &json!({ "origin": SHOP, "amount": 129_900, "currency": "INR" }),
        )
        .await
        .is(201);
    assert_eq!(minted["expires_at"], json!(app.in_seconds(30 * 60)));
    let session_id = minted["session_id"].as_str().unwrap();
    let frame_url = minted["frame_url"].as_str().unwrap();
    assert!(
        frame_url.starts_with(&format!("{PUBLIC_URL}/widget/v1/frame/")),
        "{frame_url}"
    );
    let secret = minted["session_secret"].as_str().unwrap();
    assert!(
        !frame_url.contains(secret.rsplit('.').next().unwrap()),
        "the address holds a code, not the secret"
    );

    let read = merchant.session(session_id).await;
    assert_eq!(read["status"], "open");
    assert_eq!(
        (
            &read["customer_id"],
            &read["selected"],
            &read["save_consent"]
        ),
        (&json!(""), &json!(null), &json!(null))
    );
    assert_eq!(
        (
            &read["origin"],
            &read["amount"],
            &read["currency"],
            &read["purpose"]
        ),
        (
            &json!(SHOP),
            &json!(129_900),
            &json!("INR"),
            &json!("card_on_file")
        )
    );
    app.advance(30 * 60);
    let mut later = merchant.clone();
    later.token = merchant.fresh_token().await;
    assert_eq!(later.session(session_id).await["status"], "expired");
}

#[tokio::test]
async fn an_origin_is_https_or_loopback_of_a_sandbox_merchant() {
    let app = TestApp::start().await;
    let (sandbox, live) = (
        app.merchant().await,
        app.merchant_with("Live Tea", false, &Settings::default())
            .await,
    );
    for origin in [
        "https://shop.example:8443",
        "http://127.0.0.1:8090",
        "http://localhost:3000",
    ] {
        sandbox
            .post(PATH, &json!({ "origin": origin }))
            .await
            .is(201);
    }
    live.post(PATH, &json!({ "origin": SHOP })).await.is(201);
    live.post(PATH, &json!({ "origin": "http://127.0.0.1:8090" }))
        .await
        .refuses_field("origin");
    for origin in [
        "",
        "*",
        "null",
        "shop.example",
        "http://shop.example",
        "https://shop.example/",
        "https://shop.example/cart",
        "https://a; script-src *",
        "javascript:alert(1)",
        "https://user@shop.example",
    ] {
        sandbox
            .post(PATH, &json!({ "origin": origin }))
            .await
            .refuses_field("origin");
    }
}

#[tokio::test]
async fn amount_and_currency_come_together() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    merchant
        .post(PATH, &json!({ "origin": SHOP, "amount": 100 }))
        .await
        .refuses_field("currency");
    merchant
        .post(PATH, &json!({ "origin": SHOP, "currency": "INR" }))
        .await
        .refuses_field("amount");
    merchant
        .post(
            PATH,
            &json!({ "origin": SHOP, "amount": -1, "currency": "INR" }),
        )
        .await
        .refuses_field("amount");
    merchant
        .post(
            PATH,
            &json!({ "origin": SHOP, "amount": 1.5, "currency": "INR" }),
        )
        .await
        .refuses_field("amount");
    for currency in ["inr", "RUPEE", "₹₹₹"] {
        merchant
            .post(
                PATH,
                &json!({ "origin": SHOP, "amount": 1, "currency": currency }),
            )
            .await
            .refuses_field("currency");
    }
}

#[tokio::test]
async fn a_hint_is_a_customer_of_this_merchant_or_a_phone() {
    let app = TestApp::start().await;
    let (merchant, other) = (app.merchant().await, app.merchant().await);
    let (mine, foreign) = (
        merchant.customer("9876543210").await,
        other.customer("9876543210").await,
    );
    let shopper = merchant
        .shopper_with(&app, &json!({ "customer_id": mine }))
        .await;
    assert_eq!(
        shopper.get("session").await.is(200)["hint"],
        "+91 •••••• 3210"
    );
    let shopper = merchant
        .shopper_with(
            &app,
            &json!({ "country_code": "+1", "mobile_number": "2025550123" }),
        )
        .await;
    let session = shopper.get("session").await.is(200);
    assert_eq!(
        (&session["hint"], &session["country_code"]),
        (&json!("+1 •••••• 0123"), &json!("1"))
    );
    merchant
        .post(PATH, &json!({ "origin": SHOP, "customer_id": foreign }))
        .await
        .refused(ErrorCode::CustomerNotFound);
    merchant
        .post(
            PATH,
            &json!({ "origin": SHOP, "customer_id": mine, "mobile_number": "9876543210" }),
        )
        .await
        .refuses_field("customer_id");
    merchant
        .post(PATH, &json!({ "origin": SHOP, "country_code": "91" }))
        .await
        .refuses_field("mobile_number");
}

#[tokio::test]
async fn what_the_browser_may_do_is_a_list_of_known_words() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for allow in [
        json!([]),
        json!(["list"]),
        json!(["list", "save", "remove"]),
    ] {
        let shopper = merchant
            .shopper_with(&app, &json!({ "allow": allow }))
            .await;
        assert_eq!(shopper.get("session").await.is(200)["allow"], allow);
    }
    for allow in [json!(["steal"]), json!("list"), json!([1])] {
        let answer = merchant
            .post(PATH, &json!({ "origin": SHOP, "allow": allow }))
            .await;
        assert!(answer.field().starts_with("allow"), "{answer}");
        answer.refused(ErrorCode::InvalidRequest);
    }
    merchant
        .post(PATH, &json!({ "origin": SHOP, "purpose": "other" }))
        .await
        .refuses_field("purpose");
    merchant
        .post(PATH, &json!({ "origin": SHOP, "locale": "hi; drop" }))
        .await
        .refuses_field("locale");
}

#[tokio::test]
async fn a_session_of_nobody_is_not_found() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for id in ["cs-v1-260314092653-aa-aaaaaaaaaaaa", "x", "%00"] {
        merchant
            .get(&format!("{PATH}/{id}"))
            .await
            .refused(ErrorCode::SessionNotFound);
    }
}
