//! What happens in one simulated history: steps as plain numbers, drawn from a seed.
//!
//! A number that picks something is taken modulo what there is when its step comes, so that a history from which
//! steps were taken out is still one: that is what makes it possible to shorten one that breaks.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Steps of one history.
const STEPS: usize = 60;

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody wants something; it is on its way from now on.
    Send(Request, Fate),
    /// So many of what is on its way reach the store together.
    Arrive(u8),
    /// What is due is told to receivers.
    Tell(Hearing),
    /// Time passes.
    Wait(Span),
    /// The job makes a part of each bulk that is open, of so many comments.
    GoOn(u8),
    /// Texts run out.
    Expire,
    /// The audit log is sealed.
    Seal,
    /// What has run out is deleted.
    Purge,
    /// The process ends, and what is on its way with it; another one begins.
    Restart,
}

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Submit {
        reader: u8,
        article: u8,
        score: u16,
    },
    /// The same again, as a page sends what it heard nothing of.
    SubmitAgain(u8),
    /// Another text under the key of an earlier one.
    OtherText(u8),
    SecondCheck(u8),
    Claim(u8),
    Lease {
        who: u8,
        comment: u8,
    },
    Decide {
        who: u8,
        comment: u8,
        act: u8,
        version: Version,
    },
    /// The same again, under its key.
    DecideAgain(u8),
    /// Of a decision that is named, or of the comment's latest.
    Undo {
        who: u8,
        comment: u8,
        named: bool,
    },
    /// A decision about all of a site with a status, as they are when it is sent.
    Bulk {
        who: u8,
        site: u8,
        status: u8,
        act: u8,
    },
    /// All of it is taken back, also while it goes on.
    UndoBulk(u8),
    Appeal(u8),
    Report {
        comment: u8,
        reader: u8,
    },
    Erase(u8),
    Policy {
        site: u8,
        cuts: u8,
        stale: bool,
    },
    Thread {
        article: u8,
        open: bool,
    },
}

/// Which version a decision is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// What is there when it is sent; it may be another when it arrives.
    Seen,
    Before,
    Any,
}

/// What becomes of a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives, and its answer too.
    Acknowledged,
    /// It never arrives.
    Lost,
    /// It arrives, and its answer does not.
    Ambiguous,
    /// It arrives so many times later than others.
    Slow(u8),
    /// The store has no time, and says so.
    Busy,
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hearing {
    Heard,
    /// The receiver heard it, and the process was killed before it wrote that down.
    HeardThenKilled,
    Failed,
    /// Killed on its way.
    Killed,
}

/// How much time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    Seconds(u8),
    Minutes(u8),
    Days(u8),
}

/// The history of a seed: each site has thresholds, and then anything may happen.
pub(crate) fn of_seed(seed: u64) -> Vec<Step> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut steps = Vec::with_capacity(STEPS);
    for site in 0..2 {
        let (cuts, stale) = (rng.random(), false);
        steps.push(Step::Send(Request::Policy { site, cuts, stale }, Fate::Acknowledged));
        steps.push(Step::Arrive(1));
    }
    steps.resize_with(STEPS, || step(&mut rng));
    steps
}

fn step(rng: &mut StdRng) -> Step {
    match rng.random_range(0..100) {
        0..58 => Step::Send(request(rng), fate(rng)),
        58..75 => Step::Arrive(rng.random_range(1..=4)),
        75..80 => Step::GoOn(rng.random_range(1..=2)),
        80..88 => Step::Tell(match rng.random_range(0..8) {
            0..4 => Hearing::Heard,
            4 | 5 => Hearing::HeardThenKilled,
            6 => Hearing::Failed,
            _ => Hearing::Killed,
        }),
        88..95 => Step::Wait(match rng.random_range(0..10) {
            0..5 => Span::Seconds(rng.random_range(1..=30)),
            5..8 => Span::Minutes(rng.random_range(1..=30)),
            8 => Span::Days(1),
            _ => Span::Days(rng.random_range(20..=95)),
        }),
        95 => Step::Expire,
        96 => Step::Seal,
        97 => Step::Purge,
        _ => Step::Restart,
    }
}

fn request(rng: &mut StdRng) -> Request {
    let mut one = || rng.random::<u8>();
    let (a, b, c) = (one(), one(), one());
    match rng.random_range(0..114) {
        0..22 => Request::Submit {
            reader: a,
            article: b,
            // Mostly such as thresholds make something of.
            score: match rng.random_range(0..10) {
                0..4 => rng.random_range(0..200),
                4..8 => rng.random_range(600..=1000),
                _ => rng.random_range(0..=1100),
            },
        },
        22..29 => Request::SubmitAgain(a),
        29..31 => Request::OtherText(a),
        31..34 => Request::SecondCheck(a),
        34..36 => Request::Claim(a),
        36..39 => Request::Lease { who: a, comment: b },
        39..64 => Request::Decide {
            who: a,
            comment: b,
            act: c,
            version: match rng.random_range(0..6) {
                0..4 => Version::Seen,
                4 => Version::Any,
                _ => Version::Before,
            },
        },
        64..69 => Request::DecideAgain(a),
        69..76 => Request::Undo {
            who: a,
            comment: b,
            named: c % 2 == 0,
        },
        76..85 => Request::Appeal(a),
        85..91 => Request::Report { comment: a, reader: b },
        91..94 => Request::Erase(a),
        94..97 => Request::Policy {
            site: a,
            cuts: b,
            stale: c % 4 == 0,
        },
        97..103 => Request::Bulk {
            who: a,
            site: b % 4,
            status: c,
            act: b,
        },
        103..110 => Request::UndoBulk(a),
        _ => Request::Thread {
            article: a,
            open: b % 3 != 0,
        },
    }
}

fn fate(rng: &mut StdRng) -> Fate {
    match rng.random_range(0..20) {
        0..12 => Fate::Acknowledged,
        12 | 13 => Fate::Lost,
        14..17 => Fate::Ambiguous,
        17 | 18 => Fate::Slow(rng.random_range(1..=3)),
        _ => Fate::Busy,
    }
}
