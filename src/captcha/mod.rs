//! The captcha of a site: what is handed out with a form, and what is found when it comes back.
//!
//! One enum of providers ([`ProviderId`]), one file each, and [`Captcha::verify`] in front of them. What
//! must hold: a verification never fails and never takes more than three seconds, since whatever goes
//! wrong is a [`Verdict`] of its own; nothing but a score is evidence about a person; tokens and secrets
//! never appear in `Debug`, logs or verdicts. This layer keeps no record of what was used: single use of
//! form nonces and provider tokens is the store's, and comes in as [`Ask::token_spent`].
//!
//! Where a provider says nothing about the reader, [`Captcha::fall_back`] adds what the built-in check says.
//! What is kept in memory (breakers, load, texts of a day, learned ratios) may be lost at any time.
//!
//! To add a provider: its variant of [`ProviderId`], a file here that turns its answer into a verdict
//! with the vendor's page cited, an arm in [`Captcha::verify`].

mod bodies;
mod breaker;
mod cap;
mod expected;
mod fallback;
mod friendly;
mod hcaptcha;
mod house;
mod load;
mod mcaptcha;
pub mod outgoing;
mod prosopo;
mod ratios;
mod recaptcha_enterprise;
mod recaptcha_v2;
mod recaptcha_v3;
mod siteverify;
mod step_up;
mod turnstile;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use self::{
    bodies::Bodies,
    breaker::Breaker,
    fallback::Down,
    load::Load,
    outgoing::{Answer, Failure, Outgoing, Request},
    ratios::RatiosBySite,
};
pub use self::{
    fallback::Instead,
    house::Form,
    ratios::{Ratios, has_proof, replay, with_record, without_trust},
    recaptcha_enterprise::Told,
};
use crate::{
    domain::{
        address::ClientAddress,
        captcha::ProviderId,
        reason::Reason,
        site::Site,
        timestamp::Timestamp,
        verdict::{Verdict, Why},
    },
    keys::Keys,
};

/// Time for a verification over the network, from its first to its last byte.
const TOTAL_BUDGET: Duration = Duration::from_secs(3);

/// The captcha of all sites, built once.
#[derive(Debug)]
pub struct Captcha {
    keys: Arc<Keys>,
    outgoing: Outgoing,
    breakers: Mutex<Breakers>,
    bodies: Bodies,
    down: Down,
    load: Load,
    ratios: RatiosBySite,
}

/// What is known of one submission when its captcha is verified.
pub struct Ask<'a> {
    pub site: &'a Site,
    /// The publisher's key of the thread, as given to [`Captcha::issue_form`].
    pub thread: &'a str,
    /// The provider's token, or the solved proof of work of `house`.
    pub token: Option<&'a str>,
    /// What [`Captcha::check_form`] said.
    pub form: &'a Form,
    /// Whether the field that people do not see was filled in.
    pub honeypot: bool,
    /// Links in the body.
    pub links: usize,
    /// Whether the record of the device token makes it known (`domain/trust.rs`).
    pub known_author: bool,
    /// Whether the same long text came under another article within a day.
    pub seen_elsewhere: bool,
    /// Told to the provider where the site says so.
    pub client: Option<ClientAddress>,
    /// What our own record says of the token.
    pub token_spent: Spent,
    pub now: Timestamp,
}

impl fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("site", &self.site.id)
            .field("token", &self.token.map(|_| "…"))
            .field("form", &self.form)
            .field("token_spent", &self.token_spent)
            .finish_non_exhaustive()
    }
}

/// Whether a token was sent to us before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    Never,
    /// With this very submission, whose outcome is not known.
    SameSubmission,
    /// With another form or text.
    Foreign,
}

/// What the captcha found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    /// Each keeps the comment from being published, whatever the verdict.
    pub holds: Vec<Reason>,
    /// These only explain.
    pub notes: Vec<Reason>,
    /// How long the provider was waited for; `None`: nobody was asked.
    pub checked_ms: Option<i64>,
    /// What the built-in check saw, `name=value` by spaces; `None`: it did not look.
    pub signals: Option<String>,
    /// The provider's own name of this check, where it is to be told what becomes of the comment.
    pub assessment: Option<String>,
}

impl Captcha {
    /// `allow_private_addresses` lets `captcha.verify_url` name loopback and private addresses. No HTTP
    /// client is made before the first call.
    #[must_use]
    pub fn new(keys: Arc<Keys>, allow_private_addresses: bool) -> Self {
        Self::with_budget(keys, allow_private_addresses, TOTAL_BUDGET)
    }

    /// As [`Captcha::new`] with another budget than three seconds, for tests.
    #[must_use]
    pub fn with_budget(keys: Arc<Keys>, allow_private_addresses: bool, total_budget: Duration) -> Self {
        Self {
            keys,
            outgoing: Outgoing::new(allow_private_addresses, total_budget),
            breakers: Mutex::default(),
            bodies: Bodies::default(),
            down: Down::default(),
            load: Load::default(),
            ratios: RatiosBySite::default(),
        }
    }

    /// A new form token for `thread`, good for 23 to 24 h. Its nonce makes it usable once. With `before`, the
    /// token that the page had until now, it is as old as that one, an hour at most: who corrects a field did
    /// not write the text in a second.
    #[must_use]
    pub fn issue_form(&self, site: &Site, thread: &str, before: Option<&str>, now: Timestamp) -> String {
        house::issue_form(&self.keys, &site.id, thread, before, now)
    }

    /// The challenge to solve with `form`, as JSON of the ALTCHA v2 protocol, good for 30 minutes; the
    /// page asks for a new one with a new form when its own is older than 20. `None` where the provider
    /// is another than `house`, or `form` is no valid token of this thread. Costs one key derivation,
    /// about a millisecond.
    #[must_use]
    pub fn challenge(&self, site: &Site, thread: &str, form: &str, now: Timestamp) -> Option<serde_json::Value> {
        if site.captcha.provider != ProviderId::House {
            return None;
        }
        self.house_challenge(site, thread, form, now)
    }

    /// What the signals of the built-in check are worth on `site` from now on, learned from its verdicts.
    pub fn weigh_with(&self, site: &str, ratios: Ratios) {
        self.ratios.set(site, ratios);
    }

    fn house_challenge(&self, site: &Site, thread: &str, form: &str, now: Timestamp) -> Option<serde_json::Value> {
        let Form::Valid { nonce, .. } = self.check_form(&site.id, thread, Some(form), now) else {
            return None;
        };
        let bound = house::Bound {
            site,
            thread,
            nonce: &nonce,
        };
        let times = self.load.next(&site.id, now);
        house::challenge(&self.keys, bound, times, house::CHALLENGE_LIFE, now)
    }

    /// What a form token is worth for `thread`. A token of another site or thread counts as forged.
    #[must_use]
    pub fn check_form(&self, site_id: &str, thread: &str, token: Option<&str>, now: Timestamp) -> Form {
        house::check_form(&self.keys, site_id, thread, token, now)
    }

    /// Verifies one submission; at most three seconds, never an error.
    pub async fn verify(&self, ask: &Ask<'_>) -> Finding {
        let finding = match ask.site.captcha.provider {
            ProviderId::Off => Err(Verdict::Off),
            ProviderId::House => Ok(house::verify(&self.keys, &self.ratios.of(&ask.site.id), ask)),
            ProviderId::RecaptchaV3 => siteverify::verify(self, ask, &recaptcha_v3::PROFILE).await,
            ProviderId::RecaptchaV2 => siteverify::verify(self, ask, &recaptcha_v2::PROFILE).await,
            ProviderId::RecaptchaEnterprise => recaptcha_enterprise::verify(self, ask).await,
            ProviderId::Hcaptcha => siteverify::verify(self, ask, &hcaptcha::PROFILE).await,
            ProviderId::Turnstile => turnstile::verify(self, ask).await,
            ProviderId::Siteverify => siteverify::verify(self, ask, &siteverify::ANY).await,
            ProviderId::Friendly => friendly::verify(self, ask).await,
            ProviderId::Prosopo => prosopo::verify(self, ask).await,
            ProviderId::Cap => siteverify::verify(self, ask, &cap::PROFILE).await,
            ProviderId::Mcaptcha => mcaptcha::verify(self, ask).await,
        };
        // What is known without a call is a verdict alone.
        let mut finding = finding.unwrap_or_else(Finding::of);
        if ask.honeypot {
            finding.holds.push(Reason::Honeypot);
        }
        finding
    }

    /// Asks the site's provider about `token`, which is none, to learn whether it answers and knows the
    /// secret. Another token each time: Turnstile answers the same question as it did before.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub async fn probe(&self, site: &Site, token: &str) -> Result<String, String> {
        match self.verdict_on_nothing(site, token).await {
            Verdict::Misconfigured(what) => Err(format!("does not accept our configuration: {what}")),
            Verdict::Unavailable(why) => Err(format!("cannot be asked: {}", why.as_str())),
            _ => Ok("answers and knows the secret".to_owned()),
        }
    }

    /// What [`Captcha::probe`] is told: the verdict on a token that nobody minted. A good provider with
    /// a good secret finds it malformed.
    pub async fn verdict_on_nothing(&self, site: &Site, token: &str) -> Verdict {
        let ask = Ask {
            site,
            thread: "probe",
            token: Some(token),
            form: &Form::Missing,
            honeypot: false,
            links: 0,
            known_author: false,
            seen_elsewhere: false,
            client: None,
            token_spent: Spent::Never,
            now: Timestamp(0),
        };
        self.verify(&ask).await.verdict
    }

    /// Whether this process makes no calls to the site's provider now, because its host kept failing.
    #[must_use]
    pub fn is_paused(&self, site: &Site) -> bool {
        self.breaker_of(site, Breaker::is_open)
    }

    /// Whether verifying a token of `site` calls another server now, so that a submission needs a claim
    /// first. A probe that comes due between this answer and the call goes without one, which costs at
    /// worst a held comment.
    #[must_use]
    pub fn calls_network(&self, site: &Site) -> bool {
        site.captcha.provider.is_outside() && !self.breaker_of(site, |breaker| breaker.rests(Instant::now()))
    }

    /// What the breaker of the site's provider says; `false` where it was never asked.
    fn breaker_of(&self, site: &Site, says: impl FnOnce(&Breaker) -> bool) -> bool {
        let breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let host = breakers.host_by_check.get(&check_of(site));
        host.and_then(|host| breakers.by_host.get(host)).is_some_and(says)
    }

    /// Sends `request` to the provider of `site` unless its breaker is open, and reads the answer with
    /// `read`. Sent once: a token is single-use, and a lost answer may have spent it. It takes at most
    /// `budget`.
    async fn ask_provider<F: Into<Finding>>(
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

impl Finding {
    /// A verdict without more.
    #[must_use]
    pub fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            holds: Vec::new(),
            notes: Vec::new(),
            checked_ms: None,
            signals: None,
            assessment: None,
        }
    }
}

impl From<Verdict> for Finding {
    fn from(verdict: Verdict) -> Self {
        Self::of(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_print_shows_no_token() {
        let site = house::tests::site("faso");
        let ask = Ask {
            site: &site,
            thread: "/a",
            token: Some("the-token"),
            form: &Form::Missing,
            honeypot: false,
            links: 0,
            known_author: false,
            seen_elsewhere: false,
            client: None,
            token_spent: Spent::Never,
            now: Timestamp(0),
        };
        assert!(!format!("{ask:?}").contains("the-token"));
        assert_eq!(TOTAL_BUDGET, Duration::from_secs(3));
    }
}
