//! One comment as a moderator sees it.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actions::{lease::Reading, review},
    domain::{appeal::Judge, ink, language::Language, markup, score::Score, status::Status, timestamp::Timestamp},
    http::newsroom::audit::Entry,
    store::{AuditEntry, AuthorRecord, Comment, View},
    web::texts,
};

/// A comment as a moderator sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Item<'a> {
    /// Null: its reader never appealed.
    appeal: Option<Appeal<'a>>,
    #[schema(value_type = Option<String>)]
    appealed_at: Option<Timestamp>,
    author: Author,
    /// As it was sent.
    body: &'a str,
    captcha: Check<'a>,
    #[schema(value_type = String)]
    created_at: Timestamp,
    decided: Option<Entry<'a>>,
    /// The id of the decision that made it what it is.
    decision: Option<Uuid>,
    email: &'a str,
    /// All that was decided about it, oldest first; with one comment alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<Entry<'a>>>,
    /// Sanitised; behind a link whose words are not its address stands its host: `<a …>here</a> (example.org)`.
    #[schema(value_type = String)]
    html: Cow<'a, str>,
    id: Uuid,
    language: &'a str,
    /// Who reads it now.
    lease: Option<Lease<'a>>,
    links: i64,
    #[schema(value_type = String)]
    name: Cow<'a, str>,
    /// What the policy said of it when it came; with one comment alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome<'a>>,
    parent: Option<Uuid>,
    reasons: Vec<Reason>,
    reference: &'a str,
    reports: i64,
    set_aside: bool,
    site: &'a str,
    /// pending, approved, rejected, spam, refused or erased.
    #[schema(value_type = String)]
    status: Status,
    thread: &'a str,
    #[schema(value_type = Option<String>)]
    thread_title: Option<Cow<'a, str>>,
    /// What the reader's page said; nobody verified it.
    #[schema(value_type = Option<String>)]
    thread_title_unverified: Option<Cow<'a, str>>,
    thread_url: Option<&'a str>,
    /// Send it back with a decision.
    version: i64,
    /// Who of the newsroom saw it, and how, at most 200; with one comment alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    views: Option<Vec<ViewOf<'a>>>,
    website: Option<&'a str>,
}

impl<'a> Item<'a> {
    pub(crate) fn of(item: &'a review::Item, language: Language) -> Self {
        let row = &item.row;
        let comment = &row.comment;
        let reasons = comment.reasons.iter().map(|reason| Reason {
            code: reason.code(),
            message: texts::reason(language, reason),
        });
        Self {
            appeal: item.appeal.as_ref().map(Appeal::of),
            appealed_at: comment.appealed_at,
            author: Author::of(&item.author),
            body: &comment.body,
            captcha: Check::of(comment),
            created_at: comment.created_at,
            decided: item.decision.as_ref().map(Entry::of),
            decision: item.decision.as_ref().map(|entry| entry.id),
            email: &comment.email,
            history: None,
            views: None,
            html: markup::shown(&comment.html),
            id: comment.id,
            language: &comment.language,
            lease: item.lease.as_ref().map(Lease::of),
            links: comment.links,
            name: ink::shown(&comment.name),
            outcome: None,
            parent: comment.parent,
            reasons: reasons.collect(),
            reference: &comment.reference,
            reports: comment.reports,
            set_aside: comment.set_aside,
            site: &comment.site,
            status: comment.status,
            thread: &row.thread_key,
            thread_title: row.thread_title.as_deref().map(ink::shown),
            thread_title_unverified: row.claimed_title.as_deref().map(ink::shown),
            thread_url: row.thread_url.as_deref(),
            version: comment.version,
            website: comment.website.as_deref(),
        }
    }

    /// The same with what was decided about it, at once and later.
    pub(crate) fn with_history(mut self, item: &'a review::Item, history: &'a review::History) -> Self {
        self.history = Some(history.entries.iter().map(Entry::of_past).collect());
        self.views = Some(history.views.iter().map(ViewOf::of).collect());
        self.outcome = Some(Outcome::of(&item.row.comment));
        self
    }

    /// The same with the decision that was just made or repeated.
    pub(crate) fn decided_by(mut self, decision: Option<Uuid>) -> Self {
        self.decision = decision;
        self
    }
}

/// That somebody saw a comment; what only stood in a list was not seen.
#[derive(Serialize, ToSchema)]
struct ViewOf<'a> {
    account: Uuid,
    /// Their name; null once the account is gone.
    by: Option<&'a str>,
    #[schema(value_type = String)]
    first_at: Timestamp,
    /// focused (for a second), opened (with what stands around it), decided or exported.
    how: &'static str,
    #[schema(value_type = String)]
    last_at: Timestamp,
    /// 0 = as the comment was sent.
    revision: i64,
}

impl<'a> ViewOf<'a> {
    fn of(view: &'a View) -> Self {
        Self {
            account: view.account,
            by: view.name.as_deref(),
            first_at: Timestamp(view.first_at),
            how: view.how.as_str(),
            last_at: Timestamp(view.last_at),
            revision: view.revision,
        }
    }
}

/// A reader's appeal, answered or not.
#[derive(Serialize, ToSchema)]
struct Appeal<'a> {
    /// The decision appealed against; null: the policy refused the comment, and no person.
    against: Option<Against<'a>>,
    /// That decision is the caller's, and nobody else may decide on the site.
    alone: bool,
    #[schema(value_type = String)]
    at: Timestamp,
    /// False: that decision is the caller's, so that somebody else decides.
    may_decide: bool,
}

impl<'a> Appeal<'a> {
    fn of(appeal: &'a review::Appeal) -> Self {
        Self {
            against: appeal.against.as_ref().map(Against::of),
            alone: appeal.judge == Judge::Alone,
            at: appeal.at,
            may_decide: appeal.judge.may_decide(),
        }
    }
}

/// The decision that a reader appealed against.
#[derive(Serialize, ToSchema)]
struct Against<'a> {
    /// reject or spam.
    action: &'a str,
    #[schema(value_type = String)]
    at: Timestamp,
    /// Their name.
    by: &'a str,
    decision: Uuid,
}

impl<'a> Against<'a> {
    fn of(entry: &'a AuditEntry) -> Self {
        Self {
            action: &entry.action,
            at: Timestamp(entry.at),
            by: &entry.actor,
            decision: entry.id,
        }
    }
}

/// Why the automatic outcome is what it is.
#[derive(Serialize, ToSchema)]
struct Reason {
    code: &'static str,
    message: String,
}

/// What the captcha said.
#[derive(Serialize, ToSchema)]
struct Check<'a> {
    #[schema(value_type = Option<f64>)]
    level: Option<Score>,
    provider: &'a str,
    /// 0 to 1, 1 = human.
    #[schema(value_type = Option<f64>)]
    score: Option<Score>,
    /// off, scored, passed, failed, `bad_token`, `not_run`, misconfigured or unavailable.
    verdict: &'a str,
}

impl<'a> Check<'a> {
    fn of(comment: &'a Comment) -> Self {
        Self {
            level: comment.level,
            provider: &comment.provider,
            score: comment.level,
            verdict: &comment.verdict,
        }
    }
}

/// The author's record on the site.
#[derive(Serialize, ToSchema)]
pub(super) struct Author {
    approved: i64,
    #[schema(value_type = Option<String>)]
    first_seen: Option<Timestamp>,
    rejected: i64,
    spam: i64,
    /// By a device token; else by a typed e-mail, which anybody can type.
    verified: bool,
}

impl Author {
    pub(super) fn of(record: &AuthorRecord) -> Self {
        Self {
            approved: record.approved,
            first_seen: record.first_seen,
            rejected: record.rejected,
            spam: record.spam,
            verified: record.verified,
        }
    }
}

/// Who reads a comment, until when.
#[derive(Serialize, ToSchema)]
pub(crate) struct Lease<'a> {
    /// Their name.
    by: &'a str,
    /// It is the caller's.
    own: bool,
    #[schema(value_type = String)]
    until: Timestamp,
}

impl<'a> Lease<'a> {
    pub(crate) fn of(reading: &'a Reading) -> Self {
        Self {
            by: &reading.by,
            own: reading.own,
            until: reading.until,
        }
    }
}

/// What the policy said of a comment when it came.
#[derive(Serialize, ToSchema)]
struct Outcome<'a> {
    /// publish, hold, `step_up` or refuse.
    action: &'static str,
    /// What was drawn when it was decided, 0 to 999,999.
    draw: i64,
    /// The version that was in force; null = none.
    policy: Option<i64>,
    /// How likely it was that a person would see it, parts per million.
    propensity_ppm: i64,
    /// As the provider sent it.
    score_raw: Option<&'a str>,
}

impl<'a> Outcome<'a> {
    fn of(comment: &'a Comment) -> Self {
        Self {
            action: comment.outcome.as_str(),
            draw: comment.draw,
            policy: comment.policy_version,
            propensity_ppm: comment.propensity_ppm,
            score_raw: comment.score_raw.as_deref(),
        }
    }
}
