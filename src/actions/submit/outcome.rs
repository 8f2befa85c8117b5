//! The decision about a submission, and the one write.

use super::{
    answer::{Receipt, is_down},
    device::new_device,
    holds::unvouched,
    path::{Path, Valid},
    repeats::NewKeys,
    written::{Written, write},
};
use crate::{
    actions::receipt,
    captcha::Finding,
    clock,
    domain::{
        code::Code,
        content::Content,
        origin::{Checked, Origin, RepeatKeys, Submitted},
        policy::Band,
        reason::Reason,
        retention, second_check,
        status::Status,
        triage::{self, Action, Outcome, Signals},
        verdict::Verdict,
    },
    error::Error,
    keys::{Purpose, hex, sha256_hex},
    store::{Inserted, NewComment},
};

/// Links in one text from which on a person reads it.
const MANY_LINKS: usize = 3;

impl Path {
    /// Decides and stores; `None` when a key was taken by another text meanwhile.
    pub(super) async fn decide(
        &self,
        valid: &Valid,
        new: NewKeys,
        finding: &Finding,
    ) -> Result<Option<Receipt>, Error> {
        let mut holds = valid.holds.clone();
        holds.extend(finding.holds.iter().cloned());
        if new.form_reused {
            holds.push(Reason::FormReused);
        }
        let unvouched = unvouched(&valid.submission, &valid.form, &finding.verdict);
        holds.extend(unvouched.filter(|reason| !finding.holds.contains(reason)));
        let written = write(&self.app, &valid.draft).await?;
        holds.extend(written.disguised.clone());
        if written.rendered.links >= MANY_LINKS {
            holds.push(Reason::ManyLinks);
        }
        let signals = Signals {
            holds,
            notes: notes(finding, written.rendered.links),
        };
        let body_digest = sha256_hex(valid.draft.body.as_bytes());
        let outcome = self.triage(&finding.verdict, &signals, &body_digest).await?;
        self.store(valid, new.keys, body_digest, written, finding, outcome)
            .await
    }

    /// Decides, with the draw of an earlier try of the same text where a draw can matter.
    async fn triage(&self, verdict: &Verdict, signals: &Signals, body_digest: &str) -> Result<Outcome, Error> {
        let policy = self.site.policy.as_ref().map(|row| &row.policy);
        let refuses = policy
            .zip(verdict.score())
            .is_some_and(|(policy, score)| policy.cuts.band(score) == Band::Refuse);
        let earlier = if refuses {
            let since = self.now.minus(retention::REPEAT_KEYS);
            self.app
                .store
                .earlier_draw(&self.site.site.id, body_digest, since)
                .await?
        } else {
            None
        };
        let draw = earlier.unwrap_or_else(clock::draw);
        Ok(triage::decide(
            verdict,
            signals,
            self.site.site.moderation,
            policy,
            draw,
        ))
    }

    /// `None` when one of the keys was taken by another text meanwhile; nothing is stored then.
    async fn store(
        &self,
        valid: &Valid,
        repeat_keys: Vec<String>,
        body_digest: String,
        written: Written,
        finding: &Finding,
        outcome: Outcome,
    ) -> Result<Option<Receipt>, Error> {
        let app = &*self.app;
        let submission = &valid.submission;
        let Written { rendered, folded, .. } = written;
        let device = valid.device.clone().unwrap_or_else(|| new_device(app));
        let narrow = submission.client.narrow().to_string();
        let client = app.keys.digest(Purpose::Client, &self.now.month(), narrow.as_bytes());
        let status = match outcome.action {
            Action::Publish => Status::Approved,
            Action::Hold | Action::StepUp => Status::Pending,
            Action::Refuse => Status::Refused,
        };
        let id = app.clock.new_id();
        let (action, verdict_class) = (outcome.action, finding.verdict.class());
        let receipt = Receipt {
            id,
            outcome: Some(action),
            check_down: is_down(verdict_class),
            html: rendered.html.clone(),
            reference: receipt::new_reference(),
            created_at: self.now,
            receipt: receipt::sign(app, id, self.now),
            device: self.sign_device(&device, self.now),
            replayed: false,
            kept_until: retention::refused_until(self.now),
            step_up: second_check::asked(&self.site.site.captcha, &outcome.reasons, self.now)
                .filter(|_| status == Status::Pending),
            left_out: Vec::new(),
        };
        let content = Content {
            draft: valid.draft.clone(),
            root: valid.root,
            links: i64::try_from(rendered.links).unwrap_or(i64::MAX),
            html: rendered.html,
            folded,
            language: submission.language,
            email_key: hex(&valid.email_key[..16]),
            body_digest,
        };
        let inserted = app
            .store
            .insert(NewComment {
                id,
                new_thread_id: app.clock.new_id(),
                site: self.site.site.id.clone(),
                status,
                at: self.now,
                content,
                origin: Origin::Submitted(Submitted {
                    client_key: Some(hex(&client[..16])),
                    device_id: Some(device),
                    reference: receipt.reference.clone(),
                    captcha: Checked {
                        provider: self.site.site.captcha.provider,
                        verdict: finding.verdict.clone(),
                        checked_ms: finding.checked_ms,
                        signals: finding.signals.clone(),
                        assessment: finding.assessment.clone(),
                    },
                    outcome,
                    repeats: RepeatKeys {
                        keys: repeat_keys,
                        digest: valid.digest.clone(),
                        until: self.now.plus(retention::REPEAT_KEYS),
                    },
                }),
            })
            .await?;
        match inserted {
            Inserted::New => {
                metrics::counter!("palabre_comments_total", "outcome" => action.as_str(), "verdict" => verdict_class)
                    .increment(1);
                Ok(Some(receipt))
            }
            Inserted::Repeat(comment) => self.replay(comment).await.map(Some),
            Inserted::KeyTaken => Ok(None),
            Inserted::ThreadClosed => Err(Error::Code(Code::ThreadClosed)),
        }
    }
}

fn notes(finding: &Finding, links: usize) -> Vec<Reason> {
    let mut notes = finding.notes.clone();
    if links > 0 {
        notes.push(Reason::Links {
            count: u32::try_from(links).unwrap_or(u32::MAX),
        });
    }
    notes
}
