//! People, their roles, their tokens and their sessions.

pub(crate) mod account;
mod answer;
pub(crate) mod api;
pub(crate) mod moderators;
pub(crate) mod offers;
mod sent;
pub(crate) mod tokens;
