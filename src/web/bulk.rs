//! The page of a decision about all that fits a filter: how much it is, whom one might regret, and how far it went.
//!
//! Whoever published something before stands first, with buttons of their own: what is decided about them takes them out
//! of what fits. Above [`TYPED_ABOVE`] the number is typed out.

use askama::Template;

use super::{
    form::FormErrors,
    frame::AdminFrame,
    queue::{Chip, QueueFlash, QueueItem},
    texts::{Arg, Say as _, text},
};
use crate::domain::{bulk::BulkState, decision::Act};

/// From more comments on, their number is typed to confirm.
pub const TYPED_ABOVE: i64 = 50;

/// `GET /queue/all`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "bulk.html")]
pub struct BulkPage {
    pub frame: AdminFrame,
    pub errors: FormErrors,
    /// What stands in the way, above the form.
    pub problem: Option<String>,
    /// The bulk that is open on the site, where that is in the way.
    pub open_href: Option<String>,
    pub flash: Option<QueueFlash>,
    /// The filters in force, each with the address without it.
    pub chips: Vec<Chip>,
    /// The list itself.
    pub back_href: String,
    /// The address of this very page.
    pub here: String,
    /// Hidden fields that name the list.
    pub kept: Vec<(String, String)>,
    /// Exact up to 10,000; 0 where no site is chosen yet.
    pub count: i64,
    /// There are more than `count`: too many for one bulk.
    pub more: bool,
    /// Sites to choose from, where a filter is about several: address and name.
    pub sites: Vec<(String, String)>,
    /// What may be done with it.
    pub acts: Vec<Act>,
    /// The one that was chosen.
    pub act: Option<Act>,
    /// Comments of authors with something published.
    pub known: Vec<QueueItem>,
    /// Some of the others.
    pub rest: Vec<QueueItem>,
}

/// `GET /queue/all/{id}`.
#[derive(Debug, Clone, Template)]
#[template(path = "bulk_progress.html")]
pub struct BulkProgressPage {
    pub frame: AdminFrame,
    pub id: String,
    pub act: Act,
    pub state: BulkState,
    /// Of `count`, how many are decided, or taken back.
    pub done: i64,
    pub count: i64,
    /// Sentences about what was left.
    pub left: Vec<String>,
    /// « Rokia, 24 novembre 2026 à 10:42 UTC ».
    pub made: String,
    pub is_own: bool,
    pub problem: Option<String>,
    pub back_href: String,
}

impl BulkPage {
    fn is_typed(&self) -> bool {
        self.count > TYPED_ABOVE
    }

    fn is_chosen(&self, act: Act) -> bool {
        self.act == Some(act)
    }

    fn act_key(act: Act) -> String {
        format!("act-{}", act.as_str())
    }

    /// An act on one comment, before all others: published, or put aside.
    fn acts_before(item: &QueueItem) -> Vec<Act> {
        let acts = item.acts().into_iter();
        acts.filter(|act| matches!(act, Act::Approve | Act::Hold)).collect()
    }
}

impl BulkProgressPage {
    fn sentence(&self) -> String {
        let language = self.frame.language;
        let word = language.say(&format!("word-{}", self.act.as_str()));
        let key = format!("bulk-state-{}", self.state.as_str());
        let variables = [
            ("word", word.as_str().into()),
            ("done", Arg::Count(self.done)),
            ("count", Arg::Count(self.count)),
        ];
        text(language, &key, &variables)
    }

    fn can_be_undone(&self) -> bool {
        self.is_own && matches!(self.state, BulkState::Running | BulkState::Done)
    }
}
