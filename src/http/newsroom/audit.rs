//! The audit log, in pages, and exported as lines of JSON or as CSV.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actions::review,
    app::App,
    domain::{code::Code, decision_facts::Restriction, score::Score, timestamp::Timestamp},
    error::Error,
    http::{
        error::Problem,
        page::no_store,
        request::{
            accept::preferred,
            extract::{Query, Who},
        },
    },
    store::AuditEntry,
};

/// The audit log of the caller's sites, oldest first; exported as lines of JSON or as CSV by `Accept`.
#[utoipa::path(get, path = "/moderation/audit", tag = "moderators",
    params(("site" = Option<String>, Query), ("after" = Option<Uuid>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, description = "entries, next; application/x-ndjson and text/csv by Accept", body = Audit<'_>),
        (status = 404, description = "another's site")))]
pub(crate) async fn audit(
    State(app): State<Arc<App>>,
    Who(who): Who,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let site = query.0.first_of(&["site"])?;
    let after = match query.0.first_of(&["after"])? {
        None => None,
        Some(id) => Some(Uuid::parse_str(&id).map_err(|_| Error::field("after", Code::AfterBad))?),
    };
    let limit = match query.0.integer("limit") {
        Ok(limit) => limit.unwrap_or(100),
        Err(_) => 0,
    };
    if !(1..=1000).contains(&limit) {
        return Err(Error::field("limit", Code::LimitBad).into());
    }
    let entries = review::audit(&app, &who, site.as_deref(), after, limit).await?;
    let form = preferred(&headers, &["application/json", "application/x-ndjson", "text/csv"]);
    if form == "application/x-ndjson" {
        let lines = lines(&entries)?;
        return Ok(export(lines, "application/x-ndjson"));
    }
    if form == "text/csv" {
        return Ok(export(csv(&entries), "text/csv; charset=utf-8"));
    }
    let full = i64::try_from(entries.len()).unwrap_or(0) == limit;
    let body = Audit {
        entries: entries.iter().map(Entry::of).collect(),
        next: entries.last().filter(|_| full).map(|entry| entry.id),
    };
    Ok(no_store(Json(body).into_response()))
}

fn export(content: String, content_type: &'static str) -> Response {
    no_store(([(header::CONTENT_TYPE, content_type)], Body::from(content)).into_response())
}

/// Each entry on a line of its own.
fn lines(entries: &[AuditEntry]) -> Result<String, Error> {
    let mut lines = String::new();
    for entry in entries {
        let line = serde_json::to_string(&Entry::of(entry))
            .map_err(|error| Error::Internal(format!("write an entry of the audit log as JSON: {error}")))?;
        lines += &line;
        lines.push('\n');
    }
    Ok(lines)
}

/// Cells that a spreadsheet would run as a formula get an apostrophe in front.
fn csv(entries: &[AuditEntry]) -> String {
    let cell = |text: &str| -> String {
        let line = text.replace(['\r', '\n'], " ");
        if line.starts_with(['=', '+', '-', '@', '\t']) {
            format!("'{line}")
        } else {
            line
        }
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |record: Vec<String>| {
        // Writing to memory does not fail.
        let _ = writer.write_record(record);
    };
    write(
        [
            "id", "at", "site", "actor", "action", "comment", "from", "to", "reason", "note", "actor_id",
        ]
        .map(str::to_owned)
        .to_vec(),
    );
    for entry in entries {
        write(vec![
            entry.id.to_string(),
            Timestamp(entry.at).to_rfc3339(),
            entry.site_id.clone(),
            cell(&entry.actor),
            entry.action.clone(),
            entry.comment_id.map(|id| id.to_string()).unwrap_or_default(),
            entry.from_status.clone().unwrap_or_default(),
            entry.to_status.clone().unwrap_or_default(),
            cell(entry.reason.as_deref().unwrap_or_default()),
            cell(entry.note.as_deref().unwrap_or_default()),
            entry.actor_id.clone(),
        ]);
    }
    writer
        .into_inner()
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
struct Audit<'a> {
    entries: Vec<Entry<'a>>,
    next: Option<Uuid>,
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entry<'a> {
    action: &'a str,
    actor: &'a str,
    /// Stays the same whatever the actor is called.
    actor_id: &'a str,
    actor_kind: &'a str,
    #[schema(value_type = String)]
    at: Timestamp,
    /// The bulk in which it was decided, or taken back; absent where it was decided by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    bulk_id: Option<Uuid>,
    comment: Option<Uuid>,
    /// person, bulk, rule or import; as all that a decision keeps, in the history of a comment alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_how: Option<&'static str>,
    /// What the action tells beside the rest; absent where it tells nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    detail: Option<Value>,
    /// The automatic reasons in force when it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    detection_codes: Option<Vec<&'a str>>,
    /// When what it did took effect; absent where it changed no state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    effective_at: Option<Timestamp>,
    /// The comment was drawn for exploration, and whoever decided was not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    explored_hidden: Option<bool>,
    /// How long the comment had the focus, as the page said.
    #[serde(skip_serializing_if = "Option::is_none")]
    focused_ms: Option<i64>,
    from: Option<&'a str>,
    id: Uuid,
    note: Option<&'a str>,
    /// Of the automatic outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_version: Option<i64>,
    reason: Option<&'a str>,
    /// disabled (before publication) or removed (after it); absent where it restricts nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    restriction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reversed_at: Option<Timestamp>,
    /// The later decision that took it back or led elsewhere; absent while it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_by: Option<Uuid>,
    /// Of the text that was decided about; 0 = as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    /// 0 to 1, as it was when it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    score_seen: Option<Score>,
    site: &'a str,
    /// Why it was looked at: own, report or appeal.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    /// When a receiver first heard of it; absent while none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    told_at: Option<Timestamp>,
    to: Option<&'a str>,
    undoes: Option<Uuid>,
    version: Option<i64>,
}

impl<'a> Entry<'a> {
    /// With what a decision keeps.
    pub(crate) fn of_past(past: &'a review::Past) -> Self {
        let entry = Self::of(&past.entry);
        let Some(facts) = &past.facts else {
            return entry;
        };
        Self {
            decided_how: Some(facts.decided_how.as_str()),
            detection_codes: Some(facts.detection_codes.split_whitespace().collect()),
            effective_at: facts.effective_at.map(Timestamp),
            explored_hidden: facts.explored_hidden,
            focused_ms: facts.focused_ms,
            policy_version: facts.policy_version,
            restriction: facts.restriction.map(Restriction::as_str),
            reversed_at: facts.reversed_at.map(Timestamp),
            reversed_by: facts.reversed_by,
            revision: Some(facts.revision),
            score_seen: facts.score_seen.and_then(Score::from_thousandths),
            source: Some(facts.source.as_str()),
            told_at: facts.told_at.map(Timestamp),
            ..entry
        }
    }

    pub(crate) fn of(entry: &'a AuditEntry) -> Self {
        Self {
            action: &entry.action,
            actor: &entry.actor,
            actor_id: &entry.actor_id,
            actor_kind: entry.actor_kind.as_str(),
            at: Timestamp(entry.at),
            bulk_id: entry.bulk_id,
            comment: entry.comment_id,
            decided_how: None,
            detail: entry
                .detail
                .as_deref()
                .and_then(|detail| serde_json::from_str(detail).ok()),
            detection_codes: None,
            effective_at: None,
            explored_hidden: None,
            focused_ms: None,
            from: entry.from_status.as_deref(),
            id: entry.id,
            note: entry.note.as_deref(),
            policy_version: None,
            reason: entry.reason.as_deref(),
            restriction: None,
            reversed_at: None,
            reversed_by: None,
            revision: None,
            score_seen: None,
            site: &entry.site_id,
            source: None,
            told_at: None,
            to: entry.to_status.as_deref(),
            undoes: entry.undoes,
            version: entry.to_version,
        }
    }
}
