//! The shape of an error, for the document of the API. [`crate::http::error`] writes it.

#![expect(dead_code, reason = "shapes for the document only")]

use utoipa::ToSchema;

/// An error, as `application/problem+json` (RFC 9457).
#[derive(ToSchema)]
pub(in crate::http::api) struct Problem {
    r#type: String,
    /// A sentence in the reader's language.
    title: String,
    status: u16,
    /// A stable word to act on.
    code: String,
    request_id: String,
    /// With `invalid`.
    errors: Option<Vec<FieldProblem>>,
}

/// One field to correct.
#[derive(ToSchema)]
pub(in crate::http::api) struct FieldProblem {
    field: String,
    code: String,
    message: String,
}
