//! All integration tests, as one binary: one link instead of many.
//!
//! A file for each thing that is tested, beside the fixtures they share: [`stores`] gives a test its own
//! storage on each engine, [`fake_provider`] is a captcha provider that fails on demand. To add tests:
//! a file and its `mod` line here.

mod captcha;
mod fake_provider;
mod road;
mod service;
mod store;
mod stores;
