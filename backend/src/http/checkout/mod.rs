//! The Checkout API, spoken by the widget, and the frame's page, which speaks it for browsers without
//! scripts.

pub mod calls;
pub mod frame;
pub mod views;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use shared::api::error::ErrorBody;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Onfile;

#[derive(OpenApi)]
#[openapi(
    info(title = "Onfile Checkout API", description = "What the checkout widget speaks, under the secret of one checkout session.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(ErrorBody)),
    modifiers(&Bearer),
    security(("session_secret" = [])),
)]
struct Description;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The session_secret that the merchant's server minted, or the newer one that a right code answered.")).build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("session_secret", SecurityScheme::Http(scheme));
    }
}

/// The routes and their description.
pub fn router() -> (Router<Arc<Onfile>>, utoipa::openapi::OpenApi) {
    let (calls, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(calls::get_session))
        .routes(routes!(calls::start_verification))
        .routes(routes!(calls::enter_code))
        .routes(routes!(calls::resend_code))
        .routes(routes!(calls::get_customer, calls::update_customer))
        .routes(routes!(calls::select))
        .routes(routes!(calls::remove_token))
        .routes(routes!(calls::leave))
        .split_for_parts();
    let frame = Router::new()
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}",
            get(frame::page),
        )
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}/cookie",
            post(frame::exchange_secret),
        )
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}/phone",
            post(frame::phone),
        )
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}/code",
            post(frame::code),
        )
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}/resend",
            post(frame::resend),
        )
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}/select",
            post(frame::select),
        )
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}/remove",
            post(frame::remove),
        )
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}/profile",
            post(frame::profile),
        )
        .route(
            "/widget/v1/frame/{merchant_id}/{session_id}/leave",
            post(frame::leave),
        );
    // The page is drawn for each request, so it is compressed then; it holds no secret that its length
    // could tell. Files were compressed when they were built.
    (
        calls.merge(frame.layer(CompressionLayer::new())),
        description,
    )
}
