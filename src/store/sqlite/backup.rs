//! Making a copy of a SQLite store beside a running server.
//!
//! Invariant: a file under the name of a copy is whole and on disk; nothing that is there is written over; what a
//! killed backup leaves is known by its ending and goes with the next backup into its folder, and never while another
//! one writes there.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use super::{
    connection::{NEXT_TRY, TRIES},
    files::{FILES, folder_of, kind_of, sync_folder_of},
};
use crate::{
    clock::random_bytes,
    keys::hex,
    permissions,
    store::{error::OpenError, open::Store},
};

/// How the name of a copy ends that is not whole yet.
const PARTIAL: &str = ".palabre-partial";

impl Store {
    /// Writes a consistent copy of a SQLite store to `file`, which must not exist: for its owner alone, and on disk
    /// once this answers. `false` on PostgreSQL, which has tools of its own (`pg_dump`).
    ///
    /// # Errors
    /// [`OpenError`], a sentence that names the file; nothing is left under the name then.
    pub async fn backup(&self, file: &Path) -> Result<bool, OpenError> {
        let Self::Sqlite(sqlite) = self else {
            return Ok(false);
        };
        check_place(file)?;
        let unwritable = |error: io::Error| OpenError(format!("write {}: {error}", file.display()));
        let folder = folder_of(file);
        let turn = share_folder(folder).await;
        // Under another name until it is whole.
        let partial = folder.join(format!("backup-{}{PARTIAL}", hex(&random_bytes::<4>())));
        drop(permissions::make_file(&partial).map_err(unwritable)?);
        let written = match copy_whole(sqlite.path(), &partial).await {
            Ok(()) => give_name(&partial, file).map_err(|error| match error.kind() {
                // Somebody was faster.
                ErrorKind::AlreadyExists => check_place(file).err().unwrap_or_else(|| unwritable(error)),
                _ => unwritable(error),
            }),
            Err(why) => Err(OpenError(format!("write {}: {why}", file.display()))),
        };
        let _ = fs::remove_file(&partial);
        drop(turn);
        written?;
        sync_folder_of(file).map_err(unwritable)?;
        Ok(true)
    }
}

/// Whether a copy can get this name: nothing has it yet, and its folder is there.
///
/// # Errors
/// [`OpenError`], a sentence that says what is there.
pub fn check_place(file: &Path) -> Result<(), OpenError> {
    let name = file.display();
    let says = |what: String| Err(OpenError(what));
    match fs::symlink_metadata(file) {
        Ok(there) if there.is_dir() => says(format!(
            "{name} is a folder: name a file in it that does not exist yet, such as {}",
            file.join("palabre-copy.db").display()
        )),
        Ok(there) if there.is_symlink() => says(match fs::metadata(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => format!(
                "{name} is a link to {}, which does not exist, and a backup writes over nothing: name another file, or \
                 remove the link",
                fs::read_link(file).unwrap_or_default().display()
            ),
            _ => format!("{name} exists already, as a link, and a backup writes over nothing: name another file"),
        }),
        Ok(there) if there.is_file() => says(format!(
            "{name} exists already, and a backup writes over nothing: name another file"
        )),
        Ok(there) => says(format!(
            "{name} is {}, and a copy is a file: name one that does not exist yet",
            kind_of(there.file_type())
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => match fs::metadata(folder_of(file)) {
            Ok(folder) if folder.is_dir() && !file.as_os_str().as_bytes().ends_with(b"/") => Ok(()),
            Ok(_) => says(format!(
                "{name} names no file: name one that does not exist yet, in a folder that does"
            )),
            Err(error) if error.kind() == ErrorKind::NotFound => says(format!(
                "write {name}: the folder {} does not exist; make it first, for its owner alone (install -d -m 700)",
                folder_of(file).display()
            )),
            Err(error) => says(format!("look at {}: {error}", folder_of(file).display())),
        },
        Err(error) => says(format!("look at {name}: {error}")),
    }
}

/// A share in the lock of a folder, which says that somebody writes a copy there. Whoever finds nobody else removes
/// what killed backups left. `None` where the file system keeps no locks or somebody else keeps this one; nothing is
/// removed then.
async fn share_folder(folder: &Path) -> Option<File> {
    let lock = File::open(folder).ok()?;
    if matches!(lock.try_lock(), Ok(())) {
        for left in partial_copies(folder) {
            let _ = fs::remove_file(left);
        }
        lock.unlock().ok()?;
    }
    for _ in 0..TRIES {
        match lock.try_lock_shared() {
            Ok(()) => return Some(lock),
            // Another one looks for what was left, which takes a moment.
            Err(TryLockError::WouldBlock) => tokio::time::sleep(NEXT_TRY).await,
            Err(TryLockError::Error(_)) => return None,
        }
    }
    None
}

/// What backups that did not end left in a folder; nothing while one writes there.
#[must_use]
pub fn left_copies(folder: &Path) -> Vec<PathBuf> {
    let left = partial_copies(folder);
    let is_alone = || File::open(folder).is_ok_and(|lock| lock.try_lock().is_ok());
    if left.is_empty() || !is_alone() {
        Vec::new()
    } else {
        left
    }
}

/// Copies that are not whole, with what `SQLite` keeps beside them, in their order.
fn partial_copies(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(FILES).flatten();
    let is_partial = |name: &OsStr| {
        let name = name.as_bytes();
        let name = name.strip_suffix(b"-journal").unwrap_or(name);
        name.starts_with(b"backup-") && name.ends_with(PARTIAL.as_bytes())
    };
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| is_partial(&entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| folder.join(entry.file_name()))
        .collect();
    found.sort();
    found
}

/// An error says why, in words.
async fn copy_whole(database: &Path, to: &Path) -> Result<(), String> {
    let name = to.to_str().ok_or("its name is not in UTF-8")?;
    vacuum_into(database, name).await.map_err(|error| error.to_string())?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| error.to_string())
}

async fn vacuum_into(database: &Path, name: &str) -> Result<(), sqlx::Error> {
    // It only reads, but SQLite refuses it on a read-only connection.
    let mut connection = SqliteConnectOptions::new().filename(database).connect().await?;
    sqlx::query("VACUUM INTO $1")
        .bind(name)
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// Gives a file a second name that nothing has yet.
fn give_name(from: &Path, name: &Path) -> io::Result<()> {
    match fs::hard_link(from, name) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            // A file system without second names.
            drop(permissions::make_file(name)?);
            fs::rename(from, name)
        }
        linked => linked,
    }
}
