//! The embedded provider of test merchants: deterministic, no network.
//!
//! How a `merchant_token_reference` begins decides what becomes of the token:
//!
//! | begins with | becomes |
//! | --- | --- |
//! | `sandbox-pending-` | stays INITIATED |
//! | `sandbox-fail-` | FAILED |
//! | `sandbox-suspend-` | SUSPENDED |
//! | `sandbox-deactivate-` | DEACTIVATED |
//! | `sandbox-expired-` | ACTIVE, `expired_at` in the past |
//! | `sandbox-noncompliant-` | ACTIVE, not compliant |
//! | anything else | ACTIVE |

use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use shared::Timestamp;
use shared::card_token::{CardSummary, CardToken, CardType, TokenStatus};
use shared::id::{RANDOM_BYTES, ServiceProviderTokenId};

use super::{Cryptogram, Provider, ProviderError, Provisioned};

const DAY: Duration = Duration::from_hours(24);

/// The sandbox.
#[derive(Default)]
pub struct Sandbox;

/// The cards it deals out, by the hash of the reference.
const DECK: &[(&str, &str, CardType, &str)] = &[
    ("VISA", "HDFC", CardType::Credit, "PLATINUM"),
    ("MASTERCARD", "ICICI", CardType::Credit, "CONSUMER"),
    ("RUPAY", "SBI", CardType::Debit, "CONSUMER"),
    ("VISA", "Axis", CardType::Debit, "STANDARD"),
    ("MASTERCARD", "Kotak", CardType::Debit, "PREMIUM"),
    ("RUPAY", "Bank of Baroda", CardType::Credit, "CONSUMER"),
];

#[async_trait]
impl Provider for Sandbox {
    async fn provision(
        &self,
        token: &CardToken,
        now: Timestamp,
        random: [u8; 32],
    ) -> Result<Option<Provisioned>, ProviderError> {
        let reference = token.merchant_token_reference.as_str();
        let begins = |word: &str| reference.starts_with(&format!("sandbox-{word}-"));
        if begins("pending") {
            return Ok(None);
        }
        let (status, status_reason) = if begins("fail") {
            (
                TokenStatus::Failed,
                Some("the network refused to provision the token"),
            )
        } else if begins("suspend") {
            (TokenStatus::Suspended, Some("suspended by the issuer"))
        } else if begins("deactivate") {
            (TokenStatus::Deactivated, Some("deactivated by the network"))
        } else {
            (TokenStatus::Active, None)
        };
        let digest: [u8; 32] = Sha256::digest(reference).into();
        let [pick, high, low, ..] = digest;
        let (network, issuer, card_type, category) = DECK
            .get(usize::from(pick) % DECK.len())
            .copied()
            .unwrap_or(("VISA", "HDFC", CardType::Credit, "CONSUMER"));
        let last4 = u32::from(u16::from_be_bytes([high, low])) % 10_000;
        let mut tail = [0; RANDOM_BYTES];
        tail.copy_from_slice(
            random
                .first_chunk::<RANDOM_BYTES>()
                .unwrap_or(&[0; RANDOM_BYTES]),
        );
        Ok(Some(Provisioned {
            status,
            status_reason: status_reason.map(str::to_owned),
            provider_token_reference: format!(
                "sandbox_{}",
                hex::encode(digest.first_chunk::<10>().unwrap_or(&[0; 10]))
                    .replace(|c: char| c.is_ascii_digit(), "x")
            ),
            service_provider_token_id: Some(ServiceProviderTokenId::new(now, tail)),
            card: CardSummary {
                last4_digit: format!("{last4:04}"),
                card_type: Some(card_type),
                network_name: network.to_owned(),
                issuer_name: issuer.to_owned(),
                card_category: Some(category.to_owned()),
                country_code: Some("IND".to_owned()),
                international: false,
                emi: card_type == CardType::Credit,
                cvv_required: network == "RUPAY",
            },
            expired_at: Some(if begins("expired") {
                now.minus(DAY)
            } else {
                now.plus(DAY * 365 * 3)
            }),
            is_compliant: !begins("noncompliant"),
            afa_reference: token
                .afa_reference
                .clone()
                .or_else(|| Some(format!("sandbox-afa-{reference}"))),
        }))
    }

    async fn cryptogram(
        &self,
        token: &CardToken,
        random: [u8; 32],
    ) -> Result<Cryptogram, ProviderError> {
        use base64::Engine as _;
        let digest: [u8; 32] = Sha256::digest(token.token_id.as_str()).into();
        let end = token
            .expired_at
            .map(|at| at.to_string())
            .unwrap_or_default();
        Ok(Cryptogram {
            cryptogram: base64::engine::general_purpose::STANDARD
                .encode(random.first_chunk::<20>().unwrap_or(&[0; 20])),
            token_reference: token.provider_token_reference.clone().unwrap_or_default(),
            payment_account_reference: format!(
                "PAR{}",
                hex::encode(digest.first_chunk::<13>().unwrap_or(&[0; 13])).to_ascii_uppercase()
            ),
            token_expiry_month: end.get(5..7).unwrap_or("12").to_owned(),
            token_expiry_year: end.get(0..4).unwrap_or("2030").to_owned(),
        })
    }

    async fn remove(&self, _token: &CardToken) -> Result<(), ProviderError> {
        Ok(())
    }
}
