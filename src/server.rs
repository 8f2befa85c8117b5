//! Runs the service: HTTP and jobs together, with a staged end.
//!
//! At the first signal nothing new is accepted; requests and submissions under way have ten seconds;
//! then the store's writer ends after what it accepted, and the connections close. A part that dies by
//! itself takes the process down with a failing code, so that a supervisor starts it again.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{actions::new_key, app::App, http, jobs};

/// How long a connection may take to send the head of its first or next request. A proxy keeps its
/// connections for about a minute, and should be the one that lets go.
const HEAD: Duration = Duration::from_secs(75);

/// How long nobody is let in after the system refused a connection, as when it has no more of them.
const REFUSED: Duration = Duration::from_millis(500);

/// How long requests under way have at shutdown.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `shutdown` is cancelled.
///
/// # Errors
/// A sentence about the part that failed.
pub async fn serve(app: Arc<App>, listener: TcpListener, shutdown: CancellationToken) -> Result<(), String> {
    let router = tokio::task::spawn_blocking({
        let app = Arc::clone(&app);
        move || http::router(app)
    });
    if let Err(error) = new_key::seal_anew(&app).await {
        tracing::error!(%error, "what is sealed under an old key could not be sealed anew; the next start tries again");
    }
    let router = router.await.map_err(|error| format!("make the routes: {error}"))?;
    let http = tokio::spawn(accept(listener, router, HEAD, shutdown.clone()));
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

/// Takes connections until `shutdown`, then waits for the requests under way on them. Our own loop,
/// because axum's gives a connection all the time it wants to send a head.
async fn accept(listener: TcpListener, router: Router, head: Duration, shutdown: CancellationToken) {
    let connections = GracefulShutdown::new();
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(head);
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_of_one_connection(&error) {
                    tracing::error!(%error, "no connection can be taken");
                    tokio::time::sleep(REFUSED).await;
                }
                continue;
            }
        };
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(client));
            request.map(Body::new)
        });
        let connection = protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}

/// The client went away before it was let in; others are not concerned.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(200);

    /// What comes back for `sent` until the other side ends the connection.
    async fn answer_to(sent: &str) -> String {
        let slow = get(|| async {
            tokio::time::sleep(PATIENCE * 2).await;
            "done"
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(accept(
            listener,
            Router::new().route("/", slow),
            PATIENCE,
            shutdown.clone(),
        ));
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        connection.write_all(sent.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        let reading = connection.read_to_string(&mut answer);
        tokio::time::timeout(PATIENCE * 50, reading)
            .await
            .expect("an end")
            .expect("text");
        shutdown.cancel();
        task.await.expect("a clean end");
        answer
    }

    #[tokio::test]
    async fn a_connection_that_sends_no_head_is_ended() {
        assert_eq!(answer_to("").await, "");
        assert_eq!(answer_to("GET / HTTP/1.1\r\nhost: x\r\n").await, "");
    }

    #[tokio::test]
    async fn an_answer_may_take_longer_and_the_next_head_may_not() {
        let answer = answer_to("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"),
            "{answer}"
        );
    }
}
