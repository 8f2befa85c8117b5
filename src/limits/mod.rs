//! How often one address, network, e-mail or site may do each limited thing.
//!
//! [`Action`] is the list of limited things, a [`Demand`] one unit of one of them wanted by somebody, [`Quotas`] the
//! configuration. Invariant: all limits of a request are looked at before any is charged; a refused request
//! costs nothing; waiting `Retry-After` seconds lets the same request pass; address limits refuse, e-mail, device and site limits only hold (a carrier puts a town behind one
//! address, and a surge must not silence honest readers); nothing grows with the number of visitors.
//!
//! Counts live in this process and may be lost at any time: what must be counted exactly (failed
//! sign-ins of an account, one report a device) is counted in the store. `action.rs` tells how to add an action.

mod action;
mod demand;
mod memory;
mod quota;
mod quotas;
mod refusal;
#[cfg(test)]
mod table;

use std::time::Duration;

use self::memory::Memory;
pub use self::{
    action::{Action, Beyond},
    demand::{Demand, Key},
    quota::Quota,
    quotas::{Counts, Quotas},
    refusal::{Outcome, Refusal},
};

/// The limiter of this process.
#[derive(Debug)]
pub enum Limits {
    /// Everything passes.
    Off,
    /// Counts in this process.
    Memory(Box<Memory>),
}

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
        for &action in Action::ALL {
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
