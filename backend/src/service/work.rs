//! A unit of work: the effect, its audit entries and its outbox messages, committed together.

use shared::Timestamp;
use shared::customer::{CustomerState, CustomerStatus};
use shared::id::{CustomerId, MerchantId, MessageId, TokenId};
use store::{
    AuditRecord, Creation, CustomerRecord, Head, Inserted, OutboxRecord, StoreError, Write,
};

use super::{By, Fault, Merchant, Onfile};
use crate::outbox::Task;
use crate::vault::sha256;

/// A unit of work for one merchant.
pub struct Work<'a> {
    app: &'a Onfile,
    merchant: &'a Merchant,
    unit: Box<dyn Write>,
    head: Option<Head>,
    changed: Vec<CustomerId>,
    has_due: bool,
}

/// What a use case did, not yet durable: whoever answers it adds what must be kept of the answer, and
/// commits both together.
#[must_use = "dropped without a commit it leaves nothing"]
pub struct Pending<'a, T> {
    /// The unit of work.
    pub work: Work<'a>,
    /// What to answer.
    pub value: T,
}

impl<T> Pending<'_, T> {
    /// Commits with nothing to add.
    ///
    /// # Errors
    /// [`StoreError`] when the commit failed: then nothing of it stays.
    pub async fn commit(self) -> Result<T, StoreError> {
        self.work.commit().await?;
        Ok(self.value)
    }
}

/// One thing to write into the audit chain.
#[derive(Default)]
pub struct Entry<'a> {
    /// What was done, such as `customer.suspend`.
    pub action: &'a str,
    /// To whom.
    pub customer_id: Option<&'a CustomerId>,
    /// To which token.
    pub token_id: Option<&'a TokenId>,
    /// Which fields changed: names, never values.
    pub fields: &'a [&'a str],
    /// The move of a status.
    pub transition: Option<(CustomerStatus, CustomerStatus)>,
    /// Reason and note, sealed.
    pub sealed_reason: Option<Vec<u8>>,
}

impl Entry<'_> {
    /// Its record behind the end of the merchant's chain.
    #[must_use]
    pub fn behind(
        self,
        end: Option<&Head>,
        app: &Onfile,
        merchant_id: &MerchantId,
        by: &By,
    ) -> AuditRecord {
        let (seq, previous_hash) = end.cloned().unwrap_or_default();
        let mut record = AuditRecord {
            merchant_id: merchant_id.clone(),
            seq: seq + 1,
            at: app.clock.now(),
            actor: by.actor,
            actor_id: by.actor_id.clone(),
            address: by.address.map(|address| address.to_string()),
            action: self.action.to_owned(),
            customer_id: self.customer_id.cloned(),
            token_id: self.token_id.cloned(),
            fields: self.fields.join(","),
            transition: self
                .transition
                .map(|(from, to)| format!("{}>{}", from.as_str(), to.as_str()))
                .unwrap_or_default(),
            sealed_reason: self.sealed_reason,
            request_id: by.request_id.clone(),
            previous_hash,
            hash: Vec::new(),
        };
        record.hash = hash(&record);
        record
    }
}

impl<'a> Work<'a> {
    /// Begins one that may share its commit with others of the merchant.
    ///
    /// # Errors
    /// [`StoreError`] when storage takes no writes.
    pub async fn begin(app: &'a Onfile, merchant: &'a Merchant) -> Result<Self, StoreError> {
        let unit = app.store.write_of(&merchant.merchant_id).await?;
        Ok(Self::new(app, merchant, unit))
    }

    /// Begins one that also touches what belongs to no merchant, such as limits across all, which others
    /// must not wait for: it commits alone. It takes the end of the chain first, as those do that share a
    /// commit.
    ///
    /// # Errors
    /// [`StoreError`] when storage takes no writes.
    pub async fn begin_alone(app: &'a Onfile, merchant: &'a Merchant) -> Result<Self, StoreError> {
        let mut unit = app.store.write().await?;
        let head = unit.audit_head(&merchant.merchant_id).await?;
        Ok(Self {
            head,
            ..Self::new(app, merchant, unit)
        })
    }

    fn new(app: &'a Onfile, merchant: &'a Merchant, unit: Box<dyn Write>) -> Self {
        Self {
            app,
            merchant,
            unit,
            head: None,
            changed: Vec::new(),
            has_due: false,
        }
    }

    /// The unit's own view and its primitives.
    pub fn unit(&mut self) -> &mut dyn Write {
        &mut *self.unit
    }

    /// Adds a customer together with the entry that says so, as [`Work::audit`] would.
    ///
    /// # Errors
    /// [`StoreError`] when storage fails.
    pub async fn create_customer(
        &mut self,
        by: &By,
        customer: &CustomerRecord,
        entry: Entry<'_>,
    ) -> Result<Inserted, StoreError> {
        let creation = Creation {
            customer: customer.clone(),
            entry: self.next_entry(by, entry).await?,
            answer: None,
        };
        let inserted = self
            .unit
            .create_customers(&self.merchant.merchant_id, std::slice::from_ref(&creation))
            .await?;
        if inserted == Inserted::Yes {
            self.head = Some((creation.entry.seq, creation.entry.hash));
        }
        Ok(inserted)
    }

    /// Adds an entry to the merchant's audit chain, and remembers whose widgets to tell.
    ///
    /// # Errors
    /// [`StoreError`] when storage fails.
    pub async fn audit(&mut self, by: &By, entry: Entry<'_>) -> Result<(), StoreError> {
        let record = self.next_entry(by, entry).await?;
        self.unit.append_audit(&record).await?;
        self.appended(record);
        Ok(())
    }

    async fn next_entry(&mut self, by: &By, entry: Entry<'_>) -> Result<AuditRecord, StoreError> {
        let merchant_id = &self.merchant.merchant_id;
        if self.head.is_none() {
            self.head = self.unit.audit_head(merchant_id).await?;
        }
        Ok(entry.behind(self.head.as_ref(), self.app, merchant_id, by))
    }

    fn appended(&mut self, record: AuditRecord) {
        self.head = Some((record.seq, record.hash));
        if let Some(customer_id) = record.customer_id
            && !self.changed.contains(&customer_id)
        {
            self.changed.push(customer_id);
        }
    }

    /// Queues what must happen after the commit.
    ///
    /// # Errors
    /// [`Fault`] when storage fails.
    pub async fn enqueue(&mut self, task: &Task, due_at: Timestamp) -> Result<(), Fault> {
        let now = self.app.clock.now();
        let message_id = MessageId::new(now, self.app.random_bytes());
        let payload = serde_json::to_vec(task).map_err(|error| Fault::Other(error.to_string()))?;
        let record = OutboxRecord {
            merchant_id: self.merchant.merchant_id.clone(),
            kind: task.kind().to_owned(),
            payload: self.merchant.keys.seal(
                "outbox.payload",
                message_id.as_str(),
                &payload,
                &*self.app.random,
            ),
            message_id,
            due_at,
            attempts: 0,
            created_at: now,
        };
        self.unit.enqueue(&record).await?;
        self.has_due = true;
        Ok(())
    }

    /// Commits, then tells the outbox and whoever shows these customers.
    ///
    /// # Errors
    /// [`StoreError`] when the commit failed: then nothing of the unit stays.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.unit.commit().await?;
        for customer in self.changed {
            self.app
                .changes
                .announce(self.merchant.merchant_id.clone(), customer);
        }
        if self.has_due {
            self.app.outbox_due.notify_one();
        }
        Ok(())
    }
}

/// The hash of an entry: SHA-256 over every field, each with its length in front, and those that may be
/// missing with a byte that says whether they are, so that no two entries read alike.
#[must_use]
pub fn hash(entry: &AuditRecord) -> Vec<u8> {
    let mut text = Vec::new();
    let actor = serde_json::to_vec(&entry.actor).unwrap_or_default();
    add(&mut text, entry.merchant_id.as_str().as_bytes());
    add(&mut text, &entry.seq.to_le_bytes());
    add(&mut text, &entry.at.as_micros().to_le_bytes());
    add(&mut text, &actor);
    add(&mut text, entry.actor_id.as_bytes());
    add_optional(&mut text, entry.address.as_deref().map(str::as_bytes));
    add(&mut text, entry.action.as_bytes());
    let customer_id = entry.customer_id.as_ref().map(CustomerId::as_str);
    add_optional(&mut text, customer_id.map(str::as_bytes));
    let token_id = entry.token_id.as_ref().map(TokenId::as_str);
    add_optional(&mut text, token_id.map(str::as_bytes));
    add(&mut text, entry.fields.as_bytes());
    add(&mut text, entry.transition.as_bytes());
    add_optional(&mut text, entry.sealed_reason.as_deref());
    add(&mut text, entry.request_id.as_bytes());
    add(&mut text, &entry.previous_hash);
    sha256(&text)
}

fn add(text: &mut Vec<u8>, part: &[u8]) {
    text.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
    text.extend_from_slice(part);
}

fn add_optional(text: &mut Vec<u8>, part: Option<&[u8]>) {
    text.push(u8::from(part.is_some()));
    add(text, part.unwrap_or_default());
}

/// The move of an entry, if it is one.
#[must_use]
pub fn transition(text: &str) -> Option<(CustomerStatus, CustomerStatus)> {
    let (from, to) = text.split_once('>')?;
    Some((CustomerStatus::parse(from)?, CustomerStatus::parse(to)?))
}

/// The move between two states, when the status itself changed.
#[must_use]
pub fn moved(from: CustomerState, to: CustomerState) -> Option<(CustomerStatus, CustomerStatus)> {
    (from.status() != to.status()).then(|| (from.status(), to.status()))
}
