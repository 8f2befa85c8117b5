//! One-time links, by which somebody comes in for the first time, or again after losing everything.

use uuid::Uuid;

use super::{
    NewAudit, NewSession, Store, StoreError, audit::insert_entries, credentials::set_recovery_codes, in_tx, on_pool,
    sessions::insert_session,
};
use crate::domain::timestamp::Timestamp;

/// A one-time link.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// SHA-256 of its code.
    pub hash: String,
    pub expires_at: Timestamp,
}

/// The account's one-time link: there is one at most.
macro_rules! set_invitation {
    ($conn:expr, $account:expr, $invitation:expr) => {{
        let invitation: Invitation = $invitation;
        sqlx::query("DELETE FROM invitations WHERE account_id = $1")
            .bind($account)
            .execute(&mut *$conn)
            .await?;
        sqlx::query("INSERT INTO invitations (hash, account_id, expires_at) VALUES ($1, $2, $3)")
            .bind(invitation.hash)
            .bind($account)
            .bind(invitation.expires_at.0)
            .execute(&mut *$conn)
            .await?;
    }};
}
pub(super) use set_invitation;

impl Store {
    /// Makes a new one-time link for an account, in place of the one before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_invitation(
        &self,
        account: Uuid,
        invitation: Invitation,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<(), StoreError> {
        let audit = audit.into();
        in_tx!(self, |conn| {
            set_invitation!(conn, account, invitation);
            insert_entries!(conn, audit);
            Ok(())
        })
    }

    /// Whose one-time link that is; `None`: unknown, used or too old, or the account was shut out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invited(&self, hash: &str, now: Timestamp) -> Result<Option<Uuid>, StoreError> {
        let found: Option<(Uuid,)> = on_pool!(self, |pool| {
            sqlx::query_as(
                "SELECT i.account_id FROM invitations i JOIN accounts a ON a.id = i.account_id \
                 WHERE i.hash = $1 AND i.expires_at > $2 AND a.disabled_at IS NULL",
            )
            .bind(hash)
            .bind(now.0)
            .fetch_optional(pool)
            .await
        })?;
        Ok(found.map(|(id,)| id))
    }

    /// Redeems a one-time link, once: the passphrase counts from now on, a second step that was set up is
    /// gone, all other sessions end, and one is opened. `false`: somebody was first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn redeem_invitation(
        &self,
        hash: &str,
        account: Uuid,
        passphrase: String,
        recovery: Vec<String>,
        session: NewSession,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<bool, StoreError> {
        let (hash, audit) = (hash.to_owned(), audit.into());
        in_tx!(self, |conn| {
            let used = sqlx::query("DELETE FROM invitations WHERE hash = $1 AND account_id = $2 AND expires_at > $3")
                .bind(hash)
                .bind(account)
                .bind(session.at.0)
                .execute(&mut *conn)
                .await?;
            if used.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query("UPDATE accounts SET passphrase = $2, totp_seed = NULL, totp_confirmed = FALSE WHERE id = $1")
                .bind(account)
                .bind(passphrase)
                .execute(&mut *conn)
                .await?;
            set_recovery_codes!(conn, account, recovery);
            sqlx::query("DELETE FROM sessions WHERE account_id = $1")
                .bind(account)
                .execute(&mut *conn)
                .await?;
            insert_session!(conn, session);
            insert_entries!(conn, audit);
            Ok(true)
        })
    }
}
