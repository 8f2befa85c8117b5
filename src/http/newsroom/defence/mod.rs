//! How the defence does: measures, alarms, the test of the keys.

pub(crate) mod api;
pub(crate) mod page;
