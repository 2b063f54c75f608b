//! What must happen after a commit.

use shared::Timestamp;
use shared::id::{MerchantId, MessageId};

use super::Reading;
use crate::{OutboxRecord, StoreError};

pub struct OutboxRow {
    pub merchant_id: String,
    pub message_id: String,
    pub kind: String,
    pub payload: Vec<u8>,
    pub due_at: i64,
    pub attempts: i64,
    pub created_at: i64,
}

impl TryFrom<OutboxRow> for OutboxRecord {
    type Error = StoreError;

    fn try_from(row: OutboxRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "outbox_messages",
            id: &row.message_id,
        };
        Ok(Self {
            merchant_id: reading.word("merchant_id", &row.merchant_id, MerchantId::parse)?,
            message_id: reading.word("message_id", &row.message_id, MessageId::parse)?,
            kind: row.kind,
            payload: row.payload,
            due_at: Timestamp::from_micros(row.due_at),
            attempts: reading.count("attempts", row.attempts)?,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}
