//! A moderator decides about all comments that fit a filter: counts them, begins, sees how far it is, takes it back.
//!
//! A page counts with [`preview`], shows the count and the comments that one would regret, and hands the count to
//! [`start`] as `expect`: what fits then is decided if it is as many, and nothing if it is not. The first part is made
//! before [`start`] answers, so that a small bulk is done with the answer; a job goes on with the rest ([`go_on`]). A bulk
//! is one step back ([`undo`]), also while it runs.

use serde::Serialize;
use uuid::Uuid;

use super::{identify::Identity, review};
use crate::{
    app::App,
    domain::{
        account::Role,
        actor::Scope,
        bulk::{MOST, PART},
        code::Code,
        decision::Act,
        queue::{Filter, Pile},
        score::Score,
        status::Status,
        timestamp::Timestamp,
    },
    error::Error,
    store::{Bulk, BulkBegun, BulkPart, NewBulk, StoreError},
};

/// Longest word of a filter, in characters; those that are looked for count together.
const WORD_MAX: usize = 512;

/// What a bulk would be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Exact up to 10,000.
    pub count: i64,
    /// There are more than 10,000: too many for one bulk.
    pub more: bool,
    /// A few of them: authors with most published comments first, then the highest scores.
    pub sample: Vec<Uuid>,
}

/// What a filter asked for, as it is kept: of words and authors only that they were looked for, because they may be
/// somebody's name or address.
#[derive(Serialize)]
struct KeptFilter<'a> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    aside: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score_max: Option<Score>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

/// Counts what fits a filter on one site, names `few` of it, and changes nothing. The filter's order and page do not
/// matter; words and authors are looked for as far back as the queue looks.
///
/// # Errors
/// 422 `site_missing` where no site is named and the caller works on several; 404 for a site that is not the caller's;
/// 422 for a filter that no bulk can have; 503 `search_slow`; errors of the store.
pub async fn preview(app: &App, who: &Identity, filter: Filter, few: i64) -> Result<Preview, Error> {
    let (_, filter) = of_one_site(app, who, filter).await?;
    let count = in_time(app, app.store.bulk_count(&filter, MOST + 1)).await?;
    let sample = in_time(app, app.store.bulk_sample(&filter, MOST, few)).await?;
    Ok(Preview {
        count: count.min(MOST),
        more: count > MOST,
        sample,
    })
}

/// Begins a bulk of `act` about all that fits a filter at this moment, and makes its first part.
///
/// # Errors
/// As [`preview`]; 422 `action_bad` for an undo; 422 `bulk_too_large` with `limit` where more than 10,000 fit; 409
/// `count_changed` with the `count` of now where that is not `expect`; 409 `bulk_running` with the `bulk_id` of the one
/// that is still open on the site. Nothing is changed then.
pub async fn start(app: &App, who: &Identity, filter: Filter, act: Act, expect: i64) -> Result<Bulk, Error> {
    if act == Act::Undo {
        return Err(Error::field("action", Code::ActionBad));
    }
    let (site, filter) = of_one_site(app, who, filter).await?;
    let rows = in_time(app, app.store.bulk_matches(&filter, MOST + 1)).await?;
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if count > MOST {
        return Err(Error::with(Code::BulkTooLarge, &TooLarge { limit: MOST }));
    }
    if count != expect {
        return Err(Error::with(Code::CountChanged, &Changed { count }));
    }
    let id = app.clock.new_id();
    let new = NewBulk {
        id,
        filter: kept(&filter),
        site,
        act,
        actor: who.actor.clone(),
        at: app.clock.now(),
        rows,
    };
    let site = new.site.clone();
    if app.store.begin_bulk(new).await? == BulkBegun::Busy {
        return Err(busy(app, &site).await?);
    }
    with_its_next_part(app, id).await
}

/// How far a bulk is.
///
/// # Errors
/// 404 where it is not there, or of a site that is not the caller's; errors of the store.
pub async fn progress(app: &App, who: &Identity, id: Uuid) -> Result<Bulk, Error> {
    let bulk = app.store.bulk(id).await?.ok_or_else(Error::not_found)?;
    who.may(Role::Moderator, &bulk.site_id)?;
    Ok(bulk)
}

/// The bulk that is open on a site of the caller's, or on the only one.
///
/// # Errors
/// As [`preview`].
pub async fn open(app: &App, who: &Identity, site: Option<&str>) -> Result<Option<Uuid>, Error> {
    let mut filter = Filter::all(Scope::All, Pile::Pending);
    filter.site = site.map(str::to_owned);
    let (site, _) = of_one_site(app, who, filter).await?;
    Ok(app.store.open_bulk(&site).await?)
}

/// Takes a bulk back, and makes the first part of that: each comment that nobody touched since gets exactly the status
/// that it had before. One that still runs stops. Once it is taken back, or being taken back, it changes nothing.
///
/// # Errors
/// As [`progress`]; 403 for somebody else's, as each takes back their own decisions; 409 `bulk_running` with the
/// `bulk_id` of another one that is open on the site.
pub async fn undo(app: &App, who: &Identity, id: Uuid) -> Result<Bulk, Error> {
    let bulk = progress(app, who, id).await?;
    if bulk.actor_id != who.actor.id {
        return Err(Error::Code(Code::Forbidden));
    }
    if !app.store.undo_bulk(id).await? {
        return Err(busy(app, &bulk.site_id).await?);
    }
    with_its_next_part(app, id).await
}

/// Makes the next part of each bulk that is open; gives whether anything is left to do then.
///
/// # Errors
/// The first of the store's, after the others had their turn.
pub async fn go_on(app: &App) -> Result<bool, StoreError> {
    let mut is_open = false;
    let mut failed = None;
    for id in app.store.open_bulks().await? {
        match app.store.advance_bulk(part(app, id)).await {
            Ok(bulk) => is_open |= bulk.is_some_and(|bulk| bulk.state.is_open()),
            Err(error) => failed = failed.or(Some(error)),
        }
        app.live.notify();
    }
    failed.map_or(Ok(is_open), Err)
}

async fn with_its_next_part(app: &App, id: Uuid) -> Result<Bulk, Error> {
    match app.store.advance_bulk(part(app, id)).await {
        Ok(Some(bulk)) => return Ok(bulk),
        Ok(None) => {}
        // It is begun, and the job goes on with it.
        Err(error) => tracing::warn!(%error, bulk = %id, "the next part of a bulk failed; it is tried again"),
    }
    app.store.bulk(id).await?.ok_or_else(Error::not_found)
}

fn part(app: &App, bulk: Uuid) -> BulkPart {
    BulkPart {
        bulk,
        ids: std::iter::repeat_with(|| app.clock.new_id()).take(PART).collect(),
        at: app.clock.now(),
    }
}

/// The filter on the one site that it is about.
async fn of_one_site(app: &App, who: &Identity, mut filter: Filter) -> Result<(String, Filter), Error> {
    let site = match filter.site.take() {
        Some(site) => site,
        None => match who.sites(app).await?.as_slice() {
            [only] => only.clone(),
            _ => return Err(Error::field("site", Code::SiteMissing)),
        },
    };
    who.may(Role::Moderator, &site)?;
    app.site(&site).await?;
    if filter.pile == Pile::Erased {
        return Err(Error::field("status", Code::StatusBad));
    }
    let length = |text: &str| text.chars().count();
    let searched: usize = filter.words.iter().map(|word| length(word)).sum();
    for (field, length) in [
        ("q", searched),
        ("thread", filter.thread.as_deref().map_or(0, length)),
        ("author", filter.author.as_ref().map_or(0, |(name, _)| length(name))),
        ("reason", filter.reason.as_deref().map_or(0, length)),
    ] {
        if length > WORD_MAX {
            return Err(Error::field(field, Code::ValueBad));
        }
    }
    review::bound_search(app, &mut filter);
    filter.site = Some(site.clone());
    filter.scope = Scope::Sites(vec![site.clone()]);
    Ok((site, filter))
}

fn kept(filter: &Filter) -> String {
    let kept = KeptFilter {
        status: filter.pile.status(),
        aside: (filter.pile == Pile::SetAside).then_some(true),
        reported: (filter.pile == Pile::Reported).then_some(true),
        q: (!filter.words.is_empty()).then_some(true),
        thread: filter.thread.as_deref(),
        author: filter.author.is_some().then_some(true),
        reason: filter.reason.as_deref(),
        score_max: filter.score_max.and_then(Score::from_thousandths),
        links: filter.links,
        since: filter.since.map(Timestamp::to_rfc3339),
    };
    // Keys are texts, and numbers are finite.
    serde_json::to_string(&kept).unwrap_or_default()
}

/// What is said where another bulk of the site is open.
async fn busy(app: &App, site: &str) -> Result<Error, Error> {
    let bulk_id = app.store.open_bulk(site).await?;
    Ok(Error::with(Code::BulkRunning, &Running { bulk_id }))
}

async fn in_time<T>(app: &App, asking: impl Future<Output = Result<T, StoreError>>) -> Result<T, Error> {
    let in_its_room = async {
        let _room = app.searches.acquire().await;
        asking.await
    };
    let answer = tokio::time::timeout(review::PATIENCE, in_its_room).await;
    Ok(answer.map_err(|_| Error::Code(Code::SearchSlow))??)
}

#[derive(Serialize)]
struct TooLarge {
    limit: i64,
}

#[derive(Serialize)]
struct Changed {
    count: i64,
}

#[derive(Serialize)]
struct Running {
    /// `None`: it has just ended.
    bulk_id: Option<Uuid>,
}
