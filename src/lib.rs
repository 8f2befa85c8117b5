//! Palabre: comment moderation for newsrooms.
//!
//! A reader's comment takes six hops, and each stands in a module of its own:
//!
//! 1. [`http`]: request id, log line, limits of time and size; the route.
//! 2. `http::request`: the client's address, the origin, the fields.
//! 3. `http::readers::api`: calls one action and presents its result.
//! 4. [`actions::submit`]: the story: limits, fields, repeat, captcha, triage, store.
//! 5. [`domain::triage`]: the pure decision with its reasons.
//! 6. [`store`]: one atomic write; then the answer.
//!
//! Modules point in one direction only: `tests/it/layering.rs` draws which, and checks it.
//!
//! [`fake_provider`] stands beside the service: a pretended captcha provider for tests and owners, run by `cli`.
//! `config` and `clock` are usable by all but the domain, `keys`, `permissions` and `error` by all. Nothing points left.

// They panic once nobody reads; `cli::output` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod actions;
pub mod app;
pub mod captcha;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod fake_provider;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod live;
pub mod outbound;
pub mod permissions;
pub mod rooms;
pub mod server;
pub mod store;
pub mod web;
