//! Prosopo Procaptcha: yes or no; on paid plans a score whose 1 is a machine, turned here.
//!
//! When its own back end takes longer than five seconds it answers `verified: true` with a score of exactly
//! 0, which would be the best of all: that is no evidence about anyone. An undecodable token is
//! `verified: false` with 0. Its answers name neither host nor time. Source:
//! <https://docs.prosopo.io/en/basics/server-side-verification/>, and prosopo/docs#46 for the zeros.
//!
//! Of a token that was made with one of its published test keys it does not check the secret
//! (<https://docs.prosopo.io/en/basics/test-keys/>): anyone can have a `verified: true` for any site that
//! way, without a check. The token names its site key, and such a one is not sent.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::expected::{Expected, TOKEN_MAX, scored, sendable, verify_url};
use crate::{
    captcha::{
        ask::{Ask, Finding},
        calls::Calls,
    },
    domain::{
        captcha::TEST_SITE_KEYS,
        verdict::{BadToken, Verdict, Why},
    },
    keys::hex,
    outbound::http::{self, Answer, Body, Request},
};

const VERIFY_URL: &str = "https://api.prosopo.io/siteverify";

/// Verifies the token of `ask` with one call; `Err` is a verdict that is known without.
pub(super) async fn verify(calls: &Calls, ask: &Ask<'_>) -> Result<Finding, Verdict> {
    let (secret, token) = sendable(ask, TOKEN_MAX, false)?;
    if is_of_a_test_key(token) && !ask.site.captcha.has_test_key() {
        return Err(Verdict::BadToken(BadToken::WrongSite));
    }
    let url = verify_url(&ask.site.captcha, Some(VERIFY_URL))?;
    let body = http::json(&Asked { secret, token });
    let request = Request {
        url: &url,
        headers: &[],
        body: Body::Json(&body),
    };
    let budget = calls.total_budget();
    Ok(calls.ask_provider(ask.site, &request, budget, judge).await)
}

/// Whether a token, the bytes of its fields in hexadecimal digits, names a published test key.
fn is_of_a_test_key(token: &str) -> bool {
    let digits = token.to_ascii_lowercase();
    TEST_SITE_KEYS.iter().any(|key| digits.contains(&hex(key.as_bytes())))
}

#[derive(Serialize)]
struct Asked<'a> {
    secret: &'a str,
    token: &'a str,
}

#[derive(Deserialize)]
struct Reply {
    verified: bool,
    score: Option<Number>,
}

fn judge(answer: &Answer) -> Verdict {
    // Its complaints about our call have a status; one about the token comes with 200.
    if answer.status == 400 {
        return Verdict::Misconfigured("the verify address answers with status 400".to_owned());
    }
    if answer.status != 200 {
        return Expected::status(answer.status);
    }
    let Ok(reply) = serde_json::from_slice::<Reply>(&answer.body) else {
        return Verdict::Unavailable(Why::Garbage);
    };
    // Not rounded: 0.0004 is a score.
    let is_zero = |number: &Number| number.as_f64().is_some_and(|score| score.abs() < f64::EPSILON);
    match (reply.verified, &reply.score) {
        (true, Some(number)) if is_zero(number) => Verdict::Unavailable(Why::ServerError),
        (true, Some(number)) => scored(number, true),
        (true, None) => Verdict::Binary { pass: true },
        (false, Some(number)) if is_zero(number) => Verdict::BadToken(BadToken::Malformed),
        (false, _) => Verdict::Binary { pass: false },
    }
}
