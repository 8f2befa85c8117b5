//! What each provider's calls look like, and which answer it gives; the answers' shapes are in `reply.rs`.
//!
//! The sources are those of `captcha/*`; this side is written from the vendors' pages and not from that
//! code, so that the two can disagree. To add a provider: a variant, its arms, its path in `routes.rs`.

use axum::http::HeaderMap;
use serde_json::{Number, Value};

use super::{
    claims::Claims,
    reply::{
        Assessment, Cap, Friendly, FriendlyChallenge, FriendlyData, FriendlyError, GoogleError, Metadata, Prosopo,
        Reply, RiskAnalysis, Siteverify, TokenProperties,
    },
    scenario::Fault,
};
use crate::domain::timestamp::Timestamp;

/// Who is pretended to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Protocol {
    Recaptcha,
    Enterprise,
    Hcaptcha,
    Turnstile,
    Friendly,
    Prosopo,
    Cap,
    Mcaptcha,
}

/// What a call carries.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) secret: Option<String>,
    pub(super) token: Option<String>,
    pub(super) idempotency_key: Option<String>,
    /// Whether it was in a shape that the provider reads.
    pub(super) is_readable: bool,
}

/// Why a token is not good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not a shape that the provider reads.
    BadRequest,
    MissingSecret,
    InvalidSecret,
    MissingToken,
    InvalidToken,
    Expired,
    Spent,
    Quota,
    Browser,
    Internal,
    Unknown,
}

/// A good token as it is told.
#[derive(Debug, Clone)]
pub(super) struct Passed {
    pub(super) claims: Claims,
    /// `None`: a key without scores.
    pub(super) score: Option<f64>,
}

const UNKNOWN_CODE: &str = "flux-capacitor-empty";
const QUOTA: &str = "Over Enterprise free quota. Please ensure your project has an active billing account: https://cloud.google.com/recaptcha/docs/billing-information";

impl Protocol {
    /// How long a token lives, milliseconds.
    pub(super) fn token_life_ms(self) -> i64 {
        match self {
            Self::Turnstile => 300_000,
            Self::Cap => 1_200_000,
            _ => 120_000,
        }
    }

    /// Whether the provider gives scores at all.
    pub(super) fn has_scores(self) -> bool {
        matches!(
            self,
            Self::Recaptcha | Self::Enterprise | Self::Hcaptcha | Self::Prosopo
        )
    }

    /// Reads a call. `query` is the address's own.
    pub(super) fn read(self, headers: &HeaderMap, query: &str, body: &[u8]) -> Call {
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let kind = header("content-type").unwrap_or_default();
        let form = kind
            .starts_with("application/x-www-form-urlencoded")
            .then(|| serde_urlencoded::from_bytes::<Vec<(String, String)>>(body).ok())
            .flatten();
        let json = kind
            .starts_with("application/json")
            .then(|| serde_json::from_slice::<Value>(body).ok())
            .flatten();
        let field = |name: &str| -> Option<String> {
            let found = match (&form, &json) {
                (Some(fields), _) => fields.iter().find(|(key, _)| key == name)?.1.clone(),
                (None, Some(value)) => value.get(name)?.as_str()?.to_owned(),
                (None, None) => return None,
            };
            Some(found).filter(|text| !text.is_empty())
        };
        let (takes_form, takes_json) = match self {
            Self::Recaptcha | Self::Hcaptcha => (true, false),
            Self::Turnstile | Self::Friendly => (true, true),
            Self::Enterprise | Self::Prosopo | Self::Cap | Self::Mcaptcha => (false, true),
        };
        let is_readable = (takes_form && form.is_some()) || (takes_json && json.is_some());
        if !is_readable {
            return Call::default();
        }
        let api_key = |name: &str| header(name).filter(|key| !key.is_empty());
        let (secret, token) = match self {
            Self::Recaptcha | Self::Hcaptcha | Self::Turnstile | Self::Cap => (field("secret"), field("response")),
            Self::Prosopo | Self::Mcaptcha => (field("secret"), field("token")),
            Self::Friendly => (api_key("x-api-key"), field("response")),
            Self::Enterprise => {
                let event = json.as_ref().and_then(|value| value.get("event"));
                let token = event
                    .and_then(|event| event.get("token")?.as_str())
                    .filter(|token| !token.is_empty());
                let in_query = serde_urlencoded::from_str::<Vec<(String, String)>>(query)
                    .unwrap_or_default()
                    .into_iter()
                    .find(|(name, _)| name == "key")
                    .map(|(_, key)| key);
                (api_key("x-goog-api-key").or(in_query), token.map(str::to_owned))
            }
        };
        Call {
            secret,
            token,
            idempotency_key: field("idempotency_key"),
            is_readable,
        }
    }

    /// The provider's yes, with status 200.
    pub(super) fn yes(self, passed: &Passed, skew_ms: i64, fault: Fault) -> Reply {
        let claims = &passed.claims;
        let hostname = match fault {
            Fault::EmptyHostname => "",
            Fault::WrongHostname => "evil.example",
            _ => &claims.hostname,
        };
        let action = if fault == Fault::WrongAction {
            "login"
        } else {
            &claims.action
        };
        let made = rfc3339(claims.issued_at + skew_ms);
        let score = passed.score.map(float32);
        let reversed = passed.score.map(|score| float32(1.0 - score));
        let siteverify = Siteverify {
            challenge_ts: Some(made.clone()),
            hostname: Some(hostname.to_owned()),
            success: true,
            ..Siteverify::default()
        };
        match self {
            Self::Recaptcha => Reply::Siteverify(Siteverify {
                action: score.map(|_| action.to_owned()),
                score,
                ..siteverify
            }),
            Self::Enterprise => Reply::Assessment(Assessment {
                name: Some(format!("projects/fake/assessments/{}", claims.number)),
                risk_analysis: Some(RiskAnalysis { reasons: [], score }),
                token_properties: TokenProperties {
                    action: Some(action.to_owned()),
                    create_time: Some(made),
                    hostname: Some(hostname.to_owned()),
                    invalid_reason: "INVALID_REASON_UNSPECIFIED",
                    valid: true,
                },
            }),
            Self::Hcaptcha => Reply::Siteverify(Siteverify {
                credit: Some(false),
                score: reversed,
                score_reason: reversed.map(|_| []),
                ..siteverify
            }),
            Self::Turnstile => Reply::Siteverify(Siteverify {
                action: Some(action.to_owned()),
                cdata: Some(claims.cdata.clone()),
                error_codes: Some(Vec::new()),
                metadata: Some(Metadata { interactive: false }),
                ..siteverify
            }),
            Self::Friendly => {
                let origin = if hostname.is_empty() {
                    String::new()
                } else {
                    format!("https://{hostname}")
                };
                let challenge = FriendlyChallenge {
                    origin,
                    timestamp: made,
                };
                Reply::Friendly(Friendly {
                    data: Some(FriendlyData {
                        challenge,
                        event_id: format!("ev_{}", claims.number),
                    }),
                    error: None,
                    success: true,
                })
            }
            Self::Prosopo => Reply::Prosopo(Prosopo {
                score: reversed.and_then(Number::from_f64),
                status: Some("ok"),
                verified: true,
            }),
            Self::Cap => Reply::Cap(Cap {
                error: None,
                success: true,
            }),
            Self::Mcaptcha => Reply::Mcaptcha { valid: true },
        }
    }

    /// The provider's no, with its status.
    pub(super) fn no(self, refusal: &Refusal) -> (u16, Reply) {
        match self {
            Self::Recaptcha | Self::Hcaptcha | Self::Turnstile => self.no_with_codes(refusal),
            Self::Enterprise => enterprise_no(refusal),
            Self::Friendly => friendly_no(refusal),
            Self::Cap => cap_no(refusal),
            Self::Prosopo => prosopo_no(refusal),
            Self::Mcaptcha => mcaptcha_no(refusal),
        }
    }

    fn no_with_codes(self, refusal: &Refusal) -> (u16, Reply) {
        let is_hcaptcha = self == Self::Hcaptcha;
        let code = match refusal {
            Refusal::BadRequest => "bad-request",
            Refusal::MissingSecret => "missing-input-secret",
            Refusal::InvalidSecret => "invalid-input-secret",
            Refusal::MissingToken => "missing-input-response",
            Refusal::InvalidToken => "invalid-input-response",
            Refusal::Expired if is_hcaptcha => "expired-input-response",
            Refusal::Spent if is_hcaptcha => "already-seen-response",
            Refusal::Expired | Refusal::Spent => "timeout-or-duplicate",
            Refusal::Quota => QUOTA,
            Refusal::Browser => "browser-error",
            Refusal::Internal if self == Self::Turnstile => "internal-error",
            Refusal::Internal => return (503, Reply::Empty {}),
            Refusal::Unknown => UNKNOWN_CODE,
        };
        let status = if is_hcaptcha && *refusal == Refusal::BadRequest {
            400
        } else {
            200
        };
        let reply = Siteverify {
            error_codes: Some(vec![code]),
            ..Siteverify::default()
        };
        (status, Reply::Siteverify(reply))
    }
}

fn enterprise_no(refusal: &Refusal) -> (u16, Reply) {
    let invalid = |reason: &'static str| {
        let reply = Assessment {
            name: None,
            risk_analysis: None,
            token_properties: TokenProperties {
                invalid_reason: reason,
                ..TokenProperties::default()
            },
        };
        (200, Reply::Assessment(reply))
    };
    let failed = |code: u16, status: &'static str, message: &'static str| {
        let error = GoogleError { code, message, status };
        (code, Reply::GoogleError { error })
    };
    match refusal {
        Refusal::BadRequest => failed(400, "INVALID_ARGUMENT", "Invalid JSON payload received."),
        Refusal::MissingSecret => failed(403, "PERMISSION_DENIED", "The request is missing a valid API key."),
        Refusal::InvalidSecret => failed(
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
        ),
        Refusal::Quota => failed(429, "RESOURCE_EXHAUSTED", "Quota exceeded."),
        Refusal::Internal => failed(503, "UNAVAILABLE", "The service is currently unavailable."),
        Refusal::MissingToken => invalid("MISSING"),
        Refusal::InvalidToken => invalid("MALFORMED"),
        Refusal::Expired => invalid("EXPIRED"),
        Refusal::Spent => invalid("DUPE"),
        Refusal::Browser => invalid("BROWSER_ERROR"),
        Refusal::Unknown => invalid(UNKNOWN_CODE),
    }
}

fn friendly_no(refusal: &Refusal) -> (u16, Reply) {
    let (status, error_code) = match refusal {
        Refusal::BadRequest => (400, "bad_request"),
        Refusal::MissingSecret => (401, "auth_required"),
        Refusal::InvalidSecret => (401, "auth_invalid"),
        Refusal::MissingToken => (400, "response_missing"),
        Refusal::InvalidToken | Refusal::Browser => (200, "response_invalid"),
        Refusal::Expired => (200, "response_timeout"),
        Refusal::Spent => (200, "response_duplicate"),
        Refusal::Quota => return (429, Reply::Empty {}),
        Refusal::Internal => return (503, Reply::Empty {}),
        Refusal::Unknown => (400, UNKNOWN_CODE),
    };
    let reply = Friendly {
        data: None,
        error: Some(FriendlyError {
            detail: "told by a fake",
            error_code,
        }),
        success: false,
    };
    (status, Reply::Friendly(reply))
}

fn cap_no(refusal: &Refusal) -> (u16, Reply) {
    let (status, error) = match refusal {
        Refusal::BadRequest | Refusal::MissingSecret | Refusal::MissingToken => (400, "Missing required parameters"),
        Refusal::InvalidSecret => (403, "Invalid site key or secret"),
        Refusal::InvalidToken | Refusal::Spent | Refusal::Browser => (404, "Token not found"),
        Refusal::Expired => (403, "Token expired"),
        Refusal::Quota => return (429, Reply::Empty {}),
        Refusal::Internal => return (500, Reply::Empty {}),
        Refusal::Unknown => (400, UNKNOWN_CODE),
    };
    let reply = Cap {
        error: Some(error),
        success: false,
    };
    (status, Reply::Cap(reply))
}

fn prosopo_no(refusal: &Refusal) -> (u16, Reply) {
    let says = |status: Option<&'static str>, verified: bool, score: Option<u8>| {
        let score = score.map(Number::from);
        let reply = Prosopo {
            score,
            status,
            verified,
        };
        (200, Reply::Prosopo(reply))
    };
    match refusal {
        Refusal::MissingSecret | Refusal::InvalidSecret => (401, Reply::Error { error: "unauthorised" }),
        Refusal::BadRequest | Refusal::MissingToken | Refusal::Unknown => (400, Reply::Error { error: UNKNOWN_CODE }),
        Refusal::InvalidToken => says(Some("error"), false, Some(0)),
        Refusal::Quota => (429, Reply::Empty {}),
        Refusal::Internal => says(None, true, Some(0)),
        Refusal::Expired | Refusal::Spent | Refusal::Browser => says(Some("fail"), false, None),
    }
}

fn mcaptcha_no(refusal: &Refusal) -> (u16, Reply) {
    match refusal {
        Refusal::MissingSecret | Refusal::InvalidSecret => (401, Reply::Error { error: "wrong secret" }),
        Refusal::BadRequest | Refusal::MissingToken | Refusal::Unknown => (400, Reply::Error { error: UNKNOWN_CODE }),
        Refusal::Quota => (429, Reply::Empty {}),
        Refusal::Internal => (500, Reply::Error { error: "internal" }),
        Refusal::InvalidToken | Refusal::Expired | Refusal::Spent | Refusal::Browser => {
            (200, Reply::Mcaptcha { valid: false })
        }
    }
}

/// 0.9 leaves as 0.8999999761581421.
#[expect(clippy::cast_possible_truncation, reason = "the loss is what is imitated")]
fn float32(score: f64) -> f64 {
    f64::from(score as f32)
}

/// Whole seconds, as the real ones send them.
pub(super) fn rfc3339(unix_ms: i64) -> String {
    Timestamp(unix_ms - unix_ms.rem_euclid(1000)).to_rfc3339()
}
