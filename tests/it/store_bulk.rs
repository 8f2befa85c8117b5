//! What the store promises of bulks: what fits is decided once, in parts, and taken back whole; what somebody else
//! touched is left to them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use palabre::{
    domain::{
        actor::Scope, bulk::BulkState, decision::Act, queue::Filter, score::Score, status::Status, triage::Action,
    },
    store::{Bulk, BulkBegun, BulkPart, NewBulk, SealFault},
};
use uuid::Uuid;

use crate::{
    acts::moderator,
    example::Sent as _,
    outbox::{Recorder, scene_with},
    store::{OTHER, SITE, START, Scene, at_once},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    bulk_counts_and_names_what_fits_with_its_version,
    bulk_samples_begin_with_authors_who_have_most_published,
    bulk_decides_what_fitted_when_it_began_and_nothing_else,
    bulk_leaves_what_somebody_changed_before_its_turn,
    bulk_undo_puts_back_all_but_what_somebody_touched_since,
    bulk_undo_stops_one_that_runs,
    of_one_site_one_bulk_is_open,
    bulk_decisions_are_told_as_any_other_and_an_undo_drops_them,
    bulk_parts_at_once_decide_each_comment_once,
    bulk_entries_are_sealed_with_their_bulk,
);

fn all(status: Status) -> Filter {
    Filter {
        site: Some(SITE.to_owned()),
        ..Filter::all(Scope::All, status)
    }
}

/// A bulk about so many.
pub(crate) fn new_bulk(scene: &Scene, act: Act, rows: Vec<(Uuid, i64)>) -> NewBulk {
    NewBulk {
        id: scene.clock.new_id(),
        site: SITE.to_owned(),
        filter: "{}".to_owned(),
        act,
        actor: moderator("m1"),
        at: START,
        rows,
    }
}

pub(crate) fn part(scene: &Scene, bulk: Uuid, most: usize) -> BulkPart {
    BulkPart {
        bulk,
        ids: (0..most).map(|_| scene.clock.new_id()).collect(),
        at: START,
    }
}

/// Begins a bulk about all with a status.
async fn begins(scene: &Scene, act: Act, status: Status) -> Uuid {
    let rows = scene.store.bulk_matches(&all(status), 1000).await.expect("found");
    let bulk = new_bulk(scene, act, rows);
    let id = bulk.id;
    assert_eq!(scene.store.begin_bulk(bulk).await.expect("begun"), BulkBegun::Yes);
    id
}

/// Makes its next part.
async fn goes_on(scene: &Scene, bulk: Uuid, most: usize) -> Option<Bulk> {
    scene.store.advance_bulk(part(scene, bulk, most)).await.expect("a part")
}

/// State, done, skipped, undone, not undone.
fn figures(bulk: &Bulk) -> (BulkState, i64, i64, i64, i64) {
    (bulk.state, bulk.done, bulk.skipped, bulk.undone, bulk.not_undone)
}

async fn stands(scene: &Scene, comment: Uuid) -> (Status, bool) {
    let comment = scene.store.comment(comment).await.expect("read").expect("there");
    (comment.status, comment.set_aside)
}

async fn insert_many(scene: &Scene, count: usize) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(
            scene
                .insert_with(|comment| comment.at = START.plus(Duration::from_secs(number as u64)))
                .await,
        );
    }
    ids
}

async fn bulk_counts_and_names_what_fits_with_its_version(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let first = insert_many(&scene, 3).await;
    scene.act(first[1], Act::Spam).await;
    scene.act(first[1], Act::Restore).await;
    scene.insert_with(|comment| OTHER.clone_into(&mut comment.site)).await;
    scene.insert_with(|comment| comment.status = Status::Spam).await;
    let low = scene
        .insert_with(|comment| {
            comment.submitted().outcome.level = Score::from_thousandths(50);
            comment.content.links = 2;
            comment.at = START.plus(Duration::from_mins(5));
        })
        .await;
    let store = &scene.store;
    let found = store.bulk_matches(&all(Status::Pending), 10).await.expect("found");
    assert_eq!(found, [(first[0], 1), (first[1], 3), (first[2], 1), (low, 1)]);
    assert_eq!(
        store.bulk_matches(&all(Status::Pending), 2).await.expect("found"),
        found[..2]
    );
    assert_eq!(store.bulk_count(&all(Status::Pending), 10).await.expect("counted"), 4);
    assert_eq!(store.bulk_count(&all(Status::Pending), 3).await.expect("counted"), 3);
    let narrow = Filter {
        score_max: Some(100),
        links: Some(1),
        since: Some(START.plus(Duration::from_mins(1))),
        ..all(Status::Pending)
    };
    assert_eq!(store.bulk_matches(&narrow, 10).await.expect("found"), [(low, 1)]);
    assert_eq!(store.bulk_count(&narrow, 10).await.expect("counted"), 1);
    assert_eq!(store.bulk_sample(&narrow, 10, 5).await.expect("found"), [low]);
}

async fn bulk_samples_begin_with_authors_who_have_most_published(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let sends = async |email: &str, device: Option<&str>, status: Status, level: i64| {
        scene
            .insert_with(|comment| {
                email.clone_into(&mut comment.content.email_key);
                comment.submitted().device_id = device.map(str::to_owned);
                comment.submitted().outcome.level = Score::from_thousandths(level);
                comment.submitted().outcome.action = Action::Hold;
                comment.status = status;
            })
            .await
    };
    for _ in 0..2 {
        sends("regular", None, Status::Approved, 900).await;
        sends("", Some("d1"), Status::Approved, 900).await;
    }
    sends("once", Some("d1"), Status::Approved, 900).await;
    sends("known to be bad", None, Status::Spam, 900).await;
    let by_device = sends("new", Some("d1"), Status::Pending, 10).await;
    let by_email = sends("regular", None, Status::Pending, 10).await;
    let once = sends("once", None, Status::Pending, 10).await;
    let high = sends("", None, Status::Pending, 800).await;
    let bad = sends("known to be bad", None, Status::Pending, 20).await;
    sends("nobody", None, Status::Pending, 5).await;
    let sample = scene
        .store
        .bulk_sample(&all(Status::Pending), 100, 5)
        .await
        .expect("found");
    assert_eq!(sample, [by_device, by_email, once, high, bad]);
}

async fn bulk_decides_what_fitted_when_it_began_and_nothing_else(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let fitted = insert_many(&scene, 5).await;
    let elsewhere = scene.insert_with(|comment| OTHER.clone_into(&mut comment.site)).await;
    let id = begins(&scene, Act::Approve, Status::Pending).await;
    let late = scene.insert_with(|_| {}).await;
    let first = goes_on(&scene, id, 2).await.expect("open");
    assert_eq!(figures(&first), (BulkState::Running, 2, 0, 0, 0));
    assert_eq!(scene.store.bulk(id).await.expect("read").as_ref(), Some(&first));
    assert_eq!((first.expect, first.by()), (5, moderator("m1")));
    assert_eq!(stands(&scene, fitted[1]).await.0, Status::Approved);
    assert_eq!(stands(&scene, fitted[2]).await.0, Status::Pending);
    assert_eq!(scene.store.open_bulk(SITE).await.expect("read"), Some(id));
    assert_eq!(scene.store.open_bulks().await.expect("read"), [id]);
    goes_on(&scene, id, 2).await;
    let last = goes_on(&scene, id, 2).await.expect("open");
    assert_eq!(figures(&last), (BulkState::Done, 5, 0, 0, 0));
    assert_eq!(goes_on(&scene, id, 2).await, None, "nothing is left to do");
    assert_eq!(scene.store.open_bulk(SITE).await.expect("read"), None);
    for comment in fitted {
        assert_eq!(stands(&scene, comment).await.0, Status::Approved);
        let history = scene.store.history(comment).await.expect("read");
        let entry = history.first().expect("one");
        assert_eq!((history.len(), entry.bulk_id), (1, Some(id)));
        assert_eq!((entry.action.as_str(), entry.actor_id.as_str()), ("approve", "m1"));
        assert_eq!((entry.from_version, entry.to_version), (Some(1), Some(2)));
    }
    for comment in [late, elsewhere] {
        assert_eq!(stands(&scene, comment).await.0, Status::Pending);
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM bulk_rows").await, Some(0));
    assert_eq!(scene.store.bulk(late).await.expect("read"), None);
}

async fn bulk_leaves_what_somebody_changed_before_its_turn(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let fitted = insert_many(&scene, 6).await;
    let id = begins(&scene, Act::Spam, Status::Pending).await;
    goes_on(&scene, id, 1).await;
    scene.act(fitted[1], Act::Approve).await;
    scene.act(fitted[2], Act::Hold).await;
    // There and back again is a change too: somebody looked at it.
    scene.act(fitted[3], Act::Reject).await;
    scene.act(fitted[3], Act::Restore).await;
    let read = scene.store.comment(fitted[4]).await.expect("read").expect("there");
    assert!(
        scene
            .store
            .erase(&read, scene.audit("erase"), START)
            .await
            .expect("erased")
    );
    let done = goes_on(&scene, id, 10).await.expect("open");
    assert_eq!(figures(&done), (BulkState::Done, 2, 4, 0, 0));
    let mut statuses = Vec::new();
    for comment in fitted {
        statuses.push(stands(&scene, comment).await);
    }
    assert_eq!(
        statuses,
        [
            (Status::Spam, false),
            (Status::Approved, false),
            (Status::Pending, true),
            (Status::Pending, false),
            (Status::Erased, false),
            (Status::Spam, false)
        ]
    );
}

async fn bulk_undo_puts_back_all_but_what_somebody_touched_since(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let fitted = insert_many(&scene, 5).await;
    // What was set aside is left there; what was spam and restored gets back what it had.
    scene.act(fitted[0], Act::Hold).await;
    let labels = "SELECT COALESCE(label, '-') FROM comments ORDER BY created_at, id";
    scene.act(fitted[1], Act::Spam).await;
    scene.act(fitted[1], Act::Restore).await;
    let before = (stands(&scene, fitted[0]).await, storage.texts(labels).await);
    let id = begins(&scene, Act::Reject, Status::Pending).await;
    goes_on(&scene, id, 10).await;
    scene.act(fitted[2], Act::Approve).await;
    let read = scene.store.comment(fitted[3]).await.expect("read").expect("there");
    assert!(
        scene
            .store
            .erase(&read, scene.audit("erase"), START)
            .await
            .expect("erased")
    );
    assert!(scene.store.undo_bulk(id).await.expect("begun"));
    let first = goes_on(&scene, id, 2).await.expect("open");
    assert_eq!(figures(&first), (BulkState::Undoing, 4, 0, 1, 1));
    // Again, from the beginning: nothing is taken back twice.
    assert!(scene.store.undo_bulk(id).await.expect("asked again"));
    let last = goes_on(&scene, id, 10).await.expect("open");
    assert_eq!(figures(&last), (BulkState::Undone, 4, 0, 2, 2));
    assert_eq!(last.undone_at, Some(START.0));
    assert!(scene.store.undo_bulk(id).await.expect("asked again"));
    assert_eq!(goes_on(&scene, id, 10).await, None);
    assert_eq!(
        scene.store.bulk(id).await.expect("read").map(|bulk| bulk.state),
        Some(BulkState::Undone)
    );

    assert_eq!(stands(&scene, fitted[0]).await, (Status::Pending, true));
    for comment in [fitted[1], fitted[4]] {
        assert_eq!(stands(&scene, comment).await, (Status::Pending, false));
    }
    assert_eq!(stands(&scene, fitted[2]).await.0, Status::Approved);
    assert_eq!(stands(&scene, fitted[3]).await.0, Status::Erased);
    let mut after = (stands(&scene, fitted[0]).await, storage.texts(labels).await);
    for touched in [2, 3] {
        after.1[touched].clone_from(&before.1[touched]);
    }
    assert_eq!(after, before);
    let history = scene.store.history(fitted[4]).await.expect("read");
    let told: Vec<_> = history
        .iter()
        .map(|entry| (entry.action.as_str(), entry.bulk_id))
        .collect();
    assert_eq!(told, [("reject", Some(id)), ("undo", Some(id))]);
    assert_eq!(history[1].undoes, Some(history[0].id));
}

async fn bulk_undo_stops_one_that_runs(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let fitted = insert_many(&scene, 5).await;
    let id = begins(&scene, Act::Approve, Status::Pending).await;
    goes_on(&scene, id, 2).await;
    assert!(scene.store.undo_bulk(id).await.expect("begun"));
    let last = goes_on(&scene, id, 10).await.expect("open");
    assert_eq!(figures(&last), (BulkState::Undone, 2, 0, 2, 0));
    for comment in &fitted {
        assert_eq!(stands(&scene, *comment).await.0, Status::Pending);
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM audit_entries").await, Some(4));
    // One of which nothing was done yet.
    let id = begins(&scene, Act::Approve, Status::Pending).await;
    assert!(scene.store.undo_bulk(id).await.expect("begun"));
    let last = goes_on(&scene, id, 10).await.expect("open");
    assert_eq!(figures(&last), (BulkState::Undone, 0, 0, 0, 0));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM bulk_rows").await, Some(0));
}

async fn of_one_site_one_bulk_is_open(storage: &Storage) {
    let scene = Scene::open(storage).await;
    insert_many(&scene, 2).await;
    let first = begins(&scene, Act::Hold, Status::Pending).await;
    let again = new_bulk(&scene, Act::Approve, Vec::new());
    assert_eq!(
        scene.store.begin_bulk(again.clone()).await.expect("tried"),
        BulkBegun::Busy
    );
    let mut elsewhere = new_bulk(&scene, Act::Approve, Vec::new());
    OTHER.clone_into(&mut elsewhere.site);
    let other = elsewhere.id;
    assert_eq!(scene.store.begin_bulk(elsewhere).await.expect("begun"), BulkBegun::Yes);
    assert_eq!(scene.store.open_bulks().await.expect("read"), [first, other]);
    goes_on(&scene, first, 10).await;
    assert_eq!(
        scene.store.begin_bulk(again.clone()).await.expect("begun"),
        BulkBegun::Yes
    );
    // The first cannot be taken back meanwhile.
    assert!(!scene.store.undo_bulk(first).await.expect("tried"));
    goes_on(&scene, again.id, 10).await;
    assert!(scene.store.undo_bulk(first).await.expect("begun"));
    let begun = at_once((0..4).map(|_| {
        let (store, bulk) = (Arc::clone(&scene.store), new_bulk(&scene, Act::Spam, Vec::new()));
        async move { store.begin_bulk(bulk).await.expect("tried") }
    }));
    assert!(begun.await.iter().all(|begun| *begun == BulkBegun::Busy));
}

async fn bulk_decisions_are_told_as_any_other_and_an_undo_drops_them(storage: &Storage) {
    let scene = scene_with(storage, &["a"]).await;
    let fitted = insert_many(&scene, 4).await;
    let recorder = Recorder::default();
    recorder.is_told_at(&scene, 10).await;
    recorder.takes();
    let id = begins(&scene, Act::Approve, Status::Pending).await;
    goes_on(&scene, id, 10).await;
    recorder.is_told_at(&scene, 9).await;
    assert!(recorder.takes().is_empty(), "an approval waits ten seconds");
    assert!(scene.store.undo_bulk(id).await.expect("begun"));
    goes_on(&scene, id, 2).await;
    recorder.is_told_at(&scene, 10).await;
    let told = recorder.takes();
    assert_eq!(told.len(), 2, "of two that were undone nobody hears: {told:?}");
    goes_on(&scene, id, 2).await;
    recorder.is_told_at(&scene, 11).await;
    let told = recorder.takes();
    assert_eq!(
        told.len(),
        2,
        "and of two that were told that they were taken back: {told:?}"
    );
    let events = "SELECT COUNT(*) FROM events WHERE kind IN ('approved', 'undone')";
    assert_eq!(storage.integer(events).await, Some(8));
    assert_eq!(stands(&scene, fitted[0]).await.0, Status::Pending);
    let waits = "SELECT COUNT(*) FROM threads WHERE oldest_pending_at IS NOT NULL";
    assert_eq!(storage.integer(waits).await, Some(1));
}

async fn bulk_parts_at_once_decide_each_comment_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let fitted = insert_many(&scene, 40).await;
    let id = begins(&scene, Act::Approve, Status::Pending).await;
    let parts = async || {
        at_once((0..10).map(|_| {
            let (store, part) = (Arc::clone(&scene.store), part(&scene, id, 7));
            async move { store.advance_bulk(part).await.expect("a part") }
        }))
        .await
    };
    parts().await;
    let bulk = scene.store.bulk(id).await.expect("read").expect("there");
    assert_eq!(figures(&bulk), (BulkState::Done, 40, 0, 0, 0));
    let decided = storage.ids("comment_id", "audit_entries").await;
    assert_eq!(decided, fitted.iter().copied().collect::<BTreeSet<_>>());
    assert_eq!(storage.integer("SELECT COUNT(*) FROM audit_entries").await, Some(40));
    assert!(scene.store.undo_bulk(id).await.expect("begun"));
    parts().await;
    let bulk = scene.store.bulk(id).await.expect("read").expect("there");
    assert_eq!(figures(&bulk), (BulkState::Undone, 40, 0, 40, 0));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM audit_entries").await, Some(80));
}

async fn bulk_entries_are_sealed_with_their_bulk(storage: &Storage) {
    let scene = Scene::open(storage).await;
    insert_many(&scene, 2).await;
    let id = begins(&scene, Act::Spam, Status::Pending).await;
    goes_on(&scene, id, 10).await;
    let until = START.plus(Duration::from_mins(1));
    assert_eq!(scene.store.seal(SITE, until, until).await.expect("sealed"), 2);
    assert_eq!(scene.store.check_seals(SITE).await.expect("checked"), (1, None));
    storage.execute("UPDATE audit_entries SET bulk_id = NULL").await;
    let fault = SealFault {
        site: SITE.to_owned(),
        number: 1,
    };
    assert_eq!(scene.store.check_seals(SITE).await.expect("checked").1, Some(fault));
}
