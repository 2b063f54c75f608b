//! Queries on the audit chains.

use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::SqliteConnection;
use store::AuditRecord;
use store::row::{AuditRow, word_of};

use crate::error::Answer;

pub(crate) async fn head(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
) -> Answer<Option<(i64, Vec<u8>)>> {
    let merchant = merchant.as_str();
    let row = sqlx::query!(
        "select seq, hash from audit_entries where merchant_id = ? order by seq desc limit 1",
        merchant
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.seq, row.hash)))
}

pub(crate) async fn history_of(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
    limit: u32,
) -> Answer<Vec<AuditRecord>> {
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    let rows = sqlx::query_as!(
        AuditRow,
        "select merchant_id, seq, happened_at, actor, actor_id, address, action, customer_id, token_id, fields,
                transition, sealed_reason, request_id, previous_hash, hash
         from audit_entries where merchant_id = ? and customer_id = ? order by seq desc limit ?",
        merchant,
        customer,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(AuditRecord::try_from)
        .collect::<Result<_, _>>()?)
}

pub(crate) async fn append(connection: &mut SqliteConnection, entry: &AuditRecord) -> Answer<()> {
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
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
