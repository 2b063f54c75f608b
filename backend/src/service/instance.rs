//! The instance itself: whether the database belongs to this root key.

use store::Read;

use super::{Fault, Onfile};
use crate::vault::{self, Vault};

const ROOT_CHECK: &str = "root_key_check";

/// Why this process must not work on this database.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The root key is another one.
    #[error("the database was sealed under another root key; give the key it was made with")]
    WrongRootKey,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Binds a new database to the root key, or checks that an old one belongs to it.
///
/// # Errors
/// [`InstanceError`].
pub async fn bind(app: &Onfile) -> Result<(), InstanceError> {
    let mut view = app.store.read().await.map_err(Fault::from)?;
    if belongs(&mut *view, &app.vault).await? {
        return Ok(());
    }
    let mut unit = app.store.write().await.map_err(Fault::from)?;
    unit.set_instance_value(ROOT_CHECK, &app.vault.check_value())
        .await
        .map_err(Fault::from)?;
    unit.commit().await.map_err(Fault::from)?;
    Ok(())
}

/// Whether a database is bound to this root key; `false` when it is bound to none yet.
///
/// # Errors
/// [`InstanceError`], also when it is bound to another one.
pub async fn belongs(view: &mut dyn Read, vault: &Vault) -> Result<bool, InstanceError> {
    let known = view.instance_value(ROOT_CHECK).await.map_err(Fault::from)?;
    match known {
        Some(known) if vault::equal(&known, &vault.check_value()) => Ok(true),
        Some(_) => Err(InstanceError::WrongRootKey),
        None => Ok(false),
    }
}
