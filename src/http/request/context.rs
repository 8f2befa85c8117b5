//! What belongs to a request: its id, the language of its answer, the form of its errors. The outermost layer lays it
//! down, the router and the handler add what they know, and whoever needs it asks: nobody passes it on.
//!
//! The language is the one asked for (`lang`), else that of the site that the request is about, else the one that the
//! browser prefers, else French; in the newsroom it is one of the newsroom's two.

use std::cell::Cell;

use axum::{extract::Request, http::header, middleware::Next, response::Response};

use crate::domain::language::Language;

tokio::task_local! {
    static CURRENT: Current;
}

/// How an error is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As `application/problem+json`.
    Json,
    /// As a page.
    Page,
    /// As the client prefers.
    Preferred,
}

#[derive(Debug)]
struct Current {
    id: String,
    asked: Cell<Option<Language>>,
    of_site: Cell<Option<Language>>,
    preferred: Option<Language>,
    is_of_newsroom: Cell<bool>,
    form: Cell<Form>,
}

/// Answers a request within what belongs to it.
pub(crate) async fn scope(id: String, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    // A query that cannot be read asks for nothing here; whoever reads it refuses it.
    let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
    let preferred = request.headers().get(header::ACCEPT_LANGUAGE);
    let current = Current {
        id,
        asked: Cell::new(asked.and_then(|(_, tag)| Language::parse(&tag))),
        of_site: Cell::new(None),
        preferred: preferred.and_then(|given| Language::negotiate(given.to_str().ok()?)),
        is_of_newsroom: Cell::new(false),
        form: Cell::new(Form::Preferred),
    };
    CURRENT.scope(current, next.run(request)).await
}

/// The id of the request that is being answered; empty outside of one.
pub(crate) fn request_id() -> String {
    CURRENT.try_with(|current| current.id.clone()).unwrap_or_default()
}

/// The language of the answer.
pub(crate) fn language() -> Language {
    let said = |current: &Current| {
        let language = current.asked.get().or(current.of_site.get()).or(current.preferred);
        let language = language.unwrap_or_default();
        if current.is_of_newsroom.get() {
            language.for_admin()
        } else {
            language
        }
    };
    CURRENT.try_with(said).unwrap_or_default()
}

/// A body asks for a language; a tag that is none of ours asks for nothing.
pub(crate) fn asks_for(tag: Option<&str>) {
    if let Some(language) = tag.and_then(Language::parse) {
        let _ = CURRENT.try_with(|current| current.asked.set(Some(language)));
    }
}

/// The request is about a site, or a comment, of that language.
pub(crate) fn is_about(language: Language) {
    let _ = CURRENT.try_with(|current| current.of_site.set(Some(language)));
}

/// The request is to the newsroom.
pub(crate) fn is_of_newsroom() {
    let _ = CURRENT.try_with(|current| current.is_of_newsroom.set(true));
}

/// How errors are told from here on.
pub(crate) fn tell_errors_as(form: Form) {
    let _ = CURRENT.try_with(|current| current.form.set(form));
}

/// How errors are told.
pub(crate) fn form_of_errors() -> Form {
    CURRENT
        .try_with(|current| current.form.get())
        .unwrap_or(Form::Preferred)
}
