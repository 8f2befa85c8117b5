//! Who acts, and on which sites.

use uuid::Uuid;

use super::word::words;

/// Who acts, as the audit log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    /// Stays the same whatever the actor is called.
    pub id: String,
    pub name: String,
}

impl Actor {
    /// A part of this service, or whoever runs it.
    #[must_use]
    pub fn system(id: &str) -> Self {
        Self {
            kind: ActorKind::System,
            id: id.to_owned(),
            name: "palabre".to_owned(),
        }
    }

    /// The account of a person; `None`: a program, a reader or this service.
    #[must_use]
    pub fn account(&self) -> Option<Uuid> {
        let is_person = self.kind == ActorKind::Account;
        is_person.then(|| Uuid::parse_str(&self.id).ok()).flatten()
    }
}

/// What acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ActorKind {
    /// Somebody of the newsroom, by a session.
    Account,
    /// A program, by a bearer token.
    Token,
    /// The author or another reader of a comment.
    Reader,
    /// The service, or whoever runs it.
    System,
}

words!(ActorKind);

/// The sites that somebody may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// These.
    Sites(Vec<String>),
}

impl Scope {
    /// Whether `site` is among them.
    #[must_use]
    pub fn allows(&self, site: &str) -> bool {
        match self {
            Self::All => true,
            Self::Sites(sites) => sites.iter().any(|own| own == site),
        }
    }
}
