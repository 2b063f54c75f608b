//! Holds what is there against what should be: what the API answers, and the rows behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures::future::join_all;
use serde_json::Value;
use sqlx::Executor as _;

use crate::api::Api;
use crate::installation::{Installation, Look};
use crate::ledger::{Told, op_of};
use crate::model::{Customer, Entry, Expected, Model};

/// Requests at once.
const AT_ONCE: usize = 32;
/// Of what was found wrong, so many are told in words.
const TOLD: usize = 10;

/// What an audit found. All but the first must be 0.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub acknowledged: usize,
    /// Acknowledged, and not there.
    pub lost: usize,
    /// There, and neither acknowledged last nor in flight.
    pub wrong: usize,
    /// Phones with more than one living customer.
    pub doubled: usize,
    /// Effects without their entries in the history.
    pub untold: usize,
    /// Entries in the history without their effect.
    pub unfounded: usize,
    /// What the server does by itself once for each token, done again.
    pub twice: usize,
    /// Gaps and breaks in the chain of the history.
    pub breaks: usize,
    /// Complaints of the database's own checks.
    pub damaged: usize,
    words: Vec<String>,
}

impl fmt::Display for Findings {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            to,
            "{} acknowledged, {} lost, {} wrong, {} phones doubled, {} effects without entry, {} entries without effect, {} effects twice, {} breaks in the chain, {} damaged",
            self.acknowledged,
            self.lost,
            self.wrong,
            self.doubled,
            self.untold,
            self.unfounded,
            self.twice,
            self.breaks,
            self.damaged
        )
    }
}

impl Findings {
    /// Whether there is nothing to find.
    pub fn is_clean(&self) -> bool {
        self.lost + self.wrong + self.doubled + self.untold + self.unfounded == 0
            && self.twice + self.breaks + self.damaged == 0
    }

    /// Stops the test unless there is nothing to find.
    pub fn must_be_clean(&self) {
        assert!(self.is_clean(), "{self}\n{}", self.words.join("\n"));
    }

    /// A server that does not start has lost all of it.
    pub fn all_lost(acknowledged: usize, why: String) -> Self {
        Self {
            acknowledged,
            lost: acknowledged,
            words: vec![why],
            ..Self::default()
        }
    }

    /// Adds another audit's.
    pub fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.wrong += other.wrong;
        self.doubled += other.doubled;
        self.untold += other.untold;
        self.unfounded += other.unfounded;
        self.twice += other.twice;
        self.breaks += other.breaks;
        self.damaged += other.damaged;
        for words in other.words {
            self.say(words);
        }
    }

    fn say(&mut self, words: String) {
        if self.words.len() < TOLD {
            self.words.push(words);
        }
    }

    fn lost(&mut self, words: &str) {
        self.lost += 1;
        self.say(format!("lost: {words}"));
    }

    fn wrong(&mut self, words: &str) {
        self.wrong += 1;
        self.say(format!("wrong: {words}"));
    }
}

/// The rows of the database that the audit looks at.
struct Rows {
    customers: BTreeSet<String>,
    entries: BTreeMap<u64, Vec<Entry>>,
    findings: Findings,
}

/// Audits a server that has just started: settles in the model what was in flight, and reads every
/// customer that an attempt since `since` has changed.
pub async fn audit(
    installation: &Installation,
    api: &Api,
    model: &mut Model,
    since: u64,
) -> Findings {
    let Rows {
        customers,
        entries,
        mut findings,
    } = look(installation).await;
    for op in model.open() {
        model.settle(op, entries.get(&op).map(|rows| happened(rows)));
    }
    findings.acknowledged = model.acknowledged();
    let expected = model.expect();
    for words in &expected.odd {
        findings.wrong(words);
    }
    compare_history(&expected, &entries, &mut findings);
    for seen in &expected.seen {
        if !expected.customers.contains_key(seen) {
            findings.lost(&format!("{seen}, whom an answer named"));
        }
    }
    for stranger in &customers {
        if !expected.customers.contains_key(stranger) {
            findings.wrong(&format!("{stranger} is there, and nobody made it"));
        }
    }
    let asked: Vec<_> = expected
        .customers
        .iter()
        .filter(|(_, customer)| customer.last_op >= since)
        .collect();
    let mut living: BTreeMap<String, usize> = BTreeMap::new();
    for some in asked.chunks(AT_ONCE) {
        let read = join_all(some.iter().map(|(id, _)| read(api, id))).await;
        for ((id, customer), read) in some.iter().zip(read) {
            if let Some(phone) = compare(id, customer, read, &mut findings) {
                *living.entry(phone).or_default() += 1;
            }
        }
    }
    findings.doubled += living.values().filter(|times| **times > 1).count();
    findings
}

/// What an attempt did, from the entries that it left.
fn happened(rows: &[Entry]) -> Told {
    Told {
        customer: rows.first().map(|(_, customer, _)| customer.clone()),
        token: rows
            .iter()
            .find(|(action, _, _)| action == "token.generate")
            .and_then(|(_, _, token)| token.clone()),
        ..Told::default()
    }
}

/// The rows that a query finds, in whichever database.
macro_rules! rows {
    ($look:expr, $query:expr) => {
        match $look {
            Look::File(connection) => sqlx::query_as($query).fetch_all(connection).await,
            Look::Server(connection) => sqlx::query_as($query).fetch_all(connection).await,
        }
        .unwrap()
    };
}

/// A row of the history: merchant, `seq`, hash before, hash, actor, action, customer, token, request.
type Kept = (
    String,
    i64,
    Vec<u8>,
    Vec<u8>,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
);

/// What the database's own checks complain of. It has one view of it all from here, while the server
/// works on.
async fn check(look: &mut Look, findings: &mut Findings) {
    match look {
        Look::File(connection) => {
            connection.execute("begin").await.unwrap();
            let verdicts: Vec<String> = sqlx::query_scalar("pragma integrity_check")
                .fetch_all(&mut *connection)
                .await
                .unwrap();
            if verdicts != ["ok"] {
                findings.damaged += verdicts.len();
                findings.say(format!("integrity_check: {verdicts:?}"));
            }
            let orphans = sqlx::query("pragma foreign_key_check")
                .fetch_all(connection)
                .await
                .unwrap();
            findings.damaged += orphans.len();
        }
        Look::Server(connection) => {
            for statement in [
                "create extension if not exists amcheck",
                "begin isolation level repeatable read read only",
            ] {
                connection.execute(statement).await.unwrap();
            }
            let complaints: Vec<(String, String)> = sqlx::query_as(
                "select relname::text, msg from pg_class, verify_heapam(oid)
                 where relkind = 'r' and relnamespace = 'public'::regnamespace",
            )
            .fetch_all(&mut *connection)
            .await
            .unwrap();
            findings.damaged += complaints.len();
            if !complaints.is_empty() {
                findings.say(format!("verify_heapam: {complaints:?}"));
            }
            // stops at the first index that does not lead to every row
            connection
                .execute("savepoint check_of_indexes")
                .await
                .unwrap();
            let checked = connection
                .execute(
                    "select bt_index_check(indexrelid, true)
                     from pg_index join pg_class on pg_class.oid = indexrelid
                     join pg_am on pg_am.oid = relam
                     where amname = 'btree' and relnamespace = 'public'::regnamespace",
                )
                .await;
            if let Err(complaint) = checked {
                findings.damaged += 1;
                findings.say(format!("bt_index_check: {complaint}"));
            }
            let end = "rollback to savepoint check_of_indexes";
            connection.execute(end).await.unwrap();
        }
    }
}

async fn look(installation: &Installation) -> Rows {
    let mut findings = Findings::default();
    let mut look = installation.look().await;
    check(&mut look, &mut findings).await;
    let doubled: Vec<(i64,)> = rows!(
        &mut look,
        "select count(*) from customers where status <> 'DELETED' and phone_index is not null \
         group by merchant_id, phone_index having count(*) > 1"
    );
    findings.doubled += doubled.len();
    let customers: Vec<(String,)> = rows!(&mut look, "select customer_id from customers");
    let history: Vec<Kept> = rows!(
        &mut look,
        "select merchant_id, seq, previous_hash, hash, actor, action, customer_id, token_id, request_id \
         from audit_entries order by merchant_id, seq"
    );
    let mut entries: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
    let mut before: (String, i64, Vec<u8>) = (String::new(), 0, Vec::new());
    let mut by_itself: BTreeSet<(String, Option<String>)> = BTreeSet::new();
    for (merchant, seq, previous, hash, actor, action, customer, token, request_id) in history {
        if merchant != before.0 {
            before = (merchant.clone(), 0, Vec::new());
        }
        if seq != before.1 + 1 || previous != before.2 {
            findings.breaks += 1;
            findings.say(format!("the chain breaks at {seq}, after {}", before.1));
        }
        before = (merchant, seq, hash);
        match op_of(&request_id) {
            Some(op) => {
                let entry = (action, customer.unwrap_or_default(), token);
                entries.entry(op).or_default().push(entry);
            }
            // what the server does by itself, such as taking the provider's answer
            None if actor == "system" => {
                let what = (action, token);
                if !by_itself.insert(what.clone()) {
                    findings.twice += 1;
                    findings.say(format!("{} of {:?} twice", what.0, what.1));
                }
            }
            None => {
                findings.unfounded += 1;
                findings.say(format!("an entry of {actor} for {request_id}"));
            }
        }
    }
    Rows {
        customers: customers.into_iter().map(|(id,)| id).collect(),
        entries,
        findings,
    }
}

/// Every effect has its entries, and no entry is without its effect.
fn compare_history(
    expected: &Expected,
    entries: &BTreeMap<u64, Vec<Entry>>,
    findings: &mut Findings,
) {
    for (op, should) in &expected.entries {
        let mut are = entries.get(op).cloned().unwrap_or_default();
        are.sort();
        let missing = should.iter().filter(|entry| !are.contains(entry)).count();
        let odd = (are.len() + missing).saturating_sub(should.len());
        findings.untold += missing;
        findings.unfounded += odd;
        if missing + odd > 0 {
            findings.say(format!("the history of op-{op} is {are:?}, not {should:?}"));
        }
    }
    for op in entries.keys() {
        if !expected.entries.contains_key(op) {
            findings.unfounded += 1;
            findings.say(format!("nobody attempted op-{op}"));
        }
    }
}

/// A customer and its card tokens, as the API tells of them.
async fn read(api: &Api, id: &str) -> ((u16, Value), (u16, Value)) {
    let path = format!("/api/v1/customer/{id}");
    (
        api.get(&path).await,
        api.get(&format!("{path}/tokens")).await,
    )
}

/// Compares a customer; its phone if it lives.
fn compare(
    id: &str,
    should: &Customer,
    ((status, is), (listed, list)): ((u16, Value), (u16, Value)),
    findings: &mut Findings,
) -> Option<String> {
    if status != 200 {
        findings.lost(&format!("{id}: {status} {is}"));
        return None;
    }
    let text = |name: &str| is[name].as_str().unwrap_or_default().to_owned();
    let is_deleted = text("status") == "DELETED";
    match (should.is_deleted, is_deleted) {
        (true, false) => findings.lost(&format!("{id} lives again")),
        (false, true) => findings.wrong(&format!("{id} is deleted, and nobody asked for it")),
        (true, true) => {}
        (false, false) => {
            let name = text("first_name");
            if name != should.name {
                let words = format!("{id} is named {name:?}, not {:?}", should.name);
                if should.earlier.contains(&name) {
                    findings.lost(&words);
                } else {
                    findings.wrong(&words);
                }
            }
            if text("mobile_number") != should.phone {
                findings.wrong(&format!("{id} has another phone than {}", should.phone));
            }
        }
    }
    if listed != 200 {
        findings.wrong(&format!("the tokens of {id}: {listed} {list}"));
        return None;
    }
    let mut tokens: BTreeMap<&str, bool> = BTreeMap::new();
    for token in list["tokens"].as_array().unwrap() {
        let is_removed = token["status"] == "DEACTIVATED";
        tokens.insert(token["token_id"].as_str().unwrap(), is_removed);
    }
    for (token, should_be_removed) in &should.tokens {
        match (tokens.remove(token.as_str()), should_be_removed) {
            (None, _) => findings.lost(&format!("{token} of {id}")),
            (Some(false), true) => findings.lost(&format!("the removal of {token} of {id}")),
            (Some(true), false) => findings.wrong(&format!("{token} of {id} is removed")),
            (Some(true), true) | (Some(false), false) => {}
        }
    }
    for token in tokens.keys() {
        findings.wrong(&format!("{token} of {id}, and nobody made it"));
    }
    (!is_deleted).then(|| text("mobile_number"))
}
