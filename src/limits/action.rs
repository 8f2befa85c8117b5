//! The limited things.
//!
//! [`Action`] owns each one's default quota, what happens beyond it and the code of the sentence that says
//! so. To add one: a variant and its `Rule` here, its table in `Quotas` and in the documented
//! configuration.

use super::quota::Quota;

/// Each limited thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Action {
    /// A comment is sent, by address.
    Submit,
    /// A comment is sent, by e-mail.
    SubmitEmail,
    /// A comment is sent, by device.
    SubmitDevice,
    /// A comment is sent, by site.
    SubmitSite,
    /// A form token is asked for.
    Form,
    /// A thread, count or feed is read.
    Read,
    /// A comment would be the first of its thread.
    NewThread,
    /// A sign-in is tried, by address.
    SignIn,
    /// A sign-in is tried, by account. Counted in the store alone (`actions/sign_in.rs`).
    SignInAccount,
    /// A setup code is tried, by address. Counted in the store alone (`actions/setup.rs`).
    SetupCode,
    /// A reader reports a comment.
    Report,
    /// A refused reader asks for a person.
    Appeal,
    /// An owner tests the captcha keys of a site.
    CaptchaTest,
}

/// What happens to a request beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// 429 with the wait.
    Refuse,
    /// It is kept, and waits for a person.
    Hold,
}

impl Action {
    /// All actions, in order.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The name of its table under `[rate_limit]` and of its policy in the headers: `submit`, `sign_in`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.into_str()
    }

    /// Whether a request beyond the limit is refused or held.
    #[must_use]
    pub const fn beyond(self) -> Beyond {
        self.rule().beyond
    }

    /// The code of the sentence: for the reader when refused, for the moderator when held.
    #[must_use]
    pub const fn sentence_code(self) -> &'static str {
        match self {
            Self::SubmitEmail => "email_rate",
            Self::SubmitDevice => "device_rate",
            Self::SubmitSite => "site_surge",
            _ => "rate_limited",
        }
    }

    /// What is allowed where the configuration says nothing.
    pub(super) const fn default_quota(self) -> Quota {
        self.rule().quota
    }

    #[expect(clippy::match_same_arms, reason = "a row for each")]
    const fn rule(self) -> Rule {
        match self {
            Self::Submit => Rule::refuse(Quota::new(10, 20).with_wide(60, 300)),
            Self::SubmitEmail => Rule::hold(Quota::new(5, 5)),
            Self::SubmitDevice => Rule::hold(Quota::new(5, 5)),
            Self::SubmitSite => Rule::hold(Quota::new(600, 600)),
            Self::Form => Rule::refuse(Quota::new(60, 60 * 60)),
            Self::Read => Rule::refuse(Quota::new(600, 600 * 60)),
            Self::NewThread => Rule::refuse(Quota::new(10, 30)),
            Self::SignIn => Rule::refuse(Quota::new(5, 5 * 12).with_wide(30, 60)),
            Self::SetupCode => Rule::refuse(Quota::new(5, 30).with_wide(30, 60)),
            Self::SignInAccount => Rule::refuse(Quota::new(25, 25)),
            Self::Report => Rule::refuse(Quota::new(10, 30)),
            Self::Appeal => Rule::refuse(Quota::new(10, 30)),
            Self::CaptchaTest => Rule::refuse(Quota::new(5, 30)),
        }
    }
}

/// What [`Action`] owns for each limited thing.
#[derive(Debug, Clone, Copy)]
struct Rule {
    quota: Quota,
    beyond: Beyond,
}

impl Rule {
    const fn refuse(quota: Quota) -> Self {
        Self {
            quota,
            beyond: Beyond::Refuse,
        }
    }

    const fn hold(quota: Quota) -> Self {
        Self {
            quota,
            beyond: Beyond::Hold,
        }
    }
}
