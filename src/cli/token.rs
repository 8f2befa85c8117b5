//! `palabre token …`: bearer tokens for scripts and servers.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{
    given::{RoleName, Sites},
    open::open_or_make,
    output::{self, in_words},
};
use crate::{
    actions::{authority::Authority, tokens},
    config::Config,
    domain::actor::Scope,
    store::{TokenRow, TokensWanted},
};

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Makes a token and prints it alone on standard output.
    Create(CreateToken),
    /// Lists tokens, without their secrets.
    List,
    /// Ends a token.
    Revoke {
        /// The token's id, from `token list`.
        id: uuid::Uuid,
    },
}

#[derive(Debug, Args)]
pub(super) struct CreateToken {
    #[arg(long)]
    role: RoleName,
    #[command(flatten)]
    sites: Sites,
    /// What the audit log calls it; readers cannot take a look-alike of it.
    #[arg(long)]
    name: Option<String>,
    /// How long it is good: 365d, 12h, 30m. Without it, until it is revoked.
    #[arg(long, value_parser = duration)]
    expires: Option<Duration>,
}

pub(super) async fn run(config: Config, command: TokenCommand) -> Result<(), String> {
    let app = open_or_make(config).await?;
    match command {
        TokenCommand::Create(wanted) => {
            let token = tokens::Wanted {
                name: wanted.name,
                role: wanted.role.into(),
                scope: wanted.sites.into(),
                expires_at: wanted.expires.map(|life| app.clock.now().plus(life)),
            };
            let made = tokens::create(&app, Authority::Operator, token)
                .await
                .map_err(|error| in_words("make the token", &error))?;
            output::result(&made.secret)?;
        }
        TokenCommand::List => {
            let mut wanted = TokensWanted {
                scope: Scope::All,
                live_at: None,
                after: None,
                limit: 500,
            };
            loop {
                let tokens = app.store.tokens(&wanted).await.map_err(|error| error.to_string())?;
                let Some(last) = tokens.last() else { break };
                wanted.after = Some(last.id);
                for token in &tokens {
                    output::result(line(token))?;
                }
            }
        }
        TokenCommand::Revoke { id } => {
            tokens::revoke(&app, Authority::Operator, id)
                .await
                .map_err(|error| match error {
                    error if error.is_not_found() => format!("there is no live token {id}"),
                    error => in_words("end the token", &error),
                })?;
        }
    }
    app.store.close().await;
    Ok(())
}

/// Id, name, role, sites and until when, separated by tabs.
fn line(token: &TokenRow) -> String {
    let sites = match &token.scope {
        Scope::All => "all sites".to_owned(),
        Scope::Sites(sites) => sites.join(","),
    };
    let state = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", at.to_rfc3339()),
        (None, Some(at)) => format!("until {}", at.to_rfc3339()),
        (None, None) => "no end".to_owned(),
    };
    format!(
        "{}\t{}\t{}\t{sites}\t{state}",
        token.id,
        token.name,
        token.role.as_str()
    )
}

/// `365d`, `12h`, `30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration such as 365d, 12h or 30m");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'd' => 86_400,
        'h' => 3600,
        'm' => 60,
        _ => return Err(wrong()),
    };
    text[..text.len() - 1]
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(seconds))
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("365d"), Ok(Duration::from_hours(24 * 365)));
        assert_eq!(duration("30m"), Ok(Duration::from_mins(30)));
        for wrong in ["", "d", "0d", "5", "5w", "-1d", "99999999999999999999d", "é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
