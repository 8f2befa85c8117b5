//! How the check of a site fared: verdicts and waits by day, hosts that do not fit, what is wrong now.
//!
//! All of it is read off the comments, so that two instances say the same. Each list is bounded: days
//! times providers times causes for the counts, steps of ten milliseconds for the waits, the newest
//! [`HOSTS_READ`] comments for the hosts, which stand in JSON that the engines read each in its own way.

use std::collections::BTreeMap;

use super::{engines::on_pool, error::StoreError, open::Store, rows};
use crate::domain::{
    defence::{Misconfiguration, VerdictCount, WaitCount},
    reason::Reason,
    timestamp::Timestamp,
};

/// Comments whose foreign host is read at most.
const HOSTS_READ: i64 = 2_000;

/// Hosts told at most.
const HOSTS: usize = 10;

/// Hosts that tokens were minted on and that are not the site's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Ten at most, the most frequent first; an empty host is one that the provider did not name.
    pub seen: Vec<(String, i64)>,
    /// There are more comments than were read: the counts are of the newest 2,000.
    pub has_more: bool,
}

type VerdictRow = (String, i64, String, Option<String>, i64);

impl Store {
    /// Comments of a site since `since` by provider, day, verdict and detail, newest day first; 20,000
    /// rows at most.
    pub async fn verdicts_by_day(&self, site: &str, since: Timestamp) -> Result<Vec<VerdictCount>, StoreError> {
        let found: Vec<VerdictRow> = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT provider, created_at / 86400000 AS day, verdict, verdict_detail, COUNT(*) FROM comments \
                 WHERE site_id = $1 AND created_at >= $2 GROUP BY provider, created_at / 86400000, verdict, \
                 verdict_detail ORDER BY day DESC, provider, verdict, verdict_detail LIMIT 20000",
            )
            .bind(site)
            .bind(since.0)
            .fetch_all(pool)
            .await
        })?;
        Ok(found
            .into_iter()
            .map(|(provider, day, verdict, detail, count)| VerdictCount {
                provider,
                day,
                verdict,
                detail,
                count,
            })
            .collect())
    }

    /// How long providers were waited for since `since`, by provider, day and ten milliseconds, newest
    /// day first; 50,000 rows at most.
    pub async fn waits_by_day(&self, site: &str, since: Timestamp) -> Result<Vec<WaitCount>, StoreError> {
        let found: Vec<(String, i64, i64, i64)> = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT provider, day, wait_ms, COUNT(*) FROM (SELECT provider, created_at / 86400000 AS day, \
                 CASE WHEN checked_ms >= 10000 THEN 10000 ELSE checked_ms / 10 * 10 END AS wait_ms \
                 FROM comments WHERE site_id = $1 AND created_at >= $2 AND checked_ms IS NOT NULL) AS waits \
                 GROUP BY provider, day, wait_ms ORDER BY day DESC, provider, wait_ms LIMIT 50000",
            )
            .bind(site)
            .bind(since.0)
            .fetch_all(pool)
            .await
        })?;
        Ok(found
            .into_iter()
            .map(|(provider, day, wait_ms, count)| WaitCount {
                provider,
                day,
                wait_ms,
                count,
            })
            .collect())
    }

    /// Checks with `provider` that were sent to it since `since`.
    pub async fn provider_calls(&self, site: &str, provider: &str, since: Timestamp) -> Result<i64, StoreError> {
        let (count,): (i64,) = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT COUNT(*) FROM comments WHERE site_id = $1 AND created_at >= $2 AND provider = $3 \
                 AND checked_ms IS NOT NULL",
            )
            .bind(site)
            .bind(since.0)
            .bind(provider)
            .fetch_one(pool)
            .await
        })?;
        Ok(count)
    }

    /// The foreign hosts of a site's tokens since `since`.
    pub async fn foreign_hosts(&self, site: &str, since: Timestamp) -> Result<Hosts, StoreError> {
        let found: Vec<(String,)> = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT reasons FROM comments WHERE site_id = $1 AND created_at >= $2 AND verdict = 'bad_token' \
                 AND verdict_detail = 'wrong_host' ORDER BY created_at DESC, id DESC LIMIT $3",
            )
            .bind(site)
            .bind(since.0)
            .bind(HOSTS_READ + 1)
            .fetch_all(pool)
            .await
        })?;
        let read = usize::try_from(HOSTS_READ).unwrap_or(0);
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for (reasons,) in found.iter().take(read) {
            let reasons: Vec<Reason> = rows::json("comments", "reasons", &site, reasons)?;
            let host = reasons.into_iter().find_map(|reason| match reason {
                Reason::WrongHost { seen } => Some(seen),
                _ => None,
            });
            *counts.entry(host.unwrap_or_default()).or_default() += 1;
        }
        let mut seen: Vec<(String, i64)> = counts.into_iter().collect();
        seen.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        seen.truncate(HOSTS);
        Ok(Hosts {
            seen,
            has_more: found.len() > read,
        })
    }

    /// What our own set-up did to comments since `since`; `None`: nothing.
    pub async fn misconfigured(&self, site: &str, since: Timestamp) -> Result<Option<Misconfiguration>, StoreError> {
        let found: Option<(String, i64, i64)> = on_pool!(self, |pool| {
            // Index: comments_by_time.
            sqlx::query_as(
                "SELECT reasons, created_at, COUNT(*) OVER () FROM comments WHERE site_id = $1 AND created_at >= $2 \
                 AND verdict = 'misconfigured' ORDER BY created_at DESC, id DESC LIMIT 1",
            )
            .bind(site)
            .bind(since.0)
            .fetch_optional(pool)
            .await
        })?;
        let Some((reasons, at, count)) = found else {
            return Ok(None);
        };
        let reasons: Vec<Reason> = rows::json("comments", "reasons", &site, &reasons)?;
        let detail = reasons.into_iter().find_map(|reason| match reason {
            Reason::Misconfigured { detail } => Some(detail),
            _ => None,
        });
        Ok(Some(Misconfiguration {
            count,
            detail: detail.unwrap_or_default(),
            at: Timestamp(at),
        }))
    }
}
