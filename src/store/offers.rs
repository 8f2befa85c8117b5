//! Roles that are offered: they count for nothing until the person says yes.
//!
//! What must hold: who owns one site gets no power over an account that works on another one, so a role there is
//! theirs to offer alone ([`Store::set_role`] decides, in the transaction that would give it). It ends with
//! whatever else stands on its maker.

use uuid::Uuid;

use super::{
    accounts::set_role,
    audit::{NewAudit, insert_entries},
    engines::in_tx,
    error::StoreError,
    lock::lock_accounts,
    names::check_name,
    open::Store,
};
use crate::domain::{account::Role, timestamp::Timestamp};

impl Store {
    /// Answers the offer of `role` on a site: the role counts from now on, or the offer goes. `false`: there is none
    /// such, or not any more.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::NameTaken`] among them, where a colleague there is called so.
    pub async fn answer_offer(
        &self,
        account: Uuid,
        (site, role): (&str, Role),
        is_accepted: bool,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<bool, StoreError> {
        let (site, audit) = (site.to_owned(), audit.into());
        let now = audit.first().map_or(Timestamp(0), |entry| entry.at);
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            let found: Option<(String,)> =
                sqlx::query_as("SELECT name FROM accounts WHERE id = $1 AND disabled_at IS NULL")
                    .bind(account)
                    .fetch_optional(&mut *conn)
                    .await?;
            let Some((name,)) = found else { return Ok(false) };
            // Index: the primary key.
            let ended = sqlx::query("DELETE FROM role_offers WHERE account_id = $1 AND site_id = $2 AND role = $3")
                .bind(account)
                .bind(site.as_str())
                .bind(role.as_str())
                .execute(&mut *conn)
                .await?;
            if ended.rows_affected() == 0 {
                return Ok(false);
            }
            if is_accepted {
                check_name!(conn, &name, std::slice::from_ref(&site), account, now);
                set_role!(conn, account, site.as_str(), role);
            }
            insert_entries!(conn, audit);
            Ok(true)
        })
    }
}
