//! Adding customers together with the audit entries that say so, and what is kept of the answers.

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::sqlite::{SqliteArguments, SqliteQueryResult};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};
use store::row::{columns_of, word_of};
use store::{AnswerRecord, AuditRecord, Creation, CustomerRecord, Head, Inserted, StoreError};

use crate::error::{Answer, Failure, Reach, is_taken};

/// What is checked where it adds one row is made into text that adds many.
const CUSTOMER: &str = include_str!("sql/insert_customer.sql");
const ENTRY: &str = include_str!("sql/append_audit.sql");
const ANSWER: &str = include_str!("sql/keep_answer.sql");

type Query<'a> = sqlx::query::Query<'a, Sqlite, SqliteArguments>;

/// Adds all or none: in one call, because every call is a trip to another thread and back.
pub(crate) async fn create(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    creations: &[Creation],
) -> Answer<Inserted> {
    match execute(connection, text(creations), merchant, creations).await {
        // nothing was added, and the unit may go on
        Err(error) if creations.len() == 1 && is_taken(&error) && is_of_customer(&error) => {
            Ok(Inserted::Taken)
        }
        done => all(done).map(|()| Inserted::Yes),
    }
}

/// The same as a whole unit. Answers the end of the audit chain then.
pub(crate) async fn create_whole(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    creations: &[Creation],
) -> Answer<Head> {
    let text = format!("begin immediate; {}commit", text(creations));
    all(execute(connection, text, merchant, creations).await)?;
    Ok(creations.last().map(head_of).unwrap_or_default())
}

/// Some may have been added before one was refused, and must go with the unit.
fn all(done: sqlx::Result<SqliteQueryResult>) -> Answer<()> {
    match done {
        Ok(_) => Ok(()),
        Err(error) if is_taken(&error) => Err(Failure {
            error: StoreError::Refused(error.to_string()),
            reach: Reach::Unit,
        }),
        Err(error) => Err(error.into()),
    }
}

/// Whether it was the customer that was taken, who is added first. SQLite names no constraint, but its columns.
fn is_of_customer(error: &sqlx::Error) -> bool {
    error.to_string().contains(" customers.")
}

fn head_of(creation: &Creation) -> Head {
    (creation.entry.seq, creation.entry.hash.clone())
}

async fn execute(
    connection: &mut SqliteConnection,
    text: String,
    merchant: &MerchantId,
    creations: &[Creation],
) -> sqlx::Result<SqliteQueryResult> {
    let mut query = sqlx::query(AssertSqlSafe(text));
    for Creation { customer, .. } in creations {
        query = bind_customer(query, merchant, customer);
    }
    for Creation { entry, .. } in creations {
        query = bind_entry(query, entry);
    }
    for answer in creations.iter().flat_map(|creation| &creation.answer) {
        query = bind_answer(query, merchant, answer);
    }
    query.execute(connection).await
}

/// Statements for all. The first that is refused ends them.
fn text(creations: &[Creation]) -> String {
    let answers = creations.iter().flat_map(|creation| &creation.answer);
    let statements = [
        (CUSTOMER, creations.len()),
        (ENTRY, creations.len()),
        (ANSWER, answers.count()),
    ];
    let of_rows = statements.map(|(statement, number)| of_rows(statement, number));
    of_rows.concat()
}

/// A statement that adds a row, for so many.
fn of_rows(statement: &str, number: usize) -> String {
    if number == 0 {
        return String::new();
    }
    let (into, row) = statement.split_once("values").unwrap_or_default();
    let rows = vec![row.trim(); number];
    format!("{into}values {}; ", rows.join(", "))
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

fn bind_answer<'a>(
    query: Query<'a>,
    merchant: &'a MerchantId,
    answer: &'a AnswerRecord,
) -> Query<'a> {
    let session = answer.session.as_ref();
    query
        .bind(merchant.as_str())
        .bind(answer.key_index.as_slice())
        .bind(answer.request_mac.as_slice())
        .bind(i64::from(answer.status))
        .bind(answer.answer.as_slice())
        .bind(answer.customer_id.as_ref().map(CustomerId::as_str))
        .bind(session.map(|session| session.session_id.as_str()))
        .bind(session.and_then(|session| session.secret.as_deref()))
        .bind(session.map(|session| session.ends_at.as_micros()))
        .bind(answer.created_at.as_micros())
}
