//! First pages of threads as JSON, kept for the next reader of the same page.
//!
//! A page is kept with its thread's content version, which every change that a reader can see raises:
//! a comment that was withdrawn is in no answer any more, and no other instance has to be told. Further
//! pages are not kept, because the asker chooses where they begin. All of it may be lost at any time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::body::Bytes;
use uuid::Uuid;

/// All pages together at most; then all are forgotten, and each costs one reader the queries again.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Which page: the thread, the comments on a page, newest first or oldest.
pub(crate) type PageKey = (Uuid, i64, bool);

/// The pages of one process.
#[derive(Debug, Default)]
pub(crate) struct ThreadCache(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    by_key: HashMap<PageKey, (i64, Bytes)>,
    /// Of all pages together.
    bytes: usize,
}

impl ThreadCache {
    /// The page as of that content version.
    pub(crate) fn get(&self, key: PageKey, version: i64) -> Option<Bytes> {
        let pages = self.pages();
        let (kept, page) = pages.by_key.get(&key)?;
        (*kept == version).then(|| page.clone())
    }

    /// Keeps the page in place of an earlier version. The version was read before the page's comments.
    pub(crate) fn keep(&self, key: PageKey, version: i64, page: Bytes) {
        let mut pages = self.pages();
        if pages.bytes + page.len() > BYTES_MAX {
            *pages = Pages::default();
        }
        pages.bytes += page.len();
        if let Some((_, earlier)) = pages.by_key.insert(key, (version, page)) {
            pages.bytes -= earlier.len();
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_given_for_its_own_version_only() {
        let kept = ThreadCache::default();
        let key = (Uuid::nil(), 20, true);
        kept.keep(key, 3, Bytes::from_static(b"three"));
        assert_eq!(kept.get(key, 3).as_deref(), Some(&b"three"[..]));
        assert_eq!(kept.get(key, 4), None);
        assert_eq!(kept.get((Uuid::nil(), 20, false), 3), None);
        kept.keep(key, 4, Bytes::from_static(b"four!"));
        assert_eq!(kept.get(key, 3), None);
        assert_eq!(kept.pages().bytes, 5);
    }

    #[test]
    fn a_million_pages_stay_within_bounds() {
        let kept = ThreadCache::default();
        let page = Bytes::from(vec![b'x'; 1000]);
        for number in 0..1_000_000 {
            kept.keep((Uuid::from_u128(number), 20, true), 1, page.clone());
            assert!(kept.pages().bytes <= BYTES_MAX);
        }
        assert!(kept.pages().by_key.len() <= BYTES_MAX / 1000);
    }
}
