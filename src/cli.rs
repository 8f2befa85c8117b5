//! The command line: one thin function for each command.
//!
//! Results that scripts use (a token, a code) are printed alone on standard output; all else goes to
//! standard error. Commands beside a running server open the store for themselves and close it again.

mod copies;
mod key;
mod moderator;
pub(crate) mod output;
mod token;

use std::{io::IsTerminal as _, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Parser, Subcommand, ValueEnum};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::{
    actions::{identify::Role, setup},
    app::App,
    clock::Clock,
    config::{Config, LogFormat},
    doctor,
    domain::{actor::Scope, captcha::ProviderId, language::Language},
    error::Error,
    fake_provider::{FakeProvider, SECRET},
    server,
    store::{Opening, Store},
    web::texts::Say as _,
};

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
        command: token::TokenCommand,
    },
    /// Who works on the sites.
    Moderator {
        #[command(subcommand)]
        command: moderator::ModeratorCommand,
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
        command: key::KeyCommand,
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

/// The sites that somebody is given a role on.
#[derive(Debug, Args)]
struct Sites {
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
enum RoleName {
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

#[derive(Debug, Subcommand)]
enum CaptchaCommand {
    /// Makes a new policy version that holds everything.
    Observe {
        #[arg(long)]
        site: String,
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
            Command::Serve => serve(config).await,
            Command::Token { command } => token::run(config, command).await,
            Command::Moderator { command } => moderator::run(config, command).await,
            Command::SetupCode => setup_code(config).await,
            Command::Backup { file } => copies::backup(config, &file).await,
            Command::Restore { file } => copies::restore(config, &file, cli.config.as_deref()).await,
            Command::Key { command } => key::run(config, command, cli.config.as_deref()).await,
            Command::Doctor => doctor::run(config).await,
            Command::FakeProvider { listen } => pretend(listen).await,
            Command::Captcha {
                command: CaptchaCommand::Observe { site },
            } => observe(config, &site).await,
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

async fn serve(mut config: Config) -> Result<(), String> {
    let store = Store::open(&config.database.url, Opening::Serve)
        .await
        .map_err(|error| error.to_string())?;
    let listener = TcpListener::bind(config.server.listen)
        .await
        .map_err(|error| format!("listen on {}: {error}", config.server.listen))?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("read the listening address: {error}"))?;
    config.listening_on(address);
    let app = Arc::new(App::new(config, store, Clock::System).await?);
    greet(&app).await?;
    let shutdown = CancellationToken::new();
    tokio::spawn(cancel_at_signal(shutdown.clone()));
    server::serve(app, listener, shutdown).await
}

/// Says where to go. While no owner exists, that is a one-time link.
async fn greet(app: &App) -> Result<(), String> {
    let (url, admin) = (app.config.public_url(), app.config.admin_url());
    let code = match setup::new_code(app).await {
        Ok(code) => Some(code),
        Err(Error::Conflict { .. }) => None,
        Err(error) => return Err(format!("make a setup code: {error}")),
    };
    output::note(format_args!("Palabre {} at {url}", env!("CARGO_PKG_VERSION")));
    if app.has_demo {
        output::note(format_args!("  article with its form   {url}/demo"));
    }
    if let Some(code) = code {
        output::note("  nobody runs this service yet; begin here, once, within ten minutes:");
        output::note(format_args!("  {admin}/setup?code={code}"));
    }
    output::note(format_args!("  review queue            {admin}/queue"));
    if app.proxies.is_empty() && !app.config.is_loopback() && app.config.server.listen.ip().is_loopback() {
        tracing::warn!(
            "server.trusted_proxies is empty behind a proxy: all readers share one address and one rate limit"
        );
    }
    Ok(())
}

async fn cancel_at_signal(shutdown: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};

    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
    shutdown.cancel();
}

/// The service's parts for a command beside a running server.
pub(crate) async fn open(config: Config) -> Result<App, String> {
    let opening = if config.database.url.is_postgres() {
        Opening::Serve
    } else {
        Opening::Beside
    };
    open_as(config, opening).await
}

/// As [`open`], but makes a new SQLite store where there is none yet, so that a token can be made
/// before the first start.
async fn open_or_make(config: Config) -> Result<App, String> {
    let is_new = config.database.url.sqlite_file().is_some_and(|file| !file.exists());
    if is_new {
        return open_as(config, Opening::Serve).await;
    }
    open(config).await
}

async fn open_as(config: Config, opening: Opening) -> Result<App, String> {
    let store = Store::open(&config.database.url, opening)
        .await
        .map_err(|error| error.to_string())?;
    App::new(config, store, Clock::System).await
}

async fn setup_code(config: Config) -> Result<(), String> {
    let app = open_or_make(config).await?;
    let code = setup::new_code(&app).await.map_err(|error| match error {
        Error::Conflict { .. } => {
            "there is an owner already: `palabre moderator add` invites people, `palabre moderator reset` makes \
             a new link for somebody who lost the way in"
                .to_owned()
        }
        error => format!("make a setup code: {error}"),
    })?;
    output::result(format_args!("{}/setup?code={code}", app.config.admin_url()))?;
    app.store.close().await;
    Ok(())
}

async fn observe(config: Config, site: &str) -> Result<(), String> {
    let app = open(config).await?;
    let row = crate::actions::tune::observe(&app, site)
        .await
        .map_err(|error| format!("set {site} to observe: {error}"))?;
    app.store.close().await;
    output::note(format_args!("{site}: version {} holds everything", row.policy.version));
    Ok(())
}

async fn pretend(listen: SocketAddr) -> Result<(), String> {
    let fake = FakeProvider::start(listen, None)
        .await
        .map_err(|error| format!("listen on {listen}: {error}"))?;
    let address = fake.address();
    output::note(format_args!(
        "Pretending to be every captcha provider at http://{address}; the secret is {SECRET}"
    ));
    for provider in ProviderId::ALL.into_iter().filter(|provider| provider.is_outside()) {
        output::note(format_args!(
            "  {:<22}verify_url = \"{}\"",
            provider.as_str(),
            fake.url_of(provider)
        ));
    }
    output::note(format_args!(
        "  a token                curl -d score=0.9 -d hostname=localhost http://{address}/_token"
    ));
    output::note(format_args!("  what it does           curl http://{address}/_control"));
    let shutdown = CancellationToken::new();
    cancel_at_signal(shutdown).await;
    Ok(())
}

/// What went wrong with what was asked for, as a sentence for a terminal.
fn in_words(what: &str, error: &Error) -> String {
    let code = match error {
        Error::Invalid(wrong) => wrong.first().map_or("invalid", |wrong| wrong.code),
        Error::Unavailable(_) | Error::Internal(_) => return format!("{what}: {error}"),
        error => error.code(),
    };
    format!("{what}: {}", Language::En.say(code))
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
