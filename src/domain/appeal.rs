//! A reader's appeal: of which comments a person is asked to look again, and who answers.
//!
//! A reader appeals once. The comment waits again, and whoever made the decision that is appealed against decides
//! nothing about it any more, by no detour, unless nobody else may decide on its site.

use super::status::Status;

/// What comes of a reader who asks for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The comment waits for a person now.
    Brought,
    /// The reader asked before, and nobody has answered yet.
    Waiting,
    /// The reader asked before, and a person has answered.
    Answered,
    /// It is public, or waits for a person anyway.
    Needless,
    /// The texts are gone.
    Erased,
}

/// What comes of an appeal of a comment in that state, which its reader appealed before or not. Spam counts as
/// rejected: readers are told the same of both.
#[must_use]
pub fn ask(status: Status, is_appealed: bool) -> Asked {
    match status {
        Status::Erased => Asked::Erased,
        Status::Pending if is_appealed => Asked::Waiting,
        _ if is_appealed => Asked::Answered,
        Status::Refused | Status::Rejected | Status::Spam => Asked::Brought,
        Status::Pending | Status::Approved => Asked::Needless,
    }
}

/// Who somebody is to a comment that they want to decide about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// No decision of theirs was appealed against.
    Another,
    /// They made the decision appealed against, and nobody else may decide on the site.
    Alone,
    /// They made the decision appealed against, and somebody else may decide.
    Own,
}

impl Judge {
    /// Whether they may decide.
    #[must_use]
    pub fn may_decide(self) -> bool {
        self != Self::Own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_its_answer_before_and_after_an_appeal() {
        let table = [
            (Status::Pending, Asked::Needless, Asked::Waiting),
            (Status::Approved, Asked::Needless, Asked::Answered),
            (Status::Rejected, Asked::Brought, Asked::Answered),
            (Status::Spam, Asked::Brought, Asked::Answered),
            (Status::Refused, Asked::Brought, Asked::Answered),
            (Status::Erased, Asked::Erased, Asked::Erased),
        ];
        assert_eq!(table.map(|(status, ..)| status).as_slice(), Status::ALL);
        for (status, first, later) in table {
            assert_eq!((ask(status, false), ask(status, true)), (first, later), "{status:?}");
        }
    }
}
