//! What waits, page by page: each from an index, so that a page costs the same however much waits behind it.

use std::collections::HashMap;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    engines::{on_pool, push_scope},
    error::StoreError,
    open::Store,
    queue::{MORE_COLUMNS, QueueRow, Row, TABLES, lies_in, push_sites},
    rows::COMMENT_COLUMNS,
};
use crate::domain::{
    actor::Scope,
    queue::{Filter, Order, PageKey, Pile},
    timestamp::Timestamp,
};

/// Sites that are listed each by itself, at most.
const APART: usize = 20;

impl Store {
    /// A page of the queue. Of what waits the appeals come first, in every order.
    pub async fn queue(&self, filter: &Filter) -> Result<Vec<QueueRow>, StoreError> {
        if filter.pile != Pile::Pending {
            return self.listed(filter).await;
        }
        if filter.is_behind_appeals() {
            return self.waiting(filter).await;
        }
        let mut rows = self.appeals(filter).await?;
        let left = filter.limit - i64::try_from(rows.len()).unwrap_or(filter.limit);
        if left > 0 {
            let rest = Filter {
                after: None,
                limit: left,
                ..filter.clone()
            };
            rows.extend(self.waiting(&rest).await?);
        }
        Ok(rows)
    }

    /// A page of what waits but for appeals.
    ///
    /// It is listed site by site: by article, by time and by score from an index each, so that a page costs the same
    /// however much waits behind it. In the other orders, of a scope of many sites, and where something narrows it,
    /// all that fits is sorted.
    async fn waiting(&self, filter: &Filter) -> Result<Vec<QueueRow>, StoreError> {
        if !filter.is_whole() {
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
            .map(|row| {
                let place = places.get(&row.thread()).copied().unwrap_or_default();
                row.sorted_by(place).into_item(Some(Order::Article))
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
                     FROM comments w WHERE w.thread_id = t.id AND w.status = 'pending' AND w.set_aside = FALSE \
                     AND w.appealed_at IS NULL LIMIT ",
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
                "SELECT {COMMENT_COLUMNS}, {MORE_COLUMNS}, CAST(0 AS BIGINT) AS sort FROM {TABLES} \
                 WHERE {} AND c.appealed_at IS NULL AND c.thread_id IN (",
                lies_in(Pile::Pending)
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
}
