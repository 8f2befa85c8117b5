//! What somebody proves with who they are: passphrase, second step, recovery codes.
//!
//! Invariant: a code's time step and a recovery code count once. Every change is one transaction with its
//! audit entry.

use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entry},
    engines::{in_tx, on_pool},
    error::StoreError,
    open::Store,
};
use crate::domain::timestamp::Timestamp;

/// The account's recovery codes, in place of those before.
macro_rules! set_recovery_codes {
    ($conn:expr, $account:expr, $hashes:expr) => {{
        sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1")
            .bind($account)
            .execute(&mut *$conn)
            .await?;
        for hash in $hashes {
            sqlx::query("INSERT INTO recovery_codes (account_id, hash) VALUES ($1, $2)")
                .bind($account)
                .bind(hash)
                .execute(&mut *$conn)
                .await?;
        }
    }};
}
pub(super) use set_recovery_codes;

impl Store {
    /// Changes a passphrase and ends all sessions but `keep`.
    pub async fn set_passphrase(
        &self,
        account: Uuid,
        passphrase: String,
        keep: Option<Uuid>,
        audit: NewAudit,
    ) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            sqlx::query("UPDATE accounts SET passphrase = $2 WHERE id = $1")
                .bind(account)
                .bind(passphrase)
                .execute(&mut *conn)
                .await?;
            sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND id <> COALESCE($2, $1)")
                .bind(account)
                .bind(keep)
                .execute(&mut *conn)
                .await?;
            insert_entry!(conn, audit);
            Ok(())
        })
    }

    /// Keeps the encrypted seed of a second step that is not confirmed yet; `None` removes the step.
    pub async fn set_totp_seed(
        &self,
        account: Uuid,
        seed: Option<String>,
        audit: Option<NewAudit>,
    ) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            sqlx::query("UPDATE accounts SET totp_seed = $2, totp_confirmed = FALSE WHERE id = $1")
                .bind(account)
                .bind(seed)
                .execute(&mut *conn)
                .await?;
            if let Some(entry) = audit {
                insert_entry!(conn, entry);
            }
            Ok(())
        })
    }

    /// Takes a code's time step, once; `false` when it, or a later one, was taken before. `confirm` makes
    /// the second step count from now on.
    pub async fn take_totp_step(
        &self,
        account: Uuid,
        step: i64,
        confirm: Option<NewAudit>,
    ) -> Result<bool, StoreError> {
        in_tx!(self, |conn| {
            let taken = sqlx::query(
                "UPDATE accounts SET totp_step = $2, totp_confirmed = (totp_confirmed OR $3) \
                 WHERE id = $1 AND totp_step < $2",
            )
            .bind(account)
            .bind(step)
            .bind(confirm.is_some())
            .execute(&mut *conn)
            .await?;
            if taken.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some(entry) = confirm {
                insert_entry!(conn, entry);
            }
            Ok(true)
        })
    }

    /// Replaces an account's recovery codes.
    pub async fn set_recovery_codes(
        &self,
        account: Uuid,
        hashes: Vec<String>,
        audit: NewAudit,
    ) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            set_recovery_codes!(conn, account, hashes);
            insert_entry!(conn, audit);
            Ok(())
        })
    }

    /// Whether an account has that recovery code and has not used it.
    pub async fn knows_recovery_code(&self, account: Uuid, hash: &str) -> Result<bool, StoreError> {
        let (known,): (i64,) = on_pool!(self, |pool| {
            sqlx::query_as(
                "SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1 AND hash = $2 AND used_at IS NULL",
            )
            .bind(account)
            .bind(hash)
            .fetch_one(pool)
            .await
        })?;
        Ok(known == 1)
    }

    /// Uses a recovery code, once; `false`: unknown or used.
    pub async fn use_recovery_code(&self, account: Uuid, hash: &str, now: Timestamp) -> Result<bool, StoreError> {
        let hash = hash.to_owned();
        in_tx!(self, |conn| {
            let used = sqlx::query(
                "UPDATE recovery_codes SET used_at = $3 WHERE account_id = $1 AND hash = $2 AND used_at IS NULL",
            )
            .bind(account)
            .bind(hash)
            .bind(now.0)
            .execute(&mut *conn)
            .await?;
            Ok(used.rows_affected() == 1)
        })
    }

    /// How many recovery codes of an account are left.
    pub async fn recovery_codes_left(&self, account: Uuid) -> Result<i64, StoreError> {
        let (left,): (i64,) = on_pool!(self, |pool| {
            sqlx::query_as("SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1 AND used_at IS NULL")
                .bind(account)
                .fetch_one(pool)
                .await
        })?;
        Ok(left)
    }
}
