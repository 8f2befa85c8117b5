// Included by `units.rs` once for each engine, with `Engine` and `Connection` set.

use std::collections::{HashMap, hash_map::Entry};

use futures_util::TryStreamExt as _;
use sqlx::{Executor as _, QueryBuilder};
use uuid::Uuid;

use crate::{
    domain::{
        actor::ActorKind,
        appeal::Judge,
        audit::AuditDetail,
        decision::{self, Act, Decided, Standing},
        decision_facts::{How, Restriction, Source},
        event::{Event, Kind},
        origin::{Origin, Submitted},
        reason::Reason,
        status::Status,
        view::Seen,
    },
    store::{
        earlier::{Found, ask_all},
        error::StoreError,
        events::write_event,
        person::{has_another, person_behind},
        units::{Decide, Done, Inserted, NewComment, Unit},
        view_sql::NOTE_SQL,
    },
};

/// Runs the units in their order in one transaction, all or none; neighbouring inserts become one question and one
/// multi-row INSERT a table.
pub(in crate::store) async fn run_all(connection: &mut Connection, units: &[Unit]) -> Result<Vec<Done>, StoreError> {
    let mut transaction = Transaction {
        connection,
        is_open: ENDS.is_none(),
    };
    let mut results = Vec::with_capacity(units.len());
    let mut inserts: Vec<&NewComment> = Vec::with_capacity(units.len());
    for unit in units {
        match unit {
            Unit::Insert(comment) => inserts.push(comment),
            Unit::Decide(decision) => {
                insert_all(&mut transaction, &mut inserts, &mut results, false).await?;
                let connection = transaction.open().await?;
                results.push(Done::Decided(decide(connection, decision).await?));
            }
        }
    }
    insert_all(&mut transaction, &mut inserts, &mut results, true).await?;
    transaction.commit().await?;
    Ok(results)
}

/// The transaction of all units.
struct Transaction<'c> {
    connection: &'c mut Connection,
    is_open: bool,
}

impl Transaction<'_> {
    /// What the next statement, which opens it, begins with.
    fn begin(&mut self) -> String {
        match ENDS {
            Some((begin, _)) if !std::mem::replace(&mut self.is_open, true) => format!("{begin}; "),
            _ => String::new(),
        }
    }

    /// The connection, with the transaction open.
    async fn open(&mut self) -> Result<&mut Connection, StoreError> {
        if let Some((begin, _)) = ENDS
            && !self.is_open
        {
            sqlx::query(begin).execute(&mut *self.connection).await?;
            self.is_open = true;
        }
        Ok(self.connection)
    }

    /// What the statement that ends it ends with.
    fn end(&mut self) -> String {
        match ENDS {
            Some((_, end)) if std::mem::replace(&mut self.is_open, false) => format!("; {end}"),
            _ => String::new(),
        }
    }

    async fn commit(self) -> Result<(), StoreError> {
        if let Some((_, end)) = ENDS
            && self.is_open
        {
            run_to_the_end(self.connection, sqlx::query(end), 1).await?;
        }
        Ok(())
    }
}

/// Runs a text of so many statements, the commit with them, and sees that each of them ended. A connection of SQLite
/// is a thread, and where that dies sqlx ends what it gives without an error: then nothing is known to be stored.
pub(in crate::store) async fn run_to_the_end<'q>(
    connection: &mut Connection,
    query: impl sqlx::Execute<'q, Engine> + 'q,
    statements: usize,
) -> Result<(), StoreError> {
    let mut results = connection.fetch_many(query);
    let mut ended = 0;
    while let Some(result) = results.try_next().await? {
        ended += usize::from(result.is_left());
    }
    if ended < statements {
        return Err(StoreError::Unavailable(format!(
            "the connection ended after {ended} of {statements} statements"
        )));
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
struct Thread {
    id: Uuid,
    open: bool,
    /// As it was read, before this transaction's comments.
    oldest_pending_at: Option<i64>,
    /// Somebody is told of what comes in on its site.
    has_receiver: bool,
}

/// With `last`, nothing follows in the transaction.
async fn insert_all(
    transaction: &mut Transaction<'_>,
    comments: &mut Vec<&NewComment>,
    results: &mut Vec<Done>,
    last: bool,
) -> Result<(), StoreError> {
    if comments.is_empty() {
        return Ok(());
    }
    let (mut known, threads) = known(transaction, comments).await?;
    let mut rows = Vec::with_capacity(comments.len());
    for comment in comments.drain(..) {
        let earlier: Vec<&(Uuid, String)> = comment
            .origin
            .repeats()
            .keys
            .iter()
            .filter_map(|key| known.get(&(comment.site.as_str(), key.as_str())))
            .collect();
        let repeat = earlier
            .iter()
            .find(|(_, digest)| *digest == comment.origin.repeats().digest)
            .map(|(id, _)| *id);
        let thread = threads.get(&pair(comment));
        results.push(Done::Inserted(match (repeat, thread) {
            (Some(id), _) => Inserted::Repeat(id),
            (None, _) if !earlier.is_empty() => Inserted::KeyTaken,
            (None, Some(thread)) if thread.open => {
                for key in &comment.origin.repeats().keys {
                    let taken = (comment.id, comment.origin.repeats().digest.clone());
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
    insert_rows(transaction, &rows, last).await
}

/// Site and key, of a thread or of a repeat.
type Pair<'a> = (&'a str, &'a str);

type KnownKeys<'a> = HashMap<Pair<'a>, (Uuid, String)>;
type Threads<'a> = HashMap<Pair<'a>, Thread>;

fn pair(comment: &NewComment) -> Pair<'_> {
    (comment.site.as_str(), comment.content.draft.thread.as_str())
}

/// The repeat keys of `comments` that are stored already, each with its comment and digest, and their
/// threads, made where they are missing. Keys that have run out are deleted, so that they can be taken again
/// before the purge has come by.
async fn known<'a>(
    transaction: &mut Transaction<'_>,
    comments: &[&'a NewComment],
) -> Result<(KnownKeys<'a>, Threads<'a>), StoreError> {
    let mut firsts: HashMap<Pair<'a>, &'a NewComment> = HashMap::new();
    let mut asked = Vec::with_capacity(comments.len() * 2);
    for (comment, number) in comments.iter().zip(0_i64..) {
        let (site, thread) = pair(comment);
        if let Entry::Vacant(place) = firsts.entry((site, thread)) {
            place.insert(comment);
            asked.push((number, site, thread, ""));
        }
        asked.extend(comment.origin.repeats().keys.iter().map(|key| (number, site, "", key.as_str())));
    }
    let begin = transaction.begin();
    let found: Vec<Found> = ask_all!(&mut *transaction.connection, begin, asked)?;
    let (mut keys, mut threads) = (HashMap::new(), HashMap::new());
    let mut expired = Vec::new();
    for row in found {
        let Some(comment) = usize::try_from(row.look).ok().and_then(|number| comments.get(number)) else {
            continue;
        };
        if let (Some(id), Some(open)) = (row.thread_id, row.open) {
            let oldest_pending_at = row.oldest_pending_at;
            threads.insert(
                pair(comment),
                Thread {
                    id,
                    open,
                    oldest_pending_at,
                    has_receiver: row.has_receiver,
                },
            );
        }
        let (Some(key), Some(id), Some(digest)) = (row.repeat_key, row.comment_id, row.digest) else {
            continue;
        };
        let Some(key) = comment.origin.repeats().keys.iter().find(|own| **own == key) else {
            continue;
        };
        let key = (comment.site.as_str(), key.as_str());
        if row.expires_at.is_some_and(|until| until > comment.at.0) {
            keys.insert(key, (id, digest));
        } else {
            expired.push((key, comment.at.0));
        }
    }
    for ((site, key), now) in expired {
        if keys.contains_key(&(site, key)) {
            continue;
        }
        // The time again: on PostgreSQL somebody may have taken the key anew since we looked.
        sqlx::query("DELETE FROM repeat_keys WHERE site_id = $1 AND repeat_key = $2 AND expires_at <= $3")
            .bind(site)
            .bind(key)
            .bind(now)
            .execute(&mut *transaction.connection)
            .await?;
    }
    for (pair, first) in firsts {
        if !threads.contains_key(&pair)
            && let Some(thread) = make_thread(transaction.connection, first).await?
        {
            threads.insert(pair, thread);
        }
    }
    Ok((keys, threads))
}

/// Makes the thread of a comment, unless somebody was first.
async fn make_thread(connection: &mut Connection, first: &NewComment) -> Result<Option<Thread>, StoreError> {
    let (site, key) = pair(first);
    sqlx::query(
        "INSERT INTO threads (id, site_id, thread_key, open, content_version, created_at) \
         VALUES ($1, $2, $3, TRUE, 1, $4) ON CONFLICT (site_id, thread_key) DO NOTHING",
    )
    .bind(first.new_thread_id)
    .bind(site)
    .bind(key)
    .bind(first.at.0)
    .execute(&mut *connection)
    .await?;
    // Index: threads_by_key.
    let made: Option<(Uuid, bool, Option<i64>, bool)> = sqlx::query_as(
        "SELECT id, open, oldest_pending_at, \
         EXISTS (SELECT 1 FROM receivers r WHERE r.site_id = threads.site_id) AS has_receiver \
         FROM threads WHERE site_id = $1 AND thread_key = $2",
    )
    .bind(site)
    .bind(key)
    .fetch_optional(connection)
    .await?;
    Ok(made.map(|(id, open, oldest_pending_at, has_receiver)| Thread {
        id,
        open,
        oldest_pending_at,
        has_receiver,
    }))
}

/// The comments with their keys, and what becomes of their threads.
async fn insert_rows(
    transaction: &mut Transaction<'_>,
    rows: &[(&NewComment, Thread)],
    last: bool,
) -> Result<(), StoreError> {
    let touched = touched(rows);
    let mut query = insert_of_comments(rows);
    let mut statements = 1;
    if rows.iter().any(|(comment, _)| !comment.origin.repeats().keys.is_empty()) {
        if ENDS.is_some() {
            query.push("; ");
            statements += 1;
        } else {
            query.build().execute(&mut *transaction.connection).await?;
            query = QueryBuilder::new("");
        }
        push_insert_of_keys(&mut query, rows);
    }
    let told: Vec<&NewComment> = rows
        .iter()
        .filter(|(_, thread)| thread.has_receiver)
        .map(|(comment, _)| *comment)
        .collect();
    if last && touched.is_empty() && told.is_empty() {
        let end = transaction.end();
        statements += usize::from(!end.is_empty());
        query.push(end);
    }
    run_to_the_end(transaction.connection, query.build(), statements).await?;
    tell_arrivals(transaction.connection, &told).await?;
    touch_threads(transaction.connection, touched).await
}

/// Deliveries of what came in to the receivers of each site: the comment's row is the event.
async fn tell_arrivals(connection: &mut Connection, told: &[&NewComment]) -> Result<(), StoreError> {
    for comment in told {
        sqlx::query(
            "INSERT INTO deliveries (event_id, receiver_kind, receiver_id, site_id, comment_id, seq, state, \
             not_before, attempts, leased_until) \
             SELECT $1, r.kind, r.id, r.site_id, $1, 0, 'waiting', $3, 0, 0 FROM receivers r WHERE r.site_id = $2",
        )
        .bind(comment.id)
        .bind(comment.site.as_str())
        .bind(comment.at.0)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn insert_of_comments(rows: &[(&NewComment, Thread)]) -> QueryBuilder<Engine> {
    let mut query = QueryBuilder::<Engine>::new(INSERT);
    query.push(
        " INTO comments (id, site_id, thread_id, parent_id, root_id, status, set_aside, version, \
         created_at, name, email, website, body, html, folded, language, thread_title, thread_url, email_key, \
         client_key, device_id, body_digest, reference, provider, verdict, verdict_detail, \
         checked_ms, signals, assessment, score_raw, level, outcome, \
         policy_version, propensity_ppm, draw, explored, reasons, links, reports, shuffle) ",
    );
    query.push_values(rows, |mut row, (comment, thread)| {
        let content = &comment.content;
        let draft = &content.draft;
        let Origin::Submitted(submitted) = &comment.origin;
        let Submitted { captcha, outcome, .. } = submitted;
        let raw = match &captcha.verdict {
            crate::domain::verdict::Verdict::Scored { raw, .. } => Some(raw.as_str()),
            _ => None,
        };
        row.push_bind(comment.id)
            .push_bind(comment.site.as_str())
            .push_bind(thread.id)
            .push_bind(draft.parent)
            .push_bind(content.root)
            .push_bind(comment.status.as_str())
            .push_bind(false)
            .push_bind(1_i64)
            .push_bind(comment.at.0)
            .push_bind(draft.name.as_str())
            .push_bind(draft.email.as_str())
            .push_bind(draft.website.as_ref().map(crate::domain::person::Website::as_str))
            .push_bind(draft.body.as_str())
            .push_bind(content.html.as_str())
            .push_bind(content.folded.as_str())
            .push_bind(content.language.code())
            .push_bind(draft.thread_title.as_deref())
            .push_bind(draft.thread_url.as_deref())
            .push_bind(content.email_key.as_str())
            .push_bind(submitted.client_key.as_deref())
            .push_bind(submitted.device_id.as_deref())
            .push_bind(content.body_digest.as_str())
            .push_bind(submitted.reference.as_str())
            .push_bind(captcha.provider.as_str())
            .push_bind(captcha.verdict.class())
            .push_bind(captcha.verdict.detail())
            .push_bind(captcha.checked_ms)
            .push_bind(captcha.signals.as_deref())
            .push_bind(captcha.assessment.as_deref())
            .push_bind(raw)
            .push_bind(outcome.level.map(crate::domain::score::Score::thousandths))
            .push_bind(outcome.action.as_str())
            .push_bind(outcome.policy_version)
            .push_bind(outcome.propensity_ppm)
            .push_bind(outcome.draw)
            .push_bind(outcome.explored)
            .push_bind(serde_json::to_string(&outcome.reasons).unwrap_or_else(|_| "[]".to_owned()))
            .push_bind(content.links)
            .push_bind(0_i64)
            .push_bind(shuffle(comment.id));
    });
    query
}

/// Where a comment stands in the order that has nothing to do with time or score: by the random part of its id.
fn shuffle(id: Uuid) -> i64 {
    let [.., a, b, c, d] = id.into_bytes();
    i64::from(u32::from_be_bytes([a, b, c, d]))
}

fn push_insert_of_keys(query: &mut QueryBuilder<Engine>, rows: &[(&NewComment, Thread)]) {
    let keys = rows
        .iter()
        .flat_map(|(comment, _)| comment.origin.repeats().keys.iter().map(|key| (*comment, key.as_str())));
    query.push(INSERT);
    query.push(" INTO repeat_keys (site_id, repeat_key, digest, comment_id, expires_at) ");
    query.push_values(keys, |mut row, (comment, key)| {
        row.push_bind(comment.site.as_str())
            .push_bind(key)
            .push_bind(comment.origin.repeats().digest.as_str())
            .push_bind(comment.id)
            .push_bind(comment.origin.repeats().until.0);
    });
}

/// What new comments change about a thread.
#[derive(Default)]
struct Touched<'a> {
    oldest: Option<i64>,
    published: i64,
    /// With the comment that gives it.
    title: Option<(&'a str, Uuid)>,
    url: Option<(&'a str, Uuid)>,
}

/// The threads that `rows` change, by id.
fn touched<'a>(rows: &[(&'a NewComment, Thread)]) -> HashMap<Uuid, Touched<'a>> {
    let mut touched: HashMap<Uuid, Touched<'a>> = HashMap::new();
    for (comment, thread) in rows {
        match comment.status {
            // Nobody else writes, so what was read still holds.
            Status::Pending if ALONE && thread.oldest_pending_at.is_some_and(|oldest| oldest <= comment.at.0) => {}
            Status::Pending => {
                let entry = touched.entry(thread.id).or_default();
                entry.oldest = Some(entry.oldest.map_or(comment.at.0, |oldest| oldest.min(comment.at.0)));
            }
            Status::Approved => {
                let entry = touched.entry(thread.id).or_default();
                entry.published += 1;
                let from = |text: Option<&'a str>| text.map(|text| (text, comment.id));
                entry.title = entry.title.or(from(comment.content.draft.thread_title.as_deref()));
                entry.url = entry.url.or(from(comment.content.draft.thread_url.as_deref()));
            }
            _ => {}
        }
    }
    touched
}

/// Keeps each thread's oldest waiting time and content version. One row at a time: on PostgreSQL this
/// also takes the row's lock, without which a decision that runs beside us could forget our comment.
async fn touch_threads(connection: &mut Connection, touched: HashMap<Uuid, Touched<'_>>) -> Result<(), StoreError> {
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
                .bind(touched.title.map(|(title, _)| title))
                .bind(touched.url.map(|(url, _)| url))
                .bind(touched.title.map(|(_, from)| from))
                .bind(touched.url.map(|(_, from)| from))
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

/// A change that readers see; the first approved comment gives the thread its title and link, which go with it
/// when it is erased.
const PUBLISHED_SQL: &str = "UPDATE threads SET content_version = content_version + $2, \
     title_from = CASE WHEN title IS NULL THEN $5 ELSE title_from END, \
     url_from = CASE WHEN url IS NULL THEN $6 ELSE url_from END, \
     title = COALESCE(title, $3), url = COALESCE(url, $4) WHERE id = $1";
