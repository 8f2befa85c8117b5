//! A pretended captcha provider: speaks as all of them do, and fails in every way seen in the field.
//!
//! The tests verify against it, and `palabre fake-provider` runs it for owners who want to try their pages
//! and their rules. It listens on loopback only. Tokens are self-describing ([`FakeProvider::token`]),
//! usable once, and live as long as the provider's do, on a clock that [`FakeProvider::advance`] moves.
//! Scores leave as float32, as the real ones do. Each answer closes its connection, so that a change holds
//! from the next call on. To add a way of failing: a variant of [`Fault`] and its arm in `judge.rs`.

mod claims;
mod door;
mod judge;
mod protocol;
mod reply;
mod routes;
mod scenario;
mod state;

pub use self::{
    claims::Claims,
    scenario::{Canned, Fault, Levels, Scenario, Shift},
    state::{FakeProvider, SECRET, SECRET_WITHOUT_SCORES},
};
