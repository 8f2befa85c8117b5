//! Sites and their settings.

pub(crate) mod api;
mod contract;
pub(crate) mod page;
