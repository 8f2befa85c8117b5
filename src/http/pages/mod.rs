//! Pages for people: filled from the same actions as the API, rendered by askama.
//!
//! Each answer carries a strict policy: no inline script or style, no framing, and on pages for
//! moderators Trusted Types. Every flow works without JavaScript: a form posts, the answer leads on.

pub(super) mod account;
pub(super) mod bar;
pub(super) mod captcha;
pub(super) mod defence;
pub(super) mod docs;
pub(super) mod door;
pub(super) mod entrance;
mod form;
mod landing;
pub(super) mod moderators;
pub(super) mod posted_form;
pub(super) mod queue;
pub(super) mod receipt;
pub(super) mod retype;
pub(super) mod setup;
pub(super) mod sites;
pub(super) mod thread;
pub(super) mod tokens;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{
    api::comments::no_store,
    error::Problem,
    extract::{Query, Who},
    request::{Form, tell_errors_as},
};
use crate::{
    actions::identify::Identity,
    app::App,
    domain::{captcha::Captcha, code::Code, language::Language},
    error::Error,
    web::{
        assets,
        frame::{AdminFrame, Insider, Place},
        widget,
    },
};

/// The policy of pages for moderators; scripts and styles are files of ours.
const ADMIN_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// The policy of readers' pages with no form, or whose check asks nobody else.
const READER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, or an answer that is a page as well.
pub(super) type PageResult = Result<Response, Problem>;

/// A page for moderators: never kept, strict.
pub(super) fn admin_page(page: &impl Template) -> Response {
    with_policy(render(page), ADMIN_POLICY)
}

/// A page for readers with no check of another server on it.
pub(super) fn reader_page(page: &impl Template) -> Response {
    with_policy(render(page), READER_POLICY)
}

/// A page for readers whose form may load the script of the site's captcha provider.
pub(super) fn form_page(page: &impl Template, captcha: &Captcha) -> Response {
    let mut response = reader_page(page);
    if let Ok(policy) = HeaderValue::from_str(&widget::policy(captcha)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn with_policy(response: Response, policy: &'static str) -> Response {
    let mut response = no_store(response);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => Problem::from(Error::Internal(format!("render a page: {error}"))).into_response(),
    }
}

/// 303: the answer to a form post is another page.
pub(super) fn see_other(location: &str) -> Response {
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    no_store((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// The address must not travel on with links: the page's own holds a secret.
pub(super) fn no_referrer(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    );
    response
}

/// The frame of a page for somebody who came in.
pub(super) fn frame(app: &App, who: Option<&Identity>, language: Language, place: Place, title: String) -> AdminFrame {
    AdminFrame {
        language,
        title,
        is_error: false,
        place,
        person: who.map(|who| Insider {
            name: who.actor.name.clone(),
            has_account: who.account.is_some(),
            is_owner: who.rights.owns_something(),
        }),
        sites: bar::sites(),
        has_demo: app.has_demo,
        alarms: Vec::new(),
        setup_href: None,
    }
}

/// A file of ours under its hashed name.
pub(super) async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = assets::get(&file) else {
        return Problem::from(Error::not_found()).into_response();
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|given| given.contains(&asset.etag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else if accepts_gzip(&headers) {
        let headers = [
            (header::CONTENT_TYPE, asset.content_type),
            (header::CONTENT_ENCODING, "gzip"),
        ];
        (headers, asset.gzip.as_slice()).into_response()
    } else {
        ([(header::CONTENT_TYPE, asset.content_type)], asset.bytes.as_slice()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, etag);
    }
    // Pages of other hosts load the form's script and style from here.
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let given = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim();
        let is_forbidden = weight
            .strip_prefix("q=")
            .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !is_forbidden
    })
}

/// A path that is not there.
pub(super) async fn not_found(_: Query, request: Request) -> Response {
    if request.uri().path() == "/favicon.ico" {
        return no_store(StatusCode::NO_CONTENT.into_response());
    }
    if request.uri().path().starts_with("/api/") {
        tell_errors_as(Form::Json);
    }
    Problem::from(Error::not_found()).into_response()
}

/// A method that a path does not take.
pub(super) async fn method_not_allowed() -> Problem {
    Problem::preferred(Error::Code(Code::MethodNotAllowed))
}

/// Somebody who came in, or the way to the door.
pub(super) struct Visitor(pub(super) Identity);

impl axum::extract::FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match Who::from_request_parts(parts, app).await {
            Ok(Who(who)) => {
                bar::fill(app, &who).await.map_err(Problem::preferred)?;
                Ok(Self(who))
            }
            // A program is led to the door as well.
            Err(problem) if problem.is_unauthenticated() => Err(Error::Unauthenticated.into()),
            Err(problem) => Err(problem),
        }
    }
}

/// The door, which leads back to a page of ours.
pub(super) fn door_back_to(path: &str) -> String {
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/login?next={next}")
}
