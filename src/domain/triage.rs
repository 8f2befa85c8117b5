//! The decision about a new comment: verdict, signals and policy in, outcome with its reasons out.
//!
//! Pure and monotone: with everything else equal, a higher score never gives a harder outcome. Nothing
//! but a score under `refuse_below` refuses; no failure of a check publishes or refuses. The draw comes
//! from the caller and is stored with the comment, so that [`decide`] gives the same outcome again at
//! any later time.

use super::{
    policy::{Band, Policy},
    reason::Reason,
    score::Score,
    site::Moderation,
    verdict::Verdict,
    word::words,
};

/// What is known of a submission beside the captcha's verdict. Each of `holds` keeps it from being
/// published; `notes` only explain.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    pub holds: Vec<Reason>,
    pub notes: Vec<Reason>,
}

/// What happens to a new comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Action {
    Publish,
    Hold,
    StepUp,
    Refuse,
}

words!(Action);

/// The outcome, with all that is needed to compute it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub action: Action,
    /// The score where there was one.
    pub level: Option<Score>,
    /// Version of the policy that was in force.
    pub policy_version: Option<i64>,
    /// Probability that a person labels it, parts per million.
    pub propensity_ppm: i64,
    /// The draw it was decided with, 0..=999999.
    pub draw: i64,
    /// Would have been refused, and is held so that a person sees it.
    pub explored: bool,
    pub reasons: Vec<Reason>,
}

/// Decides.
#[must_use]
pub fn decide(
    verdict: &Verdict,
    signals: &Signals,
    moderation: Moderation,
    policy: Option<&Policy>,
    draw: i64,
) -> Outcome {
    let mut reasons = Vec::new();
    let band = if let Some(policy) = policy {
        banded(verdict, policy, &mut reasons)
    } else {
        reasons.push(Reason::Observe);
        reasons.extend(Reason::of_verdict(verdict));
        Band::Hold
    };
    reasons.extend(signals.holds.iter().cloned());
    let mut explored = false;
    let mut propensity_ppm = 1_000_000;
    let action = match band {
        Band::Refuse => {
            propensity_ppm = policy.map_or(0, |policy| policy.explore_ppm);
            explored = draw < propensity_ppm;
            if explored { Action::Hold } else { Action::Refuse }
        }
        Band::StepUp => Action::StepUp,
        Band::Publish if moderation == Moderation::Before => {
            reasons.push(Reason::ModerationBefore);
            Action::Hold
        }
        Band::Publish if signals.holds.is_empty() => {
            propensity_ppm = 0;
            Action::Publish
        }
        Band::Publish | Band::Hold => Action::Hold,
    };
    reasons.extend(signals.notes.iter().cloned());
    Outcome {
        action,
        level: verdict.score(),
        policy_version: policy.map(|policy| policy.version),
        propensity_ppm,
        draw,
        explored,
        reasons,
    }
}

fn banded(verdict: &Verdict, policy: &Policy, reasons: &mut Vec<Reason>) -> Band {
    let cuts = &policy.cuts;
    if let Some(score) = verdict.score() {
        let band = cuts.band(score);
        reasons.push(match (band, cuts.refuse_below, cuts.step_up_below, cuts.publish_from) {
            (Band::Refuse, Some(cut), _, _) => Reason::ScoreRefused { score, cut },
            (Band::StepUp, _, Some(cut), _) => Reason::StepUp { score, cut },
            (Band::Publish, _, _, Some(cut)) => Reason::ScoreAtLeast { score, cut },
            (Band::Hold, _, _, Some(cut)) => Reason::ScoreBelow { score, cut },
            _ => Reason::ScoreHeld { score },
        });
        return band;
    }
    let yes = match verdict {
        Verdict::Off => Reason::CheckOff,
        Verdict::Binary { pass: true } => Reason::CaptchaPassed,
        _ => {
            reasons.extend(Reason::of_verdict(verdict));
            return Band::Hold;
        }
    };
    reasons.push(yes);
    if cuts.publish_from.is_some() {
        Band::Publish
    } else {
        Band::Hold
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        policy::Cuts,
        verdict::{BadToken, NotRun, Why},
    };

    fn scored(thousandths: i64) -> Verdict {
        let score = Score::from_thousandths(thousandths).expect("in range");
        Verdict::Scored {
            score,
            raw: score.to_string(),
        }
    }

    fn policy(refuse: i64, step_up: i64, publish: i64) -> Policy {
        Policy {
            version: 3,
            cuts: Cuts {
                publish_from: Score::from_thousandths(publish),
                step_up_below: Score::from_thousandths(step_up),
                refuse_below: Score::from_thousandths(refuse),
            },
            explore_ppm: 20_000,
        }
    }

    /// Hardest first.
    fn hardness(action: Action) -> u8 {
        match action {
            Action::Refuse => 0,
            Action::StepUp => 1,
            Action::Hold => 2,
            Action::Publish => 3,
        }
    }

    #[test]
    fn without_a_policy_everything_is_held() {
        for thousandths in [0, 500, 1000] {
            let outcome = decide(&scored(thousandths), &Signals::default(), Moderation::After, None, 0);
            assert_eq!(outcome.action, Action::Hold);
            assert_eq!(outcome.reasons, [Reason::Observe]);
        }
    }

    #[test]
    fn no_failure_publishes_or_refuses() {
        let hard = policy(1000, 1000, 1000);
        let soft = policy(0, 0, 0);
        for verdict in [
            Verdict::Unavailable(Why::Timeout),
            Verdict::Unavailable(Why::Quota),
            Verdict::Misconfigured("invalid-input-secret".into()),
            Verdict::NotRun(NotRun::Blocked),
            Verdict::BadToken(BadToken::Missing),
            Verdict::BadToken(BadToken::Foreign),
            Verdict::BadToken(BadToken::WrongHost("evil.example".into())),
            Verdict::Binary { pass: false },
        ] {
            for policy in [&hard, &soft] {
                let outcome = decide(&verdict, &Signals::default(), Moderation::After, Some(policy), 0);
                assert_eq!(outcome.action, Action::Hold, "{verdict:?}");
                assert_eq!(outcome.reasons.len(), 1, "{verdict:?}");
            }
        }
    }

    #[test]
    fn a_yes_publishes_only_after_moderation_and_with_a_cut() {
        let cuts = policy(0, 0, 500);
        let none = Policy {
            cuts: Cuts::default(),
            ..cuts.clone()
        };
        for verdict in [Verdict::Off, Verdict::Binary { pass: true }] {
            let act = |moderation, policy| decide(&verdict, &Signals::default(), moderation, Some(policy), 0).action;
            assert_eq!(act(Moderation::After, &cuts), Action::Publish);
            assert_eq!(act(Moderation::Before, &cuts), Action::Hold);
            assert_eq!(act(Moderation::After, &none), Action::Hold);
        }
    }

    #[test]
    fn a_signal_holds_what_would_be_published() {
        let signals = Signals {
            holds: vec![Reason::SiteSurge],
            notes: vec![Reason::Links { count: 2 }],
        };
        let outcome = decide(&scored(900), &signals, Moderation::After, Some(&policy(0, 0, 500)), 0);
        assert_eq!(outcome.action, Action::Hold);
        assert!(outcome.reasons.contains(&Reason::SiteSurge));
        assert!(outcome.reasons.contains(&Reason::Links { count: 2 }));
    }

    #[test]
    fn a_share_of_refusals_is_held_for_a_person() {
        let policy = policy(500, 500, 900);
        let explored = decide(
            &scored(100),
            &Signals::default(),
            Moderation::After,
            Some(&policy),
            19_999,
        );
        assert_eq!(
            (explored.action, explored.explored, explored.propensity_ppm),
            (Action::Hold, true, 20_000)
        );
        let refused = decide(
            &scored(100),
            &Signals::default(),
            Moderation::After,
            Some(&policy),
            20_000,
        );
        assert_eq!((refused.action, refused.explored), (Action::Refuse, false));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn monotone_in_the_score(
            mut cuts in proptest::array::uniform3(0_i64..=1000),
            a in 0_i64..=1000, b in 0_i64..=1000,
            draw in 0_i64..1_000_000, after in any::<bool>(), held in any::<bool>(),
        ) {
            cuts.sort_unstable();
            let policy = policy(cuts[0], cuts[1], cuts[2]);
            prop_assert!(policy.cuts.check().is_ok());
            let moderation = if after { Moderation::After } else { Moderation::Before };
            let signals = Signals { holds: if held { vec![Reason::EmailRate] } else { vec![] }, notes: vec![] };
            let hard = |t| {
                let outcome = decide(&scored(t), &signals, moderation, Some(&policy), draw);
                // An explored refusal is a refusal that a person sees: it ranks as what it would have been.
                if outcome.explored { 0 } else { hardness(outcome.action) }
            };
            prop_assert!(hard(a.min(b)) <= hard(a.max(b)));
        }
    }
}
