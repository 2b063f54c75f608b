//! One request and its answer. Every answer is held to what is promised of every answer: no fault of
//! ours, the one error body, the request's id, the headers that protect.

use std::net::{IpAddr, SocketAddr};
use std::ops::Index;
use std::str::FromStr as _;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use http_body_util::BodyExt as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use shared::api::error::{ErrorBody, ErrorCode};
use tower::ServiceExt as _;

/// Text as one segment of a path or one value of a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A request on its way to a router.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    address: Option<IpAddr>,
}

impl Request {
    /// A request without credential and body.
    pub fn new(method: Method, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            address: None,
        }
    }

    /// Reads.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    /// Posts.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new(Method::POST, target)
    }

    /// With a header, beside others of its name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Without a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// With an access token or a session's secret.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// From an address of the network.
    #[must_use]
    pub fn from(mut self, address: impl Into<IpAddr>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    /// With a form, as pages without scripts post it.
    #[must_use]
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        self.bytes(
            "application/x-www-form-urlencoded",
            form.extend_pairs(pairs).finish(),
        )
    }

    /// With any body, announced by its length as HTTP clients do.
    #[must_use]
    pub fn bytes(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self = self.without("content-type").without("content-length");
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("content-type", content_type)
            .header("content-length", length)
    }

    /// Sends it.
    pub async fn send(self, router: &Router) -> Answer {
        let shown = format!(
            "{} {}",
            self.method,
            self.target.chars().take(200).collect::<String>()
        );
        let mut request = axum::http::Request::new(Body::from(self.body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self
            .target
            .parse::<Uri>()
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        for (name, value) in self.headers {
            let name = HeaderName::from_str(&name).unwrap();
            request
                .headers_mut()
                .append(name, HeaderValue::from_bytes(&value).unwrap());
        }
        if let Some(address) = self.address {
            request
                .extensions_mut()
                .insert(ConnectInfo(SocketAddr::new(address, 50_000)));
        }
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes,
            json,
            shown,
        };
        answer.hold(&self.method);
        answer
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub bytes: Vec<u8>,
    /// Body, when it is JSON.
    pub json: Value,
    shown: String,
}

impl Answer {
    /// What holds for every answer.
    #[track_caller]
    fn hold(&self, method: &Method) {
        let step = &self.json["additional_error_details"]["step"];
        assert!(self.status < 500 || step == "idempotency", "{self}");
        let request_id = self.header("request-id");
        assert!(
            !request_id.is_empty(),
            "an answer names its request: {self}"
        );
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{self}");
        assert_eq!(self.header("referrer-policy"), "no-referrer", "{self}");
        assert!(
            self.header("content-security-policy")
                .contains("frame-ancestors"),
            "{self}"
        );
        let is_page = self.header("content-type").starts_with("text/html");
        if self.status >= 400 && !is_page && *method != Method::HEAD {
            let body: ErrorBody = serde_json::from_value(self.json.clone())
                .unwrap_or_else(|error| panic!("not the error body ({error}): {self}"));
            assert_eq!(self.header("content-type"), "application/json", "{self}");
            assert_eq!(body.code.http_status(), self.status, "{self}");
            assert_eq!(body.request_id, request_id, "{self}");
            assert!(!body.message.is_empty(), "{self}");
        }
        if self.status == 429 {
            assert!(
                self.header("retry-after")
                    .parse::<u64>()
                    .is_ok_and(|seconds| seconds > 0),
                "a 429 says when to come back: {self}"
            );
        }
    }

    /// A header's text, `""` when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Holds the status and gives the JSON.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json
    }

    /// Holds the error and gives what it adds.
    #[track_caller]
    pub fn refused(self, code: ErrorCode) -> Value {
        assert_eq!(self.json["code"], code.as_str(), "{self}");
        self.json["additional_error_details"].clone()
    }

    /// Holds that one field is refused as malformed.
    #[track_caller]
    pub fn refuses_field(self, field: &str) {
        let shown = self.to_string();
        assert_eq!(
            self.refused(ErrorCode::InvalidRequest)["field"],
            field,
            "{shown}"
        );
    }

    /// The field that an error names, `""` when it names none.
    pub fn field(&self) -> &str {
        self.json["additional_error_details"]["field"]
            .as_str()
            .unwrap_or_default()
    }

    /// The value of the cookie that is set.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> String {
        let set = self.header("set-cookie");
        let value = set
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='));
        value
            .unwrap_or_else(|| panic!("no {name} is set: {self}"))
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    }
}

impl Index<&str> for Answer {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        &self.json[name]
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.text().chars().take(1_500).collect();
        write!(f, "{} -> {} {text}", self.shown, self.status)
    }
}
