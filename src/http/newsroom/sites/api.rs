//! Owners: sites and their settings.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::contract::{NewSite, SiteChange, SiteSettings};
use crate::{
    actions::{identify::Identity, sites},
    app::App,
    domain::{account::Role, site::Site},
    http::{
        error::Problem,
        page::no_store,
        request::{
            body::Fields,
            extract::{Path, Query, SiteMaker, Who},
        },
    },
};

/// The sites on which one has a role.
#[utoipa::path(get, path = "/sites", tag = "owners",
    responses((status = 200, description = "at most 1,000, by id", body = Sites<'_>),
        (status = 401, description = "unauthenticated")))]
pub(crate) async fn list(State(app): State<Arc<App>>, Who(who): Who, _: Query) -> Result<Response, Problem> {
    let found = sites::list(&app, &who).await?;
    let sites = found.iter().map(|site| SiteEntry::of(site, &who)).collect();
    Ok(no_store(Json(Sites { sites }).into_response()))
}

#[derive(Serialize, ToSchema)]
struct Sites<'a> {
    sites: Vec<SiteEntry<'a>>,
}

/// A site on which one has a role.
#[derive(Serialize, ToSchema)]
struct SiteEntry<'a> {
    id: &'a str,
    language: &'static str,
    name: &'a str,
    origins: &'a [String],
    /// owner or moderator.
    #[schema(value_type = String)]
    role: Option<&'static str>,
}

impl<'a> SiteEntry<'a> {
    fn of(site: &'a Site, who: &Identity) -> Self {
        Self {
            id: &site.id,
            language: site.language.code(),
            name: &site.name,
            origins: &site.origins,
            role: who.rights.at(&site.id).map(Role::as_str),
        }
    }
}

/// Makes a site; only who owns every site may, and in the first run the session that a setup code opened.
#[utoipa::path(post, path = "/sites", tag = "owners", request_body = NewSite,
    responses((status = 201, description = "made", body = SiteSettings<'_>),
        (status = 403, description = "forbidden; retype_needed with a provider, an address or keys"),
        (status = 409, description = "site_exists"), (status = 422, description = "invalid")))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    SiteMaker(who): SiteMaker,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let NewSite { id, settings } = NewSite::of(&Fields::read(request).await?)?;
    sites::create(&app, &who, &id, &settings).await?;
    let settings = sites::settings(&app, &who, &id).await?;
    Ok(no_store(
        (StatusCode::CREATED, Json(SiteSettings(&settings))).into_response(),
    ))
}

/// A site's settings as they are in force.
#[utoipa::path(get, path = "/sites/{site}", tag = "owners", params(("site" = String, Path)),
    responses((status = 200, description = "in force", body = SiteSettings<'_>),
        (status = 403, description = "forbidden: owners only"), (status = 404, description = "another's site")))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    _: Query,
) -> Result<Response, Problem> {
    let settings = sites::settings(&app, &who, &site).await?;
    Ok(no_store(Json(SiteSettings(&settings)).into_response()))
}

/// Changes settings: what is named is changed, `null` takes a key back to its default. `captcha.second` null offers no
/// second check; `captcha` itself is never null (422 `bad_type`).
#[utoipa::path(patch, path = "/sites/{site}", tag = "owners", params(("site" = String, Path)),
    request_body = SiteChange,
    responses((status = 200, description = "in force now", body = SiteSettings<'_>),
        (status = 403, description = "forbidden: owners only; verify_url_forbidden; retype_needed for a provider, an \
            address or keys"),
        (status = 404, description = "another's site"), (status = 409, description = "set_in_file with `keys`, settings_changed"),
        (status = 422, description = "invalid")))]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let SiteChange(change) = SiteChange::of(&Fields::read(request).await?)?;
    let settings = sites::change(&app, &who, &site, &change).await?;
    Ok(no_store(Json(SiteSettings(&settings)).into_response()))
}
