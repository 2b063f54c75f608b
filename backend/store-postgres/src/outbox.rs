//! Queries on the outbox.

use shared::Timestamp;
use shared::id::{MerchantId, MessageId};
use sqlx::PgConnection;
use store::OutboxRecord;
use store::row::OutboxRow;

use crate::error::Answer;

pub(crate) async fn next_due(connection: &mut PgConnection) -> Answer<Option<Timestamp>> {
    let due = sqlx::query_scalar!(r#"select min(due_at) as "due_at" from outbox_messages"#)
        .fetch_one(connection)
        .await?;
    Ok(due.map(Timestamp::from_micros))
}

pub(crate) async fn enqueue(connection: &mut PgConnection, message: &OutboxRecord) -> Answer<()> {
    let (merchant, message_id) = (message.merchant_id.as_str(), message.message_id.as_str());
    let (due_at, created_at) = (message.due_at.as_micros(), message.created_at.as_micros());
    sqlx::query!(
        "insert into outbox_messages (merchant_id, message_id, kind, payload, due_at, attempts, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        merchant,
        message_id,
        message.kind,
        message.payload,
        due_at,
        i64::from(message.attempts),
        created_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Messages that another unit is just taking are left to it, whoever's it is.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Answer<Vec<OutboxRecord>> {
    let rows = sqlx::query_as!(
        OutboxRow,
        "with due as (
             select merchant_id, message_id, due_at from outbox_messages
             where due_at <= $1 order by due_at, created_at, message_id limit $2
             for update skip locked
         ), claimed as (
             update outbox_messages as message set due_at = $3, attempts = message.attempts + 1
             from due where message.merchant_id = due.merchant_id and message.message_id = due.message_id
             returning message.*, due.due_at as was_due_at
         )
         select merchant_id, message_id, kind, payload, due_at, attempts, created_at from claimed
         order by was_due_at, created_at, message_id",
        now.as_micros(),
        i64::from(limit),
        lease_until.as_micros()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(OutboxRecord::try_from)
        .collect::<Result<_, _>>()?)
}

pub(crate) async fn finish(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    message: &MessageId,
) -> Answer<()> {
    let (merchant, message) = (merchant.as_str(), message.as_str());
    sqlx::query!(
        "delete from outbox_messages where merchant_id = $1 and message_id = $2",
        merchant,
        message
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn postpone(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    message: &MessageId,
    due_at: Timestamp,
) -> Answer<()> {
    let (merchant, message, due_at) = (merchant.as_str(), message.as_str(), due_at.as_micros());
    sqlx::query!(
        "update outbox_messages set due_at = $1 where merchant_id = $2 and message_id = $3",
        due_at,
        merchant,
        message
    )
    .execute(connection)
    .await?;
    Ok(())
}
