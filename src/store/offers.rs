//! Roles that are offered: they count for nothing until the person says yes.
//!
//! Invariant: who owns one site gets no power over an account that works on another one, so a role there is
//! theirs to offer alone; and whoever let the account in, and may sit in it under the person's e-mail, gets nothing
//! of what others give ([`Store::set_role`] decides both, in the transaction that would give it). So an offer is
//! answered by the link of its maker; without it only in an account that was let in by somebody who could give
//! the same, or by the operator. It ends with whatever else stands on its maker.

use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entries},
    engines::{in_tx, on_pool},
    error::StoreError,
    lock::lock_accounts,
    names::check_name,
    open::Store,
    roles::{rights_of, set_role},
};
use crate::domain::{
    account::{Rights, Role},
    timestamp::Timestamp,
};

/// Whether a link `i` and an offer `o` have one maker.
macro_rules! of_the_same_maker {
    () => {
        "(o.maker_id = i.maker_id OR (o.maker_id IS NULL AND i.maker_id IS NULL))"
    };
}
pub(super) use of_the_same_maker;

/// Whether the maker of a link `i` owns the site of an offer `o`.
macro_rules! maker_owns {
    () => {
        "(i.maker_id IS NULL OR EXISTS (SELECT 1 FROM account_roles w JOIN accounts m ON m.id = w.account_id \
         WHERE w.account_id = i.maker_id AND m.disabled_at IS NULL AND w.role = 'owner' \
         AND w.site_id IN (o.site_id, '*')))"
    };
}
pub(super) use maker_owns;

/// Whether the account `a` was let in by somebody who could give a role on `$site` themselves.
macro_rules! is_let_in_by_owner {
    ($site:literal) => {
        concat!(
            "(a.let_in_by IS NULL OR EXISTS (SELECT 1 FROM account_roles w JOIN accounts m ON m.id = w.account_id \
             WHERE w.account_id = a.let_in_by AND m.disabled_at IS NULL AND w.role = 'owner' AND w.site_id IN (",
            $site,
            ", '*')))"
        )
    };
}
pub(super) use is_let_in_by_owner;

/// Offers a role, in place of what was offered there before.
macro_rules! insert_offer {
    ($conn:expr, $account:expr, $site:expr, $role:expr, $maker:expr, $now:expr) => {
        sqlx::query(
            "INSERT INTO role_offers (account_id, site_id, role, maker_id, at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account_id, site_id) DO UPDATE SET role = excluded.role, \
             maker_id = excluded.maker_id, at = excluded.at",
        )
        .bind($account)
        .bind($site)
        .bind($role.as_str())
        .bind($maker)
        .bind($now)
        .execute(&mut *$conn)
        .await?
    };
}
pub(super) use insert_offer;

impl Store {
    /// The offers that an account answers without a link.
    pub async fn offers_without_link(&self, account: Uuid) -> Result<Rights, StoreError> {
        let found: Vec<(String, String)> = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as(concat!(
                "SELECT o.site_id, o.role FROM role_offers o JOIN accounts a ON a.id = o.account_id \
                 WHERE o.account_id = $1 AND a.passphrase IS NOT NULL AND ",
                is_let_in_by_owner!("o.site_id"),
                " LIMIT 1001"
            ))
            .bind(account)
            .fetch_all(pool)
            .await
        })?;
        rights_of(&account, found)
    }

    /// Answers the offer of `role` on a site, where it needs one by its maker's link with that hash: the role
    /// counts from now on, or the offer goes. `false`: there is none such, or not any more.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::NameTaken`] among them, where a colleague there is called so.
    pub async fn answer_offer(
        &self,
        account: Uuid,
        (site, role): (&str, Role),
        link: Option<&str>,
        is_accepted: bool,
        now: Timestamp,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<bool, StoreError> {
        let (site, link, audit) = (site.to_owned(), link.map(str::to_owned), audit.into());
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            // Indexes: the primary keys.
            let found: Option<(String,)> = sqlx::query_as(concat!(
                "SELECT a.name FROM role_offers o JOIN accounts a ON a.id = o.account_id \
                 WHERE o.account_id = $1 AND o.site_id = $2 AND o.role = $3 \
                 AND a.passphrase IS NOT NULL AND a.disabled_at IS NULL AND (",
                is_let_in_by_owner!("o.site_id"),
                " OR EXISTS (SELECT 1 FROM invitations i WHERE i.hash = $4 AND i.account_id = o.account_id \
                 AND NOT i.is_reset AND i.expires_at > $5 AND ",
                of_the_same_maker!(),
                " AND ",
                maker_owns!(),
                "))"
            ))
            .bind(account)
            .bind(site.as_str())
            .bind(role.as_str())
            .bind(link)
            .bind(now.0)
            .fetch_optional(&mut *conn)
            .await?;
            let Some((name,)) = found else { return Ok(false) };
            sqlx::query("DELETE FROM role_offers WHERE account_id = $1 AND site_id = $2")
                .bind(account)
                .bind(site.as_str())
                .execute(&mut *conn)
                .await?;
            if is_accepted {
                check_name!(conn, &name, std::slice::from_ref(&site), account, now);
                set_role!(conn, account, site.as_str(), role);
            }
            insert_entries!(conn, audit);
            Ok(true)
        })
    }
}
