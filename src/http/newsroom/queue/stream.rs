//! The queue as it changes: a stream of Server-Sent Events, and the leases that it tells of.
//!
//! The format is that of the HTML standard (<https://html.spec.whatwg.org/multipage/server-sent-events.html>):
//! an event's id is the time of the look that found it, and a client that comes back with it as
//! `Last-Event-ID` goes on from there.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    api::{Count, Counts, counts_by_pile},
    item::Lease,
};
use crate::{
    actions::{
        follow::{self, Said},
        identify::Identity,
        lease::{self, Reading},
    },
    app::App,
    domain::{code::Code, status::Status, timestamp::Timestamp, view::Seen},
    error::Error,
    http::{
        error::Problem,
        newsroom::audit::Entry,
        page::no_store,
        request::{
            body::Fields,
            extract::{Query, Watcher, Who},
            fields::parse_id,
        },
    },
    live::What,
    store::{Arrival, SiteCounts},
};

/// How long a client waits before it comes back.
const RETRY: Duration = Duration::from_secs(3);

/// What happens on the caller's sites, as it happens. `arrived`: id, site, thread, status, version,
/// `created_at`. `decided`: an entry of the audit log. `leased`: comment, site, lease or null. `counts`: site
/// and counts by status, at first and after each change. A change may come twice. A comment line every 20
/// seconds; the stream ends with the rights it was opened with, and with the server.
#[utoipa::path(get, path = "/moderation/events", tag = "moderators",
    params(("since" = Option<String>, Query, description = "RFC 3339, at most an hour back: begin there"),
        ("Last-Event-ID" = Option<String>, Header, description = "the same, as a client sends it that comes back")),
    responses((status = 200, description = "text/event-stream", content_type = "text/event-stream", body = String),
        (status = 401, description = "unauthenticated"), (status = 422, description = "since_bad"),
        (status = 503, description = "streams_full: 200 are open, or 20 of the caller's")))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Watcher(who): Watcher,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    let since = match last.or(query.0.first_of(&["since"])?) {
        None => None,
        Some(text) => {
            let since = Timestamp::parse_rfc3339(&text);
            Some(since.ok_or_else(|| Error::field("since", Code::SinceBad))?)
        }
    };
    let following = follow::open(&app, who, since).await?;
    let first = Event::default().retry(RETRY);
    let said = stream::unfold((Some(first), following), async |(first, mut following)| {
        let event = match first {
            Some(first) => first,
            None => event(following.next().await?, following.who()),
        };
        Some((Ok::<_, Infallible>(event), (None, following)))
    });
    let mut response = no_store(Sse::new(said).into_response());
    // A proxy that gathers answers would keep the events.
    let unbuffered = (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response.headers_mut().insert(unbuffered.0, unbuffered.1);
    Ok(response)
}

fn event(said: Said, who: &Identity) -> Event {
    let Said::Change(change) = said else {
        return Event::default().comment("");
    };
    let told = match &change.what {
        What::Arrived(arrival) => tell("arrived", &Arrived::of(arrival)),
        What::Decided(entry) => tell("decided", &Entry::of(entry)),
        What::Leased { comment, site, lease } => {
            let reading = lease.as_ref().map(|lease| Reading::seen_by(who, lease));
            let lease = reading.as_ref().map(Lease::of);
            let comment = *comment;
            tell("leased", &Leased { comment, lease, site })
        }
        What::Counts(counts) => tell("counts", &CountsOfSite::of(counts)),
        What::Access => return Event::default().comment(""),
    };
    told.id(change.seen_at.to_rfc3339())
}

fn tell(name: &str, data: &impl Serialize) -> Event {
    Event::default()
        .event(name)
        .data(serde_json::to_string(data).unwrap_or_default())
}

/// A comment that came in.
#[derive(Serialize)]
struct Arrived<'a> {
    created_at: Timestamp,
    id: Uuid,
    site: &'a str,
    status: Status,
    thread: &'a str,
    version: i64,
}

impl<'a> Arrived<'a> {
    fn of(arrival: &'a Arrival) -> Self {
        Self {
            created_at: arrival.created_at,
            id: arrival.comment,
            site: &arrival.site,
            status: arrival.status,
            thread: &arrival.thread,
            version: arrival.version,
        }
    }
}

/// Who reads a comment now; null is nobody.
#[derive(Serialize)]
struct Leased<'a> {
    comment: Uuid,
    lease: Option<Lease<'a>>,
    site: &'a str,
}

/// How many comments each of the caller's sites has by status, for its first 100 sites; of one, with `site`.
/// As the stream says it, for a page that has none: asking is no use of the session.
#[utoipa::path(get, path = "/moderation/counts", tag = "moderators",
    params(("site" = Option<String>, Query)),
    responses((status = 200, description = "counts by site", body = CountsBySite<'_>),
        (status = 404, description = "not_found: another's site")))]
pub(crate) async fn counts(
    State(app): State<Arc<App>>,
    Watcher(who): Watcher,
    query: Query,
) -> Result<Response, Problem> {
    let site = query.0.first_of(&["site"])?;
    let counts = follow::counts(&app, &who, site).await?;
    let sites = counts.iter().map(CountsOfSite::of).collect();
    Ok(no_store(Json(CountsBySite { sites }).into_response()))
}

/// The counts of the caller's sites.
#[derive(Serialize, ToSchema)]
struct CountsBySite<'a> {
    sites: Vec<CountsOfSite<'a>>,
}

/// How many comments a site has by status.
#[derive(Serialize, ToSchema)]
struct CountsOfSite<'a> {
    #[schema(value_type = BTreeMap<String, Count>)]
    counts: Counts,
    site: &'a str,
}

impl<'a> CountsOfSite<'a> {
    fn of(site: &'a SiteCounts) -> Self {
        Self {
            counts: counts_by_pile(&site.counts),
            site: &site.site,
        }
    }
}

/// Says that the caller reads a comment, for 30 seconds; the caller's lease of another one ends. Nobody is
/// kept out by it.
#[utoipa::path(post, path = "/moderation/leases", tag = "moderators",
    request_body = NewLease,
    responses((status = 200, description = "the lease in force, which is another's where they were first", body = LeaseTaken<'_>),
        (status = 404, description = "not_found")))]
pub(crate) async fn take_lease(
    State(app): State<Arc<App>>,
    Who(who): Who,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let sent: NewLease = Fields::read_as(request).await?;
    let comment = parse_id(&sent.comment)?;
    let seen = if sent.opened { Seen::Opened } else { Seen::Focused };
    let reading = lease::take(&app, &who, comment, seen).await?;
    let lease = Lease::of(&reading);
    Ok(no_store(Json(LeaseTaken { comment, lease }).into_response()))
}

/// The comment that the caller reads.
#[derive(Deserialize, ToSchema)]
struct NewLease {
    #[schema(value_type = Uuid)]
    comment: String,
    /// They asked for what stands around it; else its row kept the focus for a second.
    #[serde(default)]
    opened: bool,
}

/// The lease in force.
#[derive(Serialize, ToSchema)]
struct LeaseTaken<'a> {
    comment: Uuid,
    lease: Lease<'a>,
}
