//! Backups as whoever runs the program makes them: a copy beside a running server, put back elsewhere,
//! and everything that is refused.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers included"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

fn onfile() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onfile"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(command: &str, arguments: &[(&str, &Path)]) -> Output {
    let mut program = onfile();
    program.arg(command);
    for (name, value) in arguments {
        program.arg(name).arg(value);
    }
    program.output().unwrap()
}

/// The one line of success.
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    let words = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(words.lines().count(), 1, "one line: {words}");
    assert!(output.stderr.is_empty(), "{output:?}");
    words
}

/// The one line of a refusal.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let words = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(words.lines().count(), 1, "one clear line: {words}");
    words
}

/// All that is in a directory, with what it says.
fn everything(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    if directory.is_file() {
        return BTreeMap::from([(directory.to_owned(), fs::read(directory).unwrap())]);
    }
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(&path).unwrap_or_default()))
        .collect()
}

/// A data directory with a merchant, and a place for backups.
struct Place {
    directory: TempDir,
    credentials: Value,
}

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let made = onfile()
            .args(["merchant", "create", "--name", "Shop", "--data-dir"])
            .arg(directory.path().join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        fs::create_dir(directory.path().join("backups")).unwrap();
        Self {
            directory,
            credentials: serde_json::from_slice(&made.stdout).unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn backup(&self, to: &str) -> Output {
        let (to, data) = (self.path(to), self.path("data"));
        run("backup", &[("--to", &to), ("--data-dir", &data)])
    }

    fn restore(&self, from: &str, data: &str) -> Output {
        let (from, data) = (self.path(from), self.path(data));
        run("restore", &[("--from", &from), ("--data-dir", &data)])
    }

    /// A backup that is refused and leaves nothing.
    fn no_backup(&self, to: &str) -> String {
        let before = everything(&self.path("backups"));
        let words = refusal(&self.backup(to));
        assert_eq!(everything(&self.path("backups")), before, "{words}");
        words
    }

    /// A restoring that is refused and leaves nothing.
    fn no_restore(&self, from: &str, data: &str) -> String {
        let before = self
            .path(data)
            .exists()
            .then(|| everything(&self.path(data)));
        let words = refusal(&self.restore(from, data));
        let after = self
            .path(data)
            .exists()
            .then(|| everything(&self.path(data)));
        assert_eq!(after, before, "{words}");
        words
    }

    /// A backup, and the same with something done to it under a checksum that fits.
    fn forged(&self, name: &str, forge: impl FnOnce(&Path)) -> String {
        let to = format!("backups/{name}");
        said(&self.backup(&to));
        forge(&self.path(&to));
        self.sum(name);
        to
    }

    /// Writes the checksum anew.
    fn sum(&self, name: &str) {
        let summed = Command::new("sha256sum")
            .arg(name)
            .current_dir(self.path("backups"))
            .output()
            .unwrap();
        assert!(summed.status.success());
        fs::write(self.path(&format!("backups/{name}.sha256")), summed.stdout).unwrap();
    }

    fn serve(&self, data: &str) -> Server {
        loop {
            if let Some(server) = Server::start(&self.path(data)) {
                return server;
            }
        }
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

struct Server {
    child: Child,
    public: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Nothing when somebody was faster to take a port that was free.
    fn start(data: &Path) -> Option<Self> {
        let (public, admin) = (free_address(), free_address());
        let mut child = onfile()
            .arg("serve")
            .args([Path::new("--data-dir"), data])
            .args(["--public-addr", &public.to_string()])
            .args(["--admin-addr", &admin.to_string()])
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        if line.starts_with("Onfile serves") {
            return Some(Self { child, public });
        }
        let words = refusal(&child.wait_with_output().unwrap());
        assert!(words.contains("-addr"), "{words}");
        None
    }

    async fn token(&self, credentials: &Value) -> String {
        let asked = json!({
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
            "grant_type": "client_credentials",
        });
        let answer: Value = reqwest::Client::new()
            .post(format!("http://{}/api/auth/v1/token", self.public))
            .json(&asked)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn create(&self, token: &str, phone: &str) -> Value {
        let made = reqwest::Client::new()
            .post(format!("http://{}/api/v1/customer", self.public))
            .bearer_auth(token)
            .json(&json!({ "mobile_number": phone, "first_name": "Asha" }))
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), 201);
        made.json().await.unwrap()
    }

    async fn read(&self, token: &str, customer: &Value) -> Value {
        let id = customer["customer_id"].as_str().unwrap();
        let read = reqwest::Client::new()
            .get(format!("http://{}/api/v1/customer/{id}", self.public))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(read.status(), 200);
        read.json().await.unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_backup_beside_a_server_is_put_back_elsewhere_and_answers_the_same() {
    let place = Place::new();
    let server = place.serve("data");
    let token = server.token(&place.credentials).await;
    let customer = server.create(&token, "9876543210").await;
    let words = said(&place.backup("backups/one"));
    let file = place.path("backups/one");
    let bytes = fs::metadata(&file).unwrap().len();
    for part in [
        file.to_str().unwrap(),
        &format!("{bytes} bytes, 1 merchants, 1 customers"),
        "root key",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let later = server.create(&token, "9876543211").await;
    let kept = server.read(&token, &customer).await;

    let checked = Command::new("sha256sum")
        .args(["--check", "--strict", "one.sha256"])
        .current_dir(place.path("backups"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let made = everything(&place.path("backups"));
    assert_eq!(made.len(), 2, "a backup and its checksum");
    let key = fs::read_to_string(place.path("data/root.key")).unwrap();
    for (path, content) in &made {
        assert_eq!(mode(path), 0o600);
        let text = String::from_utf8_lossy(content);
        assert!(
            !text.contains(key.trim()),
            "the key is in {}",
            path.display()
        );
    }

    // without the key it says where it goes
    let words = said(&place.restore("backups/one", "elsewhere"));
    assert!(
        words.contains("put its root key at") && words.contains("onfile serve --data-dir"),
        "{words}"
    );
    assert_eq!(everything(&place.path("elsewhere")).len(), 1);
    assert_eq!(mode(&place.path("elsewhere/onfile.sqlite")), 0o600);
    fs::copy(
        place.path("data/root.key"),
        place.path("elsewhere/root.key"),
    )
    .unwrap();
    let again = place.serve("elsewhere");
    let token = again.token(&place.credentials).await;
    assert_eq!(again.read(&token, &customer).await, kept);
    // what came after the backup is not in it: its phone is free
    let made = again.create(&token, "9876543211").await;
    assert_ne!(made["customer_id"], later["customer_id"]);

    // with it, it is checked
    fs::create_dir(place.path("keyed")).unwrap();
    fs::copy(place.path("data/root.key"), place.path("keyed/root.key")).unwrap();
    let words = said(&place.restore("backups/one", "keyed"));
    assert!(words.contains("the root key fits"), "{words}");
}

#[tokio::test]
async fn what_a_killed_server_left_in_its_log_is_in_the_backup() {
    let place = Place::new();
    let server = place.serve("data");
    let token = server.token(&place.credentials).await;
    let customer = server.create(&token, "9876543210").await;
    drop(server);
    assert!(
        fs::metadata(place.path("data/onfile.sqlite-wal"))
            .unwrap()
            .len()
            > 0
    );
    let before = fs::read(place.path("data/onfile.sqlite")).unwrap();
    said(&place.backup("backups/one"));
    assert_eq!(
        fs::read(place.path("data/onfile.sqlite")).unwrap(),
        before,
        "a backup only reads"
    );
    said(&place.restore("backups/one", "elsewhere"));
    fs::copy(
        place.path("data/root.key"),
        place.path("elsewhere/root.key"),
    )
    .unwrap();
    let again = place.serve("elsewhere");
    let token = again.token(&place.credentials).await;
    again.read(&token, &customer).await;
}

#[test]
fn a_backup_overwrites_nothing_and_needs_a_place() {
    let place = Place::new();
    said(&place.backup("backups/one"));
    assert!(place.no_backup("backups/one").contains("exists already"));
    assert!(place.no_backup("backups").contains("exists already"));
    fs::write(place.path("backups/two.sha256"), "left over").unwrap();
    assert!(
        place
            .no_backup("backups/two")
            .contains("two.sha256 exists already")
    );
    assert!(place.no_backup("nowhere/one").contains("does not exist"));
    assert!(place.no_backup("backups/..").contains("backups"));
    assert!(place.no_backup("backups/a\nb").contains("plain name"));
}

#[test]
fn only_a_sound_database_of_ours_under_its_own_key_is_backed_up() {
    let place = Place::new();
    let database = place.path("data/onfile.sqlite");
    let whole = fs::read(&database).unwrap();
    let key = fs::read(place.path("data/root.key")).unwrap();

    fs::write(
        place.path("data/root.key"),
        "ab".repeat(16) + &"cd".repeat(16),
    )
    .unwrap();
    assert!(place.no_backup("backups/one").contains("another root key"));
    fs::remove_file(place.path("data/root.key")).unwrap();
    said(&place.backup("backups/without-key"));
    fs::write(place.path("data/root.key"), key).unwrap();

    sql(
        &database,
        "pragma ignore_check_constraints = on; update merchants set sandbox = 7",
    );
    let words = place.no_backup("backups/one");
    assert!(words.contains("is damaged (CHECK"), "{words}");
    fs::write(&database, &whole[..whole.len() - 4096]).unwrap();
    assert!(place.no_backup("backups/one").contains("cut off"));
    fs::write(&database, "a letter to a friend").unwrap();
    assert!(place.no_backup("backups/one").contains("not a database"));
    fs::remove_file(&database).unwrap();
    assert!(place.no_backup("backups/one").contains("no database at"));

    let url = "postgres://onfile:geheim@127.0.0.1:1/onfile";
    for (command, file) in [("backup", "--to"), ("restore", "--from")] {
        let words = refusal(&run(
            command,
            &[
                (file, &place.path("backups/one")),
                ("--data-dir", &place.path("new")),
                ("--database-url", Path::new(url)),
            ],
        ));
        assert!(
            words.contains("pg_dump") && words.contains("docs/operations.md"),
            "{words}"
        );
        assert!(!words.contains("geheim"), "{words}");
    }
}

#[test]
fn only_a_whole_backup_of_a_known_version_is_put_back() {
    let place = Place::new();
    said(&place.backup("backups/one"));
    let (file, sum) = (place.path("backups/one"), place.path("backups/one.sha256"));
    let whole = fs::read(&file).unwrap();
    let line = fs::read(&sum).unwrap();

    assert!(place.no_restore("backups/none", "new").contains("none"));
    assert!(place.no_restore("backups", "new").contains("is no file"));
    fs::remove_file(&sum).unwrap();
    assert!(
        place
            .no_restore("backups/one", "new")
            .contains("bring both")
    );
    fs::write(&sum, "no sum").unwrap();
    assert!(
        place
            .no_restore("backups/one", "new")
            .contains("is no checksum")
    );
    fs::write(&sum, &line).unwrap();

    for offset in [20, 100, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[offset] ^= 1;
        fs::write(&file, flipped).unwrap();
        let words = place.no_restore("backups/one", "new");
        assert!(words.contains("is damaged"), "{words}");
    }
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert!(
        place
            .no_restore("backups/one", "new")
            .contains("is damaged")
    );
    fs::write(&file, &whole).unwrap();
    said(&place.restore("backups/one", "new"));

    // the checksum fits, and yet
    let cut = place.forged("cut", |file| {
        let length = fs::metadata(file).unwrap().len();
        fs::File::options()
            .write(true)
            .open(file)
            .unwrap()
            .set_len(length - 4096)
            .unwrap();
    });
    assert!(place.no_restore(&cut, "other").contains("cut off"));
    let foreign = place.forged("foreign", |file| {
        fs::remove_file(file).unwrap();
        sql(file, "create table notes (note text)");
    });
    assert!(
        place
            .no_restore(&foreign, "other")
            .contains("another program")
    );
    let newer = place.forged("newer", |file| {
        sql(
            file,
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
             values (9999, 'later', true, x'00', 0)",
        );
    });
    assert!(place.no_restore(&newer, "other").contains("newer version"));
    let orphan = place.forged("orphan", |file| {
        sql(
            file,
            "insert into api_keys (merchant_id, client_id, secret_sha256, created_at) \
             values ('nobody', 'x', zeroblob(32), 0)",
        );
    });
    assert!(place.no_restore(&orphan, "other").contains("api_keys"));
    let doubled = place.forged("doubled", |file| {
        sql(
            file,
            "pragma writable_schema = on; update sqlite_schema set rootpage = \
             (select rootpage from sqlite_schema where name = 'customers_by_status') \
             where name = 'customers_by_creation'",
        );
    });
    let words = place.no_restore(&doubled, "other");
    assert!(words.contains("is damaged"), "{words}");
    let torn = place.forged("torn", |file| {
        let file = fs::File::options().write(true).open(file).unwrap();
        // the kind of a page in the middle
        file.write_all_at(&[0xff; 8], 4096 * 8).unwrap();
    });
    assert!(place.no_restore(&torn, "other").contains("is damaged"));
}

#[test]
fn a_directory_in_use_or_with_another_key_is_left_alone() {
    let place = Place::new();
    said(&place.backup("backups/one"));
    assert!(place.no_restore("backups/one", "data").contains("in use"));
    for name in [
        "onfile.sqlite",
        "onfile.sqlite-wal",
        "onfile.sqlite-shm",
        "onfile.lock",
        "demo.json",
    ] {
        let data = format!("with-{name}");
        fs::create_dir(place.path(&data)).unwrap();
        fs::write(place.path(&data).join(name), "").unwrap();
        let words = place.no_restore("backups/one", &data);
        assert!(words.contains(name), "{words}");
    }
    fs::create_dir(place.path("keyed")).unwrap();
    fs::write(
        place.path("keyed/root.key"),
        "ab".repeat(16) + &"cd".repeat(16),
    )
    .unwrap();
    assert!(
        place
            .no_restore("backups/one", "keyed")
            .contains("another root key")
    );
    fs::write(place.path("file"), "x").unwrap();
    assert!(place.no_restore("backups/one", "file").contains("file"));
}

/// A disk in memory, if this user may mount one.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&at)
            .output();
        mounted
            .is_ok_and(|mounted| mounted.status.success())
            .then(|| Self(at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_is_full_or_read_only_is_left_as_it_was() {
    let place = Place::new();
    said(&place.backup("backups/one"));
    for (name, options, words) in [
        ("small", "size=64k", ["is full", "No space"]),
        ("frozen", "ro", ["read-only", "Read-only"]),
    ] {
        let Some(disk) = Disk::mount(place.path(name), options) else {
            println!("no right to mount a disk that is {name}: not tested");
            continue;
        };
        let backup = refusal(&place.backup(&format!("{name}/two")));
        let restored = refusal(&place.restore("backups/one", &format!("{name}/data")));
        for said in [&backup, &restored] {
            assert!(words.iter().any(|word| said.contains(word)), "{said}");
        }
        assert!(
            everything(&disk.0).is_empty(),
            "{:?}",
            everything(&disk.0).keys()
        );
    }
}

fn sql(file: &Path, statement: &str) {
    let done = Command::new("python3")
        .args(["-c", "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.executescript(sys.argv[2]); db.commit()"])
        .arg(file)
        .arg(statement)
        .status()
        .expect("python3");
    assert!(done.success(), "{statement}");
}
