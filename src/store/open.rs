//! The store of a process: opened and closed.

use secrecy::ExposeSecret as _;
use sqlx::PgPool;

use super::{
    error::OpenError,
    postgres,
    sqlite::{
        connection::{self, Opening, Sqlite},
        writer,
    },
};
use crate::config::DatabaseUrl;

/// The store of one process.
#[derive(Debug)]
pub enum Store {
    /// One file; some reading connections and one writing connection behind a queue.
    Sqlite(Sqlite),
    /// A server.
    Postgres(PgPool),
}

impl Store {
    /// Opens the store at `url`.
    ///
    /// # Errors
    /// [`OpenError`]: not a database, one of another program, a newer schema than this program's, in
    /// use by another server, or out of reach.
    pub async fn open(url: &DatabaseUrl, opening: Opening) -> Result<Self, OpenError> {
        Self::open_with_batch(url, opening, writer::BATCH).await
    }

    /// The same with at most `batch` submissions and decisions in one transaction on SQLite, 1 or more:
    /// with 1, what committing them together is worth can be measured.
    ///
    /// # Errors
    /// [`OpenError`], as [`Store::open`].
    pub async fn open_with_batch(url: &DatabaseUrl, opening: Opening, batch: usize) -> Result<Self, OpenError> {
        match url {
            DatabaseUrl::Sqlite(file) => connection::open(file.clone(), opening, batch).await.map(Self::Sqlite),
            DatabaseUrl::Postgres(url) => postgres::open(url.expose_secret()).await.map(Self::Postgres),
        }
    }

    /// On SQLite, keeps servers out until what this gives is dropped; `None` on PostgreSQL, which any number share.
    /// For a store that was opened beside them, whose log has been looked at.
    ///
    /// # Errors
    /// [`OpenError`]: one runs.
    pub async fn keep_servers_out(&self) -> Result<Option<std::fs::File>, OpenError> {
        match self {
            Self::Sqlite(sqlite) => connection::lock(sqlite.path()).await.map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// The engine's name.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Ends the writer after what it has accepted, then closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
