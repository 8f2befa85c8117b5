//! Moderators: the queue, one comment, decisions one by one and many at once.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    audit::entry_json,
    comments::{field_error, no_store, parse_id},
    schema,
};
use crate::{
    actions::{
        decide::{self, BATCH_MAX, Made, Wish},
        identify::Identity,
        lease::Reading,
        new_key, review,
        thread::{self, Said, Settings},
    },
    app::App,
    domain::{
        actor::Scope,
        decision::{Act, Decided},
        ink,
        language::Language,
        markup,
        person::fold_search,
        queue::{Filter, Order},
        score::Score,
        status::Status,
        timestamp::Timestamp,
    },
    error::Error,
    http::{
        body::Fields,
        cursor,
        error::Problem,
        extract::{Query, RequestLanguage, Who},
        shape,
    },
    store::ThreadRow,
    web::texts,
};

/// The review queue.
#[utoipa::path(get, path = "/moderation/queue", tag = "moderators",
    params(("site" = Option<String>, Query), ("status" = Option<String>, Query, description = "default pending"),
        ("order" = Option<String>, Query, description = "article oldest newest score doubt reports mixed"),
        ("q" = Option<String>, Query), ("thread" = Option<String>, Query), ("author" = Option<String>, Query),
        ("reason" = Option<String>, Query), ("score_max" = Option<f64>, Query), ("links" = Option<i64>, Query),
        ("since" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, description = "items, next, counts per status", body = schema::Queue),
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
    let body = json!({
        "items": page.items.iter().map(|item| item_json(item, language)).collect::<Vec<_>>(),
        "next": page.next.as_deref().map(cursor::encode),
        "counts": counts_json(&page.counts),
    });
    Ok(no_store(Json(body).into_response()))
}

/// Counts by status, which stop at 1,000.
pub(super) fn counts_json(counts: &[(Status, i64)]) -> Value {
    let counts = counts.iter().map(|(status, n)| {
        let count = json!({"n": n.min(&1000), "more": *n > 1000});
        (status.as_str().to_owned(), count)
    });
    counts.collect::<serde_json::Map<String, Value>>().into()
}

/// The filter that a query names.
///
/// # Errors
/// 422 with the field that cannot be understood.
pub(in crate::http) fn filter(app: &App, query: &Fields) -> Result<Filter, Error> {
    let status = match query.first_of(&["status"])? {
        None => Status::Pending,
        Some(word) => Status::parse(&word).ok_or_else(|| field_error("status", "status_bad"))?,
    };
    let order = match query.first_of(&["order"])? {
        None if status == Status::Pending => Order::Article,
        None => Order::Newest,
        Some(word) => Order::parse(&word).ok_or_else(|| field_error("order", "order_bad"))?,
    };
    let score_max = match query.first_of(&["score_max"])? {
        None => None,
        Some(text) => Some(
            Score::parse(&text)
                .ok_or_else(|| field_error("score_max", "score_bad"))?
                .thousandths(),
        ),
    };
    let since = match query.first_of(&["since"])? {
        None => None,
        Some(text) => Some(Timestamp::parse_rfc3339(&text).ok_or_else(|| field_error("since", "since_bad"))?),
    };
    let after = match query.first_of(&["after"])? {
        None => None,
        Some(key) => Some(cursor::decode(&key).ok_or_else(|| field_error("after", "after_bad"))?),
    };
    let limit = match query.integer("limit").unwrap_or(Some(0)) {
        None => 50,
        Some(limit) if (1..=review::PAGE_MAX).contains(&limit) => limit,
        Some(_) => return Err(field_error("limit", "limit_bad")),
    };
    let words = query.text("q")?;
    Ok(Filter {
        scope: Scope::All,
        site: query.first_of(&["site"])?,
        status,
        order,
        words: words.split_whitespace().take(8).map(fold_search).collect(),
        thread: query.first_of(&["thread"])?,
        author: query
            .first_of(&["author"])?
            .map(|author| (fold_search(&author), new_key::email_key(app, &author))),
        reason: query.first_of(&["reason"])?,
        score_max,
        links: query.integer("links").map_err(|_| field_error("links", "links_bad"))?,
        since,
        places: Vec::new(),
        after,
        limit,
    })
}

/// One comment with its whole history.
#[utoipa::path(get, path = "/comments/{id}", tag = "moderators", params(("id" = Uuid, Path)),
    responses((status = 200, description = "the item with history", body = schema::Item), (status = 404, description = "not_found")))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
    RequestLanguage(language): RequestLanguage,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let (item, history) = review::item_with_history(&app, &who, id).await?;
    let mut body = item_json(&item, language);
    if let Some(body) = body.as_object_mut() {
        let comment = &item.row.comment;
        body.insert(
            "outcome".to_owned(),
            json!({
                "action": comment.outcome.as_str(), "policy": comment.policy_version,
                "propensity_ppm": comment.propensity_ppm, "draw": comment.draw,
                "score_raw": comment.score_raw,
            }),
        );
        body.insert(
            "history".to_owned(),
            history.iter().map(entry_json).collect::<Vec<_>>().into(),
        );
    }
    Ok(no_store(Json(body).into_response()))
}

/// Decides about one comment: approve, reject, spam, restore, hold or undo.
#[utoipa::path(post, path = "/comments/{id}/{action}", tag = "moderators",
    params(("id" = Uuid, Path), ("action" = String, Path, description = "approve reject spam restore hold undo")),
    request_body = schema::Decision,
    responses((status = 200, description = "the item with the decision's id", body = schema::Item),
        (status = 404, description = "not_found"), (status = 409, description = "conflict or erased")))]
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
    let fields = Fields::read_optional(request)
        .await
        .and_then(|fields| fields.shaped(shape::DECISION))?;
    let mut wish = wish(&fields, comment, act)?;
    wish.key = wish.key.or(key);
    let made = decide::decide(&app, &who, wish).await?;
    match made.decided {
        Decided::NotFound => Err(Error::not_found().into()),
        Decided::Conflict | Decided::Erased => Err(conflict(&made, language)),
        Decided::Applied(_) | Decided::Unchanged | Decided::Replayed(_) => {
            let mut body = made_json(&made, language);
            if let Some(body) = body.as_object_mut() {
                body.insert("decision".to_owned(), json!(made.decision()));
            }
            Ok(no_store(Json(body).into_response()))
        }
    }
}

fn wish(fields: &Fields, comment: Uuid, act: Act) -> Result<Wish, Error> {
    Ok(Wish {
        comment,
        act,
        version: fields.integer("version")?,
        key: fields.first_of(&["key"])?,
        reason: fields.first_of(&["reason"])?,
        note: fields.first_of(&["note"])?,
        of: match fields.first_of(&["of"])? {
            None => None,
            Some(id) => Some(parse_id(&id)?),
        },
    })
}

fn conflict(made: &Made, language: Language) -> Problem {
    let code = if made.decided == Decided::Erased {
        "erased"
    } else {
        "conflict"
    };
    let problem = Problem::from(Error::conflict(code)).with("item", made_json(made, language));
    match made.item.as_ref().and_then(|item| item.decision.as_ref()) {
        Some(entry) => problem
            .with("decided_by", entry.actor.clone())
            .with("decided_by_id", entry.actor_id.clone())
            .with("decided_at", Timestamp(entry.at).to_rfc3339()),
        None => problem,
    }
}

fn made_json(made: &Made, language: Language) -> Value {
    made.item.as_ref().map_or(Value::Null, |item| item_json(item, language))
}

/// 1 to 100 decisions; a conflict of one does not stop the others.
#[utoipa::path(post, path = "/moderation/decisions", tag = "moderators",
    request_body = schema::Decisions,
    responses((status = 200, description = "results, in the order of the decisions", body = schema::Results),
        (status = 422, description = "decisions_bad")))]
pub(crate) async fn decide_many(
    State(app): State<Arc<App>>,
    Who(who): Who,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read_as(request, shape::DECISIONS).await?;
    let wishes = wishes(&fields)?;
    let distinct: HashSet<Uuid> = wishes.iter().map(|(_, wish)| wish.comment).collect();
    let results = if distinct.len() == wishes.len() {
        // Different comments cannot wait for one another: they share commits.
        futures_util::future::join_all(wishes.into_iter().map(|wish| one_result(&app, &who, wish, language))).await
    } else {
        let mut results = Vec::with_capacity(wishes.len());
        for wish in wishes {
            results.push(one_result(&app, &who, wish, language).await);
        }
        results
    };
    let results: Vec<Value> = results.into_iter().collect::<Result<_, _>>()?;
    Ok(no_store(Json(json!({"results": results})).into_response()))
}

async fn one_result(app: &App, who: &Identity, (id, wish): (String, Wish), language: Language) -> Result<Value, Error> {
    let key = wish.key.clone();
    let made = decide::decide(app, who, wish).await?;
    let result = match made.decided {
        Decided::Applied(_) | Decided::Unchanged => "applied",
        Decided::Replayed(_) => "replayed",
        Decided::Conflict | Decided::Erased => "conflict",
        Decided::NotFound => "not_found",
    };
    let mut value = json!({"key": key, "comment": id, "result": result, "decision": made.decision()});
    if let (Some(item), Some(object)) = (&made.item, value.as_object_mut()) {
        object.insert("item".to_owned(), item_json(item, language));
    }
    Ok(value)
}

/// Each wish with its comment's id as it came.
fn wishes(fields: &Fields) -> Result<Vec<(String, Wish)>, Error> {
    let bad = || field_error("decisions", "decisions_bad");
    let list = fields.value("decisions").and_then(Value::as_array).ok_or_else(bad)?;
    if list.is_empty() || list.len() > BATCH_MAX {
        return Err(bad());
    }
    list.iter()
        .map(|value| {
            let fields = Fields::of_object(value.as_object().ok_or_else(bad)?);
            let act = Act::parse(&fields.text("action")?).ok_or_else(bad)?;
            let id = fields.text("comment")?;
            let comment = Uuid::parse_str(&id).unwrap_or_default();
            Ok((id, wish(&fields, comment, act)?))
        })
        .collect()
}

/// What the publisher says of a thread: its title, its address, whether it takes comments. A title or an address of
/// null takes back what was said.
#[utoipa::path(put, path = "/sites/{site}/threads/{thread}", tag = "moderators",
    params(("site" = String, Path), ("thread" = String, Path, description = "the key, percent-encoded")),
    request_body = schema::ThreadSettings,
    responses((status = 200, description = "the thread"), (status = 422, description = "thread_bad, url_bad")))]
pub(crate) async fn put_thread(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path((site, key)): Path<(String, String)>,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read_as(request, shape::THREAD_SETTINGS).await?;
    fields.refuse_null(&["open"])?;
    let settings = Settings {
        title: said(&fields, "title")?,
        url: said(&fields, "url")?,
        open: fields.flag("open")?,
    };
    let row = thread::set(&app, &who, &site, &key, &settings).await?;
    let ThreadRow {
        thread_key,
        title,
        url,
        open,
        ..
    } = row;
    Ok(no_store(
        Json(json!({"key": thread_key, "title": title, "url": url, "open": open})).into_response(),
    ))
}

fn said(fields: &Fields, name: &str) -> Result<Option<Said>, Error> {
    if fields.is_null(name) {
        return Ok(Some(Said::Nothing));
    }
    Ok(fields.first_of(&[name])?.map(Said::Is))
}

/// One comment as a moderator sees it.
pub(in crate::http) fn item_json(item: &review::Item, language: Language) -> Value {
    let row = &item.row;
    let comment = &row.comment;
    let reasons: Vec<Value> = comment
        .reasons
        .iter()
        .map(|reason| json!({"code": reason.code(), "message": texts::reason(language, reason)}))
        .collect();
    json!({
        "id": comment.id,
        "site": comment.site,
        "thread": row.thread_key,
        "thread_title": row.thread_title.as_deref().map(ink::shown),
        "thread_url": row.thread_url,
        "thread_title_unverified": row.claimed_title.as_deref().map(ink::shown),
        "parent": comment.parent,
        "name": ink::shown(&comment.name),
        "email": comment.email,
        "website": comment.website,
        "body": comment.body,
        "html": markup::shown(&comment.html),
        "status": comment.status,
        "set_aside": comment.set_aside,
        "version": comment.version,
        "reference": comment.reference,
        "language": comment.language,
        "created_at": comment.created_at,
        "appealed_at": comment.appealed_at,
        "reasons": reasons,
        "captcha": {
            "provider": comment.provider,
            "verdict": comment.verdict,
            "score": comment.level,
            "level": comment.level,
        },
        "author": {
            "approved": item.author.approved,
            "rejected": item.author.rejected,
            "spam": item.author.spam,
            "first_seen": item.author.first_seen,
            "verified": item.author.verified,
        },
        "links": comment.links,
        "reports": comment.reports,
        "lease": item.lease.as_ref().map(lease_json),
        "decision": item.decision.as_ref().map(|entry| entry.id),
        "decided": item.decision.as_ref().map(entry_json),
    })
}

/// Who reads a comment.
pub(super) fn lease_json(reading: &Reading) -> Value {
    json!({"by": reading.by, "until": reading.until, "own": reading.own})
}

/// A method that a path does not take.
pub(in crate::http) async fn method_not_allowed() -> Problem {
    Problem::from(Error::Http(
        StatusCode::METHOD_NOT_ALLOWED.as_u16(),
        "method_not_allowed",
    ))
    .told_as_preferred()
}
