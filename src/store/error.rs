//! What a store call can fail with: an outage passes or is somebody else's to end, a defect is ours to mend.

use std::sync::Arc;

use sqlx::{error::DatabaseError, postgres::PgDatabaseError, sqlite::SqliteError};

use crate::{domain::code::Code, domain::draft::FieldError, error::Error};

/// What a store call can fail with; "not found" is no failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// An outage: it cannot be reached or written now; nothing is known to be stored.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Somebody who works on the same site is called so, or nearly; nothing is stored.
    #[error("the name looks like a colleague's")]
    NameTaken,
    /// It fails again whenever it is tried.
    #[error(transparent)]
    Defect(#[from] Defect),
}

/// Something is not as the code takes for granted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Defect {
    /// The engine refused a statement, or gave what it does not ask for.
    #[error("the store refused a statement: {0}")]
    Statement(#[source] Arc<sqlx::Error>),
    /// A stored value is not what the code writes.
    #[error("corrupt data in {table}.{column}, row {row}: {value:?}")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        row: String,
        value: String,
    },
    /// An error of our own.
    #[error("{0}")]
    Broken(String),
}

impl StoreError {
    /// Another transaction inserted the same key first.
    pub(super) fn is_unique_violation(&self) -> bool {
        let Self::Defect(Defect::Statement(error)) = self else {
            return false;
        };
        error
            .as_database_error()
            .is_some_and(DatabaseError::is_unique_violation)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let passes = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_) => true,
            sqlx::Error::Database(error) => is_outage(error.as_ref()),
            _ => false,
        };
        if passes {
            Self::Unavailable(error.to_string())
        } else {
            Self::Defect(Defect::Statement(Arc::new(error)))
        }
    }
}

/// By the engine's own code: the same digits are an outage on one engine and a defect on the other.
fn is_outage(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        code.parse().is_ok_and(is_outage_on_sqlite)
    } else if error.try_downcast_ref::<PgDatabaseError>().is_some() {
        is_outage_on_postgres(&code)
    } else {
        false
    }
}

/// Primary result codes (<https://www.sqlite.org/rescode.html>), in the low byte: busy 5, locked 6, no memory 7,
/// read-only 8, I/O 10, full 13, cannot open 14, locking protocol 15.
fn is_outage_on_sqlite(code: u32) -> bool {
    matches!(code & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14 | 15)
}

/// Classes (<https://www.postgresql.org/docs/current/errcodes-appendix.html>): 08 connection, 40 rolled back, 53
/// resources, 57 intervention, 58 system; and single codes: read-only, no right to it, in use, locked.
fn is_outage_on_postgres(code: &str) -> bool {
    ["08", "40", "53", "57", "58"]
        .iter()
        .any(|class| code.starts_with(class))
        || matches!(code, "25006" | "42501" | "55006" | "55P03")
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => Self::Unavailable(why),
            StoreError::NameTaken => Self::Invalid(vec![FieldError::new("name", Code::NameTaken)]),
            StoreError::Defect(defect) => Self::Internal(defect.to_string()),
        }
    }
}

/// Why a store cannot be opened, copied or put back; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub(super) String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_from_a_defect_by_each_engines_own_codes() {
        for code in [5, 6, 7, 8, 10, 13, 14, 261, 266, 1038, 4874] {
            assert!(is_outage_on_sqlite(code), "{code}");
        }
        for code in [1, 11, 19, 20, 25, 26, 787, 1555, 2067] {
            assert!(!is_outage_on_sqlite(code), "{code}");
        }
        for code in [
            "08006", "40001", "40P01", "53100", "53300", "57014", "57P01", "58030", "25006", "42501", "55P03",
        ] {
            assert!(is_outage_on_postgres(code), "{code}");
        }
        // 22021 and its like would be busy or locked by SQLite's low byte.
        for code in [
            "22021", "22022", "22026", "22P05", "23505", "42601", "42P01", "42703", "54000", "XX000",
        ] {
            assert!(!is_outage_on_postgres(code), "{code}");
        }
    }
}
