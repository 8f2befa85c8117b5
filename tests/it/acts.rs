//! What somebody does to a comment, and what is noted of it, for tests to change what they are about.

use palabre::{
    clock::Clock,
    domain::{
        actor::{Actor, ActorKind, Scope},
        decision::Act,
        decision_facts::How,
    },
    store::{Decide, NewAudit},
};
use uuid::Uuid;

/// A decision about a comment as it is, made now.
pub(crate) fn decision(clock: &Clock, comment: Uuid, act: Act, (actor, scope): (Actor, Scope)) -> Decide {
    Decide {
        id: clock.new_id(),
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
        at: clock.now(),
    }
}

/// An entry of the audit log about no comment, made now.
pub(crate) fn audit(clock: &Clock, site: &str, action: &'static str, actor: Actor) -> NewAudit {
    NewAudit {
        id: clock.new_id(),
        site: site.to_owned(),
        at: clock.now(),
        actor,
        action,
        comment: None,
        from_status: None,
        to_status: None,
        detail: None,
    }
}

/// Somebody of the newsroom, by a token.
pub(crate) fn moderator(id: &str) -> Actor {
    Actor {
        kind: ActorKind::Token,
        id: id.to_owned(),
        name: "Awa".to_owned(),
    }
}
