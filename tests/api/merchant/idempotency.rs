//! `Idempotency-Key`: a request sent again is answered again, and done once.

use std::future::poll_fn;
use std::task::Poll;

use acceptance::app::{SHOP, TestApp};
use acceptance::database;
use acceptance::request::{Answer, Request};
use acceptance::server::Server;
use axum::http::Method;
use serde_json::{Value, json};
use shared::api::error::ErrorCode;
use tokio::task::JoinSet;

const CUSTOMER: &str = "/api/v1/customer";
const IDENTIFY: &str = "/api/v1/customer/identify";
const TOKENS: &str = "/api/v1/tokens";
const SESSIONS: &str = "/api/v1/checkout-sessions";
const PHONE: &str = "9876543210";

fn keyed(merchant: &Server, method: Method, path: &str, body: &Value, key: &str) -> Request {
    merchant
        .request(method, path)
        .json(body)
        .header("idempotency-key", key)
}

async fn post(merchant: &Server, path: &str, body: &Value, key: &str) -> Answer {
    let request = keyed(merchant, Method::POST, path, body, key);
    merchant.send(request).await
}

/// The same request twice: the same answer, said to be a repetition, and nothing written for it.
async fn twice(app: &TestApp, merchant: &Server, request: Request) -> Answer {
    let first = merchant.send(request.clone()).await;
    assert!(first.status < 300, "{first}");
    assert_eq!(first.header("idempotent-replayed"), "");
    let before = database::contents(app).await;
    let second = merchant.send(request).await;
    assert_eq!(
        (second.status, second.text(), second.header("content-type")),
        (first.status, first.text(), first.header("content-type"))
    );
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!(database::contents(app).await, before, "{second}");
    second
}

#[tokio::test]
async fn every_change_is_made_once_under_a_key() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = json!({ "mobile_number": PHONE, "first_name": "Asha" });
    let created = twice(
        &app,
        &merchant,
        keyed(&merchant, Method::POST, CUSTOMER, &body, "1"),
    )
    .await
    .is(201);
    let customer_id = created["customer_id"].as_str().unwrap();
    let path = format!("{CUSTOMER}/{customer_id}");
    for (method, path, body, key, status) in [
        (
            Method::POST,
            IDENTIFY,
            json!({ "mobile_number": PHONE }),
            "2",
            200,
        ),
        (
            Method::POST,
            IDENTIFY,
            json!({ "mobile_number": "9876543211" }),
            "3",
            201,
        ),
        (
            Method::PATCH,
            &path,
            json!({ "first_name": "Uma" }),
            "4",
            200,
        ),
        (Method::PUT, &path, json!({ "first_name": "Ila" }), "5", 200),
        (
            Method::PATCH,
            &path,
            json!({ "status": "ACTIVE" }),
            "6",
            200,
        ),
        (
            Method::POST,
            TOKENS,
            Server::token_body(customer_id, "card-1"),
            "7",
            201,
        ),
        (
            Method::POST,
            TOKENS,
            Server::token_body(customer_id, "card-2"),
            "8",
            201,
        ),
        (Method::POST, SESSIONS, json!({ "origin": SHOP }), "9", 201),
    ] {
        let request = keyed(&merchant, method, path, &body, key);
        twice(&app, &merchant, request).await.is(status);
    }
    app.settle().await;
    let list = merchant.get(&format!("{path}/tokens")).await.is(200);
    let token = |n: usize| list["tokens"][n]["token_id"].as_str().unwrap();
    let delete = format!("{path}/tokens/{}/delete", token(0));
    let body = json!({ "merchant_unique_reference": "r-1" });
    twice(
        &app,
        &merchant,
        keyed(&merchant, Method::POST, &delete, &body, "10"),
    )
    .await
    .is(200);
    let delete = merchant
        .request(Method::POST, &format!("{TOKENS}/{}/delete", token(1)))
        .header("idempotency-key", "11");
    twice(&app, &merchant, delete).await.is(200);
}

/// They share units of work, of which one is refused: the first and the last have one phone.
#[tokio::test]
async fn creations_at_once_are_each_answered_under_their_own_key() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = |n: u32| json!({ "mobile_number": format!("98765432{:02}", n % 39) });
    let mut running = JoinSet::new();
    for n in 0..40 {
        let (merchant, body) = (merchant.clone(), body(n));
        running.spawn(async move {
            let answer = post(&merchant, CUSTOMER, &body, &n.to_string()).await;
            (n, answer)
        });
    }
    let answers = running.join_all().await;
    let refused = answers.iter().filter(|(_, answer)| answer.status == 422);
    assert_eq!(refused.count(), 1);
    for (n, first) in answers.iter().filter(|(_, answer)| answer.status != 422) {
        assert_eq!(first.status, 201, "{first}");
        let again = post(&merchant, CUSTOMER, &body(*n), &n.to_string()).await;
        assert_eq!((again.status, again.text()), (201, first.text()));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    assert_eq!(database::count(&app, "customers").await, 39);
}

#[tokio::test]
async fn an_answer_is_repeated_whatever_happened_since() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = json!({ "mobile_number": PHONE });
    let first = post(&merchant, CUSTOMER, &body, "order-7").await.is(201);
    let customer_id = first["customer_id"].as_str().unwrap();
    merchant
        .update(customer_id, &json!({ "first_name": "Uma" }))
        .await
        .is(200);
    let app = app.restarted().await;
    let merchant = merchant.at(&app);
    assert_eq!(
        post(&merchant, CUSTOMER, &body, "order-7").await.is(201),
        first
    );
    assert_eq!(database::count(&app, "customers").await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_merchant() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = json!({ "mobile_number": PHONE });
    post(&merchant, CUSTOMER, &body, "k").await.is(201);
    for (path, body) in [
        (CUSTOMER, json!({ "mobile_number": "9876543211" })),
        (IDENTIFY, body.clone()),
    ] {
        let before = database::contents(&app).await;
        let details = post(&merchant, path, &body, "k")
            .await
            .refused(ErrorCode::IdempotencyKeyReused);
        assert_eq!(details["step"], "idempotency");
        assert_eq!(database::contents(&app).await, before);
    }
    let other = app.merchant().await;
    post(&other, CUSTOMER, &body, "k").await.is(201);
    post(
        &merchant,
        CUSTOMER,
        &json!({ "mobile_number": "9876543211" }),
        "K",
    )
    .await
    .is(201);
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    post(&merchant, CUSTOMER, &json!({ "mobile_number": "12" }), "k")
        .await
        .refuses_field("mobile_number");
    let body = json!({ "mobile_number": PHONE });
    let customer_id = post(&merchant, CUSTOMER, &body, "k").await.is(201)["customer_id"].clone();
    post(&merchant, CUSTOMER, &body, "l")
        .await
        .refused(ErrorCode::DuplicateRequest);
    let path = format!("{CUSTOMER}/{}", customer_id.as_str().unwrap());
    let delete = keyed(
        &merchant,
        Method::PATCH,
        &path,
        &json!({ "status": "DELETED" }),
        "m",
    );
    merchant.send(delete).await.is(200);
    post(&merchant, CUSTOMER, &body, "l").await.is(201);
}

#[tokio::test]
async fn a_key_has_at_most_255_characters_and_no_card_number() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = json!({ "mobile_number": PHONE });
    for key in ["k".repeat(256), "ü".repeat(256)] {
        post(&merchant, CUSTOMER, &body, &key)
            .await
            .refuses_field("Idempotency-Key");
    }
    let request = merchant
        .request(Method::POST, CUSTOMER)
        .json(&body)
        .header("idempotency-key", [0xff, 0xfe]);
    merchant
        .send(request)
        .await
        .refuses_field("Idempotency-Key");
    post(&merchant, CUSTOMER, &body, "4111 1111 1111 1111")
        .await
        .refused(ErrorCode::CardNumberRefused);
    assert_eq!(database::count(&app, "customers").await, 0);
    // An empty key is none: both are done.
    post(&merchant, CUSTOMER, &body, "").await.is(201);
    post(&merchant, CUSTOMER, &body, "")
        .await
        .refused(ErrorCode::DuplicateRequest);
    let body = json!({ "mobile_number": "9876543211" });
    for _ in 0..2 {
        post(&merchant, CUSTOMER, &body, &"ü".repeat(255))
            .await
            .is(201);
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    let app = TestApp::start().await;
    let mut merchant = app.merchant().await;
    let body = json!({ "mobile_number": PHONE });
    let first = post(&merchant, CUSTOMER, &body, "k").await.is(201);
    app.advance(24 * 3_600);
    app.purge().await;
    merchant.token = merchant.fresh_token().await;
    assert_eq!(post(&merchant, CUSTOMER, &body, "k").await.is(201), first);
    app.advance(1);
    app.purge().await;
    assert_eq!(database::count(&app, "idempotency_keys").await, 0);
    post(&merchant, CUSTOMER, &body, "k")
        .await
        .refused(ErrorCode::DuplicateRequest);
}

#[tokio::test]
async fn access_tokens_and_cryptograms_are_never_kept() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    let token = merchant.get(&format!("{TOKENS}/{token_id}")).await.is(200);
    let path = format!("{TOKENS}/{token_id}/token-transactional-data");
    let body = json!({
        "merchant_unique_reference": "r-1",
        "service_provider_token_id": token["service_provider_token_id"],
    });
    let one = post(&merchant, &path, &body, "k").await;
    assert!(one.status < 300, "{one}");
    let other = post(&merchant, &path, &body, "k").await;
    assert_ne!(one.text(), other.text());
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": merchant.client_id,
        "client_secret": merchant.client_secret,
    });
    for _ in 0..2 {
        post(&merchant, "/api/auth/v1/token", &body, "k")
            .await
            .is(200);
    }
    assert_eq!(database::count(&app, "idempotency_keys").await, 0);
}

#[tokio::test]
async fn a_sessions_secret_leaves_its_answer_when_it_is_replaced() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = json!({ "origin": SHOP });
    let minted = post(&merchant, SESSIONS, &body, "k").await.is(201);
    assert_eq!(post(&merchant, SESSIONS, &body, "k").await.is(201), minted);
    let mut shopper = merchant.shopper_from(&app, &minted);
    shopper.verify(PHONE).await;
    holds_no_secret(&app, &merchant, &body, &minted).await;
}

#[tokio::test]
async fn a_sessions_secret_leaves_its_answer_when_it_ends() {
    let app = TestApp::start().await;
    let mut merchant = app.merchant().await;
    let body = json!({ "origin": SHOP });
    let minted = post(&merchant, SESSIONS, &body, "k").await.is(201);
    let shopper = merchant.shopper_from(&app, &minted);
    shopper
        .send(shopper.request(Method::POST, "leave").json(&json!({})))
        .await
        .is(204);
    holds_no_secret(&app, &merchant, &body, &minted).await;

    let body = json!({ "origin": SHOP, "locale": "hi" });
    let minted = post(&merchant, SESSIONS, &body, "l").await.is(201);
    app.advance(30 * 60);
    merchant.token = merchant.fresh_token().await;
    let again = post(&merchant, SESSIONS, &body, "l").await.is(201);
    assert_eq!(again["session_secret"], "");
    assert_eq!(again["session_id"], minted["session_id"]);
    app.purge().await;
    assert_eq!(secrets_kept(&app).await, 0);
}

async fn secrets_kept(app: &TestApp) -> usize {
    database::filled(app, "idempotency_keys", "session_secret").await
}

async fn holds_no_secret(app: &TestApp, merchant: &Server, body: &Value, minted: &Value) {
    assert_eq!(secrets_kept(app).await, 0);
    let again = post(merchant, SESSIONS, body, "k").await.is(201);
    let mut expected = minted.clone();
    expected["session_secret"] = json!("");
    assert_eq!(again, expected);
}

#[tokio::test]
async fn a_request_that_still_runs_is_asked_for_again() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = json!({ "mobile_number": PHONE });
    let (one, other) = tokio::join!(
        post(&merchant, CUSTOMER, &body, "k"),
        post(&merchant, CUSTOMER, &body, "k")
    );
    let (one, other) = if one.status == 201 {
        (one, other)
    } else {
        (other, one)
    };
    let first = one.is(201);
    assert_eq!(other.header("retry-after"), "1");
    assert_eq!(
        other.refused(ErrorCode::ServiceUnavailable)["step"],
        "idempotency"
    );
    assert_eq!(post(&merchant, CUSTOMER, &body, "k").await.is(201), first);
}

#[tokio::test]
async fn a_request_whose_client_went_away_is_done_once_and_answered() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for polls in (0..3_000).step_by(30) {
        let body = json!({ "mobile_number": format!("98765{polls:05}") });
        let key = polls.to_string();
        let mut first = Box::pin(post(&merchant, CUSTOMER, &body, &key));
        for _ in 0..polls {
            let polled = poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_ready()));
            if polled.await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(first);
        let answer = loop {
            let answer = post(&merchant, CUSTOMER, &body, &key).await;
            if answer.status != 503 {
                break answer;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(answer.status, 201, "after {polls} polls: {answer}");
    }
}
