//! The pages, by their addresses: `/` is [`customers`], `/customers/{id}` is [`customer`].
//! [`sign_in`] has no address: it appears wherever nobody is signed in.

pub mod customer;
pub mod customers;
pub mod not_found;
pub mod sign_in;
