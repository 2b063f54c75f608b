//! From the engine's errors to storage's.

use store::StoreError;
use store::group::{self, Reach};

/// An error of storage.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
    /// After any error that the engine reports, the transaction takes nothing more before it goes back to a
    /// savepoint; without the connection there is no transaction.
    pub(crate) reach: Reach,
}

/// What every query answers.
pub(crate) type Answer<T> = Result<T, Failure>;

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl group::Failure for Failure {
    fn reach(&self) -> Reach {
        self.reach
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self {
            error,
            reach: Reach::Statement,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        let (error, reach) = match &error {
            sqlx::Error::Database(reported) => match reported.code() {
                Some(code) if passes(&code) => (StoreError::Unavailable(text), Reach::Unit),
                _ => (StoreError::Refused(text), Reach::Unit),
            },
            // of a row that arrived
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::RowNotFound => (StoreError::Refused(text), Reach::Statement),
            // the connection broke, or the pool has none to give
            _ => (StoreError::Unavailable(text), Reach::Group),
        };
        Self { error, reach }
    }
}

/// Whether the same call may work later.
/// <https://www.postgresql.org/docs/15/errcodes-appendix.html>
fn passes(code: &str) -> bool {
    // connection lost, resources, an operator's hand, the system below
    let class = ["08", "53", "57", "58"]
        .iter()
        .any(|class| code.starts_with(class));
    // read-only (a standby, or a primary on its way down), idle in a transaction for too long,
    // serialisation failure, deadlock, lock timeout; a statement timeout is of class 57
    class || ["25006", "25P03", "40001", "40P01", "55P03"].contains(&code)
}

/// Whether the engine can hold a text. One that it cannot names nothing that is kept.
pub(crate) fn is_text(text: &str) -> bool {
    !text.contains('\0')
}

/// Whether a unique index refused a statement.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn what_may_work_later_is_told_from_what_never_will() {
        for code in [
            "08006", "25006", "25P03", "40001", "40P01", "53300", "55P03", "57014", "57P01",
            "58030",
        ] {
            assert!(passes(code), "{code}");
        }
        for code in [
            "23505", "23503", "22P02", "42601", "42P01", "25P02", "42501",
        ] {
            assert!(!passes(code), "{code}");
        }
    }
}
