//! Queries on customers.

use shared::Timestamp;
use shared::customer::CustomerStatus;
use shared::id::{CustomerId, MerchantId};
use sqlx::PgConnection;
use store::lookup::Keys;
use store::row::{CustomerRow, columns_of};
use store::{CustomerRecord, Inserted, PageAfter, Replaced};

use crate::error::Answer;
use crate::outcome::{inserted, replaced};

/// `select` of every column, with the given rest of the query and its arguments.
macro_rules! select {
    ($rest:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            CustomerRow,
            "select customer_id, status, suspended_until_at, resumes, state_since_at, verified_at, phone_changed_at,
                    version, wrapped_key, profile, phone_index, reference_index, email_index, created_at, updated_at
             from customers " + $rest,
            $($argument),*
        )
    };
}

fn one(row: Option<CustomerRow>) -> Answer<Option<CustomerRecord>> {
    Ok(row.map(CustomerRecord::try_from).transpose()?)
}

fn many(rows: Vec<CustomerRow>) -> Answer<Vec<CustomerRecord>> {
    Ok(rows
        .into_iter()
        .map(CustomerRecord::try_from)
        .collect::<Result<_, _>>()?)
}

pub(crate) async fn by_keys(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    keys: &Keys,
) -> Answer<Vec<CustomerRow>> {
    let merchant = merchant.as_str();
    Ok(match keys {
        Keys::Ids(ids) => {
            select!(
                "where merchant_id = $1 and customer_id = any($2)",
                merchant,
                ids
            )
            .fetch_all(connection)
            .await?
        }
        Keys::Phones(indexes) => {
            select!(
                "where merchant_id = $1 and phone_index = any($2) and status <> 'DELETED'",
                merchant,
                indexes
            )
            .fetch_all(connection)
            .await?
        }
    })
}

/// Takes a customer until the unit ends: nobody else changes it, its tokens, or what is appended to it. Who
/// changes any of these takes the customer first, so that two who do never wait for each other.
pub(crate) async fn take(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Answer<()> {
    sqlx::query!(
        "select customer_id from customers where merchant_id = $1 and customer_id = $2 for no key update",
        merchant.as_str(),
        customer.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

/// The one with this id, and nobody else changes it before the unit ends.
pub(crate) async fn by_id_to_change(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Answer<Option<CustomerRecord>> {
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    one(select!(
        "where merchant_id = $1 and customer_id = $2 for no key update",
        merchant,
        customer
    )
    .fetch_optional(connection)
    .await?)
}

/// The one with this phone, and nobody else changes it before the unit ends.
pub(crate) async fn by_phone_to_change(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    phone_index: &[u8],
) -> Answer<Option<CustomerRecord>> {
    let merchant = merchant.as_str();
    one(select!(
        "where merchant_id = $1 and phone_index = $2 and status <> 'DELETED' for no key update",
        merchant,
        phone_index
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn by_reference(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    reference_index: &[u8],
) -> Answer<Option<CustomerRecord>> {
    let merchant = merchant.as_str();
    one(select!(
        "where merchant_id = $1 and reference_index = $2 and status <> 'DELETED'",
        merchant,
        reference_index
    )
    .fetch_optional(connection)
    .await?)
}

/// The same, and nobody else changes it before the unit ends.
pub(crate) async fn by_reference_to_change(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    reference_index: &[u8],
) -> Answer<Option<CustomerRecord>> {
    let merchant = merchant.as_str();
    one(select!(
        "where merchant_id = $1 and reference_index = $2 and status <> 'DELETED' for no key update",
        merchant,
        reference_index
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn by_email(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    email_index: &[u8],
    limit: u32,
) -> Answer<Vec<CustomerRecord>> {
    let merchant = merchant.as_str();
    many(
        select!(
            "where merchant_id = $1 and email_index = $2 and status <> 'DELETED'
             order by created_at desc, customer_id desc limit $3",
            merchant,
            email_index,
            i64::from(limit)
        )
        .fetch_all(connection)
        .await?,
    )
}

pub(crate) async fn page(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    status: Option<CustomerStatus>,
    after: Option<&PageAfter>,
    limit: u32,
) -> Answer<Vec<CustomerRecord>> {
    let merchant = merchant.as_str();
    // no row is younger than the last instant there is
    let (created_at, customer) = after.map_or((i64::MAX, ""), |after| {
        (after.created_at.as_micros(), after.customer_id.as_str())
    });
    let rows = match status {
        Some(status) => {
            let status = status.as_str();
            select!(
                "where merchant_id = $1 and status = $2 and (created_at, customer_id) < ($3, $4)
                 order by created_at desc, customer_id desc limit $5",
                merchant,
                status,
                created_at,
                customer,
                i64::from(limit)
            )
            .fetch_all(connection)
            .await?
        }
        None => {
            select!(
                "where merchant_id = $1 and (created_at, customer_id) < ($2, $3)
                 order by created_at desc, customer_id desc limit $4",
                merchant,
                created_at,
                customer,
                i64::from(limit)
            )
            .fetch_all(connection)
            .await?
        }
    };
    many(rows)
}

pub(crate) async fn count(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    status: Option<CustomerStatus>,
) -> Answer<i64> {
    let merchant = merchant.as_str();
    Ok(match status {
        Some(status) => {
            let status = status.as_str();
            sqlx::query_scalar!(
                r#"select count(*) as "n!" from customers where merchant_id = $1 and status = $2"#,
                merchant,
                status
            )
            .fetch_one(connection)
            .await?
        }
        None => {
            sqlx::query_scalar!(
                r#"select count(*) as "n!" from customers where merchant_id = $1"#,
                merchant
            )
            .fetch_one(connection)
            .await?
        }
    })
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerRecord,
) -> Answer<Inserted> {
    let (merchant, customer_id) = (merchant.as_str(), customer.customer_id.as_str());
    let (status, suspended_until_at, resumes) = columns_of(customer.state);
    let state_since_at = customer.state_since.as_micros();
    let verified_at = customer.verified_at.map(Timestamp::as_micros);
    let phone_changed_at = customer.phone_changed_at.map(Timestamp::as_micros);
    let (created_at, updated_at) = (
        customer.created_at.as_micros(),
        customer.updated_at.as_micros(),
    );
    let done = sqlx::query!(
        "insert into customers (merchant_id, customer_id, status, suspended_until_at, resumes, state_since_at,
                verified_at, phone_changed_at, version, wrapped_key, profile, phone_index, reference_index,
                email_index, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict do nothing",
        merchant,
        customer_id,
        status,
        suspended_until_at,
        resumes,
        state_since_at,
        verified_at,
        phone_changed_at,
        customer.version,
        customer.wrapped_key,
        customer.profile,
        customer.phone_index,
        customer.reference_index,
        customer.email_index,
        created_at,
        updated_at
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

/// Everything but the id and the instant of creation, which never change.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerRecord,
) -> Answer<Replaced> {
    let (merchant, customer_id) = (merchant.as_str(), customer.customer_id.as_str());
    let (status, suspended_until_at, resumes) = columns_of(customer.state);
    let state_since_at = customer.state_since.as_micros();
    let verified_at = customer.verified_at.map(Timestamp::as_micros);
    let phone_changed_at = customer.phone_changed_at.map(Timestamp::as_micros);
    let updated_at = customer.updated_at.as_micros();
    let read_version = customer.version.saturating_sub(1);
    replaced(
        sqlx::query!(
            "update customers set status = $1, suspended_until_at = $2, resumes = $3, state_since_at = $4,
                    verified_at = $5, phone_changed_at = $6, version = $7, wrapped_key = $8, profile = $9,
                    phone_index = $10, reference_index = $11, email_index = $12, updated_at = $13
             where merchant_id = $14 and customer_id = $15 and version = $16",
            status,
            suspended_until_at,
            resumes,
            state_since_at,
            verified_at,
            phone_changed_at,
            customer.version,
            customer.wrapped_key,
            customer.profile,
            customer.phone_index,
            customer.reference_index,
            customer.email_index,
            updated_at,
            merchant,
            customer_id,
            read_version
        )
        .execute(connection)
        .await,
    )
}

/// A change of the record in the meantime has indexed it anew itself.
pub(crate) async fn reindex(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerRecord,
) -> Answer<Replaced> {
    let (merchant, customer_id) = (merchant.as_str(), customer.customer_id.as_str());
    replaced(
        sqlx::query!(
            "update customers set phone_index = $1, reference_index = $2, email_index = $3
             where merchant_id = $4 and customer_id = $5 and version = $6",
            customer.phone_index,
            customer.reference_index,
            customer.email_index,
            merchant,
            customer_id,
            customer.version
        )
        .execute(connection)
        .await,
    )
}
