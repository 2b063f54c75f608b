//! The network between Onfile and PostgreSQL fails in every way that [`Network`] knows. Nobody waits
//! without end, and Onfile serves again by itself when the network does.

use tempfile::TempDir;

use crate::api::Api;
use crate::chance::{Chance, how_many};
use crate::cluster::{self, Cluster};
use crate::installation::{Installation, Server, Under};
use crate::kill::Audits;
use crate::load::{Counts, Load, Stop};
use crate::proxy::{Network, Proxy};

/// What a network does, and when it has done so for long enough.
type Trouble = (Network, fn(&Counts, &Counts) -> bool);

const TROUBLES: [Trouble; 6] = [
    (Network::Resets, |_, now| now.all_refused()),
    (Network::ClosesHalf, |before, now| {
        now.refused >= before.refused + 20
    }),
    (Network::Delays, |before, now| {
        now.happened >= before.happened + 60
    }),
    (Network::Trickles, |before, now| {
        now.happened >= before.happened + 60
    }),
    (Network::Swallows, |_, now| now.all_refused()),
    (Network::Loses, |_, now| now.all_refused()),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_broken_network_and_nobody_hangs() {
    let rounds = how_many("ONFILE_NETWORK_ROUNDS", 1);
    let mut chance = Chance::announced("network");
    let directory = TempDir::new().unwrap();
    let cluster = Cluster::new();
    let proxy = Proxy::new(cluster.address).await;
    let server = Server {
        told: cluster::url(proxy.address),
        beside: cluster.url(),
    };
    let installation = Installation::on(server, directory.path().join("data"));
    let onfile = installation.serve(&Under::default()).unwrap();
    let mut audits = Audits::new(&installation, &directory);
    let mut refused = [0; TROUBLES.len()];
    for _ in 0..rounds {
        for ((network, is_enough), refused) in TROUBLES.iter().zip(&mut refused) {
            let api = Api::sign_in(&onfile, &installation).await;
            let (model, _) = audits.next(&api).await;
            let mut load =
                Load::start(&[&api], &audits.ledger, &model, &mut chance, Stop::WhenTold);
            let target = 50 + u64::try_from(chance.below(200)).unwrap();
            load.until(|counts| counts.happened >= target).await;
            proxy.behave(*network);
            let before = load.counts();
            load.until(|now| is_enough(&before, now)).await;
            proxy.behave(Network::Well);
            load.served_again().await;
            let counts = load.stop().await;
            assert_eq!(
                (counts.failed, counts.broken, counts.hung),
                (0, 0, 0),
                "{network:?}: answered with 503 and Retry-After, and nothing else: {counts:?}"
            );
            *refused += counts.refused;
        }
    }
    let api = Api::sign_in(&onfile, &installation).await;
    let found = audits.last(&api).await;
    let refused: Vec<String> = TROUBLES
        .iter()
        .zip(refused)
        .map(|((network, _), refused)| format!("{network:?} {refused}"))
        .collect();
    println!(
        "network: {rounds} rounds, answers 503: {}; 0 hung, {found}",
        refused.join(", ")
    );
}
