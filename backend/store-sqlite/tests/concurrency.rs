//! Many at once: nobody is left waiting, and what is there afterwards is exactly what was committed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what fails in a test fails the test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use shared::customer::CustomerState;
use store::conformance::sample::{audit, customer, customer_id, merchant_id, people, token};
use store::{Creation, CustomerRecord, Head, Inserted, Replaced, Store, StoreError};
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::task::JoinSet;

async fn open(directory: &TempDir) -> Arc<SqliteStore> {
    Arc::new(
        SqliteStore::open(&directory.path().join("onfile.db"))
            .await
            .unwrap(),
    )
}

/// What becomes of a unit.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Commits,
    /// Commits although a statement was refused.
    CommitsAfterRefusal,
    /// Commits although an insert found its place taken.
    CommitsAfterTaken,
    DroppedAtOnce,
    DroppedAfterStatements,
    DroppedAfterRefusal,
    /// Its task is aborted after so many turns of the scheduler: anywhere, its commit included.
    Aborted(u8),
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        6 => Just(Fate::Commits),
        1 => Just(Fate::CommitsAfterRefusal),
        1 => Just(Fate::CommitsAfterTaken),
        1 => Just(Fate::DroppedAtOnce),
        1 => Just(Fate::DroppedAfterStatements),
        1 => Just(Fate::DroppedAfterRefusal),
        4 => any::<u8>().prop_map(Fate::Aborted),
    ];
    proptest::collection::vec(fate, 200)
}

async fn live(store: Arc<SqliteStore>, number: u32, fate: Fate) -> Result<bool, StoreError> {
    let merchant = merchant_id(1);
    let mut unit = store.write().await?;
    if matches!(fate, Fate::DroppedAtOnce) {
        return Ok(false);
    }
    let seq = unit
        .audit_head(&merchant)
        .await?
        .map_or(1, |(last, _)| last + 1);
    assert_eq!(
        unit.insert_customer(&merchant, &customer(number)).await?,
        Inserted::Yes
    );
    if matches!(fate, Fate::CommitsAfterTaken) {
        assert_eq!(
            unit.insert_customer(&merchant, &customer(number)).await?,
            Inserted::Taken
        );
    }
    if matches!(fate, Fate::CommitsAfterRefusal | Fate::DroppedAfterRefusal) {
        unit.insert_token(&merchant, &token(number, 1_000_000))
            .await
            .unwrap_err();
    }
    unit.append_audit(&audit(1, seq, Some(number))).await?;
    if matches!(
        fate,
        Fate::DroppedAfterStatements | Fate::DroppedAfterRefusal
    ) {
        return Ok(false);
    }
    unit.commit().await?;
    Ok(true)
}

async fn all_live(fates: &[Fate]) {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).await;
    people(&*store, 0).await.unwrap();
    let tasks: Vec<_> = (1..)
        .zip(fates)
        .map(|(number, fate)| {
            let task = tokio::spawn(live(store.clone(), number, *fate));
            if let Fate::Aborted(turns) = *fate {
                let handle = task.abort_handle();
                tokio::spawn(async move {
                    for _ in 0..u32::from(turns) * 4 {
                        tokio::task::yield_now().await;
                    }
                    handle.abort();
                });
            }
            (number, task)
        })
        .collect();

    let mut chain = 0;
    for (number, task) in tasks {
        let outcome = tokio::time::timeout(Duration::from_mins(1), task)
            .await
            .expect("nobody is left waiting");
        let mut read = store.read().await.unwrap();
        let found = read
            .customer(&merchant_id(1), &customer_id(number))
            .await
            .unwrap();
        match outcome {
            Ok(committed) => assert_eq!(found.is_some(), committed.unwrap(), "customer {number}"),
            // aborted: committed or not, but never by half
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
    }
    // whatever was aborted while it committed has settled when a later unit is done
    store.write().await.unwrap().commit().await.unwrap();
    let mut read = store.read().await.unwrap();
    for number in (1..).take(fates.len()) {
        let found = read
            .customer(&merchant_id(1), &customer_id(number))
            .await
            .unwrap()
            .is_some();
        let entries = read
            .history_of(&merchant_id(1), &customer_id(number), 9)
            .await
            .unwrap()
            .len();
        assert_eq!(
            usize::from(found),
            entries,
            "customer {number} and its audit entry go together"
        );
        chain += entries;
    }
    let head = read
        .audit_head(&merchant_id(1))
        .await
        .unwrap()
        .map_or(0, |(seq, _)| seq);
    assert_eq!(
        usize::try_from(head).unwrap(),
        chain,
        "the chain has no gaps"
    );
    assert!(store.is_healthy());
    store.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_hundred_units_of_every_fate_end_as_they_were_told(fates in fates(), threads in 1usize..4) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
        runtime.block_on(all_live(&fates));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_thousand_concurrent_inserts_of_a_phone_is_let_in() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).await;
    people(&*store, 0).await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 1..=1_000 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut unit = store.write().await.unwrap();
            let record = CustomerRecord {
                phone_index: Some(b"one phone".to_vec()),
                ..customer(number)
            };
            let inserted = unit
                .insert_customer(&merchant_id(1), &record)
                .await
                .unwrap();
            unit.commit().await.unwrap();
            inserted
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.len(), 1_000);
    assert_eq!(
        outcomes
            .iter()
            .filter(|inserted| **inserted == Inserted::Yes)
            .count(),
        1
    );
    let mut read = store.read().await.unwrap();
    assert_eq!(
        read.count_customers(&merchant_id(1), None).await.unwrap(),
        1
    );
}

/// Readers go on while writers write; none sees a version older than one that was acknowledged before
/// it asked, nor goes back in time, by id, by phone, or in what hangs on the customer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_sees_what_was_overwritten() {
    const CUSTOMERS: u32 = 8;
    const ROUNDS: i64 = 150;
    let directory = TempDir::new().unwrap();
    let store = open(&directory).await;
    people(&*store, CUSTOMERS).await.unwrap();
    let acknowledged: Arc<Vec<AtomicI64>> =
        Arc::new((0..=CUSTOMERS).map(|_| AtomicI64::new(1)).collect());

    let mut writers = JoinSet::new();
    for number in 1..=CUSTOMERS {
        let (store, acknowledged) = (store.clone(), acknowledged.clone());
        writers.spawn(async move {
            for version in 2..=ROUNDS {
                let mut unit = store.write().await.unwrap();
                let record = CustomerRecord {
                    version,
                    ..customer(number)
                };
                assert_eq!(
                    unit.replace_customer(&merchant_id(1), &record)
                        .await
                        .unwrap(),
                    Replaced::Yes
                );
                let token_number = u32::try_from(version).unwrap() * 100 + number;
                assert_eq!(
                    unit.insert_token(&merchant_id(1), &token(token_number, number))
                        .await
                        .unwrap(),
                    Inserted::Yes
                );
                unit.commit().await.unwrap();
                acknowledged[usize::try_from(number).unwrap()].store(version, Ordering::SeqCst);
            }
        });
    }
    let mut readers = JoinSet::new();
    for reader in 0..4 {
        let (store, acknowledged) = (store.clone(), acknowledged.clone());
        readers.spawn(async move {
            let mut seen = [0; 9];
            let mut round = reader;
            while acknowledged
                .iter()
                .skip(1)
                .any(|version| version.load(Ordering::SeqCst) < ROUNDS)
            {
                round += 1;
                let number = round % CUSTOMERS + 1;
                let index = usize::try_from(number).unwrap();
                let least = acknowledged[index].load(Ordering::SeqCst).max(seen[index]);
                let mut read = store.read().await.unwrap();
                let merchant = merchant_id(1);
                let found = match round % 3 {
                    0 => {
                        read.customer(&merchant, &customer_id(number))
                            .await
                            .unwrap()
                            .unwrap()
                            .version
                    }
                    1 => {
                        let phone = customer(number).phone_index.unwrap();
                        read.customer_by_phone(&merchant, &phone)
                            .await
                            .unwrap()
                            .unwrap()
                            .version
                    }
                    _ => {
                        i64::try_from(
                            read.tokens_of(&merchant, &customer_id(number))
                                .await
                                .unwrap()
                                .len(),
                        )
                        .unwrap()
                            + 1
                    }
                };
                assert!(found >= least, "customer {number}: {found} after {least}");
                seen[index] = found;
                // What is in memory is answered without a pause, in which a writer could go on.
                tokio::task::yield_now().await;
            }
        });
    }
    writers.join_all().await;
    readers.join_all().await;
}

/// Phones go round among customers while readers look them up: whoever is found has that phone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_phone_never_leads_to_a_customer_who_gave_it_up() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).await;
    people(&*store, 1).await.unwrap();
    let phone = customer(1).phone_index.unwrap();
    let writer = tokio::spawn({
        let (store, phone) = (store.clone(), phone.clone());
        async move {
            for number in 2..200 {
                let mut unit = store.write().await.unwrap();
                let gone = CustomerRecord {
                    version: 2,
                    state: CustomerState::Deleted,
                    phone_index: Some(phone.clone()),
                    ..customer(number - 1)
                };
                assert_eq!(
                    unit.replace_customer(&merchant_id(1), &gone).await.unwrap(),
                    Replaced::Yes
                );
                let next = CustomerRecord {
                    phone_index: Some(phone.clone()),
                    ..customer(number)
                };
                assert_eq!(
                    unit.insert_customer(&merchant_id(1), &next).await.unwrap(),
                    Inserted::Yes
                );
                unit.commit().await.unwrap();
            }
        }
    });
    let mut last = 0;
    while !writer.is_finished() {
        let found = store
            .read()
            .await
            .unwrap()
            .customer_by_phone(&merchant_id(1), &phone)
            .await
            .unwrap();
        let found = found.expect("somebody has it at every moment");
        assert_eq!(found.state, CustomerState::Active);
        assert!(found.created_at.as_micros() >= last);
        last = found.created_at.as_micros();
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn another_process_is_noticed() {
    let directory = TempDir::new().unwrap();
    let (ours, theirs) = (open(&directory).await, open(&directory).await);
    people(&*ours, 0).await.unwrap();
    let name = async || {
        ours.read()
            .await
            .unwrap()
            .merchant(&merchant_id(1))
            .await
            .unwrap()
            .unwrap()
            .name
    };
    name().await;
    let mut unit = theirs.write().await.unwrap();
    let changed = store::MerchantRecord {
        name: "Theirs".to_owned(),
        ..store::conformance::sample::merchant(1)
    };
    assert_eq!(
        unit.replace_merchant(&changed).await.unwrap(),
        Replaced::Yes
    );
    assert_eq!(
        unit.insert_merchant(&store::conformance::sample::merchant(3))
            .await
            .unwrap(),
        Inserted::Yes
    );
    unit.commit().await.unwrap();
    assert!(
        ours.read()
            .await
            .unwrap()
            .merchant(&merchant_id(3))
            .await
            .unwrap()
            .is_some(),
        "what was not there is not kept"
    );
    tokio::time::timeout(Duration::from_secs(20), async {
        while name().await != "Theirs" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("noticed");
}

#[tokio::test]
async fn a_chain_goes_on_where_another_process_left_it() {
    let directory = TempDir::new().unwrap();
    let (ours, theirs) = (open(&directory).await, open(&directory).await);
    let merchant = people(&*ours, 0).await.unwrap();
    let mut last = 0;
    for store in [&ours, &ours, &theirs, &ours, &theirs, &theirs, &ours] {
        // what is given up, appended or not, leads nobody astray
        for appends in [false, true] {
            let mut unit = store.write().await.unwrap();
            let head = unit.audit_head(&merchant).await.unwrap();
            assert_eq!(head.map_or(0, |(seq, _)| seq), last);
            if appends {
                unit.append_audit(&audit(1, last + 1, None)).await.unwrap();
            }
        }
        let mut unit = store.write().await.unwrap();
        let head = unit.audit_head(&merchant).await.unwrap();
        assert_eq!(head.map_or(0, |(seq, _)| seq), last);
        last += 1;
        unit.append_audit(&audit(1, last, None)).await.unwrap();
        unit.commit().await.unwrap();
    }
}

/// In one call, which does not look whether anybody else has written.
#[tokio::test]
async fn customers_are_created_behind_what_another_process_added() {
    let directory = TempDir::new().unwrap();
    let (ours, theirs) = (open(&directory).await, open(&directory).await);
    let merchant = people(&*ours, 0).await.unwrap();
    for (number, store) in [&ours, &ours, &theirs, &theirs, &ours, &theirs, &ours]
        .into_iter()
        .enumerate()
    {
        let number = u32::try_from(number).unwrap() + 1;
        let new = |end: Option<Head>| {
            let seq = end.map_or(1, |(last, _)| last + 1);
            vec![Creation {
                customer: customer(number),
                entry: audit(1, seq, Some(number)),
                answer: None,
            }]
        };
        store.create_customers(&merchant, &new).await.unwrap();
        let mut read = store.read().await.unwrap();
        let head = read.audit_head(&merchant).await.unwrap();
        assert_eq!(head.map(|(seq, _)| seq), Some(i64::from(number)));
    }
}
