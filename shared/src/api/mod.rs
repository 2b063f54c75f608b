//! The wire: what the three APIs read and answer.
//!
//! `Request` types are read and refuse unknown fields; `View` types are answered. The spellings of the
//! Merchant API are the published ones (`last4_digit`, `adddress_type`, `expired_at`).

pub mod admin;
pub mod checkout;
pub mod error;
pub mod merchant;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an update says about one field: nothing, clear it, or set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The field was not sent.
    #[default]
    Keep,
    /// `null` or `""` was sent.
    Clear,
    /// A value was sent.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T> Change<T> {
    /// Whether the field is not sent.
    #[must_use]
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(value) => serializer.serialize_some(value),
            Self::Keep | Self::Clear => serializer.serialize_none(),
        }
    }
}
