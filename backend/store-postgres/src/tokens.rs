//! Queries on card tokens. The columns are exactly those of the record: a test holds them against it.

use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::PgConnection;
use store::row::{TokenColumns, TokenRow};
use store::{Inserted, Replaced, TokenRecord};

use crate::customers;
use crate::error::{Answer, is_text};
use crate::outcome::{inserted, replaced};

/// `select` of every column, with the given rest of the query and its arguments.
macro_rules! select {
    ($rest:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            TokenRow,
            r#"select token_id, customer_id, merchant_token_reference, request_mac, status, status_since_at,
                      status_reason, payment_method, card_last4_digit, card_type, card_network_name,
                      card_issuer_name, card_category, card_country_code,
                      card_international, card_emi,
                      card_cvv_required, expired_at,
                      is_compliant, metadata, provider, provider_token_reference,
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
    connection: &mut PgConnection,
    merchant: &MerchantId,
    token: &TokenId,
) -> Answer<Option<TokenRecord>> {
    let (merchant, token) = (merchant.as_str(), token.as_str());
    one(
        select!("where merchant_id = $1 and token_id = $2", merchant, token)
            .fetch_optional(connection)
            .await?,
    )
}

/// The same, and nobody else changes it before the unit ends.
pub(crate) async fn by_id_to_change(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    token: &TokenId,
) -> Answer<Option<TokenRecord>> {
    let found = by_id(&mut *connection, merchant, token).await?;
    let Some(customer) = found.map(|token| token.customer_id) else {
        return Ok(None);
    };
    customers::take(&mut *connection, merchant, &customer).await?;
    by_id(connection, merchant, token).await
}

pub(crate) async fn by_reference(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    reference: &str,
) -> Answer<Option<TokenRecord>> {
    if !is_text(reference) {
        return Ok(None);
    }
    let merchant = merchant.as_str();
    one(select!(
        "where merchant_id = $1 and merchant_token_reference = $2",
        merchant,
        reference
    )
    .fetch_optional(connection)
    .await?)
}

/// The same, and nobody else changes it before the unit ends.
pub(crate) async fn by_reference_to_change(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    reference: &str,
) -> Answer<Option<TokenRecord>> {
    let found = by_reference(&mut *connection, merchant, reference).await?;
    let Some(customer) = found.map(|token| token.customer_id) else {
        return Ok(None);
    };
    customers::take(&mut *connection, merchant, &customer).await?;
    by_reference(connection, merchant, reference).await
}

pub(crate) async fn of_customer(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
) -> Answer<Vec<TokenRecord>> {
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    let rows = select!(
        "where merchant_id = $1 and customer_id = $2 order by created_at desc, token_id desc",
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

/// One query for a whole page of customers.
pub(crate) async fn count_of(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customers: &[CustomerId],
) -> Answer<Vec<i64>> {
    let merchant = merchant.as_str();
    let ids: Vec<String> = customers
        .iter()
        .map(|customer| customer.as_str().to_owned())
        .collect();
    let rows = sqlx::query!(
        r#"select customer_id, count(*) as "tokens!" from card_tokens
           where merchant_id = $1 and customer_id = any($2)
           group by customer_id"#,
        merchant,
        &ids
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
    connection: &mut PgConnection,
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
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)
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
    connection: &mut PgConnection,
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
            "update card_tokens set merchant_token_reference = $1, request_mac = $2, status = $3, status_since_at = $4,
                    status_reason = $5, payment_method = $6, card_last4_digit = $7, card_type = $8,
                    card_network_name = $9, card_issuer_name = $10, card_category = $11, card_country_code = $12,
                    card_international = $13, card_emi = $14, card_cvv_required = $15, expired_at = $16,
                    is_compliant = $17, metadata = $18, provider = $19, provider_token_reference = $20,
                    service_provider_token_id = $21, afa_reference = $22, removed_at = $23,
                    removal_confirmed_at = $24, updated_at = $25
             where merchant_id = $26 and token_id = $27 and customer_id = $28",
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
