//! The connections that read: a few, each with a thread of its own, made when they are needed. A pool
//! of sqlx tries each connection when it comes back, which is a second way to its thread for every query.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use store::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::{Answer, Reach};
use crate::open::{BUSY_TIMEOUT, connect};

/// As many as there may be, of which some lie idle.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Shared>);

struct Shared {
    options: SqliteConnectOptions,
    number: u32,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    /// The first of so many, and how the others are made.
    pub(crate) fn new(first: SqliteConnection, options: SqliteConnectOptions, number: u32) -> Self {
        Self(Arc::new(Shared {
            options,
            number,
            free: Arc::new(Semaphore::new(usize::try_from(number).unwrap_or(1))),
            idle: Mutex::new(vec![first]),
        }))
    }

    /// How many there may be.
    pub(crate) fn number(&self) -> usize {
        usize::try_from(self.0.number).unwrap_or(1)
    }

    /// Waits until one is free.
    pub(crate) async fn take(&self) -> Answer<Taken> {
        let turn = timeout(BUSY_TIMEOUT, self.0.free.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            let problem = "no connection that reads became free in time";
            return Err(StoreError::Unavailable(problem.to_owned()).into());
        };
        let idle = self.0.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(self.0.options.clone()).await?,
        };
        Ok(Taken {
            connection,
            shared: self.0.clone(),
            _turn: turn,
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.free.is_closed()
    }

    /// Waits for those that read, and closes.
    pub(crate) async fn close(&self) {
        let all = self.0.free.acquire_many(self.0.number).await;
        self.0.free.close();
        drop(all);
        let idle = std::mem::take(&mut *self.0.idle());
        for connection in idle {
            // It has nothing to write.
            let _ = connection.close().await;
        }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them. Dropped while a query runs, it is closed.
pub(crate) struct Taken {
    connection: SqliteConnection,
    shared: Arc<Shared>,
    _turn: OwnedSemaphorePermit,
}

impl Taken {
    pub(crate) const fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Gives it back, unless it is not to be trusted any more, and passes on what it answered.
    pub(crate) fn done<T>(self, answer: Answer<T>) -> store::Result<T> {
        let is_sound = answer
            .as_ref()
            .map_or_else(|failure| failure.reach == Reach::Statement, |_| true);
        if is_sound {
            self.shared.idle().push(self.connection);
        }
        answer.map_err(|failure| failure.error)
    }
}
