//! Adding customers together with the audit entries that say so.

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};
use store::row::{columns_of, word_of};
use store::{AuditRecord, Creation, CustomerRecord, Inserted, StoreError};

use crate::error::{Answer, Failure, Reach};
use crate::outcome::added;

/// What is checked where it adds one row is made into text that adds many.
const CUSTOMER: &str = include_str!("sql/insert_customer.sql");
const ENTRY: &str = include_str!("sql/append_audit.sql");

type Query<'a> = sqlx::query::Query<'a, Sqlite, SqliteArguments>;

/// Adds all or none: in one call, because every call is a trip to another thread and back.
pub(crate) async fn create(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    creations: &[Creation],
) -> Answer<Inserted> {
    let number = creations.len();
    let text = format!("{}; {}", of_rows(CUSTOMER, number), of_rows(ENTRY, number));
    let mut query = sqlx::query(AssertSqlSafe(text));
    for Creation { customer, .. } in creations {
        query = bind_customer(query, merchant, customer);
    }
    for Creation { entry, .. } in creations {
        query = bind_entry(query, entry);
    }
    match added(query.execute(connection).await)? {
        Inserted::Taken if number > 1 => Err(Failure {
            error: StoreError::Refused("one of several new customers is on file".to_owned()),
            reach: Reach::Unit,
        }),
        inserted => Ok(inserted),
    }
}

/// A statement that adds a row, for so many.
fn of_rows(statement: &str, number: usize) -> String {
    let (into, row) = statement.split_once("values").unwrap_or_default();
    let rows = vec![row.trim(); number];
    format!("{into}values {}", rows.join(", "))
}

fn bind_customer<'a>(
    query: Query<'a>,
    merchant: &'a MerchantId,
    customer: &'a CustomerRecord,
) -> Query<'a> {
    let (status, suspended_until_at, resumes) = columns_of(customer.state);
    query
        .bind(merchant.as_str())
        .bind(customer.customer_id.as_str())
        .bind(status)
        .bind(suspended_until_at)
        .bind(resumes)
        .bind(customer.state_since.as_micros())
        .bind(customer.verified_at.map(Timestamp::as_micros))
        .bind(customer.phone_changed_at.map(Timestamp::as_micros))
        .bind(customer.version)
        .bind(customer.wrapped_key.as_slice())
        .bind(customer.profile.as_slice())
        .bind(customer.phone_index.as_deref())
        .bind(customer.reference_index.as_deref())
        .bind(customer.email_index.as_deref())
        .bind(customer.created_at.as_micros())
        .bind(customer.updated_at.as_micros())
}

fn bind_entry<'a>(query: Query<'a>, entry: &'a AuditRecord) -> Query<'a> {
    query
        .bind(entry.merchant_id.as_str())
        .bind(entry.seq)
        .bind(entry.at.as_micros())
        .bind(word_of(entry.actor))
        .bind(entry.actor_id.as_str())
        .bind(entry.address.as_deref())
        .bind(entry.action.as_str())
        .bind(entry.customer_id.as_ref().map(CustomerId::as_str))
        .bind(entry.token_id.as_ref().map(TokenId::as_str))
        .bind(entry.fields.as_str())
        .bind(entry.transition.as_str())
        .bind(entry.sealed_reason.as_deref())
        .bind(entry.request_id.as_str())
        .bind(entry.previous_hash.as_slice())
        .bind(entry.hash.as_slice())
}
