//! What became of a request that could not be followed: the one place where an error gets its words, in the language of
//! the request, as JSON or as a page, as the router says that it stands in.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{
    error::{self, Problem},
    newsroom::insider::door_back_to,
    page::{admin_page, see_other},
    request::{self, Form, accept::wants_page_after},
};
use crate::{
    domain::{code::Code, language::Language},
    error::Error,
    web::{entrance::ErrorPage, frame::AdminFrame, texts::Say as _, thread::Link},
};

/// Longer than any wait inside: a submission waits five seconds for its twin and three for a provider.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Around all routes: tells what went wrong inside, and that nothing came in time.
pub(crate) async fn tell_errors(request: Request, next: Next) -> Response {
    let prefers_page = wants_page_after(request.headers());
    let door = Door {
        method: request.method().clone(),
        uri: request.uri().clone(),
    };
    let response = tokio::time::timeout(TIME_LIMIT, next.run(request))
        .await
        .unwrap_or_else(|_| {
            let error = Error::Unavailable("the time limit passed".to_owned());
            Problem::preferred(error).into_response()
        });
    let Some(problem) = error::problem_of(&response) else {
        return response;
    };
    let is_page = match request::form_of_errors() {
        Form::Json => false,
        Form::Page => prefers_page || !problem.is_as_preferred(),
        Form::Preferred => prefers_page,
    };
    let language = request::language();
    let told = if is_page {
        page(&problem, language, &door)
    } else {
        error::json(&problem, language)
    };
    with_headers_of(response, told)
}

/// Where somebody comes in who has to.
struct Door {
    method: Method,
    uri: Uri,
}

impl Door {
    /// Its address, which leads back to the page that was asked for.
    fn address(&self) -> String {
        if self.method == Method::GET {
            door_back_to(self.uri.path_and_query().map_or("/", |path| path.as_str()))
        } else {
            "/login".to_owned()
        }
    }
}

fn page(problem: &Problem, language: Language, door: &Door) -> Response {
    let error = problem.error();
    if matches!(error, Error::Unauthenticated) {
        return see_other(&door.address());
    }
    error::log(error);
    let language = language.for_admin();
    let page = ErrorPage {
        frame: AdminFrame {
            language,
            title: title_of(error.status(), language),
            ..AdminFrame::default()
        },
        sentence: error::sentence(error, language),
        code: error.code().to_string(),
        request_id: Some(request::request_id()).filter(|id| !id.is_empty()),
        link: way_on(error, language),
        kept_text: None,
    };
    let mut response = admin_page(&page);
    if let Some(problem) = error::problem_of(&response) {
        // The page itself could not be written.
        return error::json(&problem, language);
    }
    *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error::add_headers(error, &mut response);
    response
}

fn title_of(status: u16, language: Language) -> String {
    language.say(match status {
        404 => "not_found_title",
        500.. => "internal_title",
        _ => "problem_title",
    })
}

/// Where to go from here, when that is known.
fn way_on(error: &Error, language: Language) -> Option<Link> {
    matches!(error, Error::Code(Code::SessionEnded)).then(|| Link {
        href: "/login".to_owned(),
        label: language.say("login-title"),
    })
}

/// The answer that is told, with what the layers inside wrote beside it.
fn with_headers_of(inner: Response, mut told: Response) -> Response {
    let mut headers = inner.into_parts().0.headers;
    headers.remove(header::CONTENT_LENGTH);
    for name in told.headers().keys() {
        headers.remove(name);
    }
    for (name, value) in told.headers() {
        headers.append(name.clone(), value.clone());
    }
    *told.headers_mut() = headers;
    told
}
