//! People who sign in, and their sessions.

use shared::Timestamp;
use shared::api::admin::Role;
use shared::id::{AdminId, MerchantId};

use super::Reading;
use crate::{AdminRecord, AdminSessionRecord, StoreError};

pub struct AdminRow {
    pub merchant_id: String,
    pub admin_id: String,
    pub email: String,
    pub password_hash: String,
    pub role: String,
    pub created_at: i64,
}

impl TryFrom<AdminRow> for AdminRecord {
    type Error = StoreError;

    fn try_from(row: AdminRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "admins",
            id: &row.admin_id,
        };
        Ok(Self {
            merchant_id: reading.word("merchant_id", &row.merchant_id, MerchantId::parse)?,
            admin_id: reading.word("admin_id", &row.admin_id, AdminId::parse)?,
            role: reading.word("role", &row.role, Role::parse)?,
            email: row.email,
            password_hash: row.password_hash,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

pub struct AdminSessionRow {
    pub token_sha256: Vec<u8>,
    pub merchant_id: String,
    pub admin_id: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
}

impl TryFrom<AdminSessionRow> for AdminSessionRecord {
    type Error = StoreError;

    fn try_from(row: AdminSessionRow) -> Result<Self, StoreError> {
        // named by its admin: the token's hash is what a cookie is compared with
        let reading = Reading {
            table: "admin_sessions",
            id: &row.admin_id,
        };
        Ok(Self {
            token_sha256: row.token_sha256,
            merchant_id: reading.word("merchant_id", &row.merchant_id, MerchantId::parse)?,
            admin_id: reading.word("admin_id", &row.admin_id, AdminId::parse)?,
            created_at: Timestamp::from_micros(row.created_at),
            last_seen_at: Timestamp::from_micros(row.last_seen_at),
            expires_at: Timestamp::from_micros(row.expires_at),
        })
    }
}
