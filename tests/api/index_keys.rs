//! Rotation of the key of a merchant's indexes while Onfile serves: at every step customers are found, and
//! a phone or reference belongs to one of them.

use acceptance::app::{SHOP, TestApp};
use acceptance::desk::Desk;
use acceptance::server::Server;
use axum::http::Method;
use backend::service::keys::{self, KNOWN_AFTER, Step};
use serde_json::{Value, json};
use shared::api::admin::Role;
use shared::api::error::ErrorCode;
use store::MerchantKey;

/// The customer of a number, as the merchant sends it.
fn body(number: u32) -> Value {
    json!({
        "mobile_number": format!("98765{number:05}"),
        "merchant_customer_reference": format!("ref-{number}"),
        "email_id": format!("priya.{number}@example.com"),
    })
}

async fn step(app: &TestApp, merchant: &Server) -> Step {
    let mut view = app.onfile.store.read().await.unwrap();
    let record = view.merchant(&merchant.merchant_id).await.unwrap().unwrap();
    keys::step(&record, MerchantKey::Index, app.now())
}

/// Every index of every customer.
async fn indexes(app: &TestApp, merchant: &Server) -> Vec<Vec<u8>> {
    let mut view = app.onfile.store.read().await.unwrap();
    let records = view.customers(&merchant.merchant_id, None, None, 1_000);
    let indexes = records.await.unwrap().into_iter().flat_map(|record| {
        [
            record.phone_index,
            record.reference_index,
            record.email_index,
        ]
    });
    indexes.flatten().collect()
}

/// By everything it can be found by, and nobody else can have its phone or reference.
async fn is_there(merchant: &Server, desk: &Desk<'_>, number: u32, customer_id: &str) {
    let customer = body(number);
    let text = |field: &str| customer[field].as_str().unwrap().to_owned();
    for field in ["mobile_number", "merchant_customer_reference"] {
        let query = format!("/api/v1/customer?{field}={}", text(field));
        let found = merchant.get(&query).await.is(200);
        assert_eq!(found["customer_id"], customer_id, "{number} by {field}");
    }
    let found = desk
        .post("customers/search", &json!({ "query": text("email_id") }))
        .await
        .is(200);
    assert_eq!(found["customers"][0]["customer_id"], customer_id);
    for field in ["mobile_number", "merchant_customer_reference"] {
        let mut other = body(number + 5_000);
        other[field] = customer[field].clone();
        let refused = merchant.create(&other).await;
        let details = refused.refused(ErrorCode::DuplicateRequest);
        assert_eq!(details["customer_id"], customer_id);
    }
}

#[tokio::test]
async fn customers_are_found_and_one_of_a_kind_at_every_step() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    let keyed = async || {
        let request = merchant
            .request(Method::POST, "/api/v1/customer")
            .json(&body(0))
            .header("idempotency-key", "one");
        merchant.send(request).await.is(201)["customer_id"].clone()
    };
    let first = keyed().await.as_str().unwrap().to_owned();
    let minted = merchant
        .post("/api/v1/checkout-sessions", &json!({ "origin": SHOP }))
        .await
        .is(201);
    let shopper = merchant.shopper_from(&app, &minted);
    let challenge_id = shopper.challenge("9876500000").await;
    let gone = merchant.create(&body(900)).await.is(201)["customer_id"].clone();
    let deleted = json!({ "status": "DELETED" });
    merchant
        .update(gone.as_str().unwrap(), &deleted)
        .await
        .is(200);
    let mut customers = vec![first];
    let mut before = Vec::new();
    let merchant_id = &merchant.merchant_id;
    loop {
        let number = u32::try_from(customers.len()).unwrap();
        let made = merchant.create(&body(number)).await.is(201);
        customers.push(made["customer_id"].as_str().unwrap().to_owned());
        for (number, customer_id) in (0..).zip(&customers) {
            is_there(&merchant, &desk, number, customer_id).await;
        }
        assert_eq!(keyed().await, customers[0], "the request is still known");
        // one that is written anew is indexed anew, whatever comes
        let touched = json!({ "first_name": format!("Priya {number}") });
        merchant.update(&customers[1], &touched).await.is(200);
        match step(&app, &merchant).await {
            Step::Publish if before.is_empty() => {
                before = indexes(&app, &merchant).await;
                keys::publish(&app.onfile, merchant_id, MerchantKey::Index).await
            }
            Step::Publish => break,
            Step::Wait(_) => {
                app.advance(KNOWN_AFTER.as_secs() / 2);
                Ok(())
            }
            Step::Switch => keys::switch(&app.onfile, merchant_id, MerchantKey::Index).await,
            Step::Renew => {
                // cut off before the key is destroyed, it goes on
                for _ in 0..2 {
                    keys::reindex(&app.onfile, merchant_id).await.unwrap();
                }
                assert_eq!(keys::reindex(&app.onfile, merchant_id).await.unwrap(), 0);
                assert_eq!(step(&app, &merchant).await, Step::Renew);
                keys::destroy(&app.onfile, merchant_id, MerchantKey::Index).await
            }
            Step::Finish(_) => panic!("no other key is rotated"),
        }
        .unwrap();
        let other = {
            let mut view = app.onfile.store.read().await.unwrap();
            let record = view.merchant(merchant_id).await.unwrap().unwrap();
            keys::step(&record, MerchantKey::Wrap, app.now())
        };
        assert!(matches!(
            other,
            Step::Finish(MerchantKey::Index) | Step::Publish
        ));
    }
    let after = indexes(&app, &merchant).await;
    assert_eq!(after.len(), 3 * (customers.len() + 1));
    assert!(before.len() >= 9);
    assert!(before.iter().all(|index| !after.contains(index)));
    let code = app.code_sent_to("919876500000").await;
    shopper.enter(&challenge_id, &code).await.is(200);
    assert_eq!(merchant.read(&customers[0]).await["status"], "ACTIVE");
}

#[tokio::test]
async fn two_nodes_that_create_one_customer_at_once_make_one_at_every_step() {
    let [one, other] = TestApp::two_nodes().await;
    let merchant = one.merchant().await;
    let elsewhere = merchant.clone().at(&other);
    let merchant_id = &merchant.merchant_id;
    // Each keeps a merchant for five seconds, and learns of a step at another time than the other.
    one.advance(6);
    merchant.create(&body(0)).await.is(201);
    one.advance(3);
    for number in 1..4 {
        elsewhere.create(&body(number)).await.is(201);
    }
    for round in 1.. {
        let numbers = 4 * round..4 * round + 4;
        for (number, (first, second)) in numbers.clone().zip([
            (&merchant, &elsewhere),
            (&elsewhere, &merchant),
            (&merchant, &elsewhere),
            (&elsewhere, &merchant),
        ]) {
            let same = body(number);
            let one_after_the_other = number % 4 < 2;
            let both = if one_after_the_other {
                let one = first.create(&same).await;
                (one, second.create(&same).await)
            } else {
                tokio::join!(first.create(&same), second.create(&same))
            };
            let mut statuses = [both.0.status, both.1.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 422], "round {round}");
        }
        for earlier in 0..numbers.end {
            for server in [&merchant, &elsewhere] {
                let again = server.create(&body(earlier)).await;
                again.refused(ErrorCode::DuplicateRequest);
            }
        }
        match step(&one, &merchant).await {
            Step::Publish if round > 1 => break,
            Step::Publish => keys::publish(&one.onfile, merchant_id, MerchantKey::Index).await,
            Step::Wait(_) => {
                one.advance(2);
                Ok(())
            }
            Step::Switch => keys::switch(&one.onfile, merchant_id, MerchantKey::Index).await,
            Step::Renew => {
                keys::reindex(&one.onfile, merchant_id).await.unwrap();
                keys::destroy(&one.onfile, merchant_id, MerchantKey::Index).await
            }
            Step::Finish(_) => panic!("no other key is rotated"),
        }
        .unwrap();
    }
}
