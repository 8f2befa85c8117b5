//! An owner tunes the captcha cuts on evidence: figures, preview, a new version, the way back.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::identify::Identity;
use crate::{
    app::{App, SiteInForce},
    domain::{
        account::{EVERY_SITE, Rights, Role},
        captcha::explore_ppm,
        evidence::{BandCounts, LevelCounts, replay},
        policy::{Band, Cuts, Policy},
        score::Score,
        timestamp::Timestamp,
    },
    error::Error,
    store::{Actor, Changed, NewAudit, PolicyRow},
};

/// Changed comments listed on a page.
pub const CHANGED_PAGE: i64 = 25;

/// A refusal on a level with fewer decided comments than this needs the site's id typed.
const FEW_VERDICTS: i64 = 30;

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
    /// A level that would be refused has too few verdicts: applying asks for the site's id.
    pub asks_confirmation: bool,
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

/// The figures of the last `days` days (1..=365).
///
/// # Errors
/// [`Error::NotFound`] for a site that is not the caller's; errors of the store.
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

/// What `cuts` would do to the comments of `evidence`; changed ones newest first, with an id under
/// `before`.
///
/// # Errors
/// `cuts_cross`; errors of the store.
pub async fn preview(app: &App, evidence: &Evidence, cuts: &Cuts, before: Option<Uuid>) -> Result<Preview, Error> {
    cuts.check().map_err(|_| Error::Unprocessable("cuts_cross"))?;
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
        asks_confirmation: asks_confirmation(evidence, cuts, current.as_ref()),
    })
}

/// Whether `cuts` refuse a level that the cuts in force do not and that has few verdicts, or refuse
/// levels that nobody has seen yet.
fn asks_confirmation(evidence: &Evidence, cuts: &Cuts, current: Option<&Cuts>) -> bool {
    let Some(refuse_below) = cuts.refuse_below.filter(|cut| cut.thousandths() > 0) else {
        return false;
    };
    let before = current.and_then(|cuts| cuts.refuse_below).map_or(0, Score::thousandths);
    if refuse_below.thousandths() <= before {
        return false;
    }
    let refused: Vec<_> = evidence.levels.iter().filter(|row| row.level < refuse_below).collect();
    refused.is_empty() || refused.iter().any(|row| row.labelled() < FEW_VERDICTS)
}

/// The versions, newest first.
///
/// # Errors
/// [`Error::NotFound`] for a site that is not the caller's; errors of the store.
pub async fn history(app: &App, who: &Identity, site: &str) -> Result<Vec<PolicyRow>, Error> {
    who.may(Role::Moderator, site)?;
    app.site(site).await?;
    Ok(app.store.policies(site, HISTORY).await?)
}

/// Makes a new version.
///
/// # Errors
/// `cuts_cross`, `confirm_needed`, 409 when `base` is not the newest; role and site; the store.
pub async fn apply(app: &App, who: &Identity, site: &str, wanted: NewPolicy) -> Result<PolicyRow, Error> {
    who.may(Role::Owner, site)?;
    let evidence = evidence(app, who, site, 30).await?;
    let preview = preview(app, &evidence, &wanted.cuts, None).await?;
    if preview.asks_confirmation && wanted.confirm.as_deref().map(str::trim) != Some(site) {
        return Err(Error::Unprocessable("confirm_needed"));
    }
    add(app, who, site, wanted, &preview).await
}

/// Makes a new version with exactly the rules of version `n`.
///
/// # Errors
/// [`Error::NotFound`] without such a version; 409 when `base` is not the newest; role and site.
pub async fn revert(
    app: &App,
    who: &Identity,
    site: &str,
    n: i64,
    base: i64,
    note: String,
) -> Result<PolicyRow, Error> {
    who.may(Role::Owner, site)?;
    let row = app.store.policy(site, n).await?.ok_or_else(Error::not_found)?;
    let evidence = evidence(app, who, site, 30).await?;
    let preview = preview(app, &evidence, &row.policy.cuts, None).await?;
    let wanted = NewPolicy {
        base,
        cuts: row.policy.cuts,
        explore_ppm: Some(row.policy.explore_ppm),
        note,
        from: None,
        confirm: None,
    };
    add(app, who, site, wanted, &preview).await
}

/// Sets a site to observe from the command line: a new version without cuts.
///
/// # Errors
/// [`Error::NotFound`] for a site that is not there; a conflict when somebody was first; the store.
pub async fn observe(app: &App, site: &str) -> Result<PolicyRow, Error> {
    let actor = Actor {
        kind: "system",
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
        return Err(Error::Http(413, "too_large"));
    }
    let now = app.clock.now();
    let in_force = app.store.policy_in_force(site, now).await?;
    let kept = in_force.map_or_else(|| explore_ppm(None), |row| row.policy.explore_ppm);
    let row = PolicyRow {
        policy: Policy {
            version: wanted.base + 1,
            cuts: wanted.cuts,
            explore_ppm: wanted.explore_ppm.unwrap_or(kept),
        },
        base: wanted.base,
        author: who.actor.name.clone(),
        note: wanted.note,
        forecast: forecast(preview),
        from: wanted.from.unwrap_or(now).max(now),
        at: now,
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
        detail: serde_json::to_string(&serde_json::json!({
            "version": row.policy.version, "base": row.base, "cuts": row.policy.cuts,
        }))
        .ok(),
    };
    let added = app.store.add_policy(site, row.clone(), audit).await?;
    app.forget_sites();
    if added {
        Ok(row)
    } else {
        Err(Error::conflict("conflict"))
    }
}

/// What the version is expected to do, in the figures of the day it was made.
fn forecast(preview: &Preview) -> String {
    let counts = preview.after;
    serde_json::json!({
        "published": counts.publish, "held": counts.hold, "step_up": counts.step_up, "refused": counts.refuse,
        "changed": preview.changed,
    })
    .to_string()
}

fn since(app: &App, days: i64) -> Timestamp {
    let days = u64::try_from(days).unwrap_or(30);
    app.clock.now().minus(Duration::from_hours(24 * days))
}
