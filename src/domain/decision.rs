//! What a moderator can do to a comment, and where it leads.
//!
//! [`apply`] is the whole rule. It is given what the store has locked and says what the comment becomes, or why it
//! stays; the store writes that down.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{appeal::Judge, status::Status, word::words};

/// What a moderator does to a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
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

words!(Act);

impl Act {
    /// Where it leads, whatever was before; `None` for an undo, which leads back.
    #[must_use]
    pub fn leads_to(self) -> Option<Standing> {
        let (status, set_aside) = match self {
            Self::Approve => (Status::Approved, false),
            Self::Reject => (Status::Rejected, false),
            Self::Spam => (Status::Spam, false),
            Self::Restore => (Status::Pending, false),
            Self::Hold => (Status::Pending, true),
            Self::Undo => return None,
        };
        Some(Standing { status, set_aside })
    }

    /// What it says about the comment: approve = a person and fine, reject = a person and not fine, spam = spam; back
    /// to pending says nothing.
    #[must_use]
    pub fn label(self) -> Option<&'static str> {
        match self {
            Self::Approve => Some("approved"),
            Self::Reject => Some("rejected"),
            Self::Spam => Some("spam"),
            Self::Restore | Self::Hold | Self::Undo => None,
        }
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

/// A comment as a decision finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    pub standing: Standing,
    /// One more with each change.
    pub version: i64,
    /// Readers reported it since somebody decided about it.
    pub is_reported: bool,
    /// Who the caller is to it.
    pub judge: Judge,
}

/// An earlier decision, the last thing that happened to the comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub id: Uuid,
    /// The id of who made it.
    pub actor: String,
    /// Where the comment came from.
    pub from: Standing,
    /// What was said about the comment before.
    pub from_label: Option<String>,
}

/// What a comment becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub to: Standing,
    /// What is said about it then: `approved`, `rejected`, `spam`.
    pub label: Option<String>,
    /// The decision that is taken back.
    pub undoes: Option<Uuid>,
}

/// What somebody wants.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub act: Act,
    /// The version it was made on; `None` applies to whatever is there.
    pub version: Option<i64>,
    /// For an undo: the decision to take back; `None` is the comment's latest.
    pub of: Option<Uuid>,
    /// The id of who acts.
    pub actor: &'a str,
}

/// What `wanted` makes of `current`. `earlier` is asked for by an undo alone: the decision that made the comment what
/// it is, if a decision did.
///
/// An undo leads back to where its decision came from, takes back the caller's own decision only, and only while
/// nothing has happened since. Whoever's decision a reader appealed against changes nothing of the comment.
///
/// # Errors
/// Why nothing changes: [`Decided::Erased`], [`Decided::Conflict`], [`Decided::Unchanged`] or
/// [`Decided::OwnDecision`].
pub fn apply(current: Current, wanted: Wanted<'_>, earlier: Option<Earlier>) -> Result<Change, Decided> {
    let change = change(current, wanted, earlier)?;
    if current.judge.may_decide() {
        Ok(change)
    } else {
        Err(Decided::OwnDecision)
    }
}

fn change(current: Current, wanted: Wanted<'_>, earlier: Option<Earlier>) -> Result<Change, Decided> {
    if current.standing.status == Status::Erased {
        return Err(Decided::Erased);
    }
    if wanted.version.is_some_and(|version| version != current.version) {
        return Err(Decided::Conflict);
    }
    let Some(to) = wanted.act.leads_to() else {
        let is_own = |earlier: &Earlier| {
            earlier.actor == wanted.actor && wanted.of.is_none_or(|decision| decision == earlier.id)
        };
        let own = earlier.filter(is_own).ok_or(Decided::Conflict)?;
        return Ok(Change {
            to: own.from,
            label: own.from_label,
            undoes: Some(own.id),
        });
    };
    let says_something = match wanted.act {
        // Set aside again: by somebody else, or for longer.
        Act::Hold => true,
        // It stays public, whatever the reports say.
        Act::Approve => current.is_reported,
        _ => false,
    };
    if to == current.standing && !says_something {
        return Err(Decided::Unchanged);
    }
    Ok(Change {
        to,
        label: wanted.act.label().map(str::to_owned),
        undoes: None,
    })
}

/// What became of a decision that somebody wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// Done; the id is the decision's.
    Applied(Uuid),
    /// It was in that state already.
    Unchanged,
    /// This key was used before; the id is that decision's.
    Replayed(Uuid),
    /// Somebody was first, or there is nothing of the caller's to undo.
    Conflict,
    /// The reader appeals against a decision of the caller's, and somebody else may decide.
    OwnDecision,
    /// The texts are gone.
    Erased,
    /// Not there, or not in the caller's scope.
    NotFound,
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWA: &str = "awa";

    fn current(status: Status, set_aside: bool) -> Current {
        Current {
            standing: Standing { status, set_aside },
            version: 3,
            is_reported: false,
            judge: Judge::Another,
        }
    }

    fn wanted(act: Act) -> Wanted<'static> {
        Wanted {
            act,
            version: None,
            of: None,
            actor: AWA,
        }
    }

    fn earlier(actor: &str) -> Earlier {
        Earlier {
            id: Uuid::from_u128(7),
            actor: actor.to_owned(),
            from: Standing {
                status: Status::Pending,
                set_aside: true,
            },
            from_label: Some("spam".to_owned()),
        }
    }

    #[test]
    fn each_act_leads_where_the_table_says() {
        use Status::{Approved, Pending, Refused, Rejected, Spam};
        let table = [
            (Act::Approve, Approved, false, Some("approved")),
            (Act::Reject, Rejected, false, Some("rejected")),
            (Act::Spam, Spam, false, Some("spam")),
            (Act::Restore, Pending, false, None),
            (Act::Hold, Pending, true, None),
        ];
        for (act, status, set_aside, label) in table {
            for from in [Pending, Approved, Rejected, Spam, Refused] {
                for aside in [false, from == Pending] {
                    let to = Standing { status, set_aside };
                    let change = apply(current(from, aside), wanted(act), None);
                    if to == current(from, aside).standing && act != Act::Hold {
                        assert_eq!(change, Err(Decided::Unchanged), "{act:?} from {from:?}");
                    } else {
                        let label = label.map(str::to_owned);
                        let undoes = None;
                        assert_eq!(change, Ok(Change { to, label, undoes }), "{act:?} from {from:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn erased_goes_nowhere_and_an_older_version_conflicts() {
        for &act in Act::ALL {
            let erased = apply(current(Status::Erased, false), wanted(act), Some(earlier(AWA)));
            assert_eq!(erased, Err(Decided::Erased));
            let stale = Wanted {
                version: Some(2),
                ..wanted(act)
            };
            let stale = apply(current(Status::Pending, false), stale, Some(earlier(AWA)));
            assert_eq!(stale, Err(Decided::Conflict));
        }
    }

    #[test]
    fn an_undo_leads_back_and_takes_back_the_own_latest_decision_alone() {
        let undo = |of, earlier| {
            let undo = Wanted {
                of,
                ..wanted(Act::Undo)
            };
            apply(current(Status::Approved, false), undo, earlier)
        };
        let back = Change {
            to: earlier(AWA).from,
            label: Some("spam".to_owned()),
            undoes: Some(Uuid::from_u128(7)),
        };
        assert_eq!(undo(None, Some(earlier(AWA))), Ok(back.clone()));
        assert_eq!(undo(Some(Uuid::from_u128(7)), Some(earlier(AWA))), Ok(back));
        for (of, earlier) in [
            (None, None),
            (None, Some(earlier("issa"))),
            (Some(Uuid::from_u128(8)), Some(earlier(AWA))),
        ] {
            assert_eq!(undo(of, earlier), Err(Decided::Conflict));
        }
    }

    #[test]
    fn whose_decision_is_appealed_against_changes_nothing_unless_alone() {
        for &act in Act::ALL {
            let asks = |judge| {
                let current = Current {
                    judge,
                    ..current(Status::Pending, false)
                };
                apply(current, wanted(act), Some(earlier(AWA)))
            };
            let by_another = asks(Judge::Another);
            assert_eq!(asks(Judge::Alone), by_another, "{act:?}");
            // What changes nothing anyway is no decision.
            let must = by_another.and(Err(Decided::OwnDecision));
            assert_eq!(asks(Judge::Own), must, "{act:?}");
        }
    }

    #[test]
    fn every_word_is_read_back() {
        for &act in Act::ALL {
            assert_eq!(Act::parse(act.as_str()), Some(act));
        }
        assert_eq!(Act::parse("delete"), None);
    }
}
