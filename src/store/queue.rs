//! The review queue: filtered lists of comments, paged by key, and counts per status.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    engines::{on_pool, push_scope},
    error::StoreError,
    from_row::from_row,
    open::Store,
    rows::{COMMENT_COLUMNS, Comment, CommentRow},
};
use crate::domain::{
    actor::Scope,
    queue::{Filter, Order, PageKey},
    status::Status,
    timestamp::Timestamp,
};

/// One item of the queue.
#[derive(Debug, Clone)]
pub struct QueueRow {
    pub comment: Comment,
    pub thread_key: String,
    /// Set by an approval or by the publisher.
    pub thread_title: Option<String>,
    pub thread_url: Option<String>,
    /// What the reader's page said of the article.
    pub claimed_title: Option<String>,
    pub parent_name: Option<String>,
    pub parent_body: Option<String>,
    /// The key of this item for the next page.
    pub page_key: Vec<String>,
}

from_row! {
    struct Row {
        ..comment: CommentRow,
        thread_key: String,
        title: Option<String>,
        url: Option<String>,
        claimed_title: Option<String>,
        parent_name: Option<String>,
        parent_body: Option<String>,
        sort: i64,
    }
}

/// How many comments a site has by status, in the order of [`Status::ALL`]; each count stops at 1,001.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCounts {
    pub site: String,
    pub counts: Vec<(Status, i64)>,
}

/// Narrows a query to the sites of a filter.
macro_rules! push_sites {
    ($query:expr, $filter:expr) => {
        if let Some(site) = &$filter.site {
            $query.push(" AND c.site_id = ").push_bind(site.as_str());
        }
        push_scope!($query, "c.site_id", &$filter.scope);
    };
}

/// What a filter sorts by; an article whose place is kept sorts by that.
macro_rules! push_sort {
    ($query:expr, $filter:expr, $places:expr) => {
        let column = column($filter);
        if $places.is_empty() {
            $query.push(column);
        } else {
            $query.push("CASE c.thread_id");
            for (thread, at) in $places {
                $query
                    .push(" WHEN ")
                    .push_bind(*thread)
                    .push(" THEN CAST(")
                    .push_bind(*at);
                $query.push(" AS BIGINT)");
            }
            $query.push(format!(" ELSE {column} END"));
        }
    };
}

impl Store {
    /// A page of the queue.
    pub async fn queue(&self, filter: &Filter) -> Result<Vec<QueueRow>, StoreError> {
        let column = column(filter);
        let descends = filter.order.descends();
        let places = filter.kept_places();
        let comparison = if descends { "<" } else { ">" };
        let direction = if descends { "DESC" } else { "ASC" };
        let by_article = filter.order == Order::Article;
        let found: Vec<Row> = on_pool!(self, |pool| {
            let mut query = QueryBuilder::new(format!(
                "SELECT {COMMENT_COLUMNS}, t.thread_key, t.title, t.url, c.thread_title AS claimed_title, \
                 p.name AS parent_name, p.body AS parent_body, CAST("
            ));
            push_sort!(query, filter, &places);
            query.push(
                " AS BIGINT) AS sort \
                 FROM comments c JOIN threads t ON t.id = c.thread_id LEFT JOIN comments p ON p.id = c.parent_id \
                 WHERE c.status = ",
            );
            query.push_bind(filter.status.as_str());
            push_sites!(query, filter);
            if by_article && filter.status == Status::Pending {
                query.push(" AND t.oldest_pending_at IS NOT NULL");
            }
            for word in &filter.words {
                query
                    .push(" AND c.folded LIKE ")
                    .push_bind(format!("%{}%", escape(word)));
                query.push(" ESCAPE '\\'");
            }
            if let Some(thread) = &filter.thread {
                query.push(" AND t.thread_key = ").push_bind(thread.as_str());
            }
            if let Some((name, email_key)) = &filter.author {
                query.push(" AND (c.email_key = ").push_bind(email_key.as_str());
                query.push(" OR c.folded LIKE ").push_bind(format!("{}%", escape(name)));
                query.push(" ESCAPE '\\')");
            }
            if let Some(reason) = &filter.reason {
                query
                    .push(" AND c.reasons LIKE ")
                    .push_bind(format!("%\"code\":\"{}\"%", escape(reason)));
                query.push(" ESCAPE '\\'");
            }
            if let Some(max) = filter.score_max {
                query.push(" AND c.level <= ").push_bind(max);
            }
            if let Some(links) = filter.links {
                query.push(" AND c.links >= ").push_bind(links);
            }
            if let Some(since) = filter.since {
                query.push(" AND c.created_at >= ").push_bind(since.0);
            }
            if let Some(key) = filter.page_key() {
                if let PageKey::Article(sort, thread, created, id) = key {
                    query.push(" AND (");
                    push_sort!(query, filter, &places);
                    query.push(", c.thread_id, c.created_at, c.id) > (");
                    let mut values = query.separated(", ");
                    values
                        .push_bind(sort)
                        .push_bind(thread)
                        .push_bind(created)
                        .push_bind(id);
                    query.push(")");
                } else if let PageKey::Plain(sort, id) = key {
                    query.push(format!(" AND ({column}, c.id) {comparison} ("));
                    let mut values = query.separated(", ");
                    values.push_bind(sort).push_bind(id);
                    query.push(")");
                }
            }
            query.push(if !places.is_empty() {
                " ORDER BY sort, c.thread_id, c.created_at, c.id LIMIT ".to_owned()
            } else if by_article {
                format!(" ORDER BY {column}, c.thread_id, c.created_at, c.id LIMIT ")
            } else {
                format!(" ORDER BY {column} {direction}, c.id {direction} LIMIT ")
            });
            query.push_bind(filter.limit);
            query.build_query_as().fetch_all(pool).await
        })?;
        found
            .into_iter()
            .map(|row| {
                let comment = Comment::try_from(row.comment)?;
                Ok(QueueRow {
                    page_key: PageKey::new(filter.order, row.sort, comment.thread, comment.created_at.0, comment.id)
                        .parts(),
                    comment,
                    thread_key: row.thread_key,
                    thread_title: row.title,
                    thread_url: row.url,
                    claimed_title: row.claimed_title,
                    parent_name: row.parent_name,
                    parent_body: row.parent_body,
                })
            })
            .collect()
    }

    /// The page key that a comment has, or had before it was decided, in the order of a filter.
    pub async fn queue_key(&self, comment: Uuid, filter: &Filter) -> Result<Option<Vec<String>>, StoreError> {
        let places = filter.kept_places();
        let found: Option<(i64, Uuid, i64)> = on_pool!(self, |pool| {
            let mut query = QueryBuilder::new("SELECT CAST(");
            push_sort!(query, filter, &places);
            query.push(
                " AS BIGINT), c.thread_id, c.created_at FROM comments c JOIN threads t ON t.id = c.thread_id \
                 WHERE c.id = ",
            );
            query.push_bind(comment);
            query.build_query_as().fetch_optional(pool).await
        })?;
        Ok(found
            .map(|(sort, thread, created_at)| PageKey::new(filter.order, sort, thread, created_at, comment).parts()))
    }

    /// One comment as an item of the queue.
    pub async fn queue_item(&self, id: Uuid) -> Result<Option<QueueRow>, StoreError> {
        let found: Option<Row> = on_pool!(self, |pool| {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {COMMENT_COLUMNS}, t.thread_key, t.title, t.url, c.thread_title AS claimed_title, \
                 p.name AS parent_name, p.body AS parent_body, CAST(0 AS BIGINT) AS sort \
                 FROM comments c JOIN threads t ON t.id = c.thread_id LEFT JOIN comments p ON p.id = c.parent_id \
                 WHERE c.id = $1"
            )))
            .bind(id)
            .fetch_optional(pool)
            .await
        })?;
        found
            .map(|row| {
                Ok(QueueRow {
                    comment: row.comment.try_into()?,
                    thread_key: row.thread_key,
                    thread_title: row.title,
                    thread_url: row.url,
                    claimed_title: row.claimed_title,
                    parent_name: row.parent_name,
                    parent_body: row.parent_body,
                    page_key: Vec::new(),
                })
            })
            .transpose()
    }

    /// When the newest comment of `site` came in, whatever became of it; `None` while there is none.
    pub async fn last_received(&self, site: &str) -> Result<Option<Timestamp>, StoreError> {
        let (newest,): (Option<i64>,) = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as("SELECT MAX(created_at) FROM comments WHERE site_id = $1")
                .bind(site)
                .fetch_one(pool)
                .await
        })?;
        Ok(newest.map(Timestamp))
    }

    /// Comments per status in the filter's sites; each count stops at 1,001.
    pub async fn status_counts(&self, filter: &Filter) -> Result<Vec<(Status, i64)>, StoreError> {
        let mut counts = Vec::with_capacity(Status::ALL.len());
        for &status in Status::ALL {
            let (count,): (i64,) = on_pool!(self, |pool| {
                // Index: comments_by_status.
                let mut query =
                    QueryBuilder::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM comments c WHERE c.status = ");
                query.push_bind(status.as_str());
                push_sites!(query, filter);
                query.push(" LIMIT 1001) counted");
                query.build_query_as().fetch_one(pool).await
            })?;
            counts.push((status, count));
        }
        Ok(counts)
    }

    /// The counts of each of `sites`, in the order of their ids.
    pub async fn counts_by_site(&self, sites: &[String]) -> Result<Vec<SiteCounts>, StoreError> {
        let scope = Scope::Sites(sites.to_vec());
        let statuses = Status::ALL.iter().enumerate();
        let statuses: Vec<String> = statuses
            .map(|(place, status)| format!("SELECT {place} AS place, '{}' AS status", status.as_str()))
            .collect();
        let rows: Vec<(String, i64)> = on_pool!(self, |pool| {
            // Index: comments_by_status, once for each count.
            let mut query = QueryBuilder::new(format!(
                "SELECT s.id, (SELECT COUNT(*) FROM (SELECT 1 AS one FROM comments c WHERE c.site_id = s.id \
                 AND c.status = k.status LIMIT 1001) counted) \
                 FROM sites s CROSS JOIN ({}) k WHERE TRUE",
                statuses.join(" UNION ALL ")
            ));
            push_scope!(query, "s.id", &scope);
            query.push(" ORDER BY s.id, k.place");
            query.build_query_as().fetch_all(pool).await
        })?;
        let by_site = rows.chunks(Status::ALL.len());
        Ok(by_site
            .filter_map(|rows| {
                let counts = Status::ALL.iter().copied().zip(rows.iter().map(|(_, count)| *count));
                Some(SiteCounts {
                    site: rows.first()?.0.clone(),
                    counts: counts.collect(),
                })
            })
            .collect())
    }
}

/// The sort column, never NULL. Articles sort by two columns, see [`Store::queue`].
fn column(filter: &Filter) -> &'static str {
    match filter.order {
        // Indexes: threads_waiting and comments_waiting.
        Order::Article if filter.status == Status::Pending => "COALESCE(t.oldest_pending_at, c.created_at)",
        // What waits says nothing of other lists: there articles stand as their discussions began.
        Order::Article => "t.created_at",
        // Index: comments_by_status.
        Order::Oldest | Order::Newest => "c.created_at",
        // Index: comments_by_score.
        Order::Score => "COALESCE(c.level, 1001)",
        // The rest sort what comments_by_status gives.
        Order::Doubt => "ABS(COALESCE(c.level, 1501) - 500)",
        Order::Reports => "c.reports",
        Order::Mixed => "c.draw",
    }
}

/// The signs that LIKE reads specially, made plain.
fn escape(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
