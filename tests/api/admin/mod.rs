//! The Admin API, as the admin page speaks it.

mod customers;
mod moves;
mod session;
