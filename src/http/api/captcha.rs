//! Owners: what the scores say, what other cuts would do, versions of the policy.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    comments::{field_error, no_store},
    schema,
};
use crate::{
    actions::tune::{self, NewPolicy, Preview, Trial, WayBack},
    app::App,
    domain::{
        captcha::explore_ppm,
        evidence::{BandCounts, Interval, LevelCounts},
        policy::{Band, Cuts},
        refusal::{Doubt, Refused},
        score::Score,
        timestamp::Timestamp,
    },
    error::Error,
    http::{
        body::Fields,
        error::Problem,
        extract::{Query, Who},
        shape,
    },
    store::{Changed, PolicyRow},
};

/// The levels seen, with what became of their comments.
#[utoipa::path(get, path = "/sites/{site}/captcha/evidence", tag = "owners",
    params(("site" = String, Path), ("days" = Option<i64>, Query, description = "1 to 365, default 30")),
    responses((status = 200, description = "levels with share and Wilson 95 % interval, verdicts by class", body = schema::Evidence),
        (status = 404, description = "not_found")))]
pub(crate) async fn evidence(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let days = days(&query.0)?;
    let evidence = tune::evidence(&app, &who, &site, days).await?;
    let verdicts: Map<String, Value> = evidence
        .verdicts
        .iter()
        .map(|(class, count)| (class.clone(), (*count).into()))
        .collect();
    let body = json!({
        "site": site,
        "provider": evidence.site.site.captcha.provider.as_str(),
        "days": evidence.days,
        "levels": evidence.levels.iter().map(level_json).collect::<Vec<_>>(),
        "verdicts": verdicts,
        "policy": evidence.site.policy.as_ref().map(policy_json),
    });
    Ok(no_store(Json(body).into_response()))
}

fn level_json(row: &LevelCounts) -> Value {
    let human = row.human_share();
    json!({
        "level": row.level,
        "total": row.total,
        "outcomes": {
            "publish": row.published, "hold": row.held, "step_up": row.stepped_up, "refuse": row.refused,
        },
        "approved": row.approved,
        "rejected": row.rejected,
        "spam": row.spam,
        "share": human.share,
        "low": human.low,
        "high": human.high,
        "human_share": share_json(human),
        "approved_share": share_json(row.approved_share()),
    })
}

fn share_json(interval: Interval) -> Value {
    json!({"share": interval.share, "low": interval.low, "high": interval.high})
}

/// What other cuts would have done to the same comments.
#[utoipa::path(post, path = "/sites/{site}/captcha/preview", tag = "owners", params(("site" = String, Path)),
    request_body = schema::Trial,
    responses((status = 200, description = "counts before and after, changed, comments, next", body = schema::Preview),
        (status = 422, description = "cuts_cross, cuts_bad")))]
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read_as(request, shape::TRIAL).await?;
    let days = days(&fields)?;
    let trial = trial(&fields)?;
    let after = match fields.first_of(&["after"])? {
        None => None,
        Some(id) => Some(Uuid::parse_str(&id).map_err(|_| field_error("after", "after_bad"))?),
    };
    let evidence = tune::evidence(&app, &who, &site, days).await?;
    let preview = tune::preview(&app, &evidence, &trial, after).await?;
    Ok(no_store(Json(preview_json(&preview, &trial.cuts)).into_response()))
}

fn preview_json(preview: &Preview, cuts: &Cuts) -> Value {
    json!({
        "cuts": cuts,
        "counts": {"before": counts_json(preview.before), "after": counts_json(preview.after)},
        "changed": preview.changed,
        "confirm_needed": preview.refusal.is_asked_about(),
        "confirm_why": preview.refusal.doubts.iter().copied().map(Doubt::as_str).collect::<Vec<_>>(),
        "refused": refused_json(preview.refusal.refused),
        "comments": preview.comments.iter().map(|(changed, before, after)| changed_json(changed, *before, *after))
            .collect::<Vec<_>>(),
        "next": preview.next,
    })
}

fn refused_json(refused: Refused) -> Value {
    json!({
        "total": refused.total, "approved": refused.approved, "rejected": refused.rejected, "spam": refused.spam,
        "undecided": refused.undecided(),
    })
}

fn counts_json(counts: BandCounts) -> Value {
    json!({"publish": counts.publish, "hold": counts.hold, "step_up": counts.step_up, "refuse": counts.refuse})
}

fn changed_json(changed: &Changed, before: Band, after: Band) -> Value {
    json!({
        "id": changed.id,
        "before": band_word(before),
        "after": band_word(after),
        "level": changed.level,
        "status": changed.status,
        "label": changed.label,
        "name": changed.name,
        "excerpt": crate::domain::markup::excerpt(&changed.body, 140),
        "created_at": changed.created_at,
    })
}

fn band_word(band: Band) -> &'static str {
    match band {
        Band::Refuse => "refuse",
        Band::StepUp => "step_up",
        Band::Hold => "hold",
        Band::Publish => "publish",
    }
}

/// The versions of the policy, newest first.
#[utoipa::path(get, path = "/sites/{site}/captcha/policies", tag = "owners", params(("site" = String, Path)),
    responses((status = 200, description = "policies, newest first", body = schema::Policies), (status = 404, description = "not_found")))]
pub(crate) async fn policies(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    _: Query,
) -> Result<Response, Problem> {
    let history = tune::history(&app, &who, &site).await?;
    let body = json!({"policies": history.iter().map(policy_json).collect::<Vec<_>>()});
    Ok(no_store(Json(body).into_response()))
}

/// A new, immutable version.
#[utoipa::path(post, path = "/sites/{site}/captcha/policies", tag = "owners", params(("site" = String, Path)),
    request_body = schema::NewPolicy,
    responses((status = 201, description = "the new version", body = schema::Policy),
        (status = 403, description = "forbidden: owners only"),
        (status = 409, description = "conflict: base is not the newest version"),
        (status = 422, description = "cuts_cross, cuts_bad, confirm_needed")))]
pub(crate) async fn add_policy(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read_as(request, shape::NEW_POLICY).await?;
    let wanted = new_policy(&fields)?;
    let row = tune::apply(&app, &who, &site, wanted).await?;
    Ok((StatusCode::CREATED, no_store(Json(policy_json(&row)).into_response())).into_response())
}

fn trial(fields: &Fields) -> Result<Trial, Error> {
    let explore = match fields.value("explore") {
        None => None,
        Some(value) => Some(score(value).ok_or_else(|| field_error("explore", "cuts_bad"))?),
    };
    let from = match fields.first_of(&["from"])? {
        None => None,
        Some(text) => Some(Timestamp::parse_rfc3339(&text).ok_or_else(|| field_error("from", "from_bad"))?),
    };
    Ok(Trial {
        cuts: cuts(fields)?,
        explore_ppm: explore.map(|share| explore_ppm(Some(share))),
        from,
    })
}

fn new_policy(fields: &Fields) -> Result<NewPolicy, Error> {
    let trial = trial(fields)?;
    Ok(NewPolicy {
        base: fields.integer("base")?.unwrap_or(0),
        cuts: trial.cuts,
        explore_ppm: trial.explore_ppm,
        note: fields.text("note")?,
        from: trial.from,
        confirm: fields.first_of(&["confirm"])?,
    })
}

/// Makes a new version with the rules of an earlier one; 0 is observing, which holds everything.
#[utoipa::path(post, path = "/sites/{site}/captcha/policies/{n}/revert", tag = "owners",
    params(("site" = String, Path), ("n" = i64, Path)),
    request_body = schema::Revert,
    responses((status = 201, description = "the new version", body = schema::Policy), (status = 404, description = "not_found"),
        (status = 409, description = "conflict: base is not the newest version"),
        (status = 422, description = "confirm_needed")))]
pub(crate) async fn revert(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path((site, n)): Path<(String, String)>,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let n = n.parse().map_err(|_| Error::not_found())?;
    let fields = Fields::read_as(request, shape::REVERT).await?;
    let wanted = way_back(&fields, n)?;
    let row = tune::revert(&app, &who, &site, wanted).await?;
    Ok((StatusCode::CREATED, no_store(Json(policy_json(&row)).into_response())).into_response())
}

/// The wish to go back to a version that a body names the rest of.
///
/// # Errors
/// `bad_json` for a field of another type.
pub(in crate::http) fn way_back(fields: &Fields, version: i64) -> Result<WayBack, Error> {
    Ok(WayBack {
        version,
        base: fields.integer("base")?.unwrap_or(0),
        note: fields.text("note")?,
        confirm: fields.first_of(&["confirm"])?,
    })
}

fn policy_json(row: &PolicyRow) -> Value {
    json!({
        "version": row.policy.version,
        "base": row.base,
        "cuts": row.policy.cuts,
        "explore": Score::from_thousandths(row.policy.explore_ppm / 1000),
        "author": row.author,
        "note": row.note,
        "forecast": serde_json::from_str::<Value>(&row.forecast).unwrap_or(Value::Null),
        "from": row.from,
        "at": row.at,
    })
}

/// The cuts of a body: an object `cuts`, absent or null cuts being absent.
fn cuts(fields: &Fields) -> Result<Cuts, Error> {
    let bad = || field_error("cuts", "cuts_bad");
    let Some(object) = fields.value("cuts") else {
        return Err(bad());
    };
    let object = object.as_object().ok_or_else(bad)?;
    let cut = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => score(value).map(Some).ok_or_else(bad),
    };
    Ok(Cuts {
        publish_from: cut("publish_from")?,
        step_up_below: cut("step_up_below")?,
        refuse_below: cut("refuse_below")?,
    })
}

fn score(value: &Value) -> Option<Score> {
    value.as_f64().and_then(Score::from_decimal)
}

fn days(fields: &Fields) -> Result<i64, Error> {
    match fields.integer("days") {
        Ok(days) => Some(days.unwrap_or(30)).filter(|days| (1..=365).contains(days)),
        Err(_) => None,
    }
    .ok_or_else(|| field_error("days", "days_bad"))
}
