//! The instance itself: which root key its database belongs to, and what is derived from its own key.

use std::sync::Arc;

use store::{Read, Store, StoreError};

use super::{Fault, Onfile};
use crate::ambient::Random;
use crate::vault::{self, Key, Vault, check_value, open_instance_key, wrap_instance_key};

/// Tells which root key the database belongs to.
pub const ROOT_CHECK: &str = "root_key_check";
/// The instance's own key, wrapped by the root key.
pub(super) const INSTANCE_KEY: &str = "instance_key";

/// The instance value of a database that another one is being moved to.
pub const UNFINISHED_COPY: &str = "unfinished_copy";

/// Why this process must not work on this database.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The root key is another one.
    #[error("the database was sealed under another root key; give the key it was made with")]
    WrongRootKey,
    /// Not all is in it yet.
    #[error(
        "the database is a half-finished copy of another one; run the same `onfile migrate` again to finish it"
    )]
    UnfinishedCopy,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for InstanceError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// The root keys that this process can get at: the one in use, and one that it is being rotated to.
pub trait RootKeys: Send + Sync {
    /// Reads them.
    fn read(&self) -> Vec<Key>;
}

/// The root key, of those at hand, that a database belongs to; none for a new database.
///
/// # Errors
/// [`InstanceError`].
pub async fn root_of(view: &mut dyn Read, at_hand: &[Key]) -> Result<Option<Key>, InstanceError> {
    let Some(known) = view.instance_value(ROOT_CHECK).await? else {
        return match view.instance_value(UNFINISHED_COPY).await? {
            Some(_) => Err(InstanceError::UnfinishedCopy),
            None => Ok(None),
        };
    };
    which(&known, at_hand).map(Some)
}

/// The root key, of those at hand, that has this check value.
///
/// # Errors
/// [`InstanceError::WrongRootKey`].
pub fn which(check: &[u8], at_hand: &[Key]) -> Result<Key, InstanceError> {
    let found = at_hand
        .iter()
        .find(|key| vault::equal(check, &check_value(key)));
    found.cloned().ok_or(InstanceError::WrongRootKey)
}

/// Binds a new database to the first of the root keys at hand, or finds the one it belongs to.
///
/// # Errors
/// [`InstanceError`].
pub async fn bind(
    store: &Arc<dyn Store>,
    at_hand: &[Key],
    random: &dyn Random,
) -> Result<Vault, InstanceError> {
    let mut view = store.read().await?;
    let (root, is_new) = match (root_of(&mut *view, at_hand).await?, at_hand) {
        (Some(root), _) => (root, false),
        (None, [first, ..]) => (first.clone(), true),
        (None, []) => return Err(InstanceError::WrongRootKey),
    };
    if let Some(wrapped) = view.instance_value(INSTANCE_KEY).await? {
        let instance = open_instance_key(&root, &wrapped).map_err(Fault::from)?;
        return Ok(Vault::new(root, &instance));
    }
    // From before root keys could be rotated: what was derived from the root key stays as it is.
    let instance = if is_new {
        Key::generate(random)
    } else {
        root.clone()
    };
    let wrapped = wrap_instance_key(&root, &instance, random);
    let mut unit = store.write().await?;
    unit.set_instance_value(ROOT_CHECK, &check_value(&root))
        .await?;
    unit.set_instance_value(INSTANCE_KEY, &wrapped).await?;
    unit.commit().await?;
    Ok(Vault::new(root, &instance))
}

/// What opens a database that is only looked at; none when it was never served.
///
/// # Errors
/// [`InstanceError`], also when none of the root keys at hand is its own.
pub async fn vault_of(
    view: &mut dyn Read,
    at_hand: &[Key],
) -> Result<Option<Vault>, InstanceError> {
    let Some(root) = root_of(view, at_hand).await? else {
        return Ok(None);
    };
    let instance = match view.instance_value(INSTANCE_KEY).await? {
        Some(wrapped) => open_instance_key(&root, &wrapped).map_err(Fault::from)?,
        // from before root keys could be rotated
        None => root.clone(),
    };
    Ok(Some(Vault::new(root, &instance)))
}

/// Looks for the root key that the database belongs to now: it may have been rotated beside this process.
///
/// # Errors
/// [`InstanceError`].
pub async fn follow_root(app: &Onfile) -> Result<(), InstanceError> {
    let mut view = app.read().await?;
    if let Some(root) = root_of(&mut *view, &app.root_keys.read()).await? {
        app.vault.set_root(root);
    }
    Ok(())
}
