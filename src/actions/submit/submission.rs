//! A submission as it arrived.

use crate::domain::{address::ClientAddress, draft::RawDraft, language::Language};

/// A submission as it arrived.
#[derive(Debug, Clone)]
pub struct Submission {
    pub raw: RawDraft,
    /// The provider's token, or the solved proof of work.
    pub captcha: Option<String>,
    /// The solved proof of work, beside or instead of an outside provider's token.
    pub proof: Option<String>,
    /// Why the page has no token of an outside provider, in its own words.
    pub captcha_not_run: Option<String>,
    /// The form token.
    pub form: Option<String>,
    /// The field that people do not see was filled in.
    pub honeypot: bool,
    /// The device token of an earlier answer.
    pub device: Option<String>,
    pub idempotency_key: Option<String>,
    /// The language of the answer.
    pub language: Language,
    /// The page it came from vouches for itself: its origin is the site's or our own.
    pub known_origin: bool,
    pub client: ClientAddress,
}
