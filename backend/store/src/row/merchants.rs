//! Merchants and their API keys.

use shared::Timestamp;
use shared::id::MerchantId;

use super::Reading;
use crate::{ApiKeyRecord, MerchantRecord, StoreError};

pub struct MerchantRow {
    pub merchant_id: String,
    pub name: String,
    pub sandbox: bool,
    pub wrapped_key: Vec<u8>,
    pub wrapped_index_key: Vec<u8>,
    pub settings: String,
    pub created_at: i64,
}

impl TryFrom<MerchantRow> for MerchantRecord {
    type Error = StoreError;

    fn try_from(row: MerchantRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "merchants",
            id: &row.merchant_id,
        };
        Ok(Self {
            merchant_id: reading.word("merchant_id", &row.merchant_id, MerchantId::parse)?,
            name: row.name,
            sandbox: row.sandbox,
            wrapped_key: row.wrapped_key,
            wrapped_index_key: row.wrapped_index_key,
            settings: row.settings,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

pub struct ApiKeyRow {
    pub merchant_id: String,
    pub client_id: String,
    pub secret_sha256: Vec<u8>,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

impl TryFrom<ApiKeyRow> for ApiKeyRecord {
    type Error = StoreError;

    fn try_from(row: ApiKeyRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "api_keys",
            id: &row.client_id,
        };
        Ok(Self {
            merchant_id: reading.word("merchant_id", &row.merchant_id, MerchantId::parse)?,
            secret_sha256: row.secret_sha256,
            created_at: Timestamp::from_micros(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
            client_id: row.client_id,
        })
    }
}
