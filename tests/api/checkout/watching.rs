//! An open widget learns of a change at once.

use std::time::Duration;

use acceptance::app::TestApp;
use acceptance::desk::Desk;
use acceptance::request::Answer;
use acceptance::server::Server;
use acceptance::shopper::Shopper;
use axum::http::Method;
use serde_json::json;
use shared::api::admin::Role;

const PHONE: &str = "9876543210";
/// How long a test waits for what must come at once. Only a failure takes it.
const PATIENCE: Duration = Duration::from_secs(5);

async fn watching<'a>(
    app: &'a TestApp,
    merchant: &Server,
) -> (Shopper<'a>, String, String, String) {
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(app, &customer_id, "card-1").await;
    let mut shopper = merchant.shopper(app).await;
    let revision = shopper.verify(PHONE).await["revision"]
        .as_str()
        .unwrap()
        .to_owned();
    (shopper, customer_id, token_id, revision)
}

/// Asks for changes, makes one while the question is held open, and gives the answer.
async fn answer_after(
    shopper: &Shopper<'_>,
    revision: &str,
    change: impl Future<Output = ()>,
) -> Answer {
    let path = format!("customer?after={revision}");
    let poll = shopper.get(&path);
    tokio::pin!(poll, change);
    tokio::select! {
        biased;
        early = &mut poll => {
            // A change of several commits is told with the first of them.
            assert_ne!(early["revision"], json!(revision), "answered although nothing had changed");
            change.await;
            return early;
        }
        () = &mut change => {}
    }
    tokio::time::timeout(PATIENCE, poll)
        .await
        .expect("the widget was not told")
}

#[tokio::test]
async fn a_suspension_reaches_an_open_widget_at_once() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, _, revision) = watching(&app, &merchant).await;
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    let suspend = async { drop(desk.make_move(&customer_id, "suspend").await.is(200)) };
    let answer = answer_after(&shopper, &revision, suspend).await.is(200);
    assert_eq!(answer["customer"]["status"], "SUSPENDED");
    assert_eq!(
        answer["cards"][0]["decision"]["reasons"][0]["code"],
        "customer_suspended"
    );
    assert_ne!(answer["revision"], json!(revision));
}

#[tokio::test]
async fn a_new_card_and_a_removed_one_reach_an_open_widget_at_once() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, token_id, revision) = watching(&app, &merchant).await;
    let generate = async {
        drop(
            merchant
                .post(
                    "/api/v1/tokens",
                    &Server::token_body(&customer_id, "card-2"),
                )
                .await
                .is(201),
        );
    };
    let answer = answer_after(&shopper, &revision, generate).await.is(200);
    assert_eq!(answer["cards"].as_array().unwrap().len(), 2);
    let revision = answer["revision"].as_str().unwrap().to_owned();
    let provision = app.settle();
    let answer = answer_after(&shopper, &revision, provision).await.is(200);
    let revision = answer["revision"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/tokens/{token_id}/delete");
    let delete = async {
        drop(
            merchant
                .send(merchant.request(Method::POST, &path))
                .await
                .is(200),
        );
    };
    let answer = answer_after(&shopper, &revision, delete).await.is(200);
    let removing = answer["cards"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|card| card["removing"] == true)
        .count();
    assert_eq!(removing, 1, "{answer}");
}

#[tokio::test]
async fn a_widget_that_missed_the_change_is_answered_without_waiting() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, _, revision) = watching(&app, &merchant).await;
    merchant
        .update(&customer_id, &json!({ "status": "SUSPENDED" }))
        .await
        .is(200);
    let path = format!("customer?after={revision}");
    let answer = tokio::time::timeout(PATIENCE, shopper.get(&path))
        .await
        .expect("it waited")
        .is(200);
    assert_eq!(answer["customer"]["status"], "SUSPENDED");
}

#[tokio::test]
async fn another_customers_change_wakes_nobody() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, _, revision) = watching(&app, &merchant).await;
    let other = merchant.customer_who_is("ACTIVE", "9876543219").await;
    // The other's change comes first: were the widget told of it, it would answer as ACTIVE.
    let changes = async {
        merchant
            .update(&other, &json!({ "status": "SUSPENDED" }))
            .await
            .is(200);
        tokio::task::yield_now().await;
        merchant
            .update(&customer_id, &json!({ "status": "SUSPENDED" }))
            .await
            .is(200);
    };
    let answer = answer_after(&shopper, &revision, changes).await.is(200);
    assert_eq!(answer["customer"]["status"], "SUSPENDED");
}

#[tokio::test]
async fn a_process_that_ends_answers_whoever_waits() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, _, _, revision) = watching(&app, &merchant).await;
    let close = async { app.onfile.changes.close() };
    let answer = answer_after(&shopper, &revision, close).await.is(200);
    assert_eq!(answer["revision"], json!(revision));
}
