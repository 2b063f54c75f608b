//! Copies of a database: making one beside whoever works on the original, and looking into one
//! without leaving a trace.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use crate::error::primary_code;
use crate::open;
use crate::open_error::OpenError;

/// What a sound copy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// How many merchants.
    pub merchants: i64,
    /// How many customers, deleted ones included.
    pub customers: i64,
    /// The instance value that was asked for.
    pub instance_value: Option<Vec<u8>>,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The original cannot be read, or is not sound.
    #[error(transparent)]
    Source(#[from] OpenError),
    /// The copy cannot be written.
    #[error("the copy could not be written: {0}")]
    Target(String),
}

/// Copies all that is committed now into an empty file, beside whoever writes, and checks the copy
/// whole.
///
/// # Errors
/// [`CopyError`]. What is in the target then is of no use; the source was not touched.
pub async fn copy(
    source: &Path,
    target: &Path,
    instance_value: &str,
) -> Result<Contents, CopyError> {
    if !source.exists() {
        return Err(OpenError::Missing {
            path: source.to_owned(),
        }
        .into());
    }
    open::check_file(source)?;
    open::check_inside(source).await?;
    let name = target
        .to_str()
        .ok_or_else(|| CopyError::Target("its path is no UTF-8".to_owned()))?;
    let connecting = open::options(source, "copier").read_only(true);
    let mut connection = open::connect(connecting)
        .await
        .map_err(|error| open::unreadable(source, &error))?;
    // one read transaction: what is committed meanwhile is in the log, and not in the copy
    sqlx::query("vacuum into ?")
        .bind(name)
        .execute(&mut connection)
        .await
        .map_err(|error| match primary_code(&error) {
            // SQLITE_CORRUPT and SQLITE_NOTADB are the source's: the target is new
            Some(11 | 26) => CopyError::Source(open::unreadable(source, &error)),
            _ => CopyError::Target(
                error
                    .as_database_error()
                    .map_or_else(|| error.to_string(), |error| error.message().to_owned()),
            ),
        })?;
    // what it reports does not matter: it has only read
    let _ = connection.close().await;
    // a connection that could not write would leave check constraints out
    let checking = open::options(target, "checker").pragma("query_only", "on");
    look(target, checking, instance_value)
        .await
        .map_err(|error| match error {
            // nothing but the source can have brought it in
            OpenError::Corrupt { problem, .. } => CopyError::Source(OpenError::Corrupt {
                path: source.to_owned(),
                problem,
            }),
            error => CopyError::Target(error.to_string()),
        })
}

/// Checks a database that nobody works on, without leaving a trace: that it is ours and of a version that
/// is known here, and what the engine checks through a connection that cannot write.
///
/// # Errors
/// [`OpenError`] says what is wrong.
pub async fn inspect(path: &Path, instance_value: &str) -> Result<Contents, OpenError> {
    look(path, open::read_only(path, true), instance_value).await
}

async fn look(
    path: &Path,
    options: SqliteConnectOptions,
    instance_value: &str,
) -> Result<Contents, OpenError> {
    open::check_file(path)?;
    let mut connection = open::recognise(path, options).await?;
    open::check_sound(path, &mut connection, "integrity_check(1)").await?;
    check_references(path, &mut connection).await?;
    let contents = contents(&mut connection, instance_value)
        .await
        .map_err(|error| open::unreadable(path, &error))?;
    let _ = connection.close().await;
    Ok(contents)
}

async fn check_references(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let broken: Option<String> =
        sqlx::query_scalar(r#"select "table" from pragma_foreign_key_check limit 1"#)
            .fetch_optional(connection)
            .await
            .map_err(|error| open::unreadable(path, &error))?;
    match broken {
        None => Ok(()),
        Some(table) => Err(OpenError::Corrupt {
            path: path.to_owned(),
            problem: format!("a row of {table} refers to one that is not there"),
        }),
    }
}

async fn contents(
    connection: &mut SqliteConnection,
    instance_value: &str,
) -> sqlx::Result<Contents> {
    let merchants = sqlx::query_scalar!("select count(*) from merchants")
        .fetch_one(&mut *connection)
        .await?;
    let customers = sqlx::query_scalar!("select count(*) from customers")
        .fetch_one(&mut *connection)
        .await?;
    let instance_value = sqlx::query_scalar!(
        "select value from instance_values where name = ?",
        instance_value
    )
    .fetch_optional(connection)
    .await?;
    Ok(Contents {
        merchants,
        customers,
        instance_value,
    })
}
