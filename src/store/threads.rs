//! What the public sees: a thread's approved comments with their replies, counts, and the feed.
//!
//! Every query here names `status = 'approved'`, and a reply counts only while the top-level comment
//! above it is approved too.

use std::collections::HashMap;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entry},
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::from_row,
    open::Store,
};
use crate::domain::timestamp::Timestamp;

from_row! {
    /// A thread's row.
    #[derive(Debug, Clone)]
    pub struct ThreadRow {
        pub id: Uuid,
        pub thread_key: String,
        pub title: Option<String>,
        pub url: Option<String>,
        pub open: bool,
        /// Raised by every change that a reader can see.
        pub content_version: i64,
    }
}

/// What a publisher takes back of a thread; the rest stays as it is, or is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct TakenBack {
    pub title: bool,
    pub url: bool,
}

from_row! {
    /// A public comment.
    #[derive(Debug, Clone)]
    pub struct PublicComment {
        pub id: Uuid,
        pub parent_id: Option<Uuid>,
        pub root_id: Option<Uuid>,
        pub name: String,
        pub website: Option<String>,
        pub created_at: i64,
        pub html: String,
    }
}

/// One page of a thread.
#[derive(Debug, Clone, Default)]
pub struct PublicThread {
    /// Approved comments of the whole thread.
    pub count: i64,
    /// Top-level comments, one more than asked for when there are more.
    pub comments: Vec<PublicComment>,
    /// Replies by top-level comment, oldest first, one more than `replies` where there are more.
    pub replies: HashMap<Uuid, Vec<PublicComment>>,
}

// `LIMIT CAST($n AS BIGINT)`: SQLite plans a statement anew for each value of a bare `LIMIT $n`.
const PUBLIC_COLUMNS: &str = "c.id, c.parent_id, c.root_id, c.name, c.website, c.created_at, c.html";

impl Store {
    /// A thread by the publisher's key.
    pub async fn thread(&self, site: &str, key: &str) -> Result<Option<ThreadRow>, StoreError> {
        let found = on_pool!(self, |pool| {
            // Index: threads_by_key.
            sqlx::query_as(
                "SELECT id, thread_key, title, url, open, content_version FROM threads \
                 WHERE site_id = $1 AND thread_key = $2",
            )
            .bind(site)
            .bind(key)
            .fetch_optional(pool)
            .await
        })?;
        Ok(found)
    }

    /// A page of a thread: `limit` top-level comments after the key `after` (time, id), newest or
    /// oldest first, with at most `replies` replies each.
    pub async fn public_thread(
        &self,
        thread: Uuid,
        after: Option<(i64, Uuid)>,
        limit: i64,
        newest_first: bool,
        replies: i64,
    ) -> Result<PublicThread, StoreError> {
        let (comparison, direction) = if newest_first { ("<", "DESC") } else { (">", "ASC") };
        let (time, id) = after.unwrap_or(if newest_first {
            (i64::MAX, Uuid::max())
        } else {
            (i64::MIN, Uuid::nil())
        });
        let comments: Vec<PublicComment> = on_pool!(self, |pool| {
            // Index: comments_public.
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {PUBLIC_COLUMNS} FROM comments c WHERE c.thread_id = $1 AND c.root_id IS NULL \
                 AND c.status = 'approved' AND (c.created_at, c.id) {comparison} ($2, $3) \
                 ORDER BY c.created_at {direction}, c.id {direction} LIMIT CAST($4 AS BIGINT)"
            )))
            .bind(thread)
            .bind(time)
            .bind(id)
            .bind(limit)
            .fetch_all(pool)
            .await
        })?;
        let roots: Vec<Uuid> = comments.iter().map(|comment| comment.id).collect();
        Ok(PublicThread {
            count: self.count_of(thread).await?,
            replies: self.replies_of(thread, &roots, replies).await?,
            comments,
        })
    }

    async fn count_of(&self, thread: Uuid) -> Result<i64, StoreError> {
        let (count,): (i64,) = on_pool!(self, |pool| {
            // Index: comments_public.
            sqlx::query_as(
                "SELECT COUNT(*) FROM comments c WHERE c.thread_id = $1 AND c.status = 'approved' \
                 AND (c.root_id IS NULL OR EXISTS (SELECT 1 FROM comments r \
                 WHERE r.id = c.root_id AND r.status = 'approved'))",
            )
            .bind(thread)
            .fetch_one(pool)
            .await
        })?;
        Ok(count)
    }

    async fn replies_of(
        &self,
        thread: Uuid,
        roots: &[Uuid],
        replies: i64,
    ) -> Result<HashMap<Uuid, Vec<PublicComment>>, StoreError> {
        if roots.is_empty() {
            return Ok(HashMap::new());
        }
        let found: Vec<PublicComment> = on_pool!(self, |pool| {
            // Index: comments_public.
            let mut query = QueryBuilder::new(
                "SELECT id, parent_id, root_id, name, website, created_at, html FROM (\
                 SELECT c.id, c.parent_id, c.root_id, c.name, c.website, c.created_at, c.html, ROW_NUMBER() OVER (PARTITION BY c.root_id ORDER BY c.created_at, c.id) AS place \
                 FROM comments c WHERE c.thread_id = ",
            );
            query
                .push_bind(thread)
                .push(" AND c.status = 'approved' AND c.root_id IN (");
            let mut list = query.separated(", ");
            for root in roots {
                list.push_bind(*root);
            }
            query.push(")) ranked WHERE place <= ").push_bind(replies + 1);
            query.push(" ORDER BY created_at, id");
            query.build_query_as().fetch_all(pool).await
        })?;
        let mut by_root: HashMap<Uuid, Vec<PublicComment>> = HashMap::new();
        for reply in found {
            if let Some(root) = reply.root_id {
                by_root.entry(root).or_default().push(reply);
            }
        }
        Ok(by_root)
    }

    /// Further replies under the approved top-level comment `root`, oldest first.
    pub async fn replies_after(
        &self,
        root: Uuid,
        after: (i64, Uuid),
        limit: i64,
    ) -> Result<Vec<PublicComment>, StoreError> {
        let found = on_pool!(self, |pool| {
            // Index: comments_public, through the root's thread.
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {PUBLIC_COLUMNS} FROM comments c JOIN comments r ON r.id = c.root_id \
                 WHERE r.id = $1 AND r.status = 'approved' AND c.thread_id = r.thread_id AND c.root_id = $1 \
                 AND c.status = 'approved' AND (c.created_at, c.id) > ($2, $3) \
                 ORDER BY c.created_at, c.id LIMIT CAST($4 AS BIGINT)"
            )))
            .bind(root)
            .bind(after.0)
            .bind(after.1)
            .bind(limit)
            .fetch_all(pool)
            .await
        })?;
        Ok(found)
    }

    /// Public comments of each of `threads`; those without any are absent.
    pub async fn counts(&self, site: &str, threads: &[String]) -> Result<HashMap<String, i64>, StoreError> {
        if threads.is_empty() {
            return Ok(HashMap::new());
        }
        let found: Vec<(String, i64)> = on_pool!(self, |pool| {
            // Indexes: threads_by_key, comments_public.
            let mut query = QueryBuilder::new(
                "SELECT t.thread_key, COUNT(c.id) FROM threads t JOIN comments c ON c.thread_id = t.id \
                 AND c.status = 'approved' AND (c.root_id IS NULL OR EXISTS (SELECT 1 FROM comments r \
                 WHERE r.id = c.root_id AND r.status = 'approved')) WHERE t.site_id = ",
            );
            query.push_bind(site).push(" AND t.thread_key IN (");
            let mut list = query.separated(", ");
            for thread in threads {
                list.push_bind(thread.as_str());
            }
            query.push(") GROUP BY t.thread_key");
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(found.into_iter().collect())
    }

    /// The newest public comments of a thread, or of the whole site, with their thread's key and link.
    pub async fn feed(
        &self,
        site: &str,
        thread: Option<&str>,
        limit: i64,
    ) -> Result<Vec<(PublicComment, ThreadRow)>, StoreError> {
        from_row! {
            struct Row {
                ..comment: PublicComment,
                thread_id: Uuid,
                thread_key: String,
                title: Option<String>,
                url: Option<String>,
                open: bool,
                content_version: i64,
            }
        }
        let found: Vec<Row> = on_pool!(self, |pool| {
            // Index: comments_public with a thread, else comments_by_status.
            let mut query = QueryBuilder::new(format!(
                "SELECT {PUBLIC_COLUMNS}, t.id AS thread_id, t.thread_key, t.title, t.url, t.open, \
                 t.content_version FROM comments c JOIN threads t ON t.id = c.thread_id \
                 WHERE c.status = 'approved' AND (c.root_id IS NULL OR EXISTS (SELECT 1 FROM comments r \
                 WHERE r.id = c.root_id AND r.status = 'approved')) AND c.site_id = "
            ));
            query.push_bind(site);
            if let Some(thread) = thread {
                query.push(" AND t.site_id = ").push_bind(site);
                query.push(" AND t.thread_key = ").push_bind(thread);
            }
            query
                .push(" ORDER BY c.created_at DESC, c.id DESC LIMIT CAST(")
                .push_bind(limit)
                .push(" AS BIGINT)");
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(found
            .into_iter()
            .map(|row| {
                let thread = ThreadRow {
                    id: row.thread_id,
                    thread_key: row.thread_key,
                    title: row.title,
                    url: row.url,
                    open: row.open,
                    content_version: row.content_version,
                };
                (row.comment, thread)
            })
            .collect())
    }

    /// Sets what the publisher says of a thread, making it where it is missing.
    pub async fn set_thread(
        &self,
        site: &str,
        row: ThreadRow,
        taken_back: TakenBack,
        audit: NewAudit,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let site = site.to_owned();
        in_tx!(self, |conn| {
            sqlx::query(
                "INSERT INTO threads (id, site_id, thread_key, title, url, open, content_version, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, 1, $7) ON CONFLICT (site_id, thread_key) DO UPDATE SET \
                 title_from = CASE WHEN excluded.title IS NULL AND NOT $8 THEN threads.title_from ELSE NULL END, \
                 url_from = CASE WHEN excluded.url IS NULL AND NOT $9 THEN threads.url_from ELSE NULL END, \
                 title = CASE WHEN $8 THEN NULL ELSE COALESCE(excluded.title, threads.title) END, \
                 url = CASE WHEN $9 THEN NULL ELSE COALESCE(excluded.url, threads.url) END, \
                 open = excluded.open, content_version = threads.content_version + 1",
            )
            .bind(row.id)
            .bind(site.as_str())
            .bind(row.thread_key.as_str())
            .bind(row.title.as_deref())
            .bind(row.url.as_deref())
            .bind(row.open)
            .bind(now.0)
            .bind(taken_back.title)
            .bind(taken_back.url)
            .execute(&mut *conn)
            .await?;
            insert_entry!(conn, audit);
            Ok(())
        })
    }
}
