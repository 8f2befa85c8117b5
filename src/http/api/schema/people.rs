//! Moderators, tokens and sessions.

use std::collections::HashMap;

use utoipa::ToSchema;
use uuid::Uuid;

/// Somebody who works on a site.
#[derive(ToSchema)]
pub(in crate::http::api) struct Moderator {
    id: Uuid,
    name: String,
    email: String,
    /// `owner` or `moderator` by site; `*` stands for every site.
    roles: HashMap<String, String>,
    /// Roles that wait for the person's yes, by site; they count for nothing before.
    offers: HashMap<String, String>,
    /// active, invited (has not come in yet) or disabled.
    status: String,
    /// Whether a code is asked for after the passphrase.
    second_step: bool,
    created_at: String,
}

/// Somebody whose role, or way in, was changed.
#[derive(ToSchema)]
pub(in crate::http::api) struct ChangedModerator {
    id: Uuid,
    name: String,
    email: String,
    /// `owner` or `moderator` by site; `*` stands for every site.
    roles: HashMap<String, String>,
    /// Roles that wait for the person's yes, by site; they count for nothing before.
    offers: HashMap<String, String>,
    /// active, invited (has not come in yet) or disabled.
    status: String,
    /// Whether a code is asked for after the passphrase.
    second_step: bool,
    created_at: String,
    /// A one-time link in place of one that somebody else made and that counts no more; shown here alone.
    link: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http::api) struct Moderators {
    moderators: Vec<Moderator>,
    /// The `after` of the next page; null on the last.
    next: Option<Uuid>,
}

/// Somebody to be given a role.
#[derive(ToSchema)]
pub(in crate::http::api) struct NewModerator {
    email: String,
    name: String,
    /// owner or moderator.
    role: String,
    /// A site; or `sites`, or `all_sites`.
    site: Option<String>,
    sites: Option<Vec<String>>,
    all_sites: Option<bool>,
}

/// Somebody who was invited.
#[derive(ToSchema)]
pub(in crate::http::api) struct Invited {
    id: Uuid,
    /// Good once, and shown here alone.
    link: Option<String>,
}

/// A change of a role on a site, or of who may come in.
#[derive(ToSchema)]
pub(in crate::http::api) struct ModeratorChange {
    /// A site, or `*` for every site; never null.
    #[schema(nullable = false)]
    site: Option<String>,
    /// owner or moderator; null takes it away.
    role: Option<String>,
    /// Never null.
    #[schema(nullable = false)]
    disabled: Option<bool>,
}

/// A bearer token, without its secret.
#[derive(ToSchema)]
pub(in crate::http::api) struct Token {
    id: Uuid,
    name: String,
    /// owner or moderator.
    role: String,
    /// Null: every site.
    sites: Option<Vec<String>>,
    created_at: String,
    expires_at: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http::api) struct Tokens {
    tokens: Vec<Token>,
    /// The `after` of the next page; null on the last.
    next: Option<Uuid>,
}

/// A token to be made.
#[derive(ToSchema)]
pub(in crate::http::api) struct NewToken {
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

/// A token that was made.
#[derive(ToSchema)]
pub(in crate::http::api) struct MadeToken {
    id: Uuid,
    /// The secret, shown here alone.
    token: String,
}

/// One of one's own sessions.
#[derive(ToSchema)]
pub(in crate::http::api) struct Session {
    id: Uuid,
    /// What kind of browser.
    device: String,
    created_at: String,
    seen_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

#[derive(ToSchema)]
pub(in crate::http::api) struct Sessions {
    sessions: Vec<Session>,
}
