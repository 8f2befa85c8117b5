//! What stands around the pages of somebody who is not in yet.

use axum::response::Response;

use super::insider::frame;
use crate::{
    app::App,
    domain::language::Language,
    http::page::admin_page,
    web::{
        entrance::CodesPage,
        frame::{AdminFrame, Insider, Place},
        texts::Say as _,
    },
};

/// The frame of a page before the door.
pub(crate) fn outside(app: &App, language: Language, title: &str) -> AdminFrame {
    frame(app, None, language, Place::Elsewhere, language.say(title))
}

/// Recovery codes, shown once.
pub(crate) fn codes_page(
    app: &App,
    language: Language,
    person: Option<String>,
    codes: Vec<String>,
    next: &str,
) -> Response {
    let mut frame = outside(app, language, "codes-title");
    frame.person = person.map(|name| Insider {
        name,
        ..Insider::default()
    });
    admin_page(&CodesPage {
        frame,
        codes,
        next: next.to_owned(),
    })
}
