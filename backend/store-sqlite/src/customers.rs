//! Queries on customers.

use serde_json::Value;
use shared::Timestamp;
use shared::customer::CustomerStatus;
use shared::id::{CustomerId, MerchantId};
use sqlx::SqliteConnection;
use store::lookup::Keys;
use store::row::{CustomerRow, columns_of};
use store::{CustomerRecord, Inserted, PageAfter, Replaced};

use crate::error::Answer;
use crate::outcome::{added, replaced};

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

pub(crate) async fn by_id(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Answer<Option<CustomerRecord>> {
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    one(select!(
        "where merchant_id = ? and customer_id = ?",
        merchant,
        customer
    )
    .fetch_optional(connection)
    .await?)
}

/// The keys go as one text, which `json_each` splits; JSON has no bytes.
pub(crate) async fn by_keys(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    keys: &Keys,
) -> Answer<Vec<CustomerRow>> {
    let merchant = merchant.as_str();
    Ok(match keys {
        Keys::Ids(ids) => {
            let ids = Value::from(ids.as_slice()).to_string();
            select!(
                "where merchant_id = ? and customer_id in (select value from json_each(?))",
                merchant,
                ids
            )
            .fetch_all(connection)
            .await?
        }
        Keys::Phones(indexes) => {
            let indexes: Value = indexes.iter().map(hex::encode).collect();
            let indexes = indexes.to_string();
            select!(
                "where merchant_id = ? and phone_index in (select unhex(value) from json_each(?)) and status <> 'DELETED'",
                merchant,
                indexes
            )
            .fetch_all(connection)
            .await?
        }
    })
}

pub(crate) async fn by_phone(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    phone_index: &[u8],
) -> Answer<Option<CustomerRecord>> {
    let merchant = merchant.as_str();
    one(select!(
        "where merchant_id = ? and phone_index = ? and status <> 'DELETED'",
        merchant,
        phone_index
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn by_reference(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    reference_index: &[u8],
) -> Answer<Option<CustomerRecord>> {
    let merchant = merchant.as_str();
    one(select!(
        "where merchant_id = ? and reference_index = ? and status <> 'DELETED'",
        merchant,
        reference_index
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn by_email(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    email_index: &[u8],
    limit: u32,
) -> Answer<Vec<CustomerRecord>> {
    let merchant = merchant.as_str();
    many(
        select!(
            "where merchant_id = ? and email_index = ? and status <> 'DELETED'
             order by created_at desc, customer_id desc limit ?",
            merchant,
            email_index,
            limit
        )
        .fetch_all(connection)
        .await?,
    )
}

pub(crate) async fn page(
    connection: &mut SqliteConnection,
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
                "where merchant_id = ? and status = ? and (created_at, customer_id) < (?, ?)
                 order by created_at desc, customer_id desc limit ?",
                merchant,
                status,
                created_at,
                customer,
                limit
            )
            .fetch_all(connection)
            .await?
        }
        None => {
            select!(
                "where merchant_id = ? and (created_at, customer_id) < (?, ?)
                 order by created_at desc, customer_id desc limit ?",
                merchant,
                created_at,
                customer,
                limit
            )
            .fetch_all(connection)
            .await?
        }
    };
    many(rows)
}

pub(crate) async fn count(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    status: Option<CustomerStatus>,
) -> Answer<i64> {
    let merchant = merchant.as_str();
    Ok(match status {
        Some(status) => {
            let status = status.as_str();
            sqlx::query_scalar!(
                r#"select count(*) as "n!: i64" from customers where merchant_id = ? and status = ?"#,
                merchant,
                status
            )
            .fetch_one(connection)
            .await?
        }
        None => {
            sqlx::query_scalar!(
                r#"select count(*) as "n!: i64" from customers where merchant_id = ?"#,
                merchant
            )
            .fetch_one(connection)
            .await?
        }
    })
}

pub(crate) async fn insert(
    connection: &mut SqliteConnection,
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
    let done = sqlx::query_file!(
        "src/sql/insert_customer.sql",
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
    .await;
    added(done)
}

/// Everything but the id and the instant of creation, which never change.
pub(crate) async fn replace(
    connection: &mut SqliteConnection,
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
            "update customers set status = ?, suspended_until_at = ?, resumes = ?, state_since_at = ?,
                    verified_at = ?, phone_changed_at = ?, version = ?, wrapped_key = ?, profile = ?,
                    phone_index = ?, reference_index = ?, email_index = ?, updated_at = ?
             where merchant_id = ? and customer_id = ? and version = ?",
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
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    customer: &CustomerRecord,
) -> Answer<Replaced> {
    let (merchant, customer_id) = (merchant.as_str(), customer.customer_id.as_str());
    replaced(
        sqlx::query!(
            "update customers set phone_index = ?1, reference_index = ?2, email_index = ?3
             where merchant_id = ?4 and customer_id = ?5 and version = ?6",
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
