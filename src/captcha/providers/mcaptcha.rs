//! mCaptcha, hosted by the publisher: yes or no.
//!
//! It takes `{token, key, secret}` as JSON at `verify_url`
//! (`https://mcaptcha.example.org/api/v1/pow/siteverify`) and answers `{valid}`; a token that is unknown,
//! late or used is simply not valid, and a wrong key or secret is a status of 4xx. Source:
//! mCaptcha/mCaptcha, `src/api/v1/pow/verify_token.rs`.

use serde::{Deserialize, Serialize};

use super::expected::{Expected, TOKEN_MAX, sendable, verify_url};
use crate::{
    captcha::{
        ask::{Ask, Finding},
        calls::Calls,
    },
    domain::verdict::{Verdict, Why},
    outbound::http::{self, Answer, Body, Request},
};

/// Verifies the token of `ask` with one call; `Err` is a verdict that is known without.
pub(super) async fn verify(calls: &Calls, ask: &Ask<'_>) -> Result<Finding, Verdict> {
    let (secret, token) = sendable(ask, TOKEN_MAX, false)?;
    let url = verify_url(&ask.site.captcha, None)?;
    let body = http::json(&Asked {
        key: ask.site.captcha.site_key.as_deref(),
        secret,
        token,
    });
    let request = Request {
        url: &url,
        headers: &[],
        body: Body::Json(&body),
    };
    let budget = calls.total_budget();
    Ok(calls.ask_provider(ask.site, &request, budget, judge).await)
}

#[derive(Serialize)]
struct Asked<'a> {
    key: Option<&'a str>,
    secret: &'a str,
    token: &'a str,
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
