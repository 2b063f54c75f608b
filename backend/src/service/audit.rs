//! The audit chains as a whole: their ends are signed on a timer, and whoever holds the root key can check
//! them.
//!
//! The hashes need no key, so whoever can write the database can make a chain anew. The signed heads show
//! that. What nothing in the database can show is that it was all put back to an earlier state, signed
//! heads included: for that, what a check printed is kept elsewhere and compared.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use shared::id::{CustomerId, MerchantId};
use store::{AuditHeadRecord, AuditRecord, MerchantRecord, Read, StoreError};

use super::{Fault, Onfile, erasure, work};
use crate::vault::{self, MerchantKeys, Unopened, Vault};

/// How often the ends are signed: at most so much of a chain can be cut off or made anew unseen. A merchant
/// that never rests adds 288 heads of some 100 bytes in a day, so that all of them are kept.
const SIGN_EVERY: Duration = Duration::from_mins(5);
/// How many rows are read at once.
const PAGE: u32 = 500;

/// Signs the chains' ends until the process ends.
pub async fn run_signing(app: Arc<Onfile>) {
    loop {
        if let Err(fault) = sign_heads(&app).await {
            tracing::warn!(error = %fault, "the ends of the audit chains could not be signed and will be tried again");
        }
        tokio::time::sleep(SIGN_EVERY).await;
    }
}

/// Signs the end of each chain that has grown since it was last signed. Answers how many there were.
///
/// # Errors
/// [`Fault`] when storage fails.
pub async fn sign_heads(app: &Onfile) -> Result<usize, Fault> {
    let mut signed = 0;
    for merchant in app.read().await?.merchants().await? {
        let merchant_id = merchant.merchant_id;
        let mut view = app.read().await?;
        let end = view.audit_head(&merchant_id).await?;
        let last = view.last_audit_head(&merchant_id).await?;
        if end.map(|(seq, _)| seq) != last.map(|head| head.seq) {
            signed += usize::from(sign_head(app, &merchant_id).await?);
        }
    }
    Ok(signed)
}

async fn sign_head(app: &Onfile, merchant_id: &MerchantId) -> Result<bool, Fault> {
    let mut unit = app.store.write().await?;
    // nobody else adds to the chain, or signs it, before the unit ends
    let (seq, hash) = unit.audit_head(merchant_id).await?.unwrap_or_default();
    let last = unit.last_audit_head(merchant_id).await?;
    let signed_up_to = last.as_ref().map_or(0, |head| head.seq);
    if seq < signed_up_to {
        tracing::error!(%merchant_id, seq, signed_up_to, "the audit chain ends before its signed head: run `onfile audit verify`");
    }
    if seq <= signed_up_to {
        return Ok(false);
    }
    let mut head = AuditHeadRecord {
        merchant_id: merchant_id.clone(),
        seq,
        hash,
        signed_at: app.clock.now(),
        signature: Vec::new(),
    };
    head.signature = signature(&app.vault, &head, last.as_ref());
    let inserted = unit.append_audit_head(&head).await?;
    unit.commit().await?;
    Ok(inserted == store::Inserted::Yes)
}

/// It covers the signature before it too, so that a head that is taken out from between is missed.
fn signature(vault: &Vault, head: &AuditHeadRecord, before: Option<&AuditHeadRecord>) -> Vec<u8> {
    vault::mac(
        &vault.audit_heads,
        &[
            head.merchant_id.as_str().as_bytes(),
            &head.seq.to_le_bytes(),
            &head.hash,
            &head.signed_at.as_micros().to_le_bytes(),
            before.map_or(&[], |before| before.signature.as_slice()),
        ],
    )
}

/// What is wrong at one place of a chain.
#[derive(Debug, thiserror::Error)]
#[error("{merchant_id} {seq}: {problem}")]
pub struct Finding {
    /// Whose chain.
    pub merchant_id: MerchantId,
    /// Which place.
    pub seq: i64,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Storage cannot make an entry of the row.
    #[error("the row is unreadable: {0}")]
    Unreadable(StoreError),
    /// Places begin with 1.
    #[error("no entry has this place: the first one is 1")]
    BeforeTheFirst,
    /// A gap.
    #[error("the entries from here to {up_to} are missing")]
    Missing {
        /// The last that is missing.
        up_to: i64,
    },
    /// The entry was changed.
    #[error("hash does not match what the entry says")]
    Hash,
    /// The entry does not follow the one before.
    #[error("previous_hash does not match the entry before")]
    PreviousHash,
    /// What was sealed into it was changed or moved.
    #[error("the sealed reason does not open: {0}")]
    SealedReason(Unopened),
    /// A reason is sealed under a customer's key.
    #[error(
        "the sealed reason does not open: its customer is not there, and no receipt says it was erased"
    )]
    NoCustomer,
    /// A signed head was changed, or the one before it is gone.
    #[error(
        "the signature of this signed head does not match: it or the one before it was changed, added or removed"
    )]
    Signature,
    /// Another entry was there when the end was signed.
    #[error("hash is not the one that was signed: the chain was made anew up to here")]
    NotTheSigned,
    /// The chain was cut.
    #[error("the chain ends at {end}, before this signed head")]
    EndsBefore {
        /// Where it ends.
        end: i64,
    },
}

/// What a check went through.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries.
    pub entries: u64,
    /// The last entry's place and hash.
    pub end: Option<(i64, Vec<u8>)>,
    /// Signed heads.
    pub heads: u64,
    /// The place of the last signed head.
    pub signed_up_to: Option<i64>,
    /// What did not hold.
    pub findings: u64,
}

impl std::fmt::Display for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "entries {}", self.entries)?;
        if let Some((seq, hash)) = &self.end {
            write!(f, ", the last {seq} with hash {}", hex::encode(hash))?;
        }
        write!(f, "; signed heads {}", self.heads)?;
        if let Some(seq) = self.signed_up_to {
            write!(f, ", the last at {seq}")?;
        }
        write!(f, "; findings {}", self.findings)
    }
}

/// Checks a merchant's chain and its signed heads, page by page, and says what does not hold as it is found.
///
/// # Errors
/// [`Fault`] when storage fails, or the merchant's keys do not open.
pub async fn verify(
    view: &mut dyn Read,
    vault: &Vault,
    merchant: &MerchantRecord,
    found: &mut (dyn FnMut(&Finding) + Send),
) -> Result<Checked, Fault> {
    let mut check = Check {
        keys: vault.merchant_keys(merchant)?,
        vault,
        merchant_id: &merchant.merchant_id,
        heads: Heads::default(),
        expected: 1,
        previous: Some(Vec::new()),
        checked: Checked::default(),
        found,
    };
    let mut after = i64::MIN;
    loop {
        // Before the entries: a head that was read was signed after its entry was committed.
        check.heads.fill(view, check.merchant_id).await?;
        let page = view.audit_entries(check.merchant_id, after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (seq, entry) in page {
            check.entry(view, seq, entry).await?;
        }
    }
    // those that were read before it was seen where the chain ends
    let end = check.expected - 1;
    while let Some(head) = check.heads.waiting.pop_front() {
        check.say(head.seq, Problem::EndsBefore { end });
        check.head(head);
    }
    Ok(check.checked)
}

/// The signed heads, a page of them at a time.
#[derive(Default)]
struct Heads {
    waiting: VecDeque<AuditHeadRecord>,
    /// The last that was compared.
    before: Option<AuditHeadRecord>,
}

impl Heads {
    async fn fill(&mut self, view: &mut dyn Read, merchant: &MerchantId) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            let after = self.before.as_ref().map_or(i64::MIN, |head| head.seq);
            self.waiting = view.audit_heads(merchant, after, PAGE).await?.into();
        }
        Ok(())
    }
}

struct Check<'a> {
    vault: &'a Vault,
    keys: MerchantKeys,
    merchant_id: &'a MerchantId,
    heads: Heads,
    /// The place that is next.
    expected: i64,
    /// The hash of the entry before, where it could be read.
    previous: Option<Vec<u8>>,
    checked: Checked,
    found: &'a mut (dyn FnMut(&Finding) + Send),
}

impl Check<'_> {
    fn say(&mut self, seq: i64, problem: Problem) {
        self.checked.findings += 1;
        (self.found)(&Finding {
            merchant_id: self.merchant_id.clone(),
            seq,
            problem,
        });
    }

    async fn entry(
        &mut self,
        view: &mut dyn Read,
        seq: i64,
        entry: Result<AuditRecord, StoreError>,
    ) -> Result<(), Fault> {
        self.checked.entries += 1;
        if seq < self.expected {
            self.say(seq, Problem::BeforeTheFirst);
            return Ok(());
        }
        if seq > self.expected {
            self.say(self.expected, Problem::Missing { up_to: seq - 1 });
            self.previous = None;
        }
        self.expected = seq + 1;
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                self.say(seq, Problem::Unreadable(error));
                self.previous = None;
                return Ok(());
            }
        };
        if work::hash(&entry) != entry.hash {
            self.say(seq, Problem::Hash);
        }
        if self
            .previous
            .as_ref()
            .is_some_and(|previous| *previous != entry.previous_hash)
        {
            self.say(seq, Problem::PreviousHash);
        }
        if let Some(sealed) = &entry.sealed_reason {
            let problem = self
                .reason(view, entry.customer_id.as_ref(), sealed)
                .await?;
            if let Some(problem) = problem {
                self.say(seq, problem);
            }
        }
        self.signed(view, seq, &entry.hash).await?;
        self.checked.end = Some((seq, entry.hash.clone()));
        self.previous = Some(entry.hash);
        Ok(())
    }

    /// Compares an entry with the head that was signed at its place. Those of earlier places are of entries
    /// that are missing or unreadable, which has been said.
    async fn signed(
        &mut self,
        view: &mut dyn Read,
        seq: i64,
        hash: &[u8],
    ) -> Result<(), StoreError> {
        loop {
            self.heads.fill(view, self.merchant_id).await?;
            let Some(head) = self.heads.waiting.pop_front_if(|head| head.seq <= seq) else {
                return Ok(());
            };
            if head.seq == seq && head.hash != hash {
                self.say(seq, Problem::NotTheSigned);
            }
            self.head(head);
        }
    }

    /// Checks a head's own signature.
    fn head(&mut self, head: AuditHeadRecord) {
        let wanted = signature(self.vault, &head, self.heads.before.as_ref());
        if !vault::equal(&wanted, &head.signature) {
            self.say(head.seq, Problem::Signature);
        }
        self.checked.heads += 1;
        self.checked.signed_up_to = Some(head.seq);
        self.heads.before = Some(head);
    }

    /// The key of an erased customer is gone, and a receipt says so.
    async fn missing(
        &self,
        view: &mut dyn Read,
        customer_id: &CustomerId,
    ) -> Result<Option<Problem>, StoreError> {
        let receipt = view.erasure(self.merchant_id, customer_id).await?;
        let erased = receipt.is_some_and(|receipt| erasure::is_genuine(self.vault, &receipt));
        Ok((!erased).then_some(Problem::NoCustomer))
    }

    /// What is wrong with a reason that was sealed under its customer's key.
    async fn reason(
        &self,
        view: &mut dyn Read,
        customer_id: Option<&CustomerId>,
        sealed: &[u8],
    ) -> Result<Option<Problem>, StoreError> {
        let Some(customer_id) = customer_id else {
            return Ok(Some(Problem::NoCustomer));
        };
        let record = match view.customer(self.merchant_id, customer_id).await {
            Ok(Some(record)) => record,
            Ok(None) => return self.missing(view, customer_id).await,
            Err(error @ StoreError::Corrupt { .. }) => return Ok(Some(Problem::Unreadable(error))),
            Err(error) => return Err(error),
        };
        let opened = self
            .keys
            .customer_key(customer_id, &record.wrapped_key)
            .and_then(|key| {
                self.keys.open_for_customer(
                    &key,
                    "audit_entries.sealed_reason",
                    customer_id.as_str(),
                    sealed,
                )
            });
        Ok(opened.err().map(Problem::SealedReason))
    }
}
