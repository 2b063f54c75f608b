//! HTTP: extract, call one service method, map. No rules, no SQL.
//!
//! [`envelope`] surrounds everything: request ids, limits on headers, the card number guard on what a
//! request names, security headers, and the one error body. Permissions are extractors in a handler's
//! signature ([`auth`]); bodies are read by [`body`].

#![expect(
    clippy::missing_errors_doc,
    reason = "every handler and extractor answers ApiError; the OpenAPI documents say which"
)]

pub mod admin;
pub mod assets;
pub mod auth;
pub mod body;
pub mod checkout;
pub mod envelope;
pub mod error;
pub mod health;
pub mod idempotency;
pub mod merchant;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use shared::api::error::ErrorCode;

use crate::app::Onfile;
use error::ApiError;

/// The public listener: Merchant API, Checkout API, widget, descriptions.
pub fn public(app: &Arc<Onfile>) -> Router {
    let (merchant, merchant_description) = merchant::router();
    let (checkout, checkout_description) = checkout::router();
    let described = Router::new()
        .route(
            "/api/openapi.json",
            assets::description(merchant_description),
        )
        .route(
            "/checkout/openapi.json",
            assets::description(checkout_description),
        );
    finish(
        app,
        merchant
            .layer(from_fn(idempotency::finish_what_is_begun))
            .merge(checkout)
            .with_state(Arc::clone(app))
            .merge(described)
            .merge(assets::widget()),
    )
}

/// The admin listener: page, Admin API, its description, health and metrics.
pub fn admin(app: &Arc<Onfile>) -> Router {
    let (admin, description) = admin::router();
    let described = Router::new().route("/admin/v1/openapi.json", assets::description(description));
    finish(
        app,
        admin
            .merge(health::router())
            .with_state(Arc::clone(app))
            .merge(described)
            .merge(assets::admin()),
    )
}

fn finish(app: &Arc<Onfile>, router: Router) -> Router {
    router
        .fallback(async |method: Method, uri: Uri| {
            ApiError::of(ErrorCode::RouteNotFound).because(
                "route",
                format!("{method} {} is not known here", uri.path()),
            )
        })
        .method_not_allowed_fallback(async |method: Method| {
            ApiError::of(ErrorCode::MethodNotAllowed)
                .because("route", format!("this path does not take {method}"))
        })
        .layer(from_fn_with_state(Arc::clone(app), envelope::wrap))
}
