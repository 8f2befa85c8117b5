//! Sites and their settings.

pub(crate) mod api;
pub(crate) mod page;
