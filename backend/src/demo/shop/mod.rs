//! The demo merchant's web shop, on its own origin.
//!
//! It is built as a merchant would build it: its server speaks only Onfile's public Merchant API, its
//! page embeds the widget by a script tag, and what the browser claims never charges a card. It
//! exists for `onfile demo` only.

mod cart;
pub(super) mod markup;
mod onfile;
mod pages;
mod payment;
#[cfg(test)]
mod tests;
mod visitor;
mod words;

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use shared::api::merchant::CheckoutSessionView;

use self::cart::{Cart, Carts, Claim, Line, Order, Product, Totals};
use self::onfile::{NewCard, Onfile, OnfileError};
use self::pages::Page;
use self::payment::{Means, Problem, Saving, Way, means};
use self::visitor::{Visitor, chosen_language, cookie};
use crate::ambient::{Random as _, SystemRandom};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where the shop is, where Onfile is, and the shop's API key there.
#[derive(Clone)]
pub struct Shop {
    /// Onfile's public origin, such as `http://127.0.0.1:8080`.
    pub onfile_url: String,
    /// The shop's own origin, such as `http://127.0.0.1:8090`.
    pub shop_url: String,
    /// The API key's id.
    pub client_id: String,
    /// The API key's secret. It stays on this server.
    pub client_secret: String,
}

struct Counter {
    onfile_url: String,
    shop_url: String,
    policy: HeaderValue,
    onfile: Onfile,
    carts: Carts,
}

/// The shop.
pub fn router(shop: Shop) -> Router {
    let onfile_url = shop.onfile_url.trim_end_matches('/').to_owned();
    let counter = Arc::new(Counter {
        policy: policy(&onfile_url),
        onfile: Onfile::new(&onfile_url, shop.client_id, shop.client_secret),
        onfile_url,
        shop_url: shop.shop_url.trim_end_matches('/').to_owned(),
        carts: Carts::default(),
    });
    Router::new()
        .route("/", get(window))
        .route("/cart", get(show_cart).post(change_cart))
        // Reloading what a form led to leads back to where the form was.
        .route("/cart/add", post(add_to_cart).get(async || Redirect::to("/")))
        .route("/checkout", get(checkout))
        .route("/pay", post(pay).get(async || Redirect::to("/checkout")))
        .route("/paid", get(paid))
        .route("/shop/{file}", get(asset))
        .fallback(lost)
        .layer(from_fn_with_state(Arc::clone(&counter), guard))
        .with_state(counter)
}

/// Nothing runs or loads but the shop's own files, Onfile's loader and Onfile's frame.
fn policy(onfile_url: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src 'self' {onfile_url}; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; frame-src {onfile_url}; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    // An address that no header can carry leaves a page that runs nothing at all.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// What holds for every page: headers, forms from elsewhere refused, one address, the language kept.
async fn guard(State(counter): State<Arc<Counter>>, request: Request, next: Next) -> Response {
    let chosen = chosen_language(request.uri());
    let mut answer = if request.method() == Method::POST && is_from_elsewhere(request.headers()) {
        StatusCode::FORBIDDEN.into_response()
    } else if let Some(to) = proper_address(&counter.shop_url, &request) {
        Redirect::temporary(&to).into_response()
    } else {
        next.run(request).await
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, counter.policy.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Pages hold a session's secret or somebody's order.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if let Some(language) = chosen {
        headers.append(SET_COOKIE, cookie("language", language.tag()));
    }
    answer
}

/// Whether a browser says that another site sent this. `SameSite` keeps the cart's cookie from such
/// a request already; this also refuses the other ports of this host.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get(SEC_FETCH_SITE);
    site.is_some_and(|site| site != "same-origin" && site != "none")
}

/// The same page under the shop's own origin, when a browser came by another name of this machine:
/// the widget runs on the origin that its session was minted for and on no other.
fn proper_address(shop_url: &str, request: &Request) -> Option<String> {
    let (_, proper) = shop_url.split_once("://")?;
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let (name, port) = host.rsplit_once(':')?;
    let (proper_name, proper_port) = proper.rsplit_once(':')?;
    let is_alias = matches!(name, "localhost" | "127.0.0.1" | "[::1]") && name != proper_name;
    (request.method() == Method::GET && is_alias && port == proper_port)
        .then(|| format!("{shop_url}{}", request.uri()))
}

/// A name that nobody can guess: 5 random bits for each letter or digit.
fn random_name(length: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = vec![0; length];
    SystemRandom.fill(&mut bytes);
    let letter = |byte: u8| LETTERS.get(usize::from(byte & 31)).copied().map(char::from);
    bytes.into_iter().filter_map(letter).collect()
}

async fn window(State(counter): State<Arc<Counter>>, visitor: Visitor) -> Html<String> {
    Html(visitor.page(&counter.carts).window())
}

async fn show_cart(State(counter): State<Arc<Counter>>, visitor: Visitor) -> Html<String> {
    let (lines, totals) = visitor.cart(&counter.carts, |cart| (cart.lines(), cart.totals()));
    Html(visitor.page(&counter.carts).cart(&lines, totals))
}

#[derive(Deserialize)]
struct AddForm {
    product: String,
}

async fn add_to_cart(
    State(counter): State<Arc<Counter>>,
    visitor: Visitor,
    form: Result<Form<AddForm>, FormRejection>,
) -> Response {
    let Some(product) = form
        .ok()
        .and_then(|Form(form)| Product::find(&form.product))
    else {
        return refused(&counter, &visitor);
    };
    let known = visitor.cart.as_deref();
    if known
        .and_then(|name| counter.carts.with(name, |cart| cart.add(product)))
        .is_some()
    {
        return Redirect::to("/cart").into_response();
    }
    let name = random_name(32);
    counter.carts.open(name.clone());
    counter.carts.with(&name, |cart| cart.add(product));
    ([(SET_COOKIE, cookie("cart", &name))], Redirect::to("/cart")).into_response()
}

#[derive(Deserialize)]
struct ChangeForm {
    product: String,
    quantity: u32,
}

async fn change_cart(
    State(counter): State<Arc<Counter>>,
    visitor: Visitor,
    form: Result<Form<ChangeForm>, FormRejection>,
) -> Response {
    let Ok(Form(ChangeForm { product, quantity })) = form else {
        return refused(&counter, &visitor);
    };
    let Some(product) = Product::find(&product) else {
        return refused(&counter, &visitor);
    };
    // A cart that was forgotten meanwhile shows itself as the empty one it is.
    if visitor.cart(&counter.carts, |cart| cart.set(product, quantity)) {
        let place = if quantity == 0 { "" } else { product.slug };
        Redirect::to(format!("/cart#{place}").trim_end_matches('#')).into_response()
    } else {
        refused(&counter, &visitor)
    }
}

async fn checkout(State(counter): State<Arc<Counter>>, visitor: Visitor) -> Response {
    let (lines, totals) = visitor.cart(&counter.carts, |cart| (cart.lines(), cart.totals()));
    if lines.is_empty() {
        return Redirect::to("/cart").into_response();
    }
    let minted =
        counter
            .onfile
            .create_checkout_session(&counter.shop_url, totals.due, visitor.language);
    let session = minted.await.ok();
    if let Some(session) = &session {
        visitor.cart(&counter.carts, |cart| cart.begin(session.clone()));
    }
    let page = visitor.page(&counter.carts);
    Html(page.checkout(
        &counter.onfile_url,
        (&lines, totals),
        session.as_ref(),
        None,
    ))
    .into_response()
}

#[derive(Deserialize)]
struct PayForm {
    session: Option<String>,
    #[serde(default)]
    way: Way,
}

async fn pay(
    State(counter): State<Arc<Counter>>,
    visitor: Visitor,
    form: Result<Form<PayForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return refused(&counter, &visitor);
    };
    let session_id = form.session.clone();
    // On its own, so that a browser that goes away in the middle leaves no payment half made.
    let settling = tokio::spawn(settle(Arc::clone(&counter), visitor.cart.clone(), form));
    let outcome = settling.await.unwrap_or(Err(Problem::NoAnswer));

    let problem = match outcome {
        Ok(order) if visitor.wants_json => {
            return Json(json!({ "paid": format!("/paid?order={order}") })).into_response();
        }
        Ok(order) => return Redirect::to(&format!("/paid?order={order}")).into_response(),
        Err(problem) => problem,
    };
    let status = match problem {
        Problem::NoAnswer => StatusCode::BAD_GATEWAY,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = Page {
        here: "/checkout?".into(),
        ..visitor.page(&counter.carts)
    };
    if visitor.wants_json {
        // To the page's script a problem is an answer like any other, not a failed call.
        let again = problem.needs_new_session();
        return Json(json!({ "problem": page.problem(&problem), "again": again })).into_response();
    }
    // The page that the shopper came from, with the same session: what was done in its frame holds.
    let kept = visitor.cart(&counter.carts, |cart| {
        let session = session_id.as_deref().and_then(|id| cart.checkout(id));
        (
            cart.lines(),
            cart.totals(),
            session.map(|checkout| checkout.session.clone()),
        )
    });
    let html = match kept {
        (lines, totals, session) if !problem.needs_new_session() && !lines.is_empty() => page
            .checkout(
                &counter.onfile_url,
                (&lines, totals),
                session.as_ref(),
                Some(&problem),
            ),
        _ => page.stopped(&problem),
    };
    (status, Html(html)).into_response()
}

/// Pays for what is in the cart, once, and answers the order's number.
async fn settle(
    counter: Arc<Counter>,
    cart: Option<String>,
    form: PayForm,
) -> Result<String, Problem> {
    let name = cart.ok_or(Problem::EmptyCart)?;
    let claim = |cart: &mut Cart| {
        let claim = form.session.as_deref().and_then(|id| cart.claim(id));
        (claim, cart.lines(), cart.totals())
    };
    let (claim, lines, totals) = counter.carts.with(&name, claim).ok_or(Problem::EmptyCart)?;
    let session_id = match claim {
        Some(Claim::Paid(order)) => return Ok(order),
        Some(Claim::Busy) => return Err(Problem::Busy),
        Some(Claim::Ours) => form.session.as_deref(),
        None if form.way == Way::Guest => None,
        None => return Err(Problem::UnknownSession),
    };
    let order = place(&counter, session_id, form.way, lines, totals).await;
    let settled = counter.carts.with(&name, |cart| match order {
        Ok(order) => {
            let id = order.id.clone();
            cart.settle(session_id, order);
            Ok(id)
        }
        Err(problem) => {
            if let Some(id) = session_id {
                cart.release(id);
            }
            Err(problem)
        }
    });
    settled.unwrap_or(Err(Problem::EmptyCart))
}

async fn place(
    counter: &Counter,
    session_id: Option<&str>,
    way: Way,
    lines: Vec<Line>,
    totals: Totals,
) -> Result<Order, Problem> {
    let session = match session_id {
        Some(id) => read_session(&counter.onfile, id, way).await?,
        None => None,
    };
    let means = means(way, session.as_ref(), totals.due)?;
    let id = random_name(8).to_uppercase();
    // Here a real shop hands the payment to its processor and waits for the outcome.
    let saving = match (&means, &session) {
        (Means::NewCard { save: true }, Some(session)) => {
            save_card(&counter.onfile, session, &id).await
        }
        _ => Saving::NotAsked,
    };
    Ok(Order {
        id,
        lines,
        totals,
        means,
        session,
        saving,
    })
}

/// Reads the session from Onfile. A guest does not need the answer, so none is no obstacle to one.
async fn read_session(
    onfile: &Onfile,
    id: &str,
    way: Way,
) -> Result<Option<CheckoutSessionView>, Problem> {
    match onfile.checkout_session(id).await {
        Ok(session) => Ok(Some(session)),
        Err(_) if way == Way::Guest => Ok(None),
        Err(OnfileError::Refused(reqwest::StatusCode::NOT_FOUND)) => Err(Problem::UnknownSession),
        Err(OnfileError::Refused(_) | OnfileError::Unreachable) => Err(Problem::NoAnswer),
    }
}

/// Saves the card that was just paid with. A payment never fails because its card was not saved.
async fn save_card(onfile: &Onfile, session: &CheckoutSessionView, order: &str) -> Saving {
    // There is no card: this stands for what the processor's encryption gives a real shop.
    let encrypted = STANDARD.encode(format!("demo card of order {order}"));
    let card = NewCard {
        customer_id: &session.customer_id,
        reference: &format!("order-{order}"),
        encrypted: &encrypted,
        approval: "DEMO",
    };
    onfile
        .save_card(&card)
        .await
        .map_or(Saving::Failed, |saved| Saving::Saved(saved.token_id))
}

#[derive(Deserialize)]
struct PaidQuery {
    order: Option<String>,
}

async fn paid(
    State(counter): State<Arc<Counter>>,
    visitor: Visitor,
    query: Result<Query<PaidQuery>, QueryRejection>,
) -> Response {
    let id = query
        .ok()
        .and_then(|Query(query)| query.order)
        .unwrap_or_default();
    let order = visitor.cart(&counter.carts, |cart| cart.order(&id).cloned());
    let page = visitor.page(&counter.carts);
    match order {
        // Only an order's own number gets here, which needs no encoding in an address.
        Some(order) => {
            let page = Page {
                here: format!("/paid?order={}&", order.id),
                ..page
            };
            Html(page.paid(&order)).into_response()
        }
        None => (StatusCode::NOT_FOUND, Html(page.lost())).into_response(),
    }
}

async fn lost(State(counter): State<Arc<Counter>>, visitor: Visitor) -> Response {
    // The language switch leads home: the address itself is whatever somebody typed.
    let page = Page {
        here: "/?".into(),
        ..visitor.page(&counter.carts)
    };
    (StatusCode::NOT_FOUND, Html(page.lost())).into_response()
}

fn refused(counter: &Counter, visitor: &Visitor) -> Response {
    let page = Page {
        here: "/cart?".into(),
        ..visitor.page(&counter.carts)
    };
    (StatusCode::UNPROCESSABLE_ENTITY, Html(page.refused())).into_response()
}

async fn asset(Path(file): Path<String>) -> Response {
    let (kind, body) = match file.as_str() {
        "shop.css" => ("text/css; charset=utf-8", include_str!("shop.css")),
        "shop.js" => ("text/javascript; charset=utf-8", include_str!("shop.js")),
        "hills.svg" => ("image/svg+xml", include_str!("hills.svg")),
        "leaf.svg" => ("image/svg+xml", include_str!("leaf.svg")),
        other => match other.strip_suffix(".svg").and_then(pages::picture) {
            Some(picture) => ("image/svg+xml", picture),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    // Short, because a demo is rebuilt often and its files carry no hash in their names.
    (
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "private, max-age=60")],
        body,
    )
        .into_response()
}
