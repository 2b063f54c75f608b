//! The Checkout API, spoken by the widget under a session's secret.

use serde::{Deserialize, Serialize};

use super::Change;
use crate::Timestamp;
use crate::card_token::{CardSummary, CardType};
use crate::checkout_session::{Permission, SessionStatus};
use crate::customer::CustomerStatus;
use crate::eligibility::Decision;
use crate::text::Language;

/// What to show before anything is known. Nothing about any customer, not even whether there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct SessionView {
    /// Whose checkout it is.
    pub merchant_name: String,
    /// How far the session has come.
    pub status: SessionStatus,
    /// The language the merchant asked for; none follows the browser.
    pub locale: Option<Language>,
    /// Looks the merchant set.
    pub appearance: Appearance,
    /// How a code can be sent.
    pub methods: Vec<Channel>,
    /// What the browser may do.
    pub allow: Vec<Permission>,
    /// The numbers a shopper meets.
    pub limits: LimitsView,
    /// The masked phone that the merchant's server gave as a hint.
    pub hint: Option<String>,
    /// Calling code to begin with.
    pub country_code: String,
    /// What is to be paid, in minor units.
    pub amount: Option<i64>,
    /// Its currency.
    pub currency: Option<String>,
    /// The wording of consent that this server records.
    pub consent_text_version: String,
    /// When the session ends.
    pub expires_at: Timestamp,
}

/// Looks the merchant set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Appearance {
    /// `light`, `dark` or `auto`.
    pub theme: Theme,
    /// The accent as `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
}

/// Light, dark, or as the shopper's system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How a code is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A text message.
    #[default]
    Sms,
    /// A WhatsApp message.
    Whatsapp,
}

/// The numbers a shopper meets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct LimitsView {
    /// Digits of a code.
    pub code_digits: usize,
    /// Tries at a code.
    pub tries: u32,
    /// Seconds a code is good.
    pub code_lifetime_seconds: u64,
}

/// Asks for a code. Neither field means the hinted phone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct StartVerificationRequest {
    /// Calling code with or without plus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// As typed: spaces and digits of any script are understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_number: Option<String>,
    /// How to send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// A code is on its way. The same for every phone, on file or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ChallengeView {
    /// Which challenge.
    pub challenge_id: String,
    /// Masked phone.
    pub sent_to: String,
    /// When another code may be asked for; none when no more will be sent.
    pub resend_at: Option<Timestamp>,
    /// How many tries are left.
    pub tries_left: u32,
    /// When the code ends.
    pub expires_at: Timestamp,
}

/// Enters a code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EnterCodeRequest {
    /// Six digits.
    pub code: Option<String>,
}

/// Asks for another code under the same challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ResendRequest {
    /// How to send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// The code was right: the session's new secret, and who the shopper is. The old secret is dead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct IdentifiedView {
    /// Use this from now on.
    pub session_secret: String,
    /// The shopper, as a customer.
    pub customer: ShopperView,
    /// Their saved cards.
    pub cards: Vec<CardView>,
    /// Hand it back in `after` to wait for the next change.
    pub revision: String,
}

/// The customer and the saved cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CustomerCardsView {
    /// The shopper, as a customer.
    pub customer: ShopperView,
    /// Their saved cards.
    pub cards: Vec<CardView>,
    /// Hand it back in `after` to wait for the next change.
    pub revision: String,
}

/// `after`: answer when the revision is another one, or after 25 seconds with the present state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::IntoParams))]
#[cfg_attr(not(target_arch = "wasm32"), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct CustomerQuery {
    /// The revision the widget shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What a shopper sees of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ShopperView {
    /// First name, `""` when unknown.
    pub first_name: String,
    /// Last name, `""` when unknown.
    pub last_name: String,
    /// Masked e-mail address, `""` when unknown.
    pub email_id: String,
    /// Masked phone.
    pub mobile_number: String,
    /// Where the customer stands.
    pub status: CustomerStatus,
    /// Whether the customer came into being in this session.
    pub is_new: bool,
}

/// One saved card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CardView {
    /// Which.
    pub token_id: String,
    /// What may be shown of it; none while its provider has not answered yet.
    pub card: Option<CardFace>,
    /// Whether it can be used, and if not why.
    pub decision: Decision,
    /// Its removal was asked for and waits for the provider.
    #[serde(default)]
    pub removing: bool,
}

/// What a shopper sees of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CardFace {
    /// Last four digits.
    pub last4_digit: String,
    /// Network, such as `VISA`.
    pub network_name: String,
    /// Issuing bank.
    pub issuer_name: String,
    /// Credit or debit.
    pub card_type: Option<CardType>,
    /// Whether the security code must be asked for when paying.
    pub cvv_required: bool,
}

impl From<&CardSummary> for CardFace {
    fn from(card: &CardSummary) -> Self {
        Self {
            last4_digit: card.last4_digit.clone(),
            network_name: card.network_name.clone(),
            issuer_name: card.issuer_name.clone(),
            card_type: card.card_type,
            cvv_required: card.cvv_required,
        }
    }
}

/// Changes name or e-mail; only what is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UpdateShopperRequest {
    /// 1-50 characters.
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub first_name: Change<String>,
    /// 1-50 characters.
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub last_name: Change<String>,
    /// At most 50 characters.
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub email_id: Change<String>,
}

/// Chooses: a saved card, or none (another card, or to pay without saving).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SelectionRequest {
    /// The card; none for another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// The ticked box: consent to save the card that will be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub save: Option<SaveConsent>,
}

/// Consent as the box gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum SaveConsent {
    /// Only whether it is ticked: the present wording in the session's language.
    Ticked(bool),
    /// Which wording was shown, and in which language.
    Wording {
        /// The version of the wording.
        text_version: String,
        /// Its language.
        language: Language,
    },
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct SelectionView {
    /// The card and its decision; `null` when none was chosen.
    pub selected: Option<super::merchant::SelectedView>,
    /// Whether consent to save was recorded.
    pub save: bool,
}
