//! Card tokens.

use shared::card_token::{CardSummary, TokenProvider, TokenStatus};
use shared::id::TokenId;

use super::sample::{at, bare_token, customer_id, merchant_id, people, random, token, token_id};
use crate::{Inserted, Replaced, Result, Store, TokenRecord};

pub async fn a_token_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let sparse = CardSummary {
        last4_digit: "9999".to_owned(),
        card_type: None,
        network_name: String::new(),
        issuer_name: "SBI".to_owned(),
        card_category: None,
        country_code: None,
        international: true,
        emi: false,
        cvv_required: false,
    };
    let mut records = vec![
        token(1, 1),
        bare_token(2, 1),
        TokenRecord {
            card: Some(sparse),
            ..token(3, 1)
        },
    ];
    records.extend(
        (10..)
            .zip(TokenStatus::ALL)
            .map(|(number, status)| TokenRecord {
                status: *status,
                ..token(number, 1)
            }),
    );
    records.extend(
        (20..)
            .zip(TokenProvider::ALL)
            .map(|(number, provider)| TokenRecord {
                provider: *provider,
                ..token(number, 1)
            }),
    );
    let mut unit = store.write().await?;
    for record in &records {
        assert_eq!(unit.insert_token(&merchant, record).await?, Inserted::Yes);
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    for record in &records {
        assert_eq!(
            read.token(&merchant, &record.token_id).await?.as_ref(),
            Some(record)
        );
        let found = read
            .token_by_reference(&merchant, &record.merchant_token_reference)
            .await?;
        assert_eq!(found.as_ref(), Some(record));
    }
    assert_eq!(read.token(&merchant, &token_id(99)).await?, None);
    assert_eq!(read.token_by_reference(&merchant, "none").await?, None);
    Ok(())
}

pub async fn a_token_of_another_merchant_is_not_found(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_token(&merchant, &token(1, 1)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let other = merchant_id(2);
    let mut read = store.read().await?;
    assert_eq!(
        read.tokens_of(&merchant, &customer_id(1)).await?,
        [token(1, 1)]
    );
    assert_eq!(read.token(&other, &token_id(1)).await?, None);
    assert_eq!(read.token_by_reference(&other, "reference-1").await?, None);
    assert_eq!(read.tokens_of(&other, &customer_id(1)).await?, []);
    assert_eq!(read.count_tokens_of(&other, &[customer_id(1)]).await?, [0]);
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_token(&other, &token(1, 1)).await?,
        Replaced::Stale
    );
    Ok(())
}

pub async fn a_reference_names_one_token_of_a_merchant(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 2).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_token(&merchant, &token(1, 1)).await?,
        Inserted::Yes
    );
    let same = TokenRecord {
        merchant_token_reference: "reference-1".to_owned(),
        ..token(2, 2)
    };
    assert_eq!(unit.insert_token(&merchant, &same).await?, Inserted::Taken);
    assert_eq!(
        unit.insert_token(&merchant, &token(2, 2)).await?,
        Inserted::Yes
    );
    assert_eq!(unit.replace_token(&merchant, &same).await?, Replaced::Taken);
    unit.commit().await?;
    assert_eq!(
        store.read().await?.token(&merchant, &token_id(2)).await?,
        Some(token(2, 2))
    );
    Ok(())
}

pub async fn a_token_id_is_taken_once_in_a_merchant(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_token(&merchant, &token(1, 1)).await?,
        Inserted::Yes
    );
    let same = TokenRecord {
        merchant_token_reference: "other".to_owned(),
        ..token(1, 1)
    };
    assert_eq!(unit.insert_token(&merchant, &same).await?, Inserted::Taken);
    Ok(())
}

pub async fn a_replaced_token_is_what_is_read_afterwards(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_token(&merchant, &bare_token(1, 1)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    assert_eq!(
        store
            .read()
            .await?
            .tokens_of(&merchant, &customer_id(1))
            .await?,
        [bare_token(1, 1)]
    );
    for changed in [
        token(1, 1),
        TokenRecord {
            status: TokenStatus::Deactivated,
            ..bare_token(1, 1)
        },
    ] {
        let mut unit = store.write().await?;
        assert_eq!(
            unit.replace_token(&merchant, &changed).await?,
            Replaced::Yes
        );
        unit.commit().await?;
        let mut read = store.read().await?;
        assert_eq!(
            read.token(&merchant, &token_id(1)).await?.as_ref(),
            Some(&changed)
        );
        assert_eq!(read.tokens_of(&merchant, &customer_id(1)).await?, [changed]);
    }
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_token(&merchant, &token(2, 1)).await?,
        Replaced::Stale
    );
    Ok(())
}

pub async fn a_token_stays_with_its_customer(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 2).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_token(&merchant, &token(1, 1)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.replace_token(&merchant, &token(1, 2)).await?,
        Replaced::Stale
    );
    assert_eq!(
        unit.token(&merchant, &token_id(1)).await?,
        Some(token(1, 1))
    );
    Ok(())
}

pub async fn tokens_of_a_customer_come_newest_first(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 2).await?;
    // 3 and 4 came at once: the id tells them apart
    let together = |number| TokenRecord {
        token_id: TokenId::new(at(0), random(number)),
        created_at: at(100),
        ..token(number, 1)
    };
    let mut records = vec![token(1, 1), token(2, 1), together(3), together(4)];
    let mut unit = store.write().await?;
    for record in &records {
        assert_eq!(unit.insert_token(&merchant, record).await?, Inserted::Yes);
    }
    assert_eq!(
        unit.insert_token(&merchant, &token(5, 2)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    records.sort_by(|a, b| (b.created_at, &b.token_id).cmp(&(a.created_at, &a.token_id)));
    let mut read = store.read().await?;
    for _ in 0..2 {
        assert_eq!(read.tokens_of(&merchant, &customer_id(1)).await?, records);
    }
    assert_eq!(read.tokens_of(&merchant, &customer_id(3)).await?, []);
    Ok(())
}

pub async fn tokens_are_counted_in_the_order_asked_for(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 3).await?;
    let mut unit = store.write().await?;
    for (number, owner) in [(1, 1), (2, 1), (3, 3)] {
        assert_eq!(
            unit.insert_token(&merchant, &token(number, owner)).await?,
            Inserted::Yes
        );
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    let order = [
        customer_id(3),
        customer_id(2),
        customer_id(1),
        customer_id(9),
        customer_id(3),
    ];
    assert_eq!(
        read.count_tokens_of(&merchant, &order).await?,
        [1, 0, 2, 0, 1]
    );
    assert_eq!(
        read.count_tokens_of(&merchant, &[]).await?,
        Vec::<i64>::new()
    );
    Ok(())
}
