//! Copies of a SQLite store, checked and put back; [`super::backup`] makes them.
//!
//! Invariant: a copy that is put back takes the place of the database in one step, so that an end at any moment
//! leaves the old database or the new one whole; what was there is never deleted; and no log of the former database
//! stays where SQLite would bring it into the new one.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    connection::{APPLICATION_ID, ENDINGS, lock, where_it_leads},
    files::{folder_of, kind_of, sync_folder_of},
    log_file::{self, Head, Look, beside},
};
use crate::{
    domain::timestamp::Timestamp,
    permissions,
    store::{error::OpenError, schema::MIGRATOR},
};

/// A copy that was looked through and lies beside the database, ready to take its place; it goes when it is dropped.
/// No server starts as long as this lives.
#[derive(Debug)]
pub struct CheckedCopy {
    /// Version of its schema; this program knows it.
    pub schema: i64,
    /// This program's.
    pub newest_schema: i64,
    /// What it holds under the name that was asked for.
    pub meta: Option<String>,
    pub comments: i64,
    database: PathBuf,
    ready: PathBuf,
    lock_file: PathBuf,
    _lock: File,
}

/// What a copy replaced.
#[derive(Debug)]
pub struct Restored {
    pub database: PathBuf,
    /// Where what was there lies now, each file: the database first, where there was one, and what lay beside it.
    pub aside: Vec<PathBuf>,
    /// Whether a database was there.
    pub had_database: bool,
}

/// Lookups a copy of the store in the file `named` through: that it is a whole database of ours with a schema of this
/// program or an older one. `meta` names what is wanted of its small facts. The copy itself is only read.
///
/// # Errors
/// [`OpenError`]: a server runs on the store, or what is wrong with the copy. Nothing has changed then.
pub async fn check_copy(named: &Path, copy: &Path, meta: &str) -> Result<CheckedCopy, OpenError> {
    let database = where_it_leads(named);
    let what = copy.display();
    let unreadable = |error: io::Error| OpenError(format!("read {what}: {error}"));
    check_is_file(copy)?;
    if fs::canonicalize(copy).map_err(unreadable)? == database {
        return Err(OpenError(format!("{what} is the database itself and not a copy of it")));
    }
    if fs::metadata(copy).map_err(unreadable)?.len() == 0 {
        return Err(OpenError(format!("{what} is empty, and so no database of palabre")));
    }
    let head = Head::read(copy).map_err(unreadable)?;
    if head.is_none_or(|head| head.application_id.cast_signed() != APPLICATION_ID) {
        return Err(OpenError(format!(
            "{what} is no database of palabre, or its beginning is damaged"
        )));
    }
    match fs::metadata(&database) {
        Ok(there) if !there.is_file() => {
            return Err(OpenError(format!(
                "{}, which database.url names, is {} and no place for a database: move it away, or name a file",
                database.display(),
                kind_of(there.file_type())
            )));
        }
        _ => {}
    }
    // The one that a server takes, also where a link leads to the database.
    let lock = lock(named).await?;
    let mut checked = CheckedCopy {
        schema: 0,
        newest_schema: MIGRATOR.iter().map(|known| known.version).max().unwrap_or(0),
        meta: None,
        comments: 0,
        ready: beside(&database, ".restoring"),
        lock_file: beside(named, ".lock"),
        database,
        _lock: lock,
    };
    checked.remove_ready();
    duplicate(copy, &checked.ready)
        .map_err(|error| OpenError(format!("copy {what} to {}: {error}", checked.ready.display())))?;
    match log_file::look(&checked.ready).map_err(unreadable)? {
        Look::NoLog => {}
        Look::Fits if !log_file::is_spoiled_by_its_log(&checked.ready).await => {}
        Look::Fits | Look::Foreign(_) => {
            let log = beside(copy, "-wal");
            return Err(OpenError(format!(
                "{} lies beside {what} and is not its log: take it away first",
                log.display()
            )));
        }
    }
    checked.look_through(&what.to_string(), meta).await?;
    File::open(&checked.ready)
        .and_then(|file| file.sync_all())
        .map_err(unreadable)?;
    Ok(checked)
}

/// That a copy and the log beside it are files: whatever else is opened may never answer.
fn check_is_file(copy: &Path) -> Result<(), OpenError> {
    let what = copy.display();
    let unreadable = |error: io::Error| {
        let is_link = fs::symlink_metadata(copy).is_ok_and(|there| there.is_symlink());
        OpenError(if is_link {
            format!("{what} is a link that leads to no file: {error}")
        } else {
            format!("read {what}: {error}")
        })
    };
    let kind = fs::metadata(copy).map_err(unreadable)?.file_type();
    if !kind.is_file() {
        return Err(OpenError(format!(
            "{what} is {} and no copy of a database",
            kind_of(kind)
        )));
    }
    let log = beside(copy, "-wal");
    match fs::metadata(&log) {
        Ok(there) if !there.is_file() => Err(OpenError(format!(
            "{} lies beside {what} where its log would, and is {}: take it away first",
            log.display(),
            kind_of(there.file_type())
        ))),
        _ => Ok(()),
    }
}

/// A copy may have a log of its own, as a database that was moved aside.
fn duplicate(copy: &Path, to: &Path) -> io::Result<()> {
    for ending in ["", "-wal"] {
        let (from, to) = (beside(copy, ending), beside(to, ending));
        if ending.is_empty() || from.exists() {
            let mut source = File::open(from)?;
            io::copy(&mut source, &mut permissions::make_file(&to)?)?;
        }
    }
    Ok(())
}

impl CheckedCopy {
    async fn look_through(&mut self, what: &str, meta: &str) -> Result<(), OpenError> {
        let damaged = |error: sqlx::Error| OpenError(format!("{what} is damaged: {error}"));
        let options = SqliteConnectOptions::new()
            .filename(&self.ready)
            .create_if_missing(false)
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(damaged)?;
        // Brings a log of its own into it, and leaves one file.
        sqlx::query("PRAGMA journal_mode = DELETE")
            .execute(&mut connection)
            .await
            .map_err(damaged)?;
        let (verdict,): (String,) = sqlx::query_as("PRAGMA integrity_check(1)")
            .fetch_one(&mut connection)
            .await
            .map_err(damaged)?;
        if verdict != "ok" {
            return Err(OpenError(format!("{what} is damaged: {verdict}")));
        }
        let (encoding,): (String,) = sqlx::query_as("PRAGMA encoding")
            .fetch_one(&mut connection)
            .await
            .map_err(damaged)?;
        if encoding != "UTF-8" {
            return Err(OpenError(format!(
                "{what} is a database in {encoding}, and must be in UTF-8"
            )));
        }
        self.schema = schema_of(&mut connection, what).await?;
        let found: Option<(String,)> = sqlx::query_as("SELECT content FROM meta WHERE name = $1")
            .bind(meta)
            .fetch_optional(&mut connection)
            .await
            .map_err(damaged)?;
        self.meta = found.map(|(content,)| content);
        (self.comments,) = sqlx::query_as("SELECT COUNT(*) FROM comments")
            .fetch_one(&mut connection)
            .await
            .map_err(damaged)?;
        connection.close().await.map_err(damaged)
    }

    /// Moves what is there aside, under a name that tells when, and puts the copy in its place.
    ///
    /// # Errors
    /// [`OpenError`], which says what is where.
    pub fn put_in_place(self, at: Timestamp) -> Result<Restored, OpenError> {
        let database = self.database.clone();
        let failed = |error: io::Error| {
            OpenError(format!(
                "put the copy in the place of {}: {error}; nothing was deleted, and what was there is there or under \
                 {}.before-…",
                database.display(),
                database.display()
            ))
        };
        let owned = if database.exists() {
            database.as_path()
        } else {
            folder_of(&database)
        };
        for made in [&self.ready, &self.lock_file] {
            if made.exists() {
                permissions::own_as(made, owned).map_err(failed)?;
            }
        }
        let had_database = database.exists();
        let aside = self.move_aside(at).map_err(failed)?;
        fs::rename(&self.ready, &database).map_err(failed)?;
        sync_folder_of(&database).map_err(failed)?;
        // Only now: until this moment they belonged to what lay there. A start in between finds that they are
        // another file's and says so.
        for ending in ENDINGS {
            remove_if_there(&beside(&database, ending)).map_err(failed)?;
        }
        sync_folder_of(&database).map_err(failed)?;
        Ok(Restored {
            database,
            aside,
            had_database,
        })
    }

    /// Gives what is there a second name, so that it is whole under the first one until the copy takes that over.
    fn move_aside(&self, at: Timestamp) -> io::Result<Vec<PathBuf>> {
        let there: Vec<&str> = [""]
            .into_iter()
            .chain(ENDINGS)
            .filter(|ending| beside(&self.database, ending).exists())
            .collect();
        if there.is_empty() {
            return Ok(Vec::new());
        }
        let (aside, mut moved) = (self.free_name(at), Vec::new());
        for ending in &there {
            let (from, to) = (beside(&self.database, ending), beside(&aside, ending));
            if fs::hard_link(&from, &to).is_err() {
                // A file system without second names.
                fs::rename(&from, &to)?;
            }
            permissions::narrow(&to)?;
            moved.push(to);
        }
        sync_folder_of(&self.database)?;
        // It would be played back into whatever lies there.
        remove_if_there(&beside(&self.database, "-journal"))?;
        Ok(moved)
    }

    /// `palabre.db.before-20261130T014700Z`, with a number where that is taken.
    fn free_name(&self, at: Timestamp) -> PathBuf {
        let plain = beside(&self.database, &format!(".before-{}", at.in_file_name()));
        let numbered = (2..).map(|number| beside(&plain, &format!("-{number}")));
        std::iter::once(plain.clone())
            .chain(numbered)
            .find(|name| {
                [""].into_iter()
                    .chain(ENDINGS)
                    .all(|ending| !beside(name, ending).exists())
            })
            .unwrap_or(plain)
    }

    fn remove_ready(&self) {
        for ending in [""].into_iter().chain(ENDINGS) {
            let _ = fs::remove_file(beside(&self.ready, ending));
        }
    }
}

impl Drop for CheckedCopy {
    fn drop(&mut self) {
        self.remove_ready();
    }
}

/// The schema's version; refuses one that this program does not know.
async fn schema_of(connection: &mut SqliteConnection, what: &str) -> Result<i64, OpenError> {
    let applied: Vec<(i64, Vec<u8>, bool)> =
        sqlx::query_as("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version LIMIT 10000")
            .fetch_all(connection)
            .await
            .map_err(|error| OpenError(format!("{what} has no schema of palabre: {error}")))?;
    let newest = MIGRATOR.iter().map(|known| known.version).max().unwrap_or(0);
    for (version, checksum, success) in &applied {
        let Some(known) = MIGRATOR.iter().find(|known| known.version == *version) else {
            return Err(OpenError(format!(
                "{what} has schema {version}, and this program knows schemas up to {newest}: use the newer program \
                 that made it"
            )));
        };
        if !success || *known.checksum != **checksum {
            return Err(OpenError(format!(
                "{what} has another schema {version} than this program's: it was made by another build"
            )));
        }
    }
    applied
        .last()
        .map(|(version, ..)| *version)
        .ok_or_else(|| OpenError(format!("{what} has no schema of palabre: it is empty")))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
