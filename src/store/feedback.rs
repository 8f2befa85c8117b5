//! What a provider is still to be told: how the comments ended that it checked.

use uuid::Uuid;

use super::{
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::from_row,
    open::Store,
};
use crate::domain::timestamp::Timestamp;

from_row! {
    /// A decided comment whose provider does not know of it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Untold {
        pub comment: Uuid,
        /// The provider's own name of its check.
        pub assessment: String,
    }
}

impl Store {
    /// At most `limit` comments of a site that were approved, or marked as `spam`, before `before` and whose
    /// provider is still to be told, the earliest decision first.
    pub async fn untold(
        &self,
        site: &str,
        spam: bool,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<Untold>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: comments_untold.
            sqlx::query_as(
                "SELECT id AS comment, assessment FROM comments WHERE site_id = $1 AND label = $2 AND decided_at < $3 \
                 AND assessment IS NOT NULL ORDER BY decided_at LIMIT $4",
            )
            .bind(site)
            .bind(if spam { "spam" } else { "approved" })
            .bind(before.0)
            .bind(limit)
            .fetch_all(pool)
            .await
        })?)
    }

    /// Forgets under which name the provider checked these comments.
    pub async fn forget_assessments(&self, comments: Vec<Uuid>) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            for comment in comments {
                sqlx::query("UPDATE comments SET assessment = NULL WHERE id = $1")
                    .bind(comment)
                    .execute(&mut *conn)
                    .await?;
            }
            Ok(())
        })
    }

    /// Forgets the names of a site's checks of comments from before `before`, at most 1,000 a call.
    pub async fn forget_old_assessments(&self, site: &str, before: Timestamp) -> Result<(), StoreError> {
        let site = site.to_owned();
        in_tx!(self, |conn| {
            // Index: comments_untold.
            sqlx::query(
                "UPDATE comments SET assessment = NULL WHERE id IN (SELECT id FROM comments \
                 WHERE site_id = $1 AND assessment IS NOT NULL AND created_at < $2 LIMIT 1000)",
            )
            .bind(site.as_str())
            .bind(before.0)
            .execute(&mut *conn)
            .await?;
            Ok(())
        })
    }
}
