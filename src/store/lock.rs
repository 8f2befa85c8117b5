//! The lock behind which accounts, roles, tokens and tries are looked at and changed.

/// Only one transaction at a time goes on after this, on either engine: it holds one row until its end.
macro_rules! lock_accounts {
    ($conn:expr) => {
        sqlx::query("INSERT INTO meta (name, content) VALUES ('accounts_lock', '') ON CONFLICT (name) DO UPDATE SET content = excluded.content")
            .execute(&mut *$conn)
            .await?
    };
}
pub(super) use lock_accounts;
