//! The Merchant API. source of its shape: Pine Labs Online, Customers and Tokenization.

pub mod access_tokens;
pub mod checkout_sessions;
pub mod customers;
pub mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use shared::api::error::ErrorBody;
use shared::customer::{Invalid, Metadata};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::ApiError;
use crate::app::Onfile;

#[derive(OpenApi)]
#[openapi(
    info(title = "Onfile Merchant API", description = "Customers and card tokens, as existing clients of the Pine Labs Online API call them, and checkout sessions.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(ErrorBody)),
    modifiers(&Bearer),
    security(("access_token" = [])),
)]
struct Description;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("From POST /api/auth/v1/token."))
            .build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("access_token", SecurityScheme::Http(scheme));
    }
}

/// The routes and their description.
pub fn router() -> (Router<Arc<Onfile>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(access_tokens::generate_token))
        .routes(routes!(
            customers::create_customer,
            customers::get_customer_details
        ))
        .routes(routes!(customers::identify_customer))
        .routes(routes!(
            customers::get_customer_by_id,
            customers::update_customer,
            customers::put_customer
        ))
        .routes(routes!(tokens::generate_card_token))
        .routes(routes!(tokens::get_customer_tokens_by_customer_id))
        .routes(routes!(tokens::get_customer_token_by_token_id))
        .routes(routes!(tokens::delete_customer_token))
        .routes(routes!(tokens::get_service_provider_token))
        .routes(routes!(tokens::generate_cryptogram))
        .routes(routes!(tokens::delete_token_by_token_id))
        .routes(routes!(checkout_sessions::create_checkout_session))
        .routes(routes!(checkout_sessions::get_checkout_session))
        .split_for_parts()
}

/// A given text; `""` is absent.
fn given(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.is_empty())
}

/// A text that must be given.
fn required(field: &str, value: Option<String>) -> Result<String, ApiError> {
    given(value).ok_or_else(|| ApiError::field(field, Invalid::Required))
}

/// A text that may be given, parsed.
fn parsed<T>(
    field: &str,
    value: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<Option<T>, ApiError> {
    given(value)
        .map(|text| parse(&text))
        .transpose()
        .map_err(|invalid| ApiError::field(field, invalid))
}

fn metadata(pairs: Option<BTreeMap<String, String>>) -> Result<Metadata, ApiError> {
    Metadata::parse(pairs.unwrap_or_default()).map_err(|(key, invalid)| {
        let field = key.map_or_else(
            || "merchant_metadata".to_owned(),
            |key| format!("merchant_metadata.{key}"),
        );
        ApiError::field(&field, invalid)
    })
}
