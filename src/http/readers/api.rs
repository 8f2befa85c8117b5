//! Readers: the form, a new comment, a thread, counts, a report.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    discussion::{Replies, Reply, Report, Reported, ThreadPage},
    form::Form,
    outcome::{Accepted, present},
    submission::NewComment,
    submit_form,
    thread_cache::ThreadCache,
    thread_query::{thread_key, wanted},
};
use crate::{
    actions::{
        form, submit,
        thread::{self, Wanted},
    },
    app::{App, SiteInForce},
    domain::{code::Code, draft::ThreadKey},
    error::Error,
    http::{
        error::{Problem, ProblemBody},
        page::no_store,
        request::{
            self,
            accept::wants_page_after,
            body::Fields,
            cursor,
            extract::{Client, Path, Provenance, Query, provenance},
            fields::parse_id,
        },
    },
    store::ThreadRow,
};

/// What a form needs: a fresh form token, and what the captcha of the site wants.
#[utoipa::path(get, path = "/sites/{site}/form", tag = "readers",
    params(("site" = String, Path), ("thread" = String, Query), ("lang" = Option<String>, Query),
        ("fallback" = Option<String>, Query, description = "1: the provider's script does not run, give captcha.fallback"),
        ("before" = Option<String>, Query, description = "the form token that the page had until now: the new one is as old")),
    responses((status = 200, description = "form token, captcha, body_max, language; never cached", body = Form<'_>),
        (status = 404, description = "site_unknown"), (status = 422, description = "thread_bad"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Client(client): Client,
    query: Query,
) -> Result<Response, Problem> {
    let in_force = app.site(&site).await?;
    let thread = thread_key(&query.0)?;
    let before = query.0.optional("before")?;
    let asks_fallback = query.0.text("fallback")? == "1";
    let asked = form::ask(&app, &in_force, &thread, before.as_deref(), asks_fallback, client)?;
    let body = Form::of(&in_force.site, asked, request::language());
    Ok(no_store(Json(body).into_response()))
}

/// A new comment, as JSON or as a form; a form that asks for HTML gets pages back.
#[utoipa::path(post, path = "/sites/{site}/comments", tag = "readers",
    params(("site" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content((NewComment = "application/json"), (NewComment = "application/x-www-form-urlencoded"))),
    responses((status = 201, description = "published", body = Accepted<'_>),
        (status = 202, description = "held for a person", body = Accepted<'_>),
        (status = 200, description = "a repeat: its first outcome, with Idempotent-Replayed: true"),
        (status = 403, description = "captcha_refused (reference, receipt, appeal) or origin_forbidden"),
        (status = 404, description = "site_unknown"), (status = 409, description = "thread_closed"),
        (status = 413, description = "too_large"), (status = 415, description = "unsupported_media_type"),
        (status = 422, description = "invalid, with errors by field; idempotency_mismatch", body = ProblemBody),
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
        return Ok(submit_form::take_form(&app, &site, client, "", request).await);
    }
    let in_force = app.site(&site).await?;
    let sent = NewComment::of(&Fields::read(request).await?)?;
    request::asks_for(sent.lang());
    let language = request::language();
    let provenance = provenance(&headers, &app, &in_force.site);
    if provenance == Provenance::Foreign {
        return Err(Error::Code(Code::OriginForbidden).into());
    }
    let submission = sent.parse(&headers, client, provenance, language);
    let receipt = submit::submit(&app, Arc::clone(&in_force), submission).await?;
    Ok(present(&app, &in_force, &receipt, language))
}

/// A thread: its approved comments with their replies.
#[utoipa::path(get, path = "/sites/{site}/comments", tag = "readers",
    params(("site" = String, Path), ("thread" = String, Query), ("after" = Option<String>, Query),
        ("limit" = Option<i64>, Query, description = "1 to 100 top-level comments, default 20"),
        ("order" = Option<String>, Query, description = "newest (default) or oldest"),
        ("lang" = Option<String>, Query)),
    responses((status = 200, description = "thread, comments with replies, next; with ETag", body = ThreadPage<'_>),
        (status = 304, description = "the reader's copy is still good"),
        (status = 404, description = "site_unknown"), (status = 422, description = "thread_bad, limit_bad, order_bad")))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(kept): Extension<Arc<ThreadCache>>,
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
    let body = ThreadPage::of(&page, key);
    serde_json::to_vec(&body)
        .map(Into::into)
        .map_err(|error| Error::Internal(format!("write a page of a thread as JSON: {error}")))
}

/// Further replies under a public comment, oldest first.
#[utoipa::path(get, path = "/comments/{id}/replies", tag = "readers",
    params(("id" = Uuid, Path), ("after" = String, Query, description = "a comment's replies_next")),
    responses((status = 200, description = "comments, next", body = Replies<'_>), (status = 404, description = "not_found")))]
pub(crate) async fn replies(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Client(client): Client,
    query: Query,
) -> Result<Response, Problem> {
    let root = parse_id(&id)?;
    let after = query.0.text("after")?;
    let after = cursor::decode_place(&after).unwrap_or((i64::MIN, Uuid::nil()));
    let (found, next) = thread::replies(&app, root, after, client).await?;
    let body = Replies {
        comments: found.iter().map(Reply::of).collect(),
        next: next.map(cursor::encode_place),
    };
    let mut response = Json(body).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Public comments of 1 to 100 threads.
#[utoipa::path(get, path = "/sites/{site}/counts", tag = "readers",
    params(("site" = String, Path), ("thread" = Vec<String>, Query, description = "repeated, 1 to 100 times")),
    responses((status = 200, description = "counts by thread", body = BTreeMap<String, i64>),
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
        return Err(Error::field("thread", Code::ThreadBad).into());
    }
    let counts = thread::counts(&app, &in_force, threads, client).await?;
    let counts: BTreeMap<String, i64> = counts.into_iter().collect();
    let mut response = Json(counts).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, cache_control(&in_force));
    Ok(response)
}

/// A reader reports a public comment, once.
#[utoipa::path(post, path = "/comments/{id}/report", tag = "readers", params(("id" = Uuid, Path)),
    request_body = Report,
    responses((status = 202, description = "counted", body = Reported), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Client(client): Client,
    request: Request,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let sent: Report = Fields::read_as(request).await?;
    request::asks_for(sent.lang.as_deref());
    let reason: String = sent.reason.chars().take(200).collect();
    thread::report(&app, id, &reason, client).await?;
    let status = "reported";
    Ok((StatusCode::ACCEPTED, Json(Reported { id, status })).into_response())
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
