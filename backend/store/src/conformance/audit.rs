//! The audit chains.

use shared::customer::Actor;

use super::sample::{audit, audit_head, customer_id, merchant_id, people};
use crate::{AuditRecord, Inserted, Result, Store};

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

pub async fn entries_come_oldest_first_after_a_place(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    // ten of them: in the order of numbers, not of text
    for seq in 1..=10 {
        unit.append_audit(&audit(1, seq, Some(1))).await?;
    }
    unit.append_audit(&audit(2, 1, None)).await?;
    unit.commit().await?;
    let mut read = store.read().await?;
    let mut found = Vec::new();
    loop {
        let after = found
            .last()
            .map_or(i64::MIN, |entry: &AuditRecord| entry.seq);
        let page = read.audit_entries(&merchant, after, 4).await?;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 4);
        for (seq, entry) in page {
            let entry = entry?;
            assert_eq!(seq, entry.seq);
            found.push(entry);
        }
    }
    assert_eq!(
        found,
        (1..=10)
            .map(|seq| audit(1, seq, Some(1)))
            .collect::<Vec<_>>()
    );
    Ok(())
}

pub async fn a_signed_head_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    assert_eq!(store.read().await?.last_audit_head(&merchant).await?, None);
    let mut unit = store.write().await?;
    assert_eq!(
        unit.append_audit_head(&audit_head(1, 3)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.last_audit_head(&merchant).await?,
        Some(audit_head(1, 3))
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.last_audit_head(&merchant).await?,
        Some(audit_head(1, 3))
    );
    assert_eq!(read.audit_heads(&merchant, 0, 9).await?, [audit_head(1, 3)]);
    assert_eq!(read.last_audit_head(&merchant_id(2)).await?, None);
    Ok(())
}

pub async fn the_head_of_a_place_is_signed_once(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.append_audit_head(&audit_head(1, 3)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut unit = store.write().await?;
    let mut again = audit_head(1, 3);
    again.signature = vec![9; 32];
    assert_eq!(unit.append_audit_head(&again).await?, Inserted::Taken);
    assert_eq!(
        unit.append_audit_head(&audit_head(1, 4)).await?,
        Inserted::Yes,
        "the unit goes on"
    );
    unit.commit().await?;
    assert_eq!(
        store.read().await?.audit_heads(&merchant, 0, 9).await?,
        [audit_head(1, 3), audit_head(1, 4)]
    );
    Ok(())
}

pub async fn signed_heads_come_oldest_first_after_a_place(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    for seq in [2, 10, 9] {
        assert_eq!(
            unit.append_audit_head(&audit_head(1, seq)).await?,
            Inserted::Yes
        );
    }
    assert_eq!(
        unit.append_audit_head(&audit_head(2, 5)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.audit_heads(&merchant, i64::MIN, 2).await?,
        [audit_head(1, 2), audit_head(1, 9)]
    );
    assert_eq!(
        read.audit_heads(&merchant, 2, 9).await?,
        [audit_head(1, 9), audit_head(1, 10)]
    );
    assert_eq!(
        read.last_audit_head(&merchant).await?,
        Some(audit_head(1, 10))
    );
    Ok(())
}
