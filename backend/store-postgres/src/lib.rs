//! Storage in a `PostgreSQL` database, as `store` asks for it. Several nodes may share one.
//!
//! A unit of work is one transaction ([`unit`]), or shares one with others of its merchant ([`chain`]); what reads apart from one takes a connection for each
//! query ([`reader`]). Every query is checked against the migrations when this crate is compiled
//! (`scripts/sqlx-prepare.sh` renews what that needs). When the server goes away, calls fail as
//! unavailable, and work again as soon as it is back: nothing has to be started anew.

mod admins;
mod answers;
mod audit;
mod chain;
mod consents;
mod creations;
mod customers;
mod erasures;
mod error;
mod lease;
mod limits;
mod merchants;
mod open;
mod open_error;
mod outbox;
mod outcome;
mod reader;
mod sealed;
mod servers;
mod sessions;
mod target;
mod tokens;
mod unit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use shared::id::MerchantId;
use store::group::Group;
use store::{Creating, Read, Result, Store, StoreError, Write};
use tokio::time::timeout;

use crate::chain::Chain;
use crate::lease::TURN;
use crate::reader::Reader;
use crate::servers::Servers;
use crate::unit::Unit;

pub use crate::open_error::OpenError;
pub use crate::target::Target;

/// A database of customers on file on a `PostgreSQL` server.
pub struct PostgresStore {
    servers: Arc<Servers>,
    reader: Reader,
    /// Where the units of each merchant share their commits.
    groups: Mutex<HashMap<MerchantId, Group<Chain>>>,
}

impl PostgresStore {
    /// Opens the database of a `postgres://` URL, and makes the tables where it is empty. A URL may name
    /// several hosts, separated by commas: a primary and its standbys.
    ///
    /// # Errors
    /// [`OpenError`] says what to do; nothing was changed.
    pub async fn open(url: &str) -> std::result::Result<Self, OpenError> {
        Ok(Self::new(open::open(url, true).await?))
    }

    /// Opens a database that must have Onfile's tables.
    ///
    /// # Errors
    /// [`OpenError`] says what to do; nothing was changed.
    pub async fn open_existing(url: &str) -> std::result::Result<Self, OpenError> {
        Ok(Self::new(open::open(url, false).await?))
    }

    fn new(servers: Arc<Servers>) -> Self {
        Self {
            reader: Reader::new(servers.clone()),
            servers,
            groups: Mutex::default(),
        }
    }

    fn groups(&self) -> MutexGuard<'_, HashMap<MerchantId, Group<Chain>>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn group_of(&self, merchant: &MerchantId) -> Group<Chain> {
        let mut groups = self.groups();
        let group = groups.entry(merchant.clone());
        let new = || Group::new(Chain::new(self.servers.clone(), merchant.clone()));
        group.or_insert_with(new).clone()
    }

    /// A view of a database that must have Onfile's tables, through which nothing can be changed.
    ///
    /// # Errors
    /// [`OpenError`] says what to do.
    pub async fn look(url: &str) -> std::result::Result<Box<dyn Read>, OpenError> {
        Ok(Box::new(Reader::new(open::open_to_look(url).await?)))
    }
}

async fn in_time<T>(turn: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(TURN, turn).await.unwrap_or_else(|_| {
        let problem = "those before it did not get done in time";
        Err(StoreError::Unavailable(problem.to_owned()))
    })
}

#[async_trait]
impl Store for PostgresStore {
    async fn read(&self) -> Result<Box<dyn Read>> {
        Ok(Box::new(self.reader.clone()))
    }

    async fn write(&self) -> Result<Box<dyn Write>> {
        match Unit::begin(&self.servers.primary()).await {
            Ok(unit) => Ok(Box::new(unit)),
            Err(failure) => Err(failure.error),
        }
    }

    async fn write_of(&self, merchant: &MerchantId) -> Result<Box<dyn Write>> {
        let turn = in_time(self.group_of(merchant).begin()).await?;
        Ok(Box::new(Unit::Shared(turn)))
    }

    async fn create_customers(&self, merchant: &MerchantId, new: &Creating<'_>) -> Result<()> {
        let group = self.group_of(merchant);
        let mut turn = in_time(group.wait()).await?;
        if let Some(head) = turn.engine().and_then(|chain| chain.left())
            && let Some(chain) = turn.ask_whole()
        {
            let answer = chain.create(&new(Some(head))).await;
            match turn.note_whole(answer).await {
                // perhaps only because the chain has another end
                Err(StoreError::Refused(_)) => turn = in_time(group.wait()).await?,
                done => return done,
            }
        }
        in_time(turn.begin()).await?;
        store::create_in(Box::new(Unit::Shared(turn)), merchant, new).await
    }

    /// Always: a server that is away may come back, and what it acknowledged is its to keep.
    fn is_healthy(&self) -> bool {
        true
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// The server reuses the space of removed rows by itself; its files and its log are not ours to rewrite.
    async fn scrub(&self) -> Result<()> {
        Ok(())
    }

    async fn close(&self) {
        let groups: Vec<_> = self.groups().drain().map(|(_, group)| group).collect();
        for group in groups {
            drop(group.close().await);
        }
        self.servers.close().await;
    }
}
