//! SQLite: one file in WAL mode, [`ReadPool`], and one writing connection behind [`Writer`].
//!
//! `synchronous = FULL` is read back at start: acknowledged means durable. A lock file beside the
//! database keeps a second server out; commands beside a running server write through a short-lived
//! connection of their own and wait at most `busy_timeout` for their turn. Where no server runs, a log that
//! is not the database's own is found before anything is opened ([`super::log_file`]). All files are made for
//! their owner alone ([`crate::permissions`]).

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{ConnectOptions, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    log_file::{self, Look, beside},
    lookups::Lookups,
    read_pool::ReadPool,
    recent::Recent,
    writer::Writer,
};
use crate::{
    domain::timestamp::Timestamp,
    permissions,
    store::{error::OpenError, schema::migrate},
};

/// Marks a database file as ours: "PLBR".
pub(in crate::store) const APPLICATION_ID: i32 = 0x504c_4252;

/// The endings of the files that `SQLite` keeps beside a database.
pub(in crate::store) const ENDINGS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a server asks for the lock file, and after which time again: a command beside it holds its part for a
/// moment only.
pub(in crate::store) const TRIES: u32 = 20;
pub(in crate::store) const NEXT_TRY: Duration = Duration::from_millis(50);

/// Rows that wait for their reader: a page of a thread, so that the connection's thread need not stop in
/// its midst.
const ROWS: usize = 256;

/// How the writing connection is set.
///
/// - `wal_autocheckpoint`: pages of 4 KiB that the log may hold before they are brought into the file, 16 MiB: pages
///   that many submissions change are then brought over once for all of them.
/// - `cache_size`: what it may keep of the file, 4 MiB (KiB, by SQLite's sign): of the indexes over hashes every
///   submission needs other pages. Taken only once it is needed. Not more, because SQLite goes through all that is
///   kept after each commit that splits a page (its `balance_nonroot` moves pages by way of a number beyond the file's
///   end, and `pcache1Truncate` then looks for what is beyond it).
/// - `secure_delete`: what is deleted or overwritten is zeroed, pages that become free too. `FAST` was tried first: it
///   leaves what stood on a long text's overflow pages. Sending a comment frees hardly a page, so it costs nothing
///   there.
const WRITING: [(&str, &str); 6] = [
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("secure_delete", "ON"),
    ("wal_autocheckpoint", "4000"),
    ("cache_size", "-4096"),
];

/// How long emptying the log may hold up the writer for those who read what was before.
const EMPTYING_PATIENCE: Duration = Duration::from_millis(100);

/// What each reading connection may keep, 256 KiB: a commit makes it forget all, and the system has the file.
const READER_CACHE: &str = "-256";

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// By the server: makes it where it is missing, migrates it, and on SQLite keeps others out.
    Serve,
    /// By a command beside a running server: on SQLite a short-lived writing connection of its own.
    Beside,
}

/// An open SQLite store.
#[derive(Debug)]
pub struct Sqlite {
    readers: Arc<ReadPool>,
    recent: Arc<Recent>,
    looks: Lookups,
    writer: Writer,
    path: PathBuf,
    /// Opens a connection that empties the log.
    emptying: Box<SqliteConnectOptions>,
    /// Texts were erased that the log may still hold.
    erased: AtomicBool,
    /// Held while the store is open to serve.
    lock: Option<File>,
}

impl Sqlite {
    pub(in crate::store) fn readers(&self) -> &ReadPool {
        &self.readers
    }

    pub(in crate::store) fn recent(&self) -> &Recent {
        &self.recent
    }

    pub(in crate::store) fn looks(&self) -> &Lookups {
        &self.looks
    }

    pub(in crate::store) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::store) fn note_erasure(&self) {
        self.erased.store(true, Ordering::Release);
    }

    /// Brings the log into the file and empties it, where something was erased; `false`: not yet, because
    /// somebody reads what was before. What can be brought over without stopping the writer goes first.
    pub(in crate::store) async fn finish_erasures(&self) -> Result<bool, sqlx::Error> {
        if !self.erased.swap(false, Ordering::AcqRel) {
            return Ok(true);
        }
        let emptied = self.empty_log().await;
        if !matches!(emptied, Ok(true)) {
            self.note_erasure();
        }
        emptied
    }

    /// <https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>
    async fn empty_log(&self) -> Result<bool, sqlx::Error> {
        let mut connection = self.emptying.connect().await?;
        let mut busy = 0;
        for statement in ["PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            (busy, _, _) = sqlx::query_as::<_, (i64, i64, i64)>(statement)
                .fetch_one(&mut connection)
                .await?;
        }
        connection.close().await?;
        Ok(busy == 0)
    }

    pub(in crate::store) async fn close(&self) {
        if let Err(error) = self.finish_erasures().await {
            tracing::warn!(%error, "the database's log could not be emptied of what was erased");
        }
        // ReadPool first: only the last connection, if it may write, brings the log into the file, so that a
        // clean end leaves one whole file. A reader that does not end must not keep the writer.
        let _ = tokio::time::timeout(BUSY_TIMEOUT, self.readers.close()).await;
        self.writer.close().await;
        if let Some(lock) = &self.lock {
            let _ = lock.unlock();
        }
    }
}

pub(in crate::store) async fn open(path: PathBuf, opening: Opening, batch: usize) -> Result<Sqlite, OpenError> {
    let what = path.display().to_string();
    if opening == Opening::Beside && !path.exists() {
        return Err(missing(&path));
    }
    let turn = match opening {
        Opening::Serve => Some(lock(&path).await?),
        Opening::Beside => share(&path),
    };
    if turn.is_some() {
        refuse_what_is_left(&path).await?;
    }
    if opening == Opening::Serve {
        keep_private(&path)?;
    }
    let unusable = |error: sqlx::Error| OpenError(format!("{what} cannot be opened as a database: {error}"));
    let plain = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(200)
        .row_buffer_size(ROWS)
        .disable_statement_logging();
    let reading = plain
        .clone()
        .create_if_missing(false)
        .read_only(true)
        .pragma("cache_size", READER_CACHE);
    let mut connection = plain.connect().await.map_err(unusable)?;
    claim_file(&mut connection, &what).await?;
    // Only now, because the journal's mode would change another program's file.
    let mut options = plain;
    for (name, value) in WRITING {
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA {name} = {value}")))
            .execute(&mut connection)
            .await
            .map_err(unusable)?;
        options = options.pragma(name, value);
    }
    migrate(&mut connection, &what).await?;
    if opening == Opening::Serve {
        note_run(&mut connection).await.map_err(unusable)?;
    }
    let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous")
        .fetch_one(&mut connection)
        .await
        .map_err(unusable)?;
    if synchronous != 2 {
        return Err(OpenError(format!(
            "{what}: synchronous is {synchronous} and not 2 (FULL), so that an acknowledged comment could be lost"
        )));
    }
    let readers = Arc::new(ReadPool::new(reading));
    let keys_until = keys_until(&mut connection, opening).await.map_err(unusable)?;
    let recent = Arc::new(Recent::new(keys_until));
    Ok(Sqlite {
        emptying: Box::new(options.clone().busy_timeout(EMPTYING_PATIENCE)),
        // A server that was killed may have erased something a moment before.
        erased: AtomicBool::new(opening == Opening::Serve),
        writer: Writer::start(connection, options, batch),
        looks: Lookups::start(Arc::clone(&readers), Arc::clone(&recent)),
        recent,
        readers,
        path,
        // A command lets a server start beside it.
        lock: turn.filter(|_| opening == Opening::Serve),
    })
}

/// Writes page 1 into the log, as it is: its counter goes up, so that the log of each run tells which file it
/// continues. The sync of whatever is written first makes it last.
async fn note_run(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("PRAGMA synchronous = NORMAL; PRAGMA user_version = 0; PRAGMA synchronous = FULL")
        .execute(connection)
        .await?;
    Ok(())
}

/// When the last of the stored keys runs out; never, where somebody else may store some.
async fn keys_until(connection: &mut SqliteConnection, opening: Opening) -> Result<Timestamp, sqlx::Error> {
    if opening == Opening::Beside {
        return Ok(Timestamp(i64::MAX));
    }
    // Index: repeat_keys_by_expiry.
    let (until,): (Option<i64>,) = sqlx::query_as("SELECT MAX(expires_at) FROM repeat_keys")
        .fetch_one(connection)
        .await?;
    Ok(Timestamp(until.unwrap_or(i64::MIN)))
}

/// Takes the lock file beside the database, for the life of the process.
///
/// # Errors
/// [`OpenError`]: a server holds it, or it cannot be made.
pub(in crate::store) async fn lock(path: &Path) -> Result<File, OpenError> {
    let failed = |error: std::io::Error| OpenError(format!("open the database {}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        permissions::make_folder(folder).map_err(failed)?;
    }
    let file = permissions::open_file(&beside(path, ".lock")).map_err(failed)?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(NEXT_TRY).await,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    Err(OpenError(format!(
        "{} is in use by another palabre serve; stop it first, or use PostgreSQL to run several",
        path.display()
    )))
}

/// A command's part in the lock file, while it opens the store; `None` where a server holds it, whose log lies
/// there with good reason.
fn share(path: &Path) -> Option<File> {
    let file = permissions::open_file(&beside(path, ".lock")).ok()?;
    file.try_lock_shared().ok().map(|()| file)
}

/// There is no database where one is needed.
fn missing(path: &Path) -> OpenError {
    if ENDINGS
        .iter()
        .any(|ending| beside(&where_it_leads(path), ending).exists())
    {
        return OpenError(left_alone(&where_it_leads(path)));
    }
    OpenError(format!(
        "{} does not exist: start the server once first, or put a copy in its place with `palabre restore`",
        path.display()
    ))
}

/// What to do where the files beside a database are there and the database is not: in its log may stand what is
/// nowhere else.
fn left_alone(path: &Path) -> String {
    let left = ENDINGS.map(|ending| beside(path, ending));
    let left: Vec<String> = left
        .iter()
        .filter(|file| file.exists())
        .map(|file| file.display().to_string())
        .collect();
    let (left, file) = (left.join(" and "), path.display());
    format!(
        "{file} is missing or empty, and {left} {} there: there is no database to which it could belong. Put {file} \
         back beside it; or put a copy in its place with `palabre restore`, which moves {left} aside. Only where \
         nothing is to be kept, take {left} away: the next start then makes a new database, which is empty",
        if left.contains(" and ") { "are" } else { "is" }
    )
}

/// Where the database lies or would lie, when its name is a link.
pub(in crate::store) fn where_it_leads(named: &Path) -> PathBuf {
    if let Ok(database) = std::fs::canonicalize(named) {
        return database;
    }
    let folder = named.parent().unwrap_or(Path::new(""));
    std::fs::read_link(named).map_or_else(|_| named.to_owned(), |target| folder.join(target))
}

/// Refuses files that are left of another database than the one they lie beside, and changes nothing.
async fn refuse_what_is_left(path: &Path) -> Result<(), OpenError> {
    // Where the path is a link, they lie where it leads.
    let path = where_it_leads(path);
    // Empty ones too: a database was there that is not there now. A first start that was killed leaves an empty file
    // and the journal under which it becomes a database.
    let is_left = |ending: &str| beside(&path, ending).exists();
    let is_gone = match std::fs::metadata(&path) {
        Ok(database) if database.len() == 0 => ["-wal", "-shm"].into_iter().any(is_left),
        Ok(_) => false,
        Err(_) => ENDINGS.into_iter().any(is_left),
    };
    if is_gone {
        return Err(OpenError(left_alone(&path)));
    }
    let failed = |error: std::io::Error| OpenError(format!("read {}: {error}", path.display()));
    let why = match log_file::look(&path).map_err(failed)? {
        Look::Foreign(why) => why,
        Look::Fits if log_file::is_spoiled_by_its_log(&path).await => "the database is whole, and is not with it",
        Look::Fits | Look::NoLog => return Ok(()),
    };
    let (log, index) = (beside(&path, "-wal"), beside(&path, "-shm"));
    Err(OpenError(format!(
        "{log} is not the log of {file} ({why}), as when a copy was put in its place by hand; nothing was changed. \
         Take {log} and {index} away and start again: what {file} holds is then what counts. Or put the database \
         back to which they belong. `palabre restore` puts a copy in place without this",
        log = log.display(),
        index = index.display(),
        file = path.display(),
    )))
}

/// Makes the database file where there is none, and takes the database's files from others.
fn keep_private(path: &Path) -> Result<(), OpenError> {
    if !path.exists() {
        permissions::make_file(path)
            .map_err(|error| OpenError(format!("make the database {}: {error}", path.display())))?;
    }
    let own = ["", ".lock"].into_iter().chain(ENDINGS);
    for file in own.map(|ending| beside(path, ending)) {
        let narrowed = permissions::narrow(&file);
        let file = file.display();
        match narrowed {
            Ok(None) => {}
            Ok(Some(mode)) => {
                tracing::warn!("{file} was open to others (mode {mode:04o}); now it is its owner's alone");
            }
            Err(error) => tracing::warn!("{file} is open to others and cannot be closed to them: {error}"),
        }
    }
    Ok(())
}

/// Refuses a database of another program, and marks a new one as ours.
async fn claim_file(connection: &mut SqliteConnection, what: &str) -> Result<(), OpenError> {
    let unusable = |error: sqlx::Error| {
        OpenError(format!(
            "{what} is damaged or no database ({error}): restore it from a backup, or name another file in database.url"
        ))
    };
    let (id,): (i32,) = sqlx::query_as("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await
        .map_err(unusable)?;
    let (tables,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM sqlite_master")
        .fetch_one(&mut *connection)
        .await
        .map_err(unusable)?;
    // UTF-16 is another matter than how texts are kept: SQLite changes U+FFFE and U+FFFF on the way.
    let (encoding,): (String,) = sqlx::query_as("PRAGMA encoding")
        .fetch_one(&mut *connection)
        .await
        .map_err(unusable)?;
    if encoding != "UTF-8" {
        return Err(OpenError(format!(
            "{what} is a database in {encoding}, which does not keep all that readers write; it must be UTF-8: name \
             another file in database.url, and it is made so"
        )));
    }
    if id == APPLICATION_ID {
        return Ok(());
    }
    if tables > 0 || id != 0 {
        return Err(OpenError(format!(
            "{what} is a database of another program: name another file in database.url"
        )));
    }
    sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}")))
        .execute(connection)
        .await
        .map_err(unusable)?;
    Ok(())
}
