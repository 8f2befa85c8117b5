//! The limit of one action: how many units at once, and how many come back in an hour.

use std::{num::NonZeroU32, time::Duration};

use serde::Deserialize;

/// The limit of one action: `{ burst = 10, per_hour = 20 }`, for most addresses with the same again for
/// the wide network. All numbers are 1..=1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Units at once after a pause.
    pub burst: NonZeroU32,
    /// Units that come back in an hour.
    pub per_hour: NonZeroU32,
    /// The burst of the wide network (IPv4 /24, IPv6 /48); absent = no limit there.
    pub wide_burst: Option<NonZeroU32>,
    /// The units an hour of the wide network; given with `wide_burst`.
    pub wide_per_hour: Option<NonZeroU32>,
}

impl Quota {
    /// Keeps every refill time far inside 64 bits of nanoseconds.
    pub(super) const MAX: u32 = 1_000_000;

    /// A quota without a wide one. Zero counts as one.
    #[must_use]
    pub const fn new(burst: u32, per_hour: u32) -> Self {
        let (burst, per_hour) = (at_least_one(burst), at_least_one(per_hour));
        Self {
            burst,
            per_hour,
            wide_burst: None,
            wide_per_hour: None,
        }
    }

    /// The same with a limit of the wide network. Zero counts as one.
    #[must_use]
    pub const fn with_wide(self, wide_burst: u32, wide_per_hour: u32) -> Self {
        let (burst, per_hour) = (at_least_one(wide_burst), at_least_one(wide_per_hour));
        Self {
            wide_burst: Some(burst),
            wide_per_hour: Some(per_hour),
            ..self
        }
    }

    /// How long the empty bucket takes to fill: the time in which `burst` units are allowed.
    #[must_use]
    pub fn window(self) -> Duration {
        self.narrow().refill()
    }

    /// The burst of the wide network and the time in which its empty bucket fills; `None`: no limit there.
    #[must_use]
    pub fn wide_window(self) -> Option<(u32, Duration)> {
        self.wide().map(|rate| (rate.burst.get(), rate.refill()))
    }

    /// The rate of the narrow network, e-mail or site.
    pub(super) fn narrow(self) -> Rate {
        Rate {
            burst: self.burst,
            per_hour: self.per_hour,
        }
    }

    /// The rate of the wide network, where there is one.
    pub(super) fn wide(self) -> Option<Rate> {
        let both = self.wide_burst.zip(self.wide_per_hour);
        both.map(|(burst, per_hour)| Rate { burst, per_hour })
    }

    /// Checks what the types do not; only an action counted by address may have a wide limit.
    pub(super) fn validate(self, by_address: bool) -> Result<(), String> {
        let fields = [
            ("burst", Some(self.burst)),
            ("per_hour", Some(self.per_hour)),
            ("wide_burst", self.wide_burst),
            ("wide_per_hour", self.wide_per_hour),
        ];
        for (field, value) in fields {
            if value.is_some_and(|value| value.get() > Self::MAX) {
                return Err(format!("{field} is over {}", Self::MAX));
            }
            if value.is_some() && field.starts_with("wide") && !by_address {
                return Err(format!("{field} is set, but only addresses have a wide network"));
            }
        }
        match (self.wide_burst, self.wide_per_hour) {
            (Some(_), None) => Err("wide_per_hour is missing beside wide_burst".to_owned()),
            (None, Some(_)) => Err("wide_burst is missing beside wide_per_hour".to_owned()),
            (Some(wide), _) if wide < self.burst => Err("wide_burst is under burst".to_owned()),
            (_, Some(wide)) if wide < self.per_hour => Err("wide_per_hour is under per_hour".to_owned()),
            _ => Ok(()),
        }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// A bucket of `burst` units that gains `per_hour` units an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) burst: NonZeroU32,
    pub(super) per_hour: NonZeroU32,
}

impl Rate {
    /// How long an empty bucket takes to fill.
    pub(super) fn refill(self) -> Duration {
        Duration::from_hours(1) * self.burst.get() / self.per_hour.get()
    }
}
