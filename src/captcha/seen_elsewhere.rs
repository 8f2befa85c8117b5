//! Whether the same long text came under another article of the site within a day.
//!
//! Invariant: only digests are kept, ten thousand at most, on this instance only; a short text
//! ("Merci !") is said under many articles and never counts. The oldest go first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{domain::timestamp::Timestamp, keys::sha256_hex};

/// How long a text is remembered.
const LIFE: Duration = Duration::from_hours(24);
/// Texts remembered at most, over all sites.
const TEXTS_MAX: usize = 10_000;
/// Shorter texts never count, characters.
const LENGTH_MIN: usize = 40;

/// The texts of a day.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Digest of site and text -> digest of the thread it first came under, and when.
    texts: HashMap<String, (String, Timestamp)>,
    oldest_first: VecDeque<String>,
}

impl Bodies {
    /// Whether `body` came under another thread of `site` within 24 hours; remembers it. Call it once for
    /// a submission.
    pub(super) fn seen_elsewhere(&self, site: &str, thread: &str, body: &str, now: Timestamp) -> bool {
        if body.chars().nth(LENGTH_MIN - 1).is_none() {
            return false;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.note(
            sha256_hex(format!("{site}\n{body}").as_bytes()),
            sha256_hex(thread.as_bytes()),
            now,
        )
    }
}

impl Seen {
    fn note(&mut self, text: String, thread: String, now: Timestamp) -> bool {
        if let Some((first, at)) = self.texts.get_mut(&text) {
            if now < at.plus(LIFE) {
                return *first != thread;
            }
            (*first, *at) = (thread, now);
            return false;
        }
        if self.texts.len() >= TEXTS_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.texts.remove(&oldest);
        }
        self.oldest_first.push_back(text.clone());
        self.texts.insert(text, (thread, now));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_under_another_article_is_seen_for_a_day() {
        let bodies = Bodies::default();
        let (start, hour) = (Timestamp(1_764_000_000_000), Duration::from_hours(1));
        let long = "Une montre de luxe au prix le plus bas du marché";
        let seen = |site, thread, body, at| bodies.seen_elsewhere(site, thread, body, at);
        assert!(!seen("faso", "/a", long, start));
        assert!(!seen("faso", "/a", long, start.plus(hour)), "the same article");
        assert!(seen("faso", "/b", long, start.plus(hour)));
        assert!(!seen("sahel", "/b", long, start.plus(hour)), "another site");
        assert!(!seen("faso", "/b", long, start.plus(hour * 24)), "a day later");
        for thread in ["/a", "/b"] {
            assert!(!seen("faso", thread, "Merci !", start), "too short to count");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut seen, now) = (Seen::default(), Timestamp(0));
        for number in 0..=TEXTS_MAX {
            seen.note(number.to_string(), "a".to_owned(), now);
        }
        assert_eq!((seen.texts.len(), seen.oldest_first.len()), (TEXTS_MAX, TEXTS_MAX));
        assert!(!seen.note("0".to_owned(), "b".to_owned(), now), "the oldest went");
        assert!(seen.note("2".to_owned(), "b".to_owned(), now));
    }
}
