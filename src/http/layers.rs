//! What holds for every request: an id, a log line, counters, headers, a net. And what holds for the routes of an audience:
//! the host they are under, who may share them, where a change may come from, the form and language of errors.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, RawPathParams, Request, State, rejection::RawPathParamsRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate as _, SizeAbove},
    },
};
use url::Url;
use uuid::Uuid;

use super::{
    answer::tell_errors,
    error::Problem,
    extract::{check_not_foreign, check_same_site, is_allowed_origin},
    request::{self, Form},
    unread,
};
use crate::{
    actions::receipt,
    app::{App, SiteInForce},
    domain::language::Language,
    error::Error,
};

/// Puts the layers around each of the routes, as one: a route in five boxes would be copied five times with
/// every request.
pub(super) fn around(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(1024).and(NotForContentType::SSE));
    routes.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn_with_state(Arc::clone(app), watch))
            .layer(compression)
            .layer(middleware::from_fn(tell_errors))
            .layer(CatchPanicLayer::custom(panicked)),
    )
}

/// The outermost: id, headers, counters and one log line, which names the route and never
/// its query, its body or its client. Who watches the queue hears of each change made here at once.
async fn watch(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().simple().to_string();
    let started = Instant::now();
    let method = method_name(request.method());
    let may_change = !request.method().is_safe();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let mut response = request::scope(id.clone(), unread::read_to_end(request), next).await;
    let status = response.status();
    if may_change && !status.is_client_error() {
        app.live.stir();
    }
    let elapsed = started.elapsed();
    metrics::counter!("palabre_http_requests_total", "method" => method, "route" => route.clone(),
        "status" => status.as_u16().to_string())
    .increment(1);
    tracing::debug!(
        request_id = id,
        method,
        route,
        status = status.as_u16(),
        duration_ms = elapsed.as_millis(),
        "answered"
    );
    add_headers(response.headers_mut(), &id);
    response
}

/// A closed list, because it becomes a label.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Puts the layers of readers' routes around them: errors are told in that form, and in the language of the site that
/// the path names.
pub(super) fn of_readers(form: Form, routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn(move |request: Request, next: Next| async move {
            request::tell_errors_as(form);
            next.run(request).await
        }))
        .layer(middleware::from_fn_with_state(
            (Arc::clone(app), Side::Readers),
            keep_apart,
        ))
        .layer(middleware::from_fn_with_state(Arc::clone(app), speak_as_the_site));
    routes.layer(layers)
}

/// Puts the layers of the newsroom's routes around them: errors are told in that form.
pub(super) fn of_newsroom(form: Form, routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn(move |request: Request, next: Next| async move {
            request::is_of_newsroom();
            request::tell_errors_as(form);
            if form == Form::Json {
                // Programs ask for another language, or are answered in French: what a machine prefers is no wish.
                request::is_about(Language::Fr);
            }
            next.run(request).await
        }))
        .layer(middleware::from_fn_with_state(
            (Arc::clone(app), Side::Newsroom),
            keep_apart,
        ));
    routes.layer(layers)
}

/// Puts the layers of operators' routes around them: errors are told in that form.
pub(super) fn of_operators(form: Form, routes: Router<Arc<App>>) -> Router<Arc<App>> {
    routes.layer(middleware::from_fn(move |request: Request, next: Next| async move {
        request::is_of_newsroom();
        request::tell_errors_as(form);
        next.run(request).await
    }))
}

async fn speak_as_the_site(
    State(app): State<Arc<App>>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(site) = params.as_ref().ok().and_then(|params| named(params, "site"))
        && let Ok(in_force) = app.site(site).await
    {
        request::is_about(in_force.site.language);
    }
    next.run(request).await
}

/// Lets scripts on the pages of a site call routes about that site.
pub(super) fn shared_with_sites(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes.layer(middleware::from_fn_with_state(Arc::clone(app), share_with_site))
}

/// Refuses a change that a browser says another page sent; a program says nothing. For who has no session yet.
pub(super) fn not_from_elsewhere(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes.layer(middleware::from_fn_with_state(
        (Arc::clone(app), check_not_foreign as Check),
        check_change,
    ))
}

/// Refuses a change that does not come from a page of ours. For what rides on a cookie alone.
pub(super) fn from_own_pages(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes.layer(middleware::from_fn_with_state(
        (Arc::clone(app), check_same_site as Check),
        check_change,
    ))
}

/// Looks where a change comes from, by its headers.
type Check = fn(&HeaderMap, &App) -> Result<(), Error>;

async fn check_change(State((app, check)): State<(Arc<App>, Check)>, request: Request, next: Next) -> Response {
    if !request.method().is_safe()
        && let Err(error) = check(request.headers(), &app)
    {
        return Problem::from(error).into_response();
    }
    next.run(request).await
}

/// Whose a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Readers,
    Newsroom,
}

/// Reads the host that a request asks for, as bytes; a parser of addresses would find hosts in it that a proxy in front
/// did not see. With a second address for the newsroom, its routes are not there under any other name, nor readers'
/// under it.
async fn keep_apart(State((app, side)): State<(Arc<App>, Side)>, request: Request, next: Next) -> Response {
    let Some(host) = asked_host(&request) else {
        return Problem::from(Error::BadRequest("bad_host"))
            .told_as_preferred()
            .into_response();
    };
    let is_there = !app.config.has_admin_url() || names(&host, &app.config.admin_url()) == (side == Side::Newsroom);
    if is_there {
        next.run(request).await
    } else {
        Problem::from(Error::not_found()).told_as_preferred().into_response()
    }
}

/// The host that a request asks for, in lower case; empty for one of HTTP/1.0 that names none. `None` where it names
/// none, two different ones, or one of other signs than letters, digits and `.-:[]`
/// (<https://www.rfc-editor.org/rfc/rfc9112#section-3.2>).
fn asked_host(request: &Request) -> Option<String> {
    let target = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let headers = request.headers().get_all(header::HOST).iter();
    let mut named = target.into_iter().chain(headers.map(HeaderValue::as_bytes));
    let Some(first) = named.next() else {
        return (request.version() == Version::HTTP_10).then(String::new);
    };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(byte);
    // Two headers are refused even where they agree: a proxy may have read either.
    let is_single = request.headers().get_all(header::HOST).iter().nth(1).is_none();
    let agrees = named.all(|other| other.eq_ignore_ascii_case(first));
    (is_single && agrees && !first.is_empty() && first.iter().all(is_plain))
        .then(|| String::from_utf8_lossy(first).to_ascii_lowercase())
}

/// Whether a host in lower case is that of an address of ours: its very bytes, where the port may be left out or written
/// when it is the scheme's own.
fn names(host: &str, address: &str) -> bool {
    let Ok(address) = Url::parse(address) else {
        return false;
    };
    let (Some(own), Some(port)) = (address.host_str(), address.port_or_known_default()) else {
        return false;
    };
    match host.strip_prefix(own) {
        Some("") => address.port().is_none(),
        Some(rest) => rest
            .strip_prefix(':')
            .is_some_and(|written| written == port.to_string()),
        None => false,
    }
}

/// CORS: the site's own origins, never with credentials.
async fn share_with_site(
    State(app): State<Arc<App>>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let site = match &params {
        Ok(params) if origin.is_some() => asked_site(&app, params).await,
        _ => None,
    };
    if let Some(site) = &site {
        request::is_about(site.site.language);
    }
    let is_allowed = |origin: &HeaderValue, site: &SiteInForce| {
        let origin = origin.to_str().ok();
        origin.is_some_and(|origin| is_allowed_origin(origin, &app, &site.site))
    };
    let allowed = matches!((&origin, &site), (Some(origin), Some(site)) if is_allowed(origin, site));
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key("access-control-request-method");
    let mut response = if is_preflight && allowed {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    if let (true, Some(origin)) = (allowed, origin) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, ETag"),
        );
        if is_preflight {
            for (name, value) in [
                (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, Idempotency-Key"),
                (header::ACCESS_CONTROL_MAX_AGE, "7200"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }
    response
}

/// The site that a path names; behind a receipt, that of its comment.
async fn asked_site(app: &App, params: &RawPathParams) -> Option<Arc<SiteInForce>> {
    let site = match (named(params, "site"), named(params, "receipt")) {
        (Some(site), _) => site.to_owned(),
        (None, Some(given)) => receipt::open(app, given).await.ok()?.comment.site,
        (None, None) => return None,
    };
    app.site(&site).await.ok()
}

/// What stands in the path at that place.
fn named<'a>(params: &'a RawPathParams, wanted: &str) -> Option<&'a str> {
    params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
        .to_owned();
    Problem::from(Error::Internal(format!("a handler panicked: {what}")))
        .told_as_preferred()
        .into_response()
}
