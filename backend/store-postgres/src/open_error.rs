//! Why a database is not opened, and what to do about it: each one line for the person who started
//! Onfile. A URL is never repeated, because it may hold a password: `place` is host, port and name.

/// Why a database was not opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read as a URL.
    #[error(
        "the database URL cannot be read ({problem}); write it as postgres://user:password@host:5432/name"
    )]
    Url {
        /// What is wrong.
        problem: String,
    },
    /// Nobody answers there.
    #[error(
        "no PostgreSQL server answers for {place} ({problem}); check host and port, and that it runs"
    )]
    Unreachable {
        /// Where it was looked for.
        place: String,
        /// What the system says.
        problem: String,
    },
    /// The connection is not encrypted as the URL asks, or the server's certificate is not trusted.
    #[error(
        "the connection to {place} cannot be encrypted as the database URL asks ({problem}); check sslmode and sslrootcert in it"
    )]
    Unencrypted {
        /// Where.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// Several servers were named, and none of them takes writes.
    #[error(
        "none of {places} is a primary: promote one, or name the primary's host in the database URL too"
    )]
    NoPrimary {
        /// Where it was looked for.
        places: String,
    },
    /// The server does not let us in.
    #[error(
        "the PostgreSQL server refuses the user or password for {place} ({problem}); check them in the database URL"
    )]
    Refused {
        /// Where.
        place: String,
        /// What the server says.
        problem: String,
    },
    /// The server has no such database.
    #[error("there is no database {place}; make it first, with createdb")]
    Missing {
        /// Where.
        place: String,
    },
    /// It has no tables, and none are to be made.
    #[error(
        "the database {place} is empty; check the name, or start with `onfile serve`, which makes the tables"
    )]
    Empty {
        /// Where.
        place: String,
    },
    /// The server is of a version that lacks what is needed.
    #[error("the server of {place} is PostgreSQL {found}; version 15 or newer is needed")]
    TooOld {
        /// Where.
        place: String,
        /// Its version.
        found: i32,
    },
    /// It belongs to another program.
    #[error("{place} holds tables of another program ({table}); give Onfile a database of its own")]
    Foreign {
        /// Where.
        place: String,
        /// One of them.
        table: String,
    },
    /// A later version of Onfile has used it.
    #[error(
        "{place} was used by a newer version of Onfile (its migration {version} is not known here); run that version"
    )]
    Newer {
        /// Where.
        place: String,
        /// Its latest migration.
        version: i64,
    },
    /// It is only to be looked at, and lacks what this version would add to it.
    #[error(
        "{place} was used by an older version of Onfile only; start `onfile serve` of this version once, which brings it up to date"
    )]
    Older {
        /// Where.
        place: String,
    },
    /// A migration stopped in the middle, or is another one than ours.
    #[error("{place} is half migrated ({problem}); restore it from a backup")]
    HalfMigrated {
        /// Where.
        place: String,
        /// What was found.
        problem: String,
    },
    /// The server may forget what it acknowledged.
    #[error(
        "the server of {place} does not keep what is written safe: {name} is {found}; switch it on"
    )]
    Setting {
        /// Where.
        place: String,
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
    },
    /// Anything else the engine reports.
    #[error(
        "{place} cannot be opened: {problem}; check that the user may create and change tables there"
    )]
    Engine {
        /// Where.
        place: String,
        /// What it says.
        problem: String,
    },
}
