//! One-time links: an invitation gives what its maker offers, a reset a new passphrase in place of a lost one.
//!
//! Invariant: whoever made a link knows its code, so a link opens no more than its maker could take at that
//! moment. An invitation gives the roles that its own maker offers, on sites that they own, and never another's; it lets
//! somebody choose a passphrase only while the account has none, else who has come in answers by it. A reset counts while
//! its maker stands above all that the account may do ([`Rights::stand_above`], here in SQL). The operator's always
//! do. When its maker is shut out, removed or loses a role that it stood on, it ends for good in that
//! transaction ([`end_links_of`]): who comes back later has made nothing.
//!
//! An account has one link of each maker and kind at most, and one that gives something holds a site of its maker's
//! that no other one does: strangers cannot fill an account with theirs.
//!
//! [`Rights::stand_above`]: crate::domain::account::Rights::stand_above

use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entries},
    credentials::set_recovery_codes,
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::from_row,
    lock::lock_accounts,
    offers::{maker_owns, of_the_same_maker},
    open::Store,
    roles::{rights_of, set_role},
    sessions::{NewSession, insert_session},
};
use crate::domain::{account::Rights, timestamp::Timestamp};

/// A one-time link.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// SHA-256 of its code.
    pub hash: String,
    /// The account of whoever made it; `None`: the operator.
    pub maker: Option<Uuid>,
    pub expires_at: Timestamp,
}

/// A link that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveLink {
    pub account: Uuid,
    /// Whether a passphrase is chosen by it; if not, the account has one, and whoever has come in answers the offers.
    pub is_way_in: bool,
    /// The roles that it gives; of a reset none.
    pub offers: Rights,
}

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

/// Whether the maker of a link `i` offers something that they own.
macro_rules! maker_offers {
    () => {
        concat!(
            "EXISTS (SELECT 1 FROM role_offers o WHERE o.account_id = i.account_id AND ",
            of_the_same_maker!(),
            " AND ",
            maker_owns!(),
            ")"
        )
    };
}

/// Whether the maker of a link `i` may give what it gives.
macro_rules! maker_may {
    () => {
        concat!(
            "(CASE WHEN i.is_reset THEN ",
            maker_stands_above!(),
            " ELSE ",
            maker_offers!(),
            " END)"
        )
    };
}

/// The link with the hash `$1`, if it counts at `$2`. Indexes: the primary keys, and the one by account.
const LIVE: &str = concat!(
    "SELECT i.account_id, i.maker_id, i.is_reset, a.passphrase FROM invitations i JOIN accounts a ON a.id = i.account_id \
     WHERE i.hash = $1 AND i.expires_at > $2 AND a.disabled_at IS NULL AND ",
    maker_may!()
);

/// The invitation of the maker `$2` (`$3`: the operator) to the account `$1`, if it counts at `$4`. Index:
/// `invitations_by_account`.
pub(super) const INVITATION_OF: &str = concat!(
    "SELECT i.hash FROM invitations i WHERE i.account_id = $1 AND NOT i.is_reset \
     AND COALESCE(i.maker_id, $3) = $2 AND i.expires_at > $4 AND ",
    maker_offers!()
);

/// What the link with the hash `$1` gives.
const GIVEN: &str = concat!(
    "SELECT o.site_id, o.role FROM invitations i JOIN role_offers o ON o.account_id = i.account_id \
     WHERE i.hash = $1 AND NOT i.is_reset AND ",
    of_the_same_maker!(),
    " AND ",
    maker_owns!(),
    " LIMIT 1001"
);

/// Ends the links of the maker `$1` that do not count with what the maker may do now. Index: `invitations_by_maker`.
pub(super) const END_FALLEN: &str = concat!(
    "DELETE FROM invitations WHERE hash IN (SELECT i.hash FROM invitations i WHERE i.maker_id = $1 AND NOT ",
    maker_may!(),
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
            $crate::store::invitations::END_OFFERS,
            $crate::store::invitations::END_FALLEN,
        ] {
            sqlx::query(statement).bind($maker).execute(&mut *$conn).await?;
        }
    };
}
pub(super) use end_links_of;

/// A new link for an account: a reset in the place of every other, an invitation in the place of its maker's.
macro_rules! insert_link {
    ($conn:expr, $account:expr, $link:expr, $is_reset:expr) => {{
        let (link, is_reset): (Invitation, bool) = ($link, $is_reset);
        // Index: invitations_by_account.
        sqlx::query(
            "DELETE FROM invitations WHERE account_id = $1 AND is_reset = $2 AND ($2 OR COALESCE(maker_id, $4) = $3)",
        )
        .bind($account)
        .bind(is_reset)
        .bind(link.maker.unwrap_or_default())
        .bind(::uuid::Uuid::nil())
        .execute(&mut *$conn)
        .await?;
        sqlx::query(
            "INSERT INTO invitations (hash, account_id, maker_id, expires_at, is_reset) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(link.hash)
        .bind($account)
        .bind(link.maker)
        .bind(link.expires_at.0)
        .bind(is_reset)
        .execute(&mut *$conn)
        .await?;
    }};
}
pub(super) use insert_link;

/// Whether an invitation of that maker to the account counts.
macro_rules! has_invitation {
    ($conn:expr, $account:expr, $maker:expr, $now:expr) => {{
        let maker: Option<::uuid::Uuid> = $maker;
        let found: Option<(String,)> = sqlx::query_as($crate::store::invitations::INVITATION_OF)
            .bind($account)
            .bind(maker.unwrap_or_default())
            .bind(::uuid::Uuid::nil())
            .bind($now)
            .fetch_optional(&mut *$conn)
            .await?;
        found.is_some()
    }};
}
pub(super) use has_invitation;

from_row! {
    struct Row {
        account_id: Uuid,
        maker_id: Option<Uuid>,
        is_reset: bool,
        passphrase: Option<String>,
    }
}

impl Row {
    fn is_way_in(&self) -> bool {
        self.is_reset || self.passphrase.is_none()
    }
}

impl Store {
    /// Makes a link in place of a lost passphrase, and of such a link before. `false`: the account has no passphrase
    /// to be lost.
    pub async fn set_reset_link(
        &self,
        account: Uuid,
        link: Invitation,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<bool, StoreError> {
        let audit = audit.into();
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            let found: Option<(Uuid,)> =
                sqlx::query_as("SELECT id FROM accounts WHERE id = $1 AND passphrase IS NOT NULL")
                    .bind(account)
                    .fetch_optional(&mut *conn)
                    .await?;
            if found.is_none() {
                return Ok(false);
            }
            insert_link!(conn, account, link, true);
            insert_entries!(conn, audit);
            Ok(true)
        })
    }

    /// Makes an invitation anew: what is offered on these sites, which its maker owns, is theirs from now on, and waits
    /// for their new link. `false`: nothing is offered there.
    pub async fn renew_invitation(
        &self,
        account: Uuid,
        link: Invitation,
        sites: Vec<String>,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<bool, StoreError> {
        let audit = audit.into();
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            let mut taken_over = 0;
            for site in sites {
                // Index: the primary key.
                let done = sqlx::query("UPDATE role_offers SET maker_id = $3 WHERE account_id = $1 AND site_id = $2")
                    .bind(account)
                    .bind(site)
                    .bind(link.maker)
                    .execute(&mut *conn)
                    .await?;
                taken_over += done.rows_affected();
            }
            if taken_over == 0 {
                return Ok(false);
            }
            insert_link!(conn, account, link, false);
            insert_entries!(conn, audit);
            Ok(true)
        })
    }

    /// The one-time link with that hash; `None`: unknown, used or too old, the account was shut out, or its maker
    /// may not give any more what it gives.
    pub async fn live_link(&self, hash: &str, now: Timestamp) -> Result<Option<LiveLink>, StoreError> {
        let found: Option<Row> = on_pool!(self, |pool| {
            sqlx::query_as(LIVE).bind(hash).bind(now.0).fetch_optional(pool).await
        })?;
        let Some(found) = found else { return Ok(None) };
        let given: Vec<(String, String)> =
            on_pool!(self, |pool| sqlx::query_as(GIVEN).bind(hash).fetch_all(pool).await)?;
        Ok(Some(LiveLink {
            account: found.account_id,
            is_way_in: found.is_way_in(),
            offers: rights_of(&found.account_id, given)?,
        }))
    }

    /// Redeems a one-time link, once: the passphrase counts from now on, and what an invitation gives; a
    /// second step that was set up is gone, all other sessions end, and one is opened. `false`: it does not count, or
    /// not any more, or the account came in by another one.
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
            let found: Option<Row> = sqlx::query_as(LIVE)
                .bind(hash.as_str())
                .bind(session.at.0)
                .fetch_optional(&mut *conn)
                .await?;
            let Some(link) = found.filter(|link| link.account_id == account && link.is_way_in()) else {
                return Ok(false);
            };
            let given: Vec<(String, String)> = sqlx::query_as(GIVEN).bind(hash.as_str()).fetch_all(&mut *conn).await?;
            for (site, role) in rights_of(&account, given)?.iter() {
                set_role!(conn, account, site, role);
                sqlx::query("DELETE FROM role_offers WHERE account_id = $1 AND site_id = $2")
                    .bind(account)
                    .bind(site)
                    .execute(&mut *conn)
                    .await?;
            }
            sqlx::query("DELETE FROM invitations WHERE hash = $1")
                .bind(hash)
                .execute(&mut *conn)
                .await?;
            sqlx::query(
                "UPDATE accounts SET passphrase = $2, let_in_by = $3, totp_seed = NULL, totp_confirmed = FALSE \
                 WHERE id = $1",
            )
            .bind(account)
            .bind(passphrase)
            .bind(link.maker_id)
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
