//! Queries on the audit chains.

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::SqliteConnection;
use store::row::{AuditRow, undecoded, word_of};
use store::{AuditHeadRecord, AuditRecord, Inserted};

use crate::error::Answer;
use crate::outcome::inserted;

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

/// A page of entries, each with its place.
type Entries = Vec<(i64, store::Result<AuditRecord>)>;

pub(crate) async fn entries(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    after_seq: i64,
    limit: u32,
) -> Answer<Entries> {
    let of = merchant.as_str();
    let rows = sqlx::query_as!(
        AuditRow,
        "select merchant_id, seq, happened_at, actor, actor_id, address, action, customer_id, token_id, fields,
                transition, sealed_reason, request_id, previous_hash, hash
         from audit_entries where merchant_id = ? and seq > ? order by seq limit ?",
        of,
        after_seq,
        limit
    )
    .fetch_all(&mut *connection)
    .await;
    match rows {
        Ok(rows) => Ok(rows
            .into_iter()
            .map(|row| (row.seq, AuditRecord::try_from(row)))
            .collect()),
        Err(sqlx::Error::ColumnDecode { .. }) => {
            entries_apart(connection, merchant, after_seq, limit).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The same one by one: a file that was changed by hand may hold what is no text, and the others of its
/// page are to be read all the same.
async fn entries_apart(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    after_seq: i64,
    limit: u32,
) -> Answer<Entries> {
    let of = merchant.as_str();
    let places = sqlx::query_scalar!(
        "select seq from audit_entries where merchant_id = ? and seq > ? order by seq limit ?",
        of,
        after_seq,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut entries = Vec::with_capacity(places.len());
    for seq in places {
        let row = sqlx::query_as!(
            AuditRow,
            "select merchant_id, seq, happened_at, actor, actor_id, address, action, customer_id, token_id, fields,
                    transition, sealed_reason, request_id, previous_hash, hash
             from audit_entries where merchant_id = ? and seq = ?",
            of,
            seq
        )
        .fetch_one(&mut *connection)
        .await;
        let entry = match row {
            Ok(row) => AuditRecord::try_from(row),
            Err(error @ sqlx::Error::ColumnDecode { .. }) => {
                Err(undecoded(merchant, seq, &error.to_string()))
            }
            Err(error) => return Err(error.into()),
        };
        entries.push((seq, entry));
    }
    Ok(entries)
}

pub(crate) async fn append(connection: &mut SqliteConnection, entry: &AuditRecord) -> Answer<()> {
    let (merchant, happened_at, actor) = (
        entry.merchant_id.as_str(),
        entry.at.as_micros(),
        word_of(entry.actor),
    );
    let customer_id = entry.customer_id.as_ref().map(CustomerId::as_str);
    let token_id = entry.token_id.as_ref().map(TokenId::as_str);
    sqlx::query_file!(
        "src/sql/append_audit.sql",
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
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    after_seq: i64,
    limit: u32,
) -> Answer<Vec<AuditHeadRecord>> {
    let of = merchant.as_str();
    let rows = sqlx::query!(
        "select seq, hash, signed_at, signature from audit_heads
         where merchant_id = ? and seq > ? order by seq limit ?",
        of,
        after_seq,
        limit
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
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
) -> Answer<Option<AuditHeadRecord>> {
    let of = merchant.as_str();
    let row = sqlx::query!(
        "select seq, hash, signed_at, signature from audit_heads
         where merchant_id = ? order by seq desc limit 1",
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
    connection: &mut SqliteConnection,
    head: &AuditHeadRecord,
) -> Answer<Inserted> {
    let (merchant, signed_at) = (head.merchant_id.as_str(), head.signed_at.as_micros());
    let done = sqlx::query!(
        "insert into audit_heads (merchant_id, seq, hash, signed_at, signature)
         values (?, ?, ?, ?, ?) on conflict do nothing",
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
