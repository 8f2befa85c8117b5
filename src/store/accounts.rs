//! Accounts and their roles.
//!
//! Invariant: while an owner has come in there stays one. Whatever could take the last one away looks
//! behind the lock that [`lock_accounts`](super::lock) takes, so that two owners cannot remove each other. Every
//! change is one transaction with its audit entry.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entries, insert_entry},
    credentials::set_recovery_codes,
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::from_row,
    invitations::{Invitation, end_links_of, has_invitation, insert_link},
    leases::end_leases,
    lock::lock_accounts,
    names::{NOBODY, check_name},
    offers::{insert_offer, is_let_in_by_owner},
    open::Store,
    roles::{rights_of, set_role},
    rows,
    sessions::{NewSession, insert_session},
    tokens::end_tokens_of,
};
use crate::domain::{
    account::{EVERY_SITE, Rights, Role},
    actor::Scope,
    timestamp::Timestamp,
};

/// An account, whole.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    /// PHC form; `None`: invited, has not come in yet.
    pub passphrase: Option<String>,
    /// Encrypted seed of the second step; it counts when `totp_confirmed`.
    pub totp_seed: Option<String>,
    pub totp_confirmed: bool,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
    /// What whoever lets a suspended account in again must own.
    pub suspended_over: Rights,
    /// What the account may do; of who has not come in yet, what is offered with a link. [`Store::account_by_email`]
    /// reads nothing of the latter.
    pub rights: Rights,
    /// Roles that wait for the yes of who came in; not read by [`Store::account_by_email`].
    pub offers: Rights,
}

impl Account {
    /// `active`, `invited` (has not come in yet) or `disabled`.
    #[must_use]
    pub fn standing(&self) -> &'static str {
        match (&self.passphrase, self.disabled_at) {
            (_, Some(_)) => "disabled",
            (None, None) => "invited",
            (Some(_), None) => "active",
        }
    }

    /// Whether a code is asked for after the passphrase.
    #[must_use]
    pub fn has_second_step(&self) -> bool {
        self.totp_confirmed && self.totp_seed.is_some()
    }
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub email_folded: String,
    pub passphrase: Option<String>,
    pub rights: Rights,
    pub at: Timestamp,
}

/// What became of a change to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChange {
    Done,
    /// Done, and the giver's new link is the way to it.
    NewLink,
    /// The role waits for the person's yes: the giver does not own all that the account works on, or does not know
    /// who is in it.
    Offered,
    /// As many are invited to the site, and have not come in or said yes, as may be.
    Full,
    /// Nobody else who came in would own a site that this account owns.
    LastOwner,
    /// There is no such account.
    Unknown,
}

/// What became of an account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountAdded {
    Done,
    /// The e-mail has an account.
    Exists,
    /// As many were invited, and have not come in yet, as may be.
    Full {
        /// To which site; `*` stands for every site. `None`: by the same maker.
        site: Option<String>,
    },
}

/// Which accounts are listed, of those that were not removed.
#[derive(Debug, Clone)]
pub struct AccountsWanted {
    /// Those that work on one of these sites, or on every site; with [`Scope::All`] also those that work nowhere.
    pub scope: Scope,
    /// Those after this one.
    pub after: Option<Uuid>,
    /// At most that many, 1 to 1,000.
    pub limit: i64,
}

/// Who gives a role.
#[derive(Debug, Clone)]
pub struct Giver {
    /// What they may do themselves; `None`: they are the operator.
    pub rights: Option<Rights>,
    /// Their link to what they offer, made where they have none that counts, with its audit entry.
    pub link: Invitation,
    pub link_audit: Vec<NewAudit>,
    /// When their link ends that takes the place of somebody else's for a lost passphrase.
    pub reset_until: Timestamp,
    /// Whether they invite: then there is a link that counts, theirs or the one that is there.
    pub is_inviting: bool,
    /// The entry in place of the role's where it is offered only.
    pub offer_audit: Vec<NewAudit>,
    /// So many may be invited to a site, offers among them.
    pub most: i64,
}

from_row! {
    struct Row {
        id: Uuid,
        name: String,
        email: String,
        passphrase: Option<String>,
        totp_seed: Option<String>,
        totp_confirmed: bool,
        created_at: i64,
        disabled_at: Option<i64>,
        suspended_over: Option<String>,
    }
}

impl Row {
    fn with(self, rights: Rights, offers: Rights) -> Result<Account, StoreError> {
        let (rights, offers) = match self.passphrase {
            Some(_) => (rights, offers),
            None => (offers, Rights::default()),
        };
        Ok(Account {
            suspended_over: suspended_over(&self.id, self.suspended_over.as_deref())?,
            id: self.id,
            name: self.name,
            email: self.email,
            passphrase: self.passphrase,
            totp_seed: self.totp_seed,
            totp_confirmed: self.totp_confirmed,
            created_at: Timestamp(self.created_at),
            disabled_at: self.disabled_at.map(Timestamp),
            rights,
            offers,
        })
    }
}

/// Roles by account and site as they are stored.
fn rights_by_account(roles: Vec<(Uuid, String, String)>) -> Result<HashMap<Uuid, Rights>, StoreError> {
    let mut rows: HashMap<Uuid, Vec<(String, String)>> = HashMap::new();
    for (account, site, role) in roles {
        rows.entry(account).or_default().push((site, role));
    }
    let rights = rows
        .into_iter()
        .map(|(account, roles)| rights_of(&account, roles).map(|rights| (account, rights)));
    rights.collect()
}

/// What whoever lifts a suspension must own, as the row of `account` has it.
fn suspended_over(account: &Uuid, list: Option<&str>) -> Result<Rights, StoreError> {
    let sites: Vec<String> = match list {
        Some(list) => rows::json("accounts", "suspended_over", account, list)?,
        None => Vec::new(),
    };
    Ok(Rights::on(Role::Owner, sites))
}

const COLUMNS: &str = "id, name, email, passphrase, totp_seed, totp_confirmed, created_at, disabled_at, \
     suspended_over";

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

fn sites_of(rights: &Rights) -> Vec<String> {
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

    /// The account with that e-mail in lower case. One statement that gives a row also where there is no
    /// account: a row more, or a statement more, takes its own trip between threads, and the door must not
    /// tell by its time.
    pub async fn account_by_email(&self, email_folded: &str) -> Result<Option<Account>, StoreError> {
        from_row! {
            struct WithRole {
                ..row: Row,
                site_id: Option<String>,
                role: Option<String>,
            }
        }
        let mut rows: Vec<WithRole> = on_pool!(self, |pool| {
            // Indexes: the unique one of accounts, the primary key of their roles.
            sqlx::query_as(
                "SELECT COALESCE(a.id, $2) AS id, COALESCE(a.name, '') AS name, COALESCE(a.email, '') AS email, \
                 a.passphrase, a.totp_seed, COALESCE(a.totp_confirmed, FALSE) AS totp_confirmed, \
                 COALESCE(a.created_at, 0) AS created_at, a.disabled_at, a.suspended_over, \
                 r.site_id, r.role \
                 FROM (SELECT 1 AS one) always LEFT JOIN accounts a ON a.email_folded = $1 \
                 LEFT JOIN account_roles r ON r.account_id = a.id LIMIT 1001",
            )
            .bind(email_folded)
            .bind(Uuid::nil())
            .fetch_all(pool)
            .await
        })?;
        let roles: Vec<_> = rows
            .iter_mut()
            .filter_map(|found| found.site_id.take().zip(found.role.take()))
            .collect();
        let found = rows.into_iter().next().filter(|found| !found.row.id.is_nil());
        let Some(found) = found else { return Ok(None) };
        let rights = rights_of(&found.row.id, roles)?;
        found.row.with(rights, Rights::default()).map(Some)
    }

    /// The account with that id.
    pub async fn account(&self, id: Uuid) -> Result<Option<Account>, StoreError> {
        let found: Option<Row> = on_pool!(self, |pool| {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM accounts WHERE id = $1"
            )))
            .bind(id)
            .fetch_optional(pool)
            .await
        })?;
        let Some(found) = found else { return Ok(None) };
        let roles: Vec<(String, String)> = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as("SELECT site_id, role FROM account_roles WHERE account_id = $1 LIMIT 1001")
                .bind(id)
                .fetch_all(pool)
                .await
        })?;
        let offers: Vec<(String, String)> = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as("SELECT site_id, role FROM role_offers WHERE account_id = $1 LIMIT 1001")
                .bind(id)
                .fetch_all(pool)
                .await
        })?;
        let (rights, offers) = (rights_of(&id, roles)?, rights_of(&id, offers)?);
        found.with(rights, offers).map(Some)
    }

    /// Accounts, by e-mail.
    pub async fn accounts(&self, wanted: &AccountsWanted) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<Row> = on_pool!(self, |pool| {
            // Indexes: the unique one of accounts; account_roles_by_site; role_offers_by_site.
            let mut query = sqlx::QueryBuilder::new(format!("SELECT {COLUMNS} FROM accounts WHERE email <> ''"));
            if let Some(after) = wanted.after {
                query.push(" AND email_folded > (SELECT email_folded FROM accounts WHERE id = ");
                query.push_bind(after).push(")");
            }
            if let Scope::Sites(sites) = &wanted.scope {
                query.push(" AND id IN (SELECT account_id FROM account_roles WHERE site_id IN (");
                let mut list = query.separated(", ");
                list.push_bind(EVERY_SITE);
                for site in sites {
                    list.push_bind(site.as_str());
                }
                query.push(") UNION SELECT account_id FROM role_offers WHERE site_id IN (");
                let mut list = query.separated(", ");
                list.push_bind(EVERY_SITE);
                for site in sites {
                    list.push_bind(site.as_str());
                }
                query.push("))");
            }
            query.push(" ORDER BY email_folded LIMIT ").push_bind(wanted.limit);
            query.build_query_as().fetch_all(pool).await
        })?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut rights = rights_by_account(self.roles_in("account_roles", &ids).await?)?;
        let mut offers = rights_by_account(self.roles_in("role_offers", &ids).await?)?;
        rows.into_iter()
            .map(|row| {
                let offers = offers.remove(&row.id).unwrap_or_default();
                let rights = rights.remove(&row.id).unwrap_or_default();
                row.with(rights, offers)
            })
            .collect()
    }

    /// Account, site and role from a table of these.
    async fn roles_in(&self, table: &str, ids: &[Uuid]) -> Result<Vec<(Uuid, String, String)>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: the primary key. An account has at most a role on each of 1,000 sites.
            let mut query = sqlx::QueryBuilder::new(format!(
                "SELECT account_id, site_id, role FROM {table} WHERE account_id IN ("
            ));
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            query.push(") LIMIT ");
            query.push_bind(i64::try_from(ids.len()).unwrap_or(1).saturating_mul(1001));
            query.build_query_as().fetch_all(pool).await
        })?)
    }

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

    /// The names of those who work on a site or are to, for keeping readers from taking them; at most 100,000.
    pub async fn names_on(&self, site: &str) -> Result<Vec<String>, StoreError> {
        let found: Vec<(String,)> = on_pool!(self, |pool| {
            // Indexes: account_roles_by_site, role_offers_by_site.
            sqlx::query_as(
                "SELECT DISTINCT a.name FROM (SELECT account_id, site_id FROM account_roles \
                 UNION ALL SELECT account_id, site_id FROM role_offers) r JOIN accounts a ON a.id = r.account_id \
                 WHERE r.site_id IN ($1, $2) AND a.disabled_at IS NULL ORDER BY a.name \
                 LIMIT 100000",
            )
            .bind(site)
            .bind(EVERY_SITE)
            .fetch_all(pool)
            .await
        })?;
        Ok(found.into_iter().map(|(name,)| name).collect())
    }
}
