//! Answers kept under an `Idempotency-Key`.

use super::sample::{
    answer, customer_id, merchant, people, session_id, with_session, without_secret,
};
use crate::{Inserted, Result, Store};

pub async fn an_answer_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let (plain, minted) = (answer(1, 1), with_session(answer(2, 2), 1, 3));
    let mut unit = store.write().await?;
    for record in [&plain, &minted] {
        assert_eq!(unit.keep_answer(&merchant, record).await?, Inserted::Yes);
    }
    assert_eq!(
        unit.answer(&merchant, &plain.key_index).await?.as_ref(),
        Some(&plain)
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    for record in [plain, minted] {
        assert_eq!(
            read.answer(&merchant, &record.key_index).await?,
            Some(record)
        );
    }
    Ok(())
}

pub async fn a_key_is_answered_once_in_a_merchant(store: &dyn Store) -> Result<()> {
    let one = people(store, 0).await?;
    let other = merchant(2);
    let (first, second) = (answer(1, 1), answer(1, 2));
    let mut unit = store.write().await?;
    assert_eq!(unit.keep_answer(&one, &first).await?, Inserted::Yes);
    assert_eq!(unit.keep_answer(&one, &second).await?, Inserted::Taken);
    unit.commit().await?;
    let mut unit = store.write().await?;
    assert_eq!(unit.keep_answer(&one, &second).await?, Inserted::Taken);
    assert_eq!(
        unit.answer(&other.merchant_id, &first.key_index).await?,
        None
    );
    assert_eq!(
        unit.keep_answer(&other.merchant_id, &second).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(read.answer(&one, &first.key_index).await?, Some(first));
    assert_eq!(
        read.answer(&other.merchant_id, &second.key_index).await?,
        Some(second)
    );
    Ok(())
}

pub async fn a_sessions_secret_leaves_its_answer(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let (one, other) = (
        with_session(answer(1, 1), 1, 9),
        with_session(answer(2, 1), 2, 9),
    );
    let mut unit = store.write().await?;
    for record in [&one, &other] {
        assert_eq!(unit.keep_answer(&merchant, record).await?, Inserted::Yes);
    }
    unit.commit().await?;
    let mut unit = store.write().await?;
    unit.forget_session_secret(&merchant, &session_id(1))
        .await?;
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.answer(&merchant, &one.key_index).await?,
        Some(without_secret(one))
    );
    assert_eq!(read.answer(&merchant, &other.key_index).await?, Some(other));
    Ok(())
}

pub async fn answers_about_a_customer_can_be_forgotten(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let (one, other, none) = (answer(1, 1), answer(2, 1), with_session(answer(3, 1), 1, 9));
    let mut unit = store.write().await?;
    for record in [&one, &other, &none] {
        assert_eq!(unit.keep_answer(&merchant, record).await?, Inserted::Yes);
    }
    unit.forget_answers_about(&merchant, &customer_id(1))
        .await?;
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(read.answer(&merchant, &one.key_index).await?, None);
    for record in [other, none] {
        assert_eq!(
            read.answer(&merchant, &record.key_index).await?,
            Some(record)
        );
    }
    Ok(())
}
