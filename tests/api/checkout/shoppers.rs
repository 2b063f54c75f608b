//! Who a proven phone is, and what a session may do.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::Desk;
use axum::http::Method;
use serde_json::json;
use shared::api::admin::Role;
use shared::api::error::ErrorCode;

const PHONE: &str = "9876543210";

#[tokio::test]
async fn a_shopper_not_on_file_is_created_and_activated_when_the_code_is_right() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    let identified = shopper.verify(PHONE).await;
    assert_eq!(
        (
            &identified["customer"]["status"],
            &identified["customer"]["is_new"],
            &identified["cards"]
        ),
        (&json!("ACTIVE"), &json!(true), &json!([]))
    );
    assert_eq!(
        identified["customer"]["mobile_number"], "+91 •••••• 3210",
        "masked even to the shopper"
    );
    let session = merchant.session(&shopper.session_id).await;
    assert_eq!(session["status"], "identified");
    let customer_id = session["customer_id"].as_str().unwrap();
    let customer = merchant.read(customer_id).await;
    assert_eq!(
        (&customer["status"], &customer["mobile_number"]),
        (&json!("ACTIVE"), &json!(PHONE))
    );
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    assert_eq!(
        desk.history(customer_id).await,
        ["customer.create", "customer.verify INACTIVE>ACTIVE"],
        "INACTIVE, then ACTIVE"
    );
    let page = desk.customer(customer_id).await;
    assert_eq!(
        page["history"][0]["request_id"], page["history"][1]["request_id"],
        "by one request"
    );
    assert_eq!(page["history"][0]["actor"], "shopper");
}

#[tokio::test]
async fn a_code_never_entered_leaves_no_customer_and_its_challenge_is_purged_within_a_day() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    merchant.shopper(&app).await.challenge(PHONE).await;
    app.settle().await;
    assert_eq!(database::count(&app, "customers").await, 0);
    assert_eq!(database::count(&app, "challenges").await, 1);
    app.advance(86_401);
    app.purge().await;
    for table in ["challenges", "limit_events", "outbox_messages", "customers"] {
        assert_eq!(database::count(&app, table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn an_inactive_customer_is_activated_and_an_active_one_stays() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for (place, status) in ["INACTIVE", "ACTIVE"].into_iter().enumerate() {
        let mobile = format!("987654321{place}");
        let customer_id = merchant.customer_who_is(status, &mobile).await;
        let mut shopper = merchant.shopper(&app).await;
        let identified = shopper.verify(&mobile).await;
        assert_eq!(
            (
                &identified["customer"]["status"],
                &identified["customer"]["is_new"]
            ),
            (&json!("ACTIVE"), &json!(false)),
            "{status}"
        );
        assert_eq!(
            merchant.session(&shopper.session_id).await["customer_id"],
            json!(customer_id)
        );
    }
}

#[tokio::test]
async fn a_suspended_customer_stays_suspended_and_sees_why() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    merchant
        .update(&customer_id, &json!({ "status": "SUSPENDED" }))
        .await
        .is(200);
    let mut shopper = merchant.shopper(&app).await;
    let identified = shopper.verify(PHONE).await;
    assert_eq!(identified["customer"]["status"], "SUSPENDED");
    assert_eq!(
        identified["cards"][0]["decision"]["reasons"][0]["code"],
        "customer_suspended"
    );
    let answer = shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await;
    assert_eq!(
        answer.refused(ErrorCode::NotEligible)["reasons"][0]["code"],
        "customer_suspended"
    );
    assert_eq!(merchant.read(&customer_id).await["status"], "SUSPENDED");
}

#[tokio::test]
async fn the_phone_of_a_deleted_customer_becomes_a_new_customer() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let old = merchant.customer_who_is("ACTIVE", PHONE).await;
    merchant.card(&app, &old, "card-1").await;
    merchant
        .update(&old, &json!({ "status": "DELETED" }))
        .await
        .is(200);
    let mut shopper = merchant.shopper(&app).await;
    let identified = shopper.verify(PHONE).await;
    assert_eq!(
        (&identified["customer"]["is_new"], &identified["cards"]),
        (&json!(true), &json!([])),
        "nothing is relinked"
    );
    assert_ne!(
        merchant.session(&shopper.session_id).await["customer_id"],
        json!(old)
    );
    assert_eq!(merchant.read(&old).await["status"], "DELETED");
}

#[tokio::test]
async fn a_phone_is_a_customer_of_one_merchant_only() {
    let app = TestApp::start().await;
    let (one, other) = (app.merchant().await, app.merchant().await);
    let customer_id = one.customer_who_is("ACTIVE", PHONE).await;
    one.card(&app, &customer_id, "card-1").await;
    let mut shopper = other.shopper(&app).await;
    let identified = shopper.verify(PHONE).await;
    assert_eq!(
        (&identified["customer"]["is_new"], &identified["cards"]),
        (&json!(true), &json!([]))
    );
}

#[tokio::test]
async fn a_guest_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    shopper.get("session").await.is(200);
    shopper
        .send(shopper.request(Method::POST, "leave"))
        .await
        .is(204);
    for table in [
        "customers",
        "challenges",
        "consents",
        "decisions",
        "audit_entries",
        "outbox_messages",
        "limit_events",
    ] {
        assert_eq!(database::count(&app, table).await, 0, "{table}");
    }
    assert_eq!(
        merchant.session(&shopper.session_id).await["status"],
        "expired"
    );
}

#[tokio::test]
async fn before_a_phone_is_proven_there_is_no_customer_to_see() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    let shopper = merchant
        .shopper_with(&app, &json!({ "customer_id": customer_id }))
        .await;
    shopper
        .get("customer")
        .await
        .refused(ErrorCode::PermissionDenied);
    shopper
        .send(
            shopper
                .request(Method::PATCH, "customer")
                .json(&json!({ "first_name": "X" })),
        )
        .await
        .refused(ErrorCode::PermissionDenied);
    shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .refused(ErrorCode::PermissionDenied);
    shopper
        .post("selection", &json!({ "save": true }))
        .await
        .refused(ErrorCode::PermissionDenied);
    shopper
        .send(shopper.request(Method::DELETE, &format!("tokens/{token_id}")))
        .await
        .refused(ErrorCode::PermissionDenied);
    assert_eq!(
        database::count(&app, "consents").await,
        1,
        "only the merchant's attestation"
    );
}

#[tokio::test]
async fn a_new_shopper_gives_name_and_email_afterwards() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    shopper.verify(PHONE).await;
    let body =
        json!({ "first_name": "Priya", "last_name": "शर्मा", "email_id": "priya@example.com" });
    let view = shopper
        .send(shopper.request(Method::PATCH, "customer").json(&body))
        .await
        .is(200);
    assert_eq!(
        (
            &view["customer"]["first_name"],
            &view["customer"]["email_id"]
        ),
        (&json!("Priya"), &json!("p•••@example.com"))
    );
    let customer_id = merchant.session(&shopper.session_id).await["customer_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let customer = merchant.read(&customer_id).await;
    assert_eq!(
        (
            &customer["last_name"],
            &customer["email_id"],
            &customer["status"]
        ),
        (
            &json!("शर्मा"),
            &json!("priya@example.com"),
            &json!("ACTIVE")
        )
    );
    for field in ["mobile_number", "status", "merchant_customer_reference"] {
        let answer = shopper
            .send(
                shopper
                    .request(Method::PATCH, "customer")
                    .json(&json!({ field: "X" })),
            )
            .await;
        answer.refuses_field(field);
    }
}

#[tokio::test]
async fn leaving_ends_the_session_at_once() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    shopper.verify(PHONE).await;
    shopper
        .send(shopper.request(Method::POST, "leave"))
        .await
        .is(204);
    shopper
        .get("customer")
        .await
        .refused(ErrorCode::SessionEnded);
    let answer = shopper.send(shopper.request(Method::POST, "leave")).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_session_ends_after_thirty_minutes() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    shopper.verify(PHONE).await;
    app.advance(30 * 60 - 1);
    shopper.get("customer").await.is(200);
    app.advance(1);
    shopper
        .get("customer")
        .await
        .refused(ErrorCode::SessionEnded);
}

#[tokio::test]
async fn another_phone_in_the_same_session_is_another_customer() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    shopper.verify(PHONE).await;
    let first = merchant.session(&shopper.session_id).await["customer_id"].clone();
    shopper.verify("9876543211").await;
    let second = merchant.session(&shopper.session_id).await["customer_id"].clone();
    assert_ne!(first, second);
    assert_eq!(
        shopper.get("customer").await.is(200)["customer"]["mobile_number"],
        "+91 •••••• 3211"
    );
}
