//! What the tables may look like, read from a database made of the migrations.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what fails in a test fails the test"
)]

mod database;

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, PgConnection};

use crate::database::Database;

/// The migrations of a crate beside this one, in their order.
fn migrations(engine: &str) -> String {
    let directory = format!("{}/../{engine}/migrations", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect()
}

async fn database() -> (Database, PgConnection) {
    let database = Database::new().await;
    database.tamper(&migrations("store-postgres")).await;
    let connection = database.connect().await;
    (database, connection)
}

async fn pairs(connection: &mut PgConnection, query: &'static str) -> Vec<(String, String)> {
    sqlx::query_as(query).fetch_all(connection).await.unwrap()
}

/// What an index or key may begin with besides the merchant, and why.
const LEAD_TO_THE_MERCHANT: [(&str, &str); 4] = [
    // belongs to no merchant
    ("instance_values", "name"),
    // these are how a merchant is found
    ("api_keys", "client_id"),
    ("admins", "email"),
    ("admin_sessions", "token_sha256"),
];

/// Rows of one merchant then live on one node of a distributed server, and no transaction spans two.
#[tokio::test]
async fn every_key_begins_with_its_merchant() {
    let (_database, mut connection) = database().await;
    let unique = pairs(
        &mut connection,
        "select class.relname::text, columns.attname::text
         from pg_index as keys
         join pg_class as class on class.oid = keys.indrelid
         join pg_attribute as columns on columns.attrelid = class.oid and columns.attnum = keys.indkey[0]
         where keys.indisunique and class.relnamespace = 'public'::regnamespace",
    )
    .await;
    for (table, column) in &unique {
        let excused = LEAD_TO_THE_MERCHANT.contains(&(table, column));
        assert!(
            column == "merchant_id" || excused,
            "a key of {table} begins with {column}"
        );
    }
    let foreign = pairs(
        &mut connection,
        "select class.relname::text, columns.attname::text
         from pg_constraint as keys
         join pg_class as class on class.oid = keys.conrelid
         join pg_attribute as columns on columns.attrelid = class.oid and columns.attnum = keys.conkey[1]
         where keys.contype = 'f' and class.relnamespace = 'public'::regnamespace",
    )
    .await;
    for (table, column) in &foreign {
        assert_eq!(
            column, "merchant_id",
            "a foreign key of {table} begins with {column}"
        );
    }
    let checked = unique.len() + foreign.len();
    assert!(checked > 30, "only {checked} were found");
}

#[tokio::test]
async fn every_table_has_a_key_and_nothing_counts_for_itself() {
    let (_database, mut connection) = database().await;
    let keyless = pairs(
        &mut connection,
        "select relname::text, '' from pg_class as class
         where relkind = 'r' and relnamespace = 'public'::regnamespace
         and not exists (select from pg_constraint where conrelid = class.oid and contype = 'p')",
    )
    .await;
    assert_eq!(keyless, []);
    let counters = pairs(
        &mut connection,
        "select relname::text, relkind::text from pg_class
         where relkind not in ('r', 'i', 't') and relnamespace = 'public'::regnamespace",
    )
    .await;
    assert_eq!(counters, []);
}

#[tokio::test]
async fn instants_end_in_at_and_are_integers() {
    let (_database, mut connection) = database().await;
    let instants = pairs(
        &mut connection,
        "select table_name || '.' || column_name, data_type::text from information_schema.columns
         where table_schema = 'public' and column_name like '%\\_at'",
    )
    .await;
    assert!(instants.len() > 20);
    for (column, kind) in instants {
        assert_eq!(kind, "bigint", "{column}");
    }
}

/// Columns by table, from statements in the form that the migrations have.
fn columns_in(sql: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables = BTreeMap::new();
    let mut table = None;
    for line in sql.lines() {
        if let Some(name) = line.strip_prefix("create table ") {
            table = name.split_whitespace().next().map(str::to_owned);
        } else if line.starts_with(')') {
            table = None;
        } else if let (Some(table), Some(rest)) = (&table, line.strip_prefix("    ")) {
            let word = rest.split_whitespace().next().unwrap_or_default();
            let is_column = rest.starts_with(|first: char| first.is_ascii_lowercase())
                && !["constraint", "check", "references", "and", "or"].contains(&word);
            if is_column {
                tables
                    .entry(table.clone())
                    .or_insert_with(BTreeSet::new)
                    .insert(word.to_owned());
            }
        } else if let Some((table, column)) = line
            .strip_prefix("alter table ")
            .and_then(|rest| rest.split_once(" add column "))
        {
            let column = column.split_whitespace().next().unwrap_or_default();
            tables
                .entry(table.to_owned())
                .or_insert_with(BTreeSet::new)
                .insert(column.to_owned());
        }
    }
    tables
}

/// The other engine's tests hold its columns against what may be kept of a card, so these are too.
#[tokio::test]
async fn tables_and_columns_are_those_of_the_other_engine() {
    let (_database, mut connection) = database().await;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, column) in pairs(
        &mut connection,
        "select table_name::text, column_name::text from information_schema.columns
         where table_schema = 'public'",
    )
    .await
    {
        found.entry(table).or_default().insert(column);
    }
    assert_eq!(found, columns_in(&migrations("store-sqlite")));
    assert_eq!(found["card_tokens"].len(), 29);
}

/// The look-ups of every request, and those of a page, are by an index and never sort, however large
/// the tables grow.
#[tokio::test]
async fn no_query_of_a_request_scans_or_sorts() {
    let (_database, mut connection) = database().await;
    for setting in [
        "set plan_cache_mode = force_generic_plan",
        "set enable_seqscan = off",
        "set enable_sort = off",
        "set enable_bitmapscan = off",
    ] {
        sqlx::query(setting).execute(&mut connection).await.unwrap();
    }
    for query in [
        "select * from customers where merchant_id = $1 and customer_id = $2",
        "select * from customers where merchant_id = $1 and phone_index = $2 and status <> 'DELETED'",
        "select * from customers where merchant_id = $1 and reference_index = $2 and status <> 'DELETED'",
        "select * from customers where merchant_id = $1 and email_index = $2 and status <> 'DELETED'
         order by created_at desc, customer_id desc limit $3",
        "select * from customers where merchant_id = $1 and status = $2 and (created_at, customer_id) < ($3, $4)
         order by created_at desc, customer_id desc limit $5",
        "select * from customers where merchant_id = $1 and (created_at, customer_id) < ($2, $3)
         order by created_at desc, customer_id desc limit $4",
        "select * from card_tokens where merchant_id = $1 and customer_id = $2
         order by created_at desc, token_id desc",
        "select * from card_tokens where merchant_id = $1 and merchant_token_reference = $2",
        "select seq, hash from audit_entries where merchant_id = $1 order by seq desc limit 1",
        "select * from audit_entries where merchant_id = $1 and customer_id = $2 order by seq desc limit $3",
        "select * from decisions where merchant_id = $1 and customer_id = $2 order by seq desc limit $3",
        "select * from outbox_messages where due_at <= $1 order by due_at, created_at, message_id limit $2",
        "select min(due_at) from outbox_messages",
        "delete from checkout_sessions where expires_at < $1",
        "delete from challenges where created_at < $1",
        "delete from limit_events where happened_at < $1",
    ] {
        let parameters = (1..=5).filter(|n| query.contains(&format!("${n}"))).count();
        let nulls = vec!["null"; parameters].join(", ");
        let execute = if parameters == 0 {
            "asked".to_owned()
        } else {
            format!("asked({nulls})")
        };
        for statement in ["deallocate all".to_owned(), format!("prepare asked as {query}")] {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        let rows = sqlx::raw_sql(AssertSqlSafe(format!("explain execute {execute}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<String> = rows
            .iter()
            .map(|row| sqlx::Row::get::<String, _>(row, 0))
            .collect();
        let plan = plan.join("\n");
        assert!(plan.contains("Index"), "{query}:\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{query}:\n{plan}");
    }
}
