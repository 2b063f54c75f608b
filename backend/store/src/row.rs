//! The rows behind the records: each column as every engine answers it, and how a record is made of them.
//! One that holds what it must not is named: table, column and whose row it is. The queries are each
//! engine's own; what their answers mean is written once, here.
#![expect(
    missing_docs,
    reason = "a column is the field of the same name of its record, where it is documented"
)]

mod admins;
mod answers;
mod audit;
mod consents;
mod customers;
mod erasures;
mod merchants;
mod outbox;
mod sessions;
mod tokens;

pub use admins::{AdminRow, AdminSessionRow};
pub use answers::AnswerRow;
pub use audit::{AuditRow, undecoded, word_of};
pub use consents::{DecisionRow, LastConsent, LastConsentRow};
pub use customers::{CustomerRow, columns_of};
pub use erasures::{ErasureRow, customer_id_of};
pub use merchants::{ApiKeyRow, MerchantRow};
pub use outbox::OutboxRow;
pub use sessions::{ChallengeRow, SessionRow};
pub use tokens::{TokenColumns, TokenRow};

use crate::{Result, StoreError};

/// Names the row whose columns are being read, so that one that lies can be named.
pub struct Reading<'a> {
    pub table: &'static str,
    pub id: &'a str,
}

impl Reading<'_> {
    /// The column holds what it must not.
    pub fn corrupt(&self, column: &'static str, problem: impl Into<String>) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column,
            id: self.id.to_owned(),
            problem: problem.into(),
        }
    }

    /// A word of a closed set.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], naming the column.
    pub fn word<T>(
        &self,
        column: &'static str,
        text: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T> {
        parse(text).ok_or_else(|| self.corrupt(column, "a word that is none of its own"))
    }

    /// An identifier, or anything else with a form of its own, that may be missing.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], naming the column.
    pub fn optional<T>(
        &self,
        column: &'static str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        text.map(|text| self.word(column, text, parse)).transpose()
    }

    /// A count.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], naming the column.
    pub fn count(&self, column: &'static str, number: i64) -> Result<u32> {
        u32::try_from(number).map_err(|_| self.corrupt(column, "a count out of range"))
    }
}
