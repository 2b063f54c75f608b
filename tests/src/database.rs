//! What was kept, read from the file itself.

use std::collections::BTreeMap;

use backend::service::work;
use shared::Timestamp;
use shared::customer::Actor;
use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use store::AuditRecord;

use crate::app::TestApp;

/// Columns that may change although nothing happened: when a credential was last seen.
const LAST_SEEN: [&str; 2] = ["api_keys.last_used_at", "admin_sessions.last_seen_at"];

/// A connection of its own to the file.
pub async fn connect(app: &TestApp) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(app.database_path())
        .foreign_keys(false)
        .connect()
        .await
        .unwrap()
}

/// Every row of every table as text.
pub async fn contents(app: &TestApp) -> BTreeMap<String, Vec<String>> {
    let mut connection = connect(app).await;
    let columns = "select t.name, c.name from sqlite_schema t, pragma_table_info(t.name) c
         where t.type = 'table' and t.name not like 'sqlite_%' and t.name not like '_sqlx%' order by t.name, c.cid";
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in sqlx::query(columns)
        .fetch_all(&mut connection)
        .await
        .unwrap()
    {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let counts = !LAST_SEEN.contains(&format!("{table}.{column}").as_str());
        let columns = tables.entry(table).or_default();
        columns.extend(counts.then(|| format!("quote({column})")));
    }
    let mut contents = BTreeMap::new();
    for (table, columns) in tables {
        let query = format!(
            "select {} as line from {table} order by line",
            columns.join(" || '|' || ")
        );
        let rows = sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        contents.insert(table, rows);
    }
    contents
}

/// How many rows a table has.
pub async fn count(app: &TestApp, table: &str) -> usize {
    contents(app).await[table].len()
}

/// Changes the file behind the back of everybody.
pub async fn tamper(app: &TestApp, statement: &'static str) -> u64 {
    let mut connection = connect(app).await;
    sqlx::query(statement)
        .execute(&mut connection)
        .await
        .unwrap()
        .rows_affected()
}

/// Sees whether anything at all was written, without reading it.
pub struct Watch {
    connection: SqliteConnection,
    version: i64,
}

impl Watch {
    /// Watches from now on.
    pub async fn new(app: &TestApp) -> Self {
        let mut watch = Self {
            connection: connect(app).await,
            version: 0,
        };
        watch.saw_a_write().await;
        watch
    }

    /// Whether anything was committed since the last time.
    pub async fn saw_a_write(&mut self) -> bool {
        let query = sqlx::query_scalar("pragma data_version");
        let version = query.fetch_one(&mut self.connection).await.unwrap();
        std::mem::replace(&mut self.version, version) != version
    }
}

fn entry(row: &SqliteRow) -> AuditRecord {
    let actor: String = row.get("actor");
    let id = |name: &str| -> Option<String> { row.get(name) };
    AuditRecord {
        merchant_id: MerchantId::parse(row.get("merchant_id")).unwrap(),
        seq: row.get("seq"),
        at: Timestamp::from_micros(row.get("happened_at")),
        actor: serde_json::from_value::<Actor>(actor.into()).unwrap(),
        actor_id: row.get("actor_id"),
        address: row.get("address"),
        action: row.get("action"),
        customer_id: id("customer_id").map(|id| CustomerId::parse(&id).unwrap()),
        token_id: id("token_id").map(|id| TokenId::parse(&id).unwrap()),
        fields: row.get("fields"),
        transition: row.get("transition"),
        sealed_reason: row.get("sealed_reason"),
        request_id: row.get("request_id"),
        previous_hash: row.get("previous_hash"),
        hash: row.get("hash"),
    }
}

/// Every audit entry, by merchant and place.
pub async fn audit_entries(app: &TestApp) -> Vec<AuditRecord> {
    let mut connection = connect(app).await;
    let rows = sqlx::query("select * from audit_entries order by merchant_id, seq")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.iter().map(entry).collect()
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
