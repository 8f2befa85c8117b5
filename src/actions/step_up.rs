//! The second check of a comment that is held: asked for with the answer to its submission, made by the
//! page in silence, and answered once within ten minutes.
//!
//! A score between the cuts, or an outside provider's plain no, asks for one harder proof of work; a token
//! of such a provider that was too old asks for a fresh one. What must hold: passing takes the mark off the
//! comment and does nothing else, so that it neither publishes nor refuses; an answer counts once, also when
//! two come at the same moment; what was replaced stays in the audit log, so that the outcome can still be
//! computed again.
//!
//! A page that cannot do the proof, or whose proof did not pass, may offer its reader the interactive provider that
//! the site names for this (`captcha.second`). It is asked only with a token that a reader made after a yes.
//!
//! To add a kind: its variant of [`Kind`], what asks for it in `kind`, and how it is passed in [`answer`].

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use uuid::Uuid;

use super::{
    receipt::{self, Own},
    submit::repeats::token_key,
};
use crate::{
    app::{App, SiteInForce},
    captcha::{Ask, Spent},
    domain::{
        actor::Actor,
        address::ClientAddress,
        audit::{AuditDetail, Found},
        code::Code,
        policy::{Band, Policy},
        reason::Reason,
        site::Site,
        status::Status,
        timestamp::Timestamp,
        verdict::Verdict,
        word::words,
    },
    error::Error,
    limits::{Action, Demand},
    rooms::Place,
    store::{Comment, NewAudit},
};

/// How long after the submission it may be answered.
pub const LIFE: Duration = Duration::from_mins(10);

/// How long the answer is remembered: as long as anybody could try a second one, and a while more.
const REMEMBERED: Duration = Duration::from_hours(1);

/// How often the mark is taken off anew when somebody changed the comment meanwhile.
const TRIES: usize = 3;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Kind {
    /// A harder proof of work.
    Proof,
    /// A fresh token of the site's provider.
    Token,
}

words!(Kind);

/// An open second check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub kind: Kind,
    pub until: Timestamp,
    /// The interactive provider may be offered beside it.
    pub has_second: bool,
}

/// What the page sent.
#[derive(Clone, Default)]
pub struct Given {
    /// The solved challenge.
    pub proof: Option<String>,
    /// The fresh token, or the interactive provider's.
    pub captcha: Option<String>,
    /// The form token that the fresh token may be bound to; it may be used by then.
    pub form: Option<String>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given")
            .field("proof", &self.proof.is_some())
            .field("captcha", &self.captcha.is_some())
            .finish_non_exhaustive()
    }
}

/// What a comment with these reasons, sent at `at` and still waiting, is asked for.
#[must_use]
pub fn asked(site: &Site, reasons: &[Reason], at: Timestamp) -> Option<Asked> {
    let kind = reasons.iter().find_map(|reason| kind(site, reason))?;
    Some(Asked {
        kind,
        until: at.plus(LIFE),
        has_second: kind == Kind::Proof && site.captcha.second.is_some(),
    })
}

/// The challenge of a check of that comment; `None` where none is needed.
#[must_use]
pub fn challenge(app: &App, site: &Site, comment: Uuid, asked: Asked) -> Option<Value> {
    if asked.kind != Kind::Proof {
        return None;
    }
    let now = app.clock.now();
    let left = u64::try_from(asked.until.millis_since(now)).unwrap_or(0);
    app.captcha
        .step_up_challenge(site, &comment.to_string(), Duration::from_millis(left), now)
}

/// What became of the check of a comment, for its author: `open`, `passed` or `closed`; `None` where none was asked for.
///
/// # Errors
/// Errors of the store.
pub async fn outcome(app: &App, site: &Site, comment: &Comment) -> Result<Option<&'static str>, Error> {
    if comment.reasons.contains(&Reason::StepUpPassed) {
        return Ok(Some("passed"));
    }
    let Some(asked) = asked(site, &comment.reasons, comment.created_at) else {
        return Ok(None);
    };
    let is_open = is_open(app, comment, asked).await?;
    Ok(Some(if is_open { "open" } else { "closed" }))
}

/// Whether the check of `comment` can still be answered.
pub(super) async fn is_open(app: &App, comment: &Comment, asked: Asked) -> Result<bool, Error> {
    let now = app.clock.now();
    if comment.status != Status::Pending || now > asked.until {
        return Ok(false);
    }
    let mut keys = vec![key(comment.id)];
    if asked.has_second {
        keys.push(second_key(comment.id));
    }
    let used = app.store.repeats(&comment.site, &keys, now).await?;
    Ok(used.len() < keys.len())
}

/// Takes the page's answer: `true` with the comment as it is then when it passed.
///
/// # Errors
/// 404 for another's receipt; `step_up_closed` when nothing is asked, the comment waits no
/// more, ten minutes have passed or it was answered before; `bad_json` when what is asked for is not
/// there; [`Error::RateLimited`]; [`Error::Unavailable`] where too much is under way, or too many wait for the site's
/// provider: then nothing is used up, and the page may try again; errors of the store.
///
/// A try that is taken is judged to its end, also when the page is gone or the service shuts down meanwhile.
pub async fn answer(app: &Arc<App>, receipt: &str, given: Given, client: ClientAddress) -> Result<(Own, bool), Error> {
    app.limits.check(&[Demand::by_address(Action::Form, client)])?;
    let own = receipt::open(app, receipt).await?;
    let comment = &own.comment;
    let in_force = app.site(&comment.site).await?;
    let site = &in_force.site;
    let now = app.clock.now();
    let asked = asked(site, &comment.reasons, comment.created_at)
        .filter(|asked| comment.status == Status::Pending && now <= asked.until)
        .ok_or(Error::Code(Code::StepUpClosed))?;
    if Way::of(asked, &given).is_none() {
        return Err(Error::Code(Code::BadJson));
    }
    let place = app.room.enter().await.ok_or_else(too_many)?;
    let judging = Judging {
        app: Arc::clone(app),
        place,
        in_force,
        comment: own.comment,
        asked,
        now,
    };
    let judged = app
        .submissions
        .spawn(async move { judging.judge(&given, client).await });
    let passed = judged
        .await
        .unwrap_or_else(|error| Err(Error::Internal(format!("a second check broke off: {error}"))))?;
    Ok((receipt::open(app, receipt).await?, passed))
}

/// An answer that is judged: it owns what it needs, because its page may be gone before its end.
struct Judging {
    app: Arc<App>,
    place: Place,
    in_force: Arc<SiteInForce>,
    comment: Comment,
    asked: Asked,
    now: Timestamp,
}

impl Judging {
    /// Takes the try, judges it and takes the mark off where it passed.
    async fn judge(&self, given: &Given, client: ClientAddress) -> Result<bool, Error> {
        let Self { app, comment, now, .. } = self;
        let site = &self.in_force.site;
        let way = Way::of(self.asked, given).ok_or(Error::Code(Code::BadJson))?;
        let second = site.second();
        let (passed, found) = match way {
            Way::Proof(proof) => {
                take_try(app, comment, key(comment.id), *now).await?;
                let id = comment.id.to_string();
                (app.captcha.is_step_up_solved(site, &id, proof, *now), None)
            }
            Way::Token(token) | Way::Second(token) => {
                let (site, key) = match way {
                    Way::Second(_) => (second.as_ref().unwrap_or(site), second_key(comment.id)),
                    _ => (site, key(comment.id)),
                };
                let form = given.form.as_deref();
                // Whoever finds no place to wait in has lost no try.
                let asking = async {
                    take_try(app, comment, key, *now).await?;
                    verify(app, site, comment, token, form, client).await
                };
                let waited = self.place.outside(&comment.site, asking).await;
                let verdict = waited.ok_or_else(too_many)??;
                if let Verdict::Misconfigured(what) = &verdict {
                    let provider = site.captcha.provider.as_str();
                    tracing::warn!(site = %site.id, provider, what, "a second check is set up wrongly");
                }
                let policy = self.in_force.policy.as_ref().map(|row| &row.policy);
                (is_good(&verdict, policy), Some(found(&verdict)))
            }
        };
        let word = way.as_str();
        metrics::counter!("palabre_step_ups_total", "kind" => word, "passed" => if passed { "yes" } else { "no" })
            .increment(1);
        if passed {
            take_mark_off(app, site, comment.id, self.asked.kind, word, found).await?;
        }
        Ok(passed)
    }
}

fn too_many() -> Error {
    Error::Unavailable("too many second checks are under way".to_owned())
}

/// How the page answers.
#[derive(Clone, Copy)]
enum Way<'a> {
    Proof(&'a str),
    Token(&'a str),
    /// A token of the interactive provider.
    Second(&'a str),
}

impl<'a> Way<'a> {
    /// `None`: nothing that was asked for is there.
    fn of(asked: Asked, given: &'a Given) -> Option<Self> {
        let text = |given: &'a Option<String>| given.as_deref().filter(|text| !text.is_empty());
        match asked.kind {
            Kind::Token => text(&given.captcha).map(Self::Token),
            Kind::Proof => text(&given.proof)
                .map(Self::Proof)
                .or_else(|| text(&given.captcha).filter(|_| asked.has_second).map(Self::Second)),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Proof(_) => Kind::Proof.as_str(),
            Self::Token(_) => Kind::Token.as_str(),
            Self::Second(_) => "second",
        }
    }
}

/// What the reason asks for, if it is one that a second check takes off.
fn kind(site: &Site, reason: &Reason) -> Option<Kind> {
    match reason {
        Reason::StepUp { .. } => Some(Kind::Proof),
        // A plain no says less than a low score: people fail as well.
        Reason::CaptchaFailed if site.captcha.provider.is_outside() => Some(Kind::Proof),
        // The built-in check has no token of its own to renew: there it is the form that was too old.
        Reason::TokenExpired if site.captcha.provider.is_outside() => Some(Kind::Token),
        _ => None,
    }
}

/// Stands among the keys of repeats, where it is forgotten in time.
fn key(comment: Uuid) -> String {
    format!("s:{}", comment.simple())
}

/// The same of the interactive provider's answer, which counts once as well.
fn second_key(comment: Uuid) -> String {
    format!("i:{}", comment.simple())
}

/// Takes the one try of a way. It is taken before anything is looked at: whoever guesses has one, and of two at once one
/// is told so.
async fn take_try(app: &App, comment: &Comment, key: String, now: Timestamp) -> Result<(), Error> {
    if take(app, comment, key, now).await? {
        Ok(())
    } else {
        Err(Error::Code(Code::StepUpClosed))
    }
}

async fn take(app: &App, comment: &Comment, key: String, now: Timestamp) -> Result<bool, Error> {
    let until = now.plus(REMEMBERED);
    Ok(app.store.take_key(&comment.site, &key, comment.id, until).await?)
}

/// Asks the provider about the fresh token.
async fn verify(
    app: &App,
    site: &Site,
    comment: &Comment,
    token: &str,
    form: Option<&str>,
    client: ClientAddress,
) -> Result<Verdict, Error> {
    let now = app.clock.now();
    let is_fresh = take(app, comment, token_key(token), now).await?;
    let row = app.store.queue_item(comment.id).await?.ok_or_else(Error::not_found)?;
    let thread = row.thread_key.as_str();
    let ask = Ask {
        site,
        thread,
        token: Some(token),
        form: &app.captcha.check_form(&site.id, thread, form, now),
        honeypot: false,
        links: 0,
        known_author: false,
        seen_elsewhere: false,
        client: Some(client),
        token_spent: if is_fresh { Spent::Never } else { Spent::Foreign },
        now,
    };
    Ok(app.captcha.verify(&ask).await.verdict)
}

/// A yes, or a score that asks for nothing more.
fn is_good(verdict: &Verdict, policy: Option<&Policy>) -> bool {
    match (verdict, policy) {
        (Verdict::Binary { pass }, _) => *pass,
        (Verdict::Scored { score, .. }, Some(policy)) => {
            matches!(policy.cuts.band(*score), Band::Hold | Band::Publish)
        }
        (Verdict::Scored { .. }, None) => true,
        _ => false,
    }
}

fn found(verdict: &Verdict) -> Found {
    Found {
        score: verdict.score(),
        verdict: verdict.class(),
    }
}

/// Replaces the reason that asked, unless a moderator decided meanwhile.
async fn take_mark_off(
    app: &App,
    site: &Site,
    id: Uuid,
    answered: Kind,
    kind_word: &'static str,
    found: Option<Found>,
) -> Result<(), Error> {
    for _ in 0..TRIES {
        let Some(comment) = app.store.comment(id).await? else {
            return Ok(());
        };
        let mark = comment
            .reasons
            .iter()
            .position(|reason| kind(site, reason) == Some(answered));
        let (Some(mark), Status::Pending) = (mark, comment.status) else {
            return Ok(());
        };
        let mut reasons = comment.reasons.clone();
        let detail = AuditDetail::StepUp {
            found,
            kind: kind_word,
            replaced: std::mem::replace(&mut reasons[mark], Reason::StepUpPassed),
        };
        let audit = NewAudit {
            id: app.clock.new_id(),
            site: comment.site.clone(),
            at: app.clock.now(),
            actor: Actor {
                kind: "system",
                id: "step_up".to_owned(),
                name: "palabre".to_owned(),
            },
            action: "step_up",
            comment: Some(id),
            from_status: Some(Status::Pending.as_str()),
            to_status: Some(Status::Pending.as_str()),
            detail: Some(detail.text()),
        };
        if app.store.replace_reasons(&comment, &reasons, audit).await? {
            return Ok(());
        }
    }
    Err(Error::Unavailable(format!("comment {id} changes again and again")))
}
