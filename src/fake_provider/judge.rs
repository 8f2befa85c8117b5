//! What is answered to a verification: the token's worth, or how the provider fails.

use super::{
    claims::Claims,
    protocol::{Call, Passed, Protocol, Refusal},
    reply::Reply,
    scenario::{Fault, Scenario},
    state::{FakeProvider, REMEMBERED_MAX, SECRET, SECRET_WITHOUT_SCORES, lock},
};

/// Status and body of a verification, which spends the token where the fault does not come before it.
pub(super) fn verify(
    fake: &FakeProvider,
    scenario: &Scenario,
    protocol: Protocol,
    call: &Call,
    number: usize,
) -> (u16, String) {
    if let Some(canned) = &scenario.canned {
        return (canned.status, canned.body.clone());
    }
    let refusal = match scenario.fault {
        Fault::Status(_) | Fault::Html | Fault::Redirect => return (200, String::new()),
        Fault::Garbage => return (200, "{\"success\": tr".to_owned()),
        Fault::UnknownCode => Some(Refusal::Unknown),
        Fault::QuotaText => Some(Refusal::Quota),
        Fault::InvalidSecret => Some(Refusal::InvalidSecret),
        Fault::BrowserError => Some(Refusal::Browser),
        Fault::InternalError | Fault::OutageReply => Some(Refusal::Internal),
        _ if scenario.quota_after.is_some_and(|after| number > after) => Some(Refusal::Quota),
        _ => None,
    };
    let (status, reply) = match refusal {
        Some(refusal) => protocol.no(&refusal),
        None => remembered(fake, scenario, protocol, call),
    };
    let mut body = match scenario.fault {
        Fault::Bom => "\u{feff}".to_owned(),
        _ => String::new(),
    };
    body += &serde_json::to_string(&reply).unwrap_or_default();
    if scenario.fault == Fault::Huge {
        body += &" ".repeat(5_000_000);
    }
    (status, body)
}

/// As [`judge`], but the same again where the provider knows the idempotency key with the token.
fn remembered(fake: &FakeProvider, scenario: &Scenario, protocol: Protocol, call: &Call) -> (u16, Reply) {
    let key = match (protocol, &call.idempotency_key, &call.token) {
        (Protocol::Turnstile, Some(key), Some(token)) => Some((protocol, key.clone(), token.clone())),
        _ => None,
    };
    let Some(key) = key else {
        return judge(fake, scenario, protocol, call);
    };
    if let Some(answer) = lock(&fake.shared.answers).get(&key) {
        return answer.clone();
    }
    let answer = judge(fake, scenario, protocol, call);
    let mut answers = lock(&fake.shared.answers);
    if answers.len() >= REMEMBERED_MAX {
        answers.clear();
    }
    answers.insert(key, answer.clone());
    answer
}

fn judge(fake: &FakeProvider, scenario: &Scenario, protocol: Protocol, call: &Call) -> (u16, Reply) {
    match pass(fake, scenario, protocol, call) {
        Ok(passed) => (200, protocol.yes(&passed, scenario.skew_ms, scenario.fault)),
        Err(refusal) => protocol.no(&refusal),
    }
}

fn pass(fake: &FakeProvider, scenario: &Scenario, protocol: Protocol, call: &Call) -> Result<Passed, Refusal> {
    if !call.is_readable {
        return Err(Refusal::BadRequest);
    }
    let with_scores = match call.secret.as_deref() {
        None => return Err(Refusal::MissingSecret),
        Some(SECRET) => protocol.has_scores(),
        Some(SECRET_WITHOUT_SCORES) => false,
        // A wrong secret spends nothing.
        Some(_) => return Err(Refusal::InvalidSecret),
    };
    let token = call.token.as_deref().ok_or(Refusal::MissingToken)?;
    let claims = Claims::of_token(token).ok_or(Refusal::InvalidToken)?;
    let now_ms = fake.now_ms();
    if !spend(fake, protocol, token) {
        return Err(Refusal::Spent);
    }
    if now_ms - claims.issued_at > protocol.token_life_ms() {
        return Err(Refusal::Expired);
    }
    let score = scenario.score(claims.score, now_ms);
    // Who is turned away by a widget that says yes or no gets no token; one is made up here.
    if !with_scores && score < 0.5 {
        return Err(Refusal::InvalidToken);
    }
    let is_scored = with_scores && scenario.fault != Fault::SuccessWithoutScore;
    Ok(Passed {
        claims,
        score: is_scored.then_some(score),
    })
}

/// Whether it is the first time.
fn spend(fake: &FakeProvider, protocol: Protocol, token: &str) -> bool {
    let mut spent = lock(&fake.shared.spent);
    if spent.len() >= REMEMBERED_MAX {
        spent.clear();
    }
    spent.insert((protocol, token.to_owned()))
}
