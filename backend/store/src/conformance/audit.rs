//! The audit chains.

use shared::customer::Actor;

use super::sample::{audit, customer_id, merchant_id, people};
use crate::{AuditRecord, Result, Store};

pub async fn an_entry_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let bare = AuditRecord {
        address: None,
        token_id: None,
        sealed_reason: None,
        fields: String::new(),
        transition: String::new(),
        ..audit(1, 1, Some(1))
    };
    let mut entries = vec![bare];
    entries.extend((2..).zip(Actor::ALL).map(|(seq, actor)| AuditRecord {
        actor,
        ..audit(1, seq, Some(1))
    }));
    let mut unit = store.write().await?;
    for entry in &entries {
        unit.append_audit(entry).await?;
    }
    unit.commit().await?;
    entries.reverse();
    assert_eq!(
        store
            .read()
            .await?
            .history_of(&merchant, &customer_id(1), 9)
            .await?,
        entries
    );
    Ok(())
}

pub async fn the_head_is_the_last_entry_of_its_merchant(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    assert_eq!(store.read().await?.audit_head(&merchant).await?, None);
    let mut unit = store.write().await?;
    // ten of them: in the order of numbers, not of text
    for seq in 1..=10 {
        unit.append_audit(&audit(1, seq, None)).await?;
    }
    unit.append_audit(&audit(2, 1, None)).await?;
    assert_eq!(
        unit.audit_head(&merchant).await?,
        Some((10, audit(1, 10, None).hash))
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.audit_head(&merchant).await?,
        Some((10, audit(1, 10, None).hash))
    );
    assert_eq!(
        read.audit_head(&merchant_id(2)).await?,
        Some((1, audit(2, 1, None).hash))
    );
    Ok(())
}

pub async fn a_place_in_the_chain_is_taken_once(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    unit.append_audit(&audit(1, 1, Some(1))).await?;
    unit.commit().await?;
    let other = AuditRecord {
        action: "customer.delete".to_owned(),
        ..audit(1, 1, Some(1))
    };
    let mut unit = store.write().await?;
    assert!(unit.append_audit(&other).await.is_err());
    drop(unit);
    assert_eq!(
        store
            .read()
            .await?
            .history_of(&merchant, &customer_id(1), 9)
            .await?,
        [audit(1, 1, Some(1))]
    );
    Ok(())
}

pub async fn the_history_of_a_customer_comes_newest_first(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 2).await?;
    let mut unit = store.write().await?;
    for (seq, customer) in [
        (1, Some(1)),
        (2, Some(2)),
        (3, None),
        (4, Some(1)),
        (5, Some(1)),
    ] {
        unit.append_audit(&audit(1, seq, customer)).await?;
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    let two = read.history_of(&merchant, &customer_id(1), 2).await?;
    assert_eq!(two, [audit(1, 5, Some(1)), audit(1, 4, Some(1))]);
    assert_eq!(
        read.history_of(&merchant, &customer_id(1), 9).await?.len(),
        3
    );
    assert_eq!(
        read.history_of(&merchant_id(2), &customer_id(1), 9).await?,
        []
    );
    Ok(())
}
