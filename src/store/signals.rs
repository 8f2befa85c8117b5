//! What the built-in check saw, counted by what people decided.

use super::{engines::on_pool, error::StoreError, open::Store};
use crate::domain::{evidence::LabelledSignals, timestamp::Timestamp};

impl Store {
    /// Combinations of signals among the newest 10,000 comments of a site since `since` that a person
    /// approved or marked as spam, with their counts, in no order.
    pub async fn labelled_signals(&self, site: &str, since: Timestamp) -> Result<Vec<LabelledSignals>, StoreError> {
        let found: Vec<(String, String, i64)> = on_pool!(self, |pool| {
            // Index: comments_labelled.
            sqlx::query_as(
                "SELECT signals, label, COUNT(*) FROM (SELECT signals, label FROM comments \
                 WHERE site_id = $1 AND created_at >= $2 AND signals IS NOT NULL AND label IN ('approved', 'spam') \
                 ORDER BY created_at DESC, id DESC LIMIT 10000) newest GROUP BY signals, label",
            )
            .bind(site)
            .bind(since.0)
            .fetch_all(pool)
            .await
        })?;
        Ok(found
            .into_iter()
            .map(|(signals, label, count)| LabelledSignals {
                signals,
                spam: label == "spam",
                count,
            })
            .collect())
    }
}
