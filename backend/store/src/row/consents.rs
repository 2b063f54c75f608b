//! Consents and decisions that were shown.

use shared::Timestamp;
use shared::consent::ConsentAct;
use shared::id::{CustomerId, SessionId, TokenId};

use super::Reading;
use crate::{DecisionRecord, StoreError};

/// A token's last record of consent for one purpose.
pub type LastConsent = (TokenId, ConsentAct, Timestamp);

pub struct LastConsentRow {
    pub token_id: String,
    pub act: String,
    pub recorded_at: i64,
}

impl TryFrom<LastConsentRow> for LastConsent {
    type Error = StoreError;

    fn try_from(row: LastConsentRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "consents",
            id: &row.token_id,
        };
        Ok((
            reading.word("token_id", &row.token_id, TokenId::parse)?,
            reading.word("act", &row.act, ConsentAct::parse)?,
            Timestamp::from_micros(row.recorded_at),
        ))
    }
}

pub struct DecisionRow {
    pub customer_id: String,
    pub token_id: String,
    pub session_id: String,
    pub shown_at: i64,
    pub rules_version: i64,
    pub inputs: String,
    pub outcome: String,
}

impl TryFrom<DecisionRow> for DecisionRecord {
    type Error = StoreError;

    fn try_from(row: DecisionRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "decisions",
            id: &row.customer_id,
        };
        Ok(Self {
            customer_id: reading.word("customer_id", &row.customer_id, CustomerId::parse)?,
            token_id: reading.word("token_id", &row.token_id, TokenId::parse)?,
            session_id: reading.word("session_id", &row.session_id, SessionId::parse)?,
            at: Timestamp::from_micros(row.shown_at),
            rules_version: reading.count("rules_version", row.rules_version)?,
            inputs: row.inputs,
            outcome: row.outcome,
        })
    }
}
