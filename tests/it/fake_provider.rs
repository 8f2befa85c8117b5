//! A provider for tests: speaks siteverify as Google does, and fails in every way seen in the field.
//!
//! It listens on a free port of 127.0.0.1. Tokens are self-describing ([`FakeProvider::token`]), usable
//! once, good for two minutes on a clock that only [`FakeProvider::advance`] moves after the start.
//! Scores leave as float32, as Google's do. Each answer closes its connection, so that a fault set with
//! [`FakeProvider::fault`] holds from the next call on. To add a way of failing: a variant of [`Fault`]
//! and its arm in [`answer`] or, below HTTP, in [`Door`] and [`Line`].

use std::{
    collections::HashSet,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{any, post},
    serve::Listener,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// The one secret it knows.
pub(crate) const SECRET: &str = "fake-secret";

const TOKEN_LIFE_MS: i64 = 120_000;

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Nothing listens.
    RefuseConnection,
    /// Takes the call and never answers.
    Hang,
    /// An empty answer with this status.
    Status(u16),
    /// Status 200 and a page.
    Html,
    /// Status 200 and half a JSON object.
    Garbage,
    /// The right answer behind a byte order mark.
    Bom,
    /// The right answer, then 5 MB of spaces.
    Huge,
    /// Spends the token and breaks the connection before the first byte of the answer.
    LostReply,
    /// What the secret of a v2 key gets.
    SuccessWithoutScore,
    /// An error code that is on no list.
    UnknownCode,
    /// Google's sentence about the free quota.
    QuotaText,
    /// Sends the caller to `/elsewhere`, on a private address.
    Redirect,
    InvalidSecret,
    BrowserError,
    /// The right answer with `hostname` empty.
    EmptyHostname,
}

/// A running fake; stops with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct FakeProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    fault: Mutex<Fault>,
    now_ms: AtomicI64,
    spent: Mutex<HashSet<String>>,
    tokens: AtomicUsize,
    calls: AtomicUsize,
    elsewhere: AtomicUsize,
    door: Mutex<Entrance>,
}

#[derive(Debug, Default)]
struct Entrance {
    /// `None` while connections are refused.
    listener: Option<TcpListener>,
    /// Keeps the port meanwhile, so that nobody else answers there.
    reserved: Option<TcpSocket>,
    waiting: Option<Waker>,
}

impl FakeProvider {
    /// Starts one whose clock stands at the machine's time.
    pub(crate) async fn start() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Self::start_at(i64::try_from(now.as_millis()).expect("in range")).await
    }

    /// Starts one whose clock stands at `now_ms`, Unix milliseconds.
    pub(crate) async fn start_at(now_ms: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            fault: Mutex::new(Fault::None),
            now_ms: AtomicI64::new(now_ms),
            spent: Mutex::default(),
            tokens: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            elsewhere: AtomicUsize::new(0),
            door: Mutex::new(Entrance {
                listener: Some(listener),
                ..Entrance::default()
            }),
        });
        let fake = Self { address, shared };
        let app = Router::new()
            .route("/recaptcha/api/siteverify", post(siteverify))
            .route("/elsewhere", any(elsewhere))
            .with_state(fake.clone());
        let door = Door(fake.clone());
        tokio::spawn(async move { axum::serve(door, app).await });
        fake
    }

    /// Where tokens are verified.
    pub(crate) fn verify_url(&self) -> String {
        format!("http://{}/recaptcha/api/siteverify", self.address)
    }

    /// A token minted now, as the provider's script in a page would get it.
    pub(crate) fn token(&self, score: f64, action: &str, hostname: &str) -> String {
        let claims = json!({
            "score": score,
            "action": action,
            "hostname": hostname,
            "issued_at": self.now_ms(),
            "number": self.shared.tokens.fetch_add(1, Ordering::SeqCst),
        });
        format!("fake.{}", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    /// Its clock, Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.shared.now_ms.load(Ordering::SeqCst)
    }

    /// Moves its clock.
    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).expect("in range");
        self.shared.now_ms.fetch_add(by, Ordering::SeqCst);
    }

    /// Fails like this from the next call on.
    pub(crate) fn fault(&self, fault: Fault) {
        *lock(&self.shared.fault) = fault;
        let mut door = lock(&self.shared.door);
        if fault == Fault::RefuseConnection {
            door.listener = None;
            door.reserved.get_or_insert_with(|| self.reserve_port());
        } else if let Some(socket) = door.reserved.take() {
            door.listener = Some(socket.listen(64).expect("a listener"));
            if let Some(waker) = door.waiting.take() {
                waker.wake();
            }
        }
    }

    /// Verifications asked so far, answered or not; refused connections do not count.
    pub(crate) fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }

    /// How many callers followed [`Fault::Redirect`].
    pub(crate) fn followed(&self) -> usize {
        self.shared.elsewhere.load(Ordering::SeqCst)
    }

    /// A socket that is bound and does not listen: whoever connects is refused.
    fn reserve_port(&self) -> TcpSocket {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .set_reuseaddr(true)
            .expect("connections that have ended do not matter");
        socket.bind(self.address).expect("the port is still free");
        socket
    }

    fn current_fault(&self) -> Fault {
        *lock(&self.shared.fault)
    }
}

async fn siteverify(State(fake): State<FakeProvider>, headers: HeaderMap, body: Bytes) -> Response {
    fake.shared.calls.fetch_add(1, Ordering::SeqCst);
    let fault = fake.current_fault();
    if fault == Fault::Hang {
        std::future::pending::<()>().await;
    }
    let mut response = answer(&fake, fault, &headers, &body);
    response
        .headers_mut()
        .insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    response
}

async fn elsewhere(State(fake): State<FakeProvider>) -> Response {
    fake.shared.elsewhere.fetch_add(1, Ordering::SeqCst);
    let reply = json!({"success": true, "score": 1.0, "action": "comment", "hostname": "localhost"});
    json_answer(reply.to_string())
}

fn answer(fake: &FakeProvider, fault: Fault, headers: &HeaderMap, body: &[u8]) -> Response {
    let refusal = |code: &str| json_answer(json!({"success": false, "error-codes": [code]}).to_string());
    match fault {
        Fault::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Fault::Html => Html("<!doctype html><title>One moment</title><p>Checking the connection…").into_response(),
        Fault::Garbage => json_answer("{\"success\": tr".to_owned()),
        Fault::Bom => json_answer(format!("\u{feff}{}", verify(fake, headers, body))),
        Fault::Huge => json_answer(format!("{}{}", verify(fake, headers, body), " ".repeat(5_000_000))),
        Fault::SuccessWithoutScore => {
            let mut reply = verify(fake, headers, body);
            if let Some(members) = reply.as_object_mut() {
                members.remove("score");
                members.remove("action");
            }
            json_answer(reply.to_string())
        }
        Fault::EmptyHostname => {
            let mut reply = verify(fake, headers, body);
            reply["hostname"] = json!("");
            json_answer(reply.to_string())
        }
        Fault::UnknownCode => refusal("flux-capacitor-empty"),
        Fault::QuotaText => refusal(
            "Over Enterprise free quota. Please ensure your project has an active billing account: https://cloud.google.com/recaptcha/docs/billing-information",
        ),
        Fault::InvalidSecret => refusal("invalid-input-secret"),
        Fault::BrowserError => refusal("browser-error"),
        Fault::Redirect => {
            let target = format!("http://{}/elsewhere", fake.address);
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, target)]).into_response()
        }
        Fault::None | Fault::Hang | Fault::LostReply | Fault::RefuseConnection => {
            json_answer(verify(fake, headers, body).to_string())
        }
    }
}

/// What Google answers. A body that is no form has no fields.
fn verify(fake: &FakeProvider, headers: &HeaderMap, body: &[u8]) -> Value {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let fields: Vec<(String, String)> = if is_form {
        serde_urlencoded::from_bytes(body).unwrap_or_default()
    } else {
        Vec::new()
    };
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    };
    let mut codes = Vec::new();
    match field("secret") {
        None => codes.push("missing-input-secret"),
        Some(SECRET) => {}
        Some(_) => codes.push("invalid-input-secret"),
    }
    let token = field("response");
    if token.is_none() {
        codes.push("missing-input-response");
    }
    let claims = token.and_then(read_token);
    match (token, &claims) {
        (Some(_), None) => codes.push("invalid-input-response"),
        // A wrong secret spends nothing.
        (Some(token), Some(claims)) if codes.is_empty() => {
            let age_ms = fake.now_ms() - claims["issued_at"].as_i64().unwrap_or(0);
            let is_first = lock(&fake.shared.spent).insert(token.to_owned());
            if !is_first || age_ms > TOKEN_LIFE_MS {
                codes.push("timeout-or-duplicate");
            }
        }
        _ => {}
    }
    match claims {
        Some(claims) if codes.is_empty() => json!({
            "success": true,
            "score": float32(&claims["score"]),
            "action": claims["action"],
            "hostname": claims["hostname"],
            "challenge_ts": rfc3339(claims["issued_at"].as_i64().unwrap_or(0)),
        }),
        _ => json!({"success": false, "error-codes": codes}),
    }
}

fn read_token(token: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix("fake.")?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// 0.9 leaves as 0.8999999761581421.
#[expect(clippy::cast_possible_truncation, reason = "the loss is what is imitated")]
fn float32(score: &Value) -> f64 {
    f64::from(score.as_f64().unwrap_or(0.0) as f32)
}

/// Whole seconds, as Google sends them.
fn rfc3339(unix_ms: i64) -> String {
    palabre::domain::timestamp::Timestamp(unix_ms - unix_ms.rem_euclid(1000)).to_rfc3339()
}

fn json_answer(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The listening socket, which can be closed and opened again at the same address.
struct Door(FakeProvider);

impl Listener for Door {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        std::future::poll_fn(|context| {
            let mut door = lock(&self.0.shared.door);
            loop {
                let Some(listener) = &door.listener else {
                    door.waiting = Some(context.waker().clone());
                    return Poll::Pending;
                };
                match listener.poll_accept(context) {
                    Poll::Ready(Ok((stream, peer))) => {
                        let fake = self.0.clone();
                        return Poll::Ready((Line { stream, fake }, peer));
                    }
                    Poll::Ready(Err(_)) => {}
                    Poll::Pending => {
                        door.waiting = Some(context.waker().clone());
                        return Poll::Pending;
                    }
                }
            }
        })
        .await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.address)
    }
}

/// A connection that can lose what is written to it.
struct Line {
    stream: TcpStream,
    fake: FakeProvider,
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.fake.current_fault() == Fault::LostReply {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
