//! The instance itself: whether the database belongs to this root key.

use super::{Fault, Onfile};
use crate::vault::Vault;

/// The instance value by which a database is known to belong to a root key.
pub const ROOT_CHECK: &str = "root_key_check";

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

/// Checks that a database belongs to a root key.
///
/// # Errors
/// When the value of [`ROOT_CHECK`] is another key's.
pub fn check(vault: &Vault, known: &[u8]) -> Result<(), InstanceError> {
    if crate::vault::equal(known, &vault.check_value()) {
        Ok(())
    } else {
        Err(InstanceError::WrongRootKey)
    }
}

/// Binds a new database to the root key, or checks that an old one belongs to it.
///
/// # Errors
/// [`InstanceError`].
pub async fn bind(app: &Onfile) -> Result<(), InstanceError> {
    let mut read = app.store.read().await.map_err(Fault::from)?;
    let unfinished = read
        .instance_value(UNFINISHED_COPY)
        .await
        .map_err(Fault::from)?;
    if unfinished.is_some() {
        return Err(InstanceError::UnfinishedCopy);
    }
    let known = read.instance_value(ROOT_CHECK).await.map_err(Fault::from)?;
    if let Some(known) = known {
        return check(&app.vault, &known);
    }
    let mut unit = app.store.write().await.map_err(Fault::from)?;
    unit.set_instance_value(ROOT_CHECK, &app.vault.check_value())
        .await
        .map_err(Fault::from)?;
    unit.commit().await.map_err(Fault::from)?;
    Ok(())
}
