//! What a statement's effect means for its caller.

use sqlx::sqlite::SqliteQueryResult;
use store::{Inserted, Replaced};

use crate::error::{Answer, is_taken};

/// An `insert ... on conflict do nothing`.
pub(crate) fn inserted(done: &SqliteQueryResult) -> Inserted {
    if done.rows_affected() == 0 {
        Inserted::Taken
    } else {
        Inserted::Yes
    }
}

/// A plain `insert` of one row. A unique index that refuses undoes that statement only.
pub(crate) fn added(done: Result<SqliteQueryResult, sqlx::Error>) -> Answer<Inserted> {
    match done {
        Ok(_) => Ok(Inserted::Yes),
        Err(error) if is_taken(&error) => Ok(Inserted::Taken),
        Err(error) => Err(error.into()),
    }
}

/// An `update` of one row by its key. A unique index that refuses undoes that statement only.
pub(crate) fn replaced(done: Result<SqliteQueryResult, sqlx::Error>) -> Answer<Replaced> {
    match done {
        Ok(done) if done.rows_affected() == 0 => Ok(Replaced::Stale),
        Ok(_) => Ok(Replaced::Yes),
        Err(error) if is_taken(&error) => Ok(Replaced::Taken),
        Err(error) => Err(error.into()),
    }
}
