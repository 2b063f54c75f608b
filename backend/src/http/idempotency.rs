//! A request that changes something, at most once under its `Idempotency-Key`.

use std::sync::Arc;

use axum::body::Body as Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use store::AnswerRecord;

use super::auth::Caller;
use super::body::read;
use super::error::ApiError;
use crate::app::Onfile;
use crate::service::idempotency::{self, About, Answer, Claim, Found};
use crate::service::{Fault, Work};

/// The header that names a request.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is the one that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const LONGEST_KEY: usize = 255;

/// In the descriptions of the API.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by the description only")]
pub struct Header {
    /// Names this request: sent again with the same key and body, it is answered with what the first was
    /// answered with, for 24 hours at least. A refusal is not kept.
    #[param(rename = "Idempotency-Key", max_length = 255)]
    idempotency_key: Option<String>,
}

/// A merchant's request with its body. One that was answered before never reaches its handler.
pub struct Once<B> {
    /// A merchant's server.
    pub caller: Caller,
    /// The body.
    pub body: B,
    /// The name of the request, if it has one.
    pub key: Key,
}

/// The name of a request, if it has one.
pub struct Key(Option<Claim>);

impl<B> FromRequest<Arc<Onfile>> for Once<B>
where
    B: FromRequest<Arc<Onfile>, Rejection = ApiError>,
{
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<Onfile>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let refuse = ApiError::into_response;
        let caller = Caller::from_request_parts(&mut parts, app)
            .await
            .map_err(refuse)?;
        let Some(key) = key_in(&parts.headers).map_err(refuse)? else {
            let request = Request::from_parts(parts, body);
            return Ok(Self {
                caller,
                body: B::from_request(request, app).await.map_err(refuse)?,
                key: Key(None),
            });
        };
        let bytes = read(&parts.headers, body).await.map_err(refuse)?;
        let request = [
            parts.method.as_str().as_bytes(),
            parts.uri.path().as_bytes(),
            &bytes,
        ];
        let found = idempotency::claim(app, &caller.merchant, &key, &request)
            .await
            .map_err(|error| refuse(error.into()))?;
        match found {
            Found::Nothing(claim) => {
                let request = Request::from_parts(parts, Bytes::from(bytes));
                Ok(Self {
                    caller,
                    body: B::from_request(request, app).await.map_err(refuse)?,
                    key: Key(Some(claim)),
                })
            }
            Found::Answered(status, body) => {
                let mut response = json(status, body);
                response
                    .headers_mut()
                    .insert(REPLAYED, HeaderValue::from_static("true"));
                Err(response)
            }
        }
    }
}

/// Finishes a request with a key even when its client goes away meanwhile: whoever asks again is to find
/// either its answer or nothing of it, not the effect without the answer. A request that is refused is
/// looked at once more, because what is in its way may be the same request, finished meanwhile elsewhere.
pub async fn finish_what_is_begun(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(IDEMPOTENCY_KEY) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let bytes = match read(&parts.headers, body).await {
        Ok(bytes) => bytes,
        Err(error) => return error.into_response(),
    };
    let again = next.clone();
    let (first, second) = (parts.clone(), parts);
    let finished = tokio::spawn(async move {
        let response = next
            .run(Request::from_parts(first, Bytes::from(bytes.clone())))
            .await;
        match response.extensions().get::<ApiError>() {
            Some(error) if error.code.http_status() == 422 => {
                again
                    .run(Request::from_parts(second, Bytes::from(bytes)))
                    .await
            }
            _ => response,
        }
    });
    match finished.await {
        Ok(response) => response,
        Err(error) => ApiError::from(Fault::Other(error.to_string())).into_response(),
    }
}

/// The key that was sent; `""` is absent.
fn key_in(headers: &axum::http::HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let wrong = |problem: &str| ApiError::field("Idempotency-Key", problem);
    let key = std::str::from_utf8(value.as_bytes()).map_err(|_| wrong("is not UTF-8"))?;
    if key.chars().count() > LONGEST_KEY {
        return Err(wrong("is longer than 255 characters"));
    }
    Ok((!key.is_empty()).then(|| key.to_owned()))
}

impl Key {
    /// What is kept of an answer to be, when there is a key to keep it under.
    ///
    /// # Errors
    /// [`Fault`] when the view cannot be written.
    pub fn kept<V: Serialize>(
        &self,
        app: &Onfile,
        caller: &Caller,
        status: StatusCode,
        view: impl FnOnce() -> V,
        about: About,
    ) -> Result<Option<AnswerRecord>, Fault> {
        let record = |claim: &Claim| {
            let answer = answer(status, &view(), about)?;
            Ok(claim.record(app, &caller.merchant, &answer))
        };
        self.0.as_ref().map(record).transpose()
    }

    /// Commits the work together with its answer, and only then answers.
    ///
    /// # Errors
    /// [`ApiError`]; then nothing of the work stays.
    pub async fn answer(
        self,
        app: &Onfile,
        caller: &Caller,
        mut work: Work<'_>,
        status: StatusCode,
        view: &impl Serialize,
        about: About,
    ) -> Result<Response, ApiError> {
        let answer = answer(status, view, about)?;
        if let Some(claim) = &self.0 {
            let record = claim.record(app, &caller.merchant, &answer);
            idempotency::keep(&caller.merchant, &mut work, &record).await?;
        }
        work.commit().await.map_err(Fault::from)?;
        Ok(json(answer.status, answer.body))
    }
}

fn answer(status: StatusCode, view: &impl Serialize, about: About) -> Result<Answer, Fault> {
    Ok(Answer {
        status: status.as_u16(),
        body: serde_json::to_string(view).map_err(|error| Fault::Other(error.to_string()))?,
        about,
    })
}

fn json(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let content_type = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
}
