//! A reader sends a comment: from the arrived fields to a stored comment and its outcome.
//!
//! Cheap refusals first, then the slow outside call, then the one write. Once the fields are valid the
//! text is stored whatever the captcha says; a failure of the captcha only ever holds. The whole path
//! runs in a task of its own, so that it ends with a stored comment even when the reader's connection
//! drops, and the answer is given after the commit.

mod answer;
mod check;
mod claim;
mod device;
mod fields;
mod holds;
mod outcome;
mod path;
pub(super) mod repeats;
mod submission;
mod written;

use std::sync::Arc;

pub use self::{answer::Receipt, submission::Submission};
use self::{
    check::Checked,
    path::{Path, Valid},
    repeats::Earlier,
};
use crate::{
    app::{App, SiteInForce},
    domain::draft::Draft,
    error::Error,
    keys::hex,
    limits::{Action, Demand},
};

/// Runs a submission to its end, also when the caller stops waiting.
///
/// # Errors
/// [`Error`]: a site, thread or parent that is not there, fields to correct, a limit by address, an
/// idempotency key used for another text, or a store that cannot be written. Nothing is stored then.
pub async fn submit(app: &Arc<App>, site: Arc<SiteInForce>, submission: Submission) -> Result<Receipt, Error> {
    let Some(place) = app.room.enter().await else {
        return Err(Error::Unavailable("too many submissions are under way".to_owned()));
    };
    let path = Path {
        app: Arc::clone(app),
        place,
        now: app.clock.now(),
        site,
    };
    // In a box, because it is large and would be copied on its way into the task.
    let task = app
        .submissions
        .spawn(Box::pin(async move { path.walk(submission).await }));
    task.await
        .unwrap_or_else(|error| Err(Error::Internal(format!("the path of a submission broke off: {error}"))))
}

impl Path {
    async fn walk(&self, mut submission: Submission) -> Result<Receipt, Error> {
        let app = &*self.app;
        let sends = Demand::by_address(Action::Submit, submission.client);
        app.limits.peek(&[sends])?;
        let draft = self.parse(std::mem::take(&mut submission.raw))?;
        let left_out = draft.left_out.clone();
        let receipt = self.take(submission, draft, sends).await?;
        Ok(Receipt { left_out, ..receipt })
    }

    /// Takes a submission with valid fields.
    async fn take(&self, submission: Submission, draft: Draft, sends: Demand<'_>) -> Result<Receipt, Error> {
        let app = &*self.app;
        let form = app.captcha.check_form(
            &self.site.site.id,
            draft.thread.as_str(),
            submission.form.as_deref(),
            self.now,
        );
        let digest = hex(&draft.digest());
        let keys = repeats::keys_of(&submission, &form);
        let site = &self.site.site.id;
        let before = app
            .store
            .before_submission(site, draft.thread.as_str(), &keys, self.now)
            .await?;
        let new = match repeats::earlier(&before.repeats, &keys, &digest)? {
            Earlier::Same(comment) => {
                app.limits.check(&[sends])?;
                return self.replay(comment).await;
            }
            Earlier::New(new) => new,
        };
        let (root, opens_thread) = self.place(&draft, before.thread_open).await?;
        let demands = [sends, Demand::by_address(Action::NewThread, submission.client)];
        app.limits.check(&demands[..=usize::from(opens_thread)])?;
        let email_key = self.email_digest(&draft);
        let device = self.device(&submission);
        let valid = Valid {
            holds: self.held_by_limits(&email_key, device.as_deref()),
            device,
            email_key,
            draft,
            root,
            form,
            digest,
            keys,
            submission,
        };
        let finding = match self.ask_captcha(&valid, &new).await? {
            Checked::Found(finding) => finding,
            Checked::Repeat(comment) => return self.replay(comment).await,
        };
        if let Some(receipt) = self.decide(&valid, new, &finding).await? {
            return Ok(receipt);
        }
        // Another text took one of the keys while this one was checked: now that is known.
        match self.look_back(&valid.keys, &valid.digest).await? {
            Earlier::Same(comment) => self.replay(comment).await,
            Earlier::New(new) => self
                .decide(&valid, new, &finding)
                .await?
                .ok_or_else(|| Error::Unavailable("the keys of a submission are taken again and again".to_owned())),
        }
    }
}
