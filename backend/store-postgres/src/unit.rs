//! A unit of work: a transaction, or a savepoint of one ([`crate::chain`]), in which reading sees its own
//! changes. What a use case decides from what it read through a unit holds until the unit ends: records
//! that it may change, the counts of limits and the end of an audit chain are locked when they are read.
//!
//! `READ COMMITTED` is enough with that, and nothing has to be run again because of others.

use std::sync::Arc;

use async_trait::async_trait;
use shared::Timestamp;
use shared::consent::{ConsentAct, ConsentRecord, Purpose};
use shared::customer::CustomerStatus;
use shared::id::{AdminId, ChallengeId, CustomerId, MerchantId, MessageId, SessionId, TokenId};
use store::group::{Reach, Turn};
use store::{
    AdminRecord, AdminSessionRecord, AnswerRecord, ApiKeyRecord, AuditHeadRecord, AuditRecord,
    ChallengeRecord, CoolDown, Creation, CustomerRecord, DecisionRecord, Destroyed, ErasureRecord,
    Inserted, MerchantRecord, OutboxRecord, PageAfter, Read, Replaced, Result, Sealed,
    SessionRecord, StoreError, TokenRecord, Write,
};

use crate::chain::Chain;
use crate::error::{Answer, Failure};
use crate::lease::{Lease, Pool, run};
use crate::{
    admins, answers, audit, consents, creations, customers, erasures, limits, merchants, outbox,
    sealed, sessions, tokens,
};

pub(crate) enum Unit {
    /// In a transaction of its own.
    Alone(Alone),
    /// In one that it shares with others of its merchant.
    Shared(Turn<Chain>),
}

/// None when the engine takes nothing more in the transaction, and would answer a commit as if it had.
pub(crate) struct Alone(Option<Lease>);

impl Alone {
    /// Without waiting for it.
    fn roll_back(&mut self) {
        if let Some(lease) = self.0.take() {
            tokio::spawn(lease.roll_back());
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.roll_back();
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("an earlier statement of the unit failed".to_owned())
}

impl Unit {
    pub(crate) async fn begin(pool: &Arc<Pool>) -> Answer<Self> {
        Ok(Self::Alone(Alone(Some(Lease::begin(pool).await?))))
    }

    fn lease(&mut self) -> Result<&mut Lease> {
        match self {
            Self::Alone(alone) => alone.0.as_mut().ok_or_else(lost),
            Self::Shared(turn) => turn.ask()?.lease().map_err(|failure| failure.error),
        }
    }

    fn note<T>(&mut self, answer: Answer<T>) -> Result<T> {
        match self {
            Self::Alone(alone) => answer.map_err(|failure| {
                if failure.reach >= Reach::Unit {
                    alone.roll_back();
                }
                failure.error
            }),
            Self::Shared(turn) => turn.note(answer),
        }
    }

    /// What a unit that shares its transaction knows about its merchant's chain.
    fn chain(&mut self) -> Option<&mut Chain> {
        match self {
            Self::Alone(_) => None,
            Self::Shared(turn) => turn.engine(),
        }
    }

    fn appended(&mut self, entry: &AuditRecord) {
        if let Some(chain) = self.chain() {
            let head = (entry.seq, entry.hash.clone());
            chain.remember_head(&entry.merchant_id, head);
        }
    }
}

/// Asks one of the query modules on the unit's connection and notes what it answered.
macro_rules! ask {
    ($unit:ident, $query:path $(, $argument:expr)*) => {{
        let answer = $unit
            .lease()?
            .ask(|connection| $query(connection, $($argument),*))
            .await;
        $unit.note(answer)
    }};
}

/// The same for what a key may refuse: behind a savepoint, so that the unit goes on.
macro_rules! ask_aside {
    ($unit:ident, $stays:expr, $query:path $(, $argument:expr)*) => {{
        let answer = $unit
            .lease()?
            .ask(|connection| async move {
                run(connection, "savepoint aside").await?;
                let answer = $query(connection, $($argument),*).await;
                let end = if matches!(&answer, Ok(outcome) if *outcome == $stays) {
                    "release savepoint aside"
                } else {
                    "rollback to savepoint aside; release savepoint aside"
                };
                run(connection, end).await?;
                answer.map_err(|failure| Failure {
                    reach: Reach::Statement,
                    ..failure
                })
            })
            .await;
        $unit.note(answer)
    }};
}

#[async_trait]
impl Read for Unit {
    async fn instance_value(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        ask!(self, merchants::instance_value, name)
    }

    async fn merchant(&mut self, merchant: &MerchantId) -> Result<Option<MerchantRecord>> {
        ask!(self, merchants::by_id, merchant)
    }

    async fn merchants(&mut self) -> Result<Vec<MerchantRecord>> {
        ask!(self, merchants::all)
    }

    async fn api_key(&mut self, client_id: &str) -> Result<Option<ApiKeyRecord>> {
        ask!(self, merchants::api_key, client_id)
    }

    async fn api_keys_revoked_since(&mut self, since: Timestamp) -> Result<Vec<String>> {
        ask!(self, merchants::api_keys_revoked_since, since)
    }

    async fn sealed(
        &mut self,
        merchant: &MerchantId,
        what: Sealed,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>> {
        ask!(self, sealed::of, merchant, what, after, limit)
    }

    async fn customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Option<CustomerRecord>> {
        ask!(self, customers::by_id_to_change, merchant, customer)
    }

    async fn customer_by_phone(
        &mut self,
        merchant: &MerchantId,
        phone_index: &[u8],
    ) -> Result<Option<CustomerRecord>> {
        ask!(self, customers::by_phone_to_change, merchant, phone_index)
    }

    async fn customer_by_reference(
        &mut self,
        merchant: &MerchantId,
        reference_index: &[u8],
    ) -> Result<Option<CustomerRecord>> {
        ask!(
            self,
            customers::by_reference_to_change,
            merchant,
            reference_index
        )
    }

    async fn customers_by_email(
        &mut self,
        merchant: &MerchantId,
        email_index: &[u8],
        limit: u32,
    ) -> Result<Vec<CustomerRecord>> {
        ask!(self, customers::by_email, merchant, email_index, limit)
    }

    async fn customers(
        &mut self,
        merchant: &MerchantId,
        status: Option<CustomerStatus>,
        after: Option<&PageAfter>,
        limit: u32,
    ) -> Result<Vec<CustomerRecord>> {
        ask!(self, customers::page, merchant, status, after, limit)
    }

    async fn count_customers(
        &mut self,
        merchant: &MerchantId,
        status: Option<CustomerStatus>,
    ) -> Result<i64> {
        ask!(self, customers::count, merchant, status)
    }

    async fn deleted_customers(
        &mut self,
        merchant: &MerchantId,
        until: Timestamp,
        after: Option<&(Timestamp, CustomerId)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, CustomerId)>> {
        ask!(
            self,
            erasures::deleted_customers,
            merchant,
            until,
            after,
            limit
        )
    }

    async fn erasure(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Option<ErasureRecord>> {
        ask!(self, erasures::of_customer, merchant, customer)
    }

    async fn erasures(
        &mut self,
        merchant: &MerchantId,
        after: Option<&CustomerId>,
        limit: u32,
    ) -> Result<Vec<ErasureRecord>> {
        ask!(self, erasures::of_merchant, merchant, after, limit)
    }

    async fn token(
        &mut self,
        merchant: &MerchantId,
        token: &TokenId,
    ) -> Result<Option<TokenRecord>> {
        ask!(self, tokens::by_id_to_change, merchant, token)
    }

    async fn token_by_reference(
        &mut self,
        merchant: &MerchantId,
        reference: &str,
    ) -> Result<Option<TokenRecord>> {
        ask!(self, tokens::by_reference_to_change, merchant, reference)
    }

    async fn tokens_of(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Vec<TokenRecord>> {
        ask!(self, tokens::of_customer, merchant, customer)
    }

    async fn count_tokens_of(
        &mut self,
        merchant: &MerchantId,
        customers: &[CustomerId],
    ) -> Result<Vec<i64>> {
        ask!(self, tokens::count_of, merchant, customers)
    }

    async fn last_consents(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
        purpose: Purpose,
    ) -> Result<Vec<(TokenId, ConsentAct, Timestamp)>> {
        ask!(self, consents::last_of, merchant, customer, purpose)
    }

    async fn decisions_of(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
        limit: u32,
    ) -> Result<Vec<DecisionRecord>> {
        ask!(self, consents::decisions_of, merchant, customer, limit)
    }

    async fn session(
        &mut self,
        merchant: &MerchantId,
        session: &SessionId,
    ) -> Result<Option<SessionRecord>> {
        ask!(self, sessions::by_id_to_change, merchant, session)
    }

    async fn challenge(
        &mut self,
        merchant: &MerchantId,
        challenge: &ChallengeId,
    ) -> Result<Option<ChallengeRecord>> {
        ask!(self, sessions::challenge_to_change, merchant, challenge)
    }

    async fn count_events(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
        since: Timestamp,
    ) -> Result<i64> {
        ask!(
            self,
            limits::count_events_alone,
            merchant,
            scope,
            subject,
            since
        )
    }

    async fn cool_down(
        &mut self,
        merchant: &MerchantId,
        phone_index: &[u8],
    ) -> Result<Option<CoolDown>> {
        ask!(self, limits::cool_down, merchant, phone_index)
    }

    async fn answer(
        &mut self,
        merchant: &MerchantId,
        key_index: &[u8],
    ) -> Result<Option<AnswerRecord>> {
        ask!(self, answers::by_key, merchant, key_index)
    }

    async fn audit_head(&mut self, merchant: &MerchantId) -> Result<Option<(i64, Vec<u8>)>> {
        if let Some(head) = self.chain().and_then(|chain| chain.known_head(merchant)) {
            return Ok(Some(head));
        }
        let head = ask!(self, audit::head_alone, merchant)?;
        if let (Some(chain), Some(head)) = (self.chain(), &head) {
            chain.remember_head(merchant, head.clone());
        }
        Ok(head)
    }

    async fn history_of(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
        limit: u32,
    ) -> Result<Vec<AuditRecord>> {
        ask!(self, audit::history_of, merchant, customer, limit)
    }

    async fn audit_entries(
        &mut self,
        merchant: &MerchantId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Result<AuditRecord>)>> {
        ask!(self, audit::entries, merchant, after_seq, limit)
    }

    async fn audit_heads(
        &mut self,
        merchant: &MerchantId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<AuditHeadRecord>> {
        ask!(self, audit::heads, merchant, after_seq, limit)
    }

    async fn last_audit_head(&mut self, merchant: &MerchantId) -> Result<Option<AuditHeadRecord>> {
        ask!(self, audit::last_head, merchant)
    }

    async fn admin_by_email(&mut self, email: &str) -> Result<Option<AdminRecord>> {
        ask!(self, admins::by_email, email)
    }

    async fn admin(
        &mut self,
        merchant: &MerchantId,
        admin: &AdminId,
    ) -> Result<Option<AdminRecord>> {
        ask!(self, admins::by_id, merchant, admin)
    }

    async fn admin_session(&mut self, token_sha256: &[u8]) -> Result<Option<AdminSessionRecord>> {
        ask!(self, admins::session, token_sha256)
    }

    async fn next_outbox_due(&mut self) -> Result<Option<Timestamp>> {
        ask!(self, outbox::next_due)
    }
}

#[async_trait]
impl Write for Unit {
    async fn commit(self: Box<Self>) -> Result<()> {
        match *self {
            Self::Alone(mut alone) => {
                let lease = alone.0.take().ok_or_else(lost)?;
                lease.commit().await.map_err(|failure| failure.error)
            }
            Self::Shared(turn) => turn.commit().await,
        }
    }

    async fn set_instance_value(&mut self, name: &str, value: &[u8]) -> Result<()> {
        ask!(self, merchants::set_instance_value, name, value)
    }

    async fn insert_merchant(&mut self, merchant: &MerchantRecord) -> Result<Inserted> {
        ask!(self, merchants::insert, merchant)
    }

    async fn replace_merchant_keys(
        &mut self,
        from: &[u8],
        merchant: &MerchantRecord,
    ) -> Result<Replaced> {
        ask!(self, merchants::replace_keys, from, merchant)
    }

    async fn replace_merchant(&mut self, merchant: &MerchantRecord) -> Result<Replaced> {
        ask!(self, merchants::replace, merchant)
    }

    async fn insert_api_key(&mut self, key: &ApiKeyRecord) -> Result<Inserted> {
        ask!(self, merchants::insert_api_key, key)
    }

    async fn revoke_api_key(
        &mut self,
        merchant: &MerchantId,
        client_id: &str,
        at: Timestamp,
    ) -> Result<Replaced> {
        ask!(self, merchants::revoke_api_key, merchant, client_id, at)
    }

    async fn touch_api_key(
        &mut self,
        merchant: &MerchantId,
        client_id: &str,
        at: Timestamp,
    ) -> Result<()> {
        ask!(self, merchants::touch_api_key, merchant, client_id, at)
    }

    async fn reseal(
        &mut self,
        merchant: &MerchantId,
        what: Sealed,
        id: &str,
        from: &[u8],
        to: &[u8],
    ) -> Result<Replaced> {
        ask!(self, sealed::replace, merchant, what, id, from, to)
    }

    async fn insert_customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerRecord,
    ) -> Result<Inserted> {
        ask!(self, customers::insert, merchant, customer)
    }

    async fn create_customers(
        &mut self,
        merchant: &MerchantId,
        creations: &[Creation],
    ) -> Result<Inserted> {
        let inserted = ask!(self, creations::create, merchant, creations)?;
        if inserted == Inserted::Yes
            && let Some(last) = creations.last()
        {
            self.appended(&last.entry);
        }
        Ok(inserted)
    }

    async fn replace_customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerRecord,
    ) -> Result<Replaced> {
        ask_aside!(self, Replaced::Yes, customers::replace, merchant, customer)
    }

    async fn reindex_customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerRecord,
    ) -> Result<Replaced> {
        ask_aside!(self, Replaced::Yes, customers::reindex, merchant, customer)
    }

    async fn erase_customer(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Destroyed> {
        ask!(self, erasures::erase_customer, merchant, customer)
    }

    async fn forget_phone(&mut self, merchant: &MerchantId, phone_index: &[u8]) -> Result<()> {
        ask!(self, erasures::forget_phone, merchant, phone_index)
    }

    async fn append_erasure(&mut self, erasure: &ErasureRecord) -> Result<Inserted> {
        ask!(self, erasures::append, erasure)
    }

    async fn insert_token(
        &mut self,
        merchant: &MerchantId,
        token: &TokenRecord,
    ) -> Result<Inserted> {
        ask_aside!(self, Inserted::Yes, tokens::insert, merchant, token)
    }

    async fn replace_token(
        &mut self,
        merchant: &MerchantId,
        token: &TokenRecord,
    ) -> Result<Replaced> {
        ask_aside!(self, Replaced::Yes, tokens::replace, merchant, token)
    }

    async fn append_consent(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
        consent: &ConsentRecord,
    ) -> Result<()> {
        ask!(self, consents::append, merchant, customer, consent)
    }

    async fn append_decision(
        &mut self,
        merchant: &MerchantId,
        decision: &DecisionRecord,
    ) -> Result<()> {
        ask!(self, consents::append_decision, merchant, decision)
    }

    async fn insert_session(
        &mut self,
        merchant: &MerchantId,
        session: &SessionRecord,
    ) -> Result<Inserted> {
        ask_aside!(self, Inserted::Yes, sessions::insert, merchant, session)
    }

    async fn replace_session(
        &mut self,
        merchant: &MerchantId,
        session: &SessionRecord,
    ) -> Result<Replaced> {
        ask_aside!(self, Replaced::Yes, sessions::replace, merchant, session)
    }

    async fn insert_challenge(
        &mut self,
        merchant: &MerchantId,
        challenge: &ChallengeRecord,
    ) -> Result<Inserted> {
        ask_aside!(
            self,
            Inserted::Yes,
            sessions::insert_challenge,
            merchant,
            challenge
        )
    }

    async fn replace_challenge(
        &mut self,
        merchant: &MerchantId,
        challenge: &ChallengeRecord,
    ) -> Result<Replaced> {
        ask_aside!(
            self,
            Replaced::Yes,
            sessions::replace_challenge,
            merchant,
            challenge
        )
    }

    async fn record_event(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
        at: Timestamp,
    ) -> Result<()> {
        ask!(self, limits::record_event, merchant, scope, subject, at)
    }

    async fn take_back_event(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
        at: Timestamp,
    ) -> Result<()> {
        ask!(self, limits::take_back_event, merchant, scope, subject, at)
    }

    async fn forget_events(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
    ) -> Result<()> {
        ask!(self, limits::forget_events, merchant, scope, subject)
    }

    async fn set_cool_down(
        &mut self,
        merchant: &MerchantId,
        phone_index: &[u8],
        cool_down: &CoolDown,
    ) -> Result<()> {
        ask!(
            self,
            limits::set_cool_down,
            merchant,
            phone_index,
            cool_down
        )
    }

    async fn keep_answer(
        &mut self,
        merchant: &MerchantId,
        answer: &AnswerRecord,
    ) -> Result<Inserted> {
        ask!(self, answers::keep, merchant, answer)
    }

    async fn forget_session_secret(
        &mut self,
        merchant: &MerchantId,
        session: &SessionId,
    ) -> Result<()> {
        ask!(self, answers::forget_session_secret, merchant, session)
    }

    async fn forget_answers_about(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<()> {
        ask!(self, answers::forget_about, merchant, customer)
    }

    async fn append_audit(&mut self, entry: &AuditRecord) -> Result<()> {
        ask!(self, audit::append, entry)?;
        self.appended(entry);
        Ok(())
    }

    async fn append_audit_head(&mut self, head: &AuditHeadRecord) -> Result<Inserted> {
        ask!(self, audit::append_head, head)
    }

    async fn enqueue(&mut self, message: &OutboxRecord) -> Result<()> {
        ask!(self, outbox::enqueue, message)
    }

    async fn claim_outbox(
        &mut self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRecord>> {
        ask!(self, outbox::claim, now, lease_until, limit)
    }

    async fn finish_outbox(&mut self, merchant: &MerchantId, message: &MessageId) -> Result<()> {
        ask!(self, outbox::finish, merchant, message)
    }

    async fn postpone_outbox(
        &mut self,
        merchant: &MerchantId,
        message: &MessageId,
        due_at: Timestamp,
    ) -> Result<()> {
        ask!(self, outbox::postpone, merchant, message, due_at)
    }

    async fn insert_admin(&mut self, admin: &AdminRecord) -> Result<Inserted> {
        ask!(self, admins::insert, admin)
    }

    async fn insert_admin_session(&mut self, session: &AdminSessionRecord) -> Result<Inserted> {
        ask!(self, admins::insert_session, session)
    }

    async fn touch_admin_session(&mut self, token_sha256: &[u8], at: Timestamp) -> Result<()> {
        ask!(self, admins::touch_session, token_sha256, at)
    }

    async fn delete_admin_session(&mut self, token_sha256: &[u8]) -> Result<()> {
        ask!(self, admins::delete_session, token_sha256)
    }

    async fn purge(
        &mut self,
        day_before: Timestamp,
        events_before: Timestamp,
        now: Timestamp,
        far_ahead: Timestamp,
    ) -> Result<()> {
        ask!(self, sessions::purge, day_before)?;
        ask!(self, answers::purge, day_before, now)?;
        ask!(self, limits::purge, events_before, far_ahead)?;
        ask!(self, admins::purge, now)
    }
}
