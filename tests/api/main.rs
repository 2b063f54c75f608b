//! The three APIs in process, each test one sentence of what they promise.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests: what does not hold must stop them"
)]

mod documents;
mod merchant;
