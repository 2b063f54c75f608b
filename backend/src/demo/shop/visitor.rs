//! The browser that asks: its language, and its cart.

use axum::extract::{FromRequestParts, Query};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri};
use serde::Deserialize;
use shared::text::Language;

use super::cart::{Cart, Carts};
use super::pages::Page;

#[derive(Deserialize)]
struct LanguageChoice {
    lang: Option<String>,
}

/// The language that the address asks for, if the shop speaks it.
pub fn chosen_language(uri: &Uri) -> Option<Language> {
    let Query(choice) = Query::<LanguageChoice>::try_from_uri(uri).ok()?;
    Language::from_tag(&choice.lang?)
}

/// Who asks, by headers and address.
pub struct Visitor {
    /// Asked for, kept from before, or the browser's.
    pub language: Language,
    /// The name of the cart, if there is one.
    pub cart: Option<String>,
    /// Where the language switch leads.
    here: String,
    /// Whether the page's script asks, and not the browser for a page.
    pub wants_json: bool,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let headers = &parts.headers;
        let text = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or("")
        };
        let kept = |name| read_cookie(headers, name);
        let language = chosen_language(&parts.uri)
            .or_else(|| kept("language").and_then(Language::from_tag))
            .unwrap_or_else(|| Language::from_accept_language(text(ACCEPT_LANGUAGE)));
        Ok(Self {
            language,
            cart: kept("cart").map(str::to_owned),
            here: format!("{}?", parts.uri.path()),
            wants_json: text(ACCEPT).contains("application/json"),
        })
    }
}

impl Visitor {
    /// Looks at the cart; a browser without one has an empty one.
    pub fn cart<T>(&self, carts: &Carts, look: impl Fn(&mut Cart) -> T) -> T {
        let known = self
            .cart
            .as_deref()
            .and_then(|name| carts.with(name, &look));
        known.unwrap_or_else(|| look(&mut Cart::default()))
    }

    /// What the shop's pages are drawn with.
    pub fn page(&self, carts: &Carts) -> Page {
        let pieces = self.cart(carts, |cart| cart.pieces());
        Page {
            language: self.language,
            pieces,
            here: self.here.clone(),
        }
    }
}

fn read_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let of = |pair: &'a str| pair.trim().strip_prefix(name)?.strip_prefix('=');
    let values = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(';')).find_map(of)
}

/// A cookie no script can read. `Secure` would keep it from a shop on plain loopback.
pub fn cookie(name: &str, value: &str) -> HeaderValue {
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"))
        .unwrap_or(HeaderValue::from_static(""))
}
