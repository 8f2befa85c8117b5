//! The two writes that are many: a new comment, and a moderator's decision.
//!
//! A unit is whole or not at all. Many of them run in one transaction on SQLite (see `writer`), one in
//! one on PostgreSQL; the SQL is the same text, in `unit_sql.rs` and `decide_sql.rs`, which are compiled once for
//! each engine because a multi-row INSERT needs the engine's type. A part of a bulk, in `bulk_sql.rs`, makes its decisions
//! with the same code, in a transaction of its own.

use uuid::Uuid;

use crate::domain::{
    actor::{Actor, Scope},
    content::Content,
    decision::{Act, Decided},
    decision_facts::How,
    origin::Origin,
    status::Status,
    timestamp::Timestamp,
};

pub(super) mod sqlite {
    //! The units on SQLite.
    type Engine = sqlx::Sqlite;
    type Connection = sqlx::SqliteConnection;
    /// Whether a transaction of units is the only one that writes: begun IMMEDIATE, it is.
    const ALONE: bool = true;
    /// What begins and ends the transaction. Both go along with other statements where they can, as those do
    /// with each other: each message to the connection's thread costs a switch there and back.
    const ENDS: Option<(&str, &str)> = Some(("BEGIN IMMEDIATE", "COMMIT"));
    /// A failed unit is rolled back with its transaction. Without `OR FAIL` SQLite keeps a
    /// journal of its own for each statement of several rows: a copy of every page that it changes.
    const INSERT: &str = "INSERT OR FAIL";
    include!("unit_sql.rs");
    include!("decide_sql.rs");
    include!("bulk_sql.rs");
}

pub(super) mod postgres {
    //! The units on PostgreSQL.
    type Engine = sqlx::Postgres;
    type Connection = sqlx::PgConnection;
    /// Others write beside it.
    const ALONE: bool = false;
    /// The transaction is the caller's, and a message is one statement.
    const ENDS: Option<(&str, &str)> = None;
    /// A failed statement leaves nothing behind.
    const INSERT: &str = "INSERT";
    include!("unit_sql.rs");
    include!("decide_sql.rs");
    include!("bulk_sql.rs");
}

/// A comment to be stored with its automatic outcome.
#[derive(Debug, Clone)]
pub struct NewComment {
    pub id: Uuid,
    /// The id its thread gets should it be the first there.
    pub new_thread_id: Uuid,
    pub site: String,
    pub status: Status,
    pub at: Timestamp,
    pub content: Content,
    pub origin: Origin,
}

/// What became of a [`NewComment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is stored.
    New,
    /// One of its repeat keys was there already, with this comment of the same content.
    Repeat(Uuid),
    /// One of its repeat keys was there already with other content; nothing is stored.
    KeyTaken,
    /// The publisher closed the thread.
    ThreadClosed,
}

/// A decision to be made.
#[derive(Debug, Clone)]
pub struct Decide {
    /// The id of its audit entry.
    pub id: Uuid,
    pub comment: Uuid,
    pub act: Act,
    /// The version it was made on; `None` applies to whatever is there.
    pub version: Option<i64>,
    /// For an undo: the decision to take back; `None` is the comment's latest.
    pub of: Option<Uuid>,
    /// A repeat with the same key changes nothing.
    pub key: Option<String>,
    pub reason: Option<String>,
    pub note: Option<String>,
    /// Salted digest of the note.
    pub note_digest: Option<String>,
    /// Said by the code that decides.
    pub how: How,
    /// How long the comment had the focus, in milliseconds, as the page says.
    pub focused_ms: Option<i64>,
    pub actor: Actor,
    pub scope: Scope,
    /// The bulk that it is part of.
    pub bulk: Option<Uuid>,
    pub at: Timestamp,
}

impl Decide {
    /// `act` on whatever `comment` is at `at`, by a person and by itself, without a word.
    #[must_use]
    pub fn new(id: Uuid, comment: Uuid, act: Act, (actor, scope): (Actor, Scope), at: Timestamp) -> Self {
        Self {
            id,
            comment,
            act,
            version: None,
            of: None,
            key: None,
            reason: None,
            note: None,
            note_digest: None,
            how: How::Person,
            focused_ms: None,
            actor,
            scope,
            bulk: None,
            at,
        }
    }
}

/// A unit of the writer.
#[derive(Debug)]
pub(super) enum Unit {
    Insert(Box<NewComment>),
    Decide(Box<Decide>),
}

/// The result of a unit.
#[derive(Debug)]
pub(super) enum Done {
    Inserted(Inserted),
    Decided(Decided),
}
