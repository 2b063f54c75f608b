//! Card tokens: generate, list with decisions, use, remove.

use std::collections::HashMap;

use shared::Timestamp;
use shared::card_token::{CardToken, PaymentMethod, TokenProvider, TokenStatus};
use shared::consent::{ConsentAct, ConsentChannel, ConsentRecord, ConsentState, Purpose};
use shared::customer::{Actor, Customer, CustomerState, Metadata, Reference};
use shared::eligibility::{Context, Decision, decide};
use shared::id::{CustomerId, ServiceProviderTokenId, TokenId};
use store::{Inserted, Read, Replaced, TokenRecord};

use super::work::{Entry, Pending, Work};
use super::{By, Fault, Merchant, Onfile, customers};
use crate::outbox::Task;
use crate::provider::Cryptogram;
use crate::vault::{equal, mac};

/// Why a token was not made, found or used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No such customer of this merchant.
    #[error("there is no such customer")]
    CustomerNotFound,
    /// No such token of this merchant and customer.
    #[error("there is no such token")]
    NotFound,
    /// The customer is gone for good.
    #[error("the customer is deleted")]
    CustomerDeleted,
    /// A suspended customer saves no cards.
    #[error("the customer is suspended")]
    CustomerSuspended,
    /// The reference was used for another request, or its token was deleted.
    #[error("merchant_token_reference was used before")]
    Duplicate,
    /// The card cannot be used.
    #[error("the card cannot be used")]
    NotEligible(Decision),
    /// The service provider token is not this token's.
    #[error("service_provider_token_id does not belong to this token")]
    ServiceProviderToken,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The provider does not answer.
    #[error("the token provider does not answer")]
    ProviderDown,
}

impl From<store::StoreError> for TokenError {
    fn from(error: store::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<crate::vault::Unopened> for TokenError {
    fn from(error: crate::vault::Unopened) -> Self {
        Self::Fault(error.into())
    }
}

/// What a merchant sends to make a token; parsed.
pub struct NewToken {
    /// Whose card.
    pub customer_id: CustomerId,
    /// The merchant's own name, and the idempotency key.
    pub merchant_token_reference: Reference,
    /// The whole request in a canonical form, to tell a repetition from another request. Only its MAC
    /// is kept.
    pub canonical_request: Vec<u8>,
    /// Evidence of the issuer's authentication.
    pub afa_reference: Option<String>,
    /// The merchant's own pairs.
    pub merchant_metadata: Metadata,
}

/// A token with the decision about it.
#[derive(Debug)]
pub struct Decided {
    /// The token.
    pub token: CardToken,
    /// Consent for the purpose.
    pub consent: ConsentState,
    /// The decision.
    pub decision: Decision,
}

/// Makes a token, or answers the one that the same request made before.
///
/// # Errors
/// [`TokenError`].
pub async fn generate<'a>(
    app: &'a Onfile,
    merchant: &'a Merchant,
    by: &By,
    new: NewToken,
) -> Result<Pending<'a, CardToken>, TokenError> {
    let request_mac = mac(
        &app.vault.codes,
        &[
            merchant.merchant_id.as_str().as_bytes(),
            &new.canonical_request,
        ],
    );
    let mut work = Work::begin(app, merchant).await?;
    let customer = work
        .unit()
        .customer(&merchant.merchant_id, &new.customer_id)
        .await?
        .ok_or(TokenError::CustomerNotFound)?;
    match customer.state {
        CustomerState::Inactive | CustomerState::Active => {}
        CustomerState::Suspended { .. } => return Err(TokenError::CustomerSuspended),
        CustomerState::Deleted => return Err(TokenError::CustomerDeleted),
    }
    let now = app.clock.now();
    let token_id = TokenId::new(now, app.random_bytes());
    let metadata = seal_metadata(app, merchant, &customer, &token_id, &new.merchant_metadata)?;
    let record = TokenRecord {
        token_id: token_id.clone(),
        customer_id: new.customer_id.clone(),
        merchant_token_reference: new.merchant_token_reference.as_str().to_owned(),
        request_mac,
        status: TokenStatus::Initiated,
        status_since: now,
        status_reason: None,
        payment_method: PaymentMethod::Card,
        card: None,
        expired_at: None,
        is_compliant: true,
        metadata,
        provider: TokenProvider::Sandbox,
        provider_token_reference: None,
        service_provider_token_id: None,
        afa_reference: new.afa_reference,
        removed_at: None,
        removal_confirmed_at: None,
        created_at: now,
        updated_at: now,
    };
    if work
        .unit()
        .insert_token(&merchant.merchant_id, &record)
        .await?
        == Inserted::Taken
    {
        let existing = work
            .unit()
            .token_by_reference(&merchant.merchant_id, &record.merchant_token_reference)
            .await?;
        let same = existing.filter(|existing| {
            equal(&existing.request_mac, &record.request_mac) && existing.removed_at.is_none()
        });
        let value = open(merchant, &customer, same.ok_or(TokenError::Duplicate)?)?;
        return Ok(Pending { work, value });
    }
    let consent = ConsentRecord {
        token_id: Some(token_id.clone()),
        purpose: Purpose::default(),
        act: ConsentAct::Given,
        channel: ConsentChannel::Merchant,
        text_version: None,
        language: None,
        session_id: None,
        at: now,
    };
    work.unit()
        .append_consent(&merchant.merchant_id, &new.customer_id, &consent)
        .await?;
    customers::touch_in(merchant, work.unit(), &new.customer_id).await?;
    work.audit(
        by,
        Entry {
            action: "token.generate",
            customer_id: Some(&new.customer_id),
            token_id: Some(&token_id),
            ..Entry::default()
        },
    )
    .await?;
    work.enqueue(&Task::ProvisionToken { token_id }, now)
        .await?;
    let value = open(merchant, &customer, record)?;
    Ok(Pending { work, value })
}

/// The merchant's pairs, sealed under the customer's key; none when there are none.
fn seal_metadata(
    app: &Onfile,
    merchant: &Merchant,
    customer: &store::CustomerRecord,
    token_id: &TokenId,
    pairs: &Metadata,
) -> Result<Option<Vec<u8>>, Fault> {
    if pairs.is_empty() {
        return Ok(None);
    }
    let key = merchant
        .keys
        .customer_key(&customer.customer_id, &customer.wrapped_key)?;
    let json = serde_json::to_vec(pairs).map_err(|error| Fault::Other(error.to_string()))?;
    Ok(Some(merchant.keys.seal_for_customer(
        &key,
        "card_tokens.metadata",
        token_id.as_str(),
        &json,
        &*app.random,
    )))
}

/// Takes the provider's answer into a token that was INITIATED.
///
/// # Errors
/// [`TokenError::ProviderDown`] asks for another try.
pub async fn provision(
    app: &Onfile,
    merchant: &Merchant,
    token_id: &TokenId,
) -> Result<(), TokenError> {
    let Some((_, token)) = find(app, merchant, token_id).await? else {
        return Ok(());
    };
    let Some(provider) = app.providers.of(token.provider) else {
        return Ok(());
    };
    let answer = provider
        .provision(&token, app.clock.now(), app.random_bytes())
        .await
        .map_err(|_| TokenError::ProviderDown)?;
    let Some(answer) = answer else { return Ok(()) };
    let by = By::system("token-provision");
    let mut work = Work::begin(app, merchant).await?;
    let Some(mut record) = work.unit().token(&merchant.merchant_id, token_id).await? else {
        return Ok(());
    };
    if record.status != TokenStatus::Initiated {
        return Ok(());
    }
    let now = app.clock.now();
    record.status = answer.status;
    record.status_reason = answer.status_reason;
    record.status_since = now;
    record.provider_token_reference = Some(answer.provider_token_reference);
    record.service_provider_token_id = answer.service_provider_token_id;
    record.card = Some(answer.card);
    record.expired_at = answer.expired_at;
    record.is_compliant = answer.is_compliant;
    record.afa_reference = answer.afa_reference;
    // No card is ACTIVE without the issuer's authentication, whatever the provider says.
    if record.status == TokenStatus::Active && record.afa_reference.is_none() {
        record.status = TokenStatus::Failed;
        record.status_reason =
            Some("no reference of the issuer's authentication was given".to_owned());
    }
    record.updated_at = now;
    let customer_id = record.customer_id.clone();
    replace(&mut work, merchant, &record).await?;
    customers::touch_in(merchant, work.unit(), &customer_id).await?;
    work.audit(
        &by,
        Entry {
            action: "token.provision",
            customer_id: Some(&customer_id),
            token_id: Some(token_id),
            fields: &["status"],
            ..Entry::default()
        },
    )
    .await?;
    Ok(work.commit().await?)
}

/// A customer's tokens, newest first, each with its decision.
///
/// # Errors
/// [`TokenError::CustomerNotFound`] and faults.
pub async fn list(
    app: &Onfile,
    merchant: &Merchant,
    customer_id: &CustomerId,
) -> Result<(Customer, Vec<Decided>), TokenError> {
    let mut view = app.read().await?;
    decide_all(
        &mut *view,
        merchant,
        customer_id,
        Purpose::default(),
        &merchant.context(None),
        app.clock.now(),
    )
    .await
}

/// A customer, and the decisions about every token, newest first, as all of them stood at one moment.
///
/// A view is no snapshot. But whatever changes a token raises its customer's version in the same
/// transaction, so what was read between two looks at one version belongs together.
///
/// # Errors
/// [`TokenError::CustomerNotFound`] and faults.
pub(super) async fn decide_all(
    view: &mut dyn Read,
    merchant: &Merchant,
    customer_id: &CustomerId,
    purpose: Purpose,
    context: &Context,
    now: Timestamp,
) -> Result<(Customer, Vec<Decided>), TokenError> {
    let mut record = view.customer(&merchant.merchant_id, customer_id).await?;
    loop {
        let before = record.ok_or(TokenError::CustomerNotFound)?;
        let customer = merchant.keys.customer(&before)?;
        let decided =
            decide_each(view, merchant, &before, &customer, purpose, context, now).await?;
        record = view.customer(&merchant.merchant_id, customer_id).await?;
        if record
            .as_ref()
            .is_some_and(|after| after.version == before.version)
        {
            return Ok((customer, decided));
        }
    }
}

async fn decide_each(
    view: &mut dyn Read,
    merchant: &Merchant,
    record: &store::CustomerRecord,
    customer: &Customer,
    purpose: Purpose,
    context: &Context,
    now: Timestamp,
) -> Result<Vec<Decided>, Fault> {
    let tokens = view
        .tokens_of(&merchant.merchant_id, &customer.customer_id)
        .await?;
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let consents: HashMap<_, _> = view
        .last_consents(&merchant.merchant_id, &customer.customer_id, purpose)
        .await?
        .into_iter()
        .map(|(token, act, at)| (token, (act, at)))
        .collect();
    tokens
        .into_iter()
        .map(|token| {
            let consent = ConsentState::of(consents.get(&token.token_id).copied());
            let token = open(merchant, record, token).map_err(|error| match error {
                TokenError::Fault(fault) => fault,
                other => Fault::Other(other.to_string()),
            })?;
            let decision = decide(customer, &token, consent, context, now);
            Ok(Decided {
                token,
                consent,
                decision,
            })
        })
        .collect()
}

/// One token of a customer with its decision; another customer's token is not found.
///
/// # Errors
/// [`TokenError`].
pub async fn get(
    app: &Onfile,
    merchant: &Merchant,
    customer_id: &CustomerId,
    token_id: &TokenId,
) -> Result<Decided, TokenError> {
    let (_, decided) = list(app, merchant, customer_id).await?;
    decided
        .into_iter()
        .find(|decided| decided.token.token_id == *token_id)
        .ok_or(TokenError::NotFound)
}

/// A token by id alone, with its customer.
///
/// # Errors
/// Faults.
pub async fn find(
    app: &Onfile,
    merchant: &Merchant,
    token_id: &TokenId,
) -> Result<Option<(Customer, CardToken)>, TokenError> {
    let mut view = app.read().await?;
    let Some(record) = view.token(&merchant.merchant_id, token_id).await? else {
        return Ok(None);
    };
    let customer = view
        .customer(&merchant.merchant_id, &record.customer_id)
        .await?
        .ok_or(TokenError::CustomerNotFound)?;
    Ok(Some((
        merchant.keys.customer(&customer)?,
        open(merchant, &customer, record)?,
    )))
}

/// Makes a cryptogram for one payment, after deciding again in a transaction. It is never stored.
///
/// # Errors
/// [`TokenError::NotEligible`] with the reasons, and others.
pub async fn generate_cryptogram(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    token_id: &TokenId,
    service_provider_token_id: &ServiceProviderTokenId,
) -> Result<(CardToken, Cryptogram), TokenError> {
    let mut work = Work::begin(app, merchant).await?;
    let record = work
        .unit()
        .token(&merchant.merchant_id, token_id)
        .await?
        .ok_or(TokenError::NotFound)?;
    let customer_id = record.customer_id.clone();
    let decided = decide_one(
        work.unit(),
        app,
        merchant,
        &customer_id,
        token_id,
        Purpose::default(),
        None,
    )
    .await?;
    if !decided.decision.eligible {
        return Err(TokenError::NotEligible(decided.decision));
    }
    if decided.token.service_provider_token_id.as_ref() != Some(service_provider_token_id) {
        return Err(TokenError::ServiceProviderToken);
    }
    let provider = app
        .providers
        .of(decided.token.provider)
        .ok_or(TokenError::ProviderDown)?;
    work.audit(
        by,
        Entry {
            action: "token.cryptogram",
            customer_id: Some(&customer_id),
            token_id: Some(token_id),
            ..Entry::default()
        },
    )
    .await?;
    let cryptogram = provider
        .cryptogram(&decided.token, app.random_bytes())
        .await
        .map_err(|_| TokenError::ProviderDown)?;
    work.commit().await?;
    Ok((decided.token, cryptogram))
}

/// Decides about one token within a transaction.
pub(super) async fn decide_one(
    view: &mut dyn Read,
    app: &Onfile,
    merchant: &Merchant,
    customer_id: &CustomerId,
    token_id: &TokenId,
    purpose: Purpose,
    amount: Option<i64>,
) -> Result<Decided, TokenError> {
    let (_, decided) = decide_all(
        view,
        merchant,
        customer_id,
        purpose,
        &merchant.context(amount),
        app.clock.now(),
    )
    .await?;
    decided
        .into_iter()
        .find(|decided| decided.token.token_id == *token_id)
        .ok_or(TokenError::NotFound)
}

/// Removes a token: DEACTIVATED here at once, then at its provider until that confirms. Removing it
/// again answers the same.
///
/// # Errors
/// [`TokenError`].
pub async fn remove<'a>(
    app: &'a Onfile,
    merchant: &'a Merchant,
    by: &By,
    customer_id: Option<&CustomerId>,
    token_id: &TokenId,
) -> Result<Pending<'a, CustomerId>, TokenError> {
    let mut work = Work::begin(app, merchant).await?;
    let record = work
        .unit()
        .token(&merchant.merchant_id, token_id)
        .await?
        .ok_or(TokenError::NotFound)?;
    if customer_id.is_some_and(|customer_id| record.customer_id != *customer_id) {
        return Err(TokenError::NotFound);
    }
    let owner = record.customer_id.clone();
    if record.removed_at.is_some() {
        return Ok(Pending { work, value: owner });
    }
    let why = match by.actor {
        Actor::Shopper => "removed by the cardholder",
        Actor::Merchant => "deleted by the merchant",
        Actor::Admin | Actor::System => "removed",
    };
    deactivate_in(app, merchant, by, &mut work, record, why).await?;
    customers::touch_in(merchant, work.unit(), &owner).await?;
    Ok(Pending { work, value: owner })
}

/// Deactivates every token of a customer that is being deleted.
pub(super) async fn deactivate_all_in(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    work: &mut Work<'_>,
    customer_id: &CustomerId,
    why: &str,
) -> Result<(), Fault> {
    for record in work
        .unit()
        .tokens_of(&merchant.merchant_id, customer_id)
        .await?
    {
        if record.removed_at.is_none() {
            deactivate_in(app, merchant, by, work, record, why).await?;
        }
    }
    Ok(())
}

async fn deactivate_in(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    work: &mut Work<'_>,
    mut record: TokenRecord,
    why: &str,
) -> Result<(), Fault> {
    let now = app.clock.now();
    if record.status != TokenStatus::Deactivated {
        record.status = TokenStatus::Deactivated;
        record.status_since = now;
    }
    record.status_reason = Some(why.to_owned());
    record.removed_at = Some(now);
    record.updated_at = now;
    let channel = if by.actor == Actor::Shopper {
        ConsentChannel::Shopper
    } else {
        ConsentChannel::Merchant
    };
    let consent = ConsentRecord {
        token_id: Some(record.token_id.clone()),
        purpose: Purpose::default(),
        act: ConsentAct::Withdrawn,
        channel,
        text_version: None,
        language: None,
        session_id: None,
        at: now,
    };
    work.unit()
        .append_consent(&merchant.merchant_id, &record.customer_id, &consent)
        .await?;
    replace(work, merchant, &record).await?;
    let entry = Entry {
        action: "token.remove",
        customer_id: Some(&record.customer_id),
        token_id: Some(&record.token_id),
        fields: &["status"],
        ..Entry::default()
    };
    work.audit(by, entry).await?;
    work.enqueue(
        &Task::RemoveToken {
            token_id: record.token_id,
        },
        now,
    )
    .await
}

/// Asks the provider to remove a token, and notes its confirmation.
///
/// # Errors
/// [`TokenError::ProviderDown`] asks for another try.
pub async fn confirm_removal(
    app: &Onfile,
    merchant: &Merchant,
    token_id: &TokenId,
) -> Result<(), TokenError> {
    let Some((_, token)) = find(app, merchant, token_id).await? else {
        return Ok(());
    };
    if let Some(provider) = app.providers.of(token.provider) {
        provider
            .remove(&token)
            .await
            .map_err(|_| TokenError::ProviderDown)?;
    }
    let by = By::system("token-removal");
    let mut work = Work::begin(app, merchant).await?;
    let Some(mut record) = work.unit().token(&merchant.merchant_id, token_id).await? else {
        return Ok(());
    };
    if record.removal_confirmed_at.is_some() {
        return Ok(());
    }
    record.removal_confirmed_at = Some(app.clock.now());
    let customer_id = record.customer_id.clone();
    replace(&mut work, merchant, &record).await?;
    customers::touch_in(merchant, work.unit(), &customer_id).await?;
    work.audit(
        &by,
        Entry {
            action: "token.removal_confirmed",
            customer_id: Some(&customer_id),
            token_id: Some(token_id),
            ..Entry::default()
        },
    )
    .await?;
    Ok(work.commit().await?)
}

async fn replace(
    work: &mut Work<'_>,
    merchant: &Merchant,
    record: &TokenRecord,
) -> Result<(), Fault> {
    match work
        .unit()
        .replace_token(&merchant.merchant_id, record)
        .await?
    {
        Replaced::Yes => Ok(()),
        Replaced::Stale | Replaced::Taken => Err(Fault::Other(format!(
            "{} vanished under its own transaction",
            record.token_id
        ))),
    }
}

fn open(
    merchant: &Merchant,
    customer: &store::CustomerRecord,
    record: TokenRecord,
) -> Result<CardToken, TokenError> {
    let merchant_metadata = match &record.metadata {
        Some(sealed) => {
            let key = merchant
                .keys
                .customer_key(&record.customer_id, &customer.wrapped_key)?;
            let json = merchant.keys.open_for_customer(
                &key,
                "card_tokens.metadata",
                record.token_id.as_str(),
                sealed,
            )?;
            serde_json::from_slice(&json).map_err(|error| Fault::Other(error.to_string()))?
        }
        None => Metadata::default(),
    };
    let merchant_token_reference =
        Reference::parse(&record.merchant_token_reference).map_err(|invalid| {
            Fault::Other(format!("the reference of {} {invalid}", record.token_id))
        })?;
    Ok(CardToken {
        token_id: record.token_id,
        customer_id: record.customer_id,
        merchant_token_reference,
        status: record.status,
        status_since: record.status_since,
        status_reason: record.status_reason,
        payment_method: record.payment_method,
        card: record.card,
        expired_at: record.expired_at,
        is_compliant: record.is_compliant,
        merchant_metadata,
        provider: record.provider,
        provider_token_reference: record.provider_token_reference,
        service_provider_token_id: record.service_provider_token_id,
        afa_reference: record.afa_reference,
        removed_at: record.removed_at,
        removal_confirmed_at: record.removal_confirmed_at,
        created_at: record.created_at,
        updated_at: record.updated_at,
    })
}
