//! Palabre.

pub mod actions;
pub mod app;
pub mod captcha;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod keys;
pub mod limits;
pub mod store;
pub mod web;
