//! What state a comment is in.

use serde::{Deserialize, Serialize};

use super::word::words;

/// The state of a comment. Only `approved` is ever public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
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

words!(Status);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for &status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("Pending"), None);
    }
}
