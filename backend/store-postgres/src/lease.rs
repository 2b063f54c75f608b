//! A connection of the pool while somebody works with it. Whatever is asked of the server ends in time,
//! even when nothing comes back any more: the bounds that the server keeps itself reach nobody whom it
//! cannot reach.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres};
use store::StoreError;
use tokio::time::timeout;

use crate::error::{Answer, Failure};

/// Longer than the server's own bounds, which come with better words.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a connection with nothing under way may take to show that it is alive.
const PULSE: Duration = Duration::from_secs(1);

pub(crate) struct Lease {
    connection: PoolConnection<Postgres>,
    /// Whether an answer is still to come: its connection is of no use to anybody else.
    under_way: bool,
}

impl Lease {
    pub(crate) async fn take(pool: &PgPool) -> Answer<Self> {
        Ok(Self {
            connection: pool.acquire().await?,
            under_way: false,
        })
    }

    /// Takes one with a transaction on it, which must be ended before it goes back.
    pub(crate) async fn begin(pool: &PgPool) -> Answer<Self> {
        let mut lease = Self::take(pool).await?;
        lease.ask_or_give_up("begin").await?;
        Ok(lease)
    }

    pub(crate) async fn commit(mut self) -> Answer<()> {
        self.ask_or_give_up("commit").await
    }

    /// Nothing to be done when it fails: the server rolls back what its client has left.
    pub(crate) async fn roll_back(mut self) {
        if !self.under_way {
            let _ = self.ask_or_give_up("rollback").await;
        }
    }

    /// For statements after whose failure nobody knows whether there is a transaction.
    async fn ask_or_give_up(&mut self, statement: &'static str) -> Answer<()> {
        let answer = self.ask(|connection| run(connection, statement)).await;
        self.under_way = answer.is_err();
        answer
    }

    /// Asks the server something, and does not wait for ever.
    pub(crate) async fn ask<'l, T, F>(
        &'l mut self,
        call: impl FnOnce(&'l mut PgConnection) -> F,
    ) -> Answer<T>
    where
        F: Future<Output = Answer<T>>,
    {
        self.under_way = true;
        match timeout(PATIENCE, call(&mut self.connection)).await {
            Ok(answer) => {
                self.under_way = false;
                answer
            }
            Err(_) => Err(Failure {
                error: StoreError::Unavailable("no answer in time".to_owned()),
                loses_unit: true,
            }),
        }
    }
}

/// Gives the connection back to the pool, which tries it first. The pool would wait for that without
/// end, and be one connection poorer.
impl Drop for Lease {
    fn drop(&mut self) {
        if self.under_way {
            self.connection.close_on_drop();
        } else {
            let back = self.connection.return_to_pool();
            tokio::spawn(async move {
                // out of time, it is closed
                let _ = timeout(PULSE, back).await;
            });
        }
    }
}

/// Tries a connection that lay about.
pub(crate) async fn is_alive(connection: &mut PgConnection) -> sqlx::Result<bool> {
    match timeout(PULSE, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

pub(crate) async fn run(connection: &mut PgConnection, statement: &'static str) -> Answer<()> {
    connection.execute(statement).await?;
    Ok(())
}
