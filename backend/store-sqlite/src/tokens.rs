//! Queries on card tokens. The columns are exactly those of the record: a test holds them against it.

use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::SqliteConnection;
use store::row::{TokenColumns, TokenRow};
use store::{Inserted, Replaced, StoreError, TokenRecord};

use crate::error::Answer;
use crate::outcome::{inserted, replaced};

/// `select` of every column, with the given rest of the query and its arguments.
macro_rules! select {
    ($rest:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            TokenRow,
            r#"select token_id, customer_id, merchant_token_reference, request_mac, status, status_since_at,
                      status_reason, payment_method, card_last4_digit, card_type, card_network_name,
                      card_issuer_name, card_category, card_country_code,
                      card_international as "card_international: bool", card_emi as "card_emi: bool",
                      card_cvv_required as "card_cvv_required: bool", expired_at,
                      is_compliant as "is_compliant: bool", metadata, provider, provider_token_reference,
                      service_provider_token_id, afa_reference, removed_at, removal_confirmed_at, created_at,
                      updated_at
               from card_tokens "# + $rest,
            $($argument),*
        )
    };
}

fn one(row: Option<TokenRow>) -> Answer<Option<TokenRecord>> {
    Ok(row.map(TokenRecord::try_from).transpose()?)
}

pub(crate) async fn by_id(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    token: &TokenId,
) -> Answer<Option<TokenRecord>> {
    let (merchant, token) = (merchant.as_str(), token.as_str());
    one(
        select!("where merchant_id = ? and token_id = ?", merchant, token)
            .fetch_optional(connection)
            .await?,
    )
}

pub(crate) async fn by_reference(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    reference: &str,
) -> Answer<Option<TokenRecord>> {
    let merchant = merchant.as_str();
    one(select!(
        "where merchant_id = ? and merchant_token_reference = ?",
        merchant,
        reference
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn of_customer(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Answer<Vec<TokenRecord>> {
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    let rows = select!(
        "where merchant_id = ? and customer_id = ? order by created_at desc, token_id desc",
        merchant,
        customer
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(TokenRecord::try_from)
        .collect::<Result<_, _>>()?)
}

/// One query for a whole page of customers: their ids go in as a JSON array.
pub(crate) async fn count_of(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    customers: &[CustomerId],
) -> Answer<Vec<i64>> {
    let merchant = merchant.as_str();
    let ids =
        serde_json::to_string(customers).map_err(|error| StoreError::Refused(error.to_string()))?;
    let rows = sqlx::query!(
        r#"select customer_id, count(*) as "tokens!: i64" from card_tokens
           where merchant_id = ? and customer_id in (select value from json_each(?))
           group by customer_id"#,
        merchant,
        ids
    )
    .fetch_all(connection)
    .await?;
    let counts: std::collections::HashMap<&str, i64> = rows
        .iter()
        .map(|row| (row.customer_id.as_str(), row.tokens))
        .collect();
    Ok(customers
        .iter()
        .map(|customer| counts.get(customer.as_str()).copied().unwrap_or(0))
        .collect())
}

pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    token: &TokenRecord,
) -> Answer<Inserted> {
    let (merchant, token_id, customer_id) = (
        merchant.as_str(),
        token.token_id.as_str(),
        token.customer_id.as_str(),
    );
    let (status, payment_method, provider) = (
        token.status.as_str(),
        token.payment_method.as_str(),
        token.provider.as_str(),
    );
    let columns = TokenColumns::of(token);
    let created_at = token.created_at.as_micros();
    let done = sqlx::query!(
        "insert into card_tokens (merchant_id, token_id, customer_id, merchant_token_reference, request_mac,
                status, status_since_at, status_reason, payment_method, card_last4_digit, card_type,
                card_network_name, card_issuer_name, card_category, card_country_code, card_international,
                card_emi, card_cvv_required, expired_at, is_compliant, metadata, provider,
                provider_token_reference, service_provider_token_id, afa_reference, removed_at,
                removal_confirmed_at, created_at, updated_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict do nothing",
        merchant,
        token_id,
        customer_id,
        token.merchant_token_reference,
        token.request_mac,
        status,
        columns.status_since_at,
        token.status_reason,
        payment_method,
        columns.last4_digit,
        columns.card_type,
        columns.network_name,
        columns.issuer_name,
        columns.category,
        columns.country_code,
        columns.international,
        columns.emi,
        columns.cvv_required,
        columns.expired_at,
        token.is_compliant,
        token.metadata,
        provider,
        token.provider_token_reference,
        columns.service_provider_token_id,
        token.afa_reference,
        columns.removed_at,
        columns.removal_confirmed_at,
        created_at,
        columns.updated_at
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

/// Everything but the ids and the instant of creation, which never change: a token stays with its
/// customer.
pub(crate) async fn replace(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    token: &TokenRecord,
) -> Answer<Replaced> {
    let (merchant, token_id, customer_id) = (
        merchant.as_str(),
        token.token_id.as_str(),
        token.customer_id.as_str(),
    );
    let (status, payment_method, provider) = (
        token.status.as_str(),
        token.payment_method.as_str(),
        token.provider.as_str(),
    );
    let columns = TokenColumns::of(token);
    replaced(
        sqlx::query!(
            "update card_tokens set merchant_token_reference = ?, request_mac = ?, status = ?, status_since_at = ?,
                    status_reason = ?, payment_method = ?, card_last4_digit = ?, card_type = ?,
                    card_network_name = ?, card_issuer_name = ?, card_category = ?, card_country_code = ?,
                    card_international = ?, card_emi = ?, card_cvv_required = ?, expired_at = ?,
                    is_compliant = ?, metadata = ?, provider = ?, provider_token_reference = ?,
                    service_provider_token_id = ?, afa_reference = ?, removed_at = ?,
                    removal_confirmed_at = ?, updated_at = ?
             where merchant_id = ? and token_id = ? and customer_id = ?",
            token.merchant_token_reference,
            token.request_mac,
            status,
            columns.status_since_at,
            token.status_reason,
            payment_method,
            columns.last4_digit,
            columns.card_type,
            columns.network_name,
            columns.issuer_name,
            columns.category,
            columns.country_code,
            columns.international,
            columns.emi,
            columns.cvv_required,
            columns.expired_at,
            token.is_compliant,
            token.metadata,
            provider,
            token.provider_token_reference,
            columns.service_provider_token_id,
            token.afa_reference,
            columns.removed_at,
            columns.removal_confirmed_at,
            columns.updated_at,
            merchant,
            token_id,
            customer_id
        )
        .execute(connection)
        .await,
    )
}
