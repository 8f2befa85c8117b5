//! SQLite's reading connections: opened when they are first needed, kept for the next reader.
//!
//! Each connection is a thread of its own, so every message to one costs a switch there and back.
//! sqlx's pool asks a connection for a sign of life before and after each use, three messages for one
//! query; here a connection is asked only the query. Instead, one that did not end its query with
//! success (an error, a caller that went away) is closed and never used again.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Two cores' worth of readers and some to wait in; each costs about 100 kB once used.
const READERS: usize = 4;

/// How long a reader waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connections that nobody reads with now.
#[derive(Debug)]
pub(in crate::store) struct ReadPool {
    options: Box<SqliteConnectOptions>,
    room: Semaphore,
    idle: Mutex<Vec<SqliteConnection>>,
}

/// One connection for one query; closed unless it is put back.
#[derive(Debug)]
pub(in crate::store) struct Reader<'a> {
    pub(in crate::store) connection: SqliteConnection,
    readers: &'a ReadPool,
    _room: SemaphorePermit<'a>,
}

impl ReadPool {
    /// None is opened yet; `options` open one.
    pub(in crate::store) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options: Box::new(options),
            room: Semaphore::new(READERS),
            idle: Mutex::default(),
        }
    }

    /// A connection, waiting for one at most five seconds.
    ///
    /// # Errors
    /// `PoolTimedOut`, `PoolClosed`, or why no connection can be opened.
    pub(in crate::store) async fn take(&self) -> Result<Reader<'_>, sqlx::Error> {
        let room = tokio::time::timeout(PATIENCE, self.room.acquire())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Reader {
            connection: match idle {
                Some(connection) => connection,
                None => self.options.connect().await?,
            },
            readers: self,
            _room: room,
        })
    }

    /// Closes all that nobody reads with; no other can be taken any more.
    pub(in crate::store) async fn close(&self) {
        self.room.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            let _ = connection.close().await;
        }
    }
}

impl Reader<'_> {
    /// Keeps the connection for the next reader, after a query that ended with success.
    pub(in crate::store) fn put_back(self) {
        let Self {
            connection,
            readers,
            _room,
        } = self;
        if !readers.room.is_closed() {
            readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}
