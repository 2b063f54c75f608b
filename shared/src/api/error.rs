//! The one error body of all three APIs, and the closed set of its codes.
//!
//! source of the shape: Pine Labs Online, Error object. A status is chosen by what its reader should
//! do next; 409 is never used, because the published clients send such a request three times.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::customer::{CustomerStatus, Move};
use crate::eligibility::Reason;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $status:literal,)*) => {
        /// What went wrong. Closed: a client may match on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

codes! {
    /// Malformed, missing, unknown or out of bounds; `field` names which.
    InvalidRequest = "INVALID_REQUEST" 400,
    /// No credential, or one that is wrong, expired or revoked.
    AuthenticationFailed = "AUTHENTICATION_FAILED" 401,
    /// The checkout session ended, or its secret was replaced by a newer one.
    SessionEnded = "SESSION_ENDED" 401,
    /// The credential is good but may not do this.
    PermissionDenied = "PERMISSION_DENIED" 403,
    /// The page's origin is not the session's.
    OriginNotAllowed = "ORIGIN_NOT_ALLOWED" 403,
    /// There is no such path.
    RouteNotFound = "ROUTE_NOT_FOUND" 404,
    /// No such customer here.
    CustomerNotFound = "CUSTOMER_NOT_FOUND" 404,
    /// No such token here.
    TokenNotFound = "TOKEN_NOT_FOUND" 404,
    /// No such checkout session here.
    SessionNotFound = "SESSION_NOT_FOUND" 404,
    /// No such verification in this session.
    ChallengeNotFound = "CHALLENGE_NOT_FOUND" 404,
    /// The path exists, the method does not.
    MethodNotAllowed = "METHOD_NOT_ALLOWED" 405,
    /// The request took too long to arrive.
    RequestTimeout = "REQUEST_TIMEOUT" 408,
    /// The body is over 64 KiB.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE" 413,
    /// The body is not JSON by its content type.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE" 415,
    /// The headers are over 16 KiB.
    HeadersTooLarge = "HEADERS_TOO_LARGE" 431,
    /// A customer or token with this identity exists already.
    DuplicateRequest = "DUPLICATE_REQUEST" 422,
    /// Something shaped like a card number or another card secret was sent.
    CardNumberRefused = "CARD_NUMBER_REFUSED" 422,
    /// The life cycle has no such move.
    InvalidStatusTransition = "INVALID_STATUS_TRANSITION" 422,
    /// The customer is deleted.
    CustomerDeleted = "CUSTOMER_DELETED" 422,
    /// The card cannot be used; `reasons` says why.
    NotEligible = "NOT_ELIGIBLE" 422,
    /// The code is wrong.
    CodeWrong = "CODE_WRONG" 422,
    /// The code's five minutes are over.
    CodeExpired = "CODE_EXPIRED" 422,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED" 422,
    /// Too many wrong codes, or too many for this phone.
    ChallengeLocked = "CHALLENGE_LOCKED" 429,
    /// The next code may be asked for at `resend_at`.
    ResendTooEarly = "RESEND_TOO_EARLY" 429,
    /// A limit was reached.
    TooManyRequests = "TOO_MANY_REQUESTS" 429,
    /// A fault of ours.
    InternalError = "INTERNAL_ERROR" 500,
    /// Storage or a provider does not answer; try again.
    ServiceUnavailable = "SERVICE_UNAVAILABLE" 503,
}

/// The body of every error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What went wrong.
    pub code: ErrorCode,
    /// The same in words, with what to do next.
    pub message: String,
    /// What the code alone does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_error_details: Option<Box<ErrorDetails>>,
    /// The id under which the server's log knows this request.
    pub request_id: String,
}

/// What an error adds. `source`, `step` and `reason` are the published three; the others are ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ErrorDetails {
    /// Whose fault it is: `CLIENT` or `INTERNAL`.
    pub source: String,
    /// Where it was found.
    pub step: String,
    /// The rule that was broken.
    pub reason: String,
    /// The field at fault, as a dotted path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The customer in the way of a duplicate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The present status, for a refused move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CustomerStatus>,
    /// What was attempted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What may be done instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_moves: Option<Vec<Move>>,
    /// Why a card cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<Reason>>,
    /// The challenge that is running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_id: Option<String>,
    /// How many tries are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u32>,
    /// When the next code may be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resend_at: Option<Timestamp>,
    /// Until when it stays refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl ErrorDetails {
    /// The published three, for a request that its sender must change.
    #[must_use]
    pub fn client(step: &str, reason: impl Into<String>) -> Self {
        Self {
            source: "CLIENT".into(),
            step: step.into(),
            reason: reason.into(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_answered_with_409() {
        for code in ErrorCode::ALL {
            assert!((400..600).contains(&code.http_status()));
            assert_ne!(
                code.http_status(),
                409,
                "{code:?}: the published clients send a 409 three times"
            );
        }
    }

    #[test]
    fn a_code_is_its_own_word_on_the_wire() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
