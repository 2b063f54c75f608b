//! Why a database is not opened, and what to do about it: each one line for the person who started
//! Onfile.

use std::io;
use std::path::PathBuf;

/// Why a database was not opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("there is no database at {}; check the path, or start with `onfile serve`, which makes one", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A new database has nowhere to go.
    #[error("the directory {} does not exist; make it first", path.display())]
    NoDirectory {
        /// Which one.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("{} cannot be used: {source}; check that the file and its directory belong to the user Onfile runs as, and are writable", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// It is not a database at all.
    #[error("{} is not a database; point Onfile at another path, or move the file away", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to another program.
    #[error("{} is a database of another program; point Onfile at another path", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Its end is missing.
    #[error("{} is cut off: it has {found} bytes of {expected}; restore it from a backup", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// How many bytes there are.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// It cannot be read.
    #[error("{} is damaged ({problem}); restore it from a backup", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        problem: String,
    },
    /// A later version of Onfile has used it.
    #[error("{} was used by a newer version of Onfile (its migration {version} is not known here); run that version", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its latest migration.
        version: i64,
    },
    /// It is only to be looked at, and lacks what this version would add to it.
    #[error("{} was used by an older version of Onfile only; start `onfile serve` of this version once, which brings it up to date", path.display())]
    Older {
        /// The file.
        path: PathBuf,
    },
    /// A migration stopped in the middle, or is another one than ours.
    #[error("{} is half migrated ({problem}); restore it from a backup", path.display())]
    HalfMigrated {
        /// The file.
        path: PathBuf,
        /// What was found.
        problem: String,
    },
    /// The engine does not do as it was told.
    #[error("{} does not keep what is written safe: {name} is {found} instead of {wanted}; put it on a local file system", path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// The pragma.
        name: &'static str,
        /// What it was set to.
        wanted: &'static str,
        /// What it reads back as.
        found: String,
    },
    /// Anything else the engine reports.
    #[error("{} cannot be opened: {problem}; check that its directory is writable and no other program holds it", path.display())]
    Engine {
        /// The file.
        path: PathBuf,
        /// What it says.
        problem: String,
    },
}
