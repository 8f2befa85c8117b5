//! Readers: the answer of a page to the second check of its comment.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    actions::{
        step_up::{self, Given},
        submit::Receipt,
    },
    app::App,
    domain::{
        captcha::Captcha,
        language::Language,
        second_check::{Asked, Kind},
        site::Site,
        status::Status,
        timestamp::Timestamp,
    },
    http::{
        error::Problem,
        page::no_store,
        request::{
            body::Fields,
            extract::{Client, Path, Query},
        },
    },
    web::{
        assets,
        texts::Say as _,
        widget::{self, CheckNotice},
    },
};

/// The second check that a comment's answer asked for: once, within ten minutes.
#[utoipa::path(post, path = "/r/{receipt}/step-up", tag = "readers",
    params(("receipt" = String, Path), ("lang" = Option<String>, Query)),
    request_body = StepUpAnswer,
    responses((status = 200, description = "passed: the mark goes; it never publishes nor refuses", body = StepUpResult),
        (status = 400, description = "bad_json: what was asked for is not there"),
        (status = 404, description = "not_found"),
        (status = 409, description = "step_up_closed: not asked, too late, answered before, or decided meanwhile"),
        (status = 429, description = "rate_limited, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After: too many are under way; no try is used up")))]
pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    Client(client): Client,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let sent: StepUpAnswer = Fields::read_as(request).await?;
    let given = sent.parse();
    let (own, passed) = step_up::answer(&app, &receipt, given, client).await?;
    // As on the receipt itself: spam and rejected are told alike.
    let status = match own.comment.status {
        Status::Spam => Status::Rejected,
        other => other,
    };
    Ok(no_store(Json(StepUpResult { passed, status }).into_response()))
}

/// The answer to a second check.
#[derive(Deserialize, ToSchema)]
struct StepUpAnswer {
    /// With kind proof: the solved challenge.
    proof: Option<String>,
    /// With kind token: one fresh token of the provider; with kind proof: one of the interactive provider.
    captcha: Option<String>,
    /// The form token that the fresh token is bound to.
    form: Option<String>,
}

impl StepUpAnswer {
    fn parse(self) -> Given {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Given {
            proof: given(self.proof),
            captcha: given(self.captcha),
            form: given(self.form),
        }
    }
}

/// What a second check gave.
#[derive(Serialize, ToSchema)]
struct StepUpResult {
    passed: bool,
    /// pending, approved, rejected or refused.
    #[schema(value_type = String)]
    status: Status,
}

/// A second check: passed, its mark goes; it never refuses and never publishes.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepUp {
    /// With proof: an ALTCHA v2 challenge, eight times the plain work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    challenge: Option<Value>,
    /// proof or token.
    kind: &'static str,
    /// With proof, where the site names one: the interactive provider, for a page whose proof fails. It is loaded
    /// after the reader's yes alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<SecondOffer>,
    /// Ten minutes after the submission.
    #[schema(value_type = String)]
    until: Timestamp,
}

impl StepUp {
    /// What is asked of the page that sent a comment; `None` while nothing is.
    pub(crate) fn of(app: &App, site: &Site, receipt: &Receipt, language: Language) -> Option<Self> {
        let asked: Asked = receipt.step_up?;
        let challenge = match asked.kind {
            Kind::Proof => Some(step_up::challenge(app, site, receipt.id, asked)?),
            Kind::Token => None,
        };
        let second = site.captcha.second.as_deref().filter(|_| asked.has_second);
        Some(Self {
            challenge,
            kind: asked.kind.as_str(),
            second: second.and_then(|second| SecondOffer::of(second, language)),
            until: asked.until,
        })
    }
}

/// The interactive provider that may be offered to a reader.
#[derive(Serialize, ToSchema)]
struct SecondOffer {
    accept: String,
    action: String,
    decline: String,
    /// The company's page on readers' data, and the words of the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details_label: Option<String>,
    done: String,
    failed: String,
    /// The digest of a script whose version is pinned, as `integrity` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    integrity: Option<&'static str>,
    /// The path of the module here that shows the check.
    module: &'static str,
    /// The question to the reader, the words of the two buttons, and what is said at the end.
    offer: String,
    provider: &'static str,
    /// The address of the provider's script.
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    site_key: Option<String>,
}

impl SecondOffer {
    /// What a page needs to offer the interactive provider, and to load it after a yes.
    fn of(second: &Captcha, language: Language) -> Option<Self> {
        let CheckNotice { company, details, .. } = CheckNotice::of(second)?;
        Some(Self {
            accept: language.say_with("second_accept", "company", &company),
            action: second.action.clone(),
            decline: language.say("second_decline"),
            details,
            details_label: details.map(|_| language.say_with("notice_details_of", "company", &company)),
            done: language.say("second_done"),
            failed: language.say("second_failed"),
            integrity: widget::integrity(second),
            module: assets::url("outside.js"),
            offer: language.say_with("second_offer", "company", &company),
            provider: second.provider.as_str(),
            script: widget::script(second),
            site_key: widget::site_key(second),
        })
    }
}
