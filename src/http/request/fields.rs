//! What is read the same way in many calls.

use uuid::Uuid;

use crate::error::Error;

/// An id of a path; what is no id is not there.
pub(crate) fn parse_id(id: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(id).map_err(|_| Error::not_found())
}
