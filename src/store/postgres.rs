//! PostgreSQL: a pool, and the session settings that the shared SQL relies on.

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{OpenError, migrate};

/// As many as a small server's `max_connections` of 100 shares with a second instance.
const CONNECTIONS: u32 = 16;

pub(super) async fn open(url: &str) -> Result<PgPool, OpenError> {
    let what = "the PostgreSQL database";
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| OpenError(format!("database.url: not an address of PostgreSQL: {error}")))?
        // No statement may hold a lock or a reader for ever.
        .options([("statement_timeout", "10s"), ("lock_timeout", "5s")])
        // The migrations' "already exists, skipping" is no news at every start.
        .options([("client_min_messages", "warning")])
        .application_name("palabre");
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await
        .map_err(|error| OpenError(format!("{what} cannot be reached: {error}")))?;
    let mut connection = pool
        .acquire()
        .await
        .map_err(|error| OpenError(format!("{what} cannot be reached: {error}")))?;
    migrate(&mut *connection, what).await?;
    drop(connection);
    Ok(pool)
}
