//! The limit for durable writes: rows committed one by one, each kept through a loss of power.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::Outcome;

/// A database of one table, opened with the settings of Onfile's own.
pub struct Rows(SqliteConnection);

impl Rows {
    /// Makes it in this directory: the disk must be the same.
    pub async fn make(directory: &Path) -> Outcome<Self> {
        let options = SqliteConnectOptions::new()
            .filename(directory.join("rows.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", "4000")
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        sqlx::query("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
            .execute(&mut connection)
            .await?;
        Ok(Self(connection))
    }

    /// Commits per second over this time.
    pub async fn rate(&mut self, time: Duration) -> Outcome<f64> {
        let body = vec![7_u8; 500];
        let begun = Instant::now();
        let mut commits = 0_u32;
        while begun.elapsed() < time {
            sqlx::query("INSERT INTO rows (body) VALUES (?)")
                .bind(body.as_slice())
                .execute(&mut self.0)
                .await?;
            commits += 1;
        }
        Ok(f64::from(commits) / begun.elapsed().as_secs_f64())
    }

    /// Closes it.
    pub async fn close(self) -> Outcome<()> {
        Ok(self.0.close().await?)
    }
}
