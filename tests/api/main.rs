//! The three APIs in process, each test one sentence of what they promise.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::match_same_arms,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests: what does not hold must stop them, and their tables read line by line"
)]

mod admin;
mod architecture;
mod audit;
mod checkout;
mod documents;
mod envelope;
mod erasure;
mod hostile;
mod index_keys;
mod keys;
mod merchant;
mod nodes;
mod secrecy;
mod tenancy;
mod world;
