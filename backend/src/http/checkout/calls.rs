//! The calls of the widget.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use shared::api::Change;
use shared::api::checkout::{
    ChallengeView, CustomerCardsView, CustomerQuery, EnterCodeRequest, IdentifiedView,
    ResendRequest, SaveConsent, SelectionRequest, SelectionView, SessionView,
    StartVerificationRequest, UpdateShopperRequest,
};
use shared::api::error::ErrorCode;
use shared::api::merchant::SelectedView;
use shared::consent::TEXT_VERSION;
use shared::customer::profile::phone_digits;
use shared::customer::{CountryCode, Email, Invalid, Name, PhoneNumber};
use shared::id::{ChallengeId, TokenId};
use shared::text::Language;
use shared::verification::parse_code;

use super::views;
use crate::app::Onfile;
use crate::http::auth::{FRAME_COOKIE, InSession};
use crate::http::body::{Body, OptionalBody, Params};
use crate::http::error::{ApiError, Refusals};
use crate::service::checkout_sessions::Session;
use crate::service::shopper::{self, Save, ShopperChange};
use crate::service::verification;

/// What to show before anything is known.
#[utoipa::path(get, path = "/checkout/v1/session", operation_id = "get_session", tag = "Session", responses((status = 200, body = SessionView), Refusals))]
pub async fn get_session(
    InSession { session, .. }: InSession,
) -> Result<Json<SessionView>, ApiError> {
    Ok(Json(views::session(&session)?))
}

/// Sends a code; the same answer for every phone.
#[utoipa::path(post, path = "/checkout/v1/verification", operation_id = "start_verification", tag = "Verification", request_body = StartVerificationRequest, responses((status = 201, body = ChallengeView), Refusals))]
pub async fn start_verification(
    State(app): State<Arc<Onfile>>,
    InSession { session, by, .. }: InSession,
    OptionalBody(body): OptionalBody<StartVerificationRequest>,
) -> Result<(StatusCode, Json<ChallengeView>), ApiError> {
    let phone = typed_phone(&session, body.country_code, body.mobile_number)?;
    let challenge =
        verification::start(&app, &session, &by, phone, body.channel.unwrap_or_default()).await?;
    Ok((StatusCode::CREATED, Json(views::challenge(challenge))))
}

/// Takes a code: right, and the shopper is identified under a new secret.
#[utoipa::path(post, path = "/checkout/v1/verification/{challenge_id}", operation_id = "enter_code", tag = "Verification", params(("challenge_id" = String, Path)), request_body = EnterCodeRequest, responses((status = 200, body = IdentifiedView), Refusals))]
pub async fn enter_code(
    State(app): State<Arc<Onfile>>,
    InSession {
        session,
        by,
        entrance,
    }: InSession,
    Path(challenge_id): Path<String>,
    Body(body): Body<EnterCodeRequest>,
) -> Result<(HeaderMap, Json<IdentifiedView>), ApiError> {
    let code = typed_code(body.code)?;
    let identified =
        verification::enter_code(&app, &session, &by, &known(&challenge_id)?, &code, entrance)
            .await?;
    let mut headers = HeaderMap::new();
    if let Some(cookie) = &identified.cookie {
        headers.insert(header::SET_COOKIE, frame_cookie(cookie)?);
    }
    let CustomerCardsView {
        customer,
        cards,
        revision,
    } = views::customer_cards(identified.cards);
    Ok((
        headers,
        Json(IdentifiedView {
            session_secret: identified.session_secret,
            customer,
            cards,
            revision,
        }),
    ))
}

/// Sends another code under the same challenge and counts.
#[utoipa::path(post, path = "/checkout/v1/verification/{challenge_id}/resend", operation_id = "resend_code", tag = "Verification", params(("challenge_id" = String, Path)), request_body = ResendRequest, responses((status = 200, body = ChallengeView), Refusals))]
pub async fn resend_code(
    State(app): State<Arc<Onfile>>,
    InSession { session, by, .. }: InSession,
    Path(challenge_id): Path<String>,
    OptionalBody(body): OptionalBody<ResendRequest>,
) -> Result<Json<ChallengeView>, ApiError> {
    let challenge = verification::resend(
        &app,
        &session,
        &by,
        &known(&challenge_id)?,
        body.channel.unwrap_or_default(),
    )
    .await?;
    Ok(Json(views::challenge(challenge)))
}

/// The shopper and the cards. With `after`, answers when they are not that revision any more.
#[utoipa::path(get, path = "/checkout/v1/customer", operation_id = "get_customer", tag = "Customer", params(CustomerQuery), responses((status = 200, body = CustomerCardsView), Refusals))]
pub async fn get_customer(
    State(app): State<Arc<Onfile>>,
    InSession { session, .. }: InSession,
    Params(query): Params<CustomerQuery>,
) -> Result<Json<CustomerCardsView>, ApiError> {
    let cards = shopper::get(&app, &session, query.after.as_deref()).await?;
    Ok(Json(views::customer_cards(cards)))
}

/// Changes name or e-mail.
#[utoipa::path(patch, path = "/checkout/v1/customer", operation_id = "update_shopper", tag = "Customer", request_body = UpdateShopperRequest, responses((status = 200, body = CustomerCardsView), Refusals))]
pub async fn update_customer(
    State(app): State<Arc<Onfile>>,
    InSession { session, by, .. }: InSession,
    Body(body): Body<UpdateShopperRequest>,
) -> Result<Json<CustomerCardsView>, ApiError> {
    let cards = shopper::update(&app, &session, &by, parse_change(body)?).await?;
    Ok(Json(views::customer_cards(cards)))
}

/// Chooses a card, or none; decided again in the transaction that notes it.
#[utoipa::path(post, path = "/checkout/v1/selection", operation_id = "select", tag = "Selection", request_body = SelectionRequest, responses((status = 200, body = SelectionView), Refusals))]
pub async fn select(
    State(app): State<Arc<Onfile>>,
    InSession { session, by, .. }: InSession,
    OptionalBody(body): OptionalBody<SelectionRequest>,
) -> Result<Json<SelectionView>, ApiError> {
    let token_id = body
        .token_id
        .filter(|id| !id.is_empty())
        .map(|id| known_token(&id))
        .transpose()?;
    let save = match body.save {
        None | Some(SaveConsent::Ticked(false)) => None,
        Some(SaveConsent::Ticked(true)) => Some(ticked(&session)),
        Some(SaveConsent::Wording {
            text_version,
            language,
        }) => Some(Save {
            text_version,
            language,
        }),
    };
    let selected = shopper::select(&app, &session, &by, token_id.as_ref(), save).await?;
    let card = selected.card.map(|(token_id, decision)| SelectedView {
        token_id: token_id.to_string(),
        decision,
    });
    Ok(Json(SelectionView {
        selected: card,
        save: selected.save,
    }))
}

/// Removes a card: it shows as being removed until its provider confirms.
#[utoipa::path(delete, path = "/checkout/v1/tokens/{token_id}", operation_id = "remove_token", tag = "Tokens", params(("token_id" = String, Path)), responses((status = 200, body = CustomerCardsView), Refusals))]
pub async fn remove_token(
    State(app): State<Arc<Onfile>>,
    InSession { session, by, .. }: InSession,
    Path(token_id): Path<String>,
) -> Result<Json<CustomerCardsView>, ApiError> {
    let cards = shopper::remove(&app, &session, &by, &known_token(&token_id)?).await?;
    Ok(Json(views::customer_cards(cards)))
}

/// Ends the session at once.
#[utoipa::path(post, path = "/checkout/v1/leave", operation_id = "leave", tag = "Session", responses((status = 204), Refusals))]
pub async fn leave(
    State(app): State<Arc<Onfile>>,
    InSession { session, .. }: InSession,
) -> Result<StatusCode, ApiError> {
    shopper::leave(&app, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn known(challenge_id: &str) -> Result<ChallengeId, ApiError> {
    ChallengeId::parse(challenge_id).ok_or(ApiError::of(ErrorCode::ChallengeNotFound))
}

/// A token's id; text that can be none is not found.
pub(super) fn known_token(token_id: &str) -> Result<TokenId, ApiError> {
    TokenId::parse(token_id).ok_or(ApiError::of(ErrorCode::TokenNotFound))
}

/// A challenge's id.
pub(super) fn known_challenge(challenge_id: &str) -> Result<ChallengeId, ApiError> {
    known(challenge_id)
}

/// The ticked box alone: the present wording in the session's language.
pub(super) fn ticked(session: &Session) -> Save {
    let language = session
        .record
        .locale
        .as_deref()
        .and_then(Language::from_tag)
        .unwrap_or_default();
    Save {
        text_version: TEXT_VERSION.to_owned(),
        language,
    }
}

/// A phone as a shopper types it; `None` asks for the hinted one.
pub(super) fn typed_phone(
    session: &Session,
    country_code: Option<String>,
    mobile_number: Option<String>,
) -> Result<Option<PhoneNumber>, ApiError> {
    let Some(typed) = mobile_number.filter(|typed| !typed.trim().is_empty()) else {
        return if session.record.hint.is_some() {
            Ok(None)
        } else {
            Err(ApiError::field("mobile_number", Invalid::Required))
        };
    };
    let country = country_code
        .filter(|code| !code.is_empty())
        .unwrap_or_else(|| views::default_country(session));
    let country =
        CountryCode::parse(&country).map_err(|invalid| ApiError::field("country_code", invalid))?;
    let digits =
        phone_digits(&typed).map_err(|invalid| ApiError::field("mobile_number", invalid))?;
    crate::phone::normalise(country, &digits)
        .map(Some)
        .map_err(|invalid| ApiError::field("mobile_number", invalid))
}

/// A code as a shopper types it.
pub(super) fn typed_code(code: Option<String>) -> Result<String, ApiError> {
    let code = code
        .filter(|code| !code.is_empty())
        .ok_or_else(|| ApiError::field("code", Invalid::Required))?;
    parse_code(&code).ok_or_else(|| ApiError::field("code", "must be six digits"))
}

/// What a shopper changes of themselves.
pub(super) fn parse_change(body: UpdateShopperRequest) -> Result<ShopperChange, ApiError> {
    Ok(ShopperChange {
        first_name: change("first_name", body.first_name, Name::parse)?,
        last_name: change("last_name", body.last_name, Name::parse)?,
        email: change("email_id", body.email_id, Email::parse)?,
    })
}

fn change<T>(
    field: &str,
    value: Change<String>,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<Change<T>, ApiError> {
    Ok(match value {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(text) if text.is_empty() => Change::Clear,
        Change::Set(text) => {
            Change::Set(parse(&text).map_err(|invalid| ApiError::field(field, invalid))?)
        }
    })
}

/// The frame's cookie: for this browser, in frames of this one site only.
pub(super) fn frame_cookie(value: &str) -> Result<HeaderValue, ApiError> {
    let cookie = format!(
        "{FRAME_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=1800"
    );
    HeaderValue::from_str(&cookie).map_err(|_| ApiError::of(ErrorCode::InternalError))
}
