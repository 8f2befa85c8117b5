//! The command line: one thin function for each command.
//!
//! Results that scripts use (a token, a code) are printed alone on standard output; all else goes to
//! standard error. Commands beside a running server open the store for themselves and close it again.

mod captcha;
mod copies;
mod doctor;
mod fake_provider;
mod given;
mod key;
mod moderator;
mod open;
mod output;
mod run;
mod serve;
mod setup_code;
mod token;

pub use self::run::run;
