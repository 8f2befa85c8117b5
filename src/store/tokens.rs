//! Bearer tokens. Only hashes of their secrets are stored.
//!
//! A token stands on its maker: it is read together with what its maker may do now, and ends with the maker
//! (`end_tokens_of!`) and with the token by which it was made.

use uuid::Uuid;

use super::{
    audit::{NewAudit, insert_entries},
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::from_row,
    leases::end_leases,
    lock::lock_accounts,
    names::{NOBODY, check_name},
    open::Store,
    rows,
};
use crate::domain::{
    account::{EVERY_SITE, Rights, Role},
    actor::Scope,
    timestamp::Timestamp,
};

/// A bearer token, without its secret.
#[derive(Debug, Clone)]
pub struct TokenRow {
    pub id: Uuid,
    pub name: String,
    pub role: Role,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// The account on whose rights it stands; `None`: the operator's.
    pub maker: Option<Uuid>,
    /// The token by which it was made, if one did.
    pub parent: Option<Uuid>,
}

/// A token that counts.
#[derive(Debug, Clone)]
pub struct LiveToken {
    pub row: TokenRow,
    /// What its maker may do now; `None`: the operator made it.
    pub maker_rights: Option<Rights>,
}

/// What became of something of which a site has only so many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounded {
    Done,
    /// There is no place for another one.
    Full {
        /// On which site; `*` stands for every site.
        site: String,
    },
}

/// Which tokens are listed.
#[derive(Debug, Clone)]
pub struct TokensWanted {
    /// Those that work on these sites and on no other.
    pub scope: Scope,
    /// Those alone that count at that time; `None`: all.
    pub live_at: Option<Timestamp>,
    /// Those made before this one.
    pub after: Option<Uuid>,
    /// At most that many, 1 to 1,000.
    pub limit: i64,
}

from_row! {
    struct Row {
        id: Uuid,
        name: String,
        role: String,
        created_at: i64,
        expires_at: Option<i64>,
        revoked_at: Option<i64>,
        maker_id: Option<Uuid>,
        parent_id: Option<Uuid>,
    }
}

impl Row {
    fn on(self, sites: Vec<String>) -> Result<TokenRow, StoreError> {
        Ok(TokenRow {
            role: rows::role("tokens", &self.id, &self.role)?,
            id: self.id,
            name: self.name,
            scope: if sites.iter().any(|site| site == EVERY_SITE) {
                Scope::All
            } else {
                Scope::Sites(sites)
            },
            created_at: Timestamp(self.created_at),
            expires_at: self.expires_at.map(Timestamp),
            revoked_at: self.revoked_at.map(Timestamp),
            maker: self.maker_id,
            parent: self.parent_id,
        })
    }
}

const COLUMNS: &str = "t.id, t.name, t.role, t.created_at, t.expires_at, t.revoked_at, t.maker_id, t.parent_id";

/// Ends all tokens of an account inside `in_tx!`, also those that its tokens made, with their leases.
macro_rules! end_tokens_of {
    ($conn:expr, $maker:expr, $now:expr) => {{
        // Index: tokens_by_maker.
        let ended: Vec<(Uuid,)> =
            sqlx::query_as("UPDATE tokens SET revoked_at = $2 WHERE maker_id = $1 AND revoked_at IS NULL RETURNING id")
                .bind($maker)
                .bind($now)
                .fetch_all(&mut *$conn)
                .await?;
        for (token,) in ended {
            end_leases!($conn, token.to_string());
        }
    }};
}
pub(super) use end_tokens_of;

fn sites_of(scope: &Scope) -> Vec<String> {
    match scope {
        Scope::All => vec![EVERY_SITE.to_owned()],
        Scope::Sites(sites) => sites.clone(),
    }
}

impl Store {
    /// Adds a token; `hash` is the SHA-256 of its secret. A site, or every site, has at most `most` that
    /// count.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::NameTaken`] among them.
    pub async fn add_token(
        &self,
        token: TokenRow,
        hash: &str,
        most: i64,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<Bounded, StoreError> {
        let (hash, audit) = (hash.to_owned(), audit.into());
        in_tx!(self, |conn| {
            // Two at once count each other.
            lock_accounts!(conn);
            let mut sites = sites_of(&token.scope);
            sites.sort_unstable();
            sites.dedup();
            check_name!(conn, &token.name, &sites, NOBODY, token.created_at);
            for site in &sites {
                // Index: token_sites_by_site.
                let (live,): (i64,) = sqlx::query_as(
                    "SELECT COUNT(*) FROM token_sites s JOIN tokens t ON t.id = s.token_id \
                     WHERE s.site_id = $1 AND t.revoked_at IS NULL AND COALESCE(t.expires_at, $3) > $2",
                )
                .bind(site.as_str())
                .bind(token.created_at.0)
                .bind(i64::MAX)
                .fetch_one(&mut *conn)
                .await?;
                if live >= most {
                    return Ok(Bounded::Full { site: site.clone() });
                }
            }
            sqlx::query(
                "INSERT INTO tokens (id, name, hash, role, created_at, expires_at, maker_id, parent_id) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(token.id)
            .bind(token.name.as_str())
            .bind(hash.as_str())
            .bind(token.role.as_str())
            .bind(token.created_at.0)
            .bind(token.expires_at.map(|at| at.0))
            .bind(token.maker)
            .bind(token.parent)
            .execute(&mut *conn)
            .await?;
            for site in sites {
                sqlx::query("INSERT INTO token_sites (token_id, site_id) VALUES ($1, $2)")
                    .bind(token.id)
                    .bind(site)
                    .execute(&mut *conn)
                    .await?;
            }
            insert_entries!(conn, audit);
            Ok(Bounded::Done)
        })
    }

    /// The token with that hash that counts at `now`, with what its maker may do. One whose maker was shut
    /// out does not count.
    pub async fn token_by_hash(&self, hash: &str, now: Timestamp) -> Result<Option<LiveToken>, StoreError> {
        let found: Option<Row> = on_pool!(self, |pool| {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM tokens t LEFT JOIN accounts m ON m.id = t.maker_id \
                 WHERE t.hash = $1 AND t.revoked_at IS NULL AND COALESCE(t.expires_at, $3) > $2 \
                 AND m.disabled_at IS NULL"
            )))
            .bind(hash)
            .bind(now.0)
            .bind(i64::MAX)
            .fetch_optional(pool)
            .await
        })?;
        let Some(found) = found else { return Ok(None) };
        let (id, maker) = (found.id, found.maker_id);
        // What the maker may do is read last: it is no older than the rest.
        let row = self.with_sites(vec![found]).await?.pop();
        let maker_rights = match maker {
            None => None,
            Some(maker) => Some(self.rights_of_maker(id, maker).await?),
        };
        Ok(row.map(|row| LiveToken { row, maker_rights }))
    }

    async fn rights_of_maker(&self, token: Uuid, maker: Uuid) -> Result<Rights, StoreError> {
        let roles: Vec<(String, String)> = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as("SELECT site_id, role FROM account_roles WHERE account_id = $1 LIMIT 1001")
                .bind(maker)
                .fetch_all(pool)
                .await
        })?;
        roles
            .into_iter()
            .map(|(site, role)| rows::role("account_roles", &token, &role).map(|role| (site, role)))
            .collect()
    }

    /// The token with that id, live or not.
    pub async fn token(&self, id: Uuid) -> Result<Option<TokenRow>, StoreError> {
        let found: Option<Row> = on_pool!(self, |pool| {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM tokens t WHERE t.id = $1"
            )))
            .bind(id)
            .fetch_optional(pool)
            .await
        })?;
        Ok(self.with_sites(found.into_iter().collect()).await?.pop())
    }

    /// Tokens, newest first.
    pub async fn tokens(&self, wanted: &TokensWanted) -> Result<Vec<TokenRow>, StoreError> {
        let found: Vec<Row> = on_pool!(self, |pool| {
            // Indexes: the primary key; token_sites_by_site.
            let mut query = sqlx::QueryBuilder::new(format!("SELECT {COLUMNS} FROM tokens t WHERE t.id < "));
            query.push_bind(wanted.after.unwrap_or(Uuid::max()));
            if let Some(now) = wanted.live_at {
                query.push(" AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ");
                query.push_bind(now.0).push(")");
            }
            if let Scope::Sites(sites) = &wanted.scope {
                for clause in [
                    " AND t.id IN (SELECT token_id FROM token_sites WHERE site_id IN (",
                    " AND NOT EXISTS (SELECT 1 FROM token_sites s WHERE s.token_id = t.id AND s.site_id NOT IN (",
                ] {
                    query.push(clause);
                    let mut list = query.separated(", ");
                    for site in sites {
                        list.push_bind(site.as_str());
                    }
                    if sites.is_empty() {
                        query.push("NULL");
                    }
                    query.push("))");
                }
            }
            query.push(" ORDER BY t.id DESC LIMIT ").push_bind(wanted.limit);
            query.build_query_as().fetch_all(pool).await
        })?;
        self.with_sites(found).await
    }

    /// The same tokens with where they work.
    async fn with_sites(&self, found: Vec<Row>) -> Result<Vec<TokenRow>, StoreError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let sites: Vec<(Uuid, String)> = on_pool!(self, |pool| {
            // Index: the primary key. A token works on at most 1,000 sites.
            let mut query = sqlx::QueryBuilder::new("SELECT token_id, site_id FROM token_sites WHERE token_id IN (");
            let mut list = query.separated(", ");
            for row in &found {
                list.push_bind(row.id);
            }
            query.push(") ORDER BY token_id, site_id LIMIT ");
            query.push_bind(i64::try_from(found.len()).unwrap_or(1).saturating_mul(1001));
            query.build_query_as().fetch_all(pool).await
        })?;
        let mut by_token: std::collections::HashMap<Uuid, Vec<String>> = std::collections::HashMap::new();
        for (token, site) in sites {
            by_token.entry(token).or_default().push(site);
        }
        let with = |row: Row| {
            let sites = by_token.remove(&row.id).unwrap_or_default();
            row.on(sites)
        };
        found.into_iter().map(with).collect()
    }

    /// The names of the tokens that work on a site at `now`, for keeping readers from taking them; at most
    /// 2,000, which is more than there may be.
    pub async fn token_names_on(&self, site: &str, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let found: Vec<(String,)> = on_pool!(self, |pool| {
            // Index: token_sites_by_site.
            sqlx::query_as(
                "SELECT DISTINCT t.name FROM token_sites s JOIN tokens t ON t.id = s.token_id \
                 WHERE s.site_id IN ($1, $2) AND t.revoked_at IS NULL AND COALESCE(t.expires_at, $4) > $3 LIMIT 2000",
            )
            .bind(site)
            .bind(EVERY_SITE)
            .bind(now.0)
            .bind(i64::MAX)
            .fetch_all(pool)
            .await
        })?;
        Ok(found.into_iter().map(|(name,)| name).collect())
    }

    /// Ends a token, and with it those that it made; `false` when there is no live one of that id.
    pub async fn revoke_token(
        &self,
        id: Uuid,
        now: Timestamp,
        audit: impl Into<Vec<NewAudit>>,
    ) -> Result<bool, StoreError> {
        let audit = audit.into();
        in_tx!(self, |conn| {
            let mut ended: Vec<(Uuid,)> =
                sqlx::query_as("UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id")
                    .bind(id)
                    .bind(now.0)
                    .fetch_all(&mut *conn)
                    .await?;
            if ended.is_empty() {
                return Ok(false);
            }
            while let Some((token,)) = ended.pop() {
                end_leases!(conn, token.to_string());
                // Index: tokens_by_parent. What ended before has ended its own.
                let made: Vec<(Uuid,)> = sqlx::query_as(
                    "UPDATE tokens SET revoked_at = $2 WHERE parent_id = $1 AND revoked_at IS NULL RETURNING id",
                )
                .bind(token)
                .bind(now.0)
                .fetch_all(&mut *conn)
                .await?;
                ended.extend(made);
            }
            insert_entries!(conn, audit);
            Ok(true)
        })
    }
}
