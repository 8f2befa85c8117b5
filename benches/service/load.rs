//! A small load generator: HTTP/1.1 on connections that stay open, one request at a time on each.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{fill::LISTED_THREAD, server::Server, text};

/// What is sent again and again; submissions differ in name, e-mail, text and key.
#[derive(Clone)]
pub(crate) enum Request {
    Submission { with_token: bool },
    Fixed { head: String, status: u16 },
}

impl Request {
    pub(crate) fn submission() -> Self {
        Self::Submission { with_token: false }
    }

    /// With a captcha's token, of which each is new.
    pub(crate) fn submission_with_token() -> Self {
        Self::Submission { with_token: true }
    }

    /// The same page as [`Request::listing`], asked for as a further one, which the server does not keep.
    pub(crate) fn listing_anew(comments: usize) -> Self {
        let newest = format!("{}|{}", i64::MAX, uuid::Uuid::max());
        let after = URL_SAFE_NO_PAD.encode(newest);
        Self::Fixed {
            head: format!(
                "GET /api/v1/sites/bench/comments?thread={LISTED_THREAD}&limit={comments}&after={after} HTTP/1.1\r\n\
                 host: bench\r\norigin: https://bench.test\r\n"
            ),
            status: 200,
        }
    }

    /// The first page of what waits, for a program with `token`.
    /// A first page of the queue; `list` says which: `order=score&links=1`.
    pub(crate) fn queue(list: &str, token: &str) -> Self {
        Self::Fixed {
            head: format!(
                "GET /api/v1/moderation/queue?site=bench&{list}&limit=50 HTTP/1.1\r\nhost: bench\r\n\
                 authorization: Bearer {token}\r\n"
            ),
            status: 200,
        }
    }

    /// The listed thread on one page, compressed if `gzip`.
    pub(crate) fn listing(comments: usize, gzip: bool) -> Self {
        let encoding = if gzip { "accept-encoding: gzip\r\n" } else { "" };
        Self::Fixed {
            head: format!(
                "GET /api/v1/sites/bench/comments?thread={LISTED_THREAD}&limit={comments} HTTP/1.1\r\n\
                 host: bench\r\norigin: https://bench.test\r\n{encoding}"
            ),
            status: 200,
        }
    }

    /// The same by somebody who has it already.
    pub(crate) fn revalidating(&self, etag: &str) -> Self {
        match self {
            Self::Fixed { head, .. } => Self::Fixed {
                head: format!("{head}if-none-match: {etag}\r\n"),
                status: 304,
            },
            Self::Submission { .. } => self.clone(),
        }
    }

    fn bytes(&self, number: usize) -> String {
        match self {
            Self::Fixed { head, .. } => format!("{head}\r\n"),
            Self::Submission { with_token } => {
                let mut body = serde_json::json!({
                    "thread": format!("/article-{}", number % 20),
                    "thread_title": "Le marché de nuit rouvre ses portes",
                    "name": text::name(number),
                    "email": format!("reader-{number}@example.org"),
                    "body": text::body(number),
                });
                if *with_token {
                    body["captcha"] = format!("token-{number}").into();
                }
                let body = body.to_string();
                format!(
                    "POST /api/v1/sites/bench/comments HTTP/1.1\r\nhost: bench\r\norigin: https://bench.test\r\n\
                     content-type: application/json\r\nidempotency-key: key-{number}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Submission { .. } => 202,
            Self::Fixed { status, .. } => *status,
        }
    }
}

/// No two submissions of a run are the same.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// Sends `requests` over `connections` and fails on any other answer than the request's.
pub(crate) async fn run(server: &Server, connections: usize, requests: usize, request: &Request) {
    let left = Arc::new(AtomicUsize::new(requests));
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (left, request, address) = (Arc::clone(&left), request.clone(), server.address);
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await.expect("connected");
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok()
            {
                let bytes = request.bytes(NUMBER.fetch_add(1, Ordering::Relaxed));
                let answer = connection.ask(&bytes).await.expect("an answer");
                assert_eq!(answer.status, request.status(), "{}", answer.text);
            }
        }));
    }
    for task in tasks {
        task.await.expect("no failure");
    }
}

/// Whether the server answers a listing.
pub(crate) async fn answers(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else {
        return false;
    };
    let answer = connection.ask(&Request::listing(1, false).bytes(0)).await;
    answer.is_ok_and(|answer| answer.status == 200)
}

/// The ETag of an answer.
pub(crate) async fn etag(server: &Server, request: &Request) -> String {
    let mut connection = Connection::open(server.address).await.expect("connected");
    let answer = connection.ask(&request.bytes(0)).await.expect("an answer");
    let header = answer.text.lines().find_map(|line| line.strip_prefix("etag: "));
    header.expect("an ETag").to_owned()
}

/// A connection that stays open.
pub(crate) struct Connection {
    stream: TcpStream,
    /// The last answer as it came, head and body.
    pub(crate) read: Vec<u8>,
}

/// An answer; its body stays with the connection until the next.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Its head.
    pub(crate) text: String,
    head_end: usize,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(256 * 1024),
        })
    }

    pub(crate) async fn ask(&mut self, request: &str) -> std::io::Result<Answer> {
        self.stream.write_all(request.as_bytes()).await?;
        self.read.clear();
        let head_end = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        // The server writes names of headers in lower case.
        let text = String::from_utf8_lossy(&self.read[..head_end]).into_owned();
        let status = text.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
        let length: Option<usize> = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok());
        if let Some(length) = length {
            while self.read.len() < head_end + length {
                self.more().await?;
            }
        } else if text.contains("transfer-encoding: chunked") {
            while !self.read.ends_with(b"\r\n0\r\n\r\n") {
                self.more().await?;
            }
        }
        Ok(Answer { status, text, head_end })
    }

    /// The body of the last answer.
    pub(crate) fn body(&self, answer: &Answer) -> &[u8] {
        &self.read[answer.head_end..]
    }

    async fn more(&mut self) -> std::io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
