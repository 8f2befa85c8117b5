//! What somebody does to a comment, and what is noted of it, for tests to change what they are about.

use palabre::{
    clock::Clock,
    domain::{
        actor::{Actor, ActorKind, Scope},
        decision::Act,
    },
    store::{Decide, NewAudit},
};
use uuid::Uuid;

/// A decision about a comment as it is, made now.
pub(crate) fn decision(clock: &Clock, comment: Uuid, act: Act, by: (Actor, Scope)) -> Decide {
    Decide::new(clock.new_id(), comment, act, by, clock.now())
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
