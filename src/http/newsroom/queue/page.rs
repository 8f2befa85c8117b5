//! The review page: what waits, and the buttons that decide. Each button is a form post that leads back to the
//! row after the decided one, on the same page of the same list: its address names all that made the list, and
//! the places of its articles, so that no decision re-sorts it under the hand.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use uuid::Uuid;

use super::api::filter;
use crate::{
    actions::{
        decide::{self, DecidedItem, NewDecision},
        follow,
        identify::Identity,
        review::{self, Item, Page},
        sites,
    },
    app::App,
    domain::{
        decision::{Act, Decided},
        language::Language,
        markup,
        queue::{Filter, Order, Place},
        reason::Reason,
        score::Score,
        site::Site,
        status::Status,
    },
    error::Error,
    http::{
        error::Problem,
        newsroom::{
            defence::page as defence,
            first_run,
            insider::{Visitor, door_back_to, frame},
        },
        page::{PageResult, admin_page, see_other},
        request::{
            body::Fields,
            cursor,
            extract::{Query, RequestLanguage},
        },
    },
    web::{
        form::Choice,
        frame::Place as Entry,
        moment::Moment,
        queue::{
            AuthorRecord, ParentExcerpt, QueueFlash, QueueItem, QueueLive, QueuePage, QueueTab, check_sentence,
            conflict_sentence, decided_sentence, decision_sentence,
        },
        texts::{self, Say as _},
    },
};

/// Items on a page: few enough to load on a phone, enough to work through.
const PAGE: i64 = 30;

/// Articles that keep their places: beyond these the first ones go back to where they would stand today.
const PLACES: usize = 64;

/// What makes a list, in the order of its address.
const LIST: [&str; 11] = [
    "status",
    "site",
    "order",
    "q",
    "thread",
    "author",
    "reason",
    "score_max",
    "links",
    "since",
    "lang",
];

/// Characters of the answered comment that are shown.
const EXCERPT: usize = 140;

const TABS: [Status; 5] = [
    Status::Pending,
    Status::Approved,
    Status::Rejected,
    Status::Spam,
    Status::Refused,
];

/// The queue.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let since = app.clock.now();
    let mut wanted = filter(&app, &query.0)?;
    wanted.limit = PAGE;
    wanted.places = cursor::decode_places(&query.0.text("places")?).unwrap_or_default();
    let (status, order) = (wanted.status, query.0.text("order")?);
    let site = wanted.site.clone();
    // Before the list is read: what is stored meanwhile is in the list, or told as new.
    let known = follow::known(&app, &who).await?;
    let mut page = review::list(&app, &who, wanted.clone()).await?;
    if page.items.is_empty() && wanted.after.take().is_some() {
        // A later page that was worked off: what waits stands before it.
        page = review::list(&app, &who, wanted.clone()).await?;
    }
    let flash = flash(&app, &who, &query, language).await;
    let next = next_row(&app, &page, &wanted, flash.as_ref()).await?;
    let here = address(&query, status)?;
    let places = places(&wanted, &page);
    let return_to = at_page(&here, wanted.after.as_deref(), &places);
    let own_sites = sites::list(&app, &who).await?.len();
    let several = own_sites > 1;
    let counted = if site.is_some() { 1 } else { own_sites };
    let mut items = Vec::with_capacity(page.items.len());
    for (place, item) in page.items.iter().enumerate() {
        let site = app.site(&item.row.comment.site).await?;
        let mut item = queue_item(item, &site.site, several, language);
        item.is_next = place == next;
        items.push(item);
    }
    let tabs = TABS
        .into_iter()
        .map(|tab| {
            let count = page
                .counts
                .iter()
                .find(|(status, _)| *status == tab)
                .map_or(0, |(_, n)| *n);
            QueueTab {
                status: tab.as_str().to_owned(),
                href: tab_address(tab, site.as_deref()),
                count: count.min(1000),
                more: count > 1000,
                is_current: tab == status,
            }
        })
        .collect();
    let orders = ["article", "oldest", "newest", "score", "doubt", "reports", "mixed"]
        .map(|value| Choice {
            value: value.to_owned(),
            label: String::new(),
            is_selected: value == order,
        })
        .to_vec();
    let last_received = if page.items.is_empty() {
        last_received(&app, &who, language).await?
    } else {
        None
    };
    let mut frame = frame(&app, Some(&who), language, Entry::Queue, language.say("queue-title"));
    frame.setup_href = first_run::href(&app, &who).await?;
    let mut defences = Vec::new();
    for id in checked_sites(&app, &who, site.as_deref()).await? {
        let checked = app.site(&id).await?;
        frame
            .alarms
            .extend(defence::alarms(&app, &who, &checked.site, language).await?);
        defences.push((defence::address(&id), checked.site.name.clone()));
    }
    Ok(admin_page(&QueuePage {
        frame,
        defences,
        tabs,
        orders,
        kept: kept(&query, status)?,
        items,
        flash: flash.map(|(_, flash)| flash),
        next_href: page.next.map(|key| at_page(&here, Some(&key), &places)),
        live: QueueLive {
            since: since.to_rfc3339(),
            site: site.unwrap_or_default(),
            tab: status.as_str().to_owned(),
            door: door_back_to(&return_to),
            here,
            known: known.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            sites: if counted > follow::SITES { 0 } else { counted },
        },
        return_to,
        last_received,
        is_pending_tab: status == Status::Pending,
    }))
}

/// The sites whose check the page speaks of: the one that is filtered by, else the caller's first twenty.
async fn checked_sites(app: &App, who: &Identity, selected: Option<&str>) -> Result<Vec<String>, Error> {
    const SITES: usize = 20;
    if let Some(site) = selected {
        return Ok(vec![site.to_owned()]);
    }
    let mut sites = who.sites(app).await?;
    sites.truncate(SITES);
    Ok(sites)
}

/// When the last comment of the caller's sites came in, whatever became of it.
async fn last_received(app: &App, who: &Identity, language: Language) -> Result<Option<Moment>, Error> {
    let newest = review::last_received(app, who).await?;
    Ok(newest.map(|(at, site)| Moment::in_zone(language, at.0, &site.time_zone)))
}

/// A list under its address, without a page.
fn address(query: &Query, status: Status) -> Result<String, Error> {
    let mut address = tab_address(status, None);
    for (name, value) in list_of(query)? {
        if name != "status" {
            let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            address = format!("{address}&{name}={value}");
        }
    }
    Ok(address)
}

fn list_of(query: &Query) -> Result<Vec<(&'static str, String)>, Error> {
    let mut named = Vec::new();
    for name in LIST {
        if let Some(value) = query.0.first_of(&[name])? {
            named.push((name, value));
        }
    }
    Ok(named)
}

/// A list from its beginning.
fn tab_address(status: Status, site: Option<&str>) -> String {
    let site = site.map(|site| format!("&site={site}")).unwrap_or_default();
    format!("/queue?status={}{site}", status.as_str())
}

/// A page of the list `here`, with its articles in their places.
fn at_page(here: &str, after: Option<&[String]>, places: &[Place]) -> String {
    let mut address = here.to_owned();
    if let Some(key) = after {
        address = format!("{address}&after={}", cursor::encode(key));
    }
    if !places.is_empty() {
        address = format!("{address}&places={}", cursor::encode_places(places));
    }
    address
}

/// Hidden fields of the form that chooses an order, so that it keeps all else.
fn kept(query: &Query, status: Status) -> Result<Vec<(String, String)>, Error> {
    let mut kept = vec![("status".to_owned(), status.as_str().to_owned())];
    let others = list_of(query)?.into_iter();
    kept.extend(
        others
            .filter(|(name, _)| !matches!(*name, "status" | "order"))
            .map(|(name, value)| (name.to_owned(), value)),
    );
    Ok(kept)
}

/// The articles of a page, which keep the places that they have on it, after those that kept theirs before.
fn places(wanted: &Filter, page: &Page) -> Vec<Place> {
    if wanted.order != Order::Article || wanted.status != Status::Pending {
        return Vec::new();
    }
    let mut places = wanted.places.clone();
    for item in &page.items {
        let thread = item.row.comment.thread;
        let at = item.row.page_key.first().and_then(|at| at.parse().ok());
        if let Some(at) = at
            && places.iter().all(|(kept, _)| *kept != thread)
        {
            places.push((thread, at));
        }
    }
    places.split_off(places.len().saturating_sub(PLACES))
}

/// The row that a press comes back to: the one after the decided one, else the last. What was taken back, or
/// could not be decided and is still there, is looked at again.
async fn next_row(app: &App, page: &Page, wanted: &Filter, done: Option<&(Uuid, QueueFlash)>) -> Result<usize, Error> {
    let Some((done, flash)) = done else { return Ok(0) };
    let mut rows = page.items.iter().map(|item| &item.row);
    if flash.decision.is_none()
        && let Some(place) = rows.clone().position(|row| row.comment.id == *done)
    {
        return Ok(place);
    }
    let Some(key) = review::page_key(app, *done, wanted).await? else {
        return Ok(0);
    };
    let next = rows.position(|row| wanted.stands_after(&row.page_key, &key));
    Ok(next.unwrap_or(page.items.len().saturating_sub(1)))
}

fn queue_item(item: &Item, site: &Site, says_site: bool, language: Language) -> QueueItem {
    let row = &item.row;
    let comment = &row.comment;
    let moment = |at: i64| Moment::in_zone(language, at, &site.time_zone);
    let mut reasons: Vec<String> = comment
        .reasons
        .iter()
        .map(|reason| texts::reason(language, reason))
        .collect();
    if comment.appealed_at.is_some() {
        reasons.push(language.say("reason-appealed"));
    }
    if comment.reports > 0 {
        reasons.push(language.say_count("reason-reported", &comment.reports));
    }
    QueueItem {
        id: comment.id.to_string(),
        version: comment.version,
        status: comment.status,
        is_set_aside: comment.set_aside,
        name: comment.name.clone(),
        email: comment.email.clone(),
        website: comment.website.clone(),
        record: AuthorRecord {
            approved: item.author.approved,
            rejected: item.author.rejected,
            spam: item.author.spam,
            // The comment itself is the first one: then there is no record yet.
            first_seen: item
                .author
                .first_seen
                .filter(|first| *first < comment.created_at)
                .map(|first| moment(first.0)),
            is_verified: item.author.verified,
        },
        moment: moment(comment.created_at.0),
        site_name: if says_site { site.name.clone() } else { String::new() },
        article_title: row
            .thread_title
            .clone()
            .or_else(|| row.claimed_title.clone())
            .unwrap_or_else(|| row.thread_key.clone()),
        article_href: row.thread_url.clone(),
        parent: row.parent_name.clone().map(|name| ParentExcerpt {
            name,
            excerpt: markup::excerpt(row.parent_body.as_deref().unwrap_or_default(), EXCERPT),
        }),
        html: markup::shown(&comment.html).into_owned(),
        reasons,
        check: if comment.reasons.iter().any(Reason::tells_of_the_check) {
            String::new()
        } else {
            check_sentence(language, &comment.verdict, comment.level.map(Score::thousandths))
        },
        decided: item.decision.as_ref().and_then(|entry| {
            let act = Act::parse(&entry.action)?;
            Some(decision_sentence(language, act, &entry.actor, &moment(entry.at)))
        }),
        conflict: None,
        read_by: item
            .lease
            .as_ref()
            .filter(|lease| !lease.own)
            .map(|lease| lease.by.clone()),
        zone: site.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        is_next: false,
    }
}

/// What the last press did to which comment, from the parameters that [`decide`] adds to the address.
async fn flash(app: &App, who: &Identity, query: &Query, language: Language) -> Option<(Uuid, QueueFlash)> {
    let id = query.0.first_of(&["done"]).ok().flatten()?;
    let id = Uuid::parse_str(&id).ok()?;
    let item = review::item(app, who, id).await.ok()?;
    let comment = &item.row.comment;
    let result = query.0.text("result").unwrap_or_default();
    let entry = item.decision.as_ref();
    if result == "applied" {
        let entry = entry?;
        let act = Act::parse(&entry.action)?;
        let flash = QueueFlash {
            message: decided_sentence(language, act, &comment.name),
            decision: Some(entry.id.to_string()).filter(|_| act != Act::Undo),
            is_problem: false,
        };
        return Some((id, flash));
    }
    let message = match entry {
        _ if result == "undo-failed" => language.say("undo-failed"),
        _ if result == "own-decision" => language.say("own_decision"),
        Some(entry) => conflict_sentence(language, comment.status, &entry.actor, &Moment::new(language, entry.at)),
        None => language.say("conflict"),
    };
    let flash = QueueFlash {
        message,
        decision: None,
        is_problem: true,
    };
    Some((id, flash))
}

/// A button of the queue.
pub(crate) async fn decide(State(app): State<Arc<App>>, Visitor(who): Visitor, request: Request) -> PageResult {
    let fields = Fields::read(request).await?;
    let act = Act::parse(&fields.text("action")?)
        .filter(|act| *act != Act::Undo)
        .ok_or_else(Error::not_found)?;
    let comment = Uuid::parse_str(&fields.text("comment")?).map_err(|_| Error::not_found())?;
    let decision = NewDecision {
        comment,
        act,
        version: fields.integer("version")?,
        key: None,
        reason: None,
        note: None,
        focused_ms: None,
        of: None,
    };
    let made = decide::decide(&app, &who, decision).await?;
    back(&fields, comment, &made, "conflict")
}

/// « Annuler »: takes a decision of one's own back.
pub(crate) async fn undo(State(app): State<Arc<App>>, Visitor(who): Visitor, request: Request) -> PageResult {
    let fields = Fields::read(request).await?;
    let decision = Uuid::parse_str(&fields.text("decision")?).map_err(|_| Error::not_found())?;
    let comment = decide::comment_of(&app, decision).await?;
    let decision = NewDecision {
        comment,
        act: Act::Undo,
        version: None,
        key: None,
        reason: None,
        note: None,
        focused_ms: None,
        of: Some(decision),
    };
    let made = decide::decide(&app, &who, decision).await?;
    back(&fields, comment, &made, "undo-failed")
}

/// Back to the page that the button stood on, with what it did.
fn back(fields: &Fields, comment: Uuid, made: &DecidedItem, failed: &str) -> Result<Response, Problem> {
    let result = match made.decided {
        Decided::NotFound => return Err(Error::not_found().into()),
        Decided::Applied(_) | Decided::Replayed(_) => "applied",
        Decided::OwnDecision => "own-decision",
        Decided::Unchanged | Decided::Conflict | Decided::Erased => failed,
    };
    let given = fields.text("return_to")?;
    let page = local_path(&given).unwrap_or("/queue?status=pending");
    let sign = if page.contains('?') { '&' } else { '?' };
    Ok(see_other(&format!("{page}{sign}done={comment}&result={result}#next")))
}

/// A path of the queue, and nothing that leads elsewhere.
fn local_path(given: &str) -> Option<&str> {
    let is_queue = given == "/queue" || given.starts_with("/queue?");
    (is_queue && given.bytes().all(|b| b.is_ascii_graphic())).then_some(given)
}
