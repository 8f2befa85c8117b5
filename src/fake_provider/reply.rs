//! What the providers send back, as their pages document it. Members go out in the order of their names.

use serde::Serialize;
use serde_json::Number;

use super::scenario::Scenario;

/// An answer of any of them.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Reply {
    /// reCAPTCHA, hCaptcha and Turnstile.
    Siteverify(Siteverify),
    /// reCAPTCHA Enterprise.
    Assessment(Assessment),
    /// Its complaint about a call.
    GoogleError {
        error: GoogleError,
    },
    Friendly(Friendly),
    Prosopo(Prosopo),
    Cap(Cap),
    Mcaptcha {
        valid: bool,
    },
    /// A complaint about a call of Prosopo's and of mCaptcha's.
    Error {
        error: &'static str,
    },
    Empty {},
}

/// <https://developers.google.com/recaptcha/docs/verify>, <https://docs.hcaptcha.com>,
/// <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Siteverify {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<String>,
    /// Turnstile's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cdata: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) challenge_ts: Option<String>,
    /// hCaptcha's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credit: Option<bool>,
    #[serde(rename = "error-codes", skip_serializing_if = "Option::is_none")]
    pub(super) error_codes: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hostname: Option<String>,
    /// Turnstile's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<f64>,
    /// hCaptcha's, with a score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score_reason: Option<[&'static str; 0]>,
    pub(super) success: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Metadata {
    pub(super) interactive: bool,
}

/// <https://cloud.google.com/recaptcha/docs/reference/rest/v1/projects.assessments>
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assessment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) risk_analysis: Option<RiskAnalysis>,
    pub(super) token_properties: TokenProperties,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct RiskAnalysis {
    pub(super) reasons: [&'static str; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<f64>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenProperties {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) create_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hostname: Option<String>,
    pub(super) invalid_reason: &'static str,
    pub(super) valid: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct GoogleError {
    pub(super) code: u16,
    pub(super) message: &'static str,
    pub(super) status: &'static str,
}

/// <https://developer.friendlycaptcha.com/docs/v2/api/siteverify>
#[derive(Debug, Clone, Serialize)]
pub(super) struct Friendly {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<FriendlyData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<FriendlyError>,
    pub(super) success: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct FriendlyData {
    pub(super) challenge: FriendlyChallenge,
    pub(super) event_id: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct FriendlyChallenge {
    pub(super) origin: String,
    pub(super) timestamp: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct FriendlyError {
    pub(super) detail: &'static str,
    pub(super) error_code: &'static str,
}

/// <https://docs.prosopo.io/en/basics/server-side-verification/>
#[derive(Debug, Clone, Serialize)]
pub(super) struct Prosopo {
    /// 1 is a machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'static str>,
    pub(super) verified: bool,
}

/// <https://capjs.js.org/guide/standalone/>
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cap {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'static str>,
    pub(super) success: bool,
}

/// The fake's own, to whoever asks how it behaves.
#[derive(Debug, Serialize)]
pub(super) struct State {
    /// Verifications asked so far.
    pub(super) calls: usize,
    /// Callers that followed a redirect.
    pub(super) followed: usize,
    /// Its clock.
    pub(super) now: String,
    pub(super) scenario: Scenario,
}
