//! The shop against a small stand-in for Onfile that answers on loopback as the Merchant API does.

mod stand_in;

use std::sync::atomic::Ordering;

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, LOCATION};
use serde_json::Value;
use tower::ServiceExt as _;

use self::stand_in::StandIn;
use super::*;

/// One browser in the shop.
struct Browser {
    shop: Router,
    onfile: Arc<StandIn>,
    cookies: Vec<String>,
}

impl Browser {
    async fn new() -> Self {
        let onfile = Arc::new(StandIn::default());
        let address = stand_in::serve(Arc::clone(&onfile)).await;
        Self {
            shop: shop_beside(&address),
            onfile,
            cookies: Vec::new(),
        }
    }

    /// A browser in a shop whose Onfile is not there.
    fn without_onfile() -> Self {
        let shop = shop_beside("http://127.0.0.1:1");
        Self {
            shop,
            onfile: Arc::default(),
            cookies: Vec::new(),
        }
    }

    async fn ask(&mut self, request: axum::http::request::Builder, body: &str) -> Answer {
        let request = request.header(COOKIE, self.cookies.join("; "));
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.shop.clone().oneshot(request).await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookies.push(pair.to_owned());
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        Answer {
            status,
            headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.ask(Request::get(path), "").await
    }

    async fn post(&mut self, path: &str, form: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.ask(Request::post(path).header(CONTENT_TYPE, kind), form)
            .await
    }

    /// As the page's script does it.
    async fn pay(&mut self, form: &str) -> Value {
        let request = Request::post("/pay")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        serde_json::from_str(&self.ask(request, form).await.text).unwrap()
    }

    /// With one Nilgiri in the cart, which comes to ₹719, and at the checkout.
    async fn at_checkout() -> Self {
        let mut browser = Self::new().await;
        browser.post("/cart/add", "product=nilgiri").await;
        assert_eq!(browser.get("/checkout").await.status, StatusCode::OK);
        browser
    }

    fn onfile_says(&self, session: Value) {
        *self.onfile.session.lock().unwrap() = session;
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn location(&self) -> &str {
        self.headers[LOCATION].to_str().unwrap()
    }
}

fn shop_beside(onfile_url: &str) -> Router {
    router(Shop {
        onfile_url: onfile_url.into(),
        shop_url: "http://127.0.0.1:8090".into(),
        client_id: "id".into(),
        client_secret: "secret".into(),
    })
}

fn chosen(eligible: bool) -> Value {
    let reasons = json!([{
        "code": "customer_suspended", "since": "2026-11-25T10:00:00Z", "remedy": "contact_merchant",
    }]);
    let reasons = if eligible { json!([]) } else { reasons };
    let decision = json!({ "eligible": eligible, "reasons": reasons });
    json!({ "selected": { "token_id": "token-1", "decision": decision } })
}

#[tokio::test]
async fn every_page_has_the_strict_policy_and_nothing_inline() {
    let mut browser = Browser::at_checkout().await;
    for path in [
        "/",
        "/cart",
        "/checkout",
        "/paid",
        "/nowhere",
        "/shop/shop.css",
        "/shop/x",
    ] {
        let answer = browser.get(path).await;
        let policy = answer.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' http://127.0.0.1:"));
        assert!(
            policy.ends_with("base-uri 'none'; frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers[REFERRER_POLICY], "no-referrer");
        for inline in ["<style", " style=", "<script>", " onclick"] {
            assert!(!answer.text.contains(inline), "{inline} in {path}");
        }
    }
}

#[tokio::test]
async fn a_cart_counts_and_totals_what_was_put_in() {
    let mut browser = Browser::new().await;
    let added = browser.post("/cart/add", "product=masala").await;
    assert_eq!(
        (added.status, added.location()),
        (StatusCode::SEE_OTHER, "/cart")
    );
    let cookie = added.headers[SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    browser.post("/cart", "product=masala&quantity=3").await;
    let cart = browser.get("/cart").await.text;
    assert!(cart.contains("₹1,260") && cart.contains("₹79") && cart.contains("₹1,339"));
    let emptied = browser.post("/cart", "product=masala&quantity=0").await;
    assert_eq!(emptied.location(), "/cart");
    assert!(
        browser
            .get("/cart")
            .await
            .text
            .contains("Your basket is empty")
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut browser = Browser::new().await;
    browser.post("/cart/add", "product=masala").await;
    for form in [
        "product=masala&quantity=10",
        "product=masala&quantity=-1",
        "product=masala&quantity=x",
        "product=masala",
        "product=coffee&quantity=1",
        "",
        "quantity=4294967296&product=masala",
    ] {
        let answer = browser.post("/cart", form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(answer.text.contains("Nothing was changed"), "{form}");
    }
    let answer = browser.post("/cart/add", "product=%3Cscript%3E").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        browser.post("/pay", "way=free").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert!(browser.get("/cart").await.text.contains("₹499"));
}

#[tokio::test]
async fn a_cart_that_was_forgotten_is_an_empty_one() {
    let mut browser = Browser::new().await;
    browser.cookies.push("cart=from-before-a-restart".into());
    assert!(
        browser
            .get("/cart")
            .await
            .text
            .contains("Your basket is empty")
    );
    assert_eq!(browser.get("/checkout").await.location(), "/cart");
    assert_eq!(
        browser
            .post("/cart", "product=masala&quantity=2")
            .await
            .location(),
        "/cart#masala"
    );
    browser.post("/cart/add", "product=masala").await;
    assert_eq!(browser.cookies.len(), 2);
}

#[tokio::test]
async fn the_checkout_mints_a_session_for_this_origin_and_amount() {
    let mut browser = Browser::at_checkout().await;
    let page = browser.get("/checkout?lang=hi").await;
    assert!(
        page.text
            .contains(r#"data-session-secret="the-secret" data-locale="hi""#)
    );
    assert!(
        page.text
            .contains(r#"<noscript><iframe class="frame" src="http://onfile.test/frame?code=1""#)
    );
    assert!(page.text.contains("/widget/v1/onfile.js"));
    assert_eq!(page.headers[CACHE_CONTROL], "no-store");
    let minted = browser.onfile.minted.lock().unwrap().clone();
    let expected = json!({
        "origin": "http://127.0.0.1:8090", "amount": 71_900, "currency": "INR", "locale": "hi",
    });
    assert_eq!(minted[1], expected);
}

#[tokio::test]
async fn the_access_token_is_kept_until_it_is_refused() {
    let mut browser = Browser::at_checkout().await;
    browser.get("/checkout").await;
    assert_eq!(browser.onfile.access_tokens.load(Ordering::SeqCst), 1);
    browser.onfile.refuse_next.store(true, Ordering::SeqCst);
    assert!(browser.get("/checkout").await.text.contains("the-secret"));
    assert_eq!(browser.onfile.access_tokens.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_eligible_card_pays_once_however_often_it_is_asked() {
    let mut browser = Browser::at_checkout().await;
    browser.onfile_says(chosen(true));
    let first = browser.pay("session=session-1&way=session").await;
    let second = browser.pay("session=session-1&way=session").await;
    assert_eq!(first, second);
    let page = browser.get(first["paid"].as_str().unwrap()).await.text;
    assert!(page.contains("Paid ₹719 with a saved card") && page.contains("token-1"));
    assert!(page.contains("Eligible"));
    assert!(
        browser
            .get("/cart")
            .await
            .text
            .contains("Your basket is empty")
    );
}

#[tokio::test]
async fn the_word_of_the_browser_charges_no_card() {
    let mut browser = Browser::at_checkout().await;
    browser.onfile_says(json!({ "status": "open", "customer_id": "" }));
    let refused = browser
        .pay("session=session-1&way=session&token_id=token-1")
        .await;
    assert!(
        refused["problem"]
            .as_str()
            .unwrap()
            .starts_with("Choose how to pay first")
    );
    let refused = browser.pay("session=somebody-elses&way=session").await;
    assert_eq!(refused["again"], true);
}

#[tokio::test]
async fn a_card_that_is_not_eligible_is_refused_with_its_reasons() {
    let mut browser = Browser::at_checkout().await;
    browser.onfile_says(chosen(false));
    let refused = browser.pay("session=session-1").await;
    let problem = refused["problem"].as_str().unwrap();
    assert!(problem.contains("on hold at this shop"), "{problem}");
    assert_eq!(refused["again"], false);
    browser.onfile_says(chosen(true));
    assert!(browser.pay("session=session-1").await["paid"].is_string());
}

#[tokio::test]
async fn a_cart_that_changed_is_not_paid_under_the_old_amount() {
    let mut browser = Browser::at_checkout().await;
    browser.onfile_says(chosen(true));
    browser.post("/cart", "product=nilgiri&quantity=2").await;
    let refused = browser.pay("session=session-1").await;
    assert!(
        refused["problem"]
            .as_str()
            .unwrap()
            .contains("basket changed")
    );
    assert_eq!(refused["again"], true);
}

#[tokio::test]
async fn a_new_card_is_saved_with_consent_and_no_card_number() {
    let mut browser = Browser::at_checkout().await;
    browser.onfile_says(json!({ "save_consent": {
        "text_version": "2026-11", "language": "hi", "purpose": "card_on_file",
        "given_at": "2026-11-25T10:10:11Z" } }));
    let paid = browser.pay("session=session-1").await;
    let page = browser.get(paid["paid"].as_str().unwrap()).await.text;
    assert!(page.contains("The card was saved") && page.contains("token-new"));
    assert!(page.contains("2026-11-25 10:10:11 UTC") && page.contains("wording 2026-11"));
    let saved = browser.onfile.saved.lock().unwrap().clone();
    assert_eq!(saved.len(), 1);
    assert_eq!(saved[0]["customer_id"], "cust-1");
    let encrypted = saved[0]["payment_option"]["encrypted_card_details"]
        .as_str()
        .unwrap();
    assert!(
        encrypted
            .chars()
            .any(|character| !character.is_ascii_digit())
    );
    assert!(saved[0]["payment"]["acquirer_data"]["approval_code"].is_string());
}

#[tokio::test]
async fn a_guest_pays_after_leaving_onfile() {
    let mut browser = Browser::at_checkout().await;
    browser.onfile_says(json!({ "status": "expired", "customer_id": "" }));
    let paid = browser.pay("session=session-1&way=guest").await;
    let page = browser.get(paid["paid"].as_str().unwrap()).await.text;
    assert!(page.contains("as a guest") && page.contains("<code>expired</code>"));
    assert!(browser.onfile.saved.lock().unwrap().is_empty());
}

#[tokio::test]
async fn without_onfile_the_shop_still_sells_to_guests() {
    let mut browser = Browser::without_onfile();
    browser.post("/cart/add", "product=nilgiri").await;
    let page = browser.get("/checkout").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Saved cards cannot be shown just now"));
    assert!(!page.text.contains("onfile.js"));
    let paid = browser.post("/pay", "way=guest").await;
    assert_eq!(paid.status, StatusCode::SEE_OTHER);
    assert!(
        browser
            .get(paid.location())
            .await
            .text
            .contains("as a guest")
    );
}

#[tokio::test]
async fn without_scripts_the_form_alone_pays_and_says_what_is_wrong() {
    let mut browser = Browser::at_checkout().await;
    browser.onfile_says(json!({ "status": "identified" }));
    let refused = browser.post("/pay", "session=session-1&way=session").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused
            .text
            .contains(r#"role="alert">Choose how to pay first"#)
    );
    assert!(
        refused.text.contains("frame?code=1"),
        "the same frame, with what was done in it"
    );
    browser.onfile_says(chosen(true));
    let paid = browser.post("/pay", "session=session-1&way=session").await;
    assert!(
        browser
            .get(paid.location())
            .await
            .text
            .contains("with a saved card")
    );
}

#[tokio::test]
async fn a_session_that_onfile_lost_leads_to_a_new_checkout() {
    let mut browser = Browser::at_checkout().await;
    let refused = browser.post("/pay", "session=session-1").await;
    assert!(
        refused.text.contains("no longer open") && refused.text.contains(r#"href="/checkout""#)
    );
}

#[tokio::test]
async fn an_order_is_shown_to_nobody_else() {
    let mut browser = Browser::at_checkout().await;
    browser.onfile_says(chosen(true));
    let paid = browser.pay("session=session-1").await;
    browser.cookies.clear();
    let other = browser.get(paid["paid"].as_str().unwrap()).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    for path in ["/paid", "/paid?order=%3Cscript%3E", "/paid?order=A&order=B"] {
        assert_eq!(
            browser.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let mut browser = Browser::new().await;
    for (site, status) in [
        ("cross-site", StatusCode::FORBIDDEN),
        ("same-site", StatusCode::FORBIDDEN),
        ("same-origin", StatusCode::SEE_OTHER),
    ] {
        let request = Request::post("/cart/add")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site);
        assert_eq!(
            browser.ask(request, "product=masala").await.status,
            status,
            "{site}"
        );
    }
}

#[tokio::test]
async fn the_language_is_kept_and_falls_back_to_the_browsers() {
    let mut browser = Browser::new().await;
    let request = Request::get("/").header(ACCEPT_LANGUAGE, "hi-IN,en;q=0.5");
    assert!(
        browser
            .ask(request, "")
            .await
            .text
            .contains(r#"<html lang="hi">"#)
    );
    assert!(browser.get("/").await.text.contains(r#"<html lang="en">"#));
    browser.get("/cart?lang=hi").await;
    assert!(browser.get("/").await.text.contains(r#"<html lang="hi">"#));
    assert!(
        browser
            .get("/?lang=xx")
            .await
            .text
            .contains(r#"<html lang="hi">"#)
    );
}

#[tokio::test]
async fn another_name_of_this_machine_leads_to_the_shops_own_origin() {
    let mut browser = Browser::new().await;
    let answer = browser
        .ask(Request::get("/cart?x=1").header(HOST, "localhost:8090"), "")
        .await;
    assert_eq!(answer.location(), "http://127.0.0.1:8090/cart?x=1");
    for host in ["127.0.0.1:8090", "shop.example:8090", "localhost:9999"] {
        let answer = browser.ask(Request::get("/").header(HOST, host), "").await;
        assert_eq!(answer.status, StatusCode::OK, "{host}");
    }
}
