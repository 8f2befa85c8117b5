//! Who of the newsroom saw which comment: one row for each way in which somebody saw it, with the first time and the last.

use uuid::Uuid;

use super::{
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::{from_row, read_as_word},
    open::Store,
    view_sql::NOTE_SQL,
};
use crate::domain::{actor::Actor, timestamp::Timestamp, view::Seen};

read_as_word!(Seen);

from_row! {
    /// That somebody saw a comment.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct View {
        /// 0 = as the comment was sent.
        pub revision: i64,
        pub account: Uuid,
        /// Their name; `None` once the account is gone.
        pub name: Option<String>,
        pub how: Seen,
        pub first_at: i64,
        pub last_at: i64,
    }
}

impl Store {
    /// Writes down that somebody saw a comment; nothing for a program.
    pub async fn note_view(&self, comment: Uuid, actor: &Actor, how: Seen, now: Timestamp) -> Result<(), StoreError> {
        let Some(account) = actor.account() else {
            return Ok(());
        };
        in_tx!(self, |conn| {
            // Index: the primary key.
            sqlx::query(NOTE_SQL)
                .bind(comment)
                .bind(account)
                .bind(how.as_str())
                .bind(now.0)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })
    }

    /// Who saw a comment, the first first, at most 200.
    pub async fn views(&self, comment: Uuid) -> Result<Vec<View>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as(
                "SELECT v.revision, v.account, a.name, v.how, v.first_at, v.last_at FROM views v \
                 LEFT JOIN accounts a ON a.id = v.account WHERE v.comment_id = $1 \
                 ORDER BY v.first_at, v.account, v.how LIMIT 200",
            )
            .bind(comment)
            .fetch_all(pool)
            .await
        })?)
    }

    /// Forgets at most 1,000 views whose last time was before `before`; gives how many.
    pub async fn forget_views(&self, before: Timestamp) -> Result<u64, StoreError> {
        in_tx!(self, |conn| {
            // Index: views_by_last.
            let done = sqlx::query(
                "DELETE FROM views WHERE (comment_id, revision, account, how) IN \
                 (SELECT comment_id, revision, account, how FROM views WHERE last_at < $1 LIMIT 1000)",
            )
            .bind(before.0)
            .execute(&mut *conn)
            .await?;
            Ok(done.rows_affected())
        })
    }
}
