//! Look-ups of customers that share a trip to the database.
//!
//! A trip costs many times what one look-up on it does. So look-ups that come while as many trips are
//! under way as may be, or one of the same course, wait, and go on the next one together; a data loader is
//! the usual name for it. When they are enough for a trip of their own ([`Trips::company`]), they set out
//! beside the other. Nothing else is delayed to find company: a look-up sets out at once, alone.
//!
//! Whoever waits is on a trip that begins after they came, so that each finds whatever was committed
//! before. One trip asks for one merchant's customers, and in one way. Behind trips that do not end, as to a
//! server that is cut off, a look-up loses patience and sets out alone.

use std::collections::{HashMap, VecDeque};
use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::id::{CustomerId, MerchantId};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::row::CustomerRow;
use crate::{CustomerRecord, Result};

/// How many look-ups a trip takes: more would keep a connection busy for longer than they save.
const MOST: usize = 32;

/// What customers are looked up by on one trip.
pub enum Keys {
    /// Ids.
    Ids(Vec<String>),
    /// Indexes of the phones of living customers.
    Phones(Vec<Vec<u8>>),
}

/// What makes trips.
pub trait Trips: Send + Sync + 'static {
    /// How many are worth making at once.
    fn at_once(&self) -> usize;

    /// How many must wait for another trip to set out beside one of the same course that so many are on.
    fn company(&self, on_it: usize) -> usize;

    /// How long a look-up waits for those under way before it sets out alone nevertheless.
    fn patience(&self) -> Duration;

    /// The rows of those that there are, in any order.
    fn make(
        &self,
        merchant: &MerchantId,
        keys: &Keys,
    ) -> impl Future<Output = Result<Vec<CustomerRow>>> + Send;
}

/// The look-ups in one database.
pub struct Lookups<T: Trips>(Arc<Shared<T>>);

impl<T: Trips> Clone for Lookups<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Shared<T: Trips> {
    trips: T,
    state: Mutex<State>,
    runtime: Handle,
}

#[derive(Default)]
struct State {
    /// With how many are on each.
    under_way: Vec<(Course, usize)>,
    waiting: VecDeque<Waiting>,
}

/// Whose customers a trip asks for, and in which way.
#[derive(Clone, PartialEq, Eq)]
struct Course {
    merchant: MerchantId,
    by: Discriminant<Key>,
}

struct Waiting {
    course: Course,
    key: Key,
    answer: oneshot::Sender<Found>,
}

/// What a customer is looked up by.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Id(String),
    Phone(Vec<u8>),
}

type Found = Result<Option<CustomerRecord>>;

impl<T: Trips> Lookups<T> {
    /// Look-ups by these trips. Must be called in a runtime.
    pub fn new(trips: T) -> Self {
        Self(Arc::new(Shared {
            trips,
            state: Mutex::default(),
            runtime: Handle::current(),
        }))
    }

    /// The customer with this id.
    ///
    /// # Errors
    /// What became of the trip, or [`StoreError::Corrupt`] of this customer's row.
    pub async fn by_id(&self, merchant: &MerchantId, customer: &CustomerId) -> Found {
        self.find(merchant, Key::Id(customer.as_str().to_owned()))
            .await
    }

    /// The living customer with this phone.
    ///
    /// # Errors
    /// What became of the trip, or [`StoreError::Corrupt`] of this customer's row.
    pub async fn by_phone(&self, merchant: &MerchantId, phone_index: &[u8]) -> Found {
        self.find(merchant, Key::Phone(phone_index.to_vec())).await
    }

    async fn find(&self, merchant: &MerchantId, key: Key) -> Found {
        let _trip = match self.0.set_out_or_wait(merchant, &key) {
            Start::Now(trip) => Some(trip),
            Start::Later(answer) => match timeout(self.0.trips.patience(), answer).await {
                Ok(Ok(found)) => return found,
                Ok(Err(_)) | Err(_) => None,
            },
        };
        let found = self.0.ask(merchant, vec![key.clone()]).await?;
        of(&found, &key)
    }
}

/// How a look-up starts.
enum Start<T: Trips> {
    Now(Trip<T>),
    Later(oneshot::Receiver<Found>),
}

impl<T: Trips> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_out_or_wait(self: &Arc<Self>, merchant: &MerchantId, key: &Key) -> Start<T> {
        let course = Course {
            merchant: merchant.clone(),
            by: discriminant(key),
        };
        let (answer, coming) = oneshot::channel();
        let going = {
            let mut state = self.state();
            if state.company(&course, &self.trips) == 1
                && state.under_way.len() < self.trips.at_once()
            {
                state.under_way.push((course.clone(), 1));
                return Start::Now(Trip {
                    shared: self.clone(),
                    course,
                    on_it: 1,
                });
            }
            state.waiting.push_back(Waiting {
                course,
                key: key.clone(),
                answer,
            });
            state.next(&self.trips)
        };
        self.set_out(going);
        Start::Later(coming)
    }

    /// Makes a trip of its own, so that nobody's going away ends what others wait for.
    fn set_out(self: &Arc<Self>, going: Vec<Waiting>) {
        let Some(first) = going.first() else { return };
        let trip = Trip {
            shared: self.clone(),
            course: first.course.clone(),
            on_it: going.len(),
        };
        self.runtime.spawn(trip.make(going));
    }

    /// What there is under each of these keys, which are alike.
    async fn ask(
        &self,
        merchant: &MerchantId,
        keys: Vec<Key>,
    ) -> Result<HashMap<Key, Result<CustomerRecord>>> {
        let (mut ids, mut phones) = (Vec::new(), Vec::new());
        for key in keys {
            match key {
                Key::Id(id) => ids.push(id),
                Key::Phone(index) => phones.push(index),
            }
        }
        let keys = if phones.is_empty() {
            Keys::Ids(ids)
        } else {
            Keys::Phones(phones)
        };
        let rows = self.trips.make(merchant, &keys).await?;
        let found = rows.into_iter().filter_map(|row| {
            let key = match keys {
                Keys::Ids(_) => Key::Id(row.customer_id.clone()),
                Keys::Phones(_) => Key::Phone(row.phone_index.clone()?),
            };
            Some((key, row.try_into()))
        });
        Ok(found.collect())
    }
}

fn of(found: &HashMap<Key, Result<CustomerRecord>>, key: &Key) -> Found {
    found.get(key).cloned().transpose()
}

impl State {
    /// How many must wait for a trip of this course to set out now.
    fn company(&self, course: &Course, trips: &impl Trips) -> usize {
        let alike = self.under_way.iter().filter(|(other, _)| other == course);
        alike
            .map(|(_, on_it)| trips.company(*on_it))
            .max()
            .unwrap_or(1)
    }

    /// Who goes on the next trip, if one may set out: of those who are enough, whoever waits longest, and all
    /// who go the same.
    fn next(&mut self, trips: &impl Trips) -> Vec<Waiting> {
        if self.under_way.len() >= trips.at_once() {
            return Vec::new();
        }
        self.waiting.retain(|waiting| !waiting.answer.is_closed());
        let mut courses = self.waiting.iter().map(|waiting| &waiting.course);
        let are_enough = |course: &&Course| {
            let alike = self.waiting.iter().filter(|other| other.course == **course);
            alike.count() >= self.company(course, trips)
        };
        let Some(course) = courses.find(are_enough) else {
            return Vec::new();
        };
        let course = course.clone();
        let mut going = Vec::new();
        self.waiting = std::mem::take(&mut self.waiting)
            .into_iter()
            .filter_map(|waiting| {
                if going.len() == MOST || waiting.course != course {
                    return Some(waiting);
                }
                going.push(waiting);
                None
            })
            .collect();
        self.under_way.push((course, going.len()));
        going
    }
}

/// One of the trips that may be under way. When it ends, the next one begins in its place.
struct Trip<T: Trips> {
    shared: Arc<Shared<T>>,
    course: Course,
    on_it: usize,
}

impl<T: Trips> Drop for Trip<T> {
    fn drop(&mut self) {
        let going = {
            let mut state = self.shared.state();
            let place = state
                .under_way
                .iter()
                .position(|(course, on_it)| (course, on_it) == (&self.course, &self.on_it));
            if let Some(place) = place {
                state.under_way.swap_remove(place);
            }
            state.next(&self.shared.trips)
        };
        self.shared.set_out(going);
    }
}

impl<T: Trips> Trip<T> {
    async fn make(self, going: Vec<Waiting>) {
        let keys = going.iter().map(|waiting| waiting.key.clone()).collect();
        let found = self.shared.ask(&self.course.merchant, keys).await;
        for waiting in going {
            let answer = match &found {
                Ok(found) => of(found, &waiting.key),
                Err(error) => Err(error.clone()),
            };
            // Who went away needs no answer.
            let _ = waiting.answer.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use futures::poll;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::StoreError;
    use crate::conformance::sample::{customer_id, merchant_id};

    /// The customer that no trip with it comes back from, the one whose row lies, and the one that is not there.
    const CUT_OFF: u32 = 90;
    const CORRUPT: u32 = 91;
    const MISSING: u32 = 92;

    /// Makes so many trips at a time, each when it is let go, and remembers who was on it.
    struct Ferry {
        at_once: usize,
        trips: Arc<Mutex<Vec<Vec<String>>>>,
        gate: Arc<Semaphore>,
    }

    impl Trips for Ferry {
        fn at_once(&self) -> usize {
            self.at_once
        }

        fn company(&self, on_it: usize) -> usize {
            on_it.max(3)
        }

        fn patience(&self) -> Duration {
            Duration::from_secs(1)
        }

        async fn make(&self, _: &MerchantId, keys: &Keys) -> Result<Vec<CustomerRow>> {
            let who = match keys {
                Keys::Ids(ids) => ids.clone(),
                Keys::Phones(_) => vec!["phones".to_owned()],
            };
            self.trips.lock().unwrap().push(who);
            self.gate.acquire().await.unwrap().forget();
            match keys {
                Keys::Ids(ids) if ids.contains(&id(CUT_OFF)) => {
                    Err(StoreError::Unavailable("cut off".to_owned()))
                }
                Keys::Ids(ids) => {
                    let there = ids.iter().rev().filter(|found| **found != id(MISSING));
                    Ok(there.map(|found| row(found.clone(), None)).collect())
                }
                Keys::Phones(phones) => {
                    let found = phones.iter().zip(1..);
                    let rows = found.map(|(phone, number)| row(id(number), Some(phone.clone())));
                    Ok(rows.collect())
                }
            }
        }
    }

    fn id(number: u32) -> String {
        customer_id(number).as_str().to_owned()
    }

    fn row(customer_id: String, phone_index: Option<Vec<u8>>) -> CustomerRow {
        let is_corrupt = customer_id == id(CORRUPT);
        CustomerRow {
            status: if is_corrupt { "" } else { "ACTIVE" }.to_owned(),
            customer_id,
            suspended_until_at: None,
            resumes: None,
            state_since_at: 0,
            verified_at: None,
            phone_changed_at: None,
            version: 1,
            wrapped_key: Vec::new(),
            profile: Vec::new(),
            phone_index,
            reference_index: None,
            email_index: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    type Passengers = Arc<Mutex<Vec<Vec<String>>>>;

    /// A database, who was on each trip so far, and the gate that lets trips go.
    fn ferry(at_once: usize) -> (Lookups<Ferry>, Passengers, Arc<Semaphore>) {
        let (trips, gate) = (Passengers::default(), Arc::new(Semaphore::new(0)));
        let lookups = Lookups::new(Ferry {
            at_once,
            trips: trips.clone(),
            gate: gate.clone(),
        });
        (lookups, trips, gate)
    }

    async fn found(lookups: Lookups<Ferry>, merchant: u32, number: u32) -> Found {
        let (merchant, customer) = (merchant_id(merchant), customer_id(number));
        lookups.by_id(&merchant, &customer).await
    }

    /// What these customers of these merchants get who all ask before the first trip is made.
    async fn answers(
        lookups: &Lookups<Ferry>,
        gate: &Semaphore,
        asked: impl IntoIterator<Item = (u32, u32)>,
    ) -> Vec<Found> {
        let mut finds = Vec::new();
        for (merchant, number) in asked {
            let mut find = Box::pin(found(lookups.clone(), merchant, number));
            assert!(poll!(&mut find).is_pending());
            finds.push(find);
        }
        gate.add_permits(finds.len());
        let answers = join_all(finds).await;
        gate.forget_permits(usize::MAX);
        answers
    }

    #[tokio::test]
    async fn who_comes_while_a_trip_is_under_way_goes_on_the_next_with_all_who_ask_alike() {
        let (lookups, trips, gate) = ferry(1);
        let asked = [(1, 1), (1, 2), (2, 3), (1, MISSING), (1, 2)];
        let answers = answers(&lookups, &gate, asked).await;
        for ((_, number), answer) in asked.into_iter().zip(answers) {
            let expected = (number != MISSING).then(|| customer_id(number));
            assert_eq!(answer.unwrap().map(|found| found.customer_id), expected);
        }
        let expected = [vec![id(1)], vec![id(2), id(MISSING), id(2)], vec![id(3)]];
        assert_eq!(*trips.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn who_asks_otherwise_goes_on_another_trip() {
        let (lookups, trips, gate) = ferry(1);
        let mut first = Box::pin(found(lookups.clone(), 1, 1));
        let mut second = Box::pin(found(lookups.clone(), 1, 2));
        let merchant = merchant_id(1);
        let mut phone = Box::pin(lookups.by_phone(&merchant, b"phone"));
        assert!(poll!(&mut first).is_pending());
        assert!(poll!(&mut phone).is_pending());
        assert!(poll!(&mut second).is_pending());
        gate.add_permits(3);
        let (first, second, phone) = (first.await, second.await, phone.await);
        assert!(first.unwrap().is_some() && second.unwrap().is_some());
        let phone = phone.unwrap().and_then(|found| found.phone_index);
        assert_eq!(phone.as_deref(), Some(&b"phone"[..]));
        let expected = [vec![id(1)], vec!["phones".to_owned()], vec![id(2)]];
        assert_eq!(*trips.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn few_wait_for_the_trip_of_the_same_course() {
        let (lookups, trips, gate) = ferry(3);
        let asked = [(1, 1), (1, 2), (2, 3), (1, 4), (2, 5), (3, 6), (4, 7)];
        let answers = answers(&lookups, &gate, asked).await;
        assert!(answers.into_iter().all(|found| found.unwrap().is_some()));
        let trips = trips.lock().unwrap();
        assert_eq!(trips[..3], [[id(1)], [id(3)], [id(6)]], "at once");
        let mut later = trips[3..].to_vec();
        later.sort();
        assert_eq!(later, [vec![id(2), id(4)], vec![id(5)], vec![id(7)]]);
    }

    #[tokio::test]
    async fn as_many_as_are_on_a_trip_but_three_at_least_set_out_beside_it() {
        let (lookups, trips, gate) = ferry(4);
        let numbers = [1, 2, 3, 4, 5, 6, 7, 8];
        let answers = answers(&lookups, &gate, numbers.map(|number| (1, number))).await;
        assert!(answers.into_iter().all(|found| found.unwrap().is_some()));
        let [one, two, three, four, five, six, seven, eight] = numbers.map(id);
        let expected = [
            vec![one],
            vec![two, three, four],
            vec![five, six, seven],
            vec![eight],
        ];
        assert_eq!(*trips.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn a_trip_takes_no_more_than_it_may() {
        let (lookups, trips, gate) = ferry(1);
        let asked = (0..2 + u32::try_from(MOST).unwrap()).map(|number| (1, number));
        let answers = answers(&lookups, &gate, asked).await;
        assert!(answers.into_iter().all(|found| found.unwrap().is_some()));
        let sizes: Vec<_> = trips.lock().unwrap().iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, MOST, 1]);
    }

    #[tokio::test]
    async fn nobody_s_going_away_holds_up_those_who_wait() {
        let (lookups, trips, gate) = ferry(1);
        let mut first = Box::pin(found(lookups.clone(), 1, 1));
        let mut second = Box::pin(found(lookups.clone(), 1, 2));
        let mut third = Box::pin(found(lookups.clone(), 1, 3));
        for find in [&mut first, &mut second, &mut third] {
            assert!(poll!(find).is_pending());
        }
        drop((first, second));
        gate.add_permits(1);
        assert!(third.await.unwrap().is_some());
        // and the place is free again
        gate.add_permits(1);
        assert!(found(lookups, 1, 4).await.unwrap().is_some());
        assert_eq!(trips.lock().unwrap().last(), Some(&vec![id(4)]));
    }

    #[tokio::test(start_paused = true)]
    async fn behind_a_trip_that_does_not_end_a_look_up_sets_out_alone() {
        let (lookups, trips, gate) = ferry(1);
        let mut first = Box::pin(found(lookups.clone(), 1, 1));
        let mut late = Box::pin(found(lookups.clone(), 1, 2));
        assert!(poll!(&mut first).is_pending());
        assert!(poll!(&mut late).is_pending());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(poll!(&mut late).is_pending());
        assert_eq!(*trips.lock().unwrap(), [[id(1)], [id(2)]]);

        gate.add_permits(3);
        assert!(late.await.unwrap().is_some());
        assert!(first.await.unwrap().is_some());
        assert!(found(lookups, 1, 3).await.unwrap().is_some());
        assert_eq!(*trips.lock().unwrap(), [[id(1)], [id(2)], [id(3)]]);
    }

    #[tokio::test]
    async fn a_failure_reaches_who_was_on_the_trip_and_a_row_that_lies_who_asked_for_it() {
        let (lookups, _, gate) = ferry(1);
        let found = answers(
            &lookups,
            &gate,
            [1, 2, CORRUPT, 3].map(|number| (1, number)),
        )
        .await;
        assert!(matches!(
            &found[..],
            [
                Ok(Some(_)),
                Ok(Some(_)),
                Err(StoreError::Corrupt {
                    column: "status",
                    ..
                }),
                Ok(Some(_))
            ]
        ));
        let found = answers(&lookups, &gate, [1, 2, CUT_OFF].map(|number| (1, number))).await;
        assert!(matches!(
            &found[..],
            [
                Ok(Some(_)),
                Err(StoreError::Unavailable(_)),
                Err(StoreError::Unavailable(_))
            ]
        ));
        let found = answers(&lookups, &gate, [(1, 4)]).await;
        assert!(matches!(&found[..], [Ok(Some(_))]));
    }
}
