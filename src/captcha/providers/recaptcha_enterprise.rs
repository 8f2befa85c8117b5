//! Google reCAPTCHA Enterprise: an assessment with a score, 1 is a person, and reasons.
//!
//! The secret is an API key, sent in a header so that it stands in no address. Reasons only explain, word
//! for word: most keys send none, and `LOW_CONFIDENCE_SCORE` says that the score should not be acted on.
//! Where the site wants it, the assessment's name is kept, and [`tell_outcome`] says under it what
//! moderators decided.
//! Sources: <https://cloud.google.com/recaptcha/docs/create-assessment-website> and
//! `google/cloud/recaptchaenterprise/v1/recaptchaenterprise.proto` of the public API definitions;
//! <https://cloud.google.com/recaptcha/docs/annotate-assessment>.

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use url::Url;

use super::{
    expected::{Codes, Expected, Meaning, TOKEN_MAX, scored, sendable, told_address},
    recaptcha_v3::TOKEN_LIFE,
};
use crate::{
    captcha::{
        ask::{Ask, Finding},
        calls::Calls,
    },
    domain::{
        captcha::{self, ProviderId},
        reason::Reason,
        site::Site,
        verdict::{BadToken, NotRun, Verdict, Why},
    },
    outbound::http::{self, Answer, Body, Failure, Request},
};

const SERVICE: &str = "https://recaptchaenterprise.googleapis.com";

/// Longest name of an assessment that is kept, bytes; real ones are below 100.
const NAME_MAX: usize = 256;

/// `TokenProperties.InvalidReason`.
const INVALID_REASONS: &Codes = &[
    // Seen where the site key is of another project (ambethia/recaptcha#391).
    ("INVALID_REASON_UNSPECIFIED", Meaning::Ours),
    ("UNKNOWN_INVALID_REASON", Meaning::Malformed),
    ("MALFORMED", Meaning::Malformed),
    ("EXPIRED", Meaning::Expired),
    ("DUPE", Meaning::Duplicate),
    ("MISSING", Meaning::NotRun(NotRun::Blocked)),
    ("BROWSER_ERROR", Meaning::NotRun(NotRun::BrowserError)),
];
/// Of the same list: the provider compares the action as well.
const UNEXPECTED_ACTION: &str = "UNEXPECTED_ACTION";

/// Verifies the token of `ask` with one call; `Err` is a verdict that is known without.
pub(super) async fn verify(calls: &Calls, ask: &Ask<'_>) -> Result<Finding, Verdict> {
    let (secret, token) = sendable(ask, TOKEN_MAX, false)?;
    let url = address(ask)?;
    let event = Event {
        expected_action: &ask.site.captcha.action,
        site_key: ask.site.captcha.site_key.as_deref(),
        token,
        user_ip_address: told_address(ask),
    };
    let event = http::json(&Asked { event });
    let request = Request {
        url: &url,
        headers: &[("x-goog-api-key", secret)],
        body: Body::Json(&event),
    };
    let expected = Expected::of(ask, secret, token);
    let budget = calls.total_budget();
    let mut finding = calls
        .ask_provider(ask.site, &request, budget, |answer| finding(&expected, answer))
        .await;
    finding.assessment = finding.assessment.filter(|_| ask.site.captcha.feedback);
    Ok(finding)
}

#[derive(Serialize)]
struct Asked<'a> {
    event: Event<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    expected_action: &'a str,
    site_key: Option<&'a str>,
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_ip_address: Option<String>,
}

/// What became of telling an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Yes,
    /// Asking again would change nothing: the provider knows no such check, or does not want it from us.
    Never,
    /// It cannot be told now.
    NotNow,
}

/// Tells the provider of `site` that the comment it checked as `assessment` was `spam`, or approved.
/// Nothing of the comment goes along. At most three seconds.
pub(in crate::captcha) async fn tell_outcome(calls: &Calls, site: &Site, assessment: &str, spam: bool) -> Told {
    let settings = &site.captcha;
    let is_told = settings.provider == ProviderId::RecaptchaEnterprise && settings.feedback;
    let (true, Some(secret), Ok(url)) = (is_told, &settings.secret, annotation_address(settings, assessment)) else {
        return Told::Never;
    };
    let outcome = http::json(&if spam {
        Annotation {
            annotation: "FRAUDULENT",
            reasons: Some(["SOCIAL_SPAM"]),
        }
    } else {
        Annotation {
            annotation: "LEGITIMATE",
            reasons: None,
        }
    });
    let request = Request {
        url: &url,
        headers: &[("x-goog-api-key", secret.expose_secret())],
        body: Body::Json(&outcome),
    };
    match calls.tell(&request).await {
        Ok(answer) if answer.status == 200 => Told::Yes,
        Ok(answer) if matches!(answer.status, 400 | 404) => Told::Never,
        // A key that is refused today may be mended.
        Ok(_) | Err(Failure::Timeout | Failure::Connect | Failure::TooLong) => Told::NotNow,
        Err(Failure::Refused(_)) => Told::Never,
    }
}

#[derive(Serialize)]
struct Annotation {
    annotation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<[&'static str; 1]>,
}

/// The project's assessments, at Google or at the site's `verify_url`.
fn address(ask: &Ask<'_>) -> Result<Url, Verdict> {
    if let Some(url) = &ask.site.captcha.verify_url {
        return Ok(url.clone());
    }
    let project = ask.site.captcha.project.as_deref().unwrap_or_default();
    let url = Url::parse(SERVICE).and_then(|service| service.join(&format!("/v1/projects/{project}/assessments")));
    url.map_err(|error| Verdict::Misconfigured(format!("verify address: {error}")))
}

/// Where the outcome of an assessment is told, on the host that made it.
fn annotation_address(captcha: &captcha::Captcha, assessment: &str) -> Result<Url, url::ParseError> {
    let service = match &captcha.verify_url {
        Some(url) => url.clone(),
        None => Url::parse(SERVICE)?,
    };
    service.join(&format!("/v1/{assessment}:annotate"))
}

/// `projects/{project}/assessments/{id}`, which becomes part of an address.
fn is_assessment_name(name: &str) -> bool {
    let is_plain = |part: &str| {
        part.bytes().any(|b| b.is_ascii_alphanumeric())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let parts: Vec<&str> = name.split('/').collect();
    name.len() <= NAME_MAX
        && matches!(parts[..], ["projects", project, "assessments", id] if is_plain(project) && is_plain(id))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assessment {
    #[serde(default)]
    name: String,
    token_properties: Option<TokenProperties>,
    risk_analysis: Option<RiskAnalysis>,
}

/// Members at their default may be left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenProperties {
    #[serde(default)]
    valid: bool,
    invalid_reason: Option<String>,
    hostname: Option<String>,
    action: Option<String>,
    create_time: Option<String>,
}

#[derive(Deserialize)]
struct RiskAnalysis {
    score: Option<Number>,
    #[serde(default)]
    reasons: Vec<String>,
}

/// Google's errors: <https://cloud.google.com/apis/design/errors>.
#[derive(Deserialize)]
struct Failed {
    error: FailedStatus,
}

#[derive(Deserialize)]
struct FailedStatus {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}

fn finding(expected: &Expected<'_>, answer: &Answer) -> Finding {
    if answer.status != 200 {
        return status(expected, answer).into();
    }
    let Ok(assessment) = serde_json::from_slice::<Assessment>(&answer.body) else {
        return Verdict::Unavailable(Why::Garbage).into();
    };
    let mut finding = Finding::of(judge(expected, &assessment).unwrap_or_else(|verdict| verdict));
    finding.assessment = Some(assessment.name).filter(|name| is_assessment_name(name));
    let words = assessment.risk_analysis.map(|risk| risk.reasons.join(", "));
    if let Some(words) = words.filter(|words| !words.is_empty()) {
        finding.notes.push(Reason::ProviderSays {
            words: expected.quote(&words),
        });
    }
    finding
}

fn judge(expected: &Expected<'_>, assessment: &Assessment) -> Result<Verdict, Verdict> {
    let Some(token) = &assessment.token_properties else {
        return Err(Verdict::Unavailable(Why::Garbage));
    };
    let action = token.action.as_deref().unwrap_or_default();
    if !token.valid {
        return Err(match token.invalid_reason.as_deref() {
            Some(UNEXPECTED_ACTION) => Verdict::BadToken(BadToken::WrongAction(expected.quote(action))),
            reason => expected
                .codes([reason.unwrap_or("INVALID_REASON_UNSPECIFIED")], INVALID_REASONS)
                .unwrap_or(Verdict::Unavailable(Why::Garbage)),
        });
    }
    // An absent number may stand for 0, or for a key without scores: too little to refuse anyone.
    let Some(score) = assessment.risk_analysis.as_ref().and_then(|risk| risk.score.as_ref()) else {
        return Err(Verdict::Misconfigured("success without score".to_owned()));
    };
    let verdict = scored(score, false);
    if verdict.score().is_none() {
        return Err(verdict);
    }
    expected.host(token.hostname.as_deref().unwrap_or_default())?;
    expected.action(action)?;
    expected.made_at(token.create_time.as_deref().unwrap_or_default(), Some(TOKEN_LIFE))?;
    Ok(verdict)
}

/// 400, 401, 403 and 404 are our own set-up, and Google says in words which part of it.
fn status(expected: &Expected<'_>, answer: &Answer) -> Verdict {
    if !matches!(answer.status, 400 | 401 | 403 | 404) {
        return Expected::status(answer.status);
    }
    let said = serde_json::from_slice::<Failed>(&answer.body).map_or_else(
        |_| format!("the verify address answers with status {}", answer.status),
        |failed| format!("{}: {}", failed.error.status, failed.error.message),
    );
    Verdict::Misconfigured(expected.quote(&said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_an_assessment_becomes_part_of_an_address() {
        assert!(is_assessment_name("projects/12345/assessments/a1-B2_c3.4"));
        for name in [
            "",
            "projects/p/assessments/",
            "projects/p/assessments/..",
            "projects/../assessments/a",
            "projects/p/assessments/a/b",
            "projects/p/assessments/a?key=b",
            "//evil.example/v1",
            "projects/p/assessments/a:annotate",
        ] {
            assert!(!is_assessment_name(name), "{name}");
        }
        assert!(!is_assessment_name(&format!(
            "projects/p/assessments/{}",
            "a".repeat(NAME_MAX)
        )));
    }
}
