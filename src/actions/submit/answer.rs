//! What the reader is told, at once or again.

use uuid::Uuid;

use super::{device::new_device, path::Path};
use crate::{
    actions::{receipt, step_up},
    domain::{
        retention,
        second_check::{self, Asked},
        status::Status,
        timestamp::Timestamp,
        triage::Action,
    },
    error::Error,
};

/// What the reader is told.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub id: Uuid,
    /// What was decided about it at once; `None` when it is erased meanwhile.
    pub outcome: Option<Action>,
    /// The check could not be made, through no fault of the reader.
    pub check_down: bool,
    /// Sanitised HTML.
    pub html: String,
    /// The code that its reader can read out to a person.
    pub reference: String,
    pub created_at: Timestamp,
    /// The signed capability to see, appeal or erase it.
    pub receipt: String,
    /// The signed device token.
    pub device: String,
    /// The same submission came before, and this is its outcome.
    pub replayed: bool,
    /// Until when a refused text is kept.
    pub kept_until: Timestamp,
    /// The second check that a page with JavaScript may make now.
    pub step_up: Option<Asked>,
    /// Optional fields that were left out, because nothing could be made of them: `website`.
    pub left_out: Vec<&'static str>,
}

impl Path {
    /// The first outcome of a comment that is stored already.
    pub(super) async fn replay(&self, comment: Uuid) -> Result<Receipt, Error> {
        let comment = self
            .app
            .store
            .comment(comment)
            .await?
            .ok_or_else(|| Error::Internal(format!("comment {comment} is not there, but its key is")))?;
        let mut step_up = second_check::asked(&self.site.site.captcha, &comment.reasons, comment.created_at);
        if let Some(asked) = step_up
            && !step_up::is_open(&self.app, &comment, asked).await?
        {
            step_up = None;
        }
        let device = comment.device_id.unwrap_or_else(|| new_device(&self.app));
        Ok(Receipt {
            id: comment.id,
            outcome: Some(comment.outcome).filter(|_| comment.status != Status::Erased),
            check_down: is_down(&comment.verdict),
            html: comment.html,
            reference: comment.reference,
            created_at: comment.created_at,
            receipt: receipt::sign(&self.app, comment.id, comment.created_at),
            // As the first answer gave it: a repeat is no use of the device.
            device: self.sign_device(&device, comment.created_at),
            replayed: true,
            kept_until: retention::refused_until(comment.created_at),
            step_up,
            left_out: Vec::new(),
        })
    }
}

/// Whether the check could not be made, by the class of its verdict.
pub(super) fn is_down(verdict_class: &str) -> bool {
    matches!(verdict_class, "unavailable" | "misconfigured")
}
