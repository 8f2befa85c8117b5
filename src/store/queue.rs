//! The review queue: filtered lists of comments, paged by key, and counts per status.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Scope, Store, StoreError, on_pool, push_scope,
    rows::{COMMENT_COLUMNS, Comment, CommentRow},
};
use crate::domain::{status::Status, timestamp::Timestamp};

/// In which order the queue is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// All waiting comments of the article with the oldest one, then the next article.
    Article,
    Oldest,
    Newest,
    /// Lowest score first; without a score last.
    Score,
    /// Nearest to 0.5 first: where the check is least sure.
    Doubt,
    /// Most reported first.
    Reports,
    /// In an order that has nothing to do with time or score.
    Mixed,
}

impl Order {
    /// The order of that word, `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "article" => Self::Article,
            "oldest" => Self::Oldest,
            "newest" => Self::Newest,
            "score" => Self::Score,
            "doubt" => Self::Doubt,
            "reports" => Self::Reports,
            "mixed" => Self::Mixed,
            _ => return None,
        })
    }

    /// The sort column, never NULL, and whether it descends. Articles sort by two columns, see
    /// [`Store::queue`].
    fn column(self, status: Status) -> (&'static str, bool) {
        match self {
            // Indexes: threads_waiting and comments_waiting.
            Self::Article if status == Status::Pending => ("COALESCE(t.oldest_pending_at, c.created_at)", false),
            // What waits says nothing of other lists: there articles stand as their discussions began.
            Self::Article => ("t.created_at", false),
            // Index: comments_by_status.
            Self::Oldest => ("c.created_at", false),
            Self::Newest => ("c.created_at", true),
            // Index: comments_by_score.
            Self::Score => ("COALESCE(c.level, 1001)", false),
            // The rest sort what comments_by_status gives.
            Self::Doubt => ("ABS(COALESCE(c.level, 1501) - 500)", false),
            Self::Reports => ("c.reports", true),
            Self::Mixed => ("c.draw", false),
        }
    }
}

/// What is listed.
#[derive(Debug, Clone)]
pub struct Filter {
    pub scope: Scope,
    pub site: Option<String>,
    pub status: Status,
    pub order: Order,
    /// Folded words that must occur.
    pub words: Vec<String>,
    /// The publisher's key of a thread.
    pub thread: Option<String>,
    /// Folded part of the author's name, or a whole e-mail's key.
    pub author: Option<(String, String)>,
    /// A reason's code.
    pub reason: Option<String>,
    /// Thousandths.
    pub score_max: Option<i64>,
    /// Links at least.
    pub links: Option<i64>,
    pub since: Option<Timestamp>,
    /// Articles that keep their place among what waits, whatever was decided meanwhile: thread, and when its
    /// oldest waiting comment came in as the list was made.
    pub places: Vec<Place>,
    /// The key of the last item of the page before.
    pub after: Option<Vec<String>>,
    /// 1..=100.
    pub limit: i64,
}

impl Filter {
    /// All with a status, the oldest first, at most 100.
    #[must_use]
    pub fn all(scope: Scope, status: Status) -> Self {
        Self {
            scope,
            site: None,
            status,
            order: Order::Oldest,
            words: Vec::new(),
            thread: None,
            author: None,
            reason: None,
            score_max: None,
            links: None,
            since: None,
            places: Vec::new(),
            after: None,
            limit: 100,
        }
    }

    /// Whether the item with the page key `key` stands after the one with `other` in this order. A key of another
    /// order stands nowhere.
    #[must_use]
    pub fn stands_after(&self, key: &[String], other: &[String]) -> bool {
        let (_, descends) = self.order.column(self.status);
        let (Some(key), Some(other)) = (page_key(self.order, key), page_key(self.order, other)) else {
            return false;
        };
        if descends { key < other } else { key > other }
    }

    /// The places that are kept: those named, and that of the article in which the page before ended.
    fn kept_places(&self) -> Vec<Place> {
        if self.order != Order::Article || self.status != Status::Pending {
            return Vec::new();
        }
        let mut places = self.places.clone();
        if let Some(PageKey::Article(at, thread, ..)) = self.after.as_deref().and_then(|key| page_key(self.order, key))
            && places.iter().all(|(kept, _)| *kept != thread)
        {
            places.push((thread, at));
        }
        places
    }
}

/// A thread and when its oldest waiting comment came in.
pub type Place = (Uuid, i64);

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

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    comment: CommentRow,
    thread_key: String,
    title: Option<String>,
    url: Option<String>,
    claimed_title: Option<String>,
    parent_name: Option<String>,
    parent_body: Option<String>,
    sort: i64,
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
        let (column, _) = $filter.order.column($filter.status);
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
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn queue(&self, filter: &Filter) -> Result<Vec<QueueRow>, StoreError> {
        let (column, descends) = filter.order.column(filter.status);
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
            if let Some(key) = filter.after.as_deref().and_then(|key| page_key(filter.order, key)) {
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
                    page_key: key_of(filter.order, row.sort, comment.thread, comment.created_at.0, comment.id),
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
    ///
    /// # Errors
    /// [`StoreError`].
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
        Ok(found.map(|(sort, thread, created_at)| key_of(filter.order, sort, thread, created_at, comment)))
    }

    /// One comment as an item of the queue.
    ///
    /// # Errors
    /// [`StoreError`].
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
    ///
    /// # Errors
    /// [`StoreError`].
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
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn status_counts(&self, filter: &Filter) -> Result<Vec<(Status, i64)>, StoreError> {
        let mut counts = Vec::with_capacity(Status::ALL.len());
        for status in Status::ALL {
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
    ///
    /// # Errors
    /// [`StoreError`].
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
                let counts = Status::ALL.into_iter().zip(rows.iter().map(|(_, count)| *count));
                Some(SiteCounts {
                    site: rows.first()?.0.clone(),
                    counts: counts.collect(),
                })
            })
            .collect())
    }
}

fn key_of(order: Order, sort: i64, thread: Uuid, created_at: i64, comment: Uuid) -> Vec<String> {
    if order == Order::Article {
        vec![
            sort.to_string(),
            thread.to_string(),
            created_at.to_string(),
            comment.to_string(),
        ]
    } else {
        vec![sort.to_string(), comment.to_string()]
    }
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum PageKey {
    Article(i64, Uuid, i64, Uuid),
    Plain(i64, Uuid),
}

/// The page key, if it is one of this order's; a key of another order begins from the start.
fn page_key(order: Order, parts: &[String]) -> Option<PageKey> {
    match (order, parts) {
        (Order::Article, [sort, thread, created, id]) => Some(PageKey::Article(
            sort.parse().ok()?,
            thread.parse().ok()?,
            created.parse().ok()?,
            id.parse().ok()?,
        )),
        (Order::Article, _) => None,
        (_, [sort, id]) => Some(PageKey::Plain(sort.parse().ok()?, id.parse().ok()?)),
        _ => None,
    }
}

/// The signs that LIKE reads specially, made plain.
fn escape(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
