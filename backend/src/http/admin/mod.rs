//! The Admin API, spoken by the admin page under a session cookie.

pub mod customers;
pub mod session;

use std::sync::Arc;

use axum::Router;
use shared::api::error::ErrorBody;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::ADMIN_COOKIE;
use crate::app::Onfile;

#[derive(OpenApi)]
#[openapi(
    info(title = "Onfile Admin API", description = "What the admin page speaks, under the session cookie of one admin.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(ErrorBody)),
    modifiers(&Cookie),
    security(("admin_session" = [])),
)]
struct Description;

struct Cookie;

impl utoipa::Modify for Cookie {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(ADMIN_COOKIE)));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("admin_session", scheme);
    }
}

/// The routes and their description.
pub fn router() -> (Router<Arc<Onfile>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(
            session::sign_in,
            session::get_session,
            session::sign_out
        ))
        .routes(routes!(customers::search))
        .routes(routes!(customers::get_customer))
        .routes(routes!(customers::reveal))
        .routes(routes!(customers::suspend))
        .routes(routes!(customers::lift))
        .routes(routes!(customers::activate))
        .routes(routes!(customers::delete))
        .split_for_parts()
}
