//! The captcha of a site: what is handed out with a form, and what is found when it comes back.
//!
//! One enum of providers ([`ProviderId`]), one file each, and [`Captcha::verify`] in front of them.
//! Invariant: a verification never fails and never takes more than three seconds, since whatever goes
//! wrong is a [`Verdict`] of its own; nothing but a score is evidence about a person; tokens and secrets
//! never appear in `Debug`, logs or verdicts. This layer keeps no record of what was used: single use of
//! form nonces and provider tokens is the store's, and comes in as [`Ask::token_spent`].
//!
//! Where a provider says nothing about the reader, [`Captcha::fall_back`] adds what the built-in check says.
//! What is kept in memory (breakers, load, texts of a day, learned ratios) may be lost at any time.
//!
//! To add a provider: its variant of [`ProviderId`], a file in `providers/` that turns its answer into a verdict
//! with the vendor's page cited, an arm in `providers::verify`.

mod ask;
mod built_in;
mod calls;
mod fallback;
mod providers;
mod seen_elsewhere;
mod step_up;

use std::{sync::Arc, time::Duration};

pub use self::{
    ask::{Ask, Finding, Spent},
    built_in::{
        form_token::Form,
        ratios::{Ratios, has_proof, replay, with_record, without_trust},
    },
    fallback::Instead,
    providers::recaptcha_enterprise::Told,
};
use self::{built_in::BuiltIn, calls::Calls, fallback::Down, seen_elsewhere::Bodies};
use crate::{
    domain::{captcha::ProviderId, reason::Reason, site::Site, timestamp::Timestamp, verdict::Verdict},
    keys::Keys,
};

/// Time for a verification over the network, from its first to its last byte.
const TOTAL_BUDGET: Duration = Duration::from_secs(3);

/// The captcha of all sites, built once.
#[derive(Debug)]
pub struct Captcha {
    built_in: BuiltIn,
    calls: Calls,
    down: Down,
    bodies: Bodies,
}

impl Captcha {
    /// `allow_private_addresses` lets `captcha.verify_url` name loopback and private addresses. No HTTP
    /// client is made before the first call.
    #[must_use]
    pub fn new(keys: Arc<Keys>, allow_private_addresses: bool) -> Self {
        Self::with_budget(keys, allow_private_addresses, TOTAL_BUDGET)
    }

    /// As [`Captcha::new`] with another budget than three seconds, for tests.
    #[must_use]
    pub fn with_budget(keys: Arc<Keys>, allow_private_addresses: bool, total_budget: Duration) -> Self {
        Self {
            built_in: BuiltIn::new(keys),
            calls: Calls::new(allow_private_addresses, total_budget),
            down: Down::default(),
            bodies: Bodies::default(),
        }
    }

    /// A new form token for `thread`, good for 23 to 24 h. Its nonce makes it usable once. With `before`, the
    /// token that the page had until now, it is as old as that one, an hour at most: who corrects a field did
    /// not write the text in a second.
    #[must_use]
    pub fn issue_form(&self, site: &Site, thread: &str, before: Option<&str>, now: Timestamp) -> String {
        self.built_in.issue_form(&site.id, thread, before, now)
    }

    /// The challenge to solve with `form`, as JSON of the ALTCHA v2 protocol, good for 30 minutes; the
    /// page asks for a new one with a new form when its own is older than 20. `None` where the provider
    /// is another than the built-in check, or `form` is no valid token of this thread. Costs one key derivation,
    /// about a millisecond.
    #[must_use]
    pub fn challenge(&self, site: &Site, thread: &str, form: &str, now: Timestamp) -> Option<serde_json::Value> {
        if site.captcha.provider != ProviderId::BuiltIn {
            return None;
        }
        self.built_in.form_challenge(site, thread, form, now)
    }

    /// What the signals of the built-in check are worth on `site` from now on, learned from its verdicts.
    pub fn weigh_with(&self, site: &str, ratios: Ratios) {
        self.built_in.weigh_with(site, ratios);
    }

    /// What a form token is worth for `thread`. A token of another site or thread counts as forged.
    #[must_use]
    pub fn check_form(&self, site_id: &str, thread: &str, token: Option<&str>, now: Timestamp) -> Form {
        self.built_in.check_form(site_id, thread, token, now)
    }

    /// Verifies one submission; at most three seconds, never an error.
    pub async fn verify(&self, ask: &Ask<'_>) -> Finding {
        let finding = match ask.site.captcha.provider {
            ProviderId::BuiltIn => Ok(self.built_in.verify(ask)),
            _ => providers::verify(&self.calls, ask).await,
        };
        // What is known without a call is a verdict alone.
        let mut finding = finding.unwrap_or_else(Finding::of);
        if ask.honeypot {
            finding.holds.push(Reason::Honeypot);
        }
        finding
    }

    /// Asks the site's provider about `token`, which is none, to learn whether it answers and knows the
    /// secret. Another token each time: Turnstile answers the same question as it did before.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub async fn probe(&self, site: &Site, token: &str) -> Result<String, String> {
        match self.verdict_on_nothing(site, token).await {
            Verdict::Misconfigured(what) => Err(format!("does not accept our configuration: {what}")),
            Verdict::Unavailable(why) => Err(format!("cannot be asked: {}", why.as_str())),
            _ => Ok("answers and knows the secret".to_owned()),
        }
    }

    /// What [`Captcha::probe`] is told: the verdict on a token that nobody minted. A good provider with
    /// a good secret finds it malformed.
    pub async fn verdict_on_nothing(&self, site: &Site, token: &str) -> Verdict {
        let ask = Ask {
            thread: "probe",
            ..Ask::bare(site, &Form::Missing, Some(token), Timestamp(0))
        };
        self.verify(&ask).await.verdict
    }

    /// Whether this process makes no calls to the site's provider now, because its host kept failing.
    #[must_use]
    pub fn is_paused(&self, site: &Site) -> bool {
        self.calls.is_paused(site)
    }

    /// Whether verifying a token of `site` calls another server now, so that a submission needs a claim
    /// first. A probe that comes due between this answer and the call goes without one, which costs at
    /// worst a held comment.
    #[must_use]
    pub fn calls_network(&self, site: &Site) -> bool {
        site.captcha.provider.is_outside() && !self.calls.rests(site)
    }

    /// Whether `body` came under another thread of `site` within 24 hours; remembers it. Call it once for
    /// a submission.
    pub fn seen_elsewhere(&self, site: &str, thread: &str, body: &str, now: Timestamp) -> bool {
        self.bodies.seen_elsewhere(site, thread, body, now)
    }

    /// Completes what [`Captcha::verify`] found with what the built-in check says, where the provider is
    /// an outside one and said nothing about the reader; else gives `finding` back.
    #[must_use]
    pub fn fall_back(&self, ask: &Ask<'_>, instead: Instead<'_>, finding: Finding) -> Finding {
        self.down.fall_back(&self.built_in, ask, instead, finding)
    }

    /// The challenge of the built-in check for a form whose provider is an outside one: when that one is
    /// down, or the page `asks` because its script does not run. `None` otherwise. Costs one key
    /// derivation.
    #[must_use]
    pub fn fallback_challenge(
        &self,
        site: &Site,
        thread: &str,
        form: &str,
        asks: bool,
        now: Timestamp,
    ) -> Option<serde_json::Value> {
        if !site.captcha.provider.is_outside() || !(asks || self.down.is_down(&site.id, now)) {
            return None;
        }
        self.built_in.form_challenge(site, thread, form, now)
    }

    /// Tells the provider of `site` that the comment it checked as `assessment` was `spam`, or approved.
    /// Nothing of the comment goes along. At most three seconds.
    pub async fn tell_outcome(&self, site: &Site, assessment: &str, spam: bool) -> Told {
        providers::recaptcha_enterprise::tell_outcome(&self.calls, site, assessment, spam).await
    }

    /// The challenge of a second check for the comment named `comment`, good from `now` for `life`. `None` should the
    /// library refuse to make one. Costs one key derivation.
    #[must_use]
    pub fn step_up_challenge(
        &self,
        site: &Site,
        comment: &str,
        life: Duration,
        now: Timestamp,
    ) -> Option<serde_json::Value> {
        step_up::challenge(&self.built_in, site, comment, life, now)
    }

    /// Whether `proof` solves a challenge made for `comment`. Two HMACs.
    #[must_use]
    pub fn is_step_up_solved(&self, site: &Site, comment: &str, proof: &str, now: Timestamp) -> bool {
        step_up::is_solved(&self.built_in, site, comment, proof, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verification_takes_three_seconds_at_most() {
        assert_eq!(TOTAL_BUDGET, Duration::from_secs(3));
    }
}
