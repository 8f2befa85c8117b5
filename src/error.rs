//! The answers that are not what was asked for.
//!
//! Each tells a [`Code`], the stable word that clients act on, and the code has the status. Internal causes are kept for
//! the log and never sent. The sentence for people is made from the code at the edge, in the reader's language. "Not
//! found" inside the store is `Ok(None)`, not an error.

use serde::Serialize;
use serde_json::Value;

use crate::{
    domain::{code::Code, draft::FieldError},
    limits::Refusal,
};

/// What goes wrong, as the caller sees it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What its code says, and no more.
    #[error("answered with {code} ({status})", code = .0, status = .0.status())]
    Code(Code),
    /// The same, with what is there now.
    #[error("answered with {code} ({status})", status = .code.status())]
    With {
        code: Code,
        /// Added to the answer's members.
        members: Box<Value>,
    },
    /// 422: fields to correct.
    #[error("{} fields need attention", .0.len())]
    Invalid(Vec<FieldError>),
    /// 422: known fields of another JSON type, by their paths.
    #[error("of another type: {}", .0.join(", "))]
    BadType(Vec<String>),
    /// 401: no or unknown credentials.
    #[error("no or unknown credentials")]
    Unauthenticated,
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
        Self::Code(Code::NotFound)
    }

    /// A 409 for what there are enough of, on a site or at all: [`Code::TokensFull`], [`Code::InvitationsFull`].
    #[must_use]
    pub fn full(code: Code, site: Option<&str>, limit: i64) -> Self {
        Self::with(code, &Full { limit, site })
    }

    /// A 409 for keys of a site's settings that the file sets.
    #[must_use]
    pub fn set_in_file(keys: &[&str]) -> Self {
        Self::with(Code::SetInFile, &SetInFile { keys })
    }

    /// An error with members that its answer adds.
    #[must_use]
    pub fn with(code: Code, members: &impl Serialize) -> Self {
        match serde_json::to_value(members) {
            Ok(members) => Self::With {
                code,
                members: Box::new(members),
            },
            Err(_) => Self::Code(code),
        }
    }

    /// An error of one field.
    #[must_use]
    pub fn field(field: &'static str, code: Code) -> Self {
        Self::Invalid(vec![FieldError::new(field, code)])
    }

    /// The stable word.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Code(code) | Self::With { code, .. } => *code,
            Self::Invalid(_) => Code::Invalid,
            Self::BadType(_) => Code::BadType,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::RateLimited(_) => Code::RateLimited,
            Self::Unavailable(_) => Code::Unavailable,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.code().status()
    }

    /// Whether what was asked for is not there, or not the caller's.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == 404
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
