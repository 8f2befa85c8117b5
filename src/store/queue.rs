//! The review queue: filtered lists of comments, paged by key. What waits is listed in `waiting.rs`, along an index
//! in `walk.rs`, appeals in `appeals.rs`, what is counted in `counts.rs`.

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
    queue::{Filter, Order, PageKey, Pile},
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

/// A page of a list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    pub rows: Vec<QueueRow>,
    /// Behind which row the list goes on: the last one that was read, listed or not. `None`: all was read.
    pub next: Option<Vec<String>>,
}

/// The columns of [`Row`] behind those of its comment, but for what it is sorted by.
pub(super) const MORE_COLUMNS: &str = "t.thread_key, t.title, t.url, c.thread_title AS claimed_title, \
     p.name AS parent_name, p.body AS parent_body";

/// What an item is read from: its comment `c`, the thread `t` and the comment `p` that it answers.
pub(super) const TABLES: &str =
    "comments c JOIN threads t ON t.id = c.thread_id LEFT JOIN comments p ON p.id = c.parent_id";

from_row! {
    pub(super) struct Row {
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
    pub(super) fn id(&self) -> Uuid {
        self.comment.id
    }

    pub(super) fn sorted_by(self, sort: i64) -> Self {
        Self { sort, ..self }
    }

    /// With its page key in a list of that order.
    pub(super) fn into_item(self, order: Option<Order>) -> Result<QueueRow, StoreError> {
        let comment = Comment::try_from(self.comment)?;
        let key = |order| match comment.appealed_at {
            Some(at) if comment.status == Status::Pending && !comment.set_aside => {
                PageKey::Appeal(at.0, comment.id).parts()
            }
            _ => PageKey::new(order, self.sort, comment.thread, comment.created_at.0, comment.id).parts(),
        };
        Ok(QueueRow {
            page_key: order.map(key).unwrap_or_default(),
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

/// Narrows a query to the sites of a filter.
macro_rules! push_sites {
    ($query:expr, $filter:expr) => {
        if let Some(site) = &$filter.site {
            $query.push(" AND c.site_id = ").push_bind(site.as_str());
        }
        push_scope!($query, "c.site_id", &$filter.scope);
    };
}
pub(super) use push_sites;

/// Narrows a query of [`TABLES`] by what a filter asks of a comment itself.
macro_rules! push_narrowing {
    ($query:expr, $filter:expr) => {
        for word in &$filter.words {
            $query
                .push(" AND c.folded LIKE ")
                .push_bind(format!("%{}%", $crate::store::queue::escape(word)));
            $query.push(" ESCAPE '\\'");
        }
        if let Some(thread) = &$filter.thread {
            $query.push(" AND t.thread_key = ").push_bind(thread.as_str());
        }
        if let Some((name, email_key)) = &$filter.author {
            $query.push(" AND (c.email_key = ").push_bind(email_key.as_str());
            let name = format!("{}%", $crate::store::queue::escape(name));
            $query.push(" OR c.folded LIKE ").push_bind(name);
            $query.push(" ESCAPE '\\')");
        }
        if let Some(reason) = &$filter.reason {
            let code = format!("%\"code\":\"{}\"%", $crate::store::queue::escape(reason));
            $query.push(" AND c.reasons LIKE ").push_bind(code);
            $query.push(" ESCAPE '\\'");
        }
        if let Some(max) = $filter.score_max {
            $query.push(" AND c.level <= ").push_bind(max);
        }
        if let Some(links) = $filter.links {
            $query.push(" AND c.links >= ").push_bind(links);
        }
        if let Some(since) = $filter.since {
            $query.push(" AND c.created_at >= ").push_bind(since.0);
        }
    };
}
pub(super) use push_narrowing;

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
    /// A page by one question, sorted by the engine; without the appeals that wait.
    pub(super) async fn listed(&self, filter: &Filter) -> Result<Listed, StoreError> {
        let column = column(filter);
        let descends = filter.order.descends();
        let places = filter.kept_places();
        let comparison = if descends { "<" } else { ">" };
        let direction = if descends { "DESC" } else { "ASC" };
        let by_article = filter.order == Order::Article;
        let found: Vec<Row> = on_pool!(self, |pool| {
            let mut query = QueryBuilder::new(format!("SELECT {COMMENT_COLUMNS}, {MORE_COLUMNS}, CAST("));
            push_sort!(query, filter, &places);
            query.push(format!(
                " AS BIGINT) AS sort FROM {TABLES} WHERE {}",
                lies_in(filter.pile)
            ));
            push_sites!(query, filter);
            if filter.pile == Pile::Pending {
                query.push(" AND c.appealed_at IS NULL");
            }
            if by_article && filter.pile == Pile::Pending {
                query.push(" AND t.oldest_pending_at IS NOT NULL");
            }
            push_narrowing!(query, filter);
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
        let rows: Result<Vec<_>, _> = found.into_iter().map(|row| row.into_item(Some(filter.order))).collect();
        let rows = rows?;
        let is_full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= filter.limit;
        Ok(Listed {
            next: rows.last().filter(|_| is_full).map(|row| row.page_key.clone()),
            rows,
        })
    }

    /// The page key that a comment has, or had before it was decided, in the order of a filter.
    pub async fn queue_key(&self, comment: Uuid, filter: &Filter) -> Result<Option<Vec<String>>, StoreError> {
        let places = filter.kept_places();
        let found: Option<(i64, Uuid, i64, Option<i64>)> = on_pool!(self, |pool| {
            let mut query = QueryBuilder::new("SELECT CAST(");
            push_sort!(query, filter, &places);
            query.push(
                " AS BIGINT), c.thread_id, c.created_at, c.appealed_at FROM comments c \
                 JOIN threads t ON t.id = c.thread_id WHERE c.id = ",
            );
            query.push_bind(comment);
            query.build_query_as().fetch_optional(pool).await
        })?;
        Ok(found.map(|(sort, thread, created_at, appealed_at)| {
            let key = match appealed_at {
                Some(at) if filter.pile == Pile::Pending => PageKey::Appeal(at, comment),
                _ => PageKey::new(filter.order, sort, thread, created_at, comment),
            };
            key.parts()
        }))
    }

    /// One comment as an item of the queue.
    pub async fn queue_item(&self, id: Uuid) -> Result<Option<QueueRow>, StoreError> {
        Ok(self.queue_items(&[id]).await?.pop())
    }

    /// Some comments as items of the queue, in no order; those that are not there are left out.
    pub async fn queue_items(&self, ids: &[Uuid]) -> Result<Vec<QueueRow>, StoreError> {
        let found = self.rows_of(ids, None).await?;
        found.into_iter().map(|row| row.into_item(None)).collect()
    }

    /// The rows of some comments, in no order; of one pile, those that lie there.
    pub(super) async fn rows_of(&self, ids: &[Uuid], pile: Option<Pile>) -> Result<Vec<Row>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on_pool!(self, |pool| {
            let mut query = QueryBuilder::new(format!(
                "SELECT {COMMENT_COLUMNS}, {MORE_COLUMNS}, CAST(0 AS BIGINT) AS sort FROM {TABLES} WHERE c.id IN ("
            ));
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            query.push(")");
            if let Some(pile) = pile {
                query.push(format!(" AND {}", lies_in(pile)));
            }
            query.build_query_as().fetch_all(pool).await
        })?)
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
}

/// What is true of the comments `c` of a pile; in words, so that the indexes of a pile serve.
pub(super) const fn lies_in(pile: Pile) -> &'static str {
    match pile {
        Pile::Pending => "c.status = 'pending' AND c.set_aside = FALSE",
        // Index: comments_aside.
        Pile::SetAside => "c.status = 'pending' AND c.set_aside = TRUE",
        // Index: comments_reported.
        Pile::Reported => "c.status = 'approved' AND c.open_reports > 0",
        Pile::Approved => "c.status = 'approved'",
        Pile::Rejected => "c.status = 'rejected'",
        Pile::Spam => "c.status = 'spam'",
        Pile::Refused => "c.status = 'refused'",
        Pile::Erased => "c.status = 'erased'",
    }
}

/// The sort column, never NULL. Articles sort by two columns, see [`Store::queue`].
pub(super) fn column(filter: &Filter) -> &'static str {
    match filter.order {
        // Indexes: threads_waiting and comments_waiting.
        Order::Article if filter.pile == Pile::Pending => "COALESCE(t.oldest_pending_at, c.created_at)",
        // What waits says nothing of other lists: there articles stand as their discussions began.
        Order::Article => "t.created_at",
        // Index: comments_by_status.
        Order::Oldest | Order::Newest => "c.created_at",
        // Index: comments_waiting_by_score.
        Order::Score => "COALESCE(c.level, 1001)",
        // Index: comments_waiting_by_doubt.
        Order::Doubt => "ABS(COALESCE(c.level, 1501) - 500)",
        // Indexes: comments_waiting_by_reports and comments_reported.
        Order::Reports => "c.reports",
        // Without one: each submission would write to another page of it.
        Order::Mixed => "c.shuffle",
    }
}

/// The signs that LIKE reads specially, made plain.
pub(super) fn escape(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
