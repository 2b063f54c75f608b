//! The power goes. A traced server works; from the trace come images of its files as they can be found
//! after a cut, and a server is started on each of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::api::Api;
use crate::auditor::{Findings, audit};
use crate::chance::{Chance, how_many};
use crate::image::{Disk, Syncs};
use crate::installation::{Installation, Under};
use crate::ledger::{Ledger, Line};
use crate::load::{Load, Stop};
use crate::model::Model;
use crate::trace::{self, Event};

/// Attempts and answers that are traced.
const EVENTS: u64 = 1_600;

/// A server's work, traced to its orderly end, so that its last checkpoint is in it too.
struct Traced {
    installation: Installation,
    before: BTreeMap<PathBuf, Vec<u8>>,
    events: Vec<Event>,
    ledger: Vec<Line>,
    directory: TempDir,
}

impl Traced {
    async fn work(chance: &mut Chance) -> Self {
        let directory = TempDir::new().unwrap();
        let installation = Installation::new(directory.path().join("data"));
        let before = files_of(&installation.data);
        let file = directory.path().join("trace");
        let under = Under::strace(&[
            "--seccomp-bpf",
            "-y",
            "-xx",
            "-s",
            "10000000",
            "-e",
            trace::CALLS,
            "-e",
            "signal=none",
            "-o",
            file.to_str().unwrap(),
        ]);
        let server = installation.serve(&under).unwrap();
        let api = Api::sign_in(&server, &installation).await;
        let ledger = Ledger::new(&directory.path().join("ledger"));
        let load = Load::start(
            &[&api],
            &ledger,
            &Model::default(),
            chance,
            Stop::After(EVENTS),
        );
        load.stopped().await;
        server.end();
        Self {
            before,
            events: trace::read(&file, &installation.data),
            ledger: ledger.read(),
            installation,
            directory,
        }
    }

    /// Cuts the power so often, and audits each time.
    async fn cut(&self, cuts: usize, syncs: Syncs, chance: &mut Chance) -> Findings {
        let mut points: Vec<usize> = (0..cuts)
            .map(|_| chance.below(self.events.len() + 1))
            .collect();
        points.sort_unstable();
        let mut disk = Disk::new(&self.before, syncs);
        let mut done = 0;
        let mut findings = Findings::default();
        for point in points {
            for event in &self.events[done..point] {
                disk.apply(event);
            }
            done = point;
            findings.add(self.audit_image(&disk, chance).await);
        }
        findings
    }

    async fn audit_image(&self, disk: &Disk, chance: &mut Chance) -> Findings {
        let place = TempDir::new_in(self.directory.path()).unwrap();
        disk.restore(chance, place.path());
        let found = self.installation.moved_to(place.path().to_owned());
        let mut model = Model::where_answered(&self.ledger, |op| disk.acknowledged.contains(&op));
        match found.serve(&Under::default()) {
            Ok(mut server) => {
                let api = Api::sign_in(&server, &found).await;
                let findings = audit(&found, &api, &mut model, 0).await;
                server.kill();
                findings
            }
            Err(words) => Findings::all_lost(model.acknowledged(), words),
        }
    }
}

fn files_of(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let content = std::fs::read(&path).unwrap();
            (path, content)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_power_cut_and_the_replay_would_show_if_not() {
    let cuts = how_many("ONFILE_POWER_CUTS", 40);
    let mut chance = Chance::announced("power cut");
    let traced = Traced::work(&mut chance).await;
    let acknowledged = Model::of(&traced.ledger).acknowledged();
    let answered = traced
        .events
        .iter()
        .filter(|event| matches!(event, Event::Acknowledged(_)))
        .count();
    assert!(
        answered >= acknowledged,
        "{answered} answers in the trace, {acknowledged} acknowledged"
    );

    let checkpointed = traced.events.iter().any(|event| {
        matches!(event, Event::Written { file, .. } if *file == traced.installation.database())
    });
    assert!(checkpointed, "no checkpoint in the trace");

    let kept = traced.cut(cuts, Syncs::Kept, &mut chance).await;
    println!(
        "power cut: {cuts} images of {acknowledged} acknowledged in {} events: {kept}",
        traced.events.len()
    );
    kept.must_be_clean();

    // the proof that it bites: without the log's syncs the same images lose
    let fewer = cuts.div_ceil(4);
    let ignored = traced
        .cut(fewer, Syncs::LogOnlyBeforeCheckpoints, &mut chance)
        .await;
    println!("power cut, as with synchronous=NORMAL: {fewer} images: {ignored}");
    assert!(ignored.lost > 0, "a replay that loses syncs finds no loss");
}
