use std::path::Path;

use tempfile::TempDir;

use std::pin::pin;

use store::conformance::sample::merchant_id;
use store::group::MOST_MEMBERS;

use super::*;

/// A writer on a new database with one table to count in.
async fn writer(directory: &Path) -> Writer {
    let connections = crate::open::open(&directory.join("onfile.db"), true)
        .await
        .unwrap();
    Writer::new(connections.writer, Arc::new(Cache::new()))
}

async fn put(turn: &mut Turn, name: &str) {
    let put = crate::merchants::set_instance_value(turn.connection().unwrap(), name, b"x").await;
    turn.note(put).unwrap();
}

async fn is_there(writer: &Writer, name: &str) -> bool {
    let mut turn = writer.begin().await.unwrap();
    let found = crate::merchants::instance_value(turn.connection().unwrap(), name).await;
    turn.note(found).unwrap().is_some()
}

async fn until_waiting(writer: &Writer, count: usize) {
    while writer.group.waiting() != count {
        tokio::task::yield_now().await;
    }
}

fn failure(reach: Reach) -> Answer<()> {
    Err(Failure {
        error: unavailable("made up"),
        reach,
    })
}

/// Two units: the first finishes and hands on, the second fails in the given way. What the first is
/// answered.
async fn first_of_two(writer: &Writer, reach: Reach) -> store::Result<()> {
    let mut first = writer.begin().await.unwrap();
    put(&mut first, "first").await;
    let second = tokio::spawn({
        let writer = writer.clone();
        async move {
            let mut second = writer.begin().await.unwrap();
            put(&mut second, "second").await;
            second.note(failure(reach)).unwrap_err();
            assert_eq!(
                second.connection().is_ok(),
                reach == Reach::Statement,
                "only then the transaction is still there"
            );
        }
    });
    until_waiting(writer, 1).await;
    let answer = first.commit().await;
    second.await.unwrap();
    answer
}

#[tokio::test]
async fn a_failed_statement_takes_nobody_along() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    first_of_two(&writer, Reach::Statement).await.unwrap();
    assert!(is_there(&writer, "first").await);
    assert!(!is_there(&writer, "second").await);
}

#[tokio::test]
async fn a_failed_transaction_loses_its_whole_group_and_writing_goes_on() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    first_of_two(&writer, Reach::Transaction).await.unwrap_err();
    assert!(writer.is_healthy());
    assert!(!is_there(&writer, "first").await);
    assert!(!is_there(&writer, "second").await);
    let mut turn = writer.begin().await.unwrap();
    put(&mut turn, "third").await;
    turn.commit().await.unwrap();
    assert!(is_there(&writer, "third").await);
}

#[tokio::test]
async fn after_an_error_of_the_disk_nothing_is_written_any_more() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    first_of_two(&writer, Reach::Engine).await.unwrap_err();
    assert!(!writer.is_healthy());
    let mut turn = writer.wait().await.unwrap();
    turn.remember_head(&merchant_id(1), (1, vec![1]));
    assert!(turn.whole(&merchant_id(1)).is_none());
    drop(turn);
    assert!(matches!(
        writer.begin().await.map(drop),
        Err(StoreError::Unavailable(_))
    ));
}

/// What is left of a unit in one call, which was begun and not committed, is undone, whether its caller
/// learns it or has gone away.
#[tokio::test]
async fn a_whole_unit_that_fails_leaves_nothing() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    for gone in [false, true] {
        let mut turn = writer.wait().await.unwrap();
        turn.remember_head(&merchant_id(1), (1, vec![1]));
        let (head, connection) = turn.whole(&merchant_id(1)).unwrap();
        assert_eq!(head, (1, vec![1]));
        sqlx::query("begin immediate")
            .execute(&mut *connection)
            .await
            .unwrap();
        crate::merchants::set_instance_value(connection, "whole", b"x")
            .await
            .unwrap();
        if gone {
            drop(turn);
        } else {
            let failed = failure(Reach::Unit).map(|()| head);
            turn.note_whole(&merchant_id(1), failed).await.unwrap_err();
        }
        assert!(!is_there(&writer, "whole").await);
        let mut turn = writer.begin().await.unwrap();
        assert_eq!(turn.known_head(&merchant_id(1)), None);
        put(&mut turn, "later").await;
        turn.commit().await.unwrap();
    }
    assert!(is_there(&writer, "later").await);
}

/// It would be committed with the others' or not at all.
#[tokio::test]
async fn no_unit_is_whole_behind_another_or_before_whoever_waits() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let mut first = writer.begin().await.unwrap();
    put(&mut first, "first").await;
    first.remember_head(&merchant_id(1), (1, vec![1]));
    let ask = |writer: Writer| async move {
        let mut turn = writer.wait().await.unwrap();
        turn.whole(&merchant_id(1)).is_some()
    };
    let behind = tokio::spawn(ask(writer.clone()));
    until_waiting(&writer, 1).await;
    first.commit().await.unwrap();
    assert!(!behind.await.unwrap());

    let mut turn = writer.wait().await.unwrap();
    turn.remember_head(&merchant_id(1), (1, vec![1]));
    let waits = tokio::spawn(ask(writer.clone()));
    until_waiting(&writer, 1).await;
    assert!(turn.whole(&merchant_id(1)).is_none());
    drop(turn);
    waits.await.unwrap();
}

#[tokio::test]
async fn a_finished_unit_is_answered_when_the_one_it_waits_for_goes_away() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let mut first = writer.begin().await.unwrap();
    put(&mut first, "first").await;
    let second = tokio::spawn({
        let writer = writer.clone();
        async move { writer.begin().await.map(drop) }
    });
    until_waiting(&writer, 1).await;
    // it leaves the queue only when it is polled next, which is after the first has handed on
    second.abort();
    tokio::time::timeout(Duration::from_secs(10), first.commit())
        .await
        .expect("an answer")
        .unwrap();
    assert!(is_there(&writer, "first").await);
}

#[tokio::test]
async fn a_finished_unit_is_answered_when_the_next_is_given_up() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let mut first = writer.begin().await.unwrap();
    put(&mut first, "first").await;
    tokio::spawn({
        let writer = writer.clone();
        async move {
            let mut second = writer.begin().await.unwrap();
            put(&mut second, "second").await;
        }
    });
    until_waiting(&writer, 1).await;
    tokio::time::timeout(Duration::from_secs(10), first.commit())
        .await
        .expect("an answer")
        .unwrap();
    assert!(is_there(&writer, "first").await);
    assert!(!is_there(&writer, "second").await);
}

#[tokio::test]
async fn a_caller_who_goes_away_while_committing_takes_no_other_along() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let mut first = writer.begin().await.unwrap();
    put(&mut first, "first").await;
    let second = tokio::spawn({
        let writer = writer.clone();
        async move {
            let mut second = writer.begin().await.unwrap();
            put(&mut second, "second").await;
            // polled once: the commit is on its way
            tokio::select! {
                biased;
                _ = second.commit() => {},
                () = std::future::ready(()) => {},
            }
        }
    });
    until_waiting(&writer, 1).await;
    tokio::time::timeout(Duration::from_secs(10), first.commit())
        .await
        .expect("an answer")
        .unwrap();
    second.await.unwrap();
    assert!(is_there(&writer, "first").await);
    assert!(is_there(&writer, "second").await);
}

#[tokio::test]
async fn a_unit_whose_statement_was_cut_short_cannot_commit() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let mut turn = writer.begin().await.unwrap();
    // sent by a caller who did not wait for the answer
    drop(crate::merchants::set_instance_value(
        turn.connection().unwrap(),
        "cut",
        b"x",
    ));
    assert!(turn.connection().is_err());
    turn.commit().await.unwrap_err();
    assert!(!is_there(&writer, "cut").await);
}

#[tokio::test]
async fn a_group_that_waited_long_enough_is_committed_before_the_next_unit_begins() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let mut first = writer.begin().await.unwrap();
    put(&mut first, "first").await;
    // a queue that never ends, of units that never commit
    let idle = tokio::spawn({
        let writer = writer.clone();
        async move {
            let mut waiting = Box::pin(writer.begin());
            loop {
                let mut next = Box::pin(writer.begin());
                // `next` is in the queue before `waiting` is served and given up
                tokio::select! {
                    biased;
                    _ = &mut next => {},
                    turn = &mut waiting => {
                        turn.unwrap();
                        waiting = next;
                    },
                }
            }
        }
    });
    until_waiting(&writer, 2).await;
    tokio::time::timeout(Duration::from_secs(10), first.commit())
        .await
        .expect("an answer")
        .unwrap();
    idle.abort();
    assert!(idle.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_group_is_never_larger_than_it_may_be() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let first = writer.begin().await.unwrap();
    let rest: Vec<_> = (0..3 * MOST_MEMBERS)
        .map(|n| {
            let writer = writer.clone();
            tokio::spawn(async move {
                let mut turn = writer.begin().await.unwrap();
                assert!(turn.0.finished_before() < MOST_MEMBERS);
                put(&mut turn, &n.to_string()).await;
                turn.commit().await.unwrap();
            })
        })
        .collect();
    until_waiting(&writer, 3 * MOST_MEMBERS).await;
    first.commit().await.unwrap();
    for one in rest {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn a_checkpoint_cuts_the_log_when_nobody_writes() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let log = directory.path().join("onfile.db-wal");
    let mut turn = writer.begin().await.unwrap();
    put(&mut turn, "first").await;
    turn.commit().await.unwrap();
    assert!(log.metadata().unwrap().len() > 0);
    writer.checkpoint(false).await;
    assert_eq!(log.metadata().unwrap().len(), 0);
    assert!(is_there(&writer, "first").await);
}

#[tokio::test]
async fn a_long_log_is_cut_even_when_others_wait_to_write() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let log = directory.path().join("onfile.db-wal");
    for long in [false, true] {
        let mut turn = writer.begin().await.unwrap();
        put(&mut turn, "first").await;
        let mut checkpoint = pin!(writer.checkpoint(long));
        // polled once: it is in the queue before the other
        tokio::select! {
            biased;
            () = &mut checkpoint => panic!("the connection is taken"),
            () = std::future::ready(()) => {},
        }
        let other = tokio::spawn({
            let writer = writer.clone();
            async move { writer.begin().await.map(drop) }
        });
        until_waiting(&writer, 1).await;
        let (committed, ()) = tokio::join!(turn.commit(), checkpoint);
        committed.unwrap();
        other.await.unwrap().unwrap();
        assert_eq!(log.metadata().unwrap().len() == 0, long);
    }
}

#[tokio::test]
async fn a_log_that_a_backup_reads_is_cut_later() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let path = directory.path().join("onfile.db");
    let log = directory.path().join("onfile.db-wal");
    let mut turn = writer.begin().await.unwrap();
    put(&mut turn, "first").await;
    turn.commit().await.unwrap();
    let mut backup = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let mut reading = backup.begin().await.unwrap();
    let count = "select count(*) from instance_values";
    let read: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut *reading)
        .await
        .unwrap();
    assert_eq!(read, 1);
    writer.checkpoint(true).await;
    assert!(log.metadata().unwrap().len() > 0);
    // other locks are waited for as long as ever
    let mut turn = writer.begin().await.unwrap();
    let timeout: Answer<i64> = sqlx::query_scalar("pragma busy_timeout")
        .fetch_one(turn.connection().unwrap())
        .await
        .map_err(Failure::from);
    assert_eq!(turn.note(timeout).unwrap(), 5000);
    put(&mut turn, "second").await;
    turn.commit().await.unwrap();
    reading.rollback().await.unwrap();
    backup.close().await.unwrap();
    writer.checkpoint(true).await;
    assert_eq!(log.metadata().unwrap().len(), 0);
}

#[tokio::test]
async fn the_end_of_a_chain_is_known_only_as_long_as_it_holds() {
    let directory = TempDir::new().unwrap();
    let writer = writer(directory.path()).await;
    let merchant = store::conformance::sample::merchant_id(1);
    let mut first = writer.begin().await.unwrap();
    first.remember_head(&merchant, (1, vec![1]));
    let handed_on = tokio::spawn({
        let (writer, merchant) = (writer.clone(), merchant.clone());
        async move {
            let mut second = writer.begin().await.unwrap();
            assert_eq!(second.known_head(&merchant), Some((1, vec![1])));
            second.remember_head(&merchant, (2, vec![2]));
            // given up, and what it knew with it
            drop(second);
            let mut third = writer.begin().await.unwrap();
            assert_eq!(third.known_head(&merchant), None);
        }
    });
    until_waiting(&writer, 1).await;
    first.commit().await.unwrap();
    handed_on.await.unwrap();
    let mut alone = writer.begin().await.unwrap();
    alone.remember_head(&merchant, (3, vec![3]));
    alone.commit().await.unwrap();
    // given up again, and what it knew with it
    assert!(
        writer
            .begin()
            .await
            .unwrap()
            .known_head(&merchant)
            .is_some()
    );
    let mut again = writer.begin().await.unwrap();
    assert_eq!(again.known_head(&merchant), None);
    again.remember_head(&merchant, (3, vec![3]));
    again.commit().await.unwrap();
    let mut theirs = self::writer(directory.path()).await.begin().await.unwrap();
    put(&mut theirs, "theirs").await;
    theirs.commit().await.unwrap();
    let mut after = writer.begin().await.unwrap();
    assert_eq!(after.known_head(&merchant), None, "another process wrote");
}
