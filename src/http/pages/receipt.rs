//! The page of a receipt: what became of a comment, for its author, without an account.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use serde_json::json;

use super::{PageResult, Problem, no_referrer, reader_page, see_other};
use crate::{
    actions::{
        receipt::{self, Own},
        step_up,
    },
    app::App,
    domain::{language::Language, markup, status::Status, timestamp::Timestamp},
    http::{
        accept::wants_page_after,
        api::comments::no_store,
        extract::{Client, Query},
        request,
    },
    web::{
        frame::ReaderFrame,
        moment::Moment,
        texts::Say as _,
        thread::{ReceiptPage, ReceiptState},
    },
};

/// The state of a comment.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> PageResult {
    match receipt::open(&app, &receipt).await {
        Ok(own) => Ok(present(&app, &own, &receipt, &headers, &query).await),
        Err(error) => Err(Problem::from(error).told_as_preferred()),
    }
}

/// Brings a refused comment before a person.
pub(crate) async fn appeal(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    Client(client): Client,
    headers: HeaderMap,
    query: Query,
) -> PageResult {
    match receipt::appeal(&app, &receipt, client).await {
        Ok(own) => Ok(after_act(&app, &own, &receipt, &headers, &query).await),
        Err(error) => Err(Problem::from(error).told_as_preferred()),
    }
}

/// Erases the texts.
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> PageResult {
    match receipt::erase(&app, &receipt).await {
        Ok(own) => Ok(after_act(&app, &own, &receipt, &headers, &query).await),
        Err(error) => Err(Problem::from(error).told_as_preferred()),
    }
}

async fn after_act(app: &App, own: &Own, receipt: &str, headers: &HeaderMap, query: &Query) -> Response {
    if wants_page_after(headers) {
        return see_other(&format!("/r/{receipt}"));
    }
    present(app, own, receipt, headers, query).await
}

async fn present(app: &App, own: &Own, receipt: &str, headers: &HeaderMap, query: &Query) -> Response {
    let comment = &own.comment;
    let site = app.site(&comment.site).await.ok();
    let language = Language::parse(&comment.language).or(site.as_ref().map(|site| site.site.language));
    request::is_about(language.unwrap_or_default());
    let language = request::language();
    if !wants_page_after(headers) {
        let second_check = match &site {
            Some(site) => step_up::outcome(app, &site.site, comment).await.ok().flatten(),
            None => None,
        };
        let json = own_json(app, own, receipt, second_check);
        return no_referrer(no_store(Json(json).into_response()));
    }
    let erased = comment.status == Status::Erased;
    let zone = site.map_or(TimeZone::UTC, |site| site.site.time_zone.clone());
    let page = ReceiptPage {
        frame: ReaderFrame {
            language,
            title: language.say("receipt_title"),
            is_error: false,
        },
        state: state(own),
        reference: comment.reference.clone(),
        sent: Moment::in_zone(language, comment.created_at.0, &zone),
        kept_until: Some(Moment::in_zone(language, own.kept_until.0, &zone)),
        html: (!erased).then(|| markup::shown(&comment.html).into_owned()),
        appeal_action: own.can_appeal().then(|| format!("/r/{receipt}/appeal")),
        erase_action: (!erased).then(|| format!("/r/{receipt}/erase")),
        thread_href: app.store.queue_item(comment.id).await.ok().flatten().map(|row| {
            let plain = super::thread::thread_path(&comment.site, &row.thread_key);
            format!("{}#palabre", row.thread_url.unwrap_or(plain))
        }),
        is_website_left_out: query.0.optional("left_out").ok().flatten().as_deref() == Some("website"),
    };
    no_referrer(reader_page(&page))
}

fn state(own: &Own) -> ReceiptState {
    match own.comment.status {
        Status::Pending if own.comment.appealed_at.is_some() => ReceiptState::Appealed,
        Status::Pending => ReceiptState::Waiting,
        Status::Approved => ReceiptState::Published,
        Status::Rejected | Status::Spam => ReceiptState::NotPublished,
        Status::Refused => ReceiptState::Refused,
        Status::Erased => ReceiptState::Erased,
    }
}

/// Spam and rejected are told alike: a reader is not called a machine. What became of the second check stands here for a
/// page that was gone before it was judged.
fn own_json(app: &App, own: &Own, receipt: &str, second_check: Option<&str>) -> serde_json::Value {
    let comment = &own.comment;
    let status = match comment.status {
        Status::Spam => Status::Rejected,
        other => other,
    };
    let base = format!("{}/r/{receipt}", app.config.public_url());
    json!({
        "id": comment.id,
        "status": status,
        "reference": comment.reference,
        "created_at": comment.created_at,
        "html": markup::shown(&comment.html),
        "kept_until": own.can_appeal().then_some(own.kept_until),
        "appeal": own.can_appeal().then(|| format!("{base}/appeal")),
        "step_up": second_check,
        "appealed_at": comment.appealed_at.map(Timestamp::to_rfc3339),
    })
}
