//! The one task that owns SQLite's writing connection, with group commit.
//!
//! Submissions and decisions arrive as units. What is queued is taken together, at most [`BATCH`], and
//! becomes one transaction with one fsync; while many write at once, those on their way are waited for a
//! moment, because a sync costs more than that. If anything in it fails, the batch is done again, each unit in
//! a transaction of its own, so that a bad unit fails alone and whole. Any other write runs as one
//! closure alone between batches. Each caller is answered after the commit that holds its rows; a full
//! queue is an error at once, never a wait. A connection that breaks under a write, or whose thread dies, is
//! opened again for the next one; those under way are told that nothing is known to be stored.

use std::{collections::VecDeque, panic::AssertUnwindSafe, time::Duration};

use futures_util::future::{BoxFuture, FutureExt as _};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
};

use crate::store::{
    error::{Defect, StoreError},
    units::{Done, Unit, sqlite as units},
};

/// Units in one transaction at most, unless the store is opened with another bound.
pub(in crate::store) const BATCH: usize = 64;

/// How long a batch waits to become as large as the one before; a lone writer never waits.
const GATHER: Duration = Duration::from_millis(1);

/// Jobs waiting at most; beyond it callers are told to come back.
const QUEUE: usize = 1024;

/// How long a caller waits for its commit: a transaction lasts milliseconds, a busy file five seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long one write may take, its wait for a busy file among it: less than callers wait, so that whoever comes behind
/// one that never ends is still answered.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// The queue to the writing task.
#[derive(Debug)]
pub(in crate::store) struct Writer {
    queue: mpsc::Sender<Job>,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Job {
    Unit(Unit, oneshot::Sender<Result<Done, StoreError>>),
    Closure(Closure),
    Stop,
}

/// A write of its own. It gives back what tells its caller, once it is known whether the commit held.
type Closure = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, (bool, Tell)> + Send>;
type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

impl Writer {
    /// Starts the task on an open connection, with at most `batch` units in one transaction; `options`
    /// open it again should it break.
    pub(in crate::store) fn start(connection: SqliteConnection, options: SqliteConnectOptions, batch: usize) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let task = tokio::spawn(work(connection, options, jobs, batch));
        Self {
            queue,
            task: Mutex::new(Some(task)),
        }
    }

    /// Sends a unit and waits for its commit.
    pub(in crate::store) async fn unit(&self, unit: Unit) -> Result<Done, StoreError> {
        let (answer, wait) = oneshot::channel();
        self.send(Job::Unit(unit, answer))?;
        await_answer(wait).await
    }

    /// Runs `body` in a transaction of its own and waits for its commit.
    pub(in crate::store) async fn run<T, F>(&self, body: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let closure: Closure = Box::new(move |connection| {
            let running = body(connection);
            Box::pin(async move {
                let result = running.await;
                let commit = result.is_ok();
                let tell: Tell = Box::new(move |committed| {
                    let _ = answer.send(committed.and(result));
                });
                (commit, tell)
            })
        });
        self.send(Job::Closure(closure))?;
        await_answer(wait).await
    }

    /// Ends the task after all that is queued before.
    pub(in crate::store) async fn close(&self) {
        if let Some(task) = self.task.lock().await.take() {
            let _ = self.queue.send(Job::Stop).await;
            let _ = task.await;
        }
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        self.queue.try_send(job).map_err(|error| {
            StoreError::Unavailable(match error {
                mpsc::error::TrySendError::Full(_) => format!("{QUEUE} writes are waiting already"),
                mpsc::error::TrySendError::Closed(_) => "the store is closed".to_owned(),
            })
        })
    }
}

async fn await_answer<T>(wait: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(StoreError::Unavailable("the writer ended".to_owned())),
        Err(_) => Err(StoreError::Unavailable("the writer did not answer in time".to_owned())),
    }
}

async fn work(
    mut connection: SqliteConnection,
    options: SqliteConnectOptions,
    mut jobs: mpsc::Receiver<Job>,
    units_max: usize,
) {
    let mut waiting = VecDeque::new();
    let mut batch = Vec::new();
    let mut usual = 1;
    while let Some(first) = next(&mut waiting, &mut jobs).await {
        let result = match first {
            Job::Stop => break,
            Job::Closure(closure) => unless_it_breaks(run_closure(&mut connection, closure)).await,
            Job::Unit(unit, answer) => {
                batch.push((unit, answer));
                let until = tokio::time::Instant::now() + GATHER;
                while batch.len() < units_max {
                    let mut job = waiting.pop_front().or_else(|| jobs.try_recv().ok());
                    if job.is_none() && batch.len() < usual {
                        job = tokio::time::timeout_at(until, jobs.recv()).await.ok().flatten();
                    }
                    match job {
                        Some(Job::Unit(unit, answer)) => batch.push((unit, answer)),
                        Some(other) => {
                            waiting.push_front(other);
                            break;
                        }
                        None => break,
                    }
                }
                usual = batch.len();
                unless_it_breaks(run_batch(&mut connection, std::mem::take(&mut batch))).await
            }
        };
        if let Err(error) = result {
            tracing::error!(error = %error, "the writing connection failed; opening it again");
            match options.connect().await {
                Ok(fresh) => connection = fresh,
                Err(error) => tracing::error!(error = %error, "the writing connection cannot be opened"),
            }
        }
    }
    let _ = sqlx::Connection::close(connection).await;
}

/// A write that panics ends alone, and so does one that its connection never ends: a statement that is sent while the
/// connection's thread dies stays in its queue for ever. The caller hears that the writer ended, and the connection is
/// opened again. The task goes on, because nobody could write without it.
async fn unless_it_breaks(write: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    match tokio::time::timeout(WRITE_MAX, AssertUnwindSafe(write).catch_unwind()).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_)) => Err(Defect::Broken("a write panicked".to_owned()).into()),
        Err(_) => Err(StoreError::Unavailable("a write did not end".to_owned())),
    }
}

async fn next(waiting: &mut VecDeque<Job>, jobs: &mut mpsc::Receiver<Job>) -> Option<Job> {
    match waiting.pop_front() {
        Some(job) => Some(job),
        None => jobs.recv().await,
    }
}

/// `Err` when the connection itself is unusable; callers have been answered either way.
async fn run_closure(connection: &mut SqliteConnection, closure: Closure) -> Result<(), StoreError> {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE").await {
        tracing::warn!(error = %error, "a write could not begin");
        // The closure never ran: dropping it tells its caller that nothing was stored.
        drop(closure);
        return reset(connection).await;
    }
    let (commit, tell) = closure(&mut *connection).await;
    let committed = if commit {
        execute(connection, "COMMIT").await
    } else {
        reset(connection).await
    };
    let failed = committed.is_err();
    tell(committed);
    if failed { reset(connection).await } else { Ok(()) }
}

type Answer = oneshot::Sender<Result<Done, StoreError>>;

async fn run_batch(connection: &mut SqliteConnection, batch: Vec<(Unit, Answer)>) -> Result<(), StoreError> {
    let (units, answers): (Vec<Unit>, Vec<Answer>) = batch.into_iter().unzip();
    match units::run_all(connection, &units).await {
        Ok(results) => {
            for (answer, result) in answers.into_iter().zip(results) {
                let _ = answer.send(Ok(result));
            }
            return Ok(());
        }
        Err(error @ StoreError::Unavailable(_)) => {
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
            return reset(connection).await;
        }
        Err(error) => {
            tracing::warn!(error = %error, units = units.len(), "a batch failed; each unit is tried alone");
            reset(connection).await?;
        }
    }
    one_by_one(connection, &units, answers).await
}

/// Each unit in a transaction of its own. `Err` when the connection itself is unusable.
async fn one_by_one(connection: &mut SqliteConnection, all: &[Unit], answers: Vec<Answer>) -> Result<(), StoreError> {
    let mut usable = Ok(());
    for (unit, answer) in all.iter().zip(answers) {
        let result = units::run_all(connection, std::slice::from_ref(unit)).await;
        if result.is_err() {
            usable = reset(connection).await;
        }
        let _ = answer.send(result.and_then(|mut done| {
            done.pop()
                .ok_or_else(|| Defect::Broken("a unit gave no result".to_owned()).into())
        }));
    }
    usable
}

async fn execute(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), StoreError> {
    units::run_to_the_end(connection, sqlx::query(statement), 1).await
}

/// Leaves no transaction open. `Err` when the connection is unusable; that none was open (SQLite ends
/// it by itself, on a full disk for example) is fine.
async fn reset(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    match execute(connection, "ROLLBACK").await {
        Err(StoreError::Defect(_)) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_that_panics_ends_alone() {
        let options = SqliteConnectOptions::new().in_memory(true);
        let connection = options.connect().await.expect("a connection");
        let writer = Writer::start(connection, options, 1);
        let panics = writer.run::<(), _>(|_| Box::pin(async { panic!("a defect") })).await;
        assert!(matches!(panics, Err(StoreError::Unavailable(_))), "{panics:?}");
        let holds = writer.run(|connection| {
            Box::pin(async move {
                let (one,): (i64,) = sqlx::query_as("SELECT 1").fetch_one(connection).await?;
                Ok(one)
            })
        });
        assert_eq!(holds.await.expect("the next one holds"), 1);
        writer.close().await;
    }
}
