//! `POST /api/auth/v1/token`.

use acceptance::app::{BEGIN, TestApp};
use acceptance::request::Request;
use serde_json::{Value, json};
use shared::Timestamp;
use shared::api::error::ErrorCode;

async fn generate(app: &TestApp, body: &Value) -> acceptance::request::Answer {
    Request::post("/api/auth/v1/token")
        .json(body)
        .send(&app.public)
        .await
}

#[tokio::test]
async fn a_token_says_when_it_ends_in_both_published_ways() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = json!({ "client_id": merchant.client_id, "client_secret": merchant.client_secret, "grant_type": "client_credentials" });
    let token = generate(&app, &body).await.is(200);
    assert_eq!(token["expires_in"], 3_600);
    assert_eq!(token["token_type"], "Bearer");
    let ends = Timestamp::parse(token["expires_at"].as_str().unwrap()).unwrap();
    let lives = Timestamp::parse(BEGIN).unwrap().until(ends).as_secs();
    assert!((3_599..=3_600).contains(&lives), "{token}");
    assert_eq!(
        token["access_token"].as_str().unwrap().split('.').count(),
        3,
        "clients expect a JWT"
    );
}

#[tokio::test]
async fn an_authorization_header_is_ignored_where_tokens_are_given() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = json!({ "client_id": merchant.client_id, "client_secret": merchant.client_secret, "grant_type": "client_credentials" });
    let request = Request::post("/api/auth/v1/token")
        .bearer("bootstrap")
        .json(&body);
    request.send(&app.public).await.is(200);
}

#[tokio::test]
async fn a_malformed_request_is_400_and_names_its_field() {
    let app = TestApp::start().await;
    let whole =
        json!({ "client_id": "x", "client_secret": "y", "grant_type": "client_credentials" });
    for field in ["client_id", "client_secret", "grant_type"] {
        for value in [Value::Null, json!(""), json!(7)] {
            let mut body = whole.clone();
            body[field] = value;
            generate(&app, &body).await.refuses_field(field);
        }
    }
    let mut body = whole;
    body["grant_type"] = json!("password");
    generate(&app, &body).await.refuses_field("grant_type");
}

#[tokio::test]
async fn wrong_credentials_are_401_and_do_not_tell_a_wrong_id_from_a_wrong_secret() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let other = app.merchant().await;
    let mut bodies = Vec::new();
    for (id, secret) in [
        (merchant.client_id.as_str(), "wrong"),
        ("00000000-0000-4000-8000-000000000000", "wrong"),
        (&merchant.client_id, &other.client_secret),
    ] {
        let answer = generate(&app, &json!({ "client_id": id, "client_secret": secret, "grant_type": "client_credentials" })).await;
        let mut body = answer.clone().is(401);
        answer.refused(ErrorCode::AuthenticationFailed);
        body["request_id"].take();
        bodies.push(body);
    }
    assert!(
        bodies.windows(2).all(|pair| pair[0] == pair[1]),
        "{bodies:?}"
    );
}

#[tokio::test]
async fn a_token_ends_after_an_hour() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let path = "/api/v1/customer/cust-v1-260314092653-aa-aaaaaaaaaaaa";
    app.advance(3_598);
    merchant
        .get(path)
        .await
        .refused(ErrorCode::CustomerNotFound);
    app.advance(2);
    merchant
        .get(path)
        .await
        .refused(ErrorCode::AuthenticationFailed);
}

#[tokio::test]
async fn revoking_a_key_ends_its_tokens_and_no_other_merchants() {
    let app = TestApp::start().await;
    let (merchant, other) = (app.merchant().await, app.merchant().await);
    let customer_id = merchant.customer("9876543210").await;
    let path = format!("/api/v1/customer/{customer_id}");
    let mut unit = app.onfile.store.write().await.unwrap();
    let revoked = unit
        .revoke_api_key(&merchant.merchant_id, &merchant.client_id, app.now())
        .await
        .unwrap();
    assert_eq!(revoked, store::Replaced::Yes);
    unit.commit().await.unwrap();
    backend::service::revocations::refresh(&app.onfile)
        .await
        .unwrap();
    merchant
        .get(&path)
        .await
        .refused(ErrorCode::AuthenticationFailed);
    other.get(&path).await.refused(ErrorCode::CustomerNotFound);
    let body = json!({ "client_id": merchant.client_id, "client_secret": merchant.client_secret, "grant_type": "client_credentials" });
    generate(&app, &body)
        .await
        .refused(ErrorCode::AuthenticationFailed);
}

#[tokio::test]
async fn a_forged_or_changed_token_is_401_with_a_body() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let [header, payload, signature] = merchant.token.split('.').collect::<Vec<_>>()[..] else {
        panic!("{}", merchant.token)
    };
    let flipped = match signature.strip_prefix('A') {
        Some(rest) => format!("B{rest}"),
        None => format!("A{}", &signature[1..]),
    };
    // {"alg":"none","typ":"JWT"}
    for token in [
        format!("{header}.{payload}.{flipped}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}."),
        "x".to_owned(),
        String::new(),
    ] {
        let answer = Request::get("/api/v1/customer/x")
            .bearer(&token)
            .send(&app.public)
            .await;
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{answer}");
        answer.refused(ErrorCode::AuthenticationFailed);
    }
    Request::get("/api/v1/customer/x")
        .header("authorization", format!("Basic {}", merchant.token))
        .send(&app.public)
        .await
        .is(401);
}
