//! The only code that performs HTTP.

pub mod admin;
pub mod checkout;
