//! One code to one phone, and a bounded number of tries at it.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::request::Answer;
use acceptance::server::Server;
use serde_json::json;
use shared::api::error::ErrorCode;

const PHONE: &str = "9876543210";

/// What a shopper could tell two answers apart by: status, names and lengths of headers, shape and
/// length of the body.
fn outside(answer: &Answer) -> (u16, Vec<(String, usize)>, usize, Vec<String>) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.len()))
        .collect();
    headers.sort();
    let fields = answer.json.as_object().unwrap().keys().cloned().collect();
    (answer.status, headers, answer.bytes.len(), fields)
}

#[tokio::test]
async fn asking_for_a_code_answers_alike_for_every_phone() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut answers = Vec::new();
    for (place, status) in ["unknown", "INACTIVE", "ACTIVE", "SUSPENDED", "DELETED"]
        .into_iter()
        .enumerate()
    {
        let mobile = format!("987654321{place}");
        if status != "unknown" {
            let customer_id = merchant.customer_who_is("INACTIVE", &mobile).await;
            merchant
                .card(&app, &customer_id, &format!("card-{place}"))
                .await;
            for next in match status {
                "ACTIVE" => vec!["ACTIVE"],
                "SUSPENDED" => vec!["ACTIVE", "SUSPENDED"],
                "DELETED" => vec!["DELETED"],
                _ => vec![],
            } {
                merchant
                    .update(&customer_id, &json!({ "status": next }))
                    .await
                    .is(200);
            }
        }
        let shopper = merchant.shopper(&app).await;
        let answer = shopper.start(&mobile).await;
        assert_eq!(answer.status, 201, "{status}");
        assert_eq!(
            answer["sent_to"],
            format!("+91 •••••• {}", &mobile[6..]),
            "{status}"
        );
        assert_eq!(
            (&answer["tries_left"], &answer["resend_at"]),
            (&json!(5), &json!(app.in_seconds(30))),
            "{status}"
        );
        answers.push((status, answer));
    }
    for (status, answer) in &answers {
        assert_eq!(
            outside(answer),
            outside(&answers[0].1),
            "{status} is told from an unknown phone"
        );
    }
    for place in 0..5 {
        let code = app.code_sent_to(&format!("91987654321{place}")).await;
        assert!(
            code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()),
            "a code goes to every one of them"
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_asked_for() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant
        .shopper_with(&app, &json!({ "mobile_number": PHONE }))
        .await;
    shopper.get("session").await.is(200);
    app.settle().await;
    assert!(app.sent.all().is_empty());
    let answer = shopper.post("verification", &json!({})).await.is(201);
    assert_eq!(
        answer["sent_to"], "+91 •••••• 3210",
        "neither field means the hinted phone"
    );
    app.settle().await;
    let sent = app.sent.all();
    assert_eq!(
        (sent.len(), sent[0].to.as_str(), sent[0].channel.as_str()),
        (1, "919876543210", "sms")
    );
    assert!(
        sent[0].text.contains(&sent[0].code) && sent[0].text.contains("Tamra Tea"),
        "{}",
        sent[0].text
    );
}

#[tokio::test]
async fn the_session_says_nothing_about_any_customer() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    merchant.customer_who_is("ACTIVE", PHONE).await;
    let mut views = Vec::new();
    for mobile in [PHONE, "9876543219"] {
        let shopper = merchant
            .shopper_with(
                &app,
                &json!({ "mobile_number": mobile, "amount": 5, "currency": "INR", "locale": "hi" }),
            )
            .await;
        let view = shopper.get("session").await.is(200);
        assert_eq!(
            (
                &view["merchant_name"],
                &view["status"],
                &view["locale"],
                &view["amount"]
            ),
            (&json!("Tamra Tea"), &json!("open"), &json!("hi"), &json!(5))
        );
        assert_eq!(
            view["limits"],
            json!({ "code_digits": 6, "tries": 5, "code_lifetime_seconds": 300 })
        );
        let mut names: Vec<_> = view.as_object().unwrap().keys().cloned().collect();
        names.sort();
        views.push(names);
    }
    assert_eq!(views[0], views[1]);
    assert!(
        !views[0].iter().any(|name| name.contains("customer")),
        "{views:?}"
    );
}

#[tokio::test]
async fn a_wrong_code_says_how_many_tries_are_left_and_the_fifth_locks() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    for left in [4, 3, 2, 1] {
        let answer = shopper.enter_wrong(&challenge_id, PHONE).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.refused(ErrorCode::CodeWrong)["tries_left"], left);
    }
    let answer = shopper.enter_wrong(&challenge_id, PHONE).await;
    assert_eq!(answer.status, 429);
    assert_eq!(
        answer.refused(ErrorCode::ChallengeLocked)["until"],
        app.in_seconds(15 * 60)
    );
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    shopper
        .enter(&challenge_id, &code)
        .await
        .refused(ErrorCode::ChallengeLocked);
    app.advance(15 * 60 - 1);
    shopper
        .enter(&challenge_id, &code)
        .await
        .refused(ErrorCode::ChallengeLocked);
    assert_eq!(
        database::count(&app, "customers").await,
        0,
        "the right code after the lock identifies nobody"
    );
}

#[tokio::test]
async fn a_try_is_counted_before_its_code_is_compared() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    let right = app.code_sent_to(&format!("91{PHONE}")).await;
    let (session_id, wrong) = (
        shopper.session_id.clone(),
        acceptance::shopper::wrong(&right),
    );
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let request = shopper
            .request(
                axum::http::Method::POST,
                &format!("verification/{challenge_id}"),
            )
            .json(&json!({ "code": wrong }));
        let router = app.public.clone();
        running.spawn(async move { request.send(&router).await });
    }
    let answers = running.join_all().await;
    let mut left: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 422)
        .map(|answer| {
            answer["additional_error_details"]["tries_left"]
                .as_u64()
                .unwrap()
        })
        .collect();
    left.sort_unstable();
    assert_eq!(
        left,
        [1, 2, 3, 4],
        "four were compared and wrong, the fifth locked"
    );
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 429).count(),
        46
    );
    shopper
        .enter(&challenge_id, &right)
        .await
        .refused(ErrorCode::ChallengeLocked);
    assert_eq!(merchant.session(&session_id).await["status"], "open");
}

#[tokio::test]
async fn a_code_is_good_once() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    let first = shopper.enter(&challenge_id, &code).await.is(200);
    first["session_secret"]
        .as_str()
        .unwrap()
        .clone_into(&mut shopper.secret);
    shopper
        .enter(&challenge_id, &code)
        .await
        .refused(ErrorCode::CodeExpired);
}

#[tokio::test]
async fn one_of_many_entering_the_right_code_at_once_is_identified() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let request = shopper
            .request(
                axum::http::Method::POST,
                &format!("verification/{challenge_id}"),
            )
            .json(&json!({ "code": code }));
        let router = app.public.clone();
        running.spawn(async move { request.send(&router).await.status });
    }
    let statuses = running.join_all().await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(database::count(&app, "customers").await, 1);
}

#[tokio::test]
async fn a_code_ends_after_five_minutes() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    app.advance(300);
    shopper
        .enter(&challenge_id, &code)
        .await
        .refused(ErrorCode::CodeExpired);
    shopper.resend(&challenge_id).await.is(200);
    let fresh = app.code_sent_to(&format!("91{PHONE}")).await;
    app.advance(299);
    let identified = shopper.enter(&challenge_id, &fresh).await.is(200);
    identified["session_secret"]
        .as_str()
        .unwrap()
        .clone_into(&mut shopper.secret);
    shopper.get("customer").await.is(200);
}

#[tokio::test]
async fn a_code_is_bound_to_its_challenge() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (one, other) = (merchant.shopper(&app).await, merchant.shopper(&app).await);
    let challenge_of_one = one.challenge(PHONE).await;
    let code_of_one = app.code_sent_to(&format!("91{PHONE}")).await;
    let challenge_of_other = other.challenge("9876543211").await;
    other
        .enter(&challenge_of_one, &code_of_one)
        .await
        .refused(ErrorCode::ChallengeNotFound);
    other
        .resend(&challenge_of_one)
        .await
        .refused(ErrorCode::ChallengeNotFound);
    if app.code_sent_to("919876543211").await != code_of_one {
        other
            .enter(&challenge_of_other, &code_of_one)
            .await
            .refused(ErrorCode::CodeWrong);
    }
    one.enter(&challenge_of_one, &code_of_one).await.is(200);
}

#[tokio::test]
async fn codes_are_read_as_people_type_them() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper
        .post(
            "verification",
            &json!({ "country_code": "+91", "mobile_number": " ९८७६५ ४३२१० " }),
        )
        .await
        .is(201)["challenge_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    for nonsense in ["12345", "1234567", "abcdef", "", "12 34", "１２３４５６７"] {
        shopper
            .enter(&challenge_id, nonsense)
            .await
            .refuses_field("code");
    }
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    shopper.enter(&challenge_id, &spaced).await.is(200);
}

#[tokio::test]
async fn malformed_codes_are_no_tries() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let challenge_id = shopper.challenge(PHONE).await;
    for _ in 0..8 {
        shopper
            .enter(&challenge_id, "12345")
            .await
            .refuses_field("code");
    }
    assert_eq!(
        shopper
            .enter_wrong(&challenge_id, PHONE)
            .await
            .refused(ErrorCode::CodeWrong)["tries_left"],
        4
    );
}

#[tokio::test]
async fn a_message_that_waited_longer_than_its_code_lives_is_not_sent() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    merchant.shopper(&app).await.challenge(PHONE).await;
    app.advance(301);
    app.settle().await;
    assert!(app.sent.all().is_empty());
    assert_eq!(database::count(&app, "outbox_messages").await, 0);
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_message() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    merchant.shopper(&app).await.challenge(PHONE).await;
    assert!(app.sent.all().is_empty(), "it waits in the outbox");
    assert_eq!(database::count(&app, "outbox_messages").await, 1);
}

/// A new secret at each step, as the API promises.
#[tokio::test]
async fn a_right_code_replaces_the_sessions_secret() {
    let app = TestApp::start().await;
    let merchant: Server = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    let before = shopper.clone();
    shopper.verify(PHONE).await;
    assert_ne!(before.secret, shopper.secret);
    before.get("session").await.refused(ErrorCode::SessionEnded);
    before
        .get("customer")
        .await
        .refused(ErrorCode::SessionEnded);
    shopper.get("customer").await.is(200);
}
