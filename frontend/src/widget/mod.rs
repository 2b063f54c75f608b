//! The checkout widget.
//!
//! * [`flow`]: the step machine, pure
//! * [`screens`]: what each step looks like, a function of the machine's state, drawn by server and
//!   browser alike
//! * [`drawing`]: what the screens are made of
//! * [`wording`]: the state in words
//! * [`page`]: the whole page as the server draws it
//! * `app`: carries out in the browser what the machine wants

pub mod country;
pub mod drawing;
pub mod flow;
pub mod locale;
pub mod screens;
pub mod wording;

#[cfg(not(target_arch = "wasm32"))]
pub mod page;

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
mod host;
