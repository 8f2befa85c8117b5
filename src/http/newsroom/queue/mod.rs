//! The queue: what is held, decided and told live.

pub(crate) mod all;
pub(crate) mod api;
pub(crate) mod bulk;
pub(crate) mod context;
mod decision;
mod done;
mod filter;
mod item;
mod list;
pub(crate) mod page;
mod rows;
pub(crate) mod stream;
