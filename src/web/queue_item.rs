//! A row of the review page: a comment with what a moderator reads of it, and the sentences about it.

use super::moment::Moment;
use super::texts::{Arg, Say as _, text};
use crate::domain::language::Language;
use crate::domain::{decision::Act, queue::Pile, status::Status};

/// One comment in the queue.
#[derive(Debug, Clone)]
pub struct QueueItem {
    pub id: String,
    pub version: i64,
    pub status: Status,
    /// Where it lies: set aside, reported, or the pile of its status.
    pub pile: Pile,
    pub name: String,
    /// Moderators may see it; it is never public.
    pub email: String,
    pub website: Option<String>,
    pub record: AuthorRecord,
    pub moment: Moment,
    /// « Il y a 12 min ».
    pub ago: String,
    /// The site's name; empty when there is only one site.
    pub site_name: String,
    /// The article's title, or its key where no title is known; empty where the group says it.
    pub article_title: String,
    /// Only when the article's address is one of the site's own.
    pub article_href: Option<String>,
    /// That the reader asks a person to look again, and against what; empty for others.
    pub plea: String,
    /// Whether the caller may decide; not where the reader appeals against the caller's own decision.
    pub may_decide: bool,
    /// The comment that is answered.
    pub parent: Option<ParentExcerpt>,
    /// Sanitised HTML of the whole text; empty when erased.
    pub html: String,
    /// Sentences, in the order of the decision.
    pub reasons: Vec<QueueReason>,
    /// What the check said, in words (see [`check_sentence`]); empty where a reason says it.
    pub check: String,
    /// « Refusé par Mariam, 24 novembre 2026 à 10:42 UTC » on decided comments (see [`decision_sentence`]).
    pub decided: Option<String>,
    /// The sentence of a conflict on this very comment.
    pub conflict: Option<String>,
    /// Somebody else who reads it now.
    pub read_by: Option<String>,
    /// The site's time zone, by its IANA name.
    pub zone: String,
    /// Where a press comes back to; true of one row.
    pub is_next: bool,
}

/// A sentence about a comment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueReason {
    pub sentence: String,
    /// It tells this comment from others: links, reports.
    pub is_strong: bool,
}

/// The author's record under this device or e-mail address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorRecord {
    pub approved: i64,
    pub rejected: i64,
    pub spam: i64,
    /// How long ago the first comment came; `None` for a first comment.
    pub first_seen: Option<String>,
    /// By a signed device token; otherwise only the typed e-mail address says so.
    pub is_verified: bool,
}

/// The comment that an item answers.
#[derive(Debug, Clone, Default)]
pub struct ParentExcerpt {
    pub name: String,
    /// Its first 140 characters, plain text.
    pub excerpt: String,
}

impl QueueItem {
    /// The buttons that do something here, in the fixed order.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        if self.status == Status::Erased || !self.may_decide {
            return Vec::new();
        }
        acts_on(self.pile)
    }

    /// The name of a button; what is public and was reported stays public by the same act.
    pub(super) fn act_key(&self, act: &str) -> String {
        if act == Act::Approve.as_str() && self.status == Status::Approved {
            return "act-keep".to_owned();
        }
        act_key(act)
    }

    /// Those that have a button of their own.
    #[must_use]
    pub fn first_acts(&self) -> Vec<Act> {
        let acts = self.acts().into_iter();
        acts.filter(|act| matches!(act, Act::Approve | Act::Reject)).collect()
    }

    /// The rest.
    #[must_use]
    pub fn other_acts(&self) -> Vec<Act> {
        let acts = self.acts().into_iter();
        acts.filter(|act| !matches!(act, Act::Approve | Act::Reject)).collect()
    }

    /// Whether the text is folded: about more than twelve lines.
    #[must_use]
    pub fn is_long(&self) -> bool {
        const LINES: usize = 12;
        const LINE: usize = 60;
        let mut lines = 0;
        let mut letters = 0;
        let mut in_tag = false;
        let mut tag = String::new();
        for sign in self.html.chars() {
            match sign {
                '<' => {
                    in_tag = true;
                    tag.clear();
                }
                '>' => {
                    in_tag = false;
                    if tag.starts_with("/p")
                        || tag.starts_with("br")
                        || tag.starts_with("/li")
                        || tag.starts_with("/pre")
                    {
                        lines += letters / LINE + 1;
                        letters = 0;
                    }
                }
                '\n' if !in_tag => {
                    lines += letters / LINE + 1;
                    letters = 0;
                }
                _ if in_tag => tag.push(sign),
                _ => letters += 1,
            }
        }
        lines + letters / LINE > LINES
    }
}

/// The acts that do something to what lies on a pile, in their fixed order.
#[must_use]
pub fn acts_on(pile: Pile) -> Vec<Act> {
    let status = pile.status();
    let all = [Act::Approve, Act::Reject, Act::Spam, Act::Restore, Act::Hold];
    let does_something = |act: &Act| match act {
        Act::Approve => status != Status::Approved || pile == Pile::Reported,
        Act::Reject => status != Status::Rejected,
        Act::Spam => status != Status::Spam,
        Act::Restore => pile != Pile::Pending,
        Act::Hold => pile == Pile::Pending,
        Act::Undo => false,
    };
    all.into_iter().filter(does_something).collect()
}

/// The key of the name of a button.
pub(super) fn act_key(act: &str) -> String {
    format!("act-{act}")
}

impl AuthorRecord {
    /// The record in words: « 3 publiés, 1 refusé, première fois il y a 2 mois ».
    #[must_use]
    pub fn in_words(&self, language: Language) -> String {
        let Some(first_seen) = &self.first_seen else {
            return language.say("record-first");
        };
        let mut parts = Vec::with_capacity(4);
        for (key, count) in [
            ("record-approved", self.approved),
            ("record-rejected", self.rejected),
            ("record-spam", self.spam),
        ] {
            if count > 0 {
                parts.push(language.say_count(key, &count));
            }
        }
        if parts.is_empty() {
            parts.push(language.say("record-none"));
        }
        parts.push(language.say_with("record-since", "ago", first_seen));
        let source = if self.is_verified {
            "record-verified"
        } else {
            "record-unverified"
        };
        language.say_with(source, "record", &parts.join(", "))
    }
}

/// The word of a status for moderators: « À relire ».
#[must_use]
pub fn status_word(language: Language, status: Status) -> String {
    language.say(&format!("status-{}", status.as_str()))
}

/// « Publié : Aminata O. », for the flash after a press.
#[must_use]
pub fn decided_sentence(language: Language, act: Act, name: &str) -> String {
    language.say_with(&format!("done-{}", act.as_str()), "name", name)
}

/// « Refusé par Mariam, 24 novembre 2026 à 10:42 UTC ».
#[must_use]
pub fn decision_sentence(language: Language, act: Act, person: &str, at: &Moment) -> String {
    text(
        language,
        &format!("decided-{}", act.as_str()),
        &[("person", person.into()), ("time", at.long.as_str().into())],
    )
}

/// « Déjà refusé par Mariam à 10:42 UTC. Rien n’a été changé. »
#[must_use]
pub fn conflict_sentence(language: Language, status: Status, person: &str, at: &Moment) -> String {
    text(
        language,
        &format!("conflict-{}", status.as_str()),
        &[("person", person.into()), ("time", at.time.as_str().into())],
    )
}

/// What the check said: `class` as the verdict's (`scored`, `passed`, `not_run`…), the score in
/// thousandths where there is one.
#[must_use]
pub fn check_sentence(language: Language, class: &str, score_thousandths: Option<i64>) -> String {
    match score_thousandths {
        Some(score) => text(language, "check-scored", &[("score", Arg::Thousandths(score))]),
        None => language.say(&format!("check-{class}")),
    }
}
