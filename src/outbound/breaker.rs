//! When not to call a host: what keeps a dead one from costing every reader three seconds.
//!
//! A [`Breaker`] is asked before a call and told of its end; it knows neither the host nor the clock, and
//! calls nothing. Invariant: an answer, whatever it says, is no failure; a host that keeps failing is
//! called at most once every 30 s until it answers; a call whose end is never told blocks nobody for longer
//! than that.

use std::time::{Duration, Instant};

/// Stops calling a host that keeps failing: after five failures in a row, or more than 30 % of at least
/// ten calls within 60 s, none for 30 s; then one call every 30 s tries again until one succeeds.
#[derive(Debug, Default)]
pub struct Breaker {
    in_a_row: u32,
    /// Calls and failures of the last six spans of ten seconds.
    spans: [Span; 6],
    /// Closed to all but one call from then on.
    next_probe: Option<Instant>,
    started: Option<Instant>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Span {
    number: u64,
    calls: u32,
    failures: u32,
}

impl Breaker {
    const OPEN: Duration = Duration::from_secs(30);

    /// Whether the host may be called now. A `true` while open is the one probe; whoever takes it must
    /// call, and should it be lost, the next one is due 30 s later all the same.
    pub fn admits(&mut self, now: Instant) -> bool {
        match self.next_probe {
            None => true,
            Some(due) if now < due => false,
            Some(_) => {
                self.next_probe = Some(now + Self::OPEN);
                true
            }
        }
    }

    /// Whether calls stop but for the probe.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.next_probe.is_some()
    }

    /// Whether a call would not be admitted now.
    #[must_use]
    pub fn rests(&self, now: Instant) -> bool {
        self.next_probe.is_some_and(|due| now < due)
    }

    /// Counts the end of a call. `answered` means that the host did its work, whatever it said.
    /// Returns whether the breaker opened or closed by it.
    pub fn record(&mut self, now: Instant, answered: bool) -> bool {
        let was_open = self.next_probe.is_some();
        if answered && was_open {
            *self = Self::default();
        }
        let number = now.duration_since(*self.started.get_or_insert(now)).as_secs() / 10;
        // The remainder is below the number of spans.
        let slot = usize::try_from(number % 6).unwrap_or(0);
        if let Some(span) = self.spans.get_mut(slot) {
            if span.number != number {
                *span = Span {
                    number,
                    ..Span::default()
                };
            }
            span.calls += 1;
            span.failures += u32::from(!answered);
        }
        self.in_a_row = if answered { 0 } else { self.in_a_row + 1 };
        if !answered && !was_open && (self.in_a_row >= 5 || self.fails_too_often(number)) {
            self.next_probe = Some(now + Self::OPEN);
        }
        was_open != self.next_probe.is_some()
    }

    fn fails_too_often(&self, now: u64) -> bool {
        let (calls, failures) = self
            .spans
            .iter()
            .filter(|span| span.number + 6 > now)
            .fold((0, 0), |(calls, failures), span| {
                (calls + span.calls, failures + span.failures)
            });
        calls >= 10 && failures * 10 > calls * 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_open_the_breaker_and_a_probe_closes_it() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut breaker = Breaker::default();
        for second in 0..5 {
            assert!(breaker.admits(at(second)));
            assert_eq!(breaker.record(at(second), false), second == 4);
            assert_eq!(breaker.is_open(), second == 4);
        }
        assert!(!breaker.admits(at(5)) && !breaker.admits(at(33)));
        assert!(breaker.admits(at(34)), "the probe");
        assert!(!breaker.admits(at(34)), "nobody else");
        assert!(!breaker.record(at(35), false));
        assert!(!breaker.admits(at(63)));
        assert!(breaker.admits(at(64)), "the next probe");
        assert!(breaker.record(at(65), true), "closed");
        assert!(breaker.admits(at(65)) && breaker.admits(at(65)));
    }

    #[test]
    fn a_third_of_the_calls_within_a_minute_opens_it_too() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut breaker = Breaker::default();
        for second in 0..7 {
            breaker.record(at(second), true);
        }
        for second in 7..10 {
            breaker.record(at(second), false);
        }
        assert!(breaker.admits(at(10)), "30 % is not more than 30 %");
        breaker.record(at(10), true);
        breaker.record(at(10), false);
        assert!(!breaker.admits(at(11)), "4 of 12");

        let mut forgetful = Breaker::default();
        for second in 0..4 {
            forgetful.record(at(second), false);
        }
        for second in 70..80 {
            forgetful.record(at(second), true);
        }
        forgetful.record(at(81), false);
        assert!(forgetful.admits(at(82)), "what is older than a minute does not count");
    }
}
