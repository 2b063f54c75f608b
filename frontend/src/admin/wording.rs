//! What the admin page calls things. Pure, so that it is tested natively.
//!
//! Reasons and errors are not here: their words come from the one table that API, widget and admin
//! page share ([`shared::text`]).

use shared::card_token::{CardSummary, CardType, TokenStatus};
use shared::customer::{Actor, Address, CustomerStatus, Move};

/// How a word is coloured. The word itself always says what the colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Waiting for something.
    Waiting,
    /// Held back, and may come back.
    Held,
    /// Over for good.
    Ended,
}

impl Tone {
    /// Its class in `admin.css`.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "badge is-good",
            Self::Waiting => "badge is-waiting",
            Self::Held => "badge is-held",
            Self::Ended => "badge is-ended",
        }
    }
}

/// A customer's status in a word.
#[must_use]
pub const fn customer_status(status: CustomerStatus) -> (&'static str, Tone) {
    match status {
        CustomerStatus::Inactive => ("Inactive", Tone::Waiting),
        CustomerStatus::Active => ("Active", Tone::Good),
        CustomerStatus::Suspended => ("Suspended", Tone::Held),
        CustomerStatus::Deleted => ("Deleted", Tone::Ended),
    }
}

/// What a customer's status means for the shopper.
#[must_use]
pub const fn status_meaning(status: CustomerStatus) -> &'static str {
    match status {
        CustomerStatus::Inactive => {
            "The phone is not proven yet, so no saved card is offered until it is."
        }
        CustomerStatus::Active => "The phone is proven; saved cards that qualify are offered.",
        CustomerStatus::Suspended => {
            "Barred for now: everything is kept, no saved card is offered."
        }
        CustomerStatus::Deleted => {
            "Removed for good. The phone number may be used by a new customer."
        }
    }
}

/// A token's status in a word.
#[must_use]
pub const fn token_status(status: TokenStatus) -> (&'static str, Tone) {
    match status {
        TokenStatus::Initiated => ("Initiated", Tone::Waiting),
        TokenStatus::Active => ("Active", Tone::Good),
        TokenStatus::Suspended => ("Suspended", Tone::Held),
        TokenStatus::Failed => ("Failed", Tone::Ended),
        TokenStatus::Deactivated => ("Deactivated", Tone::Ended),
    }
}

/// Everything the page says about one move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveWords {
    /// On the button that opens the dialog.
    pub button: &'static str,
    /// The dialog's question, before the customer's name and a question mark.
    pub question: &'static str,
    /// What will happen.
    pub consequence: &'static str,
    /// On the button that does it.
    pub confirm: &'static str,
    /// Said afterwards, after the customer's name.
    pub done: &'static str,
}

/// The words for a move that an admin makes; none for those only others make.
#[must_use]
pub const fn move_words(attempted: Move) -> Option<MoveWords> {
    Some(match attempted {
        Move::Activate => MoveWords {
            button: "Activate",
            question: "Activate",
            consequence: "You vouch that the phone is this person's. Saved cards that qualify are \
                          offered from now on.",
            confirm: "Activate",
            done: "is active now.",
        },
        Move::Suspend => MoveWords {
            button: "Suspend",
            question: "Suspend",
            consequence: "No saved card is offered until the suspension ends. A checkout that is \
                          open right now says so at once.",
            confirm: "Suspend",
            done: "is suspended now.",
        },
        Move::Lift => MoveWords {
            button: "Lift suspension",
            question: "Lift the suspension of",
            consequence: "The customer goes back to the status from before, and saved cards that \
                          qualify are offered again.",
            confirm: "Lift suspension",
            done: "is no longer suspended.",
        },
        Move::Delete => MoveWords {
            button: "Delete",
            question: "Delete",
            consequence: "This cannot be undone. Every saved card stops working, and the personal \
                          details are erased when the time for keeping them is over.",
            confirm: "Delete for good",
            done: "is deleted.",
        },
        Move::Verify | Move::ChangePhone => return None,
    })
}

/// `token_not_compliant` as `Token not compliant`: the code itself, readable.
#[must_use]
pub fn readable(code: &str) -> String {
    let spaced = code.replace(['_', '-'], " ").to_lowercase();
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// What happened, from an action such as `customer.suspend`. An action without words of its own is
/// made readable, so that a newer server never leaves a blank.
#[must_use]
pub fn action(name: &str) -> String {
    let known = match name {
        "customer.create" => "Customer created",
        "customer.update" => "Details changed",
        "customer.verify" => "Phone verified",
        "customer.activate" => "Activated",
        "customer.change_phone" => "Phone changed",
        "customer.suspend" => "Suspended",
        "customer.lift" => "Suspension lifted",
        "customer.delete" => "Deleted",
        "customer.reveal" => "Profile revealed",
        "token.generate" => "Card saved",
        "token.provision" => "Provider answered",
        "token.remove" => "Card removed",
        "token.removal_confirmed" => "Provider confirmed the removal",
        "token.cryptogram" => "Cryptogram fetched",
        "consent.give" => "Consent given",
        "consent.withdraw" => "Consent withdrawn",
        "checkout.select" => "Card chosen at checkout",
        "verification.send" => "Code sent",
        _ => {
            let (subject, verb) = name.split_once('.').unwrap_or(("", name));
            let (subject, verb) = (readable(subject), readable(&verb.replace('.', " ")));
            return if subject.is_empty() {
                verb
            } else {
                format!("{subject}: {}", verb.to_lowercase())
            };
        }
    };
    known.to_owned()
}

/// Who did it.
#[must_use]
pub fn actor(kind: Actor, id: &str) -> String {
    let word = match kind {
        Actor::Merchant => "Merchant's server",
        Actor::Admin => "Admin",
        Actor::Shopper => "Shopper",
        Actor::System => "Onfile",
    };
    if id.is_empty() {
        word.to_owned()
    } else {
        format!("{word} {id}")
    }
}

/// `Visa •••• 4242`.
#[must_use]
pub fn card_name(card: &CardSummary) -> String {
    let network = network(&card.network_name);
    if card.last4_digit.is_empty() {
        network
    } else {
        format!("{network} •••• {}", card.last4_digit)
    }
}

/// The same for ears: `Visa ending in 4242`.
#[must_use]
pub fn card_spoken(card: &CardSummary) -> String {
    let network = network(&card.network_name);
    if card.last4_digit.is_empty() {
        network
    } else {
        format!("{network} ending in {}", card.last4_digit)
    }
}

/// A network as it writes itself.
fn network(name: &str) -> String {
    match name.to_ascii_uppercase().as_str() {
        "" => "Card".to_owned(),
        "VISA" => "Visa".to_owned(),
        "MASTERCARD" => "Mastercard".to_owned(),
        "RUPAY" => "RuPay".to_owned(),
        "MAESTRO" => "Maestro".to_owned(),
        "AMEX" | "AMERICAN EXPRESS" => "American Express".to_owned(),
        "DINERS" => "Diners Club".to_owned(),
        "DISCOVER" => "Discover".to_owned(),
        "UNIONPAY" => "UnionPay".to_owned(),
        _ => name.to_owned(),
    }
}

/// What else may be shown of a card, in the order of use: issuer, kind, category, traits.
#[must_use]
pub fn card_traits(card: &CardSummary) -> Vec<String> {
    let kind = card.card_type.map(|kind| match kind {
        CardType::Credit => "Credit".to_owned(),
        CardType::Debit => "Debit".to_owned(),
    });
    let category = card.card_category.as_deref().map(readable);
    let issued = match (&card.country_code, card.international) {
        (Some(country), true) => Some(format!("Issued abroad ({country})")),
        (None, true) => Some("Issued abroad".to_owned()),
        _ => None,
    };
    let emi = card.emi.then(|| "Instalments".to_owned());
    let code = card.cvv_required.then(|| "Security code asked".to_owned());
    [
        Some(card.issuer_name.clone()),
        kind,
        category,
        issued,
        emi,
        code,
    ]
    .into_iter()
    .flatten()
    .filter(|text| !text.is_empty())
    .collect()
}

/// An address as lines, empty parts left out.
#[must_use]
pub fn address_lines(address: &Address) -> Vec<String> {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let join = |parts: [String; 2], between: &str| {
        parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(between)
    };
    [
        text(&address.full_name),
        text(&address.address1),
        text(&address.address2),
        text(&address.address3),
        join([text(&address.city), text(&address.pincode)], " "),
        join([text(&address.state), text(&address.country)], ", "),
    ]
    .into_iter()
    .filter(|line| !line.is_empty())
    .collect()
}

/// The name to call a customer by. A deleted customer's name is not told any more.
#[must_use]
pub fn customer_name(first: &str, last: &str, status: CustomerStatus) -> String {
    let name = format!("{first} {last}");
    let name = name.trim();
    match (name.is_empty(), status) {
        (false, _) => name.to_owned(),
        (true, CustomerStatus::Deleted) => "Deleted customer".to_owned(),
        (true, _) => "Customer without a name".to_owned(),
    }
}

/// `1 customer`, `2 customers`: the number comes formatted, since digits are grouped by locale.
#[must_use]
pub fn counted(count: i64, formatted: &str, one: &str, many: &str) -> String {
    format!("{formatted} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> CardSummary {
        CardSummary {
            last4_digit: "4242".into(),
            card_type: Some(CardType::Credit),
            network_name: "VISA".into(),
            issuer_name: "HDFC".into(),
            card_category: Some("PLATINUM".into()),
            country_code: Some("IND".into()),
            international: false,
            emi: true,
            cvv_required: false,
        }
    }

    #[test]
    fn a_card_is_named_by_network_and_last_four() {
        assert_eq!(card_name(&card()), "Visa •••• 4242");
        assert_eq!(card_spoken(&card()), "Visa ending in 4242");
        assert_eq!(
            card_traits(&card()),
            ["HDFC", "Credit", "Platinum", "Instalments"]
        );
        let bare = CardSummary {
            network_name: String::new(),
            last4_digit: String::new(),
            ..card()
        };
        assert_eq!(card_name(&bare), "Card");
    }

    #[test]
    fn a_card_issued_abroad_says_where() {
        let abroad = CardSummary {
            international: true,
            country_code: Some("USA".into()),
            emi: false,
            ..card()
        };
        assert_eq!(
            card_traits(&abroad),
            ["HDFC", "Credit", "Platinum", "Issued abroad (USA)"]
        );
    }

    #[test]
    fn an_action_without_words_of_its_own_is_still_readable() {
        assert_eq!(action("customer.suspend"), "Suspended");
        assert_eq!(action("token.fetch_status"), "Token: fetch status");
        assert_eq!(
            action("checkout.session.create"),
            "Checkout: session create"
        );
        assert_eq!(action("rotated"), "Rotated");
    }

    #[test]
    fn every_move_of_an_admin_has_words() {
        for attempted in Move::ALL {
            let by_admin = shared::customer::lifecycle::TABLE
                .iter()
                .any(|(_, row, actors)| *row == attempted && actors.contains(&Actor::Admin));
            assert_eq!(move_words(attempted).is_some(), by_admin, "{attempted:?}");
        }
    }

    #[test]
    fn a_customer_without_a_name_is_still_called_something() {
        assert_eq!(customer_name("Priya", "", CustomerStatus::Active), "Priya");
        assert_eq!(
            customer_name("", " ", CustomerStatus::Inactive),
            "Customer without a name"
        );
        assert_eq!(
            customer_name("", "", CustomerStatus::Deleted),
            "Deleted customer"
        );
    }

    #[test]
    fn an_address_has_no_empty_lines() {
        let address = Address {
            full_name: Some("Priya Sharma".into()),
            city: Some("Pune".into()),
            country: Some("India".into()),
            ..Address::default()
        };
        assert_eq!(address_lines(&address), ["Priya Sharma", "Pune", "India"]);
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "1", "customer", "customers"), "1 customer");
        assert_eq!(counted(0, "0", "customer", "customers"), "0 customers");
    }
}
