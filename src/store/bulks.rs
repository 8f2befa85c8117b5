//! Decisions about all comments that fit a filter: what fits, and the bulk that a job makes of it in parts.
//!
//! Which comments a bulk is about is written down as it begins, each with its version, so that it goes on after a kill
//! where it was, takes nothing that came later, and overwrites nothing. A part is one transaction, which also counts what
//! it did (`bulk_sql.rs`). Of one site one bulk is open at a time: being decided or being taken back.

use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use super::{
    bulk::{Bulk, BulkBegun, BulkPart, COLUMNS, NewBulk},
    engines::{in_tx, on_pool, push_scope},
    error::StoreError,
    open::Store,
    queue::{lies_in, push_narrowing, push_sites},
    units::{postgres, sqlite},
};
use crate::domain::queue::Filter;

/// Comments that one statement writes down.
const AT_ONCE: usize = 1000;

/// Asks for columns of the comments that fit a filter, at most so many.
macro_rules! push_fitting {
    ($query:expr, $columns:literal, $filter:expr) => {
        $query.push(concat!(
            "SELECT ",
            $columns,
            " FROM comments c JOIN threads t ON t.id = c.thread_id WHERE "
        ));
        $query.push(lies_in($filter.pile));
        push_sites!($query, $filter);
        push_narrowing!($query, $filter);
    };
}

impl Store {
    /// How many comments fit a filter, counted up to `most`.
    pub async fn bulk_count(&self, filter: &Filter, most: i64) -> Result<i64, StoreError> {
        let (count,): (i64,) = on_pool!(self, |pool| {
            // Index: comments_by_status.
            let mut query = QueryBuilder::new("SELECT COUNT(*) FROM (");
            push_fitting!(query, "1 AS one", filter);
            query.push(" LIMIT ").push_bind(most).push(") counted");
            query.build_query_as().fetch_one(pool).await
        })?;
        Ok(count)
    }

    /// At most `few` comments of the first `most` that fit a filter: those whose authors have most published on the site
    /// (as far as ten), then those with the highest scores.
    pub async fn bulk_sample(&self, filter: &Filter, most: i64, few: i64) -> Result<Vec<Uuid>, StoreError> {
        let found: Vec<(Uuid,)> = on_pool!(self, |pool| {
            // Index: comments_by_status; comments_by_email and comments_by_device for each.
            let mut query = QueryBuilder::new("SELECT f.id FROM (");
            push_fitting!(query, "c.id, c.site_id, c.email_key, c.device_id, c.level", filter);
            query.push(" LIMIT ").push_bind(most).push(") f ORDER BY ");
            for (column, is_known) in [("email_key", " AND a.email_key <> ''"), ("device_id", "")] {
                query.push(format!(
                    "(SELECT COUNT(*) FROM (SELECT 1 AS one FROM comments a WHERE a.site_id = f.site_id \
                     AND a.{column} = f.{column}{is_known} AND a.status = 'approved' LIMIT 10) published) + "
                ));
            }
            query
                .push("0 DESC, COALESCE(f.level, -1) DESC, f.id LIMIT ")
                .push_bind(few);
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }

    /// The comments that fit a filter with their versions, at most `most`: article by article, the oldest first.
    pub async fn bulk_matches(&self, filter: &Filter, most: i64) -> Result<Vec<(Uuid, i64)>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: comments_by_status. By article, because a decision takes its article's lock.
            let mut query = QueryBuilder::new("");
            push_fitting!(query, "c.id, c.version", filter);
            query
                .push(" ORDER BY c.thread_id, c.created_at, c.id LIMIT ")
                .push_bind(most);
            query.build_query_as().fetch_all(pool).await
        })?)
    }

    /// Begins a bulk: nothing is decided yet, and from now on it is known what will be.
    pub async fn begin_bulk(&self, bulk: NewBulk) -> Result<BulkBegun, StoreError> {
        in_tx!(self, |conn| {
            // Index: bulk_operations_open.
            let begun = sqlx::query(
                "INSERT INTO bulk_operations (id, site_id, filter, action, actor_kind, actor_id, actor, at, expect, \
                 state, done, skipped, undone, not_undone) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', 0, 0, 0, 0) ON CONFLICT DO NOTHING",
            )
            .bind(bulk.id)
            .bind(bulk.site)
            .bind(bulk.filter)
            .bind(bulk.act.as_str())
            .bind(bulk.actor.kind.as_str())
            .bind(bulk.actor.id)
            .bind(bulk.actor.name)
            .bind(bulk.at.0)
            .bind(i64::try_from(bulk.rows.len()).unwrap_or(i64::MAX))
            .execute(&mut *conn)
            .await?;
            if begun.rows_affected() == 0 {
                return Ok(BulkBegun::Busy);
            }
            let mut place = 0_i64;
            for rows in bulk.rows.chunks(AT_ONCE) {
                let mut query = QueryBuilder::new("INSERT INTO bulk_rows (bulk_id, place, comment_id, version) ");
                query.push_values(rows, |mut row, (comment, version)| {
                    place += 1;
                    row.push_bind(bulk.id)
                        .push_bind(place)
                        .push_bind(*comment)
                        .push_bind(*version);
                });
                query.build().execute(&mut *conn).await?;
            }
            Ok(BulkBegun::Yes)
        })
    }

    /// Makes the next part of a bulk, whole or not at all; gives how far it is then. `None`: it is not there, or nothing
    /// is left to do.
    pub async fn advance_bulk(&self, part: BulkPart) -> Result<Option<Bulk>, StoreError> {
        match self {
            Self::Sqlite(engine) => {
                let writer = engine.writer();
                writer
                    .run(move |connection| Box::pin(async move { sqlite::bulk_part(connection, &part).await }))
                    .await
            }
            Self::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let bulk = postgres::bulk_part(&mut transaction, &part).await?;
                transaction.commit().await?;
                Ok(bulk)
            }
        }
    }

    /// From now on takes a bulk back, also one that is still being decided; asked again it changes nothing. `false`:
    /// another one of the site is open.
    pub async fn undo_bulk(&self, id: Uuid) -> Result<bool, StoreError> {
        let begun = in_tx!(self, |conn| {
            // Index: the primary key.
            sqlx::query("UPDATE bulk_operations SET state = 'undoing' WHERE id = $1 AND state IN ('running', 'done')")
                .bind(id)
                .execute(&mut *conn)
                .await?;
            sqlx::query("DELETE FROM bulk_rows WHERE bulk_id = $1")
                .bind(id)
                .execute(&mut *conn)
                .await?;
            Ok(())
        });
        match begun {
            Ok(()) => Ok(true),
            // Of bulk_operations_open.
            Err(error) if error.is_unique_violation() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A bulk by its id.
    pub async fn bulk(&self, id: Uuid) -> Result<Option<Bulk>, StoreError> {
        Ok(on_pool!(self, |pool| {
            sqlx::query_as(AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM bulk_operations WHERE id = $1"
            )))
            .bind(id)
            .fetch_optional(pool)
            .await
        })?)
    }

    /// The bulk of a site that is open.
    pub async fn open_bulk(&self, site: &str) -> Result<Option<Uuid>, StoreError> {
        let found: Option<(Uuid,)> = on_pool!(self, |pool| {
            // Index: bulk_operations_open.
            sqlx::query_as("SELECT id FROM bulk_operations WHERE site_id = $1 AND state IN ('running', 'undoing')")
                .bind(site)
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.map(|(id,)| id))
    }

    /// The bulks that are open, one of a site, at most 1,000, those begun first.
    pub async fn open_bulks(&self) -> Result<Vec<Uuid>, StoreError> {
        let found: Vec<(Uuid,)> = on_pool!(self, |pool| {
            // Index: bulk_operations_open.
            sqlx::query_as(
                "SELECT id FROM bulk_operations WHERE state IN ('running', 'undoing') ORDER BY at, id LIMIT 1000",
            )
            .fetch_all(pool)
            .await
        })?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }
}
