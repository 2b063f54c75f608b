//! Queries on records that are only ever added to: consents, and decisions that were shown.

use shared::consent::{ConsentRecord, Purpose};
use shared::id::{CustomerId, MerchantId, SessionId, TokenId};
use sqlx::PgConnection;
use store::DecisionRecord;
use store::row::{DecisionRow, LastConsent, LastConsentRow};

use crate::customers;
use crate::error::Answer;

/// The last one is the one added last, whatever the clock said.
pub(crate) async fn last_of(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
    purpose: Purpose,
) -> Answer<Vec<LastConsent>> {
    let (merchant, customer, purpose) = (merchant.as_str(), customer.as_str(), purpose.as_str());
    let rows = sqlx::query_as!(
        LastConsentRow,
        r#"select token_id as "token_id!", act, recorded_at from consents
           where merchant_id = $1 and customer_id = $2 and seq in (
               select max(seq) from consents
               where merchant_id = $1 and customer_id = $2 and purpose = $3 and token_id is not null
               group by token_id
           )
           order by seq"#,
        merchant,
        customer,
        purpose
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(LastConsent::try_from)
        .collect::<Result<_, _>>()?)
}

pub(crate) async fn append(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
    consent: &ConsentRecord,
) -> Answer<()> {
    customers::take(connection, merchant, customer).await?;
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    let token_id = consent.token_id.as_ref().map(TokenId::as_str);
    let (purpose, act, channel) = (
        consent.purpose.as_str(),
        consent.act.as_str(),
        consent.channel.as_str(),
    );
    let language = consent.language.map(shared::text::Language::tag);
    let session_id = consent.session_id.as_ref().map(SessionId::as_str);
    let recorded_at = consent.at.as_micros();
    sqlx::query!(
        "insert into consents (merchant_id, customer_id, seq, token_id, purpose, act, channel, text_version,
                language, session_id, recorded_at)
         select $1, $2, coalesce(max(seq), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10
         from consents where merchant_id = $1 and customer_id = $2",
        merchant,
        customer,
        token_id,
        purpose,
        act,
        channel,
        consent.text_version,
        language,
        session_id,
        recorded_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn decisions_of(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    customer: &CustomerId,
    limit: u32,
) -> Answer<Vec<DecisionRecord>> {
    let (merchant, customer) = (merchant.as_str(), customer.as_str());
    let rows = sqlx::query_as!(
        DecisionRow,
        "select customer_id, token_id, session_id, shown_at, rules_version, inputs, outcome from decisions
         where merchant_id = $1 and customer_id = $2 order by seq desc limit $3",
        merchant,
        customer,
        i64::from(limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(DecisionRecord::try_from)
        .collect::<Result<_, _>>()?)
}

pub(crate) async fn append_decision(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    decision: &DecisionRecord,
) -> Answer<()> {
    customers::take(connection, merchant, &decision.customer_id).await?;
    let (merchant, customer) = (merchant.as_str(), decision.customer_id.as_str());
    let (token_id, session_id) = (decision.token_id.as_str(), decision.session_id.as_str());
    let shown_at = decision.at.as_micros();
    sqlx::query!(
        "insert into decisions (merchant_id, customer_id, seq, token_id, session_id, shown_at, rules_version,
                inputs, outcome)
         select $1, $2, coalesce(max(seq), 0) + 1, $3, $4, $5, $6, $7, $8
         from decisions where merchant_id = $1 and customer_id = $2",
        merchant,
        customer,
        token_id,
        session_id,
        shown_at,
        i64::from(decision.rules_version),
        decision.inputs,
        decision.outcome
    )
    .execute(connection)
    .await?;
    Ok(())
}
