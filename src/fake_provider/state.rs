//! A running fake: how it behaves, its clock, and what it remembers.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use super::{
    claims::Claims,
    door::Door,
    protocol::{Protocol, rfc3339},
    reply::{Reply, State},
    scenario::{Fault, Scenario},
};
use crate::domain::captcha::ProviderId;

/// The secret of a key with everything the provider has.
pub const SECRET: &str = "fake-secret";
/// The secret of a key without scores: reCAPTCHA v2, hCaptcha and Prosopo without a paid plan.
pub const SECRET_WITHOUT_SCORES: &str = "fake-secret-without-scores";

/// Most tokens and answers that are remembered; then it forgets all.
pub(super) const REMEMBERED_MAX: usize = 100_000;

/// A running fake; clones share it. It stops with the runtime.
#[derive(Debug, Clone)]
pub struct FakeProvider {
    pub(super) door: Door,
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) scenario: Mutex<Scenario>,
    /// Where the clock stands; `None`: it runs with the machine's.
    pub(super) stands_at_ms: Option<i64>,
    pub(super) moved_ms: AtomicI64,
    pub(super) spent: Mutex<HashSet<(Protocol, String)>>,
    pub(super) answers: Mutex<HashMap<Question, (u16, Reply)>>,
    /// Assessment and what was told of it, in the order of arrival.
    pub(super) annotations: Mutex<Vec<(String, Value)>>,
    pub(super) tokens: AtomicU64,
    pub(super) calls: AtomicUsize,
    pub(super) elsewhere: AtomicUsize,
}

/// Protocol, idempotency key and token.
pub(super) type Question = (Protocol, String, String);

impl FakeProvider {
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
            | ProviderId::BuiltIn
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
        claims.to_token()
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
    pub(super) fn next_scenario(&self) -> Scenario {
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

    /// Its clock, its counts and how it behaves.
    pub(super) fn state(&self) -> State {
        State {
            calls: self.calls(),
            followed: self.followed(),
            now: rfc3339(self.now_ms()),
            scenario: self.scenario(),
        }
    }
}

fn machine_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// What is behind it is right after every statement, so that a panic elsewhere does not spoil it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
