//! What a device has earned: the decisions of people on what came from it.
//!
//! A token can be sold, copied or stolen, so it is worth little: two good words, no spam, fewer comments rejected
//! than approved, all within [`LIFE`]. Invariant: a policy's own publishing says nothing (nobody has read it);
//! one spam ends it for that long, also once its text is erased; trust adds to a score and takes nothing away.

use std::{fmt, time::Duration};

use super::{
    policy::{Band, Cuts},
    score::Score,
};

/// How far back a record reaches, and how long a device's token lives from its last use.
pub const LIFE: Duration = Duration::from_hours(90 * 24);

/// Comments approved by people that make a device known.
const APPROVED_MIN: i64 = 2;

/// What people decided on the comments of one device on one site, within [`LIFE`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeviceRecord {
    pub approved: i64,
    pub rejected: i64,
    pub spam: i64,
}

impl DeviceRecord {
    /// Whether the device speaks for what comes from it.
    #[must_use]
    pub fn is_known(self) -> bool {
        self.approved >= APPROVED_MIN && self.spam == 0 && self.rejected < self.approved
    }
}

/// `2/0/0`: approved, rejected, spam, as it is kept beside what the built-in check saw.
impl fmt::Display for DeviceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.approved, self.rejected, self.spam)
    }
}

/// Whether it is trust alone that brings a comment to be published: `with` and `without` are its scores.
#[must_use]
pub fn publishes(cuts: &Cuts, with: Score, without: Score) -> bool {
    cuts.band(with) == Band::Publish && cuts.band(without) != Band::Publish
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h5_known_is_two_good_words_and_nothing_bad() {
        for (approved, rejected, spam, known) in [
            (0, 0, 0, false),
            (1, 0, 0, false),
            (2, 0, 0, true),
            (2, 1, 0, true),
            (2, 2, 0, false),
            (3, 2, 0, true),
            (2, 0, 1, false),
            (1_000, 0, 1, false),
        ] {
            let record = DeviceRecord {
                approved,
                rejected,
                spam,
            };
            assert_eq!(record.is_known(), known, "{record}");
        }
    }
}
