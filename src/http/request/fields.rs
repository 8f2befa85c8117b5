//! What is read the same way in many calls.

use uuid::Uuid;

use crate::{domain::code::Code, error::Error};

/// A 422 about one field.
pub(crate) fn field_error(field: &'static str, code: Code) -> Error {
    Error::field(field, code)
}

/// An id of a path; what is no id is not there.
pub(crate) fn parse_id(id: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(id).map_err(|_| Error::not_found())
}
