//! What the limits answer, and the headers that tell a client how long to wait.

use std::time::Duration;

use super::action::Action;

/// `Ok` holds the actions beyond a holding limit, mostly none, in the order of [`Action`]: keep what was
/// sent, for a person. `Err` is the refusing limit with the longest wait.
pub type Outcome = Result<Vec<Action>, Refusal>;

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
