//! `kill -9` in the middle of the work, again and again on the same data.

use tempfile::TempDir;

use crate::api::Api;
use crate::auditor::{Findings, audit};
use crate::chance::{Chance, how_many};
use crate::installation::{Installation, Under};
use crate::ledger::{Ledger, Line};
use crate::load::Load;
use crate::model::Model;

/// Writes into the ledger what an audit found out about attempts in flight.
pub async fn settle(ledger: &Ledger, before: &Model, after: &Model) {
    for op in before.open() {
        let happened = after.happened(op);
        ledger.add(&Line::Settled { op, happened }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let cycles = how_many("ONFILE_FAULT_CYCLES", 20);
    let mut chance = Chance::announced("kill -9");
    let directory = TempDir::new().unwrap();
    let installation = Installation::new(directory.path().join("data"));
    let ledger = Ledger::new(&directory.path().join("ledger"));
    let mut since = 0;
    let mut found = Findings::default();
    for cycle in 0..=cycles {
        let server = installation.serve(&Under::default()).unwrap();
        let api = Api::sign_in(&server, &installation).await;
        let before = Model::of(&ledger.read());
        let mut model = before.clone();
        // the last time everything is read again, not only what has changed since
        let from = if cycle == cycles { 0 } else { since };
        found = audit(&installation, &api, &mut model, from).await;
        found.must_be_clean();
        settle(&ledger, &before, &model).await;
        if cycle == cycles {
            break;
        }
        since = model.next_op();
        let target = 50 + u64::try_from(chance.below(600)).unwrap();
        let mut load = Load::start(&api, &ledger, &model, &mut chance, target, false);
        load.reached().await;
        server.kill();
        load.stopped().await;
    }
    println!("kill -9: {cycles} cycles, {found}");
}
