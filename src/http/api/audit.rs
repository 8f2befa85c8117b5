//! The audit log, in pages, and exported as lines of JSON or as CSV.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    comments::{field_error, no_store},
    schema,
};
use crate::{
    actions::review,
    app::App,
    domain::timestamp::Timestamp,
    http::{
        accept::preferred,
        error::Problem,
        extract::{Query, Who},
    },
    store::AuditEntry,
};

/// The audit log of the caller's sites, oldest first; exported as lines of JSON or as CSV by `Accept`.
#[utoipa::path(get, path = "/moderation/audit", tag = "moderators",
    params(("site" = Option<String>, Query), ("after" = Option<Uuid>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, description = "entries, next; application/x-ndjson and text/csv by Accept", body = schema::Audit),
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
        Some(id) => Some(Uuid::parse_str(&id).map_err(|_| field_error("after", "after_bad"))?),
    };
    let limit = match query.0.integer("limit") {
        Ok(limit) => limit.unwrap_or(100),
        Err(_) => 0,
    };
    if !(1..=1000).contains(&limit) {
        return Err(field_error("limit", "limit_bad").into());
    }
    let entries = review::audit(&app, &who, site.as_deref(), after, limit).await?;
    let form = preferred(&headers, &["application/json", "application/x-ndjson", "text/csv"]);
    if form == "application/x-ndjson" {
        let lines: Vec<String> = entries
            .iter()
            .map(|entry| entry_json(entry).to_string() + "\n")
            .collect();
        return Ok(export(lines.concat(), "application/x-ndjson"));
    }
    if form == "text/csv" {
        return Ok(export(csv(&entries), "text/csv; charset=utf-8"));
    }
    let full = i64::try_from(entries.len()).unwrap_or(0) == limit;
    let body = json!({
        "entries": entries.iter().map(entry_json).collect::<Vec<_>>(),
        "next": entries.last().filter(|_| full).map(|entry| entry.id),
    });
    Ok(no_store(Json(body).into_response()))
}

fn export(content: String, content_type: &'static str) -> Response {
    no_store(([(header::CONTENT_TYPE, content_type)], Body::from(content)).into_response())
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

/// One entry.
pub(super) fn entry_json(entry: &AuditEntry) -> Value {
    let mut value = json!({
        "id": entry.id,
        "at": Timestamp(entry.at),
        "site": entry.site_id,
        "actor": entry.actor,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "comment": entry.comment_id,
        "from": entry.from_status,
        "to": entry.to_status,
        "version": entry.to_version,
        "reason": entry.reason,
        "note": entry.note,
        "undoes": entry.undoes,
    });
    if let (Some(detail), Some(object)) = (&entry.detail, value.as_object_mut())
        && let Ok(detail) = serde_json::from_str::<Value>(detail)
    {
        object.insert("detail".to_owned(), detail);
    }
    value
}
