//! The room for submissions: how many are worked on at once, and how many may wait for a provider meanwhile.
//!
//! Work here is short, waiting is not: a provider takes up to three seconds, and a twin of a submission waits for its
//! outcome. Whoever waits leaves the room for that time and stands outside ([`Place::outside`]), where one site has only
//! so many places. So a site whose provider is slow takes the room from nobody. What finds no place outside is not
//! asked about, and is held for a person; a second check comes back later, with its one try. A burst that fills the
//! room stands at its door for a moment, in its order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Submissions worked on at once.
const INSIDE: usize = 256;

/// Submissions at the door at once, and how long one stands there; beyond it readers are asked to come back, and their
/// page keeps the text.
const AT_THE_DOOR: usize = 512;
const PATIENCE: Duration = Duration::from_secs(5);

/// Submissions of one site that wait at once, and of all: each keeps its text in memory.
const OUTSIDE_OF_A_SITE: usize = 64;
const OUTSIDE: usize = 512;

/// The room of a process.
#[derive(Debug)]
pub struct SubmissionRoom {
    /// All places inside; who holds them lets nobody in.
    pub places: Arc<Semaphore>,
    door: Semaphore,
    waiting: Mutex<HashMap<String, usize>>,
}

impl Default for SubmissionRoom {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(INSIDE)),
            door: Semaphore::new(AT_THE_DOOR),
            waiting: Mutex::default(),
        }
    }
}

impl SubmissionRoom {
    /// A place inside; `None` when none comes free in time, or too many stand at the door already.
    pub async fn enter(self: &Arc<Self>) -> Option<Place> {
        let inside = || Arc::clone(&self.places);
        let permit = if let Ok(permit) = inside().try_acquire_owned() {
            permit
        } else {
            let _at_the_door = self.door.try_acquire().ok()?;
            let entering = tokio::time::timeout(PATIENCE, inside().acquire_owned());
            entering.await.ok()?.ok()?
        };
        Some(Place {
            room: Arc::clone(self),
            permit: Mutex::new(Some(permit)),
        })
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the room, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    room: Arc<SubmissionRoom>,
    /// `None` while its owner waits outside.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Place {
    /// Waits for `what` outside of the room, in a place of `site`; `None`, and nothing is waited for, when those of
    /// the site, or of all, are taken.
    pub async fn outside<T>(&self, site: &str, what: impl Future<Output = T>) -> Option<T> {
        let _standing = Standing::of(&self.room, site)?;
        drop(self.permit().take());
        let found = what.await;
        // Those inside work and do not wait, so this is soon.
        let permit = Arc::clone(&self.room.places).acquire_owned().await.ok();
        *self.permit() = permit;
        Some(found)
    }

    fn permit(&self) -> std::sync::MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place outside.
struct Standing<'a> {
    room: &'a SubmissionRoom,
    site: &'a str,
}

impl<'a> Standing<'a> {
    fn of(room: &'a SubmissionRoom, site: &'a str) -> Option<Self> {
        let mut waiting = room.waiting();
        let all: usize = waiting.values().sum();
        let own = waiting.get(site).copied().unwrap_or_default();
        if own >= OUTSIDE_OF_A_SITE || all >= OUTSIDE {
            return None;
        }
        waiting.insert(site.to_owned(), own + 1);
        Some(Self { room, site })
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        let mut waiting = self.room.waiting();
        if let Some(own) = waiting.get_mut(self.site) {
            *own -= 1;
            if *own == 0 {
                waiting.remove(self.site);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn h10_who_waits_outside_takes_no_place_inside_and_a_site_has_only_so_many() {
        let room = Arc::new(SubmissionRoom::default());
        let end = Arc::new(Notify::new());
        let waits = |site: &'static str| {
            let (room, end) = (Arc::clone(&room), Arc::clone(&end));
            tokio::spawn(async move {
                let place = room.enter().await.expect("room");
                place.outside(site, end.notified()).await.is_some()
            })
        };
        let mut noisy: Vec<_> = (0..OUTSIDE_OF_A_SITE).map(|_| waits("noisy")).collect();
        while room.waiting().get("noisy") != Some(&OUTSIDE_OF_A_SITE) {
            tokio::task::yield_now().await;
        }
        assert_eq!(room.places.available_permits(), INSIDE, "nobody is inside");
        assert!(!waits("noisy").await.expect("no panic"), "one more finds no place");
        noisy.push(waits("quiet"));
        while !room.waiting().contains_key("quiet") {
            tokio::task::yield_now().await;
        }
        let mut inside = Vec::new();
        for _ in 0..INSIDE {
            inside.push(room.enter().await.expect("room"));
        }
        let late = Arc::clone(&room);
        let at_the_door = tokio::spawn(async move { late.enter().await.is_some() });
        while room.door.available_permits() == AT_THE_DOOR {
            tokio::task::yield_now().await;
        }
        drop(inside);
        assert!(at_the_door.await.expect("no panic"), "a burst waits a moment");
        end.notify_waiters();
        for waited in noisy {
            assert!(waited.await.expect("no panic"));
        }
        assert!(room.waiting().is_empty());
        assert_eq!(room.places.available_permits(), INSIDE);
    }
}
