//! What belongs to a request, and how it is read.

pub(crate) mod accept;
pub(crate) mod body;
mod context;
pub(crate) mod cookies;
pub(crate) mod cursor;
pub(crate) mod drain;
pub(crate) mod extract;
pub(crate) mod fields;
mod multipart;
pub(crate) mod posted;
mod typed;

pub(crate) use self::context::{
    Form, asks_for, form_of_errors, is_about, is_of_newsroom, language, request_id, scope, tell_errors_as,
};
