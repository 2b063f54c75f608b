//! Queries on whatever is sealed under a merchant's key, one column at a time. The only ones that are not
//! checked when they are compiled: they are the same for every column, whose names come from a fixed list
//! and never from outside. The conformance suite runs each.

use shared::id::MerchantId;
use sqlx::{AssertSqlSafe, PgConnection};
use store::{Replaced, Sealed};

use crate::error::Answer;
use crate::outcome::replaced;

/// The record's id as text.
fn id_of(what: Sealed) -> String {
    match what.table {
        "idempotency_keys" => format!("encode({}, 'hex')", what.id),
        _ => what.id.to_owned(),
    }
}

pub(crate) async fn of(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    what: Sealed,
    after: &str,
    limit: u32,
) -> Answer<Vec<(String, Vec<u8>)>> {
    let (Sealed { table, column, .. }, id) = (what, id_of(what));
    let query = format!(
        "select {id}, {column} from {table}
         where merchant_id = $1 and {id} > $2 and {column} is not null order by {id} limit $3"
    );
    Ok(sqlx::query_as(AssertSqlSafe(query))
        .bind(merchant.as_str())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?)
}

pub(crate) async fn replace(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    what: Sealed,
    id: &str,
    from: &[u8],
    to: &[u8],
) -> Answer<Replaced> {
    let (Sealed { table, column, .. }, id_column) = (what, id_of(what));
    let query = format!(
        "update {table} set {column} = $1 where merchant_id = $2 and {id_column} = $3 and {column} = $4"
    );
    replaced(
        sqlx::query(AssertSqlSafe(query))
            .bind(to)
            .bind(merchant.as_str())
            .bind(id)
            .bind(from)
            .execute(connection)
            .await,
    )
}
