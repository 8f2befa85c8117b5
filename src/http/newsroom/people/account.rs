//! One's own account: name, passphrase, second step, recovery codes, sessions.

use std::sync::Arc;

use axum::extract::{Request, State};
use qrcode::{QrCode, render::svg};

use super::offers::offer_rows;
use crate::{
    actions::{
        identify::Identity,
        own_account::{self, Seed},
    },
    app::App,
    domain::language::Language,
    error::Error,
    http::{
        error::Problem,
        newsroom::{
            form::{at_field, form_errors, sentence, told, with_status},
            insider::{Visitor, frame},
            outside::codes_page,
        },
        page::{PageResult, admin_page, no_referrer, see_other},
        request::{
            body::Fields,
            extract::{Query, RequestLanguage},
        },
    },
    web::{
        form::FormErrors,
        frame::{AdminFrame, Place},
        moment::Moment,
        people::{AccountActPage, AccountPage, SecondStepPage, SessionRow},
        texts::Say as _,
    },
};

/// What can have been done just now.
const DONE: [&str; 7] = [
    "renamed",
    "passphrase",
    "second-step-on",
    "second-step-off",
    "sessions",
    "accepted",
    "refused",
];

/// The account.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let mut page = page(&app, &who, language).await?;
    let done = query.0.text("done")?;
    page.flash = DONE
        .contains(&done.as_str())
        .then(|| language.say(&format!("account-done-{done}")));
    Ok(admin_page(&page))
}

async fn page(app: &App, who: &Identity, language: Language) -> Result<AccountPage, Problem> {
    let overview = own_account::overview(app, who).await?;
    let sessions = overview.sessions.into_iter().map(|session| SessionRow {
        is_current: session.id == overview.current,
        id: session.id.to_string(),
        device: session.device,
        opened: Moment::new(language, session.created_at),
        seen: Moment::new(language, session.seen_at),
    });
    let offers = offer_rows(app, &overview.offers, language).await?;
    Ok(AccountPage {
        frame: own_frame(app, who, language, "account-title"),
        offers,
        sessions: sessions.collect(),
        has_second_step: overview.account.has_second_step(),
        codes_left: overview.recovery_codes_left,
        name: overview.account.name,
        email: overview.account.email,
        ..AccountPage::default()
    })
}

fn own_frame(app: &App, who: &Identity, language: Language, title: &str) -> AdminFrame {
    frame(app, Some(who), language, Place::Account, language.say(title))
}

/// Changes the name.
pub(crate) async fn rename(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let name = Fields::read(request).await?.text("name")?;
    let Err(error) = own_account::rename(&app, &who, &name).await else {
        return Ok(see_other("/account?done=renamed"));
    };
    let (errors, error) = told_at_code(error, language)?;
    let mut page = page(&app, &who, language).await?;
    page.frame.is_error = true;
    page.errors = errors;
    page.name = name;
    Ok(with_status(admin_page(&page), &error))
}

/// Accepts a role that is offered, or refuses it.
pub(crate) async fn answer_offer(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let (site, is_accepted) = (fields.text("site")?, fields.text("answer")? == "yes");
    let code = fields.first_of(&["code"])?;
    let error = match own_account::answer_offer(&app, &who, &site, code.as_deref(), is_accepted).await {
        Ok(()) if is_accepted => return Ok(see_other("/account?done=accepted")),
        Ok(()) => return Ok(see_other("/account?done=refused")),
        Err(error) => error,
    };
    // A name that is taken there is changed here first.
    let errors = form_errors(&error, language);
    if errors.is_empty() {
        return Err(error.into());
    }
    let mut page = page(&app, &who, language).await?;
    page.frame.is_error = true;
    page.errors = errors;
    Ok(with_status(admin_page(&page), &error))
}

/// Ends one session, or all others.
pub(crate) async fn end_sessions(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    _: Query,
    request: Request,
) -> PageResult {
    let only = Fields::read(request).await?.first_of(&["session"])?;
    let ended = async {
        let only = only
            .as_deref()
            .map(crate::http::request::fields::parse_id)
            .transpose()?;
        own_account::end_sessions(&app, &who, only).await
    };
    match ended.await {
        // One that has ended by itself meanwhile is as wished.
        Ok(_) => Ok(see_other("/account?done=sessions")),
        Err(error) if error.is_not_found() => Ok(see_other("/account?done=sessions")),
        Err(error) => Err(error.into()),
    }
}

/// The form that changes the passphrase.
pub(crate) async fn passphrase(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    act_page(&app, &who, language, "passphrase")
}

/// The form that begins a second step.
pub(crate) async fn second_step(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    act_page(&app, &who, language, "second-step")
}

/// The form that removes it.
pub(crate) async fn second_step_off(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    act_page(&app, &who, language, "second-step/remove")
}

/// The form that makes new recovery codes.
pub(crate) async fn codes(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    act_page(&app, &who, language, "codes")
}

fn act_page(app: &App, who: &Identity, language: Language, act: &'static str) -> PageResult {
    who.person()?;
    Ok(admin_page(&new_act_page(app, who, language, act)))
}

fn new_act_page(app: &App, who: &Identity, language: Language, act: &'static str) -> AccountActPage {
    let title = format!("account-{}-title", act.replace('/', "-"));
    AccountActPage {
        frame: own_frame(app, who, language, &title),
        act,
        ..AccountActPage::default()
    }
}

/// The form again, with what was wrong.
fn act_again(app: &App, who: &Identity, language: Language, act: &'static str, error: &Error) -> PageResult {
    let mut page = new_act_page(app, who, language, act);
    page.frame.is_error = true;
    (page.errors, page.problem) = told(error, language)?;
    Ok(with_status(admin_page(&page), error))
}

/// Changes the passphrase.
pub(crate) async fn change_passphrase(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let (current, new) = (fields.text("current")?, fields.text("passphrase")?);
    match own_account::change_passphrase(&app, &who, &current, &new).await {
        Ok(()) => Ok(see_other("/account?done=passphrase")),
        Err(error) => act_again(&app, &who, language, "passphrase", &error),
    }
}

/// Begins a second step, and leads to its seed.
pub(crate) async fn begin_second_step(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let current = Fields::read(request).await?.text("current")?;
    match own_account::begin_second_step(&app, &who, &current).await {
        Ok(_) => Ok(see_other("/account/second-step/confirm")),
        Err(error) => act_again(&app, &who, language, "second-step", &error),
    }
}

/// The seed of a second step that waits for its first code.
pub(crate) async fn waiting_second_step(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    match own_account::waiting_seed(&app, &who).await {
        Ok(seed) => Ok(no_referrer(admin_page(&seed_page(
            &app,
            &who,
            language,
            &seed,
            FormErrors::default(),
        )?))),
        Err(error) if error.is_not_found() => Ok(see_other("/account")),
        Err(error) => Err(error.into()),
    }
}

/// Confirms it by its first code.
pub(crate) async fn confirm_second_step(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let code = Fields::read(request).await?.text("code")?;
    let error = match own_account::confirm_second_step(&app, &who, &code).await {
        Ok(()) => return Ok(see_other("/account?done=second-step-on")),
        Err(error) if error.is_not_found() => return Ok(see_other("/account")),
        Err(error) => error,
    };
    let (errors, error) = told_at_code(error, language)?;
    let seed = own_account::waiting_seed(&app, &who).await?;
    let page = seed_page(&app, &who, language, &seed, errors)?;
    Ok(with_status(no_referrer(admin_page(&page)), &error))
}

fn seed_page(
    app: &App,
    who: &Identity,
    language: Language,
    seed: &Seed,
    errors: FormErrors,
) -> Result<SecondStepPage, Error> {
    let code = QrCode::new(&seed.url).map_err(|error| Error::Internal(format!("draw the code: {error}")))?;
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(220, 220)
        .quiet_zone(true)
        .build();
    // Within a page the element stands without the declaration of a document.
    let qr = image.find("<svg").map_or_else(String::new, |at| image[at..].to_owned());
    let letters: Vec<char> = seed.secret.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    let mut frame = own_frame(app, who, language, "account-second-step-title");
    frame.is_error = !errors.is_empty();
    Ok(SecondStepPage {
        frame,
        errors,
        qr,
        seed: groups.join(" "),
        url: seed.url.clone(),
    })
}

/// Removes the second step.
pub(crate) async fn remove_second_step(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let current = Fields::read(request).await?.text("current")?;
    match own_account::remove_second_step(&app, &who, &current).await {
        Ok(()) => Ok(see_other("/account?done=second-step-off")),
        Err(error) => act_again(&app, &who, language, "second-step/remove", &error),
    }
}

/// Makes new recovery codes and shows them once.
pub(crate) async fn renew_codes(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let current = Fields::read(request).await?.text("current")?;
    match own_account::renew_recovery_codes(&app, &who, &current).await {
        Ok(codes) => Ok(codes_page(&app, language, Some(who.actor.name), codes, "/account")),
        Err(error) => act_again(&app, &who, language, "codes", &error),
    }
}

/// What is wrong with a field, in words; any other error is a page of its own.
fn told_at_code(error: Error, language: Language) -> Result<(FormErrors, Error), Problem> {
    let errors = match &error {
        Error::RateLimited(_) => at_field("code", sentence(&error, language)?),
        error => form_errors(error, language),
    };
    if errors.is_empty() {
        return Err(error.into());
    }
    Ok((errors, error))
}
