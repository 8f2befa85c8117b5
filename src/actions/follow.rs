//! A moderator follows the queue as it changes: what came in, what was decided, who reads what, how much
//! waits.
//!
//! Invariant: after [`open`] nothing that is committed is missed by the stream (a surge of more than 200
//! between two looks apart, of which the counts tell), and a stream lives no longer than the rights it was
//! opened with. The same change may be told twice, also to a stream that goes on from an earlier one: a
//! comment's version tells what is new. Ids are in no order of commits, so each look goes back from the
//! last one's time, the watermark, over half a minute more, and tells what it had not seen.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::broadcast,
    time::{Instant, Interval, MissedTickBehavior},
};

use uuid::Uuid;

use super::identify::{self, Identity, Role};
use crate::{
    app::App,
    domain::{actor::Scope, code::Code, timestamp::Timestamp},
    error::Error,
    live::{Change, HEARTBEAT, Place, Told, What},
    store::{Arrival, AuditEntry, Lease, SiteCounts},
};

/// How far a look goes back: longer than from the sending of a comment to its commit.
const WINDOW: Duration = Duration::from_secs(30);

/// Comments and entries that one look tells at most; of more than that only the counts tell.
const MOST: i64 = 200;

/// How far back a stream that goes on can begin.
const GOES_BACK: Duration = Duration::from_hours(1);

/// Sites whose counts a stream begins with at most.
pub const SITES: usize = 100;

/// A stream of changes; dropping it ends it.
#[derive(Debug)]
pub struct Following {
    app: Arc<App>,
    who: Identity,
    waiting: VecDeque<Arc<Change>>,
    changes: broadcast::Receiver<Arc<Change>>,
    heartbeats: Interval,
    _place: Place,
}

/// One thing that a stream says.
#[derive(Debug, Clone)]
pub enum Said {
    Change(Arc<Change>),
    /// It goes on.
    Beat,
}

/// A change was made here: who follows hears of it at once.
pub fn notify(app: &App) {
    app.live.notify();
}

/// Opens a stream of what happens on the caller's sites from now on, or since `since` (at most an hour back)
/// for one that goes on. It begins with the counts of each site.
///
/// # Errors
/// 503 `streams_full`; errors of the store.
pub async fn open(app: &Arc<App>, who: Identity, since: Option<Timestamp>) -> Result<Following, Error> {
    let place = app
        .live
        .take_place(&who.actor.id)
        .ok_or(Error::Code(Code::StreamsFull))?;
    let changes = {
        let mut told = app.live.told.lock().await;
        // What is there now is told to the others, and is no news to this stream.
        look_with(app, &mut told).await?;
        app.live.subscribe()
    };
    if !has_rights(app, &who).await? {
        // They were taken away while the caller came in.
        return Err(Error::Unauthenticated);
    }
    // The watcher slept while there was no stream.
    app.live.notify();
    let now = app.clock.now();
    let sites = who.sites(app).await?;
    let mut waiting = VecDeque::new();
    if let Some(begin) = since {
        let since = begin.minus(WINDOW).max(now.minus(GOES_BACK));
        let arrivals = app.store.arrivals(&sites, since, MOST).await?.into_iter();
        let entries = app.store.entries_since(&who.scope, since, MOST).await?.into_iter();
        let arrivals = arrivals.rev().map(What::Arrived);
        let entries = entries
            .rev()
            .filter(is_decision)
            .map(|entry| What::Decided(Box::new(entry)));
        // A client that loses the line amid these begins there again.
        waiting.extend(arrivals.chain(entries).map(|what| (begin, what)));
    }
    let leases = app.store.leases(now).await?.into_iter().map(leased);
    waiting.extend(leases.map(|what| (now, what)));
    let counts = app.store.counts_by_site(sites.get(..SITES).unwrap_or(&sites)).await?;
    waiting.extend(counts.into_iter().map(|counts| (now, What::Counts(counts))));
    let mut heartbeats = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let waiting = waiting
        .into_iter()
        .map(|(seen_at, what)| Arc::new(Change { seen_at, what }));
    Ok(Following {
        waiting: waiting.filter(|change| concerns(&who, change)).collect(),
        app: Arc::clone(app),
        who,
        changes,
        heartbeats,
        _place: place,
    })
}

impl Following {
    /// Whose it is.
    #[must_use]
    pub fn who(&self) -> &Identity {
        &self.who
    }

    /// The next thing to say, at least every [`HEARTBEAT`]; `None` at the end: the rights it was opened with are
    /// no longer the caller's, the process ends, or the client takes in too little.
    pub async fn next(&mut self) -> Option<Said> {
        if let Some(change) = self.waiting.pop_front() {
            return Some(Said::Change(change));
        }
        loop {
            let change = tokio::select! {
                biased;
                () = self.app.live.ended() => return None,
                _ = self.heartbeats.tick() => None,
                change = self.changes.recv() => Some(change.ok()?),
            };
            let Some(change) = change else {
                // A store that cannot be asked now is asked at the next beat; nothing said that they changed.
                let has_rights = has_rights(&self.app, &self.who).await.unwrap_or(true);
                return has_rights.then_some(Said::Beat);
            };
            if matches!(change.what, What::Access) {
                if !has_rights(&self.app, &self.who).await.unwrap_or(false) {
                    return None;
                }
            } else if concerns(&self.who, &change) {
                return Some(Said::Change(change));
            }
        }
    }
}

/// How many comments each of the caller's sites has by status, for the first [`SITES`] of them; of `site`
/// alone, if given.
///
/// # Errors
/// 404 for a site that is not there or not the caller's; errors of the store.
pub async fn counts(app: &App, who: &Identity, site: Option<String>) -> Result<Vec<SiteCounts>, Error> {
    let sites = match site {
        None => who.sites(app).await?,
        Some(site) => {
            who.may(Role::Moderator, &site)?;
            app.site(&site).await?;
            vec![site]
        }
    };
    let counts = app.store.counts_by_site(sites.get(..SITES).unwrap_or(&sites));
    Ok(counts.await?)
}

/// The comments that a stream tells that begins now, though they came in before; at most 200.
pub async fn known(app: &App, who: &Identity) -> Result<Vec<Uuid>, Error> {
    let sites = who.sites(app).await?;
    let since = app.clock.now().minus(WINDOW);
    let arrivals = app.store.arrivals(&sites, since, MOST).await?;
    Ok(arrivals.into_iter().map(|arrival| arrival.comment).collect())
}

/// Whether the caller has the rights that the stream was opened with.
///
/// # Errors
/// Errors of the store, which cannot tell.
async fn has_rights(app: &App, who: &Identity) -> Result<bool, Error> {
    match identify::again(app, who).await {
        Ok(now) => Ok(now.rights == who.rights),
        Err(Error::Unauthenticated) => Ok(false),
        Err(error) => Err(error),
    }
}

fn concerns(who: &Identity, change: &Change) -> bool {
    match &change.what {
        What::Arrived(arrival) => who.scope.allows(&arrival.site),
        What::Decided(entry) => who.scope.allows(&entry.site_id),
        What::Leased { site, .. } | What::Counts(SiteCounts { site, .. }) => who.scope.allows(site),
        What::Access => false,
    }
}

/// Looks what is new, where there is a stream, and tells all streams; gives how many changes it told.
///
/// # Errors
/// Errors of the store; the next look tells what this one did not.
pub async fn look(app: &App) -> Result<usize, Error> {
    if app.live.streams() == 0 {
        return Ok(0);
    }
    let mut told = app.live.told.lock().await;
    look_with(app, &mut told).await
}

async fn look_with(app: &App, told: &mut Told) -> Result<usize, Error> {
    let now = app.clock.now();
    // All that was committed a window before the last look has been seen by it.
    let mark = told.watermark.unwrap_or(now).min(now);
    let since = mark.minus(WINDOW).max(now.minus(GOES_BACK));
    let sites = app.store.site_ids().await?;
    let arrivals = app.store.arrivals(&sites, since, MOST).await?;
    let entries = app.store.entries_since(&Scope::All, since, MOST).await?;
    let leases = app.store.leases(now).await?.into_iter();
    let leases = leases.map(|lease| (lease.comment_id, lease)).collect();
    let seen = Told {
        watermark: Some(now),
        arrivals: arrivals.iter().map(|arrival| arrival.comment).collect(),
        entries: entries.iter().map(|entry| entry.id).collect(),
        leases,
    };
    let changes = changes(app, told, &seen, &sites, arrivals, entries).await?;
    let count = changes.len();
    for what in changes {
        app.live.tell(Change { seen_at: now, what });
    }
    *told = seen;
    Ok(count)
}

/// What `seen` has and `told` has not, oldest first, and the counts that follow from it.
async fn changes(
    app: &App,
    told: &Told,
    seen: &Told,
    sites: &[String],
    arrivals: Vec<Arrival>,
    entries: Vec<AuditEntry>,
) -> Result<VecDeque<What>, Error> {
    // What was not read may be of any site, and may have taken anybody's rights away.
    let arrivals_missed = is_overrun(&arrivals, |oldest| told.arrivals.contains(&oldest.comment));
    let entries_missed = is_overrun(&entries, |oldest| told.entries.contains(&oldest.id));
    let mut recounted = BTreeSet::new();
    if arrivals_missed || entries_missed {
        recounted.extend(sites.iter().cloned());
    }
    let mut access = entries_missed;
    let mut changes = VecDeque::new();
    for arrival in arrivals.into_iter().rev() {
        if !told.arrivals.contains(&arrival.comment) {
            recounted.insert(arrival.site.clone());
            changes.push_back(What::Arrived(arrival));
        }
    }
    for entry in entries.into_iter().rev() {
        if told.entries.contains(&entry.id) {
            continue;
        }
        if is_decision(&entry) {
            recounted.insert(entry.site_id.clone());
            changes.push_back(What::Decided(Box::new(entry)));
        } else {
            access = true;
        }
    }
    if access {
        // Who may no longer watch is told nothing of what came after that.
        changes.push_front(What::Access);
    }
    let begun = seen
        .leases
        .values()
        .filter(|lease| told.leases.get(&lease.comment_id) != Some(lease));
    changes.extend(begun.cloned().map(leased));
    let ended = told
        .leases
        .values()
        .filter(|lease| !seen.leases.contains_key(&lease.comment_id));
    changes.extend(ended.map(|lease| What::Leased {
        comment: lease.comment_id,
        site: lease.site_id.clone(),
        lease: None,
    }));
    let recounted: Vec<String> = recounted.into_iter().collect();
    let counts = app.store.counts_by_site(&recounted).await?;
    changes.extend(counts.into_iter().map(What::Counts));
    Ok(changes)
}

/// Whether a look read as much as it can, newest first, and all of it is new: then there may be more.
fn is_overrun<T>(read: &[T], is_told: impl Fn(&T) -> bool) -> bool {
    i64::try_from(read.len()).is_ok_and(|read| read >= MOST) && read.last().is_some_and(|oldest| !is_told(oldest))
}

/// Entries of policies, accounts and sign-ins are about no comment.
fn is_decision(entry: &AuditEntry) -> bool {
    entry.comment_id.is_some()
}

fn leased(lease: Lease) -> What {
    What::Leased {
        comment: lease.comment_id,
        site: lease.site_id.clone(),
        lease: Some(lease),
    }
}
