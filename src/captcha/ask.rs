//! What is asked of a captcha about one submission, and what is found.

use std::fmt;

use super::built_in::form_token::Form;
use crate::domain::{address::ClientAddress, reason::Reason, site::Site, timestamp::Timestamp, verdict::Verdict};

/// What is known of one submission when its captcha is verified.
pub struct Ask<'a> {
    pub site: &'a Site,
    /// The publisher's key of the thread, as given to `Captcha::issue_form`.
    pub thread: &'a str,
    /// The provider's token, or the solved proof of work of the built-in check.
    pub token: Option<&'a str>,
    /// What `Captcha::check_form` said.
    pub form: &'a Form,
    /// Whether the field that people do not see was filled in.
    pub honeypot: bool,
    /// Links in the body.
    pub links: usize,
    /// Whether the record of the device token makes it known (`domain/trust.rs`).
    pub known_author: bool,
    /// Whether the same long text came under another article within a day.
    pub seen_elsewhere: bool,
    /// Told to the provider where the site says so.
    pub client: Option<ClientAddress>,
    /// What our own record says of the token.
    pub token_spent: Spent,
    pub now: Timestamp,
}

impl<'a> Ask<'a> {
    /// About a submission of which nothing else is known.
    pub(super) fn bare(site: &'a Site, form: &'a Form, token: Option<&'a str>, now: Timestamp) -> Self {
        Self {
            site,
            thread: "/a",
            token,
            form,
            honeypot: false,
            links: 0,
            known_author: false,
            seen_elsewhere: false,
            client: None,
            token_spent: Spent::Never,
            now,
        }
    }
}

impl fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("site", &self.site.id)
            .field("token", &self.token.map(|_| "…"))
            .field("form", &self.form)
            .field("token_spent", &self.token_spent)
            .finish_non_exhaustive()
    }
}

/// Whether a token was sent to us before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    Never,
    /// With this very submission, whose outcome is not known.
    SameSubmission,
    /// With another form or text.
    Foreign,
}

/// What the captcha found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    /// Each keeps the comment from being published, whatever the verdict.
    pub holds: Vec<Reason>,
    /// These only explain.
    pub notes: Vec<Reason>,
    /// How long the provider was waited for; `None`: nobody was asked.
    pub checked_ms: Option<i64>,
    /// What the built-in check saw, `name=value` by spaces; `None`: it did not look.
    pub signals: Option<String>,
    /// The provider's own name of this check, where it is to be told what becomes of the comment.
    pub assessment: Option<String>,
}

impl Finding {
    /// A verdict without more.
    #[must_use]
    pub fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            holds: Vec::new(),
            notes: Vec::new(),
            checked_ms: None,
            signals: None,
            assessment: None,
        }
    }
}

impl From<Verdict> for Finding {
    fn from(verdict: Verdict) -> Self {
        Self::of(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::site::SiteSettings;

    #[test]
    fn a_debug_print_shows_no_token() {
        let site = Site::resolve("faso", None, &SiteSettings::default()).expect("a site");
        let ask = Ask::bare(&site, &Form::Missing, Some("the-token"), Timestamp(0));
        assert!(!format!("{ask:?}").contains("the-token"));
    }
}
