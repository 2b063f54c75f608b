//! Storage in one `SQLite` file, as `store` asks for it.
//!
//! One connection writes, and units of work that wait for it share a commit ([`group`]); a few read
//! ([`reader`]), mostly not even that, because what was read is kept exactly ([`cache`]). Every query
//! is checked against the migrations when this crate is compiled (`scripts/sqlx-prepare.sh` renews
//! what that needs). A commit is synced before it is answered.
//!
//! Several processes may have one file open, but only one of them may write customers: the cache
//! learns of another process's writes only within [`WATCH`].

mod admins;
mod answers;
mod audit;
mod cache;
mod compact;
mod consents;
mod copy;
mod creations;
mod customers;
mod erasures;
mod error;
mod group;
mod limits;
mod merchants;
mod open;
mod open_error;
mod outbox;
mod outcome;
mod reader;
mod readers;
mod sealed;
mod sessions;
mod source;
mod tokens;
mod unit;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use shared::id::MerchantId;
use store::{Creating, Read, Result, Store, StoreError, Write};

use crate::cache::Cache;
use crate::group::Writer;
use crate::reader::Reader;
use crate::readers::Readers;
use crate::unit::Unit;

pub use crate::copy::{Contents, CopyError, copy, inspect};
pub use crate::open_error::OpenError;
pub use crate::source::Source;

/// How often it is looked whether another process has written.
const WATCH: Duration = Duration::from_millis(500);
/// After how many looks the log is moved into the database file: every 30 seconds.
const LOOKS_PER_CHECKPOINT: u32 = 60;

/// How long the log may be before a checkpoint waits for the readers that keep it from being cut, and
/// the next writers for it. Below, it is cut only when nobody waits.
const LONG_LOG: u64 = 64 * 1024 * 1024;

/// A database of customers on file in one `SQLite` file.
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Writer,
    reader: Reader,
    log: PathBuf,
}

impl Inner {
    fn log_bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |log| log.len())
    }
}

impl SqliteStore {
    /// Opens the database, and makes one, readable by its owner only, where there is none.
    ///
    /// # Errors
    /// [`OpenError`] says what to do; nothing was changed.
    pub async fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        Ok(Self::new(path, open::open(path, true).await?))
    }

    /// Opens a database that must be there.
    ///
    /// # Errors
    /// [`OpenError`] says what to do; nothing was changed.
    pub async fn open_existing(path: &Path) -> std::result::Result<Self, OpenError> {
        Ok(Self::new(path, open::open(path, false).await?))
    }

    fn new(path: &Path, connections: open::Connections) -> Self {
        let cache = Arc::new(Cache::new());
        let writer = Writer::new(connections.writer, cache.clone());
        let inner = Arc::new(Inner {
            writer,
            reader: Reader::new(connections.readers, cache),
            log: open::log_of(path),
        });
        tokio::spawn(keep_up(Arc::downgrade(&inner)));
        Self { inner }
    }
}

/// A database that is only looked at: nothing of it or beside it is changed.
pub struct Look {
    readers: Readers,
    file: Option<StillFile>,
}

/// A file that nobody had open, by what a change of it would change.
struct StillFile {
    path: PathBuf,
    seen: Option<(u64, SystemTime)>,
}

impl StillFile {
    fn seen_at(path: &Path) -> Option<(u64, SystemTime)> {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.len(), metadata.modified().ok()?))
    }
}

impl Look {
    /// Looks at a database that must be there, whether somebody serves it or not.
    ///
    /// # Errors
    /// [`OpenError`] says what to do.
    pub async fn at(path: &Path) -> std::result::Result<Self, OpenError> {
        let seen = StillFile::seen_at(path);
        let (readers, lies_still) = open::open_to_look(path).await?;
        Ok(Self {
            readers,
            file: lies_still.then(|| StillFile {
                path: path.to_owned(),
                seen,
            }),
        })
    }

    /// A view to read from.
    #[must_use]
    pub fn view(&self) -> Box<dyn Read> {
        Box::new(Reader::new(self.readers.clone(), Arc::new(Cache::new())))
    }

    /// Whether a file that nobody had open was changed meanwhile: then what was read is worth nothing.
    /// One that is served is read through its log, and never is.
    #[must_use]
    pub fn was_disturbed(&self) -> bool {
        self.file
            .as_ref()
            .is_some_and(|file| file.seen != StillFile::seen_at(&file.path))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn Read>> {
        Ok(Box::new(self.inner.reader.clone()))
    }

    async fn write(&self) -> Result<Box<dyn Write>> {
        Ok(Box::new(Unit(self.inner.writer.begin().await?)))
    }

    async fn create_customers(&self, merchant: &MerchantId, new: &Creating<'_>) -> Result<()> {
        let mut turn = self.inner.writer.wait().await?;
        if let Some((head, connection)) = turn.whole(merchant) {
            let creations = new(Some(head));
            let answer = creations::create_whole(connection, merchant, &creations).await;
            match turn.note_whole(merchant, answer).await {
                // perhaps only because the chain has another end
                Err(StoreError::Refused(_)) => turn = self.inner.writer.wait().await?,
                done => return done,
            }
        }
        turn.begin().await?;
        store::create_in(Box::new(Unit(turn)), merchant, new).await
    }

    /// After an error of the disk or of the database file it is not, for good.
    fn is_healthy(&self) -> bool {
        self.inner.writer.is_healthy()
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn log_bytes(&self) -> Option<u64> {
        Some(self.inner.log_bytes())
    }

    async fn scrub(&self) -> Result<()> {
        self.inner.writer.scrub().await
    }

    async fn close(&self) {
        self.inner.reader.readers.close().await;
        self.inner.writer.close().await;
    }
}

/// Watches for other processes and moves the log into the file, until the store is gone.
async fn keep_up(store: Weak<Inner>) {
    let mut looks = 0;
    let mut version = 0;
    loop {
        tokio::time::sleep(WATCH).await;
        let Some(store) = store.upgrade() else { return };
        if store.reader.readers.is_closed() {
            return;
        }
        if store.writer.another_process_wrote(&mut version).await {
            store.reader.cache.forget();
        }
        looks += 1;
        if looks >= LOOKS_PER_CHECKPOINT {
            looks = 0;
            let long = store.log_bytes() > LONG_LOG;
            store.writer.checkpoint(long).await;
        }
    }
}
