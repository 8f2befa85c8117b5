//! A reader begins to write: the form's token, asked for and looked at again when the form comes back.

use serde_json::Value;

use crate::{
    app::{App, SiteInForce},
    captcha::Form,
    domain::{address::ClientAddress, draft::ThreadKey},
    error::Error,
    limits::{Action, Demand},
};

/// What a script needs for a form.
#[derive(Debug)]
pub struct Asked {
    /// For one submission within 24 hours.
    pub token: String,
    /// Of the built-in check: a challenge of ALTCHA, version 2.
    pub challenge: Option<Value>,
    /// Such a challenge, where an outside provider is down or its script does not run.
    pub fallback: Option<Value>,
}

/// A fresh form for a script; `before` is the token that its page had until now: the new one is as old.
///
/// # Errors
/// [`Error::RateLimited`].
pub fn ask(
    app: &App,
    site: &SiteInForce,
    thread: &ThreadKey,
    before: Option<&str>,
    asks_fallback: bool,
    client: ClientAddress,
) -> Result<Asked, Error> {
    app.limits.check(&[Demand::by_address(Action::Form, client)])?;
    let token = issue(app, site, thread, before);
    let (site, thread, now) = (&site.site, thread.as_str(), app.clock.now());
    Ok(Asked {
        challenge: app.captcha.challenge(site, thread, &token, now),
        fallback: app.captcha.fallback_challenge(site, thread, &token, asks_fallback, now),
        token,
    })
}

/// The form token of a page that is made anyway.
#[must_use]
pub fn issue(app: &App, site: &SiteInForce, thread: &ThreadKey, before: Option<&str>) -> String {
    let now = app.clock.now();
    app.captcha.issue_form(&site.site, thread.as_str(), before, now)
}

/// What came back with a form.
#[must_use]
pub fn check(app: &App, site: &SiteInForce, thread: &ThreadKey, token: Option<&str>) -> Form {
    let now = app.clock.now();
    app.captcha.check_form(&site.site.id, thread.as_str(), token, now)
}
