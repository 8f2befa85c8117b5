//! Each write of what is told fails in its turn, and so does its commit: nothing is left half, and nothing counts as
//! delivered that was not sent.
//!
//! Triggers on every table count the rows that a transaction writes and fail at the one that is asked for. They count
//! in a table, so a transaction that failed fails at the same write when it is tried again.

use std::{cell::RefCell, collections::BTreeSet, fmt::Debug, time::Duration};

use palabre::{
    clock::{Clock, ManualClock},
    domain::{
        actor::Scope,
        appeal::Asked,
        bulk::BulkState,
        decision::{Act, Decided},
        event::Kind,
        queue::Filter,
        status::Status,
    },
    jobs::{self, Heard},
    store::{BulkBegun, Claim, Delivery, Inserted, StoreError, TakenBack, ThreadRow},
};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::{
    acts::moderator,
    example::Sent as _,
    outbox::{Recorder, scene_with},
    store::{SITE, START, Scene, policy_row},
    store_bulk::{new_bulk, part},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    each_write_of_what_happens_fails_in_turn_and_leaves_nothing_half,
    each_write_of_the_rest_of_a_day_fails_in_turn_and_leaves_nothing_half,
    each_write_of_a_bulk_fails_in_turn_and_leaves_nothing_half,
    each_write_of_a_delivery_fails_in_turn_and_only_what_was_sent_is_done,
);

/// Not a write: the commit after them.
const COMMIT: i64 = -1;

/// None.
const NEVER: i64 = 0;

/// Failures on demand.
struct Faults<'a> {
    storage: &'a Storage,
    all_rows: String,
}

impl<'a> Faults<'a> {
    async fn lie_in_wait(storage: &'a Storage) -> Self {
        let all_rows = storage.query_of_all_rows().await;
        let mut tables: BTreeSet<String> = BTreeSet::new();
        for (table, ..) in storage.columns().await {
            tables.insert(table);
        }
        for statement in [
            "CREATE TABLE fault (writes BIGINT NOT NULL, fails_at BIGINT NOT NULL)",
            "INSERT INTO fault VALUES (0, 0)",
            "CREATE TABLE fault_parents (id BIGINT NOT NULL PRIMARY KEY)",
            // A child without a parent is found by the commit.
            "CREATE TABLE fault_children (parent BIGINT NOT NULL REFERENCES fault_parents (id) \
             DEFERRABLE INITIALLY DEFERRED)",
        ] {
            storage.execute(statement).await;
        }
        if storage.is_postgres() {
            storage
                .execute(
                    "CREATE FUNCTION fault() RETURNS TRIGGER LANGUAGE plpgsql AS $$ DECLARE now fault; BEGIN \
                     UPDATE fault SET writes = writes + 1 RETURNING * INTO now; \
                     IF now.writes = now.fails_at THEN RAISE EXCEPTION 'this write fails'; END IF; \
                     INSERT INTO fault_children SELECT 1 WHERE now.fails_at = -1; \
                     IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
                )
                .await;
        }
        for table in tables {
            if storage.is_postgres() {
                let trigger = format!(
                    "CREATE TRIGGER fault BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW \
                     EXECUTE FUNCTION fault()"
                );
                storage.execute(&trigger).await;
                continue;
            }
            for kind in ["INSERT", "UPDATE", "DELETE"] {
                let trigger = format!(
                    "CREATE TRIGGER fault_{table}_{kind} BEFORE {kind} ON {table} FOR EACH ROW BEGIN \
                     UPDATE fault SET writes = writes + 1; \
                     SELECT RAISE(ABORT, 'this write fails') FROM fault WHERE writes = fails_at; \
                     INSERT INTO fault_children SELECT 1 FROM fault WHERE fails_at = -1; END"
                );
                storage.execute(&trigger).await;
            }
        }
        Self { storage, all_rows }
    }

    /// The write of that number from now on fails.
    async fn strike_at(&self, write: i64) {
        let armed = format!("UPDATE fault SET writes = 0, fails_at = {write}");
        self.storage.execute(&armed).await;
    }

    /// Every row but those of the faults.
    async fn contents(&self) -> BTreeSet<String> {
        self.storage.texts(&self.all_rows).await.into_iter().collect()
    }

    /// Does something until it holds, while first its commit fails and then each of its writes, of which there are at
    /// least so many.
    async fn at_each_write_of<T: Debug>(
        &self,
        what: &str,
        least: i64,
        act: impl AsyncFn() -> Result<T, StoreError>,
    ) -> T {
        let before = self.contents().await;
        for write in [COMMIT].into_iter().chain(1..100) {
            self.strike_at(write).await;
            match act().await {
                Err(_) => {
                    let after = self.contents().await;
                    let differs: Vec<_> = after.symmetric_difference(&before).collect();
                    assert!(
                        differs.is_empty(),
                        "{what} failed at write {write} and left {differs:#?}"
                    );
                }
                Ok(done) => {
                    assert!(write > least, "{what} succeeded though write {write} failed: {done:?}");
                    let writes = self.storage.integer("SELECT writes FROM fault").await;
                    assert_eq!(writes, Some(write - 1), "{what}");
                    self.strike_at(NEVER).await;
                    return done;
                }
            }
        }
        panic!("{what} never succeeded");
    }
}

async fn each_write_of_what_happens_fails_in_turn_and_leaves_nothing_half(storage: &Storage) {
    let scene = scene_with(storage, &["a", "b"]).await;
    let store = &scene.store;
    let spam = scene.insert_with(|comment| comment.status = Status::Spam).await;
    let refused = scene.insert_with(|comment| comment.status = Status::Refused).await;
    two_owners(storage).await;
    let faults = Faults::lie_in_wait(storage).await;

    let id = RefCell::new(Uuid::nil());
    let arrived = faults.at_each_write_of("an arrival", 4, async || {
        let mut comment = scene.comment();
        comment.submitted().repeats.keys = vec![format!("k:{}", comment.id)];
        comment.content.draft.thread_title = Some("Un titre".to_owned());
        *id.borrow_mut() = comment.id;
        store.insert(comment).await
    });
    assert_eq!(arrived.await, Inserted::New);
    let comment = id.take();
    let in_a_new_thread = faults.at_each_write_of("an arrival in a new thread", 4, async || {
        let mut comment = scene.comment_in("/new");
        comment.status = Status::Approved;
        store.insert(comment).await
    });
    assert_eq!(in_a_new_thread.await, Inserted::New);
    for (act, least) in [(Act::Approve, 7), (Act::Undo, 7), (Act::Spam, 6), (Act::Hold, 6)] {
        let decided = faults.at_each_write_of(act.as_str(), least, async || {
            let mut decision = scene.decision(comment, act);
            decision.note = Some("une note".to_owned());
            decision.note_digest = Some("n".to_owned());
            store.decide(decision).await
        });
        assert!(matches!(decided.await, Decided::Applied(_)));
    }
    let reported = faults.at_each_write_of("a report", 4, async || {
        store.report(spam, &["r".to_owned()], "insulte", START).await
    });
    assert!(reported.await);
    let read = store.comment(refused).await.expect("read").expect("there");
    let entry = |action| {
        let mut audit = scene.audit(action);
        audit.comment = Some(refused);
        audit
    };
    let appealed = faults.at_each_write_of("an appeal", 5, async || {
        store.appeal(&read, entry("appeal"), START).await
    });
    assert_eq!(appealed.await, Asked::Brought);
    let erased = faults.at_each_write_of("an erasure", 5, async || {
        store.erase(&read, entry("erase"), START).await
    });
    assert!(erased.await);
    let late = START.plus(Duration::from_hours(1000));
    let expired = faults.at_each_write_of("an expiry", 4, async || {
        store.expire_texts(SITE, Status::Spam, late, late).await
    });
    assert_eq!(expired.await, 1);
    let policy = faults.at_each_write_of("a change of rights", 2, async || {
        store.add_audit(scene.audit("account_removed")).await
    });
    policy.await;
    let alarm = faults.at_each_write_of("an alarm", 3, async || {
        store.raise_alarm(SITE, Duration::ZERO, START).await
    });
    assert_eq!(alarm.await, 2);

    is_whole(storage).await;
    let recorder = Recorder::default();
    recorder.is_told_at(&scene, 4_000_000).await;
    let told = recorder.takes();
    // Of a decision that was undone before it was told nobody hears.
    for (kind, times) in [
        (Kind::Arrived, 4),
        (Kind::Approved, 0),
        (Kind::Undone, 0),
        (Kind::Spam, 1),
        (Kind::Held, 1),
        (Kind::Reported, 1),
        (Kind::Appealed, 1),
        (Kind::Erased, 1),
        (Kind::Expired, 1),
        (Kind::CheckAlarm, 1),
    ] {
        let heard = told.iter().filter(|told| **told == kind).count();
        assert_eq!(heard, 2 * times, "{kind:?}, by two receivers");
    }
    let years = START.plus(Duration::from_hours(3 * 365 * 24));
    let forgotten = faults.at_each_write_of("forgetting", 10, async || store.forget_deliveries(years).await);
    forgotten.await;
    assert_eq!(storage.integer("SELECT COUNT(*) FROM events").await, Some(0));
    store.close().await;
}

async fn each_write_of_the_rest_of_a_day_fails_in_turn_and_leaves_nothing_half(storage: &Storage) {
    let scene = scene_with(storage, &["a", "b"]).await;
    let store = &scene.store;
    let waiting = scene.insert_with(|_| {}).await;
    scene.act(waiting, Act::Hold).await;
    let read = store.comment(waiting).await.expect("read").expect("there");
    let faults = Faults::lie_in_wait(storage).await;
    let later = START.plus(Duration::from_hours(1));

    let claimed = faults.at_each_write_of("a claim", 1, async || store.claim(SITE, "c", "d", START).await);
    assert_eq!(claimed.await, Claim::Mine);
    let claimed = faults.at_each_write_of("a claim taken over", 1, async || {
        store.claim(SITE, "c", "d", later).await
    });
    assert_eq!(claimed.await, Claim::TakenOver);
    let leased = faults.at_each_write_of("a lease", 1, async || {
        store.lease_comment(waiting, SITE, &moderator("m1"), later, START).await
    });
    assert_eq!(leased.await.holder_id, "m1");
    let taken = faults.at_each_write_of("a proof", 1, async || store.take_key(SITE, "p", waiting, later).await);
    assert!(taken.await);
    let passed = faults.at_each_write_of("a second check", 5, async || {
        let mut audit = scene.audit("step_up");
        audit.comment = Some(waiting);
        store.replace_reasons(&read, &[], audit).await
    });
    assert!(passed.await);
    let policy = faults.at_each_write_of("a policy", 3, async || {
        store
            .add_policy(SITE, policy_row(0, START), scene.audit("policy"))
            .await
    });
    assert!(policy.await);
    let closed = faults.at_each_write_of("a thread that is closed", 2, async || {
        let row = store.thread(SITE, "/a").await?.expect("there");
        let row = ThreadRow { open: false, ..row };
        store
            .set_thread(SITE, row, TakenBack::default(), scene.audit("thread"), START)
            .await
    });
    closed.await;
    let job = faults.at_each_write_of("a job", 1, async || {
        store.lease_job("housekeeping", Duration::from_mins(1), START).await
    });
    assert!(job.await);
    let sealed = faults.at_each_write_of("a seal", 1, async || store.seal(SITE, later, later).await);
    assert_eq!(sealed.await, 4);
    let forgotten = faults.at_each_write_of("an address", 1, async || store.forget_clients(later).await);
    assert_eq!(forgotten.await, 1);
    let next_day = START.plus(Duration::from_hours(24));
    let purged = faults.at_each_write_of("a purge", 3, async || store.purge(next_day).await);
    purged.await;

    is_whole(storage).await;
    let (_, fault) = store.check_seals(SITE).await.expect("read");
    assert!(fault.is_none(), "{fault:?}");
    store.close().await;
}

async fn each_write_of_a_bulk_fails_in_turn_and_leaves_nothing_half(storage: &Storage) {
    let scene = scene_with(storage, &["a", "b"]).await;
    let store = &scene.store;
    for _ in 0..3 {
        scene.insert_with(|_| {}).await;
    }
    let filter = Filter {
        site: Some(SITE.to_owned()),
        ..Filter::all(Scope::All, Status::Pending)
    };
    let rows = store.bulk_matches(&filter, 10).await.expect("found");
    let bulk = new_bulk(&scene, Act::Approve, rows);
    let id = bulk.id;
    let faults = Faults::lie_in_wait(storage).await;
    let begun = faults.at_each_write_of("a bulk's beginning", 4, async || store.begin_bulk(bulk.clone()).await);
    assert_eq!(begun.await, BulkBegun::Yes);
    let goes_on = async || store.advance_bulk(part(&scene, id, 2)).await;
    let first = faults
        .at_each_write_of("a bulk's part", 18, goes_on)
        .await
        .expect("open");
    assert_eq!((first.state, first.done), (BulkState::Running, 2));
    let undoing = faults.at_each_write_of("a bulk's undo", 2, async || store.undo_bulk(id).await);
    assert!(undoing.await);
    let last = faults
        .at_each_write_of("a part that is undone", 16, goes_on)
        .await
        .expect("open");
    assert_eq!((last.state, last.undone), (BulkState::Undone, 2));
    is_whole(storage).await;
    store.close().await;
}

/// People who own the site and have come in.
async fn two_owners(storage: &Storage) {
    for number in 1..=2 {
        let id = Uuid::from_u128(number);
        let id = if storage.is_postgres() {
            format!("'{id}'")
        } else {
            format!("X'{}'", id.simple())
        };
        storage
            .execute(&format!(
                "INSERT INTO accounts (id, name, email, email_folded, passphrase, totp_confirmed, totp_step, created_at) \
                 VALUES ({id}, 'Awa {number}', 'a{number}', 'a{number}', 'p', FALSE, 0, 0)"
            ))
            .await;
        storage
            .execute(&format!(
                "INSERT INTO account_roles (account_id, site_id, role) VALUES ({id}, '{SITE}', 'owner')"
            ))
            .await;
    }
}

/// No event without what it tells, and nothing that happened without its event; no delivery of nothing.
async fn is_whole(storage: &Storage) {
    for half in [
        "events e WHERE e.decision_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_entries a WHERE a.id = e.id)",
        "audit_entries a WHERE a.comment_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = a.id)",
        "deliveries d WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = d.event_id) \
         AND NOT EXISTS (SELECT 1 FROM comments c WHERE c.id = d.event_id)",
    ] {
        let count = storage.integer(&format!("SELECT COUNT(*) FROM {half}")).await;
        assert_eq!(count, Some(0), "{half}");
    }
}

/// What a receiver makes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Yes,
    Needless,
    NotNow,
    /// The same, for the last time.
    NotAtAll,
}

/// When the fault begins to lie in wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    TheClaim,
    TheEnd,
}

async fn each_write_of_a_delivery_fails_in_turn_and_only_what_was_sent_is_done(storage: &Storage) {
    let scene = scene_with(storage, &["a", "b"]).await;
    let faults = Faults::lie_in_wait(storage).await;
    let mut heard = BTreeSet::new();
    let mut hours = 0;
    for says in [Says::Yes, Says::Needless, Says::NotNow, Says::NotAtAll] {
        for from in [From::TheClaim, From::TheEnd] {
            for write in [COMMIT, 1, 2] {
                hours += 10;
                let case = format!("{says:?}, {from:?}, write {write}");
                a_delivery_meets(&scene, &faults, (says, from, write), hours, &mut heard, &case).await;
            }
        }
    }
    scene.store.close().await;
}

/// Two receivers are to hear of a comment, at an hour after the start; `heard` is what said yes so far.
async fn a_delivery_meets(
    scene: &Scene,
    faults: &Faults<'_>,
    (says, from, write): (Says, From, i64),
    hours: u64,
    heard: &mut BTreeSet<(Uuid, String)>,
    case: &str,
) {
    let storage = faults.storage;
    let comment = scene.insert_with(|_| {}).await;
    if says == Says::NotAtAll {
        storage
            .execute("UPDATE deliveries SET attempts = 11 WHERE state = 'waiting'")
            .await;
    }
    if from == From::TheClaim {
        faults.strike_at(write).await;
    }
    let sent: RefCell<Vec<(Uuid, String)>> = RefCell::default();
    let armed = OnceCell::new();
    let sends = async |delivery: Delivery| {
        sent.borrow_mut().push((delivery.event, delivery.receiver.id));
        if from == From::TheEnd {
            armed.get_or_init(|| faults.strike_at(write)).await;
        }
        match says {
            Says::Yes => Ok(Heard::Yes),
            Says::Needless => Ok(Heard::Needless),
            Says::NotNow | Says::NotAtAll => Err("not now".to_owned()),
        }
    };
    let clock = Clock::Manual(ManualClock::at(START.plus(Duration::from_hours(hours))));
    let run = jobs::deliver_with(&scene.store, &clock, sends).await;
    assert!(run.is_err(), "{case}: it is told");
    faults.strike_at(NEVER).await;
    let sent = sent.into_inner();
    assert_eq!(
        sent.len(),
        if from == From::TheClaim { 0 } else { 2 },
        "{case}: what is claimed is sent"
    );
    if says == Says::Yes {
        heard.extend(sent.iter().cloned());
    }
    let done = async || {
        let mut done = BTreeSet::new();
        for id in ["a", "b"] {
            let of_it = format!("deliveries WHERE state = 'done' AND receiver_id = '{id}'");
            let events = storage.ids("event_id", &of_it).await;
            done.extend(events.into_iter().map(|event| (event, id.to_owned())));
        }
        done
    };
    assert!(done().await.is_subset(heard), "{case}: only what was sent is done");
    let (open, ended) = (
        storage
            .integer("SELECT COUNT(*) FROM deliveries WHERE state = 'waiting'")
            .await,
        i64::from(write == 2 && from == From::TheEnd && says != Says::NotNow),
    );
    assert_eq!(open, Some(2 - ended), "{case}: one ends at most");

    // After the lease, and what a failure waits, the others hear of it, under the same id.
    let recorder = RefCell::new(BTreeSet::new());
    let takes = async |delivery: Delivery| {
        let new = recorder.borrow_mut().insert((delivery.event, delivery.receiver.id));
        assert!(new, "{case}: once");
        Ok(Heard::Yes)
    };
    let clock = Clock::Manual(ManualClock::at(START.plus(Duration::from_hours(hours + 4))));
    let run = jobs::deliver_with(&scene.store, &clock, takes).await;
    assert_eq!(run.expect(case), usize::try_from(2 - ended).expect("few"), "{case}");
    let recorder = recorder.into_inner();
    assert!(recorder.iter().all(|(event, _)| *event == comment), "{case}");
    heard.extend(recorder);
    assert_eq!(done().await, *heard, "{case}");
}
