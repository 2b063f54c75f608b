//! Answers kept under an `Idempotency-Key`.

use shared::Timestamp;
use shared::id::{CustomerId, SessionId};

use super::Reading;
use crate::{AnswerRecord, AnsweredSession, StoreError};

pub struct AnswerRow {
    pub merchant_id: String,
    pub key_index: Vec<u8>,
    pub request_mac: Vec<u8>,
    pub status: i64,
    pub answer: Vec<u8>,
    pub customer_id: Option<String>,
    pub session_id: Option<String>,
    pub session_secret: Option<Vec<u8>>,
    pub session_ends_at: Option<i64>,
    pub created_at: i64,
}

impl TryFrom<AnswerRow> for AnswerRecord {
    type Error = StoreError;

    fn try_from(row: AnswerRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "idempotency_keys",
            id: &row.merchant_id,
        };
        let session_id =
            reading.optional("session_id", row.session_id.as_deref(), SessionId::parse)?;
        let session = match (session_id, row.session_ends_at) {
            (Some(session_id), Some(ends_at)) => Some(AnsweredSession {
                session_id,
                secret: row.session_secret,
                ends_at: Timestamp::from_micros(ends_at),
            }),
            (None, None) => None,
            _ => return Err(reading.corrupt("session_ends_at", "no session, or one without end")),
        };
        Ok(Self {
            status: u16::try_from(row.status)
                .map_err(|_| reading.corrupt("status", "what is no HTTP status"))?,
            customer_id: reading.optional(
                "customer_id",
                row.customer_id.as_deref(),
                CustomerId::parse,
            )?,
            session,
            key_index: row.key_index,
            request_mac: row.request_mac,
            answer: row.answer,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}
