//! Bearer tokens, setup codes and facts about the store. Only hashes of secrets are stored.

use uuid::Uuid;

use super::{
    NewAudit, Scope, Store, StoreError,
    accounts::lock_accounts,
    audit::insert_entry,
    in_tx,
    leases::end_leases,
    names::{NOBODY, check_name},
    on_pool, rows,
};
use crate::domain::{account::EVERY_SITE, timestamp::Timestamp};

/// A bearer token, without its secret.
#[derive(Debug, Clone)]
pub struct TokenRow {
    pub id: Uuid,
    pub name: String,
    /// `owner` or `moderator`.
    pub role: String,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Token {
    id: Uuid,
    name: String,
    role: String,
    sites: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl Token {
    fn into_row(self) -> Result<TokenRow, StoreError> {
        Ok(TokenRow {
            scope: scope("tokens", &self.id, self.sites.as_deref())?,
            id: self.id,
            name: self.name,
            role: self.role,
            created_at: Timestamp(self.created_at),
            expires_at: self.expires_at.map(Timestamp),
            revoked_at: self.revoked_at.map(Timestamp),
        })
    }
}

fn scope(table: &'static str, row: &impl ToString, sites: Option<&str>) -> Result<Scope, StoreError> {
    sites.map_or(Ok(Scope::All), |list| {
        rows::json(table, "sites", row, list).map(Scope::Sites)
    })
}

fn scope_text(scope: &Scope) -> Option<String> {
    match scope {
        Scope::All => None,
        Scope::Sites(sites) => serde_json::to_string(sites).ok(),
    }
}

impl Store {
    /// Adds a token; `hash` is the SHA-256 of its secret.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::NameTaken`] among them.
    pub async fn add_token(&self, token: TokenRow, hash: &str, audit: NewAudit) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        in_tx!(self, |conn| {
            lock_accounts!(conn);
            let sites = match &token.scope {
                Scope::All => vec![EVERY_SITE.to_owned()],
                Scope::Sites(sites) => sites.clone(),
            };
            check_name!(conn, &token.name, &sites, NOBODY, token.created_at);
            sqlx::query(
                "INSERT INTO tokens (id, name, hash, role, sites, created_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(token.id)
            .bind(token.name.as_str())
            .bind(hash.as_str())
            .bind(token.role.as_str())
            .bind(scope_text(&token.scope))
            .bind(token.created_at.0)
            .bind(token.expires_at.map(|at| at.0))
            .execute(&mut *conn)
            .await?;
            insert_entry!(conn, audit);
            Ok(())
        })
    }

    /// The live token with that hash at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn token_by_hash(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRow>, StoreError> {
        let found: Option<Token> = on_pool!(self, |pool| {
            sqlx::query_as(
                "SELECT id, name, role, sites, created_at, expires_at, revoked_at FROM tokens \
                 WHERE hash = $1 AND revoked_at IS NULL AND COALESCE(expires_at, $3) > $2",
            )
            .bind(hash)
            .bind(now.0)
            .bind(i64::MAX)
            .fetch_optional(pool)
            .await
        })?;
        found.map(Token::into_row).transpose()
    }

    /// All tokens, newest first, at most 500.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let found: Vec<Token> = on_pool!(self, |pool| {
            sqlx::query_as(
                "SELECT id, name, role, sites, created_at, expires_at, revoked_at FROM tokens \
                 ORDER BY id DESC LIMIT 500",
            )
            .fetch_all(pool)
            .await
        })?;
        found.into_iter().map(Token::into_row).collect()
    }

    /// Ends a token; `false` when there is no live one of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_token(&self, id: Uuid, now: Timestamp, audit: NewAudit) -> Result<bool, StoreError> {
        in_tx!(self, |conn| {
            let done = sqlx::query("UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
                .bind(id)
                .bind(now.0)
                .execute(&mut *conn)
                .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            end_leases!(conn, id.to_string());
            insert_entry!(conn, audit);
            Ok(true)
        })
    }

    /// Keeps a one-time setup code by its hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_setup_code(&self, hash: &str, expires_at: Timestamp) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        in_tx!(self, |conn| {
            sqlx::query("INSERT INTO setup_codes (hash, expires_at) VALUES ($1, $2)")
                .bind(hash.as_str())
                .bind(expires_at.0)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })
    }

    /// A fact about this store, such as the id of its key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let found: Option<(String,)> = on_pool!(self, |pool| {
            sqlx::query_as("SELECT content FROM meta WHERE name = $1")
                .bind(name)
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.map(|(content,)| content))
    }

    /// Sets a fact about this store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_meta(&self, name: &str, content: &str) -> Result<(), StoreError> {
        let (name, content) = (name.to_owned(), content.to_owned());
        in_tx!(self, |conn| {
            sqlx::query(
                "INSERT INTO meta (name, content) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET content = excluded.content",
            )
            .bind(name.as_str())
            .bind(content.as_str())
            .execute(&mut *conn)
            .await?;
            Ok(())
        })
    }
}
