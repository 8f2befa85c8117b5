//! Who acts, and on which sites.

/// Who acts, as the audit log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `account`, `token` or `system`.
    pub kind: &'static str,
    pub id: String,
    pub name: String,
}

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
