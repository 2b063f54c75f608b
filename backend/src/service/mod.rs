//! The use cases: rules and transaction boundaries. No axum, no SQL.
//!
//! A service function takes [`Onfile`], the [`Merchant`], who asks ([`By`]) and parsed input. What it
//! changes it changes through a [`Work`], which commits the effect, its audit entry and its outbox
//! messages together, and only then tells open widgets and the outbox.

pub mod access;
pub mod admins;
pub mod audit;
pub mod changes;
pub mod checkout_sessions;
pub mod creations;
pub mod customers;
pub mod erasure;
pub mod idempotency;
pub mod instance;
pub mod keys;
mod known;
pub mod merchants;
pub mod revocations;
pub mod shopper;
pub mod tokens;
pub mod verification;

pub mod work;

use std::net::IpAddr;

use shared::customer::Actor;
use store::StoreError;

use crate::vault::Unopened;

pub use crate::app::Onfile;
pub use merchants::Merchant;
pub use work::{Entry, Pending, Work};

/// Who asks, and by which request.
#[derive(Clone, Debug)]
pub struct By {
    /// What kind of actor.
    pub actor: Actor,
    /// Which one: a client id, an admin's e-mail address; empty for shopper and system.
    pub actor_id: String,
    /// From where, if over the network.
    pub address: Option<IpAddr>,
    /// The request.
    pub request_id: String,
}

impl By {
    /// Onfile itself.
    #[must_use]
    pub fn system(request_id: &str) -> Self {
        Self {
            actor: Actor::System,
            actor_id: String::new(),
            address: None,
            request_id: request_id.to_owned(),
        }
    }
}

/// What is nobody's fault among the callers: storage or a key failed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Storage.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A ciphertext.
    #[error(transparent)]
    Unopened(#[from] Unopened),
    /// Everything else that must not happen.
    #[error("{0}")]
    Other(String),
}
