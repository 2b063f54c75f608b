//! What a statement's effect means for its caller.

use sqlx::postgres::PgQueryResult;
use store::{Inserted, Replaced};

use crate::error::{Answer, is_taken};

/// An `insert ... on conflict do nothing`.
pub(crate) fn inserted(done: &PgQueryResult) -> Inserted {
    if done.rows_affected() == 0 {
        Inserted::Taken
    } else {
        Inserted::Yes
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
