//! Who asks: credentials as extractors. A handler that takes one of these cannot be reached without it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use shared::api::admin::Role;
use shared::api::error::ErrorCode;
use shared::customer::Actor;

use super::envelope::{Address, RequestId};
use super::error::ApiError;
use crate::app::Onfile;
use crate::service::admins::{self, Admin};
use crate::service::checkout_sessions::{self, Entrance, Session};
use crate::service::{By, Merchant, access, merchants};

/// The cookie of an admin's session.
pub const ADMIN_COOKIE: &str = "__Host-onfile-admin";
/// The cookie of a frame.
pub const FRAME_COOKIE: &str = "__Host-onfile-frame";

fn by(parts: &Parts, actor: Actor, actor_id: String) -> By {
    By {
        actor,
        actor_id,
        address: parts
            .extensions
            .get::<Address>()
            .and_then(|address| address.0),
        request_id: parts
            .extensions
            .get::<RequestId>()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// The value of a cookie.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| {
            pair.trim()
                .split_once('=')
                .filter(|(found, _)| *found == name)
                .map(|(_, value)| value)
        })
}

fn fetch_site(headers: &HeaderMap) -> Option<&str> {
    headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok())
}

/// A merchant's secret belongs on a server: whoever sends it from a page has leaked it.
///
/// # Errors
/// [`ErrorCode::PermissionDenied`] for a request that a browser's page sent.
pub fn refuse_browsers(parts: &Parts) -> Result<(), ApiError> {
    if parts.headers.contains_key(header::ORIGIN) || fetch_site(&parts.headers).is_some() {
        tracing::warn!(
            request_id = parts.extensions.get::<RequestId>().map(|id| id.0.as_str()),
            "a merchant credential was sent from a browser and refused"
        );
        return Err(ApiError::of(ErrorCode::PermissionDenied).because(
            "authentication",
            "this API is for the merchant's server, never for a page: keep the client secret there",
        ));
    }
    Ok(())
}

/// A merchant's server, by its access token.
pub struct Caller {
    /// Whose server.
    pub merchant: Arc<Merchant>,
    /// Who asks.
    pub by: By,
}

impl FromRequestParts<Arc<Onfile>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Onfile>) -> Result<Self, ApiError> {
        refuse_browsers(parts)?;
        let unauthorised = || ApiError::of(ErrorCode::AuthenticationFailed);
        let claims = bearer(&parts.headers)
            .and_then(|token| access::verify_token(app, token))
            .ok_or_else(unauthorised)?;
        let merchant_id = access::merchant_of(&claims).ok_or_else(unauthorised)?;
        let merchant = merchants::get(app, &merchant_id)
            .await?
            .ok_or_else(unauthorised)?;
        Ok(Self {
            merchant,
            by: by(parts, Actor::Merchant, claims.client_id),
        })
    }
}

/// Whoever asks for an access token: known only by address.
pub struct Anyone(pub By);

impl FromRequestParts<Arc<Onfile>> for Anyone {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<Onfile>) -> Result<Self, ApiError> {
        refuse_browsers(parts)?;
        Ok(Self(by(parts, Actor::Merchant, String::new())))
    }
}

/// The widget, by its session's secret or its frame's cookie.
pub struct InSession {
    /// The session.
    pub session: Session,
    /// Who asks.
    pub by: By,
    /// By which credential.
    pub entrance: Entrance,
}

impl FromRequestParts<Arc<Onfile>> for InSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Onfile>) -> Result<Self, ApiError> {
        let (credential, entrance) =
            match (bearer(&parts.headers), cookie(&parts.headers, FRAME_COOKIE)) {
                (Some(secret), _) => (secret, Entrance::Secret),
                (None, Some(cookie)) => (cookie, Entrance::Cookie),
                (None, None) => return Err(ApiError::of(ErrorCode::AuthenticationFailed)),
            };
        let session = checkout_sessions::authenticate(app, credential, entrance).await?;
        let origin = text(&parts.headers, &header::ORIGIN);
        let allowed = match (origin, entrance) {
            (Some(origin), Entrance::Secret) => {
                origin == session.record.origin || origin == app.public_url
            }
            // A cookie goes along with any page's request, so only our own page may use it. A form
            // posted from a page without a referrer has the origin `null` and says where it is from.
            (Some(origin), Entrance::Cookie) => {
                origin == app.public_url
                    || (origin == "null" && fetch_site(&parts.headers) == Some("same-origin"))
            }
            (None, _) => fetch_site(&parts.headers)
                .is_none_or(|site| site == "same-origin" || site == "none"),
        };
        if !allowed {
            return Err(ApiError::of(ErrorCode::OriginNotAllowed));
        }
        Ok(Self {
            session,
            by: by(parts, Actor::Shopper, String::new()),
            entrance,
        })
    }
}

/// Any admin.
pub struct Viewer {
    /// Who.
    pub admin: Admin,
    /// Who asks.
    pub by: By,
    /// The session's token.
    pub token: String,
}

impl FromRequestParts<Arc<Onfile>> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Onfile>) -> Result<Self, ApiError> {
        same_origin(parts)?;
        let unauthorised = || ApiError::of(ErrorCode::AuthenticationFailed);
        let token = cookie(&parts.headers, ADMIN_COOKIE)
            .ok_or_else(unauthorised)?
            .to_owned();
        let admin = admins::authenticate(app, &token)
            .await?
            .ok_or_else(unauthorised)?;
        let by = admins::by_admin(&by(parts, Actor::Admin, String::new()), &admin);
        Ok(Self { admin, by, token })
    }
}

/// Whoever signs in to the admin page, from the admin page.
pub struct SigningIn(pub By);

impl FromRequestParts<Arc<Onfile>> for SigningIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<Onfile>) -> Result<Self, ApiError> {
        same_origin(parts)?;
        Ok(Self(by(parts, Actor::Admin, String::new())))
    }
}

/// Refuses what another site's page sends: beside the cookie's `SameSite=Strict`, the browser's own
/// word about where a request comes from.
fn same_origin(parts: &Parts) -> Result<(), ApiError> {
    let foreign_site =
        fetch_site(&parts.headers).is_some_and(|site| site != "same-origin" && site != "none");
    let host = parts.headers.get(header::HOST).map(HeaderValue::as_bytes);
    let foreign_origin = text(&parts.headers, &header::ORIGIN).is_some_and(|origin| {
        origin
            .split_once("://")
            .map(|(_, authority)| authority.as_bytes())
            != host
    });
    if foreign_site || foreign_origin {
        Err(ApiError::of(ErrorCode::OriginNotAllowed))
    } else {
        Ok(())
    }
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $role:ident;)*) => {$(
        $(#[$doc])*
        pub struct $name {
            /// Who.
            pub admin: Admin,
            /// Who asks.
            pub by: By,
        }

        impl FromRequestParts<Arc<Onfile>> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &Arc<Onfile>) -> Result<Self, ApiError> {
                let Viewer { admin, by, token: _ } = Viewer::from_request_parts(parts, app).await?;
                if admin.role < Role::$role {
                    return Err(ApiError::of(ErrorCode::PermissionDenied).because("role", format!("the role {} may not do this", admin.role.as_str())));
                }
                Ok(Self { admin, by })
            }
        }
    )*};
}

roles! {
    /// An admin who may reveal a customer.
    Support = Support;
    /// An admin who may move a status.
    Officer = Officer;
}
