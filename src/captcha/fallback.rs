//! The built-in check in the place of a provider that said nothing about the reader.
//!
//! When an outside provider could not be asked, its script was blocked or not consented to, or no token
//! came, [`Down::fall_back`] looks at the same form with the built-in check. Invariant: the class
//! of the verdict stays what it was, so the comment is held whatever is found here; what is found only
//! helps the moderator, as [`Reason::CheckedHere`] and in the signals. Without a valid form there is
//! nothing to look at.
//!
//! A provider counts as down for [`REST`] after a submission that it could not be asked about; meanwhile
//! forms carry a challenge of the built-in check at once. Another one is on the page's own request.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{
    ask::{Ask, Finding, Spent},
    built_in::BuiltIn,
};
use crate::domain::{
    reason::Reason,
    timestamp::Timestamp,
    verdict::{BadToken, NotRun, Verdict},
};

/// How long forms carry a challenge of ours after the provider failed: as long as its breaker rests.
const REST: Duration = Duration::from_secs(30);

/// What the page sent in case the provider says nothing.
#[derive(Clone, Copy, Default)]
pub struct Instead<'a> {
    /// The solved challenge of the built-in check.
    pub proof: Option<&'a str>,
    /// Why the page has no token of the provider.
    pub not_run: Option<NotRun>,
}

impl fmt::Debug for Instead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instead")
            .field("proof", &self.proof.map(|_| "…"))
            .field("not_run", &self.not_run)
            .finish()
    }
}

/// Until when each site's provider counts as down. Lost at a restart, which costs a reader a second
/// request at most.
#[derive(Debug, Default)]
pub(super) struct Down {
    until: Mutex<HashMap<String, Timestamp>>,
}

impl Down {
    /// Completes what `Captcha::verify` found with what the built-in check says, where the provider is
    /// an outside one and said nothing about the reader; else gives `finding` back.
    pub(super) fn fall_back(
        &self,
        built_in: &BuiltIn,
        ask: &Ask<'_>,
        instead: Instead<'_>,
        mut finding: Finding,
    ) -> Finding {
        if !ask.site.captcha.provider.is_outside() {
            return finding;
        }
        let is_down = matches!(finding.verdict, Verdict::Unavailable(_));
        if is_down || finding.checked_ms.is_some() || finding.verdict.score().is_some() {
            self.note(&ask.site.id, is_down, ask.now);
        }
        if let (Verdict::BadToken(BadToken::Missing), Some(why)) = (&finding.verdict, instead.not_run) {
            finding.verdict = Verdict::NotRun(why);
        }
        let said_nothing = matches!(
            finding.verdict,
            Verdict::Unavailable(_) | Verdict::NotRun(_) | Verdict::BadToken(BadToken::Missing)
        );
        if !said_nothing {
            return finding;
        }
        let found_here = built_in.verify(&Ask {
            token: instead.proof,
            // The ledger's word is about the provider's token.
            token_spent: Spent::Never,
            ..*ask
        });
        if let Some(score) = found_here.verdict.score() {
            finding.notes.push(Reason::CheckedHere { score });
            finding.notes.extend(found_here.notes);
            finding.holds.extend(found_here.holds);
            finding.signals = found_here.signals;
        }
        finding
    }

    fn note(&self, site: &str, is_down: bool, now: Timestamp) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if is_down {
            // Bounded by the sites there are: nobody submits to another one.
            until.insert(site.to_owned(), now.plus(REST));
        } else {
            until.remove(site);
        }
    }

    pub(super) fn is_down(&self, site: &str, now: Timestamp) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(site).is_some_and(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_for_half_a_minute_and_an_answer_ends_it() {
        let (down, now) = (Down::default(), Timestamp(1_000_000));
        assert!(!down.is_down("faso", now));
        down.note("faso", true, now);
        assert!(down.is_down("faso", now.plus(Duration::from_secs(29))));
        assert!(!down.is_down("faso", now.plus(REST)));
        assert!(!down.is_down("sahel", now));
        down.note("faso", false, now);
        assert!(!down.is_down("faso", now));
    }

    #[test]
    fn a_debug_print_shows_no_proof() {
        let instead = Instead {
            proof: Some("the-proof"),
            not_run: None,
        };
        assert!(!format!("{instead:?}").contains("the-proof"));
    }
}
