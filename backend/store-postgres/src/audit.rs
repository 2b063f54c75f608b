//! Queries on the audit chains.

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::PgConnection;
use store::row::{AuditRow, word_of};
use store::{AuditHeadRecord, AuditRecord, Inserted};

use crate::error::Answer;
use crate::outcome::inserted;

pub(crate) async fn head(
    connection: &mut PgConnection,
    merchant: &MerchantId,
) -> Answer<Option<(i64, Vec<u8>)>> {
    let merchant = merchant.as_str();
    let row = sqlx::query!(
        "select seq, hash from audit_entries where merchant_id = $1 order by seq desc limit 1",
        merchant
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.seq, row.hash)))
}

/// The same, and nobody else adds to the chain before the unit ends. In two statements: the second one
/// sees what was committed while the first one waited.
pub(crate) async fn head_alone(
    connection: &mut PgConnection,
    merchant: &MerchantId,
) -> Answer<Option<(i64, Vec<u8>)>> {
    sqlx::query!(
        "select merchant_id from merchants where merchant_id = $1 for no key update",
        merchant.as_str()
    )
    .fetch_optional(&mut *connection)
    .await?;
    head(connection, merchant).await
}

pub(crate) async fn history_of(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
    limit: u32,
) -> Answer<Vec<AuditRecord>> {
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    let rows = sqlx::query_as!(
        AuditRow,
        "select merchant_id, seq, happened_at, actor, actor_id, address, action, customer_id, token_id, fields,
                transition, sealed_reason, request_id, previous_hash, hash
         from audit_entries where merchant_id = $1 and customer_id = $2 order by seq desc limit $3",
        merchant,
        customer,
        i64::from(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(AuditRecord::try_from)
        .collect::<Result<_, _>>()?)
}

pub(crate) async fn entries(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    after_seq: i64,
    limit: u32,
) -> Answer<Vec<(i64, store::Result<AuditRecord>)>> {
    let of = merchant.as_str();
    let rows = sqlx::query_as!(
        AuditRow,
        "select merchant_id, seq, happened_at, actor, actor_id, address, action, customer_id, token_id, fields,
                transition, sealed_reason, request_id, previous_hash, hash
         from audit_entries where merchant_id = $1 and seq > $2 order by seq limit $3",
        of,
        after_seq,
        i64::from(limit)
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.seq, AuditRecord::try_from(row)))
        .collect())
}

pub(crate) async fn append(connection: &mut PgConnection, entry: &AuditRecord) -> Answer<()> {
    let (merchant, happened_at, actor) = (
        entry.merchant_id.as_str(),
        entry.at.as_micros(),
        word_of(entry.actor),
    );
    let customer_id = entry.customer_id.as_ref().map(CustomerId::as_str);
    let token_id = entry.token_id.as_ref().map(TokenId::as_str);
    sqlx::query!(
        "insert into audit_entries (merchant_id, seq, happened_at, actor, actor_id, address, action, customer_id,
                token_id, fields, transition, sealed_reason, request_id, previous_hash, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        merchant,
        entry.seq,
        happened_at,
        actor,
        entry.actor_id,
        entry.address,
        entry.action,
        customer_id,
        token_id,
        entry.fields,
        entry.transition,
        entry.sealed_reason,
        entry.request_id,
        entry.previous_hash,
        entry.hash
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn heads(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    after_seq: i64,
    limit: u32,
) -> Answer<Vec<AuditHeadRecord>> {
    let of = merchant.as_str();
    let rows = sqlx::query!(
        "select seq, hash, signed_at, signature from audit_heads
         where merchant_id = $1 and seq > $2 order by seq limit $3",
        of,
        after_seq,
        i64::from(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| AuditHeadRecord {
            merchant_id: merchant.clone(),
            seq: row.seq,
            hash: row.hash,
            signed_at: Timestamp::from_micros(row.signed_at),
            signature: row.signature,
        })
        .collect())
}

pub(crate) async fn last_head(
    connection: &mut PgConnection,
    merchant: &MerchantId,
) -> Answer<Option<AuditHeadRecord>> {
    let of = merchant.as_str();
    let row = sqlx::query!(
        "select seq, hash, signed_at, signature from audit_heads
         where merchant_id = $1 order by seq desc limit 1",
        of
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| AuditHeadRecord {
        merchant_id: merchant.clone(),
        seq: row.seq,
        hash: row.hash,
        signed_at: Timestamp::from_micros(row.signed_at),
        signature: row.signature,
    }))
}

pub(crate) async fn append_head(
    connection: &mut PgConnection,
    head: &AuditHeadRecord,
) -> Answer<Inserted> {
    let (merchant, signed_at) = (head.merchant_id.as_str(), head.signed_at.as_micros());
    let done = sqlx::query!(
        "insert into audit_heads (merchant_id, seq, hash, signed_at, signature)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
        merchant,
        head.seq,
        head.hash,
        signed_at,
        head.signature
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}
