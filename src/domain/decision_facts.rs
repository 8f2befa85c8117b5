//! What a decision keeps beside its entry of the audit log, so that figures and statements of reasons need no second look
//! later. Words and figures, never a text.
//!
//! The words are stored and told, so they never change.

use super::{status::Status, word::words};

/// What a decision takes from the comment's author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Restriction {
    /// It never became public.
    Disabled,
    /// It was public, and is no longer.
    Removed,
}

words!(Restriction);

impl Restriction {
    /// What leading from one state to another takes; `None`: nothing.
    #[must_use]
    pub fn of(from: Status, to: Status) -> Option<Self> {
        match (from, to) {
            (_, Status::Approved) => None,
            (Status::Approved, _) => Some(Self::Removed),
            (_, Status::Rejected | Status::Spam) => Some(Self::Disabled),
            _ => None,
        }
    }
}

/// Why somebody looked at a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Source {
    /// Of their own accord: it waited, or they came upon it.
    Own,
    /// It is public, and readers reported it since somebody last decided about it.
    Report,
    /// Its reader appealed.
    Appeal,
}

words!(Source);

impl Source {
    /// Of a comment in that state, with so many open reports.
    #[must_use]
    pub fn of(status: Status, is_appealed: bool, open_reports: i64) -> Self {
        match status {
            Status::Pending if is_appealed => Self::Appeal,
            Status::Approved if open_reports > 0 => Self::Report,
            _ => Self::Own,
        }
    }
}

/// How a decision was made. The code that decides says so, never who asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum How {
    /// Somebody decided about this comment.
    Person,
    /// Somebody decided about all that fitted a filter.
    Bulk,
    /// A rule of the site.
    Rule,
    /// It came with the comment from another program.
    Import,
}

words!(How);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_public_is_removed_and_what_waited_is_disabled() {
        for &from in Status::ALL {
            for &to in Status::ALL {
                let must = match (from, to) {
                    (_, Status::Approved) => None,
                    (Status::Approved, _) => Some("removed"),
                    (_, Status::Rejected | Status::Spam) => Some("disabled"),
                    _ => None,
                };
                assert_eq!(
                    Restriction::of(from, to).map(Restriction::as_str),
                    must,
                    "{from:?} {to:?}"
                );
            }
        }
    }

    #[test]
    fn a_source_is_what_brought_the_comment_up() {
        assert_eq!(Source::of(Status::Pending, true, 2), Source::Appeal);
        assert_eq!(Source::of(Status::Approved, true, 1), Source::Report);
        assert_eq!(Source::of(Status::Approved, false, 0), Source::Own);
        assert_eq!(Source::of(Status::Pending, false, 1), Source::Own);
    }
}
