//! The admin page: find a customer, see what happened and why a card was not offered, move statuses.
//!
//! It holds no rules: which moves are legal, whether a card can be used and why not come from the
//! server. What it says and where one is in the list is pure ([`wording`], [`listing`],
//! [`showings`], [`form`]);
//! everything else is drawn in the browser only.

pub mod form;
pub mod listing;
pub mod showings;
pub mod wording;

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod pages;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod shell;

#[cfg(target_arch = "wasm32")]
pub use app::mount;
