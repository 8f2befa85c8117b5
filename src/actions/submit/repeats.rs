//! Whether a submission came before: by its idempotency key, its form's nonce, its provider's token.
//!
//! Of two submissions with one of these the same, the later is a repeat where its text is the same too, and
//! gets the first one's outcome; else the key counts for nothing. What comes from outside is hashed.

use uuid::Uuid;

use super::{path::Path, submission::Submission};
use crate::{
    captcha::{Form, Spent},
    domain::code::Code,
    error::Error,
    keys::sha256_hex,
    store::Repeat,
};

const KEY: &str = "k:";
const NONCE: &str = "n:";
const TOKEN: &str = "t:";

/// What earlier submissions under the same keys say.
pub(super) enum Earlier {
    /// The submission repeats this comment.
    Same(Uuid),
    /// It is a new one.
    New(NewKeys),
}

/// What was learned of the keys of a new submission.
pub(super) struct NewKeys {
    /// Keys that the new comment may take.
    pub(super) keys: Vec<String>,
    /// The form was used before, with another text.
    pub(super) form_reused: bool,
    pub(super) token: Spent,
}

impl Path {
    /// What its keys say now.
    pub(super) async fn look_back(&self, keys: &[String], digest: &str) -> Result<Earlier, Error> {
        let repeats = self.app.store.repeats(&self.site.site.id, keys, self.now).await?;
        earlier(&repeats, keys, digest)
    }
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
pub(in crate::actions) fn token_key(token: &str) -> String {
    format!("{TOKEN}{}", sha256_hex(token.as_bytes()))
}

/// What `repeats`, found under `keys`, say of a submission with that digest.
pub(super) fn earlier(repeats: &[Repeat], keys: &[String], digest: &str) -> Result<Earlier, Error> {
    if let Some(same) = repeats.iter().find(|repeat| repeat.digest == digest) {
        return Ok(Earlier::Same(same.comment));
    }
    let used = |prefix: &str| repeats.iter().any(|repeat: &Repeat| repeat.key.starts_with(prefix));
    if used(KEY) {
        return Err(Error::Code(Code::IdempotencyMismatch));
    }
    Ok(Earlier::New(NewKeys {
        keys: keys
            .iter()
            .filter(|key| !repeats.iter().any(|repeat| repeat.key == **key))
            .cloned()
            .collect(),
        form_reused: used(NONCE),
        token: if used(TOKEN) { Spent::Foreign } else { Spent::Never },
    }))
}
