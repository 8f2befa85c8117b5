//! The front page: where to go.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap};

use super::{PageResult, admin_page, frame};
use crate::{
    app::App,
    http::extract::{Query, Who, admin_language},
    web::{
        entrance::{HomePage, SiteEntry},
        frame::Place,
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
