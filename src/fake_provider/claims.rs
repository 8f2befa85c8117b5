//! What a token says of itself, in the token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// What a token says of itself; each member may be left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Claims {
    /// 0..=1, 1 is a person, for every provider.
    pub score: f64,
    pub action: String,
    pub hostname: String,
    /// Turnstile's: the nonce of the form.
    pub cdata: String,
    /// Unix milliseconds; 0: now.
    pub issued_at: i64,
    /// Makes each token another.
    pub number: u64,
    /// What the sender really is, for evaluations; never told.
    pub truth: String,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            score: 0.9,
            action: "comment".to_owned(),
            hostname: "localhost".to_owned(),
            cdata: String::new(),
            issued_at: 0,
            number: 0,
            truth: String::new(),
        }
    }
}

impl Claims {
    /// As a token.
    pub(super) fn to_token(&self) -> String {
        let claims = serde_json::to_vec(self).unwrap_or_default();
        format!("fake.{}", URL_SAFE_NO_PAD.encode(claims))
    }

    /// What a token of ours says.
    pub(super) fn of_token(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix("fake.")?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}
