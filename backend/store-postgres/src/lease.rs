//! The connections to a server, and one of them while somebody works with it. Whatever is asked of the
//! server ends in time, even when nothing comes back any more: the bounds that the server keeps itself
//! reach nobody whom it cannot reach.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres};
use store::StoreError;
use store::group::{Reach, send};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::error::{Answer, Failure};

/// Longer than the server's own bounds, which come with better words.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a call waits for a connection to become free.
pub(crate) const TURN: Duration = Duration::from_secs(3);
/// A connection that lay about for this long is tried before it is used: the server may be gone.
const TRIED_AFTER: Duration = Duration::from_secs(1);
/// How long a connection with nothing under way may take to show that it is alive.
const PULSE: Duration = Duration::from_secs(1);

/// A commit that waits for a standby is done on the primary already, and one whose statement timeout cuts
/// that wait short says so as if it were done on both. So only this side's patience bounds it.
const COMMIT: &str = "set local statement_timeout = 0; commit";

/// The connections to one server. sqlx's pool tries each connection when it comes back, which is a second
/// round trip for every query; those that gave no trouble are kept here instead.
pub(crate) struct Pool {
    connections: PgPool,
    idle: Mutex<Vec<(PoolConnection<Postgres>, Instant)>>,
    free: Arc<Semaphore>,
}

impl Pool {
    /// So many leases at once. The pool may have more connections: those that are being closed, which takes
    /// a dead one seconds, are no use to anybody and must not stand in the way.
    pub(crate) fn new(connections: PgPool, leases: usize) -> Arc<Self> {
        Arc::new(Self {
            connections,
            idle: Mutex::default(),
            free: Arc::new(Semaphore::new(leases)),
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(PoolConnection<Postgres>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        loop {
            let Some((mut connection, since)) = self.idle().pop() else {
                return self.connections.acquire().await;
            };
            if since.elapsed() < TRIED_AFTER || is_alive(&mut connection).await {
                return Ok(connection);
            }
            connection.close_on_drop();
            self.forget_idle();
        }
    }

    /// Closes those that lie about: what has broken one has most likely broken all.
    fn forget_idle(&self) {
        for (mut connection, _) in std::mem::take(&mut *self.idle()) {
            connection.close_on_drop();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.free.is_closed()
    }

    pub(crate) async fn close(&self) {
        // from now on, what comes back goes to sqlx's pool
        self.free.close();
        self.idle().clear();
        self.connections.close().await;
    }
}

pub(crate) struct Lease {
    /// There until the lease ends.
    connection: Option<PoolConnection<Postgres>>,
    pool: Arc<Pool>,
    _turn: OwnedSemaphorePermit,
    /// An answer is still to come, or something failed: the connection is of no use to anybody else.
    spent: bool,
}

impl Lease {
    pub(crate) async fn take(pool: &Arc<Pool>) -> Answer<Self> {
        let turn = timeout(TURN, pool.free.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(unavailable("no connection became free in time"));
        };
        Ok(Self {
            connection: Some(pool.connection().await?),
            pool: pool.clone(),
            _turn: turn,
            spent: false,
        })
    }

    /// Takes one with a transaction on it, which must be ended before it goes back.
    pub(crate) async fn begin(pool: &Arc<Pool>) -> Answer<Self> {
        let mut lease = Self::take(pool).await?;
        lease.run("begin").await?;
        Ok(lease)
    }

    pub(crate) async fn commit(mut self) -> Answer<()> {
        self.run(COMMIT).await
    }

    /// Nothing to be done when it fails: the server rolls back what its client has left.
    pub(crate) async fn roll_back(mut self) {
        if !self.spent {
            let _ = self.run("rollback").await;
        }
    }

    pub(crate) async fn run(&mut self, statement: &'static str) -> Answer<()> {
        self.ask(|connection| run(connection, statement)).await
    }

    /// Sends a statement whose answer comes before that of the next one.
    pub(crate) async fn send(&mut self, statement: &'static str) -> Answer<()> {
        let Some(connection) = self.connection.as_deref_mut() else {
            return Err(unavailable("the lease has ended"));
        };
        match send(connection.execute(statement)).await {
            Some(done) => Ok(done.map(drop)?),
            None => Ok(()),
        }
    }

    /// Asks the server something, and does not wait for ever.
    pub(crate) async fn ask<'l, T, F>(
        &'l mut self,
        call: impl FnOnce(&'l mut PgConnection) -> F,
    ) -> Answer<T>
    where
        F: Future<Output = Answer<T>>,
    {
        let Some(connection) = self.connection.as_deref_mut() else {
            return Err(unavailable("the lease has ended"));
        };
        let was_spent = std::mem::replace(&mut self.spent, true);
        let answer = timeout(PATIENCE, call(connection)).await;
        self.spent = was_spent || !matches!(answer, Ok(Ok(_)));
        let answer = answer.unwrap_or_else(|_| Err(unavailable("no answer in time")));
        if answer
            .as_ref()
            .is_err_and(|failure| failure.reach == Reach::Group)
        {
            self.pool.forget_idle();
        }
        answer
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if self.spent {
            connection.close_on_drop();
        } else if !self.pool.is_closed() {
            self.pool.idle().push((connection, Instant::now()));
        }
    }
}

fn unavailable(problem: &str) -> Failure {
    Failure {
        error: StoreError::Unavailable(problem.to_owned()),
        reach: Reach::Group,
    }
}

/// Tries a connection that lay about.
pub(crate) async fn is_alive(connection: &mut PgConnection) -> bool {
    matches!(timeout(PULSE, connection.ping()).await, Ok(Ok(())))
}

pub(crate) async fn run(connection: &mut PgConnection, statement: &'static str) -> Answer<()> {
    connection.execute(statement).await?;
    Ok(())
}
