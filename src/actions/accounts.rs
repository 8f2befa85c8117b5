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

use std::time::Duration;

use uuid::Uuid;

use super::{
    credentials,
    identify::Identity,
    sign_in::{self, Caller, Counted, Entry},
};
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights, Role},
        actor::{Actor, Scope},
        audit::{AuditDetail, Roles, roles},
        code::Code,
        draft::FieldError,
        person::{Email, EmailError, Name, NameError},
    },
    error::Error,
    keys::{new_secret, sha256_hex},
    limits::Action,
    store::{Account, AccountAdded, AccountChange, AccountsWanted, Giver, Invitation, NewAccount, NewAudit},
};

/// How long an invitation is good.
pub const INVITATION_LIFE: Duration = Duration::from_hours(7 * 24);

/// How long a link in place of a lost passphrase is good.
pub const RESET_LIFE: Duration = Duration::from_hours(24);

/// People who were invited to a site, or by one person, and have not come in yet, at most.
pub const INVITED_MAX: i64 = 2000;

/// Accounts on a page at most.
pub const PAGE_MAX: i64 = 1000;

/// Who changes accounts.
#[derive(Debug, Clone, Copy)]
pub enum Authority<'a> {
    /// Somebody who came in.
    Somebody(&'a Identity),
    /// The command line.
    Operator,
}

impl Authority<'_> {
    pub(super) fn actor(self) -> Actor {
        match self {
            Self::Somebody(who) => who.actor.clone(),
            Self::Operator => Actor::system("operator"),
        }
    }

    /// The account on whose rights stands what they make; `None`: the operator's.
    pub(super) fn maker(self) -> Option<Uuid> {
        match self {
            Self::Operator => None,
            Self::Somebody(who) => match &who.program {
                Some(program) => program.maker,
                None => who.account.map(|person| person.account),
            },
        }
    }

    /// Whether they may give and take roles on a site ([`EVERY_SITE`] for all).
    fn may_own(self, site: &str) -> Result<(), Error> {
        match self {
            Self::Operator => Ok(()),
            Self::Somebody(who) if site == EVERY_SITE => match who.rights.everywhere() {
                Some(Role::Owner) => Ok(()),
                _ => Err(Error::Code(Code::Forbidden)),
            },
            Self::Somebody(who) => who.may(Role::Owner, site),
        }
    }

    /// Checks that a person is there who typed their passphrase lately; the command line is.
    fn typed_in_person(self, app: &App) -> Result<(), Error> {
        match self {
            Self::Operator => Ok(()),
            Self::Somebody(who) => who.typed_in_person(app),
        }
    }

    /// Whether they stand above the whole account. One of which they own nothing is as if it were not
    /// there.
    fn may_rule(self, account: &Account) -> Result<(), Error> {
        let Self::Somebody(who) = self else {
            return Ok(());
        };
        if who.rights.stand_above(&account.rights) {
            return Ok(());
        }
        let is_seen = is_seen_by(who, account);
        Err(if is_seen {
            Error::Code(Code::WorksElsewhere)
        } else {
            Error::not_found()
        })
    }

    /// Whether they stand above the whole account and, where it is suspended, may lift that: what only who may lift it
    /// undoes is not undone by a new link either, nor by removing the account and inviting the person anew.
    fn may_undo(self, account: &Account) -> Result<(), Error> {
        self.may_rule(account)?;
        self.may_lift(account)
    }

    /// Whether they may lift the account's suspension, if there is one.
    fn may_lift(self, account: &Account) -> Result<(), Error> {
        match self {
            Self::Somebody(who) if !who.rights.own_all_of(&account.suspended_over) => Err(Error::Code(Code::Forbidden)),
            _ => Ok(()),
        }
    }

    /// What of these roles is on sites of theirs.
    fn own_part(self, roles: &Rights) -> Rights {
        match self {
            Self::Operator => roles.clone(),
            Self::Somebody(who) => roles
                .iter()
                .filter(|(site, role)| who.rights.own_all_of(&Rights::on(*role, [*site])))
                .map(|(site, role)| (site.to_owned(), role))
                .collect(),
        }
    }

    /// What whoever lifts a suspension of theirs must own: all that the account works on, and every site where they
    /// do.
    fn suspends_over(self, account: &Account) -> Rights {
        let owns_all = match self {
            Self::Operator => true,
            Self::Somebody(who) => who.rights.everywhere() == Some(Role::Owner),
        };
        if owns_all {
            Rights::on(Role::Owner, [EVERY_SITE])
        } else {
            account.rights.clone()
        }
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

/// Whether `who` owns a site on which the account works or is to work. Who owns every site sees all accounts, also
/// those without a role.
fn is_seen_by(who: &Identity, account: &Account) -> bool {
    who.rights.everywhere() == Some(Role::Owner)
        || account
            .rights
            .iter()
            .chain(account.offers.iter())
            .any(|(site, _)| site == EVERY_SITE || who.rights.at(site) == Some(Role::Owner))
            && who.rights.owns_something()
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
    let (code, invitation) = new_link(app, by, INVITATION_LIFE);
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
    let (code, link) = new_link(app, by, INVITATION_LIFE);
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

/// Makes a new one-time link for an account. Who came in chooses a passphrase by it, and sets up a second step anew;
/// until then everything stays as it is. Who did not gets by it what is offered on sites of its maker's; the links to
/// that of before end. Gives the code.
///
/// # Errors
/// As [`set_disabled`], and `retype_needed`.
pub async fn reset(app: &App, by: Authority<'_>, account: Uuid) -> Result<String, Error> {
    let account = get(app, account).await?;
    let own = by.own_part(&account.rights);
    if account.passphrase.is_none() && !own.is_empty() {
        by.may_lift(&account)?;
        by.typed_in_person(app)?;
        let (code, link) = new_link(app, by, INVITATION_LIFE);
        let audit = on_sites(app, account_entry(app, by, "link_made", account.id, None), &own);
        let sites = own.iter().map(|(site, _)| site.to_owned()).collect();
        let is_made = app.store.renew_invitation(account.id, link, sites, audit).await?;
        return if is_made { Ok(code) } else { Err(Error::not_found()) };
    }
    by.may_undo(&account)?;
    by.typed_in_person(app)?;
    let (code, link) = new_link(app, by, RESET_LIFE);
    let audit = account_entry(app, by, "link_made", account.id, None);
    let audit = on_sites(app, audit, &account.rights);
    let is_made = app.store.set_reset_link(account.id, link, audit).await?;
    if is_made { Ok(code) } else { Err(Error::not_found()) }
}

/// What a one-time link is for.
#[derive(Debug)]
pub struct Invited {
    pub account: Account,
    /// Whether a passphrase is chosen by it; if not, whoever has come in answers the offers.
    pub is_way_in: bool,
    /// The roles that it gives.
    pub offers: Rights,
}

/// What a one-time link is for.
///
/// # Errors
/// 404 `link_ended` for an unknown, used or old one; errors of the store.
pub async fn invited(app: &App, code: &str) -> Result<Invited, Error> {
    let ended = || Error::Code(Code::LinkEnded);
    let link = app
        .store
        .live_link(&sha256_hex(code.as_bytes()), app.clock.now())
        .await?
        .ok_or_else(ended)?;
    Ok(Invited {
        account: app.store.account(link.account).await?.ok_or_else(ended)?,
        is_way_in: link.is_way_in,
        offers: link.offers,
    })
}

/// Redeems a one-time link: chooses a passphrase and comes in. Gives new recovery codes, to be shown once.
///
/// # Errors
/// 404 `link_ended`; 409 `link_has_account` for who came in before, and answers there
/// ([`super::own_account::answer_offer`]); `passphrase_…` as a field's error; [`Error::RateLimited`] after 25
/// tries with a link within an hour; errors of the store.
pub async fn redeem(app: &App, caller: &Caller, code: &str, passphrase: &str) -> Result<(Entry, Vec<String>), Error> {
    let invited = invited(app, code).await?;
    let account = invited.account;
    if !invited.is_way_in {
        return Err(Error::Code(Code::LinkHasAccount));
    }
    // By the link: what is dear is done for who holds one, and nobody else's tries stand before it.
    let by = Counted::by(Action::SignInAccount, format!("link {}", account.id));
    let tried = sign_in::count(app, &[by]).await?;
    let hash = credentials::hash_chosen(app, passphrase, [&account.name, &account.email]).await?;
    let (codes, hashes) = credentials::new_recovery_codes(app, account.id);
    let (session, entry) = sign_in::new_session(app, caller, account.id);
    let there = if account.passphrase.is_some() {
        &account.rights
    } else {
        &invited.offers
    };
    let audit = on_sites(app, sign_in::entry(app, &account, "link_redeemed"), there);
    let is_first = app
        .store
        .redeem_invitation(&sha256_hex(code.as_bytes()), account.id, hash, hashes, session, audit)
        .await?;
    if !is_first {
        return Err(Error::Code(Code::LinkEnded));
    }
    app.store.forget_try(tried).await?;
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

fn new_link(app: &App, by: Authority<'_>, life: Duration) -> (String, Invitation) {
    let code = new_secret();
    let invitation = Invitation {
        hash: sha256_hex(code.as_bytes()),
        maker: by.maker(),
        expires_at: app.clock.now().plus(life),
    };
    (code, invitation)
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

fn account_entry(app: &App, by: Authority<'_>, action: &'static str, account: Uuid, roles: Option<Roles>) -> NewAudit {
    NewAudit {
        detail: Some(AuditDetail::Account { account, roles }.text()),
        ..sign_in::service_entry(app, by.actor(), action, app.clock.now())
    }
}

/// An entry about an account or a token, once more on each site where it works: the owners there read it too, and
/// nothing in it of another site.
///
/// A role on every site is none of one site's, so what happens to it stands in the log of all alone. It is given and
/// taken by those who own every site, and says nothing of what was done on one: each decision there has its entry, with
/// who made it, and keeps it. The team page of a site shows who works on every site, and who of them is suspended.
pub(super) fn on_sites(app: &App, entry: NewAudit, rights: &Rights) -> Vec<NewAudit> {
    let sites = rights.iter().filter(|(site, _)| *site != EVERY_SITE);
    let mut entries: Vec<NewAudit> = sites
        .map(|(site, _)| NewAudit {
            id: app.clock.new_id(),
            site: site.to_owned(),
            detail: entry.detail.as_deref().map(|detail| detail_for(site, detail)),
            ..entry.clone()
        })
        .collect();
    entries.push(entry);
    entries
}

/// What a site's own log keeps of a detail: of `roles` and `sites` the site's own.
fn detail_for(site: &str, detail: &str) -> String {
    let Ok(mut kept) = serde_json::from_str::<serde_json::Value>(detail) else {
        return detail.to_owned();
    };
    if let Some(roles) = kept.get_mut("roles").and_then(serde_json::Value::as_object_mut) {
        roles.retain(|here, _| here == site);
    }
    if let Some(sites) = kept.get_mut("sites").and_then(serde_json::Value::as_array_mut) {
        sites.retain(|here| here == site);
    }
    kept.to_string()
}
