//! Moderators: the queue, one comment, decisions one by one and many at once.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    decision::{Decision, Decisions},
    filter::filter,
    item::Item,
};
use crate::{
    actions::{
        decide::{self, DecidedItem, NewDecision},
        identify::Identity,
        lease, review,
        thread::{self, Said, Settings},
    },
    app::App,
    domain::{
        code::Code,
        decision::{Act, Decided},
        language::Language,
        queue::Pile,
        timestamp::Timestamp,
        view::Seen,
    },
    error::Error,
    http::{
        error::Problem,
        page::no_store,
        request::{
            body::Fields,
            cursor,
            extract::{Path, Query, RequestLanguage, Who},
            fields::parse_id,
        },
    },
    store::ThreadRow,
    web::texts::Say as _,
};

/// The review queue. Of what waits the appeals come first, in every order.
#[utoipa::path(get, path = "/moderation/queue", tag = "moderators",
    params(("site" = Option<String>, Query), ("status" = Option<String>, Query, description = "default pending"),
        ("aside" = Option<i64>, Query, description = "1: what was set aside, which pending leaves out"),
        ("reported" = Option<i64>, Query, description = "1: what is public and was reported since it was decided"),
        ("order" = Option<String>, Query, description = "article oldest newest score doubt reports mixed"),
        ("q" = Option<String>, Query), ("thread" = Option<String>, Query), ("author" = Option<String>, Query),
        ("reason" = Option<String>, Query), ("score_max" = Option<f64>, Query), ("links" = Option<i64>, Query),
        ("since" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, description = "items, next, counts per status", body = Queue<'_>),
        (status = 401, description = "unauthenticated"), (status = 404, description = "another's site"),
        (status = 503, description = "search_slow")))]
pub(crate) async fn queue(
    State(app): State<Arc<App>>,
    Who(who): Who,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> Result<Response, Problem> {
    let filter = filter(&app, &query.0)?;
    let page = review::list(&app, &who, filter).await?;
    let body = Queue {
        counts: counts_by_pile(&page.counts),
        items: page.items.iter().map(|item| Item::of(item, language)).collect(),
        next: page.next.as_deref().map(cursor::encode),
    };
    Ok(no_store(Json(body).into_response()))
}

/// A page of the queue.
#[derive(Serialize, ToSchema)]
struct Queue<'a> {
    /// By status, of which pending leaves out `set_aside`, and approved takes in `reported`.
    #[schema(value_type = BTreeMap<String, Count>)]
    counts: Counts,
    items: Vec<Item<'a>>,
    next: Option<String>,
}

/// By pile: each status, `set_aside` and `reported`.
pub(crate) type Counts = BTreeMap<&'static str, Count>;

/// A count that stops at 1,000.
#[derive(Serialize, ToSchema)]
pub(crate) struct Count {
    more: bool,
    n: i64,
}

pub(crate) fn counts_by_pile(counts: &[(Pile, i64)]) -> Counts {
    let counts = counts.iter().map(|(pile, n)| {
        let (n, more) = (*n.min(&1000), *n > 1000);
        (pile.as_str(), Count { more, n })
    });
    counts.collect()
}

/// One comment with its whole history.
#[utoipa::path(get, path = "/comments/{id}", tag = "moderators", params(("id" = Uuid, Path)),
    responses((status = 200, description = "the item with history", body = Item<'_>), (status = 404, description = "not_found")))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
    RequestLanguage(language): RequestLanguage,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let (item, past) = review::item_with_history(&app, &who, id).await?;
    let body = Item::of(&item, language).with_history(&item, &past);
    Ok(no_store(Json(body).into_response()))
}

/// Decides about one comment: approve, reject, spam, restore, hold or undo.
#[utoipa::path(post, path = "/comments/{id}/{action}", tag = "moderators",
    params(("id" = Uuid, Path), ("action" = String, Path, description = "approve reject spam restore hold undo")),
    request_body = Decision,
    responses((status = 200, description = "the item with the decision's id", body = Item<'_>),
        (status = 404, description = "not_found"), (status = 409, description = "conflict, erased, or own_decision: the reader appeals against a decision of the caller's, and somebody else may decide")))]
pub(crate) async fn decide_one(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path((id, action)): Path<(String, String)>,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> Result<Response, Problem> {
    let comment = parse_id(&id)?;
    let act = Act::parse(&action).ok_or_else(Error::not_found)?;
    let key = request
        .headers()
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .map(str::to_owned);
    let fields = Fields::read_optional(request).await?;
    let sent: Decision = fields.typed()?;
    let mut decision = sent.parse(comment, act)?;
    decision.key = decision.key.or(key);
    let made = decide::decide(&app, &who, decision).await?;
    match made.decided {
        Decided::NotFound => Err(Error::not_found().into()),
        Decided::Conflict | Decided::Erased | Decided::OwnDecision => Err(conflict(&made, language)),
        Decided::Applied(_) | Decided::Unchanged | Decided::Replayed(_) => {
            let item = made.item.as_ref().map(|item| Item::of(item, language));
            let body = item.map(|item| item.decided_by(made.decision()));
            Ok(no_store(Json(body).into_response()))
        }
    }
}

/// Why nothing changed; `None`: something did, or nothing had to.
fn code_of(decided: Decided) -> Option<Code> {
    match decided {
        Decided::Conflict => Some(Code::Conflict),
        Decided::Erased => Some(Code::Erased),
        Decided::OwnDecision => Some(Code::OwnDecision),
        Decided::NotFound => Some(Code::NotFound),
        Decided::Applied(_) | Decided::Unchanged | Decided::Replayed(_) => None,
    }
}

fn conflict(made: &DecidedItem, language: Language) -> Problem {
    let code = code_of(made.decided).unwrap_or(Code::Conflict);
    let item = made.item.as_ref().map(|item| Item::of(item, language));
    let problem = Problem::from(Error::Code(code)).with("item", serde_json::to_value(item).unwrap_or_default());
    match made.item.as_ref().and_then(|item| item.decision.as_ref()) {
        Some(entry) => problem
            .with("decided_by", entry.actor.clone())
            .with("decided_by_id", entry.actor_id.clone())
            .with("decided_at", Timestamp(entry.at).to_rfc3339()),
        None => problem,
    }
}

/// 1 to 100 decisions; a conflict of one does not stop the others.
#[utoipa::path(post, path = "/moderation/decisions", tag = "moderators",
    request_body = Decisions,
    responses((status = 200, description = "results, in the order of the decisions", body = Results<'_>),
        (status = 422, description = "decisions_bad")))]
pub(crate) async fn decide_many(
    State(app): State<Arc<App>>,
    Who(who): Who,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> Result<Response, Problem> {
    let sent: Decisions = Fields::read_as(request).await?;
    let leased = sent.lease()?;
    let decisions = sent.parse()?;
    let distinct: HashSet<Uuid> = decisions.iter().map(|(_, decision)| decision.comment).collect();
    let made = if distinct.len() == decisions.len() {
        // Different comments cannot wait for one another: they share commits.
        futures_util::future::join_all(decisions.into_iter().map(|decision| make(&app, &who, decision))).await
    } else {
        let mut made = Vec::with_capacity(decisions.len());
        for decision in decisions {
            made.push(make(&app, &who, decision).await);
        }
        made
    };
    let made: Vec<Answered> = made.into_iter().collect::<Result<_, _>>()?;
    if let Some(comment) = leased {
        take_along(&app, &who, comment).await;
    }
    let results = made.iter().map(|made| DecisionResult::of(made, language)).collect();
    Ok(no_store(Json(Results { results }).into_response()))
}

/// Takes a lease beside decisions, which count whatever becomes of it.
async fn take_along(app: &App, who: &Identity, comment: Uuid) {
    match lease::take(app, who, comment, Seen::Focused).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() => {}
        Err(error) => tracing::warn!(%error, "a lease that came with decisions was not taken"),
    }
}

/// A decision's key, its comment as it was named, and what became of it.
struct Answered {
    key: Option<String>,
    comment: String,
    made: DecidedItem,
}

async fn make(app: &App, who: &Identity, (comment, decision): (String, NewDecision)) -> Result<Answered, Error> {
    let key = decision.key.clone();
    let made = decide::decide(app, who, decision).await?;
    Ok(Answered { key, comment, made })
}

/// What became of many decisions, in their order.
#[derive(Serialize, ToSchema)]
struct Results<'a> {
    results: Vec<DecisionResult<'a>>,
}

/// What became of one of many decisions.
#[derive(Serialize, ToSchema)]
struct DecisionResult<'a> {
    /// Why nothing changed: conflict, erased, `own_decision` (the reader appeals against a decision of the caller's) or
    /// `not_found`; absent where nothing had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    comment: &'a str,
    decision: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Item<'a>>,
    key: Option<&'a str>,
    /// The code as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// applied, conflict, replayed or `not_found`.
    result: &'static str,
}

impl<'a> DecisionResult<'a> {
    fn of(Answered { key, comment, made }: &'a Answered, language: Language) -> Self {
        let code = code_of(made.decided).map(Code::as_str);
        Self {
            code,
            comment,
            decision: made.decision(),
            item: made.item.as_ref().map(|item| Item::of(item, language)),
            key: key.as_deref(),
            message: code.map(|code| language.say(code)),
            result: match made.decided {
                Decided::Applied(_) | Decided::Unchanged => "applied",
                Decided::Replayed(_) => "replayed",
                Decided::Conflict | Decided::Erased | Decided::OwnDecision => "conflict",
                Decided::NotFound => "not_found",
            },
        }
    }
}

/// What the publisher says of a thread: its title, its address, whether it takes comments. A title or an address of
/// null takes back what was said.
#[utoipa::path(put, path = "/sites/{site}/threads/{thread}", tag = "moderators",
    params(("site" = String, Path), ("thread" = String, Path, description = "the key, percent-encoded")),
    request_body = ThreadSettings,
    responses((status = 200, description = "the thread", body = ThreadState<'_>), (status = 422, description = "thread_bad, url_bad")))]
pub(crate) async fn put_thread(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path((site, key)): Path<(String, String)>,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read(request).await?;
    let sent: ThreadSettings = fields.typed()?;
    fields.refuse_null(&["open"])?;
    let said = |name, text: Option<String>| {
        if fields.is_null(name) {
            return Some(Said::Nothing);
        }
        text.filter(|text| !text.is_empty()).map(Said::Is)
    };
    let settings = Settings {
        title: said("title", sent.title),
        url: said("url", sent.url),
        open: sent.open,
    };
    let row = thread::set(&app, &who, &site, &key, &settings).await?;
    Ok(no_store(Json(ThreadState::of(&row)).into_response()))
}

/// What the publisher says of a thread.
#[derive(Deserialize, ToSchema)]
struct ThreadSettings {
    /// Null: what was said is taken back.
    title: Option<String>,
    /// On one of the site's origins. Null: what was said is taken back.
    url: Option<String>,
    open: Option<bool>,
}

/// A thread as the publisher has it.
#[derive(Serialize, ToSchema)]
struct ThreadState<'a> {
    key: &'a str,
    /// Whether it takes comments.
    open: bool,
    title: Option<&'a str>,
    url: Option<&'a str>,
}

impl<'a> ThreadState<'a> {
    fn of(row: &'a ThreadRow) -> Self {
        Self {
            key: &row.thread_key,
            open: row.open,
            title: row.title.as_deref(),
            url: row.url.as_deref(),
        }
    }
}
