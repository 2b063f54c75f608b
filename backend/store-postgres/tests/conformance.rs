//! The suite that every engine must pass, each case on a database of its own.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what fails in a test fails the test"
)]

mod database;

use std::sync::Arc;

use store::Store;
use store_postgres::PostgresStore;

use crate::database::Database;

async fn empty_store() -> (Arc<dyn Store>, Database) {
    let database = Database::new().await;
    let store = PostgresStore::open(&database.url).await.unwrap();
    (Arc::new(store), database)
}

store::conformance!(empty_store);
