//! A customer: a person on file at one merchant.

pub mod lifecycle;
pub mod profile;

pub use lifecycle::{Actor, CustomerState, CustomerStatus, Move, Resumes, TransitionRefused};
pub use profile::{
    Address, AddressCategory, CountryCode, Email, Gstin, Invalid, Metadata, Name, PhoneNumber,
    Profile, Reference,
};

use crate::Timestamp;
use crate::id::CustomerId;

/// A customer with everything a rule may ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Who this is.
    pub customer_id: CustomerId,
    /// Where the customer stands in the life cycle.
    pub state: CustomerState,
    /// When the present status began.
    pub state_since: Timestamp,
    /// When the shopper last proved the phone, or the merchant vouched for them.
    pub verified_at: Option<Timestamp>,
    /// When the phone last changed; a verification older than this says nothing about it.
    pub phone_changed_at: Option<Timestamp>,
    /// Names, phone, addresses: sealed at rest.
    pub profile: Profile,
    /// Rises with every change of the customer or of one of its tokens.
    pub version: i64,
    /// When the customer was created.
    pub created_at: Timestamp,
    /// When the customer last changed.
    pub updated_at: Timestamp,
}
