//! The way a comment came in, with what only that way knows of it.
//!
//! A comment imported from another system will be a variant beside [`Origin::Submitted`], with its source, its id
//! and its status there and the import it belongs to: nobody sent it, checked it or drew a number for it, so it
//! has none of what stands in [`Submitted`]. What both have is [`super::content::Content`].

use super::{provider::ProviderId, timestamp::Timestamp, triage::Outcome, verdict::Verdict};

/// The way a comment came in.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A reader sent it to this service.
    Submitted(Submitted),
}

impl Origin {
    /// What makes a later submission a repeat of this comment.
    #[must_use]
    pub fn repeats(&self) -> &RepeatKeys {
        let Self::Submitted(submitted) = self;
        &submitted.repeats
    }
}

/// What is known of a comment that a reader sent.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// Salted digest of the sender's network, another each month; `None`: it is not known.
    pub client_key: Option<String>,
    /// `None`: the device is not known.
    pub device_id: Option<String>,
    /// The word for people on the receipt.
    pub reference: String,
    pub captcha: Checked,
    pub outcome: Outcome,
    pub repeats: RepeatKeys,
}

/// How the check of a submission went.
#[derive(Debug, Clone)]
pub struct Checked {
    pub provider: ProviderId,
    pub verdict: Verdict,
    /// How long the provider was waited for; `None`: nobody was asked.
    pub checked_ms: Option<i64>,
    /// What the built-in check saw, `name=value` by spaces; `None`: it did not look.
    pub signals: Option<String>,
    /// The provider's own name of its check; `None`: it is not to be told what becomes of the comment.
    pub assessment: Option<String>,
}

/// What makes a later submission a repeat of this one.
#[derive(Debug, Clone)]
pub struct RepeatKeys {
    /// Whoever sends one of them again repeats it.
    pub keys: Vec<String>,
    /// Digest of all that was sent: under the same key, another one is no repeat but a mistake.
    pub digest: String,
    /// Until when a repeat is recognised.
    pub until: Timestamp,
}
