//! The rules of the service: types that cannot be wrong and the decisions between them.
//!
//! Everything here is pure: no SQL, no HTTP, no clock, no randomness, no `async`. What a function needs
//! to know of the outside (the time, a random draw, a provider's verdict) is an argument, so that every
//! automatic outcome can be computed again from what was stored.
//!
//! To add a rule: put the type in the file of the noun it belongs to, give it one `parse` or one
//! decision function, and test it there, with a property where it has an order (triage is monotone in
//! the score).

pub mod account;
pub mod actor;
pub mod address;
pub mod appeal;
pub mod audit;
pub mod bulk;
pub mod captcha;
pub mod code;
pub mod content;
pub mod decision;
pub mod decision_facts;
pub mod defence;
pub mod draft;
pub mod event;
pub mod evidence;
pub mod ink;
pub mod language;
pub mod look_alike;
pub mod markup;
pub mod origin;
pub mod person;
pub mod policy;
pub mod provider;
pub mod queue;
pub mod reason;
pub mod refusal;
pub mod reserved_names;
pub mod retention;
pub mod score;
pub mod second_check;
pub mod settings;
pub mod site;
pub mod status;
pub mod timestamp;
pub mod triage;
pub mod trust;
pub mod verdict;
pub mod view;
pub mod web_origin;
pub(crate) mod word;
