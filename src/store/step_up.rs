//! What a comment's second check leaves: that it was answered, and its mark taken off.

use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entry},
    engines::in_tx,
    error::{Defect, StoreError},
    open::Store,
    rows::Comment,
};
use crate::domain::{reason::Reason, timestamp::Timestamp};

impl Store {
    /// Takes a key that counts once, among the keys of repeats, where it is purged after `until`.
    /// `false`: it was taken before.
    pub async fn take_key(&self, site: &str, key: &str, comment: Uuid, until: Timestamp) -> Result<bool, StoreError> {
        if let Self::Sqlite(sqlite) = self {
            sqlite.recent().note(site, key, until);
        }
        let (site, key) = (site.to_owned(), key.to_owned());
        in_tx!(self, |conn| {
            // No text has an empty digest: whoever sends this key with a text is no repeat.
            let taken = sqlx::query(
                "INSERT INTO repeat_keys (site_id, repeat_key, digest, comment_id, expires_at) \
                 VALUES ($1, $2, '', $3, $4) ON CONFLICT (site_id, repeat_key) DO NOTHING",
            )
            .bind(site.as_str())
            .bind(key.as_str())
            .bind(comment)
            .bind(until.0)
            .execute(&mut *conn)
            .await?;
            Ok(taken.rows_affected() == 1)
        })
    }

    /// Gives a waiting comment other reasons and the next version. `false`: it is no longer as `comment`
    /// says, and nothing is changed.
    pub async fn replace_reasons(
        &self,
        comment: &Comment,
        reasons: &[Reason],
        audit: NewAudit,
    ) -> Result<bool, StoreError> {
        let (id, version) = (comment.id, comment.version);
        let reasons = serde_json::to_string(reasons)
            .map_err(|error| Defect::Broken(format!("write the reasons of comment {id}: {error}")))?;
        in_tx!(self, |conn| {
            let done = sqlx::query(
                "UPDATE comments SET reasons = $3, version = version + 1 \
                 WHERE id = $1 AND version = $2 AND status = 'pending'",
            )
            .bind(id)
            .bind(version)
            .bind(reasons.as_str())
            .execute(&mut *conn)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            insert_entry!(conn, audit, Some(version + 1));
            Ok(true)
        })
    }
}
