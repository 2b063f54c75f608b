//! Customers.

use shared::Timestamp;
use shared::customer::{CustomerState, CustomerStatus, Resumes};
use shared::id::CustomerId;

use super::Reading;
use crate::{CustomerRecord, StoreError};

pub struct CustomerRow {
    pub customer_id: String,
    pub status: String,
    pub suspended_until_at: Option<i64>,
    pub resumes: Option<String>,
    pub state_since_at: i64,
    pub verified_at: Option<i64>,
    pub phone_changed_at: Option<i64>,
    pub version: i64,
    pub wrapped_key: Vec<u8>,
    pub profile: Vec<u8>,
    pub phone_index: Option<Vec<u8>>,
    pub reference_index: Option<Vec<u8>>,
    pub email_index: Option<Vec<u8>>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl TryFrom<CustomerRow> for CustomerRecord {
    type Error = StoreError;

    fn try_from(row: CustomerRow) -> Result<Self, StoreError> {
        let reading = Reading {
            table: "customers",
            id: &row.customer_id,
        };
        let resumes = reading.optional("resumes", row.resumes.as_deref(), parse_resumes)?;
        let state = match (
            reading.word("status", &row.status, CustomerStatus::parse)?,
            resumes,
        ) {
            (CustomerStatus::Inactive, None) => CustomerState::Inactive,
            (CustomerStatus::Active, None) => CustomerState::Active,
            (CustomerStatus::Deleted, None) => CustomerState::Deleted,
            (CustomerStatus::Suspended, Some(resumes)) => CustomerState::Suspended {
                until: row.suspended_until_at.map(Timestamp::from_micros),
                resumes,
            },
            _ => return Err(reading.corrupt("resumes", "what does not go with the status")),
        };
        Ok(Self {
            customer_id: reading.word("customer_id", &row.customer_id, CustomerId::parse)?,
            state,
            state_since: Timestamp::from_micros(row.state_since_at),
            verified_at: row.verified_at.map(Timestamp::from_micros),
            phone_changed_at: row.phone_changed_at.map(Timestamp::from_micros),
            version: row.version,
            wrapped_key: row.wrapped_key,
            profile: row.profile,
            phone_index: row.phone_index,
            reference_index: row.reference_index,
            email_index: row.email_index,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}

fn parse_resumes(text: &str) -> Option<Resumes> {
    match text {
        "INACTIVE" => Some(Resumes::Inactive),
        "ACTIVE" => Some(Resumes::Active),
        _ => None,
    }
}

/// The columns that a state takes: status, end of the suspension, what it leads back to.
#[must_use]
pub fn columns_of(state: CustomerState) -> (&'static str, Option<i64>, Option<&'static str>) {
    let (until, resumes) = match state {
        CustomerState::Suspended { until, resumes } => (
            until.map(Timestamp::as_micros),
            Some(match resumes {
                Resumes::Inactive => "INACTIVE",
                Resumes::Active => "ACTIVE",
            }),
        ),
        CustomerState::Inactive | CustomerState::Active | CustomerState::Deleted => (None, None),
    };
    (state.status().as_str(), until, resumes)
}
