//! What readers and their pages meet: the form, the discussion, the receipt.

pub(crate) mod api;
mod discussion;
mod form;
mod outcome;
pub(crate) mod receipt;
pub(crate) mod step_up;
mod submission;
pub(crate) mod submit_form;
pub(crate) mod thread;
pub(crate) mod thread_cache;
mod thread_query;
