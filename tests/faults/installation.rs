//! The server under test: the binary, its data, its process.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::cluster::Cluster;

/// What the server says first when it serves.
const SERVES: &str = "Onfile serves";

/// The binary that people run.
fn binary() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let built = ["target/release/onfile", "target/debug/onfile"].map(|path| workspace.join(path));
    std::env::var_os("ONFILE_BINARY")
        .map_or_else(|| built.to_vec(), |named| vec![PathBuf::from(named)])
        .into_iter()
        .find(|binary| binary.exists())
        .expect("there is no server to test: run `make binary`, or name one with ONFILE_BINARY")
}

/// What the server's process runs under.
#[derive(Clone, Default)]
pub struct Under {
    command: Vec<String>,
    environment: Vec<(&'static str, String)>,
    /// Whether the server is a child of that, instead of taking its place.
    is_parent: bool,
}

impl Under {
    /// Nothing but these variables.
    pub fn variables(environment: Vec<(&'static str, String)>) -> Self {
        Self {
            environment,
            ..Self::default()
        }
    }

    /// No file longer than this, as if the disk were full, for whoever may not mount a small one.
    pub fn file_limit(bytes: usize) -> Self {
        let limited = format!("trap '' XFSZ; exec prlimit --fsize={bytes} \"$@\"");
        Self {
            command: ["sh", "-c", &limited, "sh"].map(str::to_owned).to_vec(),
            ..Self::default()
        }
    }

    /// `strace` with these arguments.
    ///
    /// # Panics
    /// When there is none that may trace.
    pub fn strace(arguments: &[&str]) -> Self {
        let tried = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "true"])
            .output();
        assert!(
            tried.is_ok_and(|tried| tried.status.success()),
            "strace is missing or may not trace: run `scripts/setup.sh faults`, on a machine that allows ptrace"
        );
        let mut command = vec!["strace".to_owned(), "-f".to_owned()];
        command.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        Self {
            command,
            is_parent: true,
            ..Self::default()
        }
    }

    /// The program, with its arguments still to come.
    fn program(&self) -> Command {
        let binary = binary();
        match self.command.split_first() {
            Some((outer, arguments)) => {
                let mut command = Command::new(outer);
                command.args(arguments).arg(binary);
                command
            }
            None => Command::new(binary),
        }
    }
}

/// Where the rows are when they are not in a file.
#[derive(Clone)]
pub struct Server {
    /// What Onfile is told.
    pub told: String,
    /// The same database, whatever is in between.
    pub beside: String,
}

impl Server {
    /// Two servers, of which the second follows the first.
    pub fn both(primary: &Cluster, standby: &Cluster) -> Self {
        let (one, other) = (primary.address, standby.address);
        Self {
            told: format!("postgres://onfile@{one},{other}/postgres?sslmode=disable"),
            beside: primary.url(),
        }
    }

    /// Nothing in between.
    pub fn direct(cluster: &Cluster) -> Self {
        Self {
            told: cluster.url(),
            beside: cluster.url(),
        }
    }
}

/// A look at the database beside Onfile.
pub enum Look {
    File(SqliteConnection),
    Server(PgConnection),
}

/// A data directory with a merchant in it.
#[derive(Clone)]
pub struct Installation {
    pub data: PathBuf,
    pub credentials: Value,
    server: Option<Server>,
}

impl Installation {
    /// Makes one.
    pub fn new(data: PathBuf) -> Self {
        Self::make(data, None)
    }

    /// Makes one with its rows on a `PostgreSQL` server.
    pub fn on(server: Server, data: PathBuf) -> Self {
        Self::make(data, Some(server))
    }

    /// The same, told another URL of the same database.
    pub fn told(&self, told: String) -> Self {
        let beside = told.clone();
        Self {
            server: Some(Server { told, beside }),
            ..self.clone()
        }
    }

    fn make(data: PathBuf, server: Option<Server>) -> Self {
        let installation = Self {
            data,
            credentials: Value::Null,
            server,
        };
        let run = |arguments: &[&str]| {
            let mut command = Command::new(binary());
            command.args(arguments);
            let ran = installation.place(&mut command).output().unwrap();
            assert!(ran.status.success(), "{ran:?}");
            ran
        };
        run(&["keys", "init"]);
        let made = run(&["merchant", "create", "--name", "Shop", "--sandbox"]);
        Self {
            credentials: serde_json::from_slice(&made.stdout).unwrap(),
            ..installation
        }
    }

    /// Makes an admin of the merchant.
    pub fn admin(&self, email: &str, password: &str) {
        let merchant = self.credentials["merchant_id"].as_str().unwrap();
        let mut command = Command::new(binary());
        command.args([
            "admin",
            "create",
            "--merchant-id",
            merchant,
            "--email",
            email,
        ]);
        let mut running = self
            .place(&mut command)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut asks = running.stdin.take().unwrap();
        writeln!(asks, "{password}").unwrap();
        drop(asks);
        assert!(running.wait().unwrap().success());
    }

    /// Tells a command where the data is.
    fn place<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.arg("--data-dir").arg(&self.data);
        if let Some(server) = &self.server {
            command.args(["--database-url", &server.told]);
        }
        command
    }

    /// The same merchant in another directory.
    pub fn moved_to(&self, data: PathBuf) -> Self {
        Self {
            data,
            ..self.clone()
        }
    }

    /// Another node on the same database.
    pub fn node(&self, data: PathBuf) -> Self {
        std::fs::create_dir_all(&data).unwrap();
        std::fs::copy(self.data.join("root.key"), data.join("root.key")).unwrap();
        self.moved_to(data)
    }

    /// The same, looked at on another server.
    pub fn seen_on(&self, cluster: &Cluster) -> Self {
        let mut seen = self.clone();
        if let Some(server) = &mut seen.server {
            server.beside = cluster.url();
        }
        seen
    }

    /// The database, if it is a file.
    pub fn database(&self) -> PathBuf {
        self.data.join("onfile.sqlite")
    }

    /// A look at the database beside the server.
    pub async fn look(&self) -> Look {
        match &self.server {
            None => {
                let options = SqliteConnectOptions::new()
                    .filename(self.database())
                    .read_only(true)
                    .disable_statement_logging();
                Look::File(options.connect().await.unwrap())
            }
            Some(server) => Look::Server(PgConnection::connect(&server.beside).await.unwrap()),
        }
    }

    /// Waits until the database has nothing under way: what was sent before somebody died or was cut off
    /// has happened by then, or never will.
    pub async fn quiet(&self) {
        let Look::Server(mut connection) = self.look().await else {
            return;
        };
        let busy = "select count(*) from pg_stat_activity \
                    where application_name = 'onfile' and state <> 'idle'";
        while sqlx::query_scalar::<_, i64>(busy)
            .fetch_one(&mut connection)
            .await
            .unwrap()
            > 0
        {
            tokio::task::yield_now().await;
        }
    }

    /// Runs another command on the directory, to its end.
    pub fn command(&self, name: &str, arguments: &[&Path], under: &Under) -> Output {
        under
            .program()
            .arg(name)
            .args(arguments)
            .args([Path::new("--data-dir"), &self.data])
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Starts the server and waits until it says that it serves.
    ///
    /// # Errors
    /// What it said when it ended instead.
    pub fn serve(&self, under: &Under) -> Result<Running, String> {
        loop {
            match self.serve_once(under) {
                // somebody was faster to take a port that was free
                Err(words) if words.contains("-addr") => {}
                served => return served,
            }
        }
    }

    /// Starts the server and kills it so soon that it may not have served yet; whether it had.
    pub fn serve_until_killed_after(&self, wait: Duration) -> bool {
        let mut child = self.spawn(&Under::default()).0;
        std::thread::sleep(wait);
        child.kill().unwrap();
        let said = child.wait_with_output().unwrap().stdout;
        said.starts_with(SERVES.as_bytes())
    }

    fn serve_once(&self, under: &Under) -> Result<Running, String> {
        let (mut child, public, admin) = self.spawn(under);
        let mut errors = child.stderr.take().unwrap();
        let complaints = std::thread::spawn(move || {
            let mut text = String::new();
            // a server that was killed may have been in the middle of a character
            let _ = errors.read_to_string(&mut text);
            text
        });
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        if !said.starts_with(SERVES) {
            let ended = child.wait().unwrap();
            return Err(format!("{ended}: {}", complaints.join().unwrap().trim()));
        }
        Ok(Running {
            process: if under.is_parent {
                only_child(child.id())
            } else {
                child.id()
            },
            child,
            public,
            admin,
            complaints,
        })
    }

    fn spawn(&self, under: &Under) -> (Child, SocketAddr, SocketAddr) {
        let (public, admin) = (free_address(), free_address());
        let mut command = under.program();
        self.place(command.arg("serve"))
            .args(["--public-addr", &public.to_string()])
            .args(["--admin-addr", &admin.to_string()])
            .envs(under.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        (command.spawn().unwrap(), public, admin)
    }
}

/// An address that nobody listens on.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

fn only_child(of: u32) -> u32 {
    std::fs::read_to_string(format!("/proc/{of}/task/{of}/children"))
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// The server's process, gone when this is dropped.
pub struct Running {
    child: Child,
    /// The server itself, whatever it runs under.
    process: u32,
    public: SocketAddr,
    admin: SocketAddr,
    complaints: JoinHandle<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("KILL");
            let _ = self.child.wait();
        }
    }
}

impl Running {
    /// Where the Merchant API is.
    pub fn public_url(&self) -> String {
        format!("http://{}", self.public)
    }

    /// Where it says whether it is ready.
    pub fn readiness_url(&self) -> String {
        format!("{}/readyz", self.admin_url())
    }

    /// Where the admin page is.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.process)])
            .output();
        assert!(sent.is_ok());
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.signal("KILL");
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it has: what it complained of.
    pub fn end(mut self) -> String {
        self.signal("TERM");
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "it ended with {ended}");
        let complaints = std::mem::replace(&mut self.complaints, std::thread::spawn(String::new));
        complaints.join().unwrap()
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}
