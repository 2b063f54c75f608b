//! The descriptions, as they are published. A change of an API is a change of these snapshots, made
//! on purpose with `INSTA_UPDATE=always`.

use acceptance::app::TestApp;
use acceptance::description::Api;
use serde_json::Value;

/// Objects in alphabetical order: what order a library keeps is no part of the API.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields
                .into_iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[tokio::test]
async fn the_merchant_api_is_described_as_published() {
    let app = TestApp::start().await;
    insta::assert_json_snapshot!(sorted(Api::Merchant.document(&app).await));
}

#[tokio::test]
async fn the_checkout_api_is_described_as_published() {
    let app = TestApp::start().await;
    insta::assert_json_snapshot!(sorted(Api::Checkout.document(&app).await));
}

#[tokio::test]
async fn the_admin_api_is_described_as_published() {
    let app = TestApp::start().await;
    insta::assert_json_snapshot!(sorted(Api::Admin.document(&app).await));
}

#[tokio::test]
async fn every_operation_says_which_statuses_it_answers_and_none_says_409() {
    let app = TestApp::start().await;
    for api in Api::ALL {
        assert_eq!(
            api.document(&app).await["openapi"].as_str().unwrap()[..3],
            *"3.1"
        );
        for operation in api.operations(&app).await {
            let successes = operation
                .statuses
                .iter()
                .filter(|status| (200..300).contains(*status))
                .count();
            assert!(successes > 0, "{}", operation.id);
            for status in [400, 401, 404, 422, 429, 503] {
                assert!(
                    operation.statuses.contains(&status),
                    "{} does not describe {status}",
                    operation.id
                );
            }
            assert!(!operation.statuses.contains(&409), "{}", operation.id);
        }
    }
}
