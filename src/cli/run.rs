//! Which command is asked for, and with what.

use std::{io::IsTerminal as _, net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use super::{
    captcha::{self, CaptchaCommand},
    copies, doctor, fake_provider,
    key::{self, KeyCommand},
    moderator::{self, ModeratorCommand},
    output, serve, setup_code,
    token::{self, TokenCommand},
};
use crate::config::{Config, LogFormat};

/// Comment moderation for newsrooms.
#[derive(Debug, Parser)]
#[command(name = "palabre", version, about)]
struct Cli {
    /// The configuration file; without it, config.toml of the working directory if it is there.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves (the default).
    Serve,
    /// Bearer tokens for scripts and servers.
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Who works on the sites.
    Moderator {
        #[command(subcommand)]
        command: ModeratorCommand,
    },
    /// Prints a new one-time setup code.
    SetupCode,
    /// Writes a consistent copy of the SQLite database, also beside a running server.
    Backup {
        /// The file to write; it must not exist.
        file: PathBuf,
    },
    /// Checks a copy and puts it in the database's place; what was there is moved aside.
    Restore {
        /// What `palabre backup` wrote.
        file: PathBuf,
    },
    /// The root key, from which all that Palabre hands out is signed.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Checks configuration, store, providers and seals, and says what to do.
    Doctor,
    /// Pretends to be every captcha provider, on loopback, to try pages and rules.
    FakeProvider {
        /// Where it listens: an address of this machine only.
        #[arg(long, default_value = "127.0.0.1:8098")]
        listen: SocketAddr,
    },
    /// Sets a site to observe: everything is held, whatever the score.
    Captcha {
        #[command(subcommand)]
        command: CaptchaCommand,
    },
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::load(cli.config.as_deref(), std::env::vars()) {
        Ok(config) => config,
        Err(error) => return fail(&error.to_string()),
    };
    if let Err(error) = start_log(&config) {
        return fail(&error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("start the runtime: {error}")),
    };
    let outcome = runtime.block_on(async {
        match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(config).await,
            Command::Token { command } => token::run(config, command).await,
            Command::Moderator { command } => moderator::run(config, command).await,
            Command::SetupCode => setup_code::run(config).await,
            Command::Backup { file } => copies::backup(config, &file).await,
            Command::Restore { file } => copies::restore(config, &file, cli.config.as_deref()).await,
            Command::Key { command } => key::run(config, command, cli.config.as_deref()).await,
            Command::Doctor => doctor::run(config).await,
            Command::FakeProvider { listen } => fake_provider::run(listen).await,
            Command::Captcha { command } => captcha::run(config, command).await,
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(message: &str) -> ExitCode {
    output::note(format_args!("palabre: {message}"));
    ExitCode::FAILURE
}

/// The HTML parser logs each piece of text it reads at `debug`: a reader's words never go to the log,
/// whatever its level.
const NEVER_LOGGED: [&str; 2] = ["html5ever", "markup5ever"];

fn start_log(config: &Config) -> Result<(), String> {
    let level = &config.log.level;
    let wanted: Targets = level
        .parse()
        .map_err(|error| format!("log.level: {level:?} is not like \"info\" or \"warn,palabre=debug\": {error}"))?;
    let wanted = wanted.with_targets(NEVER_LOGGED.map(|target| (target, LevelFilter::OFF)));
    let lines = tracing_subscriber::fmt::layer()
        // Colours are for eyes, not for files and journals.
        .with_ansi(std::io::stderr().is_terminal())
        // It would say on standard error that standard error is gone, and panic.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let log = tracing_subscriber::registry().with(wanted);
    match config.log.format {
        LogFormat::Text => log.with(lines).init(),
        LogFormat::Json => log.with(lines.json()).init(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
