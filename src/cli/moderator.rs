//! `palabre moderator …`: who works on the sites, from the operator's command line.

use clap::{Args, Subcommand};

use super::{
    given::{RoleName, Sites},
    open::open_or_make,
    output::{self, in_words},
};
use crate::{
    actions::{
        accounts::{self, Wanted},
        authority::Authority,
        links,
    },
    app::App,
    config::Config,
    domain::{account::EVERY_SITE, actor::Scope},
    store::{Account, AccountsWanted},
};

#[derive(Debug, Subcommand)]
pub(super) enum ModeratorCommand {
    /// Invites somebody, and prints their one-time link alone on standard output.
    Add(AddModerator),
    /// Lists accounts with their roles.
    List,
    /// Removes an account; its name stays where it decided.
    Remove {
        /// The e-mail of the account.
        #[arg(long)]
        email: String,
    },
    /// Prints a one-time link for somebody who lost the way in.
    Reset {
        /// The e-mail of the account.
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct AddModerator {
    #[arg(long)]
    email: String,
    /// What the team and the audit log call them; readers cannot take a look-alike of it.
    #[arg(long)]
    name: String,
    #[arg(long)]
    role: RoleName,
    #[command(flatten)]
    sites: Sites,
}

pub(super) async fn run(config: Config, command: ModeratorCommand) -> Result<(), String> {
    let app = open_or_make(config).await?;
    match command {
        ModeratorCommand::Add(wanted) => add(&app, wanted).await?,
        ModeratorCommand::List => {
            let mut wanted = AccountsWanted {
                scope: Scope::All,
                after: None,
                limit: 500,
            };
            loop {
                let accounts = app.store.accounts(&wanted).await.map_err(|error| error.to_string())?;
                let Some(last) = accounts.last() else { break };
                wanted.after = Some(last.id);
                for account in &accounts {
                    output::result(line(account))?;
                }
            }
        }
        ModeratorCommand::Remove { email } => {
            let account = find(&app, &email).await?;
            accounts::remove(&app, Authority::Operator, account.id)
                .await
                .map_err(|error| in_words(&format!("remove {email}"), &error))?;
        }
        ModeratorCommand::Reset { email } => {
            let account = find(&app, &email).await?;
            let code = links::reset(&app, Authority::Operator, account.id)
                .await
                .map_err(|error| in_words(&format!("make a link for {email}"), &error))?;
            output::result(links::link(&app, &code))?;
        }
    }
    app.store.close().await;
    Ok(())
}

async fn add(app: &App, wanted: AddModerator) -> Result<(), String> {
    let person = Wanted {
        name: wanted.name,
        email: wanted.email,
    };
    let added = accounts::add(
        app,
        Authority::Operator,
        &person,
        wanted.role.into(),
        &wanted.sites.into(),
    )
    .await
    .map_err(|error| in_words(&format!("add {}", person.email), &error))?;
    let Some(code) = added.code else {
        output::note(if added.is_offer {
            "the role waits for their yes: with the link that they have, or on their account's page"
        } else {
            "they have an account already, and the role from now on; they need no new link"
        });
        return Ok(());
    };
    output::result(links::link(app, &code))
}

async fn find(app: &App, email: &str) -> Result<Account, String> {
    let found = app.store.account_by_email(&email.trim().to_lowercase()).await;
    found
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("there is no account of {email}"))
}

/// `awa@example.org  Awa  owner:*,moderator:faso  active`, separated by tabs.
fn line(account: &Account) -> String {
    let roles: Vec<String> = account
        .rights
        .iter()
        .map(|(site, role)| {
            let site = if site == EVERY_SITE { "all sites" } else { site };
            format!("{}:{site}", role.as_str())
        })
        .collect();
    let state = account.standing();
    format!("{}\t{}\t{}\t{state}", account.email, account.name, roles.join(","))
}
