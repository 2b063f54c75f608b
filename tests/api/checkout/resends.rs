//! Another code under the same challenge: when, how often, and what becomes of the one before.

use acceptance::app::TestApp;
use serde_json::{Value, json};
use shared::api::error::ErrorCode;

const PHONE: &str = "9876543210";

#[tokio::test]
async fn a_resend_waits_thirty_then_sixty_then_a_hundred_and_twenty_seconds_and_then_no_more() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    for (place, wait) in [30, 60, 120].into_iter().enumerate() {
        app.advance(wait - 1);
        let early = shopper.resend(&challenge_id).await;
        assert_eq!(early.status, 429);
        let details = early.refused(ErrorCode::ResendTooEarly);
        assert_eq!(
            (&details["resend_at"], &details["challenge_id"]),
            (&json!(app.in_seconds(1)), &json!(challenge_id))
        );
        app.advance(1);
        let sent = shopper.resend(&challenge_id).await.is(200);
        assert_eq!(
            sent["challenge_id"],
            json!(challenge_id),
            "the same challenge"
        );
        let next = [
            json!(app.in_seconds(60)),
            json!(app.in_seconds(120)),
            Value::Null,
        ];
        assert_eq!(sent["resend_at"], next[place]);
    }
    app.settle().await;
    assert_eq!(app.sent.all().len(), 4);
    app.advance(600);
    assert_eq!(
        shopper
            .resend(&challenge_id)
            .await
            .refused(ErrorCode::ResendTooEarly)
            .get("resend_at"),
        None,
        "never again"
    );
}

#[tokio::test]
async fn a_resend_never_resets_the_count_and_kills_the_code_before_it() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    let old = app.code_sent_to(&format!("91{PHONE}")).await;
    for _ in 0..3 {
        shopper
            .enter_wrong(&challenge_id, PHONE)
            .await
            .refused(ErrorCode::CodeWrong);
    }
    app.advance(30);
    assert_eq!(shopper.resend(&challenge_id).await.is(200)["tries_left"], 2);
    let new = app.code_sent_to(&format!("91{PHONE}")).await;
    assert_ne!(new, old);
    assert_eq!(
        shopper
            .enter(&challenge_id, &old)
            .await
            .refused(ErrorCode::CodeWrong)["tries_left"],
        1
    );
    shopper.enter(&challenge_id, &new).await.is(200);
}

#[tokio::test]
async fn a_refused_resend_keeps_the_code_already_sent_good() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    shopper
        .resend(&challenge_id)
        .await
        .refused(ErrorCode::ResendTooEarly);
    shopper
        .start(PHONE)
        .await
        .refused(ErrorCode::ResendTooEarly);
    app.settle().await;
    assert_eq!(app.sent.all().len(), 1);
    shopper.enter(&challenge_id, &code).await.is(200);
}

#[tokio::test]
async fn starting_again_for_the_same_phone_is_a_resend() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    shopper
        .enter_wrong(&challenge_id, PHONE)
        .await
        .refused(ErrorCode::CodeWrong);
    let details = shopper
        .start(PHONE)
        .await
        .refused(ErrorCode::ResendTooEarly);
    assert_eq!(
        (&details["challenge_id"], &details["resend_at"]),
        (&json!(challenge_id), &json!(app.in_seconds(30)))
    );
    app.advance(30);
    let again = shopper.start("09876543210").await.is(201);
    assert_eq!(
        (&again["challenge_id"], &again["tries_left"]),
        (&json!(challenge_id), &json!(4))
    );
}

#[tokio::test]
async fn no_resend_opens_a_locked_challenge_and_a_new_start_is_a_new_one() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    for _ in 0..5 {
        shopper.enter_wrong(&challenge_id, PHONE).await;
    }
    app.advance(60);
    shopper
        .resend(&challenge_id)
        .await
        .refused(ErrorCode::ChallengeLocked);
    shopper
        .start(PHONE)
        .await
        .refused(ErrorCode::ChallengeLocked);
    app.advance(15 * 60);
    shopper
        .resend(&challenge_id)
        .await
        .refused(ErrorCode::CodeExpired);
    let again = shopper.start(PHONE).await.is(201);
    assert_ne!(again["challenge_id"], json!(challenge_id));
    assert_eq!(again["tries_left"], 5, "held by the limits of the phone");
    let wrong = shopper.enter_wrong(&challenge_id, PHONE).await;
    wrong.refused(ErrorCode::CodeExpired);
}
