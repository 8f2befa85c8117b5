//! The form token: signed, bound to its site and thread, good once and for a day. Single use is the store's record.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    clock::random_bytes,
    domain::timestamp::Timestamp,
    keys::{Keys, Purpose, sha256_hex},
};

/// How long a form may stay open.
const FORM_LIFE: Duration = Duration::from_hours(24);
/// How much of its age a form hands on to the next one of its page: more than any time that counts as quick.
const AGE_KEPT_MS: i64 = 3_600_000;
/// How far another instance's clock may be ahead.
const SKEW: Duration = Duration::from_mins(5);
/// Longest form token read, bytes.
const FORM_TOKEN_MAX: usize = 1024;

/// What the form token of a submission is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// None came.
    Missing,
    /// Not ours, of another site or thread, or more than five minutes from the future.
    Forged,
    /// Ours, older than 24 h.
    Expired { nonce: String },
    /// Ours. The nonce is 22 base64url characters, the age is 0..=86400000 ms.
    Valid { nonce: String, age_ms: i64 },
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    site: String,
    /// See `thread_hash`.
    thread: String,
    /// 128 random bits in base64url.
    nonce: String,
    /// Unix milliseconds.
    at: i64,
}

/// A token of the age of `before`, the page's token until now, where that is a valid one.
pub(super) fn issue(keys: &Keys, site_id: &str, thread: &str, before: Option<&str>, now: Timestamp) -> String {
    let age_ms = match check(keys, site_id, thread, before, now) {
        Form::Valid { age_ms, .. } => age_ms.min(AGE_KEPT_MS),
        Form::Missing | Form::Forged | Form::Expired { .. } => 0,
    };
    let claims = Claims {
        site: site_id.to_owned(),
        thread: thread_hash(thread),
        nonce: URL_SAFE_NO_PAD.encode(random_bytes::<16>()),
        at: now.0 - age_ms,
    };
    keys.sign(Purpose::Form, &claims)
}

/// What `token` is worth for this site and thread.
pub(super) fn check(keys: &Keys, site_id: &str, thread: &str, token: Option<&str>, now: Timestamp) -> Form {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Form::Missing;
    };
    if token.len() > FORM_TOKEN_MAX {
        return Form::Forged;
    }
    let Some(claims) = keys.open::<Claims>(Purpose::Form, token) else {
        return Form::Forged;
    };
    let issued = Timestamp(claims.at);
    if claims.site != site_id || claims.thread != thread_hash(thread) || issued > now.plus(SKEW) {
        return Form::Forged;
    }
    if now > issued.plus(FORM_LIFE) {
        return Form::Expired { nonce: claims.nonce };
    }
    Form::Valid {
        nonce: claims.nonce,
        age_ms: now.millis_since(issued).max(0),
    }
}

/// A thread's key can be long; tokens carry 128 bits of its SHA-256, in hex.
pub(super) fn thread_hash(thread: &str) -> String {
    let mut hash = sha256_hex(thread.as_bytes());
    hash.truncate(32);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_764_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn keys() -> Keys {
        Keys::new(&[7; 32], &[])
    }

    #[test]
    fn the_next_form_of_a_page_is_as_old_as_the_one_before() {
        let keys = keys();
        let first = issue(&keys, "faso", "/a", None, NOW);
        let age = |before: &str, thread: &str, after: Duration| {
            let now = NOW.plus(after);
            let next = issue(&keys, "faso", thread, Some(before), now);
            assert_ne!(next, first);
            match check(&keys, "faso", thread, Some(&next), now) {
                Form::Valid { age_ms, .. } => age_ms,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(age(&first, "/a", Duration::from_secs(8)), 8_000);
        assert_eq!(
            age(&first, "/a", MINUTE * 90),
            AGE_KEPT_MS,
            "it lives nearly a day all the same"
        );
        for (before, thread, after) in [
            (first.as_str(), "/b", MINUTE),
            (&first, "/a", MINUTE * 60 * 25),
            ("forged", "/a", MINUTE),
            ("", "/a", MINUTE),
        ] {
            assert_eq!(age(before, thread, after), 0, "{before} {thread}");
        }
    }

    #[test]
    fn form_tokens_are_bound_to_site_thread_and_time() {
        let keys = keys();
        let token = issue(&keys, "faso", "/a", None, NOW);
        let check_at = |site: &str, thread: &str, token: &str, now| check(&keys, site, thread, Some(token), now);
        let hour = MINUTE * 60;
        let Form::Valid { nonce, age_ms } = check_at("faso", "/a", &token, NOW.plus(hour)) else {
            panic!("valid")
        };
        assert_eq!((nonce.len(), age_ms), (22, 3_600_000));
        assert!(matches!(
            check_at("faso", "/a", &token, NOW.plus(hour * 24)),
            Form::Valid { .. }
        ));
        let late = NOW.plus(hour * 24 + Duration::from_millis(1));
        assert_eq!(check_at("faso", "/a", &token, late), Form::Expired { nonce });
        assert!(matches!(
            check_at("faso", "/a", &token, NOW.minus(MINUTE * 5)),
            Form::Valid { age_ms: 0, .. }
        ));
        for (site, thread, now) in [
            ("faso", "/a", NOW.minus(MINUTE * 6)),
            ("faso", "/b", NOW),
            ("autre", "/a", NOW),
        ] {
            assert_eq!(check_at(site, thread, &token, now), Form::Forged, "{site} {thread}");
        }
        for forged in ["x", &token[1..], &"a".repeat(5000), &format!("{token}A")] {
            assert_eq!(check_at("faso", "/a", forged, NOW), Form::Forged);
        }
        assert_eq!(check(&keys, "faso", "/a", None, NOW), Form::Missing);
        assert_eq!(check_at("faso", "/a", "", NOW), Form::Missing);
        assert_ne!(token, issue(&keys, "faso", "/a", None, NOW), "each has its own nonce");
    }
}
