//! Queries on people who sign in to the admin page, and their sessions.

use shared::Timestamp;
use shared::id::{AdminId, MerchantId};
use sqlx::PgConnection;
use store::row::{AdminRow, AdminSessionRow};
use store::{AdminRecord, AdminSessionRecord, Inserted};

use crate::error::{Answer, is_text};
use crate::outcome::inserted;

pub(crate) async fn by_email(
    connection: &mut PgConnection,
    email: &str,
) -> Answer<Option<AdminRecord>> {
    if !is_text(email) {
        return Ok(None);
    }
    let row = sqlx::query_as!(
        AdminRow,
        "select merchant_id, admin_id, email, password_hash, role, created_at from admins where email = $1",
        email
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(AdminRecord::try_from).transpose()?)
}

pub(crate) async fn by_id(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    admin: &AdminId,
) -> Answer<Option<AdminRecord>> {
    let (merchant, admin) = (merchant.as_str(), admin.as_str());
    let row = sqlx::query_as!(
        AdminRow,
        "select merchant_id, admin_id, email, password_hash, role, created_at from admins
         where merchant_id = $1 and admin_id = $2",
        merchant,
        admin
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(AdminRecord::try_from).transpose()?)
}

pub(crate) async fn insert(connection: &mut PgConnection, admin: &AdminRecord) -> Answer<Inserted> {
    let (merchant, admin_id) = (admin.merchant_id.as_str(), admin.admin_id.as_str());
    let (role, created_at) = (admin.role.as_str(), admin.created_at.as_micros());
    let done = sqlx::query!(
        "insert into admins (merchant_id, admin_id, email, password_hash, role, created_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        merchant,
        admin_id,
        admin.email,
        admin.password_hash,
        role,
        created_at
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

pub(crate) async fn session(
    connection: &mut PgConnection,
    token_sha256: &[u8],
) -> Answer<Option<AdminSessionRecord>> {
    let row = sqlx::query_as!(
        AdminSessionRow,
        "select token_sha256, merchant_id, admin_id, created_at, last_seen_at, expires_at from admin_sessions
         where token_sha256 = $1",
        token_sha256
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(AdminSessionRecord::try_from).transpose()?)
}

pub(crate) async fn insert_session(
    connection: &mut PgConnection,
    session: &AdminSessionRecord,
) -> Answer<Inserted> {
    let (merchant, admin_id) = (session.merchant_id.as_str(), session.admin_id.as_str());
    let (created_at, last_seen_at) = (
        session.created_at.as_micros(),
        session.last_seen_at.as_micros(),
    );
    let expires_at = session.expires_at.as_micros();
    let done = sqlx::query!(
        "insert into admin_sessions (token_sha256, merchant_id, admin_id, created_at, last_seen_at, expires_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        session.token_sha256,
        merchant,
        admin_id,
        created_at,
        last_seen_at,
        expires_at
    )
    .execute(connection)
    .await?;
    Ok(inserted(&done))
}

pub(crate) async fn touch_session(
    connection: &mut PgConnection,
    token_sha256: &[u8],
    at: Timestamp,
) -> Answer<()> {
    let at = at.as_micros();
    sqlx::query!(
        "update admin_sessions set last_seen_at = $1 where token_sha256 = $2",
        at,
        token_sha256
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn delete_session(
    connection: &mut PgConnection,
    token_sha256: &[u8],
) -> Answer<()> {
    sqlx::query!(
        "delete from admin_sessions where token_sha256 = $1",
        token_sha256
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes sessions that ended before an instant.
pub(crate) async fn purge(connection: &mut PgConnection, now: Timestamp) -> Answer<()> {
    let now = now.as_micros();
    sqlx::query!("delete from admin_sessions where expires_at < $1", now)
        .execute(connection)
        .await?;
    Ok(())
}
