//! The doors: home, sign-in, the one-time setup link, sign-out.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};

use super::{PageError, PageResult, admin_page, frame, no_referrer, see_other};
use crate::{
    actions::identify,
    app::App,
    error::Error,
    http::{
        body::Fields,
        extract::{Client, Query, Who, admin_language, check_same_site, session_cookie},
    },
    limits::{Action, Demand},
    web::{
        entrance::{HomePage, LoginPage, SetupPage, SiteEntry},
        frame::Place,
        texts::{self, Say as _},
    },
};

/// Where to go.
pub(crate) async fn home(
    State(app): State<Arc<App>>,
    who: Result<Who, crate::http::error::Problem>,
    headers: HeaderMap,
    query: Query,
) -> PageResult {
    let language = admin_language(&headers, &query);
    let who = who.ok().map(|Who(who)| who);
    let mut sites = Vec::new();
    if let Some(who) = &who {
        for id in app.store.site_ids().await? {
            if who.scope.allows(&id) {
                let name = app.site(&id).await?.site.name.clone();
                sites.push(SiteEntry { id, name });
            }
        }
    }
    Ok(admin_page(&HomePage {
        frame: frame(&app, who.as_ref(), language, Place::Elsewhere, "Palabre".to_owned()),
        sites,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}

/// How to get in.
pub(crate) async fn login(State(app): State<Arc<App>>, headers: HeaderMap, query: Query) -> Response {
    let language = admin_language(&headers, &query);
    admin_page(&LoginPage {
        frame: frame(&app, None, language, Place::Elsewhere, language.say("login-title")),
        has_no_owner: true,
        problem: insecure(&app).then(|| language.say("login-insecure")),
    })
}

/// A cookie on plain http could be read on the way, so there is no sign-in there, except on loopback.
fn insecure(app: &App) -> bool {
    !app.config.public_url().starts_with("https:") && !app.config.is_loopback()
}

/// The page of a setup link: one button, which posts its code.
pub(crate) async fn setup(State(app): State<Arc<App>>, headers: HeaderMap, query: Query) -> PageResult {
    let language = admin_language(&headers, &query);
    let code = query.0.first_of(&["code"])?;
    let problem = if insecure(&app) {
        Some(language.say("login-insecure"))
    } else {
        None
    };
    Ok(no_referrer(admin_page(&SetupPage {
        frame: frame(&app, None, language, Place::Elsewhere, language.say("setup-title")),
        code: code.filter(|_| problem.is_none()),
        problem,
    })))
}

/// Redeems a setup code and opens the session.
pub(crate) async fn redeem(
    State(app): State<Arc<App>>,
    Client(client): Client,
    headers: HeaderMap,
    query: Query,
    request: Request,
) -> PageResult {
    let language = admin_language(&headers, &query);
    let failed = |problem: String| {
        no_referrer(admin_page(&SetupPage {
            frame: frame(&app, None, language, Place::Elsewhere, language.say("setup-title")),
            code: None,
            problem: Some(problem),
        }))
    };
    if insecure(&app) {
        return Ok(failed(language.say("login-insecure")));
    }
    if let Err(refusal) = app.limits.check(&[Demand::by_address(Action::SignIn, client)]) {
        let wait = texts::duration(language, refusal.retry_after_seconds());
        let mut response = failed(language.say_with("setup-paused", "wait", &wait));
        *response.status_mut() = axum::http::StatusCode::TOO_MANY_REQUESTS;
        crate::http::error::add_headers(&Error::RateLimited(refusal), &mut response);
        return Ok(response);
    }
    let code = Fields::read(request).await?.text("code")?;
    let Some(secret) = identify::redeem(&app, &code).await? else {
        let mut response = failed(language.say("setup-code-bad"));
        *response.status_mut() = axum::http::StatusCode::FORBIDDEN;
        return Ok(response);
    };
    let cookie = Cookie::build((session_cookie(&app), secret))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.public_url().starts_with("https:"))
        .max_age(
            identify::SESSION_LIFE
                .try_into()
                .map_err(|_| PageError::from(Error::Internal("the life of a session is out of range".to_owned())))?,
        )
        .build();
    Ok((CookieJar::new().add(cookie), see_other("/queue")).into_response())
}

/// Ends the session.
pub(crate) async fn logout(State(app): State<Arc<App>>, headers: HeaderMap) -> PageResult {
    check_same_site(&headers, &app)?;
    let name = session_cookie(&app);
    let cookies = CookieJar::from_headers(&headers);
    if let Some(cookie) = cookies.get(name) {
        identify::sign_out(&app, cookie.value()).await?;
    }
    let mut gone = Cookie::build((name, ""))
        .path("/")
        .secure(name.starts_with("__Host-"))
        .build();
    gone.make_removal();
    Ok((CookieJar::new().add(gone), see_other("/login")).into_response())
}
