//! Reading bodies and queries: bounded, guarded against card numbers, and every refusal names its field.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::api::error::ErrorCode;
use shared::card_number::scan_json;

use super::error::ApiError;
use crate::app::Onfile;

/// The largest body.
pub const BODY_BYTES: usize = 64 * 1_024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const NESTED_LEVELS: usize = 8;

/// A JSON object as body.
pub struct Body<T>(pub T);

/// A JSON object as body, or nothing at all.
pub struct OptionalBody<T>(pub T);

/// The query as a flat object.
pub struct Params<T>(pub T);

/// A form, as pages without scripts post it.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Onfile>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &Arc<Onfile>) -> Result<Self, ApiError> {
        let has_type = media_type(&request).is_some_and(|essence| {
            essence == "application/json"
                || (essence.starts_with("application/") && essence.ends_with("+json"))
        });
        if !has_type {
            return Err(ApiError::of(ErrorCode::UnsupportedMediaType));
        }
        let (parts, body) = request.into_parts();
        Ok(Self(parse(&read(&parts.headers, body).await?)?))
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Arc<Onfile>> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<Onfile>) -> Result<Self, ApiError> {
        let empty = request.headers().get(header::CONTENT_LENGTH).map_or(
            !request.headers().contains_key(header::TRANSFER_ENCODING),
            |length| length == "0",
        );
        if empty {
            return Ok(Self(T::default()));
        }
        Body::from_request(request, app)
            .await
            .map(|Body(body)| Self(body))
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<Onfile>> for Form<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &Arc<Onfile>) -> Result<Self, ApiError> {
        if media_type(&request).as_deref() != Some("application/x-www-form-urlencoded") {
            return Err(ApiError::of(ErrorCode::UnsupportedMediaType));
        }
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body).await?;
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&bytes)
            .map_err(|_| ApiError::field("", "cannot be read as a form"))?;
        let object = Value::Object(
            pairs
                .iter()
                .map(|(name, value)| (name.clone(), Value::String(value.clone())))
                .collect(),
        );
        guard(&object)?;
        serde_json::from_value(object)
            .map(Self)
            .map_err(|_| ApiError::field("", "is not the form of this page"))
    }
}

impl<T: DeserializeOwned> FromRequestParts<Arc<Onfile>> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<Onfile>) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(form_urlencoded(
            query,
        )))
        .map(Self)
        .map_err(|error| explain(&error.path().to_string(), &error.inner().to_string()))
    }
}

fn form_urlencoded(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

fn media_type(request: &Request) -> Option<String> {
    let value = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(
        value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase(),
    )
}

/// Reads a body of bounded length in bounded time.
///
/// # Errors
/// [`ApiError`] for one that is longer, slower or cut off.
pub async fn read(
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<axum::body::Bytes, ApiError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES) {
        return Err(ApiError::of(ErrorCode::PayloadTooLarge));
    }
    let reading = axum::body::to_bytes(body, BODY_BYTES);
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error))
            if std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) =>
        {
            Err(ApiError::of(ErrorCode::PayloadTooLarge))
        }
        Ok(Err(_)) => Err(ApiError::field("", "ended before it was complete")),
        Err(_) => Err(ApiError::of(ErrorCode::RequestTimeout)),
    }
}

/// Reads a body: JSON, an object, not too deep, no card number anywhere, and of the type.
///
/// # Errors
/// [`ApiError`] naming the field.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| ApiError::field("", format!("is not JSON: {error}")))?;
    if !value.is_object() {
        return Err(ApiError::field("", "must be a JSON object"));
    }
    if depth(&value) > NESTED_LEVELS {
        return Err(ApiError::field(
            "",
            format!("is nested deeper than {NESTED_LEVELS} levels"),
        ));
    }
    guard(&value)?;
    // From the bytes once more: this way a repeated field is an error, not a silent last word.
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes))
        .map_err(|error| explain(&error.path().to_string(), &error.inner().to_string()))
}

fn guard(value: &Value) -> Result<(), ApiError> {
    match scan_json(value, &crate::phone::is_possible) {
        Some((field, _)) => Err(ApiError::card_number(&field)),
        None => Ok(()),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Turns serde's words into ours: which field, what is wrong, and the nearest known name for one that
/// is not known. serde offers its list of names only in its message; a test holds its form.
fn explain(path: &str, message: &str) -> ApiError {
    let path = if path == "." { "" } else { path };
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (true, [unknown, known @ ..]) = (message.starts_with("unknown field"), quoted.as_slice())
    {
        let parent = path
            .strip_suffix(unknown)
            .map_or(path, |parent| parent.trim_end_matches('.'));
        let field = if parent.is_empty() {
            (*unknown).to_owned()
        } else {
            format!("{parent}.{unknown}")
        };
        let nearest = known.iter().max_by(|one, other| {
            strsim::jaro_winkler(unknown, one).total_cmp(&strsim::jaro_winkler(unknown, other))
        });
        let hint = nearest
            .filter(|name| strsim::jaro_winkler(unknown, name) > 0.7)
            .map(|name| format!("; did you mean {name}?"))
            .unwrap_or_default();
        return ApiError::field(&field, format!("is not a known field{hint}"));
    }
    if let (true, [repeated, ..]) = (message.starts_with("duplicate field"), quoted.as_slice()) {
        return ApiError::field(repeated, "is given twice");
    }
    // "invalid type: integer `5`, expected a string at line 1 column 9": the place says nothing to
    // whoever reads the field's name, and the value must not be echoed.
    let expected = message.split(" at line ").next().unwrap_or_default();
    let expected = expected
        .rsplit_once("expected ")
        .map_or("another kind of value", |(_, expected)| expected);
    ApiError::field(path, format!("must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::api::merchant::{CreateCustomerRequest, UpdateCustomerRequest};

    fn problem(json: &str) -> (ErrorCode, String) {
        let error = parse::<CreateCustomerRequest>(json.as_bytes()).unwrap_err();
        (error.code, format!("{error:?}"))
    }

    #[test]
    fn an_unknown_field_is_named_with_the_nearest_known_one() {
        let (code, words) = problem(r#"{"emial_id":"a@b.co"}"#);
        assert_eq!(code, ErrorCode::InvalidRequest);
        assert!(
            words.contains("emial_id is not a known field; did you mean email_id?"),
            "{words}"
        );
        let (_, words) = problem(r#"{"billing_address":{"adress1":"x"}}"#);
        assert!(
            words.contains("billing_address.adress1 is not a known field; did you mean address1?"),
            "{words}"
        );
    }

    #[test]
    fn a_wrong_type_names_its_field_and_echoes_nothing() {
        let (_, words) = problem(r#"{"first_name":{"secret":"hunter2"}}"#);
        assert!(
            words.contains("first_name must be a string") && !words.contains("hunter2"),
            "{words}"
        );
        let (_, words) = problem(r#"{"first_name":12345}"#);
        assert!(
            words.contains("first_name must be a string") && !words.contains("12345"),
            "{words}"
        );
    }

    #[test]
    fn repeated_fields_deep_nesting_and_other_shapes_are_refused() {
        for json in [
            r#"{"first_name":"a","first_name":"b"}"#,
            "[]",
            "null",
            "{",
            "",
            r#"{"merchant_metadata":{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":1}}}}}}}}}"#,
        ] {
            assert_eq!(problem(json).0, ErrorCode::InvalidRequest, "{json}");
        }
    }

    #[test]
    fn card_numbers_are_refused_anywhere() {
        for json in [
            r#"{"first_name":"4111 1111 1111 1111"}"#,
            r#"{"merchant_metadata":{"4111111111111111":"x"}}"#,
            r#"{"cvv":"123"}"#,
            r#"{"first_name":4111111111111111}"#,
        ] {
            let (code, words) = problem(json);
            assert_eq!(code, ErrorCode::CardNumberRefused, "{json}");
            assert!(!words.contains("4111"), "{words}");
        }
    }

    #[test]
    fn an_update_tells_clearing_from_keeping() {
        use shared::api::Change;
        let update: UpdateCustomerRequest =
            parse(br#"{"first_name":null,"last_name":"Rao"}"#).unwrap();
        assert_eq!(
            (update.first_name, update.last_name, update.gstin),
            (Change::Clear, Change::Set("Rao".into()), Change::Keep)
        );
    }
}
