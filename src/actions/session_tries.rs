//! Wrong tries of somebody who is in: the passphrase, or the code beside it, typed again.
//!
//! They are counted by session. After five in a row the session ends, and whoever sits there signs in again: so a
//! stranger at an open session has five tries and then none, and takes none from the account's owner, neither in
//! another session nor at the door. Each try is counted before anything is compared, so that tries at once are no more.

use std::time::Duration;

use uuid::Uuid;

use super::{identify::SignedIn, sign_in};
use crate::{
    app::App,
    domain::{audit::AuditDetail, code::Code},
    error::Error,
    keys::{Purpose, hex},
    store::{Account, NewAudit},
};

/// Wrong tries in a row after which a session ends.
const MOST: u32 = 5;

/// How long a wrong try is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Counts a try; gives its id, by which it is taken back.
///
/// # Errors
/// 401 `session_ended` when there were too many; errors of the store.
pub(super) async fn count(app: &App, person: SignedIn, account: &Account) -> Result<Uuid, Error> {
    let id = app.clock.new_id();
    let window = i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
    let counted = keys(app, person).into_iter().map(|key| (key, MOST, window)).collect();
    match app.store.count_try(id, counted, app.clock.now()).await? {
        None => Ok(id),
        Some(_) => Err(end(app, person, account).await?),
    }
}

/// What a wrong try is answered with: `error`, or that the session has ended by it.
pub(super) async fn wrong(app: &App, person: SignedIn, account: &Account, error: Error) -> Result<Error, Error> {
    let tries = app.store.tries(&keys(app, person), app.clock.now()).await?;
    if tries < i64::from(MOST) {
        return Ok(error);
    }
    end(app, person, account).await
}

/// Forgets the wrong tries of a session: somebody was right.
pub(super) async fn right(app: &App, person: SignedIn) -> Result<(), Error> {
    Ok(app.store.forget_tries(keys(app, person)).await?)
}

async fn end(app: &App, person: SignedIn, account: &Account) -> Result<Error, Error> {
    let audit = NewAudit {
        detail: Some(AuditDetail::WrongTries { wrong_tries: MOST }.text()),
        ..sign_in::entry(app, account, "sessions_ended")
    };
    app.store
        .end_sessions_of(account.id, Some(person.session), None, audit)
        .await?;
    // The tries stay counted: of those at once none is compared after the fifth.
    Ok(Error::Code(Code::SessionEnded))
}

/// What a session's tries are counted by, the current key's first: what was counted under an older key goes on counting.
fn keys(app: &App, person: SignedIn) -> Vec<String> {
    let by = format!("session {}", person.session);
    let digests = app.keys.digests(Purpose::Recovery, "tries", by.as_bytes());
    digests.map(|(_, key)| hex(&key[..16])).collect()
}
