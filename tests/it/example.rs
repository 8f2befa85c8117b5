//! One comment as the path of a submission would store it, for tests and benchmarks to change what they are about.

use std::time::Duration;

use palabre::{
    clock::Clock,
    domain::{
        content::Content,
        draft::{Draft, RawDraft, Rules},
        language::Language,
        markup,
        origin::{Checked, Origin, RepeatKeys, Submitted},
        person::fold_search,
        provider::ProviderId,
        reason::Reason,
        reserved_names::ReservedNames,
        status::Status,
        triage::{Action, Outcome},
        verdict::Verdict,
    },
    store::NewComment,
};

/// A held comment of the site `faso` with these fields, sent now, without a score, a device or a repeat key.
pub(crate) fn comment(clock: &Clock, raw: RawDraft) -> NewComment {
    let (id, at) = (clock.new_id(), clock.now());
    let draft = draft(raw);
    let rendered = markup::render(&draft.body);
    NewComment {
        id,
        new_thread_id: clock.new_id(),
        site: "faso".to_owned(),
        status: Status::Pending,
        at,
        content: Content {
            root: None,
            html: rendered.html,
            links: i64::try_from(rendered.links).expect("few links"),
            folded: fold_search(&format!("{} {}", draft.name.as_str(), draft.body)),
            language: Language::Fr,
            email_key: "e1".to_owned(),
            body_digest: format!("b{id}"),
            draft,
        },
        origin: Origin::Submitted(Submitted {
            client_key: Some("c1".to_owned()),
            device_id: None,
            reference: "K7QM-2X9D5".to_owned(),
            captcha: Checked {
                provider: ProviderId::BuiltIn,
                verdict: Verdict::Off,
                checked_ms: None,
                signals: None,
                assessment: None,
            },
            outcome: Outcome {
                action: Action::Hold,
                level: None,
                policy_version: None,
                propensity_ppm: 1_000_000,
                draw: 500,
                explored: false,
                reasons: vec![Reason::Observe],
            },
            repeats: RepeatKeys {
                keys: Vec::new(),
                digest: "d1".to_owned(),
                until: at.plus(Duration::from_hours(24)),
            },
        }),
    }
}

/// The fields of a comment, which must be valid.
pub(crate) fn draft(raw: RawDraft) -> Draft {
    let rules = Rules {
        body_max: 5000,
        reserved_names: &ReservedNames::default(),
    };
    Draft::parse(raw, &rules).expect("valid fields")
}

/// What a test changes of a comment that a reader sent.
pub(crate) trait Sent {
    fn submitted(&mut self) -> &mut Submitted;
}

impl Sent for NewComment {
    fn submitted(&mut self) -> &mut Submitted {
        let Origin::Submitted(submitted) = &mut self.origin;
        submitted
    }
}
