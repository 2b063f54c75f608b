//! Onfile from outside: a whole [`app::TestApp`] in this process, spoken to through its routers, with
//! a clock that stands still until a test moves it, randomness that is the same in every run, and a
//! real SQLite file in a directory of its own, or a PostgreSQL database of its own ([`kept`]).
//!
//! The people of the tests are [`server::Server`] (a merchant's server), [`shopper::Shopper`] (the
//! widget) and [`desk::Desk`] (the admin page). All of them speak through [`request::Request`], which
//! holds every answer to what is promised of every answer. [`database`] looks at what was kept,
//! [`description`] reads the OpenAPI documents that generated tests walk through.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this crate is a test: what does not hold must stop it"
)]

pub mod app;
pub mod database;
pub mod description;
pub mod desk;
pub mod kept;
pub mod request;
pub mod server;
pub mod shopper;
