//! The author of a comment, holding its receipt: sees its state, asks for a person, erases it.

use crate::{
    app::App,
    domain::{address::ClientAddress, status::Status, timestamp::Timestamp},
    error::Error,
    keys::Purpose,
    limits::{Action, Demand},
    store::{Actor, Comment, NewAudit},
};

use super::submit::{REFUSED_LIFE, ReceiptClaims};

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
        self.comment.status == Status::Refused && self.comment.appealed_at.is_none()
    }
}

/// Opens a receipt.
///
/// # Errors
/// [`Error::NotFound`] for one that is forged, too old, or whose comment is gone.
pub async fn open(app: &App, receipt: &str) -> Result<Own, Error> {
    let claims: ReceiptClaims = app.keys.open(Purpose::Receipt, receipt).ok_or_else(Error::not_found)?;
    if claims.e < app.clock.now().0 {
        return Err(Error::not_found());
    }
    let comment = app.store.comment(claims.c).await?.ok_or_else(Error::not_found)?;
    Ok(Own {
        kept_until: comment.created_at.plus(REFUSED_LIFE),
        comment,
    })
}

/// Brings a refused comment before a person, once; asking again changes nothing.
///
/// # Errors
/// [`Error::NotFound`], [`Error::RateLimited`], a conflict when it is not refused; errors of the store.
pub async fn appeal(app: &App, receipt: &str, client: ClientAddress) -> Result<Own, Error> {
    app.limits.check(&[Demand::by_address(Action::Appeal, client)])?;
    let own = open(app, receipt).await?;
    let audit = by_reader(app, &own.comment, "appeal", Status::Pending);
    let appealed = app.store.appeal(&own.comment, audit, app.clock.now()).await?;
    if !appealed && own.comment.appealed_at.is_none() {
        return Err(Error::conflict("conflict"));
    }
    open(app, receipt).await
}

/// Erases the texts for good.
///
/// # Errors
/// [`Error::NotFound`]; errors of the store.
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
            kind: "reader",
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
