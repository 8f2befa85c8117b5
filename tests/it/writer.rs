//! SQLite's writing connection is a thread of its own, and one for all. Whatever it dies of costs those under way
//! another try, nobody a comment, and nobody a restart.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicIsize, Ordering},
    },
};

use futures_util::future::{join, join_all};
use palabre::{
    domain::{
        decision::{Act, Decided},
        status::Status,
    },
    store::{Inserted, StoreError},
};
use tracing::{Subscriber, span::Id};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
};
use uuid::Uuid;

use crate::{
    example::Sent as _,
    service::{eventually, in_time},
    store::{START, Scene},
    stores::Storage,
};

/// Kills the thread of a connection as it takes up a message: sqlx enters the span of whoever sent it there.
#[derive(Debug, Clone, Default)]
struct Killer {
    /// At which message from now; 0 or less: none.
    at: Arc<AtomicIsize>,
}

impl Killer {
    fn waits_for(&self, message: isize) {
        self.at.store(message, Ordering::SeqCst);
    }

    /// Whether it has killed; it does so no more.
    fn rests(&self) -> bool {
        self.at.swap(0, Ordering::SeqCst) <= 0
    }
}

impl<S: Subscriber> Layer<S> for Killer {
    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        let thread = std::thread::current();
        let is_connection = thread.name().is_some_and(|name| name.starts_with("sqlx-sqlite-worker"));
        assert!(
            !is_connection || self.at.fetch_sub(1, Ordering::SeqCst) != 1,
            "this thread is to die"
        );
    }
}

/// What is written.
#[derive(Debug, Clone, Copy)]
enum Write {
    Comment,
    /// Seen at once, so that its thread is touched.
    Published,
    Decision,
    /// What has no unit of its own.
    Report,
}

/// One thread runs all of it, so that the span which is entered here is the writer's task's as well.
#[tokio::test]
async fn what_a_dying_connection_did_not_commit_is_not_acknowledged_and_the_next_write_holds() {
    let killer = Killer::default();
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry().with(killer.clone()));
    let span = tracing::info_span!("everybody");
    let _entered = span.enter();

    let storage = Storage::sqlite();
    let scene = Scene::open(&storage).await;
    for write in [Write::Comment, Write::Published, Write::Decision, Write::Report] {
        let mut message = 1;
        loop {
            let case = format!("{write:?}, message {message}");
            let (acknowledged, stored, has_died) = writes(&storage, &scene, &killer, write, message).await;
            match acknowledged {
                Ok(()) => assert!(stored, "{case}: it was acknowledged"),
                Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{case}: {error}"),
            }
            // Nobody has to start anything anew.
            let (acknowledged, stored, _) = writes(&storage, &scene, &killer, write, 0).await;
            assert!(
                acknowledged.is_ok() && stored,
                "{case}: and the next one: {acknowledged:?}"
            );
            if !has_died {
                break;
            }
            message += 1;
        }
        assert!(message > 2, "{write:?} takes some messages");
    }
    scene.store.close().await;
}

/// Writes while the connection dies at that message; gives whether it was acknowledged, whether it is stored, and
/// whether the connection did die.
async fn writes(
    storage: &Storage,
    scene: &Scene,
    killer: &Killer,
    write: Write,
    message: isize,
) -> (Result<(), StoreError>, bool, bool) {
    let waiting = scene.insert_with(|_| {}).await;
    let (acknowledged, has_died, table, id) = match write {
        Write::Comment | Write::Published => {
            let mut comment = scene.comment_in(&format!("/{waiting}"));
            let id = comment.id;
            comment.submitted().repeats.keys = vec![format!("k:{id}")];
            if matches!(write, Write::Published) {
                comment.status = Status::Approved;
            }
            killer.waits_for(message);
            let inserted = scene.store.insert(comment).await;
            let has_died = killer.rests();
            let as_it_should = inserted.map(|inserted| assert_eq!(inserted, Inserted::New));
            (as_it_should, has_died, "comments", id)
        }
        Write::Decision => {
            let decision = scene.decision(waiting, Act::Approve);
            let id = decision.id;
            killer.waits_for(message);
            let decided = scene.store.decide(decision).await;
            let has_died = killer.rests();
            let as_it_should = decided.map(|decided| assert_eq!(decided, Decided::Applied(id)));
            (as_it_should, has_died, "audit_entries", id)
        }
        Write::Report => {
            killer.waits_for(message);
            let reported = scene.store.report(waiting, &["r".to_owned()], "insulte", START).await;
            let has_died = killer.rests();
            let as_it_should = reported.map(|counted| assert!(counted, "it is the first"));
            (as_it_should, has_died, "comments", waiting)
        }
    };
    let column = if matches!(write, Write::Report) {
        "reports = 1 AND id"
    } else {
        "id"
    };
    let stored = format!("SELECT COUNT(*) FROM {table} WHERE {column} = X'{}'", id.simple());
    let stored = storage.integer(&stored).await == Some(1);
    (acknowledged, stored, has_died && message > 0)
}

/// sqlx 0.9 panics in a connection's thread where the second statement of a text that it keeps cannot be prepared anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_changes_under_load_costs_those_under_way_another_try() {
    const CHANGES: usize = 10;
    const WRITERS: usize = 8;
    let storage = Storage::sqlite();
    let scene = Scene::open(&storage).await;
    let (stored, failed) = (RefCell::new(Vec::<Uuid>::new()), RefCell::new(Vec::new()));
    let is_over = std::cell::Cell::new(false);
    let writes = join_all((0..WRITERS).map(async |_| {
        while !is_over.get() {
            let mut comment = scene.comment();
            comment.submitted().repeats.keys = vec![format!("k:{}", comment.id)];
            let id = comment.id;
            match scene.store.insert(comment).await {
                Ok(inserted) => {
                    assert_eq!(inserted, Inserted::New, "what is not stored is not answered");
                    stored.borrow_mut().push(id);
                }
                Err(error) => failed.borrow_mut().push(error),
            }
        }
    }));
    let grows = async |what: &str, count: &dyn Fn() -> usize| {
        let before = count();
        eventually(what, async || count() > before + WRITERS).await;
    };
    let changes = async {
        // A connection that died may hold the file until the writer gives it up.
        for _ in 0..CHANGES {
            grows("they are stored, without a restart", &|| stored.borrow().len()).await;
            storage
                .execute("PRAGMA busy_timeout = 30000; ALTER TABLE receivers RENAME TO gone")
                .await;
            grows("they fail", &|| failed.borrow().len()).await;
            storage
                .execute("PRAGMA busy_timeout = 30000; ALTER TABLE gone RENAME TO receivers")
                .await;
        }
        grows("they are stored at the end", &|| stored.borrow().len()).await;
        is_over.set(true);
    };
    in_time("the schema has changed", join(writes, changes)).await;
    let there = storage.ids("id", "comments").await;
    for id in stored.borrow().iter() {
        assert!(there.contains(id), "{id} was acknowledged");
    }
    let died = failed
        .borrow()
        .iter()
        .filter(|error| matches!(error, StoreError::Unavailable(_)))
        .count();
    assert!(died > 0, "the connection's thread died of it");
    println!(
        "{} stored, {} failed, {died} of them with the connection",
        stored.borrow().len(),
        failed.borrow().len()
    );
    scene.store.close().await;
}
