//! How the check of a site holds: what an owner is shown, what is wrong now, and a test of the keys.
//!
//! Figures come from the comments themselves, so that they say what readers met. What is wrong now
//! ([`faults`]) is looked for on every page that warns of it, and is therefore cheap: one query over the
//! last hour. A test asks the provider about a token that nobody minted; it is limited by site, because it
//! is a call on somebody's quota.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::identify::{Identity, Role};
use crate::{
    app::{App, SiteInForce},
    domain::{
        captcha::ProviderId,
        defence::{Fault, Side, Standing, Tally, VerdictCount, WaitCount, Waits, waits},
        score::Score,
        site::Site,
        timestamp::Timestamp,
        verdict::Verdict,
    },
    error::Error,
    limits::Demand,
    store::Hosts,
};

/// Days shown at most.
pub const DAYS_MAX: i64 = 90;

/// A wrong set-up is in force when it touched a comment within this time.
const FRESH: Duration = Duration::from_hours(1);

/// How long owners are shown what was given up.
const GIVEN_UP: Duration = Duration::from_hours(7 * 24);

/// Checks that Google makes in a calendar month without a billing account
/// (<https://docs.cloud.google.com/recaptcha/quotas>).
const RECAPTCHA_FREE: i64 = 10_000;

/// A level is new while it came up in these days alone, of so many that are looked at, and when so many
/// scores of before tell which levels are usual.
const NEW_LEVEL_DAYS: u64 = 7;
const LEVEL_DAYS: u64 = 90;
const USUAL: i64 = 30;

/// What is known of a site's check.
#[derive(Debug)]
pub struct Defence {
    pub site: Arc<SiteInForce>,
    /// 1..=90.
    pub days: i64,
    pub since: Timestamp,
    /// Of the provider in force.
    pub tally: Tally,
    pub standing: Standing,
    /// Of the provider in force, over the whole period.
    pub waits: Option<Waits>,
    /// Of the provider in force: comments whose token was missing, and whose token had expired.
    pub missing: i64,
    pub expired: i64,
    /// Newest day first; a day has one entry for each provider that was in force on it.
    pub by_day: Vec<Day>,
    /// Why comments of the provider in force have no answer, most frequent first.
    pub causes: Vec<Cause>,
    pub hosts: Hosts,
    /// Calls to the provider in force in this calendar month (UTC).
    pub calls_this_month: i64,
    /// Calls a month that cost nothing, where the provider says so.
    pub free_calls: Option<i64>,
    /// Calls pause in this process, because the provider kept failing.
    pub is_paused: bool,
    pub faults: Vec<Fault>,
    /// Scores that were really returned in the period, rising.
    pub levels: Vec<Score>,
    /// Those of the last week that the key did not return before, rising: it knows more levels now, and
    /// the cuts were chosen without them.
    pub new_levels: Vec<Score>,
}

/// One day of one provider.
#[derive(Debug, Clone)]
pub struct Day {
    /// Midnight at its beginning, UTC.
    pub at: Timestamp,
    pub provider: String,
    pub tally: Tally,
    pub waits: Option<Waits>,
    /// Counts by class and detail, as stored.
    pub verdicts: Vec<VerdictCount>,
}

/// Why comments have no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    pub verdict: String,
    pub detail: Option<String>,
    pub side: Side,
    pub count: i64,
}

/// A provider, and what it said to a token that nobody minted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTest {
    pub provider: ProviderId,
    pub said: Said,
}

/// What a provider said to a token that nobody minted.
#[derive(Debug, Clone, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Said {
    /// The built-in check, or none: nobody else is asked.
    NotNeeded,
    /// It answers, knows the secret, and sees that the token is none.
    Accepted,
    /// It took the token for a good one, so it takes any.
    AcceptsAnything,
    /// It does not accept our configuration; what it named.
    Misconfigured(String),
    /// It could not be asked; the word of [`crate::domain::verdict::Why`].
    Unavailable(&'static str),
}

impl Said {
    /// The word used in JSON.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.into_str()
    }

    /// Whether the owner has something to mend, or to wait for.
    #[must_use]
    pub fn is_problem(&self) -> bool {
        !matches!(self, Self::Accepted | Self::NotNeeded)
    }

    /// What the provider named, or why it could not be asked.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Misconfigured(detail) => Some(detail),
            Self::Unavailable(why) => Some(why),
            Self::NotNeeded | Self::Accepted | Self::AcceptsAnything => None,
        }
    }
}

/// What the last `days` days (1..=90) say of a site's check.
///
/// # Errors
/// 404 for a site that is not the caller's; errors of the store.
pub async fn defence(app: &App, who: &Identity, site: &str, days: i64) -> Result<Defence, Error> {
    who.may(Role::Moderator, site)?;
    let in_force = app.site(site).await?;
    let days = days.clamp(1, DAYS_MAX);
    let now = app.clock.now();
    let since = now.minus(Duration::from_hours(24 * u64::try_from(days).unwrap_or(30)));
    let provider = in_force.site.captcha.provider;
    let verdicts = app.store.verdicts_by_day(site, since).await?;
    let waited = app.store.waits_by_day(site, since).await?;
    let own = || verdicts.iter().filter(|row| row.provider == provider.as_str());
    let mut tally = Tally::default();
    for row in own() {
        tally.add(&row.verdict, row.count);
    }
    let of_detail = |detail: &str| {
        own()
            .filter(|row| row.detail.as_deref() == Some(detail))
            .map(|row| row.count)
            .sum()
    };
    let levels = app.store.levels(site, provider.as_str(), since).await?;
    Ok(Defence {
        days,
        since,
        tally,
        standing: tally.standing(),
        waits: waits(waited.iter().filter(|row| row.provider == provider.as_str())),
        missing: of_detail("missing"),
        expired: of_detail("expired"),
        causes: causes(own()),
        hosts: app.store.foreign_hosts(site, since).await?,
        calls_this_month: app
            .store
            .provider_calls(site, provider.as_str(), beginning_of_month(now))
            .await?,
        free_calls: free_calls(provider),
        is_paused: provider.is_outside() && app.captcha.is_paused(&in_force.site),
        faults: faults(app, &in_force.site).await?,
        levels: levels.into_iter().map(|row| row.level).collect(),
        new_levels: new_levels(app, site, provider, now).await?,
        by_day: by_day(verdicts, &waited),
        site: in_force,
    })
}

/// Levels of the last week that came up in none of the weeks before, once those tell what is usual.
async fn new_levels(app: &App, site: &str, provider: ProviderId, now: Timestamp) -> Result<Vec<Score>, Error> {
    if !provider.is_outside() {
        return Ok(Vec::new());
    }
    let since = |days: u64| now.minus(Duration::from_hours(24 * days));
    let recent = app.store.levels(site, provider.as_str(), since(NEW_LEVEL_DAYS)).await?;
    let all = app.store.levels(site, provider.as_str(), since(LEVEL_DAYS)).await?;
    let of_recent = |level: Score| recent.iter().find(|row| row.level == level).map_or(0, |row| row.total);
    let before: i64 = all.iter().map(|row| row.total - of_recent(row.level)).sum();
    if before < USUAL {
        return Ok(Vec::new());
    }
    Ok(all
        .iter()
        .filter(|row| of_recent(row.level) == row.total)
        .map(|row| row.level)
        .collect())
}

/// What is wrong with a site's set-up now, and how much was given up that somebody was to be told.
pub async fn faults(app: &App, site: &Site) -> Result<Vec<Fault>, Error> {
    let now = app.clock.now();
    let mut faults = faults_at(app, site, now).await?;
    let dead = app.store.dead_deliveries(&site.id, now.minus(GIVEN_UP)).await?;
    faults.extend((dead > 0).then_some(Fault::Undelivered(dead)));
    Ok(faults)
}

/// What is wrong with the set-up of a site's check now, or was seen to be at `at`. Asks the store only where a
/// provider outside is in force.
pub async fn faults_at(app: &App, site: &Site, at: Timestamp) -> Result<Vec<Fault>, Error> {
    let mut faults = Vec::new();
    if site.captcha.section_with_test_key().is_some() {
        faults.push(Fault::TestKey);
    }
    if site.captcha.lacks_address() {
        faults.push(Fault::AddressUnvouched);
        return Ok(faults);
    }
    if !site.captcha.provider.is_outside() {
        return Ok(faults);
    }
    let fresh = app.store.misconfigured(&site.id, at.minus(FRESH)).await?;
    faults.extend(fresh.map(Fault::Misconfigured));
    Ok(faults)
}

/// Asks the site's provider, then the one of its second check, about a token that nobody minted; at most three
/// seconds each.
///
/// # Errors
/// Role and site; [`Error::RateLimited`].
pub async fn test_keys(app: &App, who: &Identity, site: &str) -> Result<Vec<KeyTest>, Error> {
    who.may(Role::Owner, site)?;
    let in_force = app.site(site).await?;
    let first = &in_force.site;
    let second = first.second();
    if first.captcha.provider.is_outside() || second.is_some() {
        app.limits.check(&[Demand::by_site_test(site)])?;
    }
    let mut tests = Vec::with_capacity(2);
    for site in std::iter::once(first).chain(second.as_ref()) {
        let provider = site.captcha.provider;
        let said = ask_nothing(app, site).await;
        tests.push(KeyTest { provider, said });
    }
    Ok(tests)
}

async fn ask_nothing(app: &App, site: &Site) -> Said {
    if !site.captcha.provider.is_outside() {
        return Said::NotNeeded;
    }
    match app
        .captcha
        .verdict_on_nothing(site, &app.clock.new_id().to_string())
        .await
    {
        Verdict::Scored { .. } | Verdict::Binary { pass: true } => Said::AcceptsAnything,
        Verdict::Misconfigured(detail) => Said::Misconfigured(detail),
        Verdict::Unavailable(why) => Said::Unavailable(why.as_str()),
        Verdict::Binary { pass: false } | Verdict::BadToken(_) | Verdict::NotRun(_) | Verdict::Off => Said::Accepted,
    }
}

fn free_calls(provider: ProviderId) -> Option<i64> {
    matches!(
        provider,
        ProviderId::RecaptchaV3 | ProviderId::RecaptchaV2 | ProviderId::RecaptchaEnterprise
    )
    .then_some(RECAPTCHA_FREE)
}

fn causes<'a>(verdicts: impl Iterator<Item = &'a VerdictCount>) -> Vec<Cause> {
    let mut counts: BTreeMap<(&str, Option<&str>), i64> = BTreeMap::new();
    for row in verdicts {
        *counts.entry((&row.verdict, row.detail.as_deref())).or_default() += row.count;
    }
    let mut causes: Vec<Cause> = counts
        .into_iter()
        .filter_map(|((verdict, detail), count)| {
            Some(Cause {
                side: Side::of(verdict, detail)?,
                verdict: verdict.to_owned(),
                detail: detail.map(str::to_owned),
                count,
            })
        })
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
    causes
}

/// Rows of one day and provider stand together, as the store gives them.
fn by_day(verdicts: Vec<VerdictCount>, waited: &[WaitCount]) -> Vec<Day> {
    const DAY_MS: i64 = 86_400_000;
    let mut days: Vec<Day> = Vec::new();
    for row in verdicts {
        let at = Timestamp(row.day * DAY_MS);
        let is_next = days
            .last()
            .is_none_or(|day| day.at != at || day.provider != row.provider);
        if is_next {
            let of_day = waited
                .iter()
                .filter(|wait| wait.day == row.day && wait.provider == row.provider);
            days.push(Day {
                at,
                provider: row.provider.clone(),
                tally: Tally::default(),
                waits: waits(of_day),
                verdicts: Vec::new(),
            });
        }
        if let Some(day) = days.last_mut() {
            day.tally.add(&row.verdict, row.count);
            day.verdicts.push(row);
        }
    }
    days
}

fn beginning_of_month(now: Timestamp) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("{}-01T00:00:00Z", now.month())).unwrap_or(now)
}
