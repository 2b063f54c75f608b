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

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// One, with a table that no other connection sees.
    async fn one(directory: &TempDir) -> Readers {
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("db"))
            .create_if_missing(true);
        let mut first = connect(options.clone()).await.unwrap();
        sqlx::query("create temp table mark (x)")
            .execute(&mut first)
            .await
            .unwrap();
        Readers::new(first, options, 1)
    }

    async fn has_mark(taken: &mut Taken) -> bool {
        let marks = sqlx::query("select x from mark").execute(taken.connection());
        marks.await.is_ok()
    }

    #[tokio::test]
    async fn what_is_given_back_is_used_again_unless_it_is_not_to_be_trusted() {
        let directory = TempDir::new().unwrap();
        let readers = one(&directory).await;
        for answer in [Ok(()), Err(StoreError::Refused(String::new()).into())] {
            let mut taken = readers.take().await.unwrap();
            assert!(has_mark(&mut taken).await);
            let _ = taken.done(answer);
        }
        let taken = readers.take().await.unwrap();
        let broken = taken.done(Answer::<()>::Err(sqlx::Error::WorkerCrashed.into()));
        assert!(broken.is_err());
        assert!(!has_mark(&mut readers.take().await.unwrap()).await);
    }

    #[tokio::test]
    async fn what_is_dropped_in_the_middle_is_not_used_again() {
        let directory = TempDir::new().unwrap();
        let readers = one(&directory).await;
        drop(readers.take().await.unwrap());
        assert!(!has_mark(&mut readers.take().await.unwrap()).await);
    }

    #[tokio::test]
    async fn closing_waits_for_those_that_read() {
        let directory = TempDir::new().unwrap();
        let readers = one(&directory).await;
        let taken = readers.take().await.unwrap();
        let closing = tokio::spawn({
            let readers = readers.clone();
            async move { readers.close().await }
        });
        tokio::task::yield_now().await;
        assert!(!readers.is_closed());
        taken.done(Ok(())).unwrap();
        closing.await.unwrap();
        assert!(readers.is_closed());
        assert!(readers.take().await.is_err());
    }
}
