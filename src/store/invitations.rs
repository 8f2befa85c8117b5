//! One-time links, by which somebody comes in for the first time, or again after losing everything.
//!
//! What must hold: whoever made a link knows its code, so a link opens no more than its maker could take at that
//! moment: it counts while its maker stands above all that the account may do ([`Rights::stand_above`], here
//! in SQL). One of the operator's always does. When its maker is shut out, removed or loses a role that it stood on,
//! it ends for good in that transaction ([`end_links_of`]): who comes back later has made nothing.
//!
//! [`Rights::stand_above`]: crate::domain::account::Rights::stand_above

use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entries},
    credentials::set_recovery_codes,
    engines::{in_tx, on_pool},
    error::StoreError,
    lock::lock_accounts,
    open::Store,
    sessions::{NewSession, insert_session},
};
use crate::domain::timestamp::Timestamp;

/// A one-time link.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// SHA-256 of its code.
    pub hash: String,
    /// The account of whoever made it; `None`: the operator.
    pub maker: Option<Uuid>,
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
        sqlx::query("INSERT INTO invitations (hash, account_id, expires_at, maker_id) VALUES ($1, $2, $3, $4)")
            .bind(invitation.hash)
            .bind($account)
            .bind(invitation.expires_at.0)
            .bind(invitation.maker)
            .execute(&mut *$conn)
            .await?;
    }};
}
pub(super) use set_invitation;

/// Whether the maker of a link `i` stands above its account.
macro_rules! maker_stands_above {
    () => {
        "(i.maker_id IS NULL OR EXISTS (\
         SELECT 1 FROM accounts m WHERE m.id = i.maker_id AND m.disabled_at IS NULL AND (EXISTS (\
         SELECT 1 FROM account_roles o WHERE o.account_id = m.id AND o.site_id = '*' AND o.role = 'owner') OR (EXISTS (\
         SELECT 1 FROM account_roles r WHERE r.account_id = i.account_id) AND NOT EXISTS (\
         SELECT 1 FROM account_roles r WHERE r.account_id = i.account_id AND NOT EXISTS (SELECT 1 FROM account_roles o \
         WHERE o.account_id = m.id AND o.site_id = r.site_id AND o.role = 'owner'))))))"
    };
}

/// The account of the link with the hash `$1`, if the link counts at `$2`. Indexes: the primary keys, and
/// the unique one of invitations.
const INVITED: &str = concat!(
    "SELECT i.account_id FROM invitations i JOIN accounts a ON a.id = i.account_id \
     WHERE i.hash = $1 AND i.expires_at > $2 AND a.disabled_at IS NULL AND ",
    maker_stands_above!()
);

/// Ends the links of the maker `$1` that do not count with what the maker may do now. Index: `invitations_by_maker`.
pub(super) const END_FALLEN: &str = concat!(
    "DELETE FROM invitations WHERE hash IN (SELECT i.hash FROM invitations i WHERE i.maker_id = $1 AND NOT ",
    maker_stands_above!(),
    ")"
);

/// Ends the offers of the maker `$1` on sites that the maker does not own now. Index: `role_offers_by_maker`.
pub(super) const END_OFFERS: &str = "DELETE FROM role_offers WHERE maker_id = $1 AND NOT EXISTS (\
     SELECT 1 FROM account_roles o JOIN accounts m ON m.id = o.account_id WHERE m.id = $1 AND m.disabled_at IS NULL \
     AND o.role = 'owner' AND o.site_id IN (role_offers.site_id, '*'))";

/// Ends, for good and inside `in_tx!`, the links and offers on which their maker does not stand any more: after the
/// maker was shut out, removed, or lost a role.
macro_rules! end_links_of {
    ($conn:expr, $maker:expr) => {
        for statement in [
            $crate::store::invitations::END_FALLEN,
            $crate::store::invitations::END_OFFERS,
        ] {
            sqlx::query(statement).bind($maker).execute(&mut *$conn).await?;
        }
    };
}
pub(super) use end_links_of;

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

    /// Whose one-time link that is; `None`: unknown, used or too old, the account was shut out, or its maker
    /// does not stand above it any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invited(&self, hash: &str, now: Timestamp) -> Result<Option<Uuid>, StoreError> {
        let found: Option<(Uuid,)> = on_pool!(self, |pool| {
            sqlx::query_as(INVITED)
                .bind(hash)
                .bind(now.0)
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.map(|(id,)| id))
    }

    /// Redeems a one-time link, once: the passphrase counts from now on, a second step that was set up is
    /// gone, all other sessions end, and one is opened. `false`: it does not count, or not any more.
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
            // No role is given or taken, and nobody is shut out, between the look and the end.
            lock_accounts!(conn);
            let invited: Option<(Uuid,)> = sqlx::query_as(INVITED)
                .bind(hash.as_str())
                .bind(session.at.0)
                .fetch_optional(&mut *conn)
                .await?;
            if invited.is_none_or(|(invited,)| invited != account) {
                return Ok(false);
            }
            sqlx::query("DELETE FROM invitations WHERE hash = $1")
                .bind(hash)
                .execute(&mut *conn)
                .await?;
            // Whoever made a link in place of a lost passphrase can open it: what others offered before is offered anew.
            sqlx::query(
                "DELETE FROM role_offers WHERE account_id = $1 AND EXISTS (\
                 SELECT 1 FROM accounts WHERE id = $1 AND passphrase IS NOT NULL)",
            )
            .bind(account)
            .execute(&mut *conn)
            .await?;
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
