//! All integration tests, as one binary: one link instead of many.
//!
//! A file for each thing that is tested, beside the fixtures they share: [`stores`] gives a test its own
//! storage on each engine, [`fake_provider`] is a captcha provider that fails on demand. To add tests:
//! a file and its `mod` line here.

mod access;
mod bad_input;
mod bad_type;
mod captcha;
mod captcha_road;
mod child;
mod commands;
mod copies;
mod crowds;
mod defects;
mod defence;
mod document;
mod door;
mod encoding;
mod erasure;
mod events;
mod fake_provider;
mod fallback;
mod feedback;
mod forms;
mod hosts;
mod imports;
mod language;
mod layering;
mod limits_road;
mod mail;
mod makers;
mod moderation;
mod neighbours;
mod new_key;
mod offers;
mod outbox;
mod own_links;
mod page_check;
mod people;
mod powers;
mod privacy;
mod process;
mod providers;
mod reach;
mod reading;
mod road;
mod schema;
mod screens;
mod service;
mod settings;
mod shown;
mod sites;
mod step_up;
mod store;
mod store_accounts;
mod store_watch;
mod stores;
mod strain;
mod submit;
mod teams;
mod tenants;
mod trust;
mod tuning;
mod whose;
mod words;
