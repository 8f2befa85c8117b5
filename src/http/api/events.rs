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
use serde_json::{Value, json};

use super::{
    audit::entry_json,
    comments::{field_error, no_store, parse_id},
    moderation::{counts_json, lease_json},
    schema,
};
use crate::{
    actions::{
        follow::{self, Said},
        identify::Identity,
        lease::{self, Reading},
    },
    app::App,
    domain::timestamp::Timestamp,
    http::{
        body::Fields,
        error::Problem,
        extract::{Query, Watcher, Who},
        shape,
    },
    live::What,
    store::SiteCounts,
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
            Some(since.ok_or_else(|| field_error("since", "since_bad"))?)
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
    let (name, data) = match &change.what {
        What::Arrived(arrival) => (
            "arrived",
            json!({"id": arrival.comment, "site": arrival.site, "thread": arrival.thread, "status": arrival.status,
                "version": arrival.version, "created_at": arrival.created_at}),
        ),
        What::Decided(entry) => ("decided", entry_json(entry)),
        What::Leased { comment, site, lease } => {
            let reading = lease.as_ref().map(|lease| Reading::seen_by(who, lease));
            let lease = reading.as_ref().map(lease_json);
            ("leased", json!({"comment": comment, "site": site, "lease": lease}))
        }
        What::Counts(counts) => ("counts", site_counts_json(counts)),
        What::Access => return Event::default().comment(""),
    };
    Event::default()
        .event(name)
        .id(change.seen_at.to_rfc3339())
        .data(data.to_string())
}

/// How many comments each of the caller's sites has by status, for its first 100 sites; of one, with `site`.
/// As the stream says it, for a page that has none: asking is no use of the session.
#[utoipa::path(get, path = "/moderation/counts", tag = "moderators",
    params(("site" = Option<String>, Query)),
    responses((status = 200, description = "counts by site", body = schema::CountsBySite),
        (status = 404, description = "not_found: another's site")))]
pub(crate) async fn counts(
    State(app): State<Arc<App>>,
    Watcher(who): Watcher,
    query: Query,
) -> Result<Response, Problem> {
    let site = query.0.first_of(&["site"])?;
    let counts = follow::counts(&app, &who, site).await?;
    let sites: Vec<Value> = counts.iter().map(site_counts_json).collect();
    Ok(no_store(Json(json!({"sites": sites})).into_response()))
}

fn site_counts_json(counts: &SiteCounts) -> Value {
    json!({"site": counts.site, "counts": counts_json(&counts.counts)})
}

/// Says that the caller reads a comment, for 30 seconds; the caller's lease of another one ends. Nobody is
/// kept out by it.
#[utoipa::path(post, path = "/moderation/leases", tag = "moderators",
    request_body = schema::NewLease,
    responses((status = 200, description = "the lease in force, which is another's where they were first", body = schema::LeaseTaken),
        (status = 404, description = "not_found")))]
pub(crate) async fn take_lease(
    State(app): State<Arc<App>>,
    Who(who): Who,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read_as(request, shape::NEW_LEASE).await?;
    let comment = fields.text("comment").and_then(|id| parse_id(&id))?;
    let reading = lease::take(&app, &who, comment).await?;
    let body = json!({"comment": comment, "lease": lease_json(&reading)});
    Ok(no_store(Json(body).into_response()))
}
