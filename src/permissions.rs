//! Files that hold people's data are their owner's: 0600, in folders that are 0700, whatever the umask.
//!
//! Every such file is made here, empty, before anything is written to it. The mode is given to the call that
//! makes it and then set once more, because the umask may have taken bits away. The umask itself is left alone:
//! it belongs to the whole process, and what libraries and child processes make is not ours to narrow. `SQLite`
//! gives a log and its index the mode of their database (`findCreateFileMode` in its `os_unix.c`), so a database
//! that was made here needs nothing more.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown},
    path::Path,
};

/// The mode of a file.
const FILE: u32 = 0o600;

/// The mode of a folder.
const FOLDER: u32 = 0o700;

/// The bits that let others than the owner in.
const OTHERS: u32 = 0o077;

/// Makes a folder with those above it that are missing. One that is there stays as it is.
///
/// # Errors
/// Those of the file system.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        make_folder(above)?;
    }
    match DirBuilder::new().mode(FOLDER).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(FOLDER)),
        // Somebody else was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a file that nobody else reads.
///
/// # Errors
/// `AlreadyExists` when there is one, and those of the file system.
pub fn make_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(FILE)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(FILE))?;
    Ok(file)
}

/// Opens a file for writing, and makes it when it is not there.
///
/// # Errors
/// Those of the file system.
pub fn open_file(path: &Path) -> io::Result<File> {
    match make_file(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => OpenOptions::new().read(true).write(true).open(path),
        made => made,
    }
}

/// Gives a file the owner of another file or folder: what the superuser makes for a service is the service's.
///
/// # Errors
/// Those of the file system, as when somebody else than the superuser makes it.
pub fn own_as(path: &Path, other: &Path) -> io::Result<()> {
    let wanted = fs::metadata(other)?;
    if fs::metadata(path)?.uid() == wanted.uid() {
        return Ok(());
    }
    chown(path, Some(wanted.uid()), Some(wanted.gid()))
}

/// The mode of a file or folder that lets others in, `None` where it is its owner's alone or not there.
#[must_use]
pub fn wider(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & OTHERS != 0).then_some(mode)
}

/// Takes from others what they may do with a file; gives the mode that it had where that changed something.
///
/// # Errors
/// Those of the file system, as when the file is somebody else's.
pub fn narrow(path: &Path) -> io::Result<Option<u32>> {
    let Some(mode) = wider(path) else {
        return Ok(None);
    };
    fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))?;
    Ok(Some(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f13_what_is_made_is_its_owners_and_what_was_wider_is_narrowed() {
        let above = std::env::temp_dir().join(format!("palabre-permissions-{}", uuid::Uuid::now_v7()));
        let folder = above.join("one/two");
        make_folder(&folder).expect("made");
        make_folder(&folder).expect("it is there");
        for made in [&above, &above.join("one"), &folder] {
            assert_eq!(wider(made), None, "{}", made.display());
        }
        let file = folder.join("file");
        drop(make_file(&file).expect("made"));
        assert_eq!(wider(&file), None);
        assert_eq!(
            make_file(&file).map(|_| ()).expect_err("it is there").kind(),
            ErrorKind::AlreadyExists
        );
        fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("widened");
        drop(open_file(&file).expect("opened"));
        assert_eq!(wider(&file), Some(0o640));
        assert_eq!(narrow(&file).expect("narrowed"), Some(0o640));
        assert_eq!(narrow(&file).expect("nothing to do"), None);
        assert_eq!(wider(&file), None);
        assert_eq!(wider(&folder.join("missing")), None);
        fs::remove_dir_all(&above).expect("it goes");
    }
}
