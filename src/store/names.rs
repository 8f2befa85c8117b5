//! Names of those who decide: on one site no two look alike.
//!
//! Looked at inside the transaction that gives a name, behind the lock of accounts, so that of two at once one
//! gets it. Who works on every site works on each; who is to work there counts as well. Who is suspended keeps the
//! name, and so does who was removed after coming in: decisions stand under it. A token that ended gives its name back.

use uuid::Uuid;

use super::{error::StoreError, rows};
use crate::domain::{account::EVERY_SITE, look_alike::Looks, timestamp::Timestamp};

/// A name that is taken, and where.
pub(super) struct Taken {
    pub(super) name: String,
    pub(super) sites: Vec<String>,
}

impl Taken {
    /// From a row with a JSON list of sites.
    pub(super) fn of_list(name: String, sites: &str) -> Result<Self, StoreError> {
        Ok(Self {
            sites: rows::json("accounts", "left_sites", &name, sites)?,
            name,
        })
    }
}

/// Fails with [`StoreError::NameTaken`] where `name` looks like one of `taken` on a site of `sites`.
pub(super) fn check(name: &str, sites: &[String], taken: &[Taken]) -> Result<(), StoreError> {
    let looks = Looks::of(name);
    let is_taken = taken.iter().any(|taken| {
        let meets = sites.iter().any(|site| {
            let here = |own: &String| own == site || own == EVERY_SITE || site == EVERY_SITE;
            taken.sites.iter().any(here)
        });
        meets && Looks::of(&taken.name).meet(&looks)
    });
    if is_taken { Err(StoreError::NameTaken) } else { Ok(()) }
}

/// What is live at `now`, as two numbers to bind: for tokens without an end the second.
pub(super) fn live_at(now: Timestamp) -> [i64; 2] {
    [now.0, i64::MAX]
}

/// Fails with [`StoreError::NameTaken`] where somebody but the account `except` is called so, or nearly, on one of
/// `sites`. Behind [`super::lock`].
macro_rules! check_name {
    ($conn:expr, $name:expr, $sites:expr, $except:expr, $now:expr) => {{
        let except: ::uuid::Uuid = $except;
        let mut taken: Vec<$crate::store::names::Taken> = Vec::new();
        let working: Vec<(String, String)> = sqlx::query_as(
            "SELECT a.name, r.site_id FROM account_roles r JOIN accounts a ON a.id = r.account_id WHERE a.id <> $1 \
             UNION ALL SELECT a.name, o.site_id FROM role_offers o JOIN accounts a ON a.id = o.account_id \
             WHERE a.id <> $1 \
             UNION ALL SELECT t.name, s.site_id FROM token_sites s JOIN tokens t ON t.id = s.token_id \
             WHERE t.revoked_at IS NULL AND COALESCE(t.expires_at, $3) > $2 LIMIT 100000",
        )
        .bind(except)
        .bind($crate::store::names::live_at($now)[0])
        .bind($crate::store::names::live_at($now)[1])
        .fetch_all(&mut *$conn)
        .await?;
        for (name, site) in working {
            taken.push($crate::store::names::Taken {
                name,
                sites: vec![site],
            });
        }
        let left: Vec<(String, String)> = sqlx::query_as(
            "SELECT name, left_sites FROM accounts WHERE left_sites IS NOT NULL AND id <> $1 LIMIT 100000",
        )
        .bind(except)
        .fetch_all(&mut *$conn)
        .await?;
        for (name, sites) in left {
            taken.push($crate::store::names::Taken::of_list(name, &sites)?);
        }
        $crate::store::names::check($name, $sites, &taken)?;
    }};
}
pub(super) use check_name;

/// Nobody's account: a name for somebody new.
pub(super) const NOBODY: Uuid = Uuid::nil();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h13_names_meet_where_their_sites_do() {
        let taken = |sites: &[&str]| {
            vec![Taken {
                name: "Mariam Sawadogo".to_owned(),
                sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            }]
        };
        let is_free = |name: &str, site: &str, sites: &[&str]| check(name, &[site.to_owned()], &taken(sites)).is_ok();
        assert!(!is_free("mariarn sawadogo", "faso", &["sahel", "faso"]));
        assert!(!is_free("Mariam Sawadogo", "faso", &["*"]));
        assert!(!is_free("Mariam Sawadogo", "*", &["sahel"]));
        assert!(is_free("Mariam Sawadogo", "faso", &["sahel"]));
        assert!(is_free("Mariam Sawadogo (sports)", "faso", &["faso"]));
        assert!(is_free("Mariam", "faso", &["faso"]));
        let smile = [Taken {
            name: "🙂".to_owned(),
            sites: vec!["faso".to_owned()],
        }];
        assert!(check("🙂", &["faso".to_owned()], &smile).is_err());
        assert!(check("🙁", &["faso".to_owned()], &smile).is_ok());
        assert!(check("🙂\u{FE0F}", &["faso".to_owned()], &smile).is_err());
        assert!(!is_free("Mariam Savvadogo", "faso", &["faso"]));
    }
}
