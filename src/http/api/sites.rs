//! Owners: sites and their settings.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{comments::no_store, schema};
use crate::{
    actions::sites::{self, Change, Settings},
    app::App,
    domain::{
        account::Role,
        site::{Moderation, Site, Threads},
    },
    http::{
        body::Fields,
        error::Problem,
        extract::{Query, SiteMaker, Who},
        shape,
    },
};

/// The sites on which one has a role.
#[utoipa::path(get, path = "/sites", tag = "owners",
    responses((status = 200, description = "at most 1,000, by id", body = schema::Sites),
        (status = 401, description = "unauthenticated")))]
pub(crate) async fn list(State(app): State<Arc<App>>, Who(who): Who, _: Query) -> Result<Response, Problem> {
    let found = sites::list(&app, &who).await?;
    let site_json = |site: &Site| {
        json!({
            "id": site.id,
            "name": site.name,
            "language": site.language,
            "origins": site.origins,
            "role": who.rights.at(&site.id).map(Role::as_str),
        })
    };
    let body = json!({"sites": found.iter().map(|site| site_json(&site.site)).collect::<Vec<_>>()});
    Ok(no_store(Json(body).into_response()))
}

/// Makes a site; only who owns every site may, and in the first run the session that a setup code opened.
#[utoipa::path(post, path = "/sites", tag = "owners", request_body = schema::NewSite,
    responses((status = 201, description = "made", body = schema::SiteSettings),
        (status = 403, description = "forbidden; retype_needed with a provider, an address or keys"),
        (status = 409, description = "site_exists"), (status = 422, description = "invalid")))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    SiteMaker(who): SiteMaker,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read_as(request, shape::SITE).await?;
    let made = async {
        let id = fields.text("id")?;
        sites::create(&app, &who, &id, &Change::of_object(fields.all()).of_new_site()).await?;
        sites::settings(&app, &who, &id).await
    };
    let settings = made.await?;
    Ok(no_store(
        (StatusCode::CREATED, Json(settings_json(&settings))).into_response(),
    ))
}

/// A site's settings as they are in force.
#[utoipa::path(get, path = "/sites/{site}", tag = "owners", params(("site" = String, Path)),
    responses((status = 200, description = "in force", body = schema::SiteSettings),
        (status = 403, description = "forbidden: owners only"), (status = 404, description = "another's site")))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(site): Path<String>,
    _: Query,
) -> Result<Response, Problem> {
    let settings = sites::settings(&app, &who, &site).await?;
    Ok(no_store(Json(settings_json(&settings)).into_response()))
}

/// Changes settings: what is named is changed, `null` takes a key back to its default. `captcha.second` null offers no
/// second check; `captcha` itself is never null (422 `bad_type`).
#[utoipa::path(patch, path = "/sites/{site}", tag = "owners", params(("site" = String, Path)),
    request_body = schema::SiteChange,
    responses((status = 200, description = "in force now", body = schema::SiteSettings),
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
    let fields = Fields::read_as(request, shape::SITE).await?;
    fields.refuse_null(&["captcha"])?;
    let change = Change::of_object(fields.all());
    let settings = sites::change(&app, &who, &site, &change).await?;
    Ok(no_store(Json(settings_json(&settings)).into_response()))
}

fn settings_json(settings: &Settings) -> Value {
    let site = &settings.site.site;
    let captcha = &site.captcha;
    json!({
        "id": site.id,
        "name": site.name,
        "language": site.language,
        "time_zone": site.time_zone.iana_name().unwrap_or("UTC"),
        "origins": site.origins,
        "moderation": match site.moderation {
            Moderation::Before => "before",
            Moderation::After => "after",
        },
        "threads": match site.threads {
            Threads::Open => "open",
            Threads::Signed => "signed",
        },
        "body_max": site.body_max,
        "cdn_max_age": site.cdn_max_age,
        "captcha": {
            "provider": captcha.provider.as_str(),
            "site_key": captcha.site_key,
            "secret_set": captcha.secret.is_some(),
            "verify_url": captcha.verify_url,
            "project": captcha.project,
            "recaptcha_net": captcha.recaptcha_net,
            "send_address": captcha.send_address,
            "feedback": captcha.feedback,
            "consent": captcha.consent.as_str(),
            "action": captcha.action,
            "hostnames": captcha.hostnames,
            "second": captcha.second.as_ref().map(|second| json!({
                "provider": second.provider.as_str(),
                "site_key": second.site_key,
                "secret_set": second.secret.is_some(),
                "verify_url": second.verify_url,
            })),
        },
        "set_in_file": settings.in_file,
        "dropped": settings.dropped,
    })
}
