//! Whether the store answers, setup codes, and facts about the store.

use std::time::Duration;

use super::{
    engines::{in_tx, on_pool},
    error::StoreError,
    open::Store,
};
use crate::domain::timestamp::Timestamp;

impl Store {
    /// Answers when a statement goes through, within two seconds.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let query = async {
            on_pool!(self, |pool| sqlx::query("SELECT 1").execute(pool).await.map(|_| ()))?;
            Ok(())
        };
        tokio::time::timeout(Duration::from_secs(2), query)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("no answer within two seconds".to_owned())))
    }

    /// Keeps a one-time setup code by its hash.
    pub async fn add_setup_code(&self, hash: &str, expires_at: Timestamp) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        in_tx!(self, |conn| {
            sqlx::query("INSERT INTO setup_codes (hash, expires_at) VALUES ($1, $2)")
                .bind(hash.as_str())
                .bind(expires_at.0)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })
    }

    /// A fact about this store, such as the id of its key.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let found: Option<(String,)> = on_pool!(self, |pool| {
            sqlx::query_as("SELECT content FROM meta WHERE name = $1")
                .bind(name)
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.map(|(content,)| content))
    }

    /// Sets a fact about this store.
    pub async fn set_meta(&self, name: &str, content: &str) -> Result<(), StoreError> {
        let (name, content) = (name.to_owned(), content.to_owned());
        in_tx!(self, |conn| {
            sqlx::query(
                "INSERT INTO meta (name, content) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET content = excluded.content",
            )
            .bind(name.as_str())
            .bind(content.as_str())
            .execute(&mut *conn)
            .await?;
            Ok(())
        })
    }
}
