//! What state a comment is in, what a moderator can do to it, and which act leads where.

use serde::{Deserialize, Serialize};

/// The state of a comment. Only `approved` is ever public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a person.
    Pending,
    /// Public.
    Approved,
    /// Turned down by a moderator.
    Rejected,
    /// Marked as spam by a moderator.
    Spam,
    /// Turned away by the captcha policy; the text is kept 30 days and one click asks for a person.
    Refused,
    /// The texts are gone; the row stays as evidence.
    Erased,
}

impl Status {
    /// Every state, in the order pages list them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Spam,
        Self::Refused,
        Self::Erased,
    ];

    /// The word used in the store, in JSON and in URLs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Spam => "spam",
            Self::Refused => "refused",
            Self::Erased => "erased",
        }
    }

    /// The state of that word, `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// What a moderator does to a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Publish it.
    Approve,
    /// Turn it down.
    Reject,
    /// Mark it as spam.
    Spam,
    /// Back to pending.
    Restore,
    /// Back to pending with the mark `set_aside`: for a colleague, or for later.
    Hold,
    /// Take an earlier decision back.
    Undo,
}

impl Act {
    /// The word used in the store and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Spam => "spam",
            Self::Restore => "restore",
            Self::Hold => "hold",
            Self::Undo => "undo",
        }
    }

    /// The act of that word, `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Approve,
            Self::Reject,
            Self::Spam,
            Self::Restore,
            Self::Hold,
            Self::Undo,
        ]
        .into_iter()
        .find(|act| act.as_str() == word)
    }
}

/// A state together with the mark that says a moderator set it aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub status: Status,
    /// Set aside by `hold`; only ever true while pending.
    pub set_aside: bool,
}

/// Where `act` leads from `from`: `None` when the act cannot be done there (the texts are erased, or it
/// is an undo, which leads back to where its decision came from and not to a fixed state).
#[must_use]
pub fn after(act: Act, from: Standing) -> Option<Standing> {
    if from.status == Status::Erased {
        return None;
    }
    let (status, set_aside) = match act {
        Act::Approve => (Status::Approved, false),
        Act::Reject => (Status::Rejected, false),
        Act::Spam => (Status::Spam, false),
        Act::Restore => (Status::Pending, false),
        Act::Hold => (Status::Pending, true),
        Act::Undo => return None,
    };
    Some(Standing { status, set_aside })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("Pending"), None);
        assert_eq!(Act::parse("approve"), Some(Act::Approve));
        assert_eq!(Act::parse("delete"), None);
    }

    #[test]
    fn erased_goes_nowhere() {
        let erased = Standing {
            status: Status::Erased,
            set_aside: false,
        };
        for act in [Act::Approve, Act::Reject, Act::Spam, Act::Restore, Act::Hold, Act::Undo] {
            assert_eq!(after(act, erased), None);
        }
    }

    #[test]
    fn hold_marks_and_restore_unmarks() {
        let pending = Standing {
            status: Status::Pending,
            set_aside: false,
        };
        let held = after(Act::Hold, pending);
        assert_eq!(
            held,
            Some(Standing {
                status: Status::Pending,
                set_aside: true
            })
        );
        assert_eq!(after(Act::Restore, held.expect("just held")), Some(pending));
    }
}
