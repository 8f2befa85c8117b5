//! Who changes accounts and tokens, and how far their power goes.

use uuid::Uuid;

use super::identify::Identity;
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights, Role},
        actor::Actor,
        code::Code,
    },
    error::Error,
    store::Account,
};

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
    pub(super) fn may_own(self, site: &str) -> Result<(), Error> {
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
    pub(super) fn typed_in_person(self, app: &App) -> Result<(), Error> {
        match self {
            Self::Operator => Ok(()),
            Self::Somebody(who) => who.typed_in_person(app),
        }
    }

    /// Whether they stand above the whole account. One of which they own nothing is as if it were not
    /// there.
    pub(super) fn may_rule(self, account: &Account) -> Result<(), Error> {
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
    pub(super) fn may_undo(self, account: &Account) -> Result<(), Error> {
        self.may_rule(account)?;
        self.may_lift(account)
    }

    /// Whether they may lift the account's suspension, if there is one.
    pub(super) fn may_lift(self, account: &Account) -> Result<(), Error> {
        match self {
            Self::Somebody(who) if !who.rights.own_all_of(&account.suspended_over) => Err(Error::Code(Code::Forbidden)),
            _ => Ok(()),
        }
    }

    /// What of these roles is on sites of theirs.
    pub(super) fn own_part(self, roles: &Rights) -> Rights {
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
    pub(super) fn suspends_over(self, account: &Account) -> Rights {
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

/// Whether `who` owns a site on which the account works or is to work. Who owns every site sees all accounts, also
/// those without a role.
pub(super) fn is_seen_by(who: &Identity, account: &Account) -> bool {
    who.rights.everywhere() == Some(Role::Owner)
        || account
            .rights
            .iter()
            .chain(account.offers.iter())
            .any(|(site, _)| site == EVERY_SITE || who.rights.at(site) == Some(Role::Owner))
            && who.rights.owns_something()
}
