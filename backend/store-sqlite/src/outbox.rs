//! Queries on the outbox.

use shared::Timestamp;
use shared::id::{MerchantId, MessageId};
use sqlx::SqliteConnection;
use store::OutboxRecord;
use store::row::OutboxRow;

use crate::error::Answer;

pub(crate) async fn next_due(connection: &mut SqliteConnection) -> Answer<Option<Timestamp>> {
    let due = sqlx::query_scalar!(r#"select min(due_at) as "due_at: i64" from outbox_messages"#)
        .fetch_one(connection)
        .await?;
    Ok(due.map(Timestamp::from_micros))
}

pub(crate) async fn enqueue(
    connection: &mut SqliteConnection,
    message: &OutboxRecord,
) -> Answer<()> {
    let (merchant, message_id) = (message.merchant_id.as_str(), message.message_id.as_str());
    let (due_at, created_at) = (message.due_at.as_micros(), message.created_at.as_micros());
    sqlx::query!(
        "insert into outbox_messages (merchant_id, message_id, kind, payload, due_at, attempts, created_at)
         values (?, ?, ?, ?, ?, ?, ?)",
        merchant,
        message_id,
        message.kind,
        message.payload,
        due_at,
        message.attempts,
        created_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The write connection is the only one that leases, so that what the first statement sees is what
/// the second one takes.
pub(crate) async fn claim(
    connection: &mut SqliteConnection,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Answer<Vec<OutboxRecord>> {
    let (now, lease_until_micros) = (now.as_micros(), lease_until.as_micros());
    let rows = sqlx::query_as!(
        OutboxRow,
        "select merchant_id, message_id, kind, payload, due_at, attempts, created_at from outbox_messages
         where due_at <= ? order by due_at, created_at, message_id limit ?",
        now,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query!(
        "update outbox_messages set due_at = ?, attempts = attempts + 1
         where rowid in (
             select rowid from outbox_messages where due_at <= ? order by due_at, created_at, message_id limit ?
         )",
        lease_until_micros,
        now,
        limit
    )
    .execute(connection)
    .await?;
    let mut messages = rows
        .into_iter()
        .map(OutboxRecord::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    for message in &mut messages {
        message.due_at = lease_until;
        message.attempts = message.attempts.saturating_add(1);
    }
    Ok(messages)
}

pub(crate) async fn finish(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    message: &MessageId,
) -> Answer<()> {
    let (merchant, message) = (merchant.as_str(), message.as_str());
    sqlx::query!(
        "delete from outbox_messages where merchant_id = ? and message_id = ?",
        merchant,
        message
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn postpone(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    message: &MessageId,
    due_at: Timestamp,
) -> Answer<()> {
    let (merchant, message, due_at) = (merchant.as_str(), message.as_str(), due_at.as_micros());
    sqlx::query!(
        "update outbox_messages set due_at = ? where merchant_id = ? and message_id = ?",
        due_at,
        merchant,
        message
    )
    .execute(connection)
    .await?;
    Ok(())
}
