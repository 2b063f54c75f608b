//! A PostgreSQL server that a campaign may stop as it likes: its own data directory, and the settings on
//! which a promise rests, whatever `scripts/postgres.sh` does for speed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

use crate::installation::free_address;

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
        let directory = TempDir::new().unwrap();
        let made = Command::new("sh")
            .arg("-c")
            .arg("chmod 755 \"$1\" && { [ $(id -u) != 0 ] || chown postgres \"$1\"; }")
            .args([Path::new("sh"), directory.path()])
            .status();
        assert!(made.unwrap().success());
        let cluster = Self {
            directory,
            programs: programs(),
            address: free_address(),
        };
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
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        for statement in [
            "alter system set synchronous_commit = off",
            "select pg_reload_conf()",
        ] {
            connection.execute(statement).await.unwrap();
        }
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
