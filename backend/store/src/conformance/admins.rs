//! Admins and their sessions.

use shared::api::admin::Role;

use super::sample::{admin, admin_id, admin_session, at, hash, merchant_id, people};
use crate::{AdminRecord, AdminSessionRecord, Inserted, Result, Store};

pub async fn an_admin_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let roles = [Role::Viewer, Role::Support, Role::Officer, Role::Owner];
    let records: Vec<AdminRecord> = (1..)
        .zip(roles)
        .map(|(number, role)| AdminRecord {
            role,
            ..admin(1, number)
        })
        .collect();
    let mut unit = store.write().await?;
    for record in &records {
        assert_eq!(unit.insert_admin(record).await?, Inserted::Yes);
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    for record in &records {
        assert_eq!(
            read.admin_by_email(&record.email).await?.as_ref(),
            Some(record)
        );
        assert_eq!(
            read.admin(&merchant, &record.admin_id).await?.as_ref(),
            Some(record)
        );
        assert_eq!(read.admin(&merchant_id(2), &record.admin_id).await?, None);
    }
    assert_eq!(read.admin_by_email("nobody@shop.example").await?, None);
    Ok(())
}

pub async fn an_email_address_signs_in_to_one_merchant(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(unit.insert_admin(&admin(1, 1)).await?, Inserted::Yes);
    let elsewhere = AdminRecord {
        email: admin(1, 1).email,
        ..admin(2, 2)
    };
    assert_eq!(unit.insert_admin(&elsewhere).await?, Inserted::Taken);
    let twice = AdminRecord {
        admin_id: admin_id(1),
        ..admin(1, 3)
    };
    assert_eq!(unit.insert_admin(&twice).await?, Inserted::Taken);
    Ok(())
}

async fn signed_in(store: &dyn Store) -> Result<AdminSessionRecord> {
    people(store, 0).await?;
    let session = admin_session(1, 1, 500);
    let mut unit = store.write().await?;
    assert_eq!(unit.insert_admin(&admin(1, 1)).await?, Inserted::Yes);
    assert_eq!(unit.insert_admin_session(&session).await?, Inserted::Yes);
    unit.commit().await?;
    Ok(session)
}

pub async fn an_admin_session_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let session = signed_in(store).await?;
    let mut unit = store.write().await?;
    assert_eq!(unit.insert_admin_session(&session).await?, Inserted::Taken);
    assert_eq!(
        unit.admin_session(&session.token_sha256).await?,
        Some(session)
    );
    assert_eq!(unit.admin_session(&hash(7)).await?, None);
    Ok(())
}

pub async fn the_use_of_an_admin_session_is_noted(store: &dyn Store) -> Result<()> {
    let session = signed_in(store).await?;
    let mut unit = store.write().await?;
    unit.touch_admin_session(&session.token_sha256, at(77))
        .await?;
    unit.commit().await?;
    let expected = AdminSessionRecord {
        last_seen_at: at(77),
        ..session
    };
    assert_eq!(
        store
            .read()
            .await?
            .admin_session(&expected.token_sha256)
            .await?
            .as_ref(),
        Some(&expected)
    );
    Ok(())
}

pub async fn an_ended_admin_session_is_gone(store: &dyn Store) -> Result<()> {
    let session = signed_in(store).await?;
    let mut unit = store.write().await?;
    unit.delete_admin_session(&session.token_sha256).await?;
    unit.delete_admin_session(&hash(7)).await?;
    unit.commit().await?;
    assert_eq!(
        store
            .read()
            .await?
            .admin_session(&session.token_sha256)
            .await?,
        None
    );
    Ok(())
}
