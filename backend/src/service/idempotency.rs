//! At most once: what was answered under an `Idempotency-Key` is kept beside its effect, in the same
//! transaction, and answered again to the same request. A refusal changed nothing and is not kept.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId, SessionId};
use store::{AnswerRecord, AnsweredSession, Inserted, StoreError};

use super::{Fault, Merchant, Onfile, Work};
use crate::vault::equal;

/// Why a request with a key was not begun, or not finished.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// The first request with this key has not been answered yet.
    #[error("a request with this Idempotency-Key is still running: send it again")]
    Running,
    /// The key was used for something else.
    #[error("this Idempotency-Key was used for another request: give each request its own key")]
    Reused,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for IdempotencyError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

type Place = (MerchantId, Vec<u8>);

/// The keys whose requests this process works on.
#[derive(Default)]
pub struct Running(Arc<Mutex<HashSet<Place>>>);

impl Running {
    fn begin(&self, place: Place) -> Option<Turn> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(place.clone()).then(|| Turn {
            running: Arc::clone(&self.0),
            place,
        })
    }
}

/// One key in work; let go of when dropped.
struct Turn {
    running: Arc<Mutex<HashSet<Place>>>,
    place: Place,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut places = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        places.remove(&self.place);
    }
}

/// A key whose request may now be done.
pub struct Claim {
    turn: Turn,
    request_mac: Vec<u8>,
}

/// What is behind a key.
pub enum Found {
    /// Nothing yet.
    Nothing(Claim),
    /// The status and body that the same request was answered with.
    Answered(u16, String),
}

/// An answer under a key.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, JSON.
    pub body: String,
    /// What it tells of.
    pub about: About,
}

/// What an answer tells of.
pub enum About {
    /// A customer, or something of one.
    Customer(CustomerId),
    /// A session just minted, and its secret, which leaves the answer when the session ends.
    Session {
        /// Which.
        session_id: SessionId,
        /// Its secret.
        secret: String,
        /// When it ends at the latest.
        ends_at: Timestamp,
    },
}

/// Before a session's secret in the body that tells of it.
const BEFORE_SECRET: &str = r#""session_secret":""#;

/// Looks behind a key, and claims it for this request when there is nothing yet.
///
/// # Errors
/// [`IdempotencyError`].
pub async fn claim(
    app: &Onfile,
    merchant: &Merchant,
    key: &str,
    request: &[&[u8]],
) -> Result<Found, IdempotencyError> {
    let place = (
        merchant.merchant_id.clone(),
        merchant.keys.subject("idempotency key", key),
    );
    let request_mac = merchant.keys.request_mac(request);
    let turn = app.running.begin(place).ok_or(IdempotencyError::Running)?;
    // not counted: a creation makes no room for itself
    let mut view = app.store.read().await?;
    let Some(record) = view.answer(&merchant.merchant_id, &turn.place.1).await? else {
        return Ok(Found::Nothing(Claim { turn, request_mac }));
    };
    if !equal(&record.request_mac, &request_mac) {
        return Err(IdempotencyError::Reused);
    }
    let name = hex::encode(&record.key_index);
    let open = |column, sealed: &[u8]| {
        let bytes = merchant
            .keys
            .open(column, &name, sealed)
            .map_err(Fault::from)?;
        String::from_utf8(bytes).map_err(|error| Fault::Other(error.to_string()))
    };
    let mut body = open("idempotency_keys.answer", &record.answer)?;
    if let Some(session) = record.session
        && let Some(sealed) = session.secret
        && session.ends_at > app.clock.now()
        && let Some(found) = body.find(BEFORE_SECRET)
    {
        let secret = open("idempotency_keys.session_secret", &sealed)?;
        body.insert_str(found + BEFORE_SECRET.len(), &secret);
    }
    Ok(Found::Answered(record.status, body))
}

/// Keeps an answer in the transaction of its effect.
///
/// # Errors
/// [`IdempotencyError::Running`] when another node was faster with the same key: then the unit is to be
/// dropped.
pub async fn keep(
    merchant: &Merchant,
    work: &mut Work<'_>,
    record: &AnswerRecord,
) -> Result<(), IdempotencyError> {
    let unit = work.unit();
    match unit.keep_answer(&merchant.merchant_id, record).await? {
        Inserted::Yes => Ok(()),
        Inserted::Taken => Err(IdempotencyError::Running),
    }
}

impl Claim {
    /// What is kept of an answer, sealed.
    #[must_use]
    pub fn record(&self, app: &Onfile, merchant: &Merchant, answer: &Answer) -> AnswerRecord {
        let key_index = &self.turn.place.1;
        let name = hex::encode(key_index);
        let seal = |column, text: &str| {
            merchant
                .keys
                .seal(column, &name, text.as_bytes(), &*app.random)
        };
        let (customer_id, session, body) = match &answer.about {
            About::Customer(customer_id) => (Some(customer_id.clone()), None, answer.body.clone()),
            About::Session {
                session_id,
                secret,
                ends_at,
            } => {
                let session = AnsweredSession {
                    session_id: session_id.clone(),
                    secret: Some(seal("idempotency_keys.session_secret", secret)),
                    ends_at: *ends_at,
                };
                let told = format!("{BEFORE_SECRET}{secret}");
                (
                    None,
                    Some(session),
                    answer.body.replacen(&told, BEFORE_SECRET, 1),
                )
            }
        };
        AnswerRecord {
            key_index: key_index.clone(),
            request_mac: self.request_mac.clone(),
            status: answer.status,
            answer: seal("idempotency_keys.answer", &body),
            customer_id,
            session,
            created_at: app.clock.now(),
        }
    }
}
