//! The one write connection, and the units of work that share a commit.
//!
//! A commit costs a sync of the disk, whatever is in it. So units that wait for the connection while
//! another one works join its transaction: each does its work inside a savepoint, and the last one
//! commits for all. Nobody is answered before the commit that covers their unit has returned, and
//! nothing is delayed to find company: a unit that nobody waits behind commits at once.
//!
//! - The connection is handed on first come, first served. Whoever holds it holds a [`Turn`].
//! - A unit that finishes joins the group. If others wait (and the group is neither full nor old), it
//!   hands the connection on with the group still open; otherwise it commits the group.
//! - A unit that is dropped is undone to its savepoint by whoever holds the connection next. The first
//!   unit of a group needs no savepoint: there is nothing else in the transaction yet.
//! - A turn that is given up, or a place in the queue that is left, spawns [`settle`], so that finished
//!   units are never left waiting for somebody who went away.
//! - An error after which the engine may have rolled back by itself loses the whole group: all are
//!   told so. After an error of disk or file nothing is written any more.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use shared::id::MerchantId;
use sqlx::{AssertSqlSafe, Connection, SqlSafeStr, SqliteConnection};
use store::StoreError;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::Instant;

use crate::cache::{Cache, Slot};
use crate::error::{Answer, Failure, Reach};
use crate::open::BUSY_TIMEOUT;

/// How many units may share a commit.
const MOST_MEMBERS: usize = 64;
/// How long the first of them may wait for others to be done.
const LONGEST: Duration = Duration::from_millis(5);
/// How long cutting the log waits for readers, and writers for it. Those of the server take
/// milliseconds; a backup takes longer, and the log is cut after it.
const PATIENCE: Duration = Duration::from_millis(200);

/// Begins and, inside, where nobody else can write any more, asks whether anybody did: in one call,
/// because half of what a short statement costs is to wake up for its answer.
const BEGIN: &str = "begin immediate; pragma data_version";

/// The end of an audit chain: the last sequence number and hash.
pub(crate) type Head = (i64, Vec<u8>);

/// What stands in the way of writing.
const UNHEALTHY: &str = "writing has stopped after an error of the disk or the database file";
const CLOSED: &str = "the database is closed";
const CUT_SHORT: &str = "a statement of this unit of work was cut short";

#[derive(Clone)]
pub(crate) struct Writer(Arc<Shared>);

/// What everybody who deals with the connection knows.
struct Shared {
    desk: Arc<Mutex<Desk>>,
    /// How many wait for a turn. Whoever is counted takes over an open group, or spawns [`settle`].
    waiting: AtomicUsize,
    healthy: AtomicBool,
    closing: AtomicBool,
    cache: Arc<Cache>,
    runtime: Handle,
}

/// Whether the connection is inside a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transaction {
    No,
    /// `begin` was sent; whether it came to be is not known yet.
    Asked,
    Yes,
}

/// What whoever has the turn works at.
struct Desk {
    connection: Option<SqliteConnection>,
    transaction: Transaction,
    /// The units that are finished and wait for the commit.
    members: Vec<oneshot::Sender<Result<(), String>>>,
    /// What those have changed.
    touched: Vec<Slot>,
    /// When the first of them finished.
    since: Option<Instant>,
    /// A unit was given up inside its savepoint, and is still to be undone.
    leftover: bool,
    /// The ends of audit chains as this connection left them. They hold until another process writes,
    /// which `version` tells when a transaction begins; within one nobody else can.
    heads: HashMap<MerchantId, Head>,
    /// The `data_version` when the last transaction began: it changes when others commit.
    version: i64,
    /// Why the whole transaction is lost.
    lost: Option<String>,
    /// Whether anything was committed since the last checkpoint.
    written: bool,
}

impl Writer {
    pub(crate) fn new(connection: SqliteConnection, cache: Arc<Cache>) -> Self {
        let desk = Desk {
            connection: Some(connection),
            transaction: Transaction::No,
            members: Vec::new(),
            touched: Vec::new(),
            since: None,
            leftover: false,
            heads: HashMap::new(),
            version: 0,
            lost: None,
            written: true,
        };
        Self(Arc::new(Shared {
            desk: Arc::new(Mutex::new(desk)),
            waiting: AtomicUsize::new(0),
            healthy: AtomicBool::new(true),
            closing: AtomicBool::new(false),
            cache,
            runtime: Handle::current(),
        }))
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.0.healthy.load(Ordering::Acquire)
    }

    /// Waits for the connection and begins a unit.
    pub(crate) async fn begin(&self) -> store::Result<Turn> {
        if self.0.closing.load(Ordering::Acquire) {
            return Err(unavailable(CLOSED));
        }
        let mut turn = Turn::wait(&self.0).await;
        turn.begin().await?;
        Ok(turn)
    }

    /// Looks whether another process has written since the last time, when the connection is free.
    pub(crate) async fn another_process_wrote(&self, last_version: &mut i64) -> bool {
        let mut desk = self.0.desk.lock().await;
        let Some(connection) = desk.connection.as_mut() else {
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
        let mut desk = finish_group(&self.0, self.0.desk.clone().lock_owned().await).await;
        if desk.written && self.is_healthy() {
            let idle = self.0.waiting.load(Ordering::Acquire) == 0;
            desk.checkpoint(idle || long).await;
        }
    }

    /// Writes the whole database anew and cuts the log. Deleting leaves bytes behind: in pages that are no
    /// longer used, in gaps of those that are, because rows move within and between pages, and in the log.
    pub(crate) async fn scrub(&self) -> store::Result<()> {
        let mut desk = finish_group(&self.0, self.0.desk.clone().lock_owned().await).await;
        if !self.is_healthy() {
            return Err(unavailable(UNHEALTHY));
        }
        let scrubbed = desk.scrub().await;
        if let Err(failure) = &scrubbed
            && failure.reach == Reach::Engine
        {
            desk.lose(failure, &self.0);
            desk.clear_up(&self.0).await;
        }
        scrubbed.map_err(|failure| failure.error)
    }

    /// Refuses new units, finishes those that run, moves the log into the file and closes.
    pub(crate) async fn close(&self) {
        // whoever was in the queue before is served before
        self.0.closing.store(true, Ordering::Release);
        let mut desk = finish_group(&self.0, self.0.desk.clone().lock_owned().await).await;
        if self.is_healthy() {
            desk.checkpoint(true).await;
        }
        if let Some(connection) = desk.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the write connection did not close cleanly");
        }
    }
}

/// A place in the queue. Leaving it, served or not, never strands a group that was handed on.
struct Ticket<'a> {
    shared: &'a Arc<Shared>,
    served: bool,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.shared.waiting.fetch_sub(1, Ordering::AcqRel);
        if !self.served {
            self.shared.runtime.spawn(settle(self.shared.clone()));
        }
    }
}

/// The right to use the write connection: one unit of work.
pub(crate) struct Turn {
    shared: Arc<Shared>,
    /// There until the turn ends.
    desk: Option<OwnedMutexGuard<Desk>>,
    /// Whether there is anything to undo if the turn is given up.
    begun: bool,
    /// A statement was sent and its answer is still to come. If another one is to be sent then, the
    /// answer was never waited for, and nobody knows what became of it.
    asking: bool,
    touched: Vec<Slot>,
}

impl Turn {
    async fn wait(shared: &Arc<Shared>) -> Self {
        shared.waiting.fetch_add(1, Ordering::AcqRel);
        let mut ticket = Ticket {
            shared,
            served: false,
        };
        let desk = shared.desk.clone().lock_owned().await;
        ticket.served = true;
        Self {
            shared: shared.clone(),
            desk: Some(desk),
            begun: false,
            asking: false,
            touched: Vec::new(),
        }
    }

    async fn begin(&mut self) -> store::Result<()> {
        let Some(mut desk) = self.desk.take() else {
            return Err(unavailable(CLOSED));
        };
        if desk.is_due() {
            // units that were given up, and committed nothing, must not keep a group waiting
            desk = finish_group(&self.shared, desk).await;
        }
        let desk = self.desk.insert(desk);
        desk.clear_up(&self.shared).await;
        if !self.shared.healthy.load(Ordering::Acquire) {
            return Err(unavailable(UNHEALTHY));
        }
        let begun = desk.begin_unit().await;
        self.note(begun)?;
        self.begun = true;
        Ok(())
    }

    /// The connection to send a statement to; its answer goes through [`Turn::note`].
    pub(crate) fn connection(&mut self) -> store::Result<&mut SqliteConnection> {
        let Some(desk) = self.desk.as_mut() else {
            return Err(unavailable(CLOSED));
        };
        if let Some(reason) = &desk.lost {
            // outside the transaction, which is gone, a statement would commit by itself
            return Err(unavailable(reason));
        }
        if std::mem::replace(&mut self.asking, true) {
            return Err(unavailable(CUT_SHORT));
        }
        desk.connection.as_mut().ok_or_else(|| unavailable(CLOSED))
    }

    /// Passes on what a statement answered.
    pub(crate) fn note<T>(&mut self, answer: Answer<T>) -> store::Result<T> {
        self.asking = false;
        answer.map_err(|failure| {
            if failure.reach >= Reach::Transaction
                && let Some(desk) = self.desk.as_mut()
            {
                desk.lose(&failure, &self.shared);
            }
            failure.error
        })
    }

    /// A record that readers may have kept is about to change.
    pub(crate) fn touch(&mut self, slot: impl FnOnce(&Cache) -> Slot) {
        self.touched.push(slot(&self.shared.cache));
    }

    /// The end of a merchant's audit chain, if it is known without asking.
    pub(crate) fn known_head(&self, merchant: &MerchantId) -> Option<Head> {
        self.desk.as_ref()?.heads.get(merchant).cloned()
    }

    /// The end of a merchant's audit chain is this, as read or as just appended.
    pub(crate) fn remember_head(&mut self, merchant: &MerchantId, head: Head) {
        if let Some(desk) = self.desk.as_mut() {
            desk.heads.insert(merchant.clone(), head);
        }
    }

    /// Joins the group and waits for its commit.
    pub(crate) async fn commit(mut self) -> store::Result<()> {
        if self.asking {
            return Err(unavailable(CUT_SHORT));
        }
        let Some(mut desk) = self.desk.take() else {
            return Err(unavailable(CLOSED));
        };
        let (answer, answered) = oneshot::channel();
        desk.members.push(answer);
        desk.touched.append(&mut self.touched);
        desk.since.get_or_insert_with(Instant::now);
        let others_wait = self.shared.waiting.load(Ordering::Acquire) > 0;
        if others_wait && !desk.is_due() && desk.lost.is_none() {
            drop(desk);
        } else {
            drop(finish_group(&self.shared, desk).await);
        }
        match answered.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(unavailable(&reason)),
            Err(_) => Err(unavailable(CLOSED)),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(mut desk) = self.desk.take() {
            desk.leftover |= self.begun;
            desk.heads.clear();
            drop(desk);
            self.shared.runtime.spawn(settle(self.shared.clone()));
        }
    }
}

/// Undoes what was given up, and commits the group if nobody is left who would.
async fn settle(shared: Arc<Shared>) {
    let mut desk = shared.desk.lock().await;
    if shared.waiting.load(Ordering::Acquire) == 0 {
        desk.finish_group(&shared).await;
    }
}

/// Commits the group in a task of its own: a caller who goes away meanwhile must not take the others
/// along. The connection stays with the caller.
async fn finish_group(
    shared: &Arc<Shared>,
    mut desk: OwnedMutexGuard<Desk>,
) -> OwnedMutexGuard<Desk> {
    let task = shared.clone();
    let finished = shared.runtime.spawn(async move {
        desk.finish_group(&task).await;
        desk
    });
    match finished.await {
        Ok(desk) => desk,
        // the runtime is going down, and everything with it
        Err(_) => shared.desk.clone().lock_owned().await,
    }
}

impl Desk {
    /// Whether the group is full, or has waited long enough.
    fn is_due(&self) -> bool {
        self.members.len() >= MOST_MEMBERS
            || self.since.is_some_and(|since| since.elapsed() >= LONGEST)
    }

    fn open(&mut self) -> Answer<&mut SqliteConnection> {
        self.connection
            .as_mut()
            .ok_or_else(|| unavailable(CLOSED).into())
    }

    async fn execute(&mut self, statement: impl SqlSafeStr) -> Answer<()> {
        sqlx::query(statement).execute(self.open()?).await?;
        Ok(())
    }

    /// The savepoint of the next member. Numbered, because a savepoint of the same name further down
    /// would be another member's, and because finished ones are left for the commit to release.
    fn savepoint(&self) -> String {
        format!("member_{}", self.members.len())
    }

    async fn begin_unit(&mut self) -> Answer<()> {
        if self.transaction == Transaction::No {
            self.transaction = Transaction::Asked;
            let version = sqlx::query_scalar(BEGIN).fetch_one(self.open()?).await?;
            self.transaction = Transaction::Yes;
            if std::mem::replace(&mut self.version, version) != version {
                self.heads.clear();
            }
        } else {
            let savepoint = format!("savepoint {}", self.savepoint());
            self.send(AssertSqlSafe(savepoint)).await?;
        }
        Ok(())
    }

    /// Sends a statement without waiting for its answer; those sent later come after it. Only for a
    /// savepoint: if there is none, in the end, then undoing to it fails, and that loses the group.
    async fn send(&mut self, statement: impl SqlSafeStr) -> Answer<()> {
        let mut answer = pin!(sqlx::query(statement).execute(self.open()?));
        let at_once = poll_fn(|context| match answer.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Ready(None),
        });
        if let Some(done) = at_once.await {
            done?;
        }
        Ok(())
    }

    /// Leaves the connection either outside a transaction, or inside one that holds finished members
    /// and nothing else. May be cut short and called again.
    async fn clear_up(&mut self, shared: &Shared) {
        if self.lost.is_none() && self.leftover && !self.members.is_empty() {
            match self
                .execute(AssertSqlSafe(format!("rollback to {}", self.savepoint())))
                .await
            {
                Ok(()) => self.leftover = false,
                Err(failure) => self.lose(&failure, shared),
            }
        }
        if self.transaction != Transaction::No && (self.members.is_empty() || self.lost.is_some()) {
            self.roll_back(shared).await;
        }
        if let Some(reason) = self.lost.take() {
            self.touched.clear();
            self.since = None;
            for member in self.members.drain(..) {
                let _gone = member.send(Err(reason.clone()));
            }
        }
    }

    async fn roll_back(&mut self, shared: &Shared) {
        if let Err(failure) = self.execute("rollback").await
            && failure.reach >= Reach::Transaction
        {
            // an error of lesser reach says that there was no transaction any more
            self.lose(&failure, shared);
        }
        self.transaction = Transaction::No;
        self.leftover = false;
        self.heads.clear();
    }

    /// The transaction cannot be saved, and perhaps nothing can any more.
    fn lose(&mut self, failure: &Failure, shared: &Shared) {
        if failure.reach == Reach::Engine && shared.healthy.swap(false, Ordering::AcqRel) {
            tracing::error!(error = %failure.error, "{UNHEALTHY}");
        }
        self.lost.get_or_insert_with(|| failure.error.to_string());
    }

    /// Commits the finished members, if there are any, and answers them.
    async fn finish_group(&mut self, shared: &Shared) {
        self.clear_up(shared).await;
        if self.members.is_empty() {
            return;
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        shared.cache.begin_change(&touched);
        let committed = self.execute("commit").await;
        shared.cache.end_change(&touched);
        match committed {
            Ok(()) => {
                self.transaction = Transaction::No;
                self.since = None;
                self.written = true;
                for member in self.members.drain(..) {
                    let _gone = member.send(Ok(()));
                }
            }
            Err(failure) => {
                self.lose(&failure, shared);
                self.clear_up(shared).await;
            }
        }
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
