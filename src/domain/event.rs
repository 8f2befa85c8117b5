//! What can happen, in one vocabulary for all who are told: streams, mail to owners, and receivers of deliveries.
//!
//! The words are stored and sent, so they never change. To add one: a variant with its word, and the place that
//! writes it in the transaction of what it tells.

use std::time::Duration;

use uuid::Uuid;

use super::{actor::ActorKind, decision::Act, timestamp::Timestamp, word::words};

/// How long after an approval it is told: until then an undo takes it back unheard.
pub const APPROVAL_WAITS: Duration = Duration::from_secs(10);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Kind {
    /// A comment came in; its own row is the event.
    Arrived,
    Approved,
    Rejected,
    Spam,
    Restored,
    Held,
    /// A decision was taken back.
    Undone,
    /// A reader reported a comment.
    Reported,
    /// A reader asked for a person.
    Appealed,
    /// The reader had the texts erased.
    Erased,
    /// The texts were kept for as long as they may be.
    Expired,
    /// The reader passed the second check.
    CheckPassed,
    /// Somebody's rights may be others now.
    AccessChanged,
    /// A site's thresholds are others now.
    PolicyChanged,
    /// A site's check is set up wrongly.
    CheckAlarm,
}

words!(Kind);

impl Kind {
    /// What a moderator's act is told as.
    #[must_use]
    pub const fn of(act: Act) -> Self {
        match act {
            Act::Approve => Self::Approved,
            Act::Reject => Self::Rejected,
            Act::Spam => Self::Spam,
            Act::Restore => Self::Restored,
            Act::Hold => Self::Held,
            Act::Undo => Self::Undone,
        }
    }

    /// What an action of the audit log that is no moderator's decision is told as; `None`: nobody is told. An
    /// action that is new counts as one that may change rights, which costs each stream one look.
    #[must_use]
    pub fn of_action(action: &str) -> Option<Self> {
        match action {
            "appeal" => Some(Self::Appealed),
            "erase" => Some(Self::Erased),
            "step_up" => Some(Self::CheckPassed),
            "policy" => Some(Self::PolicyChanged),
            "sign_in" | "sign_in_failed" | "code_failed" | "link_made" | "thread" | "site_made" | "site_changed" => {
                None
            }
            _ => Some(Self::AccessChanged),
        }
    }

    /// How long after it happened it is told to receivers.
    #[must_use]
    pub const fn waits(self) -> Duration {
        match self {
            Self::Approved => APPROVAL_WAITS,
            _ => Duration::ZERO,
        }
    }
}

/// One thing that happened; ids and codes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: Uuid,
    pub site: String,
    pub kind: Kind,
    pub comment: Option<Uuid>,
    /// The comment's version after it.
    pub version: Option<i64>,
    /// The decision that it tells, or that an undo takes back.
    pub decision: Option<Uuid>,
    pub actor_kind: ActorKind,
    pub actor_id: String,
    pub at: Timestamp,
    /// The number among the comment's events, from 1.
    pub seq: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_word_of_its_own() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("unheard_of"), None);
    }

    #[test]
    fn only_an_approval_waits() {
        for &kind in Kind::ALL {
            assert_eq!(kind.waits().is_zero(), kind != Kind::Approved, "{kind:?}");
        }
    }

    #[test]
    fn an_unknown_action_may_change_rights() {
        assert_eq!(Kind::of_action("account_removed"), Some(Kind::AccessChanged));
        assert_eq!(Kind::of_action("not_made_yet"), Some(Kind::AccessChanged));
        assert_eq!(Kind::of_action("sign_in_failed"), None);
    }
}
