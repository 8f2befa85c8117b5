// Included by `units.rs` once for each engine, with `Engine` and `Connection` set.

use std::collections::HashMap;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Decide, Decided, Done, Inserted, NewComment, Unit};
use crate::{
    domain::status::{Act, Standing, Status, after},
    store::StoreError,
};

/// Runs the units in their order inside the caller's transaction; neighbouring inserts become one
/// multi-row INSERT a table.
pub(in crate::store) async fn run_all(connection: &mut Connection, units: &[Unit]) -> Result<Vec<Done>, StoreError> {
    let mut results = Vec::with_capacity(units.len());
    let mut inserts: Vec<&NewComment> = Vec::with_capacity(units.len());
    for unit in units {
        match unit {
            Unit::Insert(comment) => inserts.push(comment),
            Unit::Decide(decision) => {
                insert_all(connection, &mut inserts, &mut results).await?;
                results.push(Done::Decided(decide(connection, decision).await?));
            }
        }
    }
    insert_all(connection, &mut inserts, &mut results).await?;
    Ok(results)
}

#[derive(Debug, Clone, Copy)]
struct Thread {
    id: Uuid,
    open: bool,
    /// As it was read, before this transaction's comments.
    oldest_pending_at: Option<i64>,
}

async fn insert_all(
    connection: &mut Connection,
    comments: &mut Vec<&NewComment>,
    results: &mut Vec<Done>,
) -> Result<(), StoreError> {
    if comments.is_empty() {
        return Ok(());
    }
    let mut known = known_keys(connection, comments).await?;
    let threads = threads(connection, comments).await?;
    let mut rows = Vec::with_capacity(comments.len());
    for comment in comments.drain(..) {
        let earlier: Vec<&(Uuid, String)> = comment
            .repeat_keys
            .iter()
            .filter_map(|key| known.get(&(comment.site.as_str(), key.as_str())))
            .collect();
        let repeat = earlier
            .iter()
            .find(|(_, digest)| *digest == comment.digest)
            .map(|(id, _)| *id);
        let thread = threads.get(&(comment.site.as_str(), comment.draft.thread.as_str()));
        results.push(Done::Inserted(match (repeat, thread) {
            (Some(id), _) => Inserted::Repeat(id),
            (None, _) if !earlier.is_empty() => Inserted::KeyTaken,
            (None, Some(thread)) if thread.open => {
                for key in &comment.repeat_keys {
                    let taken = (comment.id, comment.digest.clone());
                    known.insert((comment.site.as_str(), key.as_str()), taken);
                }
                rows.push((comment, *thread));
                Inserted::New
            }
            (None, _) => Inserted::ThreadClosed,
        }));
    }
    if rows.is_empty() {
        return Ok(());
    }
    insert_rows(connection, &rows).await?;
    insert_keys(connection, &rows).await?;
    touch_threads(connection, &rows).await
}

type Pair<'a> = (&'a str, &'a str);

/// The repeat keys of `comments` that are stored already, each with its comment and digest. Those that have run out are deleted, so that
/// they can be taken again before the purge has come by.
async fn known_keys<'a>(
    connection: &mut Connection,
    comments: &[&'a NewComment],
) -> Result<HashMap<Pair<'a>, (Uuid, String)>, StoreError> {
    let pairs: Vec<Pair<'a>> = comments
        .iter()
        .flat_map(|c| c.repeat_keys.iter().map(|key| (c.site.as_str(), key.as_str())))
        .collect();
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    // Joined, because SQLite reads the whole table for `(site_id, repeat_key) IN (VALUES …)`.
    let mut query =
        QueryBuilder::<Engine>::new("SELECT k.site_id, k.repeat_key, k.comment_id, k.digest, k.expires_at FROM (");
    query.push_values(&pairs, |mut row, (site, key)| {
        row.push_bind(*site).push_bind(*key);
    });
    query.push(") AS v JOIN repeat_keys k ON k.site_id = v.column1 AND k.repeat_key = v.column2");
    let found: Vec<(String, String, Uuid, String, i64)> = query.build_query_as().fetch_all(&mut *connection).await?;
    if found.is_empty() {
        return Ok(HashMap::new());
    }
    let found: HashMap<(String, String), (Uuid, String, i64)> = found
        .into_iter()
        .map(|(site, key, id, digest, until)| ((site, key), (id, digest, until)))
        .collect();
    let mut known = HashMap::new();
    let mut expired = Vec::new();
    let mut now = i64::MIN;
    for comment in comments {
        for key in &comment.repeat_keys {
            match found.get(&(comment.site.clone(), key.clone())) {
                Some((id, digest, until)) if *until > comment.at.0 => {
                    known.insert((comment.site.as_str(), key.as_str()), (*id, digest.clone()));
                }
                Some(_) => {
                    expired.push((comment.site.as_str(), key.as_str()));
                    now = now.max(comment.at.0);
                }
                None => {}
            }
        }
    }
    expired.retain(|pair| !known.contains_key(pair));
    delete_expired(connection, &expired, now).await?;
    Ok(known)
}

async fn delete_expired(connection: &mut Connection, pairs: &[Pair<'_>], now: i64) -> Result<(), StoreError> {
    for (site, key) in pairs {
        // The time again: on PostgreSQL somebody may have taken the key anew since we looked.
        sqlx::query("DELETE FROM repeat_keys WHERE site_id = $1 AND repeat_key = $2 AND expires_at <= $3")
            .bind(*site)
            .bind(*key)
            .bind(now)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The threads of `comments`, made where they are missing.
async fn threads<'a>(
    connection: &mut Connection,
    comments: &[&'a NewComment],
) -> Result<HashMap<Pair<'a>, Thread>, StoreError> {
    let mut wanted: HashMap<Pair<'a>, &NewComment> = HashMap::new();
    for comment in comments {
        wanted
            .entry((comment.site.as_str(), comment.draft.thread.as_str()))
            .or_insert(comment);
    }
    let pairs: Vec<Pair<'a>> = wanted.keys().copied().collect();
    let mut threads = known_threads(connection, &pairs).await?;
    let mut missing = Vec::new();
    for (pair, first) in wanted {
        if threads.contains_key(&pair) {
            continue;
        }
        sqlx::query(
            "INSERT INTO threads (id, site_id, thread_key, open, content_version, created_at) \
             VALUES ($1, $2, $3, TRUE, 1, $4) ON CONFLICT (site_id, thread_key) DO NOTHING",
        )
        .bind(first.new_thread_id)
        .bind(pair.0)
        .bind(pair.1)
        .bind(first.at.0)
        .execute(&mut *connection)
        .await?;
        missing.push(pair);
    }
    threads.extend(known_threads(connection, &missing).await?);
    Ok(threads)
}

async fn known_threads<'a>(
    connection: &mut Connection,
    pairs: &[Pair<'a>],
) -> Result<HashMap<Pair<'a>, Thread>, StoreError> {
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    // Joined, as in `known_keys`. Index: threads_by_key.
    let mut query =
        QueryBuilder::<Engine>::new("SELECT t.site_id, t.thread_key, t.id, t.open, t.oldest_pending_at FROM (");
    query.push_values(pairs, |mut row, (site, key)| {
        row.push_bind(*site).push_bind(*key);
    });
    query.push(") AS v JOIN threads t ON t.site_id = v.column1 AND t.thread_key = v.column2");
    let found: Vec<(String, String, Uuid, bool, Option<i64>)> =
        query.build_query_as().fetch_all(&mut *connection).await?;
    Ok(found
        .into_iter()
        .filter_map(|(site, key, id, open, oldest_pending_at)| {
            let thread = Thread {
                id,
                open,
                oldest_pending_at,
            };
            let pair = pairs.iter().find(|pair| **pair == (site.as_str(), key.as_str()))?;
            Some((*pair, thread))
        })
        .collect())
}

async fn insert_rows(connection: &mut Connection, rows: &[(&NewComment, Thread)]) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Engine>::new(INSERT);
    query.push(
        " INTO comments (id, site_id, thread_id, parent_id, root_id, status, set_aside, version, \
         created_at, name, email, website, body, html, folded, language, thread_title, thread_url, email_key, \
         client_key, device_id, body_digest, reference, provider, verdict, verdict_detail, \
         checked_ms, signals, assessment, score_raw, level, outcome, \
         policy_version, propensity_ppm, draw, explored, reasons, links, reports) ",
    );
    query.push_values(rows, |mut row, (comment, thread)| {
        let draft = &comment.draft;
        let outcome = &comment.outcome;
        let raw = match &comment.verdict {
            crate::domain::verdict::Verdict::Scored { raw, .. } => Some(raw.as_str()),
            _ => None,
        };
        row.push_bind(comment.id)
            .push_bind(comment.site.as_str())
            .push_bind(thread.id)
            .push_bind(draft.parent)
            .push_bind(comment.root)
            .push_bind(comment.status.as_str())
            .push_bind(false)
            .push_bind(1_i64)
            .push_bind(comment.at.0)
            .push_bind(draft.name.as_str())
            .push_bind(draft.email.as_str())
            .push_bind(draft.website.as_ref().map(crate::domain::person::Website::as_str))
            .push_bind(draft.body.as_str())
            .push_bind(comment.html.as_str())
            .push_bind(comment.folded.as_str())
            .push_bind(comment.language.code())
            .push_bind(draft.thread_title.as_deref())
            .push_bind(draft.thread_url.as_deref())
            .push_bind(comment.email_key.as_str())
            .push_bind(comment.client_key.as_deref())
            .push_bind(comment.device_id.as_deref())
            .push_bind(comment.body_digest.as_str())
            .push_bind(comment.reference.as_str())
            .push_bind(comment.provider)
            .push_bind(comment.verdict.class())
            .push_bind(comment.verdict.detail())
            .push_bind(comment.checked_ms)
            .push_bind(comment.signals.as_deref())
            .push_bind(comment.assessment.as_deref())
            .push_bind(raw)
            .push_bind(outcome.level.map(crate::domain::score::Score::thousandths))
            .push_bind(outcome.action.as_str())
            .push_bind(outcome.policy_version)
            .push_bind(outcome.propensity_ppm)
            .push_bind(outcome.draw)
            .push_bind(outcome.explored)
            .push_bind(serde_json::to_string(&outcome.reasons).unwrap_or_else(|_| "[]".to_owned()))
            .push_bind(comment.links)
            .push_bind(0_i64);
    });
    query.build().execute(connection).await?;
    Ok(())
}

async fn insert_keys(connection: &mut Connection, rows: &[(&NewComment, Thread)]) -> Result<(), StoreError> {
    let keys: Vec<(&NewComment, &str)> = rows
        .iter()
        .flat_map(|(comment, _)| comment.repeat_keys.iter().map(|key| (*comment, key.as_str())))
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Engine>::new(INSERT);
    query.push(" INTO repeat_keys (site_id, repeat_key, digest, comment_id, expires_at) ");
    query.push_values(keys, |mut row, (comment, key)| {
        row.push_bind(comment.site.as_str())
            .push_bind(key)
            .push_bind(comment.digest.as_str())
            .push_bind(comment.id)
            .push_bind(comment.repeat_until.0);
    });
    query.build().execute(connection).await?;
    Ok(())
}

/// Keeps each thread's oldest waiting time and content version. One row at a time: on PostgreSQL this
/// also takes the row's lock, without which a decision that runs beside us could forget our comment.
async fn touch_threads(connection: &mut Connection, rows: &[(&NewComment, Thread)]) -> Result<(), StoreError> {
    #[derive(Default)]
    struct Touched<'a> {
        oldest: Option<i64>,
        published: i64,
        title: Option<&'a str>,
        url: Option<&'a str>,
    }
    let mut touched: HashMap<Uuid, Touched<'_>> = HashMap::new();
    for (comment, thread) in rows {
        let entry = touched.entry(thread.id).or_default();
        match comment.status {
            // Nobody else writes, so what was read still holds.
            Status::Pending if ALONE && thread.oldest_pending_at.is_some_and(|oldest| oldest <= comment.at.0) => {}
            Status::Pending => {
                entry.oldest = Some(entry.oldest.map_or(comment.at.0, |oldest| oldest.min(comment.at.0)));
            }
            Status::Approved => {
                entry.published += 1;
                entry.title = entry.title.or(comment.draft.thread_title.as_deref());
                entry.url = entry.url.or(comment.draft.thread_url.as_deref());
            }
            _ => {}
        }
    }
    for (thread, touched) in touched {
        if let Some(oldest) = touched.oldest {
            sqlx::query(
                "UPDATE threads SET oldest_pending_at = CASE WHEN oldest_pending_at < $2 THEN oldest_pending_at \
                 ELSE $2 END WHERE id = $1",
            )
            .bind(thread)
            .bind(oldest)
            .execute(&mut *connection)
            .await?;
        }
        if touched.published > 0 {
            sqlx::query(PUBLISHED_SQL)
                .bind(thread)
                .bind(touched.published)
                .bind(touched.title)
                .bind(touched.url)
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

/// A change that readers see; the first approved comment gives the thread its title and link.
const PUBLISHED_SQL: &str = "UPDATE threads SET content_version = content_version + $2, \
     title = COALESCE(title, $3), url = COALESCE(url, $4) WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Current {
    site_id: String,
    thread_id: Uuid,
    status: String,
    set_aside: bool,
    version: i64,
    label: Option<String>,
    thread_title: Option<String>,
    thread_url: Option<String>,
}

/// Where a decision leads, and the label that the comment has then.
struct Change {
    to: Standing,
    label: Option<String>,
    undoes: Option<Uuid>,
}

async fn decide(connection: &mut Connection, decision: &Decide) -> Result<Decided, StoreError> {
    // The lock first: of two that came at once with one key, the second waits for it and sees the first.
    let current = lock_comment(connection, decision).await?;
    if let Some(earlier) = earlier_with_key(connection, decision).await? {
        return Ok(Decided::Replayed(earlier));
    }
    let Some(current) = current else {
        return Ok(Decided::NotFound);
    };
    let status = crate::store::rows::status("comments", "status", &decision.comment, &current.status)?;
    let from = Standing {
        status,
        set_aside: current.set_aside,
    };
    if status == Status::Erased {
        return Ok(Decided::Erased);
    }
    if decision.version.is_some_and(|version| version != current.version) {
        return Ok(Decided::Conflict);
    }
    let change = if decision.act == Act::Undo {
        match undone(connection, decision, current.version).await? {
            Some(change) => change,
            None => return Ok(Decided::Conflict),
        }
    } else {
        match after(decision.act, from) {
            Some(to) if to == from && decision.act != Act::Hold => return Ok(Decided::Unchanged),
            Some(to) => Change {
                label: label_of(decision.act).map(str::to_owned),
                undoes: None,
                to,
            },
            None => return Ok(Decided::Conflict),
        }
    };
    apply(connection, decision, &current, from, &change).await
}

async fn earlier_with_key(connection: &mut Connection, decision: &Decide) -> Result<Option<Uuid>, StoreError> {
    let Some(key) = &decision.key else {
        return Ok(None);
    };
    let found: Option<(Uuid,)> =
        sqlx::query_as("SELECT id FROM audit_entries WHERE actor_id = $1 AND decision_key = $2")
            .bind(decision.actor.id.as_str())
            .bind(key.as_str())
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(id,)| id))
}

/// The comment as it is, with its thread's row locked until the end of the transaction.
async fn lock_comment(connection: &mut Connection, decision: &Decide) -> Result<Option<Current>, StoreError> {
    sqlx::query(
        "UPDATE threads SET content_version = content_version \
         WHERE id = (SELECT thread_id FROM comments WHERE id = $1)",
    )
    .bind(decision.comment)
    .execute(&mut *connection)
    .await?;
    let current: Option<Current> = sqlx::query_as(
        "SELECT site_id, thread_id, status, set_aside, version, label, thread_title, thread_url \
         FROM comments WHERE id = $1",
    )
    .bind(decision.comment)
    .fetch_optional(connection)
    .await?;
    Ok(current.filter(|current| decision.scope.allows(&current.site_id)))
}

/// What an undo leads back to: the standing before the caller's own decision, if it is the last thing
/// that happened to the comment.
async fn undone(connection: &mut Connection, decision: &Decide, version: i64) -> Result<Option<Change>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Entry {
        id: Uuid,
        actor_id: String,
        from_status: Option<String>,
        from_aside: Option<bool>,
        from_label: Option<String>,
    }
    let entry: Option<Entry> = sqlx::query_as(
        "SELECT id, actor_id, from_status, from_aside, from_label FROM audit_entries \
         WHERE comment_id = $1 AND to_version = $2 AND action <> 'undo' ORDER BY id DESC LIMIT 1",
    )
    .bind(decision.comment)
    .bind(version)
    .fetch_optional(connection)
    .await?;
    let Some(entry) = entry else { return Ok(None) };
    if decision.of.is_some_and(|of| of != entry.id) || entry.actor_id != decision.actor.id {
        return Ok(None);
    }
    let word = entry.from_status.unwrap_or_default();
    Ok(Some(Change {
        to: Standing {
            status: crate::store::rows::status("audit_entries", "from_status", &entry.id, &word)?,
            set_aside: entry.from_aside.unwrap_or(false),
        },
        label: entry.from_label,
        undoes: Some(entry.id),
    }))
}

/// What a decision says about the comment: approve = a person and fine, reject = a person and not
/// fine, spam = spam; back to pending says nothing.
fn label_of(act: Act) -> Option<&'static str> {
    match act {
        Act::Approve => Some("approved"),
        Act::Reject => Some("rejected"),
        Act::Spam => Some("spam"),
        Act::Restore | Act::Hold | Act::Undo => None,
    }
}

async fn apply(
    connection: &mut Connection,
    decision: &Decide,
    current: &Current,
    from: Standing,
    change: &Change,
) -> Result<Decided, StoreError> {
    let to = change.to;
    let changed = sqlx::query(
        "UPDATE comments SET status = $3, set_aside = $4, label = $5, decided_at = $6, version = version + 1 \
         WHERE id = $1 AND version = $2",
    )
    .bind(decision.comment)
    .bind(current.version)
    .bind(to.status.as_str())
    .bind(to.set_aside)
    .bind(change.label.as_deref())
    .bind(decision.at.0)
    .execute(&mut *connection)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(Decided::Conflict);
    }
    record(connection, decision, current, from, change).await?;
    if to.status == Status::Approved || from.status == Status::Approved {
        let publishes = to.status == Status::Approved;
        sqlx::query(PUBLISHED_SQL)
            .bind(current.thread_id)
            .bind(1_i64)
            .bind(current.thread_title.as_deref().filter(|_| publishes))
            .bind(current.thread_url.as_deref().filter(|_| publishes))
            .execute(&mut *connection)
            .await?;
    }
    if to.status == Status::Pending || from.status == Status::Pending {
        sqlx::query(
            "UPDATE threads SET oldest_pending_at = (SELECT MIN(created_at) FROM comments \
             WHERE thread_id = $1 AND status = 'pending') WHERE id = $1",
        )
        .bind(current.thread_id)
        .execute(&mut *connection)
        .await?;
    }
    Ok(Decided::Applied(decision.id))
}

async fn record(
    connection: &mut Connection,
    decision: &Decide,
    current: &Current,
    from: Standing,
    change: &Change,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_entries (id, site_id, at, actor_kind, actor_id, actor, action, comment_id, from_status, \
         to_status, from_aside, from_label, from_version, to_version, reason, text_digest, undoes, decision_key) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(decision.id)
    .bind(current.site_id.as_str())
    .bind(decision.at.0)
    .bind(decision.actor.kind)
    .bind(decision.actor.id.as_str())
    .bind(decision.actor.name.as_str())
    .bind(decision.act.as_str())
    .bind(decision.comment)
    .bind(from.status.as_str())
    .bind(change.to.status.as_str())
    .bind(from.set_aside)
    .bind(current.label.as_deref())
    .bind(current.version)
    .bind(current.version + 1)
    .bind(decision.reason.as_deref())
    .bind(decision.note_digest.as_deref())
    .bind(change.undoes)
    .bind(decision.key.as_deref())
    .execute(&mut *connection)
    .await?;
    if let Some(note) = &decision.note {
        sqlx::query("INSERT INTO audit_texts (entry_id, comment_id, note) VALUES ($1, $2, $3)")
            .bind(decision.id)
            .bind(decision.comment)
            .bind(note.as_str())
            .execute(connection)
            .await?;
    }
    Ok(())
}
