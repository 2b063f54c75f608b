//! Tells open widgets that a customer changed. A hint only: whoever is woken reads the store again,
//! so a lost hint costs time, never truth.

use shared::id::{CustomerId, MerchantId};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// A change of one customer or of its tokens.
pub type Change = (MerchantId, CustomerId);

/// The hub.
pub struct Changes {
    sender: broadcast::Sender<Change>,
    closing: CancellationToken,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(1_024).0,
            closing: CancellationToken::new(),
        }
    }
}

impl Changes {
    /// Tells whoever listens.
    pub fn announce(&self, merchant: MerchantId, customer: CustomerId) {
        // An error only means that nobody listens.
        let _ = self.sender.send((merchant, customer));
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener {
            receiver: self.sender.subscribe(),
            closing: self.closing.clone(),
        }
    }

    /// Wakes everybody for the last time: the process ends.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Whether nothing will be announced any more.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }
}

/// One who listens.
pub struct Listener {
    receiver: broadcast::Receiver<Change>,
    closing: CancellationToken,
}

impl Listener {
    /// Waits for a change of this customer; also returns when hints were lost or the hub closes.
    pub async fn changed(&mut self, merchant: &MerchantId, customer: &CustomerId) {
        loop {
            let received = tokio::select! {
                received = self.receiver.recv() => received,
                () = self.closing.cancelled() => return,
            };
            match received {
                Ok((of, who)) if of != *merchant || who != *customer => {}
                _ => return,
            }
        }
    }
}
