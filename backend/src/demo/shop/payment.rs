//! How an order is paid, decided on the shop's server.
//!
//! What the browser says only begins this. A saved card is used when Onfile's answer about the
//! session names it and calls it eligible at this moment, and for the amount that is due.

use shared::api::merchant::CheckoutSessionView;
use shared::checkout_session::SessionStatus;
use shared::eligibility::Reason;

/// Which way the shopper asked to pay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// As chosen in the widget.
    #[default]
    Session,
    /// As a guest with a new card, whatever the widget shows.
    Guest,
}

/// What an order is paid with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// A card on file.
    SavedCard,
    /// A new card of a customer.
    NewCard {
        /// Whether the customer agreed to keep it.
        save: bool,
    },
    /// A new card of somebody who stays unknown.
    Guest,
}

/// What became of saving a new card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saving {
    /// Nobody asked for it.
    NotAsked,
    /// Its token.
    Saved(String),
    /// Paid, but not saved.
    Failed,
}

/// Why an order is not paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is nothing to pay.
    EmptyCart,
    /// The session is not one of this cart's.
    UnknownSession,
    /// What the session was minted for is not what is due now.
    AmountChanged,
    /// Its time is over.
    Expired,
    /// Nothing was chosen yet.
    NotChosen,
    /// The chosen card cannot be used, for these reasons.
    NotEligible(Vec<Reason>),
    /// Another request settles this payment right now.
    Busy,
    /// Onfile does not answer, or not as it should.
    NoAnswer,
}

impl Problem {
    /// Whether only a new session helps.
    pub const fn needs_new_session(&self) -> bool {
        matches!(
            self,
            Self::UnknownSession | Self::AmountChanged | Self::Expired
        )
    }
}

/// What the order of `due` paise is paid with, by what Onfile says of the session.
/// A guest needs no answer: nothing of a customer is used.
pub fn means(way: Way, session: Option<&CheckoutSessionView>, due: i64) -> Result<Means, Problem> {
    if due <= 0 {
        return Err(Problem::EmptyCart);
    }
    if way == Way::Guest {
        return Ok(Means::Guest);
    }
    let session = session.ok_or(Problem::NoAnswer)?;
    if session.amount != Some(due) || session.currency.as_deref() != Some("INR") {
        return Err(Problem::AmountChanged);
    }
    match (session.status, &session.selected) {
        (SessionStatus::Expired, _) => Err(Problem::Expired),
        (SessionStatus::Open | SessionStatus::Identified, _) => Err(Problem::NotChosen),
        (SessionStatus::Completed, Some(selected)) if selected.decision.eligible => {
            Ok(Means::SavedCard)
        }
        (SessionStatus::Completed, Some(selected)) => {
            Err(Problem::NotEligible(selected.decision.reasons.clone()))
        }
        (SessionStatus::Completed, None) if session.customer_id.is_empty() => Ok(Means::Guest),
        (SessionStatus::Completed, None) => Ok(Means::NewCard {
            save: session.save_consent.is_some(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn session(changes: &Value) -> CheckoutSessionView {
        let mut body = json!({
            "session_id": "cs-1", "status": "completed", "customer_id": "cust-1",
            "selected": { "token_id": "token-1", "decision": { "eligible": true, "reasons": [] } },
            "save_consent": null, "origin": "http://127.0.0.1:8090", "amount": 71_900,
            "currency": "INR", "purpose": "card_on_file",
            "created_at": "2026-11-25T10:00:00Z", "expires_at": "2026-11-25T10:30:00Z",
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        serde_json::from_value(body).unwrap()
    }

    fn by_session(changes: &Value) -> Result<Means, Problem> {
        means(Way::Session, Some(&session(changes)), 71_900)
    }

    #[test]
    fn a_chosen_card_pays_only_while_it_is_eligible() {
        assert_eq!(by_session(&json!({})), Ok(Means::SavedCard));
        let since = "2026-11-25T10:10:00Z";
        let reason =
            json!({ "code": "customer_suspended", "since": since, "remedy": "contact_merchant" });
        let decision = json!({ "eligible": false, "reasons": [reason] });
        let refused = by_session(&json!({ "selected": { "token_id": "t", "decision": decision } }));
        assert!(matches!(refused, Err(Problem::NotEligible(reasons)) if reasons.len() == 1));
    }

    #[test]
    fn nothing_is_paid_before_the_shopper_has_chosen() {
        for status in ["open", "identified"] {
            assert_eq!(
                by_session(&json!({ "status": status })),
                Err(Problem::NotChosen)
            );
        }
        assert_eq!(
            by_session(&json!({ "status": "expired" })),
            Err(Problem::Expired)
        );
    }

    #[test]
    fn a_session_pays_the_amount_it_was_minted_for_and_no_other() {
        for changes in [
            json!({ "amount": 1 }),
            json!({ "amount": null }),
            json!({ "currency": "USD" }),
        ] {
            assert_eq!(by_session(&changes), Err(Problem::AmountChanged));
        }
    }

    #[test]
    fn a_new_card_is_saved_only_with_consent() {
        let none = json!({ "selected": null });
        assert_eq!(by_session(&none), Ok(Means::NewCard { save: false }));
        let given = json!({ "selected": null, "save_consent": {
            "text_version": "1", "language": "en", "purpose": "card_on_file",
            "given_at": "2026-11-25T10:10:00Z" } });
        assert_eq!(by_session(&given), Ok(Means::NewCard { save: true }));
    }

    #[test]
    fn a_guest_pays_whatever_the_session_says() {
        for status in ["open", "identified", "completed", "expired"] {
            let left = session(&json!({ "status": status }));
            assert_eq!(means(Way::Guest, Some(&left), 71_900), Ok(Means::Guest));
        }
        assert_eq!(means(Way::Guest, None, 71_900), Ok(Means::Guest));
        assert_eq!(means(Way::Guest, None, 0), Err(Problem::EmptyCart));
    }

    #[test]
    fn without_an_answer_only_a_guest_pays() {
        assert_eq!(means(Way::Session, None, 71_900), Err(Problem::NoAnswer));
    }
}
