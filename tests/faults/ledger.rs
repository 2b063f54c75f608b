//! What the clients attempted and what they were answered: lines in a file, synced before the client
//! goes on. An attempt is down before it is made.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A new customer with this phone.
    Create { phone: String },
    /// The customer with this phone, new or not.
    Identify { phone: String },
    /// Another first name.
    Rename { customer: String, name: String },
    /// A card token.
    Generate { customer: String, reference: String },
    /// A card token gone.
    Remove { customer: String, token: String },
    /// A customer gone.
    Delete { customer: String },
}

/// What the server said to that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub status: u16,
    /// Whether it said when to come again.
    pub says_when: bool,
    /// The customer it is about: the one in the way too.
    pub customer: Option<String>,
    pub token: Option<String>,
}

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Line {
    /// About to be sent.
    Attempt { op: u64, what: What },
    /// Answered.
    Answer { op: u64, told: Told },
    /// Never answered; an audit has found out whether it happened.
    Settled { op: u64, happened: Option<Told> },
}

/// The name under which an attempt goes to the server, which keeps it in the history.
pub fn request_id(op: u64) -> String {
    format!("op-{op}")
}

/// The attempt of a request id, if it is one of ours.
pub fn op_of(request_id: &str) -> Option<u64> {
    request_id.strip_prefix("op-")?.parse().ok()
}

/// The file, and the thread that writes it.
#[derive(Clone)]
pub struct Ledger {
    path: PathBuf,
    lines: Sender<(String, oneshot::Sender<()>)>,
}

impl Ledger {
    /// Begins one.
    pub fn new(path: &Path) -> Self {
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(path)
            .unwrap();
        let (lines, waiting) = channel();
        std::thread::spawn(move || write(file, &waiting));
        Self {
            path: path.to_owned(),
            lines,
        }
    }

    /// Adds a line, and returns when it is on the disk.
    pub async fn add(&self, line: &Line) {
        let mut text = serde_json::to_string(line).unwrap();
        text.push('\n');
        let (done, written) = oneshot::channel();
        self.lines.send((text, done)).unwrap();
        written.await.unwrap();
    }

    /// All of it, from the file.
    pub fn read(&self) -> Vec<Line> {
        std::fs::read_to_string(&self.path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Whatever waits is written and synced together.
fn write(mut file: File, waiting: &Receiver<(String, oneshot::Sender<()>)>) {
    while let Ok(first) = waiting.recv() {
        let together: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let text: String = together.iter().map(|(text, _)| text.as_str()).collect();
        file.write_all(text.as_bytes()).unwrap();
        file.sync_data().unwrap();
        for (_, done) in together {
            // whoever waited may be gone
            let _ = done.send(());
        }
    }
}
