//! Why an automatic outcome is what it is: codes with their figures, kept with the comment for ever.
//!
//! A reason is stored as JSON with its figures, never as a sentence, so that it can be read out in
//! any language and replayed. Sentences stand in `web/texts`. To add one: a variant here, its sentence
//! in every admin language there (a test asks for it).

use serde::{Deserialize, Serialize};

use super::{
    score::Score,
    verdict::{BadToken, Verdict},
};

/// One reason, with the figures that make it checkable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[derive(strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Reason {
    /// The site has no policy yet: everything is held.
    Observe,
    /// The site publishes nothing without a moderator.
    ModerationBefore,
    /// Held: the score is under the cut for publication.
    ScoreBelow {
        score: Score,
        cut: Score,
    },
    /// Held: the policy publishes nothing by score.
    ScoreHeld {
        score: Score,
    },
    /// Published: the score reaches the cut.
    ScoreAtLeast {
        score: Score,
        cut: Score,
    },
    /// Refused: the score is under the cut for refusal.
    ScoreRefused {
        score: Score,
        cut: Score,
    },
    /// A second check is wanted: the score is under that cut.
    StepUp {
        score: Score,
        cut: Score,
    },
    /// The second check was passed: the reason that asked for it is gone.
    StepUpPassed,
    /// The text holds that many links.
    Links {
        count: u32,
    },
    /// Held: the words of a link look like the host `shown`, and it leads to `host`.
    LinkDisguised {
        shown: String,
        host: String,
    },
    /// Three links or more: a person reads it, whatever vouches for it.
    ManyLinks,
    /// Its device's record alone would have it published, and no proof of work came with it.
    TrustWithoutProof,
    /// The site asks no captcha.
    CheckOff,
    /// A yes without a score.
    CaptchaPassed,
    /// A no without a score.
    CaptchaFailed,
    TokenMissing,
    TokenMalformed,
    TokenExpired,
    TokenDuplicate,
    TokenForeign,
    WrongAction {
        seen: String,
    },
    WrongHost {
        seen: String,
    },
    WrongSite,
    NotRun {
        why: String,
    },
    Misconfigured {
        detail: String,
    },
    Unavailable {
        why: String,
    },
    /// What the provider says about its own score, in its own words.
    ProviderSays {
        words: String,
    },
    /// No form token came with it.
    FormMissing,
    FormExpired,
    FormForged,
    /// The form token was used before, with another text.
    FormReused,
    /// The field that people do not see was filled in.
    Honeypot,
    /// Sent that many seconds after the form was shown.
    TooFast {
        seconds: u32,
    },
    /// No proof of work came with it (no script, or not ready yet).
    ProofMissing,
    /// The proof of work is forged, foreign or used.
    ProofForged,
    /// The provider said nothing about the reader; this is what the built-in check says instead.
    CheckedHere {
        score: Score,
    },
    /// This e-mail sent too many.
    EmailRate,
    /// This device sent too many.
    DeviceRate,
    /// The whole site receives too many.
    SiteSurge,
    /// Neither a known page nor a valid form token vouches for where it comes from.
    OriginUnknown,
    /// The check of a first try was interrupted; its outcome is unknown.
    LeaseLost,
    /// Too many comments of the site were waiting for its provider: this one was not asked about.
    ProviderBusy,
}

impl Reason {
    /// The code, as in JSON.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.into_str()
    }

    /// Whether it says what the check found, so that it need not be said twice.
    #[must_use]
    pub fn tells_of_the_check(&self) -> bool {
        match self {
            Self::ScoreBelow { .. }
            | Self::ScoreHeld { .. }
            | Self::ScoreAtLeast { .. }
            | Self::ScoreRefused { .. }
            | Self::StepUp { .. }
            | Self::CheckOff
            | Self::CaptchaPassed
            | Self::CaptchaFailed
            | Self::TokenMissing
            | Self::TokenMalformed
            | Self::TokenExpired
            | Self::TokenDuplicate
            | Self::TokenForeign
            | Self::WrongAction { .. }
            | Self::WrongHost { .. }
            | Self::WrongSite
            | Self::NotRun { .. }
            | Self::Misconfigured { .. }
            | Self::Unavailable { .. } => true,
            Self::Observe
            | Self::ModerationBefore
            | Self::StepUpPassed
            | Self::Links { .. }
            | Self::LinkDisguised { .. }
            | Self::ManyLinks
            | Self::TrustWithoutProof
            | Self::ProviderSays { .. }
            | Self::FormMissing
            | Self::FormExpired
            | Self::FormForged
            | Self::FormReused
            | Self::Honeypot
            | Self::TooFast { .. }
            | Self::ProofMissing
            | Self::ProofForged
            | Self::CheckedHere { .. }
            | Self::EmailRate
            | Self::DeviceRate
            | Self::SiteSurge
            | Self::OriginUnknown
            | Self::LeaseLost
            | Self::ProviderBusy => false,
        }
    }

    /// The reason that a verdict which is no score holds a comment; `None` for a score and for a yes.
    #[must_use]
    pub fn of_verdict(verdict: &Verdict) -> Option<Self> {
        Some(match verdict {
            Verdict::Scored { .. } | Verdict::Binary { pass: true } | Verdict::Off => return None,
            Verdict::Binary { pass: false } => Self::CaptchaFailed,
            Verdict::BadToken(bad) => match bad {
                BadToken::Missing => Self::TokenMissing,
                BadToken::Malformed => Self::TokenMalformed,
                BadToken::Expired => Self::TokenExpired,
                BadToken::Duplicate => Self::TokenDuplicate,
                BadToken::Foreign => Self::TokenForeign,
                BadToken::WrongAction(seen) => Self::WrongAction { seen: seen.clone() },
                BadToken::WrongHost(seen) => Self::WrongHost { seen: seen.clone() },
                BadToken::WrongSite => Self::WrongSite,
            },
            Verdict::NotRun(why) => Self::NotRun {
                why: why.as_str().to_owned(),
            },
            Verdict::Misconfigured(detail) => Self::Misconfigured { detail: detail.clone() },
            Verdict::Unavailable(why) => Self::Unavailable {
                why: why.as_str().to_owned(),
            },
        })
    }
}
