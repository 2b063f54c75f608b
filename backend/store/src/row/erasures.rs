//! The receipts of erased customers.

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId};

use super::Reading;
use crate::{Destroyed, ErasureRecord, StoreError};

pub struct ErasureRow {
    pub customer_id: String,
    pub deleted_at: i64,
    pub erased_at: i64,
    pub tokens: i64,
    pub consents: i64,
    pub decisions: i64,
    pub sessions: i64,
    pub signature: Vec<u8>,
}

impl ErasureRow {
    /// The receipt, of this merchant.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], naming the column.
    pub fn of(self, merchant: &MerchantId) -> Result<ErasureRecord, StoreError> {
        Ok(ErasureRecord {
            merchant_id: merchant.clone(),
            customer_id: customer_id_of("erasures", &self.customer_id)?,
            deleted_at: Timestamp::from_micros(self.deleted_at),
            erased_at: Timestamp::from_micros(self.erased_at),
            destroyed: Destroyed {
                tokens: self.tokens,
                consents: self.consents,
                decisions: self.decisions,
                sessions: self.sessions,
            },
            signature: self.signature,
        })
    }
}

/// A customer's id where it is all that is read of a row.
///
/// # Errors
/// [`StoreError::Corrupt`], naming the table.
pub fn customer_id_of(table: &'static str, text: &str) -> Result<CustomerId, StoreError> {
    Reading { table, id: text }.word("customer_id", text, CustomerId::parse)
}
