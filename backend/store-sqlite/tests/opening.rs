//! Opening: what is ours is opened, what is not is left exactly as it was.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what fails in a test fails the test"
)]

use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use sqlx::{Connection as _, Executor as _, SqliteConnection};
use store::Store as _;
use store::conformance::sample::{customer, customer_id, merchant_id, people};
use store_sqlite::{Look, OpenError, SqliteStore};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("onfile.db");
    (directory, path)
}

/// A closed database of ours with some customers in it.
async fn database(path: &Path, customers: u32) {
    let store = SqliteStore::open(path).await.unwrap();
    people(&store, customers).await.unwrap();
    store.close().await;
}

async fn tamper(path: &Path, statement: &'static str) {
    let mut connection = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
}

/// Every file of the database's directory, with what is in it and when it was changed.
fn everything_beside(path: &Path) -> Vec<(PathBuf, Option<Vec<u8>>, SystemTime)> {
    let mut files: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|file| {
            (
                file.clone(),
                fs::read(&file).ok(),
                file.metadata().unwrap().modified().unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

/// Refuses to open, says so in one line, and leaves everything in the directory as it was.
async fn refused(path: &Path) -> OpenError {
    let everything = || everything_beside(path);
    let before = everything();
    let error = SqliteStore::open(path)
        .await
        .map(drop)
        .expect_err("it is refused");
    let existing = SqliteStore::open_existing(path)
        .await
        .map(drop)
        .expect_err("it is refused");
    let looked = Look::at(path).await.map(drop).expect_err("it is refused");
    for another in [existing, looked] {
        assert_eq!(
            std::mem::discriminant(&error),
            std::mem::discriminant(&another)
        );
    }
    assert_eq!(before.len(), everything().len());
    assert_eq!(before, everything());
    assert!(!error.to_string().contains('\n'));
    error
}

#[tokio::test]
async fn a_new_database_is_made_for_its_owner_only() {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    people(&store, 1).await.unwrap();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.path()
        );
    }
    store.close().await;
    let left: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        left,
        ["onfile.db"],
        "the log is moved into the file when it is closed"
    );
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let (_directory, path) = place();
    database(&path, 3).await;
    let store = SqliteStore::open_existing(&path).await.unwrap();
    let found = store
        .read()
        .await
        .unwrap()
        .customer(&merchant_id(1), &customer_id(3))
        .await
        .unwrap();
    assert_eq!(found, Some(customer(3)));
}

#[tokio::test]
async fn what_was_committed_is_there_without_a_clean_close() {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    people(&store, 3).await.unwrap();
    // the files as a process that dies leaves them
    let copy = directory.path().join("copy.db");
    for end in ["", "-wal"] {
        fs::copy(
            format!("{}{end}", path.display()),
            format!("{}{end}", copy.display()),
        )
        .unwrap();
    }
    let copied = SqliteStore::open(&copy).await.unwrap();
    let found = copied
        .read()
        .await
        .unwrap()
        .customer(&merchant_id(1), &customer_id(3))
        .await
        .unwrap();
    assert_eq!(found, Some(customer(3)));
}

#[tokio::test]
async fn a_missing_database_is_made_only_where_that_is_asked_for() {
    let (directory, path) = place();
    assert!(matches!(
        SqliteStore::open_existing(&path).await,
        Err(OpenError::Missing { .. })
    ));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let nowhere = directory.path().join("nowhere").join("onfile.db");
    assert!(matches!(
        SqliteStore::open(&nowhere).await,
        Err(OpenError::NoDirectory { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_make_the_same_database_at_once_share_it() {
    let (directory, path) = place();
    let stores: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { SqliteStore::open(&path).await.unwrap() })
        })
        .collect();
    let mut opened = Vec::new();
    for store in stores {
        opened.push(store.await.unwrap());
    }
    people(&opened[0], 1).await.unwrap();
    let found = opened[7]
        .read()
        .await
        .unwrap()
        .customer(&merchant_id(1), &customer_id(1))
        .await
        .unwrap();
    assert_eq!(found, Some(customer(1)));
    let others: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".new-"))
        .collect();
    assert_eq!(others, Vec::<String>::new());
}

#[tokio::test]
async fn a_text_file_is_no_database() {
    let (_directory, path) = place();
    for content in ["a".to_owned(), "not a database\n".repeat(1_000)] {
        fs::write(&path, content).unwrap();
        assert!(matches!(
            refused(&path).await,
            OpenError::NotADatabase { .. }
        ));
    }
}

#[tokio::test]
async fn a_directory_is_no_database() {
    let (_directory, path) = place();
    fs::create_dir(&path).unwrap();
    assert!(matches!(
        refused(&path).await,
        OpenError::NotADatabase { .. }
    ));
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let (_directory, path) = place();
    for statement in [
        "create table customers (merchant_id text); pragma journal_mode = wal",
        "pragma application_id = 1; create table customers (merchant_id text)",
    ] {
        fs::write(&path, b"").unwrap();
        tamper(&path, statement).await;
        assert!(matches!(refused(&path).await, OpenError::Foreign { .. }));
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn a_database_that_is_cut_off_is_refused() {
    let (_directory, path) = place();
    database(&path, 100).await;
    let whole = fs::metadata(&path).unwrap().len();
    for length in [whole - 1, whole - 4096, 4096, 100, 0] {
        fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(length)
            .unwrap();
        assert!(
            matches!(refused(&path).await, OpenError::Truncated { .. }),
            "{length}"
        );
    }
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let (_directory, path) = place();
    database(&path, 100).await;
    let whole = fs::read(&path).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    for (offset, length) in [(100, 1_000), (4096, 4096), (40_960, 20_480)] {
        file.write_all_at(&vec![0xa5; length], offset).unwrap();
        assert!(
            matches!(refused(&path).await, OpenError::Corrupt { .. }),
            "{offset}"
        );
        file.write_all_at(&whole, 0).unwrap();
    }
    drop(file);
    SqliteStore::open(&path).await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let (_directory, path) = place();
    database(&path, 1).await;
    tamper(
        &path,
        "insert into _sqlx_migrations values (9999, 'later', current_timestamp, true, x'00', 1)",
    )
    .await;
    let error = refused(&path).await;
    assert!(matches!(error, OpenError::Newer { version: 9999, .. }));
    assert!(error.to_string().contains("9999"), "{error}");
}

#[tokio::test]
async fn a_half_migrated_database_is_refused() {
    for statement in [
        "update _sqlx_migrations set success = false",
        "update _sqlx_migrations set checksum = x'00'",
        "delete from _sqlx_migrations",
        "drop table _sqlx_migrations",
    ] {
        let (_directory, path) = place();
        database(&path, 1).await;
        tamper(&path, statement).await;
        assert!(
            matches!(refused(&path).await, OpenError::HalfMigrated { .. }),
            "{statement}"
        );
    }
}

#[tokio::test]
async fn a_row_that_lies_is_named() {
    let (_directory, path) = place();
    database(&path, 1).await;
    tamper(
        &path,
        "pragma ignore_check_constraints = on; update customers set status = 'ASLEEP'",
    )
    .await;
    let store = SqliteStore::open(&path).await.unwrap();
    let error = store
        .read()
        .await
        .unwrap()
        .customer(&merchant_id(1), &customer_id(1))
        .await
        .unwrap_err();
    let store::StoreError::Corrupt {
        table, column, id, ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (table, column, id.as_str()),
        ("customers", "status", customer_id(1).as_str())
    );
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_refused() {
    let (_directory, path) = place();
    database(&path, 1).await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    // root may read everything
    if !root {
        assert!(matches!(
            SqliteStore::open(&path).await,
            Err(OpenError::Refused { .. })
        ));
    }
}

#[tokio::test]
async fn looking_at_a_closed_database_changes_nothing() {
    let (_directory, path) = place();
    database(&path, 3).await;
    let before = everything_beside(&path);
    let look = Look::at(&path).await.unwrap();
    let found = look.view().customer(&merchant_id(1), &customer_id(3)).await;
    assert_eq!(found.unwrap(), Some(customer(3)));
    assert!(!look.was_disturbed());
    drop(look);
    assert_eq!(everything_beside(&path), before);
}

#[tokio::test]
async fn looking_beside_a_server_shows_what_is_only_in_its_log() {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    people(&store, 3).await.unwrap();
    let look = Look::at(&path).await.unwrap();
    let found = look.view().customer(&merchant_id(1), &customer_id(3)).await;
    assert_eq!(found.unwrap(), Some(customer(3)));
    // as after a crash: the log is there, and nobody has it open
    let crashed = TempDir::new().unwrap();
    for name in ["onfile.db", "onfile.db-wal"] {
        fs::copy(directory.path().join(name), crashed.path().join(name)).unwrap();
    }
    let copy = crashed.path().join("onfile.db");
    let (file, log) = (
        fs::read(&copy).unwrap(),
        crashed.path().join("onfile.db-wal"),
    );
    let logged = fs::read(&log).unwrap();
    let looked = Look::at(&copy).await.unwrap();
    let found = looked
        .view()
        .customer(&merchant_id(1), &customer_id(3))
        .await;
    assert_eq!(found.unwrap(), Some(customer(3)));
    drop(looked);
    assert!(fs::read(&copy).unwrap() == file && fs::read(&log).unwrap() == logged);
    store.close().await;
    assert!(!look.was_disturbed(), "it is read through the log");
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_looked_at_is_known() {
    let (_directory, path) = place();
    database(&path, 1).await;
    let look = Look::at(&path).await.unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut unit = store.write().await.unwrap();
    unit.set_instance_value("some", b"thing").await.unwrap();
    unit.commit().await.unwrap();
    store.close().await;
    assert!(look.was_disturbed());
}

#[tokio::test]
async fn a_database_of_an_older_version_is_not_looked_at() {
    let (_directory, path) = place();
    database(&path, 1).await;
    let last =
        "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)";
    tamper(&path, last).await;
    let before = everything_beside(&path);
    let error = Look::at(&path).await.map(drop).expect_err("it is refused");
    assert!(matches!(error, OpenError::Older { .. }), "{error}");
    assert_eq!(everything_beside(&path), before);
}

/// As `.cargo/config.toml` says, whatever sqlx and its crates choose.
#[tokio::test]
async fn sqlite_has_no_lock_that_all_connections_share() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let options: Vec<String> = sqlx::query_scalar("pragma compile_options")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let has = |option: &str| options.iter().any(|found| found == option);
    assert!(has("DEFAULT_MEMSTATUS=0"), "{options:?}");
    assert!(!has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
}
