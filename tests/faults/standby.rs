//! A primary and its synchronous standby. The primary dies under load and the standby is promoted; what was
//! acknowledged is there, and the old primary, when it comes back, is not asked again.

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use crate::api::Api;
use crate::auditor::{Findings, audit};
use crate::chance::{Chance, how_many};
use crate::cluster::Cluster;
use crate::installation::{Installation, Server, Under};
use crate::ledger::{Ledger, What};
use crate::load::{Counts, Load, Stop};
use crate::model::Model;

/// How many rows a query counts on a server.
async fn count(cluster: &Cluster, query: &'static str) -> i64 {
    let mut connection = PgConnection::connect(&cluster.url()).await.unwrap();
    sqlx::query_scalar(query)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

async fn primary_dies(chance: &mut Chance) -> (Counts, Findings) {
    let directory = TempDir::new().unwrap();
    let primary = Cluster::new();
    let standby = primary.standby().await;
    let both = Server::both(&primary, &standby);
    let installation = Installation::on(both, directory.path().join("data"));
    let onfile = installation.serve(&Under::default()).unwrap();
    let ledger = Ledger::new(&directory.path().join("ledger"));
    let api = Api::sign_in(&onfile, &installation).await;
    let empty = Model::default();
    let mut load = Load::start(&[&api], &ledger, &empty, chance, Stop::WhenTold);
    let target = 200 + u64::try_from(chance.below(800)).unwrap();
    load.until(|counts| counts.happened >= target).await;
    let readers = "select count(*) from pg_stat_activity
                   where application_name = 'onfile' and query like 'select%customers%'";
    // the last query of a connection is another one as often as not
    let most = load.counts().happened + 2_000;
    while count(&standby, readers).await == 0 {
        let happened = load.counts().happened;
        assert!(happened < most, "the standby answers no reads");
    }
    primary.crash();
    load.until(|counts| counts.refused > 0).await;
    standby.promote();
    load.served_again().await;
    // It has nobody to wait for, and takes writes all the same.
    primary.start();
    primary.set("synchronous_standby_names = ''").await;
    load.served_again().await;
    let counts = load.stop().await;

    let seen = installation.seen_on(&standby);
    seen.quiet().await;
    let mut model = Model::of(&ledger.read());
    let findings = audit(&seen, &api, &mut model, 0).await;
    let all = "select count(*) from customers";
    let (old, new) = (count(&primary, all).await, count(&standby, all).await);
    assert!(
        old < new,
        "the old primary has {old} customers and the new one {new}"
    );
    (counts, findings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_primary() {
    let rounds = how_many("ONFILE_PROMOTIONS", 1);
    let mut chance = Chance::announced("promotion");
    let (mut refused, mut findings) = (0, Findings::default());
    for _ in 0..rounds {
        let (counts, found) = primary_dies(&mut chance).await;
        assert_eq!((counts.failed, counts.hung), (0, 0), "{counts:?}");
        refused += counts.refused;
        findings.add(found);
    }
    println!("promotion of a standby: {rounds} rounds, {refused} answers 503, {findings}");
    findings.must_be_clean();
}

/// A commit that no standby has is never acknowledged, however long it waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_that_the_standby_does_not_have() {
    let mut chance = Chance::announced("no standby");
    let directory = TempDir::new().unwrap();
    let cluster = Cluster::new();
    let installation = Installation::on(Server::direct(&cluster), directory.path().join("data"));
    let onfile = installation.serve(&Under::default()).unwrap();
    let ledger = Ledger::new(&directory.path().join("ledger"));
    let api = Api::sign_in(&onfile, &installation).await;
    let create = async |op, phone: &str| {
        let phone = phone.to_owned();
        let told = api.attempt(op, &What::Create { phone }).await;
        told.unwrap().status
    };
    assert_eq!(create(u64::MAX, "7000000001").await, 201);
    cluster.set("synchronous_standby_names = 'nobody'").await;
    // the second is a statement that commits by itself: no timeout of statements ends its wait with success
    assert_eq!(create(u64::MAX, "7000000002").await, 503);
    let empty = Model::default();
    let mut load = Load::start(&[&api], &ledger, &empty, &mut chance, Stop::WhenTold);
    load.until(|counts| counts.refused >= 32).await;
    cluster.set("synchronous_standby_names = ''").await;
    let counts = load.counts();
    load.served_again().await;
    load.stop().await;
    println!("no standby: {counts:?}");
    assert_eq!(
        counts.served, 0,
        "acknowledged without a standby: {counts:?}"
    );
}
