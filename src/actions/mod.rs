//! What people do, one file for each: the story of an act from top to bottom.
//!
//! What takes several files has a folder, with the story in its `mod.rs`.
//!
//! An action takes the [`crate::app::App`] and parsed input, asks the store, the limits and the captcha,
//! lets the domain decide, and gives back plain values. It knows no request and no page; both the API
//! and the pages call it. To add one: a file named after the verb, its functions in the order of the
//! story.

pub mod accounts;
mod audit_entries;
pub mod authority;
pub mod bulk;
pub mod context;
mod credentials;
pub mod decide;
pub mod defend;
pub mod follow;
pub mod form;
pub mod identify;
pub mod last_copy;
pub mod lease;
pub mod links;
pub mod new_key;
pub mod operate;
pub mod own_account;
pub mod receipt;
pub mod review;
mod session_tries;
pub mod setup;
pub mod sign_in;
pub mod sites;
pub mod step_up;
pub mod submit;
pub mod thread;
pub mod thresholds;
pub mod tokens;
