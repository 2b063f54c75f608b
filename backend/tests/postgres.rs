//! The program with its data on a PostgreSQL server, which `scripts/postgres.sh` starts.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking; the server is named by the environment"
)]

use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn server() -> String {
    std::env::var("ONFILE_POSTGRES_URL")
        .expect("ONFILE_POSTGRES_URL leads to no server: run the tests with scripts/postgres.sh")
}

/// An empty database of this process, with its URL.
fn database(name: &str) -> String {
    let server = server();
    let name = format!("onfile_{name}_{}", std::process::id());
    let made = Command::new("psql")
        .args(["--quiet", &server, "--command"])
        .arg(format!("create database {name}"))
        .status()
        .unwrap();
    assert!(made.success());
    let (base, parameters) = server.split_once('?').unwrap_or((&server, ""));
    let (host, _) = base.rsplit_once('/').unwrap();
    format!("{host}/{name}?{parameters}")
}

fn run(data: &TempDir, url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onfile"))
        .env_clear()
        .stdin(Stdio::null())
        .args(arguments)
        .arg("--data-dir")
        .arg(data.path())
        .args(["--database-url", url])
        .output()
        .unwrap()
}

/// The one line of a refusal.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(words.lines().count(), 1, "one clear line: {words}");
    words
}

const CREATE: [&str; 4] = ["merchant", "create", "--name", "Tamra Tea"];

#[test]
fn merchants_are_made_on_a_server_by_whoever_has_the_root_key() {
    let url = database("merchants");
    let (data, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());

    // the key is never made beside a server, which may have its data under another one
    let words = refusal(&run(&data, &url, &CREATE));
    assert!(words.contains("onfile keys init"), "{words}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);

    assert!(run(&data, &url, &["keys", "init"]).status.success());
    for _ in 0..2 {
        let made = run(&data, &url, &CREATE);
        assert!(made.status.success(), "{made:?}");
        assert!(
            String::from_utf8(made.stdout)
                .unwrap()
                .contains("client_secret")
        );
    }

    let verified = run(&data, &url, &["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
    let lines = String::from_utf8(verified.stdout).unwrap();
    assert_eq!(lines.matches("; findings 0\n").count(), 2, "{lines}");

    assert!(run(&other, &url, &["keys", "init"]).status.success());
    for command in [&CREATE[..], &["audit", "verify"]] {
        let words = refusal(&run(&other, &url, command));
        assert!(words.contains("root key"), "{words}");
    }
}

#[test]
fn a_server_that_is_not_there_is_said_in_one_line_without_the_password() {
    let data = TempDir::new().unwrap();
    let url = "postgres://onfile:geheim@127.0.0.1:1/onfile";
    assert!(run(&data, url, &["keys", "init"]).status.success());
    let words = refusal(&run(&data, url, &CREATE));
    assert!(words.contains("127.0.0.1:1/onfile"), "{words}");
    assert!(!words.contains("geheim"), "{words}");
}
