//! What limits count, and cool-downs.

use super::sample::{at, merchant_id, people};
use crate::{CoolDown, Result, Store};

pub async fn events_are_counted_from_an_instant_on(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    for seconds in [1, 2, 3] {
        unit.record_event(Some(&merchant), "code", b"phone", at(seconds))
            .await?;
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    for (since, count) in [(0, 3), (1, 3), (2, 2), (3, 1), (4, 0)] {
        assert_eq!(
            read.count_events(Some(&merchant), "code", b"phone", at(since))
                .await?,
            count
        );
    }
    Ok(())
}

pub async fn events_at_one_instant_all_count(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    for _ in 0..3 {
        unit.record_event(Some(&merchant), "code", b"phone", at(1))
            .await?;
        unit.record_event(None, "code", b"phone", at(1)).await?;
    }
    assert_eq!(
        unit.count_events(Some(&merchant), "code", b"phone", at(1))
            .await?,
        3
    );
    assert_eq!(unit.count_events(None, "code", b"phone", at(1)).await?, 3);
    Ok(())
}

pub async fn merchants_scopes_and_subjects_are_counted_apart(store: &dyn Store) -> Result<()> {
    let (first, second) = (people(store, 0).await?, merchant_id(2));
    let mut unit = store.write().await?;
    unit.record_event(Some(&first), "code", b"phone", at(1))
        .await?;
    assert_eq!(
        unit.count_events(Some(&first), "code", b"phone", at(0))
            .await?,
        1
    );
    assert_eq!(
        unit.count_events(Some(&second), "code", b"phone", at(0))
            .await?,
        0
    );
    assert_eq!(unit.count_events(None, "code", b"phone", at(0)).await?, 0);
    assert_eq!(
        unit.count_events(Some(&first), "sign_in", b"phone", at(0))
            .await?,
        0
    );
    assert_eq!(
        unit.count_events(Some(&first), "code", b"other", at(0))
            .await?,
        0
    );
    Ok(())
}

pub async fn forgotten_events_do_not_count(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    for subject in [b"one", b"two"] {
        unit.record_event(Some(&merchant), "code", subject, at(1))
            .await?;
        unit.record_event(None, "code", subject, at(1)).await?;
    }
    unit.forget_events(Some(&merchant), "code", b"one").await?;
    assert_eq!(
        unit.count_events(Some(&merchant), "code", b"one", at(0))
            .await?,
        0
    );
    assert_eq!(
        unit.count_events(Some(&merchant), "code", b"two", at(0))
            .await?,
        1
    );
    assert_eq!(unit.count_events(None, "code", b"one", at(0)).await?, 1);
    unit.forget_events(None, "code", b"one").await?;
    assert_eq!(unit.count_events(None, "code", b"one", at(0)).await?, 0);
    Ok(())
}

pub async fn one_event_can_be_taken_back(store: &dyn Store) -> Result<()> {
    let mut unit = store.write().await?;
    for moment in [1, 1, 2] {
        unit.record_event(None, "code", b"one", at(moment)).await?;
    }
    for left in [2, 1, 1] {
        unit.take_back_event(None, "code", b"one", at(1)).await?;
        assert_eq!(unit.count_events(None, "code", b"one", at(0)).await?, left);
    }
    Ok(())
}

pub async fn a_cool_down_can_be_set_and_set_again(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    assert_eq!(
        store.read().await?.cool_down(&merchant, b"phone").await?,
        None
    );
    for cool_down in [
        CoolDown {
            until: at(10),
            nth: 1,
        },
        CoolDown {
            until: at(30),
            nth: 2,
        },
    ] {
        let mut unit = store.write().await?;
        unit.set_cool_down(&merchant, b"phone", &cool_down).await?;
        unit.commit().await?;
        let mut read = store.read().await?;
        assert_eq!(read.cool_down(&merchant, b"phone").await?, Some(cool_down));
        assert_eq!(read.cool_down(&merchant_id(2), b"phone").await?, None);
        assert_eq!(read.cool_down(&merchant, b"other").await?, None);
    }
    Ok(())
}
