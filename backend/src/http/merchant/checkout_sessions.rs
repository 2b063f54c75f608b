//! Checkout sessions, from the merchant's server (ours).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use shared::api::error::ErrorCode;
use shared::api::merchant::{
    CheckoutSessionView, CreateCheckoutSessionRequest, CreatedCheckoutSessionView, SaveConsentView,
    SelectedView,
};
use shared::checkout_session::{Permission, is_origin};
use shared::id::SessionId;

use super::customers::{known as known_customer, phone};
use super::{given, required};
use crate::app::Onfile;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::error::{ApiError, Refusals};
use crate::http::idempotency::{Header, Once};
use crate::service::Pending;
use crate::service::checkout_sessions::{self, Hint, NewSession};
use crate::service::idempotency::About;

/// Mints a session for one checkout of one page.
#[utoipa::path(post, path = "/api/v1/checkout-sessions", operation_id = "create_checkout_session", tag = "Checkout sessions", params(Header), request_body = CreateCheckoutSessionRequest, responses((status = 201, body = CreatedCheckoutSessionView), Refusals))]
pub async fn create_checkout_session(
    State(app): State<Arc<Onfile>>,
    Once { caller, body, key }: Once<Body<CreateCheckoutSessionRequest>>,
) -> Result<Response, ApiError> {
    let Body(body) = body;
    let origin = required("origin", body.origin)?;
    if !is_origin(&origin, caller.merchant.sandbox) {
        return Err(ApiError::field(
            "origin",
            "must be an origin such as https://shop.example, without a path; http is for a sandbox merchant on loopback",
        ));
    }
    let currency = given(body.currency);
    if currency
        .as_ref()
        .is_some_and(|code| code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()))
    {
        return Err(ApiError::field(
            "currency",
            "must be an ISO 4217 code such as INR",
        ));
    }
    match (body.amount, &currency) {
        (Some(amount), _) if amount < 0 => {
            return Err(ApiError::field("amount", "must not be negative"));
        }
        (Some(_), None) => {
            return Err(ApiError::field(
                "currency",
                "is required when amount is given",
            ));
        }
        (None, Some(_)) => {
            return Err(ApiError::field(
                "amount",
                "is required when currency is given",
            ));
        }
        _ => {}
    }
    let locale = given(body.locale).filter(|tag| tag != "auto");
    if locale.as_ref().is_some_and(|tag| {
        tag.len() > 35
            || !tag
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }) {
        return Err(ApiError::field(
            "locale",
            "must be a language tag such as hi or en-IN, or auto",
        ));
    }
    let hint = match (
        given(body.customer_id),
        phone(body.country_code, body.mobile_number)?,
    ) {
        (Some(_), Some(_)) => {
            return Err(ApiError::field(
                "customer_id",
                "and mobile_number are two hints: give one",
            ));
        }
        (Some(customer_id), None) => Hint::Customer(known_customer(&customer_id)?),
        (None, Some(phone)) => Hint::Phone(phone),
        (None, None) => Hint::None,
    };
    let new = NewSession {
        origin,
        amount: body.amount,
        currency,
        hint,
        locale,
        allow: body.allow.unwrap_or_else(|| Permission::ALL.to_vec()),
        purpose: body.purpose.unwrap_or_default(),
    };
    let Pending {
        work,
        value: created,
    } = checkout_sessions::create(&app, &caller.merchant, new).await?;
    let view = CreatedCheckoutSessionView {
        session_id: created.session_id.to_string(),
        session_secret: created.session_secret.clone(),
        expires_at: created.expires_at,
        frame_url: created.frame_url,
    };
    let about = About::Session {
        session_id: created.session_id,
        secret: created.session_secret,
        ends_at: created.expires_at,
    };
    key.answer(&app, &caller, work, StatusCode::CREATED, &view, about)
        .await
}

/// What became of a session. The decision is made again now: charge what this answer says, not what a
/// browser says.
#[utoipa::path(get, path = "/api/v1/checkout-sessions/{session_id}", operation_id = "get_checkout_session", tag = "Checkout sessions", params(("session_id" = String, Path)), responses((status = 200, body = CheckoutSessionView), Refusals))]
pub async fn get_checkout_session(
    State(app): State<Arc<Onfile>>,
    caller: Caller,
    Path(session_id): Path<String>,
) -> Result<Json<CheckoutSessionView>, ApiError> {
    let session_id =
        SessionId::parse(&session_id).ok_or(ApiError::of(ErrorCode::SessionNotFound))?;
    let reading = checkout_sessions::get(&app, &caller.merchant, &session_id).await?;
    let record = reading.record;
    Ok(Json(CheckoutSessionView {
        session_id: record.session_id.to_string(),
        status: record.status,
        customer_id: record
            .customer_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        selected: reading.selected.map(|(token_id, decision)| SelectedView {
            token_id: token_id.to_string(),
            decision,
        }),
        save_consent: reading.save_consent.map(|consent| SaveConsentView {
            text_version: consent.text_version,
            language: consent.language,
            purpose: record.purpose,
            given_at: consent.given_at,
        }),
        origin: record.origin,
        amount: record.amount,
        currency: record.currency,
        purpose: record.purpose,
        created_at: record.created_at,
        expires_at: record.expires_at,
    }))
}
