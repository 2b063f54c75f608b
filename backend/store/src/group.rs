//! Units of work that share a commit.
//!
//! A commit costs a sync of the disk, whatever is in it. So units that wait for the connection while
//! another one works join its transaction: each does its work inside a savepoint, and the last one
//! commits for all. Nobody is answered before the commit that covers their unit has returned, and
//! nothing is delayed to find company: a unit that nobody waits behind commits at once.
//!
//! - The [`Engine`], which has the connection, is handed on first come, first served. Whoever holds it
//!   holds a [`Turn`].
//! - A unit that finishes joins the group. If others wait (and the group is neither full nor old), it
//!   hands the engine on with the group still open; otherwise it commits the group.
//! - A unit that is dropped is undone to its savepoint by whoever holds the engine next. The first
//!   unit of a group needs no savepoint: there is nothing else in the transaction yet.
//! - A turn that is given up, or a place in the queue that is left, spawns [`settle`], so that finished
//!   units are never left waiting for somebody who went away.
//! - A failure that reaches beyond its unit loses the whole group: all are told so.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::Instant;

use crate::{Result, StoreError};

/// How many units may share a commit.
pub const MOST_MEMBERS: usize = 64;
/// How long the first of them may wait for others to be done.
const LONGEST: Duration = Duration::from_millis(5);

const CLOSED: &str = "the database is closed";
const CUT_SHORT: &str = "a statement of this unit of work was cut short";
const FAILED: &str = "an earlier statement of this unit of work failed";

/// How far a failure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The statement only; the unit may go on.
    Statement,
    /// The unit, which is to be undone.
    Unit,
    /// The whole transaction, and every unit in it.
    Group,
}

/// What went wrong in an engine.
pub trait Failure: Into<StoreError> + std::fmt::Display + Send + Sync {
    /// How far it reaches.
    fn reach(&self) -> Reach;
}

/// A connection on which units take turns. Every call may be cut short, and the next one comes after it.
pub trait Engine: Send + 'static {
    /// What its calls fail with.
    type Failure: Failure;
    /// What a unit leaves behind for the commit.
    type Notes: Default + Send;

    /// Begins a transaction.
    fn begin(&mut self) -> impl Future<Output = std::result::Result<(), Self::Failure>> + Send;
    /// Begins a unit behind so many that are finished, without waiting for an answer: if there is no unit in
    /// the end, then undoing it fails, and that loses the group.
    fn begin_behind(
        &mut self,
        finished: usize,
    ) -> impl Future<Output = std::result::Result<(), Self::Failure>> + Send;
    /// Undoes the unit behind so many that are finished.
    fn undo_behind(
        &mut self,
        finished: usize,
    ) -> impl Future<Output = std::result::Result<(), Self::Failure>> + Send;
    /// Takes note of what a finished unit leaves.
    fn finished(&mut self, notes: Self::Notes);
    /// Commits the transaction.
    fn commit(&mut self) -> impl Future<Output = std::result::Result<(), Self::Failure>> + Send;
    /// Ends the transaction, whether there is one or not, and forgets what was noted in it.
    fn roll_back(&mut self) -> impl Future<Output = std::result::Result<(), Self::Failure>> + Send;
    /// A unit was given up: what was remembered in it does not hold.
    fn given_up(&mut self);
    /// The group is lost by this.
    fn lost(&mut self, failure: &Self::Failure);
}

/// An engine, and the queue for it.
pub struct Group<E: Engine>(Arc<Shared<E>>);

impl<E: Engine> Clone for Group<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What everybody who deals with the engine knows.
struct Shared<E: Engine> {
    desk: Arc<Mutex<Desk<E>>>,
    /// How many wait for a turn. Whoever is counted takes over an open group, or spawns [`settle`].
    waiting: AtomicUsize,
    closing: AtomicBool,
    runtime: Handle,
}

/// Whether the engine is inside a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transaction {
    No,
    /// `begin` was called; whether it came to be is not known yet.
    Asked,
    Yes,
}

/// What whoever has the turn works at.
pub struct Desk<E: Engine> {
    /// The engine.
    pub engine: E,
    transaction: Transaction,
    /// The units that are finished and wait for the commit.
    members: Vec<oneshot::Sender<std::result::Result<(), String>>>,
    /// When the first of them finished.
    since: Option<Instant>,
    /// The next unit was begun by the one before it, while that one handed on.
    begun_ahead: bool,
    /// A unit was given up inside its savepoint, and is still to be undone.
    leftover: bool,
    /// Why the whole transaction is lost.
    lost: Option<String>,
}

impl<E: Engine> Group<E> {
    /// Must be called inside a tokio runtime, in which commits are finished whoever goes away.
    #[must_use]
    pub fn new(engine: E) -> Self {
        let desk = Desk {
            engine,
            transaction: Transaction::No,
            members: Vec::new(),
            since: None,
            begun_ahead: false,
            leftover: false,
            lost: None,
        };
        Self(Arc::new(Shared {
            desk: Arc::new(Mutex::new(desk)),
            waiting: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            runtime: Handle::current(),
        }))
    }

    /// How many wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Acquire)
    }

    /// Waits for the engine and begins a unit.
    ///
    /// # Errors
    /// [`StoreError`] when there is nothing to begin it with.
    pub async fn begin(&self) -> Result<Turn<E>> {
        let mut turn = self.wait().await?;
        turn.begin().await?;
        Ok(turn)
    }

    /// Waits for the engine, and begins nothing yet.
    ///
    /// # Errors
    /// [`StoreError`] when it takes nothing any more.
    pub async fn wait(&self) -> Result<Turn<E>> {
        if self.0.closing.load(Ordering::Acquire) {
            return Err(unavailable(CLOSED));
        }
        Ok(Turn::wait(&self.0).await)
    }

    /// The engine when no unit works with it; finished ones may still wait for their commit.
    pub async fn between_units(&self) -> OwnedMutexGuard<Desk<E>> {
        self.0.desk.clone().lock_owned().await
    }

    /// The engine outside of a transaction: what is finished is committed first.
    pub async fn between_groups(&self) -> OwnedMutexGuard<Desk<E>> {
        finish_group(&self.0, self.between_units().await).await
    }

    /// Refuses new units, and serves those that wait; then as [`Group::between_groups`].
    pub async fn close(&self) -> OwnedMutexGuard<Desk<E>> {
        self.0.closing.store(true, Ordering::Release);
        self.between_groups().await
    }
}

/// A place in the queue. Leaving it, served or not, never strands a group that was handed on.
struct Ticket<'a, E: Engine> {
    shared: &'a Arc<Shared<E>>,
    served: bool,
}

impl<E: Engine> Drop for Ticket<'_, E> {
    fn drop(&mut self) {
        self.shared.waiting.fetch_sub(1, Ordering::AcqRel);
        if !self.served {
            self.shared.runtime.spawn(settle(self.shared.clone()));
        }
    }
}

/// The right to use the engine: one unit of work.
pub struct Turn<E: Engine> {
    shared: Arc<Shared<E>>,
    /// There until the turn ends.
    desk: Option<OwnedMutexGuard<Desk<E>>>,
    /// Whether there is anything to undo if the turn is given up.
    begun: bool,
    /// A statement was sent and its answer is still to come. If another one is to be sent then, the
    /// answer was never waited for, and nobody knows what became of it.
    asking: bool,
    /// Something failed that is to be undone.
    failed: bool,
    /// What this unit leaves behind for the commit.
    pub notes: E::Notes,
}

impl<E: Engine> Turn<E> {
    async fn wait(shared: &Arc<Shared<E>>) -> Self {
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
            failed: false,
            notes: E::Notes::default(),
        }
    }

    /// Begins the unit of somebody who has waited.
    ///
    /// # Errors
    /// [`StoreError`] when there is nothing to begin it with.
    pub async fn begin(&mut self) -> Result<()> {
        let Some(mut desk) = self.desk.take() else {
            return Err(unavailable(CLOSED));
        };
        if desk.is_due() {
            // units that were given up, and committed nothing, must not keep a group waiting
            desk = finish_group(&self.shared, desk).await;
        }
        let desk = self.desk.insert(desk);
        desk.clear_up().await;
        let begun = desk.begin_unit().await;
        self.note(begun)?;
        self.begun = true;
        Ok(())
    }

    /// The engine to send a statement to; its answer goes through [`Turn::note`].
    ///
    /// # Errors
    /// [`StoreError`] when the unit takes no more.
    pub fn ask(&mut self) -> Result<&mut E> {
        let Some(desk) = self.desk.as_mut() else {
            return Err(unavailable(CLOSED));
        };
        if let Some(reason) = &desk.lost {
            // outside the transaction, which is gone, a statement would commit by itself
            return Err(unavailable(reason));
        }
        if self.failed {
            return Err(unavailable(FAILED));
        }
        if std::mem::replace(&mut self.asking, true) {
            return Err(unavailable(CUT_SHORT));
        }
        Ok(&mut desk.engine)
    }

    /// Passes on what a statement answered.
    ///
    /// # Errors
    /// Its own.
    pub fn note<T>(&mut self, answer: std::result::Result<T, E::Failure>) -> Result<T> {
        self.asking = false;
        answer.map_err(|failure| {
            self.failed |= failure.reach() >= Reach::Unit;
            if failure.reach() == Reach::Group
                && let Some(desk) = self.desk.as_mut()
            {
                desk.lose(&failure);
            }
            failure.into()
        })
    }

    /// The engine outside of a transaction, for one call that begins, does and commits all of a unit that was
    /// not begun; its answer goes through [`Turn::note_whole`]. None when there is a transaction, or somebody
    /// waits, who could share one.
    pub fn ask_whole(&mut self) -> Option<&mut E> {
        let nobody_waits = self.shared.waiting.load(Ordering::Acquire) == 0;
        let desk = self.desk.as_mut()?;
        if desk.transaction != Transaction::No || desk.lost.is_some() || !nobody_waits {
            return None;
        }
        desk.transaction = Transaction::Asked;
        Some(&mut desk.engine)
    }

    /// Passes on what became of a whole unit, after what is left of it when it failed is undone.
    ///
    /// # Errors
    /// Its own.
    pub async fn note_whole<T>(mut self, answer: std::result::Result<T, E::Failure>) -> Result<T> {
        let Some(mut desk) = self.desk.take() else {
            return Err(unavailable(CLOSED));
        };
        match answer {
            Ok(value) => {
                desk.transaction = Transaction::No;
                Ok(value)
            }
            Err(failure) => {
                if failure.reach() == Reach::Group {
                    desk.lose(&failure);
                }
                desk.clear_up().await;
                Err(failure.into())
            }
        }
    }

    /// The engine, to look at what it remembers or to let it remember more.
    pub fn engine(&mut self) -> Option<&mut E> {
        self.desk.as_mut().map(|desk| &mut desk.engine)
    }

    /// How many units of its transaction were finished before it began.
    #[must_use]
    pub fn finished_before(&self) -> usize {
        self.desk.as_ref().map_or(0, |desk| desk.members.len())
    }

    /// Joins the group and waits for its commit.
    ///
    /// # Errors
    /// [`StoreError`] when the commit failed: then nothing of the unit stays.
    pub async fn commit(mut self) -> Result<()> {
        if self.asking || self.failed {
            return Err(unavailable(if self.failed { FAILED } else { CUT_SHORT }));
        }
        let Some(mut desk) = self.desk.take() else {
            return Err(unavailable(CLOSED));
        };
        let (answer, answered) = oneshot::channel();
        desk.members.push(answer);
        desk.engine.finished(std::mem::take(&mut self.notes));
        desk.since.get_or_insert_with(Instant::now);
        let others_wait = self.shared.waiting.load(Ordering::Acquire) > 0;
        if others_wait && !desk.is_due() && desk.lost.is_none() {
            desk.begin_ahead().await;
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

impl<E: Engine> Drop for Turn<E> {
    fn drop(&mut self) {
        if let Some(mut desk) = self.desk.take() {
            desk.leftover |= self.begun;
            desk.engine.given_up();
            drop(desk);
            self.shared.runtime.spawn(settle(self.shared.clone()));
        }
    }
}

/// Undoes what was given up, and commits the group if nobody is left who would.
async fn settle<E: Engine>(shared: Arc<Shared<E>>) {
    let mut desk = shared.desk.lock().await;
    if shared.waiting.load(Ordering::Acquire) == 0 {
        desk.finish_group().await;
    }
}

/// Commits the group in a task of its own: a caller who goes away meanwhile must not take the others
/// along. The engine stays with the caller.
async fn finish_group<E: Engine>(
    shared: &Arc<Shared<E>>,
    mut desk: OwnedMutexGuard<Desk<E>>,
) -> OwnedMutexGuard<Desk<E>> {
    let finished = shared.runtime.spawn(async move {
        desk.finish_group().await;
        desk
    });
    match finished.await {
        Ok(desk) => desk,
        // the runtime is going down, and everything with it
        Err(_) => shared.desk.clone().lock_owned().await,
    }
}

impl<E: Engine> Desk<E> {
    /// Whether the group is full, or has waited long enough.
    fn is_due(&self) -> bool {
        self.members.len() >= MOST_MEMBERS
            || self.since.is_some_and(|since| since.elapsed() >= LONGEST)
    }

    async fn begin_unit(&mut self) -> std::result::Result<(), E::Failure> {
        if self.transaction == Transaction::No {
            self.transaction = Transaction::Asked;
            self.engine.begin().await?;
            self.transaction = Transaction::Yes;
            Ok(())
        } else if std::mem::take(&mut self.begun_ahead) {
            Ok(())
        } else {
            self.engine.begin_behind(self.members.len()).await
        }
    }

    /// Begins the next unit: the engine is at it while whoever is next wakes up.
    async fn begin_ahead(&mut self) {
        match self.engine.begin_behind(self.members.len()).await {
            Ok(()) => self.begun_ahead = true,
            Err(failure) => self.lose(&failure),
        }
    }

    /// Leaves the engine either outside a transaction, or inside one that holds finished members
    /// and nothing else. May be cut short and called again.
    async fn clear_up(&mut self) {
        if self.lost.is_none() && self.leftover && !self.members.is_empty() {
            match self.engine.undo_behind(self.members.len()).await {
                Ok(()) => self.leftover = false,
                Err(failure) => self.lose(&failure),
            }
        }
        if self.transaction != Transaction::No && (self.members.is_empty() || self.lost.is_some()) {
            if let Err(failure) = self.engine.roll_back().await
                && failure.reach() == Reach::Group
            {
                // an error of lesser reach says that there was no transaction any more
                self.lose(&failure);
            }
            self.transaction = Transaction::No;
            self.begun_ahead = false;
            self.leftover = false;
        }
        if let Some(reason) = self.lost.take() {
            self.since = None;
            for member in self.members.drain(..) {
                let _gone = member.send(Err(reason.clone()));
            }
        }
    }

    /// The transaction cannot be saved.
    fn lose(&mut self, failure: &E::Failure) {
        self.engine.lost(failure);
        self.lost.get_or_insert_with(|| failure.to_string());
    }

    /// Ends whatever is under way, because of a failure outside of any unit.
    pub async fn give_up(&mut self, failure: &E::Failure) {
        self.lose(failure);
        self.clear_up().await;
    }

    /// Commits the finished members, if there are any, and answers them.
    async fn finish_group(&mut self) {
        self.clear_up().await;
        if self.members.is_empty() {
            return;
        }
        match self.engine.commit().await {
            Ok(()) => {
                self.transaction = Transaction::No;
                self.begun_ahead = false;
                self.since = None;
                for member in self.members.drain(..) {
                    let _gone = member.send(Ok(()));
                }
            }
            Err(failure) => self.give_up(&failure).await,
        }
    }
}

/// Sends a statement without waiting for its answer, unless that is there at once.
pub async fn send<T>(statement: impl Future<Output = T>) -> Option<T> {
    let mut statement = pin!(statement);
    poll_fn(|context| match statement.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn unavailable(reason: &str) -> StoreError {
    StoreError::Unavailable(reason.to_owned())
}
