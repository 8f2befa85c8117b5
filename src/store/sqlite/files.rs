//! The files of a SQLite store and the folders that they lie in.

use std::{
    fs::{self, File, FileType},
    io,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
};

use super::{
    connection::{APPLICATION_ID, ENDINGS},
    log_file::{Head, beside},
};
use crate::config::DatabaseUrl;

/// How many files of a folder are looked at for copies.
pub(super) const FILES: usize = 10_000;

/// The files of the SQLite store at `url` that are there: the database, what lies beside it, and the copies in its
/// folder; none for PostgreSQL.
#[must_use]
pub fn files(url: &DatabaseUrl) -> Vec<PathBuf> {
    let DatabaseUrl::Sqlite(database) = url else {
        return Vec::new();
    };
    let is_ours = |path: &PathBuf| {
        let head = Head::read(path).ok().flatten();
        head.is_some_and(|head| head.application_id.cast_signed() == APPLICATION_ID)
    };
    let copies = fs::read_dir(folder_of(database)).into_iter().flatten().take(FILES);
    let copies = copies.flatten().map(|entry| database.with_file_name(entry.file_name()));
    let mut databases: Vec<PathBuf> = copies.filter(|path| path != database && is_ours(path)).collect();
    databases.sort();
    databases.insert(0, database.clone());
    let endings = || ["", ".lock"].into_iter().chain(ENDINGS);
    let all = databases
        .iter()
        .flat_map(|path| endings().map(|ending| beside(path, ending)));
    all.filter(|path| path.exists()).collect()
}

/// Puts the names of the folder that a file lies in on disk.
///
/// # Errors
/// Those of the file system.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder that a file lies in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// What is no file, in words.
pub(super) fn kind_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}
