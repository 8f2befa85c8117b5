//! An owner tunes the captcha cuts on evidence: figures, preview, a new version, the way back.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use uuid::Uuid;

use super::identify::Identity;
use crate::{
    app::{App, SiteInForce},
    domain::{
        account::{EVERY_SITE, Rights, Role},
        actor::{Actor, ActorKind},
        audit::AuditDetail,
        captcha::explore_ppm,
        code::Code,
        evidence::{BandCounts, LevelCounts, replay},
        policy::{Band, Cuts, Policy},
        refusal::{Doubt, Price, Refused, Rule},
        score::Score,
        timestamp::Timestamp,
    },
    error::Error,
    store::{Changed, NewAudit, PolicyRow},
};

/// Changed comments listed on a page.
pub const CHANGED_PAGE: i64 = 25;

/// The days whose evidence a rule is asked about on, whatever days a page shows.
const DAYS: i64 = 30;

const DAY_MILLISECONDS: i64 = 24 * 3600 * 1000;

/// Versions listed at most.
const HISTORY: i64 = 100;

/// What the site's scores say.
#[derive(Debug)]
pub struct Evidence {
    pub site: Arc<SiteInForce>,
    pub days: i64,
    /// The beginning of the period.
    pub since: Timestamp,
    pub levels: Vec<LevelCounts>,
    /// Comments by verdict class.
    pub verdicts: Vec<(String, i64)>,
}

/// What other cuts would do to the same comments.
#[derive(Debug)]
pub struct Preview {
    pub before: BandCounts,
    pub after: BandCounts,
    /// Comments whose band differs.
    pub changed: i64,
    pub comments: Vec<(Changed, Band, Band)>,
    pub next: Option<Uuid>,
    pub refusal: Refusal,
}

/// What a rule would do to readers, by the comments of the last thirty days.
#[derive(Debug)]
pub struct Refusal {
    pub refused: Refused,
    pub price: Price,
    /// Why applying asks for the site's id; empty: it does not.
    pub doubts: Vec<Doubt>,
}

impl Refusal {
    /// Whether applying asks for the site's id.
    #[must_use]
    pub fn is_asked_about(&self) -> bool {
        !self.doubts.is_empty()
    }
}

/// A rule that is tried.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trial {
    pub cuts: Cuts,
    /// Parts per million; `None` keeps the share in force.
    pub explore_ppm: Option<i64>,
    /// In force from then; `None` = now.
    pub from: Option<Timestamp>,
}

/// A version that is wanted.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// The version it was made from; 0 = there was none.
    pub base: i64,
    pub cuts: Cuts,
    /// Parts per million; `None` keeps the share in force.
    pub explore_ppm: Option<i64>,
    pub note: String,
    /// In force from then; `None` = now.
    pub from: Option<Timestamp>,
    /// The site's id, typed.
    pub confirm: Option<String>,
}

/// A request to go back to an earlier version.
#[derive(Debug, Clone)]
pub struct WayBack {
    /// 0 is the observation that every site begins with.
    pub version: i64,
    /// The newest version.
    pub base: i64,
    pub note: String,
    /// The site's id, typed.
    pub confirm: Option<String>,
}

/// The figures of the last `days` days (1..=365).
///
/// # Errors
/// 404 for a site that is not the caller's; errors of the store.
pub async fn evidence(app: &App, who: &Identity, site: &str, days: i64) -> Result<Evidence, Error> {
    who.may(Role::Moderator, site)?;
    let in_force = app.site(site).await?;
    let days = days.clamp(1, 365);
    let since = since(app, days);
    let provider = in_force.site.captcha.provider.as_str();
    Ok(Evidence {
        levels: app.store.levels(site, provider, since).await?,
        verdicts: app.store.verdict_counts(site, since).await?,
        site: in_force,
        days,
        since,
    })
}

/// Comments of `evidence` that a person approved after the check had held them.
pub async fn held_then_approved(app: &App, evidence: &Evidence) -> Result<i64, Error> {
    let site = &evidence.site.site;
    let provider = site.captcha.provider.as_str();
    Ok(app.store.held_then_approved(&site.id, provider, evidence.since).await?)
}

/// What a rule would do to the comments of `evidence`; changed ones newest first, with an id under `before`.
///
/// # Errors
/// `cuts_cross`; errors of the store.
pub async fn preview(app: &App, evidence: &Evidence, trial: &Trial, before: Option<Uuid>) -> Result<Preview, Error> {
    let cuts = &trial.cuts;
    cuts.check().map_err(|_| Error::Code(Code::CutsCross))?;
    let current = evidence.site.policy.as_ref().map(|row| row.policy.cuts);
    let band_now = |score: Score| current.map_or(Band::Hold, |cuts| cuts.band(score));
    let differing: Vec<&LevelCounts> = evidence
        .levels
        .iter()
        .filter(|row| band_now(row.level) != cuts.band(row.level))
        .collect();
    let levels: Vec<Score> = differing.iter().map(|row| row.level).collect();
    let site = &evidence.site.site;
    let mut found = app
        .store
        .comments_at_levels(
            &site.id,
            site.captcha.provider.as_str(),
            &levels,
            evidence.since,
            before,
            CHANGED_PAGE + 1,
        )
        .await?;
    let page = usize::try_from(CHANGED_PAGE).unwrap_or(0);
    let more = found.len() > page;
    found.truncate(page);
    Ok(Preview {
        before: replay(&evidence.levels, current.as_ref()),
        after: replay(&evidence.levels, Some(cuts)),
        changed: differing.iter().map(|row| row.total).sum(),
        next: found.last().filter(|_| more).map(|changed| changed.id),
        comments: found
            .into_iter()
            .map(|changed| {
                let (before, after) = (band_now(changed.level), cuts.band(changed.level));
                (changed, before, after)
            })
            .collect(),
        refusal: refusal(app, evidence, trial).await?,
    })
}

/// What a rule would do to readers, and why it is asked about. It is measured against the rule that would be in
/// force at its time, so that one for later cannot raise what one for now may not.
async fn refusal(app: &App, evidence: &Evidence, trial: &Trial) -> Result<Refusal, Error> {
    let site = &evidence.site.site;
    let (id, provider) = (&site.id, site.captcha.provider.as_str());
    let now = app.clock.now();
    let since = since(app, DAYS);
    let of_these_days;
    let levels = if evidence.days == DAYS {
        &evidence.levels
    } else {
        of_these_days = app.store.levels(id, provider, since).await?;
        &of_these_days
    };
    let rule = Rule {
        cuts: trial.cuts,
        explore_ppm: share_read(app, id, trial.explore_ppm, now).await?,
    };
    let begins = trial.from.unwrap_or(now).max(now);
    let before = app.store.policy_in_force(id, begins).await?;
    let before = before.map_or_else(Rule::default, |row| Rule {
        cuts: row.policy.cuts,
        explore_ppm: row.policy.explore_ppm,
    });
    let mut doubts = rule.doubts(levels);
    doubts.extend(rule.unknowns(&before, levels));
    let first = app.store.first_scored(id, provider, since).await?;
    let days = first.map_or(DAYS, |first| {
        let lasted = (now.0 - first.0 + DAY_MILLISECONDS - 1) / DAY_MILLISECONDS;
        lasted.clamp(1, DAYS)
    });
    Ok(Refusal {
        refused: if rule.refuses() {
            rule.refused(levels)
        } else {
            Refused::default()
        },
        price: rule.price(levels, days),
        doubts,
    })
}

/// The share of would-be refusals that a person reads: the one wanted, else that in force, else the usual one.
async fn share_read(app: &App, site: &str, wanted: Option<i64>, now: Timestamp) -> Result<i64, Error> {
    if let Some(wanted) = wanted {
        return Ok(wanted);
    }
    let in_force = app.store.policy_in_force(site, now).await?;
    Ok(in_force.map_or_else(|| explore_ppm(None), |row| row.policy.explore_ppm))
}

/// The versions, newest first.
///
/// # Errors
/// 404 for a site that is not the caller's; errors of the store.
pub async fn history(app: &App, who: &Identity, site: &str) -> Result<Vec<PolicyRow>, Error> {
    who.may(Role::Moderator, site)?;
    app.site(site).await?;
    Ok(app.store.policies(site, HISTORY).await?)
}

/// Makes a new version.
///
/// # Errors
/// 409 when `base` is not the newest; `cuts_cross`, `confirm_needed`; role and site; the store.
pub async fn apply(app: &App, who: &Identity, site: &str, wanted: NewPolicy) -> Result<PolicyRow, Error> {
    who.may(Role::Owner, site)?;
    let evidence = evidence(app, who, site, DAYS).await?;
    wanted.cuts.check().map_err(|_| Error::Code(Code::CutsCross))?;
    check_base(app, site, wanted.base).await?;
    let trial = Trial {
        cuts: wanted.cuts,
        explore_ppm: wanted.explore_ppm,
        from: wanted.from,
    };
    let preview = preview(app, &evidence, &trial, None).await?;
    check_confirmed(site, &preview.refusal.doubts, wanted.confirm.as_deref())?;
    add(app, who, site, wanted, &preview).await
}

/// The rule that going back to a version would bring. To 0 it is the observation that every site begins with.
///
/// # Errors
/// 404 without such a version; role and site.
pub async fn rule_of(app: &App, who: &Identity, site: &str, version: i64) -> Result<Trial, Error> {
    who.may(Role::Moderator, site)?;
    if version == 0 {
        return Ok(Trial::default());
    }
    let row = app.store.policy(site, version).await?.ok_or_else(Error::not_found)?;
    Ok(Trial {
        cuts: row.policy.cuts,
        explore_ppm: Some(row.policy.explore_ppm),
        from: None,
    })
}

/// Why going back to a rule asks for the site's id: what the evidence of today says against it. What was not
/// known when it was made was typed for then.
#[must_use]
pub fn doubts_of_going_back(refusal: &Refusal) -> Vec<Doubt> {
    let mut doubts = refusal.doubts.clone();
    doubts.retain(|doubt| matches!(doubt, Doubt::Published | Doubt::Most));
    doubts
}

/// Makes a new version with exactly the rules of an earlier one, or without any.
///
/// # Errors
/// 404 without such a version; 409 when `base` is not the newest; `confirm_needed`; role and
/// site.
pub async fn revert(app: &App, who: &Identity, site: &str, wanted: WayBack) -> Result<PolicyRow, Error> {
    who.may(Role::Owner, site)?;
    let trial = rule_of(app, who, site, wanted.version).await?;
    check_base(app, site, wanted.base).await?;
    let evidence = evidence(app, who, site, DAYS).await?;
    let preview = preview(app, &evidence, &trial, None).await?;
    check_confirmed(site, &doubts_of_going_back(&preview.refusal), wanted.confirm.as_deref())?;
    let wanted = NewPolicy {
        base: wanted.base,
        cuts: trial.cuts,
        explore_ppm: trial.explore_ppm,
        note: wanted.note,
        from: None,
        confirm: None,
    };
    add(app, who, site, wanted, &preview).await
}

/// Whoever began from an older version is told so before anything is asked of them.
async fn check_base(app: &App, site: &str, base: i64) -> Result<(), Error> {
    let newest = app.store.policies(site, 1).await?;
    if newest.first().map_or(0, |row| row.policy.version) == base {
        Ok(())
    } else {
        Err(Error::Code(Code::Conflict))
    }
}

fn check_confirmed(site: &str, doubts: &[Doubt], typed: Option<&str>) -> Result<(), Error> {
    if doubts.is_empty() || typed.map(str::trim) == Some(site) {
        Ok(())
    } else {
        Err(Error::Code(Code::ConfirmNeeded))
    }
}

/// The newest version of a site whose rule in force can be taken back by somebody; `None`: the site observes, or
/// they may not.
pub async fn rule_to_take_back(app: &App, who: &Identity, site: &str) -> Result<Option<i64>, Error> {
    if who.may(Role::Owner, site).is_err() {
        return Ok(None);
    }
    let in_force = app.store.policy_in_force(site, app.clock.now()).await?;
    if in_force.is_none_or(|row| row.policy.cuts == Cuts::default()) {
        return Ok(None);
    }
    let newest = app.store.policies(site, 1).await?;
    Ok(newest.first().map(|row| row.policy.version))
}

/// Sets a site to observe from the command line: a new version without cuts.
///
/// # Errors
/// 404 for a site that is not there; a conflict when somebody was first; the store.
pub async fn observe(app: &App, site: &str) -> Result<PolicyRow, Error> {
    let actor = Actor {
        kind: ActorKind::System,
        id: "command-line".to_owned(),
        name: "palabre captcha observe".to_owned(),
    };
    let who = Identity::new(actor, Rights::on(Role::Owner, [EVERY_SITE]), None);
    let newest = app
        .store
        .policies(site, 1)
        .await?
        .first()
        .map_or(0, |row| row.policy.version);
    let wanted = NewPolicy {
        base: newest,
        cuts: Cuts::default(),
        explore_ppm: None,
        note: String::new(),
        from: None,
        confirm: None,
    };
    apply(app, &who, site, wanted).await
}

async fn add(app: &App, who: &Identity, site: &str, wanted: NewPolicy, preview: &Preview) -> Result<PolicyRow, Error> {
    if wanted.note.chars().count() > 500 {
        return Err(Error::Code(Code::TooLarge));
    }
    let now = app.clock.now();
    let row = PolicyRow {
        policy: Policy {
            version: wanted.base + 1,
            cuts: wanted.cuts,
            explore_ppm: share_read(app, site, wanted.explore_ppm, now).await?,
        },
        base: wanted.base,
        author: who.actor.name.clone(),
        note: wanted.note,
        forecast: serde_json::to_string(&Forecast::of(preview)).unwrap_or_default(),
        from: wanted.from.unwrap_or(now).max(now),
        at: now,
    };
    let detail = AuditDetail::Policy {
        base: Some(row.base),
        cuts: row.policy.cuts.into(),
        version: row.policy.version,
    };
    let audit = NewAudit {
        id: app.clock.new_id(),
        site: site.to_owned(),
        at: now,
        actor: who.actor.clone(),
        action: "policy",
        comment: None,
        from_status: None,
        to_status: None,
        detail: Some(detail.text()),
    };
    let added = app.store.add_policy(site, row.clone(), audit).await?;
    app.forget_sites();
    if added {
        Ok(row)
    } else {
        Err(Error::Code(Code::Conflict))
    }
}

/// What a version is expected to do, in the figures of the day it was made.
#[derive(Serialize)]
struct Forecast {
    changed: i64,
    held: i64,
    published: i64,
    refused: i64,
    step_up: i64,
}

impl Forecast {
    fn of(preview: &Preview) -> Self {
        let counts = preview.after;
        Self {
            changed: preview.changed,
            held: counts.hold,
            published: counts.publish,
            refused: counts.refuse,
            step_up: counts.step_up,
        }
    }
}

fn since(app: &App, days: i64) -> Timestamp {
    let days = u64::try_from(days).unwrap_or(30);
    app.clock.now().minus(Duration::from_hours(24 * days))
}
