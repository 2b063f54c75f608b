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

/// An `update` of one row by its key. A unique index that refuses undoes that statement only.
pub(crate) fn replaced(done: Result<SqliteQueryResult, sqlx::Error>) -> Answer<Replaced> {
    match done {
        Ok(done) if done.rows_affected() == 0 => Ok(Replaced::Stale),
        Ok(_) => Ok(Replaced::Yes),
        Err(error) if is_taken(&error) => Ok(Replaced::Taken),
        Err(error) => Err(error.into()),
    }
}
