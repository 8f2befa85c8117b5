//! The review queue: what waits, what was decided, and the buttons that decide.
//!
//! Every button is a form post to `/queue/decide` (`comment`, `version`, `action`, `return_to`), and those for several
//! at once to `/queue/bulk`, so that the page works without JavaScript. Buttons never change their order. An item is
//! told apart by words, never by colour alone. `KEYS` is the one table of keys: buttons, help and script read it.

use askama::Template;

use super::form::Choice;
use super::frame::AdminFrame;
pub use super::queue_item::*;
use super::texts::{Arg, Say as _, text};
use crate::domain::decision::Act;

/// `GET /queue`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "queue.html")]
pub struct QueuePage {
    pub frame: AdminFrame,
    /// What waits, what was reported, what was set aside, spam, and what was decided.
    pub tabs: Vec<QueueTab>,
    /// On the last of them: what was published, rejected, refused.
    pub choice: Vec<QueueTab>,
    /// The orders: values of the contract (`article`, `oldest`, `newest`, `score`…).
    pub orders: Vec<Choice>,
    /// The words that are searched, as they were typed.
    pub words: String,
    /// Hidden fields of the form that chooses an order and words, so that it stays on its list: (`status`, `pending`).
    pub kept: Vec<(String, String)>,
    /// The same for the form of the other filters.
    pub kept_by_filters: Vec<(String, String)>,
    /// The filters in force, each with the address without it.
    pub chips: Vec<Chip>,
    /// Where one decides about all that fits them; `None` where nothing narrows the list.
    pub all_href: Option<String>,
    /// Every reason, by its code.
    pub reasons: Vec<Choice>,
    /// The other filters, each a field.
    pub fields: Vec<FilterField>,
    /// What is true of every row, said once.
    pub common: Vec<String>,
    /// The rows, in their order; each with its article above it where they are listed by article.
    pub groups: Vec<QueueGroup>,
    /// What just happened, with its « Annuler ».
    pub flash: Option<QueueFlash>,
    /// Link to the next page; `None` on the last.
    pub next_href: Option<String>,
    /// Whether the rest of the list was not looked through yet, so that the next page may have nothing.
    pub is_searched_on: bool,
    /// Path and query of this very page of the list, sent with each button: `/queue?status=pending`.
    pub return_to: String,
    /// When the last comment came in at all, in words, for the empty state.
    pub last_received: Option<String>,
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
    /// The pile that it lists.
    pub tab: String,
    /// The same list as it is by then.
    pub here: String,
    /// Where one signs in again, and comes back here.
    pub door: String,
}

/// One tab of the queue.
#[derive(Debug, Clone, Default)]
pub struct QueueTab {
    /// The key of its name.
    pub word: &'static str,
    /// The pile that it counts: `pending`, `set_aside`…; empty counts none.
    pub pile: String,
    pub href: String,
    /// Counted up to 1,000.
    pub count: i64,
    /// There are more than `count`: shown as `1000+`.
    pub more: bool,
    pub is_current: bool,
    /// The key that goes there after `g`; may be empty.
    pub key: &'static str,
}

/// A filter in force.
#[derive(Debug, Clone, Default)]
pub struct Chip {
    /// « Score au plus 0,3 ».
    pub label: String,
    /// The list without it.
    pub href: String,
}

/// A filter that is typed.
#[derive(Debug, Clone, Default)]
pub struct FilterField {
    pub name: &'static str,
    /// The key of its label.
    pub label: &'static str,
    pub value: String,
    /// What is typed there, as `inputmode` says it: `numeric`, `decimal`; empty for words.
    pub kind: &'static str,
}

/// What the last press did.
#[derive(Debug, Clone, Default)]
pub struct QueueFlash {
    /// « Publié : Aminata O. » (see [`decided_sentence`]), or the sentence of a conflict.
    pub message: String,
    /// The decisions that « Annuler » takes back; none hides the button.
    pub decisions: Vec<String>,
    /// True for a conflict or another failure.
    pub is_problem: bool,
}

/// Rows under one heading.
#[derive(Debug, Clone, Default)]
pub struct QueueGroup {
    /// The article's title; empty: the rows say it themselves.
    pub title: String,
    /// Only when the article's address is one of the site's own.
    pub href: Option<String>,
    /// « Le plus ancien il y a 3 h ».
    pub said: String,
    pub items: Vec<QueueItem>,
}

/// A key of the review page: what it is, the act whose button it presses, and the key of its help.
struct Key(&'static [&'static str], Option<Act>, &'static str);

/// Every key of the page. Capitals act on what is selected.
const KEYS: [Key; 16] = [
    Key(&["j", "k"], None, "help-move"),
    Key(&["a"], Some(Act::Approve), "act-approve"),
    Key(&["r"], Some(Act::Reject), "act-reject"),
    Key(&["s"], Some(Act::Spam), "act-spam"),
    Key(&["h"], Some(Act::Hold), "act-hold"),
    Key(&["u"], None, "help-undo"),
    Key(&["J", "K"], None, "help-move-all"),
    Key(&["x", "*"], None, "help-pick"),
    Key(&["A", "R", "S"], None, "help-picked"),
    Key(&["c"], None, "help-context"),
    Key(&["p"], None, "help-author"),
    Key(&["o"], None, "help-article"),
    Key(&["/"], None, "help-search"),
    Key(&["."], None, "help-fresh"),
    Key(&["g"], None, "help-go"),
    Key(&["?"], None, "help-help"),
];

impl QueuePage {
    /// What the page's script says, by the name that it asks for.
    fn sayings(&self) -> Vec<(String, String)> {
        let language = self.frame.language;
        let mut said = vec![
            ("keys".to_owned(), Self::keys()),
            ("empty".to_owned(), language.say("live-empty")),
        ];
        for act in Act::ALL {
            let act = act.as_str();
            said.push((format!("word-{act}"), language.say(&format!("word-{act}"))));
            said.push((format!("already-{act}"), language.say(&format!("already-{act}"))));
        }
        for (name, variables) in [
            ("own", [""; 3]),
            ("by", ["person", "time", ""]),
            ("one", ["n", "", ""]),
            ("other", ["n", "", ""]),
            ("reading", ["name", "", ""]),
            ("changed", [""; 3]),
            ("keep", [""; 3]),
            ("done", ["said", "name", "left"]),
            ("undone", ["name", "", ""]),
            ("nothing", [""; 3]),
            ("waits-one", ["n", "", ""]),
            ("waits-other", ["n", "", ""]),
            ("full", [""; 3]),
            ("taken", ["said", "", ""]),
            ("not-here", [""; 3]),
            ("picked", ["n", "", ""]),
            ("over", [""; 3]),
            ("no-line", [""; 3]),
        ] {
            let kept = variables.into_iter().filter(|variable| !variable.is_empty());
            let kept: Vec<(&str, Arg)> = kept
                .map(|variable| (variable, format!("{{{variable}}}").into()))
                .collect();
            said.push((name.to_owned(), text(language, &format!("live-{name}"), &kept)));
        }
        for (name, key) in [
            ("undo", "undo"),
            ("in", "login-button"),
            ("latest", "panel-latest"),
            ("context", "panel-context"),
            ("talk", "panel-talk"),
            ("close", "panel-close"),
            ("open", "panel-open"),
            ("story", "panel-story"),
            ("past", "panel-past"),
            ("this", "panel-here"),
        ] {
            said.push((name.to_owned(), language.say(key)));
        }
        said
    }

    fn key_of(act: &str) -> Option<&'static str> {
        let found = KEYS
            .iter()
            .find(|Key(_, of, _)| of.is_some_and(|of| of.as_str() == act))?;
        found.0.first().copied()
    }

    fn keys() -> String {
        let keys: Vec<&str> = KEYS.iter().flat_map(|Key(keys, ..)| keys.iter().copied()).collect();
        keys.join(" ")
    }

    /// Keys as they are pressed, and the key of what they do.
    fn help() -> Vec<(Vec<&'static str>, &'static str)> {
        KEYS.iter().map(|Key(keys, _, help)| (keys.to_vec(), *help)).collect()
    }

    /// The acts for several at once.
    fn bulk_acts() -> [Act; 3] {
        [Act::Approve, Act::Reject, Act::Spam]
    }

    /// What is read about a row: the key, and the name of its entry under « Plus ».
    fn readings() -> [(&'static str, &'static str); 2] {
        [("c", "panel-talk"), ("p", "panel-author")]
    }

    fn order_key(order: &str) -> String {
        format!("order-{order}")
    }

    fn empty_key(pile: &str) -> String {
        format!("queue-empty-{pile}")
    }
}

impl QueueTab {
    fn shown(&self) -> String {
        let more = if self.more { "+" } else { "" };
        format!("{}{more}", self.count)
    }
}
