//! The whole flow by form posts, for browsers without scripts.

use acceptance::app::{PUBLIC_URL, SHOP, TestApp};
use acceptance::request::{Answer, Request};
use backend::http::auth::FRAME_COOKIE;
use serde_json::json;
use shared::api::error::ErrorCode;

use super::frame::{needs_the_build, path_of, step};

const PHONE: &str = "9876543210";

/// A browser in a frame or on the hosted page.
struct Browser<'a> {
    app: &'a TestApp,
    base: String,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Opens a `frame_url` for the first time.
    async fn open(app: &'a TestApp, frame_url: &str) -> Self {
        let answer = Request::get(path_of(frame_url)).send(&app.public).await;
        assert_eq!(answer.status, 303, "{answer}");
        Self {
            app,
            base: answer.header("location").to_owned(),
            cookie: answer.cookie(FRAME_COOKIE),
        }
    }

    fn request(&self, request: Request) -> Request {
        request
            .header("cookie", format!("{FRAME_COOKIE}={}", self.cookie))
            .header("sec-fetch-site", "same-origin")
    }

    async fn get(&self, query: &str) -> Answer {
        self.request(Request::get(format!("{}{query}", self.base)))
            .send(&self.app.public)
            .await
    }

    /// Posts a form and takes a new cookie if there is one.
    async fn post(&mut self, step: &str, form: &[(&str, &str)]) -> Answer {
        let request = Request::post(format!("{}/{step}", self.base))
            .header("origin", PUBLIC_URL)
            .form(form);
        let answer = self.request(request).send(&self.app.public).await;
        if answer.headers.contains_key("set-cookie") {
            self.cookie = answer.cookie(FRAME_COOKIE);
        }
        answer
    }

    /// Posts a form and follows to the next page.
    async fn go(&mut self, step: &str, form: &[(&str, &str)]) -> Answer {
        let answer = self.post(step, form).await;
        assert_eq!(answer.status, 303, "{answer}");
        let target = answer.header("location").to_owned();
        let page = self
            .request(Request::get(target))
            .send(&self.app.public)
            .await;
        assert_eq!(page.status, 200, "{page}");
        page
    }

    async fn challenge_id(&self) -> String {
        let page = self.get("?step=code").await.text();
        let from = page
            .find("name=\"challenge_id\"")
            .unwrap_or_else(|| panic!("no form for the code: {page}"));
        let tag = &page[page[..from].rfind('<').unwrap()..];
        let value = tag.split("value=\"").nth(1).unwrap();
        value.split('"').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn without_scripts_a_shopper_goes_from_phone_to_paid_by_forms() {
    needs_the_build();
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    let shopper = merchant.shopper(&app).await;
    let mut browser = Browser::open(&app, &shopper.frame_url).await;
    let before = browser.cookie.clone();

    let page = browser
        .go(
            "phone",
            &[("country_code", "91"), ("mobile_number", "98765 43210")],
        )
        .await;
    assert_eq!(step(&page), "code");
    assert!(page.text().contains("3210"), "where it was sent, masked");
    let challenge_id = browser.challenge_id().await;
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    let wrong = browser
        .post(
            "code",
            &[
                ("challenge_id", &challenge_id),
                ("code", &acceptance::shopper::wrong(&code)),
            ],
        )
        .await;
    assert_eq!(
        (wrong.status, step(&wrong).as_str()),
        (422, "code"),
        "the same page with what was wrong: {wrong}"
    );

    let page = browser
        .go("code", &[("challenge_id", &challenge_id), ("code", &code)])
        .await;
    assert_eq!(step(&page), "cards");
    assert!(page.text().contains(&token_id), "the card is a choice");
    assert!(
        !page.text().contains("checked")
            || !page
                .text()
                .split("name=\"save\"")
                .nth(1)
                .is_some_and(|rest| rest.split('>').next().unwrap().contains("checked")),
        "the box is unticked"
    );
    assert_ne!(browser.cookie, before, "a right code replaces the cookie");
    let old = Request::get(browser.base.clone())
        .header("cookie", format!("{FRAME_COOKIE}={before}"))
        .send(&app.public)
        .await;
    assert_eq!(step(&old), "phone", "the old cookie opens nothing");

    let page = browser
        .go(
            "profile",
            &[("first_name", "Priya"), ("last_name", ""), ("email_id", "")],
        )
        .await;
    assert_eq!(step(&page), "cards");
    let page = browser.go("select", &[("token_id", &token_id)]).await;
    assert_eq!(step(&page), "done");
    let session = merchant.session(&shopper.session_id).await;
    assert_eq!(
        (
            &session["status"],
            &session["customer_id"],
            &session["selected"]["token_id"]
        ),
        (&json!("completed"), &json!(customer_id), &json!(token_id))
    );
    assert_eq!(merchant.read(&customer_id).await["first_name"], "Priya");

    let page = browser.post("leave", &[]).await;
    assert_eq!((page.status, step(&page).as_str()), (200, "ended"));
    browser
        .post("select", &[])
        .await
        .refused(ErrorCode::SessionEnded);
}

#[tokio::test]
async fn without_scripts_a_shopper_saves_and_removes_and_asks_for_another_code() {
    needs_the_build();
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(&app, &customer_id, "card-1").await;
    let shopper = merchant.shopper(&app).await;
    let mut browser = Browser::open(&app, &shopper.frame_url).await;
    browser
        .go("phone", &[("country_code", "91"), ("mobile_number", PHONE)])
        .await;
    let challenge_id = browser.challenge_id().await;
    let early = browser
        .post("resend", &[("challenge_id", &challenge_id)])
        .await;
    assert_eq!(
        (early.status, step(&early).as_str()),
        (429, "code"),
        "{early}"
    );
    app.advance(30);
    browser
        .go("resend", &[("challenge_id", &challenge_id)])
        .await;
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    browser
        .go("code", &[("challenge_id", &challenge_id), ("code", &code)])
        .await;
    browser.go("remove", &[("token_id", &token_id)]).await;
    assert_eq!(
        merchant.read_token(&customer_id, &token_id).await["status"],
        "DEACTIVATED"
    );
    let refused = browser.post("select", &[("token_id", &token_id)]).await;
    assert_eq!((refused.status, step(&refused).as_str()), (422, "cards"));
    browser
        .go("select", &[("token_id", ""), ("save", "true")])
        .await;
    assert_eq!(
        merchant.session(&shopper.session_id).await["save_consent"]["purpose"],
        "card_on_file"
    );
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_even_with_the_cookie() {
    needs_the_build();
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let browser = Browser::open(&app, &shopper.frame_url).await;
    let cookie = format!("{FRAME_COOKIE}={}", browser.cookie);
    for step in [
        "phone", "code", "resend", "select", "remove", "profile", "leave", "cookie",
    ] {
        for (origin, site) in [
            ("https://evil.example", "cross-site"),
            (SHOP, "cross-site"),
            ("null", "cross-site"),
        ] {
            let request = Request::post(format!("{}/{step}", browser.base))
                .header("cookie", &cookie)
                .header("origin", origin)
                .header("sec-fetch-site", site);
            request
                .form(&[("mobile_number", PHONE)])
                .send(&app.public)
                .await
                .refused(ErrorCode::OriginNotAllowed);
        }
        let without = Request::post(format!("{}/{step}", browser.base))
            .header("cookie", &cookie)
            .header("sec-fetch-site", "cross-site");
        without
            .form(&[("mobile_number", PHONE)])
            .send(&app.public)
            .await
            .refused(ErrorCode::OriginNotAllowed);
        let nobody = Request::post(format!("{}/{step}", browser.base))
            .header("origin", PUBLIC_URL)
            .form(&[]);
        nobody
            .send(&app.public)
            .await
            .refused(ErrorCode::AuthenticationFailed);
    }
    app.settle().await;
    assert!(app.sent.all().is_empty());
}

#[tokio::test]
async fn a_form_is_bounded_and_guarded_like_everything_else() {
    needs_the_build();
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let shopper = merchant.shopper(&app).await;
    let mut browser = Browser::open(&app, &shopper.frame_url).await;
    for (form, status) in [
        (vec![("mobile_number", "")], 400),
        (vec![("mobile_number", "abc")], 400),
        (
            vec![("country_code", "1"), ("mobile_number", "2025550123")],
            400,
        ),
        (vec![], 400),
    ] {
        let answer = browser.post("phone", &form).await;
        assert_eq!(
            (answer.status, step(&answer).as_str()),
            (status, "phone"),
            "{answer}"
        );
    }
    let card = browser
        .post("profile", &[("first_name", "4111 1111 1111 1111")])
        .await;
    assert_eq!(
        card.refused(ErrorCode::CardNumberRefused)["field"],
        "first_name"
    );
    let target = format!("{}/phone", browser.base);
    let json = browser.request(
        Request::post(target.clone())
            .header("origin", PUBLIC_URL)
            .json(&json!({ "mobile_number": PHONE })),
    );
    json.send(&app.public)
        .await
        .refused(ErrorCode::UnsupportedMediaType);
    let huge = Request::post(target)
        .header("origin", PUBLIC_URL)
        .bytes("application/x-www-form-urlencoded", vec![b'a'; 70_000]);
    browser
        .request(huge)
        .send(&app.public)
        .await
        .refused(ErrorCode::PayloadTooLarge);
}
