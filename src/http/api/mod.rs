//! The JSON API under `/api/v1`, for pages, publishers' servers and scripts.
//!
//! A handler extracts, calls one action and presents. Its OpenAPI entry stands above it, so that the
//! document and the code are one.

pub(super) mod audit;
pub(super) mod captcha;
pub(super) mod comments;
pub(super) mod defence;
pub(super) mod events;
pub(super) mod moderation;
pub(super) mod operations;
pub(super) mod people;
mod schema;
pub(super) mod sites;
pub(super) mod step_up;
