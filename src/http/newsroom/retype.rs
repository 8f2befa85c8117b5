//! The page in between: whoever is about to give power types their passphrase again.
//!
//! An act that wants it fails with `retype_needed` before it has changed anything. The form that was sent is
//! then shown as a page that asks for the passphrase and carries all its values; it posts to the same address,
//! where the passphrase is looked at first and the act is tried again with the same body. So nothing that was
//! typed is lost, nothing is kept by the server, and no act knows of this page. Its routes are named together
//! in [`crate::http`]; their other pages only have to pass the error on.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequestParts as _, Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    form::{form_errors, sentence, with_status},
    insider::frame,
    landing,
    sign_in::{SignedIn, own_path},
};
use crate::{
    actions::{identify::Identity, own_account},
    app::App,
    domain::{code::Code, language::Language},
    error::Error,
    http::{
        error::{Problem, problem_of},
        page::{PageResult, admin_page, no_store, see_other},
        request::{
            body::{self, Fields},
            extract::{RequestLanguage, Who},
        },
    },
    web::{entrance::RetypePage, form::FormErrors, frame::Place, texts::Say as _},
};

/// What the page adds to the values of the form: no other form has such names.
const PASSPHRASE: &str = "retype_passphrase";
const CODE: &str = "retype_code";

/// Stands around the forms that may want the passphrase.
pub(crate) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !body::is_form(request.headers()) {
        return next.run(request).await;
    }
    match tried(&app, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn tried(app: &Arc<App>, request: Request, next: Next) -> PageResult {
    let (mut parts, body) = request.into_parts();
    let RequestLanguage(language) = RequestLanguage::from_request_parts(&mut parts, app)
        .await
        .map_err(Problem::into_error)?;
    let bytes = body::bytes(body).await.map_err(Problem::preferred)?;
    // What cannot be read is answered where it is read.
    let fields = Fields::from_form(&bytes).unwrap_or_default();
    if let Some(passphrase) = fields.optional(PASSPHRASE)? {
        // Who is no longer in is led to the door.
        if let Ok(Who(who)) = Who::from_request_parts(&mut parts, app).await
            && let Err(error) = own_account::type_again(app, &who, &passphrase, &fields.text(CODE)?).await
        {
            return asked(app, &who, language, &parts, &fields, &error).await;
        }
    }
    let again = Request::from_parts(parts.clone(), Body::from(bytes));
    let response = next.run(again).await;
    let wants_passphrase = |problem: &Problem| matches!(problem.error(), Error::Code(Code::RetypeNeeded));
    if !problem_of(&response).is_some_and(|problem| wants_passphrase(&problem)) {
        return Ok(response);
    }
    match Who::from_request_parts(&mut parts, app).await {
        Ok(Who(who)) => asked(app, &who, language, &parts, &fields, &Error::Code(Code::RetypeNeeded)).await,
        Err(problem) => Err(problem.into_error().into()),
    }
}

/// The page, with the values of the form; `error` says why it is shown.
async fn asked(
    app: &App,
    who: &Identity,
    language: Language,
    parts: &Parts,
    fields: &Fields,
    error: &Error,
) -> PageResult {
    let mut page = new_page(app, who, language, error).await?;
    let address = parts.uri.path_and_query();
    address.map_or("/", |path| path.as_str()).clone_into(&mut page.action);
    let values = fields
        .all()
        .iter()
        .filter(|(name, _)| *name != PASSPHRASE && *name != CODE);
    page.values = values
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    Ok(with_status(admin_page(&page), error))
}

async fn new_page(app: &App, who: &Identity, language: Language, error: &Error) -> Result<RetypePage, Problem> {
    let (errors, problem) = match error {
        Error::Code(Code::RetypeNeeded) => (FormErrors::default(), None),
        Error::Invalid(_) => {
            let FormErrors(mut errors) = form_errors(error, language);
            for error in &mut errors {
                error.field = format!("retype_{}", error.field);
            }
            (FormErrors(errors), None)
        }
        error => (FormErrors::default(), Some(sentence(error, language)?)),
    };
    let mut frame = frame(app, Some(who), language, Place::Elsewhere, language.say("retype-title"));
    frame.is_error = !errors.is_empty() || problem.is_some();
    Ok(RetypePage {
        frame,
        errors,
        problem,
        asks_code: own_account::has_second_step(app, who).await?,
        ..RetypePage::default()
    })
}

/// The passphrase, typed again.
#[derive(Deserialize, ToSchema)]
struct TypedAgain {
    #[schema(value_type = String)]
    passphrase: Option<String>,
    /// Where the account has a second step: its code, or a recovery code.
    code: Option<String>,
    /// The same two as the page in between calls them.
    #[schema(ignore)]
    retype_passphrase: Option<String>,
    #[schema(ignore)]
    retype_code: Option<String>,
    /// Where a form leads.
    #[schema(ignore)]
    next: Option<String>,
}

/// Types the passphrase again, for programs that ride on a session; as a form it leads on to `next`.
#[utoipa::path(post, path = "/login/retype", tag = "moderators", request_body = TypedAgain,
    responses((status = 200, description = "typed: for ten minutes", body = SignedIn), (status = 303, description = "by a form"),
        (status = 401, description = "unauthenticated; session_ended after five wrong ones in a row"),
        (status = 403, description = "forbidden: a token, csrf"),
        (status = 422, description = "passphrase_wrong, code_missing, code_bad")))]
pub(crate) async fn retype(
    State(app): State<Arc<App>>,
    RequestLanguage(language): RequestLanguage,
    who: Result<Who, Problem>,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await.map_err(Problem::preferred)?;
    let sent: TypedAgain = fields.typed().map_err(Problem::preferred)?;
    let next = own_path(&sent.next.unwrap_or_default());
    let Who(who) = match who {
        Ok(who) => who,
        Err(problem) if fields.is_form => return Err(problem.into_error().into()),
        Err(problem) => return Err(problem),
    };
    let typed = async {
        let either = |own: Option<String>, other| own.filter(|text| !text.is_empty()).or(other).unwrap_or_default();
        let passphrase = either(sent.passphrase, sent.retype_passphrase);
        let code = either(sent.code, sent.retype_code);
        own_account::type_again(&app, &who, &passphrase, &code).await
    };
    match typed.await {
        Ok(()) if fields.is_form => {
            if next.is_empty() {
                return Ok(see_other("/queue"));
            }
            Ok(see_other(&landing::path(&app, &who, &next).await?))
        }
        Ok(()) => Ok(no_store(axum::Json(SignedIn::IN).into_response())),
        Err(error) if fields.is_form => {
            let mut page = new_page(&app, &who, language, &error).await?;
            "/login/retype".clone_into(&mut page.action);
            page.values = vec![("next".to_owned(), next)];
            Ok(with_status(admin_page(&page), &error))
        }
        Err(error) => Ok(Problem::preferred(error).into_response()),
    }
}
