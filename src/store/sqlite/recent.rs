//! What the one server of a SQLite file knows of submissions without asking: keys that were surely never used, and
//! threads that are surely open.
//!
//! Nearly every submission brings new keys to a thread that is there. To ask the store for that is a message to another
//! thread and back, a fifth of a submission's CPU time. The server is alone with its file, so a Bloom filter of the keys
//! that have not run out can say no; what may be known is asked. Invariant: a key is noted before it is stored, and
//! nothing is sure until the keys of earlier runs have run out, a day after a restart. (To read them all at the start
//! took a megabyte for good.) Should it be wrong all the same, the insert finds the repeat or the closed thread itself:
//! no comment is lost or stored twice.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{domain::timestamp::Timestamp, store::earlier::Look};

/// Bits of a generation, 64 KiB: with 50,000 keys in one, 2 of 100 new keys are asked about in vain.
const BITS: u32 = 1 << 19;

/// Bits that a key sets.
const BITS_A_KEY: usize = 4;

/// Threads that are remembered; then all are forgotten.
const THREADS: usize = 1_000;

/// What is known.
#[derive(Debug)]
pub(in crate::store) struct Recent {
    /// Keys that were not noted here have run out after that.
    sure_after: Timestamp,
    hasher: RandomState,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The one that is written, and the one before it.
    current: Generation,
    old: Generation,
    /// Site and key, with a byte between them that neither holds.
    open_threads: HashSet<String>,
}

#[derive(Debug)]
struct Generation {
    bits: Vec<u64>,
    /// When the last of its keys runs out.
    until: Timestamp,
}

impl Default for Generation {
    fn default() -> Self {
        Self {
            bits: vec![0; BITS as usize / 64],
            until: Timestamp(i64::MIN),
        }
    }
}

impl Recent {
    /// Knows nothing yet; the keys of others run out at `others_until` at the latest.
    pub(in crate::store) fn new(others_until: Timestamp) -> Self {
        Self {
            sure_after: others_until,
            hasher: RandomState::new(),
            known: Mutex::default(),
        }
    }

    /// Notes a key that is about to be stored until `until`.
    pub(in crate::store) fn note(&self, site: &str, key: &str, until: Timestamp) {
        let generation = &mut self.known().current;
        generation.until = generation.until.max(until);
        for place in self.places(site, key) {
            let (word, bit) = (place as usize / 64, place % 64);
            generation.bits[word] |= 1 << bit;
        }
    }

    /// Whether none of the look's keys was stored before, and its thread is there and open. `false`: ask.
    pub(in crate::store) fn is_first(&self, look: &Look) -> bool {
        let mut known = self.known();
        // A generation is written until all of the one before have run out, so about as long as keys live.
        if known.old.until < look.now {
            known.old = std::mem::take(&mut known.current);
        }
        look.now > self.sure_after
            && known.open_threads.contains(&thread_of(&look.site, &look.thread))
            && !look.keys.iter().any(|key| {
                let places = self.places(&look.site, key);
                known.current.has(places) || known.old.has(places)
            })
    }

    pub(in crate::store) fn note_open(&self, site: &str, thread: &str) {
        let mut known = self.known();
        if known.open_threads.len() >= THREADS {
            known.open_threads.clear();
        }
        known.open_threads.insert(thread_of(site, thread));
    }

    /// After one was found to be closed.
    pub(in crate::store) fn forget_threads(&self) {
        self.known().open_threads.clear();
    }

    /// Where a key's bits are, by double hashing (Kirsch and Mitzenmacher, 2006).
    fn places(&self, site: &str, key: &str) -> [u32; BITS_A_KEY] {
        let hash = self.hasher.hash_one((site, key));
        let half = |hash: u64| u32::try_from(hash & u64::from(u32::MAX)).unwrap_or_default();
        let (mut place, step) = (half(hash >> 32), half(hash) | 1);
        std::array::from_fn(|_| {
            place = place.wrapping_add(step);
            place % BITS
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generation {
    fn has(&self, places: [u32; BITS_A_KEY]) -> bool {
        let is_set = |place: u32| self.bits[place as usize / 64] >> (place % 64) & 1 == 1;
        places.into_iter().all(is_set)
    }
}

fn thread_of(site: &str, thread: &str) -> String {
    format!("{site}\n{thread}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn recent() -> Recent {
        let recent = Recent::new(Timestamp(-1));
        recent.note_open("faso", "/a");
        recent
    }

    fn is_first(recent: &Recent, site: &str, key: &str, now: i64) -> bool {
        recent.is_first(&Look {
            site: site.to_owned(),
            thread: "/a".to_owned(),
            keys: vec![key.to_owned()],
            now: Timestamp(now),
        })
    }

    #[test]
    fn a_key_is_known_until_it_has_run_out_and_then_forgotten() {
        let recent = recent();
        for hour in 0..24 * 5 {
            let now = hour * DAY / 24;
            assert!(is_first(&recent, "faso", &format!("k{hour}"), now));
            recent.note("faso", &format!("k{hour}"), Timestamp(now + DAY));
            for alive in (hour - 23).max(0)..=hour {
                assert!(
                    !is_first(&recent, "faso", &format!("k{alive}"), now),
                    "{alive} at {hour}"
                );
            }
        }
        let forgotten = (0..48).filter(|hour| is_first(&recent, "faso", &format!("k{hour}"), DAY * 5));
        assert!(forgotten.count() >= 47);
    }

    #[test]
    fn what_was_never_noted_is_mostly_known_to_be_new() {
        let recent = recent();
        let keys: Vec<String> = (0..50_000).map(|number| format!("noted {number}")).collect();
        for key in &keys {
            recent.note("faso", key, Timestamp(DAY));
        }
        assert!(keys.iter().all(|key| !is_first(&recent, "faso", key, 0)));
        let asked = (0..10_000).filter(|number| !is_first(&recent, "faso", &format!("new {number}"), 0));
        let asked = asked.count();
        assert!(asked < 300, "{asked} of 10,000 asked in vain");
    }

    #[test]
    fn nothing_is_sure_too_early_or_of_another_thread_or_site() {
        let recent = recent();
        assert!(is_first(&recent, "faso", "new", 0));
        recent.note_open("sahel", "/a");
        recent.note("faso", "one", Timestamp(DAY));
        assert!(is_first(&recent, "sahel", "one", 0), "keys are a site's own");
        recent.forget_threads();
        assert!(!is_first(&recent, "sahel", "new", 0), "closed, perhaps");
        recent.note_open("faso", "/a");
        assert!(is_first(&recent, "faso", "new", 0));
        assert!(
            !is_first(&recent, "faso", "new", -1),
            "an earlier run may have stored it"
        );
    }

    #[test]
    fn threads_are_bounded() {
        let recent = recent();
        for number in 0..THREADS * 2 {
            recent.note_open("faso", &number.to_string());
            assert!(recent.known().open_threads.len() <= THREADS);
        }
    }
}
