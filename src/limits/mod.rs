//! How often one address, network, e-mail or site may do each limited thing.
//!
//! [`Action`] is the list: it owns each action's name, default quota, what happens beyond it and the
//! code of the sentence that says so. What must hold: all limits of a request are looked at before any
//! is charged; a refused request costs nothing; waiting `Retry-After` seconds lets the same request
//! pass; address limits refuse, e-mail and site limits only hold (a carrier puts a town behind one
//! address, and a surge must not silence honest readers); nothing grows with the number of visitors.
//!
//! Counts live in this process and may be lost at any time: what must be counted exactly (failed
//! sign-ins of an account, one report a device) is counted in the store. To add an action: a variant and
//! its `Rule` here, its table in [`Quotas`] and in the documented configuration.

mod memory;

use std::{num::NonZeroU32, time::Duration};

use serde::Deserialize;

pub use self::memory::Memory;
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

    /// How many networks, e-mails and sites are remembered in this process, all actions together.
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
    /// A comment is sent, by site.
    SubmitSite,
    /// A form token is asked for.
    Form,
    /// A thread, count or feed is read.
    Read,
    /// A comment would be the first of its thread.
    NewThread,
    /// A sign-in is tried.
    SignIn,
    /// A reader reports a comment.
    Report,
    /// A refused reader asks for a person.
    Appeal,
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
    pub const ALL: [Self; 9] = [
        Self::Submit,
        Self::SubmitEmail,
        Self::SubmitSite,
        Self::Form,
        Self::Read,
        Self::NewThread,
        Self::SignIn,
        Self::Report,
        Self::Appeal,
    ];

    const fn rule(self) -> Rule {
        match self {
            Self::Submit => Rule::refuse("submit", Quota::new(10, 20).with_wide(60, 300)),
            Self::SubmitEmail => Rule::hold("submit_email", Quota::new(5, 5)),
            Self::SubmitSite => Rule::hold("submit_site", Quota::new(600, 600)),
            Self::Form => Rule::refuse("form", Quota::new(60, 60 * 60)),
            Self::Read => Rule::refuse("read", Quota::new(600, 600 * 60)),
            Self::NewThread => Rule::refuse("new_thread", Quota::new(10, 30)),
            Self::SignIn => Rule::refuse("sign_in", Quota::new(5, 5 * 12)),
            Self::Report => Rule::refuse("report", Quota::new(10, 30)),
            Self::Appeal => Rule::refuse("appeal", Quota::new(10, 30)),
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
    /// A keyed hash of the normalised e-mail; never the e-mail itself.
    Email(&'a [u8]),
    /// The site's id.
    Site(&'a str),
}

impl<'a> Demand<'a> {
    /// One unit of an action that is counted by address: all but the two below.
    #[must_use]
    pub const fn by_address(action: Action, address: ClientAddress) -> Self {
        let key = Key::Address(address);
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

    /// A comment on a site, given by its id.
    #[must_use]
    pub const fn by_site(site: &'a str) -> Self {
        Self {
            action: Action::SubmitSite,
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
            Key::Email(digest) => (BucketKey::Email(digest), None),
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

/// What is counted: one action for one network, e-mail or site.
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
    Site(&'a str),
}

/// A bucket of `burst` units that gains `per_hour` units an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    burst: NonZeroU32,
    per_hour: NonZeroU32,
}

impl Rate {
    /// How long an empty bucket takes to fill.
    fn refill(self) -> Duration {
        Duration::from_hours(1) * self.burst.get() / self.per_hour.get()
    }
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
        format!(
            "{}{}",
            self.action.name(),
            if self.wide { "_wide" } else { "" }
        )
    }
}

/// Rounded up, at least 1.
fn whole_seconds(duration: Duration) -> u64 {
    let started = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(started).max(1)
}

/// The section `[rate_limit]` of the configuration. An action left out keeps its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// `false` lets everything pass. Default `true`.
    pub enabled: bool,
    /// Where counts are kept. Default `"memory"`.
    pub store: Counts,
    /// Comments sent, by address. Beyond it: 429.
    pub submit: Quota,
    /// Comments sent, by e-mail. Beyond it: held.
    pub submit_email: Quota,
    /// Comments sent, by site. Beyond it: held.
    pub submit_site: Quota,
    /// Form tokens asked for, by address. Beyond it: 429.
    pub form: Quota,
    /// Threads, counts and feeds read, by address. Beyond it: 429.
    pub read: Quota,
    /// First comments of a thread, by address. Beyond it: 429.
    pub new_thread: Quota,
    /// Sign-ins tried, by address. Beyond it: 429.
    pub sign_in: Quota,
    /// Reports by readers, by address. Beyond it: 429.
    pub report: Quota,
    /// Appeals of refused readers, by address. Beyond it: 429.
    pub appeal: Quota,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            enabled: true,
            store: Counts::Memory,
            submit: Action::Submit.rule().quota,
            submit_email: Action::SubmitEmail.rule().quota,
            submit_site: Action::SubmitSite.rule().quota,
            form: Action::Form.rule().quota,
            read: Action::Read.rule().quota,
            new_thread: Action::NewThread.rule().quota,
            sign_in: Action::SignIn.rule().quota,
            report: Action::Report.rule().quota,
            appeal: Action::Appeal.rule().quota,
        }
    }
}

impl Quotas {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// A sentence that begins with the field: `rate_limit.submit.burst …`.
    pub fn validate(&self) -> Result<(), String> {
        for action in Action::ALL {
            let by_address = !matches!(action, Action::SubmitEmail | Action::SubmitSite);
            self.of(action)
                .validate(by_address)
                .map_err(|complaint| format!("rate_limit.{}.{complaint}", action.name()))?;
        }
        Ok(())
    }

    /// The quota of an action.
    #[must_use]
    pub const fn of(&self, action: Action) -> Quota {
        match action {
            Action::Submit => self.submit,
            Action::SubmitEmail => self.submit_email,
            Action::SubmitSite => self.submit_site,
            Action::Form => self.form,
            Action::Read => self.read,
            Action::NewThread => self.new_thread,
            Action::SignIn => self.sign_in,
            Action::Report => self.report,
            Action::Appeal => self.appeal,
        }
    }
}

/// Where counts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Counts {
    /// In this process: each instance counts on its own.
    Memory,
}

impl TryFrom<String> for Counts {
    type Error = &'static str;

    /// The error does not repeat the value: an address of a store may hold a password.
    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "memory" => Ok(Self::Memory),
            _ => Err("unknown store of rate limits, only \"memory\" is known"),
        }
    }
}

/// The limit of one action: `{ burst = 10, per_hour = 20 }`, for most addresses with the same again for
/// the wide network. All numbers are 1..=1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Units at once after a pause.
    pub burst: NonZeroU32,
    /// Units that come back in an hour.
    pub per_hour: NonZeroU32,
    /// The burst of the wide network (IPv4 /24, IPv6 /48); absent = no limit there.
    pub wide_burst: Option<NonZeroU32>,
    /// The units an hour of the wide network; given with `wide_burst`.
    pub wide_per_hour: Option<NonZeroU32>,
}

impl Quota {
    /// Keeps every refill time far inside 64 bits of nanoseconds.
    const MAX: u32 = 1_000_000;

    /// A quota without a wide one. Zero counts as one.
    #[must_use]
    pub const fn new(burst: u32, per_hour: u32) -> Self {
        let (burst, per_hour) = (at_least_one(burst), at_least_one(per_hour));
        Self {
            burst,
            per_hour,
            wide_burst: None,
            wide_per_hour: None,
        }
    }

    /// The same with a limit of the wide network. Zero counts as one.
    #[must_use]
    pub const fn with_wide(self, wide_burst: u32, wide_per_hour: u32) -> Self {
        let (burst, per_hour) = (at_least_one(wide_burst), at_least_one(wide_per_hour));
        Self {
            wide_burst: Some(burst),
            wide_per_hour: Some(per_hour),
            ..self
        }
    }

    fn narrow(self) -> Rate {
        Rate {
            burst: self.burst,
            per_hour: self.per_hour,
        }
    }

    fn wide(self) -> Option<Rate> {
        let both = self.wide_burst.zip(self.wide_per_hour);
        both.map(|(burst, per_hour)| Rate { burst, per_hour })
    }

    fn validate(self, by_address: bool) -> Result<(), String> {
        let fields = [
            ("burst", Some(self.burst)),
            ("per_hour", Some(self.per_hour)),
            ("wide_burst", self.wide_burst),
            ("wide_per_hour", self.wide_per_hour),
        ];
        for (field, value) in fields {
            if value.is_some_and(|value| value.get() > Self::MAX) {
                return Err(format!("{field} is over {}", Self::MAX));
            }
            if value.is_some() && field.starts_with("wide") && !by_address {
                return Err(format!(
                    "{field} is set, but only addresses have a wide network"
                ));
            }
        }
        match (self.wide_burst, self.wide_per_hour) {
            (Some(_), None) => Err("wide_per_hour is missing beside wide_burst".to_owned()),
            (None, Some(_)) => Err("wide_burst is missing beside wide_per_hour".to_owned()),
            (Some(wide), _) if wide < self.burst => Err("wide_burst is under burst".to_owned()),
            (_, Some(wide)) if wide < self.per_hour => {
                Err("wide_per_hour is under per_hour".to_owned())
            }
            _ => Ok(()),
        }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// What every limiter must answer, instant by instant; each kind of limiter runs this table.
#[cfg(test)]
mod table {
    use super::*;

    /// At `second` the demands are made at once, on a limiter with [`Quotas::default`].
    #[derive(Debug)]
    pub(super) struct Step {
        pub(super) second: u64,
        /// How often the demands are made before those that count, each time passing.
        pub(super) passes_before: u32,
        pub(super) demands: Vec<Demand<'static>>,
        pub(super) expected: Expected,
    }

    #[derive(Debug, PartialEq, Eq)]
    pub(super) enum Expected {
        Passes,
        Holds(&'static [Action]),
        /// The action, whether the wide network's, `Retry-After` in seconds.
        Refuses(Action, bool, u64),
    }

    impl From<Outcome> for Expected {
        fn from(outcome: Outcome) -> Self {
            match outcome {
                Ok(held) if held.is_empty() => Self::Passes,
                Ok(held) => Self::Holds(held.leak()),
                Err(refusal) => {
                    Self::Refuses(refusal.action, refusal.wide, refusal.retry_after_seconds())
                }
            }
        }
    }

    pub(super) fn by_address(action: Action, address: &str) -> Demand<'static> {
        Demand::by_address(action, ClientAddress::new(address.parse().unwrap()))
    }

    fn by_email(digest: &'static str) -> Demand<'static> {
        Demand::by_email(digest.as_bytes())
    }

    /// Named stories, each on a limiter of its own; seconds never go back within one.
    #[rustfmt::skip] // one step a line
    pub(super) fn stories() -> Vec<(&'static str, Vec<Step>)> {
        use Action::{Appeal, Form, NewThread, Read, Report, SignIn, Submit, SubmitEmail, SubmitSite};
        use Expected::{Holds, Passes, Refuses};
        let step = |second, passes_before, demands: &[Demand<'static>], expected| {
            Step { second, passes_before, demands: demands.to_vec(), expected }
        };
        let [reader, neighbour] = ["192.0.2.1", "192.0.2.2"].map(|a| by_address(Submit, a));
        let household = |number: u8| by_address(Submit, &format!("2001:db8:1:{number}::1"));
        let first = |action| by_address(action, "192.0.2.1");
        let [email, other_email] = ["a", "b"].map(by_email);
        let [site, other_site] = ["gazette", "courrier"].map(Demand::by_site);
        vec![
            ("ten at once, then one every three minutes", vec![
                step(0, 10, &[reader], Refuses(Submit, false, 180)),
                step(60, 0, &[reader], Refuses(Submit, false, 120)),
                step(179, 0, &[reader], Refuses(Submit, false, 1)),
                step(180, 1, &[reader], Refuses(Submit, false, 180)),
                step(180, 0, &[neighbour], Passes),
                step(3780, 10, &[reader], Refuses(Submit, false, 180)),
            ]),
            ("an IPv6 household is one key, its /48 a wide one", vec![
                step(0, 9, &[household(1)], Passes),
                step(0, 0, &[by_address(Submit, "2001:db8:1:1:ffff::9")], Refuses(Submit, false, 180)),
                step(0, 9, &[household(2)], Passes),
                step(0, 9, &[household(3)], Passes),
                step(0, 9, &[household(4)], Passes),
                step(0, 9, &[household(5)], Passes),
                step(0, 9, &[household(6)], Passes),
                step(0, 0, &[household(7)], Refuses(Submit, true, 12)),
                step(0, 0, &[by_address(Submit, "2001:db8:2:7::1")], Passes),
                step(12, 1, &[household(7)], Refuses(Submit, true, 12)),
                // both limits exceeded: the longest wait
                step(12, 0, &[household(6)], Refuses(Submit, false, 168)),
            ]),
            ("a refused request charges nothing", vec![
                step(0, 9, &[first(NewThread)], Passes),
                step(0, 0, &[reader, first(NewThread), email], Refuses(NewThread, false, 120)),
                step(0, 9, &[reader], Passes),
                step(0, 4, &[email], Passes),
                step(0, 0, &[reader, first(NewThread)], Refuses(Submit, false, 180)),
            ]),
            ("an e-mail beyond its limit is held, and charges the rest", vec![
                step(0, 4, &[email], Passes),
                step(0, 0, &[email], Holds(&[SubmitEmail])),
                step(0, 0, &[other_email], Passes),
                step(0, 0, &[reader, email], Holds(&[SubmitEmail])),
                step(0, 9, &[reader], Refuses(Submit, false, 180)),
                step(719, 0, &[email], Holds(&[SubmitEmail])),
                step(720, 0, &[email], Passes),
            ]),
            ("a surge on a site holds and leaves other sites alone", vec![
                step(0, 599, &[site], Passes),
                step(0, 0, &[site], Holds(&[SubmitSite])),
                step(0, 0, &[other_site], Passes),
                step(0, 4, &[email], Passes),
                step(0, 0, &[site, email], Holds(&[SubmitEmail, SubmitSite])),
                step(6, 1, &[site], Holds(&[SubmitSite])),
            ]),
            ("every other action by address", vec![
                step(0, 60, &[first(Form)], Refuses(Form, false, 1)),
                step(0, 600, &[first(Read)], Refuses(Read, false, 1)),
                step(0, 10, &[first(NewThread)], Refuses(NewThread, false, 120)),
                step(0, 5, &[first(SignIn)], Refuses(SignIn, false, 60)),
                step(0, 10, &[first(Report)], Refuses(Report, false, 120)),
                step(0, 10, &[first(Appeal)], Refuses(Appeal, false, 120)),
                step(300, 5, &[first(SignIn)], Refuses(SignIn, false, 60)),
            ]),
            ("a demand given twice counts once", vec![
                step(0, 4, &[first(SignIn); 2], Passes),
                step(0, 0, &[first(SignIn); 2], Refuses(SignIn, false, 60)),
            ]),
        ]
    }

    /// Runs one story: `check` answers the demands at the given second.
    pub(super) fn run(
        story: &str,
        steps: Vec<Step>,
        mut check: impl FnMut(u64, &[Demand<'static>]) -> Outcome,
    ) {
        for (number, step) in steps.into_iter().enumerate() {
            for pass in 0..step.passes_before {
                let outcome = Expected::from(check(step.second, &step.demands));
                assert_eq!(
                    outcome,
                    Expected::Passes,
                    "{story}, step {number}, pass {pass}"
                );
            }
            let outcome = Expected::from(check(step.second, &step.demands));
            assert_eq!(
                outcome, step.expected,
                "{story}, step {number} {:?}",
                step.demands
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_and_an_empty_section_are_the_defaults() {
        assert_eq!(toml::from_str::<Quotas>("").unwrap(), Quotas::default());
        assert_eq!(Quotas::default().validate(), Ok(()));
        let changed: Quotas = toml::from_str("submit = { burst = 3, per_hour = 6 }").unwrap();
        assert_eq!(
            changed,
            Quotas {
                submit: Quota::new(3, 6),
                ..Quotas::default()
            }
        );
    }

    #[test]
    fn a_bad_quota_is_named_and_refused() {
        let cases = [
            ("submit = { burst = 0, per_hour = 6 }", "submit.burst"),
            ("submit = { burst = 1, per_hour = 0 }", "submit.per_hour"),
            ("submit = { burst = 1, per_hour = -1 }", "submit.per_hour"),
            ("submit = { burst = 1 }", "missing field `per_hour`"),
            (
                "submit = { burst = 1, per_hour = 1, per_day = 1 }",
                "unknown field `per_day`",
            ),
            (
                "submits = { burst = 1, per_hour = 1 }",
                "unknown field `submits`",
            ),
            (
                "form = { burst = 1000001, per_hour = 6 }",
                "rate_limit.form.burst is over 1000000",
            ),
            (
                "form = { burst = 1, per_hour = 4294967295 }",
                "rate_limit.form.per_hour is over",
            ),
            (
                "read = { burst = 1, per_hour = 1, wide_burst = 1 }",
                "rate_limit.read.wide_per_hour",
            ),
            (
                "read = { burst = 1, per_hour = 1, wide_per_hour = 1 }",
                "rate_limit.read.wide_burst",
            ),
            (
                "read = { burst = 2, per_hour = 1, wide_burst = 1, wide_per_hour = 1 }",
                "rate_limit.read.wide_burst is under burst",
            ),
            (
                "submit_site = { burst = 1, per_hour = 1, wide_burst = 1, wide_per_hour = 1 }",
                "rate_limit.submit_site.wide_burst is set",
            ),
            (
                "store = \"redis://user:hunter2@cache\"",
                "only \"memory\" is known",
            ),
        ];
        for (section, complaint) in cases {
            // through a table, as layered configuration is read
            let table: toml::Table = toml::from_str(section).unwrap();
            let quotas = table
                .try_into::<Quotas>()
                .map_err(|error| error.to_string());
            let error = quotas.and_then(|quotas| quotas.validate()).unwrap_err();
            assert!(error.contains(complaint), "{section}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

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
        assert_eq!(
            refusal.to_string(),
            "rate limit of submit exceeded, 180 s to wait"
        );
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
