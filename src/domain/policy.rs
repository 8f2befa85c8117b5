//! A site's cuts and what they say of a score.
//!
//! Three cuts divide 0..=1 into bands, from the hardest to the gentlest: refuse, step up, hold, publish.
//! A score exactly on a cut belongs to the gentler band. Versions are numbered and never change; a
//! policy is stored as its cuts, so that a level nobody has seen yet already has an outcome.

use serde::{Deserialize, Serialize};

use super::score::Score;

/// The cuts as an owner types them; an absent one has a meaning of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cuts {
    /// Publish from this score on; absent = never.
    #[serde(default)]
    pub publish_from: Option<Score>,
    /// Ask for a second check below this score; absent = `refuse_below`.
    #[serde(default)]
    pub step_up_below: Option<Score>,
    /// Refuse below this score; absent = 0, which refuses nothing.
    #[serde(default)]
    pub refuse_below: Option<Score>,
}

/// The cuts cross: they must satisfy `refuse_below <= step_up_below <= publish_from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cuts cross: refuse_below <= step_up_below <= publish_from must hold")]
pub struct CutsCross;

/// What the cuts say of a score, hardest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Turn away, keep the text.
    Refuse,
    /// Hold and ask for a second check.
    StepUp,
    /// Hold for a person.
    Hold,
    /// Publish.
    Publish,
}

impl Cuts {
    /// Checks the order of the cuts.
    ///
    /// # Errors
    /// [`CutsCross`] when one stands above the next gentler one.
    pub fn check(&self) -> Result<(), CutsCross> {
        let refuse = self.refuse_below.map_or(0, Score::thousandths);
        let step_up = self.step_up_below.map_or(refuse, Score::thousandths);
        let publish = self.publish_from.map_or(i64::MAX, Score::thousandths);
        if refuse <= step_up && step_up <= publish {
            Ok(())
        } else {
            Err(CutsCross)
        }
    }

    /// The band of a score.
    #[must_use]
    pub fn band(&self, score: Score) -> Band {
        if self.refuse_below.is_some_and(|cut| score < cut) {
            Band::Refuse
        } else if self.step_up_below.is_some_and(|cut| score < cut) {
            Band::StepUp
        } else if self.publish_from.is_some_and(|cut| score >= cut) {
            Band::Publish
        } else {
            Band::Hold
        }
    }
}

/// One immutable version of a site's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// 1 is the file's, or the first in the store.
    pub version: i64,
    /// The cuts.
    pub cuts: Cuts,
    /// Share of would-be refusals held for a person instead, in parts per million.
    pub explore_ppm: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(thousandths: i64) -> Option<Score> {
        Score::from_thousandths(thousandths)
    }

    #[test]
    fn a_value_on_a_cut_belongs_to_the_gentler_band() {
        let cuts = Cuts {
            publish_from: cut(700),
            step_up_below: cut(500),
            refuse_below: cut(300),
        };
        let bands: Vec<_> = [299, 300, 499, 500, 699, 700]
            .into_iter()
            .map(|t| cuts.band(cut(t).expect("in range")))
            .collect();
        assert_eq!(
            bands,
            [
                Band::Refuse,
                Band::StepUp,
                Band::StepUp,
                Band::Hold,
                Band::Hold,
                Band::Publish
            ]
        );
    }

    #[test]
    fn absent_cuts_have_their_meaning() {
        let none = Cuts::default();
        assert_eq!(none.check(), Ok(()));
        assert_eq!(none.band(cut(0).expect("zero")), Band::Hold);
        assert_eq!(none.band(cut(1000).expect("one")), Band::Hold);
        let refuse_only = Cuts {
            refuse_below: cut(300),
            ..none
        };
        assert_eq!(refuse_only.check(), Ok(()));
        let crossed = Cuts {
            publish_from: cut(200),
            ..refuse_only
        };
        assert_eq!(crossed.check(), Err(CutsCross));
    }
}
