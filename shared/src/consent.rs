//! The cardholder's explicit agreement to keep a card, per token and purpose.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::{SessionId, TokenId};
use crate::text::Language;

/// The version of the consent text the widget shows. A new wording is a new version: what was agreed
/// to stays readable in the text table of that version.
pub const TEXT_VERSION: &str = "2026-11";

/// What the card is kept for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Paying again with the shopper present.
    #[default]
    CardOnFile,
    /// Payments that recur without the shopper.
    Recurring,
}

impl Purpose {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CardOnFile => "card_on_file",
            Self::Recurring => "recurring",
        }
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::CardOnFile, Self::Recurring]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// Who says that the cardholder agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConsentChannel {
    /// The shopper, by ticking the box in the widget.
    Shopper,
    /// The merchant attests it by an API call.
    Merchant,
}

impl ConsentChannel {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shopper => "shopper",
            Self::Merchant => "merchant",
        }
    }
}

/// Whether a record gives consent or takes it back. Records are only ever added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsentAct {
    /// Agreed.
    Given,
    /// Taken back.
    Withdrawn,
}

impl ConsentAct {
    /// The word kept in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word kept in the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Given, Self::Withdrawn]
            .into_iter()
            .find(|act| act.as_str() == text)
    }
}

/// One record of consent given or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRecord {
    /// The card; none while the card is still to be saved from this session.
    pub token_id: Option<TokenId>,
    /// What for.
    pub purpose: Purpose,
    /// Given or withdrawn.
    pub act: ConsentAct,
    /// Who says so.
    pub channel: ConsentChannel,
    /// Which wording was shown; none when the merchant attests.
    pub text_version: Option<String>,
    /// In which language.
    pub language: Option<Language>,
    /// In which checkout session.
    pub session_id: Option<SessionId>,
    /// When.
    pub at: Timestamp,
}

/// What stands for one token and purpose: the last record decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "since")]
pub enum ConsentState {
    /// There is no record.
    Missing,
    /// Agreed.
    Given(Timestamp),
    /// Taken back.
    Withdrawn(Timestamp),
}

impl ConsentState {
    /// From the last record, if there is one.
    #[must_use]
    pub const fn of(last: Option<(ConsentAct, Timestamp)>) -> Self {
        match last {
            None => Self::Missing,
            Some((ConsentAct::Given, at)) => Self::Given(at),
            Some((ConsentAct::Withdrawn, at)) => Self::Withdrawn(at),
        }
    }
}
