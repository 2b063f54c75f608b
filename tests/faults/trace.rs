//! What a server did to its files, in order, and when it acknowledged what: read from `strace`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::ledger::op_of;

/// Calls that change files, that sync them, or that answer. What else could change the data is traced
/// too, so that a server that begins to use it is not believed to have done nothing.
pub const CALLS: &str = "trace=openat,open,creat,write,writev,sendto,sendmsg,pwrite64,pwritev,pwritev2,\
    ftruncate,truncate,fallocate,fsync,fdatasync,sync_file_range,copy_file_range,sendfile,\
    rename,renameat,renameat2,link,linkat,unlink,unlinkat";

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    /// A file of the directory was made, if it was not there.
    Made(PathBuf),
    /// Bytes were handed to the operating system.
    Written {
        file: PathBuf,
        offset: usize,
        bytes: Vec<u8>,
    },
    /// A file was cut.
    Cut { file: PathBuf, length: usize },
    /// A sync began: it covers what was written before.
    SyncBegun { file: PathBuf },
    /// And returned: only from here on it counts.
    Synced { file: PathBuf },
    /// A file's name was taken away.
    Unlinked(PathBuf),
    /// The answer to an attempt was about to be sent.
    Acknowledged(u64),
}

/// Reads a trace of what happened in a directory.
///
/// # Panics
/// When something changed a file in a way that is not known here.
pub fn read(trace: &Path, directory: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(trace).unwrap();
    let mut events = Vec::new();
    // of each thread, the call that it is in
    let mut begun: BTreeMap<&str, Call> = BTreeMap::new();
    for line in text.lines() {
        let (thread, line) = line.split_once(' ').unwrap();
        let line = line.trim_start();
        if line.starts_with("+++") || line.starts_with("---") {
            continue;
        }
        if let Some(resumed) = line.strip_prefix("<... ") {
            if let (Some(call), Some(result)) = (begun.remove(thread), result_of(resumed)) {
                call.end(result, directory, &mut events);
            }
            continue;
        }
        let call = Call::parse(line);
        call.begin(directory, &mut events);
        if line.ends_with("<unfinished ...>") {
            begun.insert(thread, call);
        } else if let Some(result) = result_of(line) {
            call.end(result, directory, &mut events);
        }
    }
    events
}

/// The number a call returned, if it returned.
fn result_of(line: &str) -> Option<i64> {
    let (_, result) = line.rsplit_once(" = ")?;
    result
        .split(|end: char| end != '-' && !end.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// A call and its arguments as `strace -y -xx` writes them.
struct Call {
    name: String,
    /// The file or socket behind the first argument.
    on: PathBuf,
    /// All texts among the arguments: names, or bytes.
    texts: Vec<Vec<u8>>,
    /// What follows the last text, or the first argument.
    rest: String,
}

impl Call {
    fn parse(line: &str) -> Self {
        let (name, arguments) = line.split_once('(').unwrap_or((line, ""));
        let arguments = arguments
            .rsplit_once(" <unfinished")
            .map_or(arguments, |(arguments, _)| arguments);
        let arguments = arguments
            .rsplit_once(") ")
            .map_or(arguments, |(arguments, _)| arguments);
        let on = arguments
            .split_once('<')
            .and_then(|(_, path)| path.split_once('>'))
            .map(|(path, _)| path_of(&decode(path)))
            .unwrap_or_default();
        let mut pieces = arguments.split('"');
        let mut rest = pieces.next().unwrap_or_default();
        let mut texts = Vec::new();
        while let Some(text) = pieces.next() {
            texts.push(decode(text));
            rest = pieces.next().unwrap_or_default();
            assert!(!rest.starts_with("..."), "strace cut this short: {name}");
        }
        Self {
            name: name.to_owned(),
            on,
            texts,
            rest: rest.to_owned(),
        }
    }

    /// Whether the file counts: the index of the log is made anew from the log.
    fn counts(path: &Path, directory: &Path) -> bool {
        path.starts_with(directory)
            && path
                .extension()
                .is_none_or(|extension| extension != "sqlite-shm" && extension != "lock")
    }

    /// The last but `from_end` numbers among the arguments.
    fn number(&self, from_end: usize) -> usize {
        self.rest
            .rsplit(", ")
            .nth(from_end)
            .unwrap()
            .trim_end_matches(')')
            .trim()
            .parse()
            .unwrap()
    }

    /// What counts from the moment the call begins.
    fn begin(&self, directory: &Path, events: &mut Vec<Event>) {
        match self.name.as_str() {
            "write" | "writev" | "sendto" | "sendmsg" if !self.on.starts_with("/") => {
                if let Some(op) = acknowledged(&self.texts.concat()) {
                    events.push(Event::Acknowledged(op));
                }
            }
            "pwrite64" if Self::counts(&self.on, directory) => {
                let bytes = self.texts.concat();
                assert_eq!(bytes.len(), self.number(1));
                events.push(Event::Written {
                    file: self.on.clone(),
                    offset: self.number(0),
                    bytes,
                });
            }
            "ftruncate" if Self::counts(&self.on, directory) => events.push(Event::Cut {
                file: self.on.clone(),
                length: self.number(0),
            }),
            "fsync" | "fdatasync" if self.on.starts_with(directory) => {
                events.push(Event::SyncBegun {
                    file: self.on.clone(),
                });
            }
            "unlink" | "unlinkat" => {
                let path = path_of(self.texts.last().unwrap());
                if Self::counts(&path, directory) {
                    events.push(Event::Unlinked(path));
                }
            }
            "openat" | "open" | "write" | "writev" | "sendto" | "sendmsg" | "fsync"
            | "fdatasync" | "pwrite64" | "ftruncate" => {
                let writes = self.name.contains("write");
                assert!(
                    !(writes && Self::counts(&self.on, directory)),
                    "{}",
                    self.name
                );
            }
            other => {
                let names = self
                    .texts
                    .iter()
                    .any(|text| path_of(text).starts_with(directory));
                assert!(
                    !names && !self.on.starts_with(directory),
                    "the replayer does not know {other}"
                );
            }
        }
    }

    /// What counts only once the call has returned.
    fn end(&self, result: i64, directory: &Path, events: &mut Vec<Event>) {
        match self.name.as_str() {
            "fsync" | "fdatasync" if self.on.starts_with(directory) => {
                assert_eq!(result, 0, "a sync failed");
                events.push(Event::Synced {
                    file: self.on.clone(),
                });
            }
            "pwrite64" if Self::counts(&self.on, directory) => {
                assert_eq!(usize::try_from(result).unwrap(), self.texts.concat().len());
            }
            "openat" | "open" if result >= 0 && self.rest.contains("O_CREAT") => {
                let path = path_of(self.texts.last().unwrap());
                if Self::counts(&path, directory) {
                    events.push(Event::Made(path));
                }
            }
            _ => {}
        }
    }
}

/// Text in which every byte is `\xhh`.
fn decode(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(4)
        .map(|byte| match byte {
            [b'\\', b'x', high, low] => digit(*high) * 16 + digit(*low),
            other => panic!("strace wrote {:?}", String::from_utf8_lossy(other)),
        })
        .collect()
}

fn digit(of: u8) -> u8 {
    match of {
        b'0'..=b'9' => of - b'0',
        b'a'..=b'f' => of - b'a' + 10,
        _ => panic!("strace wrote {of}"),
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).as_ref())
}

/// The attempt that an answer of success is for.
fn acknowledged(sent: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(sent);
    let head = text.strip_prefix("HTTP/1.1 ")?;
    head.split("\r\n")
        .find_map(|line| line.strip_prefix("request-id: "))
        .and_then(op_of)
}
