//! The only place that knows HTTP: all routes on one screen, and what holds for each of them.
//!
//! Around every route, from the outside in: a request id, a log line and counters, security headers, compression, a time
//! limit, the words of errors (`answer`), and a net under panics; then the layers of the audience whose router it stands
//! in. A handler extracts (`request`), calls one action, and presents; an error it only hands on. What arrives is a type
//! and what is sent is a type, and the `OpenAPI` entry above a handler names them, so that the document and the code are
//! one. To add a route: a handler in the room of its subject, under the audience that it is for, and its line here.

mod answer;
mod assets;
mod error;
mod fallback;
mod layers;
mod newsroom;
mod operators;
mod page;
mod readers;
mod request;

use std::sync::Arc;

use axum::{
    Extension, Router, middleware,
    routing::{delete, get, patch, post, put},
};
use utoipa::OpenApi;

pub use self::operators::operations::start_metrics;
use self::{
    newsroom::{
        audit, bar, defence, home,
        people::{self, account, moderators, tokens},
        queue, retype, setup, sign_in, sites, thresholds,
    },
    operators::{docs, operations},
    readers::{receipt, step_up, submit_form, thread, thread_cache::ThreadCache},
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
    let routes = Router::new()
        .merge(readers(&app))
        .merge(newsroom(&app))
        .merge(operators())
        .fallback(fallback::not_found);
    layers::around(routes, &app).with_state(app)
}

/// What readers and their pages call. No cookie is read here.
fn readers(app: &Arc<App>) -> Router<Arc<App>> {
    let shared = Router::new()
        .nest("/api/v1", shared_routes())
        .merge(step_up_routes())
        .layer(Extension(Arc::new(ThreadCache::default())));
    let api = Router::new().nest("/api/v1", reader_routes());
    let pages = Router::new()
        .route("/demo", get(thread::demo))
        .route("/t/{site}", get(thread::show).post(submit_form::post))
        .route("/t/{site}/fragment", get(thread::fragment))
        .route("/t/{site}/feed.atom", get(thread::feed));
    let receipts = Router::new()
        .route("/r/{receipt}", get(receipt::show))
        .route("/r/{receipt}/appeal", post(receipt::appeal))
        .route("/r/{receipt}/erase", post(receipt::erase));
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
        .layer(middleware::from_fn(bar::around));
    let api = Router::new().nest("/api/v1", newsroom_routes());
    layers::of_newsroom(Form::Page, pages, app).merge(layers::of_newsroom(Form::Json, api, app))
}

/// What looks after the service, what describes it and the files of its pages: the same under every name.
fn operators() -> Router<Arc<App>> {
    let calls = Router::new()
        .merge(operator_routes())
        .route("/openapi.json", get(docs::json))
        .route("/static/{file}", get(assets::asset));
    let pages = Router::new().route("/docs", get(docs::show));
    layers::of_operators(Form::Json, calls).merge(layers::of_operators(Form::Preferred, pages))
}

/// The pages before the door: who posts there has no session yet.
fn door_routes(app: &Arc<App>) -> Router<Arc<App>> {
    let outside = Router::new()
        .route("/login", get(sign_in::login).post(sign_in::sign_in))
        .route("/login/code", post(sign_in::second_step))
        .route("/login/recovery", get(sign_in::recovery).post(sign_in::recover))
        .route("/invitation", get(sign_in::invitation).post(sign_in::accept))
        .route("/setup", get(setup::show).post(setup::redeem));
    let on_threshold = Router::new()
        .route("/logout", post(sign_in::logout))
        .route("/setup/you", get(setup::you).post(setup::make_owner));
    layers::not_from_elsewhere(outside, app).merge(layers::from_own_pages(on_threshold, app))
}

/// The pages of somebody who came in.
fn newsroom_pages() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(home::home))
        .route("/login/retype", post(retype::retype))
        .route("/setup/try", get(setup::try_it).post(setup::finish))
        .route("/account", get(account::show))
        .route("/account/name", post(account::rename))
        .route("/account/sessions", post(account::end_sessions))
        .route(
            "/account/passphrase",
            get(account::passphrase).post(account::change_passphrase),
        )
        .route(
            "/account/second-step",
            get(account::second_step).post(account::begin_second_step),
        )
        .route(
            "/account/second-step/confirm",
            get(account::waiting_second_step).post(account::confirm_second_step),
        )
        .route(
            "/account/second-step/remove",
            get(account::second_step_off).post(account::remove_second_step),
        )
        .route("/account/codes", get(account::codes).post(account::renew_codes))
        .route("/moderators/{id}/remove", post(moderators::remove))
        .route("/tokens/{id}/revoke", post(tokens::revoke))
        .route("/queue", get(queue::page::show))
        .route("/queue/decide", post(queue::page::decide))
        .route("/queue/bulk", post(queue::page::decide_chosen))
        .route("/queue/all", get(queue::all::show).post(queue::all::start))
        .route("/queue/all/{id}", get(queue::all::progress))
        .route("/queue/all/{id}/undo", post(queue::all::undo))
        .route("/queue/undo", post(queue::page::undo))
        .route("/sites/{site}/captcha", get(thresholds::page::show))
        .route("/sites/{site}/captcha/policies", post(thresholds::page::apply))
        .route("/sites/{site}/defence", get(defence::page::show))
        .route("/sites/{site}/defence/test", post(defence::page::test))
        .route(
            "/sites/{site}/captcha/policies/{n}/revert",
            post(thresholds::page::revert),
        )
}

/// The pages whose forms may ask for the passphrase in between.
fn power_routes(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/setup/site", get(setup::site).post(setup::make_site))
        .route("/setup/robots", get(setup::robots).post(setup::set_robots))
        .route("/sites", get(sites::page::list).post(sites::page::create))
        .route(
            "/sites/{site}/settings",
            get(sites::page::settings).post(sites::page::save),
        )
        .route("/moderators", get(moderators::show).post(moderators::invite))
        .route("/moderators/{id}/role", post(moderators::change_role))
        .route("/account/offers", post(account::answer_offer))
        .route("/moderators/{id}/link", post(moderators::link))
        .route("/moderators/{id}/disabled", post(moderators::set_disabled))
        .route("/tokens", get(tokens::show).post(tokens::create))
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), retype::around))
}

/// Names routes once: `$routes` serves them, `$Described` is what their handlers say of themselves.
macro_rules! described_routes {
    ($routes:ident, $Described:ident, $listed:ident: $($path:literal: $($method:ident $($handler:ident)::+),+;)+) => {
        fn $routes() -> Router<Arc<App>> {
            Router::new()$(.route($path, $($method($($handler)::+)).+))+
        }

        #[derive(OpenApi)]
        #[openapi(paths($($($($handler)::+),+),+))]
        struct $Described;

        #[cfg(test)]
        const $listed: &[(&str, &str)] = &[$($((stringify!($method), $path)),+),+];
    };
}

// What scripts on the sites' own pages call.
described_routes! { shared_routes, Shared, SHARED:
    "/sites/{site}/form": get readers::api::form;
    "/sites/{site}/comments": post readers::api::create, get readers::api::list;
    "/sites/{site}/counts": get readers::api::counts;
}

described_routes! { step_up_routes, StepUp, STEP_UP:
    "/r/{receipt}/step-up": post step_up::answer;
}

described_routes! { reader_routes, Readers, READERS:
    "/comments/{id}/replies": get readers::api::replies;
    "/comments/{id}/report": post readers::api::report;
}

described_routes! { newsroom_routes, Newsroom, NEWSROOM:
    "/moderation/queue": get queue::api::queue;
    "/moderation/context": get queue::context::context;
    "/comments/{id}": get queue::api::show;
    "/comments/{id}/{action}": post queue::api::decide_one;
    "/moderation/decisions": post queue::api::decide_many;
    "/moderation/bulk": post queue::bulk::start;
    "/moderation/bulk/{id}": get queue::bulk::show;
    "/moderation/bulk/{id}/undo": post queue::bulk::undo;
    "/moderation/leases": post queue::stream::take_lease;
    "/moderation/events": get queue::stream::events;
    "/moderation/counts": get queue::stream::counts;
    "/moderation/audit": get audit::audit;
    "/sites/{site}/threads/{thread}": put queue::api::put_thread;
    "/sites/{site}/captcha/evidence": get thresholds::api::evidence;
    "/sites/{site}/captcha/preview": post thresholds::api::preview;
    "/sites/{site}/captcha/policies": get thresholds::api::policies, post thresholds::api::add_policy;
    "/sites/{site}/captcha/policies/{n}/revert": post thresholds::api::revert;
    "/sites/{site}/captcha/defence": get defence::api::defence;
    "/sites/{site}/captcha/test": post defence::api::test;
    "/sites": get sites::api::list, post sites::api::create;
    "/sites/{site}": get sites::api::show, patch sites::api::change;
    "/moderators": get people::api::moderators, post people::api::add_moderator;
    "/moderators/invite": post people::api::invite;
    "/moderators/{account}": patch people::api::change_moderator, delete people::api::remove_moderator;
    "/moderators/{account}/link": post people::api::new_link;
    "/tokens": get people::api::list_tokens, post people::api::create_token;
    "/tokens/{token}": delete people::api::revoke_token;
    "/sessions": get people::api::sessions, delete people::api::end_other_sessions;
    "/sessions/{session}": delete people::api::end_session;
}

described_routes! { operator_routes, Operators, OPERATORS:
    "/healthz": get operations::healthz;
    "/readyz": get operations::readyz;
    "/metrics": get operations::metrics;
}

/// Pages that programs call too. They are served among the other pages.
#[derive(OpenApi)]
#[openapi(paths(
    receipt::show,
    receipt::appeal,
    receipt::erase,
    sign_in::sign_in,
    sign_in::second_step,
    sign_in::logout,
    retype::retype
))]
struct PagesForPrograms;

#[cfg(test)]
const PAGES_FOR_PROGRAMS: [(&str, &str); 7] = [
    ("get", "/r/{receipt}"),
    ("post", "/r/{receipt}/appeal"),
    ("post", "/r/{receipt}/erase"),
    ("post", "/login"),
    ("post", "/login/code"),
    ("post", "/logout"),
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

/// The document of the API, from the code; `/openapi.json` serves `docs/openapi.json`, which a test holds to be the same.
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
