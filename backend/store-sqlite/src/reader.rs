//! Reading apart from the writer: from memory where that is exact, else on a few connections that
//! cannot write. A connection is taken for one query only, so that nobody holds one
//! while waiting for something else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use shared::Timestamp;
use shared::consent::{ConsentAct, Purpose};
use shared::customer::CustomerStatus;
use shared::id::{AdminId, ChallengeId, CustomerId, MerchantId, SessionId, TokenId};
use store::lookup::{Keys, Lookups, Trips};
use store::row::CustomerRow;
use store::{
    AdminRecord, AdminSessionRecord, AnswerRecord, ApiKeyRecord, AuditHeadRecord, AuditRecord,
    ChallengeRecord, CoolDown, CustomerRecord, DecisionRecord, ErasureRecord, MerchantRecord,
    PageAfter, Read, Result, Sealed, SessionRecord, TokenRecord,
};

use crate::cache::{Cache, Index};
use crate::readers::Readers;
use crate::{
    admins, answers, audit, consents, customers, erasures, limits, merchants, outbox, sealed,
    sessions, tokens,
};

/// A file answers or fails, so those who wait long are many, and are best off together.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks one of the query modules on a connection that reads.
macro_rules! ask {
    ($reader:ident, $query:path $(, $argument:expr)*) => {
        match $reader.readers.take().await {
            Ok(mut taken) => {
                let answer = $query(taken.connection(), $($argument),*).await;
                taken.done(answer)
            }
            Err(failure) => Err(failure.error),
        }
    };
}

#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) readers: Readers,
    pub(crate) cache: Arc<Cache>,
    lookups: Lookups<ToReaders>,
}

struct ToReaders {
    readers: Readers,
}

impl Trips for ToReaders {
    fn at_once(&self) -> usize {
        self.readers.number()
    }

    /// A trip is short, and every reader has a thread.
    fn company(&self, _: usize) -> usize {
        1
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn make(&self, merchant: &MerchantId, keys: &Keys) -> Result<Vec<CustomerRow>> {
        ask!(self, customers::by_keys, merchant, keys)
    }
}

impl Reader {
    pub(crate) fn new(readers: Readers, cache: Arc<Cache>) -> Self {
        let lookups = Lookups::new(ToReaders {
            readers: readers.clone(),
        });
        Self {
            readers,
            cache,
            lookups,
        }
    }

    /// The customer that an index led to before, if that still holds.
    async fn led_to(
        &mut self,
        merchant: &MerchantId,
        index: Index,
        value: &[u8],
    ) -> Result<Option<CustomerRecord>> {
        let Some(customer) = self.cache.led_to(merchant, index, value) else {
            return Ok(None);
        };
        let found = self.customer(merchant, &customer).await?;
        Ok(found.filter(|record| index.leads_to(record, value)))
    }
}

#[async_trait]
impl Read for Reader {
    async fn instance_value(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        ask!(self, merchants::instance_value, name)
    }

    async fn merchant(&mut self, merchant: &MerchantId) -> Result<Option<MerchantRecord>> {
        match self.cache.merchant(merchant) {
            Ok(record) => Ok(Some(record)),
            Err(place) => {
                let found = ask!(self, merchants::by_id, merchant)?;
                if let Some(record) = &found {
                    self.cache.keep_merchant(place, record);
                }
                Ok(found)
            }
        }
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
        match self.cache.customer(merchant, customer) {
            Ok(record) => Ok(Some(record)),
            Err(place) => {
                let found = self.lookups.by_id(merchant, customer).await?;
                if let Some(record) = &found {
                    self.cache.keep_customer(place, record);
                }
                Ok(found)
            }
        }
    }

    async fn customer_by_phone(
        &mut self,
        merchant: &MerchantId,
        phone_index: &[u8],
    ) -> Result<Option<CustomerRecord>> {
        if let Some(record) = self.led_to(merchant, Index::Phone, phone_index).await? {
            return Ok(Some(record));
        }
        let found = self.lookups.by_phone(merchant, phone_index).await?;
        if let Some(record) = &found {
            self.cache
                .keep_lead(merchant, Index::Phone, phone_index, &record.customer_id);
        }
        Ok(found)
    }

    async fn customer_by_reference(
        &mut self,
        merchant: &MerchantId,
        reference_index: &[u8],
    ) -> Result<Option<CustomerRecord>> {
        if let Some(record) = self
            .led_to(merchant, Index::Reference, reference_index)
            .await?
        {
            return Ok(Some(record));
        }
        let found = ask!(self, customers::by_reference, merchant, reference_index)?;
        if let Some(record) = &found {
            self.cache.keep_lead(
                merchant,
                Index::Reference,
                reference_index,
                &record.customer_id,
            );
        }
        Ok(found)
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
        ask!(self, tokens::by_id, merchant, token)
    }

    async fn token_by_reference(
        &mut self,
        merchant: &MerchantId,
        reference: &str,
    ) -> Result<Option<TokenRecord>> {
        ask!(self, tokens::by_reference, merchant, reference)
    }

    async fn tokens_of(
        &mut self,
        merchant: &MerchantId,
        customer: &CustomerId,
    ) -> Result<Vec<TokenRecord>> {
        match self.cache.tokens(merchant, customer) {
            Ok(records) => Ok(records),
            Err(place) => {
                let records = ask!(self, tokens::of_customer, merchant, customer)?;
                self.cache.keep_tokens(place, &records);
                Ok(records)
            }
        }
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
        match self.cache.consents(merchant, customer, purpose) {
            Ok(records) => Ok(records),
            Err(place) => {
                let records = ask!(self, consents::last_of, merchant, customer, purpose)?;
                self.cache.keep_consents(place, &records);
                Ok(records)
            }
        }
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
        ask!(self, sessions::by_id, merchant, session)
    }

    async fn challenge(
        &mut self,
        merchant: &MerchantId,
        challenge: &ChallengeId,
    ) -> Result<Option<ChallengeRecord>> {
        ask!(self, sessions::challenge, merchant, challenge)
    }

    async fn count_events(
        &mut self,
        merchant: Option<&MerchantId>,
        scope: &str,
        subject: &[u8],
        since: Timestamp,
    ) -> Result<i64> {
        ask!(self, limits::count_events, merchant, scope, subject, since)
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
        ask!(self, audit::head, merchant)
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
