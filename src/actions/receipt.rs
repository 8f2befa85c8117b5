//! The author of a comment, holding its receipt: sees its state, asks for a person, erases it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    app::App,
    clock,
    domain::{
        actor::{Actor, ActorKind},
        address::ClientAddress,
        appeal::{self, Asked},
        code::Code,
        retention,
        status::Status,
        timestamp::Timestamp,
    },
    error::Error,
    keys::Purpose,
    limits::{Action, Demand},
    store::{Comment, NewAudit},
};

/// The claims of a receipt.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    c: Uuid,
    /// Expiry, Unix milliseconds.
    e: i64,
}

/// The comment of a receipt.
#[derive(Debug)]
pub struct Own {
    pub comment: Comment,
    /// Until when a refused text is kept.
    pub kept_until: Timestamp,
}

impl Own {
    /// Whether a person can still be asked.
    #[must_use]
    pub fn can_appeal(&self) -> bool {
        appeal::ask(self.comment.status, self.comment.appealed_at.is_some()) == Asked::Brought
    }
}

/// Opens a receipt.
///
/// # Errors
/// 404 for one that is forged, too old, or whose comment is gone.
pub async fn open(app: &App, receipt: &str) -> Result<Own, Error> {
    let claims: Claims = app.keys.open(Purpose::Receipt, receipt).ok_or_else(Error::not_found)?;
    if claims.e < app.clock.now().0 {
        return Err(Error::not_found());
    }
    let comment = app.store.comment(claims.c).await?.ok_or_else(Error::not_found)?;
    Ok(Own {
        kept_until: retention::refused_until(comment.created_at),
        comment,
    })
}

/// The thread under the comment: its key, and its page where the site named one.
pub async fn thread_of(app: &App, own: &Own) -> Option<(String, Option<String>)> {
    let row = app.store.queue_item(own.comment.id).await.ok().flatten()?;
    Some((row.thread_key, row.thread_url))
}

/// Brings a comment that was turned down, by the policy or by a person, before a person, once; asking again while it
/// waits changes nothing.
///
/// # Errors
/// 404, [`Error::RateLimited`]; `conflict` when there is nothing to appeal against, `appeal_answered` when a person has
/// answered, `erased`; errors of the store.
pub async fn appeal(app: &App, receipt: &str, client: ClientAddress) -> Result<Own, Error> {
    app.limits.check(&[Demand::by_address(Action::Appeal, client)])?;
    let own = open(app, receipt).await?;
    let audit = by_reader(app, &own.comment, "appeal", Status::Pending);
    match app.store.appeal(&own.comment, audit, app.clock.now()).await? {
        Asked::Brought | Asked::Waiting => open(app, receipt).await,
        Asked::Answered => Err(Error::Code(Code::AppealAnswered)),
        Asked::Needless => Err(Error::Code(Code::Conflict)),
        Asked::Erased => Err(Error::Code(Code::Erased)),
    }
}

/// Erases the texts for good.
///
/// # Errors
/// 404; errors of the store.
pub async fn erase(app: &App, receipt: &str) -> Result<Own, Error> {
    let own = open(app, receipt).await?;
    let audit = by_reader(app, &own.comment, "erase", Status::Erased);
    app.store.erase(&own.comment, audit, app.clock.now()).await?;
    open(app, receipt).await
}

fn by_reader(app: &App, comment: &Comment, action: &'static str, to: Status) -> NewAudit {
    NewAudit {
        id: app.clock.new_id(),
        site: comment.site.clone(),
        at: app.clock.now(),
        actor: Actor {
            kind: ActorKind::Reader,
            id: comment.id.to_string(),
            name: String::new(),
        },
        action,
        comment: Some(comment.id),
        from_status: Some(comment.status.as_str()),
        to_status: Some(to.as_str()),
        detail: None,
    }
}

/// The signed capability of a comment's author.
pub(super) fn sign(app: &App, comment: Uuid, created_at: Timestamp) -> String {
    app.keys.sign(
        Purpose::Receipt,
        &Claims {
            c: comment,
            e: created_at.plus(retention::RECEIPTS).0,
        },
    )
}

/// Crockford's base 32 (<https://www.crockford.com/base32.html>): no I, L, O, U.
const CROCKFORD: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

/// A code that a reader can read out: eight random characters and a check symbol, `K7QM-2X9D5`.
pub(super) fn new_reference() -> String {
    let number = clock::below(1 << 40);
    let symbol = |index: u64| char::from(CROCKFORD[usize::try_from(index).unwrap_or(0)]);
    let mut code: String = (0..8).rev().map(|place| symbol(number >> (place * 5) & 31)).collect();
    code.insert(4, '-');
    code.push(symbol(number % 37));
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_can_be_read_out() {
        for _ in 0..200 {
            let code = new_reference();
            assert_eq!(code.len(), 10, "{code}");
            assert!(!code[..9].contains(['I', 'L', 'O', 'U']), "{code}");
            let number = code[..9].bytes().filter(|b| *b != b'-').fold(0_u64, |n, b| {
                n * 32 + CROCKFORD.iter().position(|c| *c == b).expect("a symbol") as u64
            });
            assert_eq!(code.as_bytes()[9], CROCKFORD[(number % 37) as usize]);
        }
    }
}
