//! What every limiter must answer, instant by instant; each kind of limiter runs this table.
//!
//! [`stories`] has the steps, [`run`] takes a limiter through one story. Instants are whole seconds and
//! quotas the defaults, so a changed default shows up here. To add a story: an entry in [`stories`].

use super::{action::Action, demand::Demand, refusal::Outcome};
use crate::domain::address::ClientAddress;

/// At `second` the demands are made at once, on a limiter with the default quotas.
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
            Err(refusal) => Self::Refuses(refusal.action, refusal.wide, refusal.retry_after_seconds()),
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
    use Action::{Appeal, Form, NewThread, Read, Report, SignIn, Submit, SubmitDevice, SubmitEmail, SubmitSite};
    use Expected::{Holds, Passes, Refuses};
    let step = |second, passes_before, demands: &[Demand<'static>], expected| {
        Step { second, passes_before, demands: demands.to_vec(), expected }
    };
    let [reader, neighbour] = ["192.0.2.1", "192.0.2.2"].map(|a| by_address(Submit, a));
    let household = |number: u8| by_address(Submit, &format!("2001:db8:1:{number}::1"));
    let first = |action| by_address(action, "192.0.2.1");
    let sign_in = |number: u8| by_address(SignIn, &format!("2001:db8:1:{number}::1"));
    let known = |number: u8| {
        let address = format!("2001:db8:1:{number}::1");
        Demand::by_household(SignIn, ClientAddress::new(address.parse().unwrap()))
    };
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
        ("a device beyond its limit is held, on its site alone", vec![
            step(0, 4, &[Demand::by_device("gazette", "d")], Passes),
            step(0, 0, &[Demand::by_device("gazette", "d")], Holds(&[SubmitDevice])),
            step(0, 0, &[Demand::by_device("courrier", "d")], Passes),
            step(0, 0, &[Demand::by_device("gazette", "e")], Passes),
            step(0, 9, &[reader], Passes),
            step(719, 0, &[Demand::by_device("gazette", "d")], Holds(&[SubmitDevice])),
            step(720, 0, &[Demand::by_device("gazette", "d")], Passes),
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
        ("a neighbourhood that is shut does not shut out who is known there", vec![
            step(0, 4, &[sign_in(1)], Passes),
            step(0, 4, &[sign_in(2)], Passes),
            step(0, 4, &[sign_in(3)], Passes),
            step(0, 4, &[sign_in(4)], Passes),
            step(0, 4, &[sign_in(5)], Passes),
            step(0, 4, &[sign_in(6)], Passes),
            step(0, 0, &[sign_in(7)], Refuses(SignIn, true, 60)),
            step(0, 4, &[known(7)], Passes),
            step(0, 0, &[known(7)], Refuses(SignIn, false, 60)),
        ]),
        ("a demand given twice counts once", vec![
            step(0, 4, &[first(SignIn); 2], Passes),
            step(0, 0, &[first(SignIn); 2], Refuses(SignIn, false, 60)),
        ]),
    ]
}

/// Runs one story: `check` answers the demands at the given second.
pub(super) fn run(story: &str, steps: Vec<Step>, mut check: impl FnMut(u64, &[Demand<'static>]) -> Outcome) {
    for (number, step) in steps.into_iter().enumerate() {
        for pass in 0..step.passes_before {
            let outcome = Expected::from(check(step.second, &step.demands));
            assert_eq!(outcome, Expected::Passes, "{story}, step {number}, pass {pass}");
        }
        let outcome = Expected::from(check(step.second, &step.demands));
        assert_eq!(outcome, step.expected, "{story}, step {number} {:?}", step.demands);
    }
}
