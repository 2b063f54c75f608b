//! What the shopper is told, from what the services know.

use shared::api::checkout::{
    CardFace, CardView, ChallengeView, Channel, CustomerCardsView, LimitsView, SessionView,
    ShopperView,
};
use shared::consent::TEXT_VERSION;
use shared::customer::{CustomerState, Name, PhoneNumber, Profile};
use shared::text::Language;
use shared::verification as policy;

use crate::service::Fault;
use crate::service::checkout_sessions::Session;
use crate::service::shopper::CustomerCards;
use crate::service::verification::Challenge;

/// A session before anything is known.
///
/// # Errors
/// [`Fault`] when the hint does not open.
pub fn session(session: &Session) -> Result<SessionView, Fault> {
    let record = &session.record;
    let hint = session.hint()?;
    Ok(SessionView {
        merchant_name: session.merchant.name.clone(),
        status: record.status,
        locale: record.locale.as_deref().and_then(Language::from_tag),
        appearance: session.merchant.settings.appearance.clone(),
        methods: vec![Channel::Sms],
        allow: session.permissions(),
        limits: LimitsView {
            code_digits: policy::CODE_DIGITS,
            tries: policy::TRIES,
            code_lifetime_seconds: policy::CODE_LIFETIME.as_secs(),
        },
        country_code: hint.as_ref().map_or_else(
            || default_country(session),
            |phone| phone.country_code().as_str().to_owned(),
        ),
        hint: hint.as_ref().map(PhoneNumber::masked),
        amount: record.amount,
        currency: record.currency.clone(),
        consent_text_version: TEXT_VERSION.to_owned(),
        expires_at: record.expires_at,
    })
}

/// The calling code a phone form begins with.
#[must_use]
pub fn default_country(session: &Session) -> String {
    session
        .merchant
        .settings
        .verification_countries
        .first()
        .cloned()
        .unwrap_or_else(|| "91".to_owned())
}

/// A challenge.
#[must_use]
pub fn challenge(challenge: Challenge) -> ChallengeView {
    ChallengeView {
        challenge_id: challenge.challenge_id.to_string(),
        sent_to: challenge.sent_to,
        resend_at: challenge.resend_at,
        tries_left: challenge.tries_left,
        expires_at: challenge.expires_at,
    }
}

/// The shopper and the cards.
#[must_use]
pub fn customer_cards(cards: CustomerCards) -> CustomerCardsView {
    let CustomerCards {
        customer,
        is_new,
        cards,
        revision,
    } = cards;
    let gone = Profile::default();
    let profile = if customer.state == CustomerState::Deleted {
        &gone
    } else {
        &customer.profile
    };
    let customer = ShopperView {
        first_name: profile
            .first_name
            .as_ref()
            .map(Name::as_str)
            .unwrap_or_default()
            .to_owned(),
        last_name: profile
            .last_name
            .as_ref()
            .map(Name::as_str)
            .unwrap_or_default()
            .to_owned(),
        email_id: profile
            .email
            .as_ref()
            .map(shared::customer::Email::masked)
            .unwrap_or_default(),
        mobile_number: profile
            .phone
            .as_ref()
            .map(PhoneNumber::masked)
            .unwrap_or_default(),
        status: customer.state.status(),
        is_new,
    };
    let cards = cards
        .into_iter()
        .map(|decided| CardView {
            token_id: decided.token.token_id.to_string(),
            card: decided.token.card.as_ref().map(CardFace::from),
            removing: decided.token.removed_at.is_some(),
            decision: decided.decision,
        })
        .collect();
    CustomerCardsView {
        customer,
        cards,
        revision,
    }
}
