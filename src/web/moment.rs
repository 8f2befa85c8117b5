//! Points in time as pages show them: an absolute date in words from the server, in the site's time zone
//! (else UTC) and saying so; the scripts replace it by the reader's own.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::texts::{Arg, text};
use crate::domain::language::Language;

/// A point in time, ready for `<time datetime>`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// RFC 3339 in UTC, whole seconds: `2026-11-24T10:42:05Z`.
    pub iso: String,
    /// Date and time in words: `24 novembre 2026 à 10:42 UTC`.
    pub long: String,
    /// The date alone: `24 novembre 2026`.
    pub date: String,
    /// The time of day alone: `10:42 UTC`.
    pub time: String,
}

impl Moment {
    /// From Unix milliseconds, in UTC; out of range (about the years -9999 to 9999) gives empty strings.
    #[must_use]
    pub fn new(language: Language, unix_milliseconds: i64) -> Self {
        Self::in_zone(language, unix_milliseconds, &TimeZone::UTC)
    }

    /// The same in the time zone of a site.
    #[must_use]
    pub fn in_zone(language: Language, unix_milliseconds: i64, zone: &TimeZone) -> Self {
        let Ok(timestamp) = Timestamp::from_millisecond(unix_milliseconds) else {
            return Self::default();
        };
        let zoned = timestamp.to_zoned(zone.clone());
        let month = text(language, &format!("month-{}", zoned.month()), &[]);
        let date = text(
            language,
            "date-long",
            &[
                ("day", zoned.day().to_string().into()),
                ("month", month.into()),
                ("year", zoned.year().to_string().into()),
            ],
        );
        let time = zoned.strftime("%H:%M %Z").to_string();
        let long = text(
            language,
            "date-and-time",
            &[("date", Arg::Text(date.clone())), ("time", Arg::Text(time.clone()))],
        );
        Self {
            iso: timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            long,
            date,
            time,
        }
    }
}

/// How long ago `then` is at `now`, both in Unix milliseconds, in one unit: « il y a 12 min »; under a minute, or
/// ahead by a clock that is off, « à l’instant ».
#[must_use]
pub fn ago(language: Language, then: i64, now: i64) -> String {
    const MINUTE: i64 = 60 * 1000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let age = now.saturating_sub(then);
    let (key, count) = match age {
        ..MINUTE => return text(language, "ago-now", &[]),
        MINUTE..HOUR => ("ago-minutes", age / MINUTE),
        HOUR..DAY => ("ago-hours", age / HOUR),
        _ => match age / DAY {
            days @ ..14 => ("ago-days", days),
            days @ 14..61 => ("ago-weeks", days / 7),
            days @ 61..730 => ("ago-months", days * 12 / 365),
            days => ("ago-years", days / 365),
        },
    };
    text(language, key, &[("count", count.into())])
}
