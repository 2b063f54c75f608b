//! Opening: what is ours is opened, what is not is left exactly as it was.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what fails in a test fails the test"
)]

mod database;

use sqlx::Connection as _;
use store::Store as _;
use store::conformance::sample::{customer, customer_id, merchant_id, people};
use store_postgres::{OpenError, PostgresStore};

use crate::database::{Database, url_of};

/// A database of ours with some customers in it, closed.
async fn used() -> Database {
    let database = Database::new().await;
    let store = PostgresStore::open(&database.url).await.unwrap();
    people(&store, 3).await.unwrap();
    store.close().await;
    database
}

async fn error_of(url: &str) -> OpenError {
    let error = PostgresStore::open(url)
        .await
        .map(drop)
        .expect_err("it is refused");
    let line = error.to_string();
    assert!(!line.contains('\n'), "{line}");
    assert!(!line.contains("geheim"), "{line}");
    error
}

/// Everything that opening could change: what there is, and what the migrations' table says.
async fn content(database: &Database) -> Vec<String> {
    let mut connection = database.connect().await;
    let mut found: Vec<String> = sqlx::query_scalar(
        "select relname || ' ' || relkind::text || ' ' || relfilenode from pg_class
         where relnamespace = 'public'::regnamespace order by relname",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    if found
        .iter()
        .any(|line| line.starts_with("_sqlx_migrations r"))
    {
        let rows: Vec<String> =
            sqlx::query_scalar("select m::text from _sqlx_migrations as m order by version")
                .fetch_all(&mut connection)
                .await
                .unwrap();
        found.extend(rows);
    }
    connection.close().await.unwrap();
    found
}

/// Refuses to open, and leaves everything as it was.
async fn refused(database: &Database) -> OpenError {
    let before = content(database).await;
    let error = error_of(&database.url).await;
    assert_eq!(content(database).await, before);
    error
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let database = used().await;
    let store = PostgresStore::open_existing(&database.url).await.unwrap();
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
async fn tables_are_made_only_where_that_is_asked_for() {
    let database = Database::new().await;
    assert!(matches!(
        PostgresStore::open_existing(&database.url).await,
        Err(OpenError::Empty { .. })
    ));
    assert_eq!(content(&database).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_together_make_one_set_of_tables() {
    let database = Database::new().await;
    let opening: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url.clone();
            tokio::spawn(async move { PostgresStore::open(&url).await.unwrap() })
        })
        .collect();
    let mut stores = Vec::new();
    for store in opening {
        stores.push(store.await.unwrap());
    }
    people(&stores[0], 1).await.unwrap();
    let mut read = stores[3].read().await.unwrap();
    let found = read.customer(&merchant_id(1), &customer_id(1)).await;
    assert_eq!(found.unwrap(), Some(customer(1)));
}

#[tokio::test]
async fn a_missing_database_is_not_made() {
    let error = error_of(&url_of("onfile_test_that_is_not_there")).await;
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_being_repeated() {
    for url in [
        "",
        "onfile.db",
        "mysql://onfile:geheim@localhost/onfile",
        "postgres://onfile:geheim@host:x/y",
    ] {
        let error = error_of(url).await;
        assert!(matches!(error, OpenError::Url { .. }), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_without_the_password() {
    // a port that was free a moment ago
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let error = error_of(&format!("postgres://onfile:geheim@127.0.0.1:{port}/onfile")).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains(&format!("127.0.0.1:{port}/onfile"))
    );
}

#[tokio::test]
async fn a_user_that_the_server_does_not_know_is_refused() {
    let database = Database::new().await;
    let url = database.url.replace("//onfile@", "//nobody_here:geheim@");
    let error = error_of(&url).await;
    assert!(matches!(error, OpenError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_without_being_repeated() {
    let database = Database::new().await;
    database
        .tamper(
            "drop role if exists asked_for_password;
             create role asked_for_password superuser login password 'richtig'",
        )
        .await;
    let url = |password: &str| {
        let user = format!("//asked_for_password:{password}@");
        database.url.replace("//onfile@", &user)
    };
    let error = error_of(&url("geheim")).await;
    assert!(matches!(error, OpenError::Refused { .. }), "{error}");
    PostgresStore::open(&url("richtig"))
        .await
        .unwrap()
        .close()
        .await;
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    for statements in [
        "create table customers (merchant_id text)",
        "create sequence numbers",
        "create table _sqlx_migrations (version bigint primary key, description text, installed_on timestamptz,
             success boolean, checksum bytea, execution_time bigint);
         insert into _sqlx_migrations values (1, 'theirs', now(), true, '\\x00', 1);
         create table posts (id int)",
    ] {
        let database = Database::new().await;
        database.tamper(statements).await;
        let error = refused(&database).await;
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let database = used().await;
    database
        .tamper("insert into _sqlx_migrations values (9999, 'later', now(), true, '\\x00', 1)")
        .await;
    let error = refused(&database).await;
    assert!(
        matches!(error, OpenError::Newer { version: 9999, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("9999"), "{error}");
}

#[tokio::test]
async fn a_half_migrated_database_is_refused() {
    for statement in [
        "update _sqlx_migrations set success = false",
        "update _sqlx_migrations set checksum = '\\x00'",
        "delete from _sqlx_migrations",
        "drop table _sqlx_migrations",
    ] {
        let database = used().await;
        database.tamper(statement).await;
        let error = refused(&database).await;
        assert!(
            matches!(error, OpenError::HalfMigrated { .. }),
            "{statement}: {error}"
        );
    }
}

#[tokio::test]
async fn a_database_that_may_lose_what_it_acknowledged_is_refused() {
    let database = used().await;
    let name = database
        .url
        .rsplit('/')
        .find_map(|part| part.split_once('?'))
        .unwrap()
        .0;
    database
        .tamper(&format!(
            "alter database {name} set synchronous_commit = off"
        ))
        .await;
    let error = refused(&database).await;
    assert!(
        matches!(
            error,
            OpenError::Setting {
                name: "synchronous_commit",
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_row_that_lies_is_named() {
    let database = used().await;
    database
        .tamper(
            "alter table customers drop constraint customers_status_check;
             alter table customers drop constraint customers_suspension_check;
             update customers set status = 'ASLEEP'",
        )
        .await;
    let store = PostgresStore::open(&database.url).await.unwrap();
    let error = store
        .read()
        .await
        .unwrap()
        .customer(&merchant_id(1), &customer_id(1))
        .await
        .unwrap_err();
    assert!(
        matches!(
            &error,
            store::StoreError::Corrupt { table: "customers", column: "status", id, .. }
                if id == customer_id(1).as_str()
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_is_looked_at_without_a_change_and_an_older_one_is_not() {
    let database = used().await;
    let before = content(&database).await;
    let mut view = PostgresStore::look(&database.url).await.unwrap();
    let found = view.customer(&merchant_id(1), &customer_id(3)).await;
    assert_eq!(found.unwrap(), Some(customer(3)));
    assert_eq!(content(&database).await, before);
    database
        .tamper("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .await;
    let before = content(&database).await;
    let error = PostgresStore::look(&database.url).await.map(drop);
    assert!(matches!(error, Err(OpenError::Older { .. })));
    assert_eq!(content(&database).await, before);
    let empty = Database::new().await;
    let error = PostgresStore::look(&empty.url).await.map(drop);
    assert!(matches!(error, Err(OpenError::Empty { .. })));
    assert_eq!(content(&empty).await, Vec::<String>::new());
}
