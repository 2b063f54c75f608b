//! Token providers: who holds the card behind a token. One trait, one file each.

pub mod sandbox;

use async_trait::async_trait;
use shared::Timestamp;
use shared::card_token::{CardSummary, CardToken, TokenProvider, TokenStatus};
use shared::id::ServiceProviderTokenId;

/// What a provider says of a token it was asked to provision.
#[derive(Clone, Debug)]
pub struct Provisioned {
    /// Where it stands.
    pub status: TokenStatus,
    /// Why, where there is something to say.
    pub status_reason: Option<String>,
    /// The provider's own reference.
    pub provider_token_reference: String,
    /// The network's or issuer's token.
    pub service_provider_token_id: Option<ServiceProviderTokenId>,
    /// What may be shown of the card.
    pub card: CardSummary,
    /// When it stops working.
    pub expired_at: Option<Timestamp>,
    /// Whether it meets the rules for cards on file.
    pub is_compliant: bool,
    /// Evidence of the issuer's authentication.
    pub afa_reference: Option<String>,
}

/// What a payment needs; never stored.
pub struct Cryptogram {
    /// The cryptogram.
    pub cryptogram: String,
    /// The network's reference of the token.
    pub token_reference: String,
    /// The network's reference of the account.
    pub payment_account_reference: String,
    /// Two digits.
    pub token_expiry_month: String,
    /// Four digits.
    pub token_expiry_year: String,
}

/// Why a provider did not do what it was asked; it is asked again.
#[derive(Debug, thiserror::Error)]
#[error("the token provider did not answer: {0}")]
pub struct ProviderError(pub String);

/// Holds cards.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Provisions a token; `None` while that is not finished. `random` is fresh for each call.
    async fn provision(
        &self,
        token: &CardToken,
        now: Timestamp,
        random: [u8; 32],
    ) -> Result<Option<Provisioned>, ProviderError>;

    /// Makes a cryptogram for one payment.
    async fn cryptogram(
        &self,
        token: &CardToken,
        random: [u8; 32],
    ) -> Result<Cryptogram, ProviderError>;

    /// Removes a token; asked again until it says yes.
    async fn remove(&self, token: &CardToken) -> Result<(), ProviderError>;
}

/// The providers there are.
#[derive(Default)]
pub struct Providers {
    sandbox: sandbox::Sandbox,
}

impl Providers {
    /// The one that holds a token; none for tokens whose holder is only known by reference.
    #[must_use]
    pub fn of(&self, provider: TokenProvider) -> Option<&dyn Provider> {
        match provider {
            TokenProvider::Sandbox => Some(&self.sandbox),
            TokenProvider::Pinelabs | TokenProvider::External => None,
        }
    }
}
