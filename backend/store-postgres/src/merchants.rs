//! Queries on merchants, their API keys, and the values of the instance itself.

use shared::Timestamp;
use shared::id::MerchantId;
use sqlx::PgConnection;
use store::row::{ApiKeyRow, MerchantRow};
use store::{ApiKeyRecord, Inserted, MerchantRecord, Replaced};

use crate::error::{Answer, is_text};
use crate::outcome::{inserted, replaced};

pub(crate) async fn instance_value(
    connection: &mut PgConnection,
    name: &str,
) -> Answer<Option<Vec<u8>>> {
    Ok(
        sqlx::query_scalar!("select value from instance_values where name = $1", name)
            .fetch_optional(connection)
            .await?,
    )
}

pub(crate) async fn set_instance_value(
    connection: &mut PgConnection,
    name: &str,
    value: &[u8],
) -> Answer<()> {
    sqlx::query!(
        "insert into instance_values (name, value) values ($1, $2)
         on conflict (name) do update set value = excluded.value",
        name,
        value
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn by_id(
    connection: &mut PgConnection,
    merchant: &MerchantId,
) -> Answer<Option<MerchantRecord>> {
    let merchant = merchant.as_str();
    let row = sqlx::query_as!(
        MerchantRow,
        r#"select merchant_id, name, sandbox, wrapped_key, wrapped_index_key,
                  wrapped_spare_key, spare_of, spare_role, spare_since_at, settings, created_at
           from merchants where merchant_id = $1"#,
        merchant
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(MerchantRecord::try_from).transpose()?)
}

pub(crate) async fn all(connection: &mut PgConnection) -> Answer<Vec<MerchantRecord>> {
    let rows = sqlx::query_as!(
        MerchantRow,
        r#"select merchant_id, name, sandbox, wrapped_key, wrapped_index_key,
                  wrapped_spare_key, spare_of, spare_role, spare_since_at, settings, created_at
           from merchants order by created_at, merchant_id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(MerchantRecord::try_from)
        .collect::<Result<_, _>>()?)
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    merchant: &MerchantRecord,
) -> Answer<Inserted> {
    let (merchant_id, created_at) = (
        merchant.merchant_id.as_str(),
        merchant.created_at.as_micros(),
    );
    let done = sqlx::query!(
        "insert into merchants (merchant_id, name, sandbox, wrapped_key, wrapped_index_key, settings, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        merchant_id,
        merchant.name,
        merchant.sandbox,
        merchant.wrapped_key,
        merchant.wrapped_index_key,
        merchant.settings,
        created_at
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

pub(crate) async fn replace(
    connection: &mut PgConnection,
    merchant: &MerchantRecord,
) -> Answer<Replaced> {
    let merchant_id = merchant.merchant_id.as_str();
    replaced(
        sqlx::query!(
            "update merchants set name = $1, settings = $2 where merchant_id = $3",
            merchant.name,
            merchant.settings,
            merchant_id
        )
        .execute(connection)
        .await,
    )
}

pub(crate) async fn replace_keys(
    connection: &mut PgConnection,
    from: &[u8],
    merchant: &MerchantRecord,
) -> Answer<Replaced> {
    let merchant_id = merchant.merchant_id.as_str();
    let spare = merchant.spare_key.as_ref();
    let wrapped_spare_key = spare.map(|spare| spare.wrapped.as_slice());
    let spare_of = spare.map(|spare| spare.of.as_str());
    let spare_role = spare.map(|spare| spare.role.as_str());
    let spare_since_at = spare.map(|spare| spare.since.as_micros());
    replaced(
        sqlx::query!(
            "update merchants set wrapped_key = $1, wrapped_index_key = $2, wrapped_spare_key = $3,
                    spare_of = $4, spare_role = $5, spare_since_at = $6
             where merchant_id = $7 and wrapped_key = $8",
            merchant.wrapped_key,
            merchant.wrapped_index_key,
            wrapped_spare_key,
            spare_of,
            spare_role,
            spare_since_at,
            merchant_id,
            from
        )
        .execute(connection)
        .await,
    )
}

pub(crate) async fn api_key(
    connection: &mut PgConnection,
    client_id: &str,
) -> Answer<Option<ApiKeyRecord>> {
    if !is_text(client_id) {
        return Ok(None);
    }
    let row = sqlx::query_as!(
        ApiKeyRow,
        "select merchant_id, client_id, secret_sha256, created_at, last_used_at, revoked_at
         from api_keys where client_id = $1",
        client_id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(ApiKeyRecord::try_from).transpose()?)
}

pub(crate) async fn api_keys_revoked_since(
    connection: &mut PgConnection,
    since: Timestamp,
) -> Answer<Vec<String>> {
    let since = since.as_micros();
    Ok(sqlx::query_scalar!(
        "select client_id from api_keys where revoked_at >= $1 order by revoked_at, client_id",
        since
    )
    .fetch_all(connection)
    .await?)
}

pub(crate) async fn insert_api_key(
    connection: &mut PgConnection,
    key: &ApiKeyRecord,
) -> Answer<Inserted> {
    let merchant_id = key.merchant_id.as_str();
    let created_at = key.created_at.as_micros();
    let last_used_at = key.last_used_at.map(Timestamp::as_micros);
    let revoked_at = key.revoked_at.map(Timestamp::as_micros);
    let done = sqlx::query!(
        "insert into api_keys (merchant_id, client_id, secret_sha256, created_at, last_used_at, revoked_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        merchant_id,
        key.client_id,
        key.secret_sha256,
        created_at,
        last_used_at,
        revoked_at
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

pub(crate) async fn revoke_api_key(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    client_id: &str,
    at: Timestamp,
) -> Answer<Replaced> {
    let (merchant, at) = (merchant.as_str(), at.as_micros());
    replaced(
        sqlx::query!(
            "update api_keys set revoked_at = $1 where merchant_id = $2 and client_id = $3 and revoked_at is null",
            at,
            merchant,
            client_id
        )
        .execute(connection)
        .await,
    )
}

pub(crate) async fn touch_api_key(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    client_id: &str,
    at: Timestamp,
) -> Answer<()> {
    let (merchant, at) = (merchant.as_str(), at.as_micros());
    sqlx::query!(
        "update api_keys set last_used_at = $1 where merchant_id = $2 and client_id = $3",
        at,
        merchant,
        client_id
    )
    .execute(connection)
    .await?;
    Ok(())
}
