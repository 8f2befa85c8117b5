//! Its routes: those of the providers, and those by which it is told how to behave.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Form, Json, Router,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::{any, get, post},
};
use serde_json::Value;

use super::{
    claims::Claims,
    door::{Cut, Door},
    judge::verify,
    protocol::{Call, Protocol},
    reply::{Reply, Siteverify, State as Behaviour},
    scenario::{Control, Fault},
    state::{FakeProvider, REMEMBERED_MAX, SECRET, Shared, lock},
};

impl FakeProvider {
    /// Listens at `listen`. With `stands_at_ms` (Unix milliseconds) its clock stands there, else it runs.
    ///
    /// # Errors
    /// Where the address is not loopback or cannot be listened on.
    pub async fn start(listen: SocketAddr, stands_at_ms: Option<i64>) -> io::Result<Self> {
        if !listen.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a pretended provider listens on loopback only",
            ));
        }
        let fake = Self {
            door: Door::open_at(listen).await?,
            shared: Arc::new(Shared {
                scenario: Mutex::default(),
                stands_at_ms,
                moved_ms: AtomicI64::new(0),
                spent: Mutex::default(),
                answers: Mutex::default(),
                annotations: Mutex::default(),
                tokens: AtomicU64::new(0),
                calls: AtomicUsize::new(0),
                elsewhere: AtomicUsize::new(0),
            }),
        };
        let app = routes(fake.clone()).into_make_service_with_connect_info::<Cut>();
        let door = fake.door.clone();
        tokio::spawn(async move { axum::serve(door, app).await });
        Ok(fake)
    }
}

fn routes(fake: FakeProvider) -> Router {
    let speak = |protocol: Protocol| {
        post(
            move |State(fake): State<FakeProvider>,
                  ConnectInfo(cut): ConnectInfo<Cut>,
                  uri: Uri,
                  headers: HeaderMap,
                  body: Bytes| async move {
                let call = protocol.read(&headers, uri.query().unwrap_or_default(), &body);
                answer(&fake, protocol, &call, &cut).await
            },
        )
    };
    Router::new()
        .route("/recaptcha/api/siteverify", speak(Protocol::Recaptcha))
        .route("/v1/projects/{project}/assessments", speak(Protocol::Enterprise))
        .route("/v1/projects/{project}/assessments/{id}", post(annotate))
        .route("/hcaptcha/siteverify", speak(Protocol::Hcaptcha))
        .route("/turnstile/v0/siteverify", speak(Protocol::Turnstile))
        .route("/frc/api/v2/captcha/siteverify", speak(Protocol::Friendly))
        .route("/prosopo/siteverify", speak(Protocol::Prosopo))
        .route("/cap/{key}/siteverify", speak(Protocol::Cap))
        .route("/mcaptcha/api/v1/pow/siteverify", speak(Protocol::Mcaptcha))
        .route("/elsewhere", any(elsewhere))
        .route("/_token", post(token))
        .route("/_control", get(state).post(control))
        .with_state(fake)
}

/// `{id}:annotate` of an assessment that was made here, which Google answers with an empty object.
async fn annotate(
    State(fake): State<FakeProvider>,
    Path((project, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(told): Json<Value>,
) -> Response {
    let key = headers.get("x-goog-api-key").and_then(|key| key.to_str().ok());
    let status = match note(&fake, &project, &id, key, told) {
        Ok(()) => StatusCode::OK,
        Err(status) => status,
    };
    (status, [(header::CONNECTION, "close")], Json(Reply::Empty {})).into_response()
}

fn note(fake: &FakeProvider, project: &str, id: &str, key: Option<&str>, told: Value) -> Result<(), StatusCode> {
    if let Fault::Status(status) = fake.next_scenario().fault {
        return Err(status_of(status));
    }
    if key != Some(SECRET) {
        return Err(StatusCode::FORBIDDEN);
    }
    let number = id.strip_suffix(":annotate").and_then(|id| id.parse::<u64>().ok());
    let made = fake.shared.tokens.load(Ordering::SeqCst);
    let number = number.filter(|number| *number < made).ok_or(StatusCode::NOT_FOUND)?;
    if !matches!(told["annotation"].as_str(), Some("LEGITIMATE" | "FRAUDULENT")) {
        return Err(StatusCode::BAD_REQUEST);
    }
    let mut annotations = lock(&fake.shared.annotations);
    if annotations.len() >= REMEMBERED_MAX {
        annotations.clear();
    }
    annotations.push((format!("projects/{project}/assessments/{number}"), told));
    Ok(())
}

/// Mints a token from a form of [`Claims`] and answers it alone.
async fn token(State(fake): State<FakeProvider>, Form(claims): Form<Claims>) -> String {
    fake.mint(claims)
}

async fn state(State(fake): State<FakeProvider>) -> Json<Behaviour> {
    Json(fake.state())
}

async fn control(State(fake): State<FakeProvider>, Json(control): Json<Control>) -> Response {
    let advance = control.advance_seconds;
    match control.apply(fake.scenario()) {
        Ok(scenario) => {
            fake.set(scenario);
            fake.advance(Duration::from_secs(advance.unwrap_or(0).into()));
            Json(fake.state()).into_response()
        }
        Err(why) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    }
}

async fn elsewhere(State(fake): State<FakeProvider>) -> Json<Siteverify> {
    fake.shared.elsewhere.fetch_add(1, Ordering::SeqCst);
    Json(Siteverify {
        action: Some("comment".to_owned()),
        hostname: Some("localhost".to_owned()),
        score: Some(1.0),
        success: true,
        ..Siteverify::default()
    })
}

async fn answer(fake: &FakeProvider, protocol: Protocol, call: &Call, cut: &Cut) -> Response {
    let number = fake.shared.calls.fetch_add(1, Ordering::SeqCst) + 1;
    let scenario = fake.next_scenario();
    if scenario.fault == Fault::Hang {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(Duration::from_millis(latency_ms(scenario.latency_ms))).await;
    let (status, body) = verify(fake, &scenario, protocol, call, number);
    let mut response = match scenario.fault {
        Fault::Html => Html("<!doctype html><title>One moment</title><p>Checking the connection…").into_response(),
        Fault::Redirect => {
            let target = format!("http://{}/elsewhere", fake.address());
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, target)]).into_response()
        }
        Fault::Status(status) => status_of(status).into_response(),
        _ => {
            let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
            (status_of(status), kind, body).into_response()
        }
    };
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    if scenario.fault == Fault::LostReply {
        cut.cut();
    }
    response
}

fn latency_ms([shortest, longest]: [u64; 2]) -> u64 {
    if longest <= shortest {
        return shortest;
    }
    let random = u64::from_be_bytes(crate::clock::random_bytes::<8>());
    shortest + random % (longest - shortest + 1)
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
