//! How customers come to be: in units of work that creations share.
//!
//! What a creation costs beside its rows is the way to the database and back. So those that come while a
//! unit of their merchant is at work wait, and go into the next one together. Nothing is delayed to find
//! company: while nobody is at work, a creation sets out at once, alone. Only those who read are let
//! through: one unit after the other would take them half of the processors there are.
//!
//! Several are created together or not at all. When one of them is in somebody's way, each is created by
//! itself, so that only who is refused hears of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use shared::customer::{Customer, CustomerState, Profile};
use shared::id::{CustomerId, MerchantId};
use store::{AnswerRecord, Creation, CustomerRecord, Head, Inserted, StoreError};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::customers::{self, CustomerError, changed_fields, refuse_for};
use super::idempotency::{self, IdempotencyError};
use super::{By, Entry, Fault, Merchant, Onfile, Work};

/// How many share a unit: more would keep the first waiting for longer than they save.
const MOST: usize = 32;
/// How many times as long as a unit is the room behind it for those who read, when they were as many as
/// those it created.
const ROOM: u32 = 2;
/// What this adds to the time of a creation at most.
const LONGEST_ROOM: Duration = Duration::from_millis(10);

/// Those that wait, of each merchant for which somebody is at work.
#[derive(Default)]
pub struct Creations(Mutex<HashMap<MerchantId, Vec<Waiting>>>);

struct Waiting {
    merchant: Arc<Merchant>,
    by: By,
    new: NewCustomer,
    kept: Option<AnswerRecord>,
    answer: oneshot::Sender<Result<Customer, CreationError>>,
}

impl Creations {
    fn waiting(&self) -> MutexGuard<'_, HashMap<MerchantId, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody is to set to work for it.
    fn join(&self, creation: Waiting) -> bool {
        let mut waiting = self.waiting();
        let merchant = &creation.merchant.merchant_id;
        let at_work = waiting.contains_key(merchant);
        waiting.entry(merchant.clone()).or_default().push(creation);
        !at_work
    }

    /// Who goes together next; nobody, and then nobody is at work any more.
    fn next(&self, merchant: &MerchantId) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let Some(queue) = waiting.get_mut(merchant) else {
            return Vec::new();
        };
        let going: Vec<_> = queue.drain(..queue.len().min(MOST)).collect();
        if going.is_empty() {
            waiting.remove(merchant);
        }
        going
    }
}

/// Why a customer was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreationError {
    /// For what it is.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// For the key of the request.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
}

impl From<Fault> for CreationError {
    fn from(fault: Fault) -> Self {
        Self::Customer(fault.into())
    }
}

impl From<StoreError> for CreationError {
    fn from(error: StoreError) -> Self {
        Fault::from(error).into()
    }
}

/// Creates an INACTIVE customer, durably, also when nobody waits for the answer any more. What is to be
/// `kept` of the answer, under the request's `Idempotency-Key`, is kept in the same transaction.
///
/// # Errors
/// [`CustomerError::Duplicate`], [`IdempotencyError::Running`] and faults.
pub async fn create(
    app: &Arc<Onfile>,
    merchant: &Arc<Merchant>,
    by: &By,
    profile: Profile,
    kept: impl FnOnce(&Customer) -> Result<Option<AnswerRecord>, Fault>,
) -> Result<Customer, CreationError> {
    let (answer, coming) = oneshot::channel();
    let new = NewCustomer::of(app, merchant, profile)?;
    let creation = Waiting {
        kept: kept(&new.customer)?,
        new,
        merchant: merchant.clone(),
        by: by.clone(),
        answer,
    };
    if app.creations.join(creation) {
        let shift = Shift {
            app: app.clone(),
            merchant: merchant.merchant_id.clone(),
            over: false,
        };
        // Of its own, so that nobody's going away ends what others wait for.
        tokio::spawn(shift.work());
    }
    let lost = |_| Fault::Other("a creation was given up".to_owned());
    coming.await.map_err(lost)?
}

/// Gets the customer with this phone or reference, or creates one: never a duplicate. The flag says
/// whether it was created. What is to be `kept` of the answer is kept in the transaction that it tells of.
///
/// # Errors
/// [`IdempotencyError::Running`] and faults.
pub async fn identify(
    app: &Arc<Onfile>,
    merchant: &Arc<Merchant>,
    by: &By,
    profile: Profile,
    kept: impl Fn(&Customer, bool) -> Result<Option<AnswerRecord>, Fault>,
) -> Result<(Customer, bool), CreationError> {
    match on_file(app, merchant, &profile).await? {
        Some(customer) if kept(&customer, false)?.is_none() => return Ok((customer, false)),
        Some(_) => {}
        None => {
            let created = create(app, merchant, by, profile.clone(), |new| kept(new, true)).await;
            match created {
                Err(CreationError::Customer(CustomerError::Duplicate { .. })) => {}
                created => return created.map(|customer| (customer, true)),
            }
        }
    }
    let mut work = Work::begin(app, merchant).await?;
    let (customer, is_new) = match create_in(app, merchant, by, &mut work, profile).await {
        Ok(customer) => (customer, true),
        Err(CustomerError::Duplicate { customer_id, .. }) => {
            let found = customers::load(work.unit(), merchant, &customer_id).await?;
            (found, false)
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(record) = kept(&customer, is_new)? {
        idempotency::keep(merchant, &mut work, &record).await?;
    }
    work.commit().await?;
    Ok((customer, is_new))
}

/// Who has this phone or else this reference.
async fn on_file(
    app: &Onfile,
    merchant: &Merchant,
    profile: &Profile,
) -> Result<Option<Customer>, CustomerError> {
    // not counted: a creation makes no room for itself
    let mut view = app.store.read().await?;
    let mut found = None;
    if let Some(phone) = &profile.phone {
        found = customers::by_phone(&mut *view, merchant, phone).await?;
    }
    if let (None, Some(reference)) = (&found, &profile.merchant_customer_reference) {
        found = customers::by_reference(&mut *view, merchant, reference).await?;
    }
    let opened = found.map(|record| merchant.keys.customer(&record));
    Ok(opened.transpose()?)
}

/// Creates a customer within a unit of work.
pub(super) async fn create_in(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    work: &mut Work<'_>,
    profile: Profile,
) -> Result<Customer, CustomerError> {
    let new = NewCustomer::of(app, merchant, profile)?;
    add_in(merchant, by, work, &new).await?;
    Ok(new.customer)
}

async fn add_in(
    merchant: &Merchant,
    by: &By,
    work: &mut Work<'_>,
    new: &NewCustomer,
) -> Result<(), CustomerError> {
    if merchant.keys.has_two_indexes() {
        refuse_for(work.unit(), merchant, &new.customer, 0).await?;
    }
    for tries in 1.. {
        let inserted = work.create_customer(by, &new.record, new.entry()).await?;
        if inserted == Inserted::Yes {
            break;
        }
        refuse_for(work.unit(), merchant, &new.customer, tries).await?;
    }
    Ok(())
}

/// A customer that is to be: INACTIVE, and sealed.
struct NewCustomer {
    customer: Customer,
    record: CustomerRecord,
    fields: Vec<&'static str>,
}

impl NewCustomer {
    fn of(app: &Onfile, merchant: &Merchant, profile: Profile) -> Result<Self, CustomerError> {
        let now = app.clock.now();
        let customer_id = CustomerId::new(now, app.random_bytes());
        let customer = Customer {
            customer_id: customer_id.clone(),
            state: CustomerState::Inactive,
            state_since: now,
            verified_at: None,
            phone_changed_at: None,
            profile,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let key = merchant.keys.new_customer_key(&customer_id, &*app.random);
        Ok(Self {
            record: merchant.keys.record(&customer, key, &*app.random)?,
            fields: changed_fields(&Profile::default(), &customer.profile),
            customer,
        })
    }

    /// What the audit chain says of it.
    fn entry(&self) -> Entry<'_> {
        Entry {
            action: "customer.create",
            customer_id: Some(&self.customer.customer_id),
            fields: &self.fields,
            ..Entry::default()
        }
    }
}

/// Somebody who is at work for a merchant.
struct Shift {
    app: Arc<Onfile>,
    merchant: MerchantId,
    over: bool,
}

impl Shift {
    async fn work(mut self) {
        loop {
            let going = self.app.creations.next(&self.merchant);
            if going.is_empty() {
                self.over = true;
                return;
            }
            let (number, reads, began) = (going.len(), self.app.reads(), Instant::now());
            create_all(&self.app, going).await;
            if let Some(room) = room(number, self.app.reads() - reads, began.elapsed()) {
                sleep(room).await;
            }
        }
    }
}

/// How long the next unit waits when the last one created so many, and so many views were opened meanwhile.
fn room(created: usize, reads: u64, took: Duration) -> Option<Duration> {
    let many = usize::try_from(reads).map_or(true, |reads| reads >= created);
    many.then(|| (took * ROOM).min(LONGEST_ROOM))
}

/// When it ends too early, those that wait learn it, and the next creation finds that nobody is at work.
impl Drop for Shift {
    fn drop(&mut self) {
        if !self.over {
            self.app.creations.waiting().remove(&self.merchant);
        }
    }
}

async fn create_all(app: &Onfile, going: Vec<Waiting>) {
    match together(app, &going).await {
        Ok(true) => {
            for Waiting { new, answer, .. } in going {
                let _ = answer.send(Ok(new.customer));
            }
        }
        Ok(false) | Err(StoreError::Refused(_)) => {
            join_all(going.into_iter().map(|creation| alone(app, creation))).await;
        }
        Err(error) => {
            for Waiting { answer, .. } in going {
                let _ = answer.send(Err(error.clone().into()));
            }
        }
    }
}

/// Creates all, unless somebody must look under two indexes before.
async fn together(app: &Onfile, going: &[Waiting]) -> Result<bool, StoreError> {
    let Some(Waiting { merchant, .. }) = going.first() else {
        return Ok(true);
    };
    if going
        .iter()
        .any(|creation| creation.merchant.keys.has_two_indexes())
    {
        return Ok(false);
    }
    let merchant_id = &merchant.merchant_id;
    let behind = |mut end: Option<Head>| {
        let creation = |Waiting { by, new, kept, .. }: &Waiting| {
            let entry = new.entry().behind(end.as_ref(), app, merchant_id, by);
            end = Some((entry.seq, entry.hash.clone()));
            Creation {
                customer: new.record.clone(),
                entry,
                answer: kept.clone(),
            }
        };
        going.iter().map(creation).collect()
    };
    app.store.create_customers(merchant_id, &behind).await?;
    Ok(true)
}

async fn alone(app: &Onfile, creation: Waiting) {
    let created = create_alone(app, &creation).await;
    let Waiting { new, answer, .. } = creation;
    let _ = answer.send(created.map(|()| new.customer));
}

async fn create_alone(app: &Onfile, creation: &Waiting) -> Result<(), CreationError> {
    let Waiting {
        merchant,
        by,
        new,
        kept,
        ..
    } = creation;
    let mut work = Work::begin(app, merchant).await?;
    if let Err(error) = add_in(merchant, by, &mut work, new).await {
        if matches!(error, CustomerError::Duplicate { .. }) {
            // Whoever is in the way may wait for this very commit: not told of before it is durable.
            work.commit().await?;
        }
        return Err(error.into());
    }
    if let Some(record) = kept {
        idempotency::keep(merchant, &mut work, record).await?;
    }
    Ok(work.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_for_as_many_as_are_created_and_no_longer_than_that() {
        let took = Duration::from_millis(3);
        assert_eq!(room(1, 0, took), None);
        assert_eq!(room(32, 31, took), None);
        assert_eq!(room(32, 32, took), Some(took * 2));
        assert_eq!(room(1, u64::MAX, took), Some(took * 2));
        assert_eq!(room(32, 99, Duration::from_secs(1)), Some(LONGEST_ROOM));
    }
}
