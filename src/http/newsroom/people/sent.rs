//! Who and what is to be made or changed, as it is sent.

use std::time::Duration;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    actions::{accounts, tokens},
    domain::{
        account::{EVERY_SITE, Role},
        actor::Scope,
        code::Code,
        timestamp::Timestamp,
    },
    error::Error,
    http::request::body::Fields,
};

/// Somebody to be given a role.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewModerator {
    email: String,
    name: String,
    /// owner or moderator.
    role: String,
    /// A site; or `sites`, or `all_sites`.
    site: Option<String>,
    sites: Option<Vec<String>>,
    all_sites: Option<bool>,
}

impl NewModerator {
    /// Who, and the role on which sites.
    ///
    /// # Errors
    /// `role_bad` as a field's error.
    pub(crate) fn parse(self) -> Result<(accounts::Wanted, Role, Scope), Error> {
        let wanted = accounts::Wanted {
            name: self.name,
            email: self.email,
        };
        Ok((wanted, role(&self.role)?, scope(self.all_sites, self.sites, self.site)))
    }
}

/// A change of a role on a site, or of who may come in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ModeratorChange {
    /// A site, or `*` for every site; never null.
    #[schema(nullable = false)]
    pub(crate) site: Option<String>,
    /// owner or moderator; null takes it away.
    role: Option<String>,
    /// Never null.
    #[schema(nullable = false)]
    pub(crate) disabled: Option<bool>,
}

impl ModeratorChange {
    /// The role that is given.
    pub(crate) fn role(&self) -> Result<Option<Role>, Error> {
        self.role.as_deref().map(role).transpose()
    }
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewToken {
    /// What the audit log calls it.
    name: Option<String>,
    /// owner or moderator.
    role: String,
    /// A site; or `sites`, or `all_sites`.
    site: Option<String>,
    sites: Option<Vec<String>>,
    all_sites: Option<bool>,
    /// In how many days, 1 to 3650; without it, when it is revoked.
    expires: Option<i64>,
}

impl NewToken {
    /// The token of a body or of a form.
    ///
    /// # Errors
    /// `bad_type`; `role_bad`, `expires_bad` as errors of fields.
    pub(crate) fn parse(fields: &Fields, now: Timestamp) -> Result<tokens::Wanted, Error> {
        let sent: Self = fields.typed().map_err(|error| match error {
            // Of a form's texts only this one is a number that somebody types.
            Error::Code(Code::BadJson) => Error::field("expires", Code::ExpiresBad),
            other => other,
        })?;
        let expires_at = match sent.expires {
            None => None,
            Some(days @ 1..=3650) => Some(now.plus(Duration::from_hours(24 * days.unsigned_abs()))),
            Some(_) => return Err(Error::field("expires", Code::ExpiresBad)),
        };
        Ok(tokens::Wanted {
            name: sent.name,
            role: role(&sent.role)?,
            scope: scope(sent.all_sites, sent.sites, sent.site),
            expires_at,
        })
    }
}

/// The role of that word.
///
/// # Errors
/// `role_bad` as a field's error.
pub(crate) fn role(word: &str) -> Result<Role, Error> {
    Role::parse(word).ok_or_else(|| Error::field("role", Code::RoleBad))
}

/// One site, or a list; `*` or `all_sites` stands for every site.
fn scope(all_sites: Option<bool>, sites: Option<Vec<String>>, site: Option<String>) -> Scope {
    let one = || site.filter(|site| !site.is_empty()).into_iter().collect();
    let sites: Vec<String> = sites.unwrap_or_else(one);
    if all_sites == Some(true) || sites.iter().any(|site| site == EVERY_SITE) {
        Scope::All
    } else {
        Scope::Sites(sites)
    }
}
