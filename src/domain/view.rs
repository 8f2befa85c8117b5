//! That somebody of the newsroom saw a comment, and how. What only stood in a list was not seen.

use super::word::words;

/// How somebody saw a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Seen {
    /// Its row kept the focus for a second.
    Focused,
    /// They asked for what stands around it.
    Opened,
    /// They decided about it by itself.
    Decided,
    /// It was in a file that they took away.
    Exported,
}

words!(Seen);
