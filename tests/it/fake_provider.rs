//! The program's own pretended provider, as the tests start it: on a free port, on a clock that stands.

use std::{
    ops::Deref,
    time::{SystemTime, UNIX_EPOCH},
};

use palabre::fake_provider;
pub(crate) use palabre::fake_provider::{Canned, Claims, Fault, Levels, SECRET, SECRET_WITHOUT_SCORES, Scenario};

/// A running fake; stops with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct FakeProvider(fake_provider::FakeProvider);

impl FakeProvider {
    /// Starts one whose clock stands at the machine's time.
    pub(crate) async fn start() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Self::start_at(i64::try_from(now.as_millis()).expect("in range")).await
    }

    /// Starts one whose clock stands at `now_ms`, Unix milliseconds.
    pub(crate) async fn start_at(now_ms: i64) -> Self {
        let free_port = "127.0.0.1:0".parse().expect("an address");
        let started = fake_provider::FakeProvider::start(free_port, Some(now_ms)).await;
        Self(started.expect("a free port"))
    }
}

impl Deref for FakeProvider {
    type Target = fake_provider::FakeProvider;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
