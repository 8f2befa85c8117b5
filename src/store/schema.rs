//! The schema, which both engines share, and its versions.

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use super::error::OpenError;

pub(super) static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Applies the missing migrations; refuses a schema that this program does not know.
pub(super) async fn migrate<C: Migrate>(connection: &mut C, what: &str) -> Result<(), OpenError> {
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
