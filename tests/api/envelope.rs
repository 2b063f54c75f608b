//! What surrounds every request: its id, its bounds, and one error body for whatever goes wrong.

use acceptance::app::TestApp;
use acceptance::request::Request;
use axum::http::Method;
use serde_json::json;
use shared::api::error::ErrorCode;

const NOBODY: &str = "/api/v1/customer/x";
const IDENTIFY: &str = "/api/v1/customer/identify";

#[tokio::test]
async fn a_senders_request_id_is_echoed_and_one_is_made_when_absent() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for id in ["0b5f7d3c-2c3c-4c3e-8f0e-1b9d4d8f9a10", "x", &"i".repeat(50)] {
        let answer = merchant
            .send(
                merchant
                    .request(Method::GET, NOBODY)
                    .header("request-id", id),
            )
            .await;
        assert_eq!(
            (answer.header("request-id"), &answer["request_id"]),
            (id, &json!(id))
        );
        let identify = merchant
            .request(Method::POST, IDENTIFY)
            .header("Request-ID", id);
        let created = merchant
            .send(identify.json(&json!({ "mobile_number": "9876543210" })))
            .await;
        assert_eq!(created.header("request-id"), id, "on success too");
    }
    let one = merchant.get(NOBODY).await;
    let other = merchant.get(NOBODY).await;
    assert_ne!(one.header("request-id"), other.header("request-id"));
    for unusable in ["two words", "", &"i".repeat(500), "a\tb"] {
        let answer = merchant
            .send(
                merchant
                    .request(Method::GET, NOBODY)
                    .header("request-id", unusable),
            )
            .await;
        assert!(answer.header("request-id").starts_with("req_"), "{answer}");
    }
    let bytes = merchant
        .request(Method::GET, NOBODY)
        .header("request-id", [0xff, 0xfe]);
    assert!(
        merchant
            .send(bytes)
            .await
            .header("request-id")
            .starts_with("req_")
    );
}

#[tokio::test]
async fn timestamps_of_clients_are_never_a_reason_to_refuse() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for timestamp in [
        "2024-07-09 07:57:08.022000+00:00",
        "2024-07-09T07:57:08.022Z",
        "yesterday",
        "",
    ] {
        let request = merchant
            .request(Method::POST, IDENTIFY)
            .header("request-timestamp", timestamp);
        let answer = merchant
            .send(request.json(&json!({ "mobile_number": "9876543210" })))
            .await;
        assert!(answer.status < 300, "{answer}");
    }
}

#[tokio::test]
async fn unknown_routes_have_the_error_body() {
    let app = TestApp::start().await;
    for path in [
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/customers",
        "/api/v1/customer/",
        "/api/v1/customer/x/",
        "/API/V1/customer/x",
        "//api/v1/customer/x",
        "/api/v1/customer/../customer/x",
        "/checkout/v1",
        "/checkout/v1/nothing",
        "/admin/v1/session",
        "/widget/v1/assets/nothing.js",
        "/widget/v1/assets/..%2f..%2fCargo.toml",
    ] {
        Request::get(path)
            .send(&app.public)
            .await
            .refused(ErrorCode::RouteNotFound);
    }
    for path in [
        "/admin/v1",
        "/admin/v1/nothing",
        "/..%2fCargo.toml",
        "/index.html",
        "/admin.js.br",
    ] {
        Request::get(path)
            .send(&app.admin)
            .await
            .refused(ErrorCode::RouteNotFound);
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_which_are_right() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for (method, path) in [
        (Method::DELETE, NOBODY),
        (Method::PUT, "/api/v1/customer"),
        (Method::GET, "/api/auth/v1/token"),
        (Method::GET, "/api/v1/customer/x/tokens/y/delete"),
        (Method::POST, "/checkout/v1/session"),
        (Method::OPTIONS, "/api/v1/customer"),
        (Method::TRACE, "/api/v1/customer"),
    ] {
        let answer = merchant.send(merchant.request(method, path)).await;
        assert!(!answer.header("allow").is_empty(), "{answer}");
        answer.refused(ErrorCode::MethodNotAllowed);
    }
}

#[tokio::test]
async fn headers_over_sixteen_kibibytes_are_refused() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let with = |bytes: usize| {
        merchant
            .request(Method::GET, NOBODY)
            .header("x-long", "h".repeat(bytes))
    };
    merchant
        .send(with(15_000))
        .await
        .refused(ErrorCode::CustomerNotFound);
    merchant
        .send(with(16_400))
        .await
        .refused(ErrorCode::HeadersTooLarge);
    let mut many = merchant.request(Method::GET, NOBODY);
    for _ in 0..2_000 {
        many = many.header("x-many", "v");
    }
    merchant
        .send(many)
        .await
        .refused(ErrorCode::HeadersTooLarge);
}

#[tokio::test]
async fn a_body_is_json_by_its_content_type() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let body = r#"{"mobile_number":"9876543210"}"#;
    let send = |content_type: &str| {
        merchant.send(
            merchant
                .request(Method::POST, IDENTIFY)
                .bytes(content_type, body),
        )
    };
    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
    ] {
        assert!(send(good).await.status < 300, "{good}");
    }
    for bad in [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "json",
    ] {
        send(bad).await.refused(ErrorCode::UnsupportedMediaType);
    }
    let without = merchant
        .request(Method::POST, IDENTIFY)
        .json(&json!({}))
        .without("content-type");
    merchant
        .send(without)
        .await
        .refused(ErrorCode::UnsupportedMediaType);
}

#[tokio::test]
async fn what_is_not_a_json_object_is_400_and_echoes_nothing() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let deep = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    for body in [
        String::new(),
        " ".to_owned(),
        "{".to_owned(),
        "hunter2".to_owned(),
        "\"hunter2\"".to_owned(),
        "[]".to_owned(),
        "[{\"mobile_number\":\"9876543210\"}]".to_owned(),
        "null".to_owned(),
        "12".to_owned(),
        "{\"mobile_number\":\"9876543210\"} x".to_owned(),
        "{\"mobile_number\":\"9876543210\",}".to_owned(),
        "{'mobile_number':'9876543210'}".to_owned(),
        "{\"mobile_number\":\"9876543210\",\"mobile_number\":\"9876543211\"}".to_owned(),
        "{\"first_name\":\"\\ud800\"}".to_owned(),
        "{\"amount\":1e999}".to_owned(),
        "\u{feff}{\"mobile_number\":\"9876543210\"}".to_owned(),
        deep(9),
        deep(200),
        deep(5_000),
        "[".repeat(60_000),
    ] {
        let shown: String = body.chars().take(60).collect();
        let request = merchant
            .request(Method::POST, "/api/v1/customer")
            .bytes("application/json", body);
        let answer = merchant.send(request).await;
        assert!(!answer.text().contains("hunter2"), "{answer}");
        assert_eq!(answer.status, 400, "{shown}: {answer}");
    }
    for bytes in [
        vec![0xff, 0xfe],
        b"{\"first_name\":\"\xff\"}".to_vec(),
        vec![0; 100],
        b"{\"first_name\":\"a\0b\"}".to_vec(),
    ] {
        let request = merchant
            .request(Method::POST, "/api/v1/customer")
            .bytes("application/json", bytes);
        merchant
            .send(request)
            .await
            .refused(ErrorCode::InvalidRequest);
    }
}

#[tokio::test]
async fn a_body_of_up_to_sixty_four_kibibytes_is_read_and_no_larger_one() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let of = |bytes: usize| {
        let body = r#"{"mobile_number":"9876543210"}"#;
        let padded = format!("{body}{}", " ".repeat(bytes - body.len()));
        merchant
            .request(Method::POST, IDENTIFY)
            .bytes("application/json", padded)
    };
    assert!(merchant.send(of(65_536)).await.status < 300);
    merchant
        .send(of(65_537))
        .await
        .refused(ErrorCode::PayloadTooLarge);
    merchant
        .send(of(5_000_000))
        .await
        .refused(ErrorCode::PayloadTooLarge);
    // Larger than it says, or without saying.
    merchant
        .send(of(70_000).without("content-length"))
        .await
        .refused(ErrorCode::PayloadTooLarge);
    let lies = of(70_000)
        .without("content-length")
        .header("content-length", "10");
    merchant
        .send(lies)
        .await
        .refused(ErrorCode::PayloadTooLarge);
}

#[tokio::test]
async fn a_query_or_path_that_cannot_be_read_is_400() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for (query, field) in [
        ("mobile_number", "mobile_number"),
        ("a=1&a=2", "a"),
        ("mobile_number=1&mobile_number=2", "mobile_number"),
        ("&&&", "mobile_number"),
    ] {
        let answer = merchant.get(&format!("/api/v1/customer?{query}")).await;
        assert_eq!(answer.field(), field, "{answer}");
        answer.refused(ErrorCode::InvalidRequest);
    }
    for query in ["=x", "mobile_number=%ff%fe", "%00=1", "%ff=%ff"] {
        merchant
            .get(&format!("/api/v1/customer?{query}"))
            .await
            .refused(ErrorCode::InvalidRequest);
    }
    for path in [
        "/api/v1/customer/%ff",
        "/api/v1/customer/%ff/tokens",
        "/checkout/v1/tokens/%c3%28",
    ] {
        merchant.get(path).await.refuses_field("path");
    }
}

#[tokio::test]
async fn every_answer_is_kept_out_of_caches() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer("9876543210").await;
    let found = merchant.get(&format!("/api/v1/customer/{id}")).await;
    let session = merchant.shopper(&app).await.get("session").await;
    for answer in [found, merchant.get(NOBODY).await, session] {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer}");
    }
}
