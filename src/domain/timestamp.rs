//! Points in time, as the store keeps them: Unix milliseconds in one integer.
//!
//! Text times sort wrongly on SQLite, so RFC 3339 exists only at the HTTP edge ([`Timestamp::to_rfc3339`]).

use std::time::Duration;

use serde::{Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `duration` later; saturates at the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The instant `duration` earlier; saturates.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Milliseconds from `earlier` to `self`, negative when `earlier` is later.
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 in UTC with milliseconds only where there are any: `2026-11-24T15:04:05Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| self.0.to_string(), |time| time.to_string())
    }

    /// Whole seconds in UTC without signs, as `20261130T014700Z`: for names of files.
    #[must_use]
    pub fn in_file_name(self) -> String {
        Self(self.0.saturating_sub(self.0.rem_euclid(1000)))
            .to_rfc3339()
            .replace(['-', ':'], "")
    }

    /// Parses RFC 3339; `None` when it is anything else.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|time| Self(time.as_millisecond()))
    }

    /// The year and month in UTC, as `2026-11`: the life of a client-key salt.
    #[must_use]
    pub fn month(self) -> String {
        self.to_rfc3339().chars().take(7).collect()
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_both_ways() {
        let time = Timestamp(1_764_000_000_000);
        assert_eq!(time.to_rfc3339(), "2025-11-24T16:00:00Z");
        assert_eq!(Timestamp::parse_rfc3339("2025-11-24T16:00:00Z"), Some(time));
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
        assert_eq!(time.month(), "2025-11");
        assert_eq!(Timestamp(1_764_000_000_020).to_rfc3339(), "2025-11-24T16:00:00.02Z");
        assert_eq!(Timestamp(1_764_000_000_020).in_file_name(), "20251124T160000Z");
    }
}
