//! `palabre serve`: the service, until it is told to end.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::output;
use crate::{
    actions::setup,
    app::App,
    clock::Clock,
    config::Config,
    domain::code::Code,
    error::Error,
    http, server,
    store::{Opening, Store},
};

pub(super) async fn run(mut config: Config) -> Result<(), String> {
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
    // They calibrate a clock by looking at it for some milliseconds, which no reader need wait for.
    tokio::task::spawn_blocking(http::start_metrics);
    server::serve(app, listener, shutdown).await
}

/// Says where to go. While no owner exists, that is a one-time link.
async fn greet(app: &App) -> Result<(), String> {
    let (url, admin) = (app.config.public_url(), app.config.admin_url());
    let code = match setup::new_code(app).await {
        Ok(code) => Some(code),
        Err(Error::Code(Code::SetupOver)) => None,
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

pub(super) async fn cancel_at_signal(shutdown: CancellationToken) {
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
