//! Two nodes on one PostgreSQL, killed in turn. The other one serves on, and what the dead one has left
//! undone is done once.

use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

use crate::api::Api;
use crate::chance::{Chance, how_many};
use crate::cluster::Cluster;
use crate::installation::{Installation, Running, Server, Under};
use crate::kill::Audits;
use crate::load::{Load, Stop};

/// Ends the leases of whoever is dead, as 30 seconds would, and waits until every task is done.
async fn all_is_done(cluster: &Cluster) {
    let mut database = PgConnection::connect(&cluster.url()).await.unwrap();
    let now = "update outbox_messages set due_at = 0";
    database.execute(now).await.unwrap();
    let left = "select count(*) from outbox_messages";
    while sqlx::query_scalar::<_, i64>(left)
        .fetch_one(&mut database)
        .await
        .unwrap()
        > 0
    {
        tokio::task::yield_now().await;
    }
    let undone: i64 = sqlx::query_scalar(
        "select count(*) from card_tokens where status = 'INITIATED'
         or (status = 'DEACTIVATED' and provider_token_reference is not null and removal_confirmed_at is null)",
    )
    .fetch_one(&mut database)
    .await
    .unwrap();
    assert_eq!(undone, 0, "the outbox is empty, and not everything is done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_serves_on_while_the_other_is_killed() {
    let cycles = how_many("ONFILE_NODE_KILLS", 4);
    let mut chance = Chance::announced("two nodes");
    let directory = TempDir::new().unwrap();
    let cluster = Cluster::new();
    let one = Installation::on(Server::direct(&cluster), directory.path().join("one"));
    let other = one.node(directory.path().join("other"));
    let installations = [one, other];
    let start = |node: usize| installations[node].serve(&Under::default()).unwrap();
    let mut running: [Running; 2] = [start(0), start(1)];
    let mut audits = Audits::new(&installations[0], &directory);
    let (mut broken, mut refused) = (0, 0);
    for cycle in 0..cycles {
        let dies = cycle % 2;
        let apis = [
            Api::sign_in(&running[0], &installations[0]).await,
            Api::sign_in(&running[1], &installations[1]).await,
        ];
        let (model, _) = audits.next(&apis[dies]).await;
        let both = [&apis[0], &apis[1]];
        let mut load = Load::start(&both, &audits.ledger, &model, &mut chance, Stop::WhenTold);
        let target = 50 + u64::try_from(chance.below(600)).unwrap();
        load.until(|counts| counts.happened >= target).await;
        running[dies].kill();
        load.served_again().await;
        running[dies] = start(dies);
        apis[dies].follow(&running[dies]);
        load.served_again().await;
        let counts = load.stop().await;
        assert_eq!((counts.failed, counts.hung), (0, 0), "{counts:?}");
        broken += counts.broken;
        refused += counts.refused;
    }
    all_is_done(&cluster).await;
    let api = Api::sign_in(&running[0], &installations[0]).await;
    let found = audits.last(&api).await;
    println!(
        "two nodes: {cycles} kills, {broken} connections broken, {refused} answers 503, {found}"
    );
}
