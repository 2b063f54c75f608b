//! Several nodes on one database, and a server that cuts its connections: each store here is a node.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what fails in a test fails the test"
)]

mod database;

use std::sync::Arc;

use shared::consent::ConsentAct;
use sqlx::PgConnection;
use store::conformance::sample::{
    at, audit, challenge, challenge_id, consent, customer, customer_id, merchant_id, next, people,
    session, session_id, token, token_id,
};
use store::{Creation, Head, Inserted, Replaced, Store, StoreError, Write};
use store_postgres::PostgresStore;
use tokio::task::JoinHandle;

use crate::database::Database;

async fn nodes(customers: u32) -> (Database, Arc<PostgresStore>, Arc<PostgresStore>) {
    let database = Database::new().await;
    let first = PostgresStore::open(&database.url).await.unwrap();
    let second = PostgresStore::open(&database.url).await.unwrap();
    people(&first, customers).await.unwrap();
    (database, Arc::new(first), Arc::new(second))
}

/// Until somebody waits for a lock in this database, or the task is done without that.
async fn waits_or_is_done<T>(connection: &mut PgConnection, task: &JoinHandle<T>) {
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        if waiting > 0 || task.is_finished() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_append_to_one_chain_without_gaps() {
    let (_database, first, second) = nodes(1).await;
    let append = |store: Arc<PostgresStore>| async move {
        for _ in 0..10 {
            let mut unit = store.write().await.unwrap();
            let head = unit.audit_head(&merchant_id(1)).await.unwrap();
            let seq = head.map_or(1, |(last, _)| last + 1);
            unit.append_audit(&audit(1, seq, Some(1))).await.unwrap();
            unit.commit().await.unwrap();
        }
    };
    let running = [
        tokio::spawn(append(first.clone())),
        tokio::spawn(append(second.clone())),
        tokio::spawn(append(first.clone())),
    ];
    for task in running {
        task.await.unwrap();
    }
    let mut read = second.read().await.unwrap();
    let head = read.audit_head(&merchant_id(1)).await.unwrap();
    assert_eq!(head.map(|(seq, _)| seq), Some(30));
}

/// What a unit has read, another one waits for, and then sees what became of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_a_unit_has_read_is_not_changed_by_another_node() {
    let (database, first, second) = nodes(1).await;
    let mut watching = database.connect().await;
    let mut unit = first.write().await.unwrap();
    unit.customer(&merchant_id(1), &customer_id(1))
        .await
        .unwrap();
    let other = tokio::spawn(async move {
        let mut unit = second.write().await.unwrap();
        unit.customer(&merchant_id(1), &customer_id(1))
            .await
            .unwrap()
    });
    waits_or_is_done(&mut watching, &other).await;
    let replaced = unit
        .replace_customer(&merchant_id(1), &next(&customer(1)))
        .await;
    assert_eq!(replaced.unwrap(), Replaced::Yes);
    unit.commit().await.unwrap();
    assert_eq!(other.await.unwrap(), Some(next(&customer(1))));
}

/// One comes from the token, as a provider's answer does, the other from the customer, as its deletion
/// does: had the first only the token, each would wait for the other.
#[tokio::test(flavor = "multi_thread")]
async fn who_changes_a_token_and_who_changes_its_customer_do_not_wait_for_each_other() {
    let (database, first, second) = nodes(1).await;
    let merchant = merchant_id(1);
    let mut unit = first.write().await.unwrap();
    let inserted = unit.insert_token(&merchant, &token(1, 1)).await;
    assert_eq!(inserted.unwrap(), Inserted::Yes);
    unit.commit().await.unwrap();

    let mut watching = database.connect().await;
    let mut from_token = first.write().await.unwrap();
    from_token.token(&merchant, &token_id(1)).await.unwrap();
    let other = tokio::spawn(async move {
        let mut from_customer = second.write().await.unwrap();
        let merchant = merchant_id(1);
        from_customer
            .customer(&merchant, &customer_id(1))
            .await
            .unwrap();
        from_customer
            .replace_token(&merchant, &token(1, 1))
            .await
            .unwrap()
    });
    waits_or_is_done(&mut watching, &other).await;
    let customer = from_token.customer(&merchant, &customer_id(1)).await;
    assert!(customer.unwrap().is_some());
    from_token.commit().await.unwrap();
    assert_eq!(other.await.unwrap(), Replaced::Yes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_not_passed_by_two_nodes_that_count_at_once() {
    let (_database, first, second) = nodes(0).await;
    let attempt = |store: Arc<PostgresStore>, number: i64| async move {
        let mut unit = store.write().await.unwrap();
        let merchant = merchant_id(1);
        let count = unit
            .count_events(Some(&merchant), "sends", b"phone", at(0))
            .await
            .unwrap();
        if count < 5 {
            unit.record_event(Some(&merchant), "sends", b"phone", at(number))
                .await
                .unwrap();
        }
        unit.commit().await.unwrap();
    };
    let running: Vec<_> = (0..24)
        .map(|number| {
            let store = if number % 2 == 0 { &first } else { &second };
            tokio::spawn(attempt(store.clone(), number))
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
    let mut read = first.read().await.unwrap();
    let count = read
        .count_events(Some(&merchant_id(1)), "sends", b"phone", at(0))
        .await;
    assert_eq!(count.unwrap(), 5);
}

/// Wrong tries are counted on the challenge itself: none may be lost between two nodes.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_tries_on_two_nodes_all_count() {
    let (_database, first, second) = nodes(1).await;
    let mut unit = first.write().await.unwrap();
    let inserted = unit.insert_session(&merchant_id(1), &session(1, 1)).await;
    assert_eq!(inserted.unwrap(), Inserted::Yes);
    let inserted = unit
        .insert_challenge(&merchant_id(1), &challenge(1, 1))
        .await;
    assert_eq!(inserted.unwrap(), Inserted::Yes);
    unit.commit().await.unwrap();
    let before = challenge(1, 1).wrong;
    let attempt = |store: Arc<PostgresStore>| async move {
        let merchant = merchant_id(1);
        let mut unit = store.write().await.unwrap();
        let found = unit.challenge(&merchant, &challenge_id(1)).await.unwrap();
        let mut found = found.unwrap();
        found.wrong += 1;
        let replaced = unit.replace_challenge(&merchant, &found).await;
        assert_eq!(replaced.unwrap(), Replaced::Yes);
        unit.commit().await.unwrap();
    };
    let running: Vec<_> = (0..20)
        .map(|number| {
            let store = if number % 2 == 0 { &first } else { &second };
            tokio::spawn(attempt(store.clone()))
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
    let mut read = second.read().await.unwrap();
    let found = read.challenge(&merchant_id(1), &challenge_id(1)).await;
    assert_eq!(found.unwrap().map(|found| found.wrong), Some(before + 20));
    let found = read.session(&merchant_id(1), &session_id(1)).await.unwrap();
    assert_eq!(found, Some(session(1, 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn consents_of_one_customer_are_numbered_across_nodes() {
    let (_database, first, second) = nodes(1).await;
    let append = |store: Arc<PostgresStore>, number: i64| async move {
        let mut unit = store.write().await.unwrap();
        unit.append_consent(
            &merchant_id(1),
            &customer_id(1),
            &consent(Some(1), ConsentAct::Given, number),
        )
        .await
        .unwrap();
        unit.commit().await.unwrap();
    };
    let running: Vec<_> = (0..20)
        .map(|number| {
            let store = if number % 2 == 0 { &first } else { &second };
            tokio::spawn(append(store.clone(), number))
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_message_that_a_node_is_taking_is_left_to_it() {
    let (_database, first, second) = nodes(0).await;
    let mut unit = first.write().await.unwrap();
    for number in 1..=2 {
        unit.enqueue(&store::conformance::sample::message(1, number, 10))
            .await
            .unwrap();
    }
    unit.commit().await.unwrap();
    let mut one = first.write().await.unwrap();
    let mut other = second.write().await.unwrap();
    let taken = one.claim_outbox(at(20), at(30), 1).await.unwrap();
    let rest = other.claim_outbox(at(20), at(30), 9).await.unwrap();
    assert_eq!((taken.len(), rest.len()), (1, 1));
    assert_ne!(taken[0].message_id, rest[0].message_id);
}

/// Not a text to this engine, but whoever asks is answered as for any other that names nothing.
#[tokio::test]
async fn what_no_text_can_hold_is_not_found() {
    let (_database, first, _second) = nodes(1).await;
    let mut read = first.read().await.unwrap();
    assert_eq!(read.api_key("a\0b").await.unwrap(), None);
    assert_eq!(read.admin_by_email("a\0b").await.unwrap(), None);
    let token = read.token_by_reference(&merchant_id(1), "a\0b").await;
    assert_eq!(token.unwrap(), None);
}

/// A unit that lost its connection is lost as a whole, and the store goes on with new ones.
#[tokio::test]
async fn a_store_recovers_by_itself_when_its_connections_are_cut() {
    let (database, first, _second) = nodes(1).await;
    let mut unit = first.write().await.unwrap();
    let inserted = unit.insert_customer(&merchant_id(1), &customer(2)).await;
    assert_eq!(inserted.unwrap(), Inserted::Yes);
    database.cut().await;
    let cut = unit.insert_customer(&merchant_id(1), &customer(3)).await;
    assert!(matches!(cut, Err(StoreError::Unavailable(_))), "{cut:?}");
    let commit = unit.commit().await;
    assert!(
        matches!(commit, Err(StoreError::Unavailable(_))),
        "{commit:?}"
    );
    assert!(first.is_healthy());
    // those that were idle may each fail once, and are never given out again
    let mut found = None;
    for _ in 0..20 {
        let mut read = first.read().await.unwrap();
        match read.count_customers(&merchant_id(1), None).await {
            Ok(count) => {
                found = Some(count);
                break;
            }
            Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error}"),
        }
    }
    assert_eq!(found, Some(1));
}

/// After a statement that is refused without a savepoint the engine would answer a commit by rolling
/// back, and call that a success.
#[tokio::test]
async fn a_unit_with_a_failed_statement_cannot_be_committed() {
    let (_database, first, second) = nodes(1).await;
    let mut unit = first.write().await.unwrap();
    unit.append_audit(&audit(1, 1, None)).await.unwrap();
    let twice = unit.append_audit(&audit(1, 1, None)).await;
    assert!(matches!(twice, Err(StoreError::Refused(_))), "{twice:?}");
    let later = unit.merchants().await.map(drop);
    assert!(
        matches!(later, Err(StoreError::Unavailable(_))),
        "{later:?}"
    );
    let commit = unit.commit().await;
    assert!(
        matches!(commit, Err(StoreError::Unavailable(_))),
        "{commit:?}"
    );
    let mut read = second.read().await.unwrap();
    assert_eq!(read.audit_head(&merchant_id(1)).await.unwrap(), None);
}

/// Adds the next entry to the merchant's chain, and answers its number.
async fn append(unit: &mut dyn Write) -> store::Result<i64> {
    let head = unit.audit_head(&merchant_id(1)).await?;
    let seq = head.map_or(1, |(last, _)| last + 1);
    unit.append_audit(&audit(1, seq, Some(1))).await?;
    Ok(seq)
}

async fn create(store: &dyn Store, number: u32) {
    let new = |end: Option<Head>| {
        let seq = end.map_or(1, |(last, _)| last + 1);
        vec![Creation {
            customer: customer(number),
            entry: audit(1, seq, Some(number)),
            answer: None,
        }]
    };
    store.create_customers(&merchant_id(1), &new).await.unwrap();
}

/// A unit that has read the end of the chain finds the place behind it free.
#[tokio::test]
async fn a_creation_waits_for_a_unit_of_another_node_that_has_the_chain() {
    let (database, first, second) = nodes(0).await;
    let mut watching = database.connect().await;
    create(&*second, 1).await;
    let mut unit = first.write_of(&merchant_id(1)).await.unwrap();
    unit.audit_head(&merchant_id(1)).await.unwrap();
    let creation = tokio::spawn(async move { create(&*second, 2).await });
    waits_or_is_done(&mut watching, &creation).await;
    append(&mut *unit).await.unwrap();
    unit.commit().await.unwrap();
    creation.await.unwrap();
    assert_eq!(end_of_chain(&*first).await, 3);
}

/// In one statement, or behind what others of either node are at.
#[tokio::test]
async fn customers_that_two_nodes_create_have_their_places_in_one_chain() {
    let (_database, first, second) = nodes(0).await;
    let creations: Vec<_> = (1..=80)
        .map(|number| {
            let store = if number % 2 == 0 { &first } else { &second }.clone();
            tokio::spawn(async move {
                if number % 5 == 0 {
                    let mut unit = store.write_of(&merchant_id(1)).await.unwrap();
                    append(&mut *unit).await.unwrap();
                    unit.commit().await.unwrap();
                }
                create(&*store, number).await;
            })
        })
        .collect();
    for creation in creations {
        creation.await.unwrap();
    }
    let mut read = first.read().await.unwrap();
    let created = read.count_customers(&merchant_id(1), None).await.unwrap();
    assert_eq!((created, end_of_chain(&*first).await), (80, 96));
}

async fn end_of_chain(store: &dyn Store) -> i64 {
    let mut read = store.read().await.unwrap();
    let head = read.audit_head(&merchant_id(1)).await.unwrap();
    head.map_or(0, |(seq, _)| seq)
}

/// Two units of one merchant: the first finishes and hands its transaction on to the second, which does
/// what is given. What the first is answered.
async fn first_of_two<F>(
    store: &Arc<PostgresStore>,
    second: impl FnOnce(Box<dyn Write>) -> F + Send + 'static,
) -> store::Result<()>
where
    F: Future<Output = ()> + Send,
{
    let mut first = store.write_of(&merchant_id(1)).await.unwrap();
    append(&mut *first).await.unwrap();
    let store = store.clone();
    let second =
        tokio::spawn(async move { second(store.write_of(&merchant_id(1)).await.unwrap()).await });
    // on one thread: now it is in the queue
    tokio::task::yield_now().await;
    let answer = first.commit().await;
    second.await.unwrap();
    answer
}

#[tokio::test]
async fn units_of_one_merchant_share_a_commit() {
    let (_database, first, second) = nodes(1).await;
    let committed = first_of_two(&first, async move |mut unit| {
        assert_eq!(append(&mut *unit).await.unwrap(), 2);
        assert_eq!(end_of_chain(&*second).await, 0, "neither is committed yet");
        unit.commit().await.unwrap();
    });
    committed.await.unwrap();
    assert_eq!(end_of_chain(&*first).await, 2);
}

#[tokio::test]
async fn a_unit_that_fails_or_is_given_up_takes_no_other_along() {
    let (_database, first, _second) = nodes(1).await;
    let committed = first_of_two(&first, async |mut unit| {
        unit.append_audit(&audit(1, 1, None)).await.unwrap_err();
        assert!(append(&mut *unit).await.is_err(), "it takes nothing more");
        unit.commit().await.unwrap_err();
    });
    committed.await.unwrap();
    assert_eq!(end_of_chain(&*first).await, 1);
    let committed = first_of_two(&first, async |mut unit| {
        assert_eq!(append(&mut *unit).await.unwrap(), 3);
    });
    committed.await.unwrap();
    assert_eq!(end_of_chain(&*first).await, 2);
    // polled once: the statement is on its way, and its answer is never waited for
    let committed = first_of_two(&first, async |mut unit| {
        tokio::select! {
            biased;
            _ = append(&mut *unit) => {},
            () = std::future::ready(()) => {},
        }
    });
    committed.await.unwrap();
    let mut unit = first.write_of(&merchant_id(1)).await.unwrap();
    assert_eq!(append(&mut *unit).await.unwrap(), 4);
    unit.commit().await.unwrap();
}

#[tokio::test]
async fn who_shares_a_transaction_with_a_cut_connection_is_told_so() {
    let (database, first, second) = nodes(1).await;
    let committed = first_of_two(&first, async move |mut unit| {
        database.cut().await;
        let cut = append(&mut *unit).await;
        assert!(matches!(cut, Err(StoreError::Unavailable(_))), "{cut:?}");
        drop(unit);
        let mut unit = first_unit_that_works(&*second).await;
        assert_eq!(append(&mut *unit).await.unwrap(), 1, "nothing has stayed");
    });
    let committed = committed.await;
    assert!(
        matches!(committed, Err(StoreError::Unavailable(_))),
        "{committed:?}"
    );
}

/// After connections were cut, those that were idle may each fail once.
async fn first_unit_that_works(store: &dyn Store) -> Box<dyn Write> {
    loop {
        match store.write_of(&merchant_id(1)).await {
            Ok(unit) => return unit,
            Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_two_nodes_add_to_one_chain_without_gaps() {
    let (_database, first, second) = nodes(1).await;
    let units: Vec<_> = (0..80)
        .map(|number| {
            let store = if number % 2 == 0 { &first } else { &second }.clone();
            tokio::spawn(async move {
                let mut unit = store.write_of(&merchant_id(1)).await.unwrap();
                append(&mut *unit).await.unwrap();
                // some are given up
                if number % 5 != 0 {
                    unit.commit().await.unwrap();
                }
            })
        })
        .collect();
    for unit in units {
        unit.await.unwrap();
    }
    let mut read = first.read().await.unwrap();
    let entries = read.audit_entries(&merchant_id(1), 0, 100).await.unwrap();
    let places: Vec<i64> = entries.into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(places, (1..=64).collect::<Vec<i64>>());
}
