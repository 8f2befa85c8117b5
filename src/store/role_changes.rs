//! Roles as they are given, offered and taken.

use uuid::Uuid;

use super::{
    accounts::{AccountChange, Giver},
    audit::{NewAudit, insert_entries},
    engines::{in_tx, on_pool},
    error::StoreError,
    invitations::{Invitation, end_links_of, has_invitation, insert_link},
    leases::end_leases,
    lock::lock_accounts,
    names::check_name,
    offers::{insert_offer, is_let_in_by_owner},
    open::Store,
    roles::{rights_of, set_role},
    rows,
};
use crate::domain::{
    account::{EVERY_SITE, Rights, Role},
    timestamp::Timestamp,
};

/// The sites on which an account has a role, as they are given.
macro_rules! roles {
    ($conn:expr, $account:expr) => {{
        // Index: the primary key.
        let sites: Vec<(String,)> =
            sqlx::query_as("SELECT site_id FROM account_roles WHERE account_id = $1 LIMIT 1001")
                .bind($account)
                .fetch_all(&mut *$conn)
                .await?;
        sites.into_iter().map(|(site,)| site).collect::<Vec<String>>()
    }};
}
pub(super) use roles;

pub(super) fn sites_of(rights: &Rights) -> Vec<String> {
    rights.iter().map(|(site, _)| site.to_owned()).collect()
}

fn works_on(sites: &[String], site: &str) -> bool {
    sites.iter().any(|own| own == site || own == EVERY_SITE)
}

/// Whether the account is the only one that came in and owns `site` (`None`: any site that it owns). Who
/// was only invited, or shut out, does not count. The account's own ownership of every site covers each.
macro_rules! is_last_owner {
    ($conn:expr, $account:expr, $site:expr) => {{
        let site: Option<&str> = $site;
        // Index: account_roles_by_site.
        let alone: Option<(String,)> = sqlx::query_as(
            "SELECT mine.site_id FROM account_roles mine JOIN accounts me ON me.id = mine.account_id \
             WHERE mine.account_id = $1 AND mine.role = 'owner' AND mine.site_id = COALESCE($2, mine.site_id) \
             AND me.passphrase IS NOT NULL AND me.disabled_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM account_roles other JOIN accounts a ON a.id = other.account_id \
             WHERE other.site_id IN (mine.site_id, '*') AND other.role = 'owner' \
             AND (other.account_id <> $1 OR other.site_id <> mine.site_id) \
             AND a.passphrase IS NOT NULL AND a.disabled_at IS NULL) LIMIT 1",
        )
        .bind($account)
        .bind(site)
        .fetch_optional(&mut *$conn)
        .await?;
        alone.is_some()
    }};
}
pub(super) use is_last_owner;

/// To how many a role on a site is offered, but for one account.
macro_rules! waiting_on {
    ($conn:expr, $site:expr, $except:expr) => {{
        // Index: role_offers_by_site.
        let (waiting,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM role_offers WHERE site_id = $1 AND account_id <> $2")
                .bind($site)
                .bind($except)
                .fetch_one(&mut *$conn)
                .await?;
        waiting
    }};
}
pub(super) use waiting_on;

/// Offers a role on a site, and whether it is answered by a link alone, in the name of the giver, or of whose offer there
/// it stays. `Some`: whether the giver's new link is wanted; `None`: there is no place for another offer.
macro_rules! offer_role {
    ($conn:expr, $account:expr, $offer:expr, $giver:expr, $now:expr) => {{
        let (site, role, by_link): (&str, Role, bool) = $offer;
        let giver: &Giver = $giver;
        let before: Option<(String, Option<Uuid>)> =
            sqlx::query_as("SELECT role, maker_id FROM role_offers WHERE account_id = $1 AND site_id = $2")
                .bind($account)
                .bind(site)
                .fetch_optional(&mut *$conn)
                .await?;
        let is_full = before.is_none() && waiting_on!($conn, site, $account) >= giver.most;
        let mut stays_with = None;
        if let Some((before, maker)) = before {
            let is_wider = role > rows::role("account_roles", &$account, &before)?;
            let stays = if has_invitation!($conn, $account, maker, $now.0) {
                !is_wider || maker.is_none()
            } else {
                !is_wider && !giver.is_inviting
            };
            stays_with = stays.then_some(maker);
        }
        if is_full {
            None
        } else {
            let maker = stays_with.unwrap_or(giver.link.maker);
            let needs_link = by_link && stays_with.is_none() && !has_invitation!($conn, $account, maker, $now.0);
            insert_offer!($conn, $account, site, role, maker, $now.0);
            Some(needs_link)
        }
    }};
}

impl Store {
    /// The ids and e-mails of those who own a site and came in, at most 1,000.
    pub async fn owners_of(&self, site: &str) -> Result<Vec<(Uuid, String)>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: account_roles_by_site.
            sqlx::query_as(
                "SELECT DISTINCT a.id, a.email FROM account_roles r JOIN accounts a ON a.id = r.account_id \
                 WHERE r.site_id IN ($1, $2) AND r.role = 'owner' AND a.passphrase IS NOT NULL \
                 AND a.disabled_at IS NULL LIMIT 1000",
            )
            .bind(site)
            .bind(EVERY_SITE)
            .fetch_all(pool)
            .await
        })?)
    }

    /// Gives an account a role on a site ([`EVERY_SITE`] for all), or takes it away; `None` as the giver: at once.
    ///
    /// A role on a site where the account has none is only offered: to who has not come in yet; by a giver who would not
    /// stand above the account with it, so that until the yes the account is no less in the power of those who own
    /// all that it works on; and where whoever let the account in could not give it, for they may sit in it. The
    /// yes is said by the giver's link, or in the account where the latter is none of the reasons
    /// ([`Store::answer_offer`]). With a wider role the offer of another owner of the site becomes the giver's, but for
    /// the operator's; and a link of another's in place of a lost passphrase becomes theirs, where they stand above the
    /// account.
    pub async fn set_role(
        &self,
        account: Uuid,
        site: &str,
        role: Option<Role>,
        giver: Option<Giver>,
        now: Timestamp,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<AccountChange, StoreError> {
        let (site, audit) = (site.to_owned(), audit.into());
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            let found: Option<(String, Option<String>)> =
                sqlx::query_as("SELECT name, passphrase FROM accounts WHERE id = $1 AND email <> ''")
                    .bind(account)
                    .fetch_optional(&mut *conn)
                    .await?;
            let Some((name, passphrase)) = found else {
                return Ok(AccountChange::Unknown);
            };
            let has_come_in = passphrase.is_some();
            // Whoever works there already has the name there.
            if role.is_some() && !works_on(&roles!(conn, account), &site) {
                check_name!(conn, &name, std::slice::from_ref(&site), account, now);
            }
            if role != Some(Role::Owner) && is_last_owner!(conn, account, Some(site.as_str())) {
                return Ok(AccountChange::LastOwner);
            }
            let held: Vec<(String, String)> =
                sqlx::query_as("SELECT site_id, role FROM account_roles WHERE account_id = $1 LIMIT 1001")
                    .bind(account)
                    .fetch_all(&mut *conn)
                    .await?;
            let held = rights_of(&account, held)?;
            if let (Some(role), Some(giver), None) = (role, &giver, held.at(&site)) {
                let known: Option<(Uuid,)> = sqlx::query_as(concat!(
                    "SELECT a.id FROM accounts a WHERE a.id = $1 AND a.passphrase IS NOT NULL AND ",
                    is_let_in_by_owner!("$2")
                ))
                .bind(account)
                .bind(site.as_str())
                .fetch_optional(&mut *conn)
                .await?;
                let after = held.clone().with(&site, role);
                let stands_above = giver.rights.as_ref().is_none_or(|rights| rights.stand_above(&after));
                if known.is_none() || !stands_above {
                    let audit = passphrase.map_or(audit, |_| giver.offer_audit.clone());
                    let offer = (site.as_str(), role, known.is_none());
                    return Ok(match offer_role!(conn, account, offer, giver, now) {
                        Some(needs_link) => {
                            insert_entries!(conn, audit);
                            if needs_link {
                                insert_link!(conn, account, giver.link.clone(), false);
                                insert_entries!(conn, giver.link_audit.clone());
                            }
                            match (needs_link, has_come_in) {
                                (true, _) => AccountChange::NewLink,
                                (false, true) => AccountChange::Offered,
                                (false, false) => AccountChange::Done,
                            }
                        }
                        None => AccountChange::Full,
                    });
                }
            }
            sqlx::query("DELETE FROM role_offers WHERE account_id = $1 AND site_id = $2")
                .bind(account)
                .bind(site.as_str())
                .execute(&mut *conn)
                .await?;
            let mut change = AccountChange::Done;
            if let Some(role) = role {
                set_role!(conn, account, site.as_str(), role);
                if let Some(giver) = giver.filter(|_| Some(role) > held.at(&site)) {
                    // Index: invitations_by_account.
                    let open: Option<(Option<Uuid>,)> = sqlx::query_as(
                        "SELECT maker_id FROM invitations WHERE account_id = $1 AND is_reset AND expires_at > $2",
                    )
                    .bind(account)
                    .bind(now.0)
                    .fetch_optional(&mut *conn)
                    .await?;
                    let is_anothers = open.is_some_and(|(maker,)| maker.is_some() && maker != giver.link.maker);
                    let after = held.clone().with(&site, role);
                    if is_anothers && giver.rights.is_none_or(|rights| rights.stand_above(&after)) {
                        let link = Invitation {
                            expires_at: giver.reset_until,
                            ..giver.link
                        };
                        insert_link!(conn, account, link, true);
                        insert_entries!(conn, giver.link_audit);
                        change = AccountChange::NewLink;
                    }
                }
            } else {
                sqlx::query("DELETE FROM account_roles WHERE account_id = $1 AND site_id = $2")
                    .bind(account)
                    .bind(site.as_str())
                    .execute(&mut *conn)
                    .await?;
                end_leases!(conn, account.to_string());
            }
            if role < held.at(&site) {
                end_links_of!(conn, account);
            }
            insert_entries!(conn, audit);
            Ok(change)
        })
    }
}
