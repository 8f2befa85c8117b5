//! Who reads which comment now. A lease is a hint that runs out by itself; it keeps nobody from deciding.

use uuid::Uuid;

use super::{
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::from_row,
    open::Store,
};
use crate::domain::{actor::Actor, timestamp::Timestamp};

from_row! {
    /// A comment that somebody is reading.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Lease {
        pub comment_id: Uuid,
        pub site_id: String,
        /// The account's or the token's id.
        pub holder_id: String,
        /// Their name.
        pub holder: String,
        /// Unix milliseconds.
        pub leased_until: i64,
    }
}

const COLUMNS: &str = "comment_id, site_id, holder_id, holder, leased_until";

/// Ends the leases of an account or a token inside `in_tx!`.
macro_rules! end_leases {
    ($conn:expr, $holder:expr) => {
        // Index: review_leases_by_holder.
        sqlx::query("DELETE FROM review_leases WHERE holder_id = $1")
            .bind($holder)
            .execute(&mut *$conn)
            .await?
    };
}
pub(super) use end_leases;

impl Store {
    /// Takes the lease of a comment until `until`, unless somebody else has it at `now`; gives up the one
    /// that `holder` had on another comment. Gives the lease that is in force then.
    pub async fn lease_comment(
        &self,
        comment: Uuid,
        site: &str,
        holder: &Actor,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Lease, StoreError> {
        let (site, id, name) = (site.to_owned(), holder.id.clone(), holder.name.clone());
        let lease: Lease = in_tx!(self, |conn| {
            sqlx::query(
                "INSERT INTO review_leases (comment_id, site_id, holder_id, holder, leased_until) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (comment_id) DO UPDATE \
                 SET holder_id = excluded.holder_id, holder = excluded.holder, leased_until = excluded.leased_until \
                 WHERE review_leases.holder_id = excluded.holder_id OR review_leases.leased_until <= $6",
            )
            .bind(comment)
            .bind(site)
            .bind(id)
            .bind(name)
            .bind(until.0)
            .bind(now.0)
            .execute(&mut *conn)
            .await?;
            let lease: Lease = sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM review_leases WHERE comment_id = $1"
            )))
            .bind(comment)
            .fetch_one(&mut *conn)
            .await?;
            Ok(lease)
        })?;
        // By itself: two people who change places would wait for each other's row.
        let id = holder.id.clone();
        in_tx!(self, |conn| {
            // Index: review_leases_by_holder.
            sqlx::query("DELETE FROM review_leases WHERE holder_id = $1 AND comment_id <> $2")
                .bind(id)
                .bind(comment)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })?;
        Ok(lease)
    }

    /// The leases in force at `now`, at most 200 of each site, so that none is hidden by another's; by comment.
    pub async fn leases(&self, now: Timestamp) -> Result<Vec<Lease>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: the primary key; what has run out is purged each minute.
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM (SELECT {COLUMNS}, ROW_NUMBER() OVER (PARTITION BY site_id ORDER BY comment_id) \
                 AS place FROM review_leases WHERE leased_until > $1) numbered WHERE place <= 200 ORDER BY comment_id"
            )))
            .bind(now.0)
            .fetch_all(pool)
            .await
        })?)
    }
}
