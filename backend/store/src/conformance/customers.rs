//! Customers.

use shared::customer::{CustomerState, Resumes};

use super::sample::{answer, at, audit, customer, customer_id, merchant_id, next, people};
use crate::{
    AuditRecord, Creation, CustomerRecord, Head, Inserted, Replaced, Result, Store, StoreError,
};

fn deleted(customer: &CustomerRecord) -> CustomerRecord {
    CustomerRecord {
        state: CustomerState::Deleted,
        ..next(customer)
    }
}

pub async fn a_customer_comes_back_as_it_went_in(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let bare = CustomerRecord {
        verified_at: None,
        phone_changed_at: None,
        phone_index: None,
        reference_index: None,
        email_index: None,
        profile: Vec::new(),
        ..customer(9)
    };
    let states = [
        CustomerState::Inactive,
        CustomerState::Active,
        CustomerState::Suspended {
            until: None,
            resumes: Resumes::Inactive,
        },
        CustomerState::Suspended {
            until: Some(at(99)),
            resumes: Resumes::Active,
        },
        CustomerState::Deleted,
    ];
    let mut records = vec![bare];
    records.extend((10..).zip(states).map(|(number, state)| CustomerRecord {
        state,
        ..customer(number)
    }));
    let mut unit = store.write().await?;
    for record in &records {
        assert_eq!(
            unit.insert_customer(&merchant, record).await?,
            Inserted::Yes
        );
        assert_eq!(
            unit.customer(&merchant, &record.customer_id)
                .await?
                .as_ref(),
            Some(record)
        );
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    for record in &records {
        // twice: an engine may answer the second time from memory
        for _ in 0..2 {
            assert_eq!(
                read.customer(&merchant, &record.customer_id)
                    .await?
                    .as_ref(),
                Some(record)
            );
        }
        let living = (record.state != CustomerState::Deleted).then_some(record);
        for _ in 0..3 {
            if let Some(phone) = &record.phone_index {
                assert_eq!(
                    read.customer_by_phone(&merchant, phone).await?.as_ref(),
                    living
                );
            }
            if let Some(reference) = &record.reference_index {
                assert_eq!(
                    read.customer_by_reference(&merchant, reference)
                        .await?
                        .as_ref(),
                    living
                );
            }
        }
        if let Some(email) = &record.email_index {
            assert_eq!(
                read.customers_by_email(&merchant, email, 9).await?.first(),
                living
            );
        }
    }
    Ok(())
}

pub async fn a_customer_is_created_with_its_entry_or_not_at_all(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let bare = AuditRecord {
        actor_id: String::new(),
        address: None,
        ..audit(1, 1, None)
    };
    let first = audit(1, 2, Some(1));
    let taken = CustomerRecord {
        phone_index: customer(1).phone_index,
        ..customer(2)
    };
    let mut unit = store.write().await?;
    for (customer, entry, inserted) in [
        (&customer(9), &bare, Inserted::Yes),
        (&customer(1), &first, Inserted::Yes),
        (&taken, &audit(1, 3, Some(2)), Inserted::Taken),
    ] {
        assert_eq!(
            unit.create_customers(&merchant, &[creation(customer, entry)])
                .await?,
            inserted
        );
    }
    assert_eq!(
        unit.audit_head(&merchant).await?,
        Some((2, first.hash.clone())),
        "the next entry follows the last that was added"
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    for record in [customer(9), customer(1)] {
        let found = read.customer(&merchant, &record.customer_id).await?;
        assert_eq!(found, Some(record));
    }
    assert_eq!(read.customer(&merchant, &taken.customer_id).await?, None);
    let entries = read.audit_entries(&merchant, 0, 9).await?;
    let entries = entries.into_iter().map(|(_, entry)| entry);
    assert_eq!(entries.collect::<Result<Vec<_>>>()?, [bare, first]);
    Ok(())
}

pub async fn several_customers_are_created_together(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let creations: Vec<Creation> = (1..=3)
        .map(|number| {
            creation(
                &customer(number),
                &audit(1, i64::from(number), Some(number)),
            )
        })
        .collect();
    let mut unit = store.write_of(&merchant).await?;
    assert_eq!(
        unit.create_customers(&merchant, &creations).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    let mut entries = read.audit_entries(&merchant, 0, 9).await?.into_iter();
    for Creation {
        customer, entry, ..
    } in creations
    {
        let found = read.customer(&merchant, &customer.customer_id).await?;
        assert_eq!(found, Some(customer));
        assert_eq!(
            entries.next().map(|(_, entry)| entry).transpose()?,
            Some(entry)
        );
    }
    assert!(entries.next().is_none());
    Ok(())
}

/// The one that is taken is on file, or is among those to create.
pub async fn several_customers_of_which_one_is_taken_are_refused(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let with_phone_of = |other| CustomerRecord {
        phone_index: customer(other).phone_index,
        ..customer(3)
    };
    for last in [with_phone_of(1), with_phone_of(2)] {
        let creations = [
            creation(&customer(2), &audit(1, 1, Some(2))),
            creation(&last, &audit(1, 2, Some(3))),
        ];
        let mut unit = store.write_of(&merchant).await?;
        let refused = unit.create_customers(&merchant, &creations).await;
        assert!(
            matches!(refused, Err(StoreError::Refused(_))),
            "{refused:?}"
        );
        assert!(
            unit.commit().await.is_err(),
            "the unit is refused with them"
        );
        let mut read = store.read().await?;
        for customer in [customer(2), customer(3)] {
            let found = read.customer(&merchant, &customer.customer_id).await?;
            assert_eq!(found, None);
        }
        assert!(read.audit_entries(&merchant, 0, 9).await?.is_empty());
    }
    Ok(())
}

pub async fn customers_are_created_with_what_is_kept_of_their_answers(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write_of(&merchant).await?;
    let created = unit
        .create_customers(
            &merchant,
            &under_keys([(1, Some(1)), (2, None), (3, Some(3))])(None),
        )
        .await?;
    assert_eq!(created, Inserted::Yes);
    unit.commit().await?;
    for new in [[(4, Some(4)), (5, None)], [(6, Some(6)), (7, Some(7))]] {
        store.create_customers(&merchant, &under_keys(new)).await?;
    }
    let mut read = store.read().await?;
    for key in [1, 3, 4, 6, 7] {
        let kept = read.answer(&merchant, &answer(key, 5).key_index).await?;
        assert_eq!(kept, Some(answer(key, 5)));
    }
    assert_eq!(read.count_customers(&merchant, None).await?, 7);
    Ok(())
}

pub async fn customers_of_whom_one_has_a_key_that_is_taken_are_refused(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 0).await?;
    store
        .create_customers(&merchant, &under_keys([(1, Some(1))]))
        .await?;
    let (one, two) = (
        under_keys([(2, Some(1))]),
        under_keys([(3, Some(1)), (4, None)]),
    );
    let mut unit = store.write_of(&merchant).await?;
    let head = unit.audit_head(&merchant).await?;
    let in_a_unit = unit.create_customers(&merchant, &one(head)).await;
    assert!(unit.commit().await.is_err(), "the unit is refused with it");
    for refused in [
        in_a_unit.map(drop),
        store.create_customers(&merchant, &one).await,
        store.create_customers(&merchant, &two).await,
    ] {
        assert!(
            matches!(refused, Err(StoreError::Refused(_))),
            "{refused:?}"
        );
    }
    let mut read = store.read().await?;
    assert_eq!(read.count_customers(&merchant, None).await?, 1);
    Ok(())
}

/// Customers, each with the number of the key under which its answer is kept.
fn under_keys(
    new: impl IntoIterator<Item = (u32, Option<u32>)>,
) -> impl Fn(Option<Head>) -> Vec<Creation> + Send + Sync {
    let (numbers, keys): (Vec<_>, Vec<_>) = new.into_iter().unzip();
    let new = behind(numbers.into_iter().map(customer));
    move |end| {
        let creations = new(end).into_iter().zip(&keys);
        let under = |(creation, key): (Creation, &Option<u32>)| Creation {
            answer: key.map(|key| answer(key, 5)),
            ..creation
        };
        creations.map(under).collect()
    }
}

pub async fn a_customer_whose_place_in_the_chain_is_taken_is_refused(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 0).await?;
    let first = creation(&customer(1), &audit(1, 1, Some(1)));
    let same_place = creation(&customer(2), &audit(1, 1, Some(2)));
    let mut unit = store.write_of(&merchant).await?;
    let created = unit.create_customers(&merchant, &[first]).await?;
    assert_eq!(created, Inserted::Yes);
    let refused = unit.create_customers(&merchant, &[same_place]).await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    assert!(unit.commit().await.is_err(), "the unit is refused with it");
    Ok(())
}

/// In one call or in more, alone or behind units that are not committed yet: behind the end of the chain.
pub async fn customers_are_created_behind_the_end_of_the_chain(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut last = 0;
    for number in [1, 3, 5, 7] {
        let new = behind([customer(number), customer(number + 1)]);
        store.create_customers(&merchant, &new).await?;
        last += 2;
        // what another unit adds meanwhile counts
        if number > 3 {
            let mut unit = store.write_of(&merchant).await?;
            last += 1;
            unit.append_audit(&audit(1, last, None)).await?;
            unit.commit().await?;
        }
    }
    let mut read = store.read().await?;
    assert_eq!(read.count_customers(&merchant, None).await?, 8);
    let entries = read.audit_entries(&merchant, 0, 99).await?;
    assert_eq!(
        entries.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
        (1..=last).collect::<Vec<_>>()
    );
    Ok(())
}

/// Of those that are created as a unit of their own nothing stays when one is on file, and others go on.
pub async fn customers_that_are_refused_leave_nothing(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let taken = CustomerRecord {
        phone_index: customer(1).phone_index,
        ..customer(3)
    };
    let mut last = 0;
    for number in [10, 11, 12] {
        for refused in [vec![taken.clone()], vec![customer(2), taken.clone()]] {
            let refused = store.create_customers(&merchant, &behind(refused)).await;
            assert!(
                matches!(refused, Err(StoreError::Refused(_))),
                "{refused:?}"
            );
        }
        let new = behind([customer(number)]);
        store.create_customers(&merchant, &new).await?;
        last += 1;
    }
    let mut read = store.read().await?;
    assert_eq!(read.count_customers(&merchant, None).await?, 4);
    let head = read.audit_head(&merchant).await?;
    assert_eq!(head.map(|(seq, _)| seq), Some(last));
    Ok(())
}

fn behind(
    customers: impl IntoIterator<Item = CustomerRecord>,
) -> impl Fn(Option<Head>) -> Vec<Creation> + Send + Sync {
    let customers: Vec<_> = customers.into_iter().collect();
    move |end| {
        let end = end.map_or(0, |(seq, _)| seq);
        let entries = (end + 1..).map(|seq| audit(1, seq, None));
        let new = customers.iter().zip(entries);
        new.map(|(customer, entry)| creation(customer, &entry))
            .collect()
    }
}

fn creation(customer: &CustomerRecord, entry: &AuditRecord) -> Creation {
    Creation {
        customer: customer.clone(),
        entry: entry.clone(),
        answer: None,
    }
}

pub async fn a_missing_customer_is_none(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let mut read = store.read().await?;
    assert_eq!(read.customer(&merchant, &customer_id(2)).await?, None);
    assert_eq!(read.customer_by_phone(&merchant, b"none").await?, None);
    assert_eq!(read.customer_by_reference(&merchant, b"none").await?, None);
    assert_eq!(read.customers_by_email(&merchant, b"none", 9).await?, []);
    Ok(())
}

pub async fn a_customer_of_another_merchant_is_not_found(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let (other, record) = (merchant_id(2), customer(1));
    let (phone, reference, email) = (
        record.phone_index.clone().unwrap_or_default(),
        record.reference_index.clone().unwrap_or_default(),
        record.email_index.clone().unwrap_or_default(),
    );
    let mut read = store.read().await?;
    // first so that an engine that remembers knows the customer
    assert_eq!(
        read.customer(&merchant, &record.customer_id)
            .await?
            .as_ref(),
        Some(&record)
    );
    assert_eq!(
        read.customer_by_phone(&merchant, &phone).await?.as_ref(),
        Some(&record)
    );
    assert_eq!(read.customer(&other, &record.customer_id).await?, None);
    assert_eq!(read.customer_by_phone(&other, &phone).await?, None);
    assert_eq!(read.customer_by_reference(&other, &reference).await?, None);
    assert_eq!(read.customers_by_email(&other, &email, 9).await?, []);
    assert_eq!(read.customers(&other, None, None, 9).await?, []);
    assert_eq!(read.count_customers(&other, None).await?, 0);
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_customer(&other, &next(&record)).await?,
        Replaced::Stale
    );
    Ok(())
}

pub async fn a_phone_belongs_to_one_living_customer_of_a_merchant(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let second = CustomerRecord {
        phone_index: customer(1).phone_index,
        ..customer(2)
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_customer(&merchant, &second).await?,
        Inserted::Taken
    );
    assert_eq!(unit.customer(&merchant, &second.customer_id).await?, None);
    assert_eq!(
        unit.insert_customer(&merchant_id(2), &second).await?,
        Inserted::Yes
    );
    Ok(())
}

pub async fn a_reference_belongs_to_one_living_customer_of_a_merchant(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 1).await?;
    let second = CustomerRecord {
        reference_index: customer(1).reference_index,
        ..customer(2)
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_customer(&merchant, &second).await?,
        Inserted::Taken
    );
    assert_eq!(unit.customer(&merchant, &second.customer_id).await?, None);
    assert_eq!(
        unit.insert_customer(&merchant_id(2), &second).await?,
        Inserted::Yes
    );
    Ok(())
}

pub async fn a_customer_id_is_taken_once_in_a_merchant(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let second = CustomerRecord {
        customer_id: customer_id(1),
        ..customer(2)
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.insert_customer(&merchant, &second).await?,
        Inserted::Taken
    );
    assert_eq!(
        unit.insert_customer(&merchant_id(2), &second).await?,
        Inserted::Yes
    );
    Ok(())
}

pub async fn a_deleted_customer_frees_its_phone_and_reference(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let first = customer(1);
    let phone = first.phone_index.clone().unwrap_or_default();
    let reference = first.reference_index.clone().unwrap_or_default();
    assert!(
        store
            .read()
            .await?
            .customer_by_phone(&merchant, &phone)
            .await?
            .is_some()
    );
    let second = CustomerRecord {
        phone_index: first.phone_index.clone(),
        reference_index: first.reference_index.clone(),
        ..customer(2)
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_customer(&merchant, &deleted(&first)).await?,
        Replaced::Yes
    );
    assert_eq!(
        unit.insert_customer(&merchant, &second).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.customer(&merchant, &first.customer_id).await?,
        Some(deleted(&first))
    );
    for _ in 0..3 {
        assert_eq!(
            read.customer_by_phone(&merchant, &phone).await?.as_ref(),
            Some(&second)
        );
        assert_eq!(
            read.customer_by_reference(&merchant, &reference)
                .await?
                .as_ref(),
            Some(&second)
        );
    }
    Ok(())
}

pub async fn a_deleted_customer_cannot_come_back_to_a_phone_that_is_taken(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 1).await?;
    let gone = deleted(&customer(1));
    let second = CustomerRecord {
        phone_index: customer(1).phone_index,
        ..customer(2)
    };
    let back = CustomerRecord {
        state: CustomerState::Active,
        ..next(&gone)
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_customer(&merchant, &gone).await?,
        Replaced::Yes
    );
    assert_eq!(
        unit.insert_customer(&merchant, &second).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.replace_customer(&merchant, &back).await?,
        Replaced::Taken
    );
    assert_eq!(
        unit.customer(&merchant, &gone.customer_id).await?,
        Some(gone)
    );
    Ok(())
}

pub async fn customers_without_phone_and_reference_do_not_collide(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let mut unit = store.write().await?;
    for number in 1..=3 {
        let record = CustomerRecord {
            phone_index: None,
            reference_index: None,
            email_index: None,
            ..customer(number)
        };
        assert_eq!(
            unit.insert_customer(&merchant, &record).await?,
            Inserted::Yes
        );
    }
    Ok(())
}

pub async fn a_replacement_is_what_is_read_afterwards(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let changed = CustomerRecord {
        state: CustomerState::Suspended {
            until: Some(at(50)),
            resumes: Resumes::Active,
        },
        state_since: at(20),
        verified_at: None,
        phone_changed_at: None,
        wrapped_key: vec![9],
        profile: vec![8, 8],
        phone_index: Some(b"new phone".to_vec()),
        reference_index: None,
        email_index: Some(b"new email".to_vec()),
        updated_at: at(21),
        ..next(&customer(1))
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_customer(&merchant, &changed).await?,
        Replaced::Yes
    );
    assert_eq!(
        unit.customer(&merchant, &customer_id(1)).await?.as_ref(),
        Some(&changed)
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.customer(&merchant, &customer_id(1)).await?.as_ref(),
        Some(&changed)
    );
    assert_eq!(
        read.customer_by_phone(&merchant, b"new phone")
            .await?
            .as_ref(),
        Some(&changed)
    );
    let old_phone = customer(1).phone_index.unwrap_or_default();
    assert_eq!(read.customer_by_phone(&merchant, &old_phone).await?, None);
    Ok(())
}

pub async fn a_replacement_of_an_old_version_is_stale(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 1).await?;
    let (second, unknown) = (next(&customer(1)), next(&customer(2)));
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_customer(&merchant, &customer(1)).await?,
        Replaced::Stale
    );
    assert_eq!(
        unit.replace_customer(&merchant, &next(&second)).await?,
        Replaced::Stale
    );
    assert_eq!(
        unit.replace_customer(&merchant, &unknown).await?,
        Replaced::Stale
    );
    assert_eq!(
        unit.replace_customer(&merchant, &second).await?,
        Replaced::Yes
    );
    assert_eq!(
        unit.replace_customer(&merchant, &second).await?,
        Replaced::Stale
    );
    unit.commit().await?;
    assert_eq!(
        store
            .read()
            .await?
            .customer(&merchant, &customer_id(1))
            .await?,
        Some(second)
    );
    Ok(())
}

pub async fn a_replacement_that_takes_anothers_phone_changes_nothing(
    store: &dyn Store,
) -> Result<()> {
    let merchant = people(store, 2).await?;
    let stolen = CustomerRecord {
        phone_index: customer(1).phone_index,
        ..next(&customer(2))
    };
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_customer(&merchant, &stolen).await?,
        Replaced::Taken
    );
    assert_eq!(
        unit.insert_customer(&merchant, &customer(3)).await?,
        Inserted::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.customer(&merchant, &customer_id(2)).await?,
        Some(customer(2))
    );
    assert_eq!(
        read.customer(&merchant, &customer_id(3)).await?,
        Some(customer(3))
    );
    Ok(())
}
