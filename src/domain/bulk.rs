//! A decision about all comments that fit a filter, made in parts: how large, and how far it is.

use super::word::words;

/// Comments in one bulk at most.
pub const MOST: i64 = 10_000;

/// Comments in one part, which is one transaction.
pub const PART: usize = 200;

/// How far a bulk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum BulkState {
    /// Comments are still to be decided.
    Running,
    Done,
    /// Decisions are still to be taken back.
    Undoing,
    Undone,
}

words!(BulkState);

impl BulkState {
    /// Whether a job still works on it. There is one such bulk of a site at most.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Undoing)
    }
}
