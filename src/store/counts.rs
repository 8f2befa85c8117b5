//! How many comments there are by status.

use sqlx::QueryBuilder;

use super::{
    engines::{on_pool, push_scope},
    error::StoreError,
    open::Store,
    queue::push_sites,
};
use crate::domain::{actor::Scope, queue::Filter, status::Status};

/// How many comments a site has by status, in the order of [`Status::ALL`]; each count stops at 1,001.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCounts {
    pub site: String,
    pub counts: Vec<(Status, i64)>,
}

impl Store {
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
