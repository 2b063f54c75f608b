//! The Checkout API and the frame's page, as a shopper's browser meets them.

mod cards;
mod frame;
mod limits;
mod shoppers;
mod verification;
mod watching;
