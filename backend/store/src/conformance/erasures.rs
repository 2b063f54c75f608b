//! Erasing, and the receipts of it.

use shared::Timestamp;
use shared::consent::{ConsentAct, Purpose};
use shared::customer::CustomerState;
use shared::id::CustomerId;

use super::sample::{
    answer, at, bare_session, challenge, challenge_id, consent, customer, customer_id, decision,
    hash, merchant_id, people, session_id, token, token_id,
};
use crate::{
    CoolDown, CustomerRecord, Destroyed, ErasureRecord, Inserted, Result, SessionRecord, Store,
};

fn deleted(number: u32, seconds: i64) -> CustomerRecord {
    CustomerRecord {
        state: CustomerState::Deleted,
        state_since: at(seconds),
        ..customer(number)
    }
}

fn receipt(number: u32) -> ErasureRecord {
    ErasureRecord {
        merchant_id: merchant_id(1),
        customer_id: customer_id(number),
        deleted_at: at(5),
        erased_at: at(6),
        destroyed: Destroyed {
            tokens: 1,
            consents: 2,
            decisions: 3,
            sessions: 4,
        },
        signature: hash(number),
    }
}

pub async fn deleted_customers_come_in_the_order_of_their_deletion(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    for (number, seconds) in [(2, 30), (3, 10), (4, 20), (5, 20)] {
        let record = deleted(number, seconds);
        assert_eq!(
            unit.insert_customer(&merchant, &record).await?,
            Inserted::Yes
        );
    }
    let of_another = deleted(9, 1);
    assert_eq!(
        unit.insert_customer(&merchant_id(2), &of_another).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    let all: Vec<(Timestamp, CustomerId)> = [(10, 3), (20, 4), (20, 5), (30, 2)]
        .map(|(seconds, number)| (at(seconds), customer_id(number)))
        .into();
    let found = read.deleted_customers(&merchant, at(30), None, 9).await?;
    assert_eq!(found, all);
    let found = read.deleted_customers(&merchant, at(29), None, 2).await?;
    assert_eq!(found, all.iter().take(2).cloned().collect::<Vec<_>>());
    let after = found.last();
    let found = read.deleted_customers(&merchant, at(29), after, 2).await?;
    assert_eq!(found, [(at(20), customer_id(5))]);
    Ok(())
}

pub async fn an_erased_customer_leaves_nothing_and_takes_no_other_along(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 2).await?;
    let mut unit = store.write().await?;
    for number in [1, 2] {
        let session = SessionRecord {
            customer_id: Some(customer_id(number)),
            ..bare_session(number)
        };
        assert_eq!(
            unit.insert_session(&merchant, &session).await?,
            Inserted::Yes
        );
        let own = challenge(number, number);
        assert_eq!(unit.insert_challenge(&merchant, &own).await?, Inserted::Yes);
        assert_eq!(
            unit.insert_token(&merchant, &token(number, number)).await?,
            Inserted::Yes
        );
        assert_eq!(
            unit.keep_answer(&merchant, &answer(number, 1)).await?,
            Inserted::Yes
        );
        for seconds in [1, 2] {
            let given = consent(Some(number), ConsentAct::Given, seconds);
            unit.append_consent(&merchant, &customer_id(number), &given)
                .await?;
        }
        for seconds in [1, 2, 3] {
            unit.append_decision(&merchant, &decision(number, number, seconds))
                .await?;
        }
    }
    unit.commit().await?;
    // what readers keep is to be given up as well
    let mut read = store.read().await?;
    assert!(read.customer(&merchant, &customer_id(1)).await?.is_some());
    assert_eq!(read.tokens_of(&merchant, &customer_id(1)).await?.len(), 1);

    let mut unit = store.write().await?;
    assert_eq!(
        unit.erase_customer(&merchant_id(2), &customer_id(1))
            .await?,
        Destroyed::default()
    );
    assert_eq!(
        unit.erase_customer(&merchant, &customer_id(1)).await?,
        Destroyed {
            tokens: 1,
            consents: 2,
            decisions: 3,
            sessions: 1,
        }
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    let phone = customer(1).phone_index.unwrap_or_default();
    for (number, there) in [(1, false), (2, true)] {
        let id = customer_id(number);
        assert_eq!(read.customer(&merchant, &id).await?.is_some(), there);
        assert_eq!(
            read.tokens_of(&merchant, &id).await?.len(),
            usize::from(there)
        );
        let token = read.token(&merchant, &token_id(number)).await?;
        assert_eq!(token.is_some(), there);
        let consents = read
            .last_consents(&merchant, &id, Purpose::CardOnFile)
            .await?;
        assert_eq!(consents.len(), usize::from(there));
        let decisions = read.decisions_of(&merchant, &id, 9).await?;
        assert_eq!(decisions.len(), 3 * usize::from(there));
        let session = read.session(&merchant, &session_id(number)).await?;
        assert_eq!(session.is_some(), there);
        let challenge = read.challenge(&merchant, &challenge_id(number)).await?;
        assert_eq!(challenge.is_some(), there);
        let key_index = answer(number, 1).key_index;
        let answered = read.answer(&merchant, &key_index).await?;
        assert_eq!(answered.is_some(), there);
    }
    assert_eq!(read.customer_by_phone(&merchant, &phone).await?, None);
    assert_eq!(read.count_customers(&merchant, None).await?, 1);
    Ok(())
}

pub async fn a_forgotten_phone_leaves_nothing_and_takes_no_other_along(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 0).await?;
    let (phone, other) = (challenge(1, 1).phone_index, hash(99));
    let tried = [b"session".as_slice(), &phone].concat();
    let cool_down = CoolDown {
        until: at(9),
        nth: 1,
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
    for subject in [&phone, &other] {
        unit.set_cool_down(&merchant, subject, &cool_down).await?;
        unit.record_event(Some(&merchant), "code", subject, at(1))
            .await?;
    }
    unit.record_event(Some(&merchant), "code", &tried, at(1))
        .await?;
    unit.record_event(Some(&merchant), "code", b"", at(1))
        .await?;
    unit.record_event(Some(&merchant_id(2)), "code", &phone, at(1))
        .await?;
    unit.commit().await?;

    let mut unit = store.write().await?;
    unit.forget_phone(&merchant, &phone).await?;
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(read.challenge(&merchant, &challenge_id(1)).await?, None);
    assert_eq!(read.cool_down(&merchant, &phone).await?, None);
    assert_eq!(read.cool_down(&merchant, &other).await?, Some(cool_down));
    for (of, subject, left) in [
        (1, phone.as_slice(), 0),
        (1, tried.as_slice(), 0),
        (1, other.as_slice(), 1),
        (1, b"".as_slice(), 1),
        (2, phone.as_slice(), 1),
    ] {
        let events = read
            .count_events(Some(&merchant_id(of)), "code", subject, at(0))
            .await?;
        assert_eq!(events, left, "{subject:?} of {of}");
    }
    Ok(())
}

pub async fn a_receipt_comes_back_as_it_went_in_and_is_written_once(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    assert_eq!(unit.append_erasure(&receipt(1)).await?, Inserted::Yes);
    let another = ErasureRecord {
        erased_at: at(99),
        ..receipt(1)
    };
    assert_eq!(unit.append_erasure(&another).await?, Inserted::Taken);
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.erasure(&merchant, &customer_id(1)).await?,
        Some(receipt(1))
    );
    assert_eq!(read.erasure(&merchant, &customer_id(2)).await?, None);
    assert_eq!(read.erasure(&merchant_id(2), &customer_id(1)).await?, None);
    Ok(())
}

pub async fn receipts_are_listed_by_customer_after_a_place(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    for number in [3, 1, 2] {
        assert_eq!(unit.append_erasure(&receipt(number)).await?, Inserted::Yes);
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    let first = read.erasures(&merchant, None, 2).await?;
    assert_eq!(first, [receipt(1), receipt(2)]);
    let after = first.last().map(|erasure| &erasure.customer_id);
    let rest = read.erasures(&merchant, after, 2).await?;
    assert_eq!(rest, [receipt(3)]);
    assert_eq!(read.erasures(&merchant_id(2), None, 9).await?, []);
    Ok(())
}

pub async fn scrubbing_keeps_what_is_there(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 3).await?;
    let mut unit = store.write().await?;
    unit.erase_customer(&merchant, &customer_id(2)).await?;
    unit.commit().await?;
    store.scrub().await?;
    let mut read = store.read().await?;
    let found = read.customer(&merchant, &customer_id(3)).await?;
    assert_eq!(found, Some(customer(3)));
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_customer(&merchant, &customer(4)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    assert_eq!(read.count_customers(&merchant, None).await?, 3);
    Ok(())
}
