//! Sessions, one-time codes and tries at the door. Of each secret only a hash is stored.
//!
//! A session carries no rights: they are read with its account each time, so that what is taken away is
//! gone at the next request.

use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entry},
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::from_row,
    lock::lock_accounts,
    open::Store,
    rows,
};
use crate::domain::{account::Rights, timestamp::Timestamp};

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub id: Uuid,
    /// SHA-256 of its secret.
    pub hash: String,
    /// `None`: it was opened by a setup code, and serves to make the first account.
    pub account: Option<Uuid>,
    /// What kind of browser, in words.
    pub device: String,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

/// A session that counts, with what its account may do now.
#[derive(Debug, Clone)]
pub struct LiveSession {
    pub id: Uuid,
    pub account: Option<Uuid>,
    /// The account's name; empty without one.
    pub name: String,
    pub rights: Rights,
    pub seen_at: Timestamp,
    /// When its passphrase was last typed.
    pub typed_at: Timestamp,
}

from_row! {
    /// A session as its owner sees it.
    #[derive(Debug, Clone)]
    pub struct SessionEntry {
        pub id: Uuid,
        pub device: String,
        /// Unix milliseconds.
        pub created_at: i64,
        /// Unix milliseconds.
        pub seen_at: i64,
    }
}

/// Opens a session inside `in_tx!`. Whatever opens one was typed just now.
macro_rules! insert_session {
    ($conn:expr, $session:expr) => {{
        let session: $crate::store::sessions::NewSession = $session;
        sqlx::query(
            "INSERT INTO sessions (id, hash, account_id, device, created_at, seen_at, typed_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $5, $5, $6)",
        )
        .bind(session.id)
        .bind(session.hash)
        .bind(session.account)
        .bind(session.device)
        .bind(session.at.0)
        .bind(session.expires_at.0)
        .execute(&mut *$conn)
        .await?
    }};
}
pub(super) use insert_session;

impl Store {
    /// Opens a session and ends the one that the browser came with, if any.
    pub async fn open_session(
        &self,
        session: NewSession,
        instead_of: Option<&str>,
        audit: Option<NewAudit>,
    ) -> Result<(), StoreError> {
        let instead_of = instead_of.map(str::to_owned);
        in_tx!(self, |conn| {
            if let Some(hash) = instead_of {
                sqlx::query("DELETE FROM sessions WHERE hash = $1")
                    .bind(hash)
                    .execute(&mut *conn)
                    .await?;
            }
            insert_session!(conn, session);
            if let Some(entry) = audit {
                insert_entry!(conn, entry);
            }
            Ok(())
        })
    }

    /// The session with that hash and the rights of its account, unless its end has passed or the
    /// account was disabled.
    pub async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<LiveSession>, StoreError> {
        from_row! {
            struct Row {
                id: Uuid,
                account_id: Option<Uuid>,
                seen_at: i64,
                typed_at: i64,
                name: Option<String>,
                site_id: Option<String>,
                role: Option<String>,
            }
        }
        let rows: Vec<Row> = on_pool!(self, |pool| {
            // Indexes: the unique one of sessions, the primary keys of the others.
            sqlx::query_as(
                "SELECT s.id, s.account_id, s.seen_at, s.typed_at, a.name, r.site_id, r.role FROM sessions s \
                 LEFT JOIN accounts a ON a.id = s.account_id \
                 LEFT JOIN account_roles r ON r.account_id = s.account_id \
                 WHERE s.hash = $1 AND s.expires_at > $2 AND a.disabled_at IS NULL \
                 ORDER BY r.site_id LIMIT 1001",
            )
            .bind(hash)
            .bind(now.0)
            .fetch_all(pool)
            .await
        })?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let (id, account) = (first.id, first.account_id);
        let (seen_at, typed_at) = (Timestamp(first.seen_at), Timestamp(first.typed_at));
        let name = first.name.clone().unwrap_or_default();
        let roles = rows.into_iter().filter_map(|row| row.site_id.zip(row.role));
        let rights = roles
            .map(|(site, role)| rows::role("account_roles", &id, &role).map(|role| (site, role)))
            .collect::<Result<Rights, _>>()?;
        Ok(Some(LiveSession {
            id,
            account,
            name,
            rights,
            seen_at,
            typed_at,
        }))
    }

    /// Notes that a session was used.
    pub async fn touch_session(&self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            sqlx::query("UPDATE sessions SET seen_at = $2 WHERE id = $1")
                .bind(id)
                .bind(now.0)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })
    }

    /// Notes that the passphrase was typed again in a session.
    pub async fn note_typed(&self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            sqlx::query("UPDATE sessions SET typed_at = $2 WHERE id = $1")
                .bind(id)
                .bind(now.0)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })
    }

    /// Ends a session by the hash of its secret.
    pub async fn end_session(&self, hash: &str, audit: Option<NewAudit>) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        in_tx!(self, |conn| {
            let ended = sqlx::query("DELETE FROM sessions WHERE hash = $1")
                .bind(hash)
                .execute(&mut *conn)
                .await?;
            if let (1, Some(entry)) = (ended.rows_affected(), audit) {
                insert_entry!(conn, entry);
            }
            Ok(())
        })
    }

    /// Ends one session of an account, or with `only` absent all but `keep`; gives how many ended.
    pub async fn end_sessions_of(
        &self,
        account: Uuid,
        only: Option<Uuid>,
        keep: Option<Uuid>,
        audit: NewAudit,
    ) -> Result<u64, StoreError> {
        in_tx!(self, |conn| {
            let ended = sqlx::query(
                "DELETE FROM sessions WHERE account_id = $1 AND id = COALESCE($2, id) AND id <> COALESCE($3, $1)",
            )
            .bind(account)
            .bind(only)
            .bind(keep)
            .execute(&mut *conn)
            .await?
            .rows_affected();
            if ended > 0 {
                insert_entry!(conn, audit);
            }
            Ok(ended)
        })
    }

    /// The sessions of an account that count at `now` and were used since `since`, last used first, at
    /// most 100.
    pub async fn sessions_of(
        &self,
        account: Uuid,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<Vec<SessionEntry>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: sessions_by_account.
            sqlx::query_as(
                "SELECT id, device, created_at, seen_at FROM sessions \
                 WHERE account_id = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, id LIMIT 100",
            )
            .bind(account)
            .bind(now.0)
            .bind(since.0)
            .fetch_all(pool)
            .await
        })?)
    }

    /// Redeems a setup code and opens the session it stands for, once. `false`: unknown, used or too old.
    pub async fn redeem_setup_code(&self, code_hash: &str, session: NewSession) -> Result<bool, StoreError> {
        let code_hash = code_hash.to_owned();
        in_tx!(self, |conn| {
            let used = sqlx::query(
                "UPDATE setup_codes SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2",
            )
            .bind(code_hash)
            .bind(session.at.0)
            .execute(&mut *conn)
            .await?;
            if used.rows_affected() == 0 {
                return Ok(false);
            }
            insert_session!(conn, session);
            Ok(true)
        })
    }

    /// Counts a try by each of `counted`, unless one of them is used up: then nothing is counted, and the
    /// longest wait is given, with the place in `counted` of who asks for it. Each is a key, how many tries
    /// it has, and the time in which they come back, in milliseconds; a try that came back is deleted.
    pub async fn count_try(
        &self,
        id: Uuid,
        counted: Vec<(String, u32, i64)>,
        now: Timestamp,
    ) -> Result<Option<(std::time::Duration, usize)>, StoreError> {
        in_tx!(self, |conn| {
            // Tries at once are counted one after the other.
            lock_accounts!(conn);
            let mut longest = (0, 0);
            for (place, (key, most, window)) in counted.iter().enumerate() {
                // Index: the primary key.
                let newest: Vec<(i64,)> = sqlx::query_as(
                    "SELECT at FROM sign_in_tries WHERE counted_by = $1 AND at > $2 ORDER BY at DESC LIMIT $3",
                )
                .bind(key.as_str())
                .bind(now.0 - window)
                .bind(i64::from(*most))
                .fetch_all(&mut *conn)
                .await?;
                if let Some((oldest,)) = newest.last()
                    && newest.len() >= usize::try_from(*most).unwrap_or(usize::MAX)
                {
                    longest = longest.max((oldest + window - now.0, place));
                }
            }
            if let (wait @ 1.., place) = longest {
                let wait = std::time::Duration::from_millis(u64::try_from(wait).unwrap_or(0));
                return Ok(Some((wait, place)));
            }
            // More than are added below, so that a flood does not make the table grow beyond its hour.
            // Index: sign_in_tries_by_expiry.
            sqlx::query(
                "DELETE FROM sign_in_tries WHERE try_id IN (SELECT try_id FROM sign_in_tries \
                 WHERE expires_at <= $1 ORDER BY expires_at LIMIT 50) AND expires_at <= $1",
            )
            .bind(now.0)
            .execute(&mut *conn)
            .await?;
            for (key, _, window) in counted {
                sqlx::query("INSERT INTO sign_in_tries (counted_by, at, try_id, expires_at) VALUES ($1, $2, $3, $4)")
                    .bind(key)
                    .bind(now.0)
                    .bind(id)
                    .bind(now.0.saturating_add(window))
                    .execute(&mut *conn)
                    .await?;
            }
            Ok(None)
        })
    }

    /// How many tries count by `keys` at `now`; one that is counted by several of them is one.
    pub async fn tries(&self, keys: &[String], now: Timestamp) -> Result<i64, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: the primary key.
            let mut query =
                sqlx::QueryBuilder::new("SELECT COUNT(DISTINCT try_id) FROM sign_in_tries WHERE counted_by IN (");
            let mut list = query.separated(", ");
            for key in keys {
                list.push_bind(key.as_str());
            }
            query.push(") AND expires_at > ").push_bind(now.0);
            query.build_query_scalar().fetch_one(pool).await
        })?)
    }

    /// Takes back all tries that are counted by `keys`.
    pub async fn forget_tries(&self, keys: Vec<String>) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            for key in keys {
                sqlx::query("DELETE FROM sign_in_tries WHERE counted_by = $1")
                    .bind(key)
                    .execute(&mut *conn)
                    .await?;
            }
            Ok(())
        })
    }

    /// Takes back a try that succeeded.
    pub async fn forget_try(&self, id: Uuid) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            sqlx::query("DELETE FROM sign_in_tries WHERE try_id = $1")
                .bind(id)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })
    }
}
