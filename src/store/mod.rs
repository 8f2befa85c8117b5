//! The only place that knows SQL, on both engines.
//!
//! [`Store`] is an enum with inherent async methods; each holds its SQL once, with `$1` placeholders,
//! and sends it through `on_pool!` (one read) or `in_tx!` (one write transaction), which expand the same
//! expression for SQLite and for PostgreSQL. One method is one atomic unit; no connection and no
//! transaction leaves this module, so no network call can happen inside one.
//!
//! What must hold: text is folded in Rust, never by SQL; times are `BIGINT` milliseconds; lists are
//! bounded and page by key; a read-then-write is one guarded statement or stands behind a row lock.
//! What the engines do not share goes behind a `match` on the engine. To add a query: a method in the
//! file of its noun, and a test in `tests/it/store.rs`, which runs on both engines.
//!
//! Tried before: `sqlx::Any` has no BOOLEAN on SQLite and no UUID; generics over `Database` need nine
//! growing bounds a block; a trait with two implementations drifts apart.

mod access;
mod accounts;
mod audit;
mod backup;
mod changes;
mod claims;
mod comments;
mod copies;
mod credentials;
mod defence;
mod evidence;
mod feedback;
mod housekeeping;
mod invitations;
mod leases;
mod log_file;
mod looks;
mod names;
mod new_key;
mod offers;
mod outbox;
mod postgres;
mod queue;
mod readers;
mod recent;
mod rows;
mod sessions;
mod signals;
mod sites;
mod sqlite;
mod step_up;
mod threads;
mod tokens;
mod units;
mod writer;

use std::path::PathBuf;

use sqlx::{
    PgPool,
    migrate::{Migrate, MigrateError, Migrator},
};

pub use self::{
    accounts::{Account, AccountAdded, AccountChange, AccountsWanted, Giver, NewAccount},
    audit::{AuditEntry, NewAudit, SealFault},
    backup::{check_place, left_copies},
    changes::Arrival,
    claims::Claim,
    comments::{AuthorRecord, Before, Parent, Repeat},
    copies::{CheckedCopy, Restored, check_copy, files, folder_of, sync_folder_of},
    defence::Hosts,
    evidence::Changed,
    feedback::Untold,
    invitations::{Invitation, LiveLink},
    leases::Lease,
    log_file::beside,
    new_key::{Kept, Sealed},
    outbox::{Delivered, Delivery, Receiver},
    queue::{QueueRow, SiteCounts},
    rows::Comment,
    sessions::{LiveSession, NewSession, SessionEntry},
    sites::{PolicyRow, Secrets, StoredSite},
    threads::{PublicComment, PublicThread, TakenBack, ThreadRow},
    tokens::{LiveToken, TokenRow, TokensWanted},
    units::{Decide, Inserted, NewComment},
};
use crate::config::is_postgres;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The store of one process.
#[derive(Debug)]
pub enum Store {
    /// One file; some reading connections and one writing connection behind a queue.
    Sqlite(sqlite::Sqlite),
    /// A server.
    Postgres(PgPool),
}

/// What became of something of which a site has only so many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounded {
    Done,
    /// There is no place for another one.
    Full {
        /// On which site; `*` stands for every site.
        site: String,
    },
}

/// What a store call can fail with; "not found" is no failure.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or written now; nothing is known to be stored.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A stored value is not what the code writes.
    #[error("corrupt data in {table}.{column}, row {row}: {value:?}")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        row: String,
        value: String,
    },
    /// Somebody who works on the same site is called so, or nearly; nothing is stored.
    #[error("the name looks like a colleague's")]
    NameTaken,
    /// A defect of ours.
    #[error("the store refused a statement: {0}")]
    Sql(#[source] sqlx::Error),
}

impl StoreError {
    /// Another transaction inserted the same key first.
    fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's primary result codes (https://www.sqlite.org/rescode.html): busy 5, locked 6,
        // read-only 8, I/O 10, full 13, cannot open 14. PostgreSQL's classes: 08 connection,
        // 53 resources, 57 operator intervention, and 40 serialisation.
        let passing = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_) => true,
            sqlx::Error::Database(database) => database.code().is_some_and(|code| {
                code.parse::<u32>()
                    .is_ok_and(|code| code <= 0xffff && matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
                    || (code.len() == 5 && ["08", "53", "57", "40", "25006"].iter().any(|c| code.starts_with(c)))
            }),
            _ => false,
        };
        if passing {
            Self::Unavailable(error.to_string())
        } else {
            Self::Sql(error)
        }
    }
}

impl From<StoreError> for crate::error::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => Self::Unavailable(why),
            StoreError::NameTaken => Self::Invalid(vec![crate::domain::draft::FieldError::new("name", "name_taken")]),
            StoreError::Sql(_) | StoreError::Corrupt { .. } => Self::Internal(error.to_string()),
        }
    }
}

/// Why a store cannot be opened, copied or put back; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(String);

/// Expands one read for both engines.
macro_rules! on_pool {
    ($store:expr, |$pool:ident| $body:expr) => {
        match $store {
            $crate::store::Store::Sqlite(sqlite) => match sqlite.readers().take().await {
                Ok(mut reader) => {
                    let result = {
                        let $pool = &mut reader.connection;
                        $body
                    };
                    if result.is_ok() {
                        reader.put_back();
                    }
                    result
                }
                Err(error) => Err(error),
            },
            $crate::store::Store::Postgres(pool) => {
                let $pool = pool;
                $body
            }
        }
    };
}

/// Expands one write transaction for both engines. The body is an async block's content that gives a
/// `Result<_, StoreError>` and owns all it uses; an error rolls back.
macro_rules! in_tx {
    ($store:expr, |$conn:ident| $body:expr) => {
        match $store {
            $crate::store::Store::Sqlite(sqlite) => {
                sqlite
                    .writer()
                    .run(move |$conn: &mut ::sqlx::SqliteConnection| Box::pin(async move { $body }))
                    .await
            }
            $crate::store::Store::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let result = {
                    let $conn: &mut ::sqlx::PgConnection = &mut transaction;
                    async { $body }.await
                };
                match result {
                    Ok(value) => transaction.commit().await.map(|()| value).map_err(Into::into),
                    Err(error) => {
                        let _ = transaction.rollback().await;
                        Err(error)
                    }
                }
            }
        }
    };
}

/// Narrows a query to the sites of a scope. An empty list of sites is none at all: PostgreSQL knows no
/// `IN ()`.
macro_rules! push_scope {
    ($query:expr, $column:literal, $scope:expr) => {
        if let $crate::domain::actor::Scope::Sites(sites) = $scope {
            $query.push(if sites.is_empty() {
                concat!(" AND ", $column, " IN (NULL")
            } else {
                concat!(" AND ", $column, " IN (")
            });
            let mut list = $query.separated(", ");
            for site in sites {
                list.push_bind(site.as_str());
            }
            $query.push(")");
        }
    };
}
use {in_tx, on_pool, push_scope};

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// By the server: makes it where it is missing, migrates it, and on SQLite keeps others out.
    Serve,
    /// By a command beside a running server: on SQLite a short-lived writing connection of its own.
    Beside,
}

impl Store {
    /// Opens the store at `url`.
    ///
    /// # Errors
    /// [`OpenError`]: not a database, one of another program, a newer schema than this program's, in
    /// use by another server, or out of reach.
    pub async fn open(url: &str, opening: Opening) -> Result<Self, OpenError> {
        Self::open_with_batch(url, opening, writer::BATCH).await
    }

    /// The same with at most `batch` submissions and decisions in one transaction on SQLite, 1 or more:
    /// with 1, what committing them together is worth can be measured.
    ///
    /// # Errors
    /// [`OpenError`], as [`Store::open`].
    pub async fn open_with_batch(url: &str, opening: Opening, batch: usize) -> Result<Self, OpenError> {
        if is_postgres(url) {
            return postgres::open(url).await.map(Self::Postgres);
        }
        sqlite::open(sqlite_path(url)?, opening, batch).await.map(Self::Sqlite)
    }

    /// On SQLite, keeps servers out until what this gives is dropped; `None` on PostgreSQL, which any number share.
    /// For a store that was opened beside them, whose log has been looked at.
    ///
    /// # Errors
    /// [`OpenError`]: one runs.
    pub async fn keep_servers_out(&self) -> Result<Option<std::fs::File>, OpenError> {
        match self {
            Self::Sqlite(sqlite) => sqlite::lock(sqlite.path()).await.map(Some),
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

    /// Answers when a statement goes through, within two seconds.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let query = async {
            on_pool!(self, |pool| sqlx::query("SELECT 1").execute(pool).await.map(|_| ()))?;
            Ok(())
        };
        tokio::time::timeout(std::time::Duration::from_secs(2), query)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("no answer within two seconds".to_owned())))
    }

    /// Ends the writer after what it has accepted, then closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// The file that the address of a SQLite store names.
///
/// # Errors
/// [`OpenError`]: it names none.
pub fn sqlite_path(url: &str) -> Result<PathBuf, OpenError> {
    url.strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))
        .filter(|path| !path.is_empty() && !path.starts_with(":memory:"))
        .map(PathBuf::from)
        .ok_or_else(|| OpenError("database.url: sqlite:// needs the path of a file".to_owned()))
}

/// Applies the missing migrations; refuses a schema that this program does not know.
async fn migrate<C: Migrate>(connection: &mut C, what: &str) -> Result<(), OpenError> {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0);
    MIGRATOR
        .run_direct(None, connection, false)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(found) => OpenError(format!(
                "{what} has schema {found}, and this program knows schemas up to {newest}: \
                 use the newer program that made it"
            )),
            MigrateError::VersionMismatch(found) => OpenError(format!(
                "{what} has another schema {found} than this program's: it was made by another build"
            )),
            other => OpenError(format!("{what} cannot be brought to schema {newest}: {other}")),
        })
}
