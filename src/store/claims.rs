//! Claims: among submissions that are the same, only one asks the captcha provider.

use std::time::Duration;

use super::{
    engines::{in_tx, on_pool},
    error::StoreError,
    open::Store,
};
use crate::domain::timestamp::Timestamp;

/// How long a claim holds without a result; longer than the provider's budget.
const LEASE: Duration = Duration::from_secs(10);

/// What trying to claim a submission gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The caller asks the provider.
    Mine,
    /// An earlier claim ran out without a result: the provider may have spent the token.
    TakenOver,
    /// Another call is asking now.
    Others,
}

impl Store {
    /// Claims `(site, key)` for ten seconds.
    pub async fn claim(&self, site: &str, key: &str, digest: &str, now: Timestamp) -> Result<Claim, StoreError> {
        let (site, key, digest) = (site.to_owned(), key.to_owned(), digest.to_owned());
        let until = now.plus(LEASE).0;
        in_tx!(self, |conn| {
            let inserted = sqlx::query(
                "INSERT INTO claims (site_id, claim_key, digest, claimed_until) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (site_id, claim_key) DO NOTHING",
            )
            .bind(site.as_str())
            .bind(key.as_str())
            .bind(digest.as_str())
            .bind(until)
            .execute(&mut *conn)
            .await?;
            if inserted.rows_affected() == 1 {
                return Ok(Claim::Mine);
            }
            let taken = sqlx::query(
                "UPDATE claims SET claimed_until = $3, digest = $4 \
                 WHERE site_id = $1 AND claim_key = $2 AND claimed_until <= $5",
            )
            .bind(site.as_str())
            .bind(key.as_str())
            .bind(until)
            .bind(digest.as_str())
            .bind(now.0)
            .execute(&mut *conn)
            .await?;
            Ok(if taken.rows_affected() == 1 {
                Claim::TakenOver
            } else {
                Claim::Others
            })
        })
    }

    /// Whether somebody holds a claim on `(site, key)` now.
    pub async fn is_claimed(&self, site: &str, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        let found: Option<(i64,)> = on_pool!(self, |pool| {
            sqlx::query_as("SELECT claimed_until FROM claims WHERE site_id = $1 AND claim_key = $2")
                .bind(site)
                .bind(key)
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.is_some_and(|(until,)| until > now.0))
    }
}
