//! Sites and the versions of their policies.

use super::{
    audit::{NewAudit, insert_entry},
    engines::{in_tx, on_pool},
    error::StoreError,
    from_row::from_row,
    open::Store,
    rows,
};
use crate::domain::{
    policy::{Cuts, Policy},
    score::Score,
    site::SiteSettings,
    timestamp::Timestamp,
};

/// What the store says of a site.
#[derive(Debug, Clone)]
pub struct StoredSite {
    pub settings: SiteSettings,
    /// The settings as they are stored, by which a change is made from what was read.
    text: String,
    pub secrets: Secrets,
    /// The address of the check that an owner of every site vouched for, as
    /// [`crate::domain::captcha::address_mark`] writes it.
    pub vouched_address: Option<String>,
}

/// The providers' secrets that were typed into a page, each encrypted and since when.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// Of the provider.
    pub first: Option<(String, Timestamp)>,
    /// Of the interactive provider of the second check.
    pub second: Option<(String, Timestamp)>,
}

const SITE_COLUMNS: &str =
    "id, settings, sealed_secret, secret_at, sealed_second_secret, second_secret_at, vouched_address";

type SiteRow = (
    String,
    String,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<String>,
);

fn stored(row: SiteRow) -> Result<(String, StoredSite), StoreError> {
    let (id, settings, first, first_at, second, second_at, vouched_address) = row;
    let site = StoredSite {
        settings: rows::json("sites", "settings", &id, &settings)?,
        text: settings,
        secrets: Secrets {
            first: first.zip(first_at.map(Timestamp)),
            second: second.zip(second_at.map(Timestamp)),
        },
        vouched_address,
    };
    Ok((id, site))
}

/// A site's settings as they are stored; no secret is among them.
fn text_of(settings: &SiteSettings) -> String {
    serde_json::to_string(settings).unwrap_or_else(|_| "{}".to_owned())
}

/// One version of a policy with its history.
#[derive(Debug, Clone)]
pub struct PolicyRow {
    pub policy: Policy,
    /// The version it was made from; 0 for none.
    pub base: i64,
    pub author: String,
    pub note: String,
    /// What it was expected to do, as JSON.
    pub forecast: String,
    /// In force from then on.
    pub from: Timestamp,
    pub at: Timestamp,
}

from_row! {
    struct Row {
        version: i64,
        base: i64,
        publish_from: Option<i64>,
        step_up_below: Option<i64>,
        refuse_below: Option<i64>,
        explore_ppm: i64,
        author: String,
        note: String,
        forecast: String,
        from_at: i64,
        at: i64,
    }
}

impl TryFrom<Row> for PolicyRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let cut = |column: &'static str, thousandths: Option<i64>| {
            let read = |value| {
                Score::from_thousandths(value).ok_or_else(|| rows::corrupt("policies", column, &row.version, &value))
            };
            thousandths.map(read).transpose()
        };
        Ok(Self {
            policy: Policy {
                version: row.version,
                cuts: Cuts {
                    publish_from: cut("publish_from", row.publish_from)?,
                    step_up_below: cut("step_up_below", row.step_up_below)?,
                    refuse_below: cut("refuse_below", row.refuse_below)?,
                },
                explore_ppm: row.explore_ppm,
            },
            base: row.base,
            author: row.author,
            note: row.note,
            forecast: row.forecast,
            from: Timestamp(row.from_at),
            at: Timestamp(row.at),
        })
    }
}

const POLICY_COLUMNS: &str = "version, base, publish_from, step_up_below, refuse_below, explore_ppm, \
     author, note, forecast, from_at, at";

impl Store {
    /// Makes the site's row where it is missing; its settings stay as they are.
    pub async fn ensure_site(&self, id: &str, settings: &SiteSettings, now: Timestamp) -> Result<(), StoreError> {
        let id = id.to_owned();
        let settings = text_of(settings);
        in_tx!(self, |conn| {
            sqlx::query("INSERT INTO sites (id, settings, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING")
                .bind(id.as_str())
                .bind(settings.as_str())
                .bind(now.0)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })
    }

    /// The store's part of a site's settings; `None` when there is no such site.
    pub async fn stored_site(&self, id: &str) -> Result<Option<StoredSite>, StoreError> {
        let found: Option<SiteRow> = on_pool!(self, |pool| {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {SITE_COLUMNS} FROM sites WHERE id = $1"
            )))
            .bind(id)
            .fetch_optional(pool)
            .await
        })?;
        found.map(|row| Ok(stored(row)?.1)).transpose()
    }

    /// The same of some sites, at most a thousand, by id; those that are not there are left out.
    pub async fn stored_sites(&self, ids: &[String]) -> Result<Vec<(String, StoredSite)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found: Vec<SiteRow> = on_pool!(self, |pool| {
            // Index: the primary key.
            let mut query = sqlx::QueryBuilder::new(format!("SELECT {SITE_COLUMNS} FROM sites WHERE id IN ("));
            let mut list = query.separated(", ");
            for id in ids.iter().take(1000) {
                list.push_bind(id.as_str());
            }
            query.push(") ORDER BY id");
            query.build_query_as().fetch_all(pool).await
        })?;
        found.into_iter().map(stored).collect()
    }

    /// Makes a site. `false`: there is one of that id.
    pub async fn add_site(
        &self,
        id: &str,
        settings: &SiteSettings,
        secrets: Secrets,
        vouched_address: Option<String>,
        audit: NewAudit,
    ) -> Result<bool, StoreError> {
        let id = id.to_owned();
        let settings = text_of(settings);
        in_tx!(self, |conn| {
            let ((first, first_at), (second, second_at)) = (secrets.first.unzip(), secrets.second.unzip());
            let made = sqlx::query(
                "INSERT INTO sites (id, settings, sealed_secret, secret_at, sealed_second_secret, second_secret_at, \
                 created_at, vouched_address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
            )
            .bind(id)
            .bind(settings)
            .bind(first)
            .bind(first_at.map(|at| at.0))
            .bind(second)
            .bind(second_at.map(|at| at.0))
            .bind(audit.at.0)
            .bind(vouched_address)
            .execute(&mut *conn)
            .await?;
            if made.rows_affected() == 0 {
                return Ok(false);
            }
            insert_entry!(conn, audit);
            Ok(true)
        })
    }

    /// Changes a site's settings from what was read. `false`: somebody else changed them meanwhile.
    pub async fn set_site(
        &self,
        id: &str,
        read: &StoredSite,
        settings: &SiteSettings,
        secrets: Secrets,
        vouched_address: Option<String>,
        audit: NewAudit,
    ) -> Result<bool, StoreError> {
        let (id, read) = (id.to_owned(), read.clone());
        let settings = text_of(settings);
        in_tx!(self, |conn| {
            let as_read = |secret: Option<(String, Timestamp)>| secret.map(|(sealed, _)| sealed).unwrap_or_default();
            let ((first, first_at), (second, second_at)) = (secrets.first.unzip(), secrets.second.unzip());
            let changed = sqlx::query(
                "UPDATE sites SET settings = $5, sealed_secret = $6, secret_at = $7, sealed_second_secret = $8, \
                 second_secret_at = $9, vouched_address = $10 WHERE id = $1 AND settings = $2 \
                 AND COALESCE(sealed_secret, '') = $3 AND COALESCE(sealed_second_secret, '') = $4 \
                 AND COALESCE(vouched_address, '') = $11",
            )
            .bind(id)
            .bind(read.text)
            .bind(as_read(read.secrets.first))
            .bind(as_read(read.secrets.second))
            .bind(settings)
            .bind(first)
            .bind(first_at.map(|at| at.0))
            .bind(second)
            .bind(second_at.map(|at| at.0))
            .bind(vouched_address)
            .bind(read.vouched_address.unwrap_or_default())
            .execute(&mut *conn)
            .await?;
            if changed.rows_affected() == 0 {
                return Ok(false);
            }
            insert_entry!(conn, audit);
            Ok(true)
        })
    }

    /// Whether there is a site of that id.
    pub async fn has_site(&self, id: &str) -> Result<bool, StoreError> {
        let found: Option<(String,)> = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as("SELECT id FROM sites WHERE id = $1")
                .bind(id)
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.is_some())
    }

    /// The ids of all sites, in their order, at most 20,000: more than one service serves, and fewer than what one
    /// statement takes.
    pub async fn site_ids(&self) -> Result<Vec<String>, StoreError> {
        let found: Vec<(String,)> = on_pool!(self, |pool| {
            // Index: the primary key.
            sqlx::query_as("SELECT id FROM sites ORDER BY id LIMIT 20000")
                .fetch_all(pool)
                .await
        })?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }

    /// The policy in force at `now`: the newest version whose time has come.
    pub async fn policy_in_force(&self, site: &str, now: Timestamp) -> Result<Option<PolicyRow>, StoreError> {
        let found: Option<Row> = on_pool!(self, |pool| {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {POLICY_COLUMNS} FROM policies WHERE site_id = $1 AND from_at <= $2 \
                 ORDER BY version DESC LIMIT 1"
            )))
            .bind(site)
            .bind(now.0)
            .fetch_optional(pool)
            .await
        })?;
        found.map(TryInto::try_into).transpose()
    }

    /// The versions of a site's policy, newest first, at most `limit`.
    pub async fn policies(&self, site: &str, limit: i64) -> Result<Vec<PolicyRow>, StoreError> {
        let found: Vec<Row> = on_pool!(self, |pool| {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {POLICY_COLUMNS} FROM policies WHERE site_id = $1 ORDER BY version DESC LIMIT $2"
            )))
            .bind(site)
            .bind(limit)
            .fetch_all(pool)
            .await
        })?;
        found.into_iter().map(TryInto::try_into).collect()
    }

    /// One version of a site's policy.
    pub async fn policy(&self, site: &str, version: i64) -> Result<Option<PolicyRow>, StoreError> {
        let found: Option<Row> = on_pool!(self, |pool| {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {POLICY_COLUMNS} FROM policies WHERE site_id = $1 AND version = $2"
            )))
            .bind(site)
            .bind(version)
            .fetch_optional(pool)
            .await
        })?;
        found.map(TryInto::try_into).transpose()
    }

    /// Adds a version after `row.base`, with its audit entry. `false`: `row.base` is not the newest
    /// version any more (0 = there is none yet).
    pub async fn add_policy(&self, site: &str, row: PolicyRow, audit: NewAudit) -> Result<bool, StoreError> {
        let site = site.to_owned();
        let result: Result<bool, StoreError> = in_tx!(self, |conn| {
            let (newest,): (i64,) =
                sqlx::query_as("SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM policies WHERE site_id = $1")
                    .bind(site.as_str())
                    .fetch_one(&mut *conn)
                    .await?;
            if newest != row.base {
                return Ok(false);
            }
            let cut = |cut: Option<Score>| cut.map(Score::thousandths);
            let policy = &row.policy;
            sqlx::query(
                "INSERT INTO policies (site_id, version, base, publish_from, step_up_below, refuse_below, \
                 explore_ppm, author, note, forecast, from_at, at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(site.as_str())
            .bind(policy.version)
            .bind(row.base)
            .bind(cut(policy.cuts.publish_from))
            .bind(cut(policy.cuts.step_up_below))
            .bind(cut(policy.cuts.refuse_below))
            .bind(policy.explore_ppm)
            .bind(row.author.as_str())
            .bind(row.note.as_str())
            .bind(row.forecast.as_str())
            .bind(row.from.0)
            .bind(row.at.0)
            .execute(&mut *conn)
            .await?;
            insert_entry!(conn, audit);
            Ok(true)
        });
        match result {
            // Another owner took the same number between our look and our insert.
            Err(error) if error.is_unique_violation() => Ok(false),
            other => other,
        }
    }
}
