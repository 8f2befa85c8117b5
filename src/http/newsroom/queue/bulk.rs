//! Decisions about all comments that fit a filter: counted, begun, followed and taken back.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::filter;
use crate::{
    actions::bulk,
    app::App,
    domain::{code::Code, decision::Act, timestamp::Timestamp},
    error::Error,
    http::{
        error::Problem,
        page::no_store,
        request::{
            body::Fields,
            extract::{Path, Who},
            fields::parse_id,
        },
    },
    store::Bulk,
};

/// Comments that a preview names at most.
const SAMPLE: i64 = 5;

/// Counts what fits a filter on one site (`dry_run`), or decides about all of it: at most 10,000 comments, 200 a
/// transaction, as one step that can be undone. What fits is fixed as it begins; a comment that somebody changes before
/// its turn is skipped.
#[utoipa::path(post, path = "/moderation/bulk", tag = "moderators",
    request_body = BulkWanted,
    responses((status = 200, description = "with dry_run: what fits; else the bulk, done", body = BulkPreview),
        (status = 202, description = "the bulk, which goes on by itself", body = BulkProgress<'_>),
        (status = 404, description = "another's site"),
        (status = 409, description = "count_changed with the count of now; bulk_running with the bulk_id of another"),
        (status = 422, description = "bulk_too_large, action_bad, expect_missing, site_missing, or a word of the filter"),
        (status = 503, description = "search_slow")))]
pub(crate) async fn start(State(app): State<Arc<App>>, Who(who): Who, request: Request) -> Result<Response, Problem> {
    let fields = Fields::read(request).await?;
    if fields.is_form {
        // It has no place for a filter, and without one everything that waits would be decided.
        return Err(Error::Code(Code::UnsupportedMediaType).into());
    }
    let sent: BulkWanted = fields.typed()?;
    let filter = sent.filter.ok_or_else(|| Error::field("filter", Code::ValueBad))?;
    let filter = filter::filter(&app, &filter.as_query())?;
    let act = match sent.action.as_deref().unwrap_or_default() {
        "" if sent.dry_run => None,
        word => Some(
            Act::parse(word)
                .filter(|act| *act != Act::Undo)
                .ok_or_else(|| Error::field("action", Code::ActionBad))?,
        ),
    };
    match act {
        Some(act) if !sent.dry_run => {
            let expect = sent.expect.ok_or_else(|| Error::field("expect", Code::ExpectMissing))?;
            let bulk = bulk::start(&app, &who, filter, act, expect).await?;
            Ok(answer(&bulk))
        }
        _ => {
            let preview = bulk::preview(&app, &who, filter, SAMPLE).await?;
            Ok(no_store(Json(BulkPreview::of(preview)).into_response()))
        }
    }
}

/// How far a bulk is.
#[utoipa::path(get, path = "/moderation/bulk/{id}", tag = "moderators", params(("id" = Uuid, Path)),
    responses((status = 200, description = "the bulk", body = BulkProgress<'_>), (status = 404, description = "not_found")))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let bulk = bulk::progress(&app, &who, parse_id(&id)?).await?;
    Ok(no_store(Json(BulkProgress::of(&bulk)).into_response()))
}

/// Takes back a bulk of one's own, also one that still runs. A comment that somebody changed since stays as it is and
/// counts in `not_undone`. A second time changes nothing.
#[utoipa::path(post, path = "/moderation/bulk/{id}/undo", tag = "moderators", params(("id" = Uuid, Path)),
    responses((status = 200, description = "taken back", body = BulkProgress<'_>),
        (status = 202, description = "being taken back", body = BulkProgress<'_>),
        (status = 403, description = "somebody else's"), (status = 404, description = "not_found"),
        (status = 409, description = "bulk_running with the bulk_id of another")))]
pub(crate) async fn undo(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let bulk = bulk::undo(&app, &who, parse_id(&id)?).await?;
    Ok(answer(&bulk))
}

fn answer(bulk: &Bulk) -> Response {
    let status = if bulk.state.is_open() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    no_store((status, Json(BulkProgress::of(bulk))).into_response())
}

/// A decision about all that fits.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BulkWanted {
    /// approve, reject, spam, hold or restore; with `dry_run` it may be left out.
    action: Option<String>,
    /// Count only, and change nothing.
    dry_run: bool,
    /// How many comments were counted: nothing is decided where it is another number by now. Needless with `dry_run`.
    expect: Option<i64>,
    /// `{}` is all that waits.
    filter: Option<BulkFilter>,
}

/// Which comments: the words of the queue's query. With `q` or `author` those of the last 90 days, as there.
#[derive(Deserialize, ToSchema)]
struct BulkFilter {
    /// True: what was set aside, which pending leaves out.
    aside: Option<bool>,
    author: Option<String>,
    /// So many at least.
    links: Option<i64>,
    q: Option<String>,
    reason: Option<String>,
    /// True: what is public and was reported since it was decided.
    reported: Option<bool>,
    score_max: Option<f64>,
    /// RFC 3339.
    since: Option<String>,
    /// May be left out by who works on one site alone.
    site: Option<String>,
    /// Without it, pending.
    status: Option<String>,
    thread: Option<String>,
}

impl BulkFilter {
    fn as_query(&self) -> Fields {
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        let yes = |is_asked: Option<bool>| is_asked.filter(|is_asked| *is_asked).map(|_| "1".to_owned());
        let words = [
            ("aside", yes(self.aside)),
            ("reported", yes(self.reported)),
            ("author", self.author.clone()),
            ("links", number(self.links)),
            ("q", self.q.clone()),
            ("reason", self.reason.clone()),
            ("score_max", self.score_max.map(|score| score.to_string())),
            ("since", self.since.clone()),
            ("site", self.site.clone()),
            ("status", self.status.clone()),
            ("thread", self.thread.clone()),
        ];
        let words = words.into_iter();
        Fields::of_form(
            words
                .filter_map(|(name, word)| Some((name.to_owned(), word?)))
                .collect(),
        )
    }
}

/// What a bulk would be about.
#[derive(Serialize, ToSchema)]
struct BulkPreview {
    /// Exact up to 10,000.
    count: i64,
    /// There are more than 10,000, too many for one bulk.
    more: bool,
    /// A few of them that one might regret: authors with most published comments first.
    sample: Vec<Uuid>,
}

impl BulkPreview {
    fn of(preview: bulk::Preview) -> Self {
        Self {
            count: preview.count,
            more: preview.more,
            sample: preview.sample,
        }
    }
}

/// A bulk and how far it is.
#[derive(Serialize, ToSchema)]
struct BulkProgress<'a> {
    action: &'static str,
    #[schema(value_type = String)]
    at: Timestamp,
    bulk_id: Uuid,
    /// The name of who began it.
    by: &'a str,
    /// How many comments it is about.
    count: i64,
    done: i64,
    /// Of words and authors that were looked for it says only that they were.
    #[schema(value_type = Object)]
    filter: Value,
    /// Decisions that could not be taken back: somebody changed the comment since.
    not_undone: i64,
    site: &'a str,
    /// Changed by somebody before their turn, and left to them.
    skipped: i64,
    /// running, done, undoing or undone.
    state: &'static str,
    undone: i64,
    #[schema(value_type = Option<String>)]
    undone_at: Option<Timestamp>,
}

impl<'a> BulkProgress<'a> {
    fn of(bulk: &'a Bulk) -> Self {
        Self {
            action: bulk.action.as_str(),
            at: Timestamp(bulk.at),
            bulk_id: bulk.id,
            by: &bulk.actor,
            count: bulk.expect,
            done: bulk.done,
            filter: serde_json::from_str(&bulk.filter).unwrap_or_default(),
            not_undone: bulk.not_undone,
            site: &bulk.site_id,
            skipped: bulk.skipped,
            state: bulk.state.as_str(),
            undone: bulk.undone,
            undone_at: bulk.undone_at.map(Timestamp),
        }
    }
}
