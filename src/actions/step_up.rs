//! The second check of a comment that is held: asked for with the answer to its submission, made by the
//! page in silence, and answered once within ten minutes.
//!
//! When one is asked for and what passing changes are rules (`domain/second_check.rs`). Invariant: an answer counts once,
//! also when two come at the same moment; what was replaced stays in the audit log, so that the outcome can still be
//! computed again.
//!
//! A page that cannot do the proof, or whose proof did not pass, may offer its reader the interactive provider that
//! the site names for this (`captcha.second`). It is asked only with a token that a reader made after a yes.

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
        reason::Reason,
        second_check::{self, Asked, Kind, State, Way},
        site::Site,
        status::Status,
        timestamp::Timestamp,
        verdict::Verdict,
    },
    error::Error,
    limits::{Action, Demand},
    rooms::Place,
    store::{Comment, NewAudit},
};

/// How often the mark is taken off anew when somebody changed the comment meanwhile.
const TRIES: usize = 3;

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

impl Given {
    /// The text that answers what was asked for, with its way; `None`: it is not there.
    fn answer(&self, asked: Asked) -> Option<(Way, &str)> {
        let text = |given: &'_ Option<String>| given.as_ref().is_some_and(|text| !text.is_empty());
        let way = asked.way(text(&self.proof), text(&self.captcha))?;
        let given = match way {
            Way::Proof => &self.proof,
            Way::Token | Way::Second => &self.captcha,
        };
        Some((way, given.as_deref()?))
    }
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

/// What became of the check of a comment, for its author; `None` where none was asked for.
pub async fn outcome(app: &App, site: &Site, comment: &Comment) -> Result<Option<State>, Error> {
    if comment.reasons.contains(&Reason::StepUpPassed) {
        return Ok(Some(State::Passed));
    }
    let Some(asked) = second_check::asked(&site.captcha, &comment.reasons, comment.created_at) else {
        return Ok(None);
    };
    let is_open = is_open(app, comment, asked).await?;
    Ok(Some(if is_open { State::Open } else { State::Closed }))
}

/// Whether the check of `comment` can still be answered.
pub(super) async fn is_open(app: &App, comment: &Comment, asked: Asked) -> Result<bool, Error> {
    let now = app.clock.now();
    if !asked.is_open(comment.status, now) {
        return Ok(false);
    }
    let keys: Vec<String> = asked.ways().iter().map(|way| way.key(comment.id)).collect();
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
    let asked = second_check::asked(&site.captcha, &comment.reasons, comment.created_at)
        .filter(|asked| asked.is_open(comment.status, now))
        .ok_or(Error::Code(Code::StepUpClosed))?;
    if given.answer(asked).is_none() {
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
        let (way, text) = given.answer(self.asked).ok_or(Error::Code(Code::BadJson))?;
        let key = way.key(comment.id);
        let second = site.second();
        let (passed, found) = match way {
            Way::Proof => {
                take_try(app, comment, key, *now).await?;
                let id = comment.id.to_string();
                (app.captcha.is_step_up_solved(site, &id, text, *now), None)
            }
            Way::Token | Way::Second => {
                let site = match way {
                    Way::Second => second.as_ref().unwrap_or(site),
                    _ => site,
                };
                let form = given.form.as_deref();
                // Whoever finds no place to wait in has lost no try.
                let asking = async {
                    take_try(app, comment, key, *now).await?;
                    verify(app, site, comment, text, form, client).await
                };
                let waited = self.place.outside(&comment.site, asking).await;
                let verdict = waited.ok_or_else(too_many)??;
                if let Verdict::Misconfigured(what) = &verdict {
                    let provider = site.captcha.provider.as_str();
                    tracing::warn!(site = %site.id, provider, what, "a second check is set up wrongly");
                }
                let policy = self.in_force.policy.as_ref().map(|row| &row.policy);
                (second_check::passes(&verdict, policy), Some(found(&verdict)))
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
    let until = now.plus(second_check::REMEMBERED);
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
        let without = second_check::without_mark(&site.captcha, comment.status, &comment.reasons, answered);
        let Some((reasons, replaced)) = without else {
            return Ok(());
        };
        let detail = AuditDetail::StepUp {
            found,
            kind: kind_word,
            replaced,
        };
        let audit = NewAudit {
            id: app.clock.new_id(),
            site: comment.site.clone(),
            at: app.clock.now(),
            actor: Actor::system("step_up"),
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
