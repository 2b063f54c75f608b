//! What the tables may look like, read from the migrations.
#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::collections::BTreeSet;

use shared::card_token::CardSummary;
use sqlx::{Connection as _, Executor as _, Row as _, SqliteConnection};
use store::TokenRecord;
use store::conformance::sample;

async fn database() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let mut migrations: Vec<_> =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
    migrations.sort();
    for migration in migrations {
        let sql = std::fs::read_to_string(migration).unwrap();
        connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    }
    connection
}

async fn texts(connection: &mut SqliteConnection, query: String) -> Vec<String> {
    sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .fetch_all(connection)
        .await
        .unwrap()
}

async fn tables(connection: &mut SqliteConnection) -> Vec<String> {
    texts(
        connection,
        "select name from sqlite_schema where type = 'table' order by name".to_owned(),
    )
    .await
}

/// Nothing else of a card has a place to be kept. A field that is added to the records fails to
/// compile here, a column that is added to the table fails the test.
#[tokio::test]
async fn a_card_token_has_exactly_the_columns_of_its_record() {
    let TokenRecord {
        token_id: _,
        customer_id: _,
        merchant_token_reference: _,
        request_mac: _,
        status: _,
        status_since: _,
        status_reason: _,
        payment_method: _,
        card,
        expired_at: _,
        is_compliant: _,
        metadata: _,
        provider: _,
        provider_token_reference: _,
        service_provider_token_id: _,
        afa_reference: _,
        removed_at: _,
        removal_confirmed_at: _,
        created_at: _,
        updated_at: _,
    } = sample::token(1, 1);
    let CardSummary {
        last4_digit: _,
        card_type: _,
        network_name: _,
        issuer_name: _,
        card_category: _,
        country_code: _,
        international: _,
        emi: _,
        cvv_required: _,
    } = card.unwrap();
    let expected = BTreeSet::from([
        "merchant_id",
        "token_id",
        "customer_id",
        "merchant_token_reference",
        "request_mac",
        "status",
        "status_since_at",
        "status_reason",
        "payment_method",
        "expired_at",
        "is_compliant",
        "metadata",
        "provider",
        "provider_token_reference",
        "service_provider_token_id",
        "afa_reference",
        "removed_at",
        "removal_confirmed_at",
        "created_at",
        "updated_at",
        // of the card itself
        "card_last4_digit",
        "card_type",
        "card_network_name",
        "card_issuer_name",
        "card_category",
        "card_country_code",
        "card_international",
        "card_emi",
        "card_cvv_required",
    ]);
    let found = texts(
        &mut database().await,
        "select name from pragma_table_info('card_tokens')".to_owned(),
    )
    .await;
    assert_eq!(
        found.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        expected
    );
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

#[tokio::test]
async fn every_key_begins_with_its_merchant() {
    let mut connection = database().await;
    let mut checked = 0;
    for table in tables(&mut connection).await {
        let unique = texts(
            &mut connection,
            format!(
                "select columns.name from pragma_index_list('{table}') as indexes, pragma_index_info(indexes.name) as columns
                 where indexes.\"unique\" and columns.seqno = 0"
            ),
        )
        .await;
        assert!(!unique.is_empty(), "{table} has no key");
        let foreign = texts(
            &mut connection,
            format!("select \"from\" from pragma_foreign_key_list('{table}') where seq = 0"),
        )
        .await;
        for column in unique {
            let excused = LEAD_TO_THE_MERCHANT.contains(&(&table, &column));
            assert!(
                column == "merchant_id" || excused,
                "a key of {table} begins with {column}"
            );
            checked += 1;
        }
        for column in foreign {
            assert_eq!(
                column, "merchant_id",
                "a foreign key of {table} begins with {column}"
            );
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} were found");
}

#[tokio::test]
async fn tables_are_strict_and_their_constraints_have_names() {
    let mut connection = database().await;
    for table in tables(&mut connection).await {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "select sql from sqlite_schema where name = '{table}'"
        )))
        .fetch_one(&mut connection)
        .await
        .unwrap();
        let sql: String = row.get(0);
        assert!(sql.contains(") strict"), "{table}");
        assert!(
            table.ends_with('s') || table == "audit_entries",
            "{table} is no plural"
        );
        for word in ["primary key", "foreign key", "check ("] {
            for (before, _) in sql.match_indices(word).map(|(at, _)| sql.split_at(at)) {
                let line = before.rsplit("constraint ").next().unwrap();
                assert!(
                    before.contains("constraint ") && line.split_whitespace().count() == 1,
                    "{table}: a {word} without a name"
                );
            }
        }
    }
}

#[tokio::test]
async fn instants_end_in_at_and_are_integers() {
    let mut connection = database().await;
    for table in tables(&mut connection).await {
        let wrong = texts(
            &mut connection,
            format!("select name from pragma_table_info('{table}') where name like '%\\_at' escape '\\' and type <> 'INTEGER'"),
        )
        .await;
        assert_eq!(wrong, Vec::<String>::new(), "{table}");
    }
}

/// The look-ups of every request, and those of a page, are by an index and never sort.
#[tokio::test]
async fn no_query_of_a_request_scans_or_sorts() {
    let mut connection = database().await;
    for query in [
        "select * from customers where merchant_id = ? and customer_id = ?",
        "select * from customers where merchant_id = ? and phone_index = ? and status <> 'DELETED'",
        "select * from customers where merchant_id = ? and reference_index = ? and status <> 'DELETED'",
        "select * from customers where merchant_id = ? and email_index = ? and status <> 'DELETED'
         order by created_at desc, customer_id desc limit ?",
        "select * from customers where merchant_id = ? and status = ? and (created_at, customer_id) < (?, ?)
         order by created_at desc, customer_id desc limit ?",
        "select * from customers where merchant_id = ? and (created_at, customer_id) < (?, ?)
         order by created_at desc, customer_id desc limit ?",
        "select * from card_tokens where merchant_id = ? and customer_id = ? order by created_at desc, token_id desc",
        "select * from card_tokens where merchant_id = ? and merchant_token_reference = ?",
        "select seq, hash from audit_entries where merchant_id = ? order by seq desc limit 1",
        "select * from audit_entries where merchant_id = ? and customer_id = ? order by seq desc limit ?",
        "select * from decisions where merchant_id = ? and customer_id = ? order by seq desc limit ?",
        "select * from outbox_messages where due_at <= ? order by due_at, created_at, message_id limit ?",
        "select min(due_at) from outbox_messages",
        "delete from checkout_sessions where expires_at < ?",
        "delete from challenges where created_at < ?",
        "delete from limit_events where happened_at < ?",
    ] {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("explain query plan {query}"))).fetch_all(&mut connection).await.unwrap();
        for step in plan {
            let detail: String = step.get("detail");
            assert!(detail.starts_with("SEARCH"), "{query}: {detail}");
        }
    }
}
