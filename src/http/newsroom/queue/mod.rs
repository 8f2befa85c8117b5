//! The queue: what is held, decided and told live.

pub(crate) mod api;
pub(crate) mod bulk;
mod decision;
mod item;
pub(crate) mod page;
pub(crate) mod stream;
