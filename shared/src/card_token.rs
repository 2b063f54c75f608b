//! A saved card: a reference to it and the little that may be shown of it, never its number.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::customer::{Metadata, Reference};
use crate::id::{CustomerId, ServiceProviderTokenId, TokenId};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word on the wire; nothing else.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    )*};
}

words! {
    /// The status of a token. source: Pine Labs Online, Tokenization.
    TokenStatus {
        /// Being provisioned with the network or issuer.
        Initiated = "INITIATED",
        /// Usable.
        Active = "ACTIVE",
        /// Put on hold by the network or issuer; may come back.
        Suspended = "SUSPENDED",
        /// Could not be provisioned.
        Failed = "FAILED",
        /// Removed by the cardholder, the merchant, the network or the issuer; final.
        Deactivated = "DEACTIVATED",
    }

    /// What kind of instrument a token stands for; only cards.
    PaymentMethod {
        /// A payment card.
        Card = "CARD",
    }

    /// Whether the card draws on credit or on an account.
    CardType {
        /// A credit card.
        Credit = "CREDIT",
        /// A debit card.
        Debit = "DEBIT",
    }

    /// Who holds the card behind a token.
    TokenProvider {
        /// The embedded, deterministic provider of test merchants.
        Sandbox = "sandbox",
        /// Pine Labs Online.
        Pinelabs = "pinelabs",
        /// Another processor; the token was registered by its reference.
        External = "external",
    }
}

impl TokenStatus {
    /// Whether nothing can follow.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Failed | Self::Deactivated)
    }
}

/// What may be shown of a card. There is no field for anything else.
///
/// source: Pine Labs Online, token object, `card_data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CardSummary {
    /// The last four digits of the number.
    pub last4_digit: String,
    /// Credit or debit.
    pub card_type: Option<CardType>,
    /// The network, such as `VISA`.
    pub network_name: String,
    /// The issuing bank, such as `HDFC`.
    pub issuer_name: String,
    /// The product, such as `PLATINUM`.
    pub card_category: Option<String>,
    /// The issuer's country, such as `IND`.
    pub country_code: Option<String>,
    /// Whether it was issued abroad.
    pub international: bool,
    /// Whether instalments are offered on it.
    pub emi: bool,
    /// Whether the security code must be asked for when paying.
    pub cvv_required: bool,
}

/// A saved card of one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardToken {
    /// Who this is.
    pub token_id: TokenId,
    /// Whose card it is.
    pub customer_id: CustomerId,
    /// The merchant's own name for it.
    pub merchant_token_reference: Reference,
    /// Where it stands.
    pub status: TokenStatus,
    /// When it came to stand there.
    pub status_since: Timestamp,
    /// Why, in the words of whoever moved it there.
    pub status_reason: Option<String>,
    /// What kind of instrument.
    pub payment_method: PaymentMethod,
    /// What may be shown; known once the provider has answered.
    pub card: Option<CardSummary>,
    /// When the token stops working.
    pub expired_at: Option<Timestamp>,
    /// Whether it meets the rules for cards on file.
    pub is_compliant: bool,
    /// The merchant's own pairs.
    pub merchant_metadata: Metadata,
    /// Who holds the card.
    pub provider: TokenProvider,
    /// The provider's own reference, once there is one.
    pub provider_token_reference: Option<String>,
    /// The network's or issuer's token behind it, once there is one.
    pub service_provider_token_id: Option<ServiceProviderTokenId>,
    /// Evidence of the issuer's additional factor of authentication.
    pub afa_reference: Option<String>,
    /// When the cardholder, the merchant or an erasure asked for its removal.
    pub removed_at: Option<Timestamp>,
    /// When the provider confirmed the removal.
    pub removal_confirmed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
