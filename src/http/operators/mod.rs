//! What looks after the service, and what describes it.

pub(crate) mod docs;
pub(crate) mod operations;
