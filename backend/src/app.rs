//! Onfile assembled: what every service needs, made once at start (and by tests).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ipnet::IpNet;
use tokio::sync::Notify;

use crate::ambient::{Clock, Random};
use crate::provider::Providers;
use crate::sender::Sender;
use crate::service::changes::Changes;
use crate::service::creations::Creations;
use crate::service::idempotency::Running;
use crate::service::instance::RootKeys;
use crate::service::merchants::Merchants;
use crate::service::revocations::Revocations;
use crate::vault::Vault;
use store::{Read, Store};

/// What every service needs.
pub struct Onfile {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub random: Arc<dyn Random>,
    /// Keys.
    pub vault: Vault,
    /// The root keys at hand.
    pub root_keys: Arc<dyn RootKeys>,
    /// Who holds cards.
    pub providers: Providers,
    /// Who takes messages to phones.
    pub sender: Arc<dyn Sender>,
    /// Merchants with their opened keys.
    pub merchants: Merchants,
    /// API keys that no longer count.
    pub revocations: Revocations,
    /// Tells open widgets that a customer changed.
    pub changes: Changes,
    /// Customers that are about to be created.
    pub creations: Creations,
    reads: AtomicU64,
    /// Requests with an `Idempotency-Key` that are being worked on.
    pub running: Running,
    /// Tells the outbox that a message is due.
    pub outbox_due: Notify,
    /// Where browsers find the public listener, without a trailing slash.
    pub public_url: String,
    /// Proxies whose word about where a request comes from is taken.
    pub trusted_proxies: Vec<IpNet>,
}

/// What [`Onfile::new`] is made from.
pub struct Parts {
    /// See [`Onfile::store`].
    pub store: Arc<dyn Store>,
    /// See [`Onfile::clock`].
    pub clock: Arc<dyn Clock>,
    /// See [`Onfile::random`].
    pub random: Arc<dyn Random>,
    /// See [`Onfile::vault`].
    pub vault: Vault,
    /// See [`Onfile::root_keys`].
    pub root_keys: Arc<dyn RootKeys>,
    /// See [`Onfile::sender`].
    pub sender: Arc<dyn Sender>,
    /// See [`Onfile::public_url`].
    pub public_url: String,
    /// See [`Onfile::trusted_proxies`].
    pub trusted_proxies: Vec<IpNet>,
}

impl Onfile {
    /// Assembles it. Nothing runs yet: see [`crate::outbox::run`] and [`crate::listen`].
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            store,
            clock,
            random,
            vault,
            root_keys,
            sender,
            public_url,
            trusted_proxies,
        } = parts;
        Arc::new(Self {
            store,
            clock,
            random,
            vault,
            root_keys,
            providers: Providers::default(),
            sender,
            merchants: Merchants::default(),
            revocations: Revocations::default(),
            changes: Changes::default(),
            creations: Creations::default(),
            reads: AtomicU64::new(0),
            running: Running::default(),
            outbox_due: Notify::new(),
            public_url,
            trusted_proxies,
        })
    }

    /// A view to read from. Counted, because creations make room for those who read.
    ///
    /// # Errors
    /// Those of [`Store::read`].
    pub async fn read(&self) -> store::Result<Box<dyn Read>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.store.read().await
    }

    /// How many views there were so far.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Random bytes of a known number.
    #[must_use]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        crate::ambient::bytes(&*self.random)
    }
}
