//! Owners: what the scores say, what other cuts would do, versions of the policy.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

pub(crate) use super::policy::Revert;
use super::{
    levels::Evidence,
    policy::{NewPolicy, Policies, Policy},
    preview::{Preview, Trial},
};
use crate::{
    actions::thresholds,
    app::App,
    domain::code::Code,
    error::Error,
    http::{
        error::Problem,
        page::no_store,
        request::{
            body::Fields,
            extract::{Path, Query, Who},
        },
    },
};

/// The levels seen, with what became of their comments.
#[utoipa::path(get, path = "/sites/{site}/captcha/evidence", tag = "owners",
    params(("site" = String, Path), ("days" = Option<i64>, Query, description = "1 to 365, default 30")),
    responses((status = 200, description = "levels with share and Wilson 95 % interval, verdicts by class", body = Evidence<'_>),
        (status = 404, description = "not_found")))]
pub(crate) async fn evidence(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let days = query.0.integer("days").unwrap_or(Some(0));
    let days = self::days(days)?;
    let evidence = thresholds::evidence(&app, &who, &site, days).await?;
    Ok(no_store(Json(Evidence::of(&evidence)).into_response()))
}

/// What other cuts would have done to the same comments.
#[utoipa::path(post, path = "/sites/{site}/captcha/preview", tag = "owners", params(("site" = String, Path)),
    request_body = Trial,
    responses((status = 200, description = "counts before and after, changed, comments, next", body = Preview<'_>),
        (status = 422, description = "cuts_cross, cuts_bad")))]
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let sent: Trial = Fields::read_as(request).await?;
    let days = days(sent.days)?;
    let trial = sent.parse()?;
    let after = match sent.after.filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => Some(Uuid::parse_str(&id).map_err(|_| Error::field("after", Code::AfterBad))?),
    };
    let evidence = thresholds::evidence(&app, &who, &site, days).await?;
    let preview = thresholds::preview(&app, &evidence, &trial, after).await?;
    Ok(no_store(Json(Preview::of(&preview, &trial.cuts)).into_response()))
}

/// The versions of the policy, newest first.
#[utoipa::path(get, path = "/sites/{site}/captcha/policies", tag = "owners", params(("site" = String, Path)),
    responses((status = 200, description = "policies, newest first", body = Policies<'_>), (status = 404, description = "not_found")))]
pub(crate) async fn policies(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    _: Query,
) -> Result<Response, Problem> {
    let history = thresholds::history(&app, &who, &site).await?;
    let policies = history.iter().map(Policy::of).collect();
    Ok(no_store(Json(Policies { policies }).into_response()))
}

/// A new, immutable version.
#[utoipa::path(post, path = "/sites/{site}/captcha/policies", tag = "owners", params(("site" = String, Path)),
    request_body = NewPolicy,
    responses((status = 201, description = "the new version", body = Policy<'_>),
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
    let sent: NewPolicy = Fields::read_as(request).await?;
    let wanted = sent.parse()?;
    let row = thresholds::apply(&app, &who, &site, wanted).await?;
    Ok((StatusCode::CREATED, no_store(Json(Policy::of(&row)).into_response())).into_response())
}

/// Makes a new version with the rules of an earlier one; 0 is observing, which holds everything.
#[utoipa::path(post, path = "/sites/{site}/captcha/policies/{n}/revert", tag = "owners",
    params(("site" = String, Path), ("n" = i64, Path)),
    request_body = Revert,
    responses((status = 201, description = "the new version", body = Policy<'_>), (status = 404, description = "not_found"),
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
    let sent: Revert = Fields::read_as(request).await?;
    let row = thresholds::revert(&app, &who, &site, sent.parse(n)).await?;
    Ok((StatusCode::CREATED, no_store(Json(Policy::of(&row)).into_response())).into_response())
}

fn days(days: Option<i64>) -> Result<i64, Error> {
    let days = days.unwrap_or(30);
    if (1..=365).contains(&days) {
        Ok(days)
    } else {
        Err(Error::field("days", Code::DaysBad))
    }
}
