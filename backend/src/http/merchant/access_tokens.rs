//! `POST /api/auth/v1/token`. source: Pine Labs Online, Generate Token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::api::error::ErrorCode;
use shared::api::merchant::{AccessTokenRequest, AccessTokenView};

use super::required;
use crate::app::Onfile;
use crate::http::auth::Anyone;
use crate::http::body::Body;
use crate::http::error::{ApiError, Refusals};
use crate::service::access;

/// Gives an access token for an API key. An `Authorization` header is ignored here: published clients
/// always send one.
#[utoipa::path(post, path = "/api/auth/v1/token", operation_id = "generate_token", tag = "Authentication", security(()), request_body = AccessTokenRequest, responses((status = 200, body = AccessTokenView), Refusals))]
pub async fn generate_token(
    State(app): State<Arc<Onfile>>,
    Anyone(_by): Anyone,
    Body(body): Body<AccessTokenRequest>,
) -> Result<Json<AccessTokenView>, ApiError> {
    let client_id = required("client_id", body.client_id)?;
    let client_secret = required("client_secret", body.client_secret)?;
    if required("grant_type", body.grant_type)? != "client_credentials" {
        return Err(ApiError::field("grant_type", "must be client_credentials"));
    }
    if client_id.len() > 100 || client_secret.len() > 300 {
        return Err(ApiError::of(ErrorCode::AuthenticationFailed));
    }
    let token = access::generate_token(&app, &client_id, &client_secret).await?;
    Ok(Json(AccessTokenView {
        access_token: token.access_token,
        expires_at: token.expires_at,
        expires_in: access::LIFETIME_SECONDS,
        token_type: "Bearer".to_owned(),
    }))
}
