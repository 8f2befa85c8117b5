//! Figures of the captcha levels, for tuning the cuts.

use uuid::Uuid;

use super::{engines::on_pool, error::StoreError, from_row::from_row, open::Store, rows};
use crate::domain::{evidence::LevelCounts, score::Score, timestamp::Timestamp};

/// A scored comment that other cuts would treat otherwise.
#[derive(Debug, Clone)]
pub struct Changed {
    pub id: Uuid,
    pub level: Score,
    pub outcome: String,
    pub status: String,
    pub label: Option<String>,
    pub name: String,
    pub body: String,
    pub created_at: Timestamp,
}

type ChangedRow = (Uuid, i64, String, String, Option<String>, String, String, i64);

from_row! {
    struct LevelRow {
        level: i64,
        total: i64,
        published: i64,
        held: i64,
        stepped_up: i64,
        refused: i64,
        approved: i64,
        rejected: i64,
        spam: i64,
    }
}

impl Store {
    /// Counts per level of a site's comments with a score of `provider` since `since`, lowest first.
    pub async fn levels(&self, site: &str, provider: &str, since: Timestamp) -> Result<Vec<LevelCounts>, StoreError> {
        let found: Vec<LevelRow> = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT level, COUNT(*) AS total, \
                 CAST(COALESCE(SUM(CASE WHEN outcome = 'publish' THEN 1 ELSE 0 END), 0) AS BIGINT) AS published, \
                 CAST(COALESCE(SUM(CASE WHEN outcome = 'hold' THEN 1 ELSE 0 END), 0) AS BIGINT) AS held, \
                 CAST(COALESCE(SUM(CASE WHEN outcome = 'step_up' THEN 1 ELSE 0 END), 0) AS BIGINT) AS stepped_up, \
                 CAST(COALESCE(SUM(CASE WHEN outcome = 'refuse' THEN 1 ELSE 0 END), 0) AS BIGINT) AS refused, \
                 CAST(COALESCE(SUM(CASE WHEN label = 'approved' THEN 1 ELSE 0 END), 0) AS BIGINT) AS approved, \
                 CAST(COALESCE(SUM(CASE WHEN label = 'rejected' THEN 1 ELSE 0 END), 0) AS BIGINT) AS rejected, \
                 CAST(COALESCE(SUM(CASE WHEN label = 'spam' THEN 1 ELSE 0 END), 0) AS BIGINT) AS spam \
                 FROM comments WHERE site_id = $1 AND provider = $2 AND created_at >= $3 AND level IS NOT NULL \
                 GROUP BY level ORDER BY level LIMIT 1001",
            )
            .bind(site)
            .bind(provider)
            .bind(since.0)
            .fetch_all(pool)
            .await
        })?;
        found
            .into_iter()
            .map(|row| {
                Ok(LevelCounts {
                    level: Score::from_thousandths(row.level)
                        .ok_or_else(|| rows::corrupt("comments", "level", &site, &row.level))?,
                    total: row.total,
                    published: row.published,
                    held: row.held,
                    stepped_up: row.stepped_up,
                    refused: row.refused,
                    approved: row.approved,
                    rejected: row.rejected,
                    spam: row.spam,
                })
            })
            .collect()
    }

    /// Comments of a site with a score of `provider` that were held since `since` and are approved by a moderator.
    pub async fn held_then_approved(&self, site: &str, provider: &str, since: Timestamp) -> Result<i64, StoreError> {
        let (count,): (i64,) = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT COUNT(*) FROM comments WHERE site_id = $1 AND provider = $2 AND created_at >= $3 \
                 AND level IS NOT NULL AND outcome = 'hold' AND label = 'approved'",
            )
            .bind(site)
            .bind(provider)
            .bind(since.0)
            .fetch_one(pool)
            .await
        })?;
        Ok(count)
    }

    /// When the first comment since `since` with a score of `provider` came in; `None` without any.
    pub async fn first_scored(
        &self,
        site: &str,
        provider: &str,
        since: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let found: Option<(i64,)> = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT created_at FROM comments WHERE site_id = $1 AND provider = $2 AND created_at >= $3 \
                 AND level IS NOT NULL ORDER BY created_at LIMIT 1",
            )
            .bind(site)
            .bind(provider)
            .bind(since.0)
            .fetch_optional(pool)
            .await
        })?;
        Ok(found.map(|(at,)| Timestamp(at)))
    }

    /// Comments per verdict class since `since`, scored ones included.
    pub async fn verdict_counts(&self, site: &str, since: Timestamp) -> Result<Vec<(String, i64)>, StoreError> {
        let found = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT verdict, COUNT(*) FROM comments WHERE site_id = $1 AND created_at >= $2 \
                 GROUP BY verdict ORDER BY verdict LIMIT 100",
            )
            .bind(site)
            .bind(since.0)
            .fetch_all(pool)
            .await
        })?;
        Ok(found)
    }

    /// Scored comments at one of `levels` since `since` with an id under `before`, newest first.
    pub async fn comments_at_levels(
        &self,
        site: &str,
        provider: &str,
        levels: &[Score],
        since: Timestamp,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Changed>, StoreError> {
        if levels.is_empty() {
            return Ok(Vec::new());
        }
        let found: Vec<ChangedRow> = on_pool!(self, |pool| {
            // Index: comments_by_time.
            let mut query = sqlx::QueryBuilder::new(
                "SELECT id, level, outcome, status, label, name, body, created_at FROM comments WHERE site_id = ",
            );
            query.push_bind(site).push(" AND provider = ").push_bind(provider);
            query.push(" AND created_at >= ").push_bind(since.0);
            query.push(" AND id < ").push_bind(before.unwrap_or(Uuid::max()));
            query.push(" AND level IN (");
            let mut list = query.separated(", ");
            for level in levels {
                list.push_bind(level.thousandths());
            }
            query.push(") ORDER BY id DESC LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(pool).await
        })?;
        found
            .into_iter()
            .map(|(id, level, outcome, status, label, name, body, created_at)| {
                Ok(Changed {
                    level: Score::from_thousandths(level)
                        .ok_or_else(|| rows::corrupt("comments", "level", &id, &level))?,
                    id,
                    outcome,
                    status,
                    label,
                    name,
                    body,
                    created_at: Timestamp(created_at),
                })
            })
            .collect()
    }
}
