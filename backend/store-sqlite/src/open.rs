//! Opening: recognising a database of ours before anything is written to it, making a new one, and
//! setting what every connection must have.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};

use crate::open_error::OpenError;
use crate::readers::Readers;

static MIGRATOR: Migrator = sqlx::migrate!();

/// "Onfl" in the header of every database of ours.
const APPLICATION_ID: u32 = 0x4f6e_666c;
/// How long a connection waits for another one.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many KiB of pages the readers keep in memory, all together. The inner pages of a million customers and
/// of the index of their phones take 4,400 (`dbstat`), which each of two readers has nearly room for.
const READERS_CACHE: u32 = 8_000;
/// Files up to this size are checked whole when they are opened; it takes some milliseconds.
const CHECKED_WHOLE: u64 = 8 * 1024 * 1024;

/// The connections of an open database.
pub(crate) struct Connections {
    pub(crate) writer: SqliteConnection,
    pub(crate) readers: Readers,
}

/// Opens a database, making one if there is none and `create` says so.
pub(crate) async fn open(path: &Path, create: bool) -> Result<Connections, OpenError> {
    let engine = |error: sqlx::Error| OpenError::Engine {
        path: path.to_owned(),
        problem: error.to_string(),
    };
    if !path.exists() {
        if !create {
            return Err(OpenError::Missing {
                path: path.to_owned(),
            });
        }
        make(path).await?;
    }
    check_file(path)?;
    check_inside(path).await?;

    let writing = options(path, "writer")
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "8000")
        .pragma("journal_size_limit", "67108864")
        .pragma("temp_store", "memory");
    let mut writer = connect(writing).await.map_err(engine)?;
    read_back(
        path,
        &mut writer,
        &[
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("busy_timeout", "5000"),
        ],
    )
    .await?;
    migrate(path, &mut writer).await?;

    let readers = readers_wanted();
    let reading = options(path, "reader")
        .pragma("query_only", "on")
        .pragma("cache_size", format!("-{}", READERS_CACHE / readers));
    let mut reader = connect(reading.clone()).await.map_err(engine)?;
    read_back(
        path,
        &mut reader,
        &[
            ("journal_mode", "wal"),
            ("query_only", "1"),
            ("busy_timeout", "5000"),
        ],
    )
    .await?;
    Ok(Connections {
        writer,
        readers: Readers::new(reader, reading, readers),
    })
}

/// Opens a database that must be there for nothing but reading: nothing of it or beside it is changed.
/// Answers whether it is read as it lies, because nobody has it open.
pub(crate) async fn open_to_look(path: &Path) -> Result<(Readers, bool), OpenError> {
    let engine = |error: sqlx::Error| OpenError::Engine {
        path: path.to_owned(),
        problem: error.to_string(),
    };
    if !path.exists() {
        return Err(OpenError::Missing {
            path: path.to_owned(),
        });
    }
    check_file(path)?;
    check_inside(path).await?;
    let lies_still = !has_log(path);
    let looking = options(path, "looker")
        .read_only(true)
        .immutable(lies_still)
        .pragma("query_only", "on");
    let mut looker = connect(looking.clone()).await.map_err(engine)?;
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations")
        .fetch_one(&mut looker)
        .await
        .map_err(engine)?;
    if usize::try_from(applied).ok() != Some(MIGRATOR.iter().count()) {
        return Err(OpenError::Older {
            path: path.to_owned(),
        });
    }
    Ok((Readers::new(looker, looking, 1), lies_still))
}

/// Two readers give the most on two cores: each is a thread.
fn readers_wanted() -> u32 {
    std::thread::available_parallelism()
        .map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(4))
        .clamp(2, 4)
}

pub(crate) fn options(path: &Path, role: &'static str) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(256)
        .thread_name(move |n| format!("sqlite-{role}-{n}"))
        .disable_statement_logging()
}

/// Boxed, because the compiler cannot tell otherwise that a future that opens a store is `Send`.
pub(crate) fn connect(
    options: SqliteConnectOptions,
) -> Pin<Box<dyn Future<Output = sqlx::Result<SqliteConnection>> + Send>> {
    Box::pin(async move { SqliteConnection::connect_with(&options).await })
}

async fn read_back(
    path: &Path,
    connection: &mut SqliteConnection,
    settings: &[(&'static str, &'static str)],
) -> Result<(), OpenError> {
    for (name, wanted) in settings {
        let found = pragma(connection, name)
            .await
            .map_err(|error| OpenError::Engine {
                path: path.to_owned(),
                problem: error.to_string(),
            })?;
        if found != *wanted {
            return Err(OpenError::Setting {
                path: path.to_owned(),
                name,
                wanted,
                found,
            });
        }
    }
    Ok(())
}

/// A pragma as text, whatever type it answers with.
async fn pragma(connection: &mut SqliteConnection, name: &str) -> sqlx::Result<String> {
    use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
    let row = sqlx::query(AssertSqlSafe(format!("pragma {name}")))
        .fetch_one(connection)
        .await?;
    let integer = row.try_get_raw(0)?.type_info().name() == "INTEGER";
    if integer {
        Ok(row.try_get::<i64, _>(0)?.to_string())
    } else {
        row.try_get(0)
    }
}

/// How many databases this process has made, so that each has a name of its own meanwhile.
static MADE: AtomicU32 = AtomicU32::new(0);

/// Makes a new database beside its place and puts it there when it is whole, so that there is never
/// half a database under the name that counts.
async fn make(path: &Path) -> Result<(), OpenError> {
    let refused = |source| OpenError::Refused {
        path: path.to_owned(),
        source,
    };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        return Err(OpenError::NoDirectory {
            path: directory.to_owned(),
        });
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(
        ".new-{}-{}",
        std::process::id(),
        MADE.fetch_add(1, Ordering::Relaxed)
    ));
    let aside = directory.join(name);
    forget(&aside).map_err(refused)?;
    create_private(&aside).map_err(refused)?;

    let made = make_at(&aside).await;
    let placed = made.and_then(|()| place(&aside, path, directory).map_err(refused));
    // under its own name by now, or of no use
    let removed = forget(&aside).map_err(refused);
    placed.and(removed)
}

async fn make_at(aside: &Path) -> Result<(), OpenError> {
    let engine = |error: sqlx::Error| OpenError::Engine {
        path: aside.to_owned(),
        problem: error.to_string(),
    };
    let mut connection = connect(options(aside, "maker").synchronous(SqliteSynchronous::Full))
        .await
        .map_err(engine)?;
    sqlx::query(AssertSqlSafe(format!(
        "pragma application_id = {APPLICATION_ID}"
    )))
    .execute(&mut connection)
    .await
    .map_err(engine)?;
    migrate(aside, &mut connection).await?;
    // now, while nobody else is at it: later it takes a lock that cannot be waited for
    sqlx::query("pragma journal_mode = wal")
        .execute(&mut connection)
        .await
        .map_err(engine)?;
    connection.close().await.map_err(engine)
}

fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn place(aside: &Path, path: &Path, directory: &Path) -> io::Result<()> {
    match fs::hard_link(aside, path) {
        Ok(()) => {}
        // another process was faster with a new database of its own
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        // a file system without hard links
        Err(_) => fs::rename(aside, path)?,
    }
    File::open(directory)?.sync_all()
}

fn forget(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    MIGRATOR
        .run_direct(None, connection, false)
        .await
        .map_err(|error| OpenError::HalfMigrated {
            path: path.to_owned(),
            problem: error.to_string(),
        })
}

/// Whether the file is a whole database of ours, by its first 100 bytes alone, so that a file of
/// somebody else is not touched even by the engine. <https://www.sqlite.org/fileformat2.html>
pub(crate) fn check_file(path: &Path) -> Result<(), OpenError> {
    let refused = |source| OpenError::Refused {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(refused)?;
    if !metadata.is_file() {
        return Err(OpenError::NotADatabase {
            path: path.to_owned(),
        });
    }
    let found = metadata.len();
    let mut header = [0; 100];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && found == 0 => {
            return Err(OpenError::Truncated {
                path: path.to_owned(),
                found,
                expected: 4096,
            });
        }
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Err(OpenError::NotADatabase {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(refused(error)),
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(OpenError::NotADatabase {
            path: path.to_owned(),
        });
    }
    if number_at(&header, 68) != Some(APPLICATION_ID) {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
        });
    }
    // the count of pages is good if its change counter is the file's
    let counted = number_at(&header, 24) == number_at(&header, 92);
    if let (Some(pages), Some(size), true, false) = (
        number_at(&header, 28),
        page_size(&header),
        counted,
        has_log(path),
    ) {
        let expected = u64::from(pages) * u64::from(size);
        if found < expected {
            return Err(OpenError::Truncated {
                path: path.to_owned(),
                found,
                expected,
            });
        }
    }
    Ok(())
}

/// Whether there is a log whose pages are still to be moved into the file. It may hold what is missing
/// at the file's end.
fn has_log(path: &Path) -> bool {
    fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0)
}

/// Where the log of a database is.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn number_at(header: &[u8], offset: usize) -> Option<u32> {
    let bytes = header.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn page_size(header: &[u8]) -> Option<u32> {
    let bytes = header.get(16..18)?;
    Some(match u16::from_be_bytes(bytes.try_into().ok()?) {
        1 => 65_536,
        size => u32::from(size),
    })
}

/// Whether its migrations are ours and done, and a small one is sound, through a connection that
/// cannot write.
pub(crate) async fn check_inside(path: &Path) -> Result<(), OpenError> {
    if has_log(path) {
        return look_inside(path, false).await;
    }
    // without a log nobody is at it, and it can be read without even making the log's own files
    match look_inside(path, true).await {
        // but somebody has come to it meanwhile
        Err(_) if has_log(path) => look_inside(path, false).await,
        verdict => verdict,
    }
}

async fn look_inside(path: &Path, immutable: bool) -> Result<(), OpenError> {
    let mut connection = recognise(path, read_only(path, immutable)).await?;
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() <= CHECKED_WHOLE) {
        check_sound(path, &mut connection, "quick_check(1)").await?;
    }
    connection
        .close()
        .await
        .map_err(|error| unreadable(path, &error))
}

pub(crate) fn read_only(path: &Path, immutable: bool) -> SqliteConnectOptions {
    options(path, "checker")
        .read_only(true)
        .immutable(immutable)
}

/// A connection to a database whose migrations are ours and done.
pub(crate) async fn recognise(
    path: &Path,
    options: SqliteConnectOptions,
) -> Result<SqliteConnection, OpenError> {
    let failed = |error: sqlx::Error| unreadable(path, &error);
    let mut connection = connect(options).await.map_err(failed)?;
    let tables: Vec<String> =
        sqlx::query_scalar("select name from sqlite_schema where type = 'table'")
            .fetch_all(&mut connection)
            .await
            .map_err(failed)?;
    if !tables.iter().any(|table| table == "_sqlx_migrations") {
        return Err(OpenError::HalfMigrated {
            path: path.to_owned(),
            problem: "it records no migrations".to_owned(),
        });
    }
    let applied: Vec<(i64, bool, Vec<u8>)> =
        sqlx::query_as("select version, success, checksum from _sqlx_migrations order by version")
            .fetch_all(&mut connection)
            .await
            .map_err(failed)?;
    check_migrations(path, &applied)?;
    Ok(connection)
}

/// What the engine itself says, by one of the pragmas that check.
pub(crate) async fn check_sound(
    path: &Path,
    connection: &mut SqliteConnection,
    check: &str,
) -> Result<(), OpenError> {
    let verdict = pragma(connection, check)
        .await
        .map_err(|error| unreadable(path, &error))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(OpenError::Corrupt {
        path: path.to_owned(),
        problem: verdict.replace('\n', " "),
    })
}

/// What an error while reading says of the file.
pub(crate) fn unreadable(path: &Path, error: &sqlx::Error) -> OpenError {
    let (path, problem) = (path.to_owned(), error.to_string());
    match crate::error::primary_code(error) {
        // SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_BUSY, SQLITE_PERM: not a matter of what is inside
        Some(14 | 8 | 5 | 3) | None => OpenError::Engine { path, problem },
        Some(_) => OpenError::Corrupt { path, problem },
    }
}

fn check_migrations(path: &Path, applied: &[(i64, bool, Vec<u8>)]) -> Result<(), OpenError> {
    let half = |problem: String| OpenError::HalfMigrated {
        path: path.to_owned(),
        problem,
    };
    if let Some((version, _, _)) = applied.last()
        && MIGRATOR.iter().all(|known| known.version < *version)
    {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            version: *version,
        });
    }
    if applied.is_empty() {
        return Err(half("none of its migrations is done".to_owned()));
    }
    for (version, success, checksum) in applied {
        if !success {
            return Err(half(format!("migration {version} stopped in the middle")));
        }
        match MIGRATOR.iter().find(|known| known.version == *version) {
            Some(known) if *known.checksum == **checksum => {}
            _ => {
                return Err(half(format!(
                    "migration {version} is another one than this version's"
                )));
            }
        }
    }
    Ok(())
}
