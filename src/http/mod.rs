//! The only place that knows HTTP: all routes on one screen, and what holds for each of them.
//!
//! Around every route, from the outside in: a request id, a log line and counters, security headers, compression, a time
//! limit, the words of errors (`answer`), and a net under panics; then the layers of the audience whose router it stands
//! in. A handler extracts (`extract`, `body`), calls one action, and presents; an error it only hands on. To add a route:
//! a handler in `api/` (with its OpenAPI entry above it) or in `pages/`, and its line here, in the router of its audience.

mod accept;
mod answer;
mod api;
mod body;
mod cookies;
mod cursor;
mod error;
mod extract;
mod kept;
mod layers;
mod multipart;
mod pages;
mod posted;
mod request;
mod typed;
mod unread;

use std::sync::{Arc, LazyLock};

use axum::{
    Extension, Router,
    extract::State,
    middleware,
    routing::{delete, get, patch, post, put},
};
use utoipa::OpenApi;

use self::{
    api::{audit, captcha, comments, defence, events, moderation, operations, people, sites, step_up},
    extract::RequestLanguage,
    request::Form,
};
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(title = "Palabre", description = "Comment moderation for newsrooms: submit, review, tune."),
    tags(
        (name = "readers", description = "No account"),
        (name = "moderators", description = "Session cookie or bearer token"),
        (name = "owners", description = "Session cookie or bearer token of an owner"),
        (name = "operators", description = "The machine room")
    )
)]
struct Document;

/// The routes of the service: those of readers, those of the newsroom, those of operators. Whose a route is, is where
/// it stands; what follows from it are the layers of that router.
pub fn router(app: Arc<App>) -> Router {
    operations::start_metrics();
    let routes = Router::new()
        .merge(readers(&app))
        .merge(newsroom(&app))
        .merge(operators())
        .fallback(pages::not_found);
    layers::around(routes, &app).with_state(app)
}

/// What readers and their pages call. No cookie is read here.
fn readers(app: &Arc<App>) -> Router<Arc<App>> {
    let shared = Router::new()
        .nest("/api/v1", shared_routes())
        .merge(step_up_routes())
        .layer(Extension(Arc::new(kept::KeptPages::default())))
        .method_not_allowed_fallback(pages::method_not_allowed);
    let api = Router::new()
        .nest("/api/v1", reader_routes())
        .method_not_allowed_fallback(pages::method_not_allowed);
    let pages = Router::new()
        .route("/demo", get(pages::thread::demo))
        .route("/t/{site}", get(pages::thread::show).post(pages::posted_form::post))
        .route("/t/{site}/fragment", get(pages::thread::fragment))
        .route("/t/{site}/feed.atom", get(pages::thread::feed))
        .method_not_allowed_fallback(pages::method_not_allowed);
    let receipts = Router::new()
        .route("/r/{receipt}", get(pages::receipt::show))
        .route("/r/{receipt}/appeal", post(pages::receipt::appeal))
        .route("/r/{receipt}/erase", post(pages::receipt::erase))
        .method_not_allowed_fallback(pages::method_not_allowed);
    Router::new()
        .merge(layers::of_readers(Form::Json, true, shared, app))
        .merge(layers::of_readers(Form::Json, false, api, app))
        .merge(layers::of_readers(Form::Page, false, pages, app))
        .merge(layers::of_readers(Form::Preferred, false, receipts, app))
}

/// What moderators and owners call, with a session's cookie or a bearer token, and the way in.
fn newsroom(app: &Arc<App>) -> Router<Arc<App>> {
    let pages = Router::new()
        .merge(door_routes(app))
        .merge(newsroom_pages())
        .merge(power_routes(app))
        .method_not_allowed_fallback(pages::method_not_allowed)
        .layer(middleware::from_fn(pages::bar::around));
    let api = Router::new()
        .nest("/api/v1", newsroom_routes())
        .method_not_allowed_fallback(pages::method_not_allowed);
    layers::of_newsroom(Form::Page, pages, app).merge(layers::of_newsroom(Form::Json, api, app))
}

/// What looks after the service, what describes it and the files of its pages: the same under every name.
fn operators() -> Router<Arc<App>> {
    let document: Arc<LazyLock<utoipa::openapi::OpenApi>> = Arc::new(LazyLock::new(document));
    let shown = Arc::clone(&document);
    let calls = Router::new()
        .merge(operator_routes())
        .route(
            "/openapi.json",
            get(move || async move { pages::docs::json(&document) }),
        )
        .route("/static/{file}", get(pages::asset))
        .method_not_allowed_fallback(pages::method_not_allowed);
    let pages = Router::new()
        .route(
            "/docs",
            get(
                move |State(app): State<Arc<App>>, RequestLanguage(language): RequestLanguage| async move {
                    pages::docs::show(&app, language, &shown)
                },
            ),
        )
        .method_not_allowed_fallback(pages::method_not_allowed);
    layers::of_operators(Form::Json, calls).merge(layers::of_operators(Form::Preferred, pages))
}

/// The pages before the door: who posts there has no session yet.
fn door_routes(app: &Arc<App>) -> Router<Arc<App>> {
    let outside = Router::new()
        .route("/login", get(pages::door::login).post(pages::door::sign_in))
        .route("/login/code", post(pages::door::second_step))
        .route("/login/recovery", get(pages::door::recovery).post(pages::door::recover))
        .route("/invitation", get(pages::door::invitation).post(pages::door::accept))
        .route("/setup", get(pages::setup::show).post(pages::setup::redeem));
    let on_threshold = Router::new()
        .route("/logout", post(pages::door::logout))
        .route("/setup/you", get(pages::setup::you).post(pages::setup::make_owner));
    layers::not_from_elsewhere(outside, app).merge(layers::from_own_pages(on_threshold, app))
}

/// The pages of somebody who came in.
fn newsroom_pages() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(pages::entrance::home))
        .route("/login/retype", post(pages::retype::retype))
        .route("/setup/try", get(pages::setup::try_it).post(pages::setup::finish))
        .route("/account", get(pages::account::show))
        .route("/account/name", post(pages::account::rename))
        .route("/account/sessions", post(pages::account::end_sessions))
        .route(
            "/account/passphrase",
            get(pages::account::passphrase).post(pages::account::change_passphrase),
        )
        .route(
            "/account/second-step",
            get(pages::account::second_step).post(pages::account::begin_second_step),
        )
        .route(
            "/account/second-step/confirm",
            get(pages::account::waiting_second_step).post(pages::account::confirm_second_step),
        )
        .route(
            "/account/second-step/remove",
            get(pages::account::second_step_off).post(pages::account::remove_second_step),
        )
        .route(
            "/account/codes",
            get(pages::account::codes).post(pages::account::renew_codes),
        )
        .route("/moderators/{id}/remove", post(pages::moderators::remove))
        .route("/tokens/{id}/revoke", post(pages::tokens::revoke))
        .route("/queue", get(pages::queue::show))
        .route("/queue/decide", post(pages::queue::decide))
        .route("/queue/undo", post(pages::queue::undo))
        .route("/sites/{site}/captcha", get(pages::captcha::show))
        .route("/sites/{site}/captcha/policies", post(pages::captcha::apply))
        .route("/sites/{site}/defence", get(pages::defence::show))
        .route("/sites/{site}/defence/test", post(pages::defence::test))
        .route(
            "/sites/{site}/captcha/policies/{n}/revert",
            post(pages::captcha::revert),
        )
}

/// The pages whose forms may ask for the passphrase in between.
fn power_routes(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/setup/site", get(pages::setup::site).post(pages::setup::make_site))
        .route(
            "/setup/robots",
            get(pages::setup::robots).post(pages::setup::set_robots),
        )
        .route("/sites", get(pages::sites::list).post(pages::sites::create))
        .route(
            "/sites/{site}/settings",
            get(pages::sites::settings).post(pages::sites::save),
        )
        .route(
            "/moderators",
            get(pages::moderators::show).post(pages::moderators::invite),
        )
        .route("/moderators/{id}/role", post(pages::moderators::change_role))
        .route("/account/offers", post(pages::account::answer_offer))
        .route("/moderators/{id}/link", post(pages::moderators::link))
        .route("/moderators/{id}/disabled", post(pages::moderators::set_disabled))
        .route("/tokens", get(pages::tokens::show).post(pages::tokens::create))
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), pages::retype::around))
}

/// Names routes once: `$routes` serves them, `$Described` is what their handlers say of themselves. The
/// document is made only when somebody asks for it: it takes 2 MB to make.
macro_rules! described_routes {
    ($routes:ident, $Described:ident, $listed:ident: $($path:literal: $($method:ident $module:ident::$handler:ident),+;)+) => {
        fn $routes() -> Router<Arc<App>> {
            Router::new()$(.route($path, $($method($module::$handler)).+))+
        }

        #[derive(OpenApi)]
        #[openapi(paths($($($module::$handler),+),+))]
        struct $Described;

        #[cfg(test)]
        const $listed: &[(&str, &str)] = &[$($((stringify!($method), $path)),+),+];
    };
}

// What scripts on the sites' own pages call.
described_routes! { shared_routes, Shared, SHARED:
    "/sites/{site}/form": get comments::form;
    "/sites/{site}/comments": post comments::create, get comments::list;
    "/sites/{site}/counts": get comments::counts;
}

described_routes! { step_up_routes, StepUp, STEP_UP:
    "/r/{receipt}/step-up": post step_up::answer;
}

described_routes! { reader_routes, Readers, READERS:
    "/comments/{id}/replies": get comments::replies;
    "/comments/{id}/report": post comments::report;
}

described_routes! { newsroom_routes, Newsroom, NEWSROOM:
    "/moderation/queue": get moderation::queue;
    "/comments/{id}": get moderation::show;
    "/comments/{id}/{action}": post moderation::decide_one;
    "/moderation/decisions": post moderation::decide_many;
    "/moderation/leases": post events::take_lease;
    "/moderation/events": get events::events;
    "/moderation/counts": get events::counts;
    "/moderation/audit": get audit::audit;
    "/sites/{site}/threads/{thread}": put moderation::put_thread;
    "/sites/{site}/captcha/evidence": get captcha::evidence;
    "/sites/{site}/captcha/preview": post captcha::preview;
    "/sites/{site}/captcha/policies": get captcha::policies, post captcha::add_policy;
    "/sites/{site}/captcha/policies/{n}/revert": post captcha::revert;
    "/sites/{site}/captcha/defence": get defence::defence;
    "/sites/{site}/captcha/test": post defence::test;
    "/sites": get sites::list, post sites::create;
    "/sites/{site}": get sites::show, patch sites::change;
    "/moderators": get people::moderators, post people::add_moderator;
    "/moderators/invite": post people::invite;
    "/moderators/{account}": patch people::change_moderator, delete people::remove_moderator;
    "/moderators/{account}/link": post people::new_link;
    "/tokens": get people::list_tokens, post people::create_token;
    "/tokens/{token}": delete people::revoke_token;
    "/sessions": get people::sessions, delete people::end_other_sessions;
    "/sessions/{session}": delete people::end_session;
}

described_routes! { operator_routes, Operators, OPERATORS:
    "/healthz": get operations::healthz;
    "/readyz": get operations::readyz;
    "/metrics": get operations::metrics;
}

/// Pages that programs call too. They are served among the other pages.
#[derive(OpenApi)]
#[openapi(paths(
    pages::receipt::show,
    pages::receipt::appeal,
    pages::receipt::erase,
    pages::door::sign_in,
    pages::door::second_step,
    pages::retype::retype
))]
struct PagesForPrograms;

#[cfg(test)]
const PAGES_FOR_PROGRAMS: [(&str, &str); 6] = [
    ("get", "/r/{receipt}"),
    ("post", "/r/{receipt}/appeal"),
    ("post", "/r/{receipt}/erase"),
    ("post", "/login"),
    ("post", "/login/code"),
    ("post", "/login/retype"),
];

fn document() -> utoipa::openapi::OpenApi {
    let api = Shared::openapi()
        .merge_from(Readers::openapi())
        .merge_from(Newsroom::openapi());
    Document::openapi()
        .merge_from(PagesForPrograms::openapi())
        .merge_from(StepUp::openapi())
        .merge_from(Operators::openapi())
        .nest("/api/v1", api)
}

/// The document of the API, as `/openapi.json` serves it.
#[must_use]
pub fn openapi() -> String {
    document().to_pretty_json().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_routes_are_those_that_their_handlers_describe() {
        let outer = STEP_UP.iter().chain(OPERATORS).chain(&PAGES_FOR_PROGRAMS);
        let of_outer = outer.map(|(method, path)| format!("{method} {path}"));
        let api = SHARED.iter().chain(READERS).chain(NEWSROOM);
        let of_api = api.map(|(method, path)| format!("{method} /api/v1{path}"));
        let served: BTreeSet<String> = of_outer.chain(of_api).collect();
        let document = serde_json::to_value(document()).expect("JSON");
        let described: BTreeSet<String> = document["paths"]
            .as_object()
            .expect("paths")
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().expect("methods").keys();
                methods.map(move |method| format!("{method} {path}"))
            })
            .collect();
        assert_eq!(served, described);
    }
}
