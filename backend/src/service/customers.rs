//! Customers: update, find, and the moves of their status. How they come to be is in `creations`.

use shared::Timestamp;
use shared::api::Change;
use shared::customer::{
    Address, Customer, CustomerState, CustomerStatus, Email, Gstin, Metadata, Move, Name,
    PhoneNumber, Profile, Reference, TransitionRefused,
};
use shared::id::CustomerId;
use store::{CustomerRecord, Read, Replaced, StoreError, Write};

use super::work::{Entry, Pending, Work, moved};
use super::{By, Fault, Merchant, Onfile, tokens};
use crate::outbox::Task;
use crate::vault::Indexed;

/// Why a customer was not created, changed or found.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// No such customer of this merchant.
    #[error("there is no such customer")]
    NotFound,
    /// A living customer has this phone or reference.
    #[error("{field} belongs to {customer_id}")]
    Duplicate {
        /// The field that collided.
        field: &'static str,
        /// Who is in the way.
        customer_id: CustomerId,
    },
    /// The customer is gone for good.
    #[error("the customer is deleted")]
    Deleted,
    /// The last of phone and reference may not go.
    #[error("a customer keeps a mobile number or a merchant_customer_reference")]
    LastIdentity,
    /// The life cycle has no such move.
    #[error(transparent)]
    Refused(#[from] TransitionRefused),
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<store::StoreError> for CustomerError {
    fn from(error: store::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<crate::vault::Unopened> for CustomerError {
    fn from(error: crate::vault::Unopened) -> Self {
        Self::Fault(error.into())
    }
}

/// What a merchant's update changes; parsed.
#[derive(Debug, Default)]
pub struct CustomerChange {
    /// The merchant's own name for the customer.
    pub merchant_customer_reference: Change<Reference>,
    /// First name.
    pub first_name: Change<Name>,
    /// Last name.
    pub last_name: Change<Name>,
    /// Phone in normal form.
    pub phone: Change<PhoneNumber>,
    /// E-mail address.
    pub email: Change<Email>,
    /// Where bills go.
    pub billing_address: Change<Address>,
    /// Where parcels go.
    pub shipping_address: Change<Address>,
    /// Tax number.
    pub gstin: Change<Gstin>,
    /// The merchant's own pairs.
    pub merchant_metadata: Change<Metadata>,
    /// Where the status is to lead.
    pub status: Option<CustomerStatus>,
}

/// A customer by id, deleted ones included.
///
/// # Errors
/// [`CustomerError::NotFound`] and faults.
pub async fn get(
    app: &Onfile,
    merchant: &Merchant,
    customer_id: &CustomerId,
) -> Result<Customer, CustomerError> {
    let mut view = app.read().await?;
    load(&mut *view, merchant, customer_id).await
}

/// The living customer that everything given matches.
///
/// # Errors
/// [`CustomerError::NotFound`] and faults.
pub async fn find(
    app: &Onfile,
    merchant: &Merchant,
    reference: Option<&Reference>,
    phone: Option<&PhoneNumber>,
) -> Result<Customer, CustomerError> {
    let mut view = app.read().await?;
    let record = match (reference, phone) {
        (Some(reference), _) => by_reference(&mut *view, merchant, reference).await?,
        (None, Some(phone)) => by_phone(&mut *view, merchant, phone).await?,
        (None, None) => None,
    };
    let customer = merchant
        .keys
        .customer(&record.ok_or(CustomerError::NotFound)?)?;
    let agrees = phone.is_none_or(|phone| customer.profile.phone.as_ref() == Some(phone));
    if agrees {
        Ok(customer)
    } else {
        Err(CustomerError::NotFound)
    }
}

/// Changes what is sent; a change that changes nothing writes nothing.
///
/// # Errors
/// [`CustomerError`].
pub async fn update<'a>(
    app: &'a Onfile,
    merchant: &'a Merchant,
    by: &By,
    customer_id: &CustomerId,
    change: CustomerChange,
) -> Result<Pending<'a, Customer>, CustomerError> {
    let mut work = Work::begin(app, merchant).await?;
    let record = work
        .unit()
        .customer(&merchant.merchant_id, customer_id)
        .await?
        .ok_or(CustomerError::NotFound)?;
    let before = merchant.keys.customer(&record)?;
    if before.state == CustomerState::Deleted {
        let only_deletes = change.status == Some(CustomerStatus::Deleted)
            && changed_fields(&before.profile, &with(&before.profile, &change)).is_empty();
        if !only_deletes {
            return Err(CustomerError::Deleted);
        }
        return Ok(Pending {
            work,
            value: before,
        });
    }
    let now = app.clock.now();
    let mut after = before.clone();
    after.profile = with(&before.profile, &change);
    if after.profile.phone.is_none() && after.profile.merchant_customer_reference.is_none() {
        return Err(CustomerError::LastIdentity);
    }
    let fields = changed_fields(&before.profile, &after.profile);
    if before.profile.phone != after.profile.phone {
        after.phone_changed_at = Some(now);
        after.state = before.state.phone_changed();
    }
    let mut entries = Vec::new();
    if !fields.is_empty() {
        entries.push(("customer.update", moved(before.state, after.state)));
    }
    if let Some(target) = change
        .status
        .filter(|target| *target != after.state.status())
    {
        let found = after.state.move_towards(target, by.actor)?;
        let from = after.state;
        make_move(&mut after, found, by, None, now)?;
        entries.push((action(found), moved(from, after.state)));
    }
    if entries.is_empty() {
        return Ok(Pending {
            work,
            value: before,
        });
    }
    let deletes = after.state == CustomerState::Deleted;
    if after.state.status() != before.state.status() {
        after.state_since = now;
    }
    replace_in(
        app,
        merchant,
        &mut work,
        &mut after,
        record.wrapped_key,
        now,
    )
    .await?;
    for (action, transition) in entries {
        let fields: &[&str] = if action == "customer.update" {
            &fields
        } else {
            &["status"]
        };
        work.audit(
            by,
            Entry {
                action,
                customer_id: Some(customer_id),
                fields,
                transition,
                ..Entry::default()
            },
        )
        .await?;
    }
    if deletes {
        tokens::deactivate_all_in(
            app,
            merchant,
            by,
            &mut work,
            customer_id,
            "the customer was deleted",
        )
        .await?;
    }
    Ok(Pending { work, value: after })
}

/// Why, when and until when a status is moved by an admin.
#[derive(Debug)]
pub struct MoveReason {
    /// The reason.
    pub reason: String,
    /// More about it.
    pub note: Option<String>,
    /// The end of a suspension.
    pub until: Option<Timestamp>,
}

/// Moves a customer's status, with a reason that is kept sealed in the history.
///
/// # Errors
/// [`CustomerError`].
pub async fn move_status(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    customer_id: &CustomerId,
    attempted: Move,
    why: &MoveReason,
) -> Result<Customer, CustomerError> {
    let mut work = Work::begin(app, merchant).await?;
    let customer = move_in(
        app,
        merchant,
        by,
        &mut work,
        customer_id,
        attempted,
        Some(why),
    )
    .await?;
    work.commit().await?;
    Ok(customer)
}

/// Ends a suspension that reached its end, unless it was lifted or prolonged since.
///
/// # Errors
/// Faults.
pub async fn end_suspension(
    app: &Onfile,
    merchant: &Merchant,
    customer_id: &CustomerId,
) -> Result<(), CustomerError> {
    let by = By::system("suspension-end");
    let mut work = Work::begin(app, merchant).await?;
    let Some(record) = work
        .unit()
        .customer(&merchant.merchant_id, customer_id)
        .await?
    else {
        return Ok(());
    };
    let CustomerState::Suspended {
        until: Some(until), ..
    } = record.state
    else {
        return Ok(());
    };
    if until > app.clock.now() {
        return Ok(());
    }
    move_in(app, merchant, &by, &mut work, customer_id, Move::Lift, None).await?;
    Ok(work.commit().await?)
}

async fn move_in(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    work: &mut Work<'_>,
    customer_id: &CustomerId,
    attempted: Move,
    why: Option<&MoveReason>,
) -> Result<Customer, CustomerError> {
    let record = work
        .unit()
        .customer(&merchant.merchant_id, customer_id)
        .await?
        .ok_or(CustomerError::NotFound)?;
    let mut customer = merchant.keys.customer(&record)?;
    let now = app.clock.now();
    let from = customer.state;
    let until = why.and_then(|why| why.until);
    make_move(&mut customer, attempted, by, until, now)?;
    let sealed_reason = match why {
        Some(why) => {
            let key = merchant
                .keys
                .customer_key(customer_id, &record.wrapped_key)?;
            let words = serde_json::to_vec(&(&why.reason, &why.note))
                .map_err(|error| Fault::Other(error.to_string()))?;
            Some(merchant.keys.seal_for_customer(
                &key,
                "audit_entries.sealed_reason",
                customer_id.as_str(),
                &words,
                &*app.random,
            ))
        }
        None => None,
    };
    replace_in(app, merchant, work, &mut customer, record.wrapped_key, now).await?;
    let transition = moved(from, customer.state);
    work.audit(
        by,
        Entry {
            action: action(attempted),
            customer_id: Some(customer_id),
            fields: &["status"],
            transition,
            sealed_reason,
            ..Entry::default()
        },
    )
    .await?;
    if customer.state == CustomerState::Deleted {
        tokens::deactivate_all_in(
            app,
            merchant,
            by,
            work,
            customer_id,
            "the customer was deleted",
        )
        .await?;
    }
    if let CustomerState::Suspended {
        until: Some(until), ..
    } = customer.state
    {
        work.enqueue(
            &Task::EndSuspension {
                customer_id: customer_id.clone(),
            },
            until,
        )
        .await?;
    }
    Ok(customer)
}

fn make_move(
    customer: &mut Customer,
    attempted: Move,
    by: &By,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), TransitionRefused> {
    customer.state = customer.state.apply(attempted, by.actor, until)?;
    customer.state_since = now;
    if attempted == Move::Activate {
        // The merchant vouches: from here on this counts as the verification.
        customer.verified_at = Some(now);
    }
    Ok(())
}

/// Replaces a customer within a unit of work, as its next version.
pub(super) async fn replace_in(
    app: &Onfile,
    merchant: &Merchant,
    work: &mut Work<'_>,
    customer: &mut Customer,
    wrapped_key: Vec<u8>,
    now: Timestamp,
) -> Result<(), CustomerError> {
    customer.version += 1;
    customer.updated_at = now;
    let record = merchant.keys.record(customer, wrapped_key, &*app.random)?;
    if merchant.keys.has_two_indexes() && customer.state != CustomerState::Deleted {
        refuse_for(work.unit(), merchant, customer, 0).await?;
    }
    for tries in 1.. {
        let unit = work.unit();
        match unit
            .replace_customer(&merchant.merchant_id, &record)
            .await?
        {
            Replaced::Yes => break,
            Replaced::Taken => refuse_for(unit, merchant, customer, tries).await?,
            Replaced::Stale => {
                return Err(Fault::Other(format!(
                    "{} changed under its own transaction",
                    customer.customer_id
                ))
                .into());
            }
        }
    }
    Ok(())
}

/// Raises a customer's version because one of its tokens changed.
pub(super) async fn touch_in(
    merchant: &Merchant,
    unit: &mut dyn Write,
    customer_id: &CustomerId,
) -> Result<(), Fault> {
    if let Some(mut record) = unit.customer(&merchant.merchant_id, customer_id).await? {
        record.version += 1;
        if unit
            .replace_customer(&merchant.merchant_id, &record)
            .await?
            != Replaced::Yes
        {
            return Err(Fault::Other(format!(
                "{customer_id} changed under its own transaction"
            )));
        }
    }
    Ok(())
}

/// A customer through a view.
pub(super) async fn load(
    view: &mut dyn Read,
    merchant: &Merchant,
    customer_id: &CustomerId,
) -> Result<Customer, CustomerError> {
    let record = view
        .customer(&merchant.merchant_id, customer_id)
        .await?
        .ok_or(CustomerError::NotFound)?;
    Ok(merchant.keys.customer(&record)?)
}

/// The living customer with a phone.
pub(super) async fn by_phone(
    view: &mut dyn Read,
    merchant: &Merchant,
    phone: &PhoneNumber,
) -> Result<Option<CustomerRecord>, StoreError> {
    for index in merchant.keys.indexes(Indexed::Phone(phone)) {
        let found = view
            .customer_by_phone(&merchant.merchant_id, &index)
            .await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The living customer with a reference.
pub(super) async fn by_reference(
    view: &mut dyn Read,
    merchant: &Merchant,
    reference: &Reference,
) -> Result<Option<CustomerRecord>, StoreError> {
    for index in merchant.keys.indexes(Indexed::Reference(reference)) {
        let found = view
            .customer_by_reference(&merchant.merchant_id, &index)
            .await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Living customers with an e-mail address; one that is indexed anew meanwhile may come twice.
pub(super) async fn by_email(
    view: &mut dyn Read,
    merchant: &Merchant,
    email: &Email,
    limit: u32,
) -> Result<Vec<CustomerRecord>, StoreError> {
    let mut found = Vec::new();
    for index in merchant.keys.indexes(Indexed::Email(email)) {
        found.extend(
            view.customers_by_email(&merchant.merchant_id, &index, limit)
                .await?,
        );
    }
    Ok(found)
}

/// Says who is in the way of a customer. Nobody, when whoever it was has been deleted meanwhile: then the
/// same is to be tried again, a few times. The work holds the end of the merchant's chain, so that what is
/// found, and what is not, holds until it is committed.
pub(super) async fn refuse_for(
    unit: &mut dyn Write,
    merchant: &Merchant,
    customer: &Customer,
    tries: u32,
) -> Result<(), CustomerError> {
    const MOST_TRIES: u32 = 32;
    let profile = &customer.profile;
    if let Some(phone) = &profile.phone
        && let Some(other) = by_phone(unit, merchant, phone).await?
        && other.customer_id != customer.customer_id
    {
        return Err(CustomerError::Duplicate {
            field: "mobile_number",
            customer_id: other.customer_id,
        });
    }
    if let Some(reference) = &profile.merchant_customer_reference
        && let Some(other) = by_reference(unit, merchant, reference).await?
        && other.customer_id != customer.customer_id
    {
        return Err(CustomerError::Duplicate {
            field: "merchant_customer_reference",
            customer_id: other.customer_id,
        });
    }
    if tries == MOST_TRIES {
        let problem = "whoever was in the way was gone each time";
        return Err(StoreError::Unavailable(problem.to_owned()).into());
    }
    Ok(())
}

fn action(attempted: Move) -> &'static str {
    match attempted {
        Move::Verify => "customer.verify",
        Move::Activate => "customer.activate",
        Move::ChangePhone => "customer.change_phone",
        Move::Suspend => "customer.suspend",
        Move::Lift => "customer.lift",
        Move::Delete => "customer.delete",
    }
}

fn apply<T: Clone>(change: &Change<T>, before: Option<&T>) -> Option<T> {
    match change {
        Change::Keep => before.cloned(),
        Change::Clear => None,
        Change::Set(value) => Some(value.clone()),
    }
}

fn with(before: &Profile, change: &CustomerChange) -> Profile {
    Profile {
        merchant_customer_reference: apply(
            &change.merchant_customer_reference,
            before.merchant_customer_reference.as_ref(),
        ),
        first_name: apply(&change.first_name, before.first_name.as_ref()),
        last_name: apply(&change.last_name, before.last_name.as_ref()),
        phone: apply(&change.phone, before.phone.as_ref()),
        email: apply(&change.email, before.email.as_ref()),
        billing_address: apply(&change.billing_address, before.billing_address.as_ref()),
        shipping_address: apply(&change.shipping_address, before.shipping_address.as_ref()),
        gstin: apply(&change.gstin, before.gstin.as_ref()),
        merchant_metadata: apply(&change.merchant_metadata, Some(&before.merchant_metadata))
            .unwrap_or_default(),
    }
}

/// The wire names of what differs.
pub(super) fn changed_fields(before: &Profile, after: &Profile) -> Vec<&'static str> {
    [
        (
            "merchant_customer_reference",
            before.merchant_customer_reference != after.merchant_customer_reference,
        ),
        ("first_name", before.first_name != after.first_name),
        ("last_name", before.last_name != after.last_name),
        ("mobile_number", before.phone != after.phone),
        ("email_id", before.email != after.email),
        (
            "billing_address",
            before.billing_address != after.billing_address,
        ),
        (
            "shipping_address",
            before.shipping_address != after.shipping_address,
        ),
        ("gstin", before.gstin != after.gstin),
        (
            "merchant_metadata",
            before.merchant_metadata != after.merchant_metadata,
        ),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
