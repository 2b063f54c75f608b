//! Which database a command works on, and opening it.

use std::path::PathBuf;
use std::sync::Arc;

use store::{Read, Store};
use store_postgres::PostgresStore;
use store_sqlite::SqliteStore;

use crate::command::CommandError;
use crate::settings::DataArguments;

/// Where the data is. Not `Debug`: a URL may hold a password.
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// The URL of a database on a server.
    Postgres(String),
}

impl Database {
    /// What the arguments name.
    ///
    /// # Errors
    /// For a URL that this build cannot open.
    pub fn of(data: &DataArguments) -> Result<Self, CommandError> {
        let Some(url) = data.database_url.as_deref() else {
            return Ok(Self::Sqlite(data.data_dir.join("onfile.sqlite")));
        };
        let path = url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"));
        let scheme = url.split("://").next().unwrap_or_default();
        match (path, scheme) {
            (Some(path), _) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            (None, "postgres" | "postgresql") => Ok(Self::Postgres(url.to_owned())),
            _ => Err(CommandError::Plain(format!(
                "the database URL {scheme} cannot be opened by this version: give sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME, or leave --database-url out for the file in --data-dir"
            ))),
        }
    }

    /// The file, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// Opens it, and makes the tables where there are none.
    ///
    /// # Errors
    /// [`CommandError`] says what to do; nothing was changed.
    pub async fn open(&self) -> Result<Arc<dyn Store>, CommandError> {
        Ok(match self {
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path).await?),
            Self::Postgres(url) => Arc::new(PostgresStore::open(url).await?),
        })
    }
    /// Opens one that must be there for nothing but reading: nothing of it or beside it is changed.
    ///
    /// # Errors
    /// [`CommandError`] says what to do.
    pub async fn look(&self) -> Result<Look, CommandError> {
        Ok(match self {
            Self::Sqlite(path) => {
                let file = store_sqlite::Look::at(path).await?;
                Look {
                    view: file.view(),
                    file: Some(file),
                }
            }
            Self::Postgres(url) => Look {
                view: PostgresStore::look(url).await?,
                file: None,
            },
        })
    }
}

/// A database that is only looked at.
pub struct Look {
    /// What to read from.
    pub view: Box<dyn Read>,
    /// The file, where it is one.
    pub file: Option<store_sqlite::Look>,
}

impl Look {
    /// Whether what was read is worth nothing, because the file was changed meanwhile in a way that only
    /// whoever expects it can follow.
    #[must_use]
    pub fn was_disturbed(&self) -> bool {
        self.file
            .as_ref()
            .is_some_and(store_sqlite::Look::was_disturbed)
    }
}
