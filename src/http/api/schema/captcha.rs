//! Thresholds and how the check of a site fares.

use std::collections::HashMap;

use utoipa::ToSchema;
use uuid::Uuid;

/// What the scores of a site say.
#[derive(ToSchema)]
pub(in crate::http::api) struct Evidence {
    site: String,
    provider: String,
    days: i64,
    levels: Vec<Level>,
    /// Comments by verdict.
    verdicts: HashMap<String, i64>,
    /// The version in force.
    policy: Option<Policy>,
}

/// One score that was really returned.
#[derive(ToSchema)]
pub(in crate::http::api) struct Level {
    level: f64,
    total: i64,
    outcomes: BandCounts,
    /// By moderators.
    approved: i64,
    rejected: i64,
    spam: i64,
    /// The same as `human_share`.
    share: f64,
    /// Wilson's 95 % interval.
    low: f64,
    high: f64,
    /// People (approved or rejected) among the decided ones.
    human_share: Share,
    /// Those that moderators approved, among the decided ones.
    approved_share: Share,
}

/// A share with Wilson's 95 % interval, each 0 to 1.
#[derive(ToSchema)]
pub(in crate::http::api) struct Share {
    share: f64,
    low: f64,
    high: f64,
}

/// Comments by what happens to them.
#[derive(ToSchema)]
pub(in crate::http::api) struct BandCounts {
    publish: i64,
    hold: i64,
    step_up: i64,
    refuse: i64,
}

/// Three cuts, 0 to 1 with at most three places; null is absent.
#[derive(ToSchema)]
pub(in crate::http::api) struct Cuts {
    publish_from: Option<f64>,
    step_up_below: Option<f64>,
    refuse_below: Option<f64>,
}

/// Cuts to try.
#[derive(ToSchema)]
pub(in crate::http::api) struct Trial {
    cuts: Cuts,
    /// As in a version that is wanted.
    explore: Option<f64>,
    /// As in a version that is wanted.
    from: Option<String>,
    /// 1 to 365, default 30.
    days: Option<i64>,
    /// `next` of the page before.
    after: Option<Uuid>,
}

/// What other cuts would have done to the same comments.
#[derive(ToSchema)]
pub(in crate::http::api) struct Preview {
    cuts: Cuts,
    counts: BeforeAfter,
    changed: i64,
    /// Applying asks for the site's id in `confirm`.
    confirm_needed: bool,
    /// Why: published, most, `few_verdicts`, unread.
    confirm_why: Vec<String>,
    refused: Refused,
    comments: Vec<Changed>,
    next: Option<Uuid>,
}

/// The comments of the last thirty days that the cuts would refuse, by the moderators' decisions.
#[derive(ToSchema)]
pub(in crate::http::api) struct Refused {
    total: i64,
    approved: i64,
    rejected: i64,
    spam: i64,
    undecided: i64,
}

/// Counts with the cuts in force and with the others.
#[derive(ToSchema)]
pub(in crate::http::api) struct BeforeAfter {
    before: BandCounts,
    after: BandCounts,
}

/// A comment whose outcome would differ.
#[derive(ToSchema)]
pub(in crate::http::api) struct Changed {
    id: Uuid,
    before: String,
    after: String,
    level: f64,
    status: String,
    label: Option<String>,
    name: String,
    excerpt: String,
    created_at: String,
}

/// The versions of a policy, newest first.
#[derive(ToSchema)]
pub(in crate::http::api) struct Policies {
    policies: Vec<Policy>,
}

/// An immutable version.
#[derive(ToSchema)]
pub(in crate::http::api) struct Policy {
    version: i64,
    base: i64,
    cuts: Cuts,
    explore: Option<f64>,
    author: String,
    note: String,
    forecast: HashMap<String, i64>,
    from: String,
    at: String,
}

/// A version that is wanted.
#[derive(ToSchema)]
pub(in crate::http::api) struct NewPolicy {
    /// The newest version; 0 when there is none.
    base: i64,
    cuts: Cuts,
    explore: Option<f64>,
    note: Option<String>,
    /// In force from then on; default now.
    from: Option<String>,
    /// The site's id, where it is asked for.
    confirm: Option<String>,
}

/// A version to go back to.
#[derive(ToSchema)]
pub(in crate::http::api) struct Revert {
    /// The newest version.
    base: i64,
    note: Option<String>,
    /// The site's id, where it is asked for.
    confirm: Option<String>,
}

/// How the check of a site holds.
#[derive(ToSchema)]
pub(in crate::http::api) struct Defence {
    site: String,
    /// The provider in force; all figures but `by_day` and `hosts` are its own.
    provider: String,
    /// 1 to 90.
    days: i64,
    since: String,
    /// unseen, works, partly or down.
    standing: String,
    /// Comments of the period.
    total: i64,
    /// With a score, a yes or a no.
    answered: i64,
    /// Without a token that counts: there was nothing to ask about.
    without_token: i64,
    /// The provider gave no usable answer.
    unavailable: i64,
    /// The provider did not accept our set-up.
    misconfigured: i64,
    /// Comments whose token was missing, 0 to 1.
    missing_share: f64,
    /// Comments whose token had expired, 0 to 1.
    expired_share: f64,
    latency: Option<Latency>,
    /// Newest first, one entry for each provider of a day.
    by_day: Vec<DefenceDay>,
    /// Why comments have no answer, most frequent first.
    causes: Vec<Cause>,
    /// Foreign hosts that tokens were minted on: ten at most, most frequent first; empty = not named.
    hosts: Vec<ForeignHost>,
    /// Calls to the provider in this calendar month (UTC).
    calls_this_month: i64,
    /// Calls a month that cost nothing; null where the provider names no figure.
    free_calls: Option<i64>,
    /// open while calls to the provider pause; null where nobody outside is asked.
    breaker: Option<String>,
    /// What is wrong with the set-up now.
    faults: Vec<Fault>,
    /// Scores that were really returned, rising.
    levels: Vec<f64>,
    /// Levels of the last week that the key did not return before.
    new_levels: Vec<f64>,
}

/// How long the provider was waited for, in steps of ten milliseconds.
#[derive(ToSchema)]
pub(in crate::http::api) struct Latency {
    count: i64,
    p50_ms: i64,
    p95_ms: i64,
}

/// One day (UTC) of one provider.
#[derive(ToSchema)]
pub(in crate::http::api) struct DefenceDay {
    /// 2026-11-24
    day: String,
    provider: String,
    total: i64,
    answered: i64,
    /// Comments by verdict.
    verdicts: HashMap<String, i64>,
    /// Comments by what the verdict leaves open: missing, expired, timeout, quota…
    details: HashMap<String, i64>,
    latency: Option<Latency>,
}

/// Why comments have no answer.
#[derive(ToSchema)]
pub(in crate::http::api) struct Cause {
    verdict: String,
    detail: Option<String>,
    /// reader, sender, provider or ours.
    side: String,
    count: i64,
}

/// A host that is not the site's.
#[derive(ToSchema)]
pub(in crate::http::api) struct ForeignHost {
    host: String,
    count: i64,
}

/// What is wrong with the set-up of a site now.
#[derive(ToSchema)]
pub(in crate::http::api) struct Fault {
    /// misconfigured (within the last hour), `test_key`, `address_unvouched` or undelivered (mails to owners that were
    /// given up within the last week).
    code: String,
    /// What the provider named.
    detail: Option<String>,
    /// Comments it touched, or mails.
    count: Option<i64>,
    /// The newest of them.
    at: Option<String>,
}

/// What the provider said to a token that nobody minted.
#[derive(ToSchema)]
pub(in crate::http::api) struct KeyTest {
    site: String,
    provider: String,
    /// accepted, `accepts_anything`, misconfigured, unavailable or `not_needed`.
    result: String,
    /// What the provider named, or why it could not be asked.
    detail: Option<String>,
    /// The same in words.
    message: String,
}
