//! The PostgreSQL server crashes under a serving Onfile and is started again. Onfile says so meanwhile,
//! and serves again by itself.

use tempfile::TempDir;

use crate::api::Api;
use crate::chance::{Chance, how_many};
use crate::cluster::Cluster;
use crate::installation::{Installation, Server, Under};
use crate::kill::Audits;
use crate::load::{Load, Stop};

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
