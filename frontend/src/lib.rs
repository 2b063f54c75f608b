//! Onfile's pages.
//!
//! * [`widget`]: the checkout widget. Its flow is a pure step machine and its screens are functions
//!   of that machine's state, so the server draws the same page that the browser takes over.
//! * `admin`: the admin page, drawn in the browser only.

pub mod admin;
pub mod widget;

#[cfg(target_arch = "wasm32")]
pub mod client;
#[cfg(target_arch = "wasm32")]
pub mod components;
