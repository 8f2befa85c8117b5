//! Bodies that are answered before they were read, as one that is too large or comes too often.
//!
//! A connection closed while its client is still sending is reset, and the client may never see the
//! answer that was written to it. So what is left of such a body is read and thrown away, within bounds.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header,
};
use futures_util::StreamExt as _;
use http_body::{Frame, SizeHint};

/// How much is thrown away; a client that sends more may be cut off.
const BYTES_MAX: usize = 2 * 1024 * 1024;

/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the request's body to its end, also where its handler does not.
pub(crate) fn read_to_end(request: Request) -> Request {
    // Who waits for leave to send sends nothing to a refusal.
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return request;
    }
    request.map(|body| Body::new(ReadToEnd(body)))
}

struct ReadToEnd(Body);

impl HttpBody for ReadToEnd {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Drop for ReadToEnd {
    fn drop(&mut self) {
        if !self.0.is_end_stream() {
            tokio::spawn(throw_away(std::mem::take(&mut self.0)));
        }
    }
}

async fn throw_away(body: Body) {
    let mut chunks = body.into_data_stream();
    let mut left = BYTES_MAX;
    let reading = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE, reading).await;
}
