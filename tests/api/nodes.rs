//! Two nodes on one database are one Onfile. Always on PostgreSQL.

use std::time::Duration;

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::Desk;
use acceptance::server::Server;
use axum::http::Method;
use backend::service::audit;
use serde_json::json;
use shared::api::admin::Role;

/// How long a test waits for what must come soon. Only a failure takes it.
const PATIENCE: Duration = Duration::from_secs(10);
const PHONE: &str = "9876543210";

#[tokio::test]
async fn a_suspension_on_one_node_reaches_a_widget_that_is_open_on_another() {
    let [one, other] = TestApp::two_nodes().await;
    let merchant = one.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    merchant.card(&one, &customer_id, "card-1").await;
    let mut shopper = merchant.shopper(&one).await;
    let revision = shopper.verify(PHONE).await["revision"].clone();
    let path = format!("customer?after={}", revision.as_str().unwrap());
    let desk = Desk::open(&other, &merchant, Role::Officer).await;
    let (told, moved) = tokio::join!(
        tokio::time::timeout(PATIENCE, shopper.get(&path)),
        desk.make_move(&customer_id, "suspend")
    );
    moved.is(200);
    let answer = told.expect("the widget was not told").is(200);
    assert_eq!(answer["customer"]["status"], "SUSPENDED");
    assert_eq!(
        answer["cards"][0]["decision"]["reasons"][0]["code"],
        "customer_suspended"
    );
}

#[tokio::test]
async fn an_access_token_and_a_customer_of_one_node_are_known_on_another() {
    let [one, other] = TestApp::two_nodes().await;
    let merchant = one.merchant().await;
    let elsewhere = merchant.clone().at(&other);
    let customer_id = merchant.customer(PHONE).await;
    let seen = elsewhere.read(&customer_id).await;
    assert_eq!(seen["mobile_number"], json!(PHONE));
    let refused = elsewhere.create(&json!({ "mobile_number": PHONE })).await;
    assert_eq!(
        refused["additional_error_details"]["customer_id"],
        json!(customer_id)
    );
}

#[tokio::test]
async fn one_phone_identified_on_two_nodes_at_once_is_one_customer() {
    let nodes = TestApp::two_nodes().await;
    let merchant = nodes[0].merchant().await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..60 {
        let merchant = merchant.clone().at(&nodes[n % 2]);
        running.spawn(async move {
            let body = json!({ "mobile_number": PHONE });
            merchant.post("/api/v1/customer/identify", &body).await
        });
    }
    let answers = running.join_all().await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1);
    for answer in &answers {
        assert_eq!(answer["customer_id"], answers[0]["customer_id"], "{answer}");
    }
}

#[tokio::test]
async fn an_open_widget_is_never_answered_with_half_of_a_change() {
    let [one, other] = TestApp::two_nodes().await;
    let merchant = one.merchant().await.at(&other);
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let mut shopper = merchant.shopper(&one).await;
    let mut revision = shopper.verify(PHONE).await["revision"].clone();
    for n in 0..20 {
        let path = format!("customer?after={}", revision.as_str().unwrap());
        let card = Server::token_body(&customer_id, &format!("card-{n}"));
        let (told, made) = tokio::join!(shopper.get(&path), merchant.post("/api/v1/tokens", &card));
        made.is(201);
        revision = shopper.get("customer").await["revision"].clone();
        assert_eq!(told["revision"], revision, "{told}");
    }
}

#[tokio::test]
async fn a_chain_that_two_nodes_sign_at_once_is_signed_once_and_holds() {
    let [one, other] = TestApp::two_nodes().await;
    let merchant = one.merchant().await;
    for n in 0..8 {
        merchant.customer(&format!("987654321{n}")).await;
        let (here, there) = tokio::join!(
            audit::sign_heads(&one.onfile),
            audit::sign_heads(&other.onfile)
        );
        assert_eq!(here.unwrap() + there.unwrap(), 1);
    }
    let mut view = one.onfile.store.read().await.unwrap();
    let record = view.merchant(&merchant.merchant_id).await.unwrap().unwrap();
    let mut found = Vec::new();
    let checked = audit::verify(&mut *view, &one.onfile.vault, &record, &mut |finding| {
        found.push(finding.to_string());
    })
    .await
    .unwrap();
    assert_eq!(found, Vec::<String>::new());
    assert_eq!((checked.entries, checked.heads), (8, 8));
}

#[tokio::test]
async fn one_key_on_two_nodes_at_once_is_one_request() {
    let nodes = TestApp::two_nodes().await;
    let merchant = nodes[0].merchant().await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..40 {
        let merchant = merchant.clone().at(&nodes[n % 2]);
        running.spawn(async move {
            let request = merchant
                .request(Method::POST, "/api/v1/customer")
                .json(&json!({ "mobile_number": PHONE }))
                .header("idempotency-key", "one");
            loop {
                let answer = merchant.send(request.clone()).await;
                if answer.status != 503 {
                    return answer.is(201);
                }
                tokio::task::yield_now().await;
            }
        });
    }
    let answers = running.join_all().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(database::count(&nodes[0], "customers").await, 1);
}

#[tokio::test]
async fn one_phone_created_and_deleted_at_once_is_never_a_fault() {
    let nodes = TestApp::two_nodes().await;
    let merchant = nodes[0].merchant().await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..8 {
        let merchant = merchant.clone().at(&nodes[n % 2]);
        running.spawn(async move {
            for _ in 0..25 {
                let body = json!({ "mobile_number": PHONE });
                let answer = merchant.post("/api/v1/customer/identify", &body).await;
                assert!(answer.status < 300, "{answer}");
                let customer_id = answer["customer_id"].as_str().unwrap();
                let deleted = json!({ "status": "DELETED" });
                merchant.update(customer_id, &deleted).await.is(200);
            }
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}
