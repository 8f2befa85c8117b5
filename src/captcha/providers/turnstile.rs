//! Cloudflare Turnstile: yes or no, bound to our form.
//!
//! `action` and `cdata` are protected by the token, so the form's nonce stands in `cdata` and is compared.
//! The provider answers an `idempotency_key` again as it did the first time; so, unlike all others, a token
//! whose answer was lost is asked once more, within the same three seconds. Source:
//! <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>.

use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    expected::{Codes, Meaning, form_nonce},
    siteverify::{Member, Profile, Scores, Sends, verify_with},
};
use crate::{
    captcha::{
        ask::{Ask, Finding},
        calls::Calls,
    },
    domain::verdict::{NotRun, Verdict, Why},
};

const CODES: &Codes = &[
    ("missing-input-secret", Meaning::Ours),
    ("invalid-input-secret", Meaning::Ours),
    ("bad-request", Meaning::Ours),
    ("missing-input-response", Meaning::NotRun(NotRun::Blocked)),
    ("invalid-input-response", Meaning::Malformed),
    ("timeout-or-duplicate", Meaning::Expired),
    // "An internal error happened while validating the response. The request can be retried."
    ("internal-error", Meaning::Outage),
];

pub(super) const PROFILE: Profile = Profile {
    url: Some("https://challenges.cloudflare.com/turnstile/v0/siteverify"),
    sends: Sends::Form,
    sends_site_key: false,
    takes_address: true,
    // "maximum length of 2048 characters", "valid for 300 seconds", same page.
    token_max: 2048,
    token_life: Some(Duration::from_mins(5)),
    scores: Scores::Unwanted,
    host: Member::Needed,
    host_withheld: None,
    action: Member::Needed,
    time: Member::Needed,
    binds_form: true,
    codes: CODES,
    bare_no: Verdict::Unavailable(Why::Garbage),
};

/// Verifies the token of `ask` with one call, or two where the first one's answer was lost; `Err` as there.
pub(super) async fn verify(calls: &Calls, ask: &Ask<'_>) -> Result<Finding, Verdict> {
    let key = idempotency_key(ask).to_string();
    let started = Instant::now();
    let budget = calls.total_budget();
    let first = verify_with(calls, ask, &PROFILE, Some(&key), budget).await?;
    // An answer that did not come within the budget leaves no time for another call.
    let left = budget.saturating_sub(started.elapsed());
    if left.is_zero() || !matches!(first.verdict, Verdict::Unavailable(Why::Connect | Why::ServerError)) {
        return Ok(first);
    }
    let second = verify_with(calls, ask, &PROFILE, Some(&key), left).await?;
    Ok(Finding {
        checked_ms: Some(first.checked_ms.unwrap_or(0) + second.checked_ms.unwrap_or(0)),
        // That the second had too little time, or was not made, says less than what the first one found.
        verdict: match second.verdict {
            Verdict::Unavailable(Why::BreakerOpen | Why::Timeout) => first.verdict,
            verdict => verdict,
        },
        ..second
    })
}

/// The same for the same token with the same form, and for nothing else: another form is another question.
fn idempotency_key(ask: &Ask<'_>) -> Uuid {
    let mut hash = Sha256::new();
    for part in [
        ask.site.id.as_str(),
        ask.thread,
        form_nonce(ask).unwrap_or_default(),
        ask.token.unwrap_or_default(),
    ] {
        // With its length, so that no two lists of parts are one text.
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
