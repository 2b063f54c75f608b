//! Creations of customers that share a unit of work.
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
use shared::customer::{Customer, Profile};
use shared::id::MerchantId;
use store::{Creation, Head, StoreError};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::customers::{CustomerError, NewCustomer, create_prepared};
use super::{By, Fault, Merchant, Onfile};

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
    answer: oneshot::Sender<Result<Customer, CustomerError>>,
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

/// Creates an INACTIVE customer, durably, also when nobody waits for the answer any more.
///
/// # Errors
/// [`CustomerError::Duplicate`] and faults.
pub async fn create(
    app: &Arc<Onfile>,
    merchant: &Arc<Merchant>,
    by: &By,
    profile: Profile,
) -> Result<Customer, CustomerError> {
    let (answer, coming) = oneshot::channel();
    let creation = Waiting {
        new: NewCustomer::of(app, merchant, profile)?,
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
        let creation = |Waiting { by, new, .. }: &Waiting| {
            let entry = new.entry().behind(end.as_ref(), app, merchant_id, by);
            end = Some((entry.seq, entry.hash.clone()));
            Creation {
                customer: new.record.clone(),
                entry,
            }
        };
        going.iter().map(creation).collect()
    };
    app.store.create_customers(merchant_id, &behind).await?;
    Ok(true)
}

async fn alone(app: &Onfile, creation: Waiting) {
    let Waiting {
        merchant,
        by,
        new,
        answer,
    } = creation;
    let created = match create_prepared(app, &merchant, &by, new).await {
        Ok(pending) => pending.commit().await.map_err(CustomerError::from),
        Err(error) => Err(error),
    };
    let _ = answer.send(created);
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
