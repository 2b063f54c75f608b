//! The frame's page: who may frame it, its cookie, and the whole flow by form posts without scripts.

use acceptance::app::{PUBLIC_URL, SHOP, TestApp};
use acceptance::request::{Answer, Request, encode};
use backend::http::auth::FRAME_COOKIE;
use serde_json::json;
use shared::api::error::ErrorCode;
use shared::text::Language;

const PHONE: &str = "9876543210";

pub(super) fn needs_the_build() {
    assert!(
        backend::http::assets::widget_files(Language::En).is_some(),
        "the widget was not built, so there is no page to test: run scripts/frontend.sh first"
    );
}

pub(super) fn path_of(frame_url: &str) -> &str {
    frame_url.strip_prefix(PUBLIC_URL).unwrap()
}

pub(super) fn step(page: &Answer) -> String {
    let text = page.text();
    text.split("data-step=\"").nth(1).map_or_else(
        || panic!("{text}"),
        |rest| rest.split('"').next().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn the_frame_may_be_framed_by_the_sessions_page_only() {
    needs_the_build();
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let page = Request::get(path_of(&shopper.frame_url).split('?').next().unwrap())
        .send(&app.public)
        .await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    let ancestors = policy
        .split(';')
        .map(str::trim)
        .find_map(|rule| rule.strip_prefix("frame-ancestors "))
        .unwrap();
    assert_eq!(ancestors.split(' ').collect::<Vec<_>>(), [SHOP, PUBLIC_URL]);
    for rule in [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(rule), "{rule} in {policy}");
    }
    for never in ["unsafe-inline", "'unsafe-eval'", "*"] {
        assert!(!policy.contains(never), "{never} in {policy}");
    }
    let html = page.text();
    assert!(
        !html.contains(" style=\"") && !html.contains("<style"),
        "no inline style"
    );
    assert!(
        html.split("<script")
            .skip(1)
            .all(|tag| tag.split('>').next().unwrap().contains("src=")),
        "no inline script"
    );
}

#[tokio::test]
async fn the_phone_form_is_there_before_any_script() {
    needs_the_build();
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant
        .shopper_with(&app, &json!({ "mobile_number": PHONE, "locale": "hi" }))
        .await;
    let page = Request::get(path_of(&shopper.frame_url).split('?').next().unwrap())
        .send(&app.public)
        .await;
    let html = page.text();
    for part in [
        "lang=\"hi\"",
        "name=\"mobile_number\"",
        "autocomplete=\"tel",
        "method=\"post\"",
        "Tamra Tea",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(
        !html.contains("3210"),
        "before a credential is known the page holds nothing of the hint"
    );
}

#[tokio::test]
async fn the_code_of_a_frame_url_is_exchanged_once_for_a_cookie_of_this_browser() {
    needs_the_build();
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let first = Request::get(path_of(&shopper.frame_url))
        .send(&app.public)
        .await;
    assert_eq!(first.status, 303);
    assert!(
        !first.header("location").contains("code="),
        "the code leaves the address"
    );
    let cookie = first.header("set-cookie");
    let attributes: Vec<_> = cookie.split("; ").skip(1).collect();
    for attribute in [
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=None",
        "Partitioned",
    ] {
        assert!(attributes.contains(&attribute), "{attribute} in {cookie}");
    }
    assert!(
        FRAME_COOKIE.starts_with("__Host-") && !cookie.contains("Domain"),
        "{cookie}"
    );

    let other_browser = Request::get(path_of(&shopper.frame_url))
        .send(&app.public)
        .await;
    assert_eq!(
        (other_browser.status, step(&other_browser).as_str()),
        (401, "ended"),
        "{other_browser}"
    );
    assert!(other_browser.header("set-cookie").is_empty());
    let value = first.cookie(FRAME_COOKIE);
    let same_browser = Request::get(path_of(&shopper.frame_url))
        .header("cookie", format!("{FRAME_COOKIE}={value}"))
        .send(&app.public)
        .await;
    assert_eq!(
        same_browser.status, 303,
        "that browser may reload: {same_browser}"
    );
}

#[tokio::test]
async fn the_code_of_a_frame_url_is_good_for_five_minutes_and_for_its_session_only() {
    needs_the_build();
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (one, other) = (merchant.shopper(&app).await, merchant.shopper(&app).await);
    let code_of_other = other.frame_url.split("code=").nth(1).unwrap();
    let crossed = format!(
        "{}?code={code_of_other}",
        path_of(&one.frame_url).split('?').next().unwrap()
    );
    assert_eq!(Request::get(crossed).send(&app.public).await.status, 401);
    app.advance(300);
    assert_eq!(
        Request::get(path_of(&one.frame_url))
            .send(&app.public)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_frame_of_nobody_is_not_found_and_a_malformed_address_is_the_error_body() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let other = app.merchant().await;
    let session_id = merchant.shopper(&app).await.session_id;
    for path in [
        format!("{}/{session_id}", other.merchant_id),
        format!("{}/cs-v1-x", merchant.merchant_id),
        "x/y".to_owned(),
        format!("{}/{}", encode("\u{0}"), encode("<b>")),
    ] {
        Request::get(format!("/widget/v1/frame/{path}"))
            .send(&app.public)
            .await
            .refused(ErrorCode::SessionNotFound);
    }
    let twice = format!(
        "/widget/v1/frame/{}/{session_id}?code=a&code=b",
        merchant.merchant_id
    );
    Request::get(twice)
        .send(&app.public)
        .await
        .refused(ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn a_frame_that_holds_the_secret_gets_a_cookie_for_when_scripts_fail() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let target = format!(
        "/widget/v1/frame/{}/{}/cookie",
        merchant.merchant_id, shopper.session_id
    );
    let answer = Request::post(target)
        .bearer(&shopper.secret)
        .header("origin", PUBLIC_URL)
        .send(&app.public)
        .await;
    assert_eq!(answer.status, 204, "{answer}");
    assert!(!answer.cookie(FRAME_COOKIE).is_empty());
}
