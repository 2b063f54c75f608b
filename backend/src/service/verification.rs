//! Verification: one code to one phone, and a bounded number of tries at it.
//!
//! Starting never looks at customers, so it answers the same for every phone. Every try is counted and
//! committed before its code is compared. Limits live in the store: they hold across restarts and
//! nodes, and when they cannot be read no code is sent.

use serde::{Deserialize, Serialize};
use shared::Timestamp;
use shared::checkout_session::SessionStatus;
use shared::customer::{Customer, CustomerState, Move, PhoneNumber, Profile};
use shared::id::ChallengeId;
use shared::text::{Language, tables};
use shared::verification as policy;
use store::{ChallengeRecord, CoolDown, Inserted, Replaced, StoreError};

use super::checkout_sessions::{self, Entrance, Session, credential};
use super::work::{Entry, Work, moved};
use super::{By, Fault, Onfile, creations, customers, shopper};
use crate::outbox::Task;
use crate::sender::CodeMessage;
use crate::vault::{equal, mac, sha256};

const SENT_TO_PHONE: &str = "sent_to_phone";
const SENT_FOR_ADDRESS: &str = "sent_for_address";
const SENT_FOR_MERCHANT: &str = "sent_for_merchant";
const CHECKED_FOR_ADDRESS: &str = "checked_for_address";
const WRONG_FOR_PHONE: &str = "wrong_for_phone";
const PHONE_OF_SESSION: &str = "phone_of_session";

/// How a code is sent, as the message says it.
pub use shared::api::checkout::Channel;

/// Why no code was sent, or a code was not taken.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// Neither a number nor a hint.
    #[error("a mobile number is needed")]
    NoPhone,
    /// The merchant sends no codes to that country.
    #[error("codes are not sent to +{0}")]
    Country(String),
    /// No sender is configured.
    #[error("codes cannot be sent at the moment")]
    NoSender,
    /// No such challenge in this session.
    #[error("there is no such verification")]
    NotFound,
    /// The next code may be asked for later.
    #[error("a code is already on its way")]
    TooEarly {
        /// The challenge that runs.
        challenge_id: ChallengeId,
        /// When; none when this challenge sends no more.
        resend_at: Option<Timestamp>,
    },
    /// A limit was reached.
    #[error("too many codes were asked for")]
    Limited {
        /// Until when.
        until: Timestamp,
    },
    /// The code was wrong.
    #[error("the code is wrong")]
    Wrong {
        /// How many tries are left.
        tries_left: u32,
    },
    /// The code's time is over, or it was used.
    #[error("the code has expired")]
    Expired,
    /// Too many wrong codes.
    #[error("the verification is locked")]
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for VerificationError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<crate::vault::Unopened> for VerificationError {
    fn from(error: crate::vault::Unopened) -> Self {
        Self::Fault(error.into())
    }
}

/// A challenge, as the shopper may know it.
pub struct Challenge {
    /// Which.
    pub challenge_id: ChallengeId,
    /// Masked phone.
    pub sent_to: String,
    /// When another code may be asked for.
    pub resend_at: Option<Timestamp>,
    /// How many tries are left.
    pub tries_left: u32,
    /// When the code ends.
    pub expires_at: Timestamp,
}

/// The phone of a challenge and how it goes on: sealed with the challenge.
#[derive(Serialize, Deserialize)]
struct Kept {
    phone: PhoneNumber,
}

/// Sends a code to a phone, or to the hinted one.
///
/// # Errors
/// [`VerificationError`].
pub async fn start(
    app: &Onfile,
    session: &Session,
    by: &By,
    phone: Option<PhoneNumber>,
    channel: Channel,
) -> Result<Challenge, VerificationError> {
    let phone = match phone {
        Some(phone) => phone,
        None => session.hint()?.ok_or(VerificationError::NoPhone)?,
    };
    let merchant = &session.merchant;
    let country = phone.country_code().as_str();
    if !merchant
        .settings
        .verification_countries
        .iter()
        .any(|allowed| allowed == country)
    {
        return Err(VerificationError::Country(country.to_owned()));
    }
    if !app.sender.is_configured() {
        return Err(VerificationError::NoSender);
    }
    let now = app.clock.now();
    let phone_subject = merchant.keys.phone_subject(&phone);
    let mut work = Work::begin_alone(app, merchant).await?;
    let mut record = work
        .unit()
        .session(&merchant.merchant_id, &session.record.session_id)
        .await?
        .ok_or(VerificationError::NotFound)?;
    if let Some(challenge_id) = &record.challenge_id
        && let Some(challenge) = work
            .unit()
            .challenge(&merchant.merchant_id, challenge_id)
            .await?
        && equal(&challenge.phone_index, &phone_subject)
        && runs(&challenge, now)
    {
        return resend_in(app, session, by, work, challenge, channel).await;
    }
    if let Some(cool_down) = work
        .unit()
        .cool_down(&merchant.merchant_id, &phone_subject)
        .await?
        .filter(|cool_down| cool_down.until > now)
    {
        return Err(VerificationError::Limited {
            until: cool_down.until,
        });
    }
    count_phone_in(session, &mut work, &phone_subject, now).await?;
    let challenge_id = ChallengeId::new(now, app.random_bytes());
    let kept = serde_json::to_vec(&Kept {
        phone: phone.clone(),
    })
    .map_err(|error| Fault::Other(error.to_string()))?;
    let mut challenge = ChallengeRecord {
        challenge_id: challenge_id.clone(),
        session_id: record.session_id.clone(),
        phone_index: phone_subject,
        phone: merchant.keys.seal(
            "challenges.phone",
            challenge_id.as_str(),
            &kept,
            &*app.random,
        ),
        code_mac: None,
        code_expires_at: now,
        sends: 0,
        last_sent_at: now,
        wrong: 0,
        locked_until: None,
        created_at: now,
    };
    send_in(app, session, by, &mut work, &mut challenge, &phone, channel).await?;
    if work
        .unit()
        .insert_challenge(&merchant.merchant_id, &challenge)
        .await?
        == Inserted::Taken
    {
        return Err(Fault::Other("a random challenge id exists already".into()).into());
    }
    record.challenge_id = Some(challenge_id);
    checkout_sessions::replace(work.unit(), &merchant.merchant_id, &record).await?;
    work.commit().await?;
    Ok(view(&challenge, &phone))
}

/// Whether a challenge still runs: its code can be entered, or it is locked. Asking for the same phone
/// again is then a resend; afterwards it is a new challenge, held by the limits of the phone.
fn runs(challenge: &ChallengeRecord, now: Timestamp) -> bool {
    let open = challenge.code_mac.is_some() && challenge.code_expires_at > now;
    challenge.locked_until.map_or(open, |until| until > now)
}

/// What a locked challenge answers. No resend opens it again: when the lock ends, its code stays dead.
fn locked(until: Timestamp, now: Timestamp) -> VerificationError {
    if until > now {
        VerificationError::Locked { until }
    } else {
        VerificationError::Expired
    }
}

/// Counts a phone that this session has not tried yet.
async fn count_phone_in(
    session: &Session,
    work: &mut Work<'_>,
    phone_subject: &[u8],
    now: Timestamp,
) -> Result<(), VerificationError> {
    let merchant_id = Some(&session.merchant.merchant_id);
    let begun = session.record.created_at;
    let of_session = session.record.session_id.as_str().as_bytes();
    let this_phone = [of_session, phone_subject].concat();
    if work
        .unit()
        .count_events(merchant_id, PHONE_OF_SESSION, &this_phone, begun)
        .await?
        > 0
    {
        return Ok(());
    }
    if work
        .unit()
        .count_events(merchant_id, PHONE_OF_SESSION, of_session, begun)
        .await?
        >= policy::PHONES_PER_SESSION
    {
        return Err(VerificationError::Limited {
            until: session.record.expires_at,
        });
    }
    work.unit()
        .record_event(merchant_id, PHONE_OF_SESSION, &this_phone, now)
        .await?;
    Ok(work
        .unit()
        .record_event(merchant_id, PHONE_OF_SESSION, of_session, now)
        .await?)
}

/// Sends another code under the same challenge and counts.
///
/// # Errors
/// [`VerificationError`].
pub async fn resend(
    app: &Onfile,
    session: &Session,
    by: &By,
    challenge_id: &ChallengeId,
    channel: Channel,
) -> Result<Challenge, VerificationError> {
    let mut work = Work::begin_alone(app, &session.merchant).await?;
    let challenge = challenge_of(&mut work, session, challenge_id).await?;
    if challenge.code_mac.is_none() {
        return Err(VerificationError::Expired);
    }
    resend_in(app, session, by, work, challenge, channel).await
}

async fn resend_in(
    app: &Onfile,
    session: &Session,
    by: &By,
    mut work: Work<'_>,
    mut challenge: ChallengeRecord,
    channel: Channel,
) -> Result<Challenge, VerificationError> {
    let now = app.clock.now();
    let merchant = &session.merchant;
    if let Some(until) = challenge.locked_until {
        return Err(locked(until, now));
    }
    let cool_down = work
        .unit()
        .cool_down(&merchant.merchant_id, &challenge.phone_index)
        .await?;
    if let Some(cool_down) = cool_down.filter(|cool_down| cool_down.until > now) {
        return Err(VerificationError::Limited {
            until: cool_down.until,
        });
    }
    let resend_at = policy::resend_at(challenge.sends, challenge.last_sent_at);
    if resend_at.is_none_or(|at| at > now) {
        return Err(VerificationError::TooEarly {
            challenge_id: challenge.challenge_id,
            resend_at,
        });
    }
    let phone = phone_of(session, &challenge)?;
    send_in(app, session, by, &mut work, &mut challenge, &phone, channel).await?;
    replace_in(&mut work, session, &challenge).await?;
    work.commit().await?;
    Ok(view(&challenge, &phone))
}

/// Counts a send against every limit, then draws a code and queues its message.
async fn send_in(
    app: &Onfile,
    session: &Session,
    by: &By,
    work: &mut Work<'_>,
    challenge: &mut ChallengeRecord,
    phone: &PhoneNumber,
    channel: Channel,
) -> Result<(), VerificationError> {
    let now = app.clock.now();
    let merchant_id = &session.merchant.merchant_id;
    // Known under the instance's key, so that the daily limit holds across merchants.
    let everywhere = mac(&app.vault.phones, &[phone.e164().as_bytes()]);
    let address = by.address.map(subject_of);
    let mut limits = vec![
        (
            None,
            SENT_TO_PHONE,
            everywhere.clone(),
            policy::SEND_HOUR,
            policy::SENDS_PER_PHONE_AND_HOUR,
        ),
        (
            None,
            SENT_TO_PHONE,
            everywhere.clone(),
            policy::LIMIT_DAY,
            policy::SENDS_PER_PHONE_AND_DAY,
        ),
        (
            Some(merchant_id),
            SENT_FOR_MERCHANT,
            Vec::new(),
            policy::SEND_HOUR,
            policy::SENDS_PER_MERCHANT_AND_HOUR,
        ),
    ];
    if let Some(address) = &address {
        limits.push((
            None,
            SENT_FOR_ADDRESS,
            address.clone(),
            policy::ADDRESS_WINDOW,
            policy::SENDS_PER_ADDRESS,
        ));
    }
    for (of, scope, subject, window, most) in limits {
        if work
            .unit()
            .count_events(of, scope, &subject, now.minus(window))
            .await?
            >= most
        {
            return Err(VerificationError::Limited {
                until: now.plus(window),
            });
        }
    }
    work.unit()
        .record_event(None, SENT_TO_PHONE, &everywhere, now)
        .await?;
    work.unit()
        .record_event(Some(merchant_id), SENT_FOR_MERCHANT, &[], now)
        .await?;
    if let Some(address) = &address {
        work.unit()
            .record_event(None, SENT_FOR_ADDRESS, address, now)
            .await?;
    }
    let code = draw(app);
    challenge.code_mac = Some(code_mac(app, session, &challenge.challenge_id, &code));
    challenge.code_expires_at = now.plus(policy::CODE_LIFETIME);
    challenge.sends += 1;
    challenge.last_sent_at = now;
    let message = message_for(session, phone, channel, code, now);
    work.enqueue(&Task::SendCode(message), now).await?;
    work.audit(
        by,
        Entry {
            action: "verification.send",
            ..Entry::default()
        },
    )
    .await?;
    Ok(())
}

/// The words in which a code goes to a phone.
fn message_for(
    session: &Session,
    phone: &PhoneNumber,
    channel: Channel,
    code: String,
    at: Timestamp,
) -> CodeMessage {
    let language = session
        .record
        .locale
        .as_deref()
        .and_then(Language::from_tag)
        .unwrap_or_default();
    let text = tables::of(language).fill(
        shared::text::Key::MessageCode,
        &[
            ("code", &code),
            ("merchant", &session.merchant.name),
            ("minutes", "5"),
        ],
    );
    let channel = match channel {
        Channel::Sms => "sms",
        Channel::Whatsapp => "whatsapp",
    };
    let to = phone.e164().trim_start_matches('+').to_owned();
    CodeMessage {
        to,
        channel: channel.to_owned(),
        text,
        code,
        at,
    }
}

/// What a right code leads to.
pub struct Identified {
    /// The session's new secret.
    pub session_secret: String,
    /// The frame's new cookie, when the session was entered with one.
    pub cookie: Option<String>,
    /// The shopper and the cards.
    pub cards: shopper::CustomerCards,
}

/// Takes a code. Right: the shopper is identified, the customer created or activated, and the
/// session's secret replaced.
///
/// # Errors
/// [`VerificationError`].
pub async fn enter_code(
    app: &Onfile,
    session: &Session,
    by: &By,
    challenge_id: &ChallengeId,
    code: &str,
    entrance: Entrance,
) -> Result<Identified, VerificationError> {
    let counted = count_try(app, session, by, challenge_id).await?;
    let right = counted
        .code_mac
        .as_ref()
        .is_some_and(|kept| equal(kept, &code_mac(app, session, challenge_id, code)));
    if !right {
        return Err(match counted.locked_until {
            Some(until) => VerificationError::Locked { until },
            None => VerificationError::Wrong {
                tries_left: policy::TRIES - counted.wrong,
            },
        });
    }
    identify(app, session, by, challenge_id, &counted, entrance).await
}

/// Counts a try as wrong, and commits that, before anything is compared. The fifth locks.
async fn count_try(
    app: &Onfile,
    session: &Session,
    by: &By,
    challenge_id: &ChallengeId,
) -> Result<ChallengeRecord, VerificationError> {
    let now = app.clock.now();
    let merchant_id = &session.merchant.merchant_id;
    let mut work = Work::begin_alone(app, &session.merchant).await?;
    let mut challenge = challenge_of(&mut work, session, challenge_id).await?;
    if let Some(until) = challenge.locked_until {
        return Err(locked(until, now));
    }
    if challenge.code_mac.is_none() || challenge.code_expires_at <= now {
        return Err(VerificationError::Expired);
    }
    // Whatever other sessions hold codes for this phone: none is compared before the end.
    let cool_down = work
        .unit()
        .cool_down(merchant_id, &challenge.phone_index)
        .await?;
    if let Some(cool_down) = cool_down.as_ref().filter(|cool_down| cool_down.until > now) {
        return Err(VerificationError::Limited {
            until: cool_down.until,
        });
    }
    if let Some(address) = by.address.map(subject_of) {
        let checks = work
            .unit()
            .count_events(
                None,
                CHECKED_FOR_ADDRESS,
                &address,
                now.minus(policy::ADDRESS_WINDOW),
            )
            .await?;
        if checks >= policy::CHECKS_PER_ADDRESS {
            return Err(VerificationError::Limited {
                until: now.plus(policy::ADDRESS_WINDOW),
            });
        }
        work.unit()
            .record_event(None, CHECKED_FOR_ADDRESS, &address, now)
            .await?;
    }
    challenge.wrong += 1;
    if challenge.wrong >= policy::TRIES {
        challenge.locked_until = Some(now.plus(policy::COOL_DOWN));
    }
    work.unit()
        .record_event(
            Some(merchant_id),
            WRONG_FOR_PHONE,
            &challenge.phone_index,
            now,
        )
        .await?;
    let wrong = work
        .unit()
        .count_events(
            Some(merchant_id),
            WRONG_FOR_PHONE,
            &challenge.phone_index,
            now.minus(policy::LIMIT_DAY),
        )
        .await?;
    if wrong >= policy::WRONG_PER_PHONE_AND_DAY {
        let nth = cool_down.map_or(1, |before| before.nth + 1);
        let until = now.plus(policy::cool_down(nth));
        work.unit()
            .set_cool_down(
                merchant_id,
                &challenge.phone_index,
                &CoolDown { until, nth },
            )
            .await?;
        work.unit()
            .forget_events(Some(merchant_id), WRONG_FOR_PHONE, &challenge.phone_index)
            .await?;
    }
    replace_in(&mut work, session, &challenge).await?;
    work.commit().await?;
    Ok(challenge)
}

async fn identify(
    app: &Onfile,
    session: &Session,
    by: &By,
    challenge_id: &ChallengeId,
    counted: &ChallengeRecord,
    entrance: Entrance,
) -> Result<Identified, VerificationError> {
    let merchant = &session.merchant;
    let merchant_id = &merchant.merchant_id;
    let mut work = Work::begin_alone(app, merchant).await?;
    let mut challenge = challenge_of(&mut work, session, challenge_id).await?;
    // Single use: whoever was faster with the same code has emptied it.
    if challenge.code_mac != counted.code_mac {
        return Err(VerificationError::Expired);
    }
    challenge.code_mac = None;
    challenge.locked_until = None;
    replace_in(&mut work, session, &challenge).await?;
    work.unit()
        .forget_events(Some(merchant_id), WRONG_FOR_PHONE, &challenge.phone_index)
        .await?;
    let now = app.clock.now();
    if let Some(begun) = work
        .unit()
        .cool_down(merchant_id, &challenge.phone_index)
        .await?
        .filter(|cool_down| cool_down.until > now)
    {
        // Every try counts as wrong until it is compared, and this one was the last that is allowed.
        let ended = CoolDown {
            until: now,
            nth: begun.nth.saturating_sub(1).max(1),
        };
        work.unit()
            .set_cool_down(merchant_id, &challenge.phone_index, &ended)
            .await?;
    }

    let phone = phone_of(session, &challenge)?;
    let (customer, is_new) = verify_in(app, session, by, &mut work, phone).await?;

    let mut record = work
        .unit()
        .session(merchant_id, &session.record.session_id)
        .await?
        .ok_or(VerificationError::NotFound)?;
    let session_secret = credential(app, merchant_id, &record.session_id);
    record.secret_sha256 = Some(sha256(session_secret.as_bytes()));
    record.frame_code_sha256 = None;
    let cookie =
        (entrance == Entrance::Cookie).then(|| credential(app, merchant_id, &record.session_id));
    record.cookie_sha256 = cookie.as_ref().map(|cookie| sha256(cookie.as_bytes()));
    record.status = SessionStatus::Identified;
    record.is_new =
        is_new || (record.is_new && record.customer_id.as_ref() == Some(&customer.customer_id));
    record.customer_id = Some(customer.customer_id.clone());
    record.challenge_id = None;
    record.selected_token_id = None;
    record.save_consent = None;
    let cards = shopper::show_in(app, merchant, &mut work, &mut record).await?;
    checkout_sessions::replace(work.unit(), merchant_id, &record).await?;
    work.unit()
        .forget_session_secret(merchant_id, &record.session_id)
        .await?;
    work.commit().await?;
    Ok(Identified {
        session_secret,
        cookie,
        cards,
    })
}

/// The customer of a proven phone: created and activated, activated, or found as it is.
async fn verify_in(
    app: &Onfile,
    session: &Session,
    by: &By,
    work: &mut Work<'_>,
    phone: PhoneNumber,
) -> Result<(Customer, bool), VerificationError> {
    let merchant = &session.merchant;
    let now = app.clock.now();
    let found = customers::by_phone(work.unit(), merchant, &phone).await?;
    let (customer_id, is_new) = if let Some(record) = found {
        (record.customer_id, false)
    } else {
        let profile = Profile {
            phone: Some(phone),
            ..Profile::default()
        };
        (
            creations::create_in(app, merchant, by, work, profile)
                .await
                .map_err(into_fault)?
                .customer_id,
            true,
        )
    };
    let record = work
        .unit()
        .customer(&merchant.merchant_id, &customer_id)
        .await?
        .ok_or(VerificationError::NotFound)?;
    let mut customer = merchant.keys.customer(&record)?;
    let before = customer.state;
    match before {
        CustomerState::Inactive => {
            customer.state = before
                .apply(Move::Verify, by.actor, None)
                .map_err(|refused| Fault::Other(refused.to_string()))?;
            customer.state_since = now;
        }
        // A fresh proof of the phone; a suspension stays what it is.
        CustomerState::Active | CustomerState::Suspended { .. } | CustomerState::Deleted => {}
    }
    customer.verified_at = Some(now);
    customers::replace_in(app, merchant, work, &mut customer, record.wrapped_key, now)
        .await
        .map_err(into_fault)?;
    let transition = moved(before, customer.state);
    let fields: &[&str] = if transition.is_some() {
        &["status"]
    } else {
        &[]
    };
    work.audit(
        by,
        Entry {
            action: "customer.verify",
            customer_id: Some(&customer_id),
            fields,
            transition,
            ..Entry::default()
        },
    )
    .await?;
    Ok((customer, is_new))
}

fn into_fault(error: customers::CustomerError) -> Fault {
    match error {
        customers::CustomerError::Fault(fault) => fault,
        other => Fault::Other(other.to_string()),
    }
}

/// The challenge that runs in a session, for a page that is drawn again.
///
/// # Errors
/// [`Fault`].
pub async fn running(app: &Onfile, session: &Session) -> Result<Option<Challenge>, Fault> {
    let Some(challenge_id) = &session.record.challenge_id else {
        return Ok(None);
    };
    let challenge = app
        .store
        .read()
        .await?
        .challenge(&session.merchant.merchant_id, challenge_id)
        .await?;
    let Some(challenge) = challenge.filter(|challenge| challenge.code_mac.is_some()) else {
        return Ok(None);
    };
    let phone = phone_of(session, &challenge)?;
    Ok(Some(view(&challenge, &phone)))
}

async fn challenge_of(
    work: &mut Work<'_>,
    session: &Session,
    challenge_id: &ChallengeId,
) -> Result<ChallengeRecord, VerificationError> {
    let challenge = work
        .unit()
        .challenge(&session.merchant.merchant_id, challenge_id)
        .await?;
    challenge
        .filter(|challenge| challenge.session_id == session.record.session_id)
        .ok_or(VerificationError::NotFound)
}

async fn replace_in(
    work: &mut Work<'_>,
    session: &Session,
    challenge: &ChallengeRecord,
) -> Result<(), Fault> {
    match work
        .unit()
        .replace_challenge(&session.merchant.merchant_id, challenge)
        .await?
    {
        Replaced::Yes => Ok(()),
        Replaced::Stale | Replaced::Taken => Err(Fault::Other(
            "a challenge vanished under its own transaction".into(),
        )),
    }
}

fn phone_of(session: &Session, challenge: &ChallengeRecord) -> Result<PhoneNumber, Fault> {
    let json = session.merchant.keys.open(
        "challenges.phone",
        challenge.challenge_id.as_str(),
        &challenge.phone,
    )?;
    let kept: Kept =
        serde_json::from_slice(&json).map_err(|error| Fault::Other(error.to_string()))?;
    Ok(kept.phone)
}

fn view(challenge: &ChallengeRecord, phone: &PhoneNumber) -> Challenge {
    Challenge {
        challenge_id: challenge.challenge_id.clone(),
        sent_to: phone.masked(),
        resend_at: policy::resend_at(challenge.sends, challenge.last_sent_at),
        tries_left: policy::TRIES.saturating_sub(challenge.wrong),
        expires_at: challenge.code_expires_at,
    }
}

fn code_mac(app: &Onfile, session: &Session, challenge_id: &ChallengeId, code: &str) -> Vec<u8> {
    mac(
        &app.vault.codes,
        &[
            session.merchant.merchant_id.as_str().as_bytes(),
            challenge_id.as_str().as_bytes(),
            code.as_bytes(),
        ],
    )
}

fn draw(app: &Onfile) -> String {
    loop {
        if let Some(code) = policy::code_from(app.random_bytes()) {
            return code;
        }
    }
}

/// A network address as the limits count it: /32 or /64.
pub(super) fn subject_of(address: std::net::IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
    }
}
