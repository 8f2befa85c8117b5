//! A reader sends a comment: from the arrived fields to a stored comment and its outcome.
//!
//! Cheap refusals first, then the slow outside call, then the one write. Once the fields are valid the
//! text is stored whatever the captcha says; a failure of the captcha only ever holds. The whole path
//! runs in a task of its own, so that it ends with a stored comment even when the reader's connection
//! drops, and the answer is given after the commit.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    receipt,
    repeats::{self, Earlier},
    step_up::{self, Asked},
};
use crate::{
    app::{App, SiteInForce},
    captcha::{self, Ask, Finding, Form, Instead, Spent},
    clock,
    domain::{
        address::ClientAddress,
        captcha::ProviderId,
        draft::{Draft, FieldError, RawDraft, Rules},
        language::Language,
        markup,
        person::{Website, fold_search},
        policy::Band,
        reason::Reason,
        site::Threads,
        status::Status,
        timestamp::Timestamp,
        triage::{self, Action, Outcome, Signals},
        trust::{self, DeviceRecord},
        verdict::{NotRun, Verdict, Why},
    },
    error::Error,
    keys::{Purpose, hex, sha256_hex},
    limits::{self, Demand},
    rooms::Place,
    store::{Claim, Inserted, NewComment},
};

/// How long a repeat of a submission is recognised.
const REPEAT_LIFE: Duration = Duration::from_hours(24);

/// How long the text of a refused comment is kept.
pub const REFUSED_LIFE: Duration = Duration::from_hours(30 * 24);

/// How long a repeat waits for the outcome of the submission it repeats.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body of so many bytes is rendered where it stands: whatever is in it takes a few milliseconds at most.
const SHORT_TEXT: usize = 4096;

/// How often it looks meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// A submission as it arrived.
#[derive(Debug, Clone)]
pub struct Submission {
    pub raw: RawDraft,
    /// The provider's token, or the solved proof of work.
    pub captcha: Option<String>,
    /// The solved proof of work, beside or instead of an outside provider's token.
    pub proof: Option<String>,
    /// Why the page has no token of an outside provider, in its own words.
    pub captcha_not_run: Option<String>,
    /// The form token.
    pub form: Option<String>,
    /// The field that people do not see was filled in.
    pub honeypot: bool,
    /// The device token of an earlier answer.
    pub device: Option<String>,
    pub idempotency_key: Option<String>,
    /// The language of the answer.
    pub language: Language,
    /// The page it came from vouches for itself: its origin is the site's or our own.
    pub known_origin: bool,
    pub client: ClientAddress,
}

/// What the reader is told.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub id: Uuid,
    /// What was decided about it at once; `None` when it is erased meanwhile.
    pub outcome: Option<Action>,
    /// The check could not be made, through no fault of the reader.
    pub check_down: bool,
    /// Sanitised HTML.
    pub html: String,
    /// The code that its reader can read out to a person.
    pub reference: String,
    pub created_at: Timestamp,
    /// The signed capability to see, appeal or erase it.
    pub receipt: String,
    /// The signed device token.
    pub device: String,
    /// The same submission came before, and this is its outcome.
    pub replayed: bool,
    /// Until when a refused text is kept.
    pub kept_until: Timestamp,
    /// The second check that a page with JavaScript may make now.
    pub step_up: Option<Asked>,
    /// Optional fields that were left out, because nothing could be made of them: `website`.
    pub left_out: Vec<&'static str>,
}

/// Links in one text from which on a person reads it.
const MANY_LINKS: usize = 3;

/// The claims of a device token.
#[derive(Debug, Serialize, Deserialize)]
struct Device {
    d: String,
    /// When it was given, Unix milliseconds; a token of before that says nothing.
    #[serde(default)]
    at: Option<i64>,
}

/// Runs a submission to its end, also when the caller stops waiting.
///
/// # Errors
/// [`Error`]: a site, thread or parent that is not there, fields to correct, a limit by address, an
/// idempotency key used for another text, or a store that cannot be written. Nothing is stored then.
pub async fn submit(app: &Arc<App>, site: Arc<SiteInForce>, submission: Submission) -> Result<Receipt, Error> {
    let Some(place) = app.room.enter().await else {
        return Err(Error::Unavailable("too many submissions are under way".to_owned()));
    };
    let path = Path {
        app: Arc::clone(app),
        place,
        now: app.clock.now(),
        site,
    };
    // In a box, because it is large and would be copied on its way into the task.
    let task = app
        .submissions
        .spawn(Box::pin(async move { path.walk(submission).await }));
    task.await
        .unwrap_or_else(|error| Err(Error::Internal(format!("the path of a submission broke off: {error}"))))
}

/// One submission's way.
struct Path {
    app: Arc<App>,
    place: Place,
    site: Arc<SiteInForce>,
    now: Timestamp,
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

/// A submission with valid fields, in a place where it may stand.
struct Valid {
    submission: Submission,
    draft: Draft,
    /// The top-level comment above it.
    root: Option<Uuid>,
    form: Form,
    digest: String,
    keys: Vec<String>,
    /// Of the e-mail.
    email_key: [u8; 32],
    /// The device of an earlier answer, by a token that is ours and not too old.
    device: Option<String>,
    /// What the e-mail's, the device's and the site's limits say.
    holds: Vec<Reason>,
}

impl Path {
    async fn walk(&self, mut submission: Submission) -> Result<Receipt, Error> {
        let app = &*self.app;
        let sends = Demand::by_address(limits::Action::Submit, submission.client);
        app.limits.peek(&[sends])?;
        let draft = self.parse(std::mem::take(&mut submission.raw))?;
        let left_out = draft.left_out.clone();
        let receipt = self.take(submission, draft, sends).await?;
        Ok(Receipt { left_out, ..receipt })
    }

    /// Takes a submission with valid fields.
    async fn take(&self, submission: Submission, draft: Draft, sends: Demand<'_>) -> Result<Receipt, Error> {
        let app = &*self.app;
        let form = app.captcha.check_form(
            &self.site.site.id,
            draft.thread.as_str(),
            submission.form.as_deref(),
            self.now,
        );
        let digest = hex(&draft.digest());
        let keys = repeats::keys_of(&submission, &form);
        let site = &self.site.site.id;
        let before = app
            .store
            .before_submission(site, draft.thread.as_str(), &keys, self.now)
            .await?;
        let earlier = match repeats::earlier(&before.repeats, &keys, &digest)? {
            Ok(comment) => {
                app.limits.check(&[sends])?;
                return self.replay(comment).await;
            }
            Err(earlier) => earlier,
        };
        let (root, opens_thread) = self.place(&draft, before.thread_open).await?;
        let demands = [sends, Demand::by_address(limits::Action::NewThread, submission.client)];
        app.limits.check(&demands[..=usize::from(opens_thread)])?;
        let email_key = self.email_digest(&draft);
        let device = self.device(&submission);
        let valid = Valid {
            holds: self.held_by_limits(&email_key, device.as_deref()),
            device,
            email_key,
            draft,
            root,
            form,
            digest,
            keys,
            submission,
        };
        let finding = match self.ask_captcha(&valid, &earlier).await? {
            Ok(finding) => finding,
            Err(comment) => return self.replay(comment).await,
        };
        match self.decide(&valid, earlier, &finding).await? {
            Some(receipt) => Ok(receipt),
            // Another text took one of the keys while this one was checked: now that is known.
            None => match self.look_back(&valid.keys, &valid.digest).await? {
                Ok(comment) => self.replay(comment).await,
                Err(earlier) => self
                    .decide(&valid, earlier, &finding)
                    .await?
                    .ok_or_else(|| Error::Unavailable("the keys of a submission are taken again and again".to_owned())),
            },
        }
    }

    /// Decides and stores; `None` when a key was taken by another text meanwhile.
    async fn decide(&self, valid: &Valid, earlier: Earlier, finding: &Finding) -> Result<Option<Receipt>, Error> {
        let mut holds = valid.holds.clone();
        holds.extend(finding.holds.iter().cloned());
        if earlier.form_reused {
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
        self.store(valid, earlier.keys, body_digest, written, finding, outcome)
            .await
    }

    fn parse(&self, raw: RawDraft) -> Result<Draft, Error> {
        let rules = Rules {
            body_max: self.site.site.body_max,
            reserved_names: &self.site.reserved_names,
        };
        let mut draft = Draft::parse(raw, &rules).map_err(Error::Invalid)?;
        // An address that is not the site's own could send readers and moderators anywhere.
        draft.thread_url = draft.thread_url.filter(|url| self.is_site_url(url));
        Ok(draft)
    }

    fn is_site_url(&self, address: &str) -> bool {
        url::Url::parse(address).is_ok_and(|url| {
            let origin = url.origin().ascii_serialization();
            matches!(url.scheme(), "http" | "https")
                && (self.site.site.origins.contains(&origin) || self.app.is_own_origin(&origin))
        })
    }

    /// `Ok` with the comment that this submission repeats; else what its keys say.
    async fn look_back(&self, keys: &[String], digest: &str) -> Result<Result<Uuid, Earlier>, Error> {
        let repeats = self.app.store.repeats(&self.site.site.id, keys, self.now).await?;
        repeats::earlier(&repeats, keys, digest)
    }

    /// Whether the comment may stand where it wants to; gives the top-level comment above it, and
    /// whether it would open its thread.
    async fn place(&self, draft: &Draft, thread_open: Option<bool>) -> Result<(Option<Uuid>, bool), Error> {
        let site = &self.site.site;
        let opens_thread = thread_open.is_none();
        if thread_open == Some(false) {
            return Err(Error::conflict("thread_closed"));
        }
        if opens_thread && site.threads == Threads::Signed && !self.is_signed(draft) {
            return Err(Error::Invalid(vec![FieldError::new("thread", "thread_unknown")]));
        }
        let Some(parent) = draft.parent else {
            return Ok((None, opens_thread));
        };
        let parent = self.app.store.parent(&site.id, draft.thread.as_str(), parent).await?;
        match parent {
            Some(parent) => Ok((Some(parent.root), opens_thread)),
            None => Err(Error::Invalid(vec![FieldError::new("parent", "parent_missing")])),
        }
    }

    fn is_signed(&self, draft: &Draft) -> bool {
        let (site, thread) = (&self.site.site.id, draft.thread.as_str());
        let given = draft.thread_sig.as_deref();
        given.is_some_and(|given| self.app.keys.is_thread_signature(site, thread, given))
    }

    /// The e-mail's, the device's and the site's limits: they hold, and never refuse.
    fn held_by_limits(&self, email_key: &[u8; 32], device: Option<&str>) -> Vec<Reason> {
        let site = self.site.site.id.as_str();
        let mut demands = vec![Demand::by_email(email_key), Demand::by_site(site)];
        demands.extend(device.map(|device| Demand::by_device(site, device)));
        self.app
            .limits
            .check(&demands)
            .unwrap_or_default()
            .into_iter()
            .map(|action| match action {
                limits::Action::SubmitEmail => Reason::EmailRate,
                limits::Action::SubmitDevice => Reason::DeviceRate,
                _ => Reason::SiteSurge,
            })
            .collect()
    }

    fn email_digest(&self, draft: &Draft) -> [u8; 32] {
        self.app
            .keys
            .digest(Purpose::Email, "", draft.email.normalised().as_bytes())
    }

    /// Asks the captcha. Where that is a call over the network, it is waited for outside of the room; one that finds no
    /// place there is not asked about, and is held.
    async fn ask_captcha(&self, valid: &Valid, earlier: &Earlier) -> Result<Result<Finding, Uuid>, Error> {
        let site = &self.site.site;
        let mut token = valid.submission.captcha.as_deref().filter(|token| !token.is_empty());
        if site.captcha.provider == ProviderId::BuiltIn {
            token = token.or(valid.submission.proof.as_deref());
        }
        if token.is_none() || !self.app.captcha.calls_network(site) {
            return self.find(valid, earlier, token, Asking::Here).await;
        }
        // In a box: what waits is large, and rare beside what does not.
        let asking = Box::pin(self.find(valid, earlier, token, Asking::Outside));
        match self.place.outside(&site.id, asking).await {
            Some(found) => found,
            None => self.find(valid, earlier, token, Asking::Nobody).await,
        }
    }

    /// What the captcha says. Of several equal submissions that ask outside only one does; the others wait for its
    /// outcome, which is then `Err`.
    async fn find(
        &self,
        valid: &Valid,
        earlier: &Earlier,
        token: Option<&str>,
        asking: Asking,
    ) -> Result<Result<Finding, Uuid>, Error> {
        let site = &self.site.site;
        if asking == Asking::Outside
            && earlier.token == Spent::Never
            && let Some(key) = valid.keys.first()
        {
            // With the digest, because another text under the same form neither waits nor is waited for.
            let key = format!("{key}:{}", valid.digest);
            match self.claim(&key, &valid.digest, &valid.keys).await? {
                Ok(Claim::TakenOver) => {
                    return Ok(Ok(Finding {
                        holds: vec![Reason::LeaseLost],
                        ..Finding::of(Verdict::Unavailable(Why::AmbiguousDuplicate))
                    }));
                }
                Ok(_) => {}
                Err(comment) => return Ok(Err(comment)),
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
            token_spent: earlier.token,
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
        Ok(Ok(match record {
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

    /// Claims the submission, or waits until the one who has it is done.
    async fn claim(&self, key: &str, digest: &str, keys: &[String]) -> Result<Result<Claim, Uuid>, Error> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let claim = self
                .app
                .store
                .claim(&self.site.site.id, key, digest, self.app.clock.now())
                .await?;
            if claim != Claim::Others {
                return Ok(Ok(claim));
            }
            while self
                .app
                .store
                .is_claimed(&self.site.site.id, key, self.app.clock.now())
                .await?
            {
                if let Ok(comment) = self.look_back(keys, digest).await? {
                    return Ok(Err(comment));
                }
                if tokio::time::Instant::now() >= deadline {
                    return Err(Error::Unavailable(
                        "the same submission is still being checked".to_owned(),
                    ));
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Decides, with the draw of an earlier try of the same text where a draw can matter.
    async fn triage(&self, verdict: &Verdict, signals: &Signals, body_digest: &str) -> Result<Outcome, Error> {
        let policy = self.site.policy.as_ref().map(|row| &row.policy);
        let refuses = policy
            .zip(verdict.score())
            .is_some_and(|(policy, score)| policy.cuts.band(score) == Band::Refuse);
        let earlier = if refuses {
            let since = self.now.minus(REPEAT_LIFE);
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
        let (draft, submission) = (valid.draft.clone(), &valid.submission);
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
            kept_until: self.now.plus(REFUSED_LIFE),
            step_up: step_up::asked(&self.site.site, &outcome.reasons, self.now).filter(|_| status == Status::Pending),
            left_out: Vec::new(),
        };
        let inserted = app
            .store
            .insert(NewComment {
                id,
                new_thread_id: app.clock.new_id(),
                site: self.site.site.id.clone(),
                root: valid.root,
                links: i64::try_from(rendered.links).unwrap_or(i64::MAX),
                html: rendered.html,
                folded,
                language: submission.language,
                email_key: hex(&valid.email_key[..16]),
                client_key: Some(hex(&client[..16])),
                device_id: Some(device),
                body_digest,
                reference: receipt.reference.clone(),
                provider: self.site.site.captcha.provider.as_str(),
                verdict: finding.verdict.clone(),
                checked_ms: finding.checked_ms,
                signals: finding.signals.clone(),
                assessment: finding.assessment.clone(),
                outcome,
                status,
                repeat_keys,
                digest: valid.digest.clone(),
                at: self.now,
                repeat_until: self.now.plus(REPEAT_LIFE),
                draft,
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
            Inserted::ThreadClosed => Err(Error::conflict("thread_closed")),
        }
    }

    /// The first outcome of a comment that is stored already.
    async fn replay(&self, comment: Uuid) -> Result<Receipt, Error> {
        let comment = self
            .app
            .store
            .comment(comment)
            .await?
            .ok_or_else(|| Error::Internal(format!("comment {comment} is not there, but its key is")))?;
        let mut step_up = step_up::asked(&self.site.site, &comment.reasons, comment.created_at);
        if let Some(asked) = step_up
            && !step_up::is_open(&self.app, &comment, asked).await?
        {
            step_up = None;
        }
        let device = comment.device_id.unwrap_or_else(|| new_device(&self.app));
        Ok(Receipt {
            id: comment.id,
            outcome: Some(comment.outcome).filter(|_| comment.status != Status::Erased),
            check_down: is_down(&comment.verdict),
            html: comment.html,
            reference: comment.reference,
            created_at: comment.created_at,
            receipt: receipt::sign(&self.app, comment.id, comment.created_at),
            // As the first answer gave it: a repeat is no use of the device.
            device: self.sign_device(&device, comment.created_at),
            replayed: true,
            kept_until: comment.created_at.plus(REFUSED_LIFE),
            step_up,
            left_out: Vec::new(),
        })
    }

    fn sign_device(&self, id: &str, at: Timestamp) -> String {
        let device = Device {
            d: id.to_owned(),
            at: Some(at.0),
        };
        self.app.keys.sign(Purpose::Device, &device)
    }

    /// The device of an earlier answer, when its token is one of ours and was given within [`trust::LIFE`].
    fn device(&self, submission: &Submission) -> Option<String> {
        let token = submission.device.as_deref()?;
        let device: Device = self.app.keys.open(Purpose::Device, token)?;
        let at = device.at.map_or_else(|| made_at(&device.d), Timestamp);
        (at >= self.now.minus(trust::LIFE)).then_some(device.d)
    }
}

fn is_down(verdict_class: &str) -> bool {
    matches!(verdict_class, "unavailable" | "misconfigured")
}

/// Neither a page of the site nor a valid form of ours vouches for it. A captcha's own good verdict
/// does, where it is bound to a page.
fn unvouched(submission: &Submission, form: &Form, verdict: &Verdict) -> Option<Reason> {
    if matches!(form, Form::Valid { .. }) {
        return None;
    }
    if !submission.known_origin {
        return Some(Reason::OriginUnknown);
    }
    let no_captcha = submission.captcha.as_deref().is_none_or(str::is_empty);
    match form {
        _ if !no_captcha => None,
        Form::Expired { .. } => Some(Reason::FormExpired),
        Form::Forged => Some(Reason::FormForged),
        // A captcha that did not run says the same.
        _ => (!matches!(verdict, Verdict::NotRun(_))).then_some(Reason::FormMissing),
    }
}

/// A link whose words look like another host; the author's name is the words of their website.
fn disguised(name: &str, website: Option<&str>, html: &str) -> Option<Reason> {
    let found = markup::Disguise::find(html).or_else(|| markup::Disguise::of(name, website?))?;
    Some(Reason::LinkDisguised {
        shown: found.shown,
        host: found.host,
    })
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

/// Ordered by time, so that those of new readers stand side by side in their index.
fn new_device(app: &App) -> String {
    app.clock.new_id().simple().to_string()
}

/// When a device was first given: its id is one of version 7.
fn made_at(device: &str) -> Timestamp {
    let made = Uuid::parse_str(device).ok().and_then(|id| id.get_timestamp());
    let (seconds, nanoseconds) = made.map_or((0, 0), |made| made.to_unix());
    Timestamp(i64::try_from(seconds).unwrap_or(0) * 1000 + i64::from(nanoseconds / 1_000_000))
}

/// A body as it is shown, what it is found by, and whether it pretends to lead elsewhere.
struct Written {
    rendered: markup::Rendered,
    folded: String,
    disguised: Option<Reason>,
}

/// Renders and folds a body; a long one where long texts are rendered.
///
/// # Errors
/// [`Error::Unavailable`] when too many long ones come at once.
async fn write(app: &App, draft: &Draft) -> Result<Written, Error> {
    let written = |name: &str, website: Option<&str>, body: &str| {
        let rendered = markup::render(body);
        Written {
            disguised: disguised(name, website, &rendered.html),
            folded: fold_search(&format!("{name} {body}")),
            rendered,
        }
    };
    let website = draft.website.as_ref().map(Website::as_str);
    if draft.body.len() <= SHORT_TEXT {
        return Ok(written(draft.name.as_str(), website, &draft.body));
    }
    let (name, body) = (draft.name.as_str().to_owned(), draft.body.clone());
    let website = website.map(str::to_owned);
    app.rendering
        .run(move || written(&name, website.as_deref(), &body))
        .await
}

/// Links as the captcha counts them: cheaply, before the text is rendered.
fn markup_links(body: &str) -> usize {
    body.matches("http://").count() + body.matches("https://").count() + body.matches("www.").count()
}
