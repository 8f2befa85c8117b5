//! How well a site's check holds: what it answered, why it did not, how long it was waited for.
//!
//! The store gives plain counts ([`VerdictCount`], [`WaitCount`]); here they become a [`Tally`], a
//! [`Standing`] and the share of a cause. Invariant: a provider that says no, or that is shown no
//! token, did its work; only what the provider or our own set-up owes counts as a failure. A new verdict
//! class gets its arm in [`Tally::add`], a new detail of one its side in [`Side::of`].

use std::collections::BTreeMap;

use super::{timestamp::Timestamp, word::words};

/// Comments that our own set-up kept from being checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misconfiguration {
    pub count: i64,
    /// What the provider named, of the newest.
    pub detail: String,
    /// When the newest came.
    pub at: Timestamp,
}

/// What is wrong with the set-up of a site now.
#[derive(Debug, Clone, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Fault {
    /// The provider did not accept our configuration within the last hour.
    Misconfigured(Misconfiguration),
    /// The secret is a vendor's published one, which accepts anything.
    TestKey,
    /// Nobody who may has vouched for the address of the check, which is therefore not used.
    AddressUnvouched,
    /// So many deliveries were given up within the last week.
    Undelivered(i64),
}

impl Fault {
    /// The word used in JSON.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.into_str()
    }
}

/// Comments of one provider, day, verdict class and detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictCount {
    pub provider: String,
    /// Days since 1970-01-01, in UTC.
    pub day: i64,
    /// As [`super::verdict::Verdict::class`].
    pub verdict: String,
    /// As [`super::verdict::Verdict::detail`].
    pub detail: Option<String>,
    pub count: i64,
}

/// Comments of one provider and day whose check took about as long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitCount {
    pub provider: String,
    /// Days since 1970-01-01, in UTC.
    pub day: i64,
    /// How long the provider was waited for, milliseconds, rounded down to tens; 10,000 and more is 10,000.
    pub wait_ms: i64,
    pub count: i64,
}

/// Comments by what their check came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub total: i64,
    /// A score, a yes or a no.
    pub answered: i64,
    /// No token that counts, or a check that never ran: nothing to ask the provider about.
    pub without_token: i64,
    /// The provider gave no usable answer.
    pub unavailable: i64,
    /// Our own set-up was wrong.
    pub misconfigured: i64,
    /// The site asked no check.
    pub unchecked: i64,
}

impl Tally {
    /// Counts `count` comments of a verdict class; a class of a later build counts in the total alone.
    pub fn add(&mut self, verdict: &str, count: i64) {
        self.total += count;
        match verdict {
            "scored" | "passed" | "failed" => self.answered += count,
            "bad_token" | "not_run" => self.without_token += count,
            "unavailable" => self.unavailable += count,
            "misconfigured" => self.misconfigured += count,
            "off" => self.unchecked += count,
            _ => {}
        }
    }

    /// Checks that the provider or our set-up failed.
    #[must_use]
    pub fn failed(&self) -> i64 {
        self.unavailable + self.misconfigured
    }

    /// How the check stands by these figures.
    #[must_use]
    pub fn standing(&self) -> Standing {
        /// Up to this share of failures, in per cent, is what any network does.
        const TOLERATED: i64 = 2;
        if self.total - self.unchecked == 0 {
            Standing::Unseen
        } else if self.answered == 0 {
            Standing::Down
        } else if self.failed() * 100 > (self.total - self.unchecked) * TOLERATED
            || self.answered * 2 < self.total - self.unchecked
        {
            Standing::Partly
        } else {
            Standing::Works
        }
    }
}

/// Whether the check does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Standing {
    /// Nothing was checked in the period.
    Unseen,
    /// Nearly every check was answered.
    Works,
    /// More than 2 % failed, or fewer than half of the comments came with an answer.
    Partly,
    /// Not one comment got an answer.
    Down,
}

words!(Standing);

/// Where the cause of a missing answer lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Side {
    /// In the reader's browser, or with a slow writer: nobody's fault.
    Reader,
    /// With whoever sent a token that is not of this form.
    Sender,
    Provider,
    /// In our own set-up.
    Ours,
}

words!(Side);

impl Side {
    /// The side of a verdict class and its detail; `None` where there was an answer, or none was asked.
    #[must_use]
    pub fn of(verdict: &str, detail: Option<&str>) -> Option<Self> {
        match (verdict, detail) {
            ("misconfigured", _) | ("bad_token", Some("wrong_host")) | ("unavailable", Some("quota")) => {
                Some(Self::Ours)
            }
            ("unavailable", _) => Some(Self::Provider),
            ("bad_token", Some("malformed" | "foreign" | "wrong_action" | "wrong_site")) => Some(Self::Sender),
            ("bad_token" | "not_run", _) => Some(Self::Reader),
            _ => None,
        }
    }
}

/// How long a provider was waited for, milliseconds in steps of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// Checks that were timed.
    pub count: i64,
    /// Half of them took at most as long.
    pub p50_ms: i64,
    /// 95 of 100 took at most as long.
    pub p95_ms: i64,
}

/// Both quantiles (nearest rank) of counted waits; `None` where nobody was waited for.
pub fn waits<'a>(counts: impl IntoIterator<Item = &'a WaitCount>) -> Option<Waits> {
    let mut by_wait: BTreeMap<i64, i64> = BTreeMap::new();
    for wait in counts {
        *by_wait.entry(wait.wait_ms).or_default() += wait.count;
    }
    let count: i64 = by_wait.values().sum();
    let quantile = |percent: i64| {
        let mut before = 0;
        by_wait
            .iter()
            .find(|(_, waited)| {
                before += **waited;
                before * 100 >= percent * count
            })
            .map(|(wait_ms, _)| *wait_ms)
    };
    Some(Waits {
        count,
        p50_ms: quantile(50)?,
        p95_ms: quantile(95)?,
    })
}

/// `part` of `whole` in thousandths, rounded to the nearest; 0 of nothing.
#[must_use]
pub fn share(part: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 0;
    }
    (part.saturating_mul(1000) + whole / 2) / whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(verdicts: &[(&str, i64)]) -> Tally {
        let mut tally = Tally::default();
        for (verdict, count) in verdicts {
            tally.add(verdict, *count);
        }
        tally
    }

    #[test]
    fn a_check_stands_by_its_answers() {
        for (verdicts, expected) in [
            (&[][..], Standing::Unseen),
            (&[("off", 9)], Standing::Unseen),
            (&[("scored", 1)], Standing::Works),
            (&[("failed", 1), ("off", 500)], Standing::Works),
            (&[("passed", 98), ("unavailable", 2)], Standing::Works),
            (
                &[("scored", 97), ("unavailable", 2), ("misconfigured", 1)],
                Standing::Partly,
            ),
            (&[("scored", 5), ("not_run", 3), ("bad_token", 2)], Standing::Works),
            (&[("scored", 4), ("not_run", 4), ("bad_token", 1)], Standing::Partly),
            (&[("misconfigured", 3)], Standing::Down),
            (&[("bad_token", 3)], Standing::Down),
        ] {
            assert_eq!(tally(verdicts).standing(), expected, "{verdicts:?}");
        }
        let tally = tally(&[
            ("scored", 2),
            ("unavailable", 3),
            ("misconfigured", 4),
            ("of tomorrow", 5),
        ]);
        assert_eq!((tally.total, tally.answered, tally.failed()), (14, 2, 7));
    }

    #[test]
    fn each_cause_has_its_side() {
        use crate::domain::verdict::{BadToken, NotRun, Verdict, Why};
        let host = Verdict::BadToken(BadToken::WrongHost(String::new()));
        for (verdict, expected) in [
            (Verdict::Off, None),
            (Verdict::Binary { pass: false }, None),
            (Verdict::BadToken(BadToken::Missing), Some(Side::Reader)),
            (Verdict::BadToken(BadToken::Expired), Some(Side::Reader)),
            (Verdict::BadToken(BadToken::Malformed), Some(Side::Sender)),
            (
                Verdict::BadToken(BadToken::WrongAction(String::new())),
                Some(Side::Sender),
            ),
            (host, Some(Side::Ours)),
            (Verdict::NotRun(NotRun::Blocked), Some(Side::Reader)),
            (Verdict::Misconfigured("x".to_owned()), Some(Side::Ours)),
            (Verdict::Unavailable(Why::Timeout), Some(Side::Provider)),
            (Verdict::Unavailable(Why::Quota), Some(Side::Ours)),
        ] {
            assert_eq!(Side::of(verdict.class(), verdict.detail()), expected, "{verdict:?}");
        }
    }

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let wait = |wait_ms, count| WaitCount {
            provider: "recaptcha_v3".to_owned(),
            day: 0,
            wait_ms,
            count,
        };
        assert_eq!(waits(&[]), None);
        let one = waits(&[wait(120, 1)]).expect("one");
        assert_eq!((one.count, one.p50_ms, one.p95_ms), (1, 120, 120));
        let many = waits(&[wait(3000, 5), wait(100, 50), wait(200, 45)]).expect("many");
        assert_eq!((many.count, many.p50_ms, many.p95_ms), (100, 100, 200));
        let slow = waits(&[wait(100, 49), wait(200, 45), wait(3000, 6)]).expect("many");
        assert_eq!((slow.p50_ms, slow.p95_ms), (200, 3000));
    }

    #[test]
    fn shares_are_rounded_and_never_divide_by_nothing() {
        assert_eq!(
            [share(0, 0), share(1, 3), share(2, 3), share(5, 5)],
            [0, 333, 667, 1000]
        );
    }
}
