//! Many customers at once: by e-mail address, page by page, and counted.

use shared::customer::{CustomerState, CustomerStatus};

use super::sample::{at, customer, customer_id, next, people};
use crate::{CustomerRecord, Inserted, PageAfter, Replaced, Result, Store};

fn deleted(customer: &CustomerRecord) -> CustomerRecord {
    CustomerRecord {
        state: CustomerState::Deleted,
        ..next(customer)
    }
}

pub async fn customers_of_an_email_address_come_newest_first(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    let family = |number| CustomerRecord {
        email_index: Some(b"family".to_vec()),
        ..customer(number)
    };
    let mut unit = store.write().await?;
    for number in [2, 1, 4, 3] {
        assert_eq!(
            unit.insert_customer(&merchant, &family(number)).await?,
            Inserted::Yes
        );
    }
    assert_eq!(
        unit.insert_customer(&merchant, &customer(5)).await?,
        Inserted::Yes
    );
    assert_eq!(
        unit.replace_customer(&merchant, &deleted(&family(4)))
            .await?,
        Replaced::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(
        read.customers_by_email(&merchant, b"family", 2).await?,
        [family(3), family(2)]
    );
    assert_eq!(
        read.customers_by_email(&merchant, b"family", 9).await?,
        [family(3), family(2), family(1)]
    );
    Ok(())
}

pub async fn pages_go_through_all_customers_newest_first(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 0).await?;
    // three instants, so that the id has to tell apart what came at once
    let at_once = |number: u32| CustomerRecord {
        created_at: at(i64::from(number % 3)),
        ..customer(number)
    };
    let mut expected: Vec<CustomerRecord> = (1..=10).map(at_once).collect();
    let mut unit = store.write().await?;
    for record in &expected {
        assert_eq!(
            unit.insert_customer(&merchant, record).await?,
            Inserted::Yes
        );
    }
    unit.commit().await?;
    expected.sort_by(|a, b| (b.created_at, &b.customer_id).cmp(&(a.created_at, &a.customer_id)));

    let (mut found, mut after) = (Vec::new(), None);
    let mut read = store.read().await?;
    for size in [4, 4, 2, 0] {
        let page = read.customers(&merchant, None, after.as_ref(), 4).await?;
        assert_eq!(page.len(), size);
        if let Some(last) = page.last() {
            after = Some(PageAfter {
                created_at: last.created_at,
                customer_id: last.customer_id.clone(),
            });
        }
        found.extend(page);
    }
    assert_eq!(found, expected);
    Ok(())
}

pub async fn pages_of_one_status_leave_out_the_others(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 6).await?;
    let mut unit = store.write().await?;
    for number in [2, 4, 6] {
        assert_eq!(
            unit.replace_customer(&merchant, &deleted(&customer(number)))
                .await?,
            Replaced::Yes
        );
    }
    unit.commit().await?;
    let mut read = store.read().await?;
    let first = read
        .customers(&merchant, Some(CustomerStatus::Deleted), None, 2)
        .await?;
    assert_eq!(first, [deleted(&customer(6)), deleted(&customer(4))]);
    let after = PageAfter {
        created_at: customer(4).created_at,
        customer_id: customer_id(4),
    };
    let second = read
        .customers(&merchant, Some(CustomerStatus::Deleted), Some(&after), 2)
        .await?;
    assert_eq!(second, [deleted(&customer(2))]);
    let active = read
        .customers(&merchant, Some(CustomerStatus::Active), None, 9)
        .await?;
    assert_eq!(active, [customer(5), customer(3), customer(1)]);
    assert_eq!(
        read.customers(&merchant, Some(CustomerStatus::Inactive), None, 9)
            .await?,
        []
    );
    Ok(())
}

pub async fn customers_are_counted_by_status(store: &dyn Store) -> Result<()> {
    let merchant = people(store, 5).await?;
    let mut unit = store.write().await?;
    assert_eq!(
        unit.replace_customer(&merchant, &deleted(&customer(1)))
            .await?,
        Replaced::Yes
    );
    unit.commit().await?;
    let mut read = store.read().await?;
    assert_eq!(read.count_customers(&merchant, None).await?, 5);
    assert_eq!(
        read.count_customers(&merchant, Some(CustomerStatus::Active))
            .await?,
        4
    );
    assert_eq!(
        read.count_customers(&merchant, Some(CustomerStatus::Deleted))
            .await?,
        1
    );
    assert_eq!(
        read.count_customers(&merchant, Some(CustomerStatus::Suspended))
            .await?,
        0
    );
    Ok(())
}
