//! What a submission asks before it is stored: whether its thread is open, and whether it came before.

use uuid::Uuid;

use super::from_row::from_row;
use crate::domain::timestamp::Timestamp;

/// An earlier submission with one of the same keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The key that is the same, with its prefix.
    pub key: String,
    /// The content's digest then.
    pub digest: String,
    pub comment: Uuid,
}

/// What is stored already when a submission arrives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// Whether its thread is open; `None`: there is none yet.
    pub thread_open: Option<bool>,
    /// Earlier submissions under any of its keys, in no order.
    pub repeats: Vec<Repeat>,
}

/// What one submission asks.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) site: String,
    pub(super) thread: String,
    pub(super) keys: Vec<String>,
    pub(super) now: Timestamp,
}

from_row! {
    /// A row of the answer: which look it belongs to, its thread, and one earlier submission.
    #[derive(Debug)]
    pub(super) struct Found {
        pub(super) look: i64,
        pub(super) thread_id: Option<Uuid>,
        pub(super) open: Option<bool>,
        pub(super) oldest_pending_at: Option<i64>,
        pub(super) repeat_key: Option<String>,
        pub(super) digest: Option<String>,
        pub(super) comment_id: Option<Uuid>,
        pub(super) expires_at: Option<i64>,
        /// Somebody is told of what comes in on the site; only in a row of a thread.
        pub(super) has_receiver: bool,
    }
}

/// Asks about all of `rows` at once, each `(look, site, thread, key)`: the row with the empty key, which is
/// nobody's, finds the thread, the others earlier submissions. `begin` stands before the question. Gives
/// `Result<Vec<Found>, sqlx::Error>` on either engine.
macro_rules! ask_all {
    ($executor:expr, $begin:expr, $rows:expr) => {{
        // Index: threads_by_key; the keys are found by their table's primary key. Joined with values and not by IN, for which
        // SQLite builds a table.
        let mut query = ::sqlx::QueryBuilder::new($begin);
        query.push(
            "SELECT v.column1 AS look, t.id AS thread_id, t.open, t.oldest_pending_at, k.repeat_key, k.digest, \
             k.comment_id, k.expires_at, (t.id IS NOT NULL AND EXISTS (SELECT 1 FROM receivers r \
             WHERE r.site_id = v.column2)) AS has_receiver FROM (",
        );
        query.push_values($rows, |mut row, (look, site, thread, key): (i64, &str, &str, &str)| {
            row.push_bind(look).push_bind(site).push_bind(thread).push_bind(key);
        });
        query.push(
            ") AS v LEFT JOIN threads t ON t.site_id = v.column2 AND t.thread_key = v.column3 AND v.column4 = '' \
             LEFT JOIN repeat_keys k ON k.site_id = v.column2 AND k.repeat_key = v.column4",
        );
        query.build_query_as::<$crate::store::earlier::Found>().fetch_all($executor).await
    }};
}
pub(super) use ask_all;

/// What is asked about `looks`: each has a row with the empty key.
pub(super) fn asked(looks: &[Look]) -> impl Iterator<Item = (i64, &str, &str, &str)> {
    looks.iter().zip(0_i64..).flat_map(|(look, number)| {
        let keys = std::iter::once("").chain(look.keys.iter().map(String::as_str));
        keys.map(move |key| (number, look.site.as_str(), look.thread.as_str(), key))
    })
}

/// Sorts the rows by the looks they answer.
pub(super) fn answers(looks: &[Look], found: Vec<Found>) -> Vec<Before> {
    let mut answers = vec![Before::default(); looks.len()];
    for row in found {
        let Some((look, answer)) = usize::try_from(row.look)
            .ok()
            .and_then(|number| looks.get(number).zip(answers.get_mut(number)))
        else {
            continue;
        };
        answer.thread_open = answer.thread_open.or(row.open);
        if row.expires_at.is_some_and(|until| until > look.now.0)
            && let (Some(key), Some(digest), Some(comment)) = (row.repeat_key, row.digest, row.comment_id)
        {
            answer.repeats.push(Repeat { key, digest, comment });
        }
    }
    answers
}
