//! The answers that are not what was asked for: each variant is one kind of answer to a caller.
//!
//! Internal causes are kept for the log and never sent. A variant names the status, its `code` is the
//! stable word that clients act on, and the sentence for people is made from the code at the edge, in
//! the reader's language. "Not found" inside the store is `Ok(None)`, not an error.

use serde::Serialize;
use serde_json::Value;

use crate::{domain::draft::FieldError, limits::Refusal};

/// What goes wrong, as the caller sees it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: what arrived cannot be read: `bad_json`, `duplicate_key`, `bad_encoding`.
    #[error("the request cannot be read: {0}")]
    BadRequest(&'static str),
    /// 422: fields to correct.
    #[error("{} fields need attention", .0.len())]
    Invalid(Vec<FieldError>),
    /// 422: known fields of another JSON type, by their paths.
    #[error("of another type: {}", .0.join(", "))]
    BadType(Vec<String>),
    /// 422: `bad_character`, `too_deep`, `idempotency_mismatch`, `cuts_cross`, `confirm_needed`.
    #[error("the request cannot be followed: {0}")]
    Unprocessable(&'static str),
    /// 401: no or unknown credentials.
    #[error("no or unknown credentials")]
    Unauthenticated,
    /// 403: `forbidden`, `csrf`, `origin_forbidden`.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// 404: `not_found`, `site_unknown`; also what exists on another's site.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// 409: `conflict`, `erased`, `thread_closed`, with what is there now.
    #[error("conflict: {code}")]
    Conflict {
        code: &'static str,
        /// Added to the answer's members.
        current: Option<Box<Value>>,
    },
    /// Another 4xx of HTTP itself: 405, 408, 413, 415.
    #[error("http {0}: {1}")]
    Http(u16, &'static str),
    /// 429.
    #[error(transparent)]
    RateLimited(#[from] Refusal),
    /// 503 with `Retry-After`: the store cannot be written, or too much is under way. Nothing was
    /// accepted.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// 500.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// A 404 for anything that is not there or not the caller's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::NotFound("not_found")
    }

    /// A 409 without further members.
    #[must_use]
    pub fn conflict(code: &'static str) -> Self {
        Self::Conflict { code, current: None }
    }

    /// A 409 for what there are enough of, on a site or at all: `tokens_full`, `invitations_full`.
    #[must_use]
    pub fn full(code: &'static str, site: Option<&str>, limit: i64) -> Self {
        Self::conflict_with(code, &Full { limit, site })
    }

    /// A 409 for keys of a site's settings that the file sets.
    #[must_use]
    pub fn set_in_file(keys: &[&str]) -> Self {
        Self::conflict_with("set_in_file", &SetInFile { keys })
    }

    fn conflict_with(code: &'static str, current: &impl Serialize) -> Self {
        let current = serde_json::to_value(current).ok().map(Box::new);
        Self::Conflict { code, current }
    }

    /// The stable word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(code)
            | Self::Unprocessable(code)
            | Self::Forbidden(code)
            | Self::NotFound(code)
            | Self::Conflict { code, .. }
            | Self::Http(_, code) => code,
            Self::Invalid(_) => "invalid",
            Self::BadType(_) => "bad_type",
            Self::Unauthenticated => "unauthenticated",
            Self::RateLimited(_) => "rate_limited",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Invalid(_) | Self::BadType(_) | Self::Unprocessable(_) => 422,
            Self::Unauthenticated => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::Conflict { .. } => 409,
            Self::Http(status, _) => *status,
            Self::RateLimited(_) => 429,
            Self::Unavailable(_) => 503,
            Self::Internal(_) => 500,
        }
    }
}

/// What a 409 adds where there are enough.
#[derive(Serialize)]
struct Full<'a> {
    limit: i64,
    site: Option<&'a str>,
}

/// What a 409 adds where the file decides.
#[derive(Serialize)]
struct SetInFile<'a> {
    keys: &'a [&'a str],
}
