//! The state in words. Screens place these; nothing else puts texts together.

use shared::api::checkout::CardView;
use shared::api::error::ErrorCode;
use shared::eligibility::{Reason, Remedy};
use shared::text::{Key, Texts};

use super::flow::message::Call;
use super::flow::state::{Notice, Problem, State, Step, Wallet};
use super::locale;

/// What stands in the way; empty when nothing does.
#[must_use]
pub fn problem(state: &State, texts: &Texts) -> String {
    state
        .problem
        .as_ref()
        .map_or_else(String::new, |problem| words_of(problem, state, texts))
}

/// A problem in words.
#[must_use]
pub fn words_of(problem: &Problem, state: &State, texts: &Texts) -> String {
    let moment = |at| locale::moment(at, state.now, texts.language());
    match problem {
        Problem::Offline => texts.get(Key::WidgetOffline).to_owned(),
        Problem::NumberIncomplete => texts.get(Key::WidgetPhoneInvalid).to_owned(),
        Problem::CodeIncomplete => texts.fill(
            Key::WidgetCodeIncomplete,
            &[("digits", &state.facts.code_digits.to_string())],
        ),
        Problem::NothingChosen => texts.get(Key::WidgetCardsChoose).to_owned(),
        Problem::Profile(_) => texts.get(Key::WidgetProfileInvalid).to_owned(),
        Problem::Refused {
            code: ErrorCode::ChallengeLocked,
            until: Some(until),
            ..
        } => texts.fill(Key::WidgetCodeLocked, &[("time", &moment(*until))]),
        Problem::Refused {
            code: ErrorCode::TooManyRequests,
            until: Some(until),
            ..
        } => texts.fill(Key::WidgetLimitUntil, &[("time", &moment(*until))]),
        Problem::Refused {
            code: ErrorCode::InvalidRequest,
            ..
        } if matches!(state.step, Step::Phone) => texts.get(Key::WidgetPhoneInvalid).to_owned(),
        Problem::Refused {
            code,
            tries_left: Some(left),
            ..
        } => format!("{} {}", texts.error(*code), tries(texts, *left)),
        Problem::Refused { code, .. } => texts.error(*code).to_owned(),
    }
}

fn tries(texts: &Texts, left: u32) -> String {
    match left {
        1 => texts.get(Key::WidgetCodeTriesOne).to_owned(),
        _ => texts.fill(Key::WidgetCodeTriesOther, &[("count", &left.to_string())]),
    }
}

/// The quiet line under a field: what is usual, or that it takes longer.
#[must_use]
pub fn note(state: &State, texts: &Texts, usual: &str) -> String {
    match &state.waiting {
        Some(waiting) if waiting.slow => texts.get(Key::WidgetSlow).to_owned(),
        _ => usual.to_owned(),
    }
}

/// What the live region says.
#[must_use]
pub fn notice(state: &State, texts: &Texts) -> String {
    let name = |id: &str| {
        state
            .wallet()
            .and_then(|wallet| wallet.card(id))
            .map_or_else(String::new, |card| card_name(card, texts))
    };
    match &state.notice {
        None => String::new(),
        Some(Notice::Resent) => texts.get(Key::WidgetCodeResent).to_owned(),
        Some(Notice::Slow) => texts.get(Key::WidgetSlow).to_owned(),
        Some(Notice::Removed(id)) => texts.fill(Key::WidgetCardRemoved, &[("card", &name(id))]),
        Some(Notice::Dimmed(id, code)) => texts.fill(
            Key::WidgetLiveDimmed,
            &[("card", &name(id)), ("reason", texts.reason(*code))],
        ),
        Some(Notice::AllDimmed(code)) => texts.reason(*code).to_owned(),
        Some(Notice::Usable(id)) => texts.fill(Key::WidgetLiveUsable, &[("card", &name(id))]),
        Some(Notice::Updated) => texts.get(Key::WidgetLiveUpdated).to_owned(),
        Some(Notice::Saved) => texts.get(Key::WidgetProfileSaved).to_owned(),
        Some(Notice::Ended) => texts.get(Key::WidgetEndedTitle).to_owned(),
    }
}

/// A card by its name: "HDFC VISA ending in 4242".
#[must_use]
pub fn card_name(card: &CardView, texts: &Texts) -> String {
    card.card.as_ref().map_or_else(
        || texts.get(Key::WidgetCardUnnamed).to_owned(),
        |face| {
            let values = [
                ("issuer", face.issuer_name.as_str()),
                ("network", face.network_name.as_str()),
                ("last4", face.last4_digit.as_str()),
            ];
            texts.fill(Key::WidgetCardName, &values).trim().to_owned()
        },
    )
}

/// Why a card cannot be used, with the end where there is one.
#[must_use]
pub fn reason(reason: &Reason, state: &State, texts: &Texts) -> String {
    let words = texts.reason(reason.code);
    match reason.until {
        Some(until) => {
            let date = locale::moment(until, state.now, texts.language());
            format!(
                "{words} {}",
                texts.fill(Key::WidgetCardUntil, &[("date", &date)])
            )
        }
        None => words.to_owned(),
    }
}

/// Whether a remedy is something to press.
#[must_use]
pub const fn is_action(remedy: Remedy) -> bool {
    matches!(
        remedy,
        Remedy::Verify | Remedy::AddCard | Remedy::Consent | Remedy::UseAnotherCard
    )
}

/// What a shopper can do that is nothing to press; empty when there is nothing to do, or when the
/// reason says it already.
#[must_use]
pub fn advice(reason: &Reason, texts: &Texts) -> String {
    match reason.remedy {
        Remedy::ContactMerchant | Remedy::ContactIssuer | Remedy::Wait => {
            texts.remedy(reason.remedy).to_owned()
        }
        _ => String::new(),
    }
}

/// The heading over the cards.
#[must_use]
pub fn greeting(wallet: &Wallet, texts: &Texts) -> String {
    if wallet.customer.is_new {
        return texts.get(Key::WidgetCardsTitleNew).to_owned();
    }
    match wallet.customer.first_name.as_str() {
        "" => texts.get(Key::WidgetCardsTitle).to_owned(),
        name => texts.fill(Key::WidgetCardsTitleName, &[("name", name)]),
    }
}

/// The line under that heading.
#[must_use]
pub fn cards_lead(state: &State, texts: &Texts) -> String {
    let usable = state.shown_cards().any(|card| card.decision.eligible);
    let key = match (state.shown_cards().next(), usable) {
        (None, _) => Key::WidgetCardsNone,
        (Some(_), false) => Key::WidgetCardsNoneUsable,
        (Some(_), true) => Key::WidgetCardsLead,
    };
    texts.get(key).to_owned()
}

/// The label of the resend button: a countdown until it can be pressed.
#[must_use]
pub fn resend(state: &State, texts: &Texts) -> String {
    match (
        state.resend_in(),
        state
            .challenge()
            .and_then(|challenge| challenge.view.resend_at),
    ) {
        (Some(seconds), _) => texts.fill(
            Key::WidgetCodeResendIn,
            &[("time", &format!("{}:{:02}", seconds / 60, seconds % 60))],
        ),
        (None, Some(_)) => texts.get(Key::WidgetCodeResend).to_owned(),
        (None, None) => texts.get(Key::WidgetCodeResendNone).to_owned(),
    }
}

/// Whether the button for this kind of call shows that it works.
#[must_use]
pub fn is_busy(state: &State, with: fn(&Call) -> bool) -> bool {
    state
        .waiting
        .as_ref()
        .is_some_and(|waiting| with(&waiting.call))
}
