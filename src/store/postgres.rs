//! PostgreSQL: a pool, and the session settings that the shared SQL relies on.
//!
//! The connection itself always speaks UTF-8: the driver asks for it as the session begins, and that wins over the
//! address, the role and the database. What the database can hold is another matter, and looked at before anything
//! is written.

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{error::OpenError, schema::migrate};

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
    refuse_other_encodings(&mut connection).await?;
    migrate(&mut *connection, what).await?;
    drop(connection);
    Ok(pool)
}

/// Refuses a database that cannot hold all that people write, or would take bytes for what they are not.
async fn refuse_other_encodings(connection: &mut PgConnection) -> Result<(), OpenError> {
    let (server, client): (String, String) = sqlx::query_as(
        "SELECT CAST(current_setting('server_encoding') AS TEXT), CAST(current_setting('client_encoding') AS TEXT)",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| OpenError(format!("the PostgreSQL database does not tell its encoding: {error}")))?;
    if server != "UTF8" {
        return Err(OpenError(format!(
            "the PostgreSQL database has the encoding {server}, which cannot hold all that readers write; it must be \
             UTF8. Make one with `createdb --encoding=UTF8 --template=template0 NAME`, and name it in database.url"
        )));
    }
    if client != "UTF8" {
        return Err(OpenError(format!(
            "the connection to PostgreSQL speaks {client} and not UTF8: something between changes client_encoding"
        )));
    }
    Ok(())
}
