//! The servers of one database: a primary, and any that follow it. Which of them is the primary is asked
//! of them, again and again, so that a standby that is promoted takes over without anybody being told.
//!
//! A standby answers reads when the primary acknowledges nothing before the standby shows it
//! (`synchronous_commit = remote_apply`): then nobody who was answered can read something older there.

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::timeout;

use crate::error::Answer;
use crate::lease::{Lease, Pool};

/// How often they are asked who they are.
const WATCH: Duration = Duration::from_millis(500);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// What a server says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes writes.
    Primary {
        /// Higher after each promotion: the highest is the one that was promoted last.
        timeline: i64,
        /// Whether whatever it acknowledges can be read on its standby.
        is_applied: bool,
    },
    /// Follows another one.
    Standby,
    /// Does not answer.
    Away,
}

pub(crate) struct Servers {
    pools: Vec<Arc<Pool>>,
    now: RwLock<Now>,
}

/// Who does what.
#[derive(Clone)]
struct Now {
    primary: Arc<Pool>,
    /// The highest that was seen: a primary of a lower one has missed a promotion.
    timeline: i64,
    /// Answers reads instead of the primary.
    standby: Option<Arc<Pool>>,
}

impl Servers {
    /// Several are watched until this is dropped.
    pub(crate) fn new(pools: Vec<Arc<Pool>>, primary: Arc<Pool>, timeline: i64) -> Arc<Self> {
        let servers = Arc::new(Self {
            pools,
            now: RwLock::new(Now {
                primary,
                timeline,
                standby: None,
            }),
        });
        if servers.pools.len() > 1 {
            tokio::spawn(watch(Arc::downgrade(&servers)));
        }
        servers
    }

    fn now(&self) -> Now {
        self.now
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, change: impl FnOnce(&mut Now)) {
        change(&mut self.now.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whom to write to.
    pub(crate) fn primary(&self) -> Arc<Pool> {
        self.now().primary
    }

    /// Who answers reads instead of the primary, if anybody does.
    pub(crate) fn standby(&self) -> Option<Arc<Pool>> {
        self.now().standby
    }

    /// Reads go to the primary until the standby has been asked again.
    pub(crate) fn leave_standby(&self) {
        self.set(|now| now.standby = None);
    }

    pub(crate) async fn close(&self) {
        for pool in &self.pools {
            pool.close().await;
        }
    }

    async fn look(&self) {
        let mut roles = Vec::new();
        for pool in &self.pools {
            let role = timeout(PATIENCE, role_of(pool)).await;
            roles.push(role.ok().and_then(Result::ok).unwrap_or(Role::Away));
        }
        let known = self.now().timeline;
        let promoted = last_promoted(&roles);
        let standby = standby_of(&roles, known).and_then(|index| self.pools.get(index).cloned());
        self.set(|now| {
            now.standby = standby;
            if let Some((index, timeline)) = promoted
                && timeline > known
                && let Some(pool) = self.pools.get(index)
            {
                tracing::warn!("another PostgreSQL server was promoted and takes the writes now");
                now.primary = pool.clone();
                now.timeline = timeline;
            }
        });
    }
}

/// Which primary was promoted last, and its timeline.
pub(crate) fn last_promoted(roles: &[Role]) -> Option<(usize, i64)> {
    let primaries = roles
        .iter()
        .enumerate()
        .filter_map(|(index, role)| match role {
            Role::Primary { timeline, .. } => Some((index, *timeline)),
            Role::Standby | Role::Away => None,
        });
    primaries.max_by_key(|(_, timeline)| *timeline)
}

/// Which standby shows whatever the primary acknowledges.
fn standby_of(roles: &[Role], known: i64) -> Option<usize> {
    let is_applied = roles.iter().any(
        |role| matches!(role, Role::Primary { timeline, is_applied: true } if *timeline == known),
    );
    let standby = roles.iter().position(|role| *role == Role::Standby);
    standby.filter(|_| is_applied)
}

async fn role_of(pool: &Arc<Pool>) -> Answer<Role> {
    Lease::take(pool).await?.ask(ask_role).await
}

pub(crate) async fn ask_role(connection: &mut PgConnection) -> Answer<Role> {
    let (timeline, is_applied): (Option<i64>, bool) = sqlx::query_as(
        "select case when pg_is_in_recovery() then null
                else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint end,
                current_setting('synchronous_commit') = 'remote_apply'
                and current_setting('synchronous_standby_names') <> ''",
    )
    .fetch_one(connection)
    .await?;
    Ok(match timeline {
        Some(timeline) => Role::Primary {
            timeline,
            is_applied,
        },
        None => Role::Standby,
    })
}

async fn watch(servers: Weak<Servers>) {
    loop {
        let Some(servers) = servers.upgrade() else {
            return;
        };
        if servers.primary().is_closed() {
            return;
        }
        servers.look().await;
        drop(servers);
        tokio::time::sleep(WATCH).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn primary(timeline: i64) -> Role {
        Role::Primary {
            timeline,
            is_applied: true,
        }
    }

    #[test]
    fn the_server_promoted_last_is_the_primary_whoever_else_says_so() {
        for (roles, expected) in [
            ([primary(1), Role::Standby], Some((0, 1))),
            ([Role::Standby, primary(1)], Some((1, 1))),
            ([Role::Away, Role::Standby], None),
            // The old one came back and knows nothing of it.
            ([primary(1), primary(2)], Some((1, 2))),
        ] {
            assert_eq!(last_promoted(&roles), expected, "{roles:?}");
        }
    }

    #[test]
    fn a_standby_answers_reads_only_when_nothing_is_acknowledged_before_it_shows() {
        let hasty = Role::Primary {
            timeline: 1,
            is_applied: false,
        };
        assert_eq!(standby_of(&[primary(1), Role::Standby], 1), Some(1));
        assert_eq!(standby_of(&[hasty, Role::Standby], 1), None);
        assert_eq!(standby_of(&[primary(1), Role::Away], 1), None);
        assert_eq!(standby_of(&[Role::Away, Role::Standby], 1), None);
        // It follows one that missed a promotion.
        assert_eq!(standby_of(&[primary(1), Role::Standby], 2), None);
    }
}
