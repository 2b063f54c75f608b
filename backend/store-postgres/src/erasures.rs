//! Queries on erasing: who is due, what goes with a customer, and the receipts that stay.

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId};
use sqlx::PgConnection;
use store::row::{ErasureRow, customer_id_of};
use store::{Destroyed, ErasureRecord, Inserted};

use crate::answers;
use crate::error::Answer;
use crate::outcome::inserted;

pub(crate) async fn deleted_customers(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    until: Timestamp,
    after: Option<&(Timestamp, CustomerId)>,
    limit: u32,
) -> Answer<Vec<(Timestamp, CustomerId)>> {
    let (merchant, until) = (merchant.as_str(), until.as_micros());
    let (since, customer) = after.map_or((i64::MIN, ""), |(since, customer)| {
        (since.as_micros(), customer.as_str())
    });
    let rows = sqlx::query!(
        "select customer_id, state_since_at from customers
         where merchant_id = $1 and status = 'DELETED' and state_since_at <= $2
         and (state_since_at, customer_id) > ($3, $4)
         order by state_since_at, customer_id limit $5",
        merchant,
        until,
        since,
        customer,
        i64::from(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let customer = customer_id_of("customers", &row.customer_id)?;
            Ok((Timestamp::from_micros(row.state_since_at), customer))
        })
        .collect::<store::Result<_>>()?)
}

pub(crate) async fn erase_customer(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Answer<Destroyed> {
    answers::forget_about(connection, merchant, customer).await?;
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    let decisions = sqlx::query!(
        "delete from decisions where merchant_id = $1 and customer_id = $2",
        merchant,
        customer
    )
    .execute(&mut *connection)
    .await?;
    let consents = sqlx::query!(
        "delete from consents where merchant_id = $1 and customer_id = $2",
        merchant,
        customer
    )
    .execute(&mut *connection)
    .await?;
    let tokens = sqlx::query!(
        "delete from card_tokens where merchant_id = $1 and customer_id = $2",
        merchant,
        customer
    )
    .execute(&mut *connection)
    .await?;
    let sessions = sqlx::query!(
        "delete from checkout_sessions where merchant_id = $1 and customer_id = $2",
        merchant,
        customer
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from customers where merchant_id = $1 and customer_id = $2",
        merchant,
        customer
    )
    .execute(connection)
    .await?;
    let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    Ok(Destroyed {
        tokens: count(tokens.rows_affected()),
        consents: count(consents.rows_affected()),
        decisions: count(decisions.rows_affected()),
        sessions: count(sessions.rows_affected()),
    })
}

/// What a limit counts of a phone is known by its index, alone or behind the session it was tried in.
pub(crate) async fn forget_phone(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    phone_index: &[u8],
) -> Answer<()> {
    let merchant = merchant.as_str();
    sqlx::query!(
        "delete from challenges where merchant_id = $1 and phone_index = $2",
        merchant,
        phone_index
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from cool_downs where merchant_id = $1 and phone_index = $2",
        merchant,
        phone_index
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from limit_events where merchant_id = $1 and (subject = $2 or
            (octet_length(subject) > octet_length($2)
             and substring(subject from octet_length(subject) - octet_length($2) + 1) = $2))",
        merchant,
        phone_index
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn append(
    connection: &mut PgConnection,
    erasure: &ErasureRecord,
) -> Answer<Inserted> {
    let (merchant, customer) = (erasure.merchant_id.as_str(), erasure.customer_id.as_str());
    let (deleted_at, erased_at) = (
        erasure.deleted_at.as_micros(),
        erasure.erased_at.as_micros(),
    );
    let done = sqlx::query!(
        "insert into erasures (merchant_id, customer_id, deleted_at, erased_at, tokens, consents, decisions,
                sessions, signature)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
        merchant,
        customer,
        deleted_at,
        erased_at,
        erasure.destroyed.tokens,
        erasure.destroyed.consents,
        erasure.destroyed.decisions,
        erasure.destroyed.sessions,
        erasure.signature
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

pub(crate) async fn of_customer(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Answer<Option<ErasureRecord>> {
    let (of, customer) = (merchant.as_str(), customer.as_str());
    let row = sqlx::query_as!(
        ErasureRow,
        "select customer_id, deleted_at, erased_at, tokens, consents, decisions, sessions, signature
         from erasures where merchant_id = $1 and customer_id = $2",
        of,
        customer
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| row.of(merchant)).transpose()?)
}

pub(crate) async fn of_merchant(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    after: Option<&CustomerId>,
    limit: u32,
) -> Answer<Vec<ErasureRecord>> {
    let (of, after) = (merchant.as_str(), after.map_or("", CustomerId::as_str));
    let rows = sqlx::query_as!(
        ErasureRow,
        "select customer_id, deleted_at, erased_at, tokens, consents, decisions, sessions, signature
         from erasures where merchant_id = $1 and customer_id > $2 order by customer_id limit $3",
        of,
        after,
        i64::from(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| row.of(merchant))
        .collect::<store::Result<_>>()?)
}
