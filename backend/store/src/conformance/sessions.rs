//! Checkout sessions, challenges, and the purge.

use shared::checkout_session::SessionStatus;

use super::sample::{
    admin, admin_session, answer, at, bare_session, challenge, challenge_id, hash, merchant_id,
    people, session, session_id, with_session, without_secret,
};
use crate::{ChallengeRecord, Inserted, Replaced, Result, SessionRecord, Store};

pub async fn a_session_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let records = [
        bare_session(1),
        session(2, 1),
        SessionRecord {
            status: SessionStatus::Identified,
            ..session(3, 1)
        },
        SessionRecord {
            status: SessionStatus::Expired,
            amount: Some(i64::MAX),
            ..session(4, 1)
        },
    ];
    let mut unit = store.write().await?;
    for record in &records {
        assert_eq!(unit.insert_session(&merchant, record).await?, Inserted::Yes);
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    for record in &records {
        assert_eq!(
            read.session(&merchant, &record.session_id).await?.as_ref(),
            Some(record)
        );
    }
    assert_eq!(read.session(&merchant, &session_id(9)).await?, None);
    Ok(())
}

pub async fn a_session_id_is_taken_once_in_a_merchant(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_session(&merchant, &bare_session(1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.insert_session(&merchant, &session(1, 1)).await?,
        Inserted::Taken
    );
    assert_eq!(
        unit.insert_session(&merchant_id(2), &bare_session(1))
            .await?,
        Inserted::Yes
    );
    Ok(())
}

pub async fn a_replaced_session_is_what_is_read_afterwards(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_session(&merchant, &bare_session(1)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    for changed in [session(1, 1), bare_session(1)] {
        let mut unit = store.write().await?;
        assert_eq!(
            unit.replace_session(&merchant, &changed).await?,
            Replaced::Yes
        );
        unit.commit().await?;
        assert_eq!(
            store
                .read()
                .await?
                .session(&merchant, &session_id(1))
                .await?,
            Some(changed)
        );
    }
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_session(&merchant, &bare_session(2)).await?,
        Replaced::Stale
    );
    Ok(())
}

pub async fn a_session_of_another_merchant_is_not_found(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_session(&merchant, &bare_session(1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.insert_challenge(&merchant, &challenge(1, 1)).await?,
        Inserted::Yes
    );
    let other = merchant_id(2);
    assert_eq!(unit.session(&other, &session_id(1)).await?, None);
    assert_eq!(unit.challenge(&other, &challenge_id(1)).await?, None);
    assert_eq!(
        unit.replace_session(&other, &bare_session(1)).await?,
        Replaced::Stale
    );
    assert_eq!(
        unit.replace_challenge(&other, &challenge(1, 1)).await?,
        Replaced::Stale
    );
    Ok(())
}

pub async fn a_challenge_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let bare = ChallengeRecord {
        code_mac: None,
        locked_until: None,
        sends: 0,
        wrong: u32::MAX,
        ..challenge(2, 1)
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_session(&merchant, &bare_session(1)).await?,
        Inserted::Yes
    );
    for record in [&challenge(1, 1), &bare] {
        assert_eq!(
            unit.insert_challenge(&merchant, record).await?,
            Inserted::Yes
        );
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.challenge(&merchant, &challenge_id(1)).await?,
        Some(challenge(1, 1))
    );
    assert_eq!(
        read.challenge(&merchant, &challenge_id(2)).await?,
        Some(bare)
    );
    assert_eq!(read.challenge(&merchant, &challenge_id(3)).await?, None);
    Ok(())
}

pub async fn a_challenge_id_is_taken_once_in_a_merchant(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_session(&merchant, &bare_session(1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.insert_challenge(&merchant, &challenge(1, 1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.insert_challenge(&merchant, &challenge(1, 1)).await?,
        Inserted::Taken
    );
    Ok(())
}

pub async fn a_replaced_challenge_is_what_is_read_afterwards(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let changed = ChallengeRecord {
        phone_index: hash(7),
        phone: vec![7],
        code_mac: None,
        code_expires_at: at(700),
        sends: 3,
        last_sent_at: at(70),
        wrong: 5,
        locked_until: None,
        ..challenge(1, 1)
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_session(&merchant, &bare_session(1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.insert_challenge(&merchant, &challenge(1, 1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.replace_challenge(&merchant, &changed).await?,
        Replaced::Yes
    );
    assert_eq!(
        unit.replace_challenge(&merchant, &challenge(2, 1)).await?,
        Replaced::Stale
    );
    unit.commit().await?;
    assert_eq!(
        store
            .read()
            .await?
            .challenge(&merchant, &challenge_id(1))
            .await?,
        Some(changed)
    );
    Ok(())
}

pub async fn a_purge_removes_what_is_over_and_nothing_else(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let over = SessionRecord {
        expires_at: at(99),
        ..bare_session(1)
    };
    let running = SessionRecord {
        expires_at: at(100),
        ..bare_session(2)
    };
    let early = ChallengeRecord {
        created_at: at(99),
        ..challenge(2, 2)
    };
    let late = ChallengeRecord {
        created_at: at(100),
        ..challenge(3, 2)
    };
    let mut unit = store.write().await?;
    assert_eq!(unit.insert_session(&merchant, &over).await?, Inserted::Yes);
    assert_eq!(
        unit.insert_session(&merchant, &running).await?,
        Inserted::Yes
    );
    for record in [&challenge(1, 1), &early, &late] {
        assert_eq!(
            unit.insert_challenge(&merchant, record).await?,
            Inserted::Yes
        );
    }
    for seconds in [49, 50] {
        unit.record_event(Some(&merchant), "code", b"phone", at(seconds))
            .await?;
    }
    assert_eq!(unit.insert_admin(&admin(1, 1)).await?, Inserted::Yes);
    for seconds in [199, 200] {
        assert_eq!(
            unit.insert_admin_session(&admin_session(1, 1, seconds))
                .await?,
            Inserted::Yes
        );
    }
    let (forgotten, kept) = (answer(1, 99), answer(2, 100));
    let ended = with_session(answer(3, 100), 1, 200);
    let running_secret = with_session(answer(4, 100), 2, 201);
    for record in [&forgotten, &kept, &ended, &running_secret] {
        assert_eq!(unit.keep_answer(&merchant, record).await?, Inserted::Yes);
    }
    unit.purge(at(100), at(50), at(200)).await?;
    unit.commit().await?;

    let mut read = store.read().await?;
    assert_eq!(read.session(&merchant, &session_id(1)).await?, None);
    assert_eq!(
        read.session(&merchant, &session_id(2)).await?,
        Some(running)
    );
    assert_eq!(read.challenge(&merchant, &challenge_id(1)).await?, None);
    assert_eq!(read.challenge(&merchant, &challenge_id(2)).await?, None);
    assert_eq!(
        read.challenge(&merchant, &challenge_id(3)).await?,
        Some(late)
    );
    assert_eq!(
        read.count_events(Some(&merchant), "code", b"phone", at(0))
            .await?,
        1
    );
    assert_eq!(read.admin_session(&hash(199)).await?, None);
    assert_eq!(
        read.admin_session(&hash(200)).await?,
        Some(admin_session(1, 1, 200))
    );
    assert_eq!(read.answer(&merchant, &forgotten.key_index).await?, None);
    assert_eq!(read.answer(&merchant, &kept.key_index).await?, Some(kept));
    assert_eq!(
        read.answer(&merchant, &ended.key_index).await?,
        Some(without_secret(ended))
    );
    assert_eq!(
        read.answer(&merchant, &running_secret.key_index).await?,
        Some(running_secret)
    );
    Ok(())
}
