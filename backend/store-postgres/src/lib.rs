//! Storage in a `PostgreSQL` database, as `store` asks for it. Several nodes may share one.
//!
//! A unit of work is one transaction ([`unit`]); what reads apart from one takes a connection for each
//! query ([`reader`]). Every query is checked against the migrations when this crate is compiled
//! (`scripts/sqlx-prepare.sh` renews what that needs). When the server goes away, calls fail as
//! unavailable, and work again as soon as it is back: nothing has to be started anew.

mod admins;
mod answers;
mod audit;
mod consents;
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

use std::sync::Arc;

use async_trait::async_trait;
use store::{Read, Result, Store, Write};

use crate::reader::Reader;
use crate::servers::Servers;
use crate::unit::Unit;

pub use crate::open_error::OpenError;
pub use crate::target::Target;

/// A database of customers on file on a `PostgreSQL` server.
pub struct PostgresStore {
    servers: Arc<Servers>,
}

impl PostgresStore {
    /// Opens the database of a `postgres://` URL, and makes the tables where it is empty. A URL may name
    /// several hosts, separated by commas: a primary and its standbys.
    ///
    /// # Errors
    /// [`OpenError`] says what to do; nothing was changed.
    pub async fn open(url: &str) -> std::result::Result<Self, OpenError> {
        let servers = open::open(url, true).await?;
        Ok(Self { servers })
    }

    /// Opens a database that must have Onfile's tables.
    ///
    /// # Errors
    /// [`OpenError`] says what to do; nothing was changed.
    pub async fn open_existing(url: &str) -> std::result::Result<Self, OpenError> {
        let servers = open::open(url, false).await?;
        Ok(Self { servers })
    }

    /// A view of a database that must have Onfile's tables, through which nothing can be changed.
    ///
    /// # Errors
    /// [`OpenError`] says what to do.
    pub async fn look(url: &str) -> std::result::Result<Box<dyn Read>, OpenError> {
        Ok(Box::new(Reader(open::open_to_look(url).await?)))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn read(&self) -> Result<Box<dyn Read>> {
        Ok(Box::new(Reader(self.servers.clone())))
    }

    async fn write(&self) -> Result<Box<dyn Write>> {
        match Unit::begin(&self.servers.primary()).await {
            Ok(unit) => Ok(Box::new(unit)),
            Err(failure) => Err(failure.error),
        }
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
        self.servers.close().await;
    }
}
