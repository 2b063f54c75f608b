//! Card tokens.

use shared::Timestamp;
use shared::card_token::{CardSummary, CardType, PaymentMethod, TokenProvider, TokenStatus};
use shared::id::{CustomerId, ServiceProviderTokenId, TokenId};

use super::Reading;
use crate::{StoreError, TokenRecord};

pub struct TokenRow {
    pub token_id: String,
    pub customer_id: String,
    pub merchant_token_reference: String,
    pub request_mac: Vec<u8>,
    pub status: String,
    pub status_since_at: i64,
    pub status_reason: Option<String>,
    pub payment_method: String,
    pub card_last4_digit: Option<String>,
    pub card_type: Option<String>,
    pub card_network_name: Option<String>,
    pub card_issuer_name: Option<String>,
    pub card_category: Option<String>,
    pub card_country_code: Option<String>,
    pub card_international: Option<bool>,
    pub card_emi: Option<bool>,
    pub card_cvv_required: Option<bool>,
    pub expired_at: Option<i64>,
    pub is_compliant: bool,
    pub metadata: Option<Vec<u8>>,
    pub provider: String,
    pub provider_token_reference: Option<String>,
    pub service_provider_token_id: Option<String>,
    pub afa_reference: Option<String>,
    pub removed_at: Option<i64>,
    pub removal_confirmed_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl TryFrom<TokenRow> for TokenRecord {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "card_tokens",
            id: &row.token_id,
        };
        let card_type = reading.optional("card_type", row.card_type.as_deref(), CardType::parse)?;
        let card = match (
            row.card_last4_digit,
            row.card_network_name,
            row.card_issuer_name,
            row.card_international,
            row.card_emi,
            row.card_cvv_required,
        ) {
            (None, None, None, None, None, None) => None,
            (
                Some(last4_digit),
                Some(network_name),
                Some(issuer_name),
                Some(international),
                Some(emi),
                Some(cvv_required),
            ) => Some(CardSummary {
                last4_digit,
                card_type,
                network_name,
                issuer_name,
                card_category: row.card_category,
                country_code: row.card_country_code,
                international,
                emi,
                cvv_required,
            }),
            _ => return Err(reading.corrupt("card_last4_digit", "a card that is known by half")),
        };
        let service_provider_token_id = reading.optional(
            "service_provider_token_id",
            row.service_provider_token_id.as_deref(),
            ServiceProviderTokenId::parse,
        )?;
        Ok(Self {
            token_id: reading.word("token_id", &row.token_id, TokenId::parse)?,
            customer_id: reading.word("customer_id", &row.customer_id, CustomerId::parse)?,
            merchant_token_reference: row.merchant_token_reference,
            request_mac: row.request_mac,
            status: reading.word("status", &row.status, TokenStatus::parse)?,
            status_since: Timestamp::from_micros(row.status_since_at),
            status_reason: row.status_reason,
            payment_method: reading.word(
                "payment_method",
                &row.payment_method,
                PaymentMethod::parse,
            )?,
            card,
            expired_at: row.expired_at.map(Timestamp::from_micros),
            is_compliant: row.is_compliant,
            metadata: row.metadata,
            provider: reading.word("provider", &row.provider, TokenProvider::parse)?,
            provider_token_reference: row.provider_token_reference,
            service_provider_token_id,
            afa_reference: row.afa_reference,
            removed_at: row.removed_at.map(Timestamp::from_micros),
            removal_confirmed_at: row.removal_confirmed_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}

/// A record's values in the forms that columns take.
pub struct TokenColumns<'a> {
    pub last4_digit: Option<&'a str>,
    pub card_type: Option<&'static str>,
    pub network_name: Option<&'a str>,
    pub issuer_name: Option<&'a str>,
    pub category: Option<&'a str>,
    pub country_code: Option<&'a str>,
    pub international: Option<bool>,
    pub emi: Option<bool>,
    pub cvv_required: Option<bool>,
    pub status_since_at: i64,
    pub expired_at: Option<i64>,
    pub service_provider_token_id: Option<&'a str>,
    pub removed_at: Option<i64>,
    pub removal_confirmed_at: Option<i64>,
    pub updated_at: i64,
}

impl<'a> TokenColumns<'a> {
    #[must_use]
    pub fn of(token: &'a TokenRecord) -> Self {
        let card = token.card.as_ref();
        Self {
            last4_digit: card.map(|card| card.last4_digit.as_str()),
            card_type: card.and_then(|card| card.card_type).map(CardType::as_str),
            network_name: card.map(|card| card.network_name.as_str()),
            issuer_name: card.map(|card| card.issuer_name.as_str()),
            category: card.and_then(|card| card.card_category.as_deref()),
            country_code: card.and_then(|card| card.country_code.as_deref()),
            international: card.map(|card| card.international),
            emi: card.map(|card| card.emi),
            cvv_required: card.map(|card| card.cvv_required),
            status_since_at: token.status_since.as_micros(),
            expired_at: token.expired_at.map(Timestamp::as_micros),
            service_provider_token_id: token
                .service_provider_token_id
                .as_ref()
                .map(ServiceProviderTokenId::as_str),
            removed_at: token.removed_at.map(Timestamp::as_micros),
            removal_confirmed_at: token.removal_confirmed_at.map(Timestamp::as_micros),
            updated_at: token.updated_at.as_micros(),
        }
    }
}
