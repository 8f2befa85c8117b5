//! The door: sign-in, second step, recovery, one-time links, sign-out. `POST /login` and `/logout` take
//! and answer JSON as well.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    form::{at_field, sentence, told, with_status},
    landing,
    outside::{codes_page, outside},
    people::offers::offer_rows,
};
use crate::{
    actions::{
        identify, links, setup,
        sign_in::{self, Caller, Entry, Step},
    },
    app::App,
    domain::{code::Code, language::Language},
    error::Error,
    http::{
        error::Problem,
        page::{PageResult, admin_page, no_referrer, no_store, see_other},
        request::{
            body::Fields,
            cookies,
            extract::{AtDoor, Query, RequestLanguage},
        },
    },
    web::{
        entrance::{InvitationPage, LoginCodePage, LoginPage, RecoveryPage},
        texts::Say as _,
    },
};

/// How to get in. While nobody owns anything that is the first run.
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    if !setup::has_owner(&app).await? {
        return Ok(see_other("/setup"));
    }
    let mut page = login_page(&app, language);
    page.next = own_path(&query.0.text("next")?);
    Ok(admin_page(&page))
}

fn login_page(app: &App, language: Language) -> LoginPage {
    let is_open = cookies::check_secure(app).is_ok();
    LoginPage {
        frame: outside(app, language, "login-title"),
        is_open,
        problem: (!is_open).then(|| language.say("login-insecure")),
        ..LoginPage::default()
    }
}

/// Comes in by e-mail and passphrase; as a form it leads on to a page.
#[utoipa::path(post, path = "/login", tag = "moderators", request_body = SignIn,
    responses((status = 200, description = "in: the session's cookie comes along", body = SignedIn),
        (status = 303, description = "in, by a form"),
        (status = 401, description = "sign_in_failed; code_needed with `pass`, for `/login/code`"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await.map_err(Problem::preferred)?;
    let sent: SignIn = fields.typed().map_err(Problem::preferred)?;
    let (email, next) = (sent.email, own_path(&sent.next.unwrap_or_default()));
    let passphrase = sent.passphrase.filter(|text| !text.is_empty()).or(sent.password);
    let passphrase = passphrase.unwrap_or_default();
    let entered = match cookies::check_secure(&app) {
        Ok(()) => sign_in::sign_in(&app, &caller, &email, &passphrase, sent.code.as_deref()).await,
        Err(error) => Err(error),
    };
    if !fields.is_form {
        return Ok(in_json(&app, entered));
    }
    match entered {
        Ok(Step::In(entry)) => goes_in(&app, &entry, &next).await,
        Ok(Step::Code { pass }) => Ok(admin_page(&LoginCodePage {
            frame: outside(&app, language, "code-title"),
            pass,
            next,
            ..LoginCodePage::default()
        })),
        Err(error) => {
            let mut page = login_page(&app, language);
            page.frame.is_error = true;
            page.problem = Some(sentence(&error, language)?);
            page.email = email;
            page.next = next;
            Ok(with_status(admin_page(&page), &error))
        }
    }
}

/// Somebody at the door.
#[derive(Deserialize, ToSchema)]
struct SignIn {
    email: String,
    #[schema(value_type = String)]
    passphrase: Option<String>,
    /// Another name of `passphrase`.
    #[schema(ignore)]
    password: Option<String>,
    /// Of the second step, for who has it at hand.
    code: Option<String>,
    /// Where a form leads.
    #[schema(ignore)]
    next: Option<String>,
}

/// What a program is told that came in; the session is in the cookie.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// in
    status: &'static str,
}

impl SignedIn {
    pub(crate) const IN: Self = Self { status: "in" };
}

/// The same for programs: the session's cookie, or a problem.
fn in_json(app: &App, entered: Result<Step, Error>) -> Response {
    match entered {
        Ok(Step::In(entry)) => cookies::with_entry(app, &entry, no_store(Json(SignedIn::IN).into_response())),
        Ok(Step::Code { pass }) => Problem::from(Error::Code(Code::CodeNeeded))
            .told_as_preferred()
            .with("pass", pass)
            .into_response(),
        Err(error) => Problem::preferred(error).into_response(),
    }
}

/// The second step of a sign-in.
#[derive(Deserialize, ToSchema)]
struct SecondStep {
    /// Of the answer `code_needed`, for five minutes.
    pass: String,
    /// The code, or a recovery code.
    code: String,
    /// Where a form leads.
    #[schema(ignore)]
    next: Option<String>,
}

/// Comes in by the code of the second step.
#[utoipa::path(post, path = "/login/code", tag = "moderators", request_body = SecondStep,
    responses((status = 200, description = "in: the session's cookie comes along", body = SignedIn),
        (status = 303, description = "in, by a form"),
        (status = 401, description = "pass_ended, code_bad, second_step_unreadable"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn second_step(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    cookies::check_secure(&app)?;
    let fields = Fields::read(request).await.map_err(Problem::preferred)?;
    let sent: SecondStep = fields.typed().map_err(Problem::preferred)?;
    let (pass, code) = (sent.pass, sent.code);
    let next = own_path(&sent.next.unwrap_or_default());
    let entered = sign_in::second_step(&app, &caller, &pass, &code).await;
    if !fields.is_form {
        return Ok(in_json(&app, entered.map(Step::In)));
    }
    match entered {
        Ok(entry) => goes_in(&app, &entry, &next).await,
        Err(error @ Error::Code(Code::PassEnded)) => {
            let mut page = login_page(&app, language);
            page.problem = Some(sentence(&error, language)?);
            page.next = next;
            Ok(with_status(admin_page(&page), &error))
        }
        Err(error) => {
            let mut page = LoginCodePage {
                frame: outside(&app, language, "code-title"),
                errors: at_field("code", sentence(&error, language)?),
                pass,
                next,
            };
            page.frame.is_error = true;
            Ok(with_status(admin_page(&page), &error))
        }
    }
}

/// The form of a forgotten passphrase.
pub(crate) async fn recovery(State(app): State<Arc<App>>, RequestLanguage(language): RequestLanguage) -> PageResult {
    cookies::check_secure(&app)?;
    Ok(admin_page(&RecoveryPage {
        frame: outside(&app, language, "recovery-title"),
        ..RecoveryPage::default()
    }))
}

/// Chooses a new passphrase by a recovery code, and comes in.
pub(crate) async fn recover(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    cookies::check_secure(&app)?;
    let fields = Fields::read(request).await?;
    let email = fields.text("email")?;
    let recovered = sign_in::recover(
        &app,
        &caller,
        &email,
        &fields.text("recovery_code")?,
        &fields.text("code")?,
        &fields.text("passphrase")?,
    )
    .await;
    let error = match recovered {
        Ok(entry) => return goes_in(&app, &entry, "").await,
        Err(error) => error,
    };
    let (errors, problem) = told(&error, language)?;
    let mut page = RecoveryPage {
        frame: outside(&app, language, "recovery-title"),
        problem,
        errors,
        email,
    };
    page.frame.is_error = true;
    Ok(with_status(admin_page(&page), &error))
}

/// The page of a one-time link: a passphrase is chosen there, or who came in before answers what it gives;
/// looking changes nothing.
pub(crate) async fn invitation(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let code = query.0.text("code")?;
    invitation_page(&app, &caller, language, &code, None).await
}

/// Redeems a one-time link.
pub(crate) async fn accept(
    State(app): State<Arc<App>>,
    AtDoor(caller): AtDoor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let code = fields.text("code")?;
    let accepted = match cookies::check_secure(&app) {
        Ok(()) => links::redeem(&app, &caller, &code, &fields.text("passphrase")?).await,
        Err(error) => Err(error),
    };
    match accepted {
        Ok((entry, codes)) => {
            let who = identify::by_session(&app, &entry.secret).await?;
            let next = landing::path(&app, &who, "").await?;
            Ok(cookies::with_entry(
                &app,
                &entry,
                codes_page(&app, language, Some(who.actor.name), codes, &next),
            ))
        }
        Err(error) => invitation_page(&app, &caller, language, &code, Some(error)).await,
    }
}

async fn invitation_page(
    app: &App,
    caller: &Caller,
    language: Language,
    code: &str,
    error: Option<Error>,
) -> PageResult {
    let mut page = InvitationPage {
        frame: outside(app, language, "login-title"),
        ..InvitationPage::default()
    };
    let invited = match cookies::check_secure(app) {
        Ok(()) => links::invited(app, code).await,
        Err(error) => Err(error),
    };
    let mut answered = error;
    match invited {
        Ok(invited) => {
            page.frame.title = language.say_with("invitation-title", "name", &invited.account.name);
            page.has_account = !invited.is_way_in;
            if page.has_account && is_in(app, caller, invited.account.id).await? {
                page.offers = offer_rows(app, &invited.offers, language).await?;
            }
            page.email = invited.account.email;
            page.code = Some(code.to_owned());
        }
        Err(error) => answered = Some(error),
    }
    let Some(error) = answered else {
        return Ok(no_referrer(admin_page(&page)));
    };
    page.frame.is_error = true;
    (page.errors, page.problem) = told(&error, language)?;
    Ok(with_status(no_referrer(admin_page(&page)), &error))
}

/// Whether the browser is in with that account.
async fn is_in(app: &App, caller: &Caller, account: Uuid) -> Result<bool, Error> {
    let Some(secret) = &caller.session else {
        return Ok(false);
    };
    match identify::by_session(app, secret).await {
        Ok(who) => Ok(who.account.is_some_and(|person| person.account == account)),
        Err(Error::Unauthenticated) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Ends the session.
#[utoipa::path(post, path = "/logout", tag = "moderators",
    responses((status = 204, description = "out, asked with a content type of JSON: the session has ended, and its cookie"),
        (status = 303, description = "out, by a form"),
        (status = 403, description = "origin_forbidden: from a page of ours alone")))]
pub(crate) async fn logout(State(app): State<Arc<App>>, AtDoor(caller): AtDoor, headers: HeaderMap) -> PageResult {
    if let Some(secret) = &caller.session {
        sign_in::sign_out(&app, secret).await?;
    }
    let wants_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let answer = if wants_json {
        no_store(StatusCode::NO_CONTENT.into_response())
    } else {
        see_other("/login")
    };
    Ok(cookies::without_session(&app, answer))
}

/// Over the threshold: to the page that was asked for.
async fn goes_in(app: &App, entry: &Entry, next: &str) -> PageResult {
    let who = identify::by_session(app, &entry.secret).await?;
    let next = landing::path(app, &who, next).await?;
    Ok(cookies::with_entry(app, entry, see_other(&next)))
}

/// A path of this service, to go on to; anything else is empty, so that nobody is led away.
pub(crate) fn own_path(next: &str) -> String {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\n', '\r', '\t'])
        && !next.starts_with("/login")
        && next.len() <= 2048;
    if is_own { next.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for away in [
            "",
            "queue",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\n/b",
            "/login?next=/x",
        ] {
            assert_eq!(own_path(away), "", "{away:?}");
        }
        assert_eq!(own_path("/queue?status=spam"), "/queue?status=spam");
    }
}
