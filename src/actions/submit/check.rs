//! What the captcha says of a submission, and what its sender's record adds.

use uuid::Uuid;

use super::{
    claim::Claimed,
    path::{Path, Valid},
    repeats::NewKeys,
};
use crate::{
    captcha::{self, Ask, Finding, Instead, Spent},
    domain::{
        captcha::ProviderId,
        reason::Reason,
        trust::{self, DeviceRecord},
        verdict::{NotRun, Verdict, Why},
    },
    error::Error,
    store::Claim,
};

/// What asking came to.
pub(super) enum Checked {
    Found(Finding),
    /// An equal submission asked meanwhile, and became this comment.
    Repeat(Uuid),
}

/// Whom the captcha of a submission is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// Nothing is waited for.
    Here,
    /// Another server.
    Outside,
    /// Too many of the site wait for its provider already.
    Nobody,
}

impl Path {
    /// Asks the captcha. Where that is a call over the network, it is waited for outside of the room; one that finds no
    /// place there is not asked about, and is held.
    pub(super) async fn ask_captcha(&self, valid: &Valid, new: &NewKeys) -> Result<Checked, Error> {
        let site = &self.site.site;
        let mut token = valid.submission.captcha.as_deref().filter(|token| !token.is_empty());
        if site.captcha.provider == ProviderId::BuiltIn {
            token = token.or(valid.submission.proof.as_deref());
        }
        if token.is_none() || !self.app.captcha.calls_network(site) {
            return self.find(valid, new, token, Asking::Here).await;
        }
        // In a box: what waits is large, and rare beside what does not.
        let asking = Box::pin(self.find(valid, new, token, Asking::Outside));
        match self.place.outside(&site.id, asking).await {
            Some(found) => found,
            None => self.find(valid, new, token, Asking::Nobody).await,
        }
    }

    /// What the captcha says. Of several equal submissions that ask outside only one does; the others wait for its
    /// outcome.
    async fn find(&self, valid: &Valid, new: &NewKeys, token: Option<&str>, asking: Asking) -> Result<Checked, Error> {
        let site = &self.site.site;
        if asking == Asking::Outside
            && new.token == Spent::Never
            && let Some(key) = valid.keys.first()
        {
            // With the digest, because another text under the same form neither waits nor is waited for.
            let key = format!("{key}:{}", valid.digest);
            match self.claim(&key, &valid.digest, &valid.keys).await? {
                Claimed::Mine(Claim::TakenOver) => {
                    return Ok(Checked::Found(Finding {
                        holds: vec![Reason::LeaseLost],
                        ..Finding::of(Verdict::Unavailable(Why::AmbiguousDuplicate))
                    }));
                }
                Claimed::Mine(_) => {}
                Claimed::Theirs(comment) => return Ok(Checked::Repeat(comment)),
            }
        }
        let record = match &valid.device {
            Some(device) => {
                let since = self.now.minus(trust::LIFE);
                Some(self.app.store.device_record(&site.id, device, since).await?)
            }
            None => None,
        };
        let ask = Ask {
            site,
            thread: valid.draft.thread.as_str(),
            token,
            form: &valid.form,
            honeypot: valid.submission.honeypot,
            links: markup_links(&valid.draft.body),
            known_author: record.is_some_and(DeviceRecord::is_known),
            seen_elsewhere: self.app.captcha.seen_elsewhere(
                &site.id,
                valid.draft.thread.as_str(),
                &valid.draft.body,
                self.now,
            ),
            client: Some(valid.submission.client),
            token_spent: new.token,
            now: self.now,
        };
        let finding = match asking {
            Asking::Nobody => Finding {
                holds: vec![Reason::ProviderBusy],
                ..Finding::of(Verdict::Unavailable(Why::Busy))
            },
            Asking::Here | Asking::Outside => self.app.captcha.verify(&ask).await,
        };
        let submission = &valid.submission;
        let instead = Instead {
            proof: submission.proof.as_deref(),
            not_run: submission.captcha_not_run.as_deref().and_then(NotRun::parse),
        };
        let finding = self.app.captcha.fall_back(&ask, instead, finding);
        Ok(Checked::Found(match record {
            Some(record) => self.with_record(finding, record),
            None => finding,
        }))
    }

    /// Keeps what was known of the device with what was seen, and holds what its record alone, without a proof
    /// of work, would have published.
    fn with_record(&self, mut finding: Finding, record: DeviceRecord) -> Finding {
        let Some(signals) = finding.signals.take() else {
            return finding;
        };
        let without = captcha::without_trust(&signals).and_then(|verdict| verdict.score());
        let scores = finding.verdict.score().zip(without);
        let policy = self.site.policy.as_ref().map(|row| &row.policy);
        let by_trust = scores
            .zip(policy)
            .is_some_and(|((with, without), policy)| trust::publishes(&policy.cuts, with, without));
        if by_trust && !captcha::has_proof(&signals) {
            finding.holds.push(Reason::TrustWithoutProof);
        }
        finding.signals = Some(captcha::with_record(&signals, record));
        finding
    }
}

/// Links as the captcha counts them: cheaply, before the text is rendered.
fn markup_links(body: &str) -> usize {
    body.matches("http://").count() + body.matches("https://").count() + body.matches("www.").count()
}
