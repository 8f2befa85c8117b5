//! What a submission has on its way: where it is, and what is known of it once its fields are valid.

use std::sync::Arc;

use uuid::Uuid;

use super::submission::Submission;
use crate::{
    app::{App, SiteInForce},
    captcha::Form,
    domain::{draft::Draft, reason::Reason, timestamp::Timestamp},
    rooms::Place,
};

/// One submission's way.
pub(super) struct Path {
    pub(super) app: Arc<App>,
    pub(super) place: Place,
    pub(super) site: Arc<SiteInForce>,
    pub(super) now: Timestamp,
}

/// A submission with valid fields, in a place where it may stand.
pub(super) struct Valid {
    pub(super) submission: Submission,
    pub(super) draft: Draft,
    /// The top-level comment above it.
    pub(super) root: Option<Uuid>,
    pub(super) form: Form,
    pub(super) digest: String,
    pub(super) keys: Vec<String>,
    /// Of the e-mail.
    pub(super) email_key: [u8; 32],
    /// The device of an earlier answer, by a token that is ours and not too old.
    pub(super) device: Option<String>,
    /// What the e-mail's, the device's and the site's limits say.
    pub(super) holds: Vec<Reason>,
}
