//! What is wrong with a form that was sent, in words, on the page that shows it again.

use axum::{http::StatusCode, response::Response};

use crate::{
    domain::{code::Code, language::Language},
    error::Error,
    http::error::{self, Problem},
    web::{form::FormErrors, thread::FieldError},
};

/// The errors of fields; where there is none, the sentence above the form. A failure of ours goes on as one.
pub(crate) fn told(error: &Error, language: Language) -> Result<(FormErrors, Option<String>), Problem> {
    let errors = form_errors(error, language);
    let problem = errors.is_empty().then(|| sentence(error, language)).transpose()?;
    Ok((errors, problem))
}

/// The errors of fields, in words; none for an error of another kind.
pub(crate) fn form_errors(error: &Error, language: Language) -> FormErrors {
    let Error::Invalid(wrong) = error else {
        return FormErrors::default();
    };
    FormErrors(
        wrong
            .iter()
            .map(|wrong| FieldError {
                field: wrong.field.to_owned(),
                message: error::field_sentence(wrong, language),
            })
            .collect(),
    )
}

pub(crate) fn at_field(field: &str, message: String) -> FormErrors {
    FormErrors(vec![FieldError {
        field: field.to_owned(),
        message,
    }])
}

/// What a person is told; a failure of ours goes on as one, and so does what the page in between asks
/// ([`super::retype`]).
pub(crate) fn sentence(error: &Error, language: Language) -> Result<String, Problem> {
    // Whose session has ended sees no page of it any more.
    if let Error::Code(code @ (Code::RetypeNeeded | Code::SessionEnded)) = *error {
        return Err(Error::Code(code).into());
    }
    match error {
        Error::Internal(why) => return Err(Error::Internal(why.clone()).into()),
        error if error.status() >= 500 => return Err(Error::Unavailable(error.to_string()).into()),
        _ => {}
    }
    Ok(error::sentence(error, language))
}

/// The status and the headers of an error on a page that shows it itself.
pub(crate) fn with_status(mut response: Response, error: &Error) -> Response {
    *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error::add_headers(error, &mut response);
    response
}
