//! Who works on a site: inviting, roles, shutting out, one-time links.
//!
//! An owner acts on the sites they own and on nobody else's: an account that works elsewhere as well is
//! changed here, never taken over (only who owns all of its sites may make it a new link or shut it out).
//! The command line acts as the owner of everything. A link is shown once and stored as a hash.

use std::time::Duration;

use uuid::Uuid;

use super::{
    credentials,
    door::{self, Caller, Entry},
    identify::Identity,
};
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights, Role},
        draft::FieldError,
        person::{Email, EmailError, Name, NameError},
    },
    error::Error,
    keys::{new_secret, sha256_hex},
    store::{Account, AccountChange, Actor, Invitation, NewAccount, NewAudit, Scope},
};

/// How long an invitation is good.
pub const INVITATION_LIFE: Duration = Duration::from_hours(7 * 24);

/// How long a link in place of a lost passphrase is good.
pub const RESET_LIFE: Duration = Duration::from_hours(24);

/// Who changes accounts.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// Somebody who came in.
    Somebody(&'a Identity),
    /// The command line.
    Operator,
}

impl By<'_> {
    pub(super) fn actor(self) -> Actor {
        match self {
            Self::Somebody(who) => who.actor.clone(),
            Self::Operator => Actor {
                kind: "system",
                id: "operator".to_owned(),
                name: "palabre".to_owned(),
            },
        }
    }

    /// Whether they may give and take roles on a site ([`EVERY_SITE`] for all).
    fn may_own(self, site: &str) -> Result<(), Error> {
        match self {
            Self::Operator => Ok(()),
            Self::Somebody(who) if site == EVERY_SITE => match who.rights.everywhere() {
                Some(Role::Owner) => Ok(()),
                _ => Err(Error::Forbidden("forbidden")),
            },
            Self::Somebody(who) => who.may(Role::Owner, site),
        }
    }

    /// Whether they stand above the whole account. One of which they own nothing is as if it were not
    /// there.
    fn may_rule(self, account: &Account) -> Result<(), Error> {
        let Self::Somebody(who) = self else {
            return Ok(());
        };
        // Who has no role any more is left to who owns every site.
        let rules_all = who.rights.everywhere() == Some(Role::Owner);
        if rules_all || who.rights.own_all_of(&account.rights) && !account.rights.is_empty() {
            return Ok(());
        }
        let is_seen = is_seen_by(who, account);
        Err(if is_seen {
            Error::Forbidden("works_elsewhere")
        } else {
            Error::not_found()
        })
    }
}

/// What is typed about a person to be invited.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub name: String,
    pub email: String,
}

/// Somebody who was added.
#[derive(Debug)]
pub struct Added {
    pub account: Uuid,
    /// The code of a one-time link; `None` when they had an account and come in as ever.
    pub code: Option<String>,
}

/// The accounts that work on a site of `who`'s, by e-mail; an owner's view.
///
/// # Errors
/// [`Error::Forbidden`] for who owns nothing; errors of the store.
pub async fn list(app: &App, who: &Identity) -> Result<Vec<Account>, Error> {
    who.may_own()?;
    let all = app.store.accounts().await?;
    Ok(all.into_iter().filter(|account| is_seen_by(who, account)).collect())
}

/// Whether `who` owns a site on which the account works. Who owns every site sees all accounts, also those
/// without a role.
fn is_seen_by(who: &Identity, account: &Account) -> bool {
    who.rights.everywhere() == Some(Role::Owner)
        || account
            .rights
            .iter()
            .any(|(site, _)| site == EVERY_SITE || who.rights.at(site) == Some(Role::Owner))
            && who.rights.owns_something()
}

/// Adds somebody with a role: a new account with a one-time link, or the role alone for one that exists.
///
/// # Errors
/// Errors of fields: `name_…` (`name_taken` where a colleague's looks like it), `email_…`; [`Error::NotFound`] for
/// a site that is not theirs or not there; [`Error::Forbidden`]; errors of the store.
pub async fn add(app: &App, by: By<'_>, wanted: &Wanted, role: Role, scope: &Scope) -> Result<Added, Error> {
    let sites = sites_of(app, by, scope).await?;
    let (name, email) = parse(wanted)?;
    if let Some(known) = app.store.account_by_email(&email.normalised()).await? {
        for site in &sites {
            change_role(app, by, known.id, site, Some(role)).await?;
        }
        return Ok(Added {
            account: known.id,
            code: None,
        });
    }
    let (code, invitation) = new_link(app, INVITATION_LIFE);
    let account = NewAccount {
        id: app.clock.new_id(),
        name: name.as_str().to_owned(),
        email: email.as_str().to_owned(),
        email_folded: email.normalised(),
        passphrase: None,
        rights: Rights::on(role, sites),
        at: app.clock.now(),
    };
    let id = account.id;
    let audit = account_entry(app, by, "account_invited", id, Some(role_detail(&account.rights)));
    let audit = on_sites(app, audit, &account.rights);
    if !app.store.add_account(account, invitation, audit).await? {
        return Err(Error::conflict("account_exists"));
    }
    app.forget_sites();
    Ok(Added {
        account: id,
        code: Some(code),
    })
}

/// The sites of a scope, each of which must exist and be theirs.
pub(super) async fn sites_of(app: &App, by: By<'_>, scope: &Scope) -> Result<Vec<String>, Error> {
    let Scope::Sites(sites) = scope else {
        by.may_own(EVERY_SITE)?;
        return Ok(vec![EVERY_SITE.to_owned()]);
    };
    if sites.is_empty() {
        return Err(field_error("site", "site_missing"));
    }
    for site in sites {
        by.may_own(site)?;
        app.site(site).await?;
    }
    Ok(sites.clone())
}

/// Checks what was typed about a person.
///
/// # Errors
/// All that is wrong with it, as errors of fields.
pub fn parse(wanted: &Wanted) -> Result<(Name, Email), Error> {
    let name = Name::parse(&wanted.name).map_err(NameError::code);
    let email = Email::parse(&wanted.email).map_err(EmailError::code);
    match (name, email) {
        (Ok(name), Ok(email)) => Ok((name, email)),
        (name, email) => {
            let wrong = [("name", name.err()), ("email", email.err())];
            Err(Error::Invalid(
                wrong
                    .into_iter()
                    .filter_map(|(field, code)| {
                        code.map(|code| FieldError {
                            field,
                            code,
                            surplus: None,
                        })
                    })
                    .collect(),
            ))
        }
    }
}

/// Gives an account a role on a site ([`EVERY_SITE`] for all), or takes it away.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`]; 409 `last_owner`; errors of the store.
pub async fn change_role(app: &App, by: By<'_>, account: Uuid, site: &str, role: Option<Role>) -> Result<(), Error> {
    by.may_own(site)?;
    let rights = Rights::on(role.unwrap_or(Role::Moderator), [site]);
    let action = if role.is_some() { "role_given" } else { "role_taken" };
    let audit = account_entry(app, by, action, account, Some(role_detail(&rights)));
    done(app, app.store.set_role(account, site, role, audit).await?)
}

/// Shuts an account out at once, with all its sessions, or lets it in again.
///
/// # Errors
/// As [`change_role`]; [`Error::Forbidden`] `works_elsewhere`.
pub async fn set_disabled(app: &App, by: By<'_>, account: Uuid, disabled: bool) -> Result<(), Error> {
    by.may_rule(&get(app, account).await?)?;
    let action = if disabled {
        "account_disabled"
    } else {
        "account_enabled"
    };
    let at = disabled.then(|| app.clock.now());
    let audit = account_entry(app, by, action, account, None);
    done(app, app.store.set_disabled(account, at, audit).await?)
}

/// Removes an account for good; its name stays where it decided.
///
/// # Errors
/// As [`set_disabled`].
pub async fn remove(app: &App, by: By<'_>, account: Uuid) -> Result<(), Error> {
    by.may_rule(&get(app, account).await?)?;
    let audit = account_entry(app, by, "account_removed", account, None);
    done(app, app.store.remove_account(account, app.clock.now(), audit).await?)
}

/// Makes a new one-time link for an account: its passphrase is chosen anew, and a second step is set up
/// anew. Until then everything stays as it is. Gives the code.
///
/// # Errors
/// As [`set_disabled`].
pub async fn reset(app: &App, by: By<'_>, account: Uuid) -> Result<String, Error> {
    let account = get(app, account).await?;
    by.may_rule(&account)?;
    let is_new = account.passphrase.is_none();
    let (code, invitation) = new_link(app, if is_new { INVITATION_LIFE } else { RESET_LIFE });
    let audit = on_sites(
        app,
        account_entry(app, by, "link_made", account.id, None),
        &account.rights,
    );
    app.store.set_invitation(account.id, invitation, audit).await?;
    Ok(code)
}

/// Whose one-time link that is.
///
/// # Errors
/// [`Error::NotFound`] `link_ended` for an unknown, used or old one; errors of the store.
pub async fn invited(app: &App, code: &str) -> Result<Account, Error> {
    let ended = || Error::NotFound("link_ended");
    let id = app.store.invited(&sha256_hex(code.as_bytes()), app.clock.now()).await?;
    app.store.account(id.ok_or_else(ended)?).await?.ok_or_else(ended)
}

/// Redeems a one-time link: chooses a passphrase and comes in. Gives new recovery codes, to be shown once.
///
/// # Errors
/// [`Error::NotFound`] `link_ended`; `passphrase_…` as a field's error; errors of the store.
pub async fn redeem(app: &App, caller: &Caller, code: &str, passphrase: &str) -> Result<(Entry, Vec<String>), Error> {
    let account = invited(app, code).await?;
    let chosen = credentials::choose(passphrase, &[&account.name, &account.email])?;
    let hash = credentials::hash(app, chosen).await?;
    let (codes, hashes) = credentials::new_recovery_codes(app, account.id);
    let (session, entry) = door::new_session(app, caller, account.id);
    let audit = on_sites(app, door::entry(app, &account, "link_redeemed"), &account.rights);
    let is_first = app
        .store
        .redeem_invitation(&sha256_hex(code.as_bytes()), account.id, hash, hashes, session, audit)
        .await?;
    if !is_first {
        return Err(Error::NotFound("link_ended"));
    }
    Ok((entry, codes))
}

/// The address of a one-time link.
#[must_use]
pub fn link(app: &App, code: &str) -> String {
    format!("{}/invitation?code={code}", app.config.admin_url())
}

/// An account of which `who` owns something; any other is as if it were not there.
///
/// # Errors
/// [`Error::Forbidden`] for who owns nothing; [`Error::NotFound`]; errors of the store.
pub async fn seen(app: &App, who: &Identity, account: Uuid) -> Result<Account, Error> {
    who.may_own()?;
    let account = get(app, account).await?;
    if is_seen_by(who, &account) {
        Ok(account)
    } else {
        Err(Error::not_found())
    }
}

/// An account that was not removed, by its id.
///
/// # Errors
/// [`Error::NotFound`]; errors of the store.
pub async fn get(app: &App, account: Uuid) -> Result<Account, Error> {
    let found = app.store.account(account).await?;
    found
        .filter(|account| !account.email.is_empty())
        .ok_or_else(Error::not_found)
}

fn new_link(app: &App, life: Duration) -> (String, Invitation) {
    let code = new_secret();
    let invitation = Invitation {
        hash: sha256_hex(code.as_bytes()),
        expires_at: app.clock.now().plus(life),
    };
    (code, invitation)
}

fn done(app: &App, change: AccountChange) -> Result<(), Error> {
    match change {
        AccountChange::Done => {
            app.forget_sites();
            Ok(())
        }
        AccountChange::LastOwner => Err(Error::conflict("last_owner")),
        AccountChange::Unknown => Err(Error::not_found()),
    }
}

fn role_detail(rights: &Rights) -> serde_json::Value {
    let roles: serde_json::Map<String, serde_json::Value> = rights
        .iter()
        .map(|(site, role)| (site.to_owned(), role.as_str().into()))
        .collect();
    roles.into()
}

fn account_entry(
    app: &App,
    by: By<'_>,
    action: &'static str,
    account: Uuid,
    roles: Option<serde_json::Value>,
) -> NewAudit {
    let mut detail = serde_json::json!({ "account": account });
    if let Some(roles) = roles {
        detail["roles"] = roles;
    }
    NewAudit {
        detail: Some(detail.to_string()),
        ..door::service_entry(app, by.actor(), action, app.clock.now())
    }
}

/// An entry about an account, once more on each site where it works: the owners there read it too.
pub(super) fn on_sites(app: &App, entry: NewAudit, rights: &Rights) -> Vec<NewAudit> {
    let sites = rights.iter().filter(|(site, _)| *site != EVERY_SITE);
    let mut entries: Vec<NewAudit> = sites
        .map(|(site, _)| NewAudit {
            id: app.clock.new_id(),
            site: site.to_owned(),
            ..entry.clone()
        })
        .collect();
    entries.push(entry);
    entries
}

pub(super) fn field_error(field: &'static str, code: &'static str) -> Error {
    Error::Invalid(vec![FieldError {
        field,
        code,
        surplus: None,
    }])
}
