//! Single comments: finding one, its repeats, its parent and its author's record; and what its own
//! reader may do to it (erase; appeals have a file of their own).

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entry},
    earlier::{self, Before, Look, Repeat},
    engines::{in_tx, on_pool},
    error::StoreError,
    events::{event_id, write_event},
    open::Store,
    rows::{COMMENT_COLUMNS, Comment, CommentRow},
};
use crate::domain::{
    actor::ActorKind,
    event::{Event, Kind},
    timestamp::Timestamp,
    trust::DeviceRecord,
};

/// The comment that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The top-level comment of that discussion.
    pub root: Uuid,
}

/// What moderators decided about an author before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuthorRecord {
    pub approved: i64,
    pub rejected: i64,
    pub spam: i64,
    pub first_seen: Option<Timestamp>,
    /// Known by a device token; else by a typed e-mail, which anybody can type.
    pub verified: bool,
}

/// Notes what is lost with a comment's device and still counts: that people found it to be spam, or rejected it.
/// Else whoever erases their spam would have a clean device again. `purge` forgets it in time.
macro_rules! before_blanking {
    ($conn:expr, $comment:expr) => {
        sqlx::query(
            "INSERT INTO device_faults (site_id, device_id, label, at, comments) \
             SELECT site_id, device_id, status, COALESCE(decided_at, created_at), 1 FROM comments \
             WHERE id = $1 AND device_id IS NOT NULL AND status IN ('rejected', 'spam') \
             ON CONFLICT (site_id, device_id, label, at) DO UPDATE SET comments = device_faults.comments + 1",
        )
        .bind($comment)
        .execute(&mut *$conn)
        .await?
    };
}
pub(super) use before_blanking;

/// Takes from a thread the title and the link that it has from a comment which was just blanked: another public
/// comment gives its own, the same one first, else there is none. The content version is raised
/// by `raise`. The thread's row is locked by the caller.
macro_rules! after_blanking {
    ($conn:expr, $comment:expr, $thread:expr, $raise:expr) => {
        let raise: i64 = $raise;
        for (text, from, given) in [
            ("title", "title_from", "thread_title"),
            ("url", "url_from", "thread_url"),
        ] {
            // Index: comments_public. Nothing is left of the blanked one.
            let other: Option<(Uuid, String)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT c.id, c.{given} FROM comments c JOIN threads t ON t.id = c.thread_id \
                 WHERE c.thread_id = $1 AND t.{from} = $2 AND c.status = 'approved' AND c.{given} IS NOT NULL \
                 ORDER BY CASE WHEN c.{given} = t.{text} THEN 0 ELSE 1 END, c.created_at, c.id LIMIT 1"
            )))
            .bind($thread)
            .bind($comment)
            .fetch_optional(&mut *$conn)
            .await?;
            let (id, given) = other.unzip();
            sqlx::query(sqlx::AssertSqlSafe(format!(
                "UPDATE threads SET content_version = content_version + $5, {text} = $3, {from} = $4 \
                 WHERE id = $1 AND {from} = $2"
            )))
            .bind($thread)
            .bind($comment)
            .bind(given)
            .bind(id)
            .bind(raise)
            .execute(&mut *$conn)
            .await?;
        }
    };
}
pub(super) use after_blanking;

/// Sets a thread's oldest waiting time anew; its row is locked by the caller.
macro_rules! recount_waiting {
    ($conn:expr, $thread:expr) => {
        sqlx::query(
            "UPDATE threads SET oldest_pending_at = (SELECT MIN(created_at) FROM comments \
             WHERE thread_id = $1 AND status = 'pending' AND appealed_at IS NULL) WHERE id = $1",
        )
        .bind($thread)
        .execute(&mut *$conn)
        .await?
    };
}

impl Store {
    /// A comment by its id.
    pub async fn comment(&self, id: Uuid) -> Result<Option<Comment>, StoreError> {
        let found: Option<CommentRow> = on_pool!(self, |pool| {
            sqlx::query_as(AssertSqlSafe(format!(
                "SELECT {COMMENT_COLUMNS} FROM comments c WHERE c.id = $1"
            )))
            .bind(id)
            .fetch_optional(pool)
            .await
        })?;
        found.map(TryInto::try_into).transpose()
    }

    /// What is known of a submission's thread and of its keys, in one question.
    pub async fn before_submission(
        &self,
        site: &str,
        thread: &str,
        keys: &[String],
        now: Timestamp,
    ) -> Result<Before, StoreError> {
        let look = Look {
            site: site.to_owned(),
            thread: thread.to_owned(),
            keys: keys.to_vec(),
            now,
        };
        match self {
            Self::Sqlite(sqlite) => sqlite.looks().ask(look).await,
            Self::Postgres(pool) => {
                let looks = [look];
                let found = earlier::ask_all!(pool, "", earlier::asked(&looks))?;
                Ok(earlier::answers(&looks, found).pop().unwrap_or_default())
            }
        }
    }

    /// Earlier submissions under any of `keys`, in no order.
    pub async fn repeats(&self, site: &str, keys: &[String], now: Timestamp) -> Result<Vec<Repeat>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found: Vec<(String, String, Uuid)> = on_pool!(self, |pool| {
            let mut query =
                QueryBuilder::new("SELECT repeat_key, digest, comment_id FROM repeat_keys WHERE expires_at > ");
            query.push_bind(now.0).push(" AND site_id = ").push_bind(site);
            query.push(" AND repeat_key IN (");
            let mut list = query.separated(", ");
            for key in keys {
                list.push_bind(key.as_str());
            }
            query.push(")");
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(found
            .into_iter()
            .map(|(key, digest, comment)| Repeat { key, digest, comment })
            .collect())
    }

    /// The public comment `parent` of that thread, if it is one.
    pub async fn parent(&self, site: &str, thread: &str, parent: Uuid) -> Result<Option<Parent>, StoreError> {
        let found: Option<(Uuid, Option<Uuid>)> = on_pool!(self, |pool| {
            sqlx::query_as(
                "SELECT c.id, c.root_id FROM comments c JOIN threads t ON t.id = c.thread_id \
                 WHERE c.id = $1 AND c.status = 'approved' AND t.site_id = $2 AND t.thread_key = $3 \
                 AND (c.root_id IS NULL OR EXISTS (SELECT 1 FROM comments r \
                 WHERE r.id = c.root_id AND r.status = 'approved'))",
            )
            .bind(parent)
            .bind(site)
            .bind(thread)
            .fetch_optional(pool)
            .await
        })?;
        Ok(found.map(|(id, root)| Parent {
            root: root.unwrap_or(id),
        }))
    }

    /// The draw of an earlier submission of the same body since `since`, so that trying again does not
    /// draw again.
    pub async fn earlier_draw(&self, site: &str, body: &str, since: Timestamp) -> Result<Option<i64>, StoreError> {
        let found: Option<(i64,)> = on_pool!(self, |pool| {
            // Index: comments_by_body.
            sqlx::query_as(
                "SELECT draw FROM comments WHERE site_id = $1 AND body_digest = $2 AND created_at > $3 \
                 AND propensity_ppm < 1000000 ORDER BY created_at LIMIT 1",
            )
            .bind(site)
            .bind(body)
            .bind(since.0)
            .fetch_optional(pool)
            .await
        })?;
        Ok(found.map(|(draw,)| draw))
    }

    /// What people decided on a device's comments since `since`: a good word counts from the comment's own
    /// time, a bad one from its decision, also where the comment was blanked meanwhile.
    pub async fn device_record(&self, site: &str, device: &str, since: Timestamp) -> Result<DeviceRecord, StoreError> {
        let found: Vec<(String, i64)> = on_pool!(self, |pool| {
            // Index: comments_by_device; blanked ones are found by the primary key of their table.
            sqlx::query_as(
                "SELECT word, CAST(SUM(number) AS BIGINT) FROM (\
                 SELECT status AS word, CAST(1 AS BIGINT) AS number FROM comments \
                 WHERE site_id = $1 AND device_id = $2 AND status IN ('approved', 'rejected', 'spam') \
                 AND ((status = 'approved' AND label = 'approved' AND created_at >= $3) \
                 OR (status <> 'approved' AND COALESCE(decided_at, created_at) >= $3)) \
                 UNION ALL SELECT label, comments FROM device_faults \
                 WHERE site_id = $1 AND device_id = $2 AND at >= $3) words GROUP BY word",
            )
            .bind(site)
            .bind(device)
            .bind(since.0)
            .fetch_all(pool)
            .await
        })?;
        let count = |word: &str| found.iter().find(|(own, _)| own == word).map_or(0, |(_, count)| *count);
        Ok(DeviceRecord {
            approved: count("approved"),
            rejected: count("rejected"),
            spam: count("spam"),
        })
    }

    /// The record of each of `comments`' authors on its site, keyed by comment: by device where there
    /// is one, else by e-mail.
    pub async fn author_records(&self, comments: &[&Comment]) -> Result<HashMap<Uuid, AuthorRecord>, StoreError> {
        let mut records = HashMap::new();
        let by_device = self
            .records_by(comments, "device_id", |c| c.device_id.as_deref())
            .await?;
        let by_email = self
            .records_by(comments, "email_key", |c| {
                Some(c.email_key.as_str()).filter(|key| !key.is_empty())
            })
            .await?;
        for comment in comments {
            let record = comment
                .device_id
                .as_deref()
                .and_then(|device| by_device.get(&(comment.site.clone(), device.to_owned())))
                // A device that is new says nothing yet: then what the e-mail hints at is shown.
                .filter(|record| record.approved + record.rejected + record.spam > 0)
                .map(|record| AuthorRecord {
                    verified: true,
                    ..*record
                })
                .or_else(|| {
                    by_email
                        .get(&(comment.site.clone(), comment.email_key.clone()))
                        .copied()
                });
            records.insert(comment.id, record.unwrap_or_default());
        }
        Ok(records)
    }

    async fn records_by(
        &self,
        comments: &[&Comment],
        column: &'static str,
        key: impl Fn(&Comment) -> Option<&str>,
    ) -> Result<HashMap<(String, String), AuthorRecord>, StoreError> {
        let mut keys: Vec<(&str, &str)> = comments
            .iter()
            .filter_map(|c| key(c).map(|key| (c.site.as_str(), key)))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let found: Vec<(String, String, i64, i64, i64, i64)> = on_pool!(self, |pool| {
            // Indexes: comments_by_email, comments_by_device. Joined, because SQLite reads the whole table
            // for `(site_id, email_key) IN (VALUES …)`.
            let mut query = QueryBuilder::new(format!(
                "SELECT c.site_id, c.{column}, \
                 CAST(COALESCE(SUM(CASE WHEN status = 'approved' THEN 1 ELSE 0 END), 0) AS BIGINT), \
                 CAST(COALESCE(SUM(CASE WHEN status = 'rejected' THEN 1 ELSE 0 END), 0) AS BIGINT), \
                 CAST(COALESCE(SUM(CASE WHEN status = 'spam' THEN 1 ELSE 0 END), 0) AS BIGINT), \
                 CAST(MIN(c.created_at) AS BIGINT) FROM ("
            ));
            query.push_values(&keys, |mut row, (site, key)| {
                row.push_bind(*site).push_bind(*key);
            });
            query.push(format!(
                ") AS v JOIN comments c ON c.site_id = v.column1 AND c.{column} = v.column2 \
                 GROUP BY c.site_id, c.{column}"
            ));
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(found
            .into_iter()
            .map(|(site, key, approved, rejected, spam, first)| {
                let record = AuthorRecord {
                    approved,
                    rejected,
                    spam,
                    first_seen: Some(Timestamp(first)),
                    verified: false,
                };
                ((site, key), record)
            })
            .collect())
    }

    /// Erases a comment's texts for good; the row stays as evidence. `false`: they were gone already.
    pub async fn erase(&self, comment: &Comment, audit: NewAudit, now: Timestamp) -> Result<bool, StoreError> {
        let (id, thread) = (comment.id, comment.thread);
        let erased = in_tx!(self, |conn| {
            sqlx::query("UPDATE threads SET content_version = content_version WHERE id = $1")
                .bind(thread)
                .execute(&mut *conn)
                .await?;
            let was_public = sqlx::query(
                "UPDATE threads SET content_version = content_version + 1 WHERE id = $1 \
                 AND EXISTS (SELECT 1 FROM comments WHERE id = $2 AND status = 'approved')",
            )
            .bind(thread)
            .bind(id)
            .execute(&mut *conn)
            .await?;
            before_blanking!(conn, id);
            let version: Option<(i64,)> = sqlx::query_as(AssertSqlSafe(format!(
                "UPDATE comments SET {BLANK_COLUMNS}, decided_at = $2 WHERE id = $1 AND status <> 'erased' \
                 RETURNING version"
            )))
            .bind(id)
            .bind(now.0)
            .fetch_optional(&mut *conn)
            .await?;
            let Some((version,)) = version else {
                return Ok(false);
            };
            // One change that readers see is one.
            after_blanking!(conn, id, thread, i64::from(was_public.rows_affected() == 0));
            for statement in [
                "DELETE FROM audit_texts WHERE comment_id = $1",
                "DELETE FROM reports WHERE comment_id = $1",
            ] {
                sqlx::query(statement).bind(id).execute(&mut *conn).await?;
            }
            recount_waiting!(conn, thread);
            insert_entry!(conn, audit, Some(version));
            Ok(true)
        });
        self.note_erasure();
        erased
    }

    /// Counts a reader's report, one for each reporter, who goes by the first of `reporters` from now on and may
    /// have gone by the others. `false`: counted before.
    pub async fn report(
        &self,
        comment: Uuid,
        reporters: &[String],
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (reporters, reason) = (reporters.to_vec(), reason.to_owned());
        in_tx!(self, |conn| {
            let Some((reporter, former)) = reporters.split_first() else {
                return Ok(false);
            };
            for former in former {
                let found: Option<(i64,)> =
                    sqlx::query_as("SELECT at FROM reports WHERE comment_id = $1 AND reporter = $2")
                        .bind(comment)
                        .bind(former.as_str())
                        .fetch_optional(&mut *conn)
                        .await?;
                if found.is_some() {
                    return Ok(false);
                }
            }
            let added = sqlx::query(
                "INSERT INTO reports (comment_id, reporter, reason, at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (comment_id, reporter) DO NOTHING",
            )
            .bind(comment)
            .bind(reporter.as_str())
            .bind(reason.as_str())
            .bind(now.0)
            .execute(&mut *conn)
            .await?;
            if added.rows_affected() == 0 {
                return Ok(false);
            }
            let counted: Option<(String, i64, i64)> = sqlx::query_as(
                "UPDATE comments SET reports = reports + 1, open_reports = open_reports + 1, event_seq = event_seq + 1 \
                 WHERE id = $1 \
                 RETURNING site_id, version, event_seq",
            )
            .bind(comment)
            .fetch_optional(&mut *conn)
            .await?;
            if let Some((site, version, seq)) = counted {
                let event = Event {
                    id: event_id(now),
                    site,
                    kind: Kind::Reported,
                    comment: Some(comment),
                    version: Some(version),
                    decision: None,
                    actor_kind: ActorKind::Reader,
                    // Who reported is known to the report alone.
                    actor_id: String::new(),
                    at: now,
                    seq: Some(seq),
                };
                write_event!(conn, &event, true);
            }
            Ok(true)
        })
    }
}

/// What erasing sets: all that tells who wrote and what.
pub(super) const BLANK_COLUMNS: &str = "status = 'erased', set_aside = FALSE, version = version + 1, name = '', \
     email = '', website = NULL, body = '', html = '', folded = '', thread_title = NULL, thread_url = NULL, \
     email_key = '', client_key = NULL, device_id = NULL, body_digest = '', \
     assessment = NULL";
