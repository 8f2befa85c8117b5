//! What a form posted without JavaScript leads to: the thread, the receipt, the two-step page, or the form again.
//!
//! Whatever refuses a form, its answer holds what was typed: in the form again, or, where none can stand, as a
//! quotation to copy. A field that its reader cannot see never keeps a text out.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{
    submission::NewComment,
    thread::{Place, form_view, thread_page, thread_path},
    thread_query::wanted,
};
use crate::{
    actions::{form, submit, thread},
    app::{App, SiteInForce},
    captcha::Form,
    domain::{
        code::Code,
        draft::{Draft, FieldError, RawDraft, Rules, ThreadKey},
        language::Language,
        triage::Action,
    },
    error::Error,
    http::{
        error::{self, field_sentence},
        page::{reader_page, see_other},
        request::{
            self,
            body::Fields,
            extract::{Client, Path, Provenance, provenance},
            posted::Posted,
        },
    },
    web::{
        frame::ReaderFrame,
        texts::Say as _,
        thread as web,
        thread::{ConfirmPage, ConfirmReason, FormValues, FormView, HONEYPOT_FIELD, ReturnedPage},
    },
};

/// How long a form is followed: with the time that its body may take, less than a request's whole limit, which
/// is answered without what was typed.
const PATIENCE: Duration = Duration::from_secs(18);

/// A form posted without JavaScript.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    client: Client,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    // A page may write its own address in another encoding: the form names its thread itself.
    let query = Fields::from_form(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let thread = query.text("thread").unwrap_or_default();
    take_form(&app, &site, client, &thread, request).await
}

/// What a posted form leads to: the thread, the receipt, the two-step page, or the page again with
/// what to correct. Where no form can stand, what was typed comes back as a quotation. `thread` is the
/// query's, for a form that names none.
pub(crate) async fn take_form(app: &Arc<App>, site: &str, client: Client, thread: &str, request: Request) -> Response {
    let headers = request.headers().clone();
    let posted = Posted::read(request).await;
    let fields = &posted.fields;
    request::asks_for(fields.optional("lang").unwrap_or_default().as_deref());
    let in_force = match app.site(site).await {
        Ok(in_force) => in_force,
        Err(error) => return words_back(&posted, &error, request::language(), None),
    };
    let language = request::language();
    let following = follow_form(app, &in_force, client, &headers, &posted, thread, language);
    match tokio::time::timeout(PATIENCE, following).await {
        Ok(Ok(response)) => response,
        result => {
            let error = match result {
                Ok(Err(error)) => error,
                _ => Error::Unavailable("a form was not followed in time".to_owned()),
            };
            let key = fields.text("thread").ok().filter(|key| !key.is_empty());
            let key = ThreadKey::parse(&key.unwrap_or_else(|| thread.to_owned()));
            let back = key.map(|key| thread_path(&in_force.site.id, key.as_str()));
            words_back(&posted, &error, language, back)
        }
    }
}

async fn follow_form(
    app: &Arc<App>,
    in_force: &Arc<SiteInForce>,
    client: Client,
    headers: &HeaderMap,
    posted: &Posted,
    thread: &str,
    language: Language,
) -> Result<Response, Error> {
    let fields = &posted.fields;
    let provenance = provenance(headers, app, &in_force.site);
    let mut submission = NewComment::of(fields)?.parse(headers, client, provenance, language);
    if submission.raw.thread.is_empty() {
        thread.clone_into(&mut submission.raw.thread);
    }
    let values = values(&submission.raw, fields);
    let Some(key) = ThreadKey::parse(&values.thread) else {
        return match &posted.refusal {
            Some(refusal) => Ok(words_back(posted, refusal, language, None)),
            None => Err(Error::Invalid(vec![FieldError::new("thread", Code::ThreadBad)])),
        };
    };
    if let (Some(refusal), Some(_)) = (&posted.refusal, &posted.unread) {
        let back = thread_path(&in_force.site.id, key.as_str());
        return Ok(words_back(posted, refusal, language, Some(back)));
    }
    let place = Place {
        path: thread_path(&in_force.site.id, key.as_str()),
        base: String::new(),
        is_later: false,
        site: in_force,
        key: &key,
        language,
    };
    let before = submission.form.clone();
    let again = Again {
        app,
        place: &place,
        values: &values,
        before: before.as_deref(),
    };
    let rules = Rules {
        body_max: in_force.site.body_max,
        reserved_names: &in_force.reserved_names,
    };
    let wrong = Draft::parse(submission.raw.clone(), &rules).err().map(Error::Invalid);
    match (wrong, &posted.refusal) {
        (wrong, Some(refusal)) => return again.under(refusal, wrong.as_ref()).await,
        // Who sends such bytes and more that is wrong is told of the bytes first.
        (Some(wrong), None) if posted.was_converted => {
            return again.under(&Error::Code(Code::BadEncoding), Some(&wrong)).await;
        }
        (Some(wrong), None) => return again.show(&wrong).await,
        (None, None) => {}
    }
    let form = form::check(app, in_force, &key, submission.form.as_deref());
    let reason = match (&form, provenance) {
        (_, Provenance::Foreign) => Some(ConfirmReason::OtherOrigin),
        (Form::Expired { .. }, _) => Some(ConfirmReason::Expired),
        (Form::Missing | Form::Forged, _) => Some(ConfirmReason::FirstPress),
        (Form::Valid { .. }, _) => None,
    };
    if let Some(reason) = reason {
        return Ok(confirm_page(app, &place, values, reason));
    }
    let result = submit::submit(app, Arc::clone(in_force), submission).await;
    let receipt = match result {
        Ok(receipt) => receipt,
        Err(error) => return again.show(&error).await,
    };
    Ok(match receipt.outcome {
        // The receipt has the place to say so.
        _ if !receipt.left_out.is_empty() => see_other(&format!(
            "/r/{}?left_out={}",
            receipt.receipt,
            receipt.left_out.join(",")
        )),
        Some(Action::Publish) => {
            let page = own_page(app, in_force, &values.thread_url).unwrap_or_else(|| place.path.clone());
            see_other(&format!("{page}#c{}", receipt.id))
        }
        _ => see_other(&format!("/r/{}", receipt.receipt)),
    })
}

/// The article's own page, when its address is the site's or ours.
fn own_page(app: &App, site: &SiteInForce, address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let origin = url.origin().ascii_serialization();
    let is_own = site.site.origins.contains(&origin) || app.is_own_origin(&origin);
    is_own.then(|| address.to_owned())
}

fn values(raw: &RawDraft, fields: &Fields) -> FormValues {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    FormValues {
        thread: raw.thread.clone(),
        thread_url: text(&raw.thread_url),
        thread_title: text(&raw.thread_title),
        thread_sig: text(&raw.thread_sig),
        parent: text(&raw.parent),
        name: raw.name.clone(),
        email: raw.email.clone(),
        website: text(&raw.website),
        body: raw.body.clone(),
        honeypot: fields.text(HONEYPOT_FIELD).unwrap_or_default(),
    }
}

/// A form that comes back: where it stood, and all that was typed.
struct Again<'a> {
    app: &'a App,
    place: &'a Place<'a>,
    values: &'a FormValues,
    /// The form token that came with it.
    before: Option<&'a str>,
}

impl Again<'_> {
    /// The page with what to correct, under the status of the error.
    ///
    /// # Errors
    /// Where no form can stand any more, the error itself.
    async fn show(&self, error: &Error) -> Result<Response, Error> {
        self.under(error, Some(error)).await
    }

    /// The page under the status of one error, with the fields that are wrong by another.
    async fn under(&self, error: &Error, fields: Option<&Error>) -> Result<Response, Error> {
        let Self { app, place, .. } = *self;
        let row = thread::open(app, place.site, place.key).await?;
        error::log(error);
        let page = thread::page(app, row, wanted(&Fields::default())?).await?;
        let (errors, has_no_parent) = match fields {
            Some(Error::Invalid(errors)) => (
                &errors[..],
                errors.iter().any(|error| error.code == Code::ParentMissing),
            ),
            _ => (&[][..], false),
        };
        let mut values = self.values.clone();
        let mut reply_to = None;
        if has_no_parent {
            // Nobody sees that field: carried on, it would keep the text out at every press.
            values.parent.clear();
        } else {
            reply_to = thread::answerable(app, &values.parent).await.map(|(_, name)| name);
        }
        let mut view = FormView {
            token: Some(self.token(error)),
            reply_to,
            ..form_view(place, values)
        };
        view.errors = errors
            .iter()
            .map(|error| web::FieldError {
                field: error.field.to_owned(),
                message: match error.code {
                    Code::ParentMissing => place.language.say("parent_gone"),
                    _ => field_sentence(error, place.language),
                },
            })
            .collect();
        if view.errors.is_empty() {
            view.problem = Some(error::sentence(error, place.language));
        }
        let mut response = thread_page(place, page, view);
        *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        error::add_headers(error, &mut response);
        Ok(response)
    }

    /// A fresh form token, as old as the one before. After a failure of ours the same again: the comment may
    /// be stored all the same, and the next press is then its repeat.
    fn token(&self, error: &Error) -> String {
        match self.before {
            Some(before) if error.status() >= 500 => before.to_owned(),
            before => {
                let Self { app, place, .. } = *self;
                form::issue(app, place.site, place.key, before)
            }
        }
    }
}

/// What was typed, as a quotation to copy, and why it was not taken; `back` is the path of the thread.
fn words_back(posted: &Posted, error: &Error, language: Language, back: Option<String>) -> Response {
    error::log(error);
    let body = posted.fields.first_of(&["body", "comment"]).unwrap_or_default();
    let mut response = reader_page(&ReturnedPage {
        frame: ReaderFrame {
            language,
            title: language.say("returned_title"),
            is_error: true,
        },
        sentence: match error {
            Error::Invalid(errors) => errors.iter().map(|error| field_sentence(error, language)).collect(),
            other => error::sentence(other, language),
        },
        text: body.or_else(|| posted.unread.clone()).unwrap_or_default(),
        back_href: back,
    });
    *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error::add_headers(error, &mut response);
    response
}

/// The two-step page: stores nothing until its button is pressed.
fn confirm_page(app: &App, place: &Place<'_>, values: FormValues, reason: ConfirmReason) -> Response {
    let token = form::issue(app, place.site, place.key, None);
    reader_page(&ConfirmPage {
        frame: ReaderFrame {
            language: place.language,
            title: place.language.say("confirm_title"),
            is_error: false,
        },
        action: place.action(),
        values,
        token,
        reason,
        back_href: place.path.clone(),
    })
}
