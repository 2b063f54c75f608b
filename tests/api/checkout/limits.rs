//! The limits of verification: they count across sessions, merchants, restarts, and fail closed.

use acceptance::app::TestApp;
use backend::service::merchants::Settings;
use serde_json::json;
use shared::api::error::ErrorCode;

const PHONE: &str = "9876543210";

#[tokio::test]
async fn a_phone_gets_five_codes_an_hour() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for _ in 0..5 {
        merchant.shopper(&app).await.challenge(PHONE).await;
        app.advance(60);
    }
    let sixth = merchant.shopper(&app).await.start(PHONE).await;
    assert_eq!(sixth.status, 429);
    assert!(sixth.refused(ErrorCode::TooManyRequests)["until"].is_string());
    merchant
        .shopper(&app)
        .await
        .start("9876543211")
        .await
        .is(201);
    app.advance(3_600);
    let mut later = merchant.clone();
    later.token = merchant.fresh_token().await;
    later.shopper(&app).await.start(PHONE).await.is(201);
}

#[tokio::test]
async fn a_phone_gets_ten_codes_a_day_across_all_merchants() {
    let app = TestApp::start().await;
    for _ in 0..10 {
        let merchant = app.merchant().await;
        merchant.shopper(&app).await.challenge(PHONE).await;
        app.advance(1_200);
    }
    let merchant = app.merchant().await;
    merchant
        .shopper(&app)
        .await
        .start(PHONE)
        .await
        .refused(ErrorCode::TooManyRequests);
    app.advance(86_400);
    let mut later = merchant.clone();
    later.token = merchant.fresh_token().await;
    later.shopper(&app).await.start(PHONE).await.is(201);
}

#[tokio::test]
async fn an_address_gets_ten_codes_sent_in_ten_minutes() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for place in 0..10 {
        merchant
            .shopper(&app)
            .await
            .at("192.0.2.7")
            .start(&format!("98765432{place:02}"))
            .await
            .is(201);
    }
    merchant
        .shopper(&app)
        .await
        .at("192.0.2.7")
        .start("9876543299")
        .await
        .refused(ErrorCode::TooManyRequests);
    merchant
        .shopper(&app)
        .await
        .at("192.0.2.8")
        .start("9876543299")
        .await
        .is(201);
    app.advance(601);
    merchant
        .shopper(&app)
        .await
        .at("192.0.2.7")
        .start("9876543298")
        .await
        .is(201);
}

#[tokio::test]
async fn addresses_of_one_ipv6_network_count_as_one() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for place in 0..10 {
        let address = format!("2001:db8:1:2:{place}::9");
        merchant
            .shopper(&app)
            .await
            .at(&address)
            .start(&format!("98765432{place:02}"))
            .await
            .is(201);
    }
    merchant
        .shopper(&app)
        .await
        .at("2001:db8:1:2:ffff::1")
        .start("9876543299")
        .await
        .refused(ErrorCode::TooManyRequests);
    merchant
        .shopper(&app)
        .await
        .at("2001:db8:1:3::1")
        .start("9876543299")
        .await
        .is(201);
}

#[tokio::test]
async fn an_address_gets_thirty_codes_checked_in_ten_minutes() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for place in 0..8 {
        let mobile = format!("987654320{place}");
        // Sent for other addresses, so that only the checks count.
        let shopper = merchant
            .shopper(&app)
            .await
            .at(&format!("198.51.100.{place}"));
        let challenge_id = shopper.challenge(&mobile).await;
        let shopper = shopper.at("192.0.2.7");
        for _ in 0..4 {
            let answer = shopper.enter_wrong(&challenge_id, &mobile).await;
            let checked = if place * 4 < 28 {
                ErrorCode::CodeWrong
            } else {
                ErrorCode::TooManyRequests
            };
            if place != 7 {
                answer.refused(checked);
            }
        }
        if place == 7 {
            let code = app.code_sent_to(&format!("91{mobile}")).await;
            shopper
                .enter(&challenge_id, &code)
                .await
                .refused(ErrorCode::TooManyRequests);
            shopper
                .at("192.0.2.8")
                .enter(&challenge_id, &code)
                .await
                .is(200);
        }
    }
}

#[tokio::test]
async fn a_session_may_try_three_phones() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    for place in 0..3 {
        shopper.start(&format!("987654321{place}")).await.is(201);
    }
    app.advance(301);
    shopper.start("9876543210").await.is(201);
    let fourth = shopper
        .start("9876543213")
        .await
        .refused(ErrorCode::TooManyRequests);
    assert!(fourth["until"].is_string(), "{fourth}");
    merchant
        .shopper(&app)
        .await
        .start("9876543213")
        .await
        .is(201);
}

/// Wrong codes in as many sessions as that takes.
async fn guess(app: &TestApp, merchant: &acceptance::server::Server, times: usize) {
    let mut left = times;
    while left > 0 {
        let shopper = merchant.shopper(app).await;
        let challenge_id = shopper.challenge(PHONE).await;
        for _ in 0..left.min(5) {
            let answer = shopper.enter_wrong(&challenge_id, PHONE).await;
            assert!([422, 429].contains(&answer.status), "{answer}");
        }
        left -= left.min(5);
    }
}

#[tokio::test]
async fn ten_wrong_codes_cool_a_phone_down_and_each_time_twice_as_long() {
    let app = TestApp::start().await;
    let mut merchant = app.merchant().await;
    for wait in [15 * 60, 30 * 60, 60 * 60] {
        guess(&app, &merchant, 10).await;
        let refused = merchant.shopper(&app).await.start(PHONE).await;
        assert_eq!(refused.status, 429);
        assert_eq!(
            refused.refused(ErrorCode::TooManyRequests)["until"],
            app.in_seconds(wait)
        );
        app.advance(wait - 1);
        merchant.token = merchant.fresh_token().await;
        merchant
            .shopper(&app)
            .await
            .start(PHONE)
            .await
            .refused(ErrorCode::TooManyRequests);
        app.advance(1);
        // Past the hourly limit of sends, which is another matter.
        app.advance(3_600);
        merchant.token = merchant.fresh_token().await;
    }
}

#[tokio::test]
async fn a_cool_down_answers_alike_for_phones_on_file_and_not() {
    let app = TestApp::start().await;
    let (unknown, known) = (app.merchant().await, app.merchant().await);
    known.customer_who_is("ACTIVE", PHONE).await;
    let mut answers = Vec::new();
    for merchant in [&unknown, &known] {
        guess(&app, merchant, 10).await;
        let answer = merchant.shopper(&app).await.start(PHONE).await;
        answers.push((answer.status, answer["code"].clone(), answer.bytes.len()));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_phone_that_cools_down_has_no_code_compared_in_sessions_begun_before() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let waiting = merchant.shopper(&app).await;
    let challenge_id = waiting.challenge(PHONE).await;
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    app.advance(1);
    guess(&app, &merchant, 10).await;
    let refused = waiting.enter(&challenge_id, &code).await;
    assert_eq!(
        refused.status, 429,
        "eleven guesses at one phone: {refused}"
    );
    assert!(refused.refused(ErrorCode::TooManyRequests)["until"].is_string());
}

#[tokio::test]
async fn a_right_code_ends_the_count_of_wrong_ones() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    guess(&app, &merchant, 5).await;
    let mut shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    for _ in 0..4 {
        shopper
            .enter_wrong(&challenge_id, PHONE)
            .await
            .refused(ErrorCode::CodeWrong);
    }
    // Nine wrong ones, and the tenth is right.
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    let identified = shopper.enter(&challenge_id, &code).await.is(200);
    identified["session_secret"]
        .as_str()
        .unwrap()
        .clone_into(&mut shopper.secret);
    app.advance(60);
    merchant.shopper(&app).await.start(PHONE).await.is(201);
}

#[tokio::test]
async fn limits_and_locks_hold_across_a_restart() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    for _ in 0..5 {
        shopper.enter_wrong(&challenge_id, PHONE).await;
    }
    for _ in 0..4 {
        merchant.shopper(&app).await.challenge(PHONE).await;
    }
    let (secret, session_id, frame_url) = (
        shopper.secret.clone(),
        shopper.session_id.clone(),
        shopper.frame_url.clone(),
    );
    let code = app.code_sent_to(&format!("91{PHONE}")).await;

    let app = app.restarted().await;
    let merchant = merchant.at(&app);
    let shopper = acceptance::shopper::Shopper {
        app: &app,
        session_id,
        secret,
        frame_url,
        address: None,
    };
    shopper
        .enter(&challenge_id, &code)
        .await
        .refused(ErrorCode::ChallengeLocked);
    merchant
        .shopper(&app)
        .await
        .start(PHONE)
        .await
        .refused(ErrorCode::TooManyRequests);
    app.advance(3_601);
    let mut later = merchant.clone();
    later.token = merchant.fresh_token().await;
    later.shopper(&app).await.start(PHONE).await.is(201);
}

#[tokio::test]
async fn codes_go_only_to_countries_of_the_merchants_list() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let american = json!({ "country_code": "1", "mobile_number": "2025550123" });
    merchant
        .shopper(&app)
        .await
        .post("verification", &american)
        .await
        .refuses_field("country_code");
    let settings = Settings {
        verification_countries: vec!["1".into(), "91".into()],
        ..Settings::default()
    };
    let wide = app.merchant_with("Wide Tea", true, &settings).await;
    let shopper = wide.shopper(&app).await;
    assert_eq!(
        shopper.get("session").await.is(200)["country_code"],
        "1",
        "the first of the list is the default"
    );
    shopper.post("verification", &american).await.is(201);
    app.settle().await;
    assert_eq!(app.sent.all().len(), 1);
}

#[tokio::test]
async fn a_hint_of_a_country_that_is_not_served_sends_nothing() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant
        .shopper_with(
            &app,
            &json!({ "country_code": "1", "mobile_number": "2025550123" }),
        )
        .await;
    shopper
        .post("verification", &json!({}))
        .await
        .refuses_field("country_code");
}

#[tokio::test]
async fn a_merchant_has_a_budget_of_a_thousand_codes_an_hour() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut unit = app.onfile.store.write().await.unwrap();
    for _ in 0..999 {
        unit.record_event(
            Some(&merchant.merchant_id),
            "sent_for_merchant",
            &[],
            app.now(),
        )
        .await
        .unwrap();
    }
    unit.commit().await.unwrap();
    merchant.shopper(&app).await.start(PHONE).await.is(201);
    merchant
        .shopper(&app)
        .await
        .start("9876543211")
        .await
        .refused(ErrorCode::TooManyRequests);
    app.merchant()
        .await
        .shopper(&app)
        .await
        .start("9876543211")
        .await
        .is(201);
}
