//! Queries on people who sign in to the admin page, and their sessions.

use shared::Timestamp;
use shared::id::{AdminId, MerchantId};
use sqlx::SqliteConnection;
use store::row::{AdminRow, AdminSessionRow};
use store::{AdminRecord, AdminSessionRecord, Inserted};

use crate::error::Answer;
use crate::outcome::inserted;

pub(crate) async fn by_email(
    connection: &mut SqliteConnection,
    email: &str,
) -> Answer<Option<AdminRecord>> {
    let row = sqlx::query_as!(
        AdminRow,
        "select merchant_id, admin_id, email, password_hash, role, created_at from admins where email = ?",
        email
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(AdminRecord::try_from).transpose()?)
}

pub(crate) async fn by_id(
    connection: &mut SqliteConnection,
    merchant: &MerchantId,
    admin: &AdminId,
) -> Answer<Option<AdminRecord>> {
    let (merchant, admin) = (merchant.as_str(), admin.as_str());
    let row = sqlx::query_as!(
        AdminRow,
        "select merchant_id, admin_id, email, password_hash, role, created_at from admins
         where merchant_id = ? and admin_id = ?",
        merchant,
        admin
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(AdminRecord::try_from).transpose()?)
}

pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    admin: &AdminRecord,
) -> Answer<Inserted> {
    let (merchant, admin_id) = (admin.merchant_id.as_str(), admin.admin_id.as_str());
    let (role, created_at) = (admin.role.as_str(), admin.created_at.as_micros());
    let done = sqlx::query!(
        "insert into admins (merchant_id, admin_id, email, password_hash, role, created_at)
         values (?, ?, ?, ?, ?, ?) on conflict do nothing",
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
    connection: &mut SqliteConnection,
    token_sha256: &[u8],
) -> Answer<Option<AdminSessionRecord>> {
    let row = sqlx::query_as!(
        AdminSessionRow,
        "select token_sha256, merchant_id, admin_id, created_at, last_seen_at, expires_at from admin_sessions
         where token_sha256 = ?",
        token_sha256
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(AdminSessionRecord::try_from).transpose()?)
}

pub(crate) async fn insert_session(
    connection: &mut SqliteConnection,
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
         values (?, ?, ?, ?, ?, ?) on conflict do nothing",
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
    connection: &mut SqliteConnection,
    token_sha256: &[u8],
    at: Timestamp,
) -> Answer<()> {
    let at = at.as_micros();
    sqlx::query!(
        "update admin_sessions set last_seen_at = ? where token_sha256 = ?",
        at,
        token_sha256
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn delete_session(
    connection: &mut SqliteConnection,
    token_sha256: &[u8],
) -> Answer<()> {
    sqlx::query!(
        "delete from admin_sessions where token_sha256 = ?",
        token_sha256
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes sessions that ended before an instant.
pub(crate) async fn purge(connection: &mut SqliteConnection, now: Timestamp) -> Answer<()> {
    let now = now.as_micros();
    sqlx::query!("delete from admin_sessions where expires_at < ?", now)
        .execute(connection)
        .await?;
    Ok(())
}
