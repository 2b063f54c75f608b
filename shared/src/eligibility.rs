//! Can this saved card be used, and if not, why and what to do.
//!
//! One pure function, [`decide`]. The backend enforces it in the transaction that uses a card, the
//! widget explains it, the admin page replays it. Codes are never renamed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::card_token::{CardToken, CardType, TokenStatus};
use crate::consent::ConsentState;
use crate::customer::{Customer, CustomerState};

/// Rises whenever [`decide`] could answer otherwise for the same inputs; kept with each decision.
pub const RULES_VERSION: u32 = 1;

/// Why a card cannot be used. The order is the order in which reasons are given: most fundamental
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// The customer is INACTIVE.
    CustomerNotVerified,
    /// The customer is SUSPENDED.
    CustomerSuspended,
    /// The customer is DELETED.
    CustomerDeleted,
    /// The phone changed, or the verification is older than the merchant's limit.
    VerificationStale,
    /// The token is INITIATED.
    TokenPending,
    /// The token is SUSPENDED by the network or issuer.
    TokenSuspended,
    /// The token is FAILED.
    TokenFailed,
    /// The token is DEACTIVATED.
    TokenDeactivated,
    /// The token's end has passed, whatever its status says.
    TokenExpired,
    /// The token does not meet the rules for cards on file.
    TokenNotCompliant,
    /// No consent for this token and purpose.
    ConsentMissing,
    /// Consent was taken back.
    ConsentWithdrawn,
    /// A rule of the merchant on network, card type, issuer country or amount.
    CardNotAccepted,
}

impl ReasonCode {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::CustomerNotVerified,
        Self::CustomerSuspended,
        Self::CustomerDeleted,
        Self::VerificationStale,
        Self::TokenPending,
        Self::TokenSuspended,
        Self::TokenFailed,
        Self::TokenDeactivated,
        Self::TokenExpired,
        Self::TokenNotCompliant,
        Self::ConsentMissing,
        Self::ConsentWithdrawn,
        Self::CardNotAccepted,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerNotVerified => "customer_not_verified",
            Self::CustomerSuspended => "customer_suspended",
            Self::CustomerDeleted => "customer_deleted",
            Self::VerificationStale => "verification_stale",
            Self::TokenPending => "token_pending",
            Self::TokenSuspended => "token_suspended",
            Self::TokenFailed => "token_failed",
            Self::TokenDeactivated => "token_deactivated",
            Self::TokenExpired => "token_expired",
            Self::TokenNotCompliant => "token_not_compliant",
            Self::ConsentMissing => "consent_missing",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::CardNotAccepted => "card_not_accepted",
        }
    }
}

/// What the shopper can do about a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Prove the phone with a code.
    Verify,
    /// Ask the merchant.
    ContactMerchant,
    /// Wait until the instant in the reason.
    WaitUntil,
    /// Wait a moment.
    Wait,
    /// Ask the card's issuer.
    ContactIssuer,
    /// Save a card again.
    AddCard,
    /// Agree to keep the card.
    Consent,
    /// Pay with another card.
    UseAnotherCard,
    /// Nothing.
    None,
}

impl Remedy {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Verify,
        Self::ContactMerchant,
        Self::WaitUntil,
        Self::Wait,
        Self::ContactIssuer,
        Self::AddCard,
        Self::Consent,
        Self::UseAnotherCard,
        Self::None,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::ContactMerchant => "contact_merchant",
            Self::WaitUntil => "wait_until",
            Self::Wait => "wait",
            Self::ContactIssuer => "contact_issuer",
            Self::AddCard => "add_card",
            Self::Consent => "consent",
            Self::UseAnotherCard => "use_another_card",
            Self::None => "none",
        }
    }
}

/// One reason that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Reason {
    /// Which.
    pub code: ReasonCode,
    /// Since when it holds.
    pub since: Timestamp,
    /// What to do.
    pub remedy: Remedy,
    /// When it ends by itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The outcome for one card: eligible, or every reason why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Decision {
    /// Whether the card can be used.
    pub eligible: bool,
    /// Every reason that holds, most fundamental first; empty exactly when eligible.
    pub reasons: Vec<Reason>,
}

/// What a merchant accepts. An absent list accepts everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Networks by name, such as `VISA`.
    #[serde(default)]
    pub networks: Option<Vec<String>>,
    /// Credit, debit or both.
    #[serde(default)]
    pub card_types: Option<Vec<CardType>>,
    /// Issuer countries, such as `IND`.
    #[serde(default)]
    pub issuer_countries: Option<Vec<String>>,
    /// The largest amount a saved card may pay, in minor units.
    #[serde(default)]
    pub max_amount: Option<i64>,
}

/// What a decision depends on besides customer, token and consent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// What the merchant accepts.
    pub acceptance: Acceptance,
    /// How long a verification counts; none is for ever.
    pub verification_max_age: Option<Duration>,
    /// What is to be paid, in minor units of its currency.
    pub amount: Option<i64>,
}

/// Decides about one card of one customer.
#[must_use]
pub fn decide(
    customer: &Customer,
    token: &CardToken,
    consent: ConsentState,
    context: &Context,
    now: Timestamp,
) -> Decision {
    let mut reasons = Vec::new();
    let mut hold = |code, since, remedy, until| {
        reasons.push(Reason {
            code,
            since,
            remedy,
            until,
        });
    };

    match customer.state {
        CustomerState::Active => {}
        CustomerState::Inactive => hold(
            ReasonCode::CustomerNotVerified,
            customer.state_since,
            Remedy::Verify,
            None,
        ),
        CustomerState::Suspended { until, .. } => {
            let remedy = if until.is_some() {
                Remedy::WaitUntil
            } else {
                Remedy::ContactMerchant
            };
            hold(
                ReasonCode::CustomerSuspended,
                customer.state_since,
                remedy,
                until,
            );
        }
        CustomerState::Deleted => hold(
            ReasonCode::CustomerDeleted,
            customer.state_since,
            Remedy::None,
            None,
        ),
    }
    if let Some(since) = stale_since(customer, context, now) {
        hold(ReasonCode::VerificationStale, since, Remedy::Verify, None);
    }
    let by_status = match token.status {
        TokenStatus::Active => None,
        TokenStatus::Initiated => Some((ReasonCode::TokenPending, Remedy::Wait)),
        TokenStatus::Suspended => Some((ReasonCode::TokenSuspended, Remedy::ContactIssuer)),
        TokenStatus::Failed => Some((ReasonCode::TokenFailed, Remedy::AddCard)),
        TokenStatus::Deactivated => Some((ReasonCode::TokenDeactivated, Remedy::AddCard)),
    };
    if let Some((code, remedy)) = by_status {
        hold(code, token.status_since, remedy, None);
    }
    if let Some(expired_at) = token.expired_at.filter(|at| *at <= now) {
        hold(ReasonCode::TokenExpired, expired_at, Remedy::AddCard, None);
    }
    if !token.is_compliant {
        hold(
            ReasonCode::TokenNotCompliant,
            token.status_since,
            Remedy::AddCard,
            None,
        );
    }
    match consent {
        ConsentState::Given(_) => {}
        ConsentState::Missing => hold(
            ReasonCode::ConsentMissing,
            token.created_at,
            Remedy::Consent,
            None,
        ),
        ConsentState::Withdrawn(since) => {
            hold(ReasonCode::ConsentWithdrawn, since, Remedy::Consent, None);
        }
    }
    if !accepted(token, context) {
        hold(
            ReasonCode::CardNotAccepted,
            now,
            Remedy::UseAnotherCard,
            None,
        );
    }
    Decision {
        eligible: reasons.is_empty(),
        reasons,
    }
}

/// Since when a verification that was made no longer counts.
fn stale_since(customer: &Customer, context: &Context, now: Timestamp) -> Option<Timestamp> {
    let verified_at = customer.verified_at?;
    if let Some(changed) = customer
        .phone_changed_at
        .filter(|changed| *changed > verified_at)
    {
        return Some(changed);
    }
    context
        .verification_max_age
        .map(|age| verified_at.plus(age))
        .filter(|end| *end <= now)
}

fn accepted(token: &CardToken, context: &Context) -> bool {
    let Acceptance {
        networks,
        card_types,
        issuer_countries,
        max_amount,
    } = &context.acceptance;
    if let (Some(max), Some(amount)) = (max_amount, context.amount)
        && amount > *max
    {
        return false;
    }
    // Nothing is known of a card before its provider has answered; its status says so already.
    let Some(card) = &token.card else { return true };
    let network = networks.as_ref().is_none_or(|list| {
        list.iter()
            .any(|name| name.eq_ignore_ascii_case(&card.network_name))
    });
    let card_type = card_types
        .as_ref()
        .is_none_or(|list| card.card_type.is_some_and(|kind| list.contains(&kind)));
    let country = issuer_countries.as_ref().is_none_or(|list| {
        card.country_code
            .as_ref()
            .is_some_and(|code| list.contains(code))
    });
    network && card_type && country
}

#[cfg(test)]
mod tests;
