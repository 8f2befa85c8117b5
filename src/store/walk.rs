//! A list read along its index, so that a page costs the same however much lies behind it.
//!
//! Each order of what waits but the mixed one has an index. What narrows a list is looked at row by row on the way, so
//! that every engine goes by the index of the order whatever it guesses about the filter, and so that it is known how
//! many rows were read: a request reads a bounded number, gives what it found, and names the row at which the next one
//! goes on. Reasons are looked at so too: a table of them would have to follow every change of status, and the bound
//! holds without one.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    engines::{on_pool, push_scope},
    error::StoreError,
    from_row::from_row,
    open::Store,
    queue::{Listed, Row, column, lies_in, push_narrowing, push_sites},
};
use crate::domain::queue::{Filter, Order, PageKey, Pile};

/// Rows that a narrowed list reads for one page.
pub const READ_MAX: usize = 5000;

/// Rows of one step at most: enough that few questions make [`READ_MAX`], and none of them takes long.
const STEP_MAX: usize = 2000;

/// When no further step is made, so that what was found is given and not lost.
const PATIENCE: Duration = Duration::from_millis(1500);

from_row! {
    /// A comment on the way, in its place.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Mark {
        id: Uuid,
        pub(super) thread_id: Uuid,
        created_at: i64,
        /// What it is sorted by.
        sort: i64,
        /// 1: nothing that narrows the list leaves it out.
        fits: i64,
    }
}

impl Mark {
    pub(super) fn sorted_by(self, sort: i64) -> Self {
        Self { sort, ..self }
    }

    /// Where it stands in the order by article.
    pub(super) fn place(&self) -> (i64, Uuid, i64, Uuid) {
        (self.sort, self.thread_id, self.created_at, self.id)
    }

    fn key(&self, order: Order) -> Vec<String> {
        PageKey::new(order, self.sort, self.thread_id, self.created_at, self.id).parts()
    }
}

/// What was read at once of one site or of several.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// In the order of the list, without a gap.
    pub(super) marks: Vec<Mark>,
    /// Whether nothing is behind them.
    pub(super) is_last: bool,
}

/// The columns of [`Mark`] in a query of the comments `c`, but for what it is sorted by.
macro_rules! push_mark {
    ($query:expr, $filter:expr) => {
        $query.push("c.id, c.thread_id, c.created_at, CAST(CASE WHEN TRUE");
        push_narrowing!($query, $filter);
        $query.push(" THEN 1 ELSE 0 END AS BIGINT) AS fits");
    };
}
pub(super) use push_mark;

/// Whether a list has an index that gives its order.
pub(super) fn has_index(filter: &Filter) -> bool {
    match filter.pile {
        Pile::Pending => true,
        Pile::Reported => filter.order == Order::Reports,
        _ => matches!(filter.order, Order::Oldest | Order::Newest),
    }
}

impl Store {
    /// A page of what lies on some sites, without the appeals that wait.
    pub(super) async fn walk(&self, filter: &Filter, sites: &[String]) -> Result<Listed, StoreError> {
        let until = Instant::now() + PATIENCE;
        let limit = usize::try_from(filter.limit).unwrap_or_default();
        let mut at = filter.clone();
        let mut found: Vec<Mark> = Vec::new();
        let (mut read, mut most) = (0, if filter.is_whole() { limit } else { 2 * limit });
        let next = loop {
            let step = self.step(&at, sites, most.min(READ_MAX - read)).await?;
            read += step.marks.len();
            found.extend(step.marks.iter().filter(|mark| mark.fits == 1));
            if found.len() >= limit {
                found.truncate(limit);
                break found.last().map(|mark| mark.key(filter.order));
            }
            let Some(last) = step.marks.last().filter(|_| !step.is_last) else {
                break None;
            };
            let key = last.key(filter.order);
            if read >= READ_MAX || Instant::now() > until {
                break Some(key);
            }
            at.after = Some(key);
            most = (2 * most).min(STEP_MAX);
        };
        let ids: Vec<Uuid> = found.iter().map(|mark| mark.id).collect();
        // One that was decided meanwhile lies there no more.
        let mut rows: HashMap<Uuid, Row> = HashMap::new();
        for row in self.rows_of(&ids, Some(filter.pile)).await? {
            rows.insert(row.id(), row);
        }
        let rows = found.iter().filter_map(|mark| {
            let row = rows.remove(&mark.id)?;
            Some(row.sorted_by(mark.sort).into_item(Some(filter.order)))
        });
        Ok(Listed {
            rows: rows.collect::<Result<_, _>>()?,
            next,
        })
    }

    /// What comes next of all of `sites`, about `most` rows.
    async fn step(&self, filter: &Filter, sites: &[String], most: usize) -> Result<Step, StoreError> {
        // Of a whole list each site may fill the page alone.
        let each = if filter.is_whole() {
            most
        } else {
            (most / sites.len().max(1)).max(1)
        };
        let mut all: Vec<(Vec<String>, Mark)> = Vec::new();
        // Behind the last row read of a site, others of it may come.
        let mut horizon: Option<Vec<String>> = None;
        for site in sites {
            let of_site = Filter {
                site: Some(site.clone()),
                limit: i64::try_from(each).unwrap_or(i64::MAX),
                ..filter.clone()
            };
            let step = if filter.pile == Pile::Pending && filter.order == Order::Article {
                self.by_article(&of_site).await?
            } else {
                self.by_index(&of_site).await?
            };
            let last = step.marks.last().map(|mark| mark.key(filter.order));
            all.extend(step.marks.into_iter().map(|mark| (mark.key(filter.order), mark)));
            if let Some(last) = last.filter(|_| !step.is_last)
                && horizon.as_ref().is_none_or(|known| filter.stands_after(known, &last))
            {
                horizon = Some(last);
            }
        }
        if sites.len() > 1 {
            all.sort_by(|(a, _), (b, _)| filter.stands_after(a, b).cmp(&filter.stands_after(b, a)));
        }
        if let Some(horizon) = &horizon {
            all.retain(|(key, _)| !filter.stands_after(key, horizon));
        }
        Ok(Step {
            marks: all.into_iter().map(|(_, mark)| mark).collect(),
            is_last: horizon.is_none(),
        })
    }

    /// What comes next on one site by the index of an order: first what is sorted by the same as the row before, then
    /// what is behind that. SQLite takes an index over an expression for each of the two, and for no comparison of both
    /// columns at once.
    async fn by_index(&self, filter: &Filter) -> Result<Step, StoreError> {
        let mut marks: Vec<Mark> = Vec::new();
        let begun = match filter.page_key() {
            Some(PageKey::Plain(sort, id)) => Some((sort, id)),
            _ => None,
        };
        if let Some((sort, id)) = begun {
            marks = self.along(filter, sort, Some(id), filter.limit).await?;
        }
        let left = filter.limit - i64::try_from(marks.len()).unwrap_or(filter.limit);
        if left > 0 {
            let from = match begun {
                Some((sort, _)) => sort,
                None if filter.order.descends() => i64::MAX,
                None => i64::MIN,
            };
            marks.extend(self.along(filter, from, None, left).await?);
        }
        Ok(Step {
            is_last: i64::try_from(marks.len()).unwrap_or(i64::MAX) < filter.limit,
            marks,
        })
    }

    /// The rows of one site that are sorted by `sort` and stand after the comment `after`; without one, those that are
    /// sorted behind `sort`.
    async fn along(&self, filter: &Filter, sort: i64, after: Option<Uuid>, most: i64) -> Result<Vec<Mark>, StoreError> {
        let column = column(filter);
        let (behind, direction) = if filter.order.descends() {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        Ok(on_pool!(self, |pool| {
            // Indexes: comments_by_status, comments_waiting_by_score, comments_waiting_by_doubt,
            // comments_waiting_by_reports, comments_reported, comments_aside.
            let mut query = QueryBuilder::new(format!("SELECT CAST({column} AS BIGINT) AS sort, "));
            push_mark!(query, filter);
            query.push(" FROM comments c");
            if filter.thread.is_some() {
                query.push(" JOIN threads t ON t.id = c.thread_id");
            }
            query.push(format!(" WHERE {}", lies_in(filter.pile)));
            if filter.pile == Pile::Pending {
                query.push(" AND c.appealed_at IS NULL");
            }
            push_sites!(query, filter);
            // What narrows by what is sorted by ends the reading.
            match (filter.order, filter.since, filter.score_max) {
                (Order::Oldest | Order::Newest, Some(since), _) => {
                    query.push(format!(" AND {column} >= ")).push_bind(since.0);
                }
                (Order::Score, _, Some(max)) => {
                    query.push(format!(" AND {column} <= ")).push_bind(max);
                }
                _ => {}
            }
            if let Some(id) = after {
                query.push(format!(" AND {column} = ")).push_bind(sort);
                query.push(format!(" AND c.id {behind} ")).push_bind(id);
                query.push(format!(" ORDER BY c.id {direction} LIMIT "));
            } else {
                query.push(format!(" AND {column} {behind} ")).push_bind(sort);
                query.push(format!(" ORDER BY {column} {direction}, c.id {direction} LIMIT "));
            }
            query.push_bind(most);
            query.build_query_as().fetch_all(pool).await
        })?)
    }
}
