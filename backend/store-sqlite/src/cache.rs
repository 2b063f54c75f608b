//! Records that were read, kept in memory exactly.
//!
//! Only this process writes customers and what hangs on them, through one connection, so that what is
//! kept can be exact: an answer is given from here only if nothing was committed that could have
//! changed it. Each record belongs to a slot (a hash of its merchant and customer) that carries a
//! generation. The writer makes the generations of all slots it touched odd before it commits and even
//! again afterwards, before any caller is answered. A record is kept with the generation that was read
//! *before* the query began, and is good only while that is still the generation of its slot. So
//! nothing has to be removed, a reader that was overtaken by a writer keeps something that is never
//! used, and while a commit is under way the database itself is asked.
//!
//! What is asked for once is not kept, only marked: a record is worth its memory, and what finding room
//! for it costs, when it is asked for again before others have taken its mark. The literature calls that
//! a doorkeeper (Einziger et al., `TinyLFU`, 2017). What was not found is not kept either. A phone or a
//! reference leads to a customer's id only, and counts when that customer's own record confirms it: a
//! stale entry costs a look-up, never a wrong answer. API keys and the like are not kept at all. Changes
//! that another process makes (the command that adds a merchant) are noticed by a timer, which then
//! forgets everything: see [`Cache::forget`].

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache as Clock;
use shared::consent::Purpose;
use shared::customer::CustomerState;
use shared::id::{CustomerId, MerchantId};
use store::{CustomerRecord, MerchantRecord, TokenRecord};

use crate::compact;
use store::row::LastConsent;

/// What all kept records may weigh: room for 10,000 customers, of which one with three tokens weighs
/// some 3 KB over all its entries.
const BYTES: u64 = 36 * 1024 * 1024;
/// How many records to make room for at first.
const RECORDS: usize = 40_000;
/// A power of two; two records in one slot merely go stale together.
const SLOTS: u64 = 65_536;
/// A power of two: room for the marks of what [`BYTES`] have room for.
const MARKS: u64 = 65_536;

/// Where a record's generation is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(usize);

/// By what a customer is looked up besides its id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Index {
    Phone,
    Reference,
}

impl Index {
    /// Whether this living customer is the one that the index leads to.
    pub(crate) fn leads_to(self, customer: &CustomerRecord, value: &[u8]) -> bool {
        let held = match self {
            Self::Phone => &customer.phone_index,
            Self::Reference => &customer.reference_index,
        };
        customer.state != CustomerState::Deleted && held.as_deref() == Some(value)
    }
}

/// Where an answer may be kept, taken before it was asked for.
pub(crate) struct Place {
    key: Box<[u8]>,
    stamp: Stamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    slot: Slot,
    generation: u32,
    epoch: u32,
}

#[derive(Clone)]
enum Kept {
    Merchant(Arc<MerchantRecord>),
    /// What [`compact`] makes of a customer, its tokens or its consents, or a customer's id.
    Bytes(Arc<[u8]>),
}

#[derive(Clone)]
struct Entry {
    stamp: Stamp,
    kept: Kept,
}

pub(crate) struct Cache {
    entries: Clock<Box<[u8]>, Entry, Weight>,
    generations: Box<[AtomicU32]>,
    /// Of keys that were asked for and are not kept, each where its hash says.
    marks: Box<[AtomicU32]>,
    epoch: AtomicU32,
    hasher: RandomState,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self {
            entries: Clock::with_weighter(RECORDS, BYTES, Weight),
            generations: (0..SLOTS).map(|_| AtomicU32::new(0)).collect(),
            marks: (0..MARKS).map(|_| AtomicU32::new(0)).collect(),
            epoch: AtomicU32::new(0),
            hasher: RandomState::new(),
        }
    }

    /// The slot of a customer and of everything that hangs on it.
    pub(crate) fn slot_of_customer(&self, merchant: &MerchantId, customer: &CustomerId) -> Slot {
        self.slot(merchant, customer.as_str())
    }

    /// The slot of a merchant's own record.
    pub(crate) fn slot_of_merchant(&self, merchant: &MerchantId) -> Slot {
        self.slot(merchant, "")
    }

    fn slot(&self, merchant: &MerchantId, customer: &str) -> Slot {
        let hash = self.hasher.hash_one((merchant.as_str(), customer));
        Slot(usize::try_from(hash % SLOTS).unwrap_or(0))
    }

    fn stamp(&self, slot: Slot) -> Stamp {
        // a slot that does not exist counts as one that is being changed for ever
        let generation = self
            .generations
            .get(slot.0)
            .map_or(1, |generation| generation.load(Ordering::Acquire));
        Stamp {
            slot,
            generation,
            epoch: self.epoch.load(Ordering::Acquire),
        }
    }

    /// The writer is about to commit what it did to these slots, each named once.
    pub(crate) fn begin_change(&self, slots: &[Slot]) {
        self.step(slots);
    }

    /// The writer has committed, or failed to.
    pub(crate) fn end_change(&self, slots: &[Slot]) {
        self.step(slots);
    }

    fn step(&self, slots: &[Slot]) {
        for generation in slots.iter().filter_map(|slot| self.generations.get(slot.0)) {
            generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Another process has written: nothing that was kept counts any more.
    pub(crate) fn forget(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.entries.clear();
    }

    fn find(&self, key: Box<[u8]>, slot: Slot) -> Result<Kept, Place> {
        let entry = self.entries.get(&key);
        // read after the entry: this is the moment at which the answer is true
        let stamp = self.stamp(slot);
        match entry {
            Some(entry) if entry.stamp == stamp => Ok(entry.kept),
            _ => Err(Place { key, stamp }),
        }
    }

    /// Whether this is asked for again; if not, marks that it was asked for.
    fn is_asked_again(&self, key: &[u8]) -> bool {
        let hash = self.hasher.hash_one(key);
        let place = usize::try_from(hash % MARKS).unwrap_or(0);
        let mark = u32::try_from(hash >> 32).unwrap_or(0);
        self.marks
            .get(place)
            .is_some_and(|last| last.swap(mark, Ordering::Relaxed) == mark)
    }

    fn keep(&self, place: Place, kept: impl FnOnce() -> Kept) {
        if place.stamp.generation.is_multiple_of(2)
            && place.stamp == self.stamp(place.stamp.slot)
            && self.is_asked_again(&place.key)
        {
            self.entries.insert(
                place.key,
                Entry {
                    stamp: place.stamp,
                    kept: kept(),
                },
            );
        }
    }

    /// A merchant, or where to keep it.
    pub(crate) fn merchant(&self, merchant: &MerchantId) -> Result<MerchantRecord, Place> {
        match self.find(key(b'm', merchant, b""), self.slot_of_merchant(merchant))? {
            Kept::Merchant(record) => Ok(MerchantRecord::clone(&record)),
            Kept::Bytes(_) => Err(nowhere()),
        }
    }

    pub(crate) fn keep_merchant(&self, place: Place, record: &MerchantRecord) {
        self.keep(place, || Kept::Merchant(Arc::new(record.clone())));
    }

    /// A customer by id, or where to keep it.
    pub(crate) fn customer(
        &self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<CustomerRecord, Place> {
        let slot = self.slot_of_customer(merchant, customer);
        match self.find(key(b'c', merchant, customer.as_str().as_bytes()), slot)? {
            Kept::Bytes(bytes) => {
                compact::customer_from_bytes(&bytes, customer).ok_or_else(nowhere)
            }
            Kept::Merchant(_) => Err(nowhere()),
        }
    }

    pub(crate) fn keep_customer(&self, place: Place, record: &CustomerRecord) {
        self.keep(place, || {
            Kept::Bytes(compact::customer_to_bytes(record).into())
        });
    }

    /// A customer's tokens, or where to keep them.
    pub(crate) fn tokens(
        &self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Vec<TokenRecord>, Place> {
        let slot = self.slot_of_customer(merchant, customer);
        match self.find(key(b't', merchant, customer.as_str().as_bytes()), slot)? {
            Kept::Bytes(bytes) => compact::tokens_from_bytes(&bytes, customer).ok_or_else(nowhere),
            Kept::Merchant(_) => Err(nowhere()),
        }
    }

    pub(crate) fn keep_tokens(&self, place: Place, records: &[TokenRecord]) {
        self.keep(place, || {
            Kept::Bytes(compact::tokens_to_bytes(records).into())
        });
    }

    /// A customer's last consents, or where to keep them.
    pub(crate) fn consents(
        &self,
        merchant: &MerchantId,
        customer: &CustomerId,
        purpose: Purpose,
    ) -> Result<Vec<LastConsent>, Place> {
        let kind = match purpose {
            Purpose::CardOnFile => b'f',
            Purpose::Recurring => b'r',
        };
        let slot = self.slot_of_customer(merchant, customer);
        match self.find(key(kind, merchant, customer.as_str().as_bytes()), slot)? {
            Kept::Bytes(bytes) => compact::consents_from_bytes(&bytes).ok_or_else(nowhere),
            Kept::Merchant(_) => Err(nowhere()),
        }
    }

    pub(crate) fn keep_consents(&self, place: Place, records: &[LastConsent]) {
        self.keep(place, || {
            Kept::Bytes(compact::consents_to_bytes(records).into())
        });
    }

    /// Whom an index led to when it was last asked. The customer's own record has the last word.
    pub(crate) fn led_to(
        &self,
        merchant: &MerchantId,
        index: Index,
        value: &[u8],
    ) -> Option<CustomerId> {
        match self.entries.get(&index_key(merchant, index, value))?.kept {
            Kept::Bytes(id) => CustomerId::parse(std::str::from_utf8(&id).ok()?),
            Kept::Merchant(_) => None,
        }
    }

    pub(crate) fn keep_lead(
        &self,
        merchant: &MerchantId,
        index: Index,
        value: &[u8],
        customer: &CustomerId,
    ) {
        let key = index_key(merchant, index, value);
        if !self.is_asked_again(&key) {
            return;
        }
        let stamp = Stamp {
            slot: Slot(0),
            generation: 0,
            epoch: 0,
        };
        let kept = Kept::Bytes(customer.as_str().as_bytes().into());
        self.entries.insert(key, Entry { stamp, kept });
    }
}

/// For an entry of another kind than its key says, which nothing puts in.
fn nowhere() -> Place {
    Place {
        key: Box::default(),
        stamp: Stamp {
            slot: Slot(usize::MAX),
            generation: 1,
            epoch: 0,
        },
    }
}

fn index_key(merchant: &MerchantId, index: Index, value: &[u8]) -> Box<[u8]> {
    let kind = match index {
        Index::Phone => b'p',
        Index::Reference => b'x',
    };
    key(kind, merchant, value)
}

fn key(kind: u8, merchant: &MerchantId, rest: &[u8]) -> Box<[u8]> {
    let merchant = merchant.as_str().as_bytes();
    let mut key = Vec::with_capacity(merchant.len() + rest.len() + 2);
    key.push(kind);
    key.extend_from_slice(merchant);
    // ids are graphic characters, so that a space ends one
    key.push(b' ');
    key.extend_from_slice(rest);
    key.into_boxed_slice()
}

/// What an entry weighs: the bytes that it takes of the memory of this process, near enough.
#[derive(Clone)]
struct Weight;

impl Weighter<Box<[u8]>, Entry> for Weight {
    fn weight(&self, key: &Box<[u8]>, entry: &Entry) -> u64 {
        let record = match &entry.kept {
            Kept::Merchant(record) => [
                COUNTS + size_of::<MerchantRecord>(),
                record.merchant_id.as_str().len(),
                record.settings.capacity(),
                record.name.capacity(),
                record.wrapped_key.capacity(),
                record.wrapped_index_key.capacity(),
            ]
            .into_iter()
            .map(allocated)
            .sum(),
            Kept::Bytes(bytes) => allocated(COUNTS + bytes.len()),
        };
        u64::try_from(PLACE + allocated(key.len()) + record).unwrap_or(u64::MAX)
    }
}

/// The two counts of an `Arc`.
const COUNTS: usize = 2 * size_of::<usize>();
/// What the cache itself needs for an entry: key, value, links and a place in its table.
const PLACE: usize = size_of::<Box<[u8]>>() + size_of::<Entry>() + 32;

/// What the allocator makes of a size: it has four sizes between two powers of two.
const fn allocated(bytes: usize) -> usize {
    let step = bytes.next_power_of_two() / 8;
    bytes.next_multiple_of(if step < 16 { 16 } else { step })
}

#[cfg(test)]
mod tests {
    use store::conformance::sample::{customer, customer_id, merchant_id, token};

    use super::*;

    fn place(cache: &Cache) -> Place {
        cache
            .customer(&merchant_id(1), &customer_id(1))
            .expect_err("it is not kept")
    }

    #[test]
    fn what_was_read_before_a_commit_is_not_given_after_it() {
        let cache = Cache::new();
        let slots = [cache.slot_of_customer(&merchant_id(1), &customer_id(1))];
        cache.keep_customer(place(&cache), &customer(1));
        let before = place(&cache);
        cache.begin_change(&slots);
        let during = place(&cache);
        cache.end_change(&slots);
        let after = place(&cache);
        for overtaken in [before, during] {
            cache.keep_customer(overtaken, &customer(1));
            place(&cache);
        }
        cache.keep_customer(after, &customer(1));
        assert_eq!(
            cache.customer(&merchant_id(1), &customer_id(1)).ok(),
            Some(customer(1))
        );
        cache.begin_change(&slots);
        place(&cache);
        cache.end_change(&slots);
        place(&cache);
    }

    #[test]
    fn what_was_read_before_another_process_was_noticed_is_not_given_after_it() {
        let cache = Cache::new();
        cache.keep_customer(place(&cache), &customer(1));
        let before = place(&cache);
        cache.keep_customer(place(&cache), &customer(1));
        assert!(cache.customer(&merchant_id(1), &customer_id(1)).is_ok());
        cache.forget();
        cache.keep_customer(before, &customer(1));
        place(&cache);
    }

    #[test]
    fn a_change_of_one_customer_leaves_others_kept() {
        let cache = Cache::new();
        for number in 1..=100 {
            for _ in 0..2 {
                let place = cache
                    .customer(&merchant_id(1), &customer_id(number))
                    .unwrap_err();
                cache.keep_customer(place, &customer(number));
            }
        }
        let slots = [cache.slot_of_customer(&merchant_id(1), &customer_id(1))];
        cache.begin_change(&slots);
        cache.end_change(&slots);
        let kept = (2..=100)
            .filter(|number| {
                cache
                    .customer(&merchant_id(1), &customer_id(*number))
                    .is_ok()
            })
            .count();
        // one of them may share the slot
        assert!(kept >= 98, "{kept}");
    }

    #[test]
    fn what_is_asked_for_once_is_not_kept() {
        let cache = Cache::new();
        for number in 0..20_000_u32 {
            let merchant = merchant_id(1);
            let id = customer_id(number);
            cache.keep_lead(&merchant, Index::Phone, &number.to_be_bytes(), &id);
            if let Err(place) = cache.customer(&merchant, &id) {
                cache.keep_customer(place, &customer(number));
            }
        }
        // two of them may have one mark
        assert!(cache.entries.len() < 4);
    }

    #[test]
    fn memory_is_bounded() {
        let cache = Cache::new();
        for number in 0..30_000 {
            let record = CustomerRecord {
                profile: vec![0; 2_000],
                ..customer(number)
            };
            let (merchant, id) = (merchant_id(1), &record.customer_id);
            for _ in 0..2 {
                if let Err(place) = cache.customer(&merchant, id) {
                    cache.keep_customer(place, &record);
                }
                if let Err(place) = cache.tokens(&merchant, id) {
                    cache.keep_tokens(place, &[token(1, number), token(2, number)]);
                }
                cache.keep_lead(&merchant, Index::Phone, &number.to_be_bytes(), id);
            }
        }
        assert!(cache.entries.weight() <= BYTES);
        assert!(cache.entries.weight() > BYTES / 2);
    }
}
