//! How many comments lie on each pile.

use sqlx::QueryBuilder;

use super::{
    engines::{on_pool, push_scope},
    error::StoreError,
    open::Store,
    queue::{lies_in, push_sites},
};
use crate::domain::{
    actor::Scope,
    queue::{Filter, Pile},
};

/// A site and its counts in the order of [`Pile::ALL`].
type Row = (String, i64, i64, i64, i64, i64, i64, i64, i64);

/// A count stops there.
const ENOUGH: i64 = 1001;

/// How many comments of a site lie on each pile, in the order of [`Pile::ALL`]; each count stops at 1,001.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCounts {
    pub site: String,
    pub counts: Vec<(Pile, i64)>,
}

impl Store {
    /// Comments by pile in the filter's sites; each count stops at 1,001.
    pub async fn pile_counts(&self, filter: &Filter) -> Result<Vec<(Pile, i64)>, StoreError> {
        let mut found = Vec::with_capacity(Pile::ALL.len());
        for &pile in Pile::ALL {
            let (count,): (i64,) = on_pool!(self, |pool| {
                let mut query = QueryBuilder::new(format!(
                    "SELECT COUNT(*) FROM (SELECT 1 AS one FROM comments c WHERE {}",
                    counted(pile)
                ));
                push_sites!(query, filter);
                query.push(format!(" LIMIT {}) counted", up_to(pile)));
                query.build_query_as().fetch_one(pool).await
            })?;
            found.push(count);
        }
        Ok(by_pile(&found))
    }

    /// The counts of each of `sites`, in the order of their ids.
    pub async fn counts_by_site(&self, sites: &[String]) -> Result<Vec<SiteCounts>, StoreError> {
        let scope = Scope::Sites(sites.to_vec());
        let counts: Vec<String> = Pile::ALL
            .iter()
            .map(|&pile| {
                format!(
                    ", (SELECT COUNT(*) FROM (SELECT 1 AS one FROM comments c WHERE c.site_id = s.id AND {} LIMIT {}) counted)",
                    counted(pile),
                    up_to(pile)
                )
            })
            .collect();
        let rows: Vec<Row> = on_pool!(self, |pool| {
            let mut query = QueryBuilder::new(format!("SELECT s.id{} FROM sites s WHERE TRUE", counts.concat()));
            push_scope!(query, "s.id", &scope);
            query.push(" ORDER BY s.id");
            query.build_query_as().fetch_all(pool).await
        })?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(site, a, b, c, d, e, f, g, h)| SiteCounts {
                site,
                counts: by_pile(&[a, b, c, d, e, f, g, h]),
            })
            .collect())
    }
}

/// What is counted for a pile. What waits is counted with what was set aside of it, so that an index alone tells: each
/// pile by `comments_by_status`, the two small ones by `comments_aside` and `comments_reported`.
fn counted(pile: Pile) -> &'static str {
    match pile {
        Pile::Pending => "c.status = 'pending'",
        other => lies_in(other),
    }
}

fn up_to(pile: Pile) -> i64 {
    match pile {
        Pile::Pending => 2 * ENOUGH,
        _ => ENOUGH,
    }
}

/// The counts of [`Pile::ALL`], with what was set aside taken from what waits.
fn by_pile(found: &[i64]) -> Vec<(Pile, i64)> {
    let of = |wanted: Pile| {
        let place = Pile::ALL.iter().position(|pile| *pile == wanted);
        place.and_then(|place| found.get(place)).copied().unwrap_or_default()
    };
    let piles = Pile::ALL.iter().map(|&pile| match pile {
        Pile::Pending => (pile, (of(pile) - of(Pile::SetAside)).clamp(0, ENOUGH)),
        _ => (pile, of(pile)),
    });
    piles.collect()
}
