//! The limits for durable writes: commits one by one, each kept through a loss of power. Of one small row,
//! which writes a page or two; and of the rows of a new customer, which write fifteen pages in nine trees.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use backend::vault::sha256;
use store::conformance::sample;
use store::{MerchantRecord, Store as _};
use store_sqlite::SqliteStore;

use crate::Outcome;

/// With the settings of Onfile's own.
async fn open(path: &Path) -> Outcome<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "8000")
        .disable_statement_logging();
    Ok(options.connect().await?)
}

/// A database of one table.
pub struct Rows(SqliteConnection);

impl Rows {
    /// Makes it in this directory: the disk must be the same.
    pub async fn make(directory: &Path) -> Outcome<Self> {
        let mut connection = open(&directory.join("rows.sqlite")).await?;
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

/// A commit of what a creation writes, in one call: every call is a trip to the connection's thread and back.
const CREATE: &str = "begin immediate;
    insert into customers (merchant_id, customer_id, status, state_since_at, version, wrapped_key, profile,
        phone_index, reference_index, email_index, created_at, updated_at)
    values (?, ?, 'INACTIVE', ?, 1, ?, ?, ?, ?, ?, ?, ?);
    insert into audit_entries (merchant_id, seq, happened_at, actor, actor_id, address, action, customer_id, fields,
        transition, request_id, previous_hash, hash)
    values (?, ?, ?, 'merchant', ?, '127.0.0.1', 'customer.create', ?, ?, '', ?, ?, ?);
    commit";

/// A database with Onfile's tables and one merchant.
pub struct Customers {
    connection: SqliteConnection,
    merchant: MerchantRecord,
    number: u32,
}

impl Customers {
    /// Makes it in this directory: the disk must be the same.
    pub async fn make(directory: &Path) -> Outcome<Self> {
        let path = directory.join("customers.sqlite");
        let merchant = sample::merchant(1);
        let store = SqliteStore::open(&path).await?;
        let mut unit = store.write().await?;
        let _made = unit.insert_merchant(&merchant).await?;
        unit.commit().await?;
        store.close().await;
        Ok(Self {
            connection: open(&path).await?,
            merchant,
            number: 0,
        })
    }

    /// Commits per second over this time.
    pub async fn rate(&mut self, time: Duration) -> Outcome<f64> {
        let merchant = self.merchant.merchant_id.as_str();
        let (key, profile) = (vec![7_u8; 169], vec![7_u8; 425]);
        let begun = Instant::now();
        let first = self.number;
        while begun.elapsed() < time {
            self.number += 1;
            let id = format!("cust-v1-260101000000-aa-{:012}", self.number);
            let at = i64::from(self.number);
            let index = |of: &str| sha256(format!("{of} {}", self.number).as_bytes());
            sqlx::query(CREATE)
                .bind(merchant)
                .bind(&id)
                .bind(at)
                .bind(&key)
                .bind(&profile)
                .bind(index("phone"))
                .bind(index("reference"))
                .bind(index("email"))
                .bind(at)
                .bind(at)
                .bind(merchant)
                .bind(at)
                .bind(at)
                .bind("onfile_live_0123456789")
                .bind(&id)
                .bind("merchant_customer_reference,first_name,last_name,mobile_number,email_id")
                .bind("req_0123456789abcdef01234567")
                .bind(index("previous"))
                .bind(index("hash"))
                .execute(&mut self.connection)
                .await?;
        }
        Ok(f64::from(self.number - first) / begun.elapsed().as_secs_f64())
    }

    /// Closes it.
    pub async fn close(self) -> Outcome<()> {
        Ok(self.connection.close().await?)
    }
}
