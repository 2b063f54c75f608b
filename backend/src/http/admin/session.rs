//! Signing in and out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use shared::api::admin::{AdminSessionView, SignInRequest};
use shared::api::error::ErrorCode;
use shared::customer::Invalid;

use crate::app::Onfile;
use crate::http::auth::{ADMIN_COOKIE, SigningIn, Viewer};
use crate::http::body::Body;
use crate::http::error::{ApiError, Refusals};
use crate::service::admins::{self, Admin};

/// Signs in.
#[utoipa::path(post, path = "/admin/v1/session", operation_id = "sign_in", tag = "Session", security(()), request_body = SignInRequest, responses((status = 200, body = AdminSessionView), Refusals))]
pub async fn sign_in(
    State(app): State<Arc<Onfile>>,
    SigningIn(by): SigningIn,
    Body(body): Body<SignInRequest>,
) -> Result<(HeaderMap, Json<AdminSessionView>), ApiError> {
    let required = |field: &str, value: Option<String>| {
        value
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::field(field, Invalid::Required))
    };
    let email = required("email", body.email)?;
    let password = required("password", body.password)?;
    let totp = body.totp.filter(|code| !code.is_empty());
    if totp.is_some_and(|code| shared::verification::parse_code(&code).is_none()) {
        return Err(ApiError::field("totp", "must be six digits"));
    }
    // Longer than anybody's: not worth the hashing.
    if email.len() > 254 || password.len() > 1_024 {
        return Err(ApiError::of(ErrorCode::AuthenticationFailed));
    }
    let (admin, token) = admins::sign_in(&app, &by, &email, &password).await?;
    Ok((
        set_cookie(&format!(
            "{ADMIN_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200"
        ))?,
        Json(view(&admin)),
    ))
}

/// Who is signed in.
#[utoipa::path(get, path = "/admin/v1/session", operation_id = "get_admin_session", tag = "Session", responses((status = 200, body = AdminSessionView), Refusals))]
pub async fn get_session(Viewer { admin, .. }: Viewer) -> Json<AdminSessionView> {
    Json(view(&admin))
}

/// Signs out.
#[utoipa::path(delete, path = "/admin/v1/session", operation_id = "sign_out", tag = "Session", responses((status = 204), Refusals))]
pub async fn sign_out(
    State(app): State<Arc<Onfile>>,
    Viewer { admin, by, token }: Viewer,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    admins::sign_out(&app, &by, &admin, &token).await?;
    Ok((
        StatusCode::NO_CONTENT,
        set_cookie(&format!(
            "{ADMIN_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"
        ))?,
    ))
}

fn view(admin: &Admin) -> AdminSessionView {
    AdminSessionView {
        email: admin.email.clone(),
        role: admin.role,
        merchant_name: admin.merchant.name.clone(),
        expires_at: admin.expires_at,
    }
}

fn set_cookie(cookie: &str) -> Result<HeaderMap, ApiError> {
    let value =
        HeaderValue::from_str(cookie).map_err(|_| ApiError::of(ErrorCode::InternalError))?;
    Ok(HeaderMap::from_iter([(header::SET_COOKIE, value)]))
}
