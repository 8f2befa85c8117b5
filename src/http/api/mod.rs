//! The JSON API under `/api/v1`, for pages, publishers' servers and scripts.
//!
//! A handler extracts, calls one action and presents. What arrives is a type, read by [`super::typed`]; what is sent is a
//! type, its members in the order of their names. Both stand with their handler, and the OpenAPI entry above it names
//! them, so that the document and the code are one.

pub(super) mod audit;
pub(super) mod captcha;
pub(super) mod comments;
pub(super) mod defence;
pub(super) mod events;
pub(super) mod moderation;
pub(super) mod operations;
pub(super) mod people;
pub(super) mod sites;
pub(super) mod step_up;
