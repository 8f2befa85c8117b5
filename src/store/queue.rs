//! The review queue: filtered lists of comments, paged by key, and counts per status.

use std::collections::HashMap;

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

/// Sites that are listed each by itself, at most.
const APART: usize = 20;

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

impl Row {
    fn into_item(self, order: Order) -> Result<QueueRow, StoreError> {
        let comment = Comment::try_from(self.comment)?;
        Ok(QueueRow {
            page_key: PageKey::new(order, self.sort, comment.thread, comment.created_at.0, comment.id).parts(),
            comment,
            thread_key: self.thread_key,
            thread_title: self.title,
            thread_url: self.url,
            claimed_title: self.claimed_title,
            parent_name: self.parent_name,
            parent_body: self.parent_body,
        })
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
    ///
    /// What waits is listed site by site: by article, by time and by score from an index each, so that a page costs the
    /// same however much waits behind it. In the other orders, of a scope of many sites, and where something narrows it,
    /// all that fits is sorted.
    pub async fn queue(&self, filter: &Filter) -> Result<Vec<QueueRow>, StoreError> {
        if filter.status != Status::Pending || !filter.is_whole() {
            return self.listed(filter).await;
        }
        let sites = match (&filter.site, &filter.scope) {
            (Some(site), _) => vec![site.clone()],
            (None, Scope::Sites(sites)) => sites.clone(),
            (None, Scope::All) => self.site_ids().await?,
        };
        if sites.len() > APART {
            return self.listed(filter).await;
        }
        let mut rows = Vec::new();
        for site in sites {
            let of_site = Filter {
                site: Some(site),
                ..filter.clone()
            };
            rows.extend(match filter.order {
                Order::Article => self.by_article(&of_site).await?,
                _ => self.listed(&of_site).await?,
            });
        }
        rows.sort_by(|a: &QueueRow, b: &QueueRow| {
            let is_after = filter.stands_after(&a.page_key, &b.page_key);
            is_after.cmp(&filter.stands_after(&b.page_key, &a.page_key))
        });
        rows.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
        Ok(rows)
    }

    /// A page of what waits on one site, article by article: first which articles it takes, then their comments.
    async fn by_article(&self, filter: &Filter) -> Result<Vec<QueueRow>, StoreError> {
        let begun = match filter.page_key() {
            Some(PageKey::Article(at, thread, created, id)) => Some(((at, thread), (created, id))),
            _ => None,
        };
        let mut places: HashMap<Uuid, i64> = HashMap::new();
        let (mut few, mut many, mut taken) = (Vec::new(), None, 0);
        for (thread, at, waiting) in self.waiting_articles(filter, begun.map(|(place, _)| place)).await? {
            places.insert(thread, at);
            if begun.is_some_and(|((_, begun), _)| begun == thread) {
                continue;
            }
            if waiting >= filter.limit {
                many = Some(thread);
                break;
            }
            few.push(thread);
            taken += waiting;
            if taken >= filter.limit {
                break;
            }
        }
        let mut rows = Vec::new();
        if let Some(((at, thread), after)) = begun {
            places.insert(thread, at);
            rows.extend(self.waiting_in(filter, &[thread], Some(after), filter.limit).await?);
        }
        // Fewer than a page of each, and of all but the last together.
        rows.extend(self.waiting_in(filter, &few, None, 2 * filter.limit).await?);
        rows.extend(self.waiting_in(filter, many.as_slice(), None, filter.limit).await?);
        rows.into_iter()
            .map(|mut row| {
                row.sort = places.get(&row.comment.thread_id).copied().unwrap_or_default();
                row.into_item(Order::Article)
            })
            .collect()
    }

    /// The articles of one site with something waiting from the place `from` on, with their place and how much waits in
    /// each, counted up to a page; as many as fill one.
    async fn waiting_articles(
        &self,
        filter: &Filter,
        from: Option<(i64, Uuid)>,
    ) -> Result<Vec<(Uuid, i64, i64)>, StoreError> {
        let kept = filter.kept_places();
        let from = from.unwrap_or((i64::MIN, Uuid::nil()));
        let found: Vec<(Uuid, i64, i64)> = on_pool!(self, |pool| {
            // Indexes: threads_waiting, comments_waiting; kept ones by the primary key.
            let mut query = QueryBuilder::new("");
            for is_kept in [false, true] {
                query.push(if is_kept {
                    " UNION ALL SELECT * FROM ("
                } else {
                    "SELECT * FROM ("
                });
                query.push(
                    "SELECT t.id, COALESCE(t.oldest_pending_at, 0) AS at, (SELECT COUNT(*) FROM (SELECT 1 AS one \
                     FROM comments w WHERE w.thread_id = t.id AND w.status = 'pending' LIMIT ",
                );
                query.push_bind(filter.limit);
                query.push(") counted) AS waiting FROM threads t WHERE TRUE");
                if let Some(site) = &filter.site {
                    query.push(" AND t.site_id = ").push_bind(site.as_str());
                }
                push_scope!(query, "t.site_id", &filter.scope);
                query.push(if is_kept {
                    " AND t.id IN (NULL"
                } else {
                    " AND t.id NOT IN ("
                });
                let mut list = query.separated(", ");
                if !is_kept {
                    list.push_bind(Uuid::nil());
                } else if !kept.is_empty() {
                    list.push_unseparated(", ");
                }
                for (thread, _) in &kept {
                    list.push_bind(*thread);
                }
                query.push(")");
                if !is_kept {
                    query.push(" AND t.oldest_pending_at IS NOT NULL AND (t.oldest_pending_at, t.id) >= (");
                    query.push_bind(from.0).push(", ").push_bind(from.1).push(")");
                }
                query
                    .push(" ORDER BY t.oldest_pending_at, t.id LIMIT ")
                    .push_bind(filter.limit);
                query.push(if is_kept { ") kept" } else { ") others" });
            }
            query.build_query_as().fetch_all(pool).await
        })?;
        let places: HashMap<Uuid, i64> = kept.into_iter().collect();
        let mut articles: Vec<_> = found
            .into_iter()
            .map(|(thread, at, waiting)| (thread, places.get(&thread).copied().unwrap_or(at), waiting))
            .filter(|(thread, at, waiting)| *waiting > 0 && (*at, *thread) >= from)
            .collect();
        articles.sort_by_key(|(thread, at, _)| (*at, *thread));
        Ok(articles)
    }

    /// What waits in some articles, after a time and an id, at most `most`.
    async fn waiting_in(
        &self,
        filter: &Filter,
        threads: &[Uuid],
        after: Option<(i64, Uuid)>,
        most: i64,
    ) -> Result<Vec<Row>, StoreError> {
        if threads.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on_pool!(self, |pool| {
            // Index: comments_waiting.
            let mut query = QueryBuilder::new(format!(
                "SELECT {COMMENT_COLUMNS}, t.thread_key, t.title, t.url, c.thread_title AS claimed_title, \
                 p.name AS parent_name, p.body AS parent_body, CAST(0 AS BIGINT) AS sort \
                 FROM comments c JOIN threads t ON t.id = c.thread_id LEFT JOIN comments p ON p.id = c.parent_id \
                 WHERE c.status = 'pending' AND c.thread_id IN ("
            ));
            let mut list = query.separated(", ");
            for thread in threads {
                list.push_bind(*thread);
            }
            query.push(")");
            push_sites!(query, filter);
            if let Some((created, id)) = after {
                query.push(" AND (c.created_at, c.id) > (").push_bind(created);
                query.push(", ").push_bind(id).push(")");
            }
            query
                .push(" ORDER BY c.thread_id, c.created_at, c.id LIMIT ")
                .push_bind(most);
            query.build_query_as().fetch_all(pool).await
        })?)
    }

    /// A page by one question, sorted by the engine.
    async fn listed(&self, filter: &Filter) -> Result<Vec<QueueRow>, StoreError> {
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
            // As a word in the text, so that the indexes of what waits serve.
            query.push(format!("'{}'", filter.status.as_str()));
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
        found.into_iter().map(|row| row.into_item(filter.order)).collect()
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
        let mut item = found.map(|row| row.into_item(Order::Oldest)).transpose()?;
        if let Some(item) = &mut item {
            item.page_key.clear();
        }
        Ok(item)
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
        // Index: comments_waiting_by_score.
        Order::Score => "COALESCE(c.level, 1001)",
        // The rest sort what comments_by_status gives.
        Order::Doubt => "ABS(COALESCE(c.level, 1501) - 500)",
        Order::Reports => "c.reports",
        Order::Mixed => "c.shuffle",
    }
}

/// The signs that LIKE reads specially, made plain.
fn escape(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
