//! Whether a submission came before: by its idempotency key, its form's nonce, its provider's token.
//!
//! Of two submissions with one of these the same, the later is a repeat where its text is the same too, and
//! gets the first one's outcome; else the key counts for nothing. What comes from outside is hashed.

use uuid::Uuid;

use super::submit::Submission;
use crate::{
    captcha::{Form, Spent},
    error::Error,
    keys::sha256_hex,
    store::Repeat,
};

const KEY: &str = "k:";
const NONCE: &str = "n:";
const TOKEN: &str = "t:";

/// What was learned from earlier submissions under the same keys.
pub(super) struct Earlier {
    /// Keys that the new comment may take.
    pub(super) keys: Vec<String>,
    /// The form was used before, with another text.
    pub(super) form_reused: bool,
    pub(super) token: Spent,
}

/// What makes a later submission the same one, the strongest first.
pub(super) fn keys_of(submission: &Submission, form: &Form) -> Vec<String> {
    let key = submission.idempotency_key.as_ref().map(|key| {
        // Hashed, because it comes from outside and may be of any length.
        format!("{KEY}{}", sha256_hex(key.as_bytes()))
    });
    let nonce = match form {
        Form::Valid { nonce, .. } | Form::Expired { nonce } => Some(format!("{NONCE}{nonce}")),
        Form::Missing | Form::Forged => None,
    };
    let token = submission
        .captcha
        .as_ref()
        .filter(|token| !token.is_empty())
        .map(|token| token_key(token));
    key.into_iter().chain(nonce).chain(token).collect()
}

/// The key under which a provider's token is known to be used.
pub(super) fn token_key(token: &str) -> String {
    format!("{TOKEN}{}", sha256_hex(token.as_bytes()))
}

/// `Ok` with the comment that a submission repeats; else what its keys say.
pub(super) fn earlier(repeats: &[Repeat], keys: &[String], digest: &str) -> Result<Result<Uuid, Earlier>, Error> {
    if let Some(same) = repeats.iter().find(|repeat| repeat.digest == digest) {
        return Ok(Ok(same.comment));
    }
    let used = |prefix: &str| repeats.iter().any(|repeat: &Repeat| repeat.key.starts_with(prefix));
    if used(KEY) {
        return Err(Error::Unprocessable("idempotency_mismatch"));
    }
    Ok(Err(Earlier {
        keys: keys
            .iter()
            .filter(|key| !repeats.iter().any(|repeat| repeat.key == **key))
            .cloned()
            .collect(),
        form_reused: used(NONCE),
        token: if used(TOKEN) { Spent::Foreign } else { Spent::Never },
    }))
}
