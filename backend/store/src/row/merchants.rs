//! Merchants and their API keys.

use shared::Timestamp;
use shared::id::MerchantId;

use super::Reading;
use crate::{ApiKeyRecord, MerchantKey, MerchantRecord, SpareKey, SpareRole, StoreError};

pub struct MerchantRow {
    pub merchant_id: String,
    pub name: String,
    pub sandbox: bool,
    pub wrapped_key: Vec<u8>,
    pub wrapped_index_key: Vec<u8>,
    pub wrapped_spare_key: Option<Vec<u8>>,
    pub spare_of: Option<String>,
    pub spare_role: Option<String>,
    pub spare_since_at: Option<i64>,
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
        let role = reading.optional("spare_role", row.spare_role.as_deref(), SpareRole::parse)?;
        let of = reading.optional("spare_of", row.spare_of.as_deref(), MerchantKey::parse)?;
        let spare_key = match (row.wrapped_spare_key, role, row.spare_since_at) {
            (Some(wrapped), Some(role), Some(since)) => Some(SpareKey {
                of: of.unwrap_or(MerchantKey::Wrap),
                wrapped,
                role,
                since: Timestamp::from_micros(since),
            }),
            (None, None, None) => None,
            _ => return Err(reading.corrupt("spare_role", "half of a second key")),
        };
        Ok(Self {
            spare_key,
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
