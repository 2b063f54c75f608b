//! The Merchant API, to the letter of the published contract and of our decisions beside it.

mod access_tokens;
mod checkout_sessions;
mod customers;
mod deletions;
mod idempotency;
mod lookups;
mod token_use;
mod tokens;
mod updates;
