//! Units of work: all or nothing, one after the other, seen as soon as they are done.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use shared::consent::{ConsentAct, Purpose};

use super::sample::{
    at, audit, consent, customer, customer_id, merchant, merchant_id, next, people, token, token_id,
};
use crate::{CustomerRecord, Inserted, MerchantRecord, Replaced, Result, Store, StoreError};

/// Runs futures side by side until all are done.
async fn together<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match Pin::new(future).poll(context) {
                    Poll::Ready(ready) => *output = Some(ready),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    running
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}

pub async fn a_unit_is_invisible_until_it_commits(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_customer(&merchant, &customer(1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        store
            .read()
            .await?
            .customer(&merchant, &customer_id(1))
            .await?,
        None
    );
    assert_eq!(
        store.read().await?.count_customers(&merchant, None).await?,
        0
    );
    unit.commit().await?;
    assert_eq!(
        store
            .read()
            .await?
            .customer(&merchant, &customer_id(1))
            .await?,
        Some(customer(1))
    );
    Ok(())
}

pub async fn a_unit_sees_its_own_changes(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    // known to readers, so that an engine that remembers could be tempted
    store
        .read()
        .await?
        .customer(&merchant, &customer_id(1))
        .await?;
    store
        .read()
        .await?
        .tokens_of(&merchant, &customer_id(1))
        .await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_customer(&merchant, &next(&customer(1)))
            .await?,
        Replaced::Yes
    );
    assert_eq!(
        unit.insert_token(&merchant, &token(1, 1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.customer(&merchant, &customer_id(1)).await?,
        Some(next(&customer(1)))
    );
    assert_eq!(
        unit.tokens_of(&merchant, &customer_id(1)).await?,
        [token(1, 1)]
    );
    let mut read = store.read().await?;
    assert_eq!(
        read.customer(&merchant, &customer_id(1)).await?,
        Some(customer(1))
    );
    assert_eq!(read.tokens_of(&merchant, &customer_id(1)).await?, []);
    Ok(())
}

pub async fn a_dropped_unit_leaves_nothing(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_customer(&merchant, &customer(2)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.replace_customer(&merchant, &next(&customer(1)))
            .await?,
        Replaced::Yes
    );
    unit.append_audit(&audit(1, 1, None)).await?;
    drop(unit);
    let mut unit = store.write().await?;
    assert_eq!(unit.customer(&merchant, &customer_id(2)).await?, None);
    assert_eq!(
        unit.customer(&merchant, &customer_id(1)).await?,
        Some(customer(1))
    );
    assert_eq!(unit.audit_head(&merchant).await?, None);
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(read.customer(&merchant, &customer_id(2)).await?, None);
    assert_eq!(
        read.customer(&merchant, &customer_id(1)).await?,
        Some(customer(1))
    );
    assert_eq!(read.audit_head(&merchant).await?, None);
    Ok(())
}

pub async fn a_refused_insert_leaves_the_unit_usable(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_customer(&merchant, &customer(2)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.insert_customer(&merchant, &customer(1)).await?,
        Inserted::Taken
    );
    assert_eq!(
        unit.insert_customer(&merchant, &customer(3)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    assert_eq!(
        store.read().await?.count_customers(&merchant, None).await?,
        3
    );
    Ok(())
}

pub async fn a_refused_statement_leaves_the_unit_usable(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_customer(&merchant, &customer(2)).await?,
        Inserted::Yes
    );
    // a token of nobody
    let refused = unit.insert_token(&merchant, &token(1, 99)).await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(
        unit.insert_token(&merchant, &token(1, 2)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    assert_eq!(
        store.read().await?.token(&merchant, &token_id(1)).await?,
        Some(token(1, 2))
    );
    Ok(())
}

pub async fn readers_see_a_change_as_soon_as_it_is_committed(store: &dyn Store) -> Result<()> {
    let merchant_1 = people(store, 1).await?;
    let phone = customer(1).phone_index.unwrap_or_default();
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_token(&merchant_1, &token(1, 1)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    for round in 1..=20 {
        let mut read = store.read().await?;
        // often enough that an engine that remembers does
        for _ in 0..3 {
            let found = read.customer(&merchant_1, &customer_id(1)).await?;
            assert_eq!(found.map(|customer| customer.version), Some(round));
            let found = read.customer_by_phone(&merchant_1, &phone).await?;
            assert_eq!(found.map(|customer| customer.version), Some(round));
            let tokens = read.tokens_of(&merchant_1, &customer_id(1)).await?;
            assert_eq!(
                tokens.first().map(|token| token.updated_at),
                Some(at(if round == 1 { 8 } else { round }))
            );
            let consents = read
                .last_consents(&merchant_1, &customer_id(1), Purpose::CardOnFile)
                .await?;
            assert_eq!(
                consents.first().map(|last| last.2),
                (round > 1).then_some(at(round))
            );
            let name = read
                .merchant(&merchant_1)
                .await?
                .map(|merchant| merchant.name);
            assert_eq!(
                name,
                Some(if round == 1 {
                    merchant(1).name
                } else {
                    round.to_string()
                })
            );
        }
        let version = round + 1;
        let mut unit = store.write().await?;
        let changed = CustomerRecord {
            version,
            ..customer(1)
        };
        assert_eq!(
            unit.replace_customer(&merchant_1, &changed).await?,
            Replaced::Yes
        );
        let changed = crate::TokenRecord {
            updated_at: at(version),
            ..token(1, 1)
        };
        assert_eq!(
            unit.replace_token(&merchant_1, &changed).await?,
            Replaced::Yes
        );
        unit.append_consent(
            &merchant_1,
            &customer_id(1),
            &consent(Some(1), ConsentAct::Given, version),
        )
        .await?;
        let changed = MerchantRecord {
            name: version.to_string(),
            ..merchant(1)
        };
        assert_eq!(unit.replace_merchant(&changed).await?, Replaced::Yes);
        unit.commit().await?;
    }
    Ok(())
}

pub async fn one_of_many_concurrent_inserts_of_a_phone_is_let_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let phone = customer(1).phone_index;
    let insert = async |number: u32| -> Result<Inserted> {
        let mut unit = store.write().await?;
        let record = CustomerRecord {
            phone_index: phone.clone(),
            ..customer(number)
        };
        let inserted = unit.insert_customer(&merchant, &record).await?;
        unit.commit().await?;
        Ok(inserted)
    };
    let outcomes = together((1..=100).map(insert)).await;
    let outcomes = outcomes.into_iter().collect::<Result<Vec<_>>>()?;
    assert_eq!(outcomes.len(), 100);
    assert_eq!(
        outcomes
            .iter()
            .filter(|inserted| **inserted == Inserted::Yes)
            .count(),
        1
    );
    assert_eq!(
        store.read().await?.count_customers(&merchant, None).await?,
        1
    );
    Ok(())
}

pub async fn concurrent_units_make_one_chain_without_gaps(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let append = async |_: u32| -> Result<()> {
        let mut unit = store.write().await?;
        let seq = unit
            .audit_head(&merchant)
            .await?
            .map_or(1, |(last, _)| last + 1);
        unit.append_audit(&audit(1, seq, Some(1))).await?;
        unit.commit().await
    };
    together((1..=50).map(append))
        .await
        .into_iter()
        .collect::<Result<()>>()?;
    let history = store
        .read()
        .await?
        .history_of(&merchant, &customer_id(1), 100)
        .await?;
    assert_eq!(
        history.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        (1..=50).rev().collect::<Vec<_>>()
    );
    Ok(())
}

pub async fn a_dropped_unit_between_others_takes_none_along(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let insert = async |number: u32| -> Result<()> {
        let mut unit = store.write().await?;
        assert_eq!(
            unit.insert_customer(&merchant, &customer(number)).await?,
            Inserted::Yes
        );
        if number.is_multiple_of(3) {
            return Ok(());
        }
        unit.commit().await
    };
    together((1..=60).map(insert))
        .await
        .into_iter()
        .collect::<Result<()>>()?;
    let mut read = store.read().await?;
    for number in 1..=60 {
        let found = read.customer(&merchant, &customer_id(number)).await?;
        assert_eq!(found.is_some(), !number.is_multiple_of(3), "{number}");
    }
    Ok(())
}

pub async fn a_closed_store_keeps_what_was_committed_and_takes_no_more(
    store: &dyn Store,
) -> Result<()> {
    people(store, 1).await?;
    store.close().await;
    assert!(matches!(
        store.write().await.map(drop),
        Err(StoreError::Unavailable(_))
    ));
    let read = store.read().await?.merchant(&merchant_id(9)).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    Ok(())
}
