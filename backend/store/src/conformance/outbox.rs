//! The outbox.

use super::sample::{at, merchant_id, message, message_id, people};
use crate::{OutboxRecord, Result, Store};

async fn put(store: &dyn Store, messages: &[OutboxRecord]) -> Result<()> {
    let mut unit = store.write().await?;
    for message in messages {
        unit.enqueue(message).await?;
    }
    unit.commit().await
}

async fn claim(
    store: &dyn Store,
    now: i64,
    lease_until: i64,
    limit: u32,
) -> Result<Vec<OutboxRecord>> {
    let mut unit = store.write().await?;
    let claimed = unit.claim_outbox(at(now), at(lease_until), limit).await?;
    unit.commit().await?;
    Ok(claimed)
}

fn claimed(message: OutboxRecord, lease_until: i64) -> OutboxRecord {
    OutboxRecord {
        due_at: at(lease_until),
        attempts: message.attempts + 1,
        ..message
    }
}

pub async fn due_messages_are_claimed_earliest_first(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    put(
        store,
        &[
            message(1, 1, 30),
            message(2, 2, 10),
            message(1, 3, 20),
            message(1, 4, 41),
        ],
    )
    .await?;
    assert_eq!(claim(store, 9, 100, 9).await?, []);
    let expected = [
        claimed(message(2, 2, 10), 100),
        claimed(message(1, 3, 20), 100),
    ];
    assert_eq!(claim(store, 40, 100, 2).await?, expected);
    assert_eq!(
        claim(store, 40, 100, 2).await?,
        [claimed(message(1, 1, 30), 100)]
    );
    assert_eq!(claim(store, 40, 100, 2).await?, []);
    Ok(())
}

pub async fn a_claimed_message_comes_back_when_its_lease_ends(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    put(store, &[message(1, 1, 10)]).await?;
    let first = claimed(message(1, 1, 10), 60);
    assert_eq!(claim(store, 10, 60, 9).await?, std::slice::from_ref(&first));
    assert_eq!(claim(store, 59, 120, 9).await?, []);
    let second = claimed(first, 120);
    assert_eq!(second.attempts, 2);
    assert_eq!(claim(store, 60, 120, 9).await?, [second]);
    Ok(())
}

pub async fn a_finished_message_is_gone(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    put(store, &[message(1, 1, 10), message(1, 2, 10)]).await?;
    claim(store, 10, 60, 1).await?;
    let mut unit = store.write().await?;
    unit.finish_outbox(&merchant, &message_id(1)).await?;
    unit.finish_outbox(&merchant, &message_id(1)).await?;
    unit.commit().await?;
    let left = claim(store, 1_000, 2_000, 9).await?;
    assert_eq!(
        left.into_iter()
            .map(|left| left.message_id)
            .collect::<Vec<_>>(),
        [message_id(2)]
    );
    Ok(())
}

pub async fn a_postponed_message_waits(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    put(store, &[message(1, 1, 10)]).await?;
    claim(store, 10, 60, 9).await?;
    let mut unit = store.write().await?;
    unit.postpone_outbox(&merchant, &message_id(1), at(300))
        .await?;
    unit.commit().await?;
    assert_eq!(claim(store, 299, 400, 9).await?, []);
    assert_eq!(
        claim(store, 300, 400, 9)
            .await?
            .first()
            .map(|message| message.attempts),
        Some(2)
    );
    Ok(())
}

pub async fn another_merchants_message_is_left_alone(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    put(store, &[message(1, 1, 10)]).await?;
    let mut unit = store.write().await?;
    unit.finish_outbox(&merchant_id(2), &message_id(1)).await?;
    unit.postpone_outbox(&merchant_id(2), &message_id(1), at(300))
        .await?;
    unit.commit().await?;
    assert_eq!(claim(store, 10, 60, 9).await?.len(), 1);
    Ok(())
}

pub async fn the_next_message_due_is_known(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    assert_eq!(store.read().await?.next_outbox_due().await?, None);
    put(store, &[message(1, 1, 30), message(2, 2, 20)]).await?;
    assert_eq!(store.read().await?.next_outbox_due().await?, Some(at(20)));
    claim(store, 20, 90, 9).await?;
    assert_eq!(store.read().await?.next_outbox_due().await?, Some(at(30)));
    Ok(())
}
