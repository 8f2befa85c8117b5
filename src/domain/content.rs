//! What a comment says and who signs it, whichever way it came in: see [`super::origin`] for the way.

use uuid::Uuid;

use super::{draft::Draft, language::Language};

/// A comment's texts, its place and its author, with what is derived from them.
#[derive(Debug, Clone)]
pub struct Content {
    pub draft: Draft,
    /// The top-level comment that it answers or whose answers it answers; `None`: it is one itself.
    pub root: Option<Uuid>,
    /// The body as readers see it.
    pub html: String,
    /// Links in the body.
    pub links: i64,
    /// Name and body as a search finds them.
    pub folded: String,
    pub language: Language,
    /// Salted digest of the author's e-mail.
    pub email_key: String,
    /// Digest of the body as it was typed.
    pub body_digest: String,
}
