//! What several commands are given: sites and a role.

use clap::{Args, ValueEnum};

use crate::{actions::identify::Role, domain::actor::Scope};

/// The sites that somebody is given a role on.
#[derive(Debug, Args)]
pub(super) struct Sites {
    /// A site; may be given several times.
    #[arg(long, required_unless_present = "all_sites")]
    site: Vec<String>,
    #[arg(long, conflicts_with = "site")]
    all_sites: bool,
}

impl From<Sites> for Scope {
    fn from(sites: Sites) -> Self {
        if sites.all_sites {
            Self::All
        } else {
            Self::Sites(sites.site)
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    Owner,
    Moderator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Moderator => Self::Moderator,
        }
    }
}
