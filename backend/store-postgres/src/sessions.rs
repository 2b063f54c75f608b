//! Queries on checkout sessions and the challenges that run in them.

use shared::Timestamp;
use shared::id::{ChallengeId, CustomerId, MerchantId, SessionId, TokenId};
use sqlx::PgConnection;
use store::row::{ChallengeRow, SessionRow};
use store::{ChallengeRecord, Inserted, Replaced, SessionRecord};

use crate::error::Answer;
use crate::outcome::{inserted, replaced};

pub(crate) async fn by_id(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    session: &SessionId,
) -> Answer<Option<SessionRecord>> {
    let (merchant, session) = (merchant.as_str(), session.as_str());
    let row = sqlx::query_as!(
        SessionRow,
        r#"select session_id, secret_sha256, frame_code_sha256, cookie_sha256, origin, amount, currency, hint,
                  locale, allow, purpose, status, customer_id, is_new, challenge_id,
                  shown_revision, selected_token_id, save_consent, created_at, expires_at
           from checkout_sessions where merchant_id = $1 and session_id = $2"#,
        merchant,
        session
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(SessionRecord::try_from).transpose()?)
}

/// The same, and nobody else changes it before the unit ends.
pub(crate) async fn by_id_to_change(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    session: &SessionId,
) -> Answer<Option<SessionRecord>> {
    let (merchant, session) = (merchant.as_str(), session.as_str());
    let row = sqlx::query_as!(
        SessionRow,
        r#"select session_id, secret_sha256, frame_code_sha256, cookie_sha256, origin, amount, currency, hint,
                  locale, allow, purpose, status, customer_id, is_new, challenge_id,
                  shown_revision, selected_token_id, save_consent, created_at, expires_at
           from checkout_sessions where merchant_id = $1 and session_id = $2 for no key update"#,
        merchant,
        session
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(SessionRecord::try_from).transpose()?)
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    session: &SessionRecord,
) -> Answer<Inserted> {
    let (merchant, session_id) = (merchant.as_str(), session.session_id.as_str());
    let (purpose, status) = (session.purpose.as_str(), session.status.as_str());
    let customer_id = session.customer_id.as_ref().map(CustomerId::as_str);
    let challenge_id = session.challenge_id.as_ref().map(ChallengeId::as_str);
    let selected_token_id = session.selected_token_id.as_ref().map(TokenId::as_str);
    let (created_at, expires_at) = (
        session.created_at.as_micros(),
        session.expires_at.as_micros(),
    );
    let done = sqlx::query!(
        "insert into checkout_sessions (merchant_id, session_id, secret_sha256, frame_code_sha256,
                cookie_sha256, origin, amount, currency, hint, locale, allow, purpose, status, customer_id,
                is_new, challenge_id, shown_revision, selected_token_id, save_consent, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) on conflict do nothing",
        merchant,
        session_id,
        session.secret_sha256,
        session.frame_code_sha256,
        session.cookie_sha256,
        session.origin,
        session.amount,
        session.currency,
        session.hint,
        session.locale,
        session.allow,
        purpose,
        status,
        customer_id,
        session.is_new,
        challenge_id,
        session.shown_revision,
        selected_token_id,
        session.save_consent,
        created_at,
        expires_at
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

/// Everything but the id and the instant of creation, which never change.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    session: &SessionRecord,
) -> Answer<Replaced> {
    let (merchant, session_id) = (merchant.as_str(), session.session_id.as_str());
    let (purpose, status) = (session.purpose.as_str(), session.status.as_str());
    let customer_id = session.customer_id.as_ref().map(CustomerId::as_str);
    let challenge_id = session.challenge_id.as_ref().map(ChallengeId::as_str);
    let selected_token_id = session.selected_token_id.as_ref().map(TokenId::as_str);
    let expires_at = session.expires_at.as_micros();
    replaced(
        sqlx::query!(
            "update checkout_sessions set secret_sha256 = $1, frame_code_sha256 = $2, cookie_sha256 = $3,
                    origin = $4, amount = $5, currency = $6, hint = $7, locale = $8, allow = $9, purpose = $10,
                    status = $11, customer_id = $12, is_new = $13, challenge_id = $14, shown_revision = $15,
                    selected_token_id = $16, save_consent = $17, expires_at = $18
             where merchant_id = $19 and session_id = $20",
            session.secret_sha256,
            session.frame_code_sha256,
            session.cookie_sha256,
            session.origin,
            session.amount,
            session.currency,
            session.hint,
            session.locale,
            session.allow,
            purpose,
            status,
            customer_id,
            session.is_new,
            challenge_id,
            session.shown_revision,
            selected_token_id,
            session.save_consent,
            expires_at,
            merchant,
            session_id
        )
        .execute(connection)
        .await,
    )
}

pub(crate) async fn challenge(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    challenge: &ChallengeId,
) -> Answer<Option<ChallengeRecord>> {
    let (merchant, challenge) = (merchant.as_str(), challenge.as_str());
    let row = sqlx::query_as!(
        ChallengeRow,
        "select challenge_id, session_id, phone_index, phone, code_mac, code_expires_at, sends, last_sent_at,
                wrong, locked_until_at, created_at
         from challenges where merchant_id = $1 and challenge_id = $2",
        merchant,
        challenge
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(ChallengeRecord::try_from).transpose()?)
}

/// The same, and nobody else changes it before the unit ends.
pub(crate) async fn challenge_to_change(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    challenge: &ChallengeId,
) -> Answer<Option<ChallengeRecord>> {
    let (merchant, challenge) = (merchant.as_str(), challenge.as_str());
    let row = sqlx::query_as!(
        ChallengeRow,
        "select challenge_id, session_id, phone_index, phone, code_mac, code_expires_at, sends, last_sent_at,
                wrong, locked_until_at, created_at
         from challenges where merchant_id = $1 and challenge_id = $2 for no key update",
        merchant,
        challenge
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(ChallengeRecord::try_from).transpose()?)
}

pub(crate) async fn insert_challenge(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    challenge: &ChallengeRecord,
) -> Answer<Inserted> {
    let merchant = merchant.as_str();
    let (challenge_id, session_id) = (
        challenge.challenge_id.as_str(),
        challenge.session_id.as_str(),
    );
    let (code_expires_at, last_sent_at) = (
        challenge.code_expires_at.as_micros(),
        challenge.last_sent_at.as_micros(),
    );
    let locked_until_at = challenge.locked_until.map(Timestamp::as_micros);
    let created_at = challenge.created_at.as_micros();
    let done = sqlx::query!(
        "insert into challenges (merchant_id, challenge_id, session_id, phone_index, phone, code_mac,
                code_expires_at, sends, last_sent_at, wrong, locked_until_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing",
        merchant,
        challenge_id,
        session_id,
        challenge.phone_index,
        challenge.phone,
        challenge.code_mac,
        code_expires_at,
        i64::from(challenge.sends),
        last_sent_at,
        i64::from(challenge.wrong),
        locked_until_at,
        created_at
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

/// Everything but the ids and the instant of creation, which never change.
pub(crate) async fn replace_challenge(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    challenge: &ChallengeRecord,
) -> Answer<Replaced> {
    let merchant = merchant.as_str();
    let (challenge_id, session_id) = (
        challenge.challenge_id.as_str(),
        challenge.session_id.as_str(),
    );
    let (code_expires_at, last_sent_at) = (
        challenge.code_expires_at.as_micros(),
        challenge.last_sent_at.as_micros(),
    );
    let locked_until_at = challenge.locked_until.map(Timestamp::as_micros);
    replaced(
        sqlx::query!(
            "update challenges set phone_index = $1, phone = $2, code_mac = $3, code_expires_at = $4, sends = $5,
                    last_sent_at = $6, wrong = $7, locked_until_at = $8
             where merchant_id = $9 and challenge_id = $10 and session_id = $11",
            challenge.phone_index,
            challenge.phone,
            challenge.code_mac,
            code_expires_at,
            i64::from(challenge.sends),
            last_sent_at,
            i64::from(challenge.wrong),
            locked_until_at,
            merchant,
            challenge_id,
            session_id
        )
        .execute(connection)
        .await,
    )
}

/// Removes sessions that ended, with their challenges, and challenges made, before an instant.
pub(crate) async fn purge(connection: &mut PgConnection, before: Timestamp) -> Answer<()> {
    let before = before.as_micros();
    sqlx::query!(
        "delete from checkout_sessions where expires_at < $1",
        before
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from challenges where created_at < $1", before)
        .execute(connection)
        .await?;
    Ok(())
}
