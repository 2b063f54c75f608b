//! The instance itself: whether the database belongs to this root key.

use super::{Fault, Onfile};

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
    let expected = app.vault.check_value();
    let known = app
        .store
        .read()
        .await
        .map_err(Fault::from)?
        .instance_value(ROOT_CHECK)
        .await
        .map_err(Fault::from)?;
    match known {
        Some(known) if crate::vault::equal(&known, &expected) => Ok(()),
        Some(_) => Err(InstanceError::WrongRootKey),
        None => {
            let mut unit = app.store.write().await.map_err(Fault::from)?;
            unit.set_instance_value(ROOT_CHECK, &expected)
                .await
                .map_err(Fault::from)?;
            unit.commit().await.map_err(Fault::from)?;
            Ok(())
        }
    }
}
