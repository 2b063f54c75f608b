//! The Admin API, spoken by the admin page under a session cookie.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::card_token::{CardSummary, TokenStatus};
use crate::customer::{Actor, Address, CustomerStatus, Move};
use crate::eligibility::Decision;

/// What an admin may do; each role may do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees customers, masked.
    Viewer,
    /// Reveals one customer, with a reason.
    Support,
    /// Moves statuses.
    Officer,
    /// Manages keys and people.
    Owner,
}

impl Role {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Support => "support",
            Self::Officer => "officer",
            Self::Owner => "owner",
        }
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Viewer, Self::Support, Self::Officer, Self::Owner]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

/// Signs in.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SignInRequest {
    /// Who.
    pub email: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The six digits of an authenticator, where one is set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<String>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AdminSessionView {
    /// Who.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// The merchant they work for.
    pub merchant_name: String,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
}

/// Finds customers: all of them, or by one phone, e-mail address, reference or id.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SearchCustomersRequest {
    /// What to find; absent or empty lists everyone, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Only this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<CustomerStatus>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many on a page: 1-100, 25 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CustomerPageView {
    /// How many there are in all.
    pub total: i64,
    /// This page.
    pub customers: Vec<CustomerSummaryView>,
    /// Hand it back in `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CustomerSummaryView {
    /// Who.
    pub customer_id: String,
    /// First and last name, `""` when unknown; masked for viewers.
    pub name: String,
    /// Masked phone, `""` when there is none.
    pub mobile_number: String,
    /// Masked e-mail address, `""` when there is none.
    pub email_id: String,
    /// The merchant's own name for the customer, `""` when there is none.
    pub merchant_customer_reference: String,
    /// Where the customer stands.
    pub status: CustomerStatus,
    /// How many tokens, whatever their status.
    pub total_tokens: i64,
    /// When created.
    pub created_at: Timestamp,
    /// When last changed.
    pub updated_at: Timestamp,
}

/// A customer's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CustomerDetailView {
    /// The person; phone, e-mail and addresses masked until revealed.
    pub profile: ProfileView,
    /// Where the customer stands.
    pub status: CustomerStatus,
    /// Since when.
    pub status_since: Timestamp,
    /// When a suspension ends by itself.
    pub suspended_until: Option<Timestamp>,
    /// When the phone was last proven.
    pub verified_at: Option<Timestamp>,
    /// The moves this admin may make now.
    pub legal_moves: Vec<Move>,
    /// Each with its decision, newest first.
    pub tokens: Vec<AdminTokenView>,
    /// What happened, newest first.
    pub history: Vec<HistoryEntryView>,
    /// Decisions that shoppers were shown, newest first.
    pub shown_decisions: Vec<ShownDecisionView>,
}

/// The person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ProfileView {
    /// Who.
    pub customer_id: String,
    /// Whether everything is shown.
    pub revealed: bool,
    /// The merchant's own name for the customer.
    pub merchant_customer_reference: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Phone with calling code.
    pub mobile_number: String,
    /// E-mail address.
    pub email_id: String,
    /// Where bills go; left out until revealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// Where parcels go; left out until revealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// Tax number; left out until revealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gstin: Option<String>,
    /// The merchant's own pairs; left out until revealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_metadata: Option<BTreeMap<String, String>>,
    /// When created.
    pub created_at: Timestamp,
    /// When last changed.
    pub updated_at: Timestamp,
}

/// A token on a customer's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AdminTokenView {
    /// Which.
    pub token_id: String,
    /// The merchant's own name for it.
    pub merchant_token_reference: String,
    /// Where it stands.
    pub status: TokenStatus,
    /// Why.
    pub status_reason: Option<String>,
    /// What may be shown of the card.
    pub card_data: Option<CardSummary>,
    /// When it stops working.
    pub expired_at: Option<Timestamp>,
    /// When made.
    pub created_at: Timestamp,
    /// Whether it can be used now, and if not why.
    pub decision: Decision,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct HistoryEntryView {
    /// When.
    pub at: Timestamp,
    /// What: `customer.suspend`, `token.generate`, ...
    pub action: String,
    /// What kind of actor.
    pub actor: Actor,
    /// Which one: an admin's e-mail, an API key's id, `""` for shopper and system.
    pub actor_id: String,
    /// Which fields changed (names, never values).
    pub fields: Vec<String>,
    /// The status before, for a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CustomerStatus>,
    /// The status after, for a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<CustomerStatus>,
    /// The token concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// The reason given for a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A note beside the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The request that did it.
    pub request_id: String,
}

/// A decision as a shopper was shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ShownDecisionView {
    /// When.
    pub at: Timestamp,
    /// In which checkout session.
    pub session_id: String,
    /// For which token.
    pub token_id: String,
    /// By which version of the rules.
    pub rules_version: u32,
    /// The outcome.
    pub decision: Decision,
}

/// Moves a customer's status: the body of `suspend`, `lift`, `activate` and `delete`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MoveCustomerRequest {
    /// Why: 1-200 characters.
    pub reason: Option<String>,
    /// More about it, at most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When a suspension ends by itself; only for `suspend`, and in the future.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Reveals a customer's profile; the reason is kept in the history.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RevealCustomerRequest {
    /// Why: 1-200 characters.
    pub reason: Option<String>,
}
