//! Checkout sessions: minted by the merchant's server, lived in by the widget, read again by the
//! merchant's server. The browser's word is never enough to charge a card.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::Timestamp;
use shared::checkout_session::{FRAME_CODE_LIFETIME, LIFETIME, Permission, SessionStatus};
use shared::consent::Purpose;
use shared::customer::PhoneNumber;
use shared::eligibility::Decision;
use shared::id::{CustomerId, MerchantId, SessionId, TokenId};
use shared::text::Language;
use store::{Inserted, Replaced, SessionRecord, StoreError, Write};

use super::tokens::{TokenError, decide_one};
use super::{Fault, Merchant, Onfile, Pending, Work, customers, merchants};
use crate::vault::{equal, secret, sha256};

/// Why a session was not minted or read.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No such session of this merchant.
    #[error("there is no such checkout session")]
    NotFound,
    /// The hinted customer is not there.
    #[error("there is no such customer")]
    CustomerNotFound,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// Why a credential of the widget was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// It is not of the form, or there is no such session.
    #[error("there is no session for this credential")]
    Unknown,
    /// The session is over, or its secret was replaced.
    #[error("the session has ended")]
    Ended,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What the merchant's server asks for; parsed.
pub struct NewSession {
    /// The page's origin.
    pub origin: String,
    /// What is to be paid, in minor units.
    pub amount: Option<i64>,
    /// Its currency.
    pub currency: Option<String>,
    /// Who it may be.
    pub hint: Hint,
    /// The page's language tag.
    pub locale: Option<String>,
    /// What the browser may do.
    pub allow: Vec<Permission>,
    /// What a saved card is for.
    pub purpose: Purpose,
}

/// Who the merchant thinks the shopper is.
pub enum Hint {
    /// Nobody.
    None,
    /// A customer on file.
    Customer(CustomerId),
    /// A phone.
    Phone(PhoneNumber),
}

/// A session just minted.
pub struct Created {
    /// Which.
    pub session_id: SessionId,
    /// Shown once.
    pub session_secret: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Works once.
    pub frame_url: String,
}

/// Consent to save a new card, as it is kept with the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedConsent {
    /// Which wording was shown.
    pub text_version: String,
    /// In which language.
    pub language: Language,
    /// When.
    pub given_at: Timestamp,
}

/// A session with whoever owns it, as the widget's calls work on it.
pub struct Session {
    /// Whose.
    pub merchant: Arc<Merchant>,
    /// The session.
    pub record: SessionRecord,
}

impl Session {
    /// Whether the browser may do this.
    #[must_use]
    pub fn allows(&self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// What the browser may do.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        serde_json::from_str(&self.record.allow).unwrap_or_default()
    }

    /// The phone that the merchant gave as a hint.
    ///
    /// # Errors
    /// [`Fault`] when it does not open.
    pub fn hint(&self) -> Result<Option<PhoneNumber>, Fault> {
        let Some(sealed) = &self.record.hint else {
            return Ok(None);
        };
        let json = self.merchant.keys.open(
            "checkout_sessions.hint",
            self.record.session_id.as_str(),
            sealed,
        )?;
        serde_json::from_slice(&json)
            .map(Some)
            .map_err(|error| Fault::Other(error.to_string()))
    }
}

/// Mints a session.
///
/// # Errors
/// [`SessionError`].
pub async fn create<'a>(
    app: &'a Onfile,
    merchant: &'a Merchant,
    new: NewSession,
) -> Result<Pending<'a, Created>, SessionError> {
    let hinted = match new.hint {
        Hint::None => None,
        Hint::Phone(phone) => Some(phone),
        Hint::Customer(customer_id) => {
            customers::get(app, merchant, &customer_id)
                .await
                .map_err(|error| match error {
                    customers::CustomerError::Fault(fault) => SessionError::Fault(fault),
                    _ => SessionError::CustomerNotFound,
                })?
                .profile
                .phone
        }
    };
    let now = app.clock.now();
    let session_id = SessionId::new(now, app.random_bytes());
    let hint = match &hinted {
        Some(phone) => {
            let json =
                serde_json::to_vec(phone).map_err(|error| Fault::Other(error.to_string()))?;
            Some(merchant.keys.seal(
                "checkout_sessions.hint",
                session_id.as_str(),
                &json,
                &*app.random,
            ))
        }
        None => None,
    };
    let session_secret = credential(app, &merchant.merchant_id, &session_id);
    let frame_code = secret(&*app.random);
    let record = SessionRecord {
        session_id: session_id.clone(),
        secret_sha256: Some(sha256(session_secret.as_bytes())),
        frame_code_sha256: Some(sha256(frame_code.as_bytes())),
        cookie_sha256: None,
        origin: new.origin,
        amount: new.amount,
        currency: new.currency,
        hint,
        locale: new.locale,
        allow: serde_json::to_string(&new.allow)
            .map_err(|error| Fault::Other(error.to_string()))?,
        purpose: new.purpose,
        status: SessionStatus::Open,
        customer_id: None,
        is_new: false,
        challenge_id: None,
        shown_revision: None,
        selected_token_id: None,
        save_consent: None,
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    let mut work = Work::begin(app, merchant).await?;
    let inserted = work
        .unit()
        .insert_session(&merchant.merchant_id, &record)
        .await?;
    if inserted == Inserted::Taken {
        return Err(Fault::Other("a random session id exists already".into()).into());
    }
    let frame_url = format!(
        "{}{}?code={frame_code}",
        app.public_url,
        frame_path(&merchant.merchant_id, &session_id)
    );
    let value = Created {
        session_id,
        session_secret,
        expires_at: record.expires_at,
        frame_url,
    };
    Ok(Pending { work, value })
}

/// Where the frame page of a session is.
#[must_use]
pub fn frame_path(merchant_id: &MerchantId, session_id: &SessionId) -> String {
    format!("/widget/v1/frame/{merchant_id}/{session_id}")
}

/// A credential that names its session, so that it is found by key: `merchant.session.random`.
pub(super) fn credential(app: &Onfile, merchant_id: &MerchantId, session_id: &SessionId) -> String {
    format!("{merchant_id}.{session_id}.{}", secret(&*app.random))
}

/// Which of the two credentials a session is entered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// The secret, as a bearer token.
    Secret,
    /// The frame's cookie.
    Cookie,
}

/// Enters a session.
///
/// # Errors
/// [`AuthenticateError`].
pub async fn authenticate(
    app: &Onfile,
    credential: &str,
    entrance: Entrance,
) -> Result<Session, AuthenticateError> {
    let mut parts = credential.splitn(3, '.');
    let (Some(merchant_id), Some(session_id), Some(_)) = (
        parts.next().and_then(MerchantId::parse),
        parts.next().and_then(SessionId::parse),
        parts.next(),
    ) else {
        return Err(AuthenticateError::Unknown);
    };
    let session = open(app, &merchant_id, &session_id)
        .await?
        .ok_or(AuthenticateError::Unknown)?;
    let kept = match entrance {
        Entrance::Secret => &session.record.secret_sha256,
        Entrance::Cookie => &session.record.cookie_sha256,
    };
    let matches = kept
        .as_ref()
        .is_some_and(|kept| equal(kept, &sha256(credential.as_bytes())));
    if !matches
        || session.record.expires_at <= app.clock.now()
        || session.record.status == SessionStatus::Expired
    {
        return Err(AuthenticateError::Ended);
    }
    Ok(session)
}

/// A session by its ids, for pages drawn before any credential is known.
///
/// # Errors
/// [`Fault`].
pub async fn open(
    app: &Onfile,
    merchant_id: &MerchantId,
    session_id: &SessionId,
) -> Result<Option<Session>, Fault> {
    let Some(merchant) = merchants::get(app, merchant_id).await? else {
        return Ok(None);
    };
    let record = app
        .store
        .read()
        .await?
        .session(merchant_id, session_id)
        .await?;
    Ok(record.map(|record| Session { merchant, record }))
}

/// Exchanges the single-use code of a `frame_url` for the frame's cookie.
///
/// # Errors
/// [`AuthenticateError`].
pub async fn exchange_frame_code(
    app: &Onfile,
    merchant_id: &MerchantId,
    session_id: &SessionId,
    code: &str,
) -> Result<String, AuthenticateError> {
    let mut unit = app.store.write().await.map_err(Fault::from)?;
    let mut record = unit
        .session(merchant_id, session_id)
        .await
        .map_err(Fault::from)?
        .ok_or(AuthenticateError::Unknown)?;
    let now = app.clock.now();
    let matches = record
        .frame_code_sha256
        .as_ref()
        .is_some_and(|kept| equal(kept, &sha256(code.as_bytes())));
    if !matches
        || record.created_at.plus(FRAME_CODE_LIFETIME) <= now
        || record.expires_at <= now
        || record.status == SessionStatus::Expired
    {
        return Err(AuthenticateError::Ended);
    }
    record.frame_code_sha256 = None;
    let cookie = set_cookie(app, merchant_id, &mut record);
    replace(&mut *unit, merchant_id, &record).await?;
    unit.commit().await.map_err(Fault::from)?;
    Ok(cookie)
}

/// Gives a frame that holds the secret a cookie as well, for pages where WebAssembly does not run.
///
/// # Errors
/// [`Fault`].
pub async fn exchange_secret(app: &Onfile, session: &Session) -> Result<String, Fault> {
    let mut unit = app.store.write().await?;
    let merchant_id = &session.merchant.merchant_id;
    let Some(mut record) = unit
        .session(merchant_id, &session.record.session_id)
        .await?
    else {
        return Err(Fault::Other("the session vanished".into()));
    };
    let cookie = set_cookie(app, merchant_id, &mut record);
    replace(&mut *unit, merchant_id, &record).await?;
    unit.commit().await?;
    Ok(cookie)
}

fn set_cookie(app: &Onfile, merchant_id: &MerchantId, record: &mut SessionRecord) -> String {
    let cookie = credential(app, merchant_id, &record.session_id);
    record.cookie_sha256 = Some(sha256(cookie.as_bytes()));
    cookie
}

/// Replaces a session that is known to exist.
pub(super) async fn replace(
    unit: &mut dyn Write,
    merchant_id: &MerchantId,
    record: &SessionRecord,
) -> Result<(), Fault> {
    match unit.replace_session(merchant_id, record).await? {
        Replaced::Yes => Ok(()),
        Replaced::Stale | Replaced::Taken => Err(Fault::Other(
            "a session vanished under its own transaction".into(),
        )),
    }
}

/// What the merchant's server reads.
pub struct Reading {
    /// The session; its status is the one that holds now.
    pub record: SessionRecord,
    /// What was chosen, decided again now.
    pub selected: Option<(TokenId, Decision)>,
    /// Consent to save a new card.
    pub save_consent: Option<SavedConsent>,
}

/// Reads a session for the merchant's server, deciding again about the chosen card.
///
/// # Errors
/// [`SessionError`].
pub async fn get(
    app: &Onfile,
    merchant: &Merchant,
    session_id: &SessionId,
) -> Result<Reading, SessionError> {
    let mut view = app.read().await?;
    let mut record = view
        .session(&merchant.merchant_id, session_id)
        .await?
        .ok_or(SessionError::NotFound)?;
    if record.expires_at <= app.clock.now() && record.status != SessionStatus::Completed {
        record.status = SessionStatus::Expired;
    }
    let selected = match (&record.customer_id, &record.selected_token_id) {
        (Some(customer_id), Some(token_id)) => {
            let decided = decide_one(
                &mut *view,
                app,
                merchant,
                customer_id,
                token_id,
                record.purpose,
                record.amount,
            )
            .await;
            match decided {
                Ok(decided) => Some((token_id.clone(), decided.decision)),
                Err(TokenError::Fault(fault)) => return Err(fault.into()),
                Err(other) => return Err(Fault::Other(other.to_string()).into()),
            }
        }
        _ => None,
    };
    let save_consent = record
        .save_consent
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| Fault::Other(error.to_string()))?;
    Ok(Reading {
        record,
        selected,
        save_consent,
    })
}
