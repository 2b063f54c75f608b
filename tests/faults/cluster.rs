//! A PostgreSQL server that a campaign may stop as it likes: its own data directory, and the settings on
//! which a promise rests, whatever `scripts/postgres.sh` does for speed.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

use crate::installation::free_address;

/// Makes an authority, a certificate and rules that let nobody in without TLS.
const CERTIFICATE: &str = r#"
    set -e
    cd "$1"
    new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    openssl req -x509 $new -days 2 -subj /CN=authority -keyout authority.key -out authority.crt
    openssl req $new -subj /CN=localhost -keyout server.key -out server.csr
    echo subjectAltName=DNS:localhost >names
    openssl x509 -req -in server.csr -CA authority.crt -CAkey authority.key -CAcreateserial -days 2 -extfile names -out server.crt
    echo 'hostssl all all all trust' >pg_hba.conf
    chmod 600 server.key
    [ $(id -u) != 0 ] || chown postgres server.key server.crt pg_hba.conf
"#;

/// Running until this is dropped.
pub struct Cluster {
    directory: TempDir,
    programs: PathBuf,
    pub address: SocketAddr,
}

/// Debian keeps them out of `PATH`.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|version| version.unwrap().path().join("bin"))
        .collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&path))
        .find(|directory| directory.join("initdb").exists())
        .expect("there is no PostgreSQL: run `scripts/setup.sh postgres`")
}

impl Cluster {
    /// Makes one with an empty database, and starts it.
    pub fn new() -> Self {
        let cluster = Self::empty();
        cluster.run(
            "initdb",
            &[
                "--username=onfile",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums",
            ],
        );
        let settings = format!(
            "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\nwal_sync_method = fdatasync\n\
             listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\nmax_connections = 100\n",
            cluster.address.port()
        );
        let file = cluster.data().join("postgresql.auto.conf");
        std::fs::write(file, settings).unwrap();
        cluster.start();
        cluster
    }

    fn empty() -> Self {
        let directory = TempDir::new().unwrap();
        let made = Command::new("sh")
            .arg("-c")
            .arg("chmod 755 \"$1\" && { [ $(id -u) != 0 ] || chown postgres \"$1\"; }")
            .args([Path::new("sh"), directory.path()])
            .status();
        assert!(made.unwrap().success());
        Self {
            directory,
            programs: programs(),
            address: free_address(),
        }
    }

    /// Makes another one that follows this one. From then on this one acknowledges nothing that cannot be
    /// read on the other.
    pub async fn standby(&self) -> Self {
        let standby = Self::empty();
        let port = self.address.port().to_string();
        let from = ["--host=127.0.0.1", "--username=onfile", "--port", &port];
        let how = ["--write-recovery-conf", "--checkpoint=fast"];
        standby.run("pg_basebackup", &[&from[..], &how[..]].concat());
        let mut settings = std::fs::OpenOptions::new()
            .append(true)
            .open(standby.data().join("postgresql.auto.conf"))
            .unwrap();
        writeln!(settings, "port = {}", standby.address.port()).unwrap();
        standby.start();
        self.set("synchronous_standby_names = '*'").await;
        self.set("synchronous_commit = remote_apply").await;
        standby
    }

    /// The standby becomes a primary.
    pub fn promote(&self) {
        self.run("pg_ctl", &["promote", "--silent"]);
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Runs one of its programs, as somebody who is not root.
    fn run(&self, program: &str, arguments: &[&str]) {
        let ran = Command::new("sh")
            .arg("-c")
            .arg("[ $(id -u) != 0 ] || set -- setpriv --reuid=postgres --regid=postgres --clear-groups -- \"$@\"; exec \"$@\"")
            .args([Path::new("sh"), &self.programs.join(program)])
            .arg(format!("--pgdata={}", self.data().display()))
            .args(arguments)
            .current_dir(self.directory.path())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{program}: {ran:?}");
    }

    /// Starts it, and waits until it takes connections.
    pub fn start(&self) {
        let log = self.directory.path().join("server.log");
        let log = format!("--log={}", log.display());
        self.run("pg_ctl", &["start", "--wait", "--silent", &log]);
    }

    /// As a crash would: nothing is written or answered any more.
    pub fn crash(&self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--silent"]);
    }

    /// From now on it answers a commit before it has written it.
    pub async fn answer_before_writing(&self) {
        self.set("synchronous_commit = off").await;
    }

    /// From now on it takes connections over TLS only, as `localhost`. Answers the certificate of the
    /// authority that vouches for it.
    pub async fn encrypt(&self) -> PathBuf {
        let made = Command::new("sh")
            .arg("-c")
            .arg(CERTIFICATE)
            .args([Path::new("sh"), &self.data()])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        self.set("ssl = on").await;
        self.data().join("authority.crt")
    }

    /// Changes a setting while it runs.
    pub async fn set(&self, setting: &str) {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        let change = format!("alter system set {setting}");
        connection.execute(AssertSqlSafe(change)).await.unwrap();
        let reload = "select pg_reload_conf()";
        connection.execute(reload).await.unwrap();
    }

    /// Where its database is.
    pub fn url(&self) -> String {
        url(self.address)
    }
}

/// The database behind an address.
pub fn url(address: SocketAddr) -> String {
    format!("postgres://onfile@{address}/postgres?sslmode=disable")
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let postmaster = self.data().join("postmaster.pid");
        if postmaster.exists() {
            self.crash();
        }
    }
}
