//! From the engine's errors to storage's, and what a failure does to the units that share a commit.

use store::{StoreError, group};

/// How far a failure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// The statement only; the unit may go on.
    Statement,
    /// The unit, which is to be undone.
    Unit,
    /// The engine may have rolled the transaction back by itself, so every unit in it is lost.
    Transaction,
    /// The disk or the engine is no longer to be trusted: nothing more may be written.
    Engine,
}

/// An error of storage with its reach.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
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
    fn reach(&self) -> group::Reach {
        match self.reach {
            Reach::Statement => group::Reach::Statement,
            Reach::Unit => group::Reach::Unit,
            Reach::Transaction | Reach::Engine => group::Reach::Group,
        }
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
        let reach = reach_of(&error);
        let text = error.to_string();
        let error = match reach {
            Reach::Statement | Reach::Unit => StoreError::Refused(text),
            Reach::Transaction | Reach::Engine => StoreError::Unavailable(text),
        };
        Self { error, reach }
    }
}

// https://www.sqlite.org/rescode.html, the primary codes.
const SQLITE_ERROR: i32 = 1;
const SQLITE_IOERR: i32 = 10;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_TOOBIG: i32 = 18;
const SQLITE_CONSTRAINT: i32 = 19;
const SQLITE_MISMATCH: i32 = 20;
const SQLITE_RANGE: i32 = 25;
const SQLITE_NOTADB: i32 = 26;

/// The primary result code of an engine's error.
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

fn reach_of(error: &sqlx::Error) -> Reach {
    match (primary_code(error), error) {
        // these undo the one statement and leave the transaction as it was
        (
            Some(SQLITE_ERROR | SQLITE_TOOBIG | SQLITE_CONSTRAINT | SQLITE_MISMATCH | SQLITE_RANGE),
            _,
        )
        | (
            None,
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::RowNotFound,
        ) => Reach::Statement,
        (Some(SQLITE_IOERR | SQLITE_CORRUPT | SQLITE_NOTADB), _)
        | (None, sqlx::Error::WorkerCrashed) => Reach::Engine,
        _ => Reach::Transaction,
    }
}

/// Whether a unique index refused a statement.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
