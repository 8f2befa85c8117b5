//! What is told of accounts, tokens and sessions.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actions::identify::Identity,
    domain::{account::Rights, actor::Scope, timestamp::Timestamp},
    store::{Account, SessionEntry, TokenRow},
};

#[derive(Serialize, ToSchema)]
pub(crate) struct Moderators<'a> {
    pub(crate) moderators: Vec<Moderator<'a>>,
    /// The `after` of the next page; null on the last.
    pub(crate) next: Option<Uuid>,
}

/// Somebody who works on a site.
#[derive(Serialize, ToSchema)]
pub(crate) struct Moderator<'a> {
    #[schema(value_type = String)]
    created_at: Timestamp,
    email: &'a str,
    id: Uuid,
    name: &'a str,
    /// Roles that wait for the person's yes, by site; they count for nothing before.
    offers: Roles,
    /// `owner` or `moderator` by site; `*` stands for every site.
    roles: Roles,
    /// Whether a code is asked for after the passphrase.
    second_step: bool,
    /// active, invited (has not come in yet) or disabled.
    status: &'static str,
}

/// A role by site.
type Roles = BTreeMap<String, &'static str>;

impl<'a> Moderator<'a> {
    /// An account as `who` may know it: with the roles on sites of theirs.
    pub(crate) fn seen_by(who: &Identity, account: &'a Account) -> Self {
        Self {
            created_at: account.created_at,
            email: &account.email,
            id: account.id,
            name: &account.name,
            offers: roles(who, &account.offers),
            roles: roles(who, &account.rights),
            second_step: account.has_second_step(),
            status: account.standing(),
        }
    }
}

fn roles(who: &Identity, rights: &Rights) -> Roles {
    let seen = rights.seen_by(&who.rights);
    seen.iter()
        .map(|(site, role)| (site.to_owned(), role.as_str()))
        .collect()
}

/// Somebody whose role, or way in, was changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedModerator<'a> {
    #[schema(value_type = String)]
    created_at: Timestamp,
    email: &'a str,
    id: Uuid,
    /// A one-time link in place of one that somebody else made and that counts no more; shown here alone.
    link: Option<String>,
    name: &'a str,
    /// Roles that wait for the person's yes, by site; they count for nothing before.
    offers: Roles,
    /// `owner` or `moderator` by site; `*` stands for every site.
    roles: Roles,
    /// Whether a code is asked for after the passphrase.
    second_step: bool,
    /// active, invited (has not come in yet) or disabled.
    status: &'static str,
}

impl<'a> ChangedModerator<'a> {
    pub(crate) fn seen_by(who: &Identity, account: &'a Account, link: Option<String>) -> Self {
        let seen = Moderator::seen_by(who, account);
        Self {
            created_at: seen.created_at,
            email: seen.email,
            id: seen.id,
            link,
            name: seen.name,
            offers: seen.offers,
            roles: seen.roles,
            second_step: seen.second_step,
            status: seen.status,
        }
    }
}

/// Somebody who was invited.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invited {
    pub(crate) id: Uuid,
    /// Good once, and shown here alone.
    pub(crate) link: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens<'a> {
    /// The `after` of the next page; null on the last.
    pub(crate) next: Option<Uuid>,
    pub(crate) tokens: Vec<Token<'a>>,
}

/// A bearer token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token<'a> {
    #[schema(value_type = String)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    id: Uuid,
    name: &'a str,
    /// owner or moderator.
    role: &'a str,
    /// Null: every site.
    sites: Option<&'a [String]>,
}

impl<'a> Token<'a> {
    pub(crate) fn of(token: &'a TokenRow) -> Self {
        Self {
            created_at: token.created_at,
            expires_at: token.expires_at,
            id: token.id,
            name: &token.name,
            role: token.role.as_str(),
            sites: match &token.scope {
                Scope::All => None,
                Scope::Sites(sites) => Some(sites),
            },
        }
    }
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    pub(crate) id: Uuid,
    /// The secret, shown here alone.
    pub(crate) token: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions<'a> {
    pub(crate) sessions: Vec<Session<'a>>,
}

/// One of one's own sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session<'a> {
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
    /// What kind of browser.
    device: &'a str,
    id: Uuid,
    #[schema(value_type = String)]
    seen_at: Timestamp,
}

impl<'a> Session<'a> {
    pub(crate) fn of(session: &'a SessionEntry, current: Uuid) -> Self {
        Self {
            created_at: Timestamp(session.created_at),
            current: session.id == current,
            device: &session.device,
            id: session.id,
            seen_at: Timestamp(session.seen_at),
        }
    }
}
