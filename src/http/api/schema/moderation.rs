//! The queue, decisions and the audit log.

use std::collections::HashMap;

use utoipa::ToSchema;
use uuid::Uuid;

/// A page of the queue.
#[derive(ToSchema)]
pub(in crate::http::api) struct Queue {
    items: Vec<Item>,
    next: Option<String>,
    /// By status.
    counts: HashMap<String, Count>,
}

/// A count that stops at 1,000.
#[derive(ToSchema)]
pub(in crate::http::api) struct Count {
    n: i64,
    more: bool,
}

/// A comment as a moderator sees it.
#[derive(ToSchema)]
pub(in crate::http::api) struct Item {
    id: Uuid,
    site: String,
    thread: String,
    thread_title: Option<String>,
    thread_url: Option<String>,
    /// What the reader's page said; nobody verified it.
    thread_title_unverified: Option<String>,
    parent: Option<Uuid>,
    name: String,
    email: String,
    website: Option<String>,
    /// As it was sent.
    body: String,
    /// Sanitised; behind a link whose words are not its address stands its host: `<a …>here</a> (example.org)`.
    html: String,
    /// pending, approved, rejected, spam, refused or erased.
    status: String,
    set_aside: bool,
    /// Send it back with a decision.
    version: i64,
    reference: String,
    language: String,
    created_at: String,
    appealed_at: Option<String>,
    reasons: Vec<Reason>,
    captcha: Check,
    author: Author,
    links: i64,
    reports: i64,
    /// Who reads it now.
    lease: Option<Lease>,
    /// The id of the decision that made it what it is.
    decision: Option<Uuid>,
    decided: Option<Entry>,
}

/// Who reads a comment, until when.
#[derive(ToSchema)]
pub(in crate::http::api) struct Lease {
    /// Their name.
    by: String,
    until: String,
    /// It is the caller's.
    own: bool,
}

/// The comment that the caller reads.
#[derive(ToSchema)]
pub(in crate::http::api) struct NewLease {
    comment: Uuid,
}

/// The counts of the caller's sites.
#[derive(ToSchema)]
pub(in crate::http::api) struct CountsBySite {
    sites: Vec<CountsOfSite>,
}

/// How many comments a site has by status.
#[derive(ToSchema)]
pub(in crate::http::api) struct CountsOfSite {
    site: String,
    counts: HashMap<String, Count>,
}

/// The lease in force.
#[derive(ToSchema)]
pub(in crate::http::api) struct LeaseTaken {
    comment: Uuid,
    lease: Lease,
}

/// Why the automatic outcome is what it is.
#[derive(ToSchema)]
pub(in crate::http::api) struct Reason {
    code: String,
    message: String,
}

/// What the captcha said.
#[derive(ToSchema)]
pub(in crate::http::api) struct Check {
    provider: String,
    /// off, scored, passed, failed, `bad_token`, `not_run`, misconfigured or unavailable.
    verdict: String,
    /// 0 to 1, 1 = human.
    score: Option<f64>,
    level: Option<f64>,
}

/// The author's record on the site.
#[derive(ToSchema)]
pub(in crate::http::api) struct Author {
    approved: i64,
    rejected: i64,
    spam: i64,
    first_seen: Option<String>,
    /// By a device token; else by a typed e-mail, which anybody can type.
    verified: bool,
}

/// An entry of the audit log.
#[derive(ToSchema)]
pub(in crate::http::api) struct Entry {
    id: Uuid,
    at: String,
    site: String,
    actor: String,
    actor_kind: String,
    /// Stays the same whatever the actor is called.
    actor_id: String,
    action: String,
    comment: Option<Uuid>,
    from: Option<String>,
    to: Option<String>,
    version: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    undoes: Option<Uuid>,
}

/// A page of the audit log.
#[derive(ToSchema)]
pub(in crate::http::api) struct Audit {
    entries: Vec<Entry>,
    next: Option<Uuid>,
}

/// A decision about one comment.
#[derive(ToSchema)]
pub(in crate::http::api) struct Decision {
    /// The version it is made on; without it, whatever is there.
    version: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    /// For undo: the decision to take back.
    of: Option<Uuid>,
}

/// 1 to 100 decisions.
#[derive(ToSchema)]
pub(in crate::http::api) struct Decisions {
    decisions: Vec<KeyedDecision>,
}

/// One of many decisions.
#[derive(ToSchema)]
pub(in crate::http::api) struct KeyedDecision {
    /// A repeat with the same key changes nothing.
    key: String,
    comment: Uuid,
    /// approve, reject, spam, restore, hold or undo.
    action: String,
    version: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    of: Option<Uuid>,
}

/// What became of many decisions, in their order.
#[derive(ToSchema)]
pub(in crate::http::api) struct Results {
    results: Vec<DecisionResult>,
}

/// What became of one of many decisions.
#[derive(ToSchema)]
pub(in crate::http::api) struct DecisionResult {
    key: Option<String>,
    comment: String,
    /// applied, conflict, replayed or `not_found`.
    result: String,
    decision: Option<Uuid>,
    item: Option<Item>,
}

/// What the publisher says of a thread.
#[derive(ToSchema)]
pub(in crate::http::api) struct ThreadSettings {
    /// Null: what was said is taken back.
    title: Option<String>,
    /// On one of the site's origins. Null: what was said is taken back.
    url: Option<String>,
    open: Option<bool>,
}
