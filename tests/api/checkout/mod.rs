//! The Checkout API and the frame's page, as a shopper's browser meets them.

mod cards;
mod forms;
mod frame;
mod limits;
mod resends;
mod shoppers;
mod shown;
mod verification;
mod watching;
