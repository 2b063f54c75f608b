//! A database of its own for each test, on the server that `scripts/postgres.sh` starts.
#![allow(dead_code, reason = "not every file of tests needs all of it")]
#![allow(
    clippy::disallowed_methods,
    reason = "the server is named by the environment, and a name is to be new in every run"
)]

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// An empty database, dropped with this.
pub struct Database {
    name: String,
    pub url: String,
}

/// Without a server nothing is tested, and that is a failure.
fn server() -> String {
    std::env::var("ONFILE_POSTGRES_URL")
        .expect("ONFILE_POSTGRES_URL leads to no server: run the tests with scripts/postgres.sh")
}

/// The server's URL with another database.
pub fn url_of(name: &str) -> String {
    let server = server();
    let (base, parameters) = server.split_once('?').unwrap_or((&server, ""));
    let (host, _) = base.rsplit_once('/').expect("a database in the URL");
    format!("{host}/{name}?{parameters}")
}

async fn on(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}

impl Database {
    pub async fn new() -> Self {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let mut name = "onfile_test_".to_owned();
        for byte in random {
            write!(name, "{byte:02x}").unwrap();
        }
        on(&server(), format!("create database {name}")).await;
        let url = url_of(&name);
        Self { name, url }
    }

    /// Runs statements on it, as somebody else than Onfile.
    pub async fn tamper(&self, statements: &str) {
        on(&self.url, statements.to_owned()).await;
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Cuts every connection to it.
    pub async fn cut(&self) {
        let name = &self.name;
        on(
            &server(),
            format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
            ),
        )
        .await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database {} with (force)", self.name);
        // a runtime of its own: the test's may be what drops this
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(on(&server(), statement));
        })
        .join();
        assert!(dropped.is_ok() || std::thread::panicking());
    }
}
