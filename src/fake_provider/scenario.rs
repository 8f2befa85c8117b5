//! How a fake behaves: how it fails, how slowly it answers, which scores it gives. Also the shape of
//! `POST /_control`.

use serde::{Deserialize, Serialize};

/// How it fails. In JSON the name alone, `"hang"`, or `{"status": 503}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    #[default]
    None,
    /// Nothing listens. Not over `POST /_control`, which nothing would hear again.
    RefuseConnection,
    /// Takes the call and never answers.
    Hang,
    /// An empty answer with this status.
    Status(u16),
    /// Status 200 and a page.
    Html,
    /// Status 200 and half a JSON object.
    Garbage,
    /// The right answer behind a byte order mark.
    Bom,
    /// The right answer, then 5 MB of spaces.
    Huge,
    /// Spends the token and breaks the connection before the first byte of the answer.
    LostReply,
    /// What the secret of a key without scores gets.
    SuccessWithoutScore,
    /// An error code that is on no list.
    UnknownCode,
    /// Google's sentence about the free quota; elsewhere status 429.
    QuotaText,
    /// Sends the caller to `/elsewhere`, on a private address.
    Redirect,
    InvalidSecret,
    BrowserError,
    /// The provider's own word for its own trouble, where it has one; elsewhere status 503.
    InternalError,
    /// The right answer with the host empty.
    EmptyHostname,
    /// The right answer for the host `evil.example`.
    WrongHostname,
    /// The right answer for the action `login`.
    WrongAction,
    /// Prosopo's answer when its back end is late: verified, with a score of 0. Elsewhere as
    /// `InternalError`.
    OutageReply,
}

/// Everything that [`super::FakeProvider`] can be told to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Scenario {
    pub fault: Fault,
    /// How many more verifications fail like that; `None`: all.
    pub fault_times: Option<u32>,
    /// Shortest and longest wait before an answer, milliseconds; in between all are equally likely.
    pub latency_ms: [u64; 2],
    /// How far its clock is ahead of ours in what it says, milliseconds.
    pub skew_ms: i64,
    pub levels: Levels,
    pub shift: Option<Shift>,
    /// From this many verifications on, the quota is used up.
    pub quota_after: Option<usize>,
    /// Answers with this, whatever comes.
    pub canned: Option<Canned>,
}

/// Which scores leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Levels {
    /// The score as the token says it.
    #[default]
    All,
    /// The nearest of 0.1, 0.3, 0.7 and 0.9, as a default key gives.
    Four,
    /// The nearest tenth, as a key with eleven levels gives.
    Eleven,
}

/// From a time on all scores are multiplied, as in a collapse of a provider's model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Unix milliseconds on the fake's clock.
    pub at_ms: i64,
    /// 0..=1.
    pub factor: f64,
}

/// An answer word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canned {
    pub status: u16,
    pub body: String,
}

/// What `POST /_control` takes: what is absent stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Control {
    /// Everything back to its beginning, before the rest is applied.
    #[serde(default)]
    pub(super) reset: bool,
    /// Moves the clock forward, seconds.
    pub(super) advance_seconds: Option<u32>,
    fault: Option<Fault>,
    fault_times: Option<u32>,
    latency_ms: Option<[u64; 2]>,
    skew_ms: Option<i64>,
    levels: Option<Levels>,
    shift: Option<Shift>,
    quota_after: Option<usize>,
    canned: Option<Canned>,
}

/// Longest wait that can be asked for, milliseconds: longer than any client's patience.
const LATENCY_MAX_MS: u64 = 120_000;

impl Control {
    /// `before` with the changes.
    ///
    /// # Errors
    /// A sentence that names the member.
    pub(super) fn apply(self, before: Scenario) -> Result<Scenario, String> {
        if self.fault == Some(Fault::RefuseConnection) {
            return Err("fault: refuse_connection cannot be taken back over HTTP; stop the program".to_owned());
        }
        if let Some([shortest, longest]) = self.latency_ms
            && !(shortest <= longest && longest <= LATENCY_MAX_MS)
        {
            return Err(format!(
                "latency_ms: not two milliseconds in order, up to {LATENCY_MAX_MS}"
            ));
        }
        let base = if self.reset { Scenario::default() } else { before };
        Ok(Scenario {
            // A new fault fails always, unless it says how often.
            fault_times: match self.fault {
                Some(_) => self.fault_times,
                None => self.fault_times.or(base.fault_times),
            },
            fault: self.fault.unwrap_or(base.fault),
            latency_ms: self.latency_ms.unwrap_or(base.latency_ms),
            skew_ms: self.skew_ms.unwrap_or(base.skew_ms),
            levels: self.levels.unwrap_or(base.levels),
            shift: self.shift.or(base.shift),
            quota_after: self.quota_after.or(base.quota_after),
            canned: self.canned.or(base.canned),
        })
    }
}

impl Scenario {
    /// The score that leaves for a token's own, at `now_ms` on the fake's clock.
    pub(super) fn score(&self, score: f64, now_ms: i64) -> f64 {
        let score = match self.shift {
            Some(shift) if now_ms >= shift.at_ms => score * shift.factor,
            _ => score,
        };
        let nearest = |levels: &[f64]| {
            let by_distance = |a: &f64, b: &f64| (a - score).abs().total_cmp(&(b - score).abs());
            levels.iter().copied().min_by(by_distance).unwrap_or(score)
        };
        match self.levels {
            Levels::All => score,
            Levels::Four => nearest(&[0.1, 0.3, 0.7, 0.9]),
            Levels::Eleven => (score * 10.0).round() / 10.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    #[test]
    fn scores_are_shifted_and_put_on_levels() {
        let mut scenario = Scenario::default();
        assert!(close(scenario.score(0.82, 0), 0.82));
        scenario.levels = Levels::Four;
        assert!(close(scenario.score(0.82, 0), 0.9) && close(scenario.score(0.45, 0), 0.3));
        scenario.levels = Levels::Eleven;
        assert!(close(scenario.score(0.82, 0), 0.8) && close(scenario.score(0.04, 0), 0.0));
        scenario.shift = Some(Shift {
            at_ms: 100,
            factor: 0.5,
        });
        assert!(close(scenario.score(0.8, 99), 0.8) && close(scenario.score(0.8, 100), 0.4));
    }

    #[test]
    fn control_changes_what_it_names() {
        let control = |json: &str| serde_json::from_str::<Control>(json).expect("JSON");
        let first = control(r#"{"fault": {"status": 503}, "fault_times": 2, "latency_ms": [5, 9]}"#);
        let first = first.apply(Scenario::default()).expect("valid");
        assert_eq!((first.fault, first.fault_times), (Fault::Status(503), Some(2)));
        let second = control(r#"{"fault": "hang"}"#).apply(first.clone()).expect("valid");
        assert_eq!((second.fault, second.fault_times), (Fault::Hang, None));
        assert_eq!(second.latency_ms, [5, 9], "stays");
        let cleared = control(r#"{"reset": true}"#).apply(second).expect("valid");
        assert_eq!(cleared, Scenario::default());
        for wrong in [r#"{"fault": "refuse_connection"}"#, r#"{"latency_ms": [9, 5]}"#] {
            assert!(control(wrong).apply(first.clone()).is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<Control>(r#"{"foult": "hang"}"#).is_err());
    }
}
