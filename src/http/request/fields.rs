//! What is read the same way in many calls.

use uuid::Uuid;

use crate::{domain::draft::FieldError, error::Error};

/// A 422 about one field.
pub(crate) fn field_error(field: &'static str, code: &'static str) -> Error {
    Error::Invalid(vec![FieldError::new(field, code)])
}

/// An id of a path; what is no id is not there.
pub(crate) fn parse_id(id: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(id).map_err(|_| Error::not_found())
}
