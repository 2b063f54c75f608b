//! API keys that no longer count. An access token is checked by its signature and this set alone, so
//! the hot path reads no database; the set is brought up to date twice a second.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::{Fault, Onfile};
use shared::Timestamp;

/// How often the set is brought up to date: a revocation takes effect within a second on every node.
pub const REFRESH: Duration = Duration::from_millis(500);
/// How far back each refresh looks, for clocks of other nodes that run behind.
const OVERLAP: Duration = Duration::from_mins(1);

/// The set.
#[derive(Default)]
pub struct Revocations(RwLock<Known>);

#[derive(Default)]
struct Known {
    revoked: HashSet<String>,
    as_of: Option<Timestamp>,
}

impl Revocations {
    /// Whether a key was revoked.
    #[must_use]
    pub fn contains(&self, client_id: &str) -> bool {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .revoked
            .contains(client_id)
    }

    /// Adds one at once, for the node that revoked it.
    pub fn add(&self, client_id: String) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .revoked
            .insert(client_id);
    }
}

/// Brings the set up to date.
///
/// # Errors
/// [`Fault`] when storage fails; the set stays as it was.
pub async fn refresh(app: &Onfile) -> Result<(), Fault> {
    let now = app.clock.now();
    let since = app
        .revocations
        .0
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .as_of
        .map_or(Timestamp::from_micros(0), |at| at.minus(OVERLAP));
    let revoked = app
        .store
        .read()
        .await?
        .api_keys_revoked_since(since)
        .await?;
    let mut known = app
        .revocations
        .0
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    known.revoked.extend(revoked);
    known.as_of = Some(now);
    Ok(())
}

/// Refreshes until the process ends.
pub async fn run(app: Arc<Onfile>) {
    loop {
        if let Err(fault) = refresh(&app).await {
            tracing::warn!(error = %fault, "revocations could not be refreshed");
        }
        tokio::time::sleep(REFRESH).await;
    }
}
