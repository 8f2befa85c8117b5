//! mCaptcha, hosted by the publisher: yes or no.
//!
//! It takes `{token, key, secret}` as JSON at `verify_url`
//! (`https://mcaptcha.example.org/api/v1/pow/siteverify`) and answers `{valid}`; a token that is unknown,
//! late or used is simply not valid, and a wrong key or secret is a status of 4xx. Source:
//! mCaptcha/mCaptcha, `src/api/v1/pow/verify_token.rs`.

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::{
    Answer, Ask, Captcha, Finding,
    expected::{Expected, TOKEN_MAX, sendable, verify_url},
    outgoing::{Body, Request},
};
use crate::domain::verdict::{Verdict, Why};

/// Verifies the token of `ask` with one call, or none where the answer is known without.
pub(super) async fn verify(captcha: &Captcha, ask: &Ask<'_>) -> Finding {
    let (secret, token) = match sendable(ask, TOKEN_MAX, false) {
        Ok((secret, token)) => (secret.expose_secret(), token),
        Err(verdict) => return verdict.into(),
    };
    let url = match verify_url(&ask.site.captcha, None) {
        Ok(url) => url,
        Err(verdict) => return verdict.into(),
    };
    let body = json!({"token": token, "key": ask.site.captcha.site_key, "secret": secret});
    let request = Request {
        url: &url,
        headers: &[],
        body: Body::Json(&body),
    };
    let budget = captcha.outgoing.total_budget();
    captcha.ask_provider(ask.site, &request, budget, judge).await
}

#[derive(Deserialize)]
struct Reply {
    valid: bool,
}

fn judge(answer: &Answer) -> Verdict {
    match answer.status {
        200 => serde_json::from_slice::<Reply>(&answer.body).map_or(Verdict::Unavailable(Why::Garbage), |reply| {
            Verdict::Binary { pass: reply.valid }
        }),
        400 => Verdict::Misconfigured("the verify address answers with status 400".to_owned()),
        status => Expected::status(status),
    }
}
