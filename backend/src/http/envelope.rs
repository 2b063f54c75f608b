//! What surrounds every request: its id, bounds on its headers, the card number guard on everything it
//! names, security headers, and the one error body.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use shared::api::error::ErrorCode;
use shared::card_number::{is_secret_field_name, scan_text};

use super::error::ApiError;
use super::idempotency::IDEMPOTENCY_KEY;
use crate::app::Onfile;

const HEADER_BYTES: usize = 16 * 1_024;
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const LONGEST_REQUEST_ID: usize = 128;

/// The id of a request: its sender's, or one that was made.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub Option<IpAddr>);

/// Wraps a request.
pub async fn wrap(State(app): State<Arc<Onfile>>, mut request: Request, next: Next) -> Response {
    let (request_id, refused) = match inspect(
        request.headers(),
        request.uri().path(),
        request.uri().query(),
    ) {
        Ok(given) => (given.unwrap_or_else(|| made(&app)), None),
        Err(error) => (made(&app), Some(error)),
    };
    let address = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| client(info.0.ip(), request.headers(), &app.trusted_proxies));
    request
        .extensions_mut()
        .insert(RequestId(request_id.clone()));
    request.extensions_mut().insert(Address(address));
    let method = request.method().clone();
    let checkout_origin = request
        .uri()
        .path()
        .starts_with("/checkout/v1/")
        .then(|| request.headers().get(header::ORIGIN).cloned())
        .flatten();
    let path = request.uri().path().to_owned();

    let mut response = match (refused, &checkout_origin) {
        (Some(error), _) => axum::response::IntoResponse::into_response(error),
        (None, Some(_)) if method == Method::OPTIONS => preflight(),
        (None, _) => next.run(request).await,
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = error.respond(&request_id, &*app.clock, response);
    }
    tracing::debug!(request_id, %method, path = %shared::card_number::scrub(&path), status = response.status().as_u16(), "answered");

    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    secure(headers);
    if let Some(origin) = checkout_origin {
        // The secret is a bearer token, never a cookie, so any page may read what it may ask for; the
        // session's own origin is checked by the credential.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Request-ID, Retry-After"),
        );
    }
    response
}

/// Who really asks: the peer, or behind trusted proxies the last address in `X-Forwarded-For` that is
/// none of theirs. What stands before it the client wrote itself.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| {
        trusted
            .iter()
            .any(|net| net.contains(&address.to_canonical()))
    };
    if !is_proxy(&peer) {
        return peer;
    }
    let said: Vec<IpAddr> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|address| address.trim().parse().ok())
        .collect();
    said.into_iter()
        .rfind(|address| !is_proxy(address))
        .unwrap_or(peer)
}

fn made(app: &Onfile) -> String {
    format!("req_{}", hex::encode(app.random_bytes::<12>()))
}

/// Answers the sender's request id, if it gave a usable one.
fn inspect(
    headers: &HeaderMap,
    path: &str,
    query: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if bytes > HEADER_BYTES {
        return Err(ApiError::of(ErrorCode::HeadersTooLarge));
    }
    for (name, shown) in [
        (IDEMPOTENCY_KEY, "Idempotency-Key"),
        (REQUEST_ID, "Request-ID"),
    ] {
        let found = headers
            .get(&name)
            .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
            .and_then(scan_text);
        if found.is_some() {
            return Err(ApiError::card_number(shown));
        }
    }
    for segment in path.split('/') {
        let Ok(decoded) = percent_decode_str(segment).decode_utf8() else {
            return Err(ApiError::field("path", "is not UTF-8"));
        };
        if scan_text(&decoded).is_some() {
            return Err(ApiError::card_number("path"));
        }
    }
    if let Some(query) = query {
        inspect_query(query)?;
    }
    let given = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    Ok(given
        .filter(|id| {
            (1..=LONGEST_REQUEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
        })
        .map(str::to_owned))
}

fn inspect_query(query: &str) -> Result<(), ApiError> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|_| ApiError::field("query", "cannot be read as name=value pairs"))?;
    let country = pairs
        .iter()
        .find(|(name, _)| name == "country_code")
        .map_or("91", |(_, value)| value.trim_start_matches(['+', ' ']));
    for (name, value) in &pairs {
        if scan_text(name).is_some() {
            return Err(ApiError::card_number("query"));
        }
        if is_secret_field_name(name) {
            return Err(ApiError::card_number(name));
        }
        let exempt = name == "mobile_number"
            && value.bytes().all(|b| b.is_ascii_digit())
            && crate::phone::is_possible(country, value);
        if !exempt && scan_text(value).is_some() {
            return Err(ApiError::card_number(name));
        }
    }
    Ok(())
}

fn preflight() -> Response {
    let mut response = Response::default();
    *response.status_mut() = axum::http::StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PATCH, DELETE"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, request-id"),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("7200"),
    );
    response
}

/// Sets what a handler has not set itself. Pages bring their own policy and cache rules.
fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &str, query: &str) -> bool {
        inspect(&HeaderMap::new(), path, Some(query)).is_err()
    }

    #[test]
    fn card_numbers_are_refused_in_path_and_query() {
        assert!(refused("/api/v1/customer/4111111111111111", ""));
        assert!(refused("/api/v1/customer/4111%201111%201111%201111", ""));
        assert!(refused(
            "/api/v1/customer",
            "merchant_customer_reference=4111-1111-1111-1111"
        ));
        assert!(refused("/api/v1/customer", "4111111111111111=x"));
        assert!(refused("/api/v1/customer", "cvv=123"));
        assert!(!refused(
            "/api/v1/customer",
            "country_code=%2B91&mobile_number=9876543210&merchant_customer_reference=123456"
        ));
    }

    #[test]
    fn card_numbers_are_refused_in_kept_headers() {
        for name in ["request-id", "idempotency-key"] {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static("4111111111111111"),
            );
            assert!(inspect(&headers, "/", None).is_err(), "{name}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_who_asks() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            HeaderValue::from_static("6.6.6.6, 9.9.9.9, 10.0.0.2"),
        );
        assert_eq!(
            client(address("10.0.0.1"), &headers, &trusted),
            address("9.9.9.9")
        );
        assert_eq!(
            client(address("8.8.8.8"), &headers, &trusted),
            address("8.8.8.8")
        );
        assert_eq!(
            client(address("10.0.0.1"), &HeaderMap::new(), &trusted),
            address("10.0.0.1")
        );
    }

    #[test]
    fn a_senders_request_id_is_kept_when_it_is_one() {
        let mut headers = HeaderMap::new();
        headers.insert(
            REQUEST_ID,
            HeaderValue::from_static("0b5f7d3c-2c3c-4c3e-8f0e-1b9d4d8f9a10"),
        );
        assert!(inspect(&headers, "/", None).unwrap().is_some());
        headers.insert(REQUEST_ID, HeaderValue::from_static("two words"));
        assert!(inspect(&headers, "/", None).unwrap().is_none());
    }
}
