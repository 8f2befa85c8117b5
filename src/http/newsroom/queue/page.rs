//! The review page: what waits, and the buttons that decide. Each button is a form post that leads back to the
//! row after the decided one, on the same page of the same list: its address names all that made the list, and
//! the places of its articles, so that no decision re-sorts it under the hand.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use uuid::Uuid;

use super::{
    all,
    done::{Done, done},
    list::{List, address_of},
    rows::Rows,
};
use crate::{
    actions::{
        decide::{self, DecidedItem, NewDecision},
        follow,
        identify::Identity,
        review::{self, Page},
        sites,
    },
    app::App,
    domain::{
        decision::{Act, Decided},
        queue::{Filter, Order, Pile, Place},
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
        moment::ago,
        queue::{QueueLive, QueuePage},
        texts::Say as _,
    },
};

/// Items on a page: few enough to load on a phone, enough to work through.
const PAGE: i64 = 50;

/// Articles that keep their places: beyond these the first ones go back to where they would stand today.
const PLACES: usize = 64;

/// The queue.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let since = app.clock.now();
    let mut list = List::of(&app, &query.0)?;
    list.filter.limit = PAGE;
    list.filter.places = cursor::decode_places(&query.0.text("places")?).unwrap_or_default();
    let (pile, site) = (list.filter.pile, list.filter.site.clone());
    // Before the list is read: what is stored meanwhile is in the list, or told as new.
    let known = follow::known(&app, &who).await?;
    let mut page = review::list(&app, &who, list.filter.clone()).await?;
    if page.items.is_empty() && page.next.is_none() && list.filter.after.take().is_some() {
        // A later page that was worked off: what waits stands before it.
        page = review::list(&app, &who, list.filter.clone()).await?;
    }
    let wanted = &list.filter;
    let done = done(&app, &who, &query, language).await;
    let next = next_row(&app, &page, wanted, done.as_ref()).await?;
    let here = list.address();
    let places = places(wanted, &page);
    let return_to = at_page(&here, wanted.after.as_deref(), &places);
    let own_sites = sites::list(&app, &who).await?.len();
    let rows = Rows {
        language,
        now: since,
        says_site: own_sites > 1 && site.is_none(),
    };
    let counted = if site.is_some() { 1 } else { own_sites };
    let mut items = Vec::with_capacity(page.items.len());
    for (place, item) in page.items.iter().enumerate() {
        let site = app.site(&item.row.comment.site).await?;
        let mut row = rows.row(item, &site.site);
        row.is_next = place == next;
        items.push(row);
    }
    let last_received = if items.is_empty() {
        review::last_received(&app, &who).await?
    } else {
        None
    };
    let last_received =
        last_received.map(|(at, _)| language.say_with("queue-last", "ago", &ago(language, at.0, since.0)));
    let (groups, common) = rows.grouped(items, wanted);
    let (tabs, choice) = list.tabs(&page.counts);
    let orders = Order::ALL.iter().map(|order| Choice {
        value: order.as_str().to_owned(),
        label: String::new(),
        is_selected: *order == wanted.order,
    });
    let current = choice.iter().chain(&tabs).find(|tab| tab.is_current);
    let title = language.say(current.map_or("tab-pending", |tab| tab.word));
    let mut frame = frame(&app, Some(&who), language, Entry::Queue, title);
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
        choice,
        orders: orders.collect(),
        words: list.value("q"),
        kept: list.kept_by(&["order", "q"]),
        kept_by_filters: list.kept_by(&["reason", "score_max", "links", "days", "author", "thread"]),
        all_href: list.is_narrowed().then(|| all::address(&list)),
        chips: list.chips(language),
        reasons: list.reasons(language),
        fields: list.fields(),
        common,
        groups,
        flash: done.map(|done| done.flash),
        is_searched_on: page.next.is_some() && !page.is_full,
        next_href: page.next.as_ref().map(|key| at_page(&here, Some(key), &places)),
        live: QueueLive {
            since: since.to_rfc3339(),
            site: site.unwrap_or_default(),
            tab: pile.as_str().to_owned(),
            door: door_back_to(&return_to),
            here,
            known: known.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            sites: if counted > follow::SITES { 0 } else { counted },
        },
        return_to,
        last_received,
        is_pending_tab: pile == Pile::Pending,
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

/// The articles of a page, which keep the places that they have on it, after those that kept theirs before.
fn places(wanted: &Filter, page: &Page) -> Vec<Place> {
    if wanted.order != Order::Article || wanted.pile != Pile::Pending {
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
async fn next_row(app: &App, page: &Page, wanted: &Filter, done: Option<&Done>) -> Result<usize, Error> {
    let Some(done) = done else { return Ok(0) };
    let mut rows = page.items.iter().map(|item| &item.row);
    if done.stays
        && let Some(place) = rows.clone().position(|row| row.comment.id == done.comment)
    {
        return Ok(place);
    }
    let Some(key) = review::page_key(app, done.comment, wanted).await? else {
        return Ok(0);
    };
    let next = rows.position(|row| wanted.stands_after(&row.page_key, &key));
    Ok(next.unwrap_or(page.items.len().saturating_sub(1)))
}

/// A button of the queue.
pub(crate) async fn decide(State(app): State<Arc<App>>, Visitor(who): Visitor, request: Request) -> PageResult {
    let fields = Fields::read(request).await?;
    let act = act(&fields)?;
    let comment = Uuid::parse_str(&fields.text("comment")?).map_err(|_| Error::not_found())?;
    let made = decide::decide(&app, &who, decision(comment, act, fields.integer("version")?, None)).await?;
    back(&fields, comment, &made, "conflict")
}

/// The buttons for all that is chosen: each in its version, and those that changed meanwhile are left.
pub(crate) async fn decide_chosen(State(app): State<Arc<App>>, Visitor(who): Visitor, request: Request) -> PageResult {
    let fields = Fields::read(request).await?;
    let act = act(&fields)?;
    let chosen = fields.all().iter().filter_map(|(name, version)| {
        let comment = Uuid::parse_str(name.strip_prefix("pick.")?).ok()?;
        Some((comment, version.as_str().and_then(|version| version.parse().ok())))
    });
    let (mut decisions, mut left, mut last) = (Vec::new(), 0_usize, None);
    for (comment, version) in chosen.take(decide::BATCH_MAX) {
        let made = decide::decide(&app, &who, decision(comment, act, version, None)).await?;
        match made.decision() {
            Some(id) => decisions.push(id.to_string()),
            None => left += 1,
        }
        last = Some(comment);
    }
    together(&fields, last, &decisions, left)
}

/// « Annuler »: takes decisions of one's own back.
pub(crate) async fn undo(State(app): State<Arc<App>>, Visitor(who): Visitor, request: Request) -> PageResult {
    let fields = Fields::read(request).await?;
    let given = fields.text("decision")?;
    let parsed = given.split(',').take(decide::BATCH_MAX).map(Uuid::parse_str);
    let given: Vec<Uuid> = parsed.collect::<Result<_, _>>().map_err(|_| Error::not_found())?;
    if let [decision] = given.as_slice() {
        let (comment, made) = take_back(&app, &who, *decision).await?;
        return back(&fields, comment, &made, "undo-failed");
    }
    let (mut left, mut last) = (0, None);
    for id in given {
        let (comment, made) = take_back(&app, &who, id).await?;
        left += usize::from(made.decision().is_none());
        last = Some(comment);
    }
    together(&fields, last, &[], left)
}

async fn take_back(app: &App, who: &Identity, of: Uuid) -> Result<(Uuid, DecidedItem), Error> {
    let comment = decide::comment_of(app, of).await?;
    let made = decide::decide(app, who, decision(comment, Act::Undo, None, Some(of))).await?;
    Ok((comment, made))
}

fn act(fields: &Fields) -> Result<Act, Error> {
    Act::parse(&fields.text("action")?)
        .filter(|act| *act != Act::Undo)
        .ok_or_else(Error::not_found)
}

fn decision(comment: Uuid, act: Act, version: Option<i64>, of: Option<Uuid>) -> NewDecision {
    NewDecision {
        comment,
        act,
        version,
        key: None,
        reason: None,
        note: None,
        focused_ms: None,
        of,
    }
}

/// Back to the page that the button stood on, with what it did.
fn back(fields: &Fields, comment: Uuid, made: &DecidedItem, failed: &str) -> Result<Response, Problem> {
    let result = match made.decided {
        Decided::NotFound => return Err(Error::not_found().into()),
        Decided::Applied(_) | Decided::Replayed(_) => "applied",
        Decided::OwnDecision => "own-decision",
        Decided::Unchanged | Decided::Conflict | Decided::Erased => failed,
    };
    let page = page_of(fields)?;
    Ok(see_other(&format!("{page}done={comment}&result={result}#next")))
}

/// The same after a press for several; for none, as if nothing was pressed.
fn together(fields: &Fields, last: Option<Uuid>, decisions: &[String], left: usize) -> Result<Response, Problem> {
    let page = page_of(fields)?;
    let Some(last) = last else {
        return Ok(see_other(page.trim_end_matches(['?', '&'])));
    };
    let decisions = cursor::encode(decisions);
    Ok(see_other(&format!(
        "{page}done={last}&together={decisions}&left={left}#next"
    )))
}

/// The address of the page that a button stood on, up to where more parameters go.
fn page_of(fields: &Fields) -> Result<String, Error> {
    let given = fields.text("return_to")?;
    let page = local_path(&given).map_or_else(|| address_of(Pile::Pending, None), str::to_owned);
    let sign = if page.contains('?') { '&' } else { '?' };
    Ok(format!("{page}{sign}"))
}

/// A path of the queue, or of all that fits a filter of it, and nothing that leads elsewhere.
fn local_path(given: &str) -> Option<&str> {
    let path = given.split('?').next().unwrap_or_default();
    let is_queue = path == "/queue" || path == all::PATH;
    (is_queue && given.bytes().all(|b| b.is_ascii_graphic())).then_some(given)
}
