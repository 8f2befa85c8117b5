//! What no route takes.

use axum::{
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    error::Problem,
    page::no_store,
    request::{Form, extract::Query, tell_errors_as},
};
use crate::{domain::code::Code, error::Error};

/// A path that is not there.
pub(crate) async fn not_found(_: Query, request: Request) -> Response {
    if request.uri().path() == "/favicon.ico" {
        return no_store(StatusCode::NO_CONTENT.into_response());
    }
    if request.uri().path().starts_with("/api/") {
        tell_errors_as(Form::Json);
    }
    Problem::from(Error::not_found()).into_response()
}

/// A method that a path does not take.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::preferred(Error::Code(Code::MethodNotAllowed))
}
