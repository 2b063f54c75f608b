//! What a statement's effect means for its caller.

use sqlx::postgres::PgQueryResult;
use store::group::Reach;
use store::{Inserted, Replaced, StoreError};

use crate::error::{Answer, Failure, is_taken};

/// An `insert ... on conflict do nothing`.
pub(crate) fn inserted(done: &PgQueryResult) -> Inserted {
    if done.rows_affected() == 0 {
        Inserted::Taken
    } else {
        Inserted::Yes
    }
}

/// Creations of so many customers: each adds a row to two tables, of which the second is counted. Some of
/// several may have been added when others are taken, and must go with the unit.
pub(crate) fn created(done: &PgQueryResult, creations: usize) -> Answer<Inserted> {
    let rows = usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
    match creations {
        _ if rows == creations => Ok(Inserted::Yes),
        1 => Ok(Inserted::Taken),
        _ => Err(Failure {
            error: StoreError::Refused("one of several new customers is on file".to_owned()),
            reach: Reach::Unit,
        }),
    }
}

/// An `update` of one row by its key. When a unique index refuses, the caller goes back to its savepoint.
pub(crate) fn replaced(done: Result<PgQueryResult, sqlx::Error>) -> Answer<Replaced> {
    match done {
        Ok(done) if done.rows_affected() == 0 => Ok(Replaced::Stale),
        Ok(_) => Ok(Replaced::Yes),
        Err(error) if is_taken(&error) => Ok(Replaced::Taken),
        Err(error) => Err(error.into()),
    }
}
