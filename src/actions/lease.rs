//! A moderator reads a comment: the others see it, and may decide on it all the same.

use std::time::Duration;

use uuid::Uuid;

use super::identify::Identity;
use crate::{
    app::App,
    domain::{timestamp::Timestamp, view::Seen},
    error::Error,
    store::Lease,
};

/// How long a lease is good. A page renews it while somebody reads.
pub const LIFE: Duration = Duration::from_secs(30);

/// A lease as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The name of who reads.
    pub by: String,
    pub until: Timestamp,
    /// It is their own.
    pub own: bool,
}

impl Reading {
    /// The lease as `who` sees it.
    #[must_use]
    pub fn seen_by(who: &Identity, lease: &Lease) -> Self {
        Self {
            by: lease.holder.clone(),
            until: Timestamp(lease.leased_until),
            own: lease.holder_id == who.actor.id,
        }
    }
}

/// Takes the lease of a comment, or renews it, and gives up the one on another comment. Gives the lease in
/// force, which is somebody else's where they were first. That a person saw the comment, and how, is written down.
///
/// # Errors
/// 404 for a comment that is not of the caller's sites; errors of the store.
pub async fn take(app: &App, who: &Identity, comment: Uuid, seen: Seen) -> Result<Reading, Error> {
    let found = app.store.comment(comment).await?;
    let found = found
        .filter(|found| who.scope.allows(&found.site))
        .ok_or_else(Error::not_found)?;
    let now = app.clock.now();
    let lease = app
        .store
        .lease_comment(comment, &found.site, &who.actor, now.plus(LIFE), now);
    let lease = lease.await?;
    app.store.note_view(comment, &who.actor, seen, now).await?;
    Ok(Reading::seen_by(who, &lease))
}
