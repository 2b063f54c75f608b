//! 32 clients who do a bit of everything at once, and write down all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::{Api, NoAnswer};
use crate::chance::Chance;
use crate::ledger::{Ledger, Line, Told, What};
use crate::model::{Expected, Model};

const CLIENTS: u32 = 32;
/// Phones that all clients want at once, and after how many attempts they want others.
const CONTENDED: usize = 24;
const ROUND: u64 = 300;

/// A customer that one client alone changes.
struct Own {
    customer: String,
    tokens: Vec<String>,
}

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Attempts and answers.
    pub happened: u64,
    /// Answers that are no failure.
    pub served: u64,
    /// Answers 503 that say when to come again.
    pub refused: u64,
    /// A bit for each client who had one.
    refused_to: u32,
    /// Other answers that are failures.
    pub failed: u64,
    /// Connections that broke, or could not be had.
    pub broken: u64,
    /// Answers that did not come.
    pub hung: u64,
}

impl Counts {
    /// Whether every client was refused at least once: nobody waits any more who waited before.
    pub fn all_refused(&self) -> bool {
        self.refused_to.count_ones() == CLIENTS
    }
}

/// When the clients stop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// When an answer stays away or says that the server failed.
    AtFailure,
    /// When so much has happened, or then.
    After(u64),
    /// Whatever they are answered, not before they are told to.
    WhenTold,
}

/// Clients at work.
pub struct Load {
    counts: Arc<watch::Sender<Counts>>,
    told_to_stop: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

impl Load {
    /// Sets them to work on what should be there, shared out over some servers. Who is failed by one goes
    /// to the next.
    pub fn start(
        apis: &[&Api],
        ledger: &Ledger,
        model: &Model,
        chance: &mut Chance,
        stop: Stop,
    ) -> Self {
        let counts = Arc::new(watch::Sender::new(Counts::default()));
        let told_to_stop = Arc::new(AtomicBool::new(false));
        let next_op = Arc::new(AtomicU64::new(model.next_op()));
        let clients = shared_out(&model.expect())
            .into_iter()
            .enumerate()
            .map(|(number, own)| {
                let client = Client {
                    apis: apis.iter().copied().cloned().collect(),
                    number,
                    failed: 0,
                    ledger: ledger.clone(),
                    chance: chance.fork(),
                    next_op: next_op.clone(),
                    counts: counts.clone(),
                    stop,
                    told_to_stop: told_to_stop.clone(),
                    own,
                };
                client.work()
            })
            .collect();
        Self {
            counts,
            told_to_stop,
            clients,
        }
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Waits until so much has happened.
    ///
    /// # Panics
    /// When all clients stopped before it: the server failed by itself.
    pub async fn until(&mut self, enough: impl Fn(&Counts) -> bool) {
        let mut counts = self.counts.subscribe();
        tokio::select! {
            _ = counts.wait_for(&enough) => {}
            () = self.all_stopped() => {
                assert!(enough(&self.counts()), "the server failed by itself");
            }
        }
    }

    /// Waits until so many answers came that every connection which a server keeps was asked for.
    pub async fn served_again(&mut self) {
        const ANSWERS: u64 = 64;
        let before = self.counts().served;
        self.until(|counts| counts.served >= before + ANSWERS).await;
    }

    /// Tells every client to stop.
    pub async fn stop(self) -> Counts {
        self.told_to_stop.store(true, Ordering::Release);
        self.stopped().await
    }

    /// Waits until every client has stopped.
    pub async fn stopped(mut self) -> Counts {
        self.all_stopped().await;
        self.counts()
    }

    async fn all_stopped(&mut self) {
        while let Some(client) = self.clients.join_next().await {
            client.unwrap();
        }
    }
}

/// The living customers, each for one client.
fn shared_out(expected: &Expected) -> Vec<Vec<Own>> {
    let mut shares: Vec<Vec<Own>> = (0..CLIENTS).map(|_| Vec::new()).collect();
    let living = expected
        .customers
        .iter()
        .filter(|(_, customer)| !customer.is_deleted);
    for (number, (customer, kept)) in living.enumerate() {
        let tokens = kept.tokens.iter().filter(|(_, removed)| !**removed);
        let share = number % shares.len();
        shares[share].push(Own {
            customer: customer.clone(),
            tokens: tokens.map(|(token, _)| token.clone()).collect(),
        });
    }
    shares
}

struct Client {
    apis: Vec<Api>,
    number: usize,
    /// How often it was failed, and went to the next of them.
    failed: usize,
    ledger: Ledger,
    chance: Chance,
    next_op: Arc<AtomicU64>,
    counts: Arc<watch::Sender<Counts>>,
    stop: Stop,
    told_to_stop: Arc<AtomicBool>,
    own: Vec<Own>,
}

impl Client {
    fn is_to_stop(&self) -> bool {
        match self.stop {
            Stop::AtFailure => false,
            Stop::After(target) => self.counts.borrow().happened >= target,
            Stop::WhenTold => self.told_to_stop.load(Ordering::Acquire),
        }
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        self.counts.send_modify(count);
    }

    async fn work(mut self) {
        while !self.is_to_stop() {
            let op = self.next_op.fetch_add(1, Ordering::AcqRel);
            let what = self.choose(op);
            let attempt = Line::Attempt {
                op,
                what: what.clone(),
            };
            self.ledger.add(&attempt).await;
            self.count(|counts| counts.happened += 1);
            if self.attempt(op, &what).await {
                continue;
            }
            if self.stop != Stop::WhenTold {
                return;
            }
            self.doubt(&what);
            self.failed += 1;
        }
    }

    /// Whether it was served.
    async fn attempt(&mut self, op: u64, what: &What) -> bool {
        let api = &self.apis[(self.number + self.failed) % self.apis.len()];
        let told = match api.attempt(op, what).await {
            Ok(told) => told,
            Err(NoAnswer::Broken) => {
                self.count(|counts| counts.broken += 1);
                return false;
            }
            Err(NoAnswer::Hung) => {
                self.count(|counts| counts.hung += 1);
                return false;
            }
        };
        let answer = Line::Answer {
            op,
            told: told.clone(),
        };
        self.ledger.add(&answer).await;
        let is_served = told.status < 500;
        self.count(|counts| {
            counts.happened += 1;
            match told.status {
                ..500 => counts.served += 1,
                503 if told.says_when => {
                    counts.refused += 1;
                    counts.refused_to |= 1 << self.number;
                }
                _ => counts.failed += 1,
            }
        });
        if is_served {
            self.learn(what, &told);
        }
        is_served
    }

    fn choose(&mut self, op: u64) -> What {
        let unique = || format!("9{op:09}");
        let drawn = self.chance.below(100);
        if self.own.is_empty() || drawn < 30 {
            return What::Create { phone: unique() };
        }
        if drawn < 50 {
            let round = usize::try_from(op / ROUND).unwrap() * CONTENDED;
            let phone = format!("8{:09}", round + self.chance.below(CONTENDED));
            return if drawn < 35 {
                What::Create { phone }
            } else {
                What::Identify { phone }
            };
        }
        let which = self.chance.below(self.own.len());
        let own = &self.own[which];
        let customer = own.customer.clone();
        match (drawn, own.tokens.last()) {
            (..75, _) => What::Rename {
                customer,
                name: format!("Name {op}"),
            },
            (..88, _) | (..94, None) => What::Generate {
                customer,
                reference: format!("card-{op}"),
            },
            (..94, Some(token)) => What::Remove {
                customer,
                token: token.clone(),
            },
            _ => What::Delete { customer },
        }
    }

    /// Only what is certain.
    fn learn(&mut self, what: &What, told: &Told) {
        match what {
            What::Create { .. } | What::Identify { .. } => {
                if told.status == 201 {
                    self.own.push(Own {
                        customer: told.customer.clone().unwrap(),
                        tokens: Vec::new(),
                    });
                }
            }
            What::Rename { .. } => {}
            What::Generate { customer, .. } => {
                if let (Some(own), Some(token)) = (self.owned(customer), &told.token) {
                    own.tokens.push(token.clone());
                }
            }
            What::Remove { customer, token } => {
                if let Some(own) = self.owned(customer) {
                    own.tokens.retain(|kept| kept != token);
                }
            }
            What::Delete { customer } => self.own.retain(|own| own.customer != *customer),
        }
    }

    /// What is in flight may still happen to this customer: it is left to the next audit.
    fn doubt(&mut self, what: &What) {
        match what {
            What::Create { .. } | What::Identify { .. } => {}
            What::Rename { customer, .. }
            | What::Generate { customer, .. }
            | What::Remove { customer, .. }
            | What::Delete { customer } => self.own.retain(|own| own.customer != *customer),
        }
    }

    fn owned(&mut self, customer: &str) -> Option<&mut Own> {
        self.own.iter_mut().find(|own| own.customer == customer)
    }
}
