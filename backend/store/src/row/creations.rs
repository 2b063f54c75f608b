//! Creations, as text that an engine takes apart itself: one statement for however many there are.

use serde::Serialize;
use shared::Timestamp;
use shared::id::{CustomerId, TokenId};

use super::{columns_of, word_of};
use crate::{AuditRecord, Creation, CustomerRecord, Result, StoreError};

/// Arrays of objects in JSON: a member for each column but the merchant's, bytes in hexadecimal.
pub struct CreationRows {
    pub customers: String,
    pub entries: String,
    pub number: i64,
}

#[derive(Serialize)]
struct CustomerColumns<'a> {
    customer_id: &'a str,
    status: &'static str,
    suspended_until_at: Option<i64>,
    resumes: Option<&'static str>,
    state_since_at: i64,
    verified_at: Option<i64>,
    phone_changed_at: Option<i64>,
    version: i64,
    wrapped_key: String,
    profile: String,
    phone_index: Option<String>,
    reference_index: Option<String>,
    email_index: Option<String>,
    created_at: i64,
    updated_at: i64,
}

#[derive(Serialize)]
struct EntryColumns<'a> {
    seq: i64,
    happened_at: i64,
    actor: &'static str,
    actor_id: &'a str,
    address: Option<&'a str>,
    action: &'a str,
    customer_id: Option<&'a str>,
    token_id: Option<&'a str>,
    fields: &'a str,
    transition: &'a str,
    sealed_reason: Option<String>,
    request_id: &'a str,
    previous_hash: String,
    hash: String,
}

impl<'a> From<&'a CustomerRecord> for CustomerColumns<'a> {
    fn from(customer: &'a CustomerRecord) -> Self {
        let (status, suspended_until_at, resumes) = columns_of(customer.state);
        Self {
            customer_id: customer.customer_id.as_str(),
            status,
            suspended_until_at,
            resumes,
            state_since_at: customer.state_since.as_micros(),
            verified_at: customer.verified_at.map(Timestamp::as_micros),
            phone_changed_at: customer.phone_changed_at.map(Timestamp::as_micros),
            version: customer.version,
            wrapped_key: hex::encode(&customer.wrapped_key),
            profile: hex::encode(&customer.profile),
            phone_index: customer.phone_index.as_ref().map(hex::encode),
            reference_index: customer.reference_index.as_ref().map(hex::encode),
            email_index: customer.email_index.as_ref().map(hex::encode),
            created_at: customer.created_at.as_micros(),
            updated_at: customer.updated_at.as_micros(),
        }
    }
}

impl<'a> From<&'a AuditRecord> for EntryColumns<'a> {
    fn from(entry: &'a AuditRecord) -> Self {
        Self {
            seq: entry.seq,
            happened_at: entry.at.as_micros(),
            actor: word_of(entry.actor),
            actor_id: &entry.actor_id,
            address: entry.address.as_deref(),
            action: &entry.action,
            customer_id: entry.customer_id.as_ref().map(CustomerId::as_str),
            token_id: entry.token_id.as_ref().map(TokenId::as_str),
            fields: &entry.fields,
            transition: &entry.transition,
            sealed_reason: entry.sealed_reason.as_ref().map(hex::encode),
            request_id: &entry.request_id,
            previous_hash: hex::encode(&entry.previous_hash),
            hash: hex::encode(&entry.hash),
        }
    }
}

impl CreationRows {
    /// The rows of these creations.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for what no engine could take.
    pub fn of(creations: &[Creation]) -> Result<Self> {
        let customers = creations.iter().map(|creation| &creation.customer);
        let entries = creations.iter().map(|creation| &creation.entry);
        Ok(Self {
            customers: json(customers.map(CustomerColumns::from))?,
            entries: json(entries.map(EntryColumns::from))?,
            number: i64::try_from(creations.len()).map_err(refused)?,
        })
    }
}

fn json(rows: impl Iterator<Item: Serialize>) -> Result<String> {
    serde_json::to_string(&rows.collect::<Vec<_>>()).map_err(refused)
}

fn refused(error: impl std::fmt::Display) -> StoreError {
    StoreError::Refused(error.to_string())
}
