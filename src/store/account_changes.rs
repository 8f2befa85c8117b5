//! Accounts as they change: made, shut out, removed, renamed.
//!
//! Invariant: while an owner has come in there stays one. Whatever could take the last one away looks
//! behind the lock that [`lock_accounts`](super::lock) takes, so that two owners cannot remove each other. Every
//! change is one transaction with its audit entry.

use uuid::Uuid;

use super::{
    accounts::{AccountAdded, AccountChange, NewAccount, suspended_over},
    audit::{NewAudit, insert_entries, insert_entry},
    credentials::set_recovery_codes,
    engines::{in_tx, on_pool},
    error::StoreError,
    invitations::{Invitation, end_links_of, insert_link},
    leases::end_leases,
    lock::lock_accounts,
    names::{NOBODY, check_name},
    offers::insert_offer,
    open::Store,
    role_changes::{is_last_owner, roles, sites_of, waiting_on},
    roles::set_role,
    sessions::{NewSession, insert_session},
    tokens::end_tokens_of,
};
use crate::domain::{account::Rights, timestamp::Timestamp};

macro_rules! insert_account {
    ($conn:expr, $account:expr) => {{
        let account: &NewAccount = $account;
        sqlx::query(
            "INSERT INTO accounts (id, name, email, email_folded, passphrase, totp_confirmed, totp_step, created_at) \
             VALUES ($1, $2, $3, $4, $5, FALSE, 0, $6)",
        )
        .bind(account.id)
        .bind(account.name.as_str())
        .bind(account.email.as_str())
        .bind(account.email_folded.as_str())
        .bind(account.passphrase.as_deref())
        .bind(account.at.0)
        .execute(&mut *$conn)
        .await?;
    }};
}

/// Somebody who owns a site, come in or only invited.
const ANY_OWNER: &str = "SELECT a.id FROM account_roles r JOIN accounts a ON a.id = r.account_id \
     WHERE r.role = 'owner' AND a.disabled_at IS NULL \
     UNION ALL SELECT a.id FROM role_offers o JOIN accounts a ON a.id = o.account_id \
     WHERE o.role = 'owner' AND a.passphrase IS NULL AND a.disabled_at IS NULL LIMIT 1";

impl Store {
    /// Whether somebody owns a site, come in or only invited: then the first run is over.
    pub async fn has_owner(&self) -> Result<bool, StoreError> {
        let found: Option<(Uuid,)> = on_pool!(self, |pool| sqlx::query_as(ANY_OWNER).fetch_optional(pool).await)?;
        Ok(found.is_some())
    }

    /// Makes the first account, with its recovery codes and its session in place of the one that a setup
    /// code opened. `false`: somebody was first.
    pub async fn add_first_owner(
        &self,
        account: NewAccount,
        recovery: Vec<String>,
        session: NewSession,
        instead_of: &str,
        audit: NewAudit,
    ) -> Result<bool, StoreError> {
        let instead_of = instead_of.to_owned();
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            let owner: Option<(Uuid,)> = sqlx::query_as(ANY_OWNER).fetch_optional(&mut *conn).await?;
            if owner.is_some() {
                return Ok(false);
            }
            check_name!(conn, &account.name, &sites_of(&account.rights), NOBODY, account.at);
            insert_account!(conn, &account);
            for (site, role) in account.rights.iter() {
                set_role!(conn, account.id, site, role);
            }
            set_recovery_codes!(conn, account.id, recovery);
            sqlx::query("DELETE FROM sessions WHERE hash = $1 OR account_id IS NULL")
                .bind(instead_of)
                .execute(&mut *conn)
                .await?;
            insert_session!(conn, session);
            insert_entry!(conn, audit);
            Ok(true)
        })
    }

    /// Makes an account with its one-time link, which gives the roles. On a site, and by one maker, at most
    /// `most` are invited that have not come in yet.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::NameTaken`] among them.
    pub async fn add_account(
        &self,
        account: NewAccount,
        invitation: Invitation,
        most: i64,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<AccountAdded, StoreError> {
        let audit = audit.into();
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            let taken: Option<(Uuid,)> = sqlx::query_as("SELECT id FROM accounts WHERE email_folded = $1")
                .bind(account.email_folded.as_str())
                .fetch_optional(&mut *conn)
                .await?;
            if taken.is_some() {
                return Ok(AccountAdded::Exists);
            }
            for (site, _) in account.rights.iter() {
                if waiting_on!(conn, site, NOBODY) >= most {
                    let site = Some(site.to_owned());
                    return Ok(AccountAdded::Full { site });
                }
            }
            if let Some(maker) = invitation.maker {
                // Whose role was taken away again is on no site. Index: invitations_by_maker.
                let (made,): (i64,) =
                    sqlx::query_as("SELECT COUNT(*) FROM invitations WHERE maker_id = $1 AND expires_at > $2")
                        .bind(maker)
                        .bind(account.at.0)
                        .fetch_one(&mut *conn)
                        .await?;
                if made >= most {
                    return Ok(AccountAdded::Full { site: None });
                }
            }
            check_name!(conn, &account.name, &sites_of(&account.rights), NOBODY, account.at);
            insert_account!(conn, &account);
            for (site, role) in account.rights.iter() {
                insert_offer!(conn, account.id, site, role, invitation.maker, account.at.0);
            }
            insert_link!(conn, account.id, invitation, false);
            insert_entries!(conn, audit);
            Ok(AccountAdded::Done)
        })
    }

    /// Shuts an account out, at once and with all its sessions, tokens, leases and the links that it made, or lets it
    /// in again; tokens and links stay ended. `over` is what whoever lifts it must own; of a suspension that stands
    /// already nothing is taken away.
    pub async fn set_disabled(
        &self,
        account: Uuid,
        suspension: Option<(Timestamp, &Rights)>,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<AccountChange, StoreError> {
        let audit = audit.into();
        let disabled_at = suspension.map(|(at, _)| at);
        let over = suspension.map(|(_, over)| sites_of(over));
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            if disabled_at.is_some() && is_last_owner!(conn, account, None) {
                return Ok(AccountChange::LastOwner);
            }
            let before: Option<(Option<String>,)> =
                sqlx::query_as("SELECT suspended_over FROM accounts WHERE id = $1 AND email <> ''")
                    .bind(account)
                    .fetch_optional(&mut *conn)
                    .await?;
            let before = suspended_over(&account, before.and_then(|(list,)| list).as_deref())?;
            let over = over.and_then(|mut over| {
                over.extend(sites_of(&before));
                over.sort_unstable();
                over.dedup();
                serde_json::to_string(&over).ok()
            });
            let done =
                sqlx::query("UPDATE accounts SET disabled_at = $2, suspended_over = $3 WHERE id = $1 AND email <> ''")
                    .bind(account)
                    .bind(disabled_at.map(|at| at.0))
                    .bind(over)
                    .execute(&mut *conn)
                    .await?;
            if done.rows_affected() == 0 {
                return Ok(AccountChange::Unknown);
            }
            if let Some(at) = disabled_at {
                sqlx::query("DELETE FROM sessions WHERE account_id = $1")
                    .bind(account)
                    .execute(&mut *conn)
                    .await?;
                end_tokens_of!(conn, account, at.0);
                end_links_of!(conn, account);
                end_leases!(conn, account.to_string());
            }
            insert_entries!(conn, audit);
            Ok(AccountChange::Done)
        })
    }

    /// Removes an account: sessions, tokens, leases, links to it and by it, codes, roles, e-mail and secrets go; its
    /// name stays where it decided.
    pub async fn remove_account(
        &self,
        account: Uuid,
        now: Timestamp,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<AccountChange, StoreError> {
        let audit = audit.into();
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            if is_last_owner!(conn, account, None) {
                return Ok(AccountChange::LastOwner);
            }
            let left = serde_json::to_string(&roles!(conn, account)).ok();
            let done = sqlx::query(
                "UPDATE accounts SET disabled_at = $2, email = '', email_folded = $3, \
                 left_sites = CASE WHEN passphrase IS NOT NULL THEN $4 END, passphrase = NULL, \
                 suspended_over = NULL, totp_seed = NULL, totp_confirmed = FALSE WHERE id = $1 AND email <> ''",
            )
            .bind(account)
            .bind(now.0)
            .bind(account.to_string())
            .bind(left)
            .execute(&mut *conn)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(AccountChange::Unknown);
            }
            for statement in [
                "DELETE FROM sessions WHERE account_id = $1",
                "DELETE FROM invitations WHERE account_id = $1",
                "DELETE FROM recovery_codes WHERE account_id = $1",
                "DELETE FROM account_roles WHERE account_id = $1",
                "DELETE FROM role_offers WHERE account_id = $1",
            ] {
                sqlx::query(statement).bind(account).execute(&mut *conn).await?;
            }
            end_tokens_of!(conn, account, now.0);
            end_links_of!(conn, account);
            end_leases!(conn, account.to_string());
            insert_entries!(conn, audit);
            Ok(AccountChange::Done)
        })
    }

    /// Changes what an account is called.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::NameTaken`] among them.
    pub async fn rename_account(
        &self,
        account: Uuid,
        name: &str,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<(), StoreError> {
        let (name, audit) = (name.to_owned(), audit.into());
        let now = audit.first().map_or(Timestamp(0), |entry| entry.at);
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            check_name!(conn, &name, &roles!(conn, account), account, now);
            sqlx::query("UPDATE accounts SET name = $2 WHERE id = $1")
                .bind(account)
                .bind(name)
                .execute(&mut *conn)
                .await?;
            insert_entries!(conn, audit);
            Ok(())
        })
    }
}
