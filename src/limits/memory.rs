//! Limits counted in this process: governor's GCRA over one bounded table.
//!
//! A bucket is kept as one number, the instant at which it will be full again (GCRA's theoretical
//! arrival time); a bucket that is full is not kept at all. governor does the arithmetic, on one bucket
//! at a time (`take_one`). It can neither look without charging nor forget under pressure, so the table
//! is ours: a decision locks the shards of all its buckets, in order, tries every bucket and writes only
//! if none refuses. So two requests never share a last unit.
//!
//! Keys are hashes with a seed of this process: no address is held in memory, and nobody can aim at a
//! collision. Under a flood of addresses the buckets nearest to full are forgotten first: those are the
//! flood's own (one unit each), while a bucket in trouble stays, and a newcomer is never refused for
//! want of space.

use std::{
    array,
    cell::Cell,
    collections::HashMap,
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};

use super::{
    action::Beyond,
    demand::{Bucket, Demand},
    quota::Rate,
    quotas::Quotas,
    refusal::{Outcome, Refusal},
};

/// Keys of all limits together: about 5 MB when full.
const MAX_KEYS: usize = 200_000;
const SHARDS: usize = 16;

/// The counts of this process.
pub struct Memory {
    quotas: Quotas,
    /// The time since a fixed instant.
    monotonic_now: Box<dyn Fn() -> Duration + Send + Sync>,
    seed: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

impl Memory {
    /// `quotas` are validated; `monotonic_now` is the time since any fixed instant.
    pub(super) fn new(quotas: &Quotas, monotonic_now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self {
            quotas: quotas.clone(),
            monotonic_now: Box::new(monotonic_now),
            seed: RandomState::new(),
            shards: array::from_fn(|_| Mutex::new(Shard::default())),
        }
    }

    pub(super) fn check(&self, demands: &[Demand<'_>]) -> Outcome {
        self.decide(demands, true)
    }

    pub(super) fn peek(&self, demands: &[Demand<'_>]) -> Outcome {
        self.decide(demands, false)
    }

    fn decide(&self, demands: &[Demand<'_>], charge: bool) -> Outcome {
        let places = self.places(demands);
        let mut shards = self.lock(&places);
        // read under the locks: no bucket holds a charge later than this
        let now = (self.monotonic_now)();
        let mut charges = Vec::with_capacity(places.len());
        let mut held = Vec::new();
        let mut refusal: Option<Refusal> = None;
        for place in places {
            let full_at = shards[place.shard]
                .as_deref()
                .and_then(|shard| shard.full_at(place.key));
            let until_full = full_at.unwrap_or_default().saturating_sub(now);
            match (take_one(place.bucket.rate, until_full), place.bucket.action.beyond()) {
                (Ok(until_full), _) => charges.push((place, now.saturating_add(until_full))),
                (Err(_), Beyond::Hold) => held.push(place.bucket.action),
                (Err(wait), Beyond::Refuse) => {
                    if refusal.is_none_or(|longest| longest.retry_after < wait) {
                        refusal = Some(refusal_of(&place.bucket, wait));
                    }
                }
            }
        }
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        if charge {
            for (place, full_at) in charges {
                if let Some(shard) = &mut shards[place.shard] {
                    shard.set(place.key, full_at, now);
                }
            }
        }
        held.sort_unstable();
        Ok(held)
    }

    /// Where the buckets of the demands are kept, each once.
    fn places<'a>(&self, demands: &[Demand<'a>]) -> Vec<Place<'a>> {
        let mut places: Vec<Place<'a>> = Vec::with_capacity(demands.len() + 1);
        for bucket in demands.iter().flat_map(|demand| demand.buckets(&self.quotas)) {
            let key = self.seed.hash_one((bucket.action, bucket.key));
            if places.iter().all(|place| place.key != key) {
                let [shard, ..] = key.to_be_bytes();
                places.push(Place {
                    shard: usize::from(shard) % SHARDS,
                    key,
                    bucket,
                });
            }
        }
        places
    }

    /// Locks the shards of these places, always the lowest first, so that no two decisions deadlock.
    fn lock(&self, places: &[Place<'_>]) -> [Option<MutexGuard<'_, Shard>>; SHARDS] {
        array::from_fn(|index| {
            let wanted = places.iter().any(|place| place.shard == index);
            wanted.then(|| lock_one(&self.shards[index]))
        })
    }

    /// Forgets full buckets and gives their memory back, one shard after the other.
    pub(super) fn sweep(&self) {
        let now = (self.monotonic_now)();
        for shard in &self.shards {
            let mut shard = lock_one(shard);
            shard.forget(now, Shard::MAX_KEYS);
            shard.give_back();
        }
    }

    pub(super) fn keys(&self) -> usize {
        self.shards.iter().map(|shard| lock_one(shard).0.len()).sum()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Memory")
            .field("quotas", &self.quotas)
            .finish_non_exhaustive()
    }
}

struct Place<'a> {
    shard: usize,
    key: u64,
    bucket: Bucket<'a>,
}

/// A shard is right after every statement, so that a panic elsewhere does not spoil it.
fn lock_one(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refusal_of(bucket: &Bucket<'_>, wait: Duration) -> Refusal {
    Refusal {
        action: bucket.action,
        wide: bucket.wide,
        retry_after: wait,
        burst: bucket.rate.burst.get(),
        refill: bucket.rate.refill(),
    }
}

/// A part of the table: hashed key -> nanoseconds of the instant at which its bucket is full again.
#[derive(Default)]
struct Shard(HashMap<u64, u64>);

impl Shard {
    const MAX_KEYS: usize = MAX_KEYS / SHARDS;

    fn full_at(&self, key: u64) -> Option<Duration> {
        self.0.get(&key).copied().map(Duration::from_nanos)
    }

    fn set(&mut self, key: u64, full_at: Duration, now: Duration) {
        if self.0.len() >= Self::MAX_KEYS && !self.0.contains_key(&key) {
            // an eighth at once, so that a flood pays one scan for many newcomers
            self.forget(now, Self::MAX_KEYS - Self::MAX_KEYS / 8);
        }
        self.0.insert(key, nanoseconds(full_at));
    }

    /// Forgets the buckets that are full and, if more than `at_most` are left, those nearest to full.
    ///
    /// The table is filled anew: removing one by one (`retain`) leaves marks behind that make it double
    /// in size at the next insertions.
    fn forget(&mut self, now: Duration, at_most: usize) {
        let now = nanoseconds(now);
        let not_full = |&(_, full_at): &(u64, u64)| full_at > now;
        let mut kept: Vec<(u64, u64)> = self.0.drain().filter(not_full).collect();
        let surplus = kept.len().saturating_sub(at_most);
        if surplus > 0 {
            kept.select_nth_unstable_by_key(surplus - 1, |&(_, full_at)| full_at);
        }
        self.0.extend(kept.into_iter().skip(surplus));
    }

    fn give_back(&mut self) {
        if self.0.capacity() > 4 * self.0.len() {
            self.0.shrink_to(2 * self.0.len());
        }
    }
}

/// Saturates after 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Takes one unit out of a bucket that would be full after `until_full`: `Ok` is the time until it is
/// full after that, `Err` the time until one unit is there.
fn take_one(rate: Rate, until_full: Duration) -> Result<Duration, Duration> {
    let quota = governor::Quota::per_hour(rate.per_hour).allow_burst(rate.burst);
    let bucket = OneBucket {
        until_full: Cell::new(until_full.into()),
    };
    let limiter: RateLimiter<_, _, _, NoOpMiddleware<Nanos>> = RateLimiter::new(quota, bucket, ThisInstant);
    match limiter.check() {
        Ok(()) => Ok(limiter.into_state_store().until_full.get().into()),
        Err(not_until) => Err(not_until.wait_time_from(ThisInstant.now())),
    }
}

/// The only state of a limiter that lives for one decision.
#[derive(Debug)]
struct OneBucket {
    until_full: Cell<Nanos>,
}

impl StateStore for OneBucket {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, until_full) = measure(Some(self.until_full.get()))?;
        self.until_full.set(until_full);
        Ok(outcome)
    }
}

/// Time stands still during a decision and counts from it, so that governor's instants are waits.
#[derive(Debug, Clone)]
struct ThisInstant;

impl Clock for ThisInstant {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(0)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{IpAddr, Ipv6Addr},
        sync::{
            Arc,
            atomic::{AtomicU64, AtomicUsize, Ordering},
        },
        thread,
    };

    use proptest::prelude::*;

    use super::*;
    use crate::{
        domain::address::ClientAddress,
        limits::{Action, Quota, table},
    };

    /// Nanoseconds, moved by hand.
    #[derive(Clone, Default)]
    struct FakeClock(Arc<AtomicU64>);

    impl FakeClock {
        fn set(&self, now: Duration) {
            self.0.store(nanoseconds(now), Ordering::SeqCst);
        }

        fn limiter(&self, quotas: &Quotas) -> Memory {
            let clock = self.clone();
            Memory::new(quotas, move || Duration::from_nanos(clock.0.load(Ordering::SeqCst)))
        }
    }

    impl Memory {
        /// Bytes of the tables: hashbrown keeps a power of two of slots, 7/8 of them usable, each an
        /// entry and one control byte.
        fn bytes(&self) -> usize {
            let slots = |shard| (lock_one(shard).0.capacity() * 8 / 7).next_power_of_two();
            self.shards.iter().map(slots).sum::<usize>() * (size_of::<(u64, u64)>() + 1)
        }
    }

    /// One unit for number `n` of 2^64 households: small numbers are in networks of their own, those
    /// that differ by 2^24 in one /48.
    fn by_household(action: Action, n: u64) -> Demand<'static> {
        let address = Ipv6Addr::from(u128::from(n.rotate_left(40)) << 64);
        Demand::by_address(action, ClientAddress::new(IpAddr::V6(address)))
    }

    #[test]
    fn every_story_of_the_table() {
        for (story, steps) in table::stories() {
            let clock = FakeClock::default();
            let memory = clock.limiter(&Quotas::default());
            table::run(story, steps, |second, demands| {
                clock.set(Duration::from_secs(second));
                let looked = memory.peek(demands);
                let outcome = memory.check(demands);
                assert_eq!(looked, outcome, "a look says what a check will");
                outcome
            });
        }
    }

    #[test]
    fn a_million_addresses_stay_bounded() {
        let clock = FakeClock::default();
        let memory = clock.limiter(&Quotas::default());
        // a reader who has used up the limit, and a site under a surge
        let (reader, site) = (by_household(Action::Submit, u64::MAX), Demand::by_site("gazette"));
        while memory.check(&[reader]).is_ok() {}
        while memory.check(&[site]) == Ok(Vec::new()) {}
        for n in 0..1_000_000 {
            let newcomer = by_household(Action::NewThread, n);
            assert_eq!(memory.check(&[newcomer]), Ok(Vec::new()), "newcomer {n}");
            if n % 10_000 == 0 {
                assert!(memory.keys() <= MAX_KEYS);
            }
        }
        let (keys, bytes) = (memory.keys(), memory.bytes());
        println!("{keys} keys, {bytes} bytes after a million addresses");
        assert!((MAX_KEYS * 7 / 8 - SHARDS..=MAX_KEYS).contains(&keys), "{keys} keys");
        assert!(bytes <= 5_000_000, "{bytes} bytes");
        // what is in trouble is not forgotten
        assert_eq!(
            memory.check(&[reader]).map_err(|refusal| refusal.action),
            Err(Action::Submit)
        );
        assert_eq!(memory.check(&[site]), Ok(vec![Action::SubmitSite]));

        // by then a newcomer's one unit is back; the reader and the site take longer
        clock.set(Duration::from_mins(3));
        memory.sweep();
        assert_eq!(memory.keys(), 2);
        assert!(memory.bytes() <= 10_000, "{} bytes", memory.bytes());
        clock.set(Duration::from_hours(1));
        memory.sweep();
        assert_eq!(memory.keys(), 0);
    }

    #[test]
    fn a_refused_request_takes_no_memory() {
        let memory = FakeClock::default().limiter(&Quotas::default());
        let exhausted = by_household(Action::Report, 1);
        while memory.check(&[exhausted]).is_ok() {}
        for n in 0..1_000 {
            let other = by_household(Action::Read, n);
            memory.check(&[other, exhausted]).unwrap_err();
            memory.peek(&[other]).unwrap();
        }
        assert_eq!(memory.keys(), 1);
    }

    #[test]
    fn the_last_unit_goes_to_one_request_only() {
        let quotas = Quotas {
            submit: Quota::new(100, 100),
            new_thread: Quota::new(150, 150),
            ..Quotas::default()
        };
        let memory = FakeClock::default().limiter(&quotas);
        let submit = |n| by_household(Action::Submit, n);
        let new_thread = by_household(Action::NewThread, 9);
        let passed = [AtomicUsize::new(0), AtomicUsize::new(0)];
        thread::scope(|scope| {
            for worker in 0..8 {
                let (memory, passed, who) = (&memory, &passed, worker % 2);
                scope.spawn(move || {
                    for _ in 0..100 {
                        // both orders, to try for a deadlock
                        let mut demands = [submit(who), new_thread];
                        demands.rotate_left(usize::from(worker > 3));
                        if memory.check(&demands).is_ok() {
                            passed[usize::from(who > 0)].fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        let [first, second] = passed.map(AtomicUsize::into_inner);
        assert_eq!(first + second, 150, "800 tries share the 150 units of the common limit");
        assert!(first <= 100 && second <= 100, "{first} and {second} of 100 each");
        // what was refused by the common limit was not charged to the own one
        for (who, used) in [(0, first), (1, second)] {
            let left = (0..100).take_while(|_| memory.check(&[submit(who)]).is_ok()).count();
            assert_eq!(left, 100 - used);
        }
    }

    fn any_quota() -> impl Strategy<Value = Quota> {
        let number = prop_oneof![1..=20_u32, 1..=Quota::MAX];
        (number.clone(), number.clone(), number.clone(), number).prop_map(|(burst, per_hour, more, faster)| {
            let wide_burst = burst.saturating_add(more).min(Quota::MAX);
            let wide_per_hour = per_hour.saturating_add(faster).min(Quota::MAX);
            Quota::new(burst, per_hour).with_wide(wide_burst, wide_per_hour)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The same request passes after `Retry-After` seconds and not a second earlier.
        #[test]
        fn retry_after_is_true(
            submit in any_quota(),
            new_thread in any_quota(),
            pauses in prop::collection::vec((0..4_u64, 0..20_000_000_000_u64), 1..200),
        ) {
            let quotas = Quotas { submit, new_thread, ..Quotas::default() };
            prop_assert_eq!(quotas.validate(), Ok(()));
            let clock = FakeClock::default();
            let memory = clock.limiter(&quotas);
            let mut now = Duration::ZERO;
            for (neighbour, pause) in pauses {
                now += Duration::from_nanos(pause);
                clock.set(now);
                // four households of one /48
                let demands = [Action::Submit, Action::NewThread]
                    .map(|action| by_household(action, neighbour << 24));
                let Err(refusal) = memory.check(&demands) else { continue };
                let seconds = refusal.retry_after_seconds();
                clock.set(now + Duration::from_secs(seconds));
                prop_assert_eq!(memory.peek(&demands), Ok(Vec::new()));
                clock.set(now + refusal.retry_after);
                prop_assert_eq!(memory.peek(&demands), Ok(Vec::new()));
                clock.set(now + Duration::from_secs(seconds - 1));
                prop_assert!(memory.peek(&demands).is_err());
                clock.set(now);
            }
        }

        /// Over any time, no more passes than the burst and what came back since.
        #[test]
        fn no_more_than_the_quota_passes(
            burst in 1..30_u32,
            per_hour in 1..10_000_u32,
            pauses in prop::collection::vec(0..10_000_u64, 1..300),
        ) {
            let quotas = Quotas { sign_in: Quota::new(burst, per_hour), ..Quotas::default() };
            let clock = FakeClock::default();
            let memory = clock.limiter(&quotas);
            let demand = by_household(Action::SignIn, 1);
            let (mut millis, mut passed) = (0, 0_u64);
            for pause in pauses {
                millis += pause;
                clock.set(Duration::from_millis(millis));
                passed += u64::from(memory.check(&[demand]).is_ok());
                let came_back = millis * u64::from(per_hour) / 3_600_000;
                prop_assert!(passed <= u64::from(burst) + came_back + 1);
            }
        }
    }
}
