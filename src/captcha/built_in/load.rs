//! How hard a challenge of the built-in check is: harder while a site hands out very many.
//!
//! A flood pays up to eight times as much for each proof, and so does a reader meanwhile, whose proof is
//! made while they write. Invariant: the work grows by more derivations and not by dearer ones, so
//! that making and checking a challenge costs us the same at any load; one site's flood costs no other
//! site's readers; what is kept is a few numbers a site, on this instance only.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::domain::timestamp::Timestamp;

/// Challenges a minute up to which the work is the plain one; each doubling doubles it.
const CALM_PER_MINUTE: u32 = 300;
/// The hardest is that many times the plain one.
const HARDEST: u32 = 8;
/// The minute is counted in spans of ten seconds.
const SPAN_MS: i64 = 10_000;
const SPANS: usize = 6;

/// Challenges handed out by site.
#[derive(Debug, Default)]
pub(super) struct Load {
    sites: Mutex<HashMap<String, Minute>>,
}

/// The last six spans with how many each has.
#[derive(Debug, Default)]
struct Minute([(i64, u32); SPANS]);

impl Load {
    /// Counts one challenge of a site that exists and gives how many times the plain work it takes: 1, 2,
    /// 4 or 8.
    pub(super) fn next(&self, site: &str, now: Timestamp) -> u32 {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(minute) = sites.get_mut(site) {
            return minute.next(now);
        }
        sites.entry(site.to_owned()).or_default().next(now)
    }
}

impl Minute {
    fn next(&mut self, now: Timestamp) -> u32 {
        let number = now.0.div_euclid(SPAN_MS);
        // The remainder is below the number of spans.
        let slot = usize::try_from(number.rem_euclid(6)).unwrap_or(0);
        if let Some(span) = self.0.get_mut(slot) {
            if span.0 != number {
                *span = (number, 0);
            }
            span.1 = span.1.saturating_add(1);
        }
        let handed_out = self
            .0
            .iter()
            .filter(|(at, _)| (number - 5..=number).contains(at))
            .fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        let mut times = 1;
        while times < HARDEST && handed_out > CALM_PER_MINUTE * times {
            times *= 2;
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_makes_the_work_harder_and_a_calm_minute_ends_it() {
        let (load, start) = (Load::default(), Timestamp(1_764_000_000_000));
        let hand_out = |count: u32, at: Timestamp| (0..count).map(|_| load.next("faso", at)).last();
        assert_eq!(hand_out(300, start), Some(1));
        assert_eq!(hand_out(1, start), Some(2));
        assert_eq!(hand_out(299, start), Some(2));
        assert_eq!(hand_out(1, start.plus(Duration::from_secs(30))), Some(4));
        assert_eq!(hand_out(600, start.plus(Duration::from_secs(59))), Some(8));
        assert_eq!(
            hand_out(5_000, start.plus(Duration::from_secs(59))),
            Some(8),
            "never more"
        );
        assert_eq!(load.next("sahel", start), 1, "another site's readers pay nothing");
        assert_eq!(load.next("faso", start.plus(Duration::from_mins(3))), 1);
    }
}
