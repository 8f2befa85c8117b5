//! How often one address, network, e-mail or site may do each limited thing.
//!
//! [`Action`] is the list: it owns each action's name, default quota, what happens beyond it and the
//! code of the sentence that says so. What must hold: all limits of a request are looked at before any
//! is charged; a refused request costs nothing; waiting `Retry-After` seconds lets the same request
//! pass; address limits refuse, e-mail, device and site limits only hold (a carrier puts a town behind one
//! address, and a surge must not silence honest readers); nothing grows with the number of visitors.
//!
//! Counts live in this process and may be lost at any time: what must be counted exactly (failed
//! sign-ins of an account, one report a device) is counted in the store. To add an action: a variant and
//! its `Rule` here, its table in [`Quotas`] and in the documented configuration.

mod memory;
mod quotas;
#[cfg(test)]
mod table;

use std::time::Duration;

use self::quotas::Rate;
pub use self::{
    memory::Memory,
    quotas::{Counts, Quota, Quotas},
};
use crate::domain::address::{ClientAddress, Prefix};

/// The limiter of this process.
#[derive(Debug)]
pub enum Limits {
    /// Everything passes.
    Off,
    /// Counts in this process.
    Memory(Box<Memory>),
}

/// `Ok` holds the actions beyond a holding limit, mostly none, in the order of [`Action`]: keep what was
/// sent, for a person. `Err` is the refusing limit with the longest wait.
pub type Outcome = Result<Vec<Action>, Refusal>;

impl Limits {
    /// The limiter that the configuration asks for, on the system's monotonic clock.
    ///
    /// # Errors
    /// As [`Quotas::validate`].
    pub fn new(quotas: &Quotas) -> Result<Self, String> {
        let start = std::time::Instant::now();
        Self::with_clock(quotas, move || start.elapsed())
    }

    /// As [`Limits::new`] on a clock of the caller's: the time since any fixed instant, never going back.
    ///
    /// # Errors
    /// As [`Quotas::validate`].
    pub fn with_clock(
        quotas: &Quotas,
        monotonic_now: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Result<Self, String> {
        quotas.validate()?;
        if !quotas.enabled {
            return Ok(Self::Off);
        }
        match quotas.store {
            Counts::Memory => Ok(Self::Memory(Box::new(Memory::new(quotas, monotonic_now)))),
        }
    }

    /// Charges one unit to every limit of a request, or to none when a refusing one is exceeded. A
    /// holding limit that is exceeded is named in `Ok` and not charged. A demand given twice counts once.
    ///
    /// # Errors
    /// The [`Refusal`] with the longest wait; nothing was charged.
    pub fn check(&self, demands: &[Demand<'_>]) -> Outcome {
        match self {
            Self::Off => Ok(Vec::new()),
            Self::Memory(memory) => memory.check(demands),
        }
    }

    /// What [`Limits::check`] would answer now; charges nothing.
    ///
    /// # Errors
    /// As [`Limits::check`].
    pub fn peek(&self, demands: &[Demand<'_>]) -> Outcome {
        match self {
            Self::Off => Ok(Vec::new()),
            Self::Memory(memory) => memory.peek(demands),
        }
    }

    /// Forgets what has refilled and gives its memory back; call it about once a minute.
    pub fn sweep(&self) {
        match self {
            Self::Off => {}
            Self::Memory(memory) => memory.sweep(),
        }
    }

    /// How many networks, e-mails, devices and sites are remembered in this process, all actions together.
    #[must_use]
    pub fn keys(&self) -> usize {
        match self {
            Self::Off => 0,
            Self::Memory(memory) => memory.keys(),
        }
    }
}

/// Each limited thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A comment is sent, by address.
    Submit,
    /// A comment is sent, by e-mail.
    SubmitEmail,
    /// A comment is sent, by device.
    SubmitDevice,
    /// A comment is sent, by site.
    SubmitSite,
    /// A form token is asked for.
    Form,
    /// A thread, count or feed is read.
    Read,
    /// A comment would be the first of its thread.
    NewThread,
    /// A sign-in is tried, by address.
    SignIn,
    /// A sign-in is tried, by account. Counted in the store alone (`actions/door.rs`).
    SignInAccount,
    /// A setup code is tried, by address. Counted in the store alone (`actions/setup.rs`).
    SetupCode,
    /// A reader reports a comment.
    Report,
    /// A refused reader asks for a person.
    Appeal,
    /// An owner tests the captcha keys of a site.
    CaptchaTest,
}

/// What [`Action`] owns for each limited thing.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// The table's name in the configuration and the policy's in the headers.
    name: &'static str,
    quota: Quota,
    beyond: Beyond,
}

/// What happens to a request beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// 429 with the wait.
    Refuse,
    /// It is kept, and waits for a person.
    Hold,
}

impl Action {
    /// All actions, in order.
    pub const ALL: [Self; 13] = [
        Self::Submit,
        Self::SubmitEmail,
        Self::SubmitDevice,
        Self::SubmitSite,
        Self::Form,
        Self::Read,
        Self::NewThread,
        Self::SignIn,
        Self::SignInAccount,
        Self::SetupCode,
        Self::Report,
        Self::Appeal,
        Self::CaptchaTest,
    ];

    const fn rule(self) -> Rule {
        match self {
            Self::Submit => Rule::refuse("submit", Quota::new(10, 20).with_wide(60, 300)),
            Self::SubmitEmail => Rule::hold("submit_email", Quota::new(5, 5)),
            Self::SubmitDevice => Rule::hold("submit_device", Quota::new(5, 5)),
            Self::SubmitSite => Rule::hold("submit_site", Quota::new(600, 600)),
            Self::Form => Rule::refuse("form", Quota::new(60, 60 * 60)),
            Self::Read => Rule::refuse("read", Quota::new(600, 600 * 60)),
            Self::NewThread => Rule::refuse("new_thread", Quota::new(10, 30)),
            Self::SignIn => Rule::refuse("sign_in", Quota::new(5, 5 * 12).with_wide(30, 60)),
            Self::SetupCode => Rule::refuse("setup_code", Quota::new(5, 30).with_wide(30, 60)),
            Self::SignInAccount => Rule::refuse("sign_in_account", Quota::new(25, 25)),
            Self::Report => Rule::refuse("report", Quota::new(10, 30)),
            Self::Appeal => Rule::refuse("appeal", Quota::new(10, 30)),
            Self::CaptchaTest => Rule::refuse("captcha_test", Quota::new(5, 30)),
        }
    }

    /// The name of its table under `[rate_limit]`: `submit`, `sign_in`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.rule().name
    }

    /// Whether a request beyond the limit is refused or held.
    #[must_use]
    pub const fn beyond(self) -> Beyond {
        self.rule().beyond
    }

    /// The code of the sentence: for the reader when refused, for the moderator when held.
    #[must_use]
    pub const fn sentence_code(self) -> &'static str {
        match self {
            Self::SubmitEmail => "email_rate",
            Self::SubmitDevice => "device_rate",
            Self::SubmitSite => "site_surge",
            _ => "rate_limited",
        }
    }
}

impl Rule {
    const fn refuse(name: &'static str, quota: Quota) -> Self {
        Self {
            name,
            quota,
            beyond: Beyond::Refuse,
        }
    }

    const fn hold(name: &'static str, quota: Quota) -> Self {
        Self {
            name,
            quota,
            beyond: Beyond::Hold,
        }
    }
}

/// One unit of an action, wanted by somebody.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// What is wanted.
    pub action: Action,
    /// Who it is counted for.
    pub key: Key<'a>,
}

/// Who a demand is counted for.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// The address's narrow network, and its wide one where the quota has one.
    Address(ClientAddress),
    /// The address's narrow network alone.
    Household(ClientAddress),
    /// A keyed hash of the normalised e-mail; never the e-mail itself.
    Email(&'a [u8]),
    /// The site's id and the device's.
    Device(&'a str, &'a str),
    /// The site's id.
    Site(&'a str),
}

impl<'a> Demand<'a> {
    /// One unit of an action that is counted by address: all but those below.
    #[must_use]
    pub const fn by_address(action: Action, address: ClientAddress) -> Self {
        let key = Key::Address(address);
        Self { action, key }
    }

    /// The same, whatever the neighbourhood does.
    #[must_use]
    pub const fn by_household(action: Action, address: ClientAddress) -> Self {
        let key = Key::Household(address);
        Self { action, key }
    }

    /// A comment from an e-mail, given as a keyed hash of its normalised form; never the e-mail itself.
    #[must_use]
    pub const fn by_email(digest: &'a [u8]) -> Self {
        Self {
            action: Action::SubmitEmail,
            key: Key::Email(digest),
        }
    }

    /// A comment from a device, given by the ids of its site and its own.
    #[must_use]
    pub const fn by_device(site: &'a str, device: &'a str) -> Self {
        Self {
            action: Action::SubmitDevice,
            key: Key::Device(site, device),
        }
    }

    /// A comment on a site, given by its id.
    #[must_use]
    pub const fn by_site(site: &'a str) -> Self {
        Self {
            action: Action::SubmitSite,
            key: Key::Site(site),
        }
    }

    /// A test of the captcha keys of a site, given by its id.
    #[must_use]
    pub const fn by_site_test(site: &'a str) -> Self {
        Self {
            action: Action::CaptchaTest,
            key: Key::Site(site),
        }
    }

    /// The one or two buckets that it draws from.
    fn buckets(&self, quotas: &Quotas) -> impl Iterator<Item = Bucket<'a>> + use<'a> {
        let action = self.action;
        let quota = quotas.of(action);
        let (narrow, wide) = match self.key {
            Key::Address(address) => (
                BucketKey::Network(address.narrow()),
                Some(BucketKey::Network(address.wide())),
            ),
            Key::Household(address) => (BucketKey::Network(address.narrow()), None),
            Key::Email(digest) => (BucketKey::Email(digest), None),
            Key::Device(site, device) => (BucketKey::Device(site, device), None),
            Key::Site(site) => (BucketKey::Site(site), None),
        };
        let wide = wide.zip(quota.wide());
        let narrow = Bucket {
            action,
            wide: false,
            key: narrow,
            rate: quota.narrow(),
        };
        std::iter::once(narrow).chain(wide.map(move |(key, rate)| Bucket {
            action,
            wide: true,
            key,
            rate,
        }))
    }
}

/// What is counted: one action for one network, e-mail, device or site.
#[derive(Debug, Clone, Copy)]
struct Bucket<'a> {
    action: Action,
    wide: bool,
    key: BucketKey<'a>,
    rate: Rate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum BucketKey<'a> {
    Network(Prefix),
    Email(&'a [u8]),
    Device(&'a str, &'a str),
    Site(&'a str),
}

/// A refusing limit is exceeded. `Display` is for logs; readers get the sentence and the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rate limit of {} exceeded, {} s to wait", self.policy(), self.retry_after_seconds())]
pub struct Refusal {
    /// What was wanted.
    pub action: Action,
    /// Whether it was the wide network's limit.
    pub wide: bool,
    /// The time after which the same request passes, if nobody else of that key comes first.
    pub retry_after: Duration,
    /// The size of the bucket, in units.
    pub burst: u32,
    /// How long the empty bucket takes to fill.
    pub refill: Duration,
}

impl Refusal {
    /// The header `Retry-After`: whole seconds, rounded up, at least 1.
    #[must_use]
    pub fn retry_after_seconds(&self) -> u64 {
        whole_seconds(self.retry_after)
    }

    /// The header `RateLimit` of draft-ietf-httpapi-ratelimit-headers: `"submit";r=0;t=123`.
    #[must_use]
    pub fn rate_limit(&self) -> String {
        format!("\"{}\";r=0;t={}", self.policy(), self.retry_after_seconds())
    }

    /// The header `RateLimit-Policy` of the same draft: `"submit";q=10;w=1800`, the bucket's size and
    /// the seconds in which it fills.
    #[must_use]
    pub fn rate_limit_policy(&self) -> String {
        format!(
            "\"{}\";q={};w={}",
            self.policy(),
            self.burst,
            whole_seconds(self.refill)
        )
    }

    fn policy(&self) -> String {
        format!("{}{}", self.action.name(), if self.wide { "_wide" } else { "" })
    }
}

/// Rounded up, at least 1.
fn whole_seconds(duration: Duration) -> u64 {
    let started = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(started).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_of_a_refusal() {
        let quotas = Quotas::default();
        let limits = Limits::with_clock(&quotas, || Duration::from_millis(1_500)).unwrap();
        let demand = table::by_address(Action::Submit, "192.0.2.1");
        for _ in 0..10 {
            limits.check(&[demand]).unwrap();
        }
        let refusal = limits.check(&[demand]).unwrap_err();
        assert_eq!(refusal.retry_after_seconds(), 180);
        assert_eq!(refusal.rate_limit(), "\"submit\";r=0;t=180");
        assert_eq!(refusal.rate_limit_policy(), "\"submit\";q=10;w=1800");
        assert_eq!(refusal.to_string(), "rate limit of submit exceeded, 180 s to wait");
        let wide = Refusal {
            wide: true,
            retry_after: Duration::from_millis(11_001),
            ..refusal
        };
        assert_eq!(wide.rate_limit(), "\"submit_wide\";r=0;t=12");
    }

    #[test]
    fn switched_off_everything_passes() {
        let quotas = Quotas {
            enabled: false,
            ..Quotas::default()
        };
        let limits = Limits::new(&quotas).unwrap();
        let demand = table::by_address(Action::SignIn, "192.0.2.1");
        assert!((0..1_000).all(|_| limits.check(&[demand]) == Ok(Vec::new())));
        assert_eq!((limits.peek(&[demand]), limits.keys()), (Ok(Vec::new()), 0));
    }

    #[test]
    fn names_are_those_of_the_configuration() {
        for action in Action::ALL {
            let section = format!("{} = {{ burst = 7, per_hour = 7 }}", action.name());
            let quotas: Quotas = toml::from_str(&section).unwrap();
            assert_eq!(quotas.of(action), Quota::new(7, 7));
            assert_eq!(
                action.beyond() == Beyond::Hold,
                action.sentence_code() != "rate_limited"
            );
        }
    }
}
