//! Owners: how the check of a site holds, and a test of its keys.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    actions::defend::{self, DAYS_MAX},
    app::App,
    domain::{code::Code, defence as measured, defence::share, language::Language, score::Score, timestamp::Timestamp},
    error::Error,
    http::{
        error::Problem,
        page::no_store,
        request::extract::{Path, Query, RequestLanguage, Who},
    },
    web::defence::test_sentence,
};

/// What became of the checks: answers, causes of missing ones, waits, foreign hosts, quota, faults.
#[utoipa::path(get, path = "/sites/{site}/captcha/defence", tag = "owners",
    params(("site" = String, Path), ("days" = Option<i64>, Query, description = "1 to 90, default 30")),
    responses((status = 200, description = "how the check of the site holds", body = Defence<'_>),
        (status = 404, description = "not_found"), (status = 422, description = "days_bad")))]
pub(crate) async fn defence(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let days = days(&query)?;
    let defence = defend::defence(&app, &who, &site, days).await?;
    Ok(no_store(Json(Defence::of(&defence)).into_response()))
}

fn days(query: &Query) -> Result<i64, Error> {
    match query.0.integer("days") {
        Ok(days) => Some(days.unwrap_or(30)).filter(|days| (1..=DAYS_MAX).contains(days)),
        Err(_) => None,
    }
    .ok_or_else(|| Error::field("days", Code::DaysBad))
}

/// How the check of a site holds.
#[derive(Serialize, ToSchema)]
struct Defence<'a> {
    /// With a score, a yes or a no.
    answered: i64,
    /// open while calls to the provider pause; null where nobody outside is asked.
    breaker: Option<&'static str>,
    /// Newest first, one entry for each provider of a day.
    by_day: Vec<DefenceDay<'a>>,
    /// Calls to the provider in this calendar month (UTC).
    calls_this_month: i64,
    /// Why comments have no answer, most frequent first.
    causes: Vec<Cause<'a>>,
    /// 1 to 90.
    days: i64,
    /// Comments whose token had expired, 0 to 1.
    #[schema(value_type = f64)]
    expired_share: Option<Score>,
    /// What is wrong with the set-up now.
    faults: Vec<Fault<'a>>,
    /// Calls a month that cost nothing; null where the provider names no figure.
    free_calls: Option<i64>,
    /// Foreign hosts that tokens were minted on: ten at most, most frequent first; empty = not named.
    hosts: Vec<ForeignHost<'a>>,
    latency: Option<Latency>,
    /// Scores that were really returned, rising.
    #[schema(value_type = Vec<f64>)]
    levels: &'a [Score],
    /// The provider did not accept our set-up.
    misconfigured: i64,
    /// Comments whose token was missing, 0 to 1.
    #[schema(value_type = f64)]
    missing_share: Option<Score>,
    /// Levels of the last week that the key did not return before.
    #[schema(value_type = Vec<f64>)]
    new_levels: &'a [Score],
    /// The provider in force; all figures but `by_day` and `hosts` are its own.
    provider: &'static str,
    #[schema(value_type = String)]
    since: Timestamp,
    site: &'a str,
    /// unseen, works, partly or down.
    standing: &'static str,
    /// Comments of the period.
    total: i64,
    /// The provider gave no usable answer.
    unavailable: i64,
    /// Without a token that counts: there was nothing to ask about.
    without_token: i64,
}

impl<'a> Defence<'a> {
    fn of(defence: &'a defend::Defence) -> Self {
        let tally = &defence.tally;
        let provider = defence.site.site.captcha.provider;
        let of_all = |count: i64| Score::from_thousandths(share(count, tally.total));
        let hosts = defence.hosts.seen.iter();
        Self {
            answered: tally.answered,
            breaker: provider
                .is_outside()
                .then_some(if defence.is_paused { "open" } else { "closed" }),
            by_day: defence.by_day.iter().map(DefenceDay::of).collect(),
            calls_this_month: defence.calls_this_month,
            causes: defence.causes.iter().map(Cause::of).collect(),
            days: defence.days,
            expired_share: of_all(defence.expired),
            faults: defence.faults.iter().map(Fault::of).collect(),
            free_calls: defence.free_calls,
            hosts: hosts.map(|(host, count)| ForeignHost { count: *count, host }).collect(),
            latency: defence.waits.map(Latency::of),
            levels: &defence.levels,
            misconfigured: tally.misconfigured,
            missing_share: of_all(defence.missing),
            new_levels: &defence.new_levels,
            provider: provider.as_str(),
            since: defence.since,
            site: &defence.site.site.id,
            standing: defence.standing.as_str(),
            total: tally.total,
            unavailable: tally.unavailable,
            without_token: tally.without_token,
        }
    }
}

/// How long the provider was waited for, in steps of ten milliseconds.
#[derive(Serialize, ToSchema)]
struct Latency {
    count: i64,
    p50_ms: i64,
    p95_ms: i64,
}

impl Latency {
    fn of(waits: measured::Waits) -> Self {
        Self {
            count: waits.count,
            p50_ms: waits.p50_ms,
            p95_ms: waits.p95_ms,
        }
    }
}

/// One day (UTC) of one provider.
#[derive(Serialize, ToSchema)]
struct DefenceDay<'a> {
    answered: i64,
    /// 2026-11-24
    day: String,
    /// Comments by what the verdict leaves open: missing, expired, timeout, quota…
    details: BTreeMap<&'a str, i64>,
    latency: Option<Latency>,
    provider: &'a str,
    total: i64,
    /// Comments by verdict.
    verdicts: BTreeMap<&'a str, i64>,
}

impl<'a> DefenceDay<'a> {
    fn of(day: &'a defend::Day) -> Self {
        let (mut verdicts, mut details) = (BTreeMap::new(), BTreeMap::new());
        for row in &day.verdicts {
            *verdicts.entry(row.verdict.as_str()).or_default() += row.count;
            if let Some(detail) = &row.detail {
                *details.entry(detail.as_str()).or_default() += row.count;
            }
        }
        Self {
            answered: day.tally.answered,
            day: day.at.to_rfc3339().chars().take(10).collect(),
            details,
            latency: day.waits.map(Latency::of),
            provider: &day.provider,
            total: day.tally.total,
            verdicts,
        }
    }
}

/// Why comments have no answer.
#[derive(Serialize, ToSchema)]
struct Cause<'a> {
    count: i64,
    detail: Option<&'a str>,
    /// reader, sender, provider or ours.
    side: &'static str,
    verdict: &'a str,
}

impl<'a> Cause<'a> {
    fn of(cause: &'a defend::Cause) -> Self {
        Self {
            count: cause.count,
            detail: cause.detail.as_deref(),
            side: cause.side.as_str(),
            verdict: &cause.verdict,
        }
    }
}

/// A host that is not the site's.
#[derive(Serialize, ToSchema)]
struct ForeignHost<'a> {
    count: i64,
    host: &'a str,
}

/// What is wrong with the set-up of a site now.
#[derive(Serialize, ToSchema)]
struct Fault<'a> {
    /// The newest of them.
    #[schema(value_type = Option<String>)]
    at: Option<Timestamp>,
    /// misconfigured (within the last hour), `test_key`, `address_unvouched` or undelivered (mails to owners that were
    /// given up within the last week).
    code: &'static str,
    /// Comments it touched, or mails.
    count: Option<i64>,
    /// What the provider named.
    detail: Option<&'a str>,
}

impl<'a> Fault<'a> {
    fn of(fault: &'a measured::Fault) -> Self {
        let (detail, count, at) = match fault {
            measured::Fault::Misconfigured(seen) => (Some(seen.detail.as_str()), Some(seen.count), Some(seen.at)),
            measured::Fault::Undelivered(count) => (None, Some(*count), None),
            measured::Fault::TestKey | measured::Fault::AddressUnvouched => (None, None, None),
        };
        Self {
            at,
            code: fault.code(),
            count,
            detail,
        }
    }
}

/// Asks the site's provider about a token that nobody minted, to learn whether it answers and knows the
/// secret.
#[utoipa::path(post, path = "/sites/{site}/captcha/test", tag = "owners", params(("site" = String, Path)),
    responses((status = 200, description = "what the provider said", body = KeyTest<'_>),
        (status = 403, description = "forbidden: owners only"), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    RequestLanguage(language): RequestLanguage,
) -> Result<Response, Problem> {
    let tests = defend::test_keys(&app, &who, &site).await?;
    let answers = tests.iter().map(|test| KeyTest::of(&site, test, language));
    // The second check's stands inside of the first's.
    let body = answers.rev().reduce(|second, first| first.with(second));
    Ok(no_store(Json(body).into_response()))
}

/// What the provider said to a token that nobody minted.
#[derive(Serialize, ToSchema)]
struct KeyTest<'a> {
    /// What the provider named, or why it could not be asked.
    detail: Option<&'a str>,
    /// The same in words.
    message: String,
    provider: &'static str,
    /// accepted, `accepts_anything`, misconfigured, unavailable or `not_needed`.
    result: &'static str,
    /// What the provider of the second check said; absent where the site offers none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    second: Option<Box<Self>>,
    site: &'a str,
}

impl<'a> KeyTest<'a> {
    fn of(site: &'a str, test: &'a defend::KeyTest, language: Language) -> Self {
        let (provider, said) = (test.provider.as_str(), &test.said);
        Self {
            detail: said.detail(),
            message: test_sentence(language, provider, said.code(), said.detail()),
            provider,
            result: said.code(),
            second: None,
            site,
        }
    }

    fn with(mut self, second: Self) -> Self {
        self.second = Some(Box::new(second));
        self
    }
}
