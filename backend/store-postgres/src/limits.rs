//! Queries on what limits count, and on phones that are refused for a while.

use shared::Timestamp;
use shared::id::MerchantId;
use sqlx::PgConnection;
use store::CoolDown;
use store::row::Reading;

use crate::error::Answer;

/// What stands in `limit_events.merchant_id` for a limit across merchants.
const ACROSS: &str = "";

pub(crate) async fn count_events(
    connection: &mut PgConnection,
    merchant: Option<&MerchantId>,
    scope: &str,
    subject: &[u8],
    since: Timestamp,
) -> Answer<i64> {
    let (merchant, since) = (
        merchant.map_or(ACROSS, MerchantId::as_str),
        since.as_micros(),
    );
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(times), 0)::bigint as "n!" from limit_events
           where merchant_id = $1 and scope = $2 and subject = $3 and happened_at >= $4"#,
        merchant,
        scope,
        subject,
        since
    )
    .fetch_one(connection)
    .await?)
}

/// The same, and nobody else counts these events before the unit ends: between counting and noting
/// one more, no other unit may find room under the same limit.
pub(crate) async fn count_events_alone(
    connection: &mut PgConnection,
    merchant: Option<&MerchantId>,
    scope: &str,
    subject: &[u8],
    since: Timestamp,
) -> Answer<i64> {
    let id = merchant.map_or(ACROSS, MerchantId::as_str);
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::text || '/' || $2::text || '/' || encode($3, 'hex'), 0))",
        id,
        scope,
        subject
    )
    .execute(&mut *connection)
    .await?;
    count_events(connection, merchant, scope, subject, since).await
}

pub(crate) async fn record_event(
    connection: &mut PgConnection,
    merchant: Option<&MerchantId>,
    scope: &str,
    subject: &[u8],
    at: Timestamp,
) -> Answer<()> {
    let (merchant, at) = (merchant.map_or(ACROSS, MerchantId::as_str), at.as_micros());
    sqlx::query!(
        "insert into limit_events (merchant_id, scope, subject, happened_at, times) values ($1, $2, $3, $4, 1)
         on conflict (merchant_id, scope, subject, happened_at) do update set times = limit_events.times + 1",
        merchant,
        scope,
        subject,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn take_back_event(
    connection: &mut PgConnection,
    merchant: Option<&MerchantId>,
    scope: &str,
    subject: &[u8],
    at: Timestamp,
) -> Answer<()> {
    let (merchant, at) = (merchant.map_or(ACROSS, MerchantId::as_str), at.as_micros());
    let last = sqlx::query!(
        "delete from limit_events
         where merchant_id = $1 and scope = $2 and subject = $3 and happened_at = $4 and times = 1",
        merchant,
        scope,
        subject,
        at
    )
    .execute(&mut *connection)
    .await?;
    if last.rows_affected() == 0 {
        sqlx::query!(
            "update limit_events set times = times - 1
             where merchant_id = $1 and scope = $2 and subject = $3 and happened_at = $4",
            merchant,
            scope,
            subject,
            at
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

pub(crate) async fn forget_events(
    connection: &mut PgConnection,
    merchant: Option<&MerchantId>,
    scope: &str,
    subject: &[u8],
) -> Answer<()> {
    let merchant = merchant.map_or(ACROSS, MerchantId::as_str);
    sqlx::query!(
        "delete from limit_events where merchant_id = $1 and scope = $2 and subject = $3",
        merchant,
        scope,
        subject
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn cool_down(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    phone_index: &[u8],
) -> Answer<Option<CoolDown>> {
    let id = merchant.as_str();
    let row = sqlx::query!(
        "select until_at, nth from cool_downs where merchant_id = $1 and phone_index = $2",
        id,
        phone_index
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let nth = Reading {
        table: "cool_downs",
        id,
    }
    .count("nth", row.nth)?;
    Ok(Some(CoolDown {
        until: Timestamp::from_micros(row.until_at),
        nth,
    }))
}

pub(crate) async fn set_cool_down(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    phone_index: &[u8],
    cool_down: &CoolDown,
) -> Answer<()> {
    let (merchant, until) = (merchant.as_str(), cool_down.until.as_micros());
    sqlx::query!(
        "insert into cool_downs (merchant_id, phone_index, until_at, nth) values ($1, $2, $3, $4)
         on conflict (merchant_id, phone_index) do update set until_at = excluded.until_at, nth = excluded.nth",
        merchant,
        phone_index,
        until,
        i64::from(cool_down.nth)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes events before an instant, and events and cool-downs that are too far ahead.
pub(crate) async fn purge(
    connection: &mut PgConnection,
    before: Timestamp,
    far_ahead: Timestamp,
) -> Answer<()> {
    let (before, far_ahead) = (before.as_micros(), far_ahead.as_micros());
    sqlx::query!(
        "delete from limit_events where happened_at < $1 or happened_at > $2",
        before,
        far_ahead
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from cool_downs where until_at > $1", far_ahead)
        .execute(connection)
        .await?;
    Ok(())
}
