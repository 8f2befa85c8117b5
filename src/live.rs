//! What connects those who watch the queue with what happens in it, within this process.
//!
//! One watcher looks into the store for all streams ([`crate::actions::follow::look`], called by a job) and
//! sends each [`Change`] to every stream, which keeps what its caller may see. So what another instance or
//! the command line did is told as well, and a thousand streams ask no more than one. All that is kept here
//! may be lost: a stream that ends is opened again by its client.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    domain::timestamp::Timestamp,
    store::{Arrival, AuditEntry, Lease, SiteCounts},
};

/// Streams at most.
pub const STREAMS: usize = 200;

/// Streams of one account or token at most, so that nobody takes the places of all.
pub const STREAMS_EACH: usize = 20;

/// A stream says at least something this often.
pub const HEARTBEAT: Duration = Duration::from_secs(20);

/// Changes that a stream may be behind; one that is further behind ends.
const BEHIND: usize = 1024;

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// A comment came in.
    Arrived(Arrival),
    /// A comment's status was changed, by a person or a rule; the entry names a comment.
    Decided(Box<AuditEntry>),
    /// Somebody reads a comment, or (`None`) no longer does.
    Leased {
        comment: Uuid,
        site: String,
        lease: Option<Lease>,
    },
    /// How many comments a site has by status.
    Counts(SiteCounts),
    /// Somebody's rights may be others now.
    Access,
}

/// What happened, and when it was seen.
#[derive(Debug, Clone)]
pub struct Change {
    pub seen_at: Timestamp,
    pub what: What,
}

/// The streams of this process.
#[derive(Debug)]
pub struct Live {
    changes: broadcast::Sender<Arc<Change>>,
    /// Streams by whose they are.
    places: Mutex<HashMap<String, usize>>,
    open: AtomicUsize,
    notified: Notify,
    ended: CancellationToken,
    /// What has been told; held while the store is looked into.
    pub told: tokio::sync::Mutex<Told>,
}

/// What the last look found, so that the next one tells only what is new.
#[derive(Debug, Default)]
pub struct Told {
    /// When the last look that found all began; `None`: there was none.
    pub watermark: Option<Timestamp>,
    pub arrivals: HashSet<Uuid>,
    pub entries: HashSet<Uuid>,
    pub leases: HashMap<Uuid, Lease>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            changes: broadcast::Sender::new(BEHIND),
            places: Mutex::default(),
            open: AtomicUsize::new(0),
            notified: Notify::new(),
            ended: CancellationToken::new(),
            told: tokio::sync::Mutex::default(),
        }
    }
}

impl Live {
    /// Takes a place for a stream of `holder`; `None` when there is none left.
    #[must_use]
    pub fn take_place(self: &Arc<Self>, holder: &str) -> Option<Place> {
        let mut places = self.places();
        let own = places.get(holder).copied().unwrap_or(0);
        if own >= STREAMS_EACH || self.streams() >= STREAMS || self.ended.is_cancelled() {
            return None;
        }
        places.insert(holder.to_owned(), own + 1);
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(Place {
            live: Arc::clone(self),
            holder: holder.to_owned(),
        })
    }

    /// How many streams are open.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// The changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Change>> {
        self.changes.subscribe()
    }

    /// Tells all streams of a change.
    pub fn tell(&self, change: Change) {
        // An error means that nobody listens.
        let _ = self.changes.send(Arc::new(change));
    }

    /// Says that something was changed here, so that the watcher looks at once.
    pub fn notify(&self) {
        if self.streams() > 0 {
            self.notified.notify_one();
        }
    }

    /// Waits for the next [`Live::notify`].
    pub async fn notified(&self) {
        self.notified.notified().await;
    }

    /// Ends all streams, for good.
    pub fn end(&self) {
        self.ended.cancel();
    }

    /// Waits until the streams are to end.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    fn places(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one stream; it is given back when this is dropped.
#[derive(Debug)]
pub struct Place {
    live: Arc<Live>,
    holder: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.live.places();
        if let Some(own) = places.get_mut(&self.holder) {
            *own -= 1;
            if *own == 0 {
                places.remove(&self.holder);
            }
        }
        self.live.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_places_of_all() {
        let live = Arc::new(Live::default());
        let own: Vec<_> = (0..STREAMS_EACH).map(|_| live.take_place("a")).collect();
        assert!(own.iter().all(Option::is_some));
        assert!(live.take_place("a").is_none(), "one's own are taken");
        let others: Vec<_> = (STREAMS_EACH..STREAMS)
            .map(|number| live.take_place(&number.to_string()))
            .collect();
        assert!(others.iter().all(Option::is_some));
        assert!(live.take_place("z").is_none(), "all are taken");
        drop(own);
        assert_eq!(live.streams(), STREAMS - STREAMS_EACH);
        assert!(live.take_place("a").is_some(), "a place is given back");
        live.end();
        assert!(live.take_place("b").is_none(), "none is given at the end");
    }
}
