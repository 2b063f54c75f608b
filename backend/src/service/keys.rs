//! Rotation of keys, beside running servers. Every step is one commit, and whatever step a rotation was
//! cut off at, running it again goes on from there.
//!
//! A merchant's keys, the one that wraps and the one of its indexes, are rotated one at a time and in four
//! steps, so that no process ever meets what it cannot open or find: the next key is made known
//! ([`publish`]); once everybody knows it, it takes the place of the one in use, which stays for what it
//! sealed or indexed ([`switch`]); that is sealed anew ([`reseal`]) or indexed anew ([`reindex`]); then the old
//! key is destroyed ([`destroy`]).

use std::time::Duration;

use shared::Timestamp;
use shared::id::MerchantId;
use store::{MerchantKey, MerchantRecord, PageAfter, Replaced, Sealed, SpareRole, Write};

use super::instance::{INSTANCE_KEY, ROOT_CHECK};
use super::{By, Entry, Fault, Onfile, Work, merchants};
use crate::vault::{Key, MerchantKeys, check_value, equal, open_instance_key, wrap_instance_key};

/// How long after a change of keys every process works with it: merchants are read again within five
/// seconds, and another process's writes are seen within half a second.
pub const KNOWN_AFTER: Duration = Duration::from_secs(15);
/// How many records are sealed anew in one commit: few enough not to keep others waiting.
const BATCH: u32 = 100;

/// What is to be done next in the rotation of a merchant's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The other key's rotation was begun, and is to be done first.
    Finish(MerchantKey),
    /// Nothing is being rotated.
    Publish,
    /// Wait until then, and go on.
    Wait(Timestamp),
    /// Everybody knows the next key.
    Switch,
    /// Everybody uses the new key: what the old one has sealed or indexed is to be done anew.
    Renew,
}

/// Where the rotation of a merchant's key is.
#[must_use]
pub fn step(merchant: &MerchantRecord, of: MerchantKey, now: Timestamp) -> Step {
    match &merchant.spare_key {
        None => Step::Publish,
        Some(spare) if spare.of != of => Step::Finish(spare.of),
        Some(spare) if spare.since.plus(KNOWN_AFTER) > now => {
            Step::Wait(spare.since.plus(KNOWN_AFTER))
        }
        Some(spare) => match spare.role {
            SpareRole::Next => Step::Switch,
            SpareRole::Previous => Step::Renew,
        },
    }
}

async fn merchant_in(
    view: &mut (dyn Write + '_),
    merchant_id: &MerchantId,
) -> Result<MerchantRecord, Fault> {
    view.merchant(merchant_id)
        .await?
        .ok_or_else(|| Fault::Other(format!("there is no merchant {merchant_id}")))
}

/// Puts a merchant's keys in the place of the ones it had.
async fn put(
    app: &Onfile,
    (merchant_id, of): (&MerchantId, MerchantKey),
    action: &str,
    expected: Step,
    change: impl FnOnce(MerchantKeys) -> (MerchantKeys, Option<Timestamp>),
) -> Result<(), Fault> {
    let opened = merchants::get(app, merchant_id)
        .await?
        .ok_or_else(|| Fault::Other(format!("there is no merchant {merchant_id}")))?;
    let mut work = Work::begin(app, &opened).await?;
    let record = merchant_in(work.unit(), merchant_id).await?;
    if step(&record, of, app.clock.now()) != expected {
        return Ok(());
    }
    let from = record.wrapped_key.clone();
    let (keys, spare_since) = change(app.vault.merchant_keys(&record)?);
    let record = keys.wrapped(record, &app.vault.root(), spare_since, &*app.random);
    if work.unit().replace_merchant_keys(&from, &record).await? != Replaced::Yes {
        return Ok(());
    }
    let entry = Entry {
        action,
        ..Entry::default()
    };
    work.audit(&By::system("keys-rotate"), entry).await?;
    Ok(work.commit().await?)
}

/// The names of a rotation's steps in the audit chain: published, switched, destroyed.
const fn actions(of: MerchantKey) -> [&'static str; 3] {
    match of {
        MerchantKey::Wrap => [
            "merchant.key_publish",
            "merchant.key_switch",
            "merchant.key_destroy",
        ],
        MerchantKey::Index => [
            "merchant.index_key_publish",
            "merchant.index_key_switch",
            "merchant.index_key_destroy",
        ],
    }
}

/// Makes a merchant's next key and lets every process know it.
///
/// # Errors
/// [`Fault`].
pub async fn publish(app: &Onfile, merchant_id: &MerchantId, of: MerchantKey) -> Result<(), Fault> {
    let [action, ..] = actions(of);
    let since = Some(app.clock.now());
    put(app, (merchant_id, of), action, Step::Publish, |keys| {
        (keys.with_next(of, &*app.random), since)
    })
    .await
}

/// Uses the next key from now on.
///
/// # Errors
/// [`Fault`].
pub async fn switch(app: &Onfile, merchant_id: &MerchantId, of: MerchantKey) -> Result<(), Fault> {
    let [_, action, _] = actions(of);
    let since = Some(app.clock.now());
    put(app, (merchant_id, of), action, Step::Switch, |keys| {
        (keys.switched(), since)
    })
    .await
}

/// Seals anew whatever the previous key has sealed, and answers how much that was.
///
/// # Errors
/// [`Fault`], also when something opens with neither key: then the previous key must stay.
pub async fn reseal(app: &Onfile, merchant_id: &MerchantId) -> Result<u64, Fault> {
    let mut changed = 0;
    for what in Sealed::ALL {
        let mut after = String::new();
        loop {
            let mut unit = app.store.write_of(merchant_id).await?;
            let record = merchant_in(&mut *unit, merchant_id).await?;
            let keys = app.vault.merchant_keys(&record)?;
            let batch = unit.sealed(merchant_id, what, &after, BATCH).await?;
            let Some((last, _)) = batch.last() else { break };
            after.clone_from(last);
            for (id, sealed) in &batch {
                let Some(anew) = keys.resealed(what.name, id, sealed, &*app.random)? else {
                    continue;
                };
                let replaced = unit.reseal(merchant_id, what, id, sealed, &anew).await?;
                changed += u64::from(replaced == Replaced::Yes);
            }
            unit.commit().await?;
        }
    }
    Ok(changed)
}

/// Indexes anew every customer that the previous key has indexed, and answers how many those were.
///
/// # Errors
/// [`Fault`], also when a customer does not open or is there twice: then the previous key must stay.
pub async fn reindex(app: &Onfile, merchant_id: &MerchantId) -> Result<u64, Fault> {
    let mut changed = 0;
    let mut after = None;
    loop {
        let mut unit = app.store.write_of(merchant_id).await?;
        let record = merchant_in(&mut *unit, merchant_id).await?;
        let keys = app.vault.merchant_keys(&record)?;
        let batch = unit
            .customers(merchant_id, None, after.as_ref(), BATCH)
            .await?;
        let Some(last) = batch.last() else { break };
        after = Some(PageAfter {
            created_at: last.created_at,
            customer_id: last.customer_id.clone(),
        });
        for customer in batch {
            let profile = keys.customer(&customer)?.profile;
            let anew = keys.indexed(customer.clone(), &profile);
            if anew != customer {
                if unit.reindex_customer(merchant_id, &anew).await? == Replaced::Taken {
                    return Err(Fault::Other(format!(
                        "{} has the phone or the reference of another customer",
                        anew.customer_id
                    )));
                }
                // whether or not it was in time: the next look will tell
                changed += 1;
            }
        }
        unit.commit().await?;
    }
    Ok(changed)
}

/// Destroys the previous key: nothing is left that it has sealed or indexed.
///
/// # Errors
/// [`Fault`].
pub async fn destroy(app: &Onfile, merchant_id: &MerchantId, of: MerchantKey) -> Result<(), Fault> {
    let [.., action] = actions(of);
    put(app, (merchant_id, of), action, Step::Renew, |keys| {
        (keys, None)
    })
    .await
}

/// Wraps every merchant's keys, and the instance's own, under another root key, in one commit.
///
/// # Errors
/// [`Fault`]; then the database still belongs to the root key it belonged to.
pub async fn rotate_root(app: &Onfile, to: &Key) -> Result<usize, Fault> {
    let root = app.vault.root();
    let mut unit = app.store.write().await?;
    let check = unit.instance_value(ROOT_CHECK).await?.unwrap_or_default();
    if !equal(&check, &check_value(&root)) {
        return Err(Fault::Other("the root key was rotated meanwhile".into()));
    }
    let merchants = unit.merchants().await?;
    for record in &merchants {
        let keys = app.vault.merchant_keys(record)?;
        let spare = record.spare_key.as_ref().map(|spare| spare.since);
        let wrapped = keys.wrapped(record.clone(), to, spare, &*app.random);
        if unit
            .replace_merchant_keys(&record.wrapped_key, &wrapped)
            .await?
            != Replaced::Yes
        {
            return Err(Fault::Other(format!(
                "the keys of {} were changed meanwhile: run it again",
                record.merchant_id
            )));
        }
    }
    let instance = unit.instance_value(INSTANCE_KEY).await?.unwrap_or_default();
    let instance = open_instance_key(&root, &instance)?;
    unit.set_instance_value(
        INSTANCE_KEY,
        &wrap_instance_key(to, &instance, &*app.random),
    )
    .await?;
    unit.set_instance_value(ROOT_CHECK, &check_value(to))
        .await?;
    unit.commit().await?;
    app.vault.set_root(to.clone());
    Ok(merchants.len())
}
