//! What time does to the store: texts that expire, keys that are forgotten, leases.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    comments::{BLANK_COLUMNS, after_blanking, before_blanking},
    engines::{in_tx, on_pool},
    error::StoreError,
    events::{event_id, write_event},
    open::Store,
};
use crate::domain::{
    actor::ActorKind,
    event::{Event, Kind},
    retention,
    status::Status,
    timestamp::Timestamp,
};

impl Store {
    /// Takes the lease of a periodic job until `now + lease`; `false`: another instance has it.
    pub async fn lease_job(&self, name: &'static str, lease: Duration, now: Timestamp) -> Result<bool, StoreError> {
        let until = now.plus(lease).0;
        in_tx!(self, |conn| {
            let taken = sqlx::query(
                "INSERT INTO job_leases (name, claimed_until) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE \
                 SET claimed_until = excluded.claimed_until WHERE job_leases.claimed_until <= $3",
            )
            .bind(name)
            .bind(until)
            .bind(now.0)
            .execute(&mut *conn)
            .await?;
            Ok(taken.rows_affected() == 1)
        })
    }

    /// Blanks the texts of at most 500 comments of a site that have been in `status` (refused, rejected or
    /// spam: nothing that is public or waits) since before `before`; gives
    /// how many.
    pub async fn expire_texts(
        &self,
        site: &str,
        status: Status,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let site = site.to_owned();
        let blanked = in_tx!(self, |conn| {
            // Index: comments_by_status. Nothing is decided before it is created, so the second condition
            // takes nothing away and gives the index its range.
            let ids: Vec<(Uuid, Uuid)> = sqlx::query_as(
                "SELECT id, thread_id FROM comments WHERE site_id = $1 AND status = $2 \
                 AND COALESCE(decided_at, created_at) < $3 AND created_at < $3 LIMIT 500",
            )
            .bind(site.as_str())
            .bind(status.as_str())
            .bind(before.0)
            .fetch_all(&mut *conn)
            .await?;
            let mut blanked = 0;
            for (id, thread) in ids {
                // The lock that decisions take.
                sqlx::query("UPDATE threads SET content_version = content_version WHERE id = $1")
                    .bind(thread)
                    .execute(&mut *conn)
                    .await?;
                before_blanking!(conn, id);
                let done: Option<(i64, i64)> = sqlx::query_as(AssertSqlSafe(format!(
                    "UPDATE comments SET {BLANK_COLUMNS}, event_seq = event_seq + 1 WHERE id = $1 AND status = $2 \
                     RETURNING version, event_seq"
                )))
                .bind(id)
                .bind(status.as_str())
                .fetch_optional(&mut *conn)
                .await?;
                // Somebody decided on it since we looked: it keeps its texts and notes.
                let Some((version, seq)) = done else {
                    continue;
                };
                let event = Event {
                    id: event_id(now),
                    site: site.clone(),
                    kind: Kind::Expired,
                    comment: Some(id),
                    version: Some(version),
                    decision: None,
                    actor_kind: ActorKind::System,
                    actor_id: "housekeeping".to_owned(),
                    at: now,
                    seq: Some(seq),
                };
                write_event!(conn, &event, true);
                blanked += 1;
                after_blanking!(conn, id, thread, 1);
                for statement in [
                    "DELETE FROM audit_texts WHERE comment_id = $1",
                    "DELETE FROM reports WHERE comment_id = $1",
                ] {
                    sqlx::query(statement).bind(id).execute(&mut *conn).await?;
                }
            }
            Ok(blanked)
        });
        if blanked.as_ref().is_ok_and(|blanked| *blanked > 0) {
            self.note_erasure();
        }
        blanked
    }

    /// Remembers that texts were erased which the database's log may still hold.
    pub(super) fn note_erasure(&self) {
        if let Self::Sqlite(sqlite) = self {
            sqlite.note_erasure();
        }
    }

    /// Brings erasures to their end, where texts were erased since the last time: after it no file of a SQLite
    /// store holds them. `false`: somebody still reads what was before, so that it has to be tried again.
    /// PostgreSQL's own vacuum does that there, in its own time.
    pub async fn finish_erasures(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => Ok(sqlite.finish_erasures().await?),
            Self::Postgres(_) => Ok(true),
        }
    }

    /// Forgets hashed client addresses older than `before`, at most 1,000 a call.
    pub async fn forget_clients(&self, before: Timestamp) -> Result<u64, StoreError> {
        in_tx!(self, |conn| {
            // Index: comments_with_client.
            let done = sqlx::query(
                "UPDATE comments SET client_key = NULL WHERE id IN (SELECT id FROM comments \
                 WHERE client_key IS NOT NULL AND created_at < $1 LIMIT 1000)",
            )
            .bind(before.0)
            .execute(&mut *conn)
            .await?;
            Ok(done.rows_affected())
        })
    }

    /// Deletes what has run out at `now`: repeat keys, claims, sessions, codes, links, leases of
    /// comments and tries at the door that came back.
    pub async fn purge(&self, now: Timestamp) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            for (statement, kept) in [
                ("DELETE FROM repeat_keys WHERE expires_at <= $1", Duration::ZERO),
                ("DELETE FROM claims WHERE claimed_until <= $1", retention::CLAIMS_AFTER),
                ("DELETE FROM sessions WHERE expires_at <= $1", Duration::ZERO),
                ("DELETE FROM setup_codes WHERE expires_at <= $1", Duration::ZERO),
                ("DELETE FROM invitations WHERE expires_at <= $1", Duration::ZERO),
                ("DELETE FROM review_leases WHERE leased_until <= $1", Duration::ZERO),
                ("DELETE FROM sign_in_tries WHERE expires_at <= $1", Duration::ZERO),
                ("DELETE FROM device_faults WHERE at < $1", retention::DEVICE_FAULTS),
            ] {
                sqlx::query(statement)
                    .bind(now.minus(kept).0)
                    .execute(&mut *conn)
                    .await?;
            }
            Ok(())
        })
    }

    /// Whether any comment is stored.
    pub async fn has_comments(&self) -> Result<bool, StoreError> {
        let found: Option<(i64,)> = on_pool!(self, |pool| {
            sqlx::query_as("SELECT version FROM comments LIMIT 1")
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.is_some())
    }

    /// `Ok(None)` when the store is whole, else what it says is wrong. SQLite only; a PostgreSQL server
    /// looks after its own pages.
    pub async fn integrity(&self) -> Result<Option<String>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                let mut reader = sqlite.readers().take().await?;
                let (verdict,): (String,) = sqlx::query_as("PRAGMA integrity_check(1)")
                    .fetch_one(&mut reader.connection)
                    .await?;
                reader.put_back();
                Ok((verdict != "ok").then_some(verdict))
            }
            Self::Postgres(_) => Ok(None),
        }
    }
}
