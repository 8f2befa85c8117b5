//! Who works on a site: inviting, roles, shutting out, one-time links.
//!
//! An owner acts on the sites they own and on nobody else's: an account that works elsewhere as well is
//! changed here, never taken over (only who owns all of its sites may make it a reset link or shut it out). A role
//! that would take an account out of another owner's power is only offered, until the person says yes; so is one for an
//! account that somebody let in who could not give it, and might sit in it under another's e-mail. Whoever invites
//! makes a link of their own, and only who opens that one gets what they give (`store/offers.rs`).
//! The command line acts as the owner of everything. A link is shown once and stored as a hash; it stands on
//! its maker, and ends when they fall: shut out, removed, or left with a lesser role than it stood on. A suspension is
//! lifted, and what it holds undone, only by who has the power over the account that its giver had.

use uuid::Uuid;

use super::{
    audit_entries::{account_entry, on_sites},
    authority::{Authority, is_seen_by},
    credentials::{INVITATION_LIFE, RESET_LIFE, new_link},
    identify::Identity,
};
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights, Role},
        actor::Scope,
        audit::roles,
        code::Code,
        draft::FieldError,
        person::{Email, EmailError, Name, NameError},
    },
    error::Error,
    store::{Account, AccountAdded, AccountChange, AccountsWanted, Giver, NewAccount},
};

/// People who were invited to a site, or by one person, and have not come in yet, at most.
pub const INVITED_MAX: i64 = 2000;

/// Accounts on a page at most.
pub const PAGE_MAX: i64 = 1000;

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
    /// The code of the one-time link by which the role is theirs; `None` when they come in as ever and have it, or
    /// answer in their account, or have such a link already.
    pub code: Option<String>,
    /// Whether a role waits for their yes.
    pub is_offer: bool,
}

/// What came of a role that was given or taken.
#[derive(Debug, Default)]
pub struct RoleChange {
    /// The code of a new one-time link, where the role waits for one or another person's ended.
    pub code: Option<String>,
    /// Whether it waits for the person's yes.
    pub is_offer: bool,
}

/// The accounts that work on a site of `who`'s, or are to, by e-mail; an owner's view. At most `limit`, after the
/// account `after`; and after which one it goes on, if it does.
///
/// # Errors
/// 403 for who owns nothing; errors of the store.
pub async fn list(
    app: &App,
    who: &Identity,
    after: Option<Uuid>,
    limit: i64,
) -> Result<(Vec<Account>, Option<Uuid>), Error> {
    who.may_own()?;
    let wanted = AccountsWanted {
        scope: who.owned(),
        after,
        limit: limit + 1,
    };
    let mut found = app.store.accounts(&wanted).await?;
    let next = cut(&mut found, limit, |account| account.id);
    Ok((found, next))
}

/// Cuts a list that was read with one row more than its page has; gives the last one's id where there was one.
pub(super) fn cut<T>(found: &mut Vec<T>, limit: i64, id: impl Fn(&T) -> Uuid) -> Option<Uuid> {
    let limit = usize::try_from(limit).unwrap_or(1);
    if found.len() <= limit {
        return None;
    }
    found.truncate(limit);
    found.last().map(id)
}

/// Adds somebody with a role: a new account with a one-time link, or the role alone for one that exists.
///
/// # Errors
/// Errors of fields: `name_…` (`name_taken` where a colleague's looks like it), `email_…`; 404 for
/// a site that is not theirs or not there; 403, also `retype_needed`; errors of the store.
pub async fn add(app: &App, by: Authority<'_>, wanted: &Wanted, role: Role, scope: &Scope) -> Result<Added, Error> {
    let sites = sites_of(app, by, scope).await?;
    let (name, email) = parse(wanted)?;
    by.typed_in_person(app)?;
    if let Some(known) = app.store.account_by_email(&email.normalised()).await? {
        let mut added = Added {
            account: known.id,
            code: None,
            is_offer: false,
        };
        for site in &sites {
            let change = give_or_take(app, by, known.id, site, Some(role), true).await?;
            added.code = change.code.or(added.code);
            added.is_offer |= change.is_offer;
        }
        return Ok(added);
    }
    let (code, invitation) = new_link(app, by.maker(), INVITATION_LIFE);
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
    let audit = account_entry(app, by, "account_invited", id, Some(roles(&account.rights)));
    let audit = on_sites(app, audit, &account.rights);
    match app.store.add_account(account, invitation, INVITED_MAX, audit).await? {
        AccountAdded::Done => {
            app.forget_sites();
            Ok(Added {
                account: id,
                code: Some(code),
                is_offer: false,
            })
        }
        AccountAdded::Exists => Err(Error::Code(Code::AccountExists)),
        AccountAdded::Full { site } => Err(invitations_full(site.as_deref())),
    }
}

fn invitations_full(site: Option<&str>) -> Error {
    Error::full(Code::InvitationsFull, site, INVITED_MAX)
}

/// The sites of a scope, each of which must exist and be theirs.
pub(super) async fn sites_of(app: &App, by: Authority<'_>, scope: &Scope) -> Result<Vec<String>, Error> {
    let Scope::Sites(sites) = scope else {
        by.may_own(EVERY_SITE)?;
        return Ok(vec![EVERY_SITE.to_owned()]);
    };
    if sites.is_empty() {
        return Err(Error::field("site", Code::SiteMissing));
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
                    .filter_map(|(field, code)| code.map(|code| FieldError::new(field, code)))
                    .collect(),
            ))
        }
    }
}

/// Gives an account a role on a site ([`EVERY_SITE`] for all), or takes it away. Gives the code of a new
/// one-time link where the role waits for one: for who has not come in yet, or was let in by somebody who could not give
/// that role; and where the role is wider and another person's link in place of a lost passphrase was open, which ends.
/// Where they do not own all that the account works on, a role on a site of theirs is offered; taking it away
/// takes the offer back.
///
/// # Errors
/// 404, 403, for a role that is wider also `retype_needed`; 409
/// `last_owner`, for an offer `invitations_full`; errors of the store.
pub async fn change_role(
    app: &App,
    by: Authority<'_>,
    account: Uuid,
    site: &str,
    role: Option<Role>,
) -> Result<RoleChange, Error> {
    give_or_take(app, by, account, site, role, false).await
}

async fn give_or_take(
    app: &App,
    by: Authority<'_>,
    account: Uuid,
    site: &str,
    role: Option<Role>,
    is_inviting: bool,
) -> Result<RoleChange, Error> {
    by.may_own(site)?;
    let known = get(app, account).await?;
    if is_inviting || role > known.rights.at(site) {
        by.typed_in_person(app)?;
    }
    let (code, link) = new_link(app, by.maker(), INVITATION_LIFE);
    let rights = Rights::on(role.unwrap_or(Role::Moderator), [site]);
    let entry = |action| {
        let entry = account_entry(app, by, action, account, Some(roles(&rights)));
        on_sites(app, entry, &rights)
    };
    let giver = Giver {
        rights: match by {
            Authority::Operator => None,
            Authority::Somebody(who) => Some(who.rights.clone()),
        },
        link,
        link_audit: on_sites(
            app,
            account_entry(app, by, "link_made", account, None),
            &by.own_part(&known.rights).with(site, Role::Moderator),
        ),
        reset_until: app.clock.now().plus(RESET_LIFE),
        is_inviting,
        offer_audit: entry("role_offered"),
        most: INVITED_MAX,
    };
    let audit = entry(if role.is_some() { "role_given" } else { "role_taken" });
    let now = app.clock.now();
    let change = app.store.set_role(account, site, role, Some(giver), now, audit).await?;
    done(app, change, Some(site))?;
    Ok(RoleChange {
        code: (change == AccountChange::NewLink).then_some(code),
        is_offer: change == AccountChange::Offered,
    })
}

/// Shuts an account out at once, with all its sessions, or lets it in again. Its tokens end, for good, and
/// so do the links that it made: an account is often shut out because somebody else had it, and what they made must
/// not come back unseen.
///
/// # Errors
/// As [`change_role`], to let in again also `retype_needed`; 403 `works_elsewhere`, and to let in
/// again `forbidden` for who has less power over the account than who shut it out.
pub async fn set_disabled(app: &App, by: Authority<'_>, account: Uuid, disabled: bool) -> Result<(), Error> {
    let known = get(app, account).await?;
    by.may_rule(&known)?;
    if !disabled {
        by.may_undo(&known)?;
        by.typed_in_person(app)?;
    }
    let action = if disabled {
        "account_disabled"
    } else {
        "account_enabled"
    };
    let over = by.suspends_over(&known);
    let suspension = disabled.then(|| (app.clock.now(), &over));
    let audit = on_sites(app, account_entry(app, by, action, account, None), &known.rights);
    done(app, app.store.set_disabled(account, suspension, audit).await?, None)
}

/// Removes an account for good, with its tokens; its name stays where it decided. Of who has not come in yet and is
/// invited by other owners too, only what is offered on their own sites goes.
///
/// # Errors
/// As [`set_disabled`].
pub async fn remove(app: &App, by: Authority<'_>, account: Uuid) -> Result<(), Error> {
    let known = get(app, account).await?;
    let own = by.own_part(&known.rights);
    if known.passphrase.is_none() && by.may_rule(&known).is_err() && !own.is_empty() {
        for (site, _) in own.iter() {
            change_role(app, by, account, site, None).await?;
        }
        return Ok(());
    }
    by.may_undo(&known)?;
    let audit = account_entry(app, by, "account_removed", account, None);
    let audit = on_sites(app, audit, &known.rights);
    done(
        app,
        app.store.remove_account(account, app.clock.now(), audit).await?,
        None,
    )
}

/// An account of which `who` owns something; any other is as if it were not there.
///
/// # Errors
/// 403 for who owns nothing; 404; errors of the store.
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
/// 404; errors of the store.
pub async fn get(app: &App, account: Uuid) -> Result<Account, Error> {
    let found = app.store.account(account).await?;
    found
        .filter(|account| !account.email.is_empty())
        .ok_or_else(Error::not_found)
}

/// `site`: where a role was given.
fn done(app: &App, change: AccountChange, site: Option<&str>) -> Result<(), Error> {
    match change {
        AccountChange::Done | AccountChange::NewLink | AccountChange::Offered => {
            app.forget_sites();
            Ok(())
        }
        AccountChange::LastOwner => Err(Error::Code(Code::LastOwner)),
        AccountChange::Full => Err(invitations_full(site)),
        AccountChange::Unknown => Err(Error::not_found()),
    }
}
