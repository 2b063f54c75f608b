//! The connection on which units of one merchant take turns and share commits ([`store::group`]). Each
//! adds to the merchant's audit chain, which one transaction at a time can: apart from each other they
//! would wait for each other's sync.

use std::sync::Arc;

use shared::id::MerchantId;
use sqlx::PgConnection;
use store::StoreError;
use store::group::{Engine, Reach};

use crate::audit;
use crate::error::{Answer, Failure};
use crate::lease::Lease;
use crate::servers::Servers;

/// The end of an audit chain: the last sequence number and hash.
pub(crate) type Head = (i64, Vec<u8>);

pub(crate) struct Chain {
    servers: Arc<Servers>,
    merchant: MerchantId,
    /// There while a transaction is.
    lease: Option<Lease>,
    /// The end of the chain, which nobody else adds to before the transaction ends, while it is known.
    head: Option<Head>,
}

impl Chain {
    pub(crate) fn new(servers: Arc<Servers>, merchant: MerchantId) -> Self {
        Self {
            servers,
            merchant,
            lease: None,
            head: None,
        }
    }

    pub(crate) fn lease(&mut self) -> Answer<&mut Lease> {
        self.lease.as_mut().ok_or_else(|| Failure {
            error: StoreError::Unavailable("the transaction has ended".to_owned()),
            reach: Reach::Group,
        })
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
        self.head = None;
        match self.lease.take() {
            Some(lease) => lease.commit().await,
            None => self.lease().map(|_| ()),
        }
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
