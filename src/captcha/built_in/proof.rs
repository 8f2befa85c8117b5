//! The proof of work: what a challenge is bound to, how it is made, and what its solution is worth.
//!
//! Invariant: a proof counts only for what it was made for (site, thread, action and the form's nonce stand in its
//! signed data).
//!
//! Protocol: ALTCHA v2, <https://altcha.org/docs/v2/proof-of-work/>. How it weighs on a browser: one
//! derivation at [`COST`] took 1.7 ms in Chromium's `WebCrypto` on a server core with SHA instructions,
//! 0.1 ms of it the call itself, so a proof takes 0.17–0.34 s there. Public measurements put a cheap phone
//! at 4 to 10 times that: 0.7–3.4 s, while the reader types. Few derivations of high cost, because the call
//! itself is paid by browsers only, not by a spammer's native solver (0.95 ms each on the same core).

use std::{collections::BTreeMap, time::Duration};

use altcha::{Challenge, CreateChallengeOptions, Payload, VerifySolutionOptions, create_challenge, verify_solution};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{form_token::thread_hash, ratios::Proof};
use crate::{
    captcha::ask::{Ask, Spent},
    clock::random_bytes,
    domain::{site::Site, timestamp::Timestamp},
    keys::{Keys, Purpose, hex},
};

/// How long a challenge may be answered.
pub(super) const CHALLENGE_LIFE: Duration = Duration::from_mins(30);
/// Iterations of PBKDF2 in one derivation.
const COST: u32 = 5_000;
/// The counter that solves a challenge is drawn from this many, starting at as many: a proof takes between
/// 100 and 199 derivations, never the long tail of a guessing game.
const COUNTERS: u32 = 100;
/// No native solver on one core is faster: 100 derivations at a quarter of a millisecond.
const SOLVE_TIME_MIN_MS: f64 = 25.0;
/// Longest solved challenge read, bytes.
const PROOF_MAX: usize = 4096;

/// What a challenge is made for and bound to.
#[derive(Debug, Clone, Copy)]
pub(in crate::captcha) struct Bound<'a> {
    pub(in crate::captcha) site: &'a Site,
    pub(in crate::captcha) thread: &'a str,
    /// The form's, or another name that is never used twice.
    pub(in crate::captcha) nonce: &'a str,
}

/// A challenge of `times` the plain work, 1..=8, good for `life`; `None` should the library refuse to make
/// one. Costs one key derivation whatever the work.
pub(super) fn challenge(keys: &Keys, bound: Bound<'_>, times: u32, life: Duration, now: Timestamp) -> Option<Value> {
    let [signature_secret, key_secret] = secrets(keys, keys.id())?;
    let counters = COUNTERS * times;
    // 2^32 is so much larger than a thousand that the remainder's bias does not matter.
    let counter = counters + u32::from_be_bytes(random_bytes::<4>()) % counters;
    let data = binding(keys.id(), bound)
        .into_iter()
        // Our own end of life instead of the protocol's `expiresAt`, which the library holds against the
        // machine's clock and not against ours.
        .chain([("until".to_owned(), now.plus(life).0.into())])
        .collect();
    let challenge = create_challenge(CreateChallengeOptions {
        algorithm: "PBKDF2/SHA-256".to_owned(),
        cost: COST,
        counter: Some(counter),
        data: Some(data),
        hmac_signature_secret: Some(signature_secret),
        hmac_key_signature_secret: Some(key_secret),
        ..CreateChallengeOptions::default()
    });
    match challenge {
        Ok(challenge) => serde_json::to_value(challenge).ok(),
        Err(error) => {
            tracing::error!(%error, "make a proof-of-work challenge");
            None
        }
    }
}

/// What the proof sent with a form is worth. Single use follows from the form's nonce, which the proof is
/// bound to.
pub(super) fn worth(keys: &Keys, ask: &Ask<'_>, nonce: &str, form_age_ms: i64) -> Proof {
    let Some(token) = ask.token.filter(|token| !token.is_empty()) else {
        return Proof::Missing;
    };
    let bound = Bound {
        site: ask.site,
        thread: ask.thread,
        nonce,
    };
    let time_ms = match solved(keys, bound, token, ask.now) {
        Ok(_) if ask.token_spent == Spent::Foreign => return Proof::Forged,
        Ok(time_ms) => time_ms,
        Err(proof) => return proof,
    };
    // The time is what the page says; a lie that cannot be true earns nothing, and costs nothing either.
    let form_age_ms = f64::from(u32::try_from(form_age_ms).unwrap_or(u32::MAX));
    let is_plausible = form_age_ms >= SOLVE_TIME_MIN_MS
        && time_ms.is_none_or(|time_ms| (SOLVE_TIME_MIN_MS..=form_age_ms + 1000.0).contains(&time_ms));
    if is_plausible {
        Proof::Solved
    } else {
        Proof::Implausible
    }
}

/// The time that the solution of a challenge says it took, milliseconds; else what the proof is worth:
/// missing or forged. Two HMACs and no key derivation, so that checking is cheap under a flood.
pub(super) fn solved(keys: &Keys, bound: Bound<'_>, token: &str, now: Timestamp) -> Result<Option<f64>, Proof> {
    let payload = (token.len() <= PROOF_MAX)
        .then(|| STANDARD.decode(token).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice::<Payload>(&bytes).ok());
    let Some(Payload { challenge, solution }) = payload else {
        return Err(Proof::Forged);
    };
    // Whoever names a key that is not ours, or not any more, gains nothing: no proof.
    let key = datum(&challenge, "key")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let Some([signature_secret, key_secret]) = secrets(keys, &key) else {
        return Err(Proof::Missing);
    };
    let expected = binding(&key, bound);
    let mut options = VerifySolutionOptions::new(&challenge, &solution, signature_secret);
    options.hmac_key_signature_secret = Some(key_secret);
    let is_right = verify_solution(options).is_ok_and(|result| result.verified)
        // Without it the library would do the derivation; ours always carry one.
        && challenge.parameters.key_signature.is_some()
        && expected.iter().all(|(name, value)| datum(&challenge, name) == Some(value));
    if !is_right {
        return Err(Proof::Forged);
    }
    let until = datum(&challenge, "until").and_then(Value::as_i64).unwrap_or(0);
    if now > Timestamp(until) {
        return Err(Proof::Missing);
    }
    Ok(solution.time)
}

/// What a proof is bound to, signed into its challenge; `key` names the key it is signed with.
fn binding(key: &str, bound: Bound<'_>) -> BTreeMap<String, Value> {
    [
        ("site", bound.site.id.as_str()),
        ("thread", &thread_hash(bound.thread)),
        ("action", &bound.site.captcha.action),
        ("nonce", bound.nonce),
        ("key", key),
    ]
    .map(|(name, value)| (name.to_owned(), value.into()))
    .into()
}

fn datum<'a>(challenge: &'a Challenge, name: &str) -> Option<&'a Value> {
    challenge.parameters.data.as_ref()?.get(name)
}

/// The library's two secrets under the root key of that id: for the challenge, and for the key that solves it.
fn secrets(keys: &Keys, key: &str) -> Option<[String; 2]> {
    let secret = |scope| keys.secret(key, Purpose::Challenge, scope).map(|secret| hex(&secret));
    Some([secret("challenge")?, secret("solution")?])
}

#[cfg(test)]
mod tests {
    use altcha::{SolveChallengeOptions, solve_challenge};

    use super::*;
    use crate::{
        captcha::built_in::form_token::{self, Form},
        domain::site::SiteSettings,
    };

    const NOW: Timestamp = Timestamp(1_764_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn site(id: &str) -> Site {
        Site::resolve(id, None, &SiteSettings::default()).expect("a site")
    }

    fn keys() -> Keys {
        Keys::new(&[7; 32], &[])
    }

    /// Form token, its nonce and a challenge for `/a` of site `faso`.
    fn form_and_challenge(keys: &Keys) -> (Form, Value) {
        let site = site("faso");
        let token = form_token::issue(keys, &site.id, "/a", None, NOW);
        let form = form_token::check(keys, &site.id, "/a", Some(&token), NOW.plus(MINUTE));
        let Form::Valid { nonce, .. } = &form else {
            panic!("{form:?}")
        };
        let bound = Bound {
            site: &site,
            thread: "/a",
            nonce,
        };
        let challenge = challenge(keys, bound, 1, CHALLENGE_LIFE, NOW).expect("a challenge");
        (form, challenge)
    }

    fn solve(challenge: &Value) -> Payload {
        let challenge: Challenge = serde_json::from_value(challenge.clone()).expect("a challenge");
        let mut solution = solve_challenge(SolveChallengeOptions::new(&challenge))
            .expect("solvable")
            .expect("in time");
        // The time of a native solver on this machine is not what is tested.
        solution.time = None;
        Payload { challenge, solution }
    }

    fn encode(payload: &Payload) -> String {
        STANDARD.encode(serde_json::to_vec(payload).expect("JSON"))
    }

    fn ask<'a>(site: &'a Site, form: &'a Form, token: Option<&'a str>) -> Ask<'a> {
        Ask::bare(site, form, token, NOW.plus(MINUTE))
    }

    fn proof(keys: &Keys, ask: &Ask<'_>) -> Proof {
        let Form::Valid { nonce, age_ms } = ask.form else {
            panic!("{:?}", ask.form)
        };
        worth(keys, ask, nonce, *age_ms)
    }

    #[test]
    fn a_solved_challenge_counts_for_its_own_form_only() {
        let keys = keys();
        let (form, challenge) = form_and_challenge(&keys);
        let solved = encode(&solve(&challenge));
        let (faso, autre) = (site("faso"), site("autre"));
        let right = ask(&faso, &form, Some(&solved));
        assert_eq!(proof(&keys, &right), Proof::Solved);

        let (other_form, _) = form_and_challenge(&keys);
        assert_eq!(
            proof(&keys, &ask(&faso, &other_form, Some(&solved))),
            Proof::Forged,
            "a replay"
        );
        assert_eq!(
            proof(&keys, &ask(&autre, &form, Some(&solved))),
            Proof::Forged,
            "another site"
        );
        let other_thread = Ask {
            thread: "/b",
            ..ask(&faso, &form, Some(&solved))
        };
        assert_eq!(proof(&keys, &other_thread), Proof::Forged, "another thread");
        let mut other_action = site("faso");
        other_action.captcha.action = "login".to_owned();
        assert_eq!(proof(&keys, &ask(&other_action, &form, Some(&solved))), Proof::Forged);
        let used = Ask {
            client: None,
            token_spent: Spent::Foreign,
            ..ask(&faso, &form, Some(&solved))
        };
        assert_eq!(proof(&keys, &used), Proof::Forged);

        let late = Ask {
            now: NOW.plus(MINUTE * 31),
            ..ask(&faso, &form, Some(&solved))
        };
        assert_eq!(proof(&keys, &late), Proof::Missing, "too late is no crime");
        assert_eq!(
            proof(&Keys::new(&[8; 32], &[[7; 32]]), &right),
            Proof::Solved,
            "under a new key too"
        );
        assert_eq!(
            proof(&Keys::new(&[8; 32], &[]), &right),
            Proof::Missing,
            "nor is a key that is gone"
        );
        assert_eq!(proof(&keys, &ask(&faso, &form, None)), Proof::Missing);
        assert_eq!(proof(&keys, &ask(&faso, &form, Some(""))), Proof::Missing);
    }

    #[test]
    fn forgeries_are_refused() {
        let keys = keys();
        let (form, challenge) = form_and_challenge(&keys);
        let faso = site("faso");
        let solved = solve(&challenge);
        let refused = |payload: &Payload, what: &str| {
            let token = encode(payload);
            assert_eq!(proof(&keys, &ask(&faso, &form, Some(&token))), Proof::Forged, "{what}");
        };

        // Counter 0 with the key correctly derived for it: one derivation instead of a hundred, which
        // altcha before 1.0 took for a solution.
        let mut counter_zero = solved.clone();
        let mut any_prefix = solved.challenge.clone();
        any_prefix.parameters.key_prefix = String::new();
        counter_zero.solution = solve_challenge(SolveChallengeOptions::new(&any_prefix))
            .expect("solvable")
            .expect("at once");
        assert_eq!(counter_zero.solution.counter, 0);
        refused(&counter_zero, "counter 0");

        let mut easier = solved.clone();
        easier.challenge.parameters.key_prefix = String::new();
        refused(&easier, "a changed prefix");
        let mut later = solved.clone();
        if let Some(data) = &mut later.challenge.parameters.data {
            data.insert("until".to_owned(), i64::MAX.into());
        }
        refused(&later, "a changed end");
        let mut unsigned = solved.clone();
        unsigned.challenge.signature = None;
        refused(&unsigned, "no signature");
        let mut own = solved.clone();
        own.challenge.parameters.key_signature = None;
        refused(&own, "no key signature");
        for garbage in ["x", "e30=", &"A".repeat(PROOF_MAX + 4)] {
            assert_eq!(
                proof(&keys, &ask(&faso, &form, Some(garbage))),
                Proof::Forged,
                "{garbage:.20}"
            );
        }
    }

    #[test]
    fn a_time_that_cannot_be_true_earns_nothing() {
        let keys = keys();
        let (form, challenge) = form_and_challenge(&keys);
        let faso = site("faso");
        let mut solved = solve(&challenge);
        for (time, expected) in [
            (None, Proof::Solved),
            (Some(800.0), Proof::Solved),
            (Some(0.1), Proof::Implausible),
            (Some(3_600_000.0), Proof::Implausible),
            (Some(-1.0), Proof::Implausible),
        ] {
            solved.solution.time = time;
            let token = encode(&solved);
            assert_eq!(proof(&keys, &ask(&faso, &form, Some(&token))), expected, "{time:?}");
        }
    }

    #[test]
    fn the_challenge_is_bounded_work() {
        let (_, challenge) = form_and_challenge(&keys());
        let solved = solve(&challenge);
        assert!((COUNTERS..2 * COUNTERS).contains(&solved.solution.counter));
        assert_eq!(challenge["parameters"]["algorithm"], "PBKDF2/SHA-256");
        assert_eq!(challenge["parameters"]["cost"], COST);
        assert_eq!(challenge["parameters"]["data"]["site"], "faso");
        assert!(encode(&solved).len() < PROOF_MAX / 2);
    }

    #[test]
    fn more_work_is_more_derivations_of_the_same_cost() {
        let (keys, faso) = (keys(), site("faso"));
        let bound = Bound {
            site: &faso,
            thread: "/a",
            nonce: "n",
        };
        let harder = challenge(&keys, bound, 8, CHALLENGE_LIFE, NOW).expect("a challenge");
        assert_eq!(harder["parameters"]["cost"], COST);
        let solved_harder = solve(&harder);
        assert!((8 * COUNTERS..16 * COUNTERS).contains(&solved_harder.solution.counter));
        assert!(solved(&keys, bound, &encode(&solved_harder), NOW).is_ok());
    }
}
