//! A pretended captcha provider: speaks as all of them do, and fails in every way seen in the field.
//!
//! The tests verify against it, and `palabre fake-provider` runs it for owners who want to try their pages
//! and their rules. It listens on loopback only. Tokens are self-describing ([`FakeProvider::token`]),
//! usable once, and live as long as the provider's do, on a clock that [`FakeProvider::advance`] moves.
//! Scores leave as float32, as the real ones do. Each answer closes its connection, so that a change holds
//! from the next call on. To add a way of failing: a variant of [`Fault`] and its arm in `verify`.

mod door;
mod protocol;
mod scenario;

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Form, Json, Router,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::{any, get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::scenario::{Canned, Fault, Levels, Scenario, Shift};
use self::{
    door::{Cut, Door},
    protocol::{Call, Passed, Protocol, Refusal},
    scenario::Control,
};
use crate::domain::{captcha::ProviderId, timestamp::Timestamp};

/// The secret of a key with everything the provider has.
pub const SECRET: &str = "fake-secret";
/// The secret of a key without scores: reCAPTCHA v2, hCaptcha and Prosopo without a paid plan.
pub const SECRET_WITHOUT_SCORES: &str = "fake-secret-without-scores";

/// Most tokens and answers that are remembered; then it forgets all.
const REMEMBERED_MAX: usize = 100_000;

/// A running fake; clones share it. It stops with the runtime.
#[derive(Debug, Clone)]
pub struct FakeProvider {
    door: Door,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    scenario: Mutex<Scenario>,
    /// Where the clock stands; `None`: it runs with the machine's.
    stands_at_ms: Option<i64>,
    moved_ms: AtomicI64,
    spent: Mutex<HashSet<(Protocol, String)>>,
    answers: Mutex<HashMap<Question, (u16, Value)>>,
    /// Assessment and what was told of it, in the order of arrival.
    annotations: Mutex<Vec<(String, Value)>>,
    tokens: AtomicU64,
    calls: AtomicUsize,
    elsewhere: AtomicUsize,
}

/// Protocol, idempotency key and token.
type Question = (Protocol, String, String);

/// What a token says of itself; each member may be left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Claims {
    /// 0..=1, 1 is a person, for every provider.
    pub score: f64,
    pub action: String,
    pub hostname: String,
    /// Turnstile's: the nonce of the form.
    pub cdata: String,
    /// Unix milliseconds; 0: now.
    pub issued_at: i64,
    /// Makes each token another.
    pub number: u64,
    /// What the sender really is, for evaluations; never told.
    pub truth: String,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            score: 0.9,
            action: "comment".to_owned(),
            hostname: "localhost".to_owned(),
            cdata: String::new(),
            issued_at: 0,
            number: 0,
            truth: String::new(),
        }
    }
}

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

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// The `verify_url` for `provider`. The built-in check and `off` have none: theirs is reCAPTCHA's.
    #[must_use]
    pub fn url_of(&self, provider: ProviderId) -> String {
        let path = match provider {
            ProviderId::RecaptchaEnterprise => "/v1/projects/fake/assessments",
            ProviderId::Hcaptcha => "/hcaptcha/siteverify",
            ProviderId::Turnstile => "/turnstile/v0/siteverify",
            ProviderId::Friendly => "/frc/api/v2/captcha/siteverify",
            ProviderId::Prosopo => "/prosopo/siteverify",
            ProviderId::Cap => "/cap/fake-site-key/siteverify",
            ProviderId::Mcaptcha => "/mcaptcha/api/v1/pow/siteverify",
            ProviderId::RecaptchaV3
            | ProviderId::RecaptchaV2
            | ProviderId::Siteverify
            | ProviderId::House
            | ProviderId::Off => "/recaptcha/api/siteverify",
        };
        format!("http://{}{path}", self.address())
    }

    /// The `verify_url` of reCAPTCHA.
    #[must_use]
    pub fn verify_url(&self) -> String {
        self.url_of(ProviderId::RecaptchaV3)
    }

    /// A token minted now, as the provider's script in a page would get it.
    #[must_use]
    pub fn token(&self, score: f64, action: &str, hostname: &str) -> String {
        self.mint(Claims {
            score,
            action: action.to_owned(),
            hostname: hostname.to_owned(),
            ..Claims::default()
        })
    }

    /// A token with these claims; its number is given here, and its time where it has none.
    #[must_use]
    pub fn mint(&self, mut claims: Claims) -> String {
        claims.number = self.shared.tokens.fetch_add(1, Ordering::SeqCst);
        if claims.issued_at == 0 {
            claims.issued_at = self.now_ms();
        }
        format!("fake.{}", URL_SAFE_NO_PAD.encode(json!(claims).to_string()))
    }

    /// Its clock, Unix milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        let base = self.shared.stands_at_ms.unwrap_or_else(machine_ms);
        base.saturating_add(self.shared.moved_ms.load(Ordering::SeqCst))
    }

    /// Moves its clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.shared.moved_ms.fetch_add(by, Ordering::SeqCst);
    }

    /// Fails like this from the next call on; all else stays.
    pub fn fault(&self, fault: Fault) {
        self.set(Scenario {
            fault,
            fault_times: None,
            ..self.scenario()
        });
    }

    /// As [`FakeProvider::fault`], for so many verifications.
    pub fn fault_times(&self, fault: Fault, times: u32) {
        self.set(Scenario {
            fault,
            fault_times: Some(times),
            ..self.scenario()
        });
    }

    /// How it behaves.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        lock(&self.shared.scenario).clone()
    }

    /// Behaves like this from the next call on.
    pub fn set(&self, scenario: Scenario) {
        if let Err(error) = self.door.set_open(scenario.fault != Fault::RefuseConnection) {
            tracing::error!(%error, "open or close the door of the pretended provider");
        }
        *lock(&self.shared.scenario) = scenario;
    }

    /// Verifications asked so far, answered or not; refused connections do not count.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }

    /// What was told of assessments, each under its name, in the order of arrival.
    #[must_use]
    pub fn annotations(&self) -> Vec<(String, Value)> {
        lock(&self.shared.annotations).clone()
    }

    /// How many callers followed [`Fault::Redirect`].
    #[must_use]
    pub fn followed(&self) -> usize {
        self.shared.elsewhere.load(Ordering::SeqCst)
    }

    /// The scenario for one verification, whose fault may be the last of its kind.
    fn next_scenario(&self) -> Scenario {
        let mut scenario = lock(&self.shared.scenario);
        let now = scenario.clone();
        match &mut scenario.fault_times {
            Some(left) if *left > 1 => *left -= 1,
            Some(_) => {
                scenario.fault = Fault::None;
                scenario.fault_times = None;
            }
            None => {}
        }
        match now.fault_times {
            Some(0) => Scenario {
                fault: Fault::None,
                ..now
            },
            _ => now,
        }
    }

    fn state(&self) -> Value {
        json!({
            "now": rfc3339(self.now_ms()),
            "calls": self.calls(),
            "followed": self.followed(),
            "scenario": self.scenario(),
        })
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
    (status, [(header::CONNECTION, "close")], Json(json!({}))).into_response()
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

async fn state(State(fake): State<FakeProvider>) -> Json<Value> {
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

async fn elsewhere(State(fake): State<FakeProvider>) -> Json<Value> {
    fake.shared.elsewhere.fetch_add(1, Ordering::SeqCst);
    Json(json!({"success": true, "score": 1.0, "action": "comment", "hostname": "localhost"}))
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

/// Status and body of a verification, which spends the token where the fault does not come before it.
fn verify(fake: &FakeProvider, scenario: &Scenario, protocol: Protocol, call: &Call, number: usize) -> (u16, String) {
    if let Some(canned) = &scenario.canned {
        return (canned.status, canned.body.clone());
    }
    let refusal = match scenario.fault {
        Fault::Status(_) | Fault::Html | Fault::Redirect => return (200, String::new()),
        Fault::Garbage => return (200, "{\"success\": tr".to_owned()),
        Fault::UnknownCode => Some(Refusal::Unknown),
        Fault::QuotaText => Some(Refusal::Quota),
        Fault::InvalidSecret => Some(Refusal::InvalidSecret),
        Fault::BrowserError => Some(Refusal::Browser),
        Fault::InternalError | Fault::OutageReply => Some(Refusal::Internal),
        _ if scenario.quota_after.is_some_and(|after| number > after) => Some(Refusal::Quota),
        _ => None,
    };
    let (status, reply) = match refusal {
        Some(refusal) => protocol.no(&refusal),
        None => remembered(fake, scenario, protocol, call),
    };
    let mut body = match scenario.fault {
        Fault::Bom => "\u{feff}".to_owned(),
        _ => String::new(),
    };
    // Writing to a text never fails.
    let _ = write!(body, "{reply}");
    if scenario.fault == Fault::Huge {
        body += &" ".repeat(5_000_000);
    }
    (status, body)
}

/// As [`judge`], but the same again where the provider knows the idempotency key with the token.
fn remembered(fake: &FakeProvider, scenario: &Scenario, protocol: Protocol, call: &Call) -> (u16, Value) {
    let key = match (protocol, &call.idempotency_key, &call.token) {
        (Protocol::Turnstile, Some(key), Some(token)) => Some((protocol, key.clone(), token.clone())),
        _ => None,
    };
    let Some(key) = key else {
        return judge(fake, scenario, protocol, call);
    };
    if let Some(answer) = lock(&fake.shared.answers).get(&key) {
        return answer.clone();
    }
    let answer = judge(fake, scenario, protocol, call);
    let mut answers = lock(&fake.shared.answers);
    if answers.len() >= REMEMBERED_MAX {
        answers.clear();
    }
    answers.insert(key, answer.clone());
    answer
}

fn judge(fake: &FakeProvider, scenario: &Scenario, protocol: Protocol, call: &Call) -> (u16, Value) {
    match pass(fake, scenario, protocol, call) {
        Ok(passed) => (200, protocol.yes(&passed, scenario.skew_ms, scenario.fault)),
        Err(refusal) => protocol.no(&refusal),
    }
}

fn pass(fake: &FakeProvider, scenario: &Scenario, protocol: Protocol, call: &Call) -> Result<Passed, Refusal> {
    if !call.is_readable {
        return Err(Refusal::BadRequest);
    }
    let with_scores = match call.secret.as_deref() {
        None => return Err(Refusal::MissingSecret),
        Some(SECRET) => protocol.has_scores(),
        Some(SECRET_WITHOUT_SCORES) => false,
        // A wrong secret spends nothing.
        Some(_) => return Err(Refusal::InvalidSecret),
    };
    let token = call.token.as_deref().ok_or(Refusal::MissingToken)?;
    let claims = read_token(token).ok_or(Refusal::InvalidToken)?;
    let now_ms = fake.now_ms();
    if !spend(fake, protocol, token) {
        return Err(Refusal::Spent);
    }
    if now_ms - claims.issued_at > protocol.token_life_ms() {
        return Err(Refusal::Expired);
    }
    let score = scenario.score(claims.score, now_ms);
    // Who is turned away by a widget that says yes or no gets no token; one is made up here.
    if !with_scores && score < 0.5 {
        return Err(Refusal::InvalidToken);
    }
    let is_scored = with_scores && scenario.fault != Fault::SuccessWithoutScore;
    Ok(Passed {
        claims,
        score: is_scored.then_some(score),
    })
}

/// Whether it is the first time.
fn spend(fake: &FakeProvider, protocol: Protocol, token: &str) -> bool {
    let mut spent = lock(&fake.shared.spent);
    if spent.len() >= REMEMBERED_MAX {
        spent.clear();
    }
    spent.insert((protocol, token.to_owned()))
}

fn read_token(token: &str) -> Option<Claims> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix("fake.")?).ok()?;
    serde_json::from_slice(&bytes).ok()
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

/// Whole seconds, as the real ones send them.
fn rfc3339(unix_ms: i64) -> String {
    Timestamp(unix_ms - unix_ms.rem_euclid(1000)).to_rfc3339()
}

fn machine_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
