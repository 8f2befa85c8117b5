//! A moderator decides about comments, one or many, and takes decisions back.

use uuid::Uuid;

use super::{identify::Identity, review};
use crate::{
    app::App,
    domain::code::Code,
    domain::decision::{Act, Decided},
    domain::decision_facts::How,
    error::Error,
    keys::{Purpose, hex},
    store::Decide,
};

/// Decisions in one request at most.
pub const BATCH_MAX: usize = 100;

/// Longest note, in characters.
const NOTE_MAX: usize = 2000;

/// Longest reason code or decision key, in characters.
const CODE_MAX: usize = 200;

/// The longest focus that is kept, in milliseconds: a day.
const FOCUS_MAX: i64 = 86_400_000;

/// A decision to be made.
#[derive(Debug, Clone)]
pub struct NewDecision {
    pub comment: Uuid,
    pub act: Act,
    /// The version it was made on; `None` applies to whatever is there.
    pub version: Option<i64>,
    /// A repeat with the same key changes nothing.
    pub key: Option<String>,
    pub reason: Option<String>,
    pub note: Option<String>,
    /// How long the comment had the focus, in milliseconds, as the page says.
    pub focused_ms: Option<i64>,
    /// For an undo: the decision to take back.
    pub of: Option<Uuid>,
}

/// What became of a new decision.
#[derive(Debug)]
pub struct DecidedItem {
    pub decided: Decided,
    /// The comment as it is now; `None` when it is not the caller's.
    pub item: Option<review::Item>,
}

impl DecidedItem {
    /// The decision's id, where one was made or repeated.
    #[must_use]
    pub fn decision(&self) -> Option<Uuid> {
        match self.decided {
            Decided::Applied(id) | Decided::Replayed(id) => Some(id),
            _ => None,
        }
    }
}

/// Makes one decision.
///
/// # Errors
/// [`Error`] for texts that are too long; errors of the store. A conflict is no error here.
pub async fn decide(app: &App, who: &Identity, new: NewDecision) -> Result<DecidedItem, Error> {
    let length = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
    if length(&new.note) > NOTE_MAX || length(&new.reason) > CODE_MAX || length(&new.key) > CODE_MAX {
        return Err(Error::Code(Code::TooLarge));
    }
    let note = new.note.filter(|note| !note.trim().is_empty());
    let comment = new.comment;
    let decided = app
        .store
        .decide(Decide {
            id: app.clock.new_id(),
            comment,
            act: new.act,
            version: new.version,
            of: new.of,
            key: new.key,
            reason: new.reason,
            note_digest: note
                .as_ref()
                .map(|note| hex(&app.keys.digest(Purpose::Audit, "", note.as_bytes()))),
            note,
            how: How::Person,
            focused_ms: new.focused_ms.map(|time| time.clamp(0, FOCUS_MAX)),
            actor: who.actor.clone(),
            scope: who.scope.clone(),
            bulk: None,
            at: app.clock.now(),
        })
        .await?;
    let item = match decided {
        Decided::NotFound => None,
        _ => review::item(app, who, comment).await.ok(),
    };
    Ok(DecidedItem { decided, item })
}

/// The comment that a decision was about.
///
/// # Errors
/// 404; errors of the store.
pub async fn comment_of(app: &App, decision: Uuid) -> Result<Uuid, Error> {
    app.store.decided_comment(decision).await?.ok_or_else(Error::not_found)
}
