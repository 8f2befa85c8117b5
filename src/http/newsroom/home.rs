//! The front page: where to go.

use std::sync::Arc;

use axum::extract::State;

use super::{bar, insider::frame};
use crate::{
    actions::sites,
    app::App,
    http::{
        page::{PageResult, admin_page},
        request::extract::{RequestLanguage, Who},
    },
    web::{
        entrance::{HomePage, SiteEntry},
        frame::Place,
    },
};

/// Where to go.
pub(crate) async fn home(
    State(app): State<Arc<App>>,
    who: Result<Who, crate::http::error::Problem>,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    let who = who.ok().map(|Who(who)| who);
    let sites = match &who {
        Some(who) => {
            bar::fill(&app, who).await?;
            sites::list(&app, who).await?
        }
        None => Vec::new(),
    };
    Ok(admin_page(&HomePage {
        frame: frame(&app, who.as_ref(), language, Place::Elsewhere, "Palabre".to_owned()),
        sites: sites
            .iter()
            .map(|found| SiteEntry {
                id: found.site.id.clone(),
                name: found.site.name.clone(),
            })
            .collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}
