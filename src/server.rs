//! Runs the service: HTTP and jobs together, with a staged end.
//!
//! At the first signal nothing new is accepted; requests and submissions under way have ten seconds;
//! then the store's writer ends after what it accepted, and the connections close. A part that dies by
//! itself takes the process down with a failing code, so that a supervisor starts it again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{app::App, http, jobs};

/// How long requests under way have at shutdown.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `shutdown` is cancelled.
///
/// # Errors
/// A sentence about the part that failed.
pub async fn serve(app: Arc<App>, listener: TcpListener, shutdown: CancellationToken) -> Result<(), String> {
    let service = http::router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let stop = shutdown.clone();
    let http = tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await
    });
    let jobs = tokio::spawn(jobs::run(Arc::clone(&app), shutdown.clone()));
    let abort = http.abort_handle();
    let mut http = std::pin::pin!(http);
    let mut jobs = std::pin::pin!(jobs);
    let failure = tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        result = &mut http => Some(format!("the HTTP server ended: {result:?}")),
        result = &mut jobs => Some(format!("the jobs ended: {result:?}")),
    };
    shutdown.cancel();
    if failure.is_none() {
        tracing::info!("stopping: no new requests, those under way have ten seconds");
        if tokio::time::timeout(DRAIN, http).await.is_err() {
            tracing::warn!("requests were still under way after ten seconds");
            abort.abort();
        }
        let _ = tokio::time::timeout(Duration::from_secs(1), jobs).await;
    }
    app.submissions.close();
    if tokio::time::timeout(DRAIN, app.submissions.wait()).await.is_err() {
        tracing::warn!("submissions were still under way after ten seconds");
    }
    app.store.close().await;
    match failure {
        None => Ok(()),
        Some(failure) => Err(failure),
    }
}
