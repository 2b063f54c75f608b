//! What a statement's effect means for its caller.

use sqlx::sqlite::SqliteQueryResult;
use store::{Inserted, Replaced, StoreError};

use crate::error::{Answer, Failure, Reach, is_taken};

/// An `insert ... on conflict do nothing`.
pub(crate) fn inserted(done: &SqliteQueryResult) -> Inserted {
    if done.rows_affected() == 0 {
        Inserted::Taken
    } else {
        Inserted::Yes
    }
}

/// Creations of so many customers: each adds a row to two tables, of which both are counted. Some of
/// several may have been added when others are taken, and must go with the unit.
pub(crate) fn created(done: &SqliteQueryResult, creations: usize) -> Answer<Inserted> {
    let rows = usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
    match creations {
        _ if rows == 2 * creations => Ok(Inserted::Yes),
        1 => Ok(Inserted::Taken),
        _ => Err(Failure {
            error: StoreError::Refused("one of several new customers is on file".to_owned()),
            reach: Reach::Unit,
        }),
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
