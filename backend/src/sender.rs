//! Who takes a message to a phone. Every message goes through the outbox, so a sender may be asked
//! twice for one message and must not mind.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shared::Timestamp;

/// One message to one phone.
#[derive(Clone, Serialize, Deserialize)]
pub struct CodeMessage {
    /// The phone in digits with its calling code, no plus.
    pub to: String,
    /// `sms` or `whatsapp`.
    pub channel: String,
    /// The words.
    pub text: String,
    /// The code in them.
    pub code: String,
    /// When it was asked for.
    pub at: Timestamp,
}

/// Why a message did not go out; it is tried again.
#[derive(Debug, thiserror::Error)]
#[error("the message was not sent: {0}")]
pub struct SendError(pub String);

/// Takes messages to phones.
#[async_trait]
pub trait Sender: Send + Sync + 'static {
    /// Whether codes can be sent at all.
    fn is_configured(&self) -> bool {
        true
    }

    /// Sends one message; the same message may come twice.
    async fn send(&self, message: CodeMessage) -> Result<(), SendError>;
}

/// No sender: verification is refused rather than promised.
pub struct Unconfigured;

#[async_trait]
impl Sender for Unconfigured {
    fn is_configured(&self) -> bool {
        false
    }

    async fn send(&self, _message: CodeMessage) -> Result<(), SendError> {
        Err(SendError("no sender is configured".into()))
    }
}

#[async_trait]
impl Sender for crate::demo::inbox::Inbox {
    async fn send(&self, message: CodeMessage) -> Result<(), SendError> {
        let CodeMessage {
            to,
            channel,
            text,
            code,
            at,
        } = message;
        self.deliver(crate::demo::inbox::Message {
            to,
            channel,
            text,
            code,
            at,
        });
        Ok(())
    }
}
