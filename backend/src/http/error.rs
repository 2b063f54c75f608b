//! The one error body, and how every service error becomes it. No mapping has a wildcard: a new error
//! does not compile until somebody has decided what its reader should do.

use axum::response::{IntoResponse, Response};
use shared::Timestamp;
use shared::api::error::{ErrorBody, ErrorCode, ErrorDetails};
use shared::text::{Language, tables};

use crate::ambient::Clock;
use crate::service::Fault;
use crate::service::access::GenerateTokenError;
use crate::service::admins::SignInError;
use crate::service::checkout_sessions::{AuthenticateError, SessionError};
use crate::service::creations::CreationError;
use crate::service::customers::CustomerError;
use crate::service::idempotency::IdempotencyError;
use crate::service::shopper::ShopperError;
use crate::service::tokens::TokenError;
use crate::service::verification::VerificationError;

/// An error on its way out. The envelope adds the request id and writes the body.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// What went wrong.
    pub code: ErrorCode,
    message: Option<String>,
    details: Option<Box<ErrorDetails>>,
    retry_at: Option<Timestamp>,
    log: Option<String>,
}

impl ApiError {
    /// A code and nothing else.
    #[must_use]
    pub const fn of(code: ErrorCode) -> Self {
        Self {
            code,
            message: None,
            details: None,
            retry_at: None,
            log: None,
        }
    }

    /// A field at fault; `problem` reads as the end of "`field` ...".
    #[must_use]
    pub fn field(field: &str, problem: impl std::fmt::Display) -> Self {
        let reason = if field.is_empty() {
            format!("the body {problem}")
        } else {
            format!("{field} {problem}")
        };
        Self::of(ErrorCode::InvalidRequest)
            .because("validation", reason)
            .with(|details| details.field = (!field.is_empty()).then(|| field.to_owned()))
    }

    /// Something shaped like card data, by the field it was in; its value is echoed nowhere.
    #[must_use]
    pub fn card_number(field: &str) -> Self {
        Self::of(ErrorCode::CardNumberRefused)
            .because(
                "card_number_guard",
                format!("{field} holds something that looks like card data"),
            )
            .with(|details| details.field = Some(field.to_owned()))
    }

    /// Says why, in words for the developer who reads it.
    #[must_use]
    pub fn because(mut self, step: &str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let general = tables::of(Language::En).error(self.code);
        self.message = Some(format!(
            "{}: {}.",
            general.trim_end_matches('.'),
            reason.trim_end_matches(['.', '?'])
        ));
        self.details = Some(Box::new(ErrorDetails::client(step, reason)));
        self
    }

    /// Adds to the details.
    #[must_use]
    pub fn with(mut self, add: impl FnOnce(&mut ErrorDetails)) -> Self {
        let mut details = self.details.unwrap_or_else(|| {
            Box::new(ErrorDetails::client(
                "request",
                tables::of(Language::En).error(self.code),
            ))
        });
        add(&mut details);
        self.details = Some(details);
        self
    }

    /// Says when to come back.
    #[must_use]
    pub fn until(mut self, until: Timestamp) -> Self {
        self.retry_at = Some(until);
        self.with(|details| details.until = Some(until))
    }

    /// What the code alone does not say.
    #[must_use]
    pub fn details(&self) -> Option<&ErrorDetails> {
        self.details.as_deref()
    }

    /// In how many seconds to come back, where coming back helps.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<u64> {
        match (self.retry_at, self.code.http_status()) {
            (Some(at), _) => Some(now.until(at).as_secs() + 1),
            (None, 503) => Some(1),
            (None, 429) => Some(60),
            (None, _) => None,
        }
    }

    /// Writes status, headers and body; what must not be told is logged here, once.
    pub(super) fn respond(
        self,
        request_id: &str,
        clock: &dyn Clock,
        mut response: Response,
    ) -> Response {
        let retry_after = self.retry_after(clock.now());
        let message = self
            .message
            .unwrap_or_else(|| tables::of(Language::En).error(self.code).to_owned());
        let status = self.code.http_status();
        if let Some(log) = self.log {
            tracing::error!(request_id, code = self.code.as_str(), detail = %shared::card_number::scrub(&log), "a request failed");
        }
        let body = ErrorBody {
            code: self.code,
            message,
            additional_error_details: self.details,
            request_id: request_id.to_owned(),
        };
        let json = axum::Json(body).into_response();
        *response.status_mut() = axum::http::StatusCode::from_u16(status)
            .unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            axum::http::header::CONTENT_TYPE,
            axum::http::HeaderValue::from_static("application/json"),
        );
        headers.remove(axum::http::header::CONTENT_LENGTH);
        if status == 401 {
            headers.insert(
                axum::http::header::WWW_AUTHENTICATE,
                axum::http::HeaderValue::from_static("Bearer"),
            );
        }
        if let Some(seconds) = retry_after {
            headers.insert(axum::http::header::RETRY_AFTER, seconds.into());
        }
        *response.body_mut() = json.into_body();
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        let code = match &fault {
            Fault::Store(store::StoreError::Unavailable(_)) => ErrorCode::ServiceUnavailable,
            Fault::Store(store::StoreError::Corrupt { .. } | store::StoreError::Refused(_))
            | Fault::Unopened(_)
            | Fault::Other(_) => ErrorCode::InternalError,
        };
        Self {
            log: Some(fault.to_string()),
            ..Self::of(code)
        }
    }
}

impl From<GenerateTokenError> for ApiError {
    fn from(error: GenerateTokenError) -> Self {
        match error {
            GenerateTokenError::BadCredentials => Self::of(ErrorCode::AuthenticationFailed)
                .because("authentication", error.to_string()),
            GenerateTokenError::Fault(fault) => fault.into(),
        }
    }
}

impl From<IdempotencyError> for ApiError {
    fn from(error: IdempotencyError) -> Self {
        let step = "idempotency";
        match error {
            IdempotencyError::Running => {
                Self::of(ErrorCode::ServiceUnavailable).because(step, error.to_string())
            }
            IdempotencyError::Reused => {
                Self::of(ErrorCode::IdempotencyKeyReused).because(step, error.to_string())
            }
            IdempotencyError::Fault(fault) => fault.into(),
        }
    }
}

impl From<CreationError> for ApiError {
    fn from(error: CreationError) -> Self {
        match error {
            CreationError::Customer(error) => error.into(),
            CreationError::Idempotency(error) => error.into(),
        }
    }
}

impl From<CustomerError> for ApiError {
    fn from(error: CustomerError) -> Self {
        match error {
            CustomerError::NotFound => Self::of(ErrorCode::CustomerNotFound),
            CustomerError::Duplicate {
                field,
                ref customer_id,
            } => Self::of(ErrorCode::DuplicateRequest)
                .because("identity", error.to_string())
                .with(|details| {
                    details.field = Some(field.to_owned());
                    details.customer_id = Some(customer_id.to_string());
                }),
            CustomerError::Deleted => Self::of(ErrorCode::CustomerDeleted),
            CustomerError::LastIdentity => Self::field(
                "mobile_number",
                "cannot be cleared: a customer keeps a mobile number or a merchant_customer_reference",
            ),
            CustomerError::Refused(refused) => Self::of(ErrorCode::InvalidStatusTransition)
                .because("status", refused.to_string())
                .with(|details| {
                    details.field = Some("status".to_owned());
                    details.from = Some(refused.from);
                    details.to = Some(refused.attempted);
                    details.legal_moves = Some(refused.legal);
                }),
            CustomerError::Fault(fault) => fault.into(),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::CustomerNotFound => Self::of(ErrorCode::CustomerNotFound),
            TokenError::NotFound => Self::of(ErrorCode::TokenNotFound),
            TokenError::CustomerDeleted => Self::of(ErrorCode::CustomerDeleted),
            TokenError::CustomerSuspended => Self::of(ErrorCode::NotEligible).because("customer", "a suspended customer saves no cards: lift the suspension first"),
            TokenError::Duplicate => Self::of(ErrorCode::DuplicateRequest)
                .because("identity", "merchant_token_reference was used for another request or for a token that was deleted")
                .with(|details| details.field = Some("merchant_token_reference".to_owned())),
            TokenError::NotEligible(decision) => Self::of(ErrorCode::NotEligible).with(|details| details.reasons = Some(decision.reasons)),
            TokenError::ServiceProviderToken => Self::field("service_provider_token_id", "does not belong to this token"),
            TokenError::Fault(fault) => fault.into(),
            TokenError::ProviderDown => Self::of(ErrorCode::ServiceUnavailable),
        }
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound => Self::of(ErrorCode::SessionNotFound),
            SessionError::CustomerNotFound => Self::of(ErrorCode::CustomerNotFound),
            SessionError::Fault(fault) => fault.into(),
        }
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Unknown => Self::of(ErrorCode::AuthenticationFailed),
            AuthenticateError::Ended => Self::of(ErrorCode::SessionEnded),
            AuthenticateError::Fault(fault) => fault.into(),
        }
    }
}

impl From<VerificationError> for ApiError {
    fn from(error: VerificationError) -> Self {
        match error {
            VerificationError::NoPhone => {
                Self::field("mobile_number", "is required: this session has no hint")
            }
            VerificationError::Country(ref country) => {
                let problem = format!("is one this shop does not send codes to: +{country}");
                Self::field("country_code", problem)
            }
            VerificationError::NoSender => Self::of(ErrorCode::ServiceUnavailable).because(
                "sender",
                "no sender is configured: set one up to verify phones",
            ),
            VerificationError::NotFound => Self::of(ErrorCode::ChallengeNotFound),
            VerificationError::TooEarly {
                challenge_id,
                resend_at,
            } => {
                let mut early = Self::of(ErrorCode::ResendTooEarly).with(|details| {
                    details.challenge_id = Some(challenge_id.to_string());
                    details.resend_at = resend_at;
                });
                early.retry_at = resend_at;
                early
            }
            VerificationError::Limited { until } => {
                Self::of(ErrorCode::TooManyRequests).until(until)
            }
            VerificationError::Wrong { tries_left } => {
                Self::of(ErrorCode::CodeWrong).with(|details| details.tries_left = Some(tries_left))
            }
            VerificationError::Expired => Self::of(ErrorCode::CodeExpired),
            VerificationError::Locked { until } => Self::of(ErrorCode::ChallengeLocked)
                .until(until)
                .with(|details| details.tries_left = Some(0)),
            VerificationError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ShopperError> for ApiError {
    fn from(error: ShopperError) -> Self {
        match error {
            ShopperError::NotIdentified => Self::of(ErrorCode::PermissionDenied)
                .because("verification", "verify the phone first"),
            ShopperError::NotAllowed => Self::of(ErrorCode::PermissionDenied)
                .because("session", "the merchant did not allow this for the session"),
            ShopperError::NotFound => Self::of(ErrorCode::TokenNotFound),
            ShopperError::NotEligible(decision) => Self::of(ErrorCode::NotEligible)
                .with(|details| details.reasons = Some(decision.reasons)),
            ShopperError::UnknownWording(_) => {
                Self::field("save.text_version", "names no consent text of this server")
            }
            ShopperError::CustomerDeleted => Self::of(ErrorCode::CustomerDeleted),
            ShopperError::Fault(fault) => fault.into(),
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::BadCredentials => Self::of(ErrorCode::AuthenticationFailed)
                .because("authentication", error.to_string()),
            SignInError::Limited { until } => Self::of(ErrorCode::TooManyRequests).until(until),
            SignInError::Fault(fault) => fault.into(),
        }
    }
}

/// The errors that every operation may answer, for the descriptions.
pub struct Refusals;

impl utoipa::IntoResponses for Refusals {
    fn responses()
    -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
        [
            (
                "400",
                "Malformed, missing, unknown or out of bounds; `field` names which.",
            ),
            (
                "401",
                "No credential, or one that is wrong, expired or revoked.",
            ),
            (
                "403",
                "The credential may not do this, or the origin is not allowed.",
            ),
            ("404", "Not there, or not yours."),
            ("405", "The path does not take this method."),
            ("408", "The body took too long."),
            ("413", "The body is over 64 KiB."),
            ("415", "The body is not JSON by its content type."),
            (
                "422",
                "Understood but refused: a duplicate, an illegal move, card data.",
            ),
            ("429", "Too many; `Retry-After` says when."),
            ("431", "The headers are over 16 KiB."),
            ("500", "A fault of ours."),
            (
                "503",
                "Storage or a provider does not answer; `Retry-After` says when.",
            ),
        ]
        .into_iter()
        .map(|(status, description)| {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("ErrorBody")))
                .build();
            (
                status.to_owned(),
                ResponseBuilder::new()
                    .description(description)
                    .content("application/json", content)
                    .build()
                    .into(),
            )
        })
        .collect()
    }
}
