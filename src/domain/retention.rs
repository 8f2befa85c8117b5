//! How long what is kept.
//!
//! The store asks here what to delete, jobs which texts have run out, actions until when they may promise a text. What
//! says who somebody is (sessions, links, codes) ends by its own time, in the action that makes it.

use std::time::Duration;

use super::{status::Status, timestamp::Timestamp, trust};

/// A keyed hash of a client's address.
pub const CLIENT_KEYS: Duration = days(30);

/// The keys by which a later submission is a repeat.
pub const REPEAT_KEYS: Duration = days(1);

/// How long a receipt opens.
pub const RECEIPTS: Duration = days(90);

/// What was decided on comments of a device that were blanked: for as long as it counts.
pub const DEVICE_FAULTS: Duration = trust::LIFE;

/// Under which name a provider checked a comment, so that it can be told what became of it.
pub const ASSESSMENTS: Duration = days(90);

/// Deliveries, once they have ended.
pub const DELIVERIES: Duration = days(30);

/// Events that nobody is still to be told.
pub const EVENTS: Duration = days(90);

/// A claim on a submission, once it has run out: its owner may still come back to it.
pub const CLAIMS_AFTER: Duration = Duration::from_mins(1);

/// How long the texts of a comment are kept in that state; `None`: for as long as it is in it.
#[must_use]
pub const fn texts(status: Status) -> Option<Duration> {
    match status {
        Status::Refused | Status::Spam => Some(days(30)),
        Status::Rejected => Some(days(90)),
        Status::Pending | Status::Approved | Status::Erased => None,
    }
}

/// The states whose texts run out, each with the time before which one must have come into it.
pub fn run_out(now: Timestamp) -> impl Iterator<Item = (Status, Timestamp)> {
    Status::ALL
        .iter()
        .filter_map(move |status| Some((*status, now.minus(texts(*status)?))))
}

/// Until when the text of a comment is kept that was refused at `at`.
#[must_use]
pub fn refused_until(at: Timestamp) -> Timestamp {
    texts(Status::Refused).map_or(at, |kept| at.plus(kept))
}

const fn days(number: u64) -> Duration {
    Duration::from_hours(24 * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public_or_waits_never_runs_out() {
        let table = [
            (Status::Pending, None),
            (Status::Approved, None),
            (Status::Rejected, Some(90)),
            (Status::Spam, Some(30)),
            (Status::Refused, Some(30)),
            (Status::Erased, None),
        ];
        assert_eq!(table.map(|(status, _)| status).as_slice(), Status::ALL);
        for (status, kept) in table {
            assert_eq!(texts(status), kept.map(days), "{status:?}");
        }
    }

    #[test]
    fn each_state_that_runs_out_comes_with_its_time() {
        let now = Timestamp(200 * 86_400_000);
        let before = |ago: i64| Timestamp((200 - ago) * 86_400_000);
        let found: Vec<_> = run_out(now).collect();
        assert_eq!(
            found,
            [
                (Status::Rejected, before(90)),
                (Status::Spam, before(30)),
                (Status::Refused, before(30)),
            ]
        );
    }

    #[test]
    fn what_a_refused_reader_is_promised_is_what_is_kept() {
        let at = Timestamp(1_000);
        assert_eq!(
            Some(refused_until(at)),
            texts(Status::Refused).map(|kept| at.plus(kept))
        );
        assert!(refused_until(at) > at);
    }
}
