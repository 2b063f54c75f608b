//! Onfile's server.
//!
//! A request walks `http` (extract, call one service method, map), `service` (the rules and the
//! transaction) and `store` (one query each). What must happen after a commit waits in the outbox.
//! Time and randomness are injected: nothing but [`ambient`] asks the machine for them.

pub mod ambient;
pub mod app;
pub mod backup;
pub mod command;
pub mod database;
pub mod demo;
pub mod http;
pub mod listen;
pub mod outbox;
pub mod phone;
pub mod provider;
pub mod sender;
pub mod service;
pub mod settings;
pub mod vault;
