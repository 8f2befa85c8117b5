//! The first run, step by step: the code, the first account, then the new owner's site.
//!
//! Each step saves; who comes back goes on where they were. Once there is an owner, `/setup` is not there
//! any more.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{
    first_run::path_of,
    form::{form_errors, told, with_status},
    insider::{Visitor, frame},
    outside::{codes_page, outside},
    sites::page as sites_page,
};
use crate::{
    actions::{
        accounts::Wanted,
        identify::{Identity, Role},
        review,
        setup::{self, Left},
        sites::{self, Change},
    },
    app::{App, DEMO_SITE},
    domain::{captcha::ProviderId, language::Language, status::Status},
    error::Error,
    http::{
        error::{self, Problem},
        page::{PageResult, admin_page, no_referrer, see_other},
        request::{
            body::Fields,
            cookies,
            extract::{AtDoor, Query, RequestLanguage},
        },
    },
    web::{
        entrance::{SetupPage, SetupYouPage},
        form::choose,
        frame::{AdminFrame, Place},
        moment::Moment,
        sites::{SetupRobotsPage, SetupSitePage, SetupTryPage},
        texts::Say as _,
    },
};

/// The page of a setup link: one button, which posts its code; without a code a field for it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    first_run_only(&app).await?;
    if setup::is_under_way(&app, &caller).await? {
        return Ok(see_other("/setup/you"));
    }
    let code = query.0.first_of(&["code"])?;
    let mut page = page(&app, language);
    page.code = code.filter(|_| page.is_open);
    Ok(no_referrer(admin_page(&page)))
}

fn page(app: &App, language: Language) -> SetupPage {
    let is_open = cookies::check_secure(app).is_ok();
    SetupPage {
        frame: outside(app, language, "setup-title"),
        is_open,
        problem: (!is_open).then(|| language.say("login-insecure")),
        ..SetupPage::default()
    }
}

async fn first_run_only(app: &App) -> Result<(), Problem> {
    if setup::has_owner(app).await? {
        return Err(Error::not_found().into());
    }
    Ok(())
}

/// Redeems a setup code: opens the session in which the first account is made.
pub(crate) async fn redeem(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let mut page = page(&app, language);
    page.frame.is_error = true;
    if let Err(error) = cookies::check_secure(&app) {
        return Ok(with_status(no_referrer(admin_page(&page)), &error));
    }
    let code = Fields::read(request).await?.text("code")?;
    match setup::redeem(&app, &caller, &code).await {
        Ok(Some(secret)) => Ok(cookies::with_session(&app, secret, see_other("/setup/you"))),
        Ok(None) => {
            page.problem = Some(language.say("setup-code-bad"));
            let mut response = no_referrer(admin_page(&page));
            *response.status_mut() = StatusCode::FORBIDDEN;
            Ok(response)
        }
        Err(error @ Error::RateLimited(_)) => {
            page.problem = Some(error::sentence(&error, language));
            Ok(with_status(no_referrer(admin_page(&page)), &error))
        }
        Err(error) => Err(error.into()),
    }
}

/// Step 1: who you are.
pub(crate) async fn you(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    first_run_only(&app).await?;
    if !setup::is_under_way(&app, &caller).await? {
        return Ok(see_other("/setup"));
    }
    Ok(admin_page(&SetupYouPage {
        frame: outside(&app, language, "setup-you-title"),
        ..SetupYouPage::default()
    }))
}

/// Makes the first account, and shows its recovery codes once.
pub(crate) async fn make_owner(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> Result<Response, Problem> {
    first_run_only(&app).await?;
    let fields = Fields::read(request).await?;
    let wanted = Wanted {
        name: fields.text("name")?,
        email: fields.text("email")?,
    };
    let made = setup::make_first_owner(&app, &caller, &wanted, &fields.text("passphrase")?).await;
    let error = match made {
        Ok((entry, codes)) => {
            let codes = codes_page(&app, language, Some(wanted.name), codes, path_of(Left::Site));
            return Ok(cookies::with_entry(&app, &entry, codes));
        }
        Err(Error::Unauthenticated) => return Ok(see_other("/setup")),
        Err(error @ Error::Invalid(_)) => error,
        Err(error) => return Err(error.into()),
    };
    let mut page = SetupYouPage {
        frame: outside(&app, language, "setup-you-title"),
        errors: form_errors(&error, language),
        name: wanted.name,
        email: wanted.email,
    };
    page.frame.is_error = true;
    Ok(with_status(admin_page(&page), &error).into_response())
}

/// The providers that ask for no more than a key and a secret; the others are chosen on the page of
/// settings.
const PROVIDERS: [ProviderId; 8] = [
    ProviderId::BuiltIn,
    ProviderId::RecaptchaV3,
    ProviderId::RecaptchaV2,
    ProviderId::Hcaptcha,
    ProviderId::Turnstile,
    ProviderId::Friendly,
    ProviderId::Prosopo,
    ProviderId::Off,
];

/// Whether that step is the one that is left, else the way to it. Once all is done there is no first run.
async fn check_step(app: &App, who: &Identity, step: Left) -> Result<Option<Response>, Problem> {
    let left = setup::left(app).await?;
    if left == Left::Nothing || who.rights.everywhere() != Some(Role::Owner) {
        return Err(Error::not_found().into());
    }
    Ok((left != step).then(|| see_other(path_of(left))))
}

fn inside(app: &App, who: &Identity, language: Language, title: &str) -> AdminFrame {
    frame(app, Some(who), language, Place::Elsewhere, language.say(title))
}

/// Step 2: the site.
pub(crate) async fn site(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    if let Some(elsewhere) = check_step(&app, &who, Left::Site).await? {
        return Ok(elsewhere);
    }
    Ok(admin_page(&SetupSitePage {
        frame: inside(&app, &who, language, "setup-site-title"),
        fields: sites_page::new_fields(language),
        ..SetupSitePage::default()
    }))
}

/// Makes the site, or goes on with the demonstration's.
pub(crate) async fn make_site(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    if let Some(elsewhere) = check_step(&app, &who, Left::Site).await? {
        return Ok(elsewhere);
    }
    let fields = Fields::read(request).await?;
    if app.has_demo && fields.text("act")? == "skip" {
        setup::set_site(&app, DEMO_SITE).await?;
        setup::set_left(&app, Left::Try).await?;
        return Ok(see_other(path_of(Left::Try)));
    }
    let made = async {
        let id = sites::free_id(&app, &fields.text("name")?).await?;
        sites::create(&app, &who, &id, &sites_page::change_of(&fields)?).await
    };
    let error = match made.await {
        Ok(site) => {
            setup::set_site(&app, &site.site.id).await?;
            setup::set_left(&app, Left::Robots).await?;
            return Ok(see_other(path_of(Left::Robots)));
        }
        Err(error) => error,
    };
    let (errors, problem) = told(&error, language)?;
    let mut page = SetupSitePage {
        frame: inside(&app, &who, language, "setup-site-title"),
        problem,
        errors,
        fields: sites_page::typed_fields(language, &fields)?,
    };
    page.frame.is_error = true;
    Ok(with_status(admin_page(&page), &error))
}

/// Step 3: how robots are kept out.
pub(crate) async fn robots(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    if let Some(elsewhere) = check_step(&app, &who, Left::Robots).await? {
        return Ok(elsewhere);
    }
    let site = site_of(&app).await?;
    Ok(admin_page(&robots_page(&app, &who, &site, language).await?))
}

/// The site that the first run is about.
async fn site_of(app: &App) -> Result<String, Error> {
    setup::site(app).await?.ok_or_else(Error::not_found)
}

async fn robots_page(app: &App, who: &Identity, site: &str, language: Language) -> Result<SetupRobotsPage, Problem> {
    let found = sites::settings(app, who, site).await?;
    let provider = found.site.site.captcha.provider;
    Ok(SetupRobotsPage {
        frame: inside(app, who, language, "setup-robots-title"),
        providers: sites_page::provider_choices(language, &PROVIDERS, provider.as_str()),
        can_skip: provider != ProviderId::BuiltIn,
        site_key: found.text("captcha.site_key"),
        secret_since: found.secret_since.map(|at| Moment::new(language, at.0)),
        ..SetupRobotsPage::default()
    })
}

/// Keeps the keys; « test » asks the provider about them and stays.
pub(crate) async fn set_robots(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    if let Some(elsewhere) = check_step(&app, &who, Left::Robots).await? {
        return Ok(elsewhere);
    }
    let fields = Fields::read(request).await?;
    let site = site_of(&app).await?;
    let act = fields.text("act")?;
    let change = if act == "skip" {
        back_to_built_in(&app, &who, &site).await?
    } else {
        Some(sites_page::change_of(&fields)?)
    };
    if let Some(change) = change
        && let Err(error) = sites::change(&app, &who, &site, &change).await
    {
        let mut page = robots_page(&app, &who, &site, language).await?;
        page.frame.is_error = true;
        page.can_skip = true;
        (page.errors, page.problem) = told(&error, language)?;
        choose(&mut page.providers, &fields.text("provider")?);
        page.site_key = fields.text("site_key")?;
        return Ok(with_status(admin_page(&page), &error));
    }
    if act == "test" {
        let mut page = robots_page(&app, &who, &site, language).await?;
        page.answer = Some(sites_page::test(&app, &who, &site, language).await?);
        return Ok(admin_page(&page));
    }
    setup::set_left(&app, Left::Try).await?;
    Ok(see_other(path_of(Left::Try)))
}

/// What takes a site back to the built-in check; `None` where it has it, or the file sets another.
async fn back_to_built_in(app: &App, who: &Identity, site: &str) -> Result<Option<Change>, Error> {
    const KEY: &str = "captcha.provider";
    let found = sites::settings(app, who, site).await?;
    if found.site.site.captcha.provider == ProviderId::BuiltIn || found.is_fixed(KEY) {
        return Ok(None);
    }
    let mut change = Change::default();
    change.set(KEY, ProviderId::BuiltIn.as_str());
    Ok(Some(change))
}

/// Step 4: a first comment, and what became of it.
pub(crate) async fn try_it(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    if let Some(elsewhere) = check_step(&app, &who, Left::Try).await? {
        return Ok(elsewhere);
    }
    let site = site_of(&app).await?;
    let counts = review::counts(&app, &who, &site).await?;
    let has = |wanted: Status| counts.iter().any(|(pile, n)| *pile == wanted.into() && *n > 0);
    Ok(admin_page(&SetupTryPage {
        frame: inside(&app, &who, language, "setup-try-title"),
        is_waiting: has(Status::Pending),
        is_published: has(Status::Approved),
        readers: if app.config.has_admin_url() {
            app.config.public_url()
        } else {
            String::new()
        },
        site,
    }))
}

/// Ends the first run.
pub(crate) async fn finish(State(app): State<Arc<App>>, Visitor(who): Visitor, _: Query) -> PageResult {
    if let Some(elsewhere) = check_step(&app, &who, Left::Try).await? {
        return Ok(elsewhere);
    }
    setup::set_left(&app, Left::Nothing).await?;
    Ok(see_other("/moderators?done=setup"))
}
