//! Readers: the answer of a page to the second check of its comment.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{comments::no_store, schema};
use crate::{
    actions::{
        step_up::{self, Asked, Given},
        submit::Receipt,
    },
    app::App,
    domain::{captcha::Captcha, language::Language, site::Site, status::Status},
    http::{
        body::Fields,
        error::Problem,
        extract::{Client, Query},
        shape,
    },
    web::{assets, texts::Say as _, widget::CheckNotice},
};

/// The second check that a comment's answer asked for: once, within ten minutes.
#[utoipa::path(post, path = "/r/{receipt}/step-up", tag = "readers",
    params(("receipt" = String, Path), ("lang" = Option<String>, Query)),
    request_body = schema::StepUpAnswer,
    responses((status = 200, description = "passed: the mark goes; it never publishes nor refuses", body = schema::StepUpResult),
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
    let fields = Fields::read_as(request, shape::STEP_UP_ANSWER).await?;
    let given = Given {
        proof: fields.first_of(&["proof"])?,
        captcha: fields.first_of(&["captcha"])?,
        form: fields.first_of(&["form"])?,
    };
    let (own, passed) = step_up::answer(&app, &receipt, given, client).await?;
    // As on the receipt itself: spam and rejected are told alike.
    let status = match own.comment.status {
        Status::Spam => Status::Rejected,
        other => other,
    };
    let body = json!({"status": status, "passed": passed});
    Ok(no_store(Json(body).into_response()))
}

/// The member `step_up` of the answer to a submission; `None` while nothing is asked.
pub(super) fn step_up_json(app: &App, site: &Site, receipt: &Receipt, language: Language) -> Option<Value> {
    let asked: Asked = receipt.step_up?;
    let mut value = json!({"kind": asked.kind.as_str(), "until": asked.until});
    if asked.kind == step_up::Kind::Proof {
        value["challenge"] = step_up::challenge(app, site, receipt.id, asked)?;
    }
    if let Some(second) = site.captcha.second.as_deref().filter(|_| asked.has_second) {
        value["second"] = second_json(second, language);
    }
    Some(value)
}

/// What a page needs to offer the interactive provider, and to load it after a yes.
fn second_json(second: &Captcha, language: Language) -> Value {
    let mut value = super::comments::check_json(second);
    value["module"] = json!(assets::url("outside.js"));
    if let Some(notice) = CheckNotice::of(second) {
        value["offer"] = json!(language.say_with("second_offer", "company", &notice.company));
        value["accept"] = json!(language.say_with("second_accept", "company", &notice.company));
        for (word, text) in [
            ("decline", "second_decline"),
            ("done", "second_done"),
            ("failed", "second_failed"),
        ] {
            value[word] = json!(language.say(text));
        }
        if let Some(details) = notice.details {
            value["details"] = json!(details);
            value["details_label"] = json!(language.say_with("notice_details_of", "company", &notice.company));
        }
    }
    value
}
