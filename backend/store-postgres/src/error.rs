//! From the engine's errors to storage's.

use store::StoreError;

/// An error of storage.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
    /// Whether the transaction takes nothing more: after any error that the engine reports.
    pub(crate) loses_unit: bool,
}

/// What every query answers.
pub(crate) type Answer<T> = Result<T, Failure>;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self {
            error,
            loses_unit: false,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        let (error, loses_unit) = match &error {
            sqlx::Error::Database(reported) => match reported.code() {
                Some(code) if passes(&code) => (StoreError::Unavailable(text), true),
                _ => (StoreError::Refused(text), true),
            },
            // of a row that arrived
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::RowNotFound => (StoreError::Refused(text), false),
            // the connection broke, or the pool has none to give
            _ => (StoreError::Unavailable(text), true),
        };
        Self { error, loses_unit }
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
