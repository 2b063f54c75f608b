//! The one write connection, on which units take turns and share commits ([`store::group`]). After an
//! error of disk or file nothing is written any more.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shared::id::MerchantId;
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr, SqliteConnection};
use store::group::{Engine, Group, send};
use store::{Head, StoreError};

use crate::cache::{Cache, Slot};
use crate::error::{Answer, Failure, Reach};
use crate::open::BUSY_TIMEOUT;

/// How long cutting the log waits for readers, and writers for it. Those of the server take
/// milliseconds; a backup takes longer, and the log is cut after it.
const PATIENCE: Duration = Duration::from_millis(200);

/// Begins and, inside, where nobody else can write any more, asks whether anybody did: in one call,
/// because half of what a short statement costs is to wake up for its answer.
const BEGIN: &str = "begin immediate; pragma data_version";

/// What stands in the way of writing.
const UNHEALTHY: &str = "writing has stopped after an error of the disk or the database file";
const CLOSED: &str = "the database is closed";

/// The right to use the connection: one unit of work.
pub(crate) struct Turn(store::group::Turn<File>);

impl Turn {
    /// The connection to send a statement to; its answer goes through [`Turn::note`].
    pub(crate) fn connection(&mut self) -> store::Result<&mut SqliteConnection> {
        self.0.ask()?.open().map_err(|failure| failure.error)
    }

    /// Passes on what a statement answered.
    pub(crate) fn note<T>(&mut self, answer: Answer<T>) -> store::Result<T> {
        self.0.note(answer)
    }

    /// A record that readers may have kept is about to change.
    pub(crate) fn touch(&mut self, slot: impl FnOnce(&Cache) -> Slot) {
        if let Some(file) = self.0.engine() {
            let slot = slot(&file.cache);
            self.0.notes.push(slot);
        }
    }

    /// The end of a merchant's audit chain, if it is known without asking.
    pub(crate) fn known_head(&mut self, merchant: &MerchantId) -> Option<Head> {
        self.0.engine()?.heads.get(merchant).cloned()
    }

    /// The end of a merchant's audit chain is this, as read or as just appended.
    pub(crate) fn remember_head(&mut self, merchant: &MerchantId, head: Head) {
        if let Some(file) = self.0.engine() {
            file.heads.insert(merchant.clone(), head);
        }
    }

    /// Begins the unit of somebody who has waited.
    pub(crate) async fn begin(&mut self) -> store::Result<()> {
        self.0.begin().await
    }

    /// The connection for one call that is all of a unit, which adds to this merchant's chain behind what is
    /// known as its end: if another process has added to it, there is such an entry already.
    pub(crate) fn whole(&mut self, merchant: &MerchantId) -> Option<(Head, &mut SqliteConnection)> {
        let file = self.0.engine()?;
        if !file.healthy.load(Ordering::Acquire) {
            return None;
        }
        let head = file.heads.get(merchant).cloned()?;
        Some((head, self.0.ask_whole()?.connection.as_mut()?))
    }

    /// Passes on what became of it; the chain ends with this then.
    pub(crate) async fn note_whole(
        mut self,
        merchant: &MerchantId,
        answer: Answer<Head>,
    ) -> store::Result<()> {
        if let (Some(file), Ok(head)) = (self.0.engine(), &answer) {
            file.heads.insert(merchant.clone(), head.clone());
            file.written = true;
        }
        self.0.note_whole(answer).await.map(drop)
    }

    /// Joins the group and waits for its commit.
    pub(crate) async fn commit(self) -> store::Result<()> {
        self.0.commit().await
    }
}

#[derive(Clone)]
pub(crate) struct Writer {
    group: Group<File>,
    healthy: Arc<AtomicBool>,
}

/// The connection, and what is known about what it writes to.
pub(crate) struct File {
    connection: Option<SqliteConnection>,
    cache: Arc<Cache>,
    healthy: Arc<AtomicBool>,
    /// What the finished units of the transaction have changed.
    touched: Vec<Slot>,
    /// The ends of audit chains as this connection left them. They hold until another process writes,
    /// which `version` tells when a transaction begins; within one nobody else can.
    heads: HashMap<MerchantId, Head>,
    /// The `data_version` when the last transaction began: it changes when others commit.
    version: i64,
    /// Whether anything was committed since the last checkpoint.
    written: bool,
}

impl Writer {
    pub(crate) fn new(connection: SqliteConnection, cache: Arc<Cache>) -> Self {
        let healthy = Arc::new(AtomicBool::new(true));
        let file = File {
            connection: Some(connection),
            cache,
            healthy: healthy.clone(),
            touched: Vec::new(),
            heads: HashMap::new(),
            version: 0,
            written: true,
        };
        Self {
            group: Group::new(file),
            healthy,
        }
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Acquire)
    }

    /// Waits for the connection and begins a unit.
    pub(crate) async fn begin(&self) -> store::Result<Turn> {
        Ok(Turn(self.group.begin().await?))
    }

    /// Waits for the connection, and begins nothing yet.
    pub(crate) async fn wait(&self) -> store::Result<Turn> {
        Ok(Turn(self.group.wait().await?))
    }

    /// Looks whether another process has written since the last time, when the connection is free.
    pub(crate) async fn another_process_wrote(&self, last_version: &mut i64) -> bool {
        let mut desk = self.group.between_units().await;
        let Ok(connection) = desk.engine.open() else {
            return false;
        };
        // on this connection it changes only when others commit
        let version = sqlx::query_scalar::<_, i64>("pragma data_version")
            .fetch_one(connection)
            .await;
        let changed = version
            .as_ref()
            .is_ok_and(|version| version != last_version);
        if let Ok(version) = version {
            *last_version = version;
        }
        changed
    }

    /// Moves what was committed from the log into the database file. Cuts the log when nobody waits, or
    /// when it is so `long` that they have to.
    pub(crate) async fn checkpoint(&self, long: bool) {
        let mut desk = self.group.between_groups().await;
        if desk.engine.written && self.is_healthy() {
            let idle = self.group.waiting() == 0;
            desk.engine.checkpoint(idle || long).await;
        }
    }

    /// Writes the whole database anew and cuts the log. Deleting leaves bytes behind: in pages that are no
    /// longer used, in gaps of those that are, because rows move within and between pages, and in the log.
    pub(crate) async fn scrub(&self) -> store::Result<()> {
        let mut desk = self.group.between_groups().await;
        if !self.is_healthy() {
            return Err(unavailable(UNHEALTHY));
        }
        let scrubbed = desk.engine.scrub().await;
        if let Err(failure) = &scrubbed
            && failure.reach == Reach::Engine
        {
            desk.give_up(failure).await;
        }
        scrubbed.map_err(|failure| failure.error)
    }

    /// Refuses new units, finishes those that run, moves the log into the file and closes.
    pub(crate) async fn close(&self) {
        let mut desk = self.group.close().await;
        if self.is_healthy() {
            desk.engine.checkpoint(true).await;
        }
        if let Some(connection) = desk.engine.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the write connection did not close cleanly");
        }
    }
}

impl Engine for File {
    type Failure = Failure;
    /// The records that readers may have kept, and that changed.
    type Notes = Vec<Slot>;

    async fn begin(&mut self) -> Answer<()> {
        if !self.healthy.load(Ordering::Acquire) {
            return Err(unavailable(UNHEALTHY).into());
        }
        let version = sqlx::query_scalar(BEGIN).fetch_one(self.open()?).await?;
        if std::mem::replace(&mut self.version, version) != version {
            self.heads.clear();
        }
        Ok(())
    }

    async fn begin_behind(&mut self, finished: usize) -> Answer<()> {
        let savepoint = AssertSqlSafe(format!("savepoint {}", savepoint(finished)));
        match send(sqlx::query(savepoint).execute(self.open()?)).await {
            Some(done) => Ok(done.map(drop)?),
            None => Ok(()),
        }
    }

    async fn undo_behind(&mut self, finished: usize) -> Answer<()> {
        let back = format!("rollback to {}", savepoint(finished));
        self.execute(AssertSqlSafe(back)).await
    }

    fn finished(&mut self, mut notes: Vec<Slot>) {
        self.touched.append(&mut notes);
    }

    async fn commit(&mut self) -> Answer<()> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        self.cache.begin_change(&touched);
        let committed = self.execute("commit").await;
        self.cache.end_change(&touched);
        self.written |= committed.is_ok();
        committed
    }

    async fn roll_back(&mut self) -> Answer<()> {
        self.touched.clear();
        self.heads.clear();
        self.execute("rollback").await
    }

    fn given_up(&mut self) {
        self.heads.clear();
    }

    fn lost(&mut self, failure: &Failure) {
        if failure.reach == Reach::Engine && self.healthy.swap(false, Ordering::AcqRel) {
            tracing::error!(error = %failure.error, "{UNHEALTHY}");
        }
    }
}

/// Numbered, because a savepoint of the same name further down would be another member's, and because
/// finished ones are left for the commit to release.
fn savepoint(finished: usize) -> String {
    format!("member_{finished}")
}

impl File {
    fn open(&mut self) -> Answer<&mut SqliteConnection> {
        self.connection
            .as_mut()
            .ok_or_else(|| unavailable(CLOSED).into())
    }

    async fn execute(&mut self, statement: impl SqlSafeStr) -> Answer<()> {
        sqlx::query(statement).execute(self.open()?).await?;
        Ok(())
    }

    async fn scrub(&mut self) -> Answer<()> {
        // the copy that is made meanwhile is as large as the database: not in memory
        self.execute("pragma temp_store = file").await?;
        let rewritten = self.execute("vacuum").await;
        self.execute("pragma temp_store = memory").await?;
        rewritten?;
        self.written = true;
        self.checkpoint(true).await;
        if self.written {
            return Err(unavailable(
                "somebody reads the database for long, so that its log cannot be cut yet",
            )
            .into());
        }
        Ok(())
    }

    async fn checkpoint(&mut self, cut: bool) {
        let Some(connection) = self.connection.as_mut() else {
            return;
        };
        let statement = if cut {
            "pragma wal_checkpoint(truncate)"
        } else {
            "pragma wal_checkpoint(passive)"
        };
        let answer = async {
            wait_at_most(connection, PATIENCE).await?;
            let answer = sqlx::query_as::<_, (i64, i64, i64)>(statement)
                .fetch_one(&mut *connection)
                .await;
            wait_at_most(connection, BUSY_TIMEOUT).await?;
            answer
        };
        match answer.await {
            // busy = 0: all of the log is in the file
            Ok((0, _, _)) if cut => self.written = false,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a checkpoint failed; the log is kept"),
        }
    }
}

async fn wait_at_most(connection: &mut SqliteConnection, time: Duration) -> sqlx::Result<()> {
    let milliseconds = time.as_millis();
    sqlx::query(AssertSqlSafe(format!(
        "pragma busy_timeout = {milliseconds}"
    )))
    .execute(connection)
    .await?;
    Ok(())
}

fn unavailable(reason: &str) -> StoreError {
    StoreError::Unavailable(reason.to_owned())
}

#[cfg(test)]
mod tests;
