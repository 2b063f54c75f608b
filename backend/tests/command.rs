//! The program as whoever runs it meets it: what it prints, how it ends, what it leaves alone.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers included"
)]

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::SystemTime;

fn onfile() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onfile"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    onfile().args(arguments).output().unwrap()
}

/// The one line that a refusal says, after the program's name.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(words.lines().count(), 1, "one clear line: {words}");
    words
        .strip_prefix("onfile: ")
        .unwrap()
        .trim_end()
        .to_owned()
}

const ANY_PORTS: [&str; 6] = [
    "--public-addr",
    "127.0.0.1:0",
    "--admin-addr",
    "127.0.0.1:0",
    "--shop-addr",
    "127.0.0.1:0",
];

struct Demo(Child);

impl Demo {
    /// Starts a demo and waits until it serves: the file is written when the listeners accept.
    fn start(data: &Path, further: &[&str]) -> Self {
        let written = data.join("demo.json");
        let before = fs::metadata(&written)
            .ok()
            .and_then(|file| file.modified().ok());
        let mut child = onfile()
            .arg("demo")
            .arg("--data-dir")
            .arg(data)
            .args(ANY_PORTS)
            .args(further)
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut byte = [0];
        // It says where to look as soon as it serves.
        while !said.contains("Ctrl-C ends the demo") {
            assert_eq!(
                child.stdout.as_mut().unwrap().read(&mut byte).unwrap(),
                1,
                "it ended early: {said}"
            );
            said.push(char::from(byte[0]));
        }
        assert!(written.exists());
        assert!(before.is_none_or(|before| further.contains(&"--fresh")
            || fs::metadata(&written).unwrap().modified().unwrap() == before));
        Self(child)
    }

    fn interrupt(mut self) {
        let killed = Command::new("kill")
            .args(["-INT", &self.0.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(
            self.0.wait().unwrap().code(),
            Some(0),
            "an interrupt ends it with 0"
        );
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_demo_says_where_it_is_serves_again_and_starts_over_when_asked() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let read = || fs::read_to_string(data.join("demo.json")).unwrap();

    Demo::start(&data, &[]).interrupt();
    let first = read();
    let demo: serde_json::Value = serde_json::from_str(&first).unwrap();
    for field in ["public_url", "admin_url", "shop_url", "inbox_url"] {
        assert!(
            demo[field]
                .as_str()
                .unwrap()
                .starts_with("http://127.0.0.1:"),
            "{field}"
        );
    }
    for field in [
        &demo["merchant"]["client_id"],
        &demo["merchant"]["client_secret"],
        &demo["admin"]["email"],
        &demo["admin"]["password"],
    ] {
        assert!(!field.as_str().unwrap().is_empty());
    }
    let statuses: Vec<_> = demo["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sample| sample["status"].as_str().unwrap())
        .collect();
    for status in ["INACTIVE", "ACTIVE", "SUSPENDED", "DELETED"] {
        assert!(statuses.contains(&status), "{status}");
    }

    Demo::start(&data, &[]).interrupt();
    assert_eq!(read(), first, "without --fresh the file is left as it is");
    Demo::start(&data, &["--fresh"]).interrupt();
    assert_ne!(read(), first);
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path(), &[]);
    let second = onfile()
        .arg("demo")
        .arg("--data-dir")
        .arg(directory.path())
        .args(ANY_PORTS)
        .output()
        .unwrap();
    assert!(refusal(&second).contains("another Onfile serves"));
    demo.interrupt();
}

#[test]
fn a_port_in_use_is_named_with_the_argument_that_changes_it() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = directory.path().join("demo");
    let output = onfile()
        .arg("demo")
        .arg("--data-dir")
        .arg(&data)
        .args([
            "--public-addr",
            "127.0.0.1:0",
            "--admin-addr",
            &address,
            "--shop-addr",
            "127.0.0.1:0",
        ])
        .output()
        .unwrap();
    let words = refusal(&output);
    assert!(
        words.contains(&address) && words.contains("--admin-addr"),
        "{words}"
    );
    assert!(!data.exists(), "nothing was made");
}

#[test]
fn a_foreign_or_damaged_data_directory_is_left_alone() {
    for (name, content) in [
        (
            "text",
            b"this is no database, it is a letter to a friend".as_slice(),
        ),
        ("empty", b"".as_slice()),
        ("torn", b"SQLite format 3\0".as_slice()),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("onfile.sqlite");
        fs::write(&database, content).unwrap();
        let output = onfile()
            .arg("demo")
            .arg("--data-dir")
            .arg(directory.path())
            .args(ANY_PORTS)
            .output()
            .unwrap();
        let words = refusal(&output);
        assert!(!words.is_empty(), "{name}");
        assert_eq!(
            fs::read(&database).unwrap(),
            content,
            "{name} was touched: {words}"
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let output = onfile()
        .arg("demo")
        .arg("--data-dir")
        .arg(&file)
        .args(ANY_PORTS)
        .output()
        .unwrap();
    assert!(refusal(&output).contains("file"));
}

#[test]
fn another_root_key_is_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    Demo::start(directory.path(), &[]).interrupt();
    fs::write(
        directory.path().join("root.key"),
        "ab".repeat(16) + &"cd".repeat(16),
    )
    .unwrap();
    let output = onfile()
        .arg("demo")
        .arg("--data-dir")
        .arg(directory.path())
        .args(ANY_PORTS)
        .output()
        .unwrap();
    assert!(refusal(&output).contains("another root key"));
    fs::write(directory.path().join("root.key"), "0".repeat(64)).unwrap();
    let output = onfile()
        .arg("demo")
        .arg("--data-dir")
        .arg(directory.path())
        .args(ANY_PORTS)
        .output()
        .unwrap();
    assert!(refusal(&output).contains("weak"));
}

#[test]
fn serving_needs_a_root_key_and_a_merchant_is_created_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let output = run(&[
        "serve",
        "--data-dir",
        data,
        "--public-addr",
        "127.0.0.1:0",
        "--admin-addr",
        "127.0.0.1:0",
    ]);
    assert!(refusal(&output).contains("onfile keys init"));
    assert!(run(&["keys", "init", "--data-dir", data]).status.success());
    assert!(
        refusal(&run(&["keys", "init", "--data-dir", data])).contains("root.key"),
        "a key is never overwritten"
    );

    let created = run(&[
        "merchant",
        "create",
        "--name",
        "Corner Shop",
        "--sandbox",
        "--data-dir",
        data,
    ]);
    assert!(created.status.success(), "{created:?}");
    let created: serde_json::Value = serde_json::from_slice(&created.stdout).unwrap();
    for field in ["merchant_id", "client_id", "client_secret"] {
        assert!(created[field].is_string(), "{field}");
    }
    assert!(
        refusal(&run(&[
            "merchant",
            "create",
            "--name",
            " ",
            "--data-dir",
            data
        ]))
        .contains("name")
    );
    let url = run(&[
        "merchant",
        "create",
        "--name",
        "x",
        "--data-dir",
        data,
        "--database-url",
        "mysql://secret@host/x",
    ]);
    let words = refusal(&url);
    assert!(
        words.contains("mysql") && !words.contains("secret"),
        "{words}"
    );
}

/// Every file of a directory, with what is in it and when it was changed.
fn contents(directory: &Path) -> Vec<(String, Vec<u8>, SystemTime)> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let changed = fs::metadata(&path).unwrap().modified().unwrap();
            (
                path.display().to_string(),
                fs::read(&path).unwrap(),
                changed,
            )
        })
        .collect();
    files.sort();
    files
}

fn verify(data: &Path, further: &[&str]) -> Output {
    let data = data.to_str().unwrap();
    let arguments = [&["audit", "verify", "--data-dir", data], further].concat();
    run(&arguments)
}

#[test]
fn the_audit_chains_are_checked_beside_a_server_and_without_one_and_nothing_is_changed() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let said = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();

    let demo = Demo::start(&data, &[]);
    let beside = verify(&data, &[]);
    assert_eq!(beside.status.code(), Some(0), "{beside:?}");
    demo.interrupt();

    let before = contents(&data);
    let output = verify(&data, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let lines = said(&output);
    let (merchant, counts) = lines.trim_end().split_once(": ").unwrap();
    assert!(counts.ends_with("; findings 0"), "{counts}");
    assert!(!counts.starts_with("entries 0"), "{counts}");
    assert!(!counts.contains("; signed heads 0"), "{counts}");
    let output = verify(&data, &["--merchant-id", merchant]);
    assert_eq!(said(&output), lines);
    let output = verify(&data, &["--merchant-id", "mer-v1-nobody"]);
    assert!(refusal(&output).contains("there is no merchant mer-v1-nobody"));
    assert!(contents(&data) == before, "something was changed");

    let rotate = ["keys", "rotate", "root", "--data-dir"];
    let rotated = run(&[&rotate[..], &[data.to_str().unwrap()]].concat());
    assert!(rotated.status.success(), "{rotated:?}");
    assert_eq!(said(&verify(&data, &[])), lines, "under the new root key");

    let database = data.join("onfile.sqlite");
    let mut bytes = fs::read(&database).unwrap();
    // everywhere, because pages that are no longer used hold it too
    let word = b"customer.create";
    for place in 0..bytes.len() - word.len() {
        if bytes[place..].starts_with(word) {
            bytes[place] = b'C';
        }
    }
    fs::write(&database, bytes).unwrap();
    let output = verify(&data, &[]);
    assert!(refusal(&output).contains("the audit chain does not hold"));
    let lines = said(&output);
    assert!(
        lines.contains(": hash does not match what the entry says\n")
            && !lines.ends_with("; findings 0\n"),
        "{lines}"
    );

    fs::write(data.join("root.key"), "ab".repeat(16) + &"cd".repeat(16)).unwrap();
    let before = contents(&data);
    assert!(refusal(&verify(&data, &[])).contains("another root key"));
    assert!(contents(&data) == before, "something was changed");
}

#[test]
fn a_check_of_the_audit_chains_makes_nothing_where_there_is_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    assert!(refusal(&verify(&data, &[])).contains("root.key"));
    assert!(!data.exists());
    let keys = ["keys", "init", "--data-dir", data.to_str().unwrap()];
    assert!(run(&keys).status.success());
    let before = contents(&data);
    assert!(refusal(&verify(&data, &[])).contains("there is no database"));
    assert!(contents(&data) == before, "something was made");
}

#[test]
fn customers_are_erased_only_when_that_is_meant_and_again_after_a_restore() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let erase = |further: &[&str]| {
        let data = data.to_str().unwrap();
        let output = run(&[&["erase", "--data-dir", data], further].concat());
        let lines = String::from_utf8(output.stdout.clone()).unwrap();
        (output, lines)
    };
    let done = |further: &[&str]| {
        let (output, lines) = erase(further);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        lines
    };
    let demo = Demo::start(&data, &[]);
    demo.interrupt();
    let copy = directory.path().join("copy.sqlite");
    fs::copy(data.join("onfile.sqlite"), &copy).unwrap();

    // the demo's one deleted customer is not due yet
    let before = contents(&data);
    let lines = done(&[]);
    assert!(
        lines.ends_with("due now: 0; later: 1; nothing was erased, --yes does it\n"),
        "{lines}"
    );
    let ids = lines.split_once(':').unwrap().0.to_owned();
    let (merchant, customer) = ids.split_once(' ').unwrap();
    let one = ["--merchant-id", merchant, "--customer-id", customer];
    assert!(done(&one).starts_with(&format!("{merchant} {customer}: deleted")));
    assert_eq!(done(&["--list"]), "");
    assert!(contents(&data) == before, "something was changed");
    assert_eq!(done(&["--yes"]), "erased: 0\n");

    // beside a server, which is left to rewrite the file: it does at its next start
    let demo = Demo::start(&data, &[]);
    let lines = done(&[&one[..], &["--yes"]].concat());
    assert!(lines.starts_with(&format!("{merchant} {customer}: erased, with tokens")));
    assert!(lines.contains("a server runs on this database"), "{lines}");
    demo.interrupt();
    assert_eq!(done(&["--yes"]), "erased: 0\n");
    let (again, _) = erase(&[&one[..], &["--yes"]].concat());
    assert!(refusal(&again).contains("there is no such customer"));
    let receipts = done(&["--list"]);
    assert_eq!(receipts.lines().count(), 1);
    assert!(receipts.contains(customer));
    assert_eq!(verify(&data, &[]).status.code(), Some(0));

    // the backup comes back
    fs::copy(&copy, data.join("onfile.sqlite")).unwrap();
    let file = directory.path().join("erased.jsonl");
    let reapply = ["--reapply", file.to_str().unwrap()];
    let changed = receipts.replace("\"tokens\":", "\"tokens\":1");
    for (content, problem) in [
        ("{}\n", "line 1 is no receipt"),
        (changed.as_str(), "line 1 was changed"),
    ] {
        fs::write(&file, content).unwrap();
        let (refused, _) = erase(&[&reapply[..], &["--yes"]].concat());
        assert!(refusal(&refused).contains(problem));
    }
    fs::write(&file, &receipts).unwrap();
    assert_eq!(
        done(&reapply),
        "receipts: 1; of these in the database: 1; nothing was erased, --yes does it\n"
    );
    let with_yes = [&reapply[..], &["--yes"]].concat();
    assert_eq!(
        done(&with_yes),
        "receipts: 1; erased again: 1; of unknown merchants: 0\n"
    );
    assert_eq!(
        done(&with_yes),
        "receipts: 1; erased again: 0; of unknown merchants: 0\n"
    );
    assert_eq!(done(&["--list"]), receipts);
    assert_eq!(verify(&data, &[]).status.code(), Some(0));
}

#[test]
fn help_lists_the_commands_and_unknown_arguments_are_errors() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for command in [
        "demo", "serve", "merchant", "admin", "keys", "backup", "restore", "migrate", "audit",
        "erase",
    ] {
        assert!(help.contains(command), "{command}");
    }
    assert_eq!(run(&["demo", "--nonsense"]).status.code(), Some(2));
}
