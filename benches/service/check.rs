//! What it costs to check a solved built-in captcha, in this process.

use std::sync::Arc;

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use palabre::{
    captcha::{Ask, Captcha, Spent},
    domain::{
        site::{Site, SiteSettings},
        timestamp::Timestamp,
        verdict::Verdict,
    },
    keys::Keys,
};

use super::server;

/// CPU of one check, milliseconds.
pub(crate) async fn house_ms() -> f64 {
    const TURNS: u32 = 5_000;
    let captcha = Captcha::new(Arc::new(Keys::new(&[7; 32], &[])), false);
    let site = Site::resolve("bench", None, &SiteSettings::default()).expect("a site");
    let (shown, sent) = (Timestamp(1_764_000_000_000), Timestamp(1_764_000_060_000));
    let form = captcha.issue_form(&site, "/a", None, shown);
    let challenge = captcha.challenge(&site, "/a", &form, shown).expect("a challenge");
    let proof = solved(challenge);
    let before = server::cpu_ms_of(std::process::id());
    for _ in 0..TURNS {
        let form = captcha.check_form(&site.id, "/a", Some(&form), sent);
        let ask = Ask {
            site: &site,
            thread: "/a",
            token: Some(&proof),
            form: &form,
            honeypot: false,
            links: 0,
            known_author: false,
            seen_elsewhere: false,
            client: None,
            token_spent: Spent::Never,
            now: sent,
        };
        let verdict = captcha.verify(&ask).await.verdict;
        assert!(matches!(verdict, Verdict::Scored { .. }), "{verdict:?}");
    }
    (server::cpu_ms_of(std::process::id()) - before) / f64::from(TURNS)
}

fn solved(challenge: serde_json::Value) -> String {
    let challenge: Challenge = serde_json::from_value(challenge).expect("a challenge");
    let solution = solve_challenge(SolveChallengeOptions::new(&challenge));
    let mut solution = solution.expect("solvable").expect("in time");
    // What a native solver takes is less than any page may.
    solution.time = None;
    let payload = Payload { challenge, solution };
    STANDARD.encode(serde_json::to_vec(&payload).expect("JSON"))
}
