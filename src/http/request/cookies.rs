//! The two cookies there are: a session, and the mark of a browser that came in before.
//!
//! On https both are bound to this host (`__Host-`) and to https; on plain http there are none but on
//! loopback, where nobody listens on the way. Readers get no cookie.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use url::Url;

use crate::{
    actions::sign_in::{Entry, MARK_LIFE, SESSION_LIFE},
    app::App,
    config::is_loopback_host,
    domain::code::Code,
    error::Error,
};

/// The name of the session's cookie.
pub(crate) fn session_name(app: &App) -> &'static str {
    if is_https(app) {
        "__Host-palabre_session"
    } else {
        "palabre_session"
    }
}

/// The name of the mark's cookie.
pub(crate) fn mark_name(app: &App) -> &'static str {
    if is_https(app) {
        "__Host-palabre_browser"
    } else {
        "palabre_browser"
    }
}

/// A cookie on plain http could be read on the way, so nobody signs in there, except on loopback.
///
/// # Errors
/// `https_needed`.
pub(crate) fn check_secure(app: &App) -> Result<(), Error> {
    let is_loopback = Url::parse(&app.config.admin_url()).is_ok_and(|url| is_loopback_host(&url));
    if is_https(app) || is_loopback {
        Ok(())
    } else {
        Err(Error::Code(Code::HttpsNeeded))
    }
}

/// Adds the cookies of somebody who came in to an answer.
pub(crate) fn with_entry(app: &App, entry: &Entry, response: impl IntoResponse) -> Response {
    let session = cookie(app, session_name(app), entry.secret.clone(), SESSION_LIFE);
    let mark = cookie(app, mark_name(app), entry.mark.clone(), MARK_LIFE);
    (CookieJar::new().add(session).add(mark), response).into_response()
}

/// Adds the cookie of a session that a setup code opened.
pub(crate) fn with_session(app: &App, secret: String, response: impl IntoResponse) -> Response {
    let session = cookie(app, session_name(app), secret, SESSION_LIFE);
    (CookieJar::new().add(session), response).into_response()
}

/// Takes the session's cookie away; the mark stays.
pub(crate) fn without_session(app: &App, response: impl IntoResponse) -> Response {
    let mut gone = cookie(app, session_name(app), String::new(), Duration::ZERO);
    gone.make_removal();
    (CookieJar::new().add(gone), response).into_response()
}

fn is_https(app: &App) -> bool {
    app.config.admin_url().starts_with("https:")
}

fn cookie(app: &App, name: &'static str, value: String, life: Duration) -> Cookie<'static> {
    let mut cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https(app))
        .build();
    if let Ok(life) = life.try_into() {
        cookie.set_max_age(Some(life));
    }
    cookie
}
