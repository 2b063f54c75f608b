//! Checkout sessions and their challenges.

use shared::Timestamp;
use shared::checkout_session::SessionStatus;
use shared::consent::Purpose;
use shared::id::{ChallengeId, CustomerId, SessionId, TokenId};

use super::Reading;
use crate::{ChallengeRecord, SessionRecord, StoreError};

pub struct SessionRow {
    pub session_id: String,
    pub secret_sha256: Option<Vec<u8>>,
    pub frame_code_sha256: Option<Vec<u8>>,
    pub cookie_sha256: Option<Vec<u8>>,
    pub origin: String,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub hint: Option<Vec<u8>>,
    pub locale: Option<String>,
    pub allow: String,
    pub purpose: String,
    pub status: String,
    pub customer_id: Option<String>,
    pub is_new: bool,
    pub challenge_id: Option<String>,
    pub shown_revision: Option<String>,
    pub selected_token_id: Option<String>,
    pub save_consent: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
}

impl TryFrom<SessionRow> for SessionRecord {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "checkout_sessions",
            id: &row.session_id,
        };
        Ok(Self {
            session_id: reading.word("session_id", &row.session_id, SessionId::parse)?,
            secret_sha256: row.secret_sha256,
            frame_code_sha256: row.frame_code_sha256,
            cookie_sha256: row.cookie_sha256,
            origin: row.origin,
            amount: row.amount,
            currency: row.currency,
            hint: row.hint,
            locale: row.locale,
            allow: row.allow,
            purpose: reading.word("purpose", &row.purpose, Purpose::parse)?,
            status: reading.word("status", &row.status, SessionStatus::parse)?,
            customer_id: reading.optional(
                "customer_id",
                row.customer_id.as_deref(),
                CustomerId::parse,
            )?,
            is_new: row.is_new,
            challenge_id: reading.optional(
                "challenge_id",
                row.challenge_id.as_deref(),
                ChallengeId::parse,
            )?,
            shown_revision: row.shown_revision,
            selected_token_id: reading.optional(
                "selected_token_id",
                row.selected_token_id.as_deref(),
                TokenId::parse,
            )?,
            save_consent: row.save_consent,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
        })
    }
}

pub struct ChallengeRow {
    pub challenge_id: String,
    pub session_id: String,
    pub phone_index: Vec<u8>,
    pub phone: Vec<u8>,
    pub code_mac: Option<Vec<u8>>,
    pub code_expires_at: i64,
    pub sends: i64,
    pub last_sent_at: i64,
    pub wrong: i64,
    pub locked_until_at: Option<i64>,
    pub created_at: i64,
}

impl TryFrom<ChallengeRow> for ChallengeRecord {
    type Error = StoreError;

    fn try_from(row: ChallengeRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "challenges",
            id: &row.challenge_id,
        };
        Ok(Self {
            challenge_id: reading.word("challenge_id", &row.challenge_id, ChallengeId::parse)?,
            session_id: reading.word("session_id", &row.session_id, SessionId::parse)?,
            phone_index: row.phone_index,
            phone: row.phone,
            code_mac: row.code_mac,
            code_expires_at: Timestamp::from_micros(row.code_expires_at),
            sends: reading.count("sends", row.sends)?,
            last_sent_at: Timestamp::from_micros(row.last_sent_at),
            wrong: reading.count("wrong", row.wrong)?,
            locked_until: row.locked_until_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}
