//! What is stored under a root key, for bringing it under a new one and for counting what cannot be brought.

use uuid::Uuid;

use super::{
    engines::{in_tx, on_pool},
    error::StoreError,
    open::Store,
};

/// Something encrypted, with where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub kept: Kept,
    pub sealed: String,
}

/// Where something encrypted is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// The seed of an account's second step.
    Seed(Uuid),
    /// The secret of a site's provider.
    Secret(String),
    /// The same of its second check.
    SecondSecret(String),
}

/// Sealed values that are not under a key begin otherwise: `v1.<key id>.`.
fn under(key: &str) -> String {
    format!("v1.{key}.%")
}

impl Store {
    /// Seeds and secrets that are sealed under another key than `key` (its id), in their order, at most `limit` of
    /// each kind after `after` (the account, the site).
    pub async fn sealed_otherwise(
        &self,
        key: &str,
        after: (Uuid, &str),
        limit: i64,
    ) -> Result<Vec<Sealed>, StoreError> {
        let seeds: Vec<(Uuid, String)> = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as(
                "SELECT id, totp_seed FROM accounts WHERE totp_seed IS NOT NULL AND totp_seed NOT LIKE $1 \
                 AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(under(key))
            .bind(after.0)
            .bind(limit)
            .fetch_all(pool)
            .await
        })?;
        let secrets: Vec<(String, Option<String>, Option<String>)> = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as(
                "SELECT id, sealed_secret, sealed_second_secret FROM sites WHERE id > $2 \
                 AND (COALESCE(sealed_secret, $1) NOT LIKE $1 OR COALESCE(sealed_second_secret, $1) NOT LIKE $1) \
                 ORDER BY id LIMIT $3",
            )
            .bind(under(key))
            .bind(after.1)
            .bind(limit)
            .fetch_all(pool)
            .await
        })?;
        let is_other = |sealed: &String| !sealed.starts_with(under(key).trim_end_matches('%'));
        let seeds = seeds.into_iter().map(|(account, sealed)| Sealed {
            kept: Kept::Seed(account),
            sealed,
        });
        let secrets = secrets.into_iter().flat_map(|(site, first, second)| {
            let first = first.map(|sealed| Sealed {
                kept: Kept::Secret(site.clone()),
                sealed,
            });
            let second = second.map(|sealed| Sealed {
                kept: Kept::SecondSecret(site),
                sealed,
            });
            first.into_iter().chain(second)
        });
        Ok(seeds.chain(secrets).filter(|sealed| is_other(&sealed.sealed)).collect())
    }

    /// Puts `new` in the place of what was read. `false`: somebody else changed it meanwhile.
    pub async fn seal_anew(&self, was: Sealed, new: String) -> Result<bool, StoreError> {
        in_tx!(self, |conn| {
            let done = match was.kept {
                Kept::Seed(account) => {
                    sqlx::query("UPDATE accounts SET totp_seed = $3 WHERE id = $1 AND totp_seed = $2")
                        .bind(account)
                        .bind(was.sealed)
                        .bind(new)
                        .execute(&mut *conn)
                        .await?
                        .rows_affected()
                }
                Kept::Secret(site) => {
                    sqlx::query("UPDATE sites SET sealed_secret = $3 WHERE id = $1 AND sealed_secret = $2")
                        .bind(site)
                        .bind(was.sealed)
                        .bind(new)
                        .execute(&mut *conn)
                        .await?
                        .rows_affected()
                }
                Kept::SecondSecret(site) => sqlx::query(
                    "UPDATE sites SET sealed_second_secret = $3 WHERE id = $1 AND sealed_second_secret = $2",
                )
                .bind(site)
                .bind(was.sealed)
                .bind(new)
                .execute(&mut *conn)
                .await?
                .rows_affected(),
            };
            Ok(done == 1)
        })
    }

    /// How many recovery codes still count, by the id of the key that they were made under; those that do not say
    /// under which have an empty one.
    pub async fn recovery_codes_by_key(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let found = on_pool!(self, |pool| {
            sqlx::query_as(
                "SELECT key_id, COUNT(*) FROM (SELECT CASE WHEN hash LIKE '%:%' THEN SUBSTR(hash, 1, 8) ELSE '' END \
                 AS key_id FROM recovery_codes WHERE used_at IS NULL) AS codes GROUP BY key_id ORDER BY key_id \
                 LIMIT 10000",
            )
            .fetch_all(pool)
            .await
        })?;
        Ok(found)
    }

    /// Notes on the recovery codes that do not say under which key they were made that it was `key`, the only one
    /// there is; gives how many.
    pub async fn name_key_of_recovery_codes(&self, key: &str) -> Result<u64, StoreError> {
        let key = key.to_owned();
        in_tx!(self, |conn| {
            let done = sqlx::query("UPDATE recovery_codes SET hash = $1 || ':' || hash WHERE hash NOT LIKE '%:%'")
                .bind(key)
                .execute(&mut *conn)
                .await?;
            Ok(done.rows_affected())
        })
    }

    /// E-mails with their keyed hashes, of at most `limit` comments after the id `after`, in its order; erased ones
    /// have none.
    pub async fn emails_after(&self, after: Uuid, limit: i64) -> Result<Vec<(Uuid, String, String)>, StoreError> {
        let found = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as(
                "SELECT id, email, email_key FROM comments WHERE id > $1 AND email <> '' ORDER BY id LIMIT $2",
            )
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await
        })?;
        Ok(found)
    }

    /// Sets the keyed hashes of comments' e-mails; erased meanwhile, one stays without.
    pub async fn set_email_keys(&self, keys: Vec<(Uuid, String)>) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            for (comment, key) in keys {
                sqlx::query("UPDATE comments SET email_key = $2 WHERE id = $1 AND email <> ''")
                    .bind(comment)
                    .bind(key)
                    .execute(&mut *conn)
                    .await?;
            }
            Ok(())
        })
    }
}
