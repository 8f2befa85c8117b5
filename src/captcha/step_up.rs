//! The second check: one harder proof of work for a comment that the policy is not sure about.
//!
//! The challenge is eight times the plain work and bound to the comment, so that a proof serves that one
//! only. What must hold: passing or failing it neither publishes nor refuses. Until when it may be
//! answered, and that it is answered once, is the caller's to know.

use std::time::Duration;

use super::{Captcha, house};
use crate::domain::{site::Site, timestamp::Timestamp};

/// How many times the plain work it takes.
const TIMES: u32 = 8;

impl Captcha {
    /// A challenge for the comment named `comment`, good from `now` for `life`. `None` should the library
    /// refuse to make one. Costs one key derivation.
    #[must_use]
    pub fn step_up_challenge(
        &self,
        site: &Site,
        comment: &str,
        life: Duration,
        now: Timestamp,
    ) -> Option<serde_json::Value> {
        house::challenge(&self.keys, bound(site, comment), TIMES, life, now)
    }

    /// Whether `proof` solves a challenge made for `comment`. Two HMACs.
    #[must_use]
    pub fn is_step_up_solved(&self, site: &Site, comment: &str, proof: &str, now: Timestamp) -> bool {
        house::solved(&self.keys, bound(site, comment), proof, now).is_ok()
    }
}

/// The comment stands where a form has its thread. No form's nonce has that name, so a form's proof never
/// serves here, nor the reverse.
fn bound<'a>(site: &'a Site, comment: &'a str) -> house::Bound<'a> {
    house::Bound {
        site,
        thread: comment,
        nonce: "step-up",
    }
}
