//! The connection on which units of one merchant take turns and share commits ([`store::group`]). Each
//! adds to the merchant's audit chain, which one transaction at a time can: apart from each other they
//! would wait for each other's sync.

use std::sync::Arc;

use shared::id::MerchantId;
use sqlx::PgConnection;
use store::group::{Engine, Reach};
use store::{Creation, Head, StoreError};

use crate::error::{Answer, Failure};
use crate::lease::Lease;
use crate::servers::Servers;
use crate::{audit, creations};

pub(crate) struct Chain {
    servers: Arc<Servers>,
    merchant: MerchantId,
    /// There while a transaction is.
    lease: Option<Lease>,
    /// The end of the chain, which nobody else adds to before the transaction ends, while it is known.
    head: Option<Head>,
    /// The end that the last transaction left; another process may have added to it since.
    left: Option<Head>,
}

impl Chain {
    pub(crate) fn new(servers: Arc<Servers>, merchant: MerchantId) -> Self {
        Self {
            servers,
            merchant,
            lease: None,
            head: None,
            left: None,
        }
    }

    pub(crate) fn lease(&mut self) -> Answer<&mut Lease> {
        self.lease.as_mut().ok_or_else(|| Failure {
            error: StoreError::Unavailable("the transaction has ended".to_owned()),
            reach: Reach::Group,
        })
    }

    /// What is likely to be the end of the chain outside of a transaction.
    pub(crate) fn left(&self) -> Option<Head> {
        self.left.clone()
    }

    /// Creates customers in a transaction that is one statement. It is refused when another process has added
    /// to the chain since: there is such an entry already.
    pub(crate) async fn create(&mut self, creations: &[Creation]) -> Answer<()> {
        self.left = None;
        let mut lease = Lease::take(&self.servers.primary()).await?;
        let merchant = &self.merchant;
        lease
            .ask(|connection| creations::create_whole(connection, merchant, creations))
            .await??;
        self.left = creations
            .last()
            .map(|last| (last.entry.seq, last.entry.hash.clone()));
        Ok(())
    }

    /// The end of a merchant's chain, if it is known without asking.
    pub(crate) fn known_head(&self, merchant: &MerchantId) -> Option<Head> {
        self.head.clone().filter(|_| *merchant == self.merchant)
    }

    /// The end of a merchant's chain is this, as read or as just appended.
    pub(crate) fn remember_head(&mut self, merchant: &MerchantId, head: Head) {
        if *merchant == self.merchant {
            self.head = Some(head);
        }
    }
}

impl Engine for Chain {
    type Failure = Failure;
    type Notes = ();

    /// Takes the chain first: whoever holds records of several units must not wait for somebody who holds
    /// another record and waits for the chain.
    async fn begin(&mut self) -> Answer<()> {
        let mut lease = Lease::begin(&self.servers.primary()).await?;
        let merchant = &self.merchant;
        let head = lease
            .ask(|connection: &mut PgConnection| audit::head_alone(connection, merchant))
            .await?;
        self.lease = Some(lease);
        self.head = head;
        self.left = None;
        Ok(())
    }

    /// One name for all: the last savepoint of a name is meant.
    async fn begin_behind(&mut self, _finished: usize) -> Answer<()> {
        self.lease()?.send("savepoint member").await
    }

    async fn undo_behind(&mut self, _finished: usize) -> Answer<()> {
        self.lease()?.run("rollback to savepoint member").await
    }

    fn finished(&mut self, (): ()) {}

    async fn commit(&mut self) -> Answer<()> {
        let head = self.head.take();
        match self.lease.take() {
            Some(lease) => lease.commit().await?,
            None => drop(self.lease()?),
        }
        self.left = head;
        Ok(())
    }

    async fn roll_back(&mut self) -> Answer<()> {
        self.head = None;
        if let Some(lease) = self.lease.take() {
            lease.roll_back().await;
        }
        Ok(())
    }

    fn given_up(&mut self) {
        self.head = None;
    }

    fn lost(&mut self, _failure: &Failure) {}
}
