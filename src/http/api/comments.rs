//! Readers: the form, a new comment, a thread, counts, a report.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{schema, step_up::step_up_json};
use crate::{
    actions::{
        submit::{self, Receipt, Submission},
        thread::{self, Wanted},
    },
    app::{App, SiteInForce},
    domain::{
        captcha::Captcha,
        draft::{RawDraft, ThreadKey},
        ink,
        language::Language,
        markup,
        timestamp::Timestamp,
        triage::Action,
    },
    error::Error,
    http::{
        accept::wants_page_after,
        body::Fields,
        cursor,
        error::Problem,
        extract::{Client, Provenance, Query, provenance},
        kept::KeptPages,
        pages, request, shape,
    },
    limits::{self, Demand},
    store::{PublicComment, ThreadRow},
    web::{
        moment::Moment,
        texts::{Say as _, text},
        thread::HONEYPOT_FIELD,
        widget,
    },
};

/// Top-level comments on a page unless the client says otherwise.
const PAGE: i64 = 20;

/// What a form needs: a fresh form token, and what the captcha of the site wants.
#[utoipa::path(get, path = "/sites/{site}/form", tag = "readers",
    params(("site" = String, Path), ("thread" = String, Query), ("lang" = Option<String>, Query),
        ("fallback" = Option<String>, Query, description = "1: the provider's script does not run, give captcha.fallback"),
        ("before" = Option<String>, Query, description = "the form token that the page had until now: the new one is as old")),
    responses((status = 200, description = "form token, captcha, body_max, language; never cached", body = schema::Form),
        (status = 404, description = "site_unknown"), (status = 422, description = "thread_bad"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Client(client): Client,
    query: Query,
) -> Result<Response, Problem> {
    let in_force = app.site(&site).await?;
    let site = &in_force.site;
    let demand = Demand::by_address(limits::Action::Form, client);
    app.limits.check(&[demand])?;
    let thread = thread_key(&query.0)?;
    let now = app.clock.now();
    let before = query.0.optional("before")?;
    let form = app.captcha.issue_form(site, thread.as_str(), before.as_deref(), now);
    let mut captcha = check_json(&site.captcha);
    captcha["consent"] = json!(site.captcha.consent.as_str());
    if let (Some(challenge), Some(captcha)) = (
        app.captcha.challenge(site, thread.as_str(), &form, now),
        captcha.as_object_mut(),
    ) {
        captcha.insert("challenge".to_owned(), challenge);
    }
    let asks_fallback = query.0.text("fallback")? == "1";
    if let (Some(challenge), Some(captcha)) = (
        app.captcha
            .fallback_challenge(site, thread.as_str(), &form, asks_fallback, now),
        captcha.as_object_mut(),
    ) {
        captcha.insert("fallback".to_owned(), challenge);
    }
    let body = json!({
        "form": form, "captcha": captcha, "body_max": site.body_max, "language": request::language().code(),
    });
    Ok(no_store(Json(body).into_response()))
}

/// A new comment, as JSON or as a form; a form that asks for HTML gets pages back.
#[utoipa::path(post, path = "/sites/{site}/comments", tag = "readers",
    params(("site" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content((schema::NewComment = "application/json"), (schema::NewComment = "application/x-www-form-urlencoded"))),
    responses((status = 201, description = "published", body = schema::Accepted),
        (status = 202, description = "held for a person", body = schema::Accepted),
        (status = 200, description = "a repeat: its first outcome, with Idempotent-Replayed: true"),
        (status = 403, description = "captcha_refused (reference, receipt, appeal) or origin_forbidden"),
        (status = 404, description = "site_unknown"), (status = 409, description = "thread_closed"),
        (status = 413, description = "too_large"), (status = 415, description = "unsupported_media_type"),
        (status = 422, description = "invalid, with errors by field; idempotency_mismatch", body = schema::Problem),
        (status = 429, description = "rate_limited, with Retry-After"),
        (status = 503, description = "unavailable: nothing was accepted")))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    client: Client,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    if wants_page_after(&headers) {
        return Ok(pages::posted_form::take_form(&app, &site, client, "", request).await);
    }
    let in_force = app.site(&site).await?;
    let fields = Fields::read_as(request, shape::NEW_COMMENT).await?;
    request::asks_for(fields.optional("lang").unwrap_or_default().as_deref());
    let language = request::language();
    let provenance = provenance(&headers, &app, &in_force.site);
    if provenance == Provenance::Foreign {
        return Err(Error::Forbidden("origin_forbidden").into());
    }
    let submission = submission(&fields, &headers, client, provenance, language)?;
    let receipt = submit::submit(&app, Arc::clone(&in_force), submission).await?;
    Ok(present(&app, &in_force, &receipt, language))
}

/// The submission of a body; a form may use WordPress's names.
pub(in crate::http) fn submission(
    fields: &Fields,
    headers: &HeaderMap,
    Client(client): Client,
    provenance: Provenance,
    language: Language,
) -> Result<Submission, Error> {
    let text = |name: &'static str, wordpress: &'static str| -> Result<String, Error> {
        let names: &[&str] = if fields.is_form { &[name, wordpress] } else { &[name] };
        Ok(fields.first_of(names)?.unwrap_or_default())
    };
    let optional = |name: &'static str, wordpress: &'static str| -> Result<Option<String>, Error> {
        Ok(Some(text(name, wordpress)?).filter(|text| !text.is_empty()))
    };
    let captcha: &[&str] = if fields.is_form {
        &[
            "captcha",
            "g-recaptcha-response",
            "h-captcha-response",
            "cf-turnstile-response",
            "altcha",
        ]
    } else {
        &["captcha"]
    };
    Ok(Submission {
        raw: RawDraft {
            thread: text("thread", "comment_post_ID")?,
            thread_url: fields.optional("thread_url")?,
            thread_title: fields.optional("thread_title")?,
            thread_sig: fields.optional("thread_sig")?,
            parent: optional("parent", "comment_parent")?,
            name: text("name", "author")?,
            email: text("email", "email")?,
            website: optional("website", "url")?,
            body: text("body", "comment")?,
        },
        captcha: fields.first_of(captcha)?,
        proof: fields.first_of(&["proof"])?,
        captcha_not_run: fields.first_of(&["captcha_not_run"])?,
        form: fields.first_of(&["form"])?,
        honeypot: fields.first_of(&[HONEYPOT_FIELD])?.is_some(),
        device: fields.first_of(&["device"])?,
        idempotency_key: headers
            .get("idempotency-key")
            .map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned())
            .filter(|key| !key.is_empty()),
        language,
        known_origin: provenance == Provenance::Known,
        client,
    })
}

/// The answer to a submission.
/// What a page needs to load the check of `captcha`.
pub(super) fn check_json(captcha: &Captcha) -> Value {
    let mut value = json!({
        "provider": captcha.provider.as_str(),
        "site_key": widget::site_key(captcha),
        "action": captcha.action,
    });
    if let Some(script) = widget::script(captcha) {
        value["script"] = json!(script);
    }
    if let Some(digest) = widget::integrity(captcha) {
        value["integrity"] = json!(digest);
    }
    value
}

fn present(app: &App, site: &SiteInForce, receipt: &Receipt, language: Language) -> Response {
    let address = format!("{}/r/{}", app.config.public_url(), receipt.receipt);
    let (status, code) = match (receipt.outcome, receipt.replayed) {
        (Some(Action::Refuse), _) => (StatusCode::FORBIDDEN, "refused"),
        (None, _) => (StatusCode::OK, "erased"),
        (Some(Action::Publish), false) => (StatusCode::CREATED, "approved"),
        (Some(Action::Publish), true) => (StatusCode::OK, "approved"),
        (Some(_), false) => (StatusCode::ACCEPTED, "pending"),
        (Some(_), true) => (StatusCode::OK, "pending"),
    };
    let mut response = match receipt.outcome {
        None => Json(json!({"id": receipt.id, "status": code})).into_response(),
        Some(Action::Refuse) => return refused(receipt, &address, language),
        Some(_) => {
            let mut body = json!({
                "id": receipt.id,
                "status": code,
                "html": markup::shown(&receipt.html),
                "reference": receipt.reference,
                "receipt": receipt.receipt,
                "receipt_url": address,
                "device": receipt.device,
                "message": outcome_sentence(receipt, language),
            });
            if !receipt.left_out.is_empty() {
                body["left_out"] = json!(receipt.left_out);
            }
            if let Some(step_up) = step_up_json(app, &site.site, receipt, language) {
                body["step_up"] = step_up;
            }
            Json(body).into_response()
        }
    };
    *response.status_mut() = status;
    mark_replay(receipt, &mut response);
    no_store(response)
}

fn refused(receipt: &Receipt, address: &str, language: Language) -> Response {
    let problem = Problem::from(Error::Forbidden("captcha_refused"))
        .with("title", outcome_sentence(receipt, language))
        .with("reference", receipt.reference.clone())
        .with("receipt", receipt.receipt.clone())
        .with("receipt_url", address)
        .with("appeal", format!("{address}/appeal"))
        .with("kept_until", receipt.kept_until.to_rfc3339());
    let mut response = if receipt.left_out.is_empty() {
        problem.into_response()
    } else {
        problem.with("left_out", json!(receipt.left_out)).into_response()
    };
    mark_replay(receipt, &mut response);
    response
}

fn mark_replay(receipt: &Receipt, response: &mut Response) {
    if receipt.replayed {
        response
            .headers_mut()
            .insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
}

/// What a reader is told about what became of the comment.
pub(in crate::http) fn outcome_sentence(receipt: &Receipt, language: Language) -> String {
    let outcome = match receipt.outcome {
        Some(Action::Publish) => language.say("published"),
        Some(Action::Refuse) => text(
            language,
            "refused",
            &[
                ("date", Moment::new(language, receipt.kept_until.0).date.into()),
                ("reference", receipt.reference.as_str().into()),
            ],
        ),
        Some(_) if receipt.check_down => language.say_with("check_down", "reference", &receipt.reference),
        Some(_) => language.say_with("held", "reference", &receipt.reference),
        None => language.say("own_erased"),
    };
    if receipt.left_out.is_empty() {
        return outcome;
    }
    format!("{outcome} {}", language.say("website_left_out"))
}

/// A thread: its approved comments with their replies.
#[utoipa::path(get, path = "/sites/{site}/comments", tag = "readers",
    params(("site" = String, Path), ("thread" = String, Query), ("after" = Option<String>, Query),
        ("limit" = Option<i64>, Query, description = "1 to 100 top-level comments, default 20"),
        ("order" = Option<String>, Query, description = "newest (default) or oldest"),
        ("lang" = Option<String>, Query)),
    responses((status = 200, description = "thread, comments with replies, next; with ETag", body = schema::ThreadPage),
        (status = 304, description = "the reader's copy is still good"),
        (status = 404, description = "site_unknown"), (status = 422, description = "thread_bad, limit_bad, order_bad")))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(kept): Extension<Arc<KeptPages>>,
    Path(site): Path<String>,
    Client(client): Client,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let in_force = app.site(&site).await?;
    let key = thread_key(&query.0)?;
    let wanted = wanted(&query.0)?;
    let row = thread::look(&app, &in_force, &key, client).await?;
    let etag = etag(row.as_ref(), wanted);
    let cache = cache_control(&in_force);
    if matches_etag(&headers, &etag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        put_cache_headers(&mut response, &etag, cache);
        return Ok(response);
    }
    let body = match (&row, wanted.after) {
        (Some(thread), None) => {
            let place = (thread.id, wanted.limit, wanted.newest_first);
            let version = thread.content_version;
            if let Some(body) = kept.get(place, version) {
                body
            } else {
                let body = page_json(&app, row, &key, wanted).await?;
                kept.keep(place, version, body.clone());
                body
            }
        }
        _ => page_json(&app, row, &key, wanted).await?,
    };
    let mut response = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    put_cache_headers(&mut response, &etag, cache);
    Ok(response)
}

/// A page of a thread.
async fn page_json(app: &App, row: Option<ThreadRow>, key: &ThreadKey, wanted: Wanted) -> Result<Bytes, Error> {
    let page = thread::page(app, row, wanted).await?;
    let content = &page.content;
    let body = ThreadPage {
        thread: thread_json(page.thread.as_ref(), key.as_str(), content.count),
        comments: content
            .comments
            .iter()
            .map(|comment| TopComment::new(comment, &content.replies))
            .collect(),
        next: page.next.map(cursor::encode_place),
    };
    serde_json::to_vec(&body)
        .map(Into::into)
        .map_err(|error| Error::Internal(format!("write a page of a thread as JSON: {error}")))
}

/// Further replies under a public comment, oldest first.
#[utoipa::path(get, path = "/comments/{id}/replies", tag = "readers",
    params(("id" = Uuid, Path), ("after" = String, Query, description = "a comment's replies_next")),
    responses((status = 200, description = "comments, next", body = schema::Replies), (status = 404, description = "not_found")))]
pub(crate) async fn replies(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Client(client): Client,
    query: Query,
) -> Result<Response, Problem> {
    let demand = Demand::by_address(limits::Action::Read, client);
    app.limits.check(&[demand])?;
    let root = parse_id(&id)?;
    let after = query.0.text("after")?;
    let after = cursor::decode_place(&after).unwrap_or((i64::MIN, Uuid::nil()));
    let (found, next) = thread::replies(&app, root, after).await?;
    let body = json!({
        "comments": found.iter().map(Reply::from).collect::<Vec<_>>(),
        "next": next.map(cursor::encode_place),
    });
    let mut response = Json(body).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Public comments of 1 to 100 threads.
#[utoipa::path(get, path = "/sites/{site}/counts", tag = "readers",
    params(("site" = String, Path), ("thread" = Vec<String>, Query, description = "repeated, 1 to 100 times")),
    responses((status = 200, description = "counts by thread", body = std::collections::HashMap<String, i64>),
        (status = 422, description = "thread_bad")))]
pub(crate) async fn counts(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Client(client): Client,
    request: Request,
) -> Result<Response, Problem> {
    let in_force = app.site(&site).await?;
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let threads = query
        .split(|byte| *byte == b'&')
        .filter(|pair| pair.starts_with(b"thread="))
        .map(|pair| thread_key(&Fields::from_form(pair)?).map(|key| key.as_str().to_owned()))
        .collect::<Result<Vec<_>, _>>()?;
    if threads.is_empty() || threads.len() > thread::COUNTS_MAX {
        return Err(field_error("thread", "thread_bad").into());
    }
    let counts = thread::counts(&app, &in_force, threads, client).await?;
    let counts: Map<String, Value> = counts
        .into_iter()
        .map(|(thread, count)| (thread, count.into()))
        .collect();
    let mut response = Json(Value::Object(counts)).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, cache_control(&in_force));
    Ok(response)
}

/// A reader reports a public comment, once.
#[utoipa::path(post, path = "/comments/{id}/report", tag = "readers", params(("id" = Uuid, Path)),
    request_body = schema::Report,
    responses((status = 202, description = "counted"), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Client(client): Client,
    request: Request,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let fields = Fields::read_as(request, shape::REPORT).await?;
    request::asks_for(fields.optional("lang")?.as_deref());
    let reason: String = fields.text("reason")?.chars().take(200).collect();
    thread::report(&app, id, &reason, client).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id, "status": "reported"}))).into_response())
}

/// The thread of a query.
///
/// # Errors
/// `thread_bad`.
pub(in crate::http) fn thread_key(fields: &Fields) -> Result<ThreadKey, Error> {
    ThreadKey::parse(&fields.text("thread")?).ok_or_else(|| field_error("thread", "thread_bad"))
}

/// What page of a thread a query asks for.
///
/// # Errors
/// `limit_bad`, `order_bad`, `after_bad`.
pub(in crate::http) fn wanted(fields: &Fields) -> Result<Wanted, Error> {
    let limit = match fields.integer("limit") {
        Ok(limit) => limit.unwrap_or(PAGE),
        Err(_) => 0,
    };
    if !(1..=thread::PAGE_MAX).contains(&limit) {
        return Err(field_error("limit", "limit_bad"));
    }
    let order = fields.text("order")?;
    let newest_first = match order.as_str() {
        "" | "newest" => true,
        "oldest" => false,
        _ => return Err(field_error("order", "order_bad")),
    };
    let after = match fields.first_of(&["after"])? {
        None => None,
        Some(key) => Some(cursor::decode_place(&key).ok_or_else(|| field_error("after", "after_bad"))?),
    };
    Ok(Wanted {
        after,
        limit,
        newest_first,
    })
}

/// A 422 about one field.
pub(in crate::http) fn field_error(field: &'static str, code: &'static str) -> Error {
    Error::Invalid(vec![crate::domain::draft::FieldError::new(field, code)])
}

/// An id of a path; what is no id is not there.
pub(in crate::http) fn parse_id(id: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(id).map_err(|_| Error::not_found())
}

fn thread_json(row: Option<&ThreadRow>, key: &str, count: i64) -> Value {
    json!({
        "key": key,
        "title": row.and_then(|row| row.title.as_deref()).map(ink::shown),
        "url": row.and_then(|row| row.url.as_deref()),
        "count": count,
        "open": row.is_none_or(|row| row.open),
    })
}

// Written straight from the rows: a page of a hundred comments as a tree of values costs twice the CPU.

#[derive(Serialize)]
struct ThreadPage<'a> {
    thread: Value,
    comments: Vec<TopComment<'a>>,
    next: Option<String>,
}

#[derive(Serialize)]
struct TopComment<'a> {
    #[serde(flatten)]
    comment: Reply<'a>,
    replies: Vec<Reply<'a>>,
    replies_next: Option<String>,
}

#[derive(Serialize)]
struct Reply<'a> {
    id: Uuid,
    parent: Option<Uuid>,
    name: Cow<'a, str>,
    website: Option<&'a str>,
    created_at: Timestamp,
    html: Cow<'a, str>,
}

impl<'a> TopComment<'a> {
    fn new(comment: &'a PublicComment, replies: &'a HashMap<Uuid, Vec<PublicComment>>) -> Self {
        let shown = usize::try_from(thread::REPLIES).unwrap_or(0);
        let replies = replies.get(&comment.id).map_or(&[][..], Vec::as_slice);
        Self {
            comment: comment.into(),
            replies: replies.iter().take(shown).map(Reply::from).collect(),
            replies_next: replies
                .get(shown.saturating_sub(1))
                .filter(|_| replies.len() > shown)
                .map(|last| cursor::encode_place((last.created_at, last.id))),
        }
    }
}

impl<'a> From<&'a PublicComment> for Reply<'a> {
    fn from(comment: &'a PublicComment) -> Self {
        Self {
            id: comment.id,
            parent: comment.parent_id,
            name: ink::shown(&comment.name),
            website: comment.website.as_deref(),
            created_at: Timestamp(comment.created_at),
            html: markup::shown(&comment.html),
        }
    }
}

/// Weak, because the same content may be compressed or not.
fn etag(row: Option<&ThreadRow>, wanted: Wanted) -> String {
    let (id, version) = row.map_or((Uuid::nil(), 0), |row| (row.id, row.content_version));
    let place = wanted.after.map(cursor::encode_place).unwrap_or_default();
    let order = if wanted.newest_first { 'n' } else { 'o' };
    format!("W/\"{}-{version}-{order}{}-{place}\"", id.simple(), wanted.limit)
}

fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let plain = etag.trim_start_matches("W/");
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|given| matches!(given.trim(), "*") || given.trim().trim_start_matches("W/") == plain)
}

fn cache_control(site: &SiteInForce) -> HeaderValue {
    match site.site.cdn_max_age {
        0 => HeaderValue::from_static("no-cache"),
        seconds => HeaderValue::from_str(&format!("public, max-age=0, s-maxage={seconds}, must-revalidate"))
            .unwrap_or(HeaderValue::from_static("no-cache")),
    }
}

fn put_cache_headers(response: &mut Response, etag: &str, cache: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, cache);
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
}

/// The same answer, kept by nobody.
pub(in crate::http) fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
