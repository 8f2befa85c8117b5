//! What the comments of a site say about its cuts: counts per level, and how sure a share is.
//!
//! Figures come from [`LevelCounts`] rows of the store. A share is always shown with its Wilson 95 %
//! interval (Brown, Cai, `DasGupta`, Statistical Science 16(2), 2001): the plain normal interval covers
//! 60 % instead of 95 % at the sizes a level has here.

use super::{
    policy::{Band, Cuts},
    score::Score,
};

/// One level (a score a provider really returned) with what became of its comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelCounts {
    pub level: Score,
    /// Comments that arrived with this score.
    pub total: i64,
    /// By automatic outcome.
    pub published: i64,
    pub held: i64,
    pub stepped_up: i64,
    pub refused: i64,
    /// By the moderators' latest decision.
    pub approved: i64,
    pub rejected: i64,
    pub spam: i64,
}

/// A combination of what the built-in check saw, with how often a person decided so on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledSignals {
    /// As stored: `name=value` by spaces.
    pub signals: String,
    /// `true`: marked as spam; `false`: approved.
    pub spam: bool,
    pub count: i64,
}

impl LevelCounts {
    /// Comments that a person decided on.
    #[must_use]
    pub fn labelled(&self) -> i64 {
        self.approved + self.rejected + self.spam
    }

    /// « Published by you »: those that moderators published, among the decided ones.
    #[must_use]
    pub fn approved_share(&self) -> Interval {
        wilson(self.approved, self.labelled())
    }

    /// « Written by a person »: those that moderators published or rejected, among the decided ones. An uncivil
    /// person is no captcha miss; spam alone is.
    #[must_use]
    pub fn human_share(&self) -> Interval {
        wilson(self.approved + self.rejected, self.labelled())
    }
}

/// A share with its 95 % interval, each 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// Wilson's 95 % interval of `hits` of `total`; without any, the share is 0 and the interval 0..=1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn wilson(hits: i64, total: i64) -> Interval {
    if total <= 0 {
        return Interval {
            share: 0.0,
            low: 0.0,
            high: 1.0,
        };
    }
    let z = 1.959_963_984_540_054_f64;
    let n = total as f64;
    let p = hits as f64 / n;
    let centre = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    Interval {
        share: p,
        low: ((centre - half) / scale).max(0.0),
        high: ((centre + half) / scale).min(1.0),
    }
}

/// Comments per band that a set of cuts gives for the levels seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BandCounts {
    pub refuse: i64,
    pub step_up: i64,
    pub hold: i64,
    pub publish: i64,
}

/// How many of the comments counted in `levels` would fall in each band; exact, because levels are all
/// that the cuts look at. Without a policy (`None`) all are held.
#[must_use]
pub fn replay(levels: &[LevelCounts], cuts: Option<&Cuts>) -> BandCounts {
    let mut counts = BandCounts::default();
    for row in levels {
        let slot = match cuts.map_or(Band::Hold, |cuts| cuts.band(row.level)) {
            Band::Refuse => &mut counts.refuse,
            Band::StepUp => &mut counts.step_up,
            Band::Hold => &mut counts.hold,
            Band::Publish => &mut counts.publish,
        };
        *slot += row.total;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_at_its_known_values() {
        for (hits, total, low, high) in [
            (0, 0, 0.0, 1.0),
            (0, 1, 0.0, 0.793_45),
            (1, 10, 0.017_88, 0.404_15),
            (15, 29, 0.344_29, 0.686_14),
            (27, 30, 0.743_81, 0.965_40),
            (900, 1000, 0.879_84, 0.917_09),
        ] {
            let interval = wilson(hits, total);
            assert!((interval.low - low).abs() < 1e-4, "{hits}/{total}: {interval:?}");
            assert!((interval.high - high).abs() < 1e-4, "{hits}/{total}: {interval:?}");
        }
    }

    #[test]
    fn bands_add_up_to_the_total() {
        let level = |thousandths, total| LevelCounts {
            level: Score::from_thousandths(thousandths).expect("in range"),
            total,
            published: 0,
            held: total,
            stepped_up: 0,
            refused: 0,
            approved: 0,
            rejected: 0,
            spam: 0,
        };
        let levels = [level(100, 5), level(300, 7), level(700, 11), level(900, 13)];
        let cuts = Cuts {
            publish_from: Score::from_thousandths(900),
            step_up_below: Score::from_thousandths(500),
            refuse_below: Score::from_thousandths(300),
        };
        let counts = replay(&levels, Some(&cuts));
        assert_eq!(
            counts,
            BandCounts {
                refuse: 5,
                step_up: 7,
                hold: 11,
                publish: 13
            }
        );
        assert_eq!(replay(&levels, None).hold, 36);
    }
}
