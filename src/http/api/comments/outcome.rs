//! What became of a new comment.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::outcome_sentence;
use crate::{
    actions::submit::Receipt,
    app::App,
    domain::{language::Language, markup, site::Site},
    http::api::step_up::StepUp,
};

/// What became of a new comment.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted<'a> {
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
    pub(super) fn of(
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
pub(super) struct Gone {
    pub(super) id: Uuid,
    pub(super) status: &'static str,
}
