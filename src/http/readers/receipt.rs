//! The page of a receipt: what became of a comment, for its author, without an account.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actions::{
        receipt::{self, Own},
        step_up,
    },
    app::App,
    domain::{language::Language, markup, second_check::State as SecondCheck, status::Status, timestamp::Timestamp},
    http::{
        error::Problem,
        page::{PageResult, no_referrer, no_store, reader_page, see_other},
        request::{
            self,
            accept::wants_page_after,
            extract::{Client, Path, Query},
        },
    },
    web::{
        frame::ReaderFrame,
        moment::Moment,
        texts::Say as _,
        thread::{ReceiptPage, ReceiptState},
    },
};

/// The state of a comment, for its author: as a page, or as JSON by `Accept`.
#[utoipa::path(get, path = "/r/{receipt}", tag = "readers",
    params(("receipt" = String, Path), ("lang" = Option<String>, Query)),
    responses((status = 200, description = "its state", body = OwnComment<'_>), (status = 404, description = "not_found")))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> PageResult {
    match receipt::open(&app, &receipt).await {
        Ok(own) => Ok(present(&app, &own, &receipt, &headers, &query).await),
        Err(error) => Err(Problem::preferred(error)),
    }
}

/// Brings a comment that was turned down, by the policy or by a person, before a person, once; a browser is led back to
/// the receipt. Asking again while it waits changes nothing.
#[utoipa::path(post, path = "/r/{receipt}/appeal", tag = "readers",
    params(("receipt" = String, Path), ("lang" = Option<String>, Query)),
    responses((status = 200, description = "its state", body = OwnComment<'_>), (status = 303, description = "to the receipt"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict: it is public or waits anyway; appeal_answered: a person has answered an appeal; erased"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn appeal(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    Client(client): Client,
    headers: HeaderMap,
    query: Query,
) -> PageResult {
    match receipt::appeal(&app, &receipt, client).await {
        Ok(own) => Ok(after_act(&app, &own, &receipt, &headers, &query).await),
        Err(error) => Err(Problem::preferred(error)),
    }
}

/// Erases the texts of one's own comment for good; a browser is led back to the receipt.
#[utoipa::path(post, path = "/r/{receipt}/erase", tag = "readers",
    params(("receipt" = String, Path), ("lang" = Option<String>, Query)),
    responses((status = 200, description = "its state", body = OwnComment<'_>), (status = 303, description = "to the receipt"),
        (status = 404, description = "not_found")))]
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> PageResult {
    match receipt::erase(&app, &receipt).await {
        Ok(own) => Ok(after_act(&app, &own, &receipt, &headers, &query).await),
        Err(error) => Err(Problem::preferred(error)),
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
        let own = OwnComment::of(app, own, receipt, second_check.map(SecondCheck::as_str));
        return no_referrer(no_store(Json(own).into_response()));
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
        thread_href: receipt::thread_of(app, own).await.map(|(key, url)| {
            let plain = super::thread::thread_path(&comment.site, &key);
            format!("{}#palabre", url.unwrap_or(plain))
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

/// A comment as its author sees it.
#[derive(Serialize, ToSchema)]
struct OwnComment<'a> {
    /// Where to post, to bring a comment that was turned down before a person; null where that cannot be.
    appeal: Option<String>,
    #[schema(value_type = Option<String>)]
    appealed_at: Option<Timestamp>,
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// Sanitised; empty once it is erased.
    #[schema(value_type = String)]
    html: Cow<'a, str>,
    id: Uuid,
    /// Until when a refused text is kept; null of another.
    #[schema(value_type = Option<String>)]
    kept_until: Option<Timestamp>,
    reference: &'a str,
    /// pending, approved, rejected, refused or erased.
    #[schema(value_type = String)]
    status: Status,
    /// What became of the second check, for a page that was gone before it was judged: open, passed or closed; null where
    /// none was asked for.
    step_up: Option<&'static str>,
}

impl<'a> OwnComment<'a> {
    fn of(app: &App, own: &'a Own, receipt: &str, step_up: Option<&'static str>) -> Self {
        let comment = &own.comment;
        let appeal = || format!("{}/r/{receipt}/appeal", app.config.public_url());
        Self {
            appeal: own.can_appeal().then(appeal),
            appealed_at: comment.appealed_at,
            created_at: comment.created_at,
            html: markup::shown(&comment.html),
            id: comment.id,
            kept_until: (own.can_appeal() && comment.status == Status::Refused).then_some(own.kept_until),
            reference: &comment.reference,
            // Told alike: a reader is not called a machine.
            status: match comment.status {
                Status::Spam => Status::Rejected,
                other => other,
            },
            step_up,
        }
    }
}
