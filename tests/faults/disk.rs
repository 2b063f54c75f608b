//! Disks that fail. After a refused read, write or sync the server must take no more writes, say that it
//! is not ready, and end with an error. A full disk it may outlive, refusing writes. In every case all
//! that was acknowledged must be there when the disk is well again.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::api::Api;
use crate::auditor::{Findings, audit};
use crate::chance::{Chance, how_many};
use crate::installation::{Installation, Under};
use crate::kill::settle;
use crate::ledger::Ledger;
use crate::load::{Load, Stop};
use crate::model::Model;

/// What the server does when the disk has failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Ends,
    Refuses,
}

/// Works until the disk fails, and audits what is there on a disk that does not.
async fn until_it_fails(
    installation: &Installation,
    under: &Under,
    then: Then,
    afterwards: &Path,
    chance: &mut Chance,
) -> Findings {
    let notes = TempDir::new().unwrap();
    let ledger = Ledger::new(&notes.path().join("ledger"));
    let mut server = installation.serve(under).unwrap();
    let api = Api::sign_in(&server, installation).await;
    let load = Load::start(&[&api], &ledger, &Model::default(), chance, Stop::AtFailure);
    load.stopped().await;
    if then == Then::Ends {
        let readiness = reqwest::get(server.readiness_url()).await;
        assert!(
            readiness.is_err() || readiness.is_ok_and(|answer| answer.status() == 503),
            "it says that it is ready"
        );
        let ended = server.wait();
        assert_eq!(ended.code(), Some(1), "it ended with {ended}");
    } else {
        server.kill();
    }

    let before = Model::of(&ledger.read());
    assert!(
        before.acknowledged() > 0,
        "nothing was acknowledged before the disk failed"
    );
    let healed = installation.moved_to(afterwards.to_owned());
    copy(&installation.data, &healed.data);
    let server = healed.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, &healed).await;
    let mut model = before.clone();
    let mut findings = audit(&healed, &api, &mut model, 0).await;
    settle(&ledger, &before, &model).await;

    // and it takes writes again
    let load = Load::start(&[&api], &ledger, &model, chance, Stop::After(100));
    load.stopped().await;
    server.end();
    let server = healed.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&server, &healed).await;
    let mut model = Model::of(&ledger.read());
    findings.add(audit(&healed, &api, &mut model, 0).await);
    server.end();
    findings
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        // the index of the log is made anew
        if path
            .extension()
            .is_none_or(|extension| extension != "sqlite-shm")
        {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// One call fails from a drawn time on, for ever.
async fn broken(
    call: &str,
    error: &str,
    then: Then,
    first: usize,
    chance: &mut Chance,
) -> Findings {
    let directory = TempDir::new().unwrap();
    let installation = Installation::new(directory.path().join("data"));
    let from = first + chance.below(first * 4);
    let under = Under::strace(&[
        "--seccomp-bpf",
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:error={error}:when={from}+"),
        "-e",
        "signal=none",
        "-o",
        "/dev/null",
    ]);
    let healed = directory.path().join("healed");
    until_it_fails(&installation, &under, then, &healed, chance).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_to_sync_or_to_write_loses_nothing() {
    let runs = how_many("ONFILE_DISK_RUNS", 3);
    let mut chance = Chance::announced("broken disk");
    for (call, error, then, first) in [
        ("fdatasync", "EIO", Then::Ends, 20),
        ("pwrite64", "EIO", Then::Ends, 400),
        ("pwrite64", "ENOSPC", Then::Refuses, 400),
    ] {
        let mut findings = Findings::default();
        for _ in 0..runs {
            findings.add(broken(call, error, then, first, &mut chance).await);
        }
        println!("{error} from {call}: {runs} runs, {findings}");
        findings.must_be_clean();
    }
}

/// A small disk in memory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, kib: usize) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|mounted| mounted.status.success())
            .then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing() {
    let mut chance = Chance::announced("full disk");
    let mut findings = Findings::default();
    let sizes = [700, 1_500, 4_000];
    let mut mounted = 0;
    for kib in sizes {
        let kib = kib + chance.below(kib / 4);
        let directory = TempDir::new().unwrap();
        let disk = SmallDisk::mount(&directory.path().join("disk"), kib);
        mounted += usize::from(disk.is_some());
        let under = if disk.is_some() {
            Under::default()
        } else {
            Under::file_limit(kib * 1_024)
        };
        let installation = Installation::new(directory.path().join("disk/data"));
        let healed = directory.path().join("healed");
        findings
            .add(until_it_fails(&installation, &under, Then::Refuses, &healed, &mut chance).await);
    }
    if mounted < sizes.len() {
        println!(
            "full disk: no right to mount a small one, so files were limited in length instead"
        );
    }
    println!(
        "full disk: {} sizes ({mounted} mounted), {findings}",
        sizes.len()
    );
    findings.must_be_clean();
}
