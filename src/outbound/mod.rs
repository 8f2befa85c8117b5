//! What leaves this machine: calls to other people's servers and mail. Nothing else knows an HTTP client or SMTP.
//!
//! [`address`] says which machines may be called, [`http`] calls them, [`breaker`] says when not to, [`mail`] writes
//! to the people of a newsroom.

pub mod address;
pub mod breaker;
pub mod http;
pub mod mail;
