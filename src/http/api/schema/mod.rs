//! The shapes of requests and answers, for the document of the API.
//!
//! These structs are never built: handlers write JSON by hand, because most answers leave out or add
//! members by circumstance. `tests/it/schema.rs` sends real requests and holds each answer against its
//! shape here, member by member, so that the two cannot drift apart. One file for each kind of caller.

#![expect(dead_code, reason = "shapes for the document only")]
#![expect(clippy::struct_field_names, reason = "members have the names of the contract")]

mod captcha;
mod moderation;
mod people;
mod readers;
mod sites;

pub(super) use self::{captcha::*, moderation::*, people::*, readers::*, sites::*};
