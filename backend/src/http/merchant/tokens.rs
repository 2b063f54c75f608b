//! Card tokens. source: Pine Labs Online, Tokenization; `decision` is ours.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use shared::api::error::ErrorCode;
use shared::api::merchant::{
    CryptogramData, CryptogramRequest, CryptogramView, DeleteCustomerTokenRequest,
    DeletedCustomerTokenView, DeletedTokenView, GenerateTokenRequest, GeneratedTokenView,
    ServiceProviderTokenListView, ServiceProviderTokenView, TokenListView, TokenView,
};
use shared::card_token::CardToken;
use shared::customer::{Invalid, Metadata, Reference};
use shared::id::{CustomerId, ServiceProviderTokenId, TokenId};

use super::customers::known as known_customer;
use super::{given, metadata, required};
use crate::app::Onfile;
use crate::http::auth::Caller;
use crate::http::body::{Body, OptionalBody};
use crate::http::error::{ApiError, Refusals};
use crate::http::idempotency::{Header, Once};
use crate::service::Pending;
use crate::service::idempotency::About;
use crate::service::tokens::{self, Decided, NewToken};

/// Makes a token for a customer's card. The same request again answers the same token.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "generate_card_token", tag = "Tokens", params(Header), request_body = GenerateTokenRequest, responses((status = 201, body = GeneratedTokenView), Refusals))]
pub async fn generate_card_token(
    State(app): State<Arc<Onfile>>,
    Once { caller, body, key }: Once<Body<GenerateTokenRequest>>,
) -> Result<Response, ApiError> {
    let Pending { work, value: token } =
        tokens::generate(&app, &caller.merchant, &caller.by, parse(body.0)?).await?;
    let view = GeneratedTokenView {
        token_id: token.token_id.to_string(),
        customer_id: token.customer_id.to_string(),
        merchant_token_reference: token.merchant_token_reference.as_str().to_owned(),
        status: token.status,
        created_at: token.created_at,
        updated_at: token.updated_at,
    };
    let about = About::Customer(token.customer_id);
    key.answer(&app, &caller, work, StatusCode::CREATED, &view, about)
        .await
}

/// A customer's tokens, each with its decision.
#[utoipa::path(get, path = "/api/v1/customer/{customer_id}/tokens", operation_id = "get_customer_tokens_by_customer_id", tag = "Tokens", params(("customer_id" = String, Path)), responses((status = 200, body = TokenListView), Refusals))]
pub async fn get_customer_tokens_by_customer_id(
    State(app): State<Arc<Onfile>>,
    caller: Caller,
    Path(customer_id): Path<String>,
) -> Result<Json<TokenListView>, ApiError> {
    let (customer, decided) =
        tokens::list(&app, &caller.merchant, &known_customer(&customer_id)?).await?;
    let tokens: Vec<_> = decided.iter().map(view).collect();
    Ok(Json(TokenListView {
        customer_id,
        total_tokens: tokens.len(),
        tokens,
        created_at: customer.created_at,
        updated_at: customer.updated_at,
    }))
}

/// One token of a customer.
#[utoipa::path(get, path = "/api/v1/customer/{customer_id}/tokens/{token_id}", operation_id = "get_customer_token_by_token_id", tag = "Tokens", params(("customer_id" = String, Path), ("token_id" = String, Path)), responses((status = 200, body = TokenView), Refusals))]
pub async fn get_customer_token_by_token_id(
    State(app): State<Arc<Onfile>>,
    caller: Caller,
    Path((customer_id, token_id)): Path<(String, String)>,
) -> Result<Json<TokenView>, ApiError> {
    let decided = tokens::get(
        &app,
        &caller.merchant,
        &known_customer(&customer_id)?,
        &known(&token_id)?,
    )
    .await?;
    Ok(Json(view(&decided)))
}

/// Removes a customer's token.
#[utoipa::path(post, path = "/api/v1/customer/{customer_id}/tokens/{token_id}/delete", operation_id = "delete_customer_token", tag = "Tokens", params(("customer_id" = String, Path), ("token_id" = String, Path), Header), request_body = DeleteCustomerTokenRequest, responses((status = 200, body = DeletedCustomerTokenView), Refusals))]
pub async fn delete_customer_token(
    State(app): State<Arc<Onfile>>,
    Path((customer_id, token_id)): Path<(String, String)>,
    Once { caller, body, key }: Once<Body<DeleteCustomerTokenRequest>>,
) -> Result<Response, ApiError> {
    let merchant_unique_reference = unique_reference(body.0.merchant_unique_reference)?;
    metadata(body.0.merchant_metadata)?;
    let Pending { work, value: owner } = tokens::remove(
        &app,
        &caller.merchant,
        &caller.by,
        Some(&known_customer(&customer_id)?),
        &known(&token_id)?,
    )
    .await?;
    let view = DeletedCustomerTokenView {
        customer_id,
        token_id,
        status: "DELETED".to_owned(),
        merchant_unique_reference,
    };
    let about = About::Customer(owner);
    key.answer(&app, &caller, work, StatusCode::OK, &view, about)
        .await
}

/// The network's or issuer's tokens: of a customer a list, of a token one.
#[utoipa::path(get, path = "/api/v1/tokens/{identifier}", operation_id = "get_service_provider_token", tag = "Tokens", params(("identifier" = String, Path, description = "A customer_id or a token_id.")), responses((status = 200, body = ServiceProviderTokens), Refusals))]
pub async fn get_service_provider_token(
    State(app): State<Arc<Onfile>>,
    caller: Caller,
    Path(identifier): Path<String>,
) -> Result<Json<ServiceProviderTokens>, ApiError> {
    if let Some(token_id) = TokenId::parse(&identifier)
        && let Some((_, token)) = tokens::find(&app, &caller.merchant, &token_id).await?
    {
        let view = provider_view(&token).ok_or(
            ApiError::of(ErrorCode::TokenNotFound)
                .because("token", "the token has no service provider token yet"),
        )?;
        return Ok(Json(ServiceProviderTokens::One(view)));
    }
    let customer_id =
        CustomerId::parse(&identifier).ok_or(ApiError::of(ErrorCode::TokenNotFound))?;
    let (_, decided) = tokens::list(&app, &caller.merchant, &customer_id)
        .await
        .map_err(|error| match error {
            tokens::TokenError::CustomerNotFound => ApiError::of(ErrorCode::TokenNotFound),
            other => other.into(),
        })?;
    let tokens = decided
        .iter()
        .filter_map(|decided| provider_view(&decided.token))
        .collect();
    Ok(Json(ServiceProviderTokens::List(
        ServiceProviderTokenListView {
            customer_id: identifier,
            tokens,
        },
    )))
}

/// One or a list, by what the identifier names.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum ServiceProviderTokens {
    /// Of a token.
    One(ServiceProviderTokenView),
    /// Of a customer.
    List(ServiceProviderTokenListView),
}

/// A cryptogram for one payment, when the card can be used. It is never stored.
#[utoipa::path(post, path = "/api/v1/tokens/{token_id}/token-transactional-data", operation_id = "generate_cryptogram", tag = "Tokens", params(("token_id" = String, Path)), request_body = CryptogramRequest, responses((status = 201, body = CryptogramView), Refusals))]
pub async fn generate_cryptogram(
    State(app): State<Arc<Onfile>>,
    caller: Caller,
    Path(token_id): Path<String>,
    Body(body): Body<CryptogramRequest>,
) -> Result<(StatusCode, Json<CryptogramView>), ApiError> {
    unique_reference(body.merchant_unique_reference)?;
    let service_provider_token_id =
        required("service_provider_token_id", body.service_provider_token_id)?;
    let wanted = ServiceProviderTokenId::parse(&service_provider_token_id).ok_or_else(|| {
        ApiError::field("service_provider_token_id", "does not belong to this token")
    })?;
    let (token, made) = tokens::generate_cryptogram(
        &app,
        &caller.merchant,
        &caller.by,
        &known(&token_id)?,
        &wanted,
    )
    .await?;
    let view = CryptogramView {
        token_id,
        merchant_token_reference: token.merchant_token_reference.as_str().to_owned(),
        service_provider_token_id,
        token_data: CryptogramData {
            cryptogram: made.cryptogram,
            token_reference: made.token_reference,
            payment_account_reference: made.payment_account_reference,
            token_expiry_month: made.token_expiry_month,
            token_expiry_year: made.token_expiry_year,
        },
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Removes a token by its id alone.
#[utoipa::path(post, path = "/api/v1/tokens/{token_id}/delete", operation_id = "delete_token_by_token_id", tag = "Tokens", params(("token_id" = String, Path), Header), responses((status = 200, body = DeletedTokenView), Refusals))]
pub async fn delete_token_by_token_id(
    State(app): State<Arc<Onfile>>,
    Path(token_id): Path<String>,
    Once { caller, key, .. }: Once<OptionalBody<Ignored>>,
) -> Result<Response, ApiError> {
    let Pending { work, value: owner } =
        tokens::remove(&app, &caller.merchant, &caller.by, None, &known(&token_id)?).await?;
    let view = DeletedTokenView {
        token_id,
        status: "DELETED".to_owned(),
    };
    let about = About::Customer(owner);
    key.answer(&app, &caller, work, StatusCode::OK, &view, about)
        .await
}

/// This operation has no body; an empty object is as good as none.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignored {}

fn known(token_id: &str) -> Result<TokenId, ApiError> {
    TokenId::parse(token_id).ok_or(ApiError::of(ErrorCode::TokenNotFound))
}

fn unique_reference(value: Option<String>) -> Result<String, ApiError> {
    let reference = required("merchant_unique_reference", value)?;
    Reference::parse(&reference)
        .map_err(|invalid| ApiError::field("merchant_unique_reference", invalid))?;
    Ok(reference)
}

/// At most as much as an encrypted card takes; anything longer is something else.
const LONGEST_ENCRYPTED: usize = 8_192;
const LONGEST_ACQUIRER_FIELD: usize = 100;

fn parse(body: GenerateTokenRequest) -> Result<NewToken, ApiError> {
    let customer_id = required("customer_id", body.customer_id)?;
    let reference = required("merchant_token_reference", body.merchant_token_reference)?;
    let merchant_token_reference = Reference::parse(&reference)
        .map_err(|invalid| ApiError::field("merchant_token_reference", invalid))?;
    if required("payment_method", body.payment_method)? != "CARD" {
        return Err(ApiError::field("payment_method", "must be CARD"));
    }
    let option = body
        .payment_option
        .ok_or_else(|| ApiError::field("payment_option", Invalid::Required))?;
    let encrypted = required(
        "payment_option.encrypted_card_details",
        option.encrypted_card_details,
    )?;
    if encrypted.len() > LONGEST_ENCRYPTED {
        return Err(ApiError::field(
            "payment_option.encrypted_card_details",
            Invalid::TooLong(LONGEST_ENCRYPTED),
        ));
    }
    let acquirer = body
        .payment
        .unwrap_or_default()
        .acquirer_data
        .unwrap_or_default();
    let merchant_metadata: Metadata = metadata(body.merchant_metadata)?;
    let mut evidence = Vec::new();
    for (name, value) in [
        ("auth_reference", acquirer.auth_reference),
        ("acquirer_reference", acquirer.acquirer_reference),
        ("rrn", acquirer.rrn),
        ("approval_code", acquirer.approval_code),
    ] {
        let value = given(value);
        if value.as_ref().is_some_and(|value| {
            value.len() > LONGEST_ACQUIRER_FIELD || value.chars().any(char::is_control)
        }) {
            return Err(ApiError::field(
                &format!("payment.acquirer_data.{name}"),
                Invalid::TooLong(LONGEST_ACQUIRER_FIELD),
            ));
        }
        evidence.push(value);
    }
    // One canonical text of the parsed request: spelling and order of the JSON do not matter.
    let canonical_request = serde_json::to_vec(&(
        &customer_id,
        &reference,
        &encrypted,
        &evidence,
        &merchant_metadata,
    ))
    .map_err(|_| ApiError::of(ErrorCode::InternalError))?;
    Ok(NewToken {
        customer_id: known_customer(&customer_id)?,
        merchant_token_reference,
        canonical_request,
        afa_reference: evidence.into_iter().flatten().next(),
        merchant_metadata,
    })
}

fn view(
    Decided {
        token,
        decision,
        consent: _,
    }: &Decided,
) -> TokenView {
    TokenView {
        token_id: token.token_id.to_string(),
        merchant_token_reference: token.merchant_token_reference.as_str().to_owned(),
        customer_id: token.customer_id.to_string(),
        status: token.status,
        payment_method: token.payment_method,
        expired_at: token.expired_at,
        created_at: token.created_at,
        updated_at: token.updated_at,
        status_reason: token.status_reason.clone(),
        merchant_metadata: (!token.merchant_metadata.is_empty())
            .then(|| token.merchant_metadata.pairs().clone()),
        card_data: token.card.clone(),
        is_compliant: token.is_compliant,
        decision: decision.clone(),
    }
}

fn provider_view(token: &CardToken) -> Option<ServiceProviderTokenView> {
    Some(ServiceProviderTokenView {
        token_id: token.token_id.to_string(),
        customer_id: token.customer_id.to_string(),
        merchant_token_reference: token.merchant_token_reference.as_str().to_owned(),
        status: token.status,
        payment_method: token.payment_method,
        card_data: token.card.clone(),
        service_provider_token_id: token.service_provider_token_id.as_ref()?.to_string(),
        created_at: token.created_at,
        updated_at: token.updated_at,
    })
}
