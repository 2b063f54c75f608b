//! Moving everything from a SQLite file to a PostgreSQL server, which `scripts/postgres.sh` starts.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking; the server is named by the environment"
)]

mod program;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use shared::consent::ConsentAct;
use store::conformance::sample;
use store::{CoolDown, Store as _};
use store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::program::{Server, onfile, refusal, said};

fn server() -> String {
    std::env::var("ONFILE_POSTGRES_URL")
        .expect("ONFILE_POSTGRES_URL leads to no server: run the tests with scripts/postgres.sh")
}

/// A database on the server.
struct Database {
    url: String,
}

impl Database {
    /// A new one, of a language whose order of letters is not that of their bytes.
    fn new(name: &str) -> Self {
        let name = format!("onfile_migrate_{name}_{}", std::process::id());
        psql(
            &server(),
            &format!(
                "create database {name} template template0 locale_provider icu icu_locale 'en' locale 'C'"
            ),
        );
        let server = server();
        let (base, parameters) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = base.rsplit_once('/').unwrap();
        Self {
            url: format!("{host}/{name}?{parameters}"),
        }
    }

    fn sql(&self, statement: &str) -> String {
        psql(&self.url, statement)
    }

    /// The tables alone.
    fn prepare(&self) {
        let place = TempDir::new().unwrap();
        let data = ["--data-dir", place.path().to_str().unwrap()];
        assert!(
            onfile()
                .args(["keys", "init"])
                .args(data)
                .status()
                .unwrap()
                .success()
        );
        let made = onfile()
            .args([
                "merchant",
                "create",
                "--name",
                " ",
                "--database-url",
                &self.url,
            ])
            .args(data)
            .output()
            .unwrap();
        assert!(refusal(&made).contains("name"));
        self.sql("delete from instance_values");
    }
}

fn psql(url: &str, statement: &str) -> String {
    let done = Command::new("psql")
        .args([
            "--quiet",
            "--no-align",
            "--tuples-only",
            "--set",
            "ON_ERROR_STOP=1",
        ])
        .args([url, "--command", statement])
        .output()
        .unwrap();
    assert!(done.status.success(), "{statement}: {done:?}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn migrate(from: &str, to: &str) -> Command {
    let mut command = onfile();
    command.args(["migrate", "--from", from, "--to", to]);
    command
}

/// A data directory with a merchant, customers of the API, and rows of every other kind.
struct Place {
    directory: TempDir,
    credentials: Value,
    customers: Vec<Value>,
}

impl Place {
    async fn new(samples: u32) -> Self {
        let directory = TempDir::new().unwrap();
        let made = onfile()
            .args(["merchant", "create", "--name", "Chai & Söhne", "--data-dir"])
            .arg(directory.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let credentials: Value = serde_json::from_slice(&made.stdout).unwrap();
        let server = Server::start(directory.path(), &[]);
        let token = server.token(&credentials).await;
        let mut customers = Vec::new();
        for number in 0..3 {
            let made = server.create(&token, &format!("987654321{number}")).await;
            customers.push(server.read(&token, &made).await);
        }
        drop(server);
        let place = Self {
            directory,
            credentials,
            customers,
        };
        place.fill(samples).await;
        place
    }

    fn data(&self) -> &str {
        self.directory.path().to_str().unwrap()
    }

    /// Samples: merchants 1 and 2, `many` customers, and one or two of everything else.
    async fn fill(&self, many: u32) {
        let path = self.directory.path().join("onfile.sqlite");
        let store = SqliteStore::open_existing(&path).await.unwrap();
        let merchant = sample::people(&store, many).await.unwrap();
        let mut unit = store.write().await.unwrap();
        let _ = unit
            .insert_api_key(&sample::api_key(1, "client"))
            .await
            .unwrap();
        for token in [sample::token(1, 1), sample::bare_token(2, 1)] {
            let _ = unit.insert_token(&merchant, &token).await.unwrap();
        }
        for (token, act) in [(Some(1), ConsentAct::Given), (None, ConsentAct::Withdrawn)] {
            let consent = sample::consent(token, act, 1);
            unit.append_consent(&merchant, &sample::customer_id(1), &consent)
                .await
                .unwrap();
        }
        unit.append_decision(&merchant, &sample::decision(1, 1, 1))
            .await
            .unwrap();
        for session in [sample::session(1, 1), sample::bare_session(2)] {
            let _ = unit.insert_session(&merchant, &session).await.unwrap();
        }
        let _ = unit
            .insert_challenge(&merchant, &sample::challenge(1, 1))
            .await
            .unwrap();
        // texts that a language sorts otherwise than their bytes
        for scope in ["Z", "a", "Ä", "ä", "-b", "B", "चाय"] {
            unit.record_event(None, scope, &[0, 255], sample::at(1))
                .await
                .unwrap();
            unit.record_event(Some(&merchant), scope, b"", sample::at(-1))
                .await
                .unwrap();
        }
        let cool_down = CoolDown {
            until: sample::at(1),
            nth: 1,
        };
        unit.set_cool_down(&merchant, b"phone", &cool_down)
            .await
            .unwrap();
        unit.enqueue(&sample::message(1, 1, 1)).await.unwrap();
        let _ = unit.insert_admin(&sample::admin(1, 1)).await.unwrap();
        let _ = unit
            .insert_admin_session(&sample::admin_session(1, 1, 1))
            .await
            .unwrap();
        unit.commit().await.unwrap();
        store.close().await;
    }

    /// A server on the other database has the same customers, under the same key.
    async fn answers_the_same_on(&self, database: &Database) {
        let elsewhere = TempDir::new().unwrap();
        fs::copy(
            self.directory.path().join("root.key"),
            elsewhere.path().join("root.key"),
        )
        .unwrap();
        let server = Server::start(elsewhere.path(), &["--database-url", &database.url]);
        let token = server.token(&self.credentials).await;
        for customer in &self.customers {
            assert_eq!(server.read(&token, customer).await, *customer);
        }
        // and goes on from there
        let made = server.create(&token, "9876500000").await;
        server.read(&token, &made).await;
    }
}

/// Every table is said to be equal, and those that hold anything.
fn equal_tables(output: &Output) -> usize {
    assert!(output.status.success(), "{output:?}");
    let words = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(!words.contains("DIFFERENT"), "{words}");
    let tables = words.lines().filter(|line| line.ends_with("  equal"));
    tables
        .filter(|line| line.split_whitespace().nth(1) != Some("0"))
        .count()
}

fn refused(from: &str, to: &str) -> String {
    let output = migrate(from, to).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(words.lines().count(), 1, "one clear line: {words}");
    words
}

#[tokio::test]
async fn everything_is_moved_and_answers_the_same() {
    let (place, database) = (Place::new(1_200).await, Database::new("all"));
    let moved = migrate(place.data(), &database.url).output().unwrap();
    // all of migration 0001
    assert!(equal_tables(&moved) >= 15, "{moved:?}");
    // every table there is, whichever migration made it
    let tables: usize = database
        .sql("select count(*) from pg_tables where schemaname = 'public' and tablename <> '_sqlx_migrations'")
        .parse()
        .unwrap();
    let words = String::from_utf8(moved.stdout).unwrap();
    assert_eq!(words.matches("  equal").count(), tables, "{words}");
    assert_eq!(database.sql("select count(*) from customers"), "1203");
    assert_eq!(
        database.sql("select sandbox from merchants where name like 'Chai%'"),
        "f"
    );
    place.answers_the_same_on(&database).await;

    // the same again would be on top of it
    let words = refused(place.data(), &database.url);
    assert!(words.contains("data of its own"), "{words}");
}

/// A session that holds a lock until it is dropped.
struct Holding(Child);

impl Holding {
    fn lock(database: &Database) -> Self {
        let mut child = Command::new("psql")
            .args(["--quiet", &database.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let statement = b"select pg_advisory_lock(42);\n";
        child.stdin.as_mut().unwrap().write_all(statement).unwrap();
        while database.sql(
            "select count(*) from pg_locks where locktype = 'advisory' and granted and objid = 42",
        ) != "1"
        {}
        Self(child)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_move_that_was_killed_goes_on_and_nobody_serves_it_meanwhile() {
    let (place, database) = (Place::new(1_200).await, Database::new("killed"));
    database.prepare();
    // stops in the middle of the third batch of customers
    database.sql(
        "create function stop() returns trigger language plpgsql as $$ begin
           if (select count(*) from customers) >= 1000 then
             perform pg_advisory_lock(42);
           end if;
           return new;
         end $$;
         create trigger stop before insert on customers for each row execute function stop();",
    );
    let holding = Holding::lock(&database);
    let mut moving = migrate(place.data(), &database.url).spawn().unwrap();
    while database.sql(
        "select count(*) from pg_locks where locktype = 'advisory' and not granted and objid = 42",
    ) != "1"
    {
        assert!(moving.try_wait().unwrap().is_none(), "it ended early");
    }
    let served = onfile()
        .args(["serve", "--data-dir", place.data()])
        .args([
            "--public-addr",
            "127.0.0.1:0",
            "--admin-addr",
            "127.0.0.1:0",
        ])
        .output()
        .unwrap();
    assert!(refusal(&served).contains("another Onfile serves"));
    moving.kill().unwrap();
    moving.wait().unwrap();
    // the server does not know yet
    let words = refused(place.data(), &database.url);
    assert!(words.contains("is at work"), "{words}");
    let others =
        "from pg_stat_activity where application_name = 'onfile' and datname = current_database()";
    database.sql(&format!("select pg_terminate_backend(pid) {others}"));
    while database.sql(&format!("select count(*) {others}")) != "0" {}
    drop(holding);
    database.sql("drop trigger stop on customers");
    assert_eq!(database.sql("select count(*) from customers"), "1000");

    let elsewhere = TempDir::new().unwrap();
    let key = elsewhere.path().join("root.key");
    fs::copy(place.directory.path().join("root.key"), &key).unwrap();
    for command in [
        &["merchant", "create", "--name", "Tea"][..],
        &[
            "serve",
            "--public-addr",
            "127.0.0.1:0",
            "--admin-addr",
            "127.0.0.1:0",
        ],
    ] {
        let served = onfile()
            .args(command)
            .arg("--data-dir")
            .arg(elsewhere.path())
            .args(["--database-url", &database.url])
            .output()
            .unwrap();
        assert!(refusal(&served).contains("half-finished copy"));
    }
    let other = Place::new(1).await;
    let words = refused(other.data(), &database.url);
    assert!(words.contains("half-finished copy of another"), "{words}");

    let moved = migrate(place.data(), &database.url).output().unwrap();
    let words = String::from_utf8(moved.stdout.clone()).unwrap();
    assert!(words.contains("going on"), "{words}");
    assert!(equal_tables(&moved) >= 15, "{words}");
    place.answers_the_same_on(&database).await;
}

#[tokio::test]
async fn what_somebody_else_wrote_meanwhile_is_found() {
    let (place, database) = (Place::new(1).await, Database::new("different"));
    database.prepare();
    database.sql(
        "create function spoil() returns trigger language plpgsql as $$ begin
           new.version := new.version + 1;
           return new;
         end $$;
         create trigger spoil before insert on customers for each row execute function spoil();",
    );
    let words = refused(place.data(), &database.url);
    assert!(words.contains("not equal in customers"), "{words}");
    // and it stays half finished
    assert_eq!(
        database.sql("select name from instance_values"),
        "unfinished_copy"
    );
}

#[tokio::test]
async fn only_a_stopped_source_goes_into_an_empty_database() {
    let (place, database) = (Place::new(1).await, Database::new("refused"));
    let data = place.data();
    for (from, to, part) in [
        (data, "mysql://user:geheim@host/x", "--to must be"),
        (data, data, "--to must be"),
        (data, "sqlite://x", "--to must be"),
        (
            data,
            "postgres://onfile:geheim@one,two/onfile",
            "several servers",
        ),
        (&database.url, &database.url, "--from must be"),
        ("nowhere", &database.url, "no database at nowhere"),
        (
            data,
            "postgres://onfile:geheim@127.0.0.1:1/onfile",
            "127.0.0.1:1/onfile",
        ),
    ] {
        let words = refused(from, to);
        assert!(words.contains(part), "{words}");
        assert!(!words.contains("geheim"), "{words}");
    }
    let file = format!("sqlite://{data}/onfile.sqlite");
    let serving = Server::start(Path::new(data), &[]);
    for from in [data, &file] {
        let words = refused(from, &database.url);
        assert!(words.contains("another Onfile serves"), "{words}");
    }
    drop(serving);

    let other = Database::new("used");
    said(
        &onfile()
            .args(["keys", "init", "--data-dir"])
            .arg(place.directory.path().join("other"))
            .output()
            .unwrap(),
    );
    let made = onfile()
        .args(["merchant", "create", "--name", "Tea", "--data-dir"])
        .arg(place.directory.path().join("other"))
        .args(["--database-url", &other.url])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let words = refused(&file, &other.url);
    assert!(words.contains("data of its own"), "{words}");

    let foreign = Database::new("foreign");
    foreign.sql("create table notes (note text)");
    let words = refused(&file, &foreign.url);
    assert!(words.contains("notes"), "{words}");

    let moved = migrate(&file, &database.url).output().unwrap();
    // a start cleans up what is old
    assert!(equal_tables(&moved) >= 10, "{moved:?}");
}
