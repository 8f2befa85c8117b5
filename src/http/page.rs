//! Pages for people, and what each of them carries: a strict policy, and nobody keeps it.
//!
//! No inline script or style, no framing, and on pages for moderators Trusted Types. Every flow works without JavaScript:
//! a form posts, the answer leads on.

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::error::Problem;
use crate::{domain::captcha::Captcha, error::Error, web::widget};

/// The policy of pages for moderators; scripts and styles are files of ours.
const ADMIN_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// The policy of readers' pages with no form, or whose check asks nobody else.
const READER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, or an answer that is a page as well.
pub(crate) type PageResult = Result<Response, Problem>;

/// A page for moderators: never kept, strict.
pub(crate) fn admin_page(page: &impl Template) -> Response {
    with_policy(render(page), ADMIN_POLICY)
}

/// A page for readers with no check of another server on it.
pub(crate) fn reader_page(page: &impl Template) -> Response {
    with_policy(render(page), READER_POLICY)
}

/// A page for readers whose form may load the script of the site's captcha provider.
pub(crate) fn form_page(page: &impl Template, captcha: &Captcha) -> Response {
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
pub(crate) fn see_other(location: &str) -> Response {
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    no_store((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// The address must not travel on with links: the page's own holds a secret.
pub(crate) fn no_referrer(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    );
    response
}

/// The same answer, kept by nobody.
pub(crate) fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
