//! A bulk as it is stored: a decision about all comments that fitted a filter when it began. What is done with one is in
//! `bulks.rs`, what a part of it does in `bulk_sql.rs`.

use uuid::Uuid;

use super::from_row::{from_row, read_as_word};
use crate::domain::{
    actor::{Actor, ActorKind},
    bulk::BulkState,
    decision::Act,
    timestamp::Timestamp,
};

read_as_word!(Act);
read_as_word!(BulkState);

from_row! {
    /// A bulk and how far it is.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Bulk {
        pub id: Uuid,
        pub site_id: String,
        /// JSON; of words and authors that were looked for only that they were.
        pub filter: String,
        pub action: Act,
        pub actor_kind: ActorKind,
        pub actor_id: String,
        pub actor: String,
        pub at: i64,
        /// How many comments fitted when it began.
        pub expect: i64,
        pub state: BulkState,
        pub done: i64,
        /// Changed by somebody before their turn.
        pub skipped: i64,
        pub undone: i64,
        /// Changed by somebody since they were decided.
        pub not_undone: i64,
        /// The last decision that was gone over as it is taken back.
        pub(super) cursor: Option<Uuid>,
        /// When the last of it was taken back.
        pub undone_at: Option<i64>,
    }
}

/// The columns of a [`Bulk`].
pub(super) const COLUMNS: &str = "id, site_id, filter, action, actor_kind, actor_id, actor, at, expect, state, done, \
     skipped, undone, not_undone, cursor, undone_at";

impl Bulk {
    /// Who began it.
    #[must_use]
    pub fn by(&self) -> Actor {
        Actor {
            kind: self.actor_kind,
            id: self.actor_id.clone(),
            name: self.actor.clone(),
        }
    }
}

/// A bulk to be begun.
#[derive(Debug, Clone)]
pub struct NewBulk {
    pub id: Uuid,
    pub site: String,
    /// JSON; no text of a person.
    pub filter: String,
    pub act: Act,
    pub actor: Actor,
    pub at: Timestamp,
    /// Comments with the versions in which they fit, in the order of their turns.
    pub rows: Vec<(Uuid, i64)>,
}

/// What became of a [`NewBulk`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkBegun {
    Yes,
    /// Another one of the site is still open.
    Busy,
}

/// The next part of a bulk.
#[derive(Debug, Clone)]
pub struct BulkPart {
    pub bulk: Uuid,
    /// The ids of the decisions that it makes at most.
    pub ids: Vec<Uuid>,
    pub at: Timestamp,
}

impl BulkPart {
    pub(super) fn most(&self) -> i64 {
        i64::try_from(self.ids.len()).unwrap_or(i64::MAX)
    }
}
