//! The only place that knows HTTP: all routes on one screen, and what holds for each of them.
//!
//! Around every route, from the outside in: a request id, a log line and counters, a time limit,
//! security headers, compression, and a net under panics. A handler extracts (`extract`, `body`),
//! calls one action, and presents. To add a route: a handler in `api/` or `pages/` with its OpenAPI entry
//! above it, and its line here.

mod api;
mod body;
mod cookies;
mod cursor;
mod error;
mod extract;
mod kept;
mod layers;
mod pages;
mod unread;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::State,
    http::HeaderMap,
    routing::{get, post},
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    api::{captcha, comments, defence, moderation, operations, people, sites, step_up},
    extract::Query,
    layers::request_id,
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

/// The routes of the service.
pub fn router(app: Arc<App>) -> Router {
    operations::start_metrics();
    let (api, document) = documented();
    let admin = Router::new()
        .route("/", get(pages::entrance::home))
        .route("/login", get(pages::door::login).post(pages::door::sign_in))
        .route("/login/code", post(pages::door::second_step))
        .route("/login/recovery", get(pages::door::recovery).post(pages::door::recover))
        .route("/logout", post(pages::door::logout))
        .route("/invitation", get(pages::door::invitation).post(pages::door::accept))
        .route("/setup", get(pages::setup::show).post(pages::setup::redeem))
        .route("/setup/you", get(pages::setup::you).post(pages::setup::make_owner))
        .route("/setup/site", get(pages::setup::site).post(pages::setup::make_site))
        .route(
            "/setup/robots",
            get(pages::setup::robots).post(pages::setup::set_robots),
        )
        .route("/setup/try", get(pages::setup::try_it).post(pages::setup::finish))
        .route("/sites", get(pages::sites::list).post(pages::sites::create))
        .route(
            "/sites/{site}/settings",
            get(pages::sites::settings).post(pages::sites::save),
        )
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
        .route(
            "/moderators",
            get(pages::moderators::show).post(pages::moderators::invite),
        )
        .route("/moderators/{id}/role", post(pages::moderators::change_role))
        .route("/moderators/{id}/link", post(pages::moderators::link))
        .route("/moderators/{id}/disabled", post(pages::moderators::set_disabled))
        .route("/moderators/{id}/remove", post(pages::moderators::remove))
        .route("/tokens", get(pages::tokens::show).post(pages::tokens::create))
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
        );
    let readers = Router::new()
        .route("/demo", get(pages::thread::demo))
        .route("/t/{site}", get(pages::thread::show).post(pages::thread::post))
        .route("/t/{site}/fragment", get(pages::thread::fragment))
        .route("/t/{site}/feed.atom", get(pages::thread::feed))
        .route("/r/{receipt}", get(pages::receipt::show))
        .route("/r/{receipt}/appeal", post(pages::receipt::appeal))
        .route("/r/{receipt}/erase", post(pages::receipt::erase));
    let document = Arc::new(document);
    let shown = Arc::clone(&document);
    let documents = Router::new()
        .route(
            "/openapi.json",
            get(move || async move { pages::docs::json(&document) }),
        )
        .route(
            "/docs",
            get(
                move |State(app): State<Arc<App>>, headers: HeaderMap, query: Query| async move {
                    pages::docs::show(&app, &headers, &query, &shown)
                },
            ),
        )
        .route("/static/{file}", get(pages::asset));
    let routes = Router::new()
        .merge(api.layer(Extension(Arc::new(kept::KeptPages::default()))))
        .merge(admin)
        .merge(readers)
        .merge(documents)
        .fallback(pages::not_found)
        .method_not_allowed_fallback(moderation::method_not_allowed);
    layers::around(routes, &app).with_state(app)
}

/// The API and the operators' routes, with the document that describes them.
fn documented() -> (Router<Arc<App>>, utoipa::openapi::OpenApi) {
    let api = OpenApiRouter::new()
        .routes(routes!(comments::form))
        .routes(routes!(comments::create, comments::list))
        .routes(routes!(comments::counts))
        .routes(routes!(comments::replies))
        .routes(routes!(comments::report))
        .routes(routes!(moderation::queue))
        .routes(routes!(moderation::show))
        .routes(routes!(moderation::decide_one))
        .routes(routes!(moderation::decide_many))
        .routes(routes!(moderation::audit))
        .routes(routes!(moderation::put_thread))
        .routes(routes!(captcha::evidence))
        .routes(routes!(captcha::preview))
        .routes(routes!(captcha::policies, captcha::add_policy))
        .routes(routes!(captcha::revert))
        .routes(routes!(defence::defence))
        .routes(routes!(defence::test))
        .routes(routes!(sites::list, sites::create))
        .routes(routes!(sites::show, sites::change))
        .routes(routes!(people::moderators, people::add_moderator))
        .routes(routes!(people::invite))
        .routes(routes!(people::change_moderator, people::remove_moderator))
        .routes(routes!(people::new_link))
        .routes(routes!(people::list_tokens, people::create_token))
        .routes(routes!(people::revoke_token))
        .routes(routes!(people::sessions, people::end_other_sessions))
        .routes(routes!(people::end_session));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics))
        .routes(routes!(step_up::answer))
        .nest("/api/v1", api)
        .split_for_parts()
}

/// The document of the API, as `/openapi.json` serves it.
#[must_use]
pub fn openapi() -> String {
    documented().1.to_pretty_json().unwrap_or_default()
}
