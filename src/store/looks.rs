//! What submissions ask before they are stored, on SQLite: those that wait at the same time are one
//! question.
//!
//! A question costs its connection's thread a switch there and back, the log's read lock, and after
//! every commit the pages that the connection had kept. While many submissions arrive they share that,
//! as they share the sync of their commit; one that comes alone is asked at once.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    StoreError,
    comments::{Before, Repeat},
    readers::Readers,
    recent::Recent,
};
use crate::domain::timestamp::Timestamp;

/// Submissions in one question at most.
const TOGETHER: usize = 32;

/// Submissions waiting at most; beyond it callers are told to come back.
const QUEUE: usize = 1024;

/// How long a submission waits for its answer: a reader is waited for five seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one submission asks.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) site: String,
    pub(super) thread: String,
    pub(super) keys: Vec<String>,
    pub(super) now: Timestamp,
}

/// A row of the answer: which look it belongs to, its thread, and one earlier submission.
#[derive(Debug, sqlx::FromRow)]
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
        query.build_query_as::<$crate::store::looks::Found>().fetch_all($executor).await
    }};
}
pub(super) use ask_all;

/// What is asked about `looks`: each has a row with the empty key.
pub(super) fn rows(looks: &[Look]) -> impl Iterator<Item = (i64, &str, &str, &str)> {
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

type Answer = oneshot::Sender<Result<Before, StoreError>>;

/// The queue to the asking task.
#[derive(Debug)]
pub(super) struct Looks {
    queue: mpsc::Sender<(Look, Answer)>,
    recent: Arc<Recent>,
}

impl Looks {
    /// Starts the task; it ends with the queue.
    pub(super) fn start(readers: Arc<Readers>, recent: Arc<Recent>) -> Self {
        let (queue, looks) = mpsc::channel(QUEUE);
        tokio::spawn(work(readers, looks, Arc::clone(&recent)));
        Self { queue, recent }
    }

    /// Answers from what is known, or sends the look and waits for its answer.
    pub(super) async fn ask(&self, look: Look) -> Result<Before, StoreError> {
        if self.recent.is_first(&look) {
            return Ok(Before {
                thread_open: Some(true),
                repeats: Vec::new(),
            });
        }
        let (answer, wait) = oneshot::channel();
        self.queue
            .try_send((look, answer))
            .map_err(|_| StoreError::Unavailable(format!("{QUEUE} submissions are waiting already")))?;
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(Ok(result)) => result,
            _ => Err(StoreError::Unavailable("no reader answered in time".to_owned())),
        }
    }
}

async fn work(readers: Arc<Readers>, mut queue: mpsc::Receiver<(Look, Answer)>, recent: Arc<Recent>) {
    let mut together = Vec::with_capacity(TOGETHER);
    while queue.recv_many(&mut together, TOGETHER).await > 0 {
        let (looks, waiting): (Vec<Look>, Vec<Answer>) = together.drain(..).unzip();
        match read(&readers, &looks).await {
            Ok(found) => {
                for ((look, answer), waits) in looks.iter().zip(answers(&looks, found)).zip(waiting) {
                    if answer.thread_open == Some(true) {
                        recent.note_open(&look.site, &look.thread);
                    }
                    let _ = waits.send(Ok(answer));
                }
            }
            Err(error) => {
                let error = StoreError::from(error);
                for waits in waiting {
                    let _ = waits.send(Err(error.clone()));
                }
            }
        }
    }
}

async fn read(readers: &Readers, looks: &[Look]) -> Result<Vec<Found>, sqlx::Error> {
    let mut reader = readers.take().await?;
    let found = ask_all!(&mut reader.connection, "", rows(looks))?;
    reader.put_back();
    Ok(found)
}
