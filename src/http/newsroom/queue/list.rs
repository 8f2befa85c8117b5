//! The list that an address of the review page names: a pile, narrowed by filters, in an order.
//!
//! All of it stands in the address, so that a list can be shared, kept as a bookmark and gone back to. Words may hold
//! filters too: `auteur:awa motif:links école`.

use std::time::Duration;

use super::filter::filter;
use crate::{
    app::App,
    domain::{
        code::Code,
        language::Language,
        queue::{Filter, Pile},
        reason::Reason,
        score::Score,
        status::Status,
        timestamp::Timestamp,
    },
    error::Error,
    http::request::body::Fields,
    web::{
        form::Choice,
        queue::{Chip, FilterField, QueueTab},
        texts::{self, Say as _},
    },
};

/// What makes a list, in the order of its address.
const NAMES: [&str; 14] = [
    "status",
    "aside",
    "reported",
    "site",
    "order",
    "q",
    "thread",
    "author",
    "reason",
    "score_max",
    "links",
    "days",
    "since",
    "lang",
];

/// What narrows a list, each a filter of its own.
const FILTERS: [&str; 8] = ["q", "thread", "author", "reason", "score_max", "links", "days", "since"];

/// What a word may begin with, and the filter that it then is.
const PREFIXES: [(&str, &str); 5] = [
    ("auteur:", "author"),
    ("author:", "author"),
    ("article:", "thread"),
    ("motif:", "reason"),
    ("reason:", "reason"),
];

/// How far back a list may be asked for, in days.
const DAYS_MAX: i64 = 3650;

/// A list of the review page.
pub(super) struct List {
    /// What its address says of it, without what is empty.
    pairs: Vec<(&'static str, String)>,
    pub(super) filter: Filter,
}

impl List {
    /// The list that a query names.
    ///
    /// # Errors
    /// 422 with the field that cannot be understood.
    pub(super) fn of(app: &App, query: &Fields) -> Result<Self, Error> {
        let mut pairs = Vec::new();
        for name in NAMES {
            if let Some(value) = query.first_of(&[name])? {
                pairs.push((name, value));
            }
        }
        let mut asked: Vec<(String, String)> = Vec::new();
        let mut words = Vec::new();
        for (name, value) in &pairs {
            if *name != "q" {
                asked.push(((*name).to_owned(), value.clone()));
                continue;
            }
            for word in value.split_whitespace() {
                let found = PREFIXES.iter().find_map(|(prefix, filter)| {
                    let rest = word.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
                    Some(((*filter).to_owned(), rest.to_owned()))
                });
                match found {
                    Some(pair) => asked.push(pair),
                    None => words.push(word),
                }
            }
        }
        asked.push(("q".to_owned(), words.join(" ")));
        if let Some(after) = query.first_of(&["after"])? {
            asked.push(("after".to_owned(), after));
        }
        let asked = Fields::of_form(asked);
        let mut filter = filter(app, &asked)?;
        if let Some(days) = asked.integer("days").map_err(|_| days_bad())? {
            if !(1..=DAYS_MAX).contains(&days) {
                return Err(days_bad());
            }
            let span = Duration::from_hours(24 * days.unsigned_abs());
            let from = app.clock.now().minus(span);
            filter.since = Some(filter.since.map_or(from, |since: Timestamp| since.max(from)));
        }
        Ok(Self { pairs, filter })
    }

    /// What its address says under a name; empty when nothing.
    pub(super) fn value(&self, name: &str) -> String {
        let found = self.pairs.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Whether a filter is in force.
    pub(super) fn is_narrowed(&self) -> bool {
        self.pairs.iter().any(|(name, _)| FILTERS.contains(name))
    }

    /// Its address on one site.
    pub(super) fn on_site(&self, site: &str) -> String {
        format!("{}&site={site}", self.without("site"))
    }

    /// Its address, from its beginning.
    pub(super) fn address(&self) -> String {
        self.without("")
    }

    /// Its address without one of its filters.
    fn without(&self, dropped: &str) -> String {
        let mut address = address_of(self.filter.pile, None);
        for (name, value) in &self.pairs {
            if *name != dropped && !matches!(*name, "status" | "aside" | "reported") {
                let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                address = format!("{address}&{name}={value}");
            }
        }
        address
    }

    /// Hidden fields of a form that sets some of it, so that it keeps all else.
    pub(super) fn kept_by(&self, set: &[&str]) -> Vec<(String, String)> {
        let (name, value) = pile_pair(self.filter.pile);
        let mut kept = vec![(name.to_owned(), value.to_owned())];
        let others = self.pairs.iter();
        kept.extend(
            others
                .filter(|(name, _)| !matches!(*name, "status" | "aside" | "reported") && !set.contains(name))
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        kept
    }

    /// The filters in force, each with the address without it.
    pub(super) fn chips(&self, language: Language) -> Vec<Chip> {
        let filters = self.pairs.iter().filter(|(name, _)| FILTERS.contains(name));
        filters
            .map(|(name, value)| {
                let label = match *name {
                    "links" | "days" => {
                        let count = value.parse::<i64>().unwrap_or_default();
                        language.say_count(&format!("chip-{name}"), &count)
                    }
                    "score_max" => {
                        let score = Score::parse(value).map_or(0, Score::thousandths);
                        language.say_with("chip-score", "value", &texts::decimal(language, score))
                    }
                    "reason" => language.say_with("chip-reason", "value", &reason_name(language, value)),
                    "q" => language.say_with("chip-words", "value", value),
                    name => language.say_with(&format!("chip-{name}"), "value", value),
                };
                Chip {
                    label,
                    href: self.without(name),
                }
            })
            .collect()
    }

    /// Every reason that can be filtered by, in the order of their names.
    pub(super) fn reasons(&self, language: Language) -> Vec<Choice> {
        let chosen = self.value("reason");
        let codes = <Reason as strum::VariantNames>::VARIANTS.iter();
        let mut reasons: Vec<Choice> = codes
            .map(|code| Choice {
                value: (*code).to_owned(),
                label: reason_name(language, code),
                is_selected: *code == chosen,
            })
            .collect();
        reasons.sort_by(|a, b| a.label.cmp(&b.label));
        reasons
    }

    /// The other filters.
    pub(super) fn fields(&self) -> Vec<FilterField> {
        [
            ("score_max", "filter-score", "decimal"),
            ("links", "filter-links", "numeric"),
            ("days", "filter-days", "numeric"),
            ("author", "filter-author", ""),
            ("thread", "filter-thread", ""),
        ]
        .map(|(name, label, kind)| FilterField {
            name,
            label,
            value: self.value(name),
            kind,
        })
        .to_vec()
    }

    /// The tabs above it, and the piles that its tab parts into.
    pub(super) fn tabs(&self, counts: &[(Pile, i64)]) -> (Vec<QueueTab>, Vec<QueueTab>) {
        let (pile, site) = (self.filter.pile, self.filter.site.as_deref());
        let tab = |of: Pile, word, key| {
            let count = counts.iter().find(|(pile, _)| *pile == of).map_or(0, |(_, n)| *n);
            QueueTab {
                word,
                pile: of.as_str().to_owned(),
                href: address_of(of, site),
                count: count.min(1000),
                more: count > 1000,
                is_current: pile == of,
                key,
            }
        };
        let choice = [
            tab(Pile::Approved, "tab-approved", ""),
            tab(Pile::Rejected, "tab-rejected", ""),
            tab(Pile::Refused, "tab-refused", ""),
        ];
        let is_decided = choice.iter().any(|tab| tab.is_current);
        let decided = QueueTab {
            word: "tab-decided",
            pile: String::new(),
            is_current: is_decided,
            ..tab(Pile::Approved, "", "d")
        };
        let tabs = vec![
            tab(Pile::Pending, "tab-pending", "r"),
            tab(Pile::Reported, "tab-reported", "s"),
            tab(Pile::SetAside, "tab-set_aside", "c"),
            tab(Pile::Spam, "tab-spam", "i"),
            decided,
        ];
        (tabs, if is_decided { choice.to_vec() } else { Vec::new() })
    }
}

/// A pile from its beginning.
pub(super) fn address_of(pile: Pile, site: Option<&str>) -> String {
    let (name, value) = pile_pair(pile);
    let site = site.map(|site| format!("&site={site}")).unwrap_or_default();
    format!("/queue?{name}={value}{site}")
}

fn pile_pair(pile: Pile) -> (&'static str, &'static str) {
    match pile {
        Pile::SetAside => ("aside", "1"),
        Pile::Reported => ("reported", "1"),
        other => ("status", Status::as_str(other.status())),
    }
}

/// What a reason is called where it has no figures.
fn reason_name(language: Language, code: &str) -> String {
    for key in [format!("reason-name-{code}"), format!("reason-{code}")] {
        let name = language.say(&key);
        if name != key {
            return name;
        }
    }
    code.to_owned()
}

fn days_bad() -> Error {
    Error::field("days", Code::SinceBad)
}
