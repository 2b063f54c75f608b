//! What should be there, computed from the ledger alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{Line, Told, What};

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody knows yet.
    Open,
    /// It happened.
    Done(Told),
    /// It changed nothing, but told of a customer.
    Seen(String),
    /// It changed nothing.
    Nothing,
    /// An answer that nothing explains.
    Odd(Told),
}

#[derive(Clone)]
struct Attempt {
    what: What,
    fate: Fate,
    acknowledged: bool,
}

/// What was attempted, with what became of it.
#[derive(Clone, Default)]
pub struct Model {
    attempts: BTreeMap<u64, Attempt>,
}

/// A customer as it should be.
#[derive(Clone, Default)]
pub struct Customer {
    pub phone: String,
    pub name: String,
    /// Names it had: one of these instead of the last one is a write that was lost.
    pub earlier: Vec<String>,
    pub is_deleted: bool,
    /// Whether each card token is removed.
    pub tokens: BTreeMap<String, bool>,
    /// The last attempt that changed it.
    pub last_op: u64,
}

/// An entry of the history that an attempt should have left: what, about whom, about which token.
pub type Entry = (String, String, Option<String>);

/// All that should be there.
#[derive(Default)]
pub struct Expected {
    pub customers: BTreeMap<String, Customer>,
    /// The entries of every attempt, those without any included.
    pub entries: BTreeMap<u64, Vec<Entry>>,
    /// Customers that answers told of.
    pub seen: BTreeSet<String>,
    /// Answers that nothing explains, in words.
    pub odd: Vec<String>,
}

impl Model {
    /// From a whole ledger.
    pub fn of(lines: &[Line]) -> Self {
        Self::where_answered(lines, |_| true)
    }

    /// From a ledger of which only some answers count.
    pub fn where_answered(lines: &[Line], counts: impl Fn(u64) -> bool) -> Self {
        let mut model = Self::default();
        for line in lines {
            match line {
                Line::Attempt { op, what } => {
                    let attempt = Attempt {
                        what: what.clone(),
                        fate: Fate::Open,
                        acknowledged: false,
                    };
                    assert!(model.attempts.insert(*op, attempt).is_none());
                }
                Line::Answer { op, told } => {
                    if counts(*op) {
                        let attempt = model.attempts.get_mut(op).unwrap();
                        attempt.fate = fate(&attempt.what, told);
                        attempt.acknowledged =
                            matches!(attempt.fate, Fate::Done(_) | Fate::Seen(_));
                    }
                }
                Line::Settled { op, happened } => model.settle(*op, happened.clone()),
            }
        }
        model
    }

    /// What became of an open attempt.
    pub fn settle(&mut self, op: u64, happened: Option<Told>) {
        let attempt = self.attempts.get_mut(&op).unwrap();
        assert_eq!(attempt.fate, Fate::Open);
        attempt.fate = happened.map_or(Fate::Nothing, Fate::Done);
    }

    /// The attempts of which nobody knows.
    pub fn open(&self) -> Vec<u64> {
        self.attempts
            .iter()
            .filter(|(_, attempt)| attempt.fate == Fate::Open)
            .map(|(op, _)| *op)
            .collect()
    }

    /// What an attempt did, if it did anything.
    pub fn happened(&self, op: u64) -> Option<Told> {
        match &self.attempts[&op].fate {
            Fate::Done(told) => Some(told.clone()),
            _ => None,
        }
    }

    /// How many attempts were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.attempts
            .values()
            .filter(|attempt| attempt.acknowledged)
            .count()
    }

    /// The number after the last attempt's.
    pub fn next_op(&self) -> u64 {
        self.attempts.keys().next_back().map_or(1, |last| last + 1)
    }

    /// Computes what should be there. One client at a time changes a customer, so that the order of the
    /// attempts' numbers is the order of what happened to it.
    pub fn expect(&self) -> Expected {
        let mut expected = Expected::default();
        for (op, attempt) in &self.attempts {
            let entries = match &attempt.fate {
                Fate::Done(told) => expected.apply(*op, &attempt.what, told),
                Fate::Seen(customer) => {
                    expected.seen.insert(customer.clone());
                    Vec::new()
                }
                Fate::Odd(told) => {
                    expected
                        .odd
                        .push(format!("{:?} answered {told:?}", attempt.what));
                    Vec::new()
                }
                Fate::Open | Fate::Nothing => Vec::new(),
            };
            expected.entries.insert(*op, entries);
        }
        expected
    }
}

fn fate(what: &What, told: &Told) -> Fate {
    match (what, told.status, &told.customer) {
        (_, 500.., _) => Fate::Open,
        (What::Create { .. } | What::Identify { .. }, 201, Some(_))
        | (What::Rename { .. } | What::Delete { .. } | What::Remove { .. }, 200, _) => {
            Fate::Done(told.clone())
        }
        (What::Generate { .. }, 201, _) if told.token.is_some() => Fate::Done(told.clone()),
        (What::Identify { .. }, 200, Some(customer))
        | (What::Create { .. }, 422, Some(customer)) => Fate::Seen(customer.clone()),
        _ => Fate::Odd(told.clone()),
    }
}

impl Expected {
    /// What an attempt that happened did, and the entries it should have left.
    fn apply(&mut self, op: u64, what: &What, told: &Told) -> Vec<Entry> {
        let entry = |action: &str, customer: &str, token: Option<&String>| {
            (action.to_owned(), customer.to_owned(), token.cloned())
        };
        let customer = match what {
            What::Create { .. } | What::Identify { .. } => told.customer.as_ref().unwrap(),
            What::Rename { customer, .. }
            | What::Generate { customer, .. }
            | What::Remove { customer, .. }
            | What::Delete { customer } => customer,
        };
        let kept = self.customers.entry(customer.clone()).or_default();
        kept.last_op = op;
        match what {
            What::Create { phone } | What::Identify { phone } => {
                kept.phone.clone_from(phone);
                vec![entry("customer.create", customer, None)]
            }
            What::Rename { name, .. } => {
                let before = std::mem::replace(&mut kept.name, name.clone());
                kept.earlier.push(before);
                vec![entry("customer.update", customer, None)]
            }
            What::Generate { .. } => {
                let token = told.token.clone().unwrap();
                let made = entry("token.generate", customer, Some(&token));
                kept.tokens.insert(token, false);
                vec![made]
            }
            What::Remove { token, .. } => {
                kept.tokens.insert(token.clone(), true);
                vec![entry("token.remove", customer, Some(token))]
            }
            What::Delete { .. } => {
                kept.is_deleted = true;
                let mut entries = vec![entry("customer.delete", customer, None)];
                for (token, removed) in &mut kept.tokens {
                    if !std::mem::replace(removed, true) {
                        entries.push(entry("token.remove", customer, Some(token)));
                    }
                }
                entries.sort();
                entries
            }
        }
    }
}
