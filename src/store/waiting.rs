//! What waits, page by page: the appeals first, and then article by article or as `walk.rs` reads it.

use std::collections::HashMap;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    engines::{on_pool, push_scope},
    error::StoreError,
    open::Store,
    queue::{Listed, lies_in, push_narrowing},
    walk::{Mark, Step, has_index, push_mark},
};
use crate::domain::{
    actor::Scope,
    queue::{Filter, PageKey, Pile},
    timestamp::Timestamp,
};

/// Sites that are listed each by itself, at most.
const APART: usize = 20;

impl Store {
    /// A page of the queue. Of what waits the appeals come first, in every order.
    ///
    /// A list that an index gives is read along it, on twenty sites at most, each by itself; of more sites, and in an
    /// order that a pile has no index for, all that fits is sorted.
    pub async fn queue(&self, filter: &Filter) -> Result<Listed, StoreError> {
        if filter.pile != Pile::Pending || filter.is_behind_appeals() {
            return self.without_appeals(filter).await;
        }
        let mut rows = self.appeals(filter).await?;
        let left = filter.limit - i64::try_from(rows.len()).unwrap_or(filter.limit);
        if left <= 0 {
            let next = rows.last().map(|row| row.page_key.clone());
            return Ok(Listed { rows, next });
        }
        let rest = Filter {
            after: None,
            limit: left,
            ..filter.clone()
        };
        let rest = self.without_appeals(&rest).await?;
        rows.extend(rest.rows);
        Ok(Listed { rows, ..rest })
    }

    async fn without_appeals(&self, filter: &Filter) -> Result<Listed, StoreError> {
        if has_index(filter) {
            let sites = match (&filter.site, &filter.scope) {
                (Some(site), _) => vec![site.clone()],
                (None, Scope::Sites(sites)) => sites.clone(),
                (None, Scope::All) => self.site_ids().await?,
            };
            if sites.len() <= APART {
                return self.walk(filter, &sites).await;
            }
        }
        self.listed(filter).await
    }

    /// What was set aside before `before` and still is, with its version; at most `most`.
    pub async fn set_aside_before(&self, before: Timestamp, most: i64) -> Result<Vec<(Uuid, i64)>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: comments_aside.
            sqlx::query_as(
                "SELECT id, version FROM comments WHERE status = 'pending' AND set_aside = TRUE AND decided_at < $1 LIMIT $2",
            )
            .bind(before.0)
            .bind(most)
            .fetch_all(pool)
            .await
        })?)
    }

    /// What waits next on one site, article by article: first which articles it takes, then their comments.
    pub(super) async fn by_article(&self, filter: &Filter) -> Result<Step, StoreError> {
        let begun = match filter.page_key() {
            Some(PageKey::Article(at, thread, created, id)) => Some(((at, thread), (created, id))),
            _ => None,
        };
        let mut places: HashMap<Uuid, i64> = HashMap::new();
        let (mut few, mut many, mut taken) = (Vec::new(), None, 0);
        let articles = self.waiting_articles(filter, begun.map(|(place, _)| place)).await?;
        let mut is_last = articles.len() < usize::try_from(filter.limit).unwrap_or(usize::MAX);
        for (thread, at, waiting) in articles {
            places.insert(thread, at);
            if begun.is_some_and(|((_, begun), _)| begun == thread) {
                continue;
            }
            if waiting >= counted_to(filter) {
                many = Some(thread);
                is_last = false;
                break;
            }
            few.push(thread);
            taken += waiting;
            if taken >= filter.limit {
                is_last = false;
                break;
            }
        }
        let mut marks = Vec::new();
        if let Some(((at, thread), after)) = begun {
            places.insert(thread, at);
            marks.extend(self.waiting_in(filter, &[thread], Some(after), filter.limit).await?);
        }
        // Fewer than a page of each, and of all but the last together.
        marks.extend(self.waiting_in(filter, &few, None, 2 * filter.limit).await?);
        marks.extend(self.waiting_in(filter, many.as_slice(), None, filter.limit).await?);
        let mut marks: Vec<Mark> = marks
            .into_iter()
            .map(|mark| mark.sorted_by(places.get(&mark.thread_id).copied().unwrap_or_default()))
            .collect();
        marks.sort_by_key(Mark::place);
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        is_last &= marks.len() < limit;
        marks.truncate(limit);
        Ok(Step { marks, is_last })
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
                     FROM comments w WHERE w.thread_id = t.id AND w.status = 'pending' AND w.set_aside = FALSE \
                     AND w.appealed_at IS NULL LIMIT ",
                );
                query.push_bind(counted_to(filter));
                query.push(") counted) AS waiting FROM threads t WHERE TRUE");
                if let Some(site) = &filter.site {
                    query.push(" AND t.site_id = ").push_bind(site.as_str());
                }
                push_scope!(query, "t.site_id", &filter.scope);
                // Index: threads_by_key.
                if let Some(thread) = &filter.thread {
                    query.push(" AND t.thread_key = ").push_bind(thread.as_str());
                }
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
                    query.push(
                        " AND t.oldest_pending_at IS NOT NULL AND EXISTS (SELECT 1 FROM comments w \
                         WHERE w.thread_id = t.id AND w.status = 'pending' AND w.set_aside = FALSE \
                         AND w.appealed_at IS NULL) AND (t.oldest_pending_at, t.id) >= (",
                    );
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
    ) -> Result<Vec<Mark>, StoreError> {
        if threads.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on_pool!(self, |pool| {
            // Index: comments_waiting.
            let mut query = QueryBuilder::new("SELECT CAST(0 AS BIGINT) AS sort, ");
            push_mark!(query, filter);
            query.push(format!(
                " FROM comments c JOIN threads t ON t.id = c.thread_id WHERE {} AND c.appealed_at IS NULL \
                 AND c.thread_id IN (",
                lies_in(Pile::Pending)
            ));
            let mut list = query.separated(", ");
            for thread in threads {
                list.push_bind(*thread);
            }
            query.push(")");
            // By the article's site: with the comment's, SQLite goes by time through what waits everywhere.
            if let Some(site) = &filter.site {
                query.push(" AND t.site_id = ").push_bind(site.as_str());
            }
            push_scope!(query, "t.site_id", &filter.scope);
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
}

/// How far the waiting comments of an article are counted: an article with more is read by itself.
fn counted_to(filter: &Filter) -> i64 {
    const MANY: i64 = 64;
    filter.limit.min(MANY)
}
