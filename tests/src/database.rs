//! What was kept, read from the database itself.

use std::collections::{BTreeMap, BTreeSet};

use backend::service::work;
use shared::Timestamp;
use shared::customer::Actor;
use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};
use store::AuditRecord;

use crate::app::TestApp;
use crate::kept::{Kept, file_in};

/// Columns that may change although nothing happened: when a credential was last seen.
const LAST_SEEN: [&str; 2] = ["api_keys.last_used_at", "admin_sessions.last_seen_at"];

/// A connection of its own to the data.
enum Beside {
    File(SqliteConnection),
    Server(PgConnection),
}

impl Beside {
    async fn to(app: &TestApp) -> Self {
        match app.kept() {
            Kept::File(directory) => Self::File(
                SqliteConnectOptions::new()
                    .filename(file_in(directory))
                    .foreign_keys(false)
                    .connect()
                    .await
                    .unwrap(),
            ),
            Kept::Server(database) => {
                Self::Server(PgConnection::connect(&database.url).await.unwrap())
            }
        }
    }

    /// The first column of what a query finds.
    async fn texts(&mut self, query: String) -> Vec<String> {
        let query = AssertSqlSafe(query);
        match self {
            Self::File(connection) => sqlx::query_scalar(query).fetch_all(connection).await,
            Self::Server(connection) => sqlx::query_scalar(query).fetch_all(connection).await,
        }
        .unwrap()
    }

    /// Every table with its columns, each in a form that a query can take.
    async fn columns(&mut self) -> Vec<(String, String)> {
        match self {
            Self::File(connection) => sqlx::query_as(
                "select t.name, c.name from sqlite_schema t, pragma_table_info(t.name) c
                 where t.type = 'table' and t.name not like 'sqlite_%' and t.name not like '_sqlx%'
                 order by t.name, c.cid",
            )
            .fetch_all(connection)
            .await
            .unwrap(),
            Self::Server(connection) => sqlx::query_as(
                "select table_name::text, column_name::text from information_schema.columns
                 where table_schema = 'public' and table_name not like '\\_sqlx%'
                 order by table_name, ordinal_position",
            )
            .fetch_all(connection)
            .await
            .unwrap(),
        }
    }

    /// A column as text.
    fn quoted(&self, column: &str) -> String {
        match self {
            Self::File(_) => format!("quote({column})"),
            Self::Server(_) => format!("quote_nullable({column})"),
        }
    }
}

/// The columns of a table, in the order of the alphabet.
pub async fn columns(app: &TestApp, table: &str) -> Vec<String> {
    let all = Beside::to(app).await.columns().await;
    let mut columns: Vec<_> = all
        .into_iter()
        .filter_map(|(of, column)| (of == table).then_some(column))
        .collect();
    columns.sort();
    columns
}

/// Every row of every table as text.
pub async fn contents(app: &TestApp) -> BTreeMap<String, Vec<String>> {
    let mut connection = Beside::to(app).await;
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in connection.columns().await {
        let counts = !LAST_SEEN.contains(&format!("{table}.{column}").as_str());
        let columns = tables.entry(table).or_default();
        columns.extend(counts.then(|| connection.quoted(&column)));
    }
    let mut contents = BTreeMap::new();
    for (table, columns) in tables {
        let columns = columns.join(" || '|' || ");
        let query = format!("select {columns} as line from {table} order by line");
        contents.insert(table, connection.texts(query).await);
    }
    contents
}

/// Every table of a server's database as bytes, in which text stands as it is, in bytea columns too.
pub async fn dump(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let mut connection = Beside::to(app).await;
    let tables: BTreeSet<String> = connection
        .columns()
        .await
        .into_iter()
        .map(|(table, _)| table)
        .collect();
    let mut dump = Vec::new();
    for table in tables {
        let columns = columns(app, &table).await;
        let mut bytes = Vec::new();
        for column in columns {
            let query = format!(
                "select case when pg_typeof({column}) = 'bytea'::regtype
                     then encode({column}::text::bytea, 'escape') else {column}::text end
                 from {table} where {column} is not null"
            );
            bytes.extend(connection.texts(query).await.join("\n").into_bytes());
        }
        dump.push((table, bytes));
    }
    dump
}

/// How many rows of a table have something in a column.
pub async fn filled(app: &TestApp, table: &str, column: &str) -> usize {
    let mut connection = Beside::to(app).await;
    let query = format!("select 'filled' as line from {table} where {column} is not null");
    connection.texts(query).await.len()
}

/// How many rows a table has.
pub async fn count(app: &TestApp, table: &str) -> usize {
    contents(app).await[table].len()
}

/// Changes the data behind the back of everybody. Bytes are written as SQLite does.
pub async fn tamper(app: &TestApp, statement: &'static str) -> u64 {
    match Beside::to(app).await {
        Beside::File(mut connection) => {
            let done = sqlx::query(statement).execute(&mut connection).await;
            done.unwrap().rows_affected()
        }
        Beside::Server(mut connection) => {
            let statement = statement
                .replace("x'00'", "'\\x00'::bytea")
                .replace("zeroblob(32)", "decode(repeat('00', 32), 'hex')");
            let done = sqlx::query(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await;
            done.unwrap().rows_affected()
        }
    }
}

/// Sees whether anything at all was written.
pub struct Watch {
    connection: Beside,
    version: String,
}

impl Watch {
    /// Watches from now on.
    pub async fn new(app: &TestApp) -> Self {
        let mut watch = Self {
            connection: Beside::to(app).await,
            version: String::new(),
        };
        watch.saw_a_write().await;
        watch
    }

    /// Whether anything was committed since the last time.
    pub async fn saw_a_write(&mut self) -> bool {
        let version = match &mut self.connection {
            Beside::File(connection) => {
                let version: i64 = sqlx::query_scalar("pragma data_version")
                    .fetch_one(connection)
                    .await
                    .unwrap();
                version.to_string()
            }
            // which transaction wrote each row
            Beside::Server(_) => {
                let tables: BTreeSet<String> = self
                    .connection
                    .columns()
                    .await
                    .into_iter()
                    .map(|(table, _)| table)
                    .collect();
                let mut rows = Vec::new();
                for table in tables {
                    let query =
                        format!("select xmin::text || ctid::text as row from {table} order by row");
                    rows.extend(self.connection.texts(query).await);
                    rows.push(table);
                }
                rows.join(" ")
            }
        };
        std::mem::replace(&mut self.version, version.clone()) != version
    }
}

/// A row of either engine.
macro_rules! entry {
    ($row:expr) => {
        AuditRecord {
            merchant_id: MerchantId::parse(&$row.get::<String, _>("merchant_id")).unwrap(),
            seq: $row.get("seq"),
            at: Timestamp::from_micros($row.get("happened_at")),
            actor: serde_json::from_value::<Actor>($row.get::<String, _>("actor").into()).unwrap(),
            actor_id: $row.get("actor_id"),
            address: $row.get("address"),
            action: $row.get("action"),
            customer_id: $row
                .get::<Option<String>, _>("customer_id")
                .map(|id| CustomerId::parse(&id).unwrap()),
            token_id: $row
                .get::<Option<String>, _>("token_id")
                .map(|id| TokenId::parse(&id).unwrap()),
            fields: $row.get("fields"),
            transition: $row.get("transition"),
            sealed_reason: $row.get("sealed_reason"),
            request_id: $row.get("request_id"),
            previous_hash: $row.get("previous_hash"),
            hash: $row.get("hash"),
        }
    };
}

/// Every audit entry, by merchant and place.
pub async fn audit_entries(app: &TestApp) -> Vec<AuditRecord> {
    let query = AssertSqlSafe("select * from audit_entries order by merchant_id, seq");
    match Beside::to(app).await {
        Beside::File(mut connection) => {
            let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| entry!(row)).collect()
        }
        Beside::Server(mut connection) => {
            let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| entry!(row)).collect()
        }
    }
}

/// Recomputes the audit chain of every merchant: what does not hold, in words.
pub fn broken_links(entries: &[AuditRecord]) -> Vec<String> {
    let mut heads: BTreeMap<&MerchantId, (i64, Vec<u8>)> = BTreeMap::new();
    let mut broken = Vec::new();
    for entry in entries {
        let (seq, previous) = heads.remove(&entry.merchant_id).unwrap_or((0, Vec::new()));
        if entry.seq != seq + 1
            || entry.previous_hash != previous
            || work::hash(entry) != entry.hash
        {
            broken.push(format!(
                "entry {} ({}) of {} does not hold",
                entry.seq, entry.action, entry.merchant_id
            ));
        }
        heads.insert(&entry.merchant_id, (entry.seq, entry.hash.clone()));
    }
    broken
}
