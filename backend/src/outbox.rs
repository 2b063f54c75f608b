//! What must happen after a commit: messages to phones, calls to token providers, the end of a
//! suspension. A task is put in by the transaction of its cause and taken out when it is done, so it
//! happens at least once; whoever performs one must not mind a repetition.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::id::{CustomerId, TokenId};
use store::OutboxRecord;

use crate::sender::CodeMessage;
use crate::service::{Fault, Onfile, customers, merchants, tokens};

/// How long a worker may take before its task is given to another.
const LEASE: Duration = Duration::from_secs(30);
/// How often the store is looked at even when nobody announced a task: for tasks of other processes.
const LOOK: Duration = Duration::from_secs(5);
/// How soon a provider that has not finished is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(30);
const BATCH: u32 = 32;

/// One task.
#[derive(Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Send a code to a phone.
    SendCode(CodeMessage),
    /// Ask a provider to provision a token.
    ProvisionToken {
        /// Which.
        token_id: TokenId,
    },
    /// Ask a provider to remove a token.
    RemoveToken {
        /// Which.
        token_id: TokenId,
    },
    /// Lift a suspension that reached its end.
    EndSuspension {
        /// Whose.
        customer_id: CustomerId,
    },
}

impl Task {
    /// The word for it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SendCode(_) => "send_code",
            Self::ProvisionToken { .. } => "provision_token",
            Self::RemoveToken { .. } => "remove_token",
            Self::EndSuspension { .. } => "end_suspension",
        }
    }
}

/// How long to wait after so many attempts: 1 s, 2 s, 4 s, up to ten minutes.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(
        1u64.checked_shl(attempts.saturating_sub(1))
            .unwrap_or(u64::MAX)
            .min(600),
    )
}

/// Performs everything that is due now. Answers how many tasks were taken.
///
/// # Errors
/// [`Fault`] when storage fails; what was taken comes back when its lease ends.
pub async fn run_due(app: &Onfile) -> Result<usize, Fault> {
    let now = app.clock.now();
    let mut unit = app.store.write().await?;
    let claimed = unit.claim_outbox(now, now.plus(LEASE), BATCH).await?;
    if claimed.is_empty() {
        return Ok(0);
    }
    unit.commit().await?;
    let taken = claimed.len();
    for record in claimed {
        let outcome = perform(app, &record).await;
        let mut unit = app.store.write().await?;
        match outcome {
            Ok(true) => {
                unit.finish_outbox(&record.merchant_id, &record.message_id)
                    .await?;
            }
            Ok(false) => {
                unit.postpone_outbox(
                    &record.merchant_id,
                    &record.message_id,
                    app.clock.now().plus(ASK_AGAIN),
                )
                .await?;
            }
            Err(fault) => {
                tracing::warn!(kind = record.kind, message_id = %record.message_id, attempts = record.attempts, error = %fault, "an outbox task failed and will be tried again");
                unit.postpone_outbox(
                    &record.merchant_id,
                    &record.message_id,
                    app.clock.now().plus(backoff(record.attempts)),
                )
                .await?;
            }
        }
        unit.commit().await?;
    }
    Ok(taken)
}

/// Performs one task; `false` when it is not finished yet.
async fn perform(app: &Onfile, record: &OutboxRecord) -> Result<bool, Fault> {
    let Some(merchant) = merchants::get(app, &record.merchant_id).await? else {
        return Ok(true);
    };
    let json = merchant.keys.open(
        "outbox.payload",
        record.message_id.as_str(),
        &record.payload,
    )?;
    let task: Task =
        serde_json::from_slice(&json).map_err(|error| Fault::Other(error.to_string()))?;
    match task {
        Task::SendCode(message) => {
            // A code that nobody can enter any more is not worth a message.
            if message.at.plus(shared::verification::CODE_LIFETIME) > app.clock.now() {
                app.sender
                    .send(message)
                    .await
                    .map_err(|error| Fault::Other(error.to_string()))?;
            }
            Ok(true)
        }
        Task::ProvisionToken { token_id } => {
            tokens::provision(app, &merchant, &token_id)
                .await
                .map_err(|error| Fault::Other(error.to_string()))?;
            let still = tokens::find(app, &merchant, &token_id)
                .await
                .map_err(|error| Fault::Other(error.to_string()))?;
            Ok(still.is_none_or(|(_, token)| {
                token.status != shared::card_token::TokenStatus::Initiated
            }))
        }
        Task::RemoveToken { token_id } => {
            tokens::confirm_removal(app, &merchant, &token_id)
                .await
                .map_err(|error| Fault::Other(error.to_string()))?;
            Ok(true)
        }
        Task::EndSuspension { customer_id } => {
            customers::end_suspension(app, &merchant, &customer_id)
                .await
                .map_err(|error| Fault::Other(error.to_string()))?;
            Ok(true)
        }
    }
}

/// Performs tasks as they fall due, until the process ends.
pub async fn run(app: Arc<Onfile>) {
    loop {
        let wait = match run_due(&app).await {
            Ok(0) => until_next(&app).await,
            Ok(_) => Duration::ZERO,
            Err(fault) => {
                tracing::warn!(error = %fault, "the outbox could not be read");
                LOOK
            }
        };
        if !wait.is_zero() {
            // Whether announced or timed out, the answer is the same: look.
            let _ = tokio::time::timeout(wait, app.outbox_due.notified()).await;
        }
    }
}

async fn until_next(app: &Onfile) -> Duration {
    let next = match app.read().await {
        Ok(mut view) => view.next_outbox_due().await.ok().flatten(),
        Err(_) => None,
    };
    next.map_or(LOOK, |due| {
        app.clock
            .now()
            .until(due)
            .clamp(Duration::from_millis(1), LOOK)
    })
}

/// Removes what nobody can ask for any more.
///
/// # Errors
/// When storage fails.
pub async fn purge(app: &Onfile) -> store::Result<()> {
    const DAY: Duration = Duration::from_hours(24);
    // no cool-down is longer than a day, and no two nodes are a day apart
    const FAR: Duration = Duration::from_hours(48);
    let now = app.clock.now();
    let mut unit = app.store.write().await?;
    unit.purge(now.minus(DAY), now.minus(DAY), now, now.plus(FAR))
        .await?;
    unit.commit().await
}

/// The same, when the process starts and every hour.
pub async fn run_purge(app: Arc<Onfile>) {
    loop {
        if let Err(error) = purge(&app).await {
            tracing::warn!(%error, "the purge failed and will be tried again");
        }
        tokio::time::sleep(Duration::from_hours(1)).await;
    }
}
