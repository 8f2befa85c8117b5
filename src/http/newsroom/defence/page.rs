//! The owner's page of a site's check, the test of its keys, and the warning on other pages.

use std::sync::Arc;

use axum::{extract::State, response::Response};

use crate::{
    actions::{
        defend::{self, DAYS_MAX, Day, Defence, KeyTest},
        identify::{Identity, Role},
        thresholds,
    },
    app::App,
    domain::{
        defence::{Fault, Waits, share},
        language::Language,
        score::Score,
        site::Site,
    },
    error::Error,
    http::{
        error::Problem,
        newsroom::insider::{Visitor, frame},
        page::{PageResult, admin_page},
        request::extract::{Path, Query, RequestLanguage},
    },
    web::{
        alarm::{Alarm, Observe},
        defence as web,
        defence::{CauseRow, DayRow, DefencePage, HostRow, Keys, Period, TestAnswer},
        frame::Place,
        moment::Moment,
        texts::Say as _,
    },
};

const DAYS: i64 = 30;

/// The periods that are linked.
const PERIODS: [i64; 4] = [1, 7, DAYS, DAYS_MAX];

/// The page.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(site): Path<String>,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    page(&app, &who, &site, days(&query), language, None).await
}

/// Tests the keys and says what came of it, on the same page: the answer is of this moment and is kept
/// nowhere.
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(site): Path<String>,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let tests = defend::test_keys(&app, &who, &site).await?;
    page(&app, &who, &site, days(&query), language, Some(tests)).await
}

/// A period that was mistyped is the usual one.
fn days(query: &Query) -> i64 {
    let asked = query.0.integer("days").ok().flatten();
    asked.filter(|days| (1..=DAYS_MAX).contains(days)).unwrap_or(DAYS)
}

async fn page(
    app: &App,
    who: &Identity,
    site: &str,
    days: i64,
    language: Language,
    tests: Option<Vec<KeyTest>>,
) -> Result<Response, Problem> {
    let defence = defend::defence(app, who, site, days).await?;
    let site = &defence.site.site;
    let provider = site.captcha.provider;
    let mut frame = frame(
        app,
        Some(who),
        language,
        Place::Defence,
        language.say_with("defence-title", "site", &site.name),
    );
    frame.alarms = alarms_of(app, who, site, &defence.faults, None, language).await?;
    let keys = if !provider.is_outside() && site.captcha.second.is_none() {
        Keys::None
    } else if who.may(Role::Owner, &site.id).is_ok() {
        Keys::Testable
    } else {
        Keys::Hidden
    };
    let Defence { tally, ref hosts, .. } = defence;
    let page = DefencePage {
        frame,
        site: site.id.clone(),
        provider: provider.as_str().to_owned(),
        keys,
        days: defence.days,
        periods: PERIODS
            .map(|days| Period {
                days,
                is_current: days == defence.days,
            })
            .to_vec(),
        standing: defence.standing.as_str().to_owned(),
        total: tally.total,
        answered: tally.answered,
        without_token: tally.without_token,
        unavailable: tally.unavailable,
        misconfigured: tally.misconfigured,
        missing: defence.missing,
        expired: defence.expired,
        waits: defence.waits.map(waits),
        levels: defence.levels.iter().copied().map(Score::thousandths).collect(),
        new_levels: defence.new_levels.iter().copied().map(Score::thousandths).collect(),
        is_paused: defence.is_paused,
        by_day: defence.by_day.iter().map(|day| day_row(day, language)).collect(),
        causes: defence
            .causes
            .iter()
            .map(|cause| CauseRow {
                word: cause.detail.clone().unwrap_or_else(|| cause.verdict.clone()),
                side: cause.side.as_str().to_owned(),
                count: cause.count,
                share: share(cause.count, tally.total),
            })
            .collect(),
        hosts: hosts
            .seen
            .iter()
            .map(|(host, count)| HostRow {
                host: host.clone(),
                count: *count,
            })
            .collect(),
        has_more_hosts: hosts.has_more,
        calls_this_month: defence.calls_this_month,
        free_calls: defence.free_calls,
        answer: tests.map(|tests| in_words(&tests, language)),
    };
    Ok(admin_page(&page))
}

/// What the providers said about the keys, and whether that is a problem.
pub(crate) fn in_words(tests: &[KeyTest], language: Language) -> TestAnswer {
    let sentences: Vec<String> = tests
        .iter()
        .map(|KeyTest { provider, said }| web::test_sentence(language, provider.as_str(), said.code(), said.detail()))
        .collect();
    TestAnswer {
        message: sentences.join("\n"),
        is_problem: tests.iter().any(|test| test.said.is_problem()),
    }
}

fn day_row(day: &Day, language: Language) -> DayRow {
    let tally = &day.tally;
    DayRow {
        day: Moment::new(language, day.at.0),
        provider: day.provider.clone(),
        total: tally.total,
        answered: tally.answered,
        without_token: tally.without_token,
        unavailable: tally.unavailable,
        misconfigured: tally.misconfigured,
        waits: day.waits.map(waits),
    }
}

fn waits(waits: Waits) -> web::Waits {
    web::Waits {
        p50_ms: waits.p50_ms,
        p95_ms: waits.p95_ms,
    }
}

/// What is wrong with a site's set-up now, for a page that is about something else.
pub(crate) async fn alarms(app: &App, who: &Identity, site: &Site, language: Language) -> Result<Vec<Alarm>, Error> {
    let faults = defend::faults(app, site).await?;
    alarms_of(app, who, site, &faults, Some(address(&site.id)), language).await
}

/// The first one carries the way back to observing.
async fn alarms_of(
    app: &App,
    who: &Identity,
    site: &Site,
    faults: &[Fault],
    href: Option<String>,
    language: Language,
) -> Result<Vec<Alarm>, Error> {
    let alarm = |fault| Alarm {
        sentence: web::fault_sentence(language, &site.name, fault),
        href: href.clone(),
        observe: None,
    };
    let mut alarms: Vec<Alarm> = faults.iter().map(alarm).collect();
    if let Some(first) = alarms.first_mut() {
        first.observe = thresholds::rule_to_take_back(app, who, &site.id)
            .await?
            .map(|base| Observe {
                site: site.id.clone(),
                site_name: site.name.clone(),
                base,
            });
    }
    Ok(alarms)
}

/// The page of a site; ids of sites need no escaping.
pub(crate) fn address(site: &str) -> String {
    format!("/sites/{site}/defence")
}
