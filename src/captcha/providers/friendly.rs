//! Friendly Captcha v2: yes or no.
//!
//! The secret is an API key in a header. A code comes with its status, and tokens are refused with 200.
//! Whether the captcha could be verified and whether the token is good are two answers; the vendor's own
//! clients accept where it could not be, here that holds. Source:
//! <https://developer.friendlycaptcha.com/docs/v2/api/siteverify>. The European address is given as
//! `verify_url`.

use serde::{Deserialize, Serialize};
use url::Url;

use super::expected::{Codes, Expected, Meaning, sendable, verify_url};
use crate::{
    captcha::{
        ask::{Ask, Finding},
        calls::Calls,
    },
    domain::verdict::{NotRun, Verdict, Why},
    outbound::http::{self, Answer, Body, Request},
};

const VERIFY_URL: &str = "https://global.frcapi.com/api/v2/captcha/siteverify";

/// Longest token that it takes, bytes.
const TOKEN_MAX: usize = 16 * 1024;

const CODES: &Codes = &[
    ("auth_required", Meaning::Ours),
    ("auth_invalid", Meaning::Ours),
    ("sitekey_invalid", Meaning::Ours),
    ("bad_request", Meaning::Ours),
    ("response_missing", Meaning::NotRun(NotRun::Blocked)),
    ("response_invalid", Meaning::Malformed),
    ("response_timeout", Meaning::Expired),
    ("response_duplicate", Meaning::Duplicate),
];

/// Verifies the token of `ask` with one call; `Err` is a verdict that is known without.
pub(super) async fn verify(calls: &Calls, ask: &Ask<'_>) -> Result<Finding, Verdict> {
    let (secret, token) = sendable(ask, TOKEN_MAX, false)?;
    let url = verify_url(&ask.site.captcha, Some(VERIFY_URL))?;
    let site_key = ask.site.captcha.site_key.as_deref();
    let body = http::json(&Asked {
        response: token,
        sitekey: site_key.filter(|key| !key.is_empty()),
    });
    let request = Request {
        url: &url,
        headers: &[("x-api-key", secret)],
        body: Body::Json(&body),
    };
    let expected = Expected::of(ask, secret, token);
    let budget = calls.total_budget();
    Ok(calls
        .ask_provider(ask.site, &request, budget, |answer| {
            judge(&expected, answer).unwrap_or_else(|verdict| verdict)
        })
        .await)
}

#[derive(Serialize)]
struct Asked<'a> {
    response: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sitekey: Option<&'a str>,
}

#[derive(Deserialize)]
struct Reply {
    success: bool,
    data: Option<Data>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Data {
    challenge: Challenge,
}

#[derive(Deserialize)]
struct Challenge {
    #[serde(default)]
    timestamp: String,
    /// Of the page, `https://www.example.org`.
    #[serde(default)]
    origin: String,
}

#[derive(Deserialize)]
struct Fault {
    error_code: String,
}

fn judge(expected: &Expected<'_>, answer: &Answer) -> Result<Verdict, Verdict> {
    if matches!(answer.status, 300..=399 | 429 | 500..) {
        return Err(Expected::status(answer.status));
    }
    let Ok(reply) = serde_json::from_slice::<Reply>(&answer.body) else {
        return Err(match answer.status {
            200 => Verdict::Unavailable(Why::Garbage),
            status => Expected::status(status),
        });
    };
    let code = reply.error.iter().map(|fault| fault.error_code.as_str());
    if let Some(verdict) = expected.codes(code, CODES) {
        return Err(verdict);
    }
    let (200, true, Some(data)) = (answer.status, reply.success, reply.data) else {
        return Err(Verdict::Unavailable(Why::Garbage));
    };
    let origin = data.challenge.origin;
    let host = Url::parse(&origin)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    expected.host(&host.unwrap_or(origin))?;
    expected.made_at(&data.challenge.timestamp, None)?;
    Ok(Verdict::Binary { pass: true })
}
