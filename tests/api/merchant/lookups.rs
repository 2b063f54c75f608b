//! Finding one customer by id or by details.

use acceptance::app::TestApp;
use acceptance::request::encode;
use acceptance::server::Server;
use serde_json::{Value, json};
use shared::api::error::ErrorCode;

async fn find(merchant: &Server, query: &str) -> acceptance::request::Answer {
    merchant.get(&format!("/api/v1/customer?{query}")).await
}

async fn two(merchant: &Server) -> (Value, Value) {
    let one = merchant
        .create(&json!({ "mobile_number": "9876543210", "merchant_customer_reference": "ref-1" }))
        .await
        .is(201);
    let other = merchant.create(&json!({ "country_code": "1", "mobile_number": "2025550123", "merchant_customer_reference": "ref-2" })).await.is(201);
    (one, other)
}

#[tokio::test]
async fn any_combination_that_holds_a_phone_or_a_reference_finds() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (one, other) = two(&merchant).await;
    for query in [
        "country_code=91&mobile_number=9876543210&merchant_customer_reference=ref-1",
        "country_code=%2B91&mobile_number=9876543210",
        "country_code=+91&mobile_number=9876543210",
        "country_code=&mobile_number=09876543210&merchant_customer_reference=",
        "mobile_number=919876543210",
        "merchant_customer_reference=ref-1",
        "merchant_customer_reference=ref-1&mobile_number=9876543210",
    ] {
        assert_eq!(find(&merchant, query).await.is(200), one, "{query}");
    }
    assert_eq!(
        find(&merchant, "country_code=1&mobile_number=2025550123")
            .await
            .is(200),
        other
    );
}

#[tokio::test]
async fn everything_given_must_match_one_customer() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    two(&merchant).await;
    for query in [
        "mobile_number=9876543210&merchant_customer_reference=ref-2",
        "country_code=44&mobile_number=9876543210",
        "merchant_customer_reference=REF-1",
        "mobile_number=9876543211",
    ] {
        find(&merchant, query)
            .await
            .refused(ErrorCode::CustomerNotFound);
    }
}

#[tokio::test]
async fn nothing_to_look_up_by_is_400() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    find(&merchant, "").await.refuses_field("mobile_number");
    find(&merchant, "mobile_number=&merchant_customer_reference=")
        .await
        .refuses_field("mobile_number");
    find(&merchant, "country_code=91")
        .await
        .refuses_field("mobile_number");
    find(&merchant, "email_id=a%40b.co")
        .await
        .refuses_field("email_id");
    find(&merchant, "mobile_number=12ab")
        .await
        .refuses_field("mobile_number");
    find(&merchant, "merchant_customer_reference=a%20b")
        .await
        .refuses_field("merchant_customer_reference");
    find(
        &merchant,
        "mobile_number=9876543210&mobile_number=9876543210",
    )
    .await
    .refuses_field("mobile_number");
}

#[tokio::test]
async fn an_id_that_was_never_minted_is_not_found_whatever_it_looks_like() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for id in [
        "cust-v1-260314092653-aa-aaaaaaaaaaaa",
        "cust-786cdrexrt",
        "x",
        "..",
        "%",
        "' or 1=1 --",
        "<script>",
        "\u{202e}",
        "a\u{0}b",
        &"c".repeat(51),
        &"c".repeat(5_000),
        "😀",
    ] {
        let answer = merchant
            .get(&format!("/api/v1/customer/{}", encode(id)))
            .await;
        answer.refused(ErrorCode::CustomerNotFound);
    }
}
