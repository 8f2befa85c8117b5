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
    fallback::method_not_allowed,
    request::{
        self, Form, drain,
        extract::{check_not_foreign, check_same_site, is_allowed_origin},
    },
};
use crate::{
    actions::{follow, receipt},
    app::{App, SiteInForce},
    domain::{code::Code, language::Language},
    error::Error,
};

/// Puts the layers around each of the routes, as one: a route in five boxes would be copied five times with
/// every request.
pub(crate) fn around(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
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
    let mut response = request::scope(id.clone(), drain::read_to_end(request), next).await;
    let status = response.status();
    if may_change && !status.is_client_error() {
        follow::notify(&app);
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

/// Puts the layer of readers' routes around them: errors are told in that form and in the language of the site that the
/// path names, and with `is_shared` scripts on the pages of a site may call routes about it.
pub(crate) fn of_readers(form: Form, is_shared: bool, routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    let audience = Readers {
        app: Arc::clone(app),
        form,
        is_shared,
    };
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(audience, for_readers))
}

/// What the layer of readers' routes knows. One layer does all: each is a box more that every request copies.
#[derive(Clone)]
struct Readers {
    app: Arc<App>,
    form: Form,
    is_shared: bool,
}

async fn for_readers(
    State(audience): State<Readers>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let app = &audience.app;
    request::tell_errors_as(audience.form);
    let origin = request.headers().get(header::ORIGIN).filter(|_| audience.is_shared);
    let origin = origin.cloned();
    let site = match &params {
        Ok(params) => asked_site(app, params, origin.is_some()).await,
        Err(_) => None,
    };
    if let Some(site) = &site {
        request::is_about(site.site.language);
    }
    let is_allowed = |origin: &HeaderValue, site: &SiteInForce| {
        let origin = origin.to_str().ok();
        origin.is_some_and(|origin| is_allowed_origin(origin, app, &site.site))
    };
    let allowed = origin.filter(|origin| site.is_some_and(|site| is_allowed(origin, &site)));
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key("access-control-request-method");
    let mut response = if is_preflight && allowed.is_some() {
        StatusCode::NO_CONTENT.into_response()
    } else {
        match keep_apart(app, Side::Readers, &request) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    };
    if let Some(origin) = allowed {
        share(response.headers_mut(), origin, is_preflight);
    }
    response
}

/// The site that a path names; with `behind_receipts` also that of the comment of a receipt.
async fn asked_site(app: &App, params: &RawPathParams, behind_receipts: bool) -> Option<Arc<SiteInForce>> {
    let named = |wanted| params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let site = match (named("site"), named("receipt")) {
        (Some(site), _) => site.to_owned(),
        (None, Some(given)) if behind_receipts => receipt::open(app, given).await.ok()?.comment.site,
        _ => return None,
    };
    app.site(&site).await.ok()
}

/// CORS: for the site's own origins, never with credentials.
fn share(headers: &mut HeaderMap, origin: HeaderValue, is_preflight: bool) {
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

/// Puts the layer of the newsroom's routes around them: errors are told in that form.
pub(crate) fn of_newsroom(form: Form, routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state((Arc::clone(app), form), for_newsroom))
}

async fn for_newsroom(State((app, form)): State<(Arc<App>, Form)>, request: Request, next: Next) -> Response {
    request::is_of_newsroom();
    request::tell_errors_as(form);
    if form == Form::Json {
        // Programs ask for another language, or are answered in French: what a machine prefers is no wish.
        request::is_about(Language::Fr);
    }
    match keep_apart(&app, Side::Newsroom, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Puts the layer of operators' routes around them: errors are told in that form.
pub(crate) fn of_operators(form: Form, routes: Router<Arc<App>>) -> Router<Arc<App>> {
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(move |request: Request, next: Next| async move {
            request::is_of_newsroom();
            request::tell_errors_as(form);
            next.run(request).await
        }))
}

/// Refuses a change that a browser says another page sent; a program says nothing. For who has no session yet.
pub(crate) fn not_from_elsewhere(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes.layer(middleware::from_fn_with_state(
        (Arc::clone(app), check_not_foreign as Check),
        check_change,
    ))
}

/// Refuses a change that does not come from a page of ours. For what rides on a cookie alone.
pub(crate) fn from_own_pages(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
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
        return Problem::preferred(error).into_response();
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
fn keep_apart(app: &App, side: Side, request: &Request) -> Result<(), Problem> {
    let Some(host) = asked_host(request) else {
        return Err(Problem::preferred(Error::Code(Code::BadHost)));
    };
    let is_there = !app.config.has_admin_url() || names(&host, &app.config.admin_url()) == (side == Side::Newsroom);
    if is_there {
        Ok(())
    } else {
        Err(Problem::preferred(Error::not_found()))
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
