//! The PostgreSQL server crashes under a serving Onfile and is started again. Onfile says so meanwhile,
//! and serves again by itself.

use tempfile::TempDir;

use crate::api::Api;
use crate::auditor::{Findings, audit};
use crate::chance::{Chance, how_many};
use crate::cluster::Cluster;
use crate::installation::{Installation, Server, Under};
use crate::kill::Audits;
use crate::ledger::Ledger;
use crate::load::{Load, Stop};
use crate::model::Model;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_crash_of_postgresql() {
    let cycles = how_many("ONFILE_POSTGRES_CRASHES", 3);
    let mut chance = Chance::announced("crash of PostgreSQL");
    let directory = TempDir::new().unwrap();
    let cluster = Cluster::new();
    let installation = Installation::on(Server::direct(&cluster), directory.path().join("data"));
    let onfile = installation.serve(&Under::default()).unwrap();
    let mut audits = Audits::new(&installation, &directory);
    let mut refused = 0;
    for _ in 0..cycles {
        let api = Api::sign_in(&onfile, &installation).await;
        let (model, _) = audits.next(&api).await;
        let mut load = Load::start(&[&api], &audits.ledger, &model, &mut chance, Stop::WhenTold);
        let target = 50 + u64::try_from(chance.below(600)).unwrap();
        load.until(|counts| counts.happened >= target).await;
        cluster.crash();
        let away = 1 + u64::try_from(chance.below(40)).unwrap();
        load.until(|counts| counts.refused >= away).await;
        cluster.start();
        load.served_again().await;
        let counts = load.stop().await;
        assert_eq!(
            (counts.failed, counts.broken, counts.hung),
            (0, 0, 0),
            "answered with 503 and Retry-After, and nothing else: {counts:?}"
        );
        refused += counts.refused;
    }
    let api = Api::sign_in(&onfile, &installation).await;
    let found = audits.last(&api).await;
    println!("crash of PostgreSQL: {cycles} cycles, {refused} answers 503, {found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_to_postgresql_is_encrypted_as_its_url_asks() {
    let mut chance = Chance::announced("encrypted PostgreSQL");
    let directory = TempDir::new().unwrap();
    let cluster = Cluster::new();
    let port = cluster.address.port();
    let url = |rest: &str| format!("postgres://onfile@localhost:{port}/postgres?{rest}");
    // made before: what looks at the rows beside Onfile is let in no more
    let plain = Installation::on(Server::direct(&cluster), directory.path().join("data"));
    let authority = cluster.encrypt().await;
    let told = |rest: &str| plain.told(url(rest));

    let trusted = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    let encrypted = told(&trusted);
    let onfile = encrypted.serve(&Under::default()).unwrap();
    let api = Api::sign_in(&onfile, &encrypted).await;
    let ledger = Ledger::new(&directory.path().join("ledger"));
    let load = Load::start(
        &[&api],
        &ledger,
        &Model::default(),
        &mut chance,
        Stop::After(100),
    );
    load.stopped().await;
    assert!(Model::of(&ledger.read()).acknowledged() > 0);
    onfile.end();

    for (rest, said) in [
        ("sslmode=disable", "no encryption"),
        ("sslmode=verify-full", "cannot be encrypted"),
        (
            "sslmode=verify-ca&sslrootcert=/nowhere",
            "cannot be encrypted",
        ),
    ] {
        let refused = told(rest).serve(&Under::default()).err().unwrap();
        assert!(refused.contains(said), "{rest}: {refused}");
    }
}

/// A crash of a server that answers before it has written.
async fn crash_of_a_hasty_server(chance: &mut Chance) -> Findings {
    let directory = TempDir::new().unwrap();
    let cluster = Cluster::new();
    let installation = Installation::on(Server::direct(&cluster), directory.path().join("data"));
    let onfile = installation.serve(&Under::default()).unwrap();
    // an Onfile that is yet to start would refuse it
    cluster.answer_before_writing().await;
    let ledger = Ledger::new(&directory.path().join("ledger"));
    let api = Api::sign_in(&onfile, &installation).await;
    let empty = Model::default();
    let mut load = Load::start(&[&api], &ledger, &empty, chance, Stop::WhenTold);
    load.until(|counts| counts.happened >= 400).await;
    cluster.crash();
    load.until(|counts| counts.refused > 0).await;
    cluster.start();
    load.served_again().await;
    load.stop().await;
    installation.quiet().await;
    let mut model = Model::of(&ledger.read());
    audit(&installation, &api, &mut model, 0).await
}

/// The proof that it bites. What is not written yet when the server crashes is little, so that a crash
/// may find it with nothing to lose.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_a_postgresql_that_loses_commits_is_found_out() {
    let mut chance = Chance::announced("crash of a hasty PostgreSQL");
    let mut found = Findings::default();
    let mut crashes = 0;
    while found.lost == 0 && crashes < 6 {
        found.add(crash_of_a_hasty_server(&mut chance).await);
        crashes += 1;
    }
    println!("crash of PostgreSQL, with synchronous_commit=off: {crashes} crashes, {found}");
    assert!(found.lost > 0, "a server that loses commits loses nothing");
}
