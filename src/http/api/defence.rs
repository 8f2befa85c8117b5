//! Owners: how the check of a site holds, and a test of its keys.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    comments::{field_error, no_store},
    schema,
};
use crate::{
    actions::defend::{self, Cause, DAYS_MAX, Day, Defence, KeyTest},
    app::App,
    domain::{
        defence::{Fault, Waits, share},
        score::Score,
    },
    error::Error,
    http::{
        error::Problem,
        extract::{Query, RequestLanguage, Who},
    },
    web::defence::test_sentence,
};

/// What became of the checks: answers, causes of missing ones, waits, foreign hosts, quota, faults.
#[utoipa::path(get, path = "/sites/{site}/captcha/defence", tag = "owners",
    params(("site" = String, Path), ("days" = Option<i64>, Query, description = "1 to 90, default 30")),
    responses((status = 200, description = "how the check of the site holds", body = schema::Defence),
        (status = 404, description = "not_found"), (status = 422, description = "days_bad")))]
pub(crate) async fn defence(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let days = days(&query)?;
    let defence = defend::defence(&app, &who, &site, days).await?;
    Ok(no_store(Json(defence_json(&defence)).into_response()))
}

fn days(query: &Query) -> Result<i64, Error> {
    match query.0.integer("days") {
        Ok(days) => Some(days.unwrap_or(30)).filter(|days| (1..=DAYS_MAX).contains(days)),
        Err(_) => None,
    }
    .ok_or_else(|| field_error("days", "days_bad"))
}

fn defence_json(defence: &Defence) -> Value {
    let tally = &defence.tally;
    let provider = defence.site.site.captcha.provider;
    let of_all = |count: i64| Score::from_thousandths(share(count, tally.total));
    json!({
        "site": defence.site.site.id,
        "provider": provider.as_str(),
        "days": defence.days,
        "since": defence.since,
        "standing": defence.standing.as_str(),
        "total": tally.total,
        "answered": tally.answered,
        "without_token": tally.without_token,
        "unavailable": tally.unavailable,
        "misconfigured": tally.misconfigured,
        "missing_share": of_all(defence.missing),
        "expired_share": of_all(defence.expired),
        "latency": latency_json(defence.waits),
        "by_day": defence.by_day.iter().map(day_json).collect::<Vec<_>>(),
        "causes": defence.causes.iter().map(cause_json).collect::<Vec<_>>(),
        "hosts": defence.hosts.seen.iter().map(|(host, count)| json!({"host": host, "count": count}))
            .collect::<Vec<_>>(),
        "calls_this_month": defence.calls_this_month,
        "free_calls": defence.free_calls,
        "breaker": provider.is_outside().then_some(if defence.is_paused { "open" } else { "closed" }),
        "faults": defence.faults.iter().map(fault_json).collect::<Vec<_>>(),
        "levels": defence.levels,
        "new_levels": defence.new_levels,
    })
}

fn latency_json(waits: Option<Waits>) -> Value {
    waits.map_or(
        Value::Null,
        |waits| json!({"count": waits.count, "p50_ms": waits.p50_ms, "p95_ms": waits.p95_ms}),
    )
}

fn day_json(day: &Day) -> Value {
    let mut verdicts: Map<String, Value> = Map::new();
    let mut details: Map<String, Value> = Map::new();
    for row in &day.verdicts {
        let (counts, key) = match &row.detail {
            Some(detail) => (&mut details, detail),
            None => (&mut verdicts, &row.verdict),
        };
        counts.insert(key.clone(), row.count.into());
        if row.detail.is_some() {
            let before = verdicts.get(&row.verdict).and_then(Value::as_i64).unwrap_or(0);
            verdicts.insert(row.verdict.clone(), (before + row.count).into());
        }
    }
    json!({
        "day": day.at.to_rfc3339().chars().take(10).collect::<String>(),
        "provider": day.provider,
        "total": day.tally.total,
        "answered": day.tally.answered,
        "verdicts": verdicts,
        "details": details,
        "latency": latency_json(day.waits),
    })
}

fn cause_json(cause: &Cause) -> Value {
    json!({"verdict": cause.verdict, "detail": cause.detail, "side": cause.side.as_str(), "count": cause.count})
}

fn fault_json(fault: &Fault) -> Value {
    match fault {
        Fault::Misconfigured(seen) => {
            json!({"code": fault.code(), "detail": seen.detail, "count": seen.count, "at": seen.at})
        }
        Fault::Undelivered(count) => {
            json!({"code": fault.code(), "detail": null, "count": count, "at": null})
        }
        Fault::TestKey | Fault::AddressUnvouched => {
            json!({"code": fault.code(), "detail": null, "count": null, "at": null})
        }
    }
}

/// Asks the site's provider about a token that nobody minted, to learn whether it answers and knows the
/// secret.
#[utoipa::path(post, path = "/sites/{site}/captcha/test", tag = "owners", params(("site" = String, Path)),
    responses((status = 200, description = "what the provider said", body = schema::KeyTest),
        (status = 403, description = "forbidden: owners only"), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    RequestLanguage(language): RequestLanguage,
) -> Result<Response, Problem> {
    let tests = defend::test_keys(&app, &who, &site).await?;
    let mut answers = tests.iter().map(|KeyTest { provider, said }| {
        json!({
            "site": site,
            "provider": provider.as_str(),
            "result": said.code(),
            "detail": said.detail(),
            "message": test_sentence(language, provider.as_str(), said.code(), said.detail()),
        })
    });
    let mut body = answers.next().unwrap_or_default();
    if let Some(second) = answers.next() {
        body["second"] = second;
    }
    Ok(no_store(Json(body).into_response()))
}
