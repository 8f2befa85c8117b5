//! The calls to the providers of all sites, each behind the breaker of its host.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::ask::Finding;
use crate::{
    domain::{
        captcha::ProviderId,
        site::Site,
        verdict::{Verdict, Why},
    },
    outbound::{
        breaker::Breaker,
        http::{Answer, Failure, Outgoing, Request},
    },
};

/// The way to the providers, built once.
#[derive(Debug)]
pub(super) struct Calls {
    outgoing: Outgoing,
    breakers: Mutex<Breakers>,
}

impl Calls {
    /// As [`Outgoing::new`].
    pub(super) fn new(allow_private_addresses: bool, total_budget: Duration) -> Self {
        Self {
            outgoing: Outgoing::new(allow_private_addresses, total_budget),
            breakers: Mutex::default(),
        }
    }

    /// The time one call may take.
    pub(super) fn total_budget(&self) -> Duration {
        self.outgoing.total_budget()
    }

    /// Whether this process makes no calls to the site's provider now, because its host kept failing.
    pub(super) fn is_paused(&self, site: &Site) -> bool {
        self.breaker_of(site, Breaker::is_open)
    }

    /// Whether a call to the site's provider would not be made now.
    pub(super) fn rests(&self, site: &Site) -> bool {
        self.breaker_of(site, |breaker| breaker.rests(Instant::now()))
    }

    /// Sends `request` to the provider of `site` unless its breaker is open, and reads the answer with
    /// `read`. Sent once: a token is single-use, and a lost answer may have spent it. It takes at most
    /// `budget`.
    pub(super) async fn ask_provider<F: Into<Finding>>(
        &self,
        site: &Site,
        request: &Request<'_>,
        budget: Duration,
        read: impl Fn(&Answer) -> F,
    ) -> Finding {
        let host = breaker_of_host(site, request.url);
        self.note_host(site, &host);
        if !self.breaker(&host, |breaker| breaker.admits(Instant::now())) {
            return Finding::of(Verdict::Unavailable(Why::BreakerOpen));
        }
        let asked = Instant::now();
        let mut finding = match self.outgoing.post(request, budget).await {
            Ok(answer) => read(&answer).into(),
            Err(Failure::Refused(why)) => Verdict::Misconfigured(format!("verify address refused: {why}")).into(),
            Err(Failure::Timeout) => Verdict::Unavailable(Why::Timeout).into(),
            Err(Failure::Connect) => Verdict::Unavailable(Why::Connect).into(),
            Err(Failure::TooLong) => Verdict::Unavailable(Why::Garbage).into(),
        };
        finding.checked_ms = Some(i64::try_from(asked.elapsed().as_millis()).unwrap_or(i64::MAX));
        // A host that says "quota used up" or "wrong secret" is alive: hiding that answer behind the
        // breaker would hide what the owner must mend.
        let answered = !matches!(
            finding.verdict,
            Verdict::Unavailable(Why::Timeout | Why::Connect | Why::ServerError | Why::Garbage)
        );
        if self.breaker(&host, |breaker| breaker.record(Instant::now(), answered)) {
            tracing::warn!(%host, stopped = !answered, "calls to a captcha provider stop or go on");
        }
        finding
    }

    /// Sends `request` whatever its breaker says: nobody waits for the answer.
    pub(super) async fn tell(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        self.outgoing.post(request, self.total_budget()).await
    }

    /// What the breaker of the site's provider says; `false` where it was never asked.
    fn breaker_of(&self, site: &Site, says: impl FnOnce(&Breaker) -> bool) -> bool {
        let breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let host = breakers.host_by_check.get(&check_of(site));
        host.and_then(|host| breakers.by_host.get(host)).is_some_and(says)
    }

    fn breaker<T>(&self, host: &str, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        act(breakers.by_host.entry(host.to_owned()).or_default())
    }

    fn note_host(&self, site: &Site, host: &str) {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let check = check_of(site);
        if breakers.host_by_check.get(&check).is_none_or(|known| known != host) {
            breakers.host_by_check.insert(check, host.to_owned());
        }
    }
}

/// A site and its provider: that of the second check is another than the first's.
type Check = (String, ProviderId);

fn check_of(site: &Site) -> Check {
    (site.id.clone(), site.captcha.provider)
}

/// Which hosts fail, and which host verifies for which check.
#[derive(Debug, Default)]
struct Breakers {
    /// By site and `host:port` of the address that verifies: what one site asks for, with its keys and at its path,
    /// must not keep another from asking the same host.
    by_host: HashMap<String, Breaker>,
    host_by_check: HashMap<Check, String>,
}

fn breaker_of_host(site: &Site, url: &url::Url) -> String {
    format!(
        "{} {}:{}",
        site.id,
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or_default()
    )
}
