//! What an identified shopper sees and does in the widget.

use std::time::Duration;

use serde::Serialize;
use shared::Timestamp;
use shared::api::Change;
use shared::checkout_session::{Permission, SessionStatus};
use shared::consent::{ConsentAct, ConsentChannel, ConsentRecord, ConsentState, TEXT_VERSION};
use shared::customer::{Customer, CustomerState, Email, Name};
use shared::eligibility::{Context, Decision, RULES_VERSION};
use shared::id::{CustomerId, TokenId};
use shared::text::Language;
use store::{DecisionRecord, Read, SessionRecord, StoreError};

use super::checkout_sessions::{self, SavedConsent, Session};
use super::tokens::{Decided, TokenError, decide_all};
use super::work::{Entry, Work};
use super::{By, Fault, Merchant, Onfile, customers, tokens};
use crate::vault::sha256;

/// How long a widget's question for changes is held open.
pub const POLL: Duration = Duration::from_secs(25);
/// How often an open widget is looked after for changes that another process made.
const LOOK_ELSEWHERE: Duration = Duration::from_millis(500);

/// Why a call of the widget was refused.
#[derive(Debug, thiserror::Error)]
pub enum ShopperError {
    /// The phone was not proven in this session.
    #[error("verify the phone first")]
    NotIdentified,
    /// The merchant narrowed the session.
    #[error("this checkout session does not allow that")]
    NotAllowed,
    /// No such card of this customer.
    #[error("there is no such card")]
    NotFound,
    /// The card cannot be used.
    #[error("the card cannot be used")]
    NotEligible(Decision),
    /// The consent names a wording that this server does not know.
    #[error("there is no consent text {0}")]
    UnknownWording(String),
    /// The customer is gone for good.
    #[error("the customer is deleted")]
    CustomerDeleted,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for ShopperError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<TokenError> for ShopperError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Fault(fault) => Self::Fault(fault),
            TokenError::NotFound | TokenError::CustomerNotFound => Self::NotFound,
            TokenError::NotEligible(decision) => Self::NotEligible(decision),
            TokenError::CustomerDeleted => Self::CustomerDeleted,
            TokenError::CustomerSuspended
            | TokenError::Duplicate
            | TokenError::ServiceProviderToken
            | TokenError::ProviderDown => Self::Fault(Fault::Other(error.to_string())),
        }
    }
}

impl From<customers::CustomerError> for ShopperError {
    fn from(error: customers::CustomerError) -> Self {
        match error {
            customers::CustomerError::Fault(fault) => Self::Fault(fault),
            customers::CustomerError::NotFound => Self::NotFound,
            customers::CustomerError::Deleted => Self::CustomerDeleted,
            other => Self::Fault(Fault::Other(other.to_string())),
        }
    }
}

/// The shopper and the cards, as they stand.
pub struct CustomerCards {
    /// Who.
    pub customer: Customer,
    /// Whether the customer came into being in this session.
    pub is_new: bool,
    /// The cards, usable ones first, newest first among each; none when the session may not list them.
    pub cards: Vec<Decided>,
    /// Names exactly this state.
    pub revision: String,
}

fn identified(session: &SessionRecord) -> Result<&CustomerId, ShopperError> {
    session
        .customer_id
        .as_ref()
        .ok_or(ShopperError::NotIdentified)
}

async fn look(
    view: &mut dyn Read,
    app: &Onfile,
    merchant: &Merchant,
    session: &SessionRecord,
) -> Result<CustomerCards, ShopperError> {
    let customer_id = identified(session)?;
    let allow: Vec<Permission> = serde_json::from_str(&session.allow).unwrap_or_default();
    let (customer, cards) = if allow.contains(&Permission::List) {
        let (customer, mut cards) = decide_all(
            view,
            merchant,
            customer_id,
            session.purpose,
            &merchant.context(session.amount),
            app.clock.now(),
        )
        .await?;
        cards.retain(|decided| decided.token.removal_confirmed_at.is_none());
        // What can be paid with comes first; the widget keeps the order it has shown when this changes.
        cards.sort_by_key(|decided| !decided.decision.eligible);
        (customer, cards)
    } else {
        let customer = customers::load(view, merchant, customer_id).await;
        (customer?, Vec::new())
    };
    let revision = revision(&customer, &cards);
    Ok(CustomerCards {
        customer,
        is_new: session.is_new,
        cards,
        revision,
    })
}

fn revision(customer: &Customer, cards: &[Decided]) -> String {
    let mut seen = format!("{} {}", customer.version, customer.state.status().as_str());
    for card in cards {
        use std::fmt::Write as _;
        let _ = write!(seen, " {}:", card.token.token_id);
        for reason in &card.decision.reasons {
            let _ = write!(seen, "{},", reason.code.as_str());
        }
    }
    hex::encode(sha256(seen.as_bytes()).get(..12).unwrap_or_default())
}

/// Looks, and keeps the decisions that the shopper is about to see, within a unit of work. The caller
/// replaces the session.
pub(super) async fn show_in(
    app: &Onfile,
    merchant: &Merchant,
    work: &mut Work<'_>,
    session: &mut SessionRecord,
) -> Result<CustomerCards, Fault> {
    let cards = look(work.unit(), app, merchant, session)
        .await
        .map_err(|error| match error {
            ShopperError::Fault(fault) => fault,
            other => Fault::Other(other.to_string()),
        })?;
    keep_in(app, merchant, work, session, &cards).await?;
    Ok(cards)
}

async fn keep_in(
    app: &Onfile,
    merchant: &Merchant,
    work: &mut Work<'_>,
    session: &mut SessionRecord,
    cards: &CustomerCards,
) -> Result<(), Fault> {
    for decided in &cards.cards {
        let record = decision_record(
            app.clock.now(),
            merchant.context(session.amount),
            session,
            &cards.customer,
            decided,
        )?;
        work.unit()
            .append_decision(&merchant.merchant_id, &record)
            .await?;
    }
    session.shown_revision = Some(cards.revision.clone());
    Ok(())
}

/// What went into a decision: enough to make it again, nothing personal.
#[derive(Serialize)]
struct Inputs<'a> {
    customer_status: &'a str,
    customer_since: Timestamp,
    suspended_until: Option<Timestamp>,
    verified_at: Option<Timestamp>,
    phone_changed_at: Option<Timestamp>,
    token_status: &'a str,
    token_since: Timestamp,
    expired_at: Option<Timestamp>,
    is_compliant: bool,
    consent: ConsentState,
    context: Context,
}

fn decision_record(
    at: Timestamp,
    context: Context,
    session: &SessionRecord,
    customer: &Customer,
    decided: &Decided,
) -> Result<DecisionRecord, Fault> {
    let suspended_until = match customer.state {
        CustomerState::Suspended { until, .. } => until,
        CustomerState::Inactive | CustomerState::Active | CustomerState::Deleted => None,
    };
    let inputs = Inputs {
        customer_status: customer.state.status().as_str(),
        customer_since: customer.state_since,
        suspended_until,
        verified_at: customer.verified_at,
        phone_changed_at: customer.phone_changed_at,
        token_status: decided.token.status.as_str(),
        token_since: decided.token.status_since,
        expired_at: decided.token.expired_at,
        is_compliant: decided.token.is_compliant,
        consent: decided.consent,
        context,
    };
    let json = |error: serde_json::Error| Fault::Other(error.to_string());
    Ok(DecisionRecord {
        customer_id: customer.customer_id.clone(),
        token_id: decided.token.token_id.clone(),
        session_id: session.session_id.clone(),
        at,
        rules_version: RULES_VERSION,
        inputs: serde_json::to_string(&inputs).map_err(json)?,
        outcome: serde_json::to_string(&decided.decision).map_err(json)?,
    })
}

/// The shopper and the cards now. With `after`, waits until they are not that revision any more, or
/// [`POLL`] has passed. What is new to the shopper is kept as shown.
///
/// # Errors
/// [`ShopperError`].
pub async fn get(
    app: &Onfile,
    session: &Session,
    after: Option<&str>,
) -> Result<CustomerCards, ShopperError> {
    let merchant = &session.merchant;
    let customer_id = identified(&session.record)?;
    let deadline = tokio::time::Instant::now() + POLL;
    let mut listener = app.changes.listen();
    let cards = loop {
        let mut view = app.read().await?;
        let cards = look(&mut *view, app, merchant, &session.record).await?;
        drop(view);
        if after.is_none_or(|after| after != cards.revision) || app.changes.is_closing() {
            break cards;
        }
        let now = tokio::time::Instant::now();
        if now >= deadline {
            break cards;
        }
        let look_again = if app.store.is_shared() {
            deadline.min(now + LOOK_ELSEWHERE)
        } else {
            deadline
        };
        // Told or not, the answer is the same: look.
        let _ = tokio::time::timeout_at(
            look_again,
            listener.changed(&merchant.merchant_id, customer_id),
        )
        .await;
    };
    if session.record.shown_revision.as_deref() != Some(cards.revision.as_str()) {
        let mut work = Work::begin(app, merchant).await?;
        if let Some(mut record) = work
            .unit()
            .session(&merchant.merchant_id, &session.record.session_id)
            .await?
            && record.shown_revision.as_deref() != Some(cards.revision.as_str())
        {
            keep_in(app, merchant, &mut work, &mut record, &cards).await?;
            checkout_sessions::replace(work.unit(), &merchant.merchant_id, &record).await?;
            work.commit().await?;
        }
    }
    Ok(cards)
}

/// What a shopper changes of themselves; parsed.
#[derive(Debug, Default)]
pub struct ShopperChange {
    /// First name.
    pub first_name: Change<Name>,
    /// Last name.
    pub last_name: Change<Name>,
    /// E-mail address.
    pub email: Change<Email>,
}

/// Changes name or e-mail.
///
/// # Errors
/// [`ShopperError`].
pub async fn update(
    app: &Onfile,
    session: &Session,
    by: &By,
    change: ShopperChange,
) -> Result<CustomerCards, ShopperError> {
    let customer_id = identified(&session.record)?.clone();
    let change = customers::CustomerChange {
        first_name: change.first_name,
        last_name: change.last_name,
        email: change.email,
        ..customers::CustomerChange::default()
    };
    customers::update(app, &session.merchant, by, &customer_id, change)
        .await?
        .commit()
        .await?;
    get(app, session, None).await
}

/// Consent to keep a card, as the ticked box gives it.
pub struct Save {
    /// Which wording was shown.
    pub text_version: String,
    /// In which language.
    pub language: Language,
}

/// What was chosen.
pub struct Selected {
    /// The card, with its decision.
    pub card: Option<(TokenId, Decision)>,
    /// Whether consent to save was recorded.
    pub save: bool,
}

/// Chooses a card, decided again in the transaction that notes it; or none. Consent goes with either:
/// to keep the chosen card, or to save the one that will be used instead.
///
/// # Errors
/// [`ShopperError`].
pub async fn select(
    app: &Onfile,
    session: &Session,
    by: &By,
    token_id: Option<&TokenId>,
    save: Option<Save>,
) -> Result<Selected, ShopperError> {
    let merchant = &session.merchant;
    let now = app.clock.now();
    if let Some(save) = &save {
        if !session.allows(Permission::Save) {
            return Err(ShopperError::NotAllowed);
        }
        if save.text_version != TEXT_VERSION {
            return Err(ShopperError::UnknownWording(save.text_version.clone()));
        }
    }
    let mut work = Work::begin(app, merchant).await?;
    let mut record = work
        .unit()
        .session(&merchant.merchant_id, &session.record.session_id)
        .await?
        .ok_or(ShopperError::NotIdentified)?;
    let customer_id = identified(&record)?.clone();
    if let Some(Save {
        text_version,
        language,
    }) = &save
    {
        let consent = ConsentRecord {
            token_id: token_id.cloned(),
            purpose: record.purpose,
            act: ConsentAct::Given,
            channel: ConsentChannel::Shopper,
            text_version: Some(text_version.clone()),
            language: Some(*language),
            session_id: Some(record.session_id.clone()),
            at: now,
        };
        work.unit()
            .append_consent(&merchant.merchant_id, &customer_id, &consent)
            .await?;
    }
    let card = match token_id {
        None => None,
        Some(_) if !session.allows(Permission::List) => return Err(ShopperError::NotAllowed),
        Some(token_id) => {
            let decided = tokens::decide_one(
                work.unit(),
                app,
                merchant,
                &customer_id,
                token_id,
                record.purpose,
                record.amount,
            )
            .await?;
            if !decided.decision.eligible {
                return Err(ShopperError::NotEligible(decided.decision));
            }
            Some((token_id.clone(), decided.decision))
        }
    };
    record.status = SessionStatus::Completed;
    record.selected_token_id = token_id.cloned();
    let saves = save.is_some();
    record.save_consent = match save {
        Some(Save {
            text_version,
            language,
        }) if token_id.is_none() => {
            let kept = SavedConsent {
                text_version,
                language,
                given_at: now,
            };
            Some(serde_json::to_string(&kept).map_err(|error| Fault::Other(error.to_string()))?)
        }
        _ => None,
    };
    checkout_sessions::replace(work.unit(), &merchant.merchant_id, &record).await?;
    let action = if saves {
        "consent.give"
    } else {
        "checkout.select"
    };
    work.audit(
        by,
        Entry {
            action,
            customer_id: Some(&customer_id),
            token_id,
            ..Entry::default()
        },
    )
    .await?;
    work.commit().await?;
    Ok(Selected { card, save: saves })
}

/// Removes a card of the shopper.
///
/// # Errors
/// [`ShopperError`].
pub async fn remove(
    app: &Onfile,
    session: &Session,
    by: &By,
    token_id: &TokenId,
) -> Result<CustomerCards, ShopperError> {
    let customer_id = identified(&session.record)?.clone();
    if !session.allows(Permission::Remove) {
        return Err(ShopperError::NotAllowed);
    }
    tokens::remove(app, &session.merchant, by, Some(&customer_id), token_id)
        .await?
        .commit()
        .await?;
    get(app, session, None).await
}

/// Ends a session at once: its secret and cookie are dead. What was chosen stays for the merchant.
///
/// # Errors
/// [`Fault`].
pub async fn leave(app: &Onfile, session: &Session) -> Result<(), Fault> {
    let merchant_id = &session.merchant.merchant_id;
    let mut unit = app.store.write().await?;
    if let Some(mut record) = unit
        .session(merchant_id, &session.record.session_id)
        .await?
    {
        record.secret_sha256 = None;
        record.cookie_sha256 = None;
        record.frame_code_sha256 = None;
        if record.status != SessionStatus::Completed {
            record.status = SessionStatus::Expired;
        }
        checkout_sessions::replace(&mut *unit, merchant_id, &record).await?;
        unit.forget_session_secret(merchant_id, &record.session_id)
            .await?;
        unit.commit().await?;
    }
    Ok(())
}
