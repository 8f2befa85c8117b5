//! The schema, which both engines share, and its versions.

use std::sync::LazyLock;

use sqlx::{
    SqlStr,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};

use super::error::OpenError;

/// All of `migrations/`.
pub(super) static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let migrations = EMBEDDED.iter().map(|(version, description, sql)| {
        let sql = SqlStr::from_static(sql);
        Migration::new(*version, (*description).into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
});

// `EMBEDDED: &[(i64, &str, &str)]`: version, description and SQL of each, which `build.rs` finds.
include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::migrate::Migrator;

    use super::MIGRATOR;

    /// A store keeps the checksum of each migration that it went through: another one than sqlx's own, and no store
    /// of before would open.
    #[tokio::test]
    async fn the_embedded_migrations_are_those_that_sqlx_reads_from_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let read = Migrator::new(folder).await.expect("sqlx reads them");
        let stored = |migrator: &Migrator| -> Vec<_> {
            let all = migrator.iter().cloned();
            all.map(|one| (one.version, one.description, one.checksum, one.no_tx))
                .collect()
        };
        assert_eq!(stored(&MIGRATOR), stored(&read));
        assert!(!stored(&MIGRATOR).is_empty());
    }
}
