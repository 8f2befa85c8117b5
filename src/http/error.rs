//! Errors as answers: `application/problem+json` (RFC 9457) for programs, a page for people.
//!
//! The status and the code come from [`Error`]. A handler answers with a [`Problem`] and knows neither its words nor its
//! form: [`super::answer`] gives them. A 5xx is logged once, with its cause, and sends only its code and the request's id.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::request::request_id;
use crate::{
    domain::{code::Code, draft::FieldError, language::Language},
    error::Error,
    limits::Action,
    web::texts::{self, Say as _},
};

/// What a handler answers when it cannot do what was asked: an error, until [`super::answer`] tells it.
#[derive(Debug)]
pub(crate) struct Problem {
    error: Error,
    /// Members beside those of RFC 9457.
    members: Map<String, Value>,
    /// Also among pages a client that prefers JSON gets it.
    is_as_preferred: bool,
}

impl Problem {
    pub(crate) fn error(&self) -> &Error {
        &self.error
    }

    pub(crate) fn into_error(self) -> Error {
        self.error
    }

    /// Whether the way on is through the door.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        matches!(self.error, Error::Unauthenticated)
    }

    /// Whether a client that prefers JSON gets it also among pages.
    pub(crate) fn is_as_preferred(&self) -> bool {
        self.is_as_preferred
    }

    /// The error, told among pages as the client prefers.
    pub(crate) fn preferred(error: impl Into<Error>) -> Self {
        Self::from(error.into()).told_as_preferred()
    }

    /// The same, told among pages as the client prefers.
    pub(crate) fn told_as_preferred(self) -> Self {
        Self {
            is_as_preferred: true,
            ..self
        }
    }

    /// The same with one more member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }
}

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            members: Map::new(),
            is_as_preferred: false,
        }
    }
}

/// An answer that still has to be told.
#[derive(Debug, Clone)]
struct Untold(Arc<Problem>);

/// What an answer still has to tell.
pub(crate) fn problem_of(response: &Response) -> Option<Arc<Problem>> {
    response
        .extensions()
        .get::<Untold>()
        .map(|Untold(problem)| Arc::clone(problem))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = status_of(&self.error).into_response();
        response.extensions_mut().insert(Untold(Arc::new(self)));
        response
    }
}

/// An error, as `application/problem+json` (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A stable word to act on.
    code: &'static str,
    /// With `invalid` and `bad_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldProblem>>,
    request_id: String,
    status: u16,
    /// A sentence in the reader's language.
    title: String,
    r#type: &'static str,
}

impl ProblemBody {
    fn of(error: &Error, language: Language) -> Self {
        let errors = match error {
            Error::Invalid(errors) => Some(errors.iter().map(|error| FieldProblem::of(error, language)).collect()),
            Error::BadType(fields) => Some(
                fields
                    .iter()
                    .map(|name| FieldProblem::of_type(name, language))
                    .collect(),
            ),
            _ => None,
        };
        Self {
            code: error.code().as_str(),
            errors,
            request_id: request_id(),
            status: error.status(),
            title: sentence(error, language),
            r#type: "about:blank",
        }
    }
}

/// One field to correct.
#[derive(Serialize, ToSchema)]
struct FieldProblem {
    code: &'static str,
    field: String,
    message: String,
}

impl FieldProblem {
    fn of(error: &FieldError, language: Language) -> Self {
        Self {
            code: error.code.as_str(),
            field: error.field.to_owned(),
            message: field_sentence(error, language),
        }
    }

    fn of_type(field: &str, language: Language) -> Self {
        Self {
            code: Code::BadType.as_str(),
            field: field.to_owned(),
            message: language.say(Code::BadType.as_str()),
        }
    }
}

/// The status of an error.
pub(crate) fn status_of(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A problem as `application/problem+json`.
pub(crate) fn json(problem: &Problem, language: Language) -> Response {
    let error = &problem.error;
    log(error);
    let mut body = Map::new();
    if let Ok(Value::Object(members)) = serde_json::to_value(ProblemBody::of(error, language)) {
        body = members;
    }
    if let Error::With { members, .. } = error
        && let Value::Object(members) = &**members
    {
        body.extend(members.clone());
    }
    body.extend(problem.members.clone());
    let body = Value::Object(body);
    let mut response = (status_of(error), Body::from(body.to_string())).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add_headers(error, &mut response);
    response
}

/// The headers that say how long to wait, and what to send for 401.
pub(crate) fn add_headers(error: &Error, response: &mut Response) {
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    match error {
        Error::RateLimited(refusal) => {
            put("retry-after", refusal.retry_after_seconds().to_string());
            put("ratelimit", refusal.rate_limit());
            put("ratelimit-policy", refusal.rate_limit_policy());
        }
        error if error.status() == 503 => put("retry-after", "5".to_owned()),
        Error::Unauthenticated => put("www-authenticate", "Bearer".to_owned()),
        _ => {}
    }
}

/// The sentence of an error, for people.
pub(crate) fn sentence(error: &Error, language: Language) -> String {
    match error {
        Error::RateLimited(refusal) => {
            let (language, key) = match refusal.action {
                // Who stands at the door has sent no comment.
                Action::SignIn | Action::SignInAccount => (language.for_admin(), "login-paused"),
                Action::SetupCode => (language.for_admin(), "setup-paused"),
                _ => (language, "rate_limited"),
            };
            let wait = texts::duration(language, refusal.retry_after_seconds());
            language.say_with(key, "wait", &wait)
        }
        other => language.say(other.code().as_str()),
    }
}

/// The sentence of a field's error.
pub(crate) fn field_sentence(error: &FieldError, language: Language) -> String {
    match error.surplus {
        Some(surplus) => texts::text(
            language,
            error.code.as_str(),
            &[("surplus", texts::Arg::Count(i64::try_from(surplus).unwrap_or(i64::MAX)))],
        ),
        None => language.say(error.code.as_str()),
    }
}

/// Logs a failure of ours, once, where it is answered.
pub(crate) fn log(error: &Error) {
    if error.status() >= 500 {
        tracing::error!(request_id = request_id(), code = error.code().as_str(), error = %error, "a request failed");
    }
}
