//! Fault campaigns: the real server, over real sockets, killed, cut off from power, and given disks
//! that are full or broken, while 32 clients work.
//!
//! What should be there is known from a [`ledger`] that the clients keep by themselves: the
//! [`model`] is computed from it, and the [`auditor`] holds what the server answers, and what stands in
//! its file, against that. None of them knows the server's code; they know its API and its tables.
//!
//! Each campaign draws from a seed that it prints, ends with a line of counts, and is short unless the
//! environment says otherwise (`scripts/soak.sh`).
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "these are tests: what does not hold must stop them; the environment says how long they are, and their counts are printed"
)]

mod api;
mod auditor;
mod backup;
mod chance;
mod cluster;
mod disk;
mod image;
mod installation;
mod kill;
mod ledger;
mod load;
mod model;
mod network;
mod nodes;
mod postgres;
mod power;
mod proof;
mod proxy;
mod trace;
