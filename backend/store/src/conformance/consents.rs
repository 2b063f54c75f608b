//! Records that are only ever added to: consents, decisions.

use shared::Timestamp;
use shared::consent::ConsentAct::{Given, Withdrawn};
use shared::consent::{ConsentAct, ConsentRecord, Purpose};
use shared::id::TokenId;

use super::sample::{at, consent, customer_id, decision, merchant_id, people, token, token_id};
use crate::{DecisionRecord, Inserted, Result, Store};

type Last = Vec<(TokenId, ConsentAct, Timestamp)>;

async fn last(store: &dyn Store, customer: u32, purpose: Purpose) -> Result<Last> {
    let mut read = store.read().await?;
    let mut records = read
        .last_consents(&merchant_id(1), &customer_id(customer), purpose)
        .await?;
    records.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(records)
}

/// Appends records of customer 1, each committed by itself, with a reader looking before each.
async fn append(store: &dyn Store, records: &[ConsentRecord]) -> Result<()> {
    for record in records {
        last(store, 1, record.purpose).await?;
        let mut unit = store.write().await?;
        unit.append_consent(&merchant_id(1), &customer_id(1), record)
            .await?;
        unit.commit().await?;
    }
    Ok(())
}

async fn two_tokens(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 2).await?;
    let mut unit = store.write().await?;
    for number in [1, 2] {
        assert_eq!(
            unit.insert_token(&merchant, &token(number, 1)).await?,
            Inserted::Yes
        );
    }
    unit.commit().await
}

pub async fn the_last_record_of_each_token_counts(store: &dyn Store) -> Result<()> {
    two_tokens(store).await?;
    assert_eq!(last(store, 1, Purpose::CardOnFile).await?, []);
    append(
        store,
        &[
            consent(Some(1), Given, 1),
            consent(Some(2), Given, 2),
            consent(Some(1), Withdrawn, 3),
        ],
    )
    .await?;
    let expected = [(token_id(1), Withdrawn, at(3)), (token_id(2), Given, at(2))];
    for _ in 0..2 {
        assert_eq!(last(store, 1, Purpose::CardOnFile).await?, expected);
    }
    append(store, &[consent(Some(1), Given, 4)]).await?;
    assert_eq!(
        last(store, 1, Purpose::CardOnFile).await?.first(),
        Some(&(token_id(1), Given, at(4)))
    );
    Ok(())
}

pub async fn the_record_added_last_counts_whatever_the_clock_says(store: &dyn Store) -> Result<()> {
    two_tokens(store).await?;
    append(
        store,
        &[consent(Some(1), Given, 5), consent(Some(1), Withdrawn, 5)],
    )
    .await?;
    append(
        store,
        &[consent(Some(2), Given, 9), consent(Some(2), Withdrawn, 8)],
    )
    .await?;
    let expected = [
        (token_id(1), Withdrawn, at(5)),
        (token_id(2), Withdrawn, at(8)),
    ];
    assert_eq!(last(store, 1, Purpose::CardOnFile).await?, expected);
    Ok(())
}

pub async fn purposes_and_customers_are_kept_apart(store: &dyn Store) -> Result<()> {
    two_tokens(store).await?;
    let recurring = ConsentRecord {
        purpose: Purpose::Recurring,
        ..consent(Some(1), Withdrawn, 2)
    };
    append(store, &[consent(Some(1), Given, 1), recurring]).await?;
    assert_eq!(
        last(store, 1, Purpose::CardOnFile).await?,
        [(token_id(1), Given, at(1))]
    );
    assert_eq!(
        last(store, 1, Purpose::Recurring).await?,
        [(token_id(1), Withdrawn, at(2))]
    );
    assert_eq!(last(store, 2, Purpose::CardOnFile).await?, []);
    let mut read = store.read().await?;
    assert_eq!(
        read.last_consents(&merchant_id(2), &customer_id(1), Purpose::CardOnFile)
            .await?,
        []
    );
    Ok(())
}

pub async fn consent_without_a_token_is_kept_but_counts_for_none(store: &dyn Store) -> Result<()> {
    two_tokens(store).await?;
    let bare = ConsentRecord {
        text_version: None,
        language: None,
        session_id: None,
        ..consent(None, Given, 1)
    };
    append(store, &[consent(None, Given, 1), bare]).await?;
    assert_eq!(last(store, 1, Purpose::CardOnFile).await?, []);
    Ok(())
}

pub async fn decisions_come_newest_first(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 2).await?;
    // the last two came at once and say different things: both are kept
    let changed = DecisionRecord {
        outcome: r#"{"usable":false}"#.to_owned(),
        ..decision(1, 2, 4)
    };
    let shown = [decision(1, 1, 3), decision(1, 2, 4), changed];
    let mut unit = store.write().await?;
    for record in &shown {
        unit.append_decision(&merchant, record).await?;
    }
    unit.append_decision(&merchant, &decision(2, 1, 9)).await?;
    unit.commit().await?;
    let mut read = store.read().await?;
    let [oldest, middle, newest] = shown;
    assert_eq!(
        read.decisions_of(&merchant, &customer_id(1), 2).await?,
        [newest.clone(), middle.clone()]
    );
    assert_eq!(
        read.decisions_of(&merchant, &customer_id(1), 9).await?,
        [newest, middle, oldest]
    );
    assert_eq!(
        read.decisions_of(&merchant_id(2), &customer_id(1), 9)
            .await?,
        []
    );
    Ok(())
}
