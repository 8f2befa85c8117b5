//! Somebody who came in, and the frame of their pages.

use std::sync::Arc;

use super::bar;
use crate::{
    actions::identify::Identity,
    app::App,
    domain::language::Language,
    error::Error,
    http::{error::Problem, request::extract::Who},
    web::frame::{AdminFrame, Insider, Place},
};

/// Somebody who came in, or the way to the door.
pub(crate) struct Visitor(pub(crate) Identity);

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

/// The frame of a page for somebody who came in.
pub(crate) fn frame(app: &App, who: Option<&Identity>, language: Language, place: Place, title: String) -> AdminFrame {
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

/// The door, which leads back to a page of ours.
pub(crate) fn door_back_to(path: &str) -> String {
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/login?next={next}")
}
