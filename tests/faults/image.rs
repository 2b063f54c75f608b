//! The files as they can be found after the power went at some point of a trace: what was synced, and
//! of what was not, whatever the disk happened to have written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::chance::Chance;
use crate::trace::Event;

/// A disk writes so much or nothing.
const SECTOR: usize = 512;

/// Which syncs keep what they promise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Syncs {
    /// All.
    Kept,
    /// All but those of the log, which is on the disk only when its pages go into the database: so does
    /// SQLite sync with `synchronous=NORMAL`.
    LogOnlyBeforeCheckpoints,
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

/// A file between the server and the disk.
#[derive(Clone, Default)]
struct File {
    /// What is certainly on the disk.
    durable: Vec<u8>,
    /// What may be.
    pending: Vec<Change>,
    /// How much of that a sync that runs covers.
    covered: usize,
    /// Whether its name is certainly on the disk.
    is_named: bool,
    /// Whether its name was taken away, and perhaps is there still.
    is_unlinked: bool,
}

/// The files of a directory.
#[derive(Clone)]
pub struct Disk {
    files: BTreeMap<PathBuf, File>,
    syncs: Syncs,
    /// The attempts acknowledged so far.
    pub acknowledged: BTreeSet<u64>,
}

impl Disk {
    /// As it was before the trace.
    pub fn new(files: &BTreeMap<PathBuf, Vec<u8>>, syncs: Syncs) -> Self {
        let files = files
            .iter()
            .map(|(path, content)| {
                let file = File {
                    durable: content.clone(),
                    is_named: true,
                    ..File::default()
                };
                (path.clone(), file)
            })
            .collect();
        Self {
            files,
            syncs,
            acknowledged: BTreeSet::new(),
        }
    }

    /// Goes on by an event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Made(path) => {
                let file = self.files.entry(path.clone()).or_default();
                if std::mem::take(&mut file.is_unlinked) {
                    // another file of the same name: the old one's bytes are not its own
                    *file = File::default();
                }
            }
            Event::Written {
                file,
                offset,
                bytes,
            } => {
                if self.syncs == Syncs::LogOnlyBeforeCheckpoints && !is_log(file) {
                    for (path, log) in &mut self.files {
                        if is_log(path) {
                            log.sync(log.pending.len());
                        }
                    }
                }
                self.file(file).pending.push(Change::Write {
                    offset: *offset,
                    bytes: bytes.clone(),
                });
            }
            Event::Cut { file, length } => {
                let change = Change::Cut { length: *length };
                self.file(file).pending.push(change);
            }
            Event::SyncBegun { file } => {
                if let Some(file) = self.files.get_mut(file) {
                    file.covered = file.pending.len();
                }
            }
            Event::Synced { file: path } => {
                let is_heeded = self.syncs == Syncs::Kept || !is_log(path);
                if let Some(file) = self.files.get_mut(path) {
                    if is_heeded {
                        file.sync(file.covered);
                    }
                } else if self.is_directory(path) {
                    self.sync_names();
                }
            }
            Event::Unlinked(path) => self.file(path).is_unlinked = true,
            Event::Acknowledged(op) => {
                self.acknowledged.insert(*op);
            }
        }
    }

    fn file(&mut self, path: &Path) -> &mut File {
        self.files.get_mut(path).expect("it was made before")
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.files.keys().any(|file| file.parent() == Some(path))
    }

    fn sync_names(&mut self) {
        self.files.retain(|_, file| !file.is_unlinked);
        for file in self.files.values_mut() {
            file.is_named = true;
        }
    }

    /// The power goes: writes what is found afterwards into a directory.
    pub fn restore(&self, chance: &mut Chance, to: &Path) {
        let mood = Mood::drawn(chance);
        for (path, file) in &self.files {
            let is_lost = (!file.is_named || file.is_unlinked) && chance.below(2) == 0;
            if !is_lost {
                let content = file.found(mood, chance);
                std::fs::write(to.join(path.file_name().unwrap()), content).unwrap();
            }
        }
    }
}

fn is_log(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "sqlite-wal")
}

/// What a disk does with what was not synced.
#[derive(Clone, Copy)]
enum Mood {
    KeepsAll,
    DropsAll,
    /// Each its own way.
    Mixed,
}

impl Mood {
    fn drawn(chance: &mut Chance) -> Self {
        match chance.below(6) {
            0 => Self::KeepsAll,
            1 => Self::DropsAll,
            _ => Self::Mixed,
        }
    }
}

impl File {
    fn sync(&mut self, covered: usize) {
        for change in self.pending.drain(..covered) {
            change.make(&mut self.durable);
        }
        self.covered = 0;
    }

    fn found(&self, mood: Mood, chance: &mut Chance) -> Vec<u8> {
        let mut content = self.durable.clone();
        for change in &self.pending {
            match mood {
                Mood::KeepsAll => change.make(&mut content),
                Mood::DropsAll => {}
                Mood::Mixed => match chance.below(3) {
                    0 => change.make(&mut content),
                    1 => {}
                    _ => change.torn(chance).make(&mut content),
                },
            }
        }
        content
    }
}

impl Change {
    fn make(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(bytes);
            }
            Self::Cut { length } => content.resize(*length, 0),
        }
    }

    /// Only its first sectors.
    fn torn(&self, chance: &mut Chance) -> Self {
        match self {
            Self::Write { offset, bytes } => {
                let sectors = (offset + bytes.len()).div_ceil(SECTOR) - offset / SECTOR;
                let end = (offset / SECTOR + chance.below(sectors)) * SECTOR;
                Self::Write {
                    offset: *offset,
                    bytes: bytes[..end.saturating_sub(*offset)].to_vec(),
                }
            }
            Self::Cut { length } => Self::Cut { length: *length },
        }
    }
}
