//! `kill -9` in the middle of the work, again and again on the same data; and in the middle of the start
//! after that, when what the last one left is being put in order.

use std::time::Instant;

use tempfile::TempDir;

use crate::api::Api;
use crate::auditor::{Findings, audit};
use crate::chance::{Chance, how_many};
use crate::cluster::Cluster;
use crate::installation::{Installation, Server, Under};
use crate::ledger::{Ledger, Line};
use crate::load::{Load, Stop};
use crate::model::Model;

/// Writes into the ledger what an audit found out about attempts in flight.
pub async fn settle(ledger: &Ledger, before: &Model, after: &Model) {
    for op in before.open() {
        let happened = after.happened(op);
        ledger.add(&Line::Settled { op, happened }).await;
    }
}

/// Audits again and again, with the trouble that comes between.
pub struct Audits {
    installation: Installation,
    pub ledger: Ledger,
    since: u64,
}

impl Audits {
    pub fn new(installation: &Installation, directory: &TempDir) -> Self {
        Self {
            installation: installation.clone(),
            ledger: Ledger::new(&directory.path().join("ledger")),
            since: 0,
        }
    }

    /// Reads what has changed since the last time, and stops the test unless all of it is as it should
    /// be. What should be there from now on, and what was found.
    pub async fn next(&mut self, api: &Api) -> (Model, Findings) {
        self.installation.quiet().await;
        let before = Model::of(&self.ledger.read());
        let mut model = before.clone();
        let found = audit(&self.installation, api, &mut model, self.since).await;
        found.must_be_clean();
        settle(&self.ledger, &before, &model).await;
        self.since = model.next_op();
        (model, found)
    }

    /// Reads everything.
    pub async fn last(&mut self, api: &Api) -> Findings {
        self.since = 0;
        self.next(api).await.1
    }
}

/// Kills a server under load so often, and starts it again, perhaps not at the first try.
async fn kill_again_and_again(
    installation: &Installation,
    directory: &TempDir,
    cycles: usize,
    chance: &mut Chance,
    mut starts: impl FnMut(&mut Chance),
) -> Findings {
    let mut audits = Audits::new(installation, directory);
    for _ in 0..cycles {
        let mut server = installation.serve(&Under::default()).unwrap();
        let api = Api::sign_in(&server, installation).await;
        let (model, _) = audits.next(&api).await;
        let target = 50 + u64::try_from(chance.below(600)).unwrap();
        let mut load = Load::start(&[&api], &audits.ledger, &model, chance, Stop::AtFailure);
        load.until(|counts| counts.happened >= target).await;
        server.kill();
        load.stopped().await;
        starts(chance);
    }
    let server = installation.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, installation).await;
    audits.last(&api).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let cycles = how_many("ONFILE_FAULT_CYCLES", 20);
    let mut chance = Chance::announced("kill -9");
    let directory = TempDir::new().unwrap();
    let installation = Installation::new(directory.path().join("data"));
    let found = kill_again_and_again(&installation, &directory, cycles, &mut chance, |_| {}).await;
    println!("kill -9: {cycles} cycles, {found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_while_it_starts() {
    let cycles = how_many("ONFILE_FAULT_CYCLES", 20).div_ceil(4);
    let mut chance = Chance::announced("kill -9 while it starts");
    let directory = TempDir::new().unwrap();
    let installation = Installation::new(directory.path().join("data"));
    let begun = Instant::now();
    drop(installation.serve(&Under::default()));
    let start = begun.elapsed();
    let (mut before, mut after) = (0, 0);
    let start_and_kill = |chance: &mut Chance| {
        for _ in 0..4 {
            let wait = start * u32::try_from(chance.below(2_000)).unwrap() / 1_000;
            if installation.serve_until_killed_after(wait) {
                after += 1;
            } else {
                before += 1;
            }
        }
    };
    let found = kill_again_and_again(
        &installation,
        &directory,
        cycles,
        &mut chance,
        start_and_kill,
    )
    .await;
    println!(
        "kill -9 while it starts: {cycles} cycles, killed {before} times before it served and {after} times after, {found}"
    );
    assert!(before > 0, "every kill came too late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_on_postgresql_survives_kill_9() {
    let cycles = how_many("ONFILE_FAULT_CYCLES", 20).div_ceil(4);
    let mut chance = Chance::announced("kill -9 on PostgreSQL");
    let directory = TempDir::new().unwrap();
    let cluster = Cluster::new();
    let server = Server::direct(&cluster);
    let installation = Installation::on(server, directory.path().join("data"));
    let found = kill_again_and_again(&installation, &directory, cycles, &mut chance, |_| {}).await;
    println!("kill -9 on PostgreSQL: {cycles} cycles, {found}");
}
