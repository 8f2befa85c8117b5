//! `palabre captcha …`: a site's check, from the operator's command line.

use clap::Subcommand;

use super::{open::open, output};
use crate::{actions::thresholds, config::Config};

#[derive(Debug, Subcommand)]
pub(super) enum CaptchaCommand {
    /// Makes a new policy version that holds everything.
    Observe {
        #[arg(long)]
        site: String,
    },
}

pub(super) async fn run(config: Config, command: CaptchaCommand) -> Result<(), String> {
    match command {
        CaptchaCommand::Observe { site } => observe(config, &site).await,
    }
}

async fn observe(config: Config, site: &str) -> Result<(), String> {
    let app = open(config).await?;
    let row = thresholds::observe(&app, site)
        .await
        .map_err(|error| format!("set {site} to observe: {error}"))?;
    app.store.close().await;
    output::note(format_args!("{site}: version {} holds everything", row.policy.version));
    Ok(())
}
