//! What a request says about itself: who asks, from where, for which page, in which language.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
};
use axum_extra::extract::CookieJar;
use serde::de::DeserializeOwned;

use super::{body::Fields, cookies};
use crate::{
    actions::{
        identify::{self, Identity},
        setup,
        sign_in::Caller,
    },
    app::App,
    domain::{
        account::device_of,
        address::{ClientAddress, client_address},
        code::Code,
        language::Language,
        site::Site,
    },
    error::Error,
    http::{error::Problem, request},
};

/// The client's address, through the trusted proxies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) ClientAddress);

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip())
            .ok_or_else(|| Error::Internal("the server gave no peer address".to_owned()))
            .map_err(Problem::preferred)?;
        let hops: Vec<&str> = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect();
        Ok(Self(client_address(peer, &hops, &app.proxies)))
    }
}

/// Somebody who came in by a bearer token or by a session's cookie.
#[derive(Debug, Clone)]
pub(crate) struct Who(pub(crate) Identity);

impl FromRequestParts<Arc<App>> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self(
            identify_request(parts, app, Use::Counts)
                .await
                .map_err(Problem::preferred)?,
        ))
    }
}

/// Somebody who makes a site: as [`Who`], or while nobody owns anything the session that a setup code opened.
#[derive(Debug, Clone)]
pub(crate) struct SiteMaker(pub(crate) Identity);

impl FromRequestParts<Arc<App>> for SiteMaker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match identify_request(parts, app, Use::Counts).await {
            Err(Error::Unauthenticated) if !parts.headers.contains_key(header::AUTHORIZATION) => {
                let AtDoor(caller) = AtDoor::from_request_parts(parts, app).await?;
                let who = setup::built_in_owner(app, &caller).await?;
                check_same_site(&parts.headers, app)?;
                Ok(Self(who))
            }
            who => Ok(Self(who?)),
        }
    }
}

/// Somebody whose page asks by itself, as long as it is open: as [`Who`], but no use of the session, which
/// ends after twelve hours without one.
#[derive(Debug, Clone)]
pub(crate) struct Watcher(pub(crate) Identity);

impl FromRequestParts<Arc<App>> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self(
            identify_request(parts, app, Use::DoesNotCount)
                .await
                .map_err(Problem::preferred)?,
        ))
    }
}

/// Whether a request is a use of its session.
#[derive(Debug, Clone, Copy)]
enum Use {
    Counts,
    DoesNotCount,
}

/// The browser that stands before the door.
#[derive(Debug, Clone)]
pub(crate) struct AtDoor(pub(crate) Caller);

impl FromRequestParts<Arc<App>> for AtDoor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Client(address) = Client::from_request_parts(parts, app).await?;
        let cookies = CookieJar::from_headers(&parts.headers);
        let cookie = |name: &str| cookies.get(name).map(|cookie| cookie.value().to_owned());
        let user_agent = parts.headers.get(header::USER_AGENT);
        Ok(Self(Caller {
            address,
            device: device_of(user_agent.and_then(|value| value.to_str().ok()).unwrap_or_default()),
            mark: cookie(cookies::mark_name(app)),
            session: cookie(cookies::session_name(app)),
        }))
    }
}

/// Who asks. A bearer token counts alone; a cookie's change must come from a page of ours.
///
/// # Errors
/// [`Error::Unauthenticated`], `csrf`; errors of the store.
async fn identify_request(parts: &Parts, app: &App, how: Use) -> Result<Identity, Error> {
    if let Some(given) = parts.headers.get(header::AUTHORIZATION) {
        let token = given
            .to_str()
            .ok()
            .and_then(|given| given.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        return identify::by_token(app, token.ok_or(Error::Unauthenticated)?).await;
    }
    let cookies = CookieJar::from_headers(&parts.headers);
    let secret = cookies
        .get(cookies::session_name(app))
        .ok_or(Error::Unauthenticated)?
        .value()
        .to_owned();
    let identity = match how {
        Use::Counts => identify::by_session(app, &secret).await?,
        Use::DoesNotCount => identify::by_unused_session(app, &secret).await?,
    };
    if !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        check_same_site(&parts.headers, app)?;
    }
    Ok(identity)
}

/// A change that rides on a cookie must come from a page of ours: by `Sec-Fetch-Site`, else by
/// `Origin`; with neither it is refused.
///
/// # Errors
/// `csrf`.
pub(crate) fn check_same_site(headers: &HeaderMap, app: &App) -> Result<(), Error> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let allowed = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => app.is_own_origin(origin),
        (None, None) => false,
    };
    if allowed { Ok(()) } else { Err(Error::Code(Code::Csrf)) }
}

/// A post to the door carries no session yet: it is refused when a browser says that another page sent
/// it, and counts from programs, which say nothing.
///
/// # Errors
/// `csrf`.
pub(crate) fn check_not_foreign(headers: &HeaderMap, app: &App) -> Result<(), Error> {
    let says_something = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    if says_something {
        check_same_site(headers, app)
    } else {
        Ok(())
    }
}

/// Where a reader's post comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provenance {
    /// A page of the site or of ours.
    Known,
    /// No `Origin`, or `null`.
    Unknown,
    /// Another page.
    Foreign,
}

/// Compares the `Origin` with the site's and our own: exact scheme, host and port.
pub(crate) fn provenance(headers: &HeaderMap, app: &App, site: &Site) -> Provenance {
    match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        None | Some(Ok("null")) => Provenance::Unknown,
        Some(Ok(origin)) if is_allowed_origin(origin, app, site) => Provenance::Known,
        Some(_) => Provenance::Foreign,
    }
}

/// Whether a page of that origin may talk to the site.
pub(crate) fn is_allowed_origin(origin: &str, app: &App, site: &Site) -> bool {
    site.origins.iter().any(|own| own == origin) || app.is_own_origin(origin)
}

/// What a path holds; bytes that are no text are nobody's path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|path| Self(path.0)).map_err(|_| Error::not_found().into())
    }
}

/// The query of a request, read as strictly as a body.
#[derive(Debug)]
pub(crate) struct Query(pub(crate) Fields);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(Fields::from_form(query.as_bytes()).map_err(Problem::preferred)?))
    }
}

/// The language of the answer, for handlers that say something in it; a query that cannot be read is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestLanguage(pub(crate) Language);

impl<S: Sync> FromRequestParts<S> for RequestLanguage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::from_request_parts(parts, state).await?;
        Ok(Self(request::language()))
    }
}
