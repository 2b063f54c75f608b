//! The pure model of Onfile.
//!
//! Nothing here performs I/O, reads a clock or draws a random number: instants, identifiers and
//! random bytes come in as arguments. The backend enforces these rules inside its transactions, the
//! widget explains them and the admin page replays them, so each rule is written once, here.
//!
//! Where to look first:
//! * may this customer be moved to that status, and by whom: [`customer::lifecycle`]
//! * can this card be used, and if not why: [`eligibility::decide`]
//! * what does this error code mean: [`api::error::ErrorCode`]
//! * what are the words for it: [`text`]
#![warn(missing_docs)]

pub mod api;
pub mod card_number;
pub mod card_token;
pub mod checkout_session;
pub mod consent;
pub mod customer;
pub mod eligibility;
pub mod id;
pub mod text;
pub mod timestamp;
pub mod verification;

pub use timestamp::Timestamp;
