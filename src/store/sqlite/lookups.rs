//! What submissions ask before they are stored, on SQLite: those that wait at the same time are one
//! question.
//!
//! A question costs its connection's thread a switch there and back, the log's read lock, and after
//! every commit the pages that the connection had kept. While many submissions arrive they share that,
//! as they share the sync of their commit; one that comes alone is asked at once.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::{read_pool::ReadPool, recent::Recent};
use crate::store::{
    earlier::{self, Before, Found, Look, ask_all},
    error::StoreError,
};

/// Submissions in one question at most.
const TOGETHER: usize = 32;

/// Submissions waiting at most; beyond it callers are told to come back.
const QUEUE: usize = 1024;

/// How long a submission waits for its answer: a reader is waited for five seconds.
const PATIENCE: Duration = Duration::from_secs(10);

type Answer = oneshot::Sender<Result<Before, StoreError>>;

/// The queue to the asking task.
#[derive(Debug)]
pub(in crate::store) struct Lookups {
    queue: mpsc::Sender<(Look, Answer)>,
    recent: Arc<Recent>,
}

impl Lookups {
    /// Starts the task; it ends with the queue.
    pub(in crate::store) fn start(readers: Arc<ReadPool>, recent: Arc<Recent>) -> Self {
        let (queue, looks) = mpsc::channel(QUEUE);
        tokio::spawn(work(readers, looks, Arc::clone(&recent)));
        Self { queue, recent }
    }

    /// Answers from what is known, or sends the look and waits for its answer.
    pub(in crate::store) async fn ask(&self, look: Look) -> Result<Before, StoreError> {
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

async fn work(readers: Arc<ReadPool>, mut queue: mpsc::Receiver<(Look, Answer)>, recent: Arc<Recent>) {
    let mut together = Vec::with_capacity(TOGETHER);
    while queue.recv_many(&mut together, TOGETHER).await > 0 {
        let (looks, waiting): (Vec<Look>, Vec<Answer>) = together.drain(..).unzip();
        match read(&readers, &looks).await {
            Ok(found) => {
                for ((look, answer), waits) in looks.iter().zip(earlier::answers(&looks, found)).zip(waiting) {
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

async fn read(readers: &ReadPool, looks: &[Look]) -> Result<Vec<Found>, sqlx::Error> {
    let mut reader = readers.take().await?;
    let found = ask_all!(&mut reader.connection, "", earlier::asked(looks))?;
    reader.put_back();
    Ok(found)
}
