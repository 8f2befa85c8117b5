//! The second check: one harder proof of work for a comment that the policy is not sure about.
//!
//! The challenge is eight times the plain work and bound to the comment, so that a proof serves that one
//! only. Invariant: passing or failing it neither publishes nor refuses. Until when it may be
//! answered, and that it is answered once, is the caller's to know.

use std::time::Duration;

use super::built_in::{BuiltIn, proof::Bound};
use crate::domain::{site::Site, timestamp::Timestamp};

/// How many times the plain work it takes.
const TIMES: u32 = 8;

/// A challenge for the comment named `comment`, good from `now` for `life`.
pub(super) fn challenge(
    built_in: &BuiltIn,
    site: &Site,
    comment: &str,
    life: Duration,
    now: Timestamp,
) -> Option<serde_json::Value> {
    built_in.challenge(bound(site, comment), TIMES, life, now)
}

/// Whether `proof` solves a challenge made for `comment`.
pub(super) fn is_solved(built_in: &BuiltIn, site: &Site, comment: &str, proof: &str, now: Timestamp) -> bool {
    built_in.is_solved(bound(site, comment), proof, now)
}

/// The comment stands where a form has its thread. No form's nonce has that name, so a form's proof never
/// serves here, nor the reverse.
fn bound<'a>(site: &'a Site, comment: &'a str) -> Bound<'a> {
    Bound {
        site,
        thread: comment,
        nonce: "step-up",
    }
}
