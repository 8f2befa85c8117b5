//! Operators: is the process alive, is it ready, what does it count; and the document of the API.

use std::sync::{Arc, LazyLock};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    actions::operate,
    app::App,
    domain::{actor::Scope, code::Code},
    error::Error,
    http::{error::Problem, page::no_store, request::extract::Who},
};

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "operators", responses((status = 200, description = "alive", body = Alive)))]
pub(crate) async fn healthz() -> Response {
    no_store(Json(Alive { status: "ok" }).into_response())
}

#[derive(Serialize, ToSchema)]
struct Alive {
    /// ok
    status: &'static str,
}

/// The store answers.
#[utoipa::path(get, path = "/readyz", tag = "operators",
    responses((status = 200, description = "ready", body = Ready),
        (status = 503, description = "the store does not answer", body = Ready)))]
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let store = operate::engine(&app);
    match operate::check_store(&app).await {
        Ok(()) => no_store(Json(Ready { status: "ok", store }).into_response()),
        Err(error) => {
            tracing::error!(error = %error, "the store does not answer");
            let status = "unavailable";
            no_store((StatusCode::SERVICE_UNAVAILABLE, Json(Ready { status, store })).into_response())
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Ready {
    /// ok or unavailable.
    status: &'static str,
    /// sqlite or postgres.
    store: &'static str,
}

/// Counters in Prometheus's text format, for a token of all sites.
#[utoipa::path(get, path = "/metrics", tag = "operators",
    responses((status = 200, description = "text"), (status = 401, description = "unauthenticated")))]
pub(crate) async fn metrics(State(app): State<Arc<App>>, Who(who): Who) -> Result<Response, Problem> {
    if who.scope != Scope::All {
        return Err(Error::Code(Code::Forbidden).into());
    }
    let figures = operate::figures(&app).await?;
    metrics::gauge!("palabre_submissions_under_way").set(count(figures.submissions_under_way));
    for (state, number) in figures.deliveries {
        metrics::gauge!("palabre_deliveries", "state" => state).set(count(usize::try_from(number).unwrap_or(0)));
    }
    metrics::gauge!("palabre_streams").set(count(figures.streams));
    metrics::gauge!("palabre_rate_limit_keys").set(count(figures.rate_limit_keys));
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok(no_store((content_type, RECORDER.render()).into_response()))
}

#[expect(clippy::cast_precision_loss, reason = "counts of things in memory")]
fn count(number: usize) -> f64 {
    number as f64
}

/// The recorder of the process. The `metrics` crate has one for all, so it is made once.
static RECORDER: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another recorder of metrics is in place");
    }
    handle
});

/// Starts counting; blocks for some milliseconds. What happens before is not counted.
pub fn start_metrics() {
    LazyLock::force(&RECORDER);
}
