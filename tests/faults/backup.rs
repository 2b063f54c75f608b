//! Backups made in the middle of the work, and killed in the middle of themselves.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::api::Api;
use crate::auditor::{Findings, audit};
use crate::chance::{Chance, how_many};
use crate::installation::{Installation, Under};
use crate::ledger::{Ledger, Line};
use crate::load::{Load, Stop};
use crate::model::Model;

/// The attempts that are answered by now.
fn answered(ledger: &Ledger) -> std::collections::BTreeSet<u64> {
    ledger
        .read()
        .iter()
        .filter_map(|line| match line {
            Line::Answer { op, .. } => Some(*op),
            Line::Attempt { .. } | Line::Settled { .. } => None,
        })
        .collect()
}

/// Puts a backup into a fresh directory, with the key.
fn restore(installation: &Installation, backup: &Path, data: PathBuf) -> Installation {
    let restored = installation.moved_to(data);
    let put_back = restored.command("restore", &[Path::new("--from"), backup], &Under::default());
    assert!(put_back.status.success(), "{put_back:?}");
    std::fs::copy(
        installation.data.join("root.key"),
        restored.data.join("root.key"),
    )
    .unwrap();
    restored
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_all_that_was_acknowledged_before_it_began() {
    let runs = how_many("ONFILE_BACKUPS", 5);
    let mut chance = Chance::announced("backup");
    let directory = TempDir::new().unwrap();
    let installation = Installation::new(directory.path().join("data"));
    let ledger = Ledger::new(&directory.path().join("ledger"));
    let server = installation.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, &installation).await;
    let mut backups = Vec::new();
    for run in 0..runs {
        let target = 200 + u64::try_from(chance.below(800)).unwrap();
        // what is there already is left alone: the model of an earlier run is not asked for
        let model = Model::of(&ledger.read());
        let mut load = Load::start(&[&api], &ledger, &model, &mut chance, Stop::WhenTold);
        load.until(|counts| counts.happened >= target).await;
        let before = answered(&ledger);
        let backup = directory.path().join(format!("backup-{run}"));
        let (copied, path) = (installation.clone(), backup.clone());
        let made = tokio::task::spawn_blocking(move || {
            copied.command("backup", &[Path::new("--to"), &path], &Under::default())
        })
        .await
        .unwrap();
        assert!(made.status.success(), "{made:?}");
        let during = answered(&ledger).len() - before.len();
        load.stop().await;
        backups.push((backup, before, during));
    }
    server.end();

    let lines = ledger.read();
    let mut findings = Findings::default();
    let mut during = 0;
    for (run, (backup, before, meanwhile)) in backups.into_iter().enumerate() {
        during += meanwhile;
        let restored = restore(
            &installation,
            &backup,
            directory.path().join(format!("restored-{run}")),
        );
        let server = restored.serve(&Under::default()).unwrap();
        let api = Api::sign_in(&server, &restored).await;
        // what was answered later may be in it or not, but only whole
        let mut model = Model::where_answered(&lines, |op| before.contains(&op));
        findings.add(audit(&restored, &api, &mut model, 0).await);
        server.end();
    }
    println!("backup: {runs} under load, {during} answers while they were made, {findings}");
    assert!(during > 0, "nobody worked while they were made");
    findings.must_be_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_backup_leaves_nothing_that_looks_like_one() {
    let mut chance = Chance::announced("killed backup");
    let directory = TempDir::new().unwrap();
    let installation = Installation::new(directory.path().join("data"));
    let ledger = Ledger::new(&directory.path().join("ledger"));
    let server = installation.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, &installation).await;
    let load = Load::start(
        &[&api],
        &ledger,
        &Model::default(),
        &mut chance,
        Stop::After(500),
    );
    load.stopped().await;

    let backups = directory.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    let backup = backups.join("one");
    let mut killed = 0;
    let middle = 2 + chance.below(20);
    for (call, nth) in [
        ("pwrite64", 1),
        ("pwrite64", middle),
        ("fsync", 1),
        ("fsync", 2),
        ("renameat2", 1),
        ("renameat2", 2),
    ] {
        let under = Under::strace(&[
            "-e",
            &format!("trace={call}"),
            "-e",
            &format!("inject={call}:signal=KILL:when={nth}"),
            "-o",
            "/dev/null",
        ]);
        let made = installation.command("backup", &[Path::new("--to"), &backup], &under);
        assert!(!made.status.success(), "{call} {nth}: {made:?}");
        killed += 1;
        // a signal that comes with the last call comes when it is done: then the backup is whole
        if backup.exists() {
            assert_eq!((call, nth), ("renameat2", 2));
            let path = directory.path().join("restored");
            let restored = restore(&installation, &backup, path);
            let server = restored.serve(&Under::default()).unwrap();
            let api = Api::sign_in(&server, &restored).await;
            let mut model = Model::of(&ledger.read());
            audit(&restored, &api, &mut model, 0).await.must_be_clean();
        }
        for entry in std::fs::read_dir(&backups).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_unfinished = name.starts_with(".onfile-") && name.ends_with(".unfinished");
            let is_checksum = name == "one.sha256" && call == "renameat2";
            assert!(
                is_unfinished || is_checksum || backup.exists(),
                "{call} {nth}: {name}"
            );
            if is_unfinished {
                std::fs::remove_dir_all(path).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
    println!("backup: killed {killed} times");
    // the server did not notice
    let made = installation.command("backup", &[Path::new("--to"), &backup], &Under::default());
    assert!(made.status.success(), "{made:?}");
    let mut model = Model::of(&ledger.read());
    audit(&installation, &api, &mut model, 0)
        .await
        .must_be_clean();
    server.end();
}
