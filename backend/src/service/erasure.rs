//! Erasing for good. A customer that was DELETED is masked at once; after the merchant's retention its row
//! goes, with its key, its blind indexes and everything that hangs on it. What is left is its id, in the
//! history and in a signed receipt. A reason that was sealed into the history under the customer's key stays
//! there, because the chain is to hold, and can no longer be opened by anybody.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use shared::Timestamp;
use shared::customer::{CustomerState, Profile};
use shared::id::{CustomerId, MerchantId};
use store::{CustomerRecord, Destroyed, ErasureRecord};

use super::merchants::{self, Settings};
use super::work::{Entry, Work};
use super::{By, Fault, Merchant, Onfile, customers};
use crate::vault::{self, Vault};

/// How often what is due is erased. Retention is counted in days, and writing waits while the database is
/// scrubbed afterwards.
const EVERY: Duration = Duration::from_hours(24);
/// How many customers are looked up at once. Each is erased in a unit of its own.
const PAGE: u32 = 100;
/// The instance's value that says when something was last erased whose traces are still to be scrubbed.
const TRACES: &str = "erasure_traces";

/// Why a customer was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// No such customer of this merchant.
    #[error("there is no such customer; erased customers are in `onfile erase --list`")]
    NotFound,
    /// Only a deleted customer is erased.
    #[error("the customer is not DELETED: delete it first")]
    NotDeleted,
    /// What the provider needs to remove a card is still needed.
    #[error(
        "the provider has not confirmed yet that the customer's cards are removed: it is asked again by itself"
    )]
    AtProvider,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<store::StoreError> for EraseError {
    fn from(error: store::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// When a customer that was deleted at this instant is erased.
#[must_use]
pub fn due_at(settings: &Settings, deleted_at: Timestamp) -> Timestamp {
    deleted_at.plus(retention(settings))
}

fn retention(settings: &Settings) -> Duration {
    Duration::from_secs(u64::from(settings.retention_days) * 86_400)
}

/// Erases until the process ends.
pub async fn run(app: Arc<Onfile>) {
    loop {
        if let Err(fault) = run_due(&app).await {
            tracing::warn!(error = %fault, "erasing failed and will be tried again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn run_due(app: &Onfile) -> Result<(), Fault> {
    for merchant in app.read().await?.merchants().await? {
        // gone in between it cannot be
        if let Some(merchant) = merchants::get(app, &merchant.merchant_id).await? {
            erase_due(app, &merchant, &By::system("erasure"), &mut |_| {}).await?;
        }
    }
    scrub(app).await
}

/// Erases every customer of a merchant whose retention is over, and says each receipt. One whose provider
/// still has a card waits for the next time.
///
/// # Errors
/// [`Fault`]; what was erased before is erased.
pub async fn erase_due(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    erased: &mut (dyn FnMut(&ErasureRecord) + Send),
) -> Result<(), Fault> {
    let until = app.clock.now().minus(retention(&merchant.settings));
    let mut after = None;
    loop {
        let mut view = app.read().await?;
        let page = view
            .deleted_customers(&merchant.merchant_id, until, after.as_ref(), PAGE)
            .await?;
        for (_, customer_id) in &page {
            match erase(app, merchant, by, customer_id).await {
                Ok(receipt) => erased(&receipt),
                Err(EraseError::Fault(fault)) => return Err(fault),
                // another node was faster, or the provider is
                Err(EraseError::NotFound | EraseError::NotDeleted | EraseError::AtProvider) => {}
            }
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// Erases a customer that is DELETED, whether its retention is over or not.
///
/// # Errors
/// [`EraseError`]; then nothing was erased.
pub async fn erase(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    customer_id: &CustomerId,
) -> Result<ErasureRecord, EraseError> {
    let mut work = Work::begin_alone(app, merchant).await?;
    let record = work
        .unit()
        .customer(&merchant.merchant_id, customer_id)
        .await?
        .ok_or(EraseError::NotFound)?;
    if record.state != CustomerState::Deleted {
        return Err(EraseError::NotDeleted);
    }
    let tokens = work
        .unit()
        .tokens_of(&merchant.merchant_id, customer_id)
        .await?;
    if tokens
        .iter()
        .any(|token| token.removal_confirmed_at.is_none())
    {
        return Err(EraseError::AtProvider);
    }
    let destroyed = erase_in(app, merchant, &mut work, by, &record).await?;
    let mut receipt = ErasureRecord {
        merchant_id: merchant.merchant_id.clone(),
        customer_id: customer_id.clone(),
        deleted_at: record.state_since,
        erased_at: app.clock.now(),
        destroyed,
        signature: Vec::new(),
    };
    receipt.signature = signature(&app.vault, &receipt);
    // a receipt that is there already is of the same customer: ids are never given twice
    let _known = work.unit().append_erasure(&receipt).await?;
    work.commit().await?;
    Ok(receipt)
}

/// Erases again what a restored backup brought back, whatever it says of the customer, and keeps the
/// receipt. Answers whether the customer was there.
///
/// # Errors
/// [`Fault`] when storage fails.
pub async fn erase_again(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    receipt: &ErasureRecord,
) -> Result<bool, Fault> {
    let mut work = Work::begin_alone(app, merchant).await?;
    let record = work
        .unit()
        .customer(&merchant.merchant_id, &receipt.customer_id)
        .await?;
    if let Some(record) = &record {
        erase_in(app, merchant, &mut work, by, record).await?;
    }
    let _known = work.unit().append_erasure(receipt).await?;
    work.commit().await?;
    Ok(record.is_some())
}

async fn erase_in(
    app: &Onfile,
    merchant: &Merchant,
    work: &mut Work<'_>,
    by: &By,
    record: &CustomerRecord,
) -> Result<Destroyed, Fault> {
    let unit = work.unit();
    let destroyed = unit
        .erase_customer(&merchant.merchant_id, &record.customer_id)
        .await?;
    // What does not open is of no phone that could be told; it is forgotten within a day.
    let profile = merchant
        .keys
        .customer(record)
        .map(|customer| customer.profile);
    if let Ok(Profile {
        phone: Some(phone), ..
    }) = &profile
        // a living customer who has the phone since keeps what is counted of it
        && customers::by_phone(unit, merchant, phone).await?.is_none()
    {
        let subject = merchant.keys.phone_subject(phone);
        unit.forget_phone(&merchant.merchant_id, &subject).await?;
    }
    let now = app.clock.now().as_micros().to_le_bytes();
    unit.set_instance_value(TRACES, &now).await?;
    work.audit(
        by,
        Entry {
            action: "customer.erase",
            customer_id: Some(&record.customer_id),
            ..Entry::default()
        },
    )
    .await?;
    Ok(destroyed)
}

/// Scrubs the database's files if something was erased since that was last done.
///
/// # Errors
/// [`Fault`] when storage fails; the next call tries again.
pub async fn scrub(app: &Onfile) -> Result<(), Fault> {
    let Some(seen) = traces(app).await? else {
        return Ok(());
    };
    app.store.scrub().await?;
    let mut unit = app.store.write().await?;
    // something may have been erased meanwhile
    if unit.instance_value(TRACES).await? == Some(seen) {
        unit.set_instance_value(TRACES, &[]).await?;
        unit.commit().await?;
    }
    Ok(())
}

/// When something was last erased of which traces may still be in the files.
///
/// # Errors
/// [`Fault`] when storage fails.
pub async fn traces(app: &Onfile) -> Result<Option<Vec<u8>>, Fault> {
    let value = app.read().await?.instance_value(TRACES).await?;
    Ok(value.filter(|value| !value.is_empty()))
}

fn signature(vault: &Vault, receipt: &ErasureRecord) -> Vec<u8> {
    let Destroyed {
        tokens,
        consents,
        decisions,
        sessions,
    } = receipt.destroyed;
    vault::mac(
        &vault.erasures,
        &[
            receipt.merchant_id.as_str().as_bytes(),
            receipt.customer_id.as_str().as_bytes(),
            &receipt.deleted_at.as_micros().to_le_bytes(),
            &receipt.erased_at.as_micros().to_le_bytes(),
            &tokens.to_le_bytes(),
            &consents.to_le_bytes(),
            &decisions.to_le_bytes(),
            &sessions.to_le_bytes(),
        ],
    )
}

/// Whether a receipt was signed under this root key and is as it was.
#[must_use]
pub fn is_genuine(vault: &Vault, receipt: &ErasureRecord) -> bool {
    vault::equal(&signature(vault, receipt), &receipt.signature)
}

/// A receipt as a line of JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    merchant_id: MerchantId,
    customer_id: CustomerId,
    deleted_at: Timestamp,
    erased_at: Timestamp,
    tokens: i64,
    consents: i64,
    decisions: i64,
    sessions: i64,
    signature: String,
}

impl From<ErasureRecord> for Receipt {
    fn from(record: ErasureRecord) -> Self {
        Self {
            merchant_id: record.merchant_id,
            customer_id: record.customer_id,
            deleted_at: record.deleted_at,
            erased_at: record.erased_at,
            tokens: record.destroyed.tokens,
            consents: record.destroyed.consents,
            decisions: record.destroyed.decisions,
            sessions: record.destroyed.sessions,
            signature: URL_SAFE_NO_PAD.encode(record.signature),
        }
    }
}

impl Receipt {
    /// Reads a line.
    #[must_use]
    pub fn parse(line: &str) -> Option<ErasureRecord> {
        let receipt: Self = serde_json::from_str(line).ok()?;
        Some(ErasureRecord {
            merchant_id: receipt.merchant_id,
            customer_id: receipt.customer_id,
            deleted_at: receipt.deleted_at,
            erased_at: receipt.erased_at,
            destroyed: Destroyed {
                tokens: receipt.tokens,
                consents: receipt.consents,
                decisions: receipt.decisions,
                sessions: receipt.sessions,
            },
            signature: URL_SAFE_NO_PAD.decode(receipt.signature).ok()?,
        })
    }
}
