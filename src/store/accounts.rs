//! Accounts and their roles, as they are read; `account_changes` and `role_changes` write them.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    audit::NewAudit, engines::on_pool, error::StoreError, from_row::from_row, invitations::Invitation, open::Store,
    roles::rights_of, rows,
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
pub(super) fn suspended_over(account: &Uuid, list: Option<&str>) -> Result<Rights, StoreError> {
    let sites: Vec<String> = match list {
        Some(list) => rows::json("accounts", "suspended_over", account, list)?,
        None => Vec::new(),
    };
    Ok(Rights::on(Role::Owner, sites))
}

const COLUMNS: &str = "id, name, email, passphrase, totp_seed, totp_confirmed, created_at, disabled_at, \
     suspended_over";

impl Store {
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
