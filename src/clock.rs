//! Time and the randomness of ids, as inputs.
//!
//! Everything that asks what time it is, or makes an id, asks a [`Clock`]. Tests hold one that stands
//! still until they move it. Secrets, tokens and salts never come from here: they come from the operating
//! system ([`random_bytes`]); what need only be unpredictable, from a generator that it seeds ([`below`],
//! [`draw`]).

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rand::{RngExt as _, TryRng, rngs::SysRng};
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;

/// The wall clock and the source of ids.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// A test's: stands still until [`ManualClock::advance`]; ids count up.
    Manual(Arc<ManualClock>),
}

/// A clock that a test moves.
#[derive(Debug)]
pub struct ManualClock {
    now_ms: AtomicI64,
    ids: AtomicU64,
}

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            now_ms: AtomicI64::new(now.0),
            ids: AtomicU64::new(0),
        })
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        self.now_ms
            .fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            ),
            Self::Manual(clock) => Timestamp(clock.now_ms.load(Ordering::SeqCst)),
        }
    }

    /// A new UUID v7 of the clock's time: ids sort as they were made.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        match self {
            Self::System => Uuid::now_v7(),
            Self::Manual(clock) => {
                let count = clock.ids.fetch_add(1, Ordering::SeqCst);
                let millis = u64::try_from(self.now().0).unwrap_or(0);
                let mut bytes = [0_u8; 10];
                bytes[2..].copy_from_slice(&count.to_be_bytes());
                uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
            }
        }
    }
}

/// `N` bytes from the operating system.
///
/// # Panics
/// When the system has no randomness to give: the process stops rather than go on with secrets that can
/// be guessed.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "no secret can be made without the system's randomness"
)]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .expect("the operating system gives random bytes");
    bytes
}

/// A number in `0..end`, uniform, by a cryptographic generator of the process: no call of the system. `end` is
/// at least 1.
#[must_use]
pub fn below(end: u64) -> u64 {
    rand::rng().random_range(0..end)
}

/// A draw for exploration, uniform in 0..=999999.
#[must_use]
pub fn draw() -> i64 {
    i64::try_from(below(1_000_000)).unwrap_or(0)
}
