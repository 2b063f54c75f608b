//! Onfile assembled for a test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use backend::ambient::{Clock as _, ManualClock, Random, SeededRandom};
use backend::app::{Onfile, Parts};
use backend::sender::{CodeMessage, SendError, Sender};
use backend::service::instance::{self, RootKeys};
use backend::service::merchants::{self, Settings};
use backend::service::revocations;
use backend::vault::Key;
use shared::Timestamp;

use crate::kept::Kept;
use crate::server::Server;

/// Where browsers find the public listener.
pub const PUBLIC_URL: &str = "https://onfile.example";
/// The page that embeds the widget.
pub const SHOP: &str = "https://shop.example";
/// When every test begins.
pub const BEGIN: &str = "2026-03-14T09:26:53.589793Z";

const ROOT_KEY: &str = "8f1c0a6be2d94735f0a1b2c3d4e5f60718293a4b5c6d7e8f9011223344556677";

/// The messages that went out, oldest first.
#[derive(Default)]
pub struct Sent(Mutex<Vec<CodeMessage>>);

impl Sent {
    /// All of them.
    pub fn all(&self) -> Vec<CodeMessage> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Sender for Sent {
    async fn send(&self, message: CodeMessage) -> Result<(), SendError> {
        self.0.lock().unwrap().push(message);
        Ok(())
    }
}

/// The root keys at hand: the file of the one in use, and of the one it is rotated to.
pub struct Keys(Mutex<Vec<Key>>);

impl Default for Keys {
    fn default() -> Self {
        Self(Mutex::new(vec![Key::from_hex(ROOT_KEY).unwrap()]))
    }
}

impl Keys {
    /// Puts others in their place.
    pub fn put(&self, keys: &[Key]) {
        *self.0.lock().unwrap() = keys.to_vec();
    }
}

impl RootKeys for Keys {
    fn read(&self) -> Vec<Key> {
        self.0.lock().unwrap().clone()
    }
}

/// Onfile with data of its own.
pub struct TestApp {
    /// The services.
    pub onfile: Arc<Onfile>,
    /// Stands still until it is moved.
    pub clock: ManualClock,
    /// What phones received.
    pub sent: Arc<Sent>,
    /// The public listener.
    pub public: Router,
    /// The admin listener.
    pub admin: Router,
    /// The root keys at hand.
    pub keys: Arc<Keys>,
    random: Arc<SeededRandom>,
    kept: Arc<Kept>,
}

impl TestApp {
    /// A new one, with an empty database.
    pub async fn start() -> Self {
        Self::on(Kept::new().await).await
    }

    /// A new one on an empty database.
    pub async fn on(kept: Kept) -> Self {
        let clock = ManualClock::at(Timestamp::parse(BEGIN).unwrap());
        let kept = Arc::new(kept);
        Self::open(kept, clock, Arc::default(), Arc::default(), Arc::default()).await
    }

    /// Two nodes on one database.
    pub async fn two_nodes() -> [Self; 2] {
        let clock = ManualClock::at(Timestamp::parse(BEGIN).unwrap());
        let kept = Arc::new(Kept::on_server().await);
        let one = Self::open(kept, clock, Arc::default(), Arc::default(), Arc::default()).await;
        let (kept, clock) = (one.kept.clone(), one.clock.clone());
        let other = Self::open(
            kept,
            clock,
            one.random.clone(),
            one.sent.clone(),
            one.keys.clone(),
        )
        .await;
        [one, other]
    }

    async fn open(
        kept: Arc<Kept>,
        clock: ManualClock,
        random: Arc<SeededRandom>,
        sent: Arc<Sent>,
        keys: Arc<Keys>,
    ) -> Self {
        let shared_random: Arc<dyn Random> = random.clone();
        let store = kept.open().await;
        let vault = instance::bind(&store, &keys.read(), &*shared_random)
            .await
            .unwrap();
        let onfile = Onfile::new(Parts {
            store,
            clock: Arc::new(clock.clone()),
            random: shared_random,
            vault,
            root_keys: keys.clone(),
            sender: sent.clone(),
            public_url: PUBLIC_URL.to_owned(),
            trusted_proxies: Vec::new(),
        });
        revocations::refresh(&onfile).await.unwrap();
        let public = backend::http::public(&onfile);
        let admin = backend::http::admin(&onfile);
        Self {
            onfile,
            clock,
            sent,
            public,
            admin,
            keys,
            random,
            kept,
        }
    }

    /// The same data under a new process: nothing that was only in memory is left.
    pub async fn restarted(self) -> Self {
        self.onfile.store.close().await;
        let Self {
            onfile,
            clock,
            sent,
            public,
            admin,
            random,
            kept,
            keys,
        } = self;
        drop((onfile, public, admin));
        Self::open(kept, clock, random, sent, keys).await
    }

    /// A sandbox merchant's server, with an access token.
    pub async fn merchant(&self) -> Server {
        self.merchant_with("Tamra Tea", true, &Settings::default())
            .await
    }

    /// The server of a merchant with these settings.
    pub async fn merchant_with(&self, name: &str, sandbox: bool, settings: &Settings) -> Server {
        let created = merchants::create(&self.onfile, name, sandbox, settings)
            .await
            .unwrap();
        Server::new(self, created).await
    }

    /// Performs everything that is due in the outbox.
    pub async fn settle(&self) {
        while backend::outbox::run_due(&self.onfile).await.unwrap() > 0 {}
    }

    /// Removes what nobody can ask for any more.
    pub async fn purge(&self) {
        backend::outbox::purge(&self.onfile).await.unwrap();
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An instant from now, as the wire writes it.
    pub fn in_seconds(&self, seconds: u64) -> String {
        self.now().plus(Duration::from_secs(seconds)).to_string()
    }

    /// Where its data is.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The last code that went to a phone, after everything due was sent.
    pub async fn code_sent_to(&self, digits: &str) -> String {
        self.settle().await;
        let sent = self.sent.all();
        let message = sent.iter().rev().find(|message| message.to == digits);
        message
            .unwrap_or_else(|| panic!("no code went to {digits}"))
            .code
            .clone()
    }
}
