//! What state a comment is in.

use serde::{Deserialize, Serialize};

/// The state of a comment. Only `approved` is ever public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a person.
    Pending,
    /// Public.
    Approved,
    /// Turned down by a moderator.
    Rejected,
    /// Marked as spam by a moderator.
    Spam,
    /// Turned away by the captcha policy; the text is kept 30 days and one click asks for a person.
    Refused,
    /// The texts are gone; the row stays as evidence.
    Erased,
}

impl Status {
    /// Every state, in the order pages list them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Spam,
        Self::Refused,
        Self::Erased,
    ];

    /// The word used in the store, in JSON and in URLs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Spam => "spam",
            Self::Refused => "refused",
            Self::Erased => "erased",
        }
    }

    /// The state of that word, `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("Pending"), None);
    }
}
