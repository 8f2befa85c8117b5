//! What became of a new comment.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::step_up::StepUp;
use crate::{
    actions::submit::Receipt,
    app::{App, SiteInForce},
    domain::{code::Code, language::Language, markup, site::Site, triage::Action},
    error::Error,
    http::{error::Problem, page::no_store},
    web::{
        moment::Moment,
        texts::{Say as _, text},
    },
};

/// What became of a new comment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted<'a> {
    device: &'a str,
    /// Sanitised; behind a link whose words are not its address stands its host: `<a …>here</a> (example.org)`.
    #[schema(value_type = String)]
    html: Cow<'a, str>,
    id: Uuid,
    /// `website`, where what was sent as one is no http or https address; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<&'a [&'static str]>,
    /// A sentence for the reader.
    message: String,
    /// Opens `/r/{receipt}` for 90 days.
    receipt: &'a str,
    receipt_url: String,
    /// A code that its reader can read out to a person.
    reference: &'a str,
    /// approved or pending; erased (with `id` alone) for a repeat of an erased comment.
    status: &'static str,
    /// One more silent check that a page may make, of a comment that is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    step_up: Option<StepUp>,
}

impl<'a> Accepted<'a> {
    pub(crate) fn of(
        app: &App,
        site: &Site,
        receipt: &'a Receipt,
        status: &'static str,
        receipt_url: String,
        language: Language,
    ) -> Self {
        Self {
            device: &receipt.device,
            html: markup::shown(&receipt.html),
            id: receipt.id,
            left_out: Some(receipt.left_out.as_slice()).filter(|fields| !fields.is_empty()),
            message: outcome_sentence(receipt, language),
            receipt: &receipt.receipt,
            receipt_url,
            reference: &receipt.reference,
            status,
            step_up: StepUp::of(app, site, receipt, language),
        }
    }
}

/// The repeat of a comment that is erased meanwhile.
#[derive(Serialize)]
pub(crate) struct Gone {
    pub(crate) id: Uuid,
    pub(crate) status: &'static str,
}

/// The answer to a submission.
pub(crate) fn present(app: &App, site: &SiteInForce, receipt: &Receipt, language: Language) -> Response {
    let address = format!("{}/r/{}", app.config.public_url(), receipt.receipt);
    let (status, code) = match (receipt.outcome, receipt.replayed) {
        (Some(Action::Refuse), _) => (StatusCode::FORBIDDEN, "refused"),
        (None, _) => (StatusCode::OK, "erased"),
        (Some(Action::Publish), false) => (StatusCode::CREATED, "approved"),
        (Some(Action::Publish), true) => (StatusCode::OK, "approved"),
        (Some(_), false) => (StatusCode::ACCEPTED, "pending"),
        (Some(_), true) => (StatusCode::OK, "pending"),
    };
    let mut response = match receipt.outcome {
        None => Json(Gone {
            id: receipt.id,
            status: code,
        })
        .into_response(),
        Some(Action::Refuse) => return refused(receipt, &address, language),
        Some(_) => Json(Accepted::of(app, &site.site, receipt, code, address, language)).into_response(),
    };
    *response.status_mut() = status;
    mark_replay(receipt, &mut response);
    no_store(response)
}

fn refused(receipt: &Receipt, address: &str, language: Language) -> Response {
    let problem = Problem::from(Error::Code(Code::CaptchaRefused))
        .with("title", outcome_sentence(receipt, language))
        .with("reference", receipt.reference.clone())
        .with("receipt", receipt.receipt.clone())
        .with("receipt_url", address)
        .with("appeal", format!("{address}/appeal"))
        .with("kept_until", receipt.kept_until.to_rfc3339());
    let mut response = if receipt.left_out.is_empty() {
        problem.into_response()
    } else {
        problem.with("left_out", receipt.left_out.clone()).into_response()
    };
    mark_replay(receipt, &mut response);
    response
}

fn mark_replay(receipt: &Receipt, response: &mut Response) {
    if receipt.replayed {
        response
            .headers_mut()
            .insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
}

/// What a reader is told about what became of the comment.
pub(crate) fn outcome_sentence(receipt: &Receipt, language: Language) -> String {
    let outcome = match receipt.outcome {
        Some(Action::Publish) => language.say("published"),
        Some(Action::Refuse) => text(
            language,
            "refused",
            &[
                ("date", Moment::new(language, receipt.kept_until.0).date.into()),
                ("reference", receipt.reference.as_str().into()),
            ],
        ),
        Some(_) if receipt.check_down => language.say_with("check_down", "reference", &receipt.reference),
        Some(_) => language.say_with("held", "reference", &receipt.reference),
        None => language.say("own_erased"),
    };
    if receipt.left_out.is_empty() {
        return outcome;
    }
    format!("{outcome} {}", language.say("website_left_out"))
}
