//! Customers on the admin page: find, look, reveal, and the moves of a status.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::Timestamp;
use shared::api::admin::{
    AdminTokenView, CustomerDetailView, CustomerPageView, CustomerSummaryView, HistoryEntryView,
    MoveCustomerRequest, ProfileView, RevealCustomerRequest, Role, SearchCustomersRequest,
    ShownDecisionView,
};
use shared::api::error::ErrorCode;
use shared::customer::{
    Actor, Customer, CustomerState, Email, Gstin, Invalid, Move, Name, PhoneNumber, Profile,
    Reference,
};
use shared::id::CustomerId;
use store::PageAfter;

use crate::app::Onfile;
use crate::http::auth::{Officer, Support, Viewer};
use crate::http::body::Body;
use crate::http::error::{ApiError, Refusals};
use crate::service::admins::{self, Admin, Detail};
use crate::service::customers::{self, MoveReason};
use crate::service::work::transition;
use crate::service::{By, Fault};

const PAGE: u32 = 25;
const LARGEST_PAGE: u32 = 100;
const LONGEST_QUERY: usize = 100;
const LONGEST_REASON: usize = 200;
const LONGEST_NOTE: usize = 1_000;

/// Finds customers. The query travels in the body: nothing personal stands in an address.
#[utoipa::path(post, path = "/admin/v1/customers/search", operation_id = "search_customers", tag = "Customers", request_body = SearchCustomersRequest, responses((status = 200, body = CustomerPageView), Refusals))]
pub async fn search(
    State(app): State<Arc<Onfile>>,
    Viewer { admin, .. }: Viewer,
    Body(body): Body<SearchCustomersRequest>,
) -> Result<Json<CustomerPageView>, ApiError> {
    let query = body.query.unwrap_or_default();
    if query.chars().count() > LONGEST_QUERY {
        return Err(ApiError::field("query", Invalid::TooLong(LONGEST_QUERY)));
    }
    let limit = body.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(ApiError::field(
            "limit",
            format!("must be 1 to {LARGEST_PAGE}"),
        ));
    }
    let after = body
        .after
        .filter(|after| !after.is_empty())
        .map(|after| {
            read_cursor(&after)
                .ok_or_else(|| ApiError::field("after", "must be the next of a page before"))
        })
        .transpose()?;
    let page = admins::search(
        &app,
        &admin.merchant,
        &query,
        body.status,
        after.as_ref(),
        limit,
    )
    .await?;
    Ok(Json(CustomerPageView {
        total: page.total,
        customers: page
            .customers
            .iter()
            .map(|(customer, tokens)| summary(customer, *tokens, admin.role))
            .collect(),
        next: page.next.map(|next| write_cursor(&next)),
    }))
}

/// A customer's page.
#[utoipa::path(get, path = "/admin/v1/customers/{customer_id}", operation_id = "get_admin_customer", tag = "Customers", params(("customer_id" = String, Path)), responses((status = 200, body = CustomerDetailView), Refusals))]
pub async fn get_customer(
    State(app): State<Arc<Onfile>>,
    Viewer { admin, .. }: Viewer,
    Path(customer_id): Path<String>,
) -> Result<Json<CustomerDetailView>, ApiError> {
    detail(&app, &admin, &known(&customer_id)?).await
}

/// Reveals a customer's profile; who did and why is kept.
#[utoipa::path(post, path = "/admin/v1/customers/{customer_id}/reveal", operation_id = "reveal_customer", tag = "Customers", params(("customer_id" = String, Path)), request_body = RevealCustomerRequest, responses((status = 200, body = ProfileView), Refusals))]
pub async fn reveal(
    State(app): State<Arc<Onfile>>,
    Support { admin, by }: Support,
    Path(customer_id): Path<String>,
    Body(body): Body<RevealCustomerRequest>,
) -> Result<Json<ProfileView>, ApiError> {
    let reason = reason(body.reason)?;
    let customer =
        admins::reveal(&app, &admin.merchant, &by, &known(&customer_id)?, &reason).await?;
    Ok(Json(profile(&customer, true, admin.role)))
}

/// Bars a customer, with an optional end.
#[utoipa::path(post, path = "/admin/v1/customers/{customer_id}/suspend", operation_id = "suspend_customer", tag = "Customers", params(("customer_id" = String, Path)), request_body = MoveCustomerRequest, responses((status = 200, body = CustomerDetailView), Refusals))]
pub async fn suspend(
    state: State<Arc<Onfile>>,
    officer: Officer,
    path: Path<String>,
    body: Body<MoveCustomerRequest>,
) -> Result<Json<CustomerDetailView>, ApiError> {
    make_move(state, officer, path, body, Move::Suspend).await
}

/// Ends a suspension.
#[utoipa::path(post, path = "/admin/v1/customers/{customer_id}/lift", operation_id = "lift_customer", tag = "Customers", params(("customer_id" = String, Path)), request_body = MoveCustomerRequest, responses((status = 200, body = CustomerDetailView), Refusals))]
pub async fn lift(
    state: State<Arc<Onfile>>,
    officer: Officer,
    path: Path<String>,
    body: Body<MoveCustomerRequest>,
) -> Result<Json<CustomerDetailView>, ApiError> {
    make_move(state, officer, path, body, Move::Lift).await
}

/// Vouches for a customer.
#[utoipa::path(post, path = "/admin/v1/customers/{customer_id}/activate", operation_id = "activate_customer", tag = "Customers", params(("customer_id" = String, Path)), request_body = MoveCustomerRequest, responses((status = 200, body = CustomerDetailView), Refusals))]
pub async fn activate(
    state: State<Arc<Onfile>>,
    officer: Officer,
    path: Path<String>,
    body: Body<MoveCustomerRequest>,
) -> Result<Json<CustomerDetailView>, ApiError> {
    make_move(state, officer, path, body, Move::Activate).await
}

/// Removes a customer for good.
#[utoipa::path(post, path = "/admin/v1/customers/{customer_id}/delete", operation_id = "delete_customer", tag = "Customers", params(("customer_id" = String, Path)), request_body = MoveCustomerRequest, responses((status = 200, body = CustomerDetailView), Refusals))]
pub async fn delete(
    state: State<Arc<Onfile>>,
    officer: Officer,
    path: Path<String>,
    body: Body<MoveCustomerRequest>,
) -> Result<Json<CustomerDetailView>, ApiError> {
    make_move(state, officer, path, body, Move::Delete).await
}

async fn make_move(
    State(app): State<Arc<Onfile>>,
    Officer { admin, by }: Officer,
    Path(customer_id): Path<String>,
    Body(body): Body<MoveCustomerRequest>,
    attempted: Move,
) -> Result<Json<CustomerDetailView>, ApiError> {
    let customer_id = known(&customer_id)?;
    let why = parse_move(&app, body, attempted)?;
    move_status(&app, &admin, &by, &customer_id, attempted, &why).await?;
    detail(&app, &admin, &customer_id).await
}

async fn move_status(
    app: &Onfile,
    admin: &Admin,
    by: &By,
    customer_id: &CustomerId,
    attempted: Move,
    why: &MoveReason,
) -> Result<Customer, ApiError> {
    Ok(customers::move_status(app, &admin.merchant, by, customer_id, attempted, why).await?)
}

fn parse_move(
    app: &Onfile,
    body: MoveCustomerRequest,
    attempted: Move,
) -> Result<MoveReason, ApiError> {
    let note = body
        .note
        .map(|note| note.trim().to_owned())
        .filter(|note| !note.is_empty());
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > LONGEST_NOTE)
    {
        return Err(ApiError::field("note", Invalid::TooLong(LONGEST_NOTE)));
    }
    if let Some(until) = body.until {
        if attempted != Move::Suspend {
            return Err(ApiError::field("until", "belongs to a suspension only"));
        }
        if until <= app.clock.now() {
            return Err(ApiError::field("until", "must be in the future"));
        }
    }
    Ok(MoveReason {
        reason: reason(body.reason)?,
        note,
        until: body.until,
    })
}

fn reason(value: Option<String>) -> Result<String, ApiError> {
    let reason = value
        .map(|reason| reason.trim().to_owned())
        .filter(|reason| !reason.is_empty())
        .ok_or_else(|| ApiError::field("reason", Invalid::Required))?;
    if reason.chars().count() > LONGEST_REASON {
        return Err(ApiError::field("reason", Invalid::TooLong(LONGEST_REASON)));
    }
    Ok(reason)
}

fn known(customer_id: &str) -> Result<CustomerId, ApiError> {
    CustomerId::parse(customer_id).ok_or(ApiError::of(ErrorCode::CustomerNotFound))
}

fn write_cursor(after: &PageAfter) -> String {
    URL_SAFE_NO_PAD.encode(format!(
        "{}.{}",
        after.created_at.as_micros(),
        after.customer_id
    ))
}

fn read_cursor(text: &str) -> Option<PageAfter> {
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (micros, customer_id) = decoded.split_once('.')?;
    Some(PageAfter {
        created_at: Timestamp::from_micros(micros.parse().ok()?),
        customer_id: CustomerId::parse(customer_id)?,
    })
}

async fn detail(
    app: &Onfile,
    admin: &Admin,
    customer_id: &CustomerId,
) -> Result<Json<CustomerDetailView>, ApiError> {
    let Detail {
        customer,
        tokens,
        history,
        decisions,
    } = admins::detail(app, &admin.merchant, customer_id).await?;
    let suspended_until = match customer.state {
        CustomerState::Suspended { until, .. } => until,
        CustomerState::Inactive | CustomerState::Active | CustomerState::Deleted => None,
    };
    let legal_moves = if admin.role >= Role::Officer {
        customer.state.moves_for(Actor::Admin)
    } else {
        Vec::new()
    };
    let tokens = tokens
        .into_iter()
        .map(|decided| AdminTokenView {
            token_id: decided.token.token_id.to_string(),
            merchant_token_reference: decided.token.merchant_token_reference.as_str().to_owned(),
            status: decided.token.status,
            status_reason: decided.token.status_reason,
            card_data: decided.token.card,
            expired_at: decided.token.expired_at,
            created_at: decided.token.created_at,
            decision: decided.decision,
        })
        .collect();
    let history = history
        .into_iter()
        .map(|(entry, words)| {
            let moved = transition(&entry.transition);
            let (reason, note) = words.map_or((None, None), |(reason, note)| (Some(reason), note));
            HistoryEntryView {
                at: entry.at,
                action: entry.action,
                actor: entry.actor,
                actor_id: entry.actor_id,
                fields: entry
                    .fields
                    .split(',')
                    .filter(|field| !field.is_empty())
                    .map(str::to_owned)
                    .collect(),
                from: moved.map(|(from, _)| from),
                to: moved.map(|(_, to)| to),
                token_id: entry.token_id.map(|id| id.to_string()),
                reason,
                note,
                request_id: entry.request_id,
            }
        })
        .collect();
    let shown_decisions = decisions
        .into_iter()
        .map(|shown| {
            let decision = serde_json::from_str(&shown.outcome).map_err(|error| {
                Fault::Other(format!("a kept decision cannot be read: {error}"))
            })?;
            Ok(ShownDecisionView {
                at: shown.at,
                session_id: shown.session_id.to_string(),
                token_id: shown.token_id.to_string(),
                rules_version: shown.rules_version,
                decision,
            })
        })
        .collect::<Result<_, ApiError>>()?;
    Ok(Json(CustomerDetailView {
        profile: profile(&customer, false, admin.role),
        status: customer.state.status(),
        status_since: customer.state_since,
        suspended_until,
        verified_at: customer.verified_at,
        legal_moves,
        tokens,
        history,
        shown_decisions,
    }))
}

/// The profile that may be told: nothing personal of a deleted customer.
fn told(customer: &Customer) -> Profile {
    if customer.state == CustomerState::Deleted {
        Profile::default()
    } else {
        customer.profile.clone()
    }
}

/// A name as a role may read it: its first letter for viewers.
fn name(name: Option<&Name>, role: Role) -> String {
    match name {
        None => String::new(),
        Some(name) if role > Role::Viewer => name.as_str().to_owned(),
        Some(name) => format!("{}•••", name.as_str().chars().take(1).collect::<String>()),
    }
}

fn summary(customer: &Customer, total_tokens: i64, role: Role) -> CustomerSummaryView {
    let told = told(customer);
    let names = [
        name(told.first_name.as_ref(), role),
        name(told.last_name.as_ref(), role),
    ];
    CustomerSummaryView {
        customer_id: customer.customer_id.to_string(),
        name: names.join(" ").trim().to_owned(),
        mobile_number: told
            .phone
            .as_ref()
            .map(PhoneNumber::masked)
            .unwrap_or_default(),
        email_id: told.email.as_ref().map(Email::masked).unwrap_or_default(),
        merchant_customer_reference: told
            .merchant_customer_reference
            .as_ref()
            .map(Reference::as_str)
            .unwrap_or_default()
            .to_owned(),
        status: customer.state.status(),
        total_tokens,
        created_at: customer.created_at,
        updated_at: customer.updated_at,
    }
}

fn profile(customer: &Customer, revealed: bool, role: Role) -> ProfileView {
    let told = told(customer);
    let phone = told.phone.as_ref().map(|phone| {
        if revealed {
            format!("+{} {}", phone.country_code().as_str(), phone.national())
        } else {
            phone.masked()
        }
    });
    let email = told.email.as_ref().map(|email| {
        if revealed {
            email.as_str().to_owned()
        } else {
            email.masked()
        }
    });
    ProfileView {
        customer_id: customer.customer_id.to_string(),
        revealed,
        merchant_customer_reference: told
            .merchant_customer_reference
            .as_ref()
            .map(Reference::as_str)
            .unwrap_or_default()
            .to_owned(),
        first_name: name(told.first_name.as_ref(), role),
        last_name: name(told.last_name.as_ref(), role),
        mobile_number: phone.unwrap_or_default(),
        email_id: email.unwrap_or_default(),
        billing_address: told.billing_address.filter(|_| revealed),
        shipping_address: told.shipping_address.filter(|_| revealed),
        gstin: told
            .gstin
            .as_ref()
            .map(Gstin::as_str)
            .map(str::to_owned)
            .filter(|_| revealed),
        merchant_metadata: (revealed && !told.merchant_metadata.is_empty())
            .then(|| told.merchant_metadata.pairs().clone()),
        created_at: customer.created_at,
        updated_at: customer.updated_at,
    }
}
