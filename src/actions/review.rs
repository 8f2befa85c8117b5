//! A moderator reads the queue: items with their author's record, latest decision and appeal, counts, history.

use std::collections::HashMap;

use uuid::Uuid;

use super::{identify::Identity, lease::Reading, sites};
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Role},
        actor::Scope,
        appeal::Judge,
        code::Code,
        queue::{Filter, Pile},
        site::Site,
        timestamp::Timestamp,
    },
    error::Error,
    store::{AuditEntry, AuthorRecord, DecisionFacts, QueueRow, View},
};

/// Items on a page at most.
pub const PAGE_MAX: i64 = 100;

/// How far back a search for words looks.
const SEARCH_DAYS: u64 = 90;

/// Items that a search for words gives on a page at most.
const SEARCH_MAX: i64 = 20;

/// How long a list or a search may take.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// One comment as a moderator sees it.
#[derive(Debug)]
pub struct Item {
    pub row: QueueRow,
    pub author: AuthorRecord,
    /// The decision that made it what it is; `None` while only the automatic outcome counts.
    pub decision: Option<AuditEntry>,
    /// Who reads it now.
    pub lease: Option<Reading>,
    /// `None`: its reader never appealed.
    pub appeal: Option<Appeal>,
}

/// A reader's appeal, answered or not.
#[derive(Debug)]
pub struct Appeal {
    pub at: Timestamp,
    /// The decision appealed against; `None`: the policy refused the comment, and no person.
    pub against: Option<AuditEntry>,
    /// Who the caller is to that decision.
    pub judge: Judge,
}

/// Something that happened to a comment.
#[derive(Debug)]
pub struct Past {
    pub entry: AuditEntry,
    /// What a decision keeps; `None`: it is none.
    pub facts: Option<DecisionFacts>,
}

/// All that happened to a comment.
#[derive(Debug)]
pub struct History {
    /// Oldest first.
    pub entries: Vec<Past>,
    /// Who of the newsroom saw it, the first first.
    pub views: Vec<View>,
}

/// One page of the queue.
#[derive(Debug)]
pub struct Page {
    /// Of what waits the appeals first.
    pub items: Vec<Item>,
    /// The key of the next page; `None` on the last.
    pub next: Option<Vec<String>>,
    /// Whether something is known to be there; else the rest was not looked through yet.
    pub is_full: bool,
    /// Comments by pile, counted up to 1,001.
    pub counts: Vec<(Pile, i64)>,
}

/// Lists the queue.
///
/// # Errors
/// 404 for a site that is not the caller's; `search_slow` when words take too long to find, or others are looked for
/// all the while; errors of the store.
pub async fn list(app: &App, who: &Identity, mut filter: Filter) -> Result<Page, Error> {
    if let Some(site) = &filter.site {
        if !who.scope.allows(site) {
            return Err(Error::not_found());
        }
        app.site(site).await?;
    }
    // Named one by one: every index of the queue begins with the site.
    filter.scope = Scope::Sites(who.sites(app).await?);
    let searches = bound_search(app, &mut filter);
    filter.limit = filter.limit.clamp(1, if searches { SEARCH_MAX } else { PAGE_MAX });
    let limit = filter.limit;
    filter.limit += 1;
    let asking = async {
        let _room = if searches {
            app.searches.acquire().await.ok()
        } else {
            None
        };
        app.store.queue(&filter).await
    };
    let (mut rows, next) = tokio::time::timeout(PATIENCE, asking)
        .await
        .map_err(|_| Error::Code(Code::SearchSlow))?
        .map(|listed| (listed.rows, listed.next))?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(Page {
        next: rows.last().filter(|_| more).map(|row| row.page_key.clone()).or(next),
        is_full: more,
        counts: app.store.pile_counts(&filter).await?,
        items: with_context(app, who, rows).await?,
    })
}

/// Lets a search for words or authors look back [`SEARCH_DAYS`] at most; gives whether the filter is one.
pub(super) fn bound_search(app: &App, filter: &mut Filter) -> bool {
    let searches = !filter.words.is_empty() || filter.author.is_some();
    if searches {
        let oldest = app.clock.now().minus(std::time::Duration::from_hours(24 * SEARCH_DAYS));
        filter.since = Some(filter.since.map_or(oldest, |since: Timestamp| since.max(oldest)));
    }
    searches
}

/// How many comments of a site lie on each pile, counted up to 1,001.
///
/// # Errors
/// 404 for a site that is not the caller's; errors of the store.
pub async fn counts(app: &App, who: &Identity, site: &str) -> Result<Vec<(Pile, i64)>, Error> {
    who.may(Role::Moderator, site)?;
    let filter = Filter::all(Scope::Sites(vec![site.to_owned()]), Pile::Pending);
    Ok(app.store.pile_counts(&filter).await?)
}

/// One comment of the caller's sites.
///
/// # Errors
/// 404; errors of the store.
pub async fn item(app: &App, who: &Identity, comment: Uuid) -> Result<Item, Error> {
    let row = app
        .store
        .queue_item(comment)
        .await?
        .filter(|row| who.scope.allows(&row.comment.site))
        .ok_or_else(Error::not_found)?;
    with_context(app, who, vec![row])
        .await?
        .pop()
        .ok_or_else(Error::not_found)
}

/// Those of these comments that are the caller's to see, in this order.
///
/// # Errors
/// Those of the store.
pub async fn items(app: &App, who: &Identity, comments: &[Uuid]) -> Result<Vec<Item>, Error> {
    let mut rows = app.store.queue_items(comments).await?;
    rows.retain(|row| who.scope.allows(&row.comment.site));
    rows.sort_by_key(|row| comments.iter().position(|id| *id == row.comment.id));
    with_context(app, who, rows).await
}

/// One comment with all that happened to it, oldest first.
///
/// # Errors
/// As [`item`].
pub async fn item_with_history(app: &App, who: &Identity, comment: Uuid) -> Result<(Item, History), Error> {
    let item = item(app, who, comment).await?;
    let entries = app.store.history(comment).await?;
    let mut facts: HashMap<Uuid, DecisionFacts> = HashMap::new();
    for one in app.store.decision_facts(comment).await? {
        facts.insert(one.id, one);
    }
    let history = entries.into_iter().map(|entry| Past {
        facts: facts.remove(&entry.id),
        entry,
    });
    let history = History {
        entries: history.collect(),
        views: app.store.views(comment).await?,
    };
    Ok((item, history))
}

/// The audit log of the caller's sites (of `site`, if given) after the entry `after`, oldest first. What
/// concerns no single site (accounts, tokens, sign-ins), named `*`, is for who owns every site.
///
/// # Errors
/// 404 for a site that is not the caller's; errors of the store.
pub async fn audit(
    app: &App,
    who: &Identity,
    site: Option<&str>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AuditEntry>, Error> {
    let owns_all = who.rights.everywhere() == Some(Role::Owner);
    match site {
        Some(EVERY_SITE) if owns_all => {}
        Some(EVERY_SITE) => return Err(Error::not_found()),
        Some(site) => {
            who.may(Role::Moderator, site)?;
            app.site(site).await?;
        }
        None => {}
    }
    let scope = match &who.scope {
        Scope::All if !owns_all => Scope::Sites(app.store.site_ids().await?),
        scope => scope.clone(),
    };
    Ok(app.store.audit_entries(&scope, site, after, limit).await?)
}

async fn with_context(app: &App, who: &Identity, rows: Vec<QueueRow>) -> Result<Vec<Item>, Error> {
    let comments: Vec<_> = rows.iter().map(|row| &row.comment).collect();
    let ids: Vec<Uuid> = comments.iter().map(|comment| comment.id).collect();
    let records = app.store.author_records(&comments).await?;
    let mut decisions = app.store.latest_decisions(&ids).await?;
    let leases = app.store.leases(app.clock.now()).await?;
    let mut appeals = app.store.appeals_seen(&comments, &who.actor, app.clock.now()).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let id = row.comment.id;
            let place = decisions.iter().position(|entry| entry.comment_id == Some(id));
            Item {
                author: records.get(&id).copied().unwrap_or_default(),
                decision: place.map(|place| decisions.swap_remove(place)),
                lease: leases
                    .iter()
                    .find(|lease| lease.comment_id == id)
                    .map(|lease| Reading::seen_by(who, lease)),
                appeal: row
                    .comment
                    .appealed_at
                    .zip(appeals.remove(&id))
                    .map(|(at, seen)| Appeal {
                        at,
                        against: seen.against,
                        judge: seen.judge,
                    }),
                row,
            }
        })
        .collect())
}

/// When the last comment of somebody's sites came in, whatever became of it, and on which; `None` while there is none.
pub async fn last_received(app: &App, who: &Identity) -> Result<Option<(Timestamp, Site)>, Error> {
    let mut newest: Option<(Timestamp, Site)> = None;
    for site in sites::list(app, who).await? {
        if let Some(at) = app.store.last_received(&site.id).await?
            && newest.as_ref().is_none_or(|(known, _)| *known < at)
        {
            newest = Some((at, site));
        }
    }
    Ok(newest)
}

/// The page key that a comment has in a list, or had before it was decided.
pub async fn page_key(app: &App, comment: Uuid, list: &Filter) -> Result<Option<Vec<String>>, Error> {
    Ok(app.store.queue_key(comment, list).await?)
}
