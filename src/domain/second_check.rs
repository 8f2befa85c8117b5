//! The second check of a comment that is held: when one is asked for, in which ways it can be answered and how often,
//! until when, and what passing it changes.
//!
//! A score between the cuts, or an outside provider's plain no, asks for one harder proof of work; a token of such a
//! provider that was too old asks for a fresh one. Invariant: passing takes the mark off the comment and does nothing
//! else, so that it neither publishes nor refuses; each way has one try.
//!
//! To add a kind: its variant of [`Kind`], what asks for it in `kind`, and its ways in [`Asked::ways`].

use std::time::Duration;

use uuid::Uuid;

use super::{
    captcha::Captcha,
    policy::{Band, Policy},
    reason::Reason,
    status::Status,
    timestamp::Timestamp,
    verdict::Verdict,
    word::words,
};

/// How long after the submission it may be answered.
pub const LIFE: Duration = Duration::from_mins(10);

/// How long a try is remembered: as long as anybody could make a second one, and a while more.
pub const REMEMBERED: Duration = Duration::from_hours(1);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Kind {
    /// A harder proof of work.
    Proof,
    /// A fresh token of the site's provider.
    Token,
}

words!(Kind);

/// How it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Way {
    Proof,
    Token,
    /// A token of the interactive provider.
    Second,
}

words!(Way);

impl Way {
    /// What its one try is taken by. It stands among the keys of repeats, where it is forgotten in time.
    #[must_use]
    pub fn key(self, comment: Uuid) -> String {
        let prefix = match self {
            Self::Proof | Self::Token => "s",
            Self::Second => "i",
        };
        format!("{prefix}:{}", comment.simple())
    }
}

/// What became of it, for the comment's author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum State {
    Open,
    Passed,
    Closed,
}

words!(State);

/// A second check that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub kind: Kind,
    pub until: Timestamp,
    /// The interactive provider may be offered beside it.
    pub has_second: bool,
}

impl Asked {
    /// The ways in which it can be answered, each once.
    #[must_use]
    pub const fn ways(self) -> &'static [Way] {
        match (self.kind, self.has_second) {
            (Kind::Proof, false) => &[Way::Proof],
            (Kind::Proof, true) => &[Way::Proof, Way::Second],
            (Kind::Token, _) => &[Way::Token],
        }
    }

    /// The way of an answer with a proof, a token or both; `None`: what was asked for is not there.
    #[must_use]
    pub fn way(self, has_proof: bool, has_token: bool) -> Option<Way> {
        self.ways().iter().copied().find(|way| match way {
            Way::Proof => has_proof,
            Way::Token | Way::Second => has_token,
        })
    }

    /// Whether a comment in that state can still be answered for at `now`, if a try is left.
    #[must_use]
    pub fn is_open(self, status: Status, now: Timestamp) -> bool {
        status == Status::Pending && now <= self.until
    }
}

/// What a comment with these reasons, sent at `at` and still waiting, is asked for.
#[must_use]
pub fn asked(captcha: &Captcha, reasons: &[Reason], at: Timestamp) -> Option<Asked> {
    let kind = reasons.iter().find_map(|reason| kind(captcha, reason))?;
    Some(Asked {
        kind,
        until: at.plus(LIFE),
        has_second: kind == Kind::Proof && captcha.second.is_some(),
    })
}

/// What the reason asks for, if it is one that a second check takes off.
fn kind(captcha: &Captcha, reason: &Reason) -> Option<Kind> {
    match reason {
        Reason::StepUp { .. } => Some(Kind::Proof),
        // A plain no says less than a low score: people fail as well.
        Reason::CaptchaFailed if captcha.provider.is_outside() => Some(Kind::Proof),
        // The built-in check has no token of its own to renew: there it is the form that was too old.
        Reason::TokenExpired if captcha.provider.is_outside() => Some(Kind::Token),
        _ => None,
    }
}

/// Whether a provider's answer passes: a yes, or a score that asks for nothing more.
#[must_use]
pub fn passes(verdict: &Verdict, policy: Option<&Policy>) -> bool {
    match (verdict, policy) {
        (Verdict::Binary { pass }, _) => *pass,
        (Verdict::Scored { score, .. }, Some(policy)) => {
            matches!(policy.cuts.band(*score), Band::Hold | Band::Publish)
        }
        (Verdict::Scored { .. }, None) => true,
        _ => false,
    }
}

/// The reasons of a comment in `status` whose check of that kind was passed, and the one that is replaced; `None`
/// when nothing is: the mark is gone, or a moderator decided meanwhile.
#[must_use]
pub fn without_mark(
    captcha: &Captcha,
    status: Status,
    reasons: &[Reason],
    answered: Kind,
) -> Option<(Vec<Reason>, Reason)> {
    if status != Status::Pending {
        return None;
    }
    let mark = reasons
        .iter()
        .position(|reason| kind(captcha, reason) == Some(answered))?;
    let mut reasons = reasons.to_vec();
    let replaced = std::mem::replace(reasons.get_mut(mark)?, Reason::StepUpPassed);
    Some((reasons, replaced))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        captcha::CaptchaSettings,
        policy::Cuts,
        provider::ProviderId,
        score::Score,
        site::{Site, SiteSettings},
        verdict::{BadToken, Why},
    };

    const AT: Timestamp = Timestamp(1_000_000);

    fn captcha(provider: ProviderId) -> Captcha {
        let settings = SiteSettings {
            captcha: CaptchaSettings {
                provider: Some(provider),
                secret: Some("s".to_owned().into()),
                ..CaptchaSettings::default()
            },
            ..SiteSettings::default()
        };
        let site = Site::resolve("a", Some(&settings), &SiteSettings::default());
        site.expect("a valid site").captcha
    }

    fn with_second(provider: ProviderId) -> Captcha {
        Captcha {
            second: Some(Box::new(captcha(ProviderId::Off))),
            ..captcha(provider)
        }
    }

    fn score(thousandths: i64) -> Score {
        Score::from_thousandths(thousandths).expect("in range")
    }

    fn marked() -> Reason {
        Reason::StepUp {
            score: score(400),
            cut: score(500),
        }
    }

    #[test]
    fn it_is_asked_for_as_the_table_says() {
        use ProviderId::{BuiltIn, Off, RecaptchaV3};
        let table = [
            (BuiltIn, marked(), Some(Kind::Proof)),
            (RecaptchaV3, marked(), Some(Kind::Proof)),
            (BuiltIn, Reason::CaptchaFailed, None),
            (Off, Reason::CaptchaFailed, None),
            (RecaptchaV3, Reason::CaptchaFailed, Some(Kind::Proof)),
            (BuiltIn, Reason::TokenExpired, None),
            (RecaptchaV3, Reason::TokenExpired, Some(Kind::Token)),
            (RecaptchaV3, Reason::TokenMissing, None),
            (RecaptchaV3, Reason::StepUpPassed, None),
            (RecaptchaV3, Reason::Observe, None),
        ];
        for (provider, reason, kind) in table {
            for captcha in [captcha(provider), with_second(provider)] {
                let asked = asked(&captcha, &[Reason::ManyLinks, reason.clone()], AT);
                assert_eq!(asked.map(|asked| asked.kind), kind, "{provider:?} {reason:?}");
                let offers = asked.is_some_and(|asked| asked.has_second);
                assert_eq!(offers, kind == Some(Kind::Proof) && captcha.second.is_some());
            }
        }
    }

    #[test]
    fn each_way_has_one_try_and_what_was_asked_for_must_be_there() {
        let of = |kind, has_second| Asked {
            kind,
            until: AT,
            has_second,
        };
        let table = [
            (of(Kind::Proof, false), [None, None, Some(Way::Proof), Some(Way::Proof)]),
            (
                of(Kind::Proof, true),
                [None, Some(Way::Second), Some(Way::Proof), Some(Way::Proof)],
            ),
            (of(Kind::Token, false), [None, Some(Way::Token), None, Some(Way::Token)]),
        ];
        for (asked, ways) in table {
            let given = [(false, false), (false, true), (true, false), (true, true)];
            assert_eq!(given.map(|(proof, token)| asked.way(proof, token)), ways, "{asked:?}");
            let mut keys: Vec<String> = asked.ways().iter().map(|way| way.key(Uuid::nil())).collect();
            keys.dedup();
            assert_eq!(keys.len(), asked.ways().len(), "{asked:?}");
        }
    }

    #[test]
    fn it_ends_with_its_time_and_with_a_decision() {
        let asked = asked(&captcha(ProviderId::BuiltIn), &[marked()], AT).expect("asked for");
        assert_eq!(asked.until, AT.plus(LIFE));
        assert!(asked.is_open(Status::Pending, asked.until));
        assert!(!asked.is_open(Status::Pending, Timestamp(asked.until.0 + 1)));
        for status in Status::ALL.iter().filter(|status| **status != Status::Pending) {
            assert!(!asked.is_open(*status, AT), "{status:?}");
        }
        assert!(REMEMBERED > LIFE);
    }

    #[test]
    fn a_yes_or_a_score_that_asks_for_nothing_more_passes() {
        let policy = Policy {
            version: 1,
            cuts: Cuts {
                refuse_below: Some(score(200)),
                step_up_below: Some(score(500)),
                publish_from: Some(score(800)),
            },
            explore_ppm: 0,
        };
        let scored = |thousandths| Verdict::Scored {
            score: score(thousandths),
            raw: String::new(),
        };
        let table = [
            (Verdict::Binary { pass: true }, true, true),
            (Verdict::Binary { pass: false }, false, false),
            (scored(100), false, true),
            (scored(400), false, true),
            (scored(600), true, true),
            (scored(900), true, true),
            (Verdict::Off, false, false),
            (Verdict::BadToken(BadToken::Expired), false, false),
            (Verdict::Unavailable(Why::Timeout), false, false),
            (Verdict::Misconfigured(String::new()), false, false),
        ];
        for (verdict, with_policy, without) in table {
            assert_eq!(passes(&verdict, Some(&policy)), with_policy, "{verdict:?}");
            assert_eq!(passes(&verdict, None), without, "{verdict:?}");
        }
    }

    #[test]
    fn passing_takes_the_mark_off_and_nothing_else() {
        let captcha = captcha(ProviderId::RecaptchaV3);
        let reasons = [Reason::ManyLinks, marked(), Reason::ProofMissing];
        let taken_off = without_mark(&captcha, Status::Pending, &reasons, Kind::Proof);
        let left = vec![Reason::ManyLinks, Reason::StepUpPassed, Reason::ProofMissing];
        assert_eq!(taken_off, Some((left.clone(), marked())));
        assert_eq!(without_mark(&captcha, Status::Pending, &left, Kind::Proof), None);
        assert_eq!(without_mark(&captcha, Status::Pending, &reasons, Kind::Token), None);
        assert_eq!(without_mark(&captcha, Status::Approved, &reasons, Kind::Proof), None);
    }
}
