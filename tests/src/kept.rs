//! Where a test keeps its data: a SQLite file in a directory of its own, or, when the environment has
//! `ONFILE_TEST_DATABASE=postgres`, a database of its own on the server of `scripts/postgres.sh`.
#![allow(
    clippy::disallowed_methods,
    reason = "the engine is chosen by the environment, and a name is to be new in every run"
)]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use store::Store;
use store_postgres::PostgresStore;
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// The data of one test, gone with it.
pub enum Kept {
    /// A directory with a file.
    File(TempDir),
    /// A database on a server.
    Server(OnServer),
}

impl Kept {
    /// A place with nothing in it.
    pub async fn new() -> Self {
        match std::env::var("ONFILE_TEST_DATABASE").as_deref() {
            Ok("postgres") => Self::on_server().await,
            Ok("sqlite") | Err(_) => Self::in_file(),
            Ok(other) => panic!("ONFILE_TEST_DATABASE is {other}: there are sqlite and postgres"),
        }
    }

    /// A directory for a file, whatever the environment chooses for others.
    pub fn in_file() -> Self {
        Self::File(TempDir::new().unwrap())
    }

    /// A database with nothing in it on the server, whatever the environment chooses for others.
    pub async fn on_server() -> Self {
        Self::Server(OnServer::new().await)
    }

    /// How many requests at once are answered: each waits for its turn in the file, but on a server for a
    /// connection, and is sent away when it waits too long.
    pub fn at_once(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(match self {
            Self::File(_) => 10_000,
            Self::Server(_) => 100,
        }))
    }

    /// A store on it.
    pub async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::File(directory) => {
                Arc::new(SqliteStore::open(&file_in(directory)).await.unwrap())
            }
            Self::Server(database) => Arc::new(PostgresStore::open(&database.url).await.unwrap()),
        }
    }
}

/// The SQLite file.
pub fn file_in(directory: &TempDir) -> PathBuf {
    directory.path().join("onfile.sqlite")
}

/// A database on the server, dropped with this.
pub struct OnServer {
    name: String,
    /// Leads to it.
    pub url: String,
}

fn server() -> String {
    std::env::var("ONFILE_POSTGRES_URL")
        .expect("ONFILE_POSTGRES_URL leads to no server: run the tests with scripts/postgres.sh")
}

async fn on_server(statement: String) {
    let mut connection = PgConnection::connect(&server()).await.unwrap();
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}

impl OnServer {
    async fn new() -> Self {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let mut name = "onfile_test_".to_owned();
        for byte in random {
            write!(name, "{byte:02x}").unwrap();
        }
        on_server(format!("create database {name}")).await;
        let server = server();
        let (base, parameters) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = base.rsplit_once('/').unwrap();
        let url = format!("{host}/{name}?{parameters}");
        Self { name, url }
    }
}

impl Drop for OnServer {
    fn drop(&mut self) {
        let statement = format!("drop database {} with (force)", self.name);
        // a runtime of its own: the test's may be what drops this
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(on_server(statement));
        })
        .join();
        assert!(dropped.is_ok() || std::thread::panicking());
    }
}
