//! `database.url`, understood once for every command.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use secrecy::SecretString;
use serde::Deserialize;

/// Where the store is.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// `sqlite://` or `sqlite:` and a path as the file system has it, from the working directory unless it begins
    /// with a slash.
    Sqlite(PathBuf),
    /// `postgres://` or `postgresql://`, whole; it may hold a password.
    Postgres(SecretString),
}

/// The address names no database. What was given is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected sqlite:// and the path of a file, as in sqlite://data/palabre.db, or \
     postgres://user:password@host/name"
)]
pub struct NoDatabase;

impl DatabaseUrl {
    /// The file of a SQLite store.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(file) => Some(file),
            Self::Postgres(_) => None,
        }
    }

    /// Whether it names a PostgreSQL server.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

impl FromStr for DatabaseUrl {
    type Err = NoDatabase;

    fn from_str(text: &str) -> Result<Self, NoDatabase> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.into()));
        }
        let path = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"))
            .ok_or(NoDatabase)?;
        // SQLite itself takes these two for something else than a file's name, and the files beside it would then
        // lie elsewhere or nowhere.
        let is_file = !path.is_empty() && !path.starts_with(":memory:") && !path.starts_with("file:");
        is_file.then(|| Self::Sqlite(path.into())).ok_or(NoDatabase)
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = NoDatabase;

    fn try_from(text: String) -> Result<Self, NoDatabase> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_however_it_is_written() {
        for (url, file) in [
            ("sqlite:x.db", "x.db"),
            ("sqlite://x.db", "x.db"),
            ("sqlite://data/x.db", "data/x.db"),
            ("sqlite:///srv/x.db", "/srv/x.db"),
            ("sqlite:/srv/x.db", "/srv/x.db"),
            ("sqlite://./:memory:", "./:memory:"),
        ] {
            let parsed: DatabaseUrl = url.parse().expect(url);
            assert_eq!(parsed.sqlite_file(), Some(Path::new(file)), "{url}");
        }
    }

    #[test]
    fn a_server_has_its_password_and_does_not_tell_it() {
        for url in ["postgres://a:hunter2@b/c", "postgresql://a:hunter2@b/c"] {
            let parsed: DatabaseUrl = url.parse().expect(url);
            assert!(parsed.is_postgres() && parsed.sqlite_file().is_none());
            assert!(!format!("{parsed:?}").contains("hunter2"));
        }
    }

    #[test]
    fn what_names_no_database_is_refused() {
        for url in [
            "",
            "x.db",
            "sqlite",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite:file:x.db",
            "sqlite://file:x.db?mode=memory",
            "SQLITE://x.db",
            "mysql://a:hunter2@b/c",
            "postgres:a",
        ] {
            assert_eq!(url.parse::<DatabaseUrl>().err(), Some(NoDatabase), "{url}");
        }
    }
}
