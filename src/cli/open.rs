//! The store and the service's parts, opened for a command.

use crate::{
    app::App,
    clock::Clock,
    config::Config,
    store::{Opening, Store},
};

/// The service's parts for a command beside a running server.
pub(super) async fn open(config: Config) -> Result<App, String> {
    let opening = if config.database.url.is_postgres() {
        Opening::Serve
    } else {
        Opening::Beside
    };
    open_as(config, opening).await
}

/// As [`open`], but makes a new SQLite store where there is none yet, so that a token can be made
/// before the first start.
pub(super) async fn open_or_make(config: Config) -> Result<App, String> {
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
