//! Merchants, API keys, values of the instance.

use super::sample::{api_key, at, merchant, merchant_id, people};
use crate::{Inserted, MerchantRecord, Replaced, Result, Store};

pub async fn a_merchant_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let mut read = store.read().await?;
    for number in [1, 2] {
        assert_eq!(
            read.merchant(&merchant_id(number)).await?,
            Some(merchant(number))
        );
    }
    assert_eq!(read.merchant(&merchant_id(3)).await?, None);
    Ok(())
}

pub async fn a_merchant_id_is_taken_once(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let mut unit = store.write().await?;
    let other = MerchantRecord {
        name: "other".to_owned(),
        ..merchant(1)
    };
    assert_eq!(unit.insert_merchant(&other).await?, Inserted::Taken);
    unit.commit().await?;
    assert_eq!(
        store.read().await?.merchant(&merchant_id(1)).await?,
        Some(merchant(1))
    );
    Ok(())
}

pub async fn merchants_are_listed_oldest_first(store: &dyn Store) -> Result<()> {
    let mut unit = store.write().await?;
    for number in [3, 1, 2] {
        assert_eq!(
            unit.insert_merchant(&merchant(number)).await?,
            Inserted::Yes
        );
    }
    unit.commit().await?;
    assert_eq!(
        store.read().await?.merchants().await?,
        [merchant(1), merchant(2), merchant(3)]
    );
    Ok(())
}

pub async fn replacing_a_merchant_changes_its_name_and_settings(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let changed = MerchantRecord {
        name: "New".to_owned(),
        settings: "{}".to_owned(),
        ..merchant(1)
    };
    let mut unit = store.write().await?;
    assert_eq!(unit.replace_merchant(&changed).await?, Replaced::Yes);
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(read.merchant(&merchant_id(1)).await?, Some(changed));
    assert_eq!(read.merchant(&merchant_id(2)).await?, Some(merchant(2)));
    Ok(())
}

pub async fn replacing_an_unknown_merchant_is_stale(store: &dyn Store) -> Result<()> {
    let mut unit = store.write().await?;
    assert_eq!(unit.replace_merchant(&merchant(1)).await?, Replaced::Stale);
    Ok(())
}

pub async fn an_api_key_is_found_by_its_client_id_alone(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_api_key(&api_key(1, "one")).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.insert_api_key(&api_key(2, "two")).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(read.api_key("one").await?, Some(api_key(1, "one")));
    assert_eq!(read.api_key("two").await?, Some(api_key(2, "two")));
    assert_eq!(read.api_key("three").await?, None);
    Ok(())
}

pub async fn a_client_id_is_taken_once_across_merchants(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_api_key(&api_key(1, "one")).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.insert_api_key(&api_key(1, "one")).await?,
        Inserted::Taken
    );
    assert_eq!(
        unit.insert_api_key(&api_key(2, "one")).await?,
        Inserted::Taken
    );
    Ok(())
}

pub async fn an_api_key_is_revoked_once_and_by_its_own_merchant(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_api_key(&api_key(1, "one")).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.revoke_api_key(&merchant_id(2), "one", at(4)).await?,
        Replaced::Stale
    );
    assert_eq!(
        unit.revoke_api_key(&merchant_id(1), "one", at(5)).await?,
        Replaced::Yes
    );
    assert_eq!(
        unit.revoke_api_key(&merchant_id(1), "one", at(6)).await?,
        Replaced::Stale
    );
    unit.commit().await?;
    let found = store.read().await?.api_key("one").await?;
    assert_eq!(found.and_then(|key| key.revoked_at), Some(at(5)));
    Ok(())
}

pub async fn revoked_api_keys_are_listed_from_an_instant_on(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let mut unit = store.write().await?;
    for (merchant, client_id, seconds) in [(1, "one", 5), (2, "two", 6), (1, "three", 7)] {
        assert_eq!(
            unit.insert_api_key(&api_key(merchant, client_id)).await?,
            Inserted::Yes
        );
        assert_eq!(
            unit.revoke_api_key(&merchant_id(merchant), client_id, at(seconds))
                .await?,
            Replaced::Yes
        );
    }
    assert_eq!(
        unit.insert_api_key(&api_key(1, "good")).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut revoked = store.read().await?.api_keys_revoked_since(at(6)).await?;
    revoked.sort();
    assert_eq!(revoked, ["three", "two"]);
    Ok(())
}

pub async fn the_use_of_an_api_key_is_noted(store: &dyn Store) -> Result<()> {
    people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_api_key(&api_key(1, "one")).await?,
        Inserted::Yes
    );
    unit.touch_api_key(&merchant_id(2), "one", at(8)).await?;
    assert_eq!(
        unit.api_key("one").await?.and_then(|key| key.last_used_at),
        None
    );
    unit.touch_api_key(&merchant_id(1), "one", at(8)).await?;
    unit.commit().await?;
    let found = store.read().await?.api_key("one").await?;
    assert_eq!(found.and_then(|key| key.last_used_at), Some(at(8)));
    Ok(())
}

pub async fn a_value_of_the_instance_can_be_set_and_set_again(store: &dyn Store) -> Result<()> {
    assert_eq!(store.read().await?.instance_value("root").await?, None);
    for value in [b"first".as_slice(), b"\0second", b""] {
        let mut unit = store.write().await?;
        unit.set_instance_value("root", value).await?;
        unit.set_instance_value("other", b"apart").await?;
        unit.commit().await?;
        assert_eq!(
            store.read().await?.instance_value("root").await?.as_deref(),
            Some(value)
        );
    }
    Ok(())
}
