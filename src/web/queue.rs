//! The review queue: what waits, what was decided, and the buttons that decide.
//!
//! Every button is a form post to `/queue/decide` (`comment`, `version`, `action`, `return_to`), so
//! that the page works without JavaScript. Buttons never change their order. An item is told apart
//! by words, never by colour alone.

use askama::Template;

use super::form::Choice;
use super::frame::AdminFrame;
use super::moment::Moment;
use super::texts::{Arg, Say as _, text};
use crate::domain::language::Language;
use crate::domain::{decision::Act, status::Status};

/// `GET /queue`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "queue.html")]
pub struct QueuePage {
    pub frame: AdminFrame,
    /// In this order: pending, approved, rejected, spam, refused.
    pub tabs: Vec<QueueTab>,
    /// The orders: values of the contract (`article`, `oldest`, `newest`, `score`).
    pub orders: Vec<Choice>,
    /// Hidden fields of the form that chooses an order, so that it stays on its list: (`status`, `pending`).
    pub kept: Vec<(String, String)>,
    pub items: Vec<QueueItem>,
    /// What just happened, with its « Annuler ».
    pub flash: Option<QueueFlash>,
    /// Link to the next page; `None` on the last.
    pub next_href: Option<String>,
    /// Path and query of this very page of the list, sent with each button: `/queue?status=pending`.
    pub return_to: String,
    /// When the last comment came in at all, for the empty state.
    pub last_received: Option<Moment>,
    /// Address and site of the pages that say how the check holds; twenty at most.
    pub defences: Vec<(String, String)>,
    /// Whether the tab shown is « À relire » (the empty state then links to the others).
    pub is_pending_tab: bool,
    /// What its script needs to keep it true.
    pub live: QueueLive,
}

/// What the page's script needs to follow what happens after it was made.
#[derive(Debug, Clone, Default)]
pub struct QueueLive {
    /// When it was made, in RFC 3339.
    pub since: String,
    /// Comments that came in just before it was made, which are told once more: their ids, with spaces between.
    pub known: String,
    /// The site that it is about; empty for all.
    pub site: String,
    /// Of how many sites it adds up the counts; 0: it is not told those of all that it is about.
    pub sites: usize,
    /// The status that it lists.
    pub tab: String,
    /// The same list as it is by then.
    pub here: String,
    /// Where one signs in again, and comes back here.
    pub door: String,
}

/// One tab of the queue.
#[derive(Debug, Clone, Default)]
pub struct QueueTab {
    /// Its word in the contract: `pending`, `approved`…
    pub status: String,
    pub href: String,
    /// Counted up to 1,000.
    pub count: i64,
    /// There are more than `count`: shown as `1000+`.
    pub more: bool,
    pub is_current: bool,
}

/// What the last press did.
#[derive(Debug, Clone, Default)]
pub struct QueueFlash {
    /// « Publié : Aminata O. » (see [`decided_sentence`]), or the sentence of a conflict.
    pub message: String,
    /// The decision that « Annuler » takes back; `None` hides the button.
    pub decision: Option<String>,
    /// True for a conflict or another failure.
    pub is_problem: bool,
}

/// One comment in the queue.
#[derive(Debug, Clone)]
pub struct QueueItem {
    pub id: String,
    pub version: i64,
    pub status: Status,
    /// Pending and set aside by a moderator.
    pub is_set_aside: bool,
    pub name: String,
    /// Moderators may see it; it is never public.
    pub email: String,
    pub website: Option<String>,
    pub record: AuthorRecord,
    pub moment: Moment,
    /// The site's name; empty when there is only one site.
    pub site_name: String,
    /// The article's title, or its key where no title is known.
    pub article_title: String,
    /// Only when the article's address is verified.
    pub article_href: Option<String>,
    /// The comment that is answered.
    pub parent: Option<ParentExcerpt>,
    /// Sanitised HTML of the whole text; empty when erased.
    pub html: String,
    /// Sentences, in the order of the decision.
    pub reasons: Vec<String>,
    /// What the check said, in words (see [`check_sentence`]); empty where a reason says it.
    pub check: String,
    /// « Refusé par Mariam à 10:42 UTC » on decided comments (see [`decision_sentence`]).
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

/// The author's record under this device or e-mail address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorRecord {
    pub approved: i64,
    pub rejected: i64,
    pub spam: i64,
    /// The day of the first comment; `None` for a first comment.
    pub first_seen: Option<Moment>,
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

impl QueuePage {
    /// What can be said in a row's place of what somebody else did.
    const ACTS: [&str; 6] = ["approve", "reject", "spam", "restore", "hold", "undo"];

    /// « Refusé par {person}, {time} », for the page's script to fill in.
    fn said(&self, act: &str) -> String {
        let filled = [("person", "{person}".into()), ("time", "{time}".into())];
        text(self.frame.language, &format!("decided-{act}"), &filled)
    }

    /// The key that presses a button, for a page whose script runs.
    const KEYS: [(&str, &str); 4] = [("approve", "a"), ("reject", "r"), ("spam", "s"), ("hold", "h")];

    fn key_of(act: &str) -> Option<&'static str> {
        let found = Self::KEYS.iter().find(|(of, _)| *of == act);
        found.map(|(_, key)| *key)
    }

    fn keys() -> String {
        Self::KEYS.map(|(_, key)| key).join(" ")
    }

    /// « {said} : {name}. U pour annuler. », for the page's script to fill in.
    fn done(&self) -> String {
        let filled = [("said", "{said}".into()), ("name", "{name}".into())];
        text(self.frame.language, "live-done", &filled)
    }

    fn tab_key(status: &str) -> String {
        format!("tab-{status}")
    }

    fn order_key(order: &str) -> String {
        format!("order-{order}")
    }

    fn act_key(act: &str) -> String {
        format!("act-{act}")
    }

    fn tab_count(tab: &QueueTab) -> String {
        let more = if tab.more { "+" } else { "" };
        format!("{}{more}", tab.count)
    }
}

impl QueueItem {
    /// The buttons that do something here, in the fixed order.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        let all = [Act::Approve, Act::Reject, Act::Spam, Act::Restore, Act::Hold];
        let mut acts: Vec<Act> = all
            .into_iter()
            .filter(|act| match act {
                Act::Approve => self.status != Status::Approved,
                Act::Reject => self.status != Status::Rejected,
                Act::Spam => self.status != Status::Spam,
                Act::Restore => self.status != Status::Pending || self.is_set_aside,
                Act::Hold => self.status == Status::Pending && !self.is_set_aside,
                Act::Undo => false,
            })
            .collect();
        if self.status == Status::Erased {
            acts.clear();
        }
        acts
    }
}

impl AuthorRecord {
    /// The record in words: « 3 publiés, 1 refusé, premier commentaire le 2 septembre 2026 ».
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
        parts.push(language.say_with("record-since", "date", &first_seen.date));
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
