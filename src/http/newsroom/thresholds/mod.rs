//! Thresholds: the evidence, a trial, and what is in force.

pub(crate) mod api;
mod levels;
pub(crate) mod page;
mod policy;
mod preview;
