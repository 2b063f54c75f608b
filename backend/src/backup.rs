//! Backups of the SQLite database: making one beside a running server, and putting one back.
//!
//! Whatever is being made has a name of its own that says so, and gets the name that counts when it is
//! whole, checked and on the disk. A database on a server is its own tools' business.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use store_sqlite::{Contents, CopyError, OpenError};
use tempfile::{NamedTempFile, TempDir};

use crate::command::{CommandError, RootKeyFile, make_directory, print};
use crate::database::Database;
use crate::service::instance::{self, ROOT_CHECK};
use crate::settings::DataArguments;

/// How much is hashed or copied at once.
const PIECE: usize = 1024 * 1024;

/// Makes a backup: one file, and its checksum beside it.
///
/// # Errors
/// [`CommandError`]; nothing was made.
pub async fn backup(to: &Path, data: &DataArguments) -> Result<(), CommandError> {
    let source = file_of(data)?;
    let name = plain_name(to)?;
    let checksum = checksum_of(to);
    for path in [to, &checksum] {
        refuse_existing(path)?;
    }
    let directory = directory_of(to);
    let aside = aside(directory)?;
    let copy = unfinished(&aside)?;
    let contents = store_sqlite::copy(&source, copy.path(), ROOT_CHECK)
        .await
        .map_err(|error| match error {
            CopyError::Target(problem) => no_backup(to, &problem),
            CopyError::Source(error) => error.into(),
        })?;
    check_key(data, &contents)?;
    copy.as_file()
        .sync_all()
        .map_err(|error| no_backup(to, &error))?;
    let digest = digest(copy.path()).await?;
    let bytes = fs::metadata(copy.path())
        .map_err(|error| no_backup(to, &error))?
        .len();
    let mut line = unfinished(&aside)?;
    writeln!(line, "{digest}  {name}")
        .and_then(|()| line.as_file().sync_all())
        .map_err(|error| no_backup(to, &error))?;

    // the checksum first: a backup is never seen without it
    line.persist_noclobber(&checksum)
        .map_err(|error| no_backup(to, &error.error))?;
    if let Err(error) = copy.persist_noclobber(to) {
        let _ = fs::remove_file(&checksum);
        return Err(no_backup(to, &error.error));
    }
    sync(directory)?;
    print(&format!(
        "backed up to {}: {bytes} bytes, {}; its checksum is in {}; the root key is not in it: keep a copy of the key apart, without it the backup is worth nothing",
        to.display(),
        counted(&contents),
        checksum.display()
    ));
    Ok(())
}

/// Puts a backup into a data directory that has no database.
///
/// # Errors
/// [`CommandError`]; nothing was changed.
pub async fn restore(from: &Path, data: &DataArguments) -> Result<(), CommandError> {
    let target = file_of(data)?;
    let metadata = fs::metadata(from).map_err(|error| CommandError::file(from, &error))?;
    if !metadata.is_file() {
        return Err(CommandError::Plain(format!(
            "{} is no file: name the backup itself",
            from.display()
        )));
    }
    let expected = expected_digest(from)?;
    refuse_used(&target, data)?;
    let damaged = || {
        CommandError::Plain(format!(
            "{} does not have the checksum in {}: it is damaged, cut off or another file; use another backup",
            from.display(),
            checksum_of(from).display()
        ))
    };
    if digest(from).await? != expected {
        return Err(damaged());
    }
    let contents = store_sqlite::inspect(from, ROOT_CHECK).await?;
    let has_key = check_key(data, &contents)?;

    let is_new = !data.data_dir.exists();
    make_directory(&data.data_dir)?;
    let placed = async {
        let directory = directory_of(&target);
        let aside = aside(directory)?;
        let mut copy = unfinished(&aside)?;
        if copy_digesting(from, copy.as_file_mut(), &target).await? != expected {
            return Err(damaged());
        }
        copy.as_file()
            .sync_all()
            .map_err(|error| CommandError::file(&target, &error))?;
        copy.persist_noclobber(&target)
            .map_err(|error| CommandError::file(&target, &error.error))?;
        sync(directory)
    }
    .await;
    if placed.is_err() && is_new {
        // only if there is nothing in it
        let _ = fs::remove_dir(&data.data_dir);
    }
    placed?;
    print(&format!(
        "restored {}: {}; {}onfile serve {}",
        target.display(),
        counted(&contents),
        if has_key {
            "the root key fits; start it with: ".to_owned()
        } else {
            format!(
                "put its root key at {}, then start it with: ",
                RootKeyFile::of(data).path().display()
            )
        },
        spelled(data)
    ));
    Ok(())
}

/// The file that the arguments name.
fn file_of(data: &DataArguments) -> Result<PathBuf, CommandError> {
    match Database::of(data)? {
        Database::Sqlite(path) => Ok(path),
        Database::Postgres(_) => Err(CommandError::Plain(
            "the database is on a PostgreSQL server: use pg_dump and pg_restore as in docs/operations.md, \"Backup of PostgreSQL\"".into(),
        )),
    }
}

/// The name of the file, as a line of `sha256sum` can have it without escapes.
fn plain_name(to: &Path) -> Result<&str, CommandError> {
    to.file_name()
        .and_then(OsStr::to_str)
        .filter(|name| !name.contains(|letter: char| letter.is_control() || letter == '\\'))
        .ok_or_else(|| {
            CommandError::Plain(format!(
                "\"{}\" is no name for a backup: give a file with a plain name",
                to.display().to_string().escape_debug()
            ))
        })
}

fn refuse_existing(path: &Path) -> Result<(), CommandError> {
    if path.symlink_metadata().is_ok() {
        return Err(CommandError::Plain(format!(
            "{} exists already and is left as it is: choose another name, or move it away",
            path.display()
        )));
    }
    Ok(())
}

/// Refuses a place with anything of a database, or of a server at work: it might be mixed with it.
fn refuse_used(target: &Path, data: &DataArguments) -> Result<(), CommandError> {
    let beside = |suffix: &str| {
        let mut path = target.as_os_str().to_owned();
        path.push(suffix);
        PathBuf::from(path)
    };
    let used = ["", "-wal", "-shm", "-journal"]
        .map(beside)
        .into_iter()
        .chain(["onfile.lock", "demo.json"].map(|name| data.data_dir.join(name)))
        .find(|path| path.symlink_metadata().is_ok());
    match used {
        None => Ok(()),
        Some(path) => Err(CommandError::Plain(format!(
            "{} is in use, it has {}: restore into a directory that is empty but for a root.key",
            data.data_dir.display(),
            path.display()
        ))),
    }
}

fn checksum_of(backup: &Path) -> PathBuf {
    let mut path = backup.as_os_str().to_owned();
    path.push(".sha256");
    path.into()
}

/// The checksum beside a backup.
fn expected_digest(from: &Path) -> Result<String, CommandError> {
    let path = checksum_of(from);
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => CommandError::Plain(format!(
            "there is no {}: a backup has its checksum beside it, bring both",
            path.display()
        )),
        _ => CommandError::file(&path, &error),
    })?;
    match text.split_once(' ') {
        Some((digest, _))
            if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            Ok(digest.to_ascii_lowercase())
        }
        _ => Err(CommandError::Plain(format!(
            "{} is no checksum as `sha256sum` writes it: use another backup",
            path.display()
        ))),
    }
}

/// The SHA-256 of a file.
async fn digest(of: &Path) -> Result<String, CommandError> {
    copy_digesting(of, &mut io::sink(), of).await
}

/// Copies a file and says its SHA-256; `name` is what the copy is for.
async fn copy_digesting(
    of: &Path,
    copy: &mut impl Write,
    name: &Path,
) -> Result<String, CommandError> {
    let failed = |error: io::Error| CommandError::file(of, &error);
    let mut file = File::open(of).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece).map_err(failed)?;
        let Some(read) = piece.get(..read).filter(|read| !read.is_empty()) else {
            return Ok(hex::encode(hash.finalize()));
        };
        hash.update(read);
        copy.write_all(read)
            .map_err(|error| CommandError::file(name, &error))?;
        // so that an interrupt is heard
        tokio::task::yield_now().await;
    }
}

/// Whether the root key is there; if it is, it must be the database's.
fn check_key(data: &DataArguments, contents: &Contents) -> Result<bool, CommandError> {
    let root_keys = RootKeyFile::of(data);
    if data.root_key_file.is_none() && !root_keys.exists() {
        return Ok(false);
    }
    let at_hand = root_keys.keys()?;
    if let Some(known) = &contents.instance_value {
        instance::which(known, &at_hand)?;
    }
    Ok(true)
}

/// A directory for what is not finished, named so, gone with all that is in it when it is dropped:
/// the engine puts a journal of its own beside what it writes.
fn aside(directory: &Path) -> Result<TempDir, CommandError> {
    tempfile::Builder::new()
        .prefix(".onfile-")
        .suffix(".unfinished")
        .tempdir_in(directory)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => OpenError::NoDirectory {
                path: directory.to_owned(),
            }
            .into(),
            kind => CommandError::Plain(format!(
                "nothing can be written in {}: {kind}",
                directory.display()
            )),
        })
}

/// An empty file, for its owner only.
fn unfinished(aside: &TempDir) -> Result<NamedTempFile, CommandError> {
    NamedTempFile::new_in(aside).map_err(|error| CommandError::file(aside.path(), &error))
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn sync(directory: &Path) -> Result<(), CommandError> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| CommandError::file(directory, &error))
}

fn no_backup(to: &Path, problem: &dyn std::fmt::Display) -> CommandError {
    CommandError::Plain(format!("no backup was made at {}: {problem}", to.display()))
}

fn counted(contents: &Contents) -> String {
    format!(
        "{} merchants, {} customers",
        contents.merchants, contents.customers
    )
}

/// The arguments as they are given to the next command.
fn spelled(data: &DataArguments) -> String {
    let mut words = vec![format!("--data-dir {}", data.data_dir.display())];
    if let Some(url) = &data.database_url {
        words.push(format!("--database-url {url}"));
    }
    if let Some(path) = &data.root_key_file {
        words.push(format!("--root-key-file {}", path.display()));
    }
    words.join(" ")
}
