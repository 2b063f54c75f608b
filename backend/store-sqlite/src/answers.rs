//! Queries on answers kept under an `Idempotency-Key`.

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId, SessionId};
use sqlx::SqliteConnection;
use store::row::AnswerRow;
use store::{AnswerRecord, Inserted};

use crate::error::Answer;
use crate::outcome::added;

pub(crate) async fn by_key(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    key_index: &[u8],
) -> Answer<Option<AnswerRecord>> {
    let merchant = merchant.as_str();
    let row = sqlx::query_as!(
        AnswerRow,
        "select merchant_id, key_index, request_mac, status, answer, customer_id, session_id, session_secret,
                session_ends_at, created_at
         from idempotency_keys where merchant_id = ?1 and key_index = ?2",
        merchant,
        key_index
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(AnswerRecord::try_from).transpose()?)
}

pub(crate) async fn keep(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    answer: &AnswerRecord,
) -> Answer<Inserted> {
    let merchant = merchant.as_str();
    let status = i64::from(answer.status);
    let customer_id = answer.customer_id.as_ref().map(CustomerId::as_str);
    let session = answer.session.as_ref();
    let session_id = session.map(|session| session.session_id.as_str());
    let session_secret = session.and_then(|session| session.secret.as_deref());
    let session_ends_at = session.map(|session| session.ends_at.as_micros());
    let created_at = answer.created_at.as_micros();
    let done = sqlx::query_file!(
        "src/sql/keep_answer.sql",
        merchant,
        answer.key_index,
        answer.request_mac,
        status,
        answer.answer,
        customer_id,
        session_id,
        session_secret,
        session_ends_at,
        created_at
    )
    .execute(connection)
    .await;
    added(done)
}

pub(crate) async fn forget_session_secret(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    session: &SessionId,
) -> Answer<()> {
    let (merchant, session) = (merchant.as_str(), session.as_str());
    sqlx::query!(
        "update idempotency_keys set session_secret = null where merchant_id = ?1 and session_id = ?2",
        merchant,
        session
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn forget_about(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Answer<()> {
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    sqlx::query!(
        "delete from idempotency_keys where merchant_id = ?1 and customer_id = ?2",
        merchant,
        customer
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes answers kept before an instant, and the secrets of sessions that have ended.
pub(crate) async fn purge(
    connection: &mut SqliteConnection,
    before: Timestamp,
    now: Timestamp,
) -> Answer<()> {
    let (before, now) = (before.as_micros(), now.as_micros());
    sqlx::query!("delete from idempotency_keys where created_at < ?1", before)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "update idempotency_keys set session_secret = null
         where session_secret is not null and session_ends_at <= ?1",
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
