//! What is sealed under a merchant's key, column by column.
#![allow(
    clippy::indexing_slicing,
    reason = "the length was asserted before; a case fails by panicking"
)]

use super::sample::{answer, challenge, merchant, message, people, session, with_session};
use crate::{Inserted, MerchantKey, Replaced, Result, Sealed, SpareKey, SpareRole, Store};

pub async fn whatever_is_sealed_can_be_listed_and_sealed_anew(store: &dyn Store) -> Result<()> {
    let one = people(store, 3).await?;
    let mut unit = store.write().await?;
    let other = merchant(2);
    for number in 1..=3 {
        let inserted = [
            unit.insert_session(&one, &session(number, number)).await?,
            unit.insert_challenge(&one, &challenge(number, number))
                .await?,
            unit.keep_answer(&one, &with_session(answer(number, 1), number, 9))
                .await?,
        ];
        assert_eq!(inserted, [Inserted::Yes; 3]);
        unit.enqueue(&message(1, number, 1)).await?;
    }
    for what in Sealed::ALL {
        let all = unit.sealed(&one, what, "", 10).await?;
        assert_eq!(all.len(), 3, "{what:?}");
        assert!(all.is_sorted_by(|a, b| a.0 < b.0), "{what:?}");
        let first = unit.sealed(&one, what, "", 2).await?;
        assert_eq!(first, all[..2], "{what:?}");
        let rest = unit.sealed(&one, what, &first[1].0, 2).await?;
        assert_eq!(rest, all[2..], "{what:?}");
        assert_eq!(
            unit.sealed(&other.merchant_id, what, "", 10).await?,
            [],
            "{what:?}"
        );
        let (id, from) = &all[1];
        for (merchant, id, from, done) in [
            (&one, id.as_str(), b"else".as_slice(), Replaced::Stale),
            (&other.merchant_id, id, from, Replaced::Stale),
            (&one, "none", from, Replaced::Stale),
            (&one, id, from, Replaced::Yes),
            (&one, id, from, Replaced::Stale),
        ] {
            assert_eq!(
                unit.reseal(merchant, what, id, from, b"anew").await?,
                done,
                "{what:?}"
            );
        }
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    for what in Sealed::ALL {
        let all = read.sealed(&one, what, "", 10).await?;
        assert_eq!(all[1].1, b"anew", "{what:?}");
        assert_ne!(all[0].1, b"anew", "{what:?}");
    }
    Ok(())
}

pub async fn a_merchants_keys_are_replaced_when_they_are_the_ones_meant(
    store: &dyn Store,
) -> Result<()> {
    let record = merchant(1);
    let mut unit = store.write().await?;
    assert_eq!(unit.insert_merchant(&record).await?, Inserted::Yes);
    unit.commit().await?;
    let mut changed = record.clone();
    changed.wrapped_key = vec![1];
    changed.wrapped_index_key = vec![2];
    changed.spare_key = Some(SpareKey {
        of: MerchantKey::Index,
        wrapped: vec![3],
        role: SpareRole::Previous,
        since: record.created_at,
    });
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_merchant_keys(b"else", &changed).await?,
        Replaced::Stale
    );
    assert_eq!(
        unit.replace_merchant_keys(&record.wrapped_key, &changed)
            .await?,
        Replaced::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(read.merchant(&record.merchant_id).await?, Some(changed));
    Ok(())
}
