//! What a captcha said about one submission: six classes, of which only one is a score.
//!
//! An error is never evidence about a person, so the classes that are not a score or a plain yes only
//! ever hold a comment with their reason. A provider's own words are kept verbatim as strings: its list
//! of codes is open.

use super::{score::Score, word::words};

/// The answer of a provider, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The site asks no captcha (`provider = "off"`).
    Off,
    /// A score, 1 = human.
    Scored {
        /// The score, rounded to thousandths and turned so that 1 is a person.
        score: Score,
        /// The number as it was received.
        raw: String,
    },
    /// A yes or no without a score.
    Binary {
        /// The provider's yes.
        pass: bool,
    },
    /// The token is not one that counts for this submission.
    BadToken(BadToken),
    /// The check never ran in the reader's browser.
    NotRun(NotRun),
    /// Our own set-up is wrong; the text says what the provider named.
    Misconfigured(String),
    /// The provider could not be asked, or gave no usable answer.
    Unavailable(Why),
}

/// Why a token does not count.
#[derive(Debug, Clone, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum BadToken {
    /// None was sent.
    Missing,
    /// Not a token of this provider, or forged.
    Malformed,
    /// Older than its life.
    Expired,
    /// Already spent by the same submission.
    Duplicate,
    /// Already spent by another submission.
    Foreign,
    /// Minted for another action; the text is the action seen.
    WrongAction(String),
    /// Minted on another host; the text is the host seen, empty when none was given.
    WrongHost(String),
    /// Minted for another site or thread.
    WrongSite,
}

/// Why the check never ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum NotRun {
    /// No script in the browser, or a form that carries none.
    NoScript,
    /// The provider's script was blocked.
    Blocked,
    /// The reader did not consent to it.
    ConsentRefused,
    /// The browser failed to reach the provider.
    BrowserError,
}

/// Why the provider gave no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Why {
    /// No answer within three seconds.
    Timeout,
    /// No connection, or it broke.
    Connect,
    /// A 5xx status, or the provider's own word for the same.
    ServerError,
    /// Status 429, or a text that says the quota is used up.
    Quota,
    /// Not the documented JSON, or too much of it.
    Garbage,
    /// A token that may have been spent by a first call whose answer was lost.
    AmbiguousDuplicate,
    /// Not asked, because it failed too often just now.
    BreakerOpen,
    /// Not asked, because too many were waiting for its answer.
    Busy,
}

words!(Why);

impl Verdict {
    /// The class, as stored and as shown in JSON: `off`, `scored`, `passed`, `failed`, `bad_token`,
    /// `not_run`, `misconfigured` or `unavailable`.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Scored { .. } => "scored",
            Self::Binary { pass: true } => "passed",
            Self::Binary { pass: false } => "failed",
            Self::BadToken(_) => "bad_token",
            Self::NotRun(_) => "not_run",
            Self::Misconfigured(_) => "misconfigured",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// What the class leaves open, as stored: why a token does not count, why a check did not run or
    /// nobody answered. What was seen instead stands in the reasons.
    #[must_use]
    pub fn detail(&self) -> Option<&'static str> {
        match self {
            Self::BadToken(bad) => Some(bad.as_str()),
            Self::NotRun(why) => Some(why.as_str()),
            Self::Unavailable(why) => Some(why.as_str()),
            Self::Off | Self::Scored { .. } | Self::Binary { .. } | Self::Misconfigured(_) => None,
        }
    }

    /// The score, only where there is one.
    #[must_use]
    pub fn score(&self) -> Option<Score> {
        match self {
            Self::Scored { score, .. } => Some(*score),
            _ => None,
        }
    }
}

impl BadToken {
    /// The word used in the store.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.into_str()
    }
}

impl NotRun {
    /// What a page says of a check that it could not run: `blocked` or `consent_refused`; `None` for any
    /// other word, which a page has no reason to say.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        word.parse()
            .ok()
            .filter(|why| matches!(why, Self::Blocked | Self::ConsentRefused))
    }

    /// The word used in reasons.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}
