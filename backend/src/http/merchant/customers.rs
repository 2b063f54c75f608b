//! Customers. source: Pine Labs Online, Create / Get / Update Customer; `identify` is ours.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use shared::api::Change;
use shared::api::error::ErrorCode;
use shared::api::merchant::{
    CreateCustomerRequest, CustomerDetailsQuery, CustomerView, UpdateCustomerRequest,
};
use shared::customer::{
    Address, CountryCode, Customer, CustomerState, Email, Gstin, Invalid, Name, PhoneNumber,
    Profile, Reference,
};
use shared::id::CustomerId;

use super::{given, metadata, parsed};
use crate::app::Onfile;
use crate::http::auth::Caller;
use crate::http::body::{Body, Params};
use crate::http::error::{ApiError, Refusals};
use crate::http::idempotency::{Header, Once};
use crate::service::Pending;
use crate::service::creations;
use crate::service::customers::{self, CustomerChange};
use crate::service::idempotency::About;

/// Creates an INACTIVE customer.
#[utoipa::path(post, path = "/api/v1/customer", operation_id = "create_customer", tag = "Customers", params(Header), request_body = CreateCustomerRequest, responses((status = 201, body = CustomerView), Refusals))]
pub async fn create_customer(
    State(app): State<Arc<Onfile>>,
    Once { caller, body, key }: Once<Body<CreateCustomerRequest>>,
) -> Result<Response, ApiError> {
    let profile = parse_profile(body.0)?;
    let created = StatusCode::CREATED;
    let kept = |customer: &Customer| {
        let about = About::Customer(customer.customer_id.clone());
        key.kept(&app, &caller, created, || view(customer.clone()), about)
    };
    let customer = creations::create(&app, &caller.merchant, &caller.by, profile, kept).await?;
    Ok((created, Json(view(customer))).into_response())
}

/// Gets the customer with this phone or reference, or creates one (ours).
#[utoipa::path(post, path = "/api/v1/customer/identify", operation_id = "identify_customer", tag = "Customers", params(Header), request_body = CreateCustomerRequest, responses((status = 201, body = CustomerView, description = "Created."), (status = 200, body = CustomerView, description = "On file already."), Refusals))]
pub async fn identify_customer(
    State(app): State<Arc<Onfile>>,
    Once { caller, body, key }: Once<Body<CreateCustomerRequest>>,
) -> Result<Response, ApiError> {
    let profile = parse_profile(body.0)?;
    let status = |is_new| {
        if is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        }
    };
    let kept = |customer: &Customer, is_new| {
        let about = About::Customer(customer.customer_id.clone());
        key.kept(
            &app,
            &caller,
            status(is_new),
            || view(customer.clone()),
            about,
        )
    };
    let (customer, is_new) =
        creations::identify(&app, &caller.merchant, &caller.by, profile, kept).await?;
    Ok((status(is_new), Json(view(customer))).into_response())
}

/// Gets a customer; a deleted one is a tombstone.
#[utoipa::path(get, path = "/api/v1/customer/{customer_id}", operation_id = "get_customer_by_id", tag = "Customers", params(("customer_id" = String, Path)), responses((status = 200, body = CustomerView), Refusals))]
pub async fn get_customer_by_id(
    State(app): State<Arc<Onfile>>,
    caller: Caller,
    Path(customer_id): Path<String>,
) -> Result<Json<CustomerView>, ApiError> {
    let customer = customers::get(&app, &caller.merchant, &known(&customer_id)?).await?;
    Ok(Json(view(customer)))
}

/// Finds the living customer that everything given matches.
#[utoipa::path(get, path = "/api/v1/customer", operation_id = "get_customer_details", tag = "Customers", params(CustomerDetailsQuery), responses((status = 200, body = CustomerView), Refusals))]
pub async fn get_customer_details(
    State(app): State<Arc<Onfile>>,
    caller: Caller,
    Params(query): Params<CustomerDetailsQuery>,
) -> Result<Json<CustomerView>, ApiError> {
    let reference = parsed(
        "merchant_customer_reference",
        query.merchant_customer_reference,
        Reference::parse,
    )?;
    let phone = phone(query.country_code, query.mobile_number)?;
    if reference.is_none() && phone.is_none() {
        return Err(ApiError::field(
            "mobile_number",
            "or merchant_customer_reference is required to look a customer up",
        ));
    }
    let customer =
        customers::find(&app, &caller.merchant, reference.as_ref(), phone.as_ref()).await?;
    Ok(Json(view(customer)))
}

/// Changes what is sent; `null` or `""` clears.
#[utoipa::path(patch, path = "/api/v1/customer/{customer_id}", operation_id = "update_customer", tag = "Customers", params(("customer_id" = String, Path), Header), request_body = UpdateCustomerRequest, responses((status = 200, body = CustomerView), Refusals))]
pub async fn update_customer(
    State(app): State<Arc<Onfile>>,
    Path(customer_id): Path<String>,
    Once { caller, body, key }: Once<Body<UpdateCustomerRequest>>,
) -> Result<Response, ApiError> {
    let customer_id = known(&customer_id)?;
    let change = parse_change(&app, &caller, &customer_id, body.0).await?;
    let Pending { work, value } =
        customers::update(&app, &caller.merchant, &caller.by, &customer_id, change).await?;
    let about = About::Customer(customer_id);
    key.answer(&app, &caller, work, StatusCode::OK, &view(value), about)
        .await
}

/// The same as PATCH, for clients that say PUT.
#[utoipa::path(put, path = "/api/v1/customer/{customer_id}", operation_id = "put_customer", tag = "Customers", params(("customer_id" = String, Path), Header), request_body = UpdateCustomerRequest, responses((status = 200, body = CustomerView), Refusals))]
pub async fn put_customer(
    state: State<Arc<Onfile>>,
    path: Path<String>,
    request: Once<Body<UpdateCustomerRequest>>,
) -> Result<Response, ApiError> {
    update_customer(state, path, request).await
}

/// An id from a path: text that can be no id is simply not found.
pub(super) fn known(customer_id: &str) -> Result<CustomerId, ApiError> {
    CustomerId::parse(customer_id).ok_or(ApiError::of(ErrorCode::CustomerNotFound))
}

/// A phone from its two fields: both, or the number alone with India's code.
pub(super) fn phone(
    country_code: Option<String>,
    mobile_number: Option<String>,
) -> Result<Option<PhoneNumber>, ApiError> {
    let country = parsed("country_code", country_code, CountryCode::parse)?;
    match (given(mobile_number), country) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ApiError::field(
            "mobile_number",
            "is required when country_code is given",
        )),
        (Some(digits), country) => {
            let phone =
                crate::phone::normalise(country.unwrap_or_else(CountryCode::india), &digits);
            phone
                .map(Some)
                .map_err(|invalid| ApiError::field("mobile_number", invalid))
        }
    }
}

fn address(field: &str, value: Option<Address>) -> Result<Option<Address>, ApiError> {
    value
        .map_or(Ok(None), Address::parse)
        .map_err(|(part, invalid)| ApiError::field(&format!("{field}.{part}"), invalid))
}

fn parse_profile(body: CreateCustomerRequest) -> Result<Profile, ApiError> {
    let profile = Profile {
        merchant_customer_reference: parsed(
            "merchant_customer_reference",
            body.merchant_customer_reference,
            Reference::parse,
        )?,
        first_name: parsed("first_name", body.first_name, Name::parse)?,
        last_name: parsed("last_name", body.last_name, Name::parse)?,
        phone: phone(body.country_code, body.mobile_number)?,
        email: parsed("email_id", body.email_id, Email::parse)?,
        billing_address: address("billing_address", body.billing_address)?,
        shipping_address: address("shipping_address", body.shipping_address)?,
        gstin: parsed("gstin", body.gstin, Gstin::parse)?,
        merchant_metadata: metadata(body.merchant_metadata)?,
    };
    if profile.phone.is_none() && profile.merchant_customer_reference.is_none() {
        return Err(ApiError::field(
            "mobile_number",
            "or merchant_customer_reference is required",
        ));
    }
    Ok(profile)
}

fn change<T>(
    field: &str,
    value: Change<String>,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<Change<T>, ApiError> {
    Ok(match value {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(text) => parsed(field, Some(text), parse)?.map_or(Change::Clear, Change::Set),
    })
}

fn change_address(field: &str, value: Change<Address>) -> Result<Change<Address>, ApiError> {
    Ok(match value {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(value) => address(field, Some(value))?.map_or(Change::Clear, Change::Set),
    })
}

async fn parse_change(
    app: &Onfile,
    caller: &Caller,
    customer_id: &CustomerId,
    body: UpdateCustomerRequest,
) -> Result<CustomerChange, ApiError> {
    Ok(CustomerChange {
        merchant_customer_reference: change(
            "merchant_customer_reference",
            body.merchant_customer_reference,
            Reference::parse,
        )?,
        first_name: change("first_name", body.first_name, Name::parse)?,
        last_name: change("last_name", body.last_name, Name::parse)?,
        phone: change_phone(
            app,
            caller,
            customer_id,
            body.country_code,
            body.mobile_number,
        )
        .await?,
        email: change("email_id", body.email_id, Email::parse)?,
        billing_address: change_address("billing_address", body.billing_address)?,
        shipping_address: change_address("shipping_address", body.shipping_address)?,
        gstin: change("gstin", body.gstin, Gstin::parse)?,
        merchant_metadata: match body.merchant_metadata {
            Change::Keep => Change::Keep,
            Change::Clear => Change::Clear,
            Change::Set(pairs) => Change::Set(metadata(Some(pairs))?),
        },
        status: body.status,
    })
}

/// Number and code change together: a number alone keeps the customer's code, a code alone is refused.
async fn change_phone(
    app: &Onfile,
    caller: &Caller,
    customer_id: &CustomerId,
    country_code: Change<String>,
    mobile_number: Change<String>,
) -> Result<Change<PhoneNumber>, ApiError> {
    let set = |value: Change<String>| match value {
        Change::Set(text) => given(Some(text)),
        Change::Keep | Change::Clear => None,
    };
    let code_is_sent = !country_code.is_keep();
    let (code, number_is_sent) = (set(country_code), !mobile_number.is_keep());
    // What is wrong with the code itself comes before what it lacks.
    parsed("country_code", code.clone(), CountryCode::parse)?;
    match (number_is_sent, set(mobile_number)) {
        (false, _) if !code_is_sent => Ok(Change::Keep),
        (false, _) => Err(ApiError::field(
            "mobile_number",
            "is required when country_code is given",
        )),
        (true, None) => Ok(Change::Clear),
        (true, Some(digits)) => {
            let code = match code {
                Some(code) => Some(code),
                None => customers::get(app, &caller.merchant, customer_id)
                    .await?
                    .profile
                    .phone
                    .map(|phone| phone.country_code().as_str().to_owned()),
            };
            Ok(phone(code, Some(digits))?.map_or(Change::Clear, Change::Set))
        }
    }
}

/// A customer on the wire. What is personal of a deleted one is not told any more.
#[must_use]
pub fn view(customer: Customer) -> CustomerView {
    let profile = if customer.state == CustomerState::Deleted {
        Profile::default()
    } else {
        customer.profile
    };
    let (country_code, mobile_number) = profile.phone.map(PhoneNumber::into_parts).unzip();
    CustomerView {
        customer_id: customer.customer_id.to_string(),
        merchant_customer_reference: text(profile.merchant_customer_reference),
        first_name: text(profile.first_name),
        last_name: text(profile.last_name),
        country_code: text(country_code),
        mobile_number: text(mobile_number),
        email_id: text(profile.email),
        billing_address: profile.billing_address,
        shipping_address: profile.shipping_address,
        gstin: text(profile.gstin),
        merchant_metadata: (!profile.merchant_metadata.is_empty())
            .then(|| profile.merchant_metadata.into_pairs()),
        status: customer.state.status(),
        created_at: customer.created_at,
        updated_at: customer.updated_at,
    }
}

/// What is missing is an empty text on the wire.
fn text(value: Option<impl Into<String>>) -> String {
    value.map(Into::into).unwrap_or_default()
}
