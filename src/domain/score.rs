//! A score of humanity: 0 is certainly a machine, 1 is certainly a person, for every provider.
//!
//! Providers send float32 noise (`0.8999999761581421`), so a score is rounded to three decimals when it
//! arrives and kept as an integer of thousandths: comparisons with a cut are exact, and a value on a cut
//! belongs to the gentler side. Providers that count the other way are turned round by
//! [`Score::reversed`] where they are read.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Thousandths, 0..=1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u16);

impl Score {
    /// From thousandths; `None` outside 0..=1000.
    #[must_use]
    pub fn from_thousandths(value: i64) -> Option<Self> {
        u16::try_from(value).ok().filter(|v| *v <= 1000).map(Self)
    }

    /// From a provider's number, rounded to three decimals; `None` when it is no number in 0..=1.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
    pub fn from_provider(value: f64) -> Option<Self> {
        let thousandths = (value * 1000.0).round();
        (0.0..=1000.0)
            .contains(&thousandths)
            .then(|| Self::from_thousandths(thousandths as i64))
            .flatten()
    }

    /// From a person's number (HTTP, TOML, command line): 0..=1 with at most three decimals.
    #[must_use]
    pub fn from_decimal(value: f64) -> Option<Self> {
        let score = Self::from_provider(value)?;
        ((value * 1000.0 - f64::from(score.0)).abs() < 1e-6).then_some(score)
    }

    /// From a typed decimal such as `0.35` or `0,35`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().replace(',', ".").parse().ok().and_then(Self::from_decimal)
    }

    /// Thousandths, 0..=1000, as stored.
    #[must_use]
    pub fn thousandths(self) -> i64 {
        i64::from(self.0)
    }

    /// The decimal, 0..=1.
    #[must_use]
    pub fn decimal(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// 1 − h, for providers whose 1 is a machine.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self(1000 - self.0)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(f)
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.decimal())
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::from_decimal(value)
            .ok_or_else(|| D::Error::custom("expected a decimal from 0 to 1 with at most three places"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_noise_is_rounded_away() {
        for (raw, text) in [
            (0.899_999_976_158_142_1, "0.9"),
            (f64::from(0.1_f32), "0.1"),
            (f64::from(0.3_f32), "0.3"),
            (f64::from(0.7_f32), "0.7"),
            (0.0, "0"),
            (1.0, "1"),
        ] {
            assert_eq!(Score::from_provider(raw).map(|s| s.to_string()).as_deref(), Some(text));
        }
        for raw in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            assert_eq!(Score::from_provider(raw), None);
        }
    }

    #[test]
    fn typed_decimals_have_three_places_at_most() {
        assert_eq!(Score::parse("0,35").map(Score::thousandths), Some(350));
        assert_eq!(Score::parse(" 1 ").map(Score::thousandths), Some(1000));
        assert_eq!(Score::parse("0.3501"), None);
        assert_eq!(Score::parse("1.001"), None);
        assert_eq!(Score::parse(""), None);
        assert_eq!(
            Score::from_thousandths(300).map(Score::reversed),
            Score::from_thousandths(700)
        );
    }
}
