//! Signing in and out, and how long that holds.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::{ADMIN_HOST, Desk, PASSWORD, hire, sign_in};
use acceptance::kept::Kept;
use acceptance::request::Request;
use axum::http::Method;
use backend::http::auth::ADMIN_COOKIE;
use backend::service::admins::{self, CreateAdminError};
use serde_json::{Value, json};
use shared::api::admin::Role;
use shared::api::error::ErrorCode;

const EMAIL: &str = "owner@tamra.example";

#[tokio::test]
async fn whoever_signs_in_gets_a_cookie_for_this_host_and_this_site_only() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    hire(&app, &merchant, Role::Owner, EMAIL).await;
    let answer = sign_in(" Owner@Tamra.example ", PASSWORD)
        .send(&app.admin)
        .await;
    let cookie = answer.header("set-cookie").to_owned();
    let view = answer.is(200);
    assert_eq!(
        view,
        json!({ "email": EMAIL, "role": "owner", "merchant_name": "Tamra Tea", "expires_at": app.in_seconds(12 * 3_600) })
    );
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    let attributes: Vec<_> = cookie.split("; ").skip(1).collect();
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(attributes.contains(&attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_away() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    assert_eq!(desk.get("session").await.is(200)["role"], "viewer");
    let out = desk.send(desk.request(Method::DELETE, "session")).await;
    assert_eq!(out.status, 204);
    assert!(
        out.header("set-cookie").contains("Max-Age=0"),
        "{}",
        out.header("set-cookie")
    );
    desk.get("session")
        .await
        .refused(ErrorCode::AuthenticationFailed);
}

#[tokio::test]
async fn a_session_without_a_request_for_thirty_minutes_is_over() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    for _ in 0..3 {
        app.advance(29 * 60);
        desk.get("session").await.is(200);
    }
    app.advance(30 * 60);
    desk.get("session")
        .await
        .refused(ErrorCode::AuthenticationFailed);
}

#[tokio::test]
async fn a_session_is_over_after_twelve_hours_whatever_happens() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    for _ in 0..35 {
        app.advance(20 * 60);
        desk.get("session").await.is(200);
    }
    app.advance(20 * 60 - 1);
    desk.get("session").await.is(200);
    app.advance(1);
    desk.get("session")
        .await
        .refused(ErrorCode::AuthenticationFailed);
}

#[tokio::test]
async fn ten_wrong_passwords_close_an_account_for_fifteen_minutes_whether_or_not_it_exists() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    hire(&app, &merchant, Role::Owner, EMAIL).await;
    let mut seen = Vec::new();
    for email in [EMAIL, "nobody@tamra.example"] {
        let mut bodies = Vec::new();
        for _ in 0..10 {
            let mut body = sign_in(email, "not the password at all")
                .send(&app.admin)
                .await
                .is(401);
            body["request_id"].take();
            bodies.push(body);
        }
        let limited = sign_in(email, "not the password at all")
            .send(&app.admin)
            .await;
        assert_eq!(limited.status, 429);
        let until = limited.refused(ErrorCode::TooManyRequests)["until"].clone();
        assert_eq!(until, json!(app.in_seconds(15 * 60)));
        bodies.push(until);
        seen.push(bodies);
    }
    assert_eq!(
        seen[0], seen[1],
        "an account that does not exist looks the same"
    );
    sign_in(EMAIL, PASSWORD)
        .send(&app.admin)
        .await
        .refused(ErrorCode::TooManyRequests);
    app.advance(15 * 60 + 1);
    sign_in(EMAIL, PASSWORD).send(&app.admin).await.is(200);
}

#[tokio::test]
async fn twenty_wrong_passwords_from_an_address_close_it_for_every_account() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    hire(&app, &merchant, Role::Owner, EMAIL).await;
    let address: std::net::IpAddr = "192.0.2.7".parse().unwrap();
    for place in 0..20 {
        sign_in(
            &format!("guess{place}@tamra.example"),
            "not the password at all",
        )
        .from(address)
        .send(&app.admin)
        .await
        .is(401);
    }
    sign_in(EMAIL, PASSWORD)
        .from(address)
        .send(&app.admin)
        .await
        .refused(ErrorCode::TooManyRequests);
    let elsewhere: std::net::IpAddr = "192.0.2.8".parse().unwrap();
    sign_in(EMAIL, PASSWORD)
        .from(elsewhere)
        .send(&app.admin)
        .await
        .is(200);
}

#[tokio::test]
async fn a_right_password_ends_the_count_of_wrong_ones() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    hire(&app, &merchant, Role::Owner, EMAIL).await;
    for _ in 0..2 {
        for _ in 0..6 {
            sign_in(EMAIL, "not the password at all")
                .send(&app.admin)
                .await
                .is(401);
        }
        sign_in(EMAIL, PASSWORD).send(&app.admin).await.is(200);
    }
}

#[tokio::test]
async fn right_passwords_from_an_address_do_not_close_it() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    hire(&app, &merchant, Role::Owner, EMAIL).await;
    let office: std::net::IpAddr = "192.0.2.7".parse().unwrap();
    for _ in 0..25 {
        sign_in(EMAIL, PASSWORD)
            .from(office)
            .send(&app.admin)
            .await
            .is(200);
    }
}

#[tokio::test]
async fn wrong_passwords_at_once_are_all_counted() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    hire(&app, &merchant, Role::Owner, EMAIL).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let router = app.admin.clone();
        running.spawn(async move {
            sign_in(EMAIL, "not the password at all")
                .send(&router)
                .await
                .status
        });
    }
    let statuses = running.join_all().await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 401).count(),
        10,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn passwords_are_long_and_kept_as_argon2id() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for password in ["", "fourteen chars", "passwordpassword", "PASSWORDPASSWORD"] {
        let refused = admins::create(
            &app.onfile,
            &merchant.merchant_id,
            EMAIL,
            password,
            Role::Owner,
        )
        .await;
        assert!(
            matches!(refused, Err(CreateAdminError::WeakPassword)),
            "{password}"
        );
    }
    hire(&app, &merchant, Role::Owner, EMAIL).await;
    let kept = database::contents(&app).await["admins"].clone();
    assert!(
        kept[0].contains("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{kept:?}"
    );
    let twice = admins::create(
        &app.onfile,
        &merchant.merchant_id,
        "OWNER@tamra.example",
        PASSWORD,
        Role::Viewer,
    )
    .await;
    assert!(matches!(twice, Err(CreateAdminError::Exists)));
}

#[tokio::test]
async fn another_sites_page_signs_nobody_in_and_moves_nobody() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer("9876543210").await;
    let desk = Desk::open(&app, &merchant, Role::Owner).await;
    let before = database::contents(&app).await;
    let suspend = || {
        desk.request(Method::POST, &format!("customers/{customer_id}/suspend"))
            .json(&json!({ "reason": "x" }))
    };
    for request in [
        suspend()
            .without("origin")
            .header("origin", "https://evil.example"),
        suspend()
            .without("origin")
            .header("origin", format!("https://{ADMIN_HOST}.evil.example")),
        suspend().without("origin").header("origin", "null"),
        suspend()
            .without("sec-fetch-site")
            .header("sec-fetch-site", "cross-site"),
        suspend()
            .without("sec-fetch-site")
            .header("sec-fetch-site", "same-site"),
        sign_in(&desk.email, PASSWORD)
            .without("origin")
            .header("origin", "https://evil.example"),
        sign_in(&desk.email, PASSWORD)
            .without("sec-fetch-site")
            .header("sec-fetch-site", "cross-site"),
    ] {
        desk.send(request)
            .await
            .refused(ErrorCode::OriginNotAllowed);
    }
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let body = json!({ "reason": "x" }).to_string();
        let request = desk
            .request(Method::POST, &format!("customers/{customer_id}/suspend"))
            .bytes(content_type, body);
        desk.send(request)
            .await
            .refused(ErrorCode::UnsupportedMediaType);
    }
    assert_eq!(database::contents(&app).await, before);
}

#[tokio::test]
async fn other_credentials_open_nothing() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    for cookie in ["", "x", &desk.cookie[1..], &desk.cookie.to_lowercase()] {
        let request = Request::get("/admin/v1/session")
            .header("host", ADMIN_HOST)
            .header("cookie", format!("{ADMIN_COOKIE}={cookie}"));
        request
            .send(&app.admin)
            .await
            .refused(ErrorCode::AuthenticationFailed);
    }
    Request::get("/admin/v1/session")
        .bearer(&desk.cookie)
        .send(&app.admin)
        .await
        .refused(ErrorCode::AuthenticationFailed);
    Request::get("/admin/v1/session")
        .bearer(&merchant.token)
        .send(&app.admin)
        .await
        .refused(ErrorCode::AuthenticationFailed);
    merchant
        .send(Request::get("/api/v1/customer/x").bearer(&desk.cookie))
        .await
        .refused(ErrorCode::AuthenticationFailed);
}

#[tokio::test]
async fn sessions_survive_a_restart() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let cookie = Desk::open(&app, &merchant, Role::Viewer).await.cookie;
    let app = app.restarted().await;
    let request = Request::get("/admin/v1/session")
        .header("host", ADMIN_HOST)
        .header("cookie", format!("{ADMIN_COOKIE}={cookie}"));
    assert_eq!(request.send(&app.admin).await.is(200)["role"], "viewer");
}

#[tokio::test]
async fn health_and_metrics_are_on_the_admin_listener_only() {
    let app = TestApp::start().await;
    let metrics = Request::get("/metrics").send(&app.admin).await.text();
    assert!(metrics.contains("\nonfile_ready 1\n"), "{metrics}");
    // a server looks after its log itself
    let has_log = matches!(app.kept(), Kept::File(_));
    assert_eq!(
        metrics.contains("\nonfile_sqlite_wal_bytes "),
        has_log,
        "{metrics}"
    );
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(
            Request::get(path).send(&app.admin).await.status,
            200,
            "{path}"
        );
        Request::get(path)
            .send(&app.public)
            .await
            .refused(ErrorCode::RouteNotFound);
    }
    Request::get("/admin/v1/session")
        .send(&app.public)
        .await
        .refused(ErrorCode::RouteNotFound);
    let answer: Value = Request::get("/api/v1/customer/x")
        .send(&app.admin)
        .await
        .json;
    assert_eq!(answer["code"], "ROUTE_NOT_FOUND");
}
