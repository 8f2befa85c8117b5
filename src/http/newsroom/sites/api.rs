//! Owners: sites and their settings.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use crate::{
    actions::{
        identify::Identity,
        sites::{self, Change, Settings},
    },
    app::App,
    domain::{
        account::Role,
        captcha::Captcha,
        site::{Moderation, Site, Threads},
    },
    http::{
        error::Problem,
        page::no_store,
        request::{
            body::Fields,
            extract::{Query, SiteMaker, Who},
        },
    },
};

/// The sites on which one has a role.
#[utoipa::path(get, path = "/sites", tag = "owners",
    responses((status = 200, description = "at most 1,000, by id", body = Sites<'_>),
        (status = 401, description = "unauthenticated")))]
pub(crate) async fn list(State(app): State<Arc<App>>, Who(who): Who, _: Query) -> Result<Response, Problem> {
    let found = sites::list(&app, &who).await?;
    let sites = found.iter().map(|site| SiteEntry::of(&site.site, &who)).collect();
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
    let fields = Fields::read(request).await?;
    let NewSite { id, .. } = fields.typed()?;
    let made = async {
        sites::create(&app, &who, &id, &Change::of_object(fields.all()).of_new_site()).await?;
        sites::settings(&app, &who, &id).await
    };
    let settings = made.await?;
    Ok(no_store(
        (StatusCode::CREATED, Json(SiteSettings::of(&settings))).into_response(),
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
    Ok(no_store(Json(SiteSettings::of(&settings)).into_response()))
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
    let fields = Fields::read(request).await?;
    fields.typed::<SiteChange>()?;
    fields.refuse_null(&["captcha"])?;
    let change = Change::of_object(fields.all());
    let settings = sites::change(&app, &who, &site, &change).await?;
    Ok(no_store(Json(SiteSettings::of(&settings)).into_response()))
}

/// A site's settings as they are in force.
#[derive(Serialize, ToSchema)]
struct SiteSettings<'a> {
    body_max: i64,
    captcha: SiteCaptcha<'a>,
    cdn_max_age: i64,
    /// Of a change: the keys of kept secrets that it dropped, because they were typed for another provider or address.
    dropped: &'a [&'static str],
    id: &'a str,
    language: &'static str,
    /// before or after.
    moderation: &'static str,
    name: &'a str,
    origins: &'a [String],
    /// Keys that `config.toml` sets, such as `captcha.provider`: they are changed there alone.
    set_in_file: &'a [String],
    /// open or signed.
    threads: &'static str,
    /// Of IANA: `Africa/Ouagadougou`.
    time_zone: &'a str,
}

impl<'a> SiteSettings<'a> {
    fn of(settings: &'a Settings) -> Self {
        let site = &settings.site.site;
        Self {
            body_max: site.body_max.into(),
            captcha: SiteCaptcha::of(&site.captcha),
            cdn_max_age: site.cdn_max_age.into(),
            dropped: &settings.dropped,
            id: &site.id,
            language: site.language.code(),
            moderation: match site.moderation {
                Moderation::Before => "before",
                Moderation::After => "after",
            },
            name: &site.name,
            origins: &site.origins,
            set_in_file: &settings.in_file,
            threads: match site.threads {
                Threads::Open => "open",
                Threads::Signed => "signed",
            },
            time_zone: site.time_zone.iana_name().unwrap_or("UTC"),
        }
    }
}

/// The captcha of a site as it is in force.
#[expect(clippy::struct_excessive_bools, reason = "yes and no, as JSON has them")]
#[derive(Serialize, ToSchema)]
struct SiteCaptcha<'a> {
    action: &'a str,
    /// focus or ask.
    consent: &'static str,
    /// The provider is told, some days later, what moderators decided.
    feedback: bool,
    hostnames: &'a [String],
    project: Option<&'a str>,
    provider: &'static str,
    recaptcha_net: bool,
    /// The interactive provider of the second check; null without one.
    second: Option<SecondCheck<'a>>,
    /// The secret itself is never given out.
    secret_set: bool,
    /// The provider is told the reader's address.
    send_address: bool,
    site_key: Option<&'a str>,
    verify_url: Option<&'a str>,
}

impl<'a> SiteCaptcha<'a> {
    fn of(captcha: &'a Captcha) -> Self {
        Self {
            action: &captcha.action,
            consent: captcha.consent.as_str(),
            feedback: captcha.feedback,
            hostnames: &captcha.hostnames,
            project: captcha.project.as_deref(),
            provider: captcha.provider.as_str(),
            recaptcha_net: captcha.recaptcha_net,
            second: captcha.second.as_deref().map(SecondCheck::of),
            secret_set: captcha.secret.is_some(),
            send_address: captcha.send_address,
            site_key: captcha.site_key.as_deref(),
            verify_url: captcha.verify_url.as_ref().map(Url::as_str),
        }
    }
}

/// The interactive provider of a site's second check.
#[derive(Serialize, ToSchema)]
struct SecondCheck<'a> {
    /// turnstile, `recaptcha_v2`, hcaptcha, friendly or prosopo.
    provider: &'static str,
    /// The secret itself is never given out.
    secret_set: bool,
    site_key: Option<&'a str>,
    verify_url: Option<&'a str>,
}

impl<'a> SecondCheck<'a> {
    fn of(second: &'a Captcha) -> Self {
        Self {
            provider: second.provider.as_str(),
            secret_set: second.secret.is_some(),
            site_key: second.site_key.as_deref(),
            verify_url: second.verify_url.as_ref().map(Url::as_str),
        }
    }
}

/// A site to be made.
#[expect(
    dead_code,
    reason = "of their types; `Change` takes the values by key, for null takes one back"
)]
#[derive(Deserialize, ToSchema)]
struct NewSite {
    /// 1 to 64 lower-case letters, digits and hyphens; part of addresses.
    id: String,
    name: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    origins: Option<Vec<String>>,
    moderation: Option<String>,
    threads: Option<String>,
    body_max: Option<i64>,
    cdn_max_age: Option<i64>,
    captcha: Option<SiteCaptchaChange>,
}

/// New values of a site's settings; null takes a key back to its default.
#[expect(
    dead_code,
    reason = "of their types; `Change` takes the values by key, for null takes one back"
)]
#[derive(Deserialize, ToSchema)]
struct SiteChange {
    name: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    origins: Option<Vec<String>>,
    moderation: Option<String>,
    threads: Option<String>,
    body_max: Option<i64>,
    cdn_max_age: Option<i64>,
    /// Never null: each of its keys is taken back by itself.
    #[schema(nullable = false)]
    captcha: Option<SiteCaptchaChange>,
}

/// New values of a site's captcha.
#[expect(
    dead_code,
    reason = "of their types; `Change` takes the values by key, for null takes one back"
)]
#[derive(Deserialize, ToSchema)]
struct SiteCaptchaChange {
    provider: Option<String>,
    site_key: Option<String>,
    /// Stored encrypted; null removes it.
    secret: Option<String>,
    /// https; of a provider without an address of its own, and by a token, only an owner of every site gives it.
    verify_url: Option<String>,
    project: Option<String>,
    recaptcha_net: Option<bool>,
    send_address: Option<bool>,
    feedback: Option<bool>,
    consent: Option<String>,
    action: Option<String>,
    hostnames: Option<Vec<String>>,
    /// null offers none.
    second: Option<SecondCheckChange>,
}

/// New values of the second check's provider.
#[expect(
    dead_code,
    reason = "of their types; `Change` takes the values by key, for null takes one back"
)]
#[derive(Deserialize, ToSchema)]
struct SecondCheckChange {
    /// turnstile, `recaptcha_v2`, hcaptcha, friendly or prosopo; null offers none.
    provider: Option<String>,
    site_key: Option<String>,
    /// Stored encrypted; null removes it.
    secret: Option<String>,
    /// https; of a provider without an address of its own, and by a token, only an owner of every site gives it.
    verify_url: Option<String>,
}
