//! A moderator asks what stands around comments: the conversation, what else their authors wrote, what happened to them.

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

use super::identify::Identity;
use crate::{
    app::App,
    domain::{score::Score, status::Status, timestamp::Timestamp, triage::Action},
    error::Error,
    store::{AuditEntry, AuthorRecord, Comment, NearComment, PastComment, QueueRow, Report},
};

/// Comments that are asked about at once, at most.
pub const COMMENTS_MAX: usize = 3;

/// Rows of a conversation, at most.
const CONVERSATION_MAX: usize = 8;

/// Lines of a history, at most.
const HISTORY_MAX: usize = 20;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What stands around a comment.
#[derive(Debug)]
pub struct Context {
    pub row: QueueRow,
    /// In the order of the thread, the comment itself among them.
    pub conversation: Vec<NearComment>,
    pub record: AuthorRecord,
    /// The author's other comments on the site, newest first.
    pub last: Vec<PastComment>,
    /// Oldest first, from its arrival on.
    pub history: Vec<Happening>,
}

/// Something that happened to a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    pub at: Timestamp,
    pub what: What,
}

/// What happened to a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Received {
        score: Option<Score>,
        outcome: Action,
    },
    /// An action of the audit log, by whom.
    Done {
        action: String,
        actor: String,
    },
    /// Why, in the reader's words.
    Reported {
        reason: String,
    },
}

/// What stands around some comments of the caller's sites, in their order. Those that are not the caller's, erased or
/// unknown are left out; at most [`COMMENTS_MAX`] are read.
///
/// # Errors
/// [`Error::Unavailable`] when it takes longer than two seconds; errors of the store.
pub async fn around(app: &App, who: &Identity, comments: &[Uuid]) -> Result<Vec<Context>, Error> {
    let comments = &comments[..comments.len().min(COMMENTS_MAX)];
    tokio::time::timeout(PATIENCE, read(app, who, comments))
        .await
        .map_err(|_| Error::Unavailable("read what stands around comments: more than two seconds".to_owned()))?
}

async fn read(app: &App, who: &Identity, wanted: &[Uuid]) -> Result<Vec<Context>, Error> {
    let mut rows = app.store.queue_items(wanted).await?;
    rows.retain(|row| who.scope.allows(&row.comment.site) && row.comment.status != Status::Erased);
    rows.sort_by_key(|row| wanted.iter().position(|id| *id == row.comment.id));
    let comments: Vec<&Comment> = rows.iter().map(|row| &row.comment).collect();
    let ids: Vec<Uuid> = comments.iter().map(|comment| comment.id).collect();
    let records = app.store.author_records(&comments).await?;
    let record_of = |id: &Uuid| records.get(id).copied().unwrap_or_default();
    // By what the record was found with, so that both speak of the same person.
    let authors: Vec<(&Comment, bool)> = comments
        .iter()
        .map(|comment| (*comment, record_of(&comment.id).verified))
        .collect();
    let mut last = app.store.last_of_authors(&authors).await?;
    let mut near = app.store.near(&comments).await?;
    let mut entries = by_comment(app.store.latest_entries(&ids).await?, |entry| entry.comment_id);
    let mut reports = by_comment(app.store.latest_reports(&ids).await?, |report| Some(report.comment_id));
    Ok(rows
        .into_iter()
        .map(|row| {
            let id = row.comment.id;
            Context {
                conversation: conversation(&row.comment, near.remove(&id).unwrap_or_default()),
                record: record_of(&id),
                last: last.remove(&id).unwrap_or_default(),
                history: history(
                    &row.comment,
                    entries.remove(&id).unwrap_or_default(),
                    reports.remove(&id).unwrap_or_default(),
                ),
                row,
            }
        })
        .collect())
}

fn by_comment<T>(rows: Vec<T>, comment_of: impl Fn(&T) -> Option<Uuid>) -> HashMap<Uuid, Vec<T>> {
    let mut sorted: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        if let Some(comment) = comment_of(&row) {
            sorted.entry(comment).or_default().push(row);
        }
    }
    sorted
}

/// The comment, all that it answers, and of what is near first its replies, then the nearest in time.
fn conversation(comment: &Comment, mut near: Vec<NearComment>) -> Vec<NearComment> {
    let parent = near.iter().find(|other| Some(other.id) == comment.parent);
    let above = [comment.root, comment.parent, parent.and_then(|parent| parent.parent)];
    near.sort_by_key(|other| {
        let is_above = above.contains(&Some(other.id));
        let is_reply = other.parent == Some(comment.id);
        let apart = other.created_at.millis_since(comment.created_at).unsigned_abs();
        (!is_above, !is_reply, apart, other.id)
    });
    near.truncate(CONVERSATION_MAX - 1);
    near.push(NearComment::from(comment));
    let times: HashMap<Uuid, Timestamp> = near.iter().map(|other| (other.id, other.created_at)).collect();
    // A discussion stands where its top-level comment does, with its replies in the order in which they came.
    near.sort_by_key(|other| {
        let top = other.root.unwrap_or(other.id);
        let began = times.get(&top).copied().unwrap_or(other.created_at);
        (began, top, other.root.is_some(), other.created_at, other.id)
    });
    near
}

/// The arrival, then the latest of what else happened. What people did goes before reports, of which there may be many.
fn history(comment: &Comment, mut entries: Vec<AuditEntry>, mut reports: Vec<Report>) -> Vec<Happening> {
    let room = HISTORY_MAX - 1;
    entries.drain(..entries.len().saturating_sub(room));
    reports.drain(..reports.len().saturating_sub(room - entries.len()));
    let mut history = vec![Happening {
        at: comment.created_at,
        what: What::Received {
            score: comment.level,
            outcome: comment.outcome,
        },
    }];
    history.extend(entries.into_iter().map(|entry| Happening {
        at: Timestamp(entry.at),
        what: What::Done {
            action: entry.action,
            actor: entry.actor,
        },
    }));
    history.extend(reports.into_iter().map(|report| Happening {
        at: Timestamp(report.at),
        what: What::Reported { reason: report.reason },
    }));
    // The arrival stays first, and what happened at one time in the order in which it was noted.
    history[1..].sort_by_key(|happening| happening.at);
    history
}
