//! The built-in check: a signed form token, the time it took, a field people do not see, and a proof of
//! work, summed up as a score. No account, no third party, and no script needed.
//!
//! Invariant: having no script costs nobody a point; a single signal never decides alone; a proof
//! counts only for the form it was made for (site, thread, action and the form's nonce stand in its
//! signed data). Form nonces are single-use by the store's record, not here.
//!
//! The score is `σ(Σ log-likelihood ratio)` from a prior of one half, in five levels; what a signal is
//! worth stands in [`ratios`], how much work a challenge takes under load in `load`.

pub(super) mod form_token;
mod load;
pub(super) mod proof;
pub(super) mod ratios;

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use self::{
    form_token::Form,
    load::Load,
    proof::{Bound, CHALLENGE_LIFE},
    ratios::{Proof, Ratios, RatiosBySite, Signals, TOO_FAST_MS},
};
use super::ask::{Ask, Finding};
use crate::{
    domain::{
        reason::Reason,
        site::Site,
        timestamp::Timestamp,
        verdict::{BadToken, NotRun, Verdict},
    },
    keys::Keys,
};

/// The built-in check of all sites, built once.
#[derive(Debug)]
pub(super) struct BuiltIn {
    keys: Arc<Keys>,
    load: Load,
    ratios: RatiosBySite,
}

impl BuiltIn {
    pub(super) fn new(keys: Arc<Keys>) -> Self {
        Self {
            keys,
            load: Load::default(),
            ratios: RatiosBySite::default(),
        }
    }

    /// A token of the age of `before`, the page's token until now, where that is a valid one.
    pub(super) fn issue_form(&self, site_id: &str, thread: &str, before: Option<&str>, now: Timestamp) -> String {
        form_token::issue(&self.keys, site_id, thread, before, now)
    }

    /// What a form token is worth for this site and thread.
    pub(super) fn check_form(&self, site_id: &str, thread: &str, token: Option<&str>, now: Timestamp) -> Form {
        form_token::check(&self.keys, site_id, thread, token, now)
    }

    /// The challenge to solve with `form`; `None` where that is no valid token of this thread.
    pub(super) fn form_challenge(
        &self,
        site: &Site,
        thread: &str,
        form: &str,
        now: Timestamp,
    ) -> Option<serde_json::Value> {
        let Form::Valid { nonce, .. } = self.check_form(&site.id, thread, Some(form), now) else {
            return None;
        };
        let bound = Bound {
            site,
            thread,
            nonce: &nonce,
        };
        let times = self.load.next(&site.id, now);
        self.challenge(bound, times, CHALLENGE_LIFE, now)
    }

    /// A challenge of `times` the plain work, 1..=8, good for `life`; `None` should the library refuse to make
    /// one. Costs one key derivation whatever the work.
    pub(super) fn challenge(&self, bound: Bound<'_>, times: u32, life: Duration, now: Timestamp) -> Option<Value> {
        proof::challenge(&self.keys, bound, times, life, now)
    }

    /// Whether `token` solves a challenge made for this. Two HMACs.
    pub(super) fn is_solved(&self, bound: Bound<'_>, token: &str, now: Timestamp) -> bool {
        proof::solved(&self.keys, bound, token, now).is_ok()
    }

    /// What the signals are worth on `site` from now on.
    pub(super) fn weigh_with(&self, site: &str, ratios: Ratios) {
        self.ratios.set(site, ratios);
    }

    /// What the check says of one submission.
    pub(super) fn verify(&self, ask: &Ask<'_>) -> Finding {
        let (nonce, age_ms) = match ask.form {
            Form::Missing => {
                let mut finding = Finding::of(Verdict::NotRun(NotRun::NoScript));
                finding.holds.push(Reason::FormMissing);
                return finding;
            }
            Form::Forged => {
                let mut finding = Finding::of(Verdict::BadToken(BadToken::Malformed));
                finding.holds.push(Reason::FormForged);
                return finding;
            }
            Form::Expired { .. } => return Finding::of(Verdict::BadToken(BadToken::Expired)),
            Form::Valid { nonce, age_ms } => (nonce, *age_ms),
        };
        let proof = proof::worth(&self.keys, ask, nonce, age_ms);
        let (verdict, signals) = self.ratios.of(&ask.site.id).weigh(&Signals {
            proof,
            age_ms,
            honeypot: ask.honeypot,
            links: ask.links,
            known_author: ask.known_author,
            seen_elsewhere: ask.seen_elsewhere,
        });
        let mut finding = Finding {
            signals: Some(signals),
            ..Finding::of(verdict)
        };
        match proof {
            Proof::Missing => finding.notes.push(Reason::ProofMissing),
            Proof::Forged => finding.holds.push(Reason::ProofForged),
            Proof::Solved | Proof::Implausible => {}
        }
        if age_ms < TOO_FAST_MS {
            finding.notes.push(Reason::TooFast {
                seconds: u32::try_from(age_ms / 1000).unwrap_or(0),
            });
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::site::SiteSettings;

    const NOW: Timestamp = Timestamp(1_764_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn ask<'a>(site: &'a Site, form: &'a Form, token: Option<&'a str>) -> Ask<'a> {
        Ask::bare(site, form, token, NOW.plus(MINUTE))
    }

    #[test]
    fn what_the_form_says_comes_first() {
        let built_in = BuiltIn::new(Arc::new(Keys::new(&[7; 32], &[])));
        let faso = Site::resolve("faso", None, &SiteSettings::default()).expect("a site");
        let find = |form: &Form| built_in.verify(&ask(&faso, form, None));
        let missing = find(&Form::Missing);
        assert_eq!(missing.verdict, Verdict::NotRun(NotRun::NoScript));
        assert_eq!(missing.holds, [Reason::FormMissing]);
        let forged = find(&Form::Forged);
        assert_eq!(forged.verdict, Verdict::BadToken(BadToken::Malformed));
        assert_eq!(forged.holds, [Reason::FormForged]);
        let expired = find(&Form::Expired { nonce: "n".into() });
        assert_eq!(expired.verdict, Verdict::BadToken(BadToken::Expired));
        let hasty = find(&Form::Valid {
            nonce: "n".into(),
            age_ms: 2_900,
        });
        assert_eq!(hasty.holds, []);
        assert_eq!(hasty.notes, [Reason::ProofMissing, Reason::TooFast { seconds: 2 }]);
        let valid = Form::Valid {
            nonce: "n".into(),
            age_ms: 60_000,
        };
        let forged_proof = built_in.verify(&ask(&faso, &valid, Some("e30=")));
        assert_eq!(forged_proof.holds, [Reason::ProofForged]);
        assert_eq!(
            forged_proof
                .verdict
                .score()
                .map(crate::domain::score::Score::thousandths),
            Some(300)
        );
    }
}
