//! The audit chains.

use shared::Timestamp;
use shared::customer::Actor;
use shared::id::{CustomerId, MerchantId, TokenId};

use super::Reading;
use crate::{AuditRecord, StoreError};

pub struct AuditRow {
    pub merchant_id: String,
    pub seq: i64,
    pub happened_at: i64,
    pub actor: String,
    pub actor_id: String,
    pub address: Option<String>,
    pub action: String,
    pub customer_id: Option<String>,
    pub token_id: Option<String>,
    pub fields: String,
    pub transition: String,
    pub sealed_reason: Option<Vec<u8>>,
    pub request_id: String,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

impl TryFrom<AuditRow> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        let id = format!("{}/{}", row.merchant_id, row.seq);
        let reading = Reading {
            table: "audit_entries",
            id: &id,
        };
        Ok(Self {
            merchant_id: reading.word("merchant_id", &row.merchant_id, MerchantId::parse)?,
            seq: row.seq,
            at: Timestamp::from_micros(row.happened_at),
            actor: reading.word("actor", &row.actor, parse_actor)?,
            actor_id: row.actor_id,
            address: row.address,
            action: row.action,
            customer_id: reading.optional(
                "customer_id",
                row.customer_id.as_deref(),
                CustomerId::parse,
            )?,
            token_id: reading.optional("token_id", row.token_id.as_deref(), TokenId::parse)?,
            fields: row.fields,
            transition: row.transition,
            sealed_reason: row.sealed_reason,
            request_id: row.request_id,
            previous_hash: row.previous_hash,
            hash: row.hash,
        })
    }
}

/// A row that does not even come as an [`AuditRow`].
#[must_use]
pub fn undecoded(merchant: &MerchantId, seq: i64, problem: &str) -> StoreError {
    StoreError::Corrupt {
        table: "audit_entries",
        column: "*",
        id: format!("{merchant}/{seq}"),
        problem: format!("what cannot be decoded ({problem})"),
    }
}

#[must_use]
pub const fn word_of(actor: Actor) -> &'static str {
    match actor {
        Actor::Merchant => "merchant",
        Actor::Admin => "admin",
        Actor::Shopper => "shopper",
        Actor::System => "system",
    }
}

fn parse_actor(text: &str) -> Option<Actor> {
    Actor::ALL.into_iter().find(|actor| word_of(*actor) == text)
}
