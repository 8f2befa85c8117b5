//! Rooms: work that takes its time, off the async threads, and no more of it at once than the machine bears.
//!
//! An async thread that works stops everybody whose turn is on it. So what may take over some five
//! milliseconds for a text that somebody else chose runs here: passphrases in the [`HashingRoom`], long
//! comments in the [`RenderingRoom`]. How many submissions are under way at all is the [`SubmissionRoom`]'s. Invariant: nobody waits without an end, and a flood of strangers
//! at the door does not keep out who came in before.

mod submissions;

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::submissions::{Place, SubmissionRoom};
use crate::error::Error;

/// Passphrases hashed at once, each in 19 MiB.
const HASHES: usize = 2;

/// Of these for strangers; the rest is kept for who is known.
const STRANGERS: usize = 1;

/// Who waits to be hashed at most, of each kind; the next is told at once to come back.
const QUEUE: usize = 8;

/// Long texts rendered at once.
const TEXTS: usize = 2;

/// How long somebody waits for a place.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who wants to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comer {
    /// Nobody knows who it is.
    Stranger,
    /// A browser that somebody came in with, or somebody with a session, a link or a recovery code.
    Known,
}

/// Where passphrases are hashed.
#[derive(Debug)]
pub struct HashingRoom {
    /// All places; who holds them stops all hashing.
    pub places: Arc<Semaphore>,
    /// What a stranger needs beside a place.
    pub for_strangers: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    known: Arc<Semaphore>,
}

impl Default for HashingRoom {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(HASHES)),
            for_strangers: Arc::new(Semaphore::new(STRANGERS)),
            strangers: Arc::new(Semaphore::new(QUEUE + STRANGERS)),
            known: Arc::new(Semaphore::new(QUEUE + HASHES)),
        }
    }
}

impl HashingRoom {
    /// Joins the queue. Whoever may be turned away asks before anything is counted.
    ///
    /// # Errors
    /// [`Error::Unavailable`] at once when eight wait already.
    pub fn join(&self, comer: Comer) -> Result<Turn, Error> {
        let (queue, narrow) = match comer {
            Comer::Stranger => (&self.strangers, Some(Arc::clone(&self.for_strangers))),
            Comer::Known => (&self.known, None),
        };
        let Ok(queued) = Arc::clone(queue).try_acquire_owned() else {
            return Err(Error::Unavailable("too many sign-ins at once".to_owned()));
        };
        Ok(Turn {
            gates: narrow.into_iter().chain([Arc::clone(&self.places)]).collect(),
            queued,
        })
    }

    /// How many strangers are hashed or wait for it.
    #[must_use]
    pub fn strangers(&self) -> usize {
        (QUEUE + STRANGERS).saturating_sub(self.strangers.available_permits())
    }
}

/// Somebody's turn to be hashed.
#[derive(Debug)]
pub struct Turn {
    gates: Vec<Arc<Semaphore>>,
    queued: OwnedSemaphorePermit,
}

impl Turn {
    /// Does the work when the turn comes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it has not come within ten seconds.
    pub async fn take<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        in_room(self.gates, "too many sign-ins at once", move || {
            let done = work();
            drop(self.queued);
            done
        })
        .await
    }
}

/// Where long texts are rendered.
#[derive(Debug)]
pub struct RenderingRoom {
    /// All places; who holds them stops all rendering of long texts.
    pub places: Arc<Semaphore>,
}

impl Default for RenderingRoom {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(TEXTS)),
        }
    }
}

impl RenderingRoom {
    /// Does the work when a place is free.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none is within ten seconds.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        in_room(vec![Arc::clone(&self.places)], "too many long texts at once", work).await
    }
}

/// Passes the gates, one after the other, and holds them while the work is done on a blocking thread, also
/// when nobody waits for it any more.
async fn in_room<T: Send + 'static>(
    gates: Vec<Arc<Semaphore>>,
    too_many: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let passing = async {
        let mut places = Vec::with_capacity(gates.len());
        for gate in gates {
            places.push(gate.acquire_owned().await.ok()?);
        }
        Some(places)
    };
    let places = tokio::time::timeout(PATIENCE, passing).await.ok().flatten();
    let places = places.ok_or_else(|| Error::Unavailable(too_many.to_owned()))?;
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(places);
        done
    });
    done.await
        .map_err(|error| Error::Internal(format!("work on a blocking thread broke off: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn h8_strangers_leave_a_place_to_who_is_known() {
        let room = HashingRoom::default();
        let held = Arc::clone(&room.for_strangers).acquire_owned().await.expect("open");
        let waiting: Vec<Turn> = (0..9).map(|_| room.join(Comer::Stranger).expect("a turn")).collect();
        assert_eq!(room.strangers(), 9);
        assert!(
            matches!(room.join(Comer::Stranger), Err(Error::Unavailable(_))),
            "the tenth"
        );
        for _ in 0..3 {
            let known = room.join(Comer::Known).expect("a turn");
            assert_eq!(known.take(|| 7).await.expect("done"), 7);
        }
        drop(held);
        for turn in waiting {
            turn.take(|| ()).await.expect("done");
        }
        assert_eq!(room.strangers(), 0);
    }

    #[tokio::test]
    async fn h8_a_turn_that_is_given_up_is_another_s() {
        let room = HashingRoom::default();
        let all = Arc::clone(&room.places).acquire_many_owned(2).await.expect("open");
        let turns: Vec<Turn> = (0..10).map(|_| room.join(Comer::Known).expect("a turn")).collect();
        assert!(room.join(Comer::Known).is_err());
        drop(turns);
        let turn = room.join(Comer::Known).expect("a turn");
        drop(all);
        turn.take(|| ()).await.expect("done");
    }
}
