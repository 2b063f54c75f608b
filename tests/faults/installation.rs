//! The server under test: the binary, its data, its process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

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
    /// Whether the server is a child of that, instead of taking its place.
    is_parent: bool,
}

impl Under {
    /// No file longer than this, as if the disk were full, for whoever may not mount a small one.
    pub fn file_limit(bytes: usize) -> Self {
        let limited = format!("trap '' XFSZ; exec prlimit --fsize={bytes} \"$@\"");
        Self {
            command: ["sh", "-c", &limited, "sh"].map(str::to_owned).to_vec(),
            is_parent: false,
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

/// A data directory with a merchant in it.
#[derive(Clone)]
pub struct Installation {
    pub data: PathBuf,
    pub credentials: Value,
}

impl Installation {
    /// Makes one.
    pub fn new(data: PathBuf) -> Self {
        let made = Command::new(binary())
            .args(["merchant", "create", "--name", "Shop", "--sandbox"])
            .args([Path::new("--data-dir"), &data])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Self {
            data,
            credentials: serde_json::from_slice(&made.stdout).unwrap(),
        }
    }

    /// The same merchant in another directory.
    pub fn moved_to(&self, data: PathBuf) -> Self {
        Self {
            data,
            credentials: self.credentials.clone(),
        }
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.data.join("onfile.sqlite")
    }

    /// A look at the database beside the server.
    pub async fn look(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.database())
            .read_only(true)
            .disable_statement_logging()
            .connect()
            .await
            .unwrap()
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

    fn serve_once(&self, under: &Under) -> Result<Running, String> {
        let (public, admin) = (free_address(), free_address());
        let mut command = under.program();
        command
            .arg("serve")
            .args([Path::new("--data-dir"), &self.data])
            .args(["--public-addr", &public.to_string()])
            .args(["--admin-addr", &admin.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
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
        if !said.starts_with("Onfile serves") {
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
        })
    }
}

fn free_address() -> SocketAddr {
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
        format!("http://{}/readyz", self.admin)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.process)])
            .output();
        assert!(sent.is_ok());
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.signal("KILL");
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub fn end(mut self) {
        self.signal("TERM");
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "it ended with {ended}");
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}
