//! 32 clients who do a bit of everything at once, and write down all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::chance::Chance;
use crate::ledger::{Ledger, Line, Told, What};
use crate::model::{Expected, Model};

const CLIENTS: usize = 32;
/// Phones that all clients want at once.
const CONTENDED: usize = 24;

/// A customer that one client alone changes.
struct Own {
    customer: String,
    tokens: Vec<String>,
}

/// Counts what happens, attempts and answers, up to a target.
struct Progress {
    happened: AtomicU64,
    target: u64,
    reached: Notify,
    /// Whether the clients stop at the target.
    stop_there: AtomicBool,
}

impl Progress {
    fn step(&self) {
        if self.happened.fetch_add(1, Ordering::AcqRel) + 1 == self.target {
            self.reached.notify_one();
        }
    }

    fn is_reached(&self) -> bool {
        self.happened.load(Ordering::Acquire) >= self.target
    }

    fn is_over(&self) -> bool {
        self.stop_there.load(Ordering::Acquire) && self.is_reached()
    }
}

/// Clients at work.
pub struct Load {
    progress: Arc<Progress>,
    clients: JoinSet<()>,
}

impl Load {
    /// Sets them to work on what should be there. They stop when an answer stays away or says that the
    /// server failed, or, if they `stop_there`, at the target.
    pub fn start(
        api: &Api,
        ledger: &Ledger,
        model: &Model,
        chance: &mut Chance,
        target: u64,
        stop_there: bool,
    ) -> Self {
        let progress = Arc::new(Progress {
            happened: AtomicU64::new(0),
            target,
            reached: Notify::new(),
            stop_there: AtomicBool::new(stop_there),
        });
        let next_op = Arc::new(AtomicU64::new(model.next_op()));
        let clients = shared_out(&model.expect())
            .into_iter()
            .map(|own| {
                let client = Client {
                    api: api.clone(),
                    ledger: ledger.clone(),
                    chance: chance.fork(),
                    next_op: next_op.clone(),
                    progress: progress.clone(),
                    own,
                };
                client.work()
            })
            .collect();
        Self { progress, clients }
    }

    /// Waits for the target.
    ///
    /// # Panics
    /// When all clients stopped before it: the server failed by itself.
    pub async fn reached(&mut self) {
        let progress = self.progress.clone();
        tokio::select! {
            () = progress.reached.notified() => {}
            () = self.all_stopped() => {
                assert!(progress.is_reached(), "the server failed by itself");
            }
        }
    }

    /// Waits until every client has stopped.
    pub async fn stopped(mut self) {
        self.all_stopped().await;
    }

    /// Lets every client take its last answer, and go.
    pub async fn end(self) {
        self.progress.stop_there.store(true, Ordering::Release);
        self.stopped().await;
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
        shares[number % CLIENTS].push(Own {
            customer: customer.clone(),
            tokens: tokens.map(|(token, _)| token.clone()).collect(),
        });
    }
    shares
}

struct Client {
    api: Api,
    ledger: Ledger,
    chance: Chance,
    next_op: Arc<AtomicU64>,
    progress: Arc<Progress>,
    own: Vec<Own>,
}

impl Client {
    async fn work(mut self) {
        while !self.progress.is_over() {
            let op = self.next_op.fetch_add(1, Ordering::AcqRel);
            let what = self.choose(op);
            let attempt = Line::Attempt {
                op,
                what: what.clone(),
            };
            self.ledger.add(&attempt).await;
            self.progress.step();
            let Some(told) = self.api.attempt(op, &what).await else {
                return;
            };
            let answer = Line::Answer {
                op,
                told: told.clone(),
            };
            self.ledger.add(&answer).await;
            self.progress.step();
            if told.status >= 500 {
                return;
            }
            self.learn(&what, &told);
        }
    }

    fn choose(&mut self, op: u64) -> What {
        let unique = || format!("9{op:09}");
        let drawn = self.chance.below(100);
        if self.own.is_empty() || drawn < 30 {
            return What::Create { phone: unique() };
        }
        if drawn < 50 {
            let phone = format!("8{:09}", self.chance.below(CONTENDED));
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

    /// Only what is certain: a customer of whom something is in flight is left to the next audit.
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

    fn owned(&mut self, customer: &str) -> Option<&mut Own> {
        self.own.iter_mut().find(|own| own.customer == customer)
    }
}
