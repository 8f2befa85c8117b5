//! What stands around a comment that is reviewed: its conversation, its author's other comments, what happened to it.
//!
//! Each is one question for all the comments that are asked about, a few, with a part of its own for each of them that
//! an index answers. Of an author all comments of the site are looked through, as for their record.

use std::{collections::HashMap, fmt::Write as _};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    audit::{self, AuditEntry},
    engines::on_pool,
    error::StoreError,
    from_row::from_row,
    open::Store,
    rows::{self, Comment},
};
use crate::domain::{status::Status, timestamp::Timestamp};

/// Comments of each kind (published, waiting; before, after) that are found near one.
const NEAR: usize = 7;

/// What waits in the article before and after a comment, in which those near it are looked for.
const LOOKED_THROUGH: usize = 50;

/// Other comments of an author.
const LAST: usize = 10;

/// What happened to a comment of each kind.
const HAPPENED: usize = 20;

/// A comment of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearComment {
    pub id: Uuid,
    pub parent: Option<Uuid>,
    /// The top-level comment above; `None` = is one.
    pub root: Option<Uuid>,
    pub status: Status,
    pub created_at: Timestamp,
    /// Empty once erased.
    pub name: String,
    /// Empty once erased.
    pub body: String,
}

impl From<&Comment> for NearComment {
    fn from(comment: &Comment) -> Self {
        Self {
            id: comment.id,
            parent: comment.parent,
            root: comment.root,
            status: comment.status,
            created_at: comment.created_at,
            name: comment.name.clone(),
            body: comment.body.clone(),
        }
    }
}

/// Another comment of an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastComment {
    pub id: Uuid,
    pub status: Status,
    pub created_at: Timestamp,
    pub body: String,
    pub thread_key: String,
    /// Set by an approval or by the publisher.
    pub thread_title: Option<String>,
    /// What the reader's page said of the article.
    pub claimed_title: Option<String>,
}

from_row! {
    /// A reader's report.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Report {
        pub comment_id: Uuid,
        pub at: i64,
        /// In the reader's words, 200 characters at most.
        pub reason: String,
    }
}

impl Store {
    /// What stands near each of `comments` in its discussion, by the comment's id, in no order: what it answers, up to
    /// two steps and the top-level comment, whatever became of them; published and waiting ones of its level, and its
    /// replies where it is a top-level comment itself, a few of each before and after it.
    pub async fn near(&self, comments: &[&Comment]) -> Result<HashMap<Uuid, Vec<NearComment>>, StoreError> {
        from_row! {
            struct Row {
                place: i64,
                id: Uuid,
                parent_id: Option<Uuid>,
                root_id: Option<Uuid>,
                status: String,
                created_at: i64,
                name: String,
                body: String,
            }
        }
        if comments.is_empty() {
            return Ok(HashMap::new());
        }
        let parts = part_of_each(comments, |place, comment| near_one(place, comment.root.is_none()));
        let query = format!(
            "SELECT n.place, c.id, c.parent_id, c.root_id, c.status, c.created_at, c.name, c.body FROM ({parts}) n \
             JOIN comments c ON c.id = n.id"
        );
        let found: Vec<Row> = on_pool!(self, |pool| {
            let mut query = sqlx::query_as(AssertSqlSafe(query));
            for comment in comments {
                query = query
                    .bind(comment.id)
                    .bind(comment.thread)
                    .bind(comment.created_at.0)
                    .bind(comment.root.unwrap_or(comment.id))
                    .bind(comment.parent);
            }
            query.fetch_all(pool).await
        })?;
        let mut near: HashMap<Uuid, Vec<NearComment>> = HashMap::new();
        for row in found {
            let place = usize::try_from(row.place).unwrap_or(usize::MAX);
            let Some(comment) = comments.get(place) else {
                continue;
            };
            let near = near.entry(comment.id).or_default();
            // What it answers may stand near it too.
            if near.iter().any(|known| known.id == row.id) {
                continue;
            }
            near.push(NearComment {
                status: rows::status("comments", "status", &row.id, &row.status)?,
                id: row.id,
                parent: row.parent_id,
                root: row.root_id,
                created_at: Timestamp(row.created_at),
                name: row.name,
                body: row.body,
            });
        }
        Ok(near)
    }

    /// The ten last other comments of each author on the site, newest first, by the comment's id: of the same device
    /// where the flag beside the comment says so, else of the same e-mail.
    pub async fn last_of_authors(
        &self,
        comments: &[(&Comment, bool)],
    ) -> Result<HashMap<Uuid, Vec<PastComment>>, StoreError> {
        from_row! {
            struct Row {
                place: i64,
                id: Uuid,
                status: String,
                created_at: i64,
                body: String,
                thread_key: String,
                title: Option<String>,
                claimed_title: Option<String>,
            }
        }
        // Of several comments by one author the others are looked for once.
        let mut authors: Vec<Author<'_>> = comments.iter().filter_map(Author::of).collect();
        authors.sort_unstable();
        authors.dedup();
        if authors.is_empty() {
            return Ok(HashMap::new());
        }
        // Indexes: comments_by_device, comments_by_email. `+ 0`, because by time, which another index gives, the whole
        // site would be read to find one author's. One more than wanted: the comment itself is among them.
        let parts = part_of_each(&authors, |place, author| {
            let [site, key] = [1, 2].map(|number| 2 * place + number);
            format!(
                "SELECT * FROM (SELECT CAST({place} AS BIGINT) AS place, c.id FROM comments c \
                 WHERE c.site_id = ${site} AND c.{} = ${key} ORDER BY c.created_at + 0 DESC, c.id DESC \
                 LIMIT {LAST} + 1) p{place}",
                author.column
            )
        });
        let query = format!(
            "SELECT l.place, c.id, c.status, c.created_at, c.body, t.thread_key, t.title, \
             c.thread_title AS claimed_title FROM ({parts}) l JOIN comments c ON c.id = l.id \
             JOIN threads t ON t.id = c.thread_id ORDER BY c.created_at DESC, c.id DESC"
        );
        let found: Vec<Row> = on_pool!(self, |pool| {
            let mut query = sqlx::query_as(AssertSqlSafe(query));
            for author in &authors {
                query = query.bind(author.site).bind(author.key);
            }
            query.fetch_all(pool).await
        })?;
        let mut written: Vec<Vec<PastComment>> = vec![Vec::new(); authors.len()];
        for row in found {
            let place = usize::try_from(row.place).unwrap_or(usize::MAX);
            let Some(written) = written.get_mut(place) else {
                continue;
            };
            written.push(PastComment {
                status: rows::status("comments", "status", &row.id, &row.status)?,
                id: row.id,
                created_at: Timestamp(row.created_at),
                body: row.body,
                thread_key: row.thread_key,
                thread_title: row.title,
                claimed_title: row.claimed_title,
            });
        }
        let of_author = |asked: &(&Comment, bool)| {
            let place = authors.binary_search(&Author::of(asked)?).ok()?;
            let others = written[place].iter().filter(|past| past.id != asked.0.id);
            Some((asked.0.id, others.take(LAST).cloned().collect()))
        };
        Ok(comments.iter().filter_map(of_author).collect())
    }

    /// The twenty latest entries of the audit log about each of `comments`, oldest first.
    pub async fn latest_entries(&self, comments: &[Uuid]) -> Result<Vec<AuditEntry>, StoreError> {
        if comments.is_empty() {
            return Ok(Vec::new());
        }
        // Index: audit_by_comment.
        let parts = part_of_each(comments, |place, _| {
            let comment = place + 1;
            format!(
                "SELECT * FROM (SELECT a.id FROM audit_entries a WHERE a.comment_id = ${comment} \
                 ORDER BY a.id DESC LIMIT {HAPPENED}) p{place}"
            )
        });
        let query = format!(
            "SELECT {} FROM ({parts}) l JOIN audit_entries a ON a.id = l.id \
             LEFT JOIN audit_texts n ON n.entry_id = a.id ORDER BY a.id",
            audit::COLUMNS
        );
        let found = on_pool!(self, |pool| {
            let mut query = sqlx::query_as(AssertSqlSafe(query));
            for comment in comments {
                query = query.bind(*comment);
            }
            query.fetch_all(pool).await
        })?;
        Ok(found)
    }

    /// The twenty latest reports of each of `comments`, oldest first.
    pub async fn latest_reports(&self, comments: &[Uuid]) -> Result<Vec<Report>, StoreError> {
        if comments.is_empty() {
            return Ok(Vec::new());
        }
        // Those of a comment are found by their table's primary key.
        let parts = part_of_each(comments, |place, _| {
            let comment = place + 1;
            format!(
                "SELECT * FROM (SELECT r.comment_id, r.at, r.reason FROM reports r WHERE r.comment_id = ${comment} \
                 ORDER BY r.at DESC, r.reporter LIMIT {HAPPENED}) p{place}"
            )
        });
        let query = format!("SELECT l.comment_id, l.at, l.reason FROM ({parts}) l ORDER BY l.at");
        let found = on_pool!(self, |pool| {
            let mut query = sqlx::query_as(AssertSqlSafe(query));
            for comment in comments {
                query = query.bind(*comment);
            }
            query.fetch_all(pool).await
        })?;
        Ok(found)
    }
}

/// Who wrote a comment, as far as one can be told from another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Author<'a> {
    site: &'a str,
    column: &'static str,
    key: &'a str,
}

impl<'a> Author<'a> {
    /// `None`: who left nothing is nobody else.
    fn of(&(comment, by_device): &(&'a Comment, bool)) -> Option<Self> {
        let (column, key) = if by_device {
            ("device_id", comment.device_id.as_deref().unwrap_or_default())
        } else {
            ("email_key", comment.email_key.as_str())
        };
        let site = comment.site.as_str();
        Some(Self { site, column, key }).filter(|author| !author.key.is_empty())
    }
}

/// The part of the question of what is near that asks about the comment at `place`, with five values: its id, thread
/// and time, the top-level comment of its discussion, and what it answers.
fn near_one(place: usize, is_top: bool) -> String {
    let [id, thread, created, root, parent] = [1, 2, 3, 4, 5].map(|number| 5 * place + number);
    let mut part = format!(
        "SELECT CAST({place} AS BIGINT) AS place, a.id FROM comments a WHERE a.id <> ${id} \
         AND a.id IN (${root}, ${parent}, (SELECT b.parent_id FROM comments b WHERE b.id = ${parent}))"
    );
    let (level, waiting) = if is_top {
        (
            "c.root_id IS NULL".to_owned(),
            format!("(c.root_id IS NULL OR c.root_id = ${root})"),
        )
    } else {
        (format!("c.root_id = ${root}"), format!("c.root_id = ${root}"))
    };
    for (number, (comparison, direction)) in [("<", "DESC"), (">", "ASC")].into_iter().enumerate() {
        let order = format!("ORDER BY c.created_at {direction}, c.id {direction}");
        // Indexes: comments_public, comments_waiting.
        let _ = write!(
            part,
            " UNION ALL SELECT * FROM (SELECT CAST({place} AS BIGINT) AS place, c.id FROM comments c \
             WHERE c.thread_id = ${thread} AND {level} AND c.status = 'approved' \
             AND (c.created_at, c.id) {comparison} (${created}, ${id}) {order} LIMIT {NEAR}) p{place}_{number} \
             UNION ALL SELECT * FROM (SELECT CAST({place} AS BIGINT) AS place, c.id FROM (\
             SELECT c.id, c.root_id, c.created_at FROM comments c WHERE c.thread_id = ${thread} \
             AND c.status = 'pending' AND (c.created_at, c.id) {comparison} (${created}, ${id}) \
             {order} LIMIT {LOOKED_THROUGH}) c WHERE {waiting} {order} LIMIT {NEAR}) \
             w{place}_{number}"
        );
    }
    if is_top {
        // Index: comments_public.
        let _ = write!(
            part,
            " UNION ALL SELECT * FROM (SELECT CAST({place} AS BIGINT) AS place, c.id FROM comments c \
             WHERE c.thread_id = ${thread} AND c.root_id = ${root} AND c.status = 'approved' \
             ORDER BY c.created_at, c.id LIMIT {NEAR}) r{place}"
        );
    }
    part
}

/// One question of a part for each of `asked`, made from its place.
fn part_of_each<T>(asked: &[T], part: impl Fn(usize, &T) -> String) -> String {
    let parts: Vec<String> = asked.iter().enumerate().map(|(place, one)| part(place, one)).collect();
    parts.join(" UNION ALL ")
}
