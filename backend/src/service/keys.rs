//! Rotation of keys, beside running servers. Every step is one commit, and whatever step a rotation was
//! cut off at, running it again goes on from there.
//!
//! A merchant's key is rotated in four steps, so that no process ever meets what it cannot open: the next
//! key is made known ([`publish`]); once everybody knows it, it takes the place of the one in use, which
//! stays to open what it sealed ([`switch`]); whatever that sealed is sealed anew ([`reseal`]); then it is
//! destroyed ([`destroy`]).

use std::time::Duration;

use shared::Timestamp;
use shared::id::MerchantId;
use store::{MerchantRecord, Replaced, Sealed, SpareRole, Write};

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
    /// Nothing is being rotated.
    Publish,
    /// Wait until then, and go on.
    Wait(Timestamp),
    /// Everybody knows the next key.
    Switch,
    /// Everybody seals with the new key.
    Reseal,
}

/// Where the rotation of a merchant's key is.
#[must_use]
pub fn step(merchant: &MerchantRecord, now: Timestamp) -> Step {
    match &merchant.spare_key {
        None => Step::Publish,
        Some(spare) if spare.since.plus(KNOWN_AFTER) > now => {
            Step::Wait(spare.since.plus(KNOWN_AFTER))
        }
        Some(spare) => match spare.role {
            SpareRole::Next => Step::Switch,
            SpareRole::Previous => Step::Reseal,
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
    merchant_id: &MerchantId,
    action: &str,
    expected: Step,
    change: impl FnOnce(MerchantKeys) -> (MerchantKeys, Option<(SpareRole, Timestamp)>),
) -> Result<(), Fault> {
    let opened = merchants::get(app, merchant_id)
        .await?
        .ok_or_else(|| Fault::Other(format!("there is no merchant {merchant_id}")))?;
    let mut work = Work::begin(app, &opened).await?;
    let record = merchant_in(work.unit(), merchant_id).await?;
    if step(&record, app.clock.now()) != expected {
        return Ok(());
    }
    let from = record.wrapped_key.clone();
    let (keys, spare) = change(app.vault.merchant_keys(&record)?);
    let record = keys.wrapped(record, &app.vault.root(), spare, &*app.random);
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

/// Makes a merchant's next key and lets every process know it.
///
/// # Errors
/// [`Fault`].
pub async fn publish(app: &Onfile, merchant_id: &MerchantId) -> Result<(), Fault> {
    let spare = Some((SpareRole::Next, app.clock.now()));
    put(
        app,
        merchant_id,
        "merchant.key_publish",
        Step::Publish,
        |keys| (keys.with_next(&*app.random), spare),
    )
    .await
}

/// Seals with the next key from now on.
///
/// # Errors
/// [`Fault`].
pub async fn switch(app: &Onfile, merchant_id: &MerchantId) -> Result<(), Fault> {
    let spare = Some((SpareRole::Previous, app.clock.now()));
    put(
        app,
        merchant_id,
        "merchant.key_switch",
        Step::Switch,
        |keys| (keys.switched(), spare),
    )
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
            let mut unit = app.store.write().await?;
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

/// Destroys the previous key: nothing is left that it has sealed.
///
/// # Errors
/// [`Fault`].
pub async fn destroy(app: &Onfile, merchant_id: &MerchantId) -> Result<(), Fault> {
    put(
        app,
        merchant_id,
        "merchant.key_destroy",
        Step::Reseal,
        |keys| (keys, None),
    )
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
        let spare = record
            .spare_key
            .as_ref()
            .map(|spare| (spare.role, spare.since));
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
