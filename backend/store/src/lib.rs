//! What Onfile asks of storage.
//!
//! Primitives only: finding, inserting, replacing one record. Composing them into a use case, and
//! deciding anything, is the work of `backend::service`. Personal data arrives here sealed; storage
//! knows blind indexes and ciphertext. Every query begins with its merchant, except for the few
//! records that are not a merchant's: merchants themselves, credentials by which a merchant is found,
//! and limits that hold across merchants.
//!
//! [`conformance`] is the suite that every engine must pass.
#![warn(missing_docs)]

pub mod conformance;
pub mod group;
pub mod lookup;
mod record;
pub mod row;
pub mod table;

use async_trait::async_trait;
use shared::Timestamp;
use shared::consent::{ConsentAct, ConsentRecord, Purpose};
use shared::customer::CustomerStatus;
use shared::id::{AdminId, ChallengeId, CustomerId, MerchantId, MessageId, SessionId, TokenId};

pub use record::{
    AdminRecord, AdminSessionRecord, AnswerRecord, AnsweredSession, ApiKeyRecord, AuditHeadRecord,
    AuditRecord, ChallengeRecord, CoolDown, Creation, CustomerRecord, DecisionRecord, Destroyed,
    ErasureRecord, MerchantKey, MerchantRecord, OutboxRecord, PageAfter, Sealed, SessionRecord,
    SpareKey, SpareRole, TokenRecord,
};

/// Why storage did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine did not answer in time or refuses to write; the same call may work later.
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    /// A row holds what it must not: it was changed by something else than Onfile.
    #[error("{table}.{column} of {id} holds {problem}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column that lied.
        column: &'static str,
        /// Whose row it is.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A fault of ours: a query that the engine refuses.
    #[error("storage refused a query: {0}")]
    Refused(String),
}

/// What every call answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Whether an insert found its place free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Inserted {
    /// The record is in.
    Yes,
    /// A unique index refused it; nothing changed and the unit goes on.
    Taken,
}

/// Whether a replacement found the version it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Replaced {
    /// The record is replaced.
    Yes,
    /// Somebody was faster, or the record is gone; nothing changed.
    Stale,
    /// A unique index refused it; nothing changed and the unit goes on.
    Taken,
}

/// A database of customers on file.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// A view to read from. It never waits for a writer.
    async fn read(&self) -> Result<Box<dyn Read>>;

    /// A unit of work. It sees what was committed before it and its own changes. Dropped without
    /// [`Write::commit`], it leaves nothing.
    async fn write(&self) -> Result<Box<dyn Write>>;

    /// The same for what belongs to one merchant. Units of one merchant may share a commit, and hold what they
    /// locked until then: so none that locks what belongs to nobody, or waits for another unit.
    async fn write_of(&self, _merchant: &MerchantId) -> Result<Box<dyn Write>> {
        self.write().await
    }

    /// Adds customers of a merchant together with the audit entries that say so and what is kept of the
    /// answers, durably, as a unit of its own: all, or none when it is refused, such as for one that is on
    /// file, or for a key that has an answer. In one call where that may be.
    async fn create_customers(&self, merchant: &MerchantId, new: &Creating<'_>) -> Result<()>;

    /// Whether writes are still taken. Once they are not, they never will be again in this process: it
    /// should end, and be started again when the cause is gone.
    fn is_healthy(&self) -> bool;

    /// Whether other processes may write at the same time as a matter of course, so that what this one
    /// hears of by itself is not all that happens.
    fn is_shared(&self) -> bool;

    /// The length of the write-ahead log that the engine keeps beside its database and cuts by itself;
    /// none where another program looks after it.
    fn log_bytes(&self) -> Option<u64> {
        None
    }

    /// Rewrites the database's own files, so that nothing of removed rows is left in unused space of them:
    /// as far as that is the engine's to do. Writing waits meanwhile.
    async fn scrub(&self) -> Result<()>;

    /// Finishes what runs and closes the database.
    async fn close(&self);
}

/// The end of an audit chain: the last sequence number and hash.
pub type Head = (i64, Vec<u8>);

/// What is to be created behind the end of the merchant's audit chain; asked again when the chain has
/// another end.
pub type Creating<'a> = dyn Fn(Option<Head>) -> Vec<Creation> + Send + Sync + 'a;

/// [`Store::create_customers`] in a unit.
///
/// # Errors
/// Those of it.
pub async fn create_in(
    mut unit: Box<dyn Write>,
    merchant: &MerchantId,
    new: &Creating<'_>,
) -> Result<()> {
    let head = unit.audit_head(merchant).await?;
    match unit.create_customers(merchant, &new(head)).await? {
        Inserted::Yes => unit.commit().await,
        Inserted::Taken => Err(StoreError::Refused("a new customer is on file".to_owned())),
    }
}

/// Reading. Missing records are `None`, never errors.
#[async_trait]
pub trait Read: Send {
    /// A value of the instance itself, such as the check of the root key.
    async fn instance_value(&mut self, name: &str) -> Result<Option<Vec<u8>>>;

    /// A merchant.
    async fn merchant(&mut self, merchant: &MerchantId) -> Result<Option<MerchantRecord>>;
    /// Every merchant, oldest first.
    async fn merchants(&mut self) -> Result<Vec<MerchantRecord>>;
    /// The API key of a client id, whatever its merchant.
    async fn api_key(&mut self, client_id: &str) -> Result<Option<ApiKeyRecord>>;
    /// The client ids whose keys were revoked at or after an instant.
    async fn api_keys_revoked_since(&mut self, since: Timestamp) -> Result<Vec<String>>;

    /// What is sealed in a column, in the order of the ids, which are lower-case hexadecimal where they
    /// are bytes: at most `limit` records after one.
    async fn sealed(
        &mut self,
        merchant: &MerchantId,
        what: Sealed,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>>;

    /// A customer by id, deleted ones included.
    async fn customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Option<CustomerRecord>>;
    /// The living (not DELETED) customer with this phone.
    async fn customer_by_phone(
        &mut self,
        merchant: &MerchantId,
        phone_index: &[u8],
    ) -> Result<Option<CustomerRecord>>;
    /// The living customer with this reference.
    async fn customer_by_reference(
        &mut self,
        merchant: &MerchantId,
        reference_index: &[u8],
    ) -> Result<Option<CustomerRecord>>;
    /// The living customers with this e-mail address, newest first, at most `limit`.
    async fn customers_by_email(
        &mut self,
        merchant: &MerchantId,
        email_index: &[u8],
        limit: u32,
    ) -> Result<Vec<CustomerRecord>>;
    /// A page of all customers, newest first (by `created_at`, then `customer_id`, both descending).
    async fn customers(
        &mut self,
        merchant: &MerchantId,
        status: Option<CustomerStatus>,
        after: Option<&PageAfter>,
        limit: u32,
    ) -> Result<Vec<CustomerRecord>>;
    /// How many customers there are.
    async fn count_customers(
        &mut self,
        merchant: &MerchantId,
        status: Option<CustomerStatus>,
    ) -> Result<i64>;

    /// Customers DELETED at or before an instant, those deleted first before others (by `state_since`, then
    /// `customer_id`), from behind a place on.
    async fn deleted_customers(
        &mut self,
        merchant: &MerchantId,
        until: Timestamp,
        after: Option<&(Timestamp, CustomerId)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, CustomerId)>>;
    /// The receipt of an erased customer.
    async fn erasure(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Option<ErasureRecord>>;
    /// The receipts of a merchant by `customer_id`, from behind a place on.
    async fn erasures(
        &mut self,
        merchant: &MerchantId,
        after: Option<&CustomerId>,
        limit: u32,
    ) -> Result<Vec<ErasureRecord>>;

    /// A token by id.
    async fn token(
        &mut self,
        merchant: &MerchantId,
        token: &TokenId,
    ) -> Result<Option<TokenRecord>>;
    /// The token that the merchant named so.
    async fn token_by_reference(
        &mut self,
        merchant: &MerchantId,
        reference: &str,
    ) -> Result<Option<TokenRecord>>;
    /// A customer's tokens, newest first (by `created_at`, then `token_id`, both descending).
    async fn tokens_of(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Vec<TokenRecord>>;
    /// How many tokens each of these customers has, in the same order.
    async fn count_tokens_of(
        &mut self,
        merchant: &MerchantId,
        customers: &[CustomerId],
    ) -> Result<Vec<i64>>;
    /// The last record of consent of each of a customer's tokens for a purpose.
    async fn last_consents(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
        purpose: Purpose,
    ) -> Result<Vec<(TokenId, ConsentAct, Timestamp)>>;
    /// Decisions that were shown about a customer's cards, newest first.
    async fn decisions_of(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
        limit: u32,
    ) -> Result<Vec<DecisionRecord>>;

    /// A checkout session.
    async fn session(
        &mut self,
        merchant: &MerchantId,
        session: &SessionId,
    ) -> Result<Option<SessionRecord>>;
    /// A challenge.
    async fn challenge(
        &mut self,
        merchant: &MerchantId,
        challenge: &ChallengeId,
    ) -> Result<Option<ChallengeRecord>>;
    /// How many events of a scope a subject had at or after an instant. No merchant means across all.
    async fn count_events(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
        since: Timestamp,
    ) -> Result<i64>;
    /// The cool-down of a phone.
    async fn cool_down(
        &mut self,
        merchant: &MerchantId,
        phone_index: &[u8],
    ) -> Result<Option<CoolDown>>;

    /// What was answered under an `Idempotency-Key`.
    async fn answer(
        &mut self,
        merchant: &MerchantId,
        key_index: &[u8],
    ) -> Result<Option<AnswerRecord>>;

    /// The end of a merchant's audit chain: the last sequence number and hash.
    async fn audit_head(&mut self, merchant: &MerchantId) -> Result<Option<Head>>;
    /// Audit entries about a customer, newest first.
    async fn history_of(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
        limit: u32,
    ) -> Result<Vec<AuditRecord>>;

    /// Entries of a merchant's audit chain after a place, oldest first, each with its place: one that
    /// cannot be read is an error of its own and hides no other.
    async fn audit_entries(
        &mut self,
        merchant: &MerchantId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Result<AuditRecord>)>>;
    /// Signed heads of a merchant's audit chain after a place, oldest first.
    async fn audit_heads(
        &mut self,
        merchant: &MerchantId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<AuditHeadRecord>>;
    /// The newest signed head of a merchant's audit chain.
    async fn last_audit_head(&mut self, merchant: &MerchantId) -> Result<Option<AuditHeadRecord>>;

    /// The admin with this e-mail address (lower case), whatever the merchant.
    async fn admin_by_email(&mut self, email: &str) -> Result<Option<AdminRecord>>;
    /// An admin.
    async fn admin(
        &mut self,
        merchant: &MerchantId,
        admin: &AdminId,
    ) -> Result<Option<AdminRecord>>;
    /// The admin session of a token's SHA-256.
    async fn admin_session(&mut self, token_sha256: &[u8]) -> Result<Option<AdminSessionRecord>>;
    /// When the next waiting outbox message is due.
    async fn next_outbox_due(&mut self) -> Result<Option<Timestamp>>;
}

/// Writing, within one unit of work. Nothing is durable before [`Write::commit`] has returned.
#[async_trait]
pub trait Write: Read {
    /// Makes the unit durable: returns after a synced commit. On an error nothing of it stays.
    async fn commit(self: Box<Self>) -> Result<()>;

    /// Sets a value of the instance itself.
    async fn set_instance_value(&mut self, name: &str, value: &[u8]) -> Result<()>;
    /// Adds a merchant.
    async fn insert_merchant(&mut self, merchant: &MerchantRecord) -> Result<Inserted>;
    /// Replaces a merchant's keys, when its wrapping key is still `from`.
    async fn replace_merchant_keys(
        &mut self,
        from: &[u8],
        merchant: &MerchantRecord,
    ) -> Result<Replaced>;
    /// Replaces a merchant's name and settings.
    async fn replace_merchant(&mut self, merchant: &MerchantRecord) -> Result<Replaced>;
    /// Adds an API key.
    async fn insert_api_key(&mut self, key: &ApiKeyRecord) -> Result<Inserted>;
    /// Revokes an API key.
    async fn revoke_api_key(
        &mut self,
        merchant: &MerchantId,
        client_id: &str,
        at: Timestamp,
    ) -> Result<Replaced>;
    /// Notes the use of an API key.
    async fn touch_api_key(
        &mut self,
        merchant: &MerchantId,
        client_id: &str,
        at: Timestamp,
    ) -> Result<()>;

    /// Puts another ciphertext in the place of one that is still `from`.
    async fn reseal(
        &mut self,
        merchant: &MerchantId,
        what: Sealed,
        id: &str,
        from: &[u8],
        to: &[u8],
    ) -> Result<Replaced>;

    /// Adds a customer; `Taken` when a living one has its phone or reference, or the id exists.
    async fn insert_customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerRecord,
    ) -> Result<Inserted>;
    /// Adds customers of a merchant together with the audit entries that say so and what is kept of the
    /// answers, in one call: all, or none. One that is taken is `Taken`; among several it is refused, and so
    /// is a key that has an answer, and the unit with it.
    async fn create_customers(
        &mut self,
        merchant: &MerchantId,
        creations: &[Creation],
    ) -> Result<Inserted>;
    /// Replaces a customer whose stored version is `version - 1` (the record carries the new version);
    /// `Taken` when another living customer has its phone or reference.
    async fn replace_customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerRecord,
    ) -> Result<Replaced>;

    /// Replaces the indexes of a customer whose stored version is still that of the record; `Taken` when
    /// another living customer has its phone or reference.
    async fn reindex_customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerRecord,
    ) -> Result<Replaced>;

    /// Removes a customer and everything that hangs on it: key, profile, indexes, tokens, consents,
    /// decisions, sessions.
    async fn erase_customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Destroyed>;
    /// Removes challenges, cool-downs and counted events of a phone of one merchant.
    async fn forget_phone(&mut self, merchant: &MerchantId, phone_index: &[u8]) -> Result<()>;
    /// Adds a receipt; `Taken` when the customer has one.
    async fn append_erasure(&mut self, erasure: &ErasureRecord) -> Result<Inserted>;

    /// Adds a token; `Taken` when the merchant's reference or the id exists.
    async fn insert_token(
        &mut self,
        merchant: &MerchantId,
        token: &TokenRecord,
    ) -> Result<Inserted>;
    /// Replaces a token.
    async fn replace_token(
        &mut self,
        merchant: &MerchantId,
        token: &TokenRecord,
    ) -> Result<Replaced>;
    /// Adds a record of consent.
    async fn append_consent(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
        consent: &ConsentRecord,
    ) -> Result<()>;
    /// Adds a decision that was shown.
    async fn append_decision(
        &mut self,
        merchant: &MerchantId,
        decision: &DecisionRecord,
    ) -> Result<()>;

    /// Adds a checkout session.
    async fn insert_session(
        &mut self,
        merchant: &MerchantId,
        session: &SessionRecord,
    ) -> Result<Inserted>;
    /// Replaces a checkout session.
    async fn replace_session(
        &mut self,
        merchant: &MerchantId,
        session: &SessionRecord,
    ) -> Result<Replaced>;
    /// Adds a challenge.
    async fn insert_challenge(
        &mut self,
        merchant: &MerchantId,
        challenge: &ChallengeRecord,
    ) -> Result<Inserted>;
    /// Replaces a challenge.
    async fn replace_challenge(
        &mut self,
        merchant: &MerchantId,
        challenge: &ChallengeRecord,
    ) -> Result<Replaced>;
    /// Notes an event that a limit counts.
    async fn record_event(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
        at: Timestamp,
    ) -> Result<()>;
    /// Takes back one event noted at exactly this instant; nothing happens when there is none.
    async fn take_back_event(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
        at: Timestamp,
    ) -> Result<()>;
    /// Forgets a subject's events of a scope.
    async fn forget_events(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
    ) -> Result<()>;
    /// Sets the cool-down of a phone.
    async fn set_cool_down(
        &mut self,
        merchant: &MerchantId,
        phone_index: &[u8],
        cool_down: &CoolDown,
    ) -> Result<()>;

    /// Keeps what is answered under an `Idempotency-Key`; `Taken` when the key has an answer.
    async fn keep_answer(
        &mut self,
        merchant: &MerchantId,
        answer: &AnswerRecord,
    ) -> Result<Inserted>;
    /// Removes a session's secret from the answer kept of its making.
    async fn forget_session_secret(
        &mut self,
        merchant: &MerchantId,
        session: &SessionId,
    ) -> Result<()>;
    /// Removes what was answered about a customer.
    async fn forget_answers_about(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<()>;

    /// Adds an entry to a merchant's audit chain.
    async fn append_audit(&mut self, entry: &AuditRecord) -> Result<()>;
    /// Adds a signed head; `Taken` when the one of this place exists.
    async fn append_audit_head(&mut self, head: &AuditHeadRecord) -> Result<Inserted>;

    /// Adds an outbox message.
    async fn enqueue(&mut self, message: &OutboxRecord) -> Result<()>;
    /// Takes due messages, earliest first: their `due_at` moves to `lease_until`, so that a worker that
    /// dies gives them back by itself. The records answered carry one attempt more than before.
    async fn claim_outbox(
        &mut self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRecord>>;
    /// Removes a message that was dealt with.
    async fn finish_outbox(&mut self, merchant: &MerchantId, message: &MessageId) -> Result<()>;
    /// Puts a message off.
    async fn postpone_outbox(
        &mut self,
        merchant: &MerchantId,
        message: &MessageId,
        due_at: Timestamp,
    ) -> Result<()>;

    /// Adds an admin; `Taken` when the e-mail address exists.
    async fn insert_admin(&mut self, admin: &AdminRecord) -> Result<Inserted>;
    /// Adds an admin session.
    async fn insert_admin_session(&mut self, session: &AdminSessionRecord) -> Result<Inserted>;
    /// Notes the use of an admin session.
    async fn touch_admin_session(&mut self, token_sha256: &[u8], at: Timestamp) -> Result<()>;
    /// Ends an admin session.
    async fn delete_admin_session(&mut self, token_sha256: &[u8]) -> Result<()>;

    /// Removes what nobody can ask for any more: sessions that ended, challenges made and answers kept
    /// before `day_before`, limit events before `events_before`, admin sessions that ended before `now`,
    /// and from kept answers the secrets of sessions that ended before `now`.
    /// And what only a wrong clock has made, which would refuse people until the right one is there:
    /// limit events, and ends of cool-downs, after `far_ahead`.
    async fn purge(
        &mut self,
        day_before: Timestamp,
        events_before: Timestamp,
        now: Timestamp,
        far_ahead: Timestamp,
    ) -> Result<()>;
}
