//! The suite that every engine must pass, each case on a database file of its own.
#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::sync::Arc;

use store::Store;
use store_sqlite::SqliteStore;
use tempfile::TempDir;

async fn empty_store() -> (Arc<dyn Store>, TempDir) {
    let directory = TempDir::new().unwrap();
    let store = SqliteStore::open(&directory.path().join("onfile.db"))
        .await
        .unwrap();
    (Arc::new(store), directory)
}

store::conformance!(empty_store);
