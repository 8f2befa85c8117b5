//! What an entry of the audit log tells beside who did what, when and from which state to which.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::{account::Rights, policy::Cuts, reason::Reason, score::Score};

/// Roles by site.
pub type Roles = BTreeMap<String, &'static str>;

/// The detail of one action, as it is stored and told: JSON, its members in the order of their names.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum AuditDetail<'a> {
    /// An account was made, changed or tried at.
    Account {
        account: Uuid,
        #[serde(skip_serializing_if = "Option::is_none")]
        roles: Option<Roles>,
    },
    /// A person changed their name.
    Renamed { account: Uuid, from: &'a str, to: &'a str },
    /// A session ended after wrong passphrases.
    WrongTries { wrong_tries: u32 },
    /// A token was made.
    TokenMade {
        name: &'a str,
        role: &'a str,
        sites: &'a [String],
        token: Uuid,
    },
    /// A token was ended.
    Token { token: Uuid },
    /// The publisher said something of a thread.
    Thread { open: bool, thread: &'a str },
    /// A version of a policy was made; without `base` by the file.
    Policy {
        #[serde(skip_serializing_if = "Option::is_none")]
        base: Option<i64>,
        cuts: NamedCuts,
        version: i64,
    },
    /// A reader asked for a person.
    Appeal {
        /// The decision that the reader appeals against; null where no person made one.
        against: Option<Uuid>,
    },
    /// A decision about an appealed comment by whoever made the one appealed against: nobody else could.
    Alone { alone: bool },
    /// A second check took a mark off.
    StepUp {
        /// Null of a proof.
        found: Option<Found>,
        kind: &'static str,
        replaced: Reason,
    },
}

impl AuditDetail<'_> {
    /// As it is stored.
    #[must_use]
    pub fn text(&self) -> String {
        // Keys are texts, and numbers are finite.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The roles that a detail names.
#[must_use]
pub fn roles(rights: &Rights) -> Roles {
    let roles = rights.iter();
    roles.map(|(site, role)| (site.to_owned(), role.as_str())).collect()
}

/// Three cuts; null is absent.
#[derive(Debug, Clone, Serialize)]
pub struct NamedCuts {
    publish_from: Option<Score>,
    refuse_below: Option<Score>,
    step_up_below: Option<Score>,
}

impl From<Cuts> for NamedCuts {
    fn from(cuts: Cuts) -> Self {
        Self {
            publish_from: cuts.publish_from,
            refuse_below: cuts.refuse_below,
            step_up_below: cuts.step_up_below,
        }
    }
}

/// What a second check found.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Found {
    pub score: Option<Score>,
    /// As [`super::verdict::Verdict::class`].
    pub verdict: &'static str,
}
