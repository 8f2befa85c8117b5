//! What happens is told to each who is to be told: in order, and not before an undo can take it back. What is killed
//! and what fails meanwhile is in `told_across_kills.rs` and `failing_writes.rs`.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::future::join_all;
use palabre::{
    actions::identify::Role,
    clock::{Clock, ManualClock},
    domain::{appeal::Asked, decision::Act, event::Kind, status::Status, timestamp::Timestamp},
    jobs::{self, Heard},
    store::{Delivered, Delivery, Receiver},
};
use uuid::Uuid;

use crate::{
    captcha_road::{POLICY, fake, recaptcha},
    example::Sent as _,
    mail::{MailServer, Mood, delivers},
    service::{PASSPHRASE, Service},
    store::{OTHER, SITE, START, Scene},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    a_submission_to_nobody_writes_no_row_more,
    an_approval_is_told_ten_seconds_later_and_an_undo_before_drops_it,
    an_undo_is_told_to_who_heard_of_the_decision,
    what_happens_to_a_comment_is_told_in_its_order,
    readers_and_time_are_told_of_as_well,
    two_workers_at_once_deliver_each_once,
    a_lease_that_ran_out_is_claimed_again_under_the_same_id,
    a_receiver_that_fails_is_tried_later_and_later_and_given_up,
    a_seq_goes_on_after_the_events_were_forgotten,
    owners_are_shown_what_was_given_up,
);

/// A receiver that writes down what it is told.
#[derive(Default)]
pub(crate) struct Recorder {
    told: RefCell<Vec<(Delivery, Timestamp)>>,
}

impl Recorder {
    /// Delivers all that is due `seconds` after the start.
    pub(crate) async fn is_told_at(&self, scene: &Scene, seconds: u64) {
        let now = START.plus(Duration::from_secs(seconds));
        let clock = Clock::Manual(ManualClock::at(now));
        let hears = async |delivery: Delivery| {
            self.told.borrow_mut().push((delivery, now));
            Ok(Heard::Yes)
        };
        while jobs::deliver_with(&scene.store, &clock, hears)
            .await
            .expect("delivered")
            > 0
        {}
    }

    /// What it was told since the last call.
    pub(crate) fn takes(&self) -> Vec<Kind> {
        let told = std::mem::take(&mut *self.told.borrow_mut());
        told.into_iter().map(|(delivery, _)| delivery.kind).collect()
    }
}

pub(crate) fn receiver(id: &str) -> Receiver {
    Receiver {
        kind: "recorder".to_owned(),
        id: id.to_owned(),
    }
}

pub(crate) async fn scene_with(storage: &Storage, receivers: &[&str]) -> Scene {
    let scene = Scene::open(storage).await;
    for id in receivers {
        scene.store.add_receiver(SITE, &receiver(id)).await.expect("added");
    }
    scene
}

async fn rows(storage: &Storage) -> BTreeMap<String, i64> {
    let tables: BTreeSet<String> = storage.columns().await.into_iter().map(|(table, _, _)| table).collect();
    let mut rows = BTreeMap::new();
    for table in tables {
        let count = storage.integer(&format!("SELECT COUNT(*) FROM {table}")).await;
        rows.insert(table, count.expect("a count"));
    }
    rows
}

async fn a_submission_to_nobody_writes_no_row_more(storage: &Storage) {
    let scene = scene_with(storage, &[]).await;
    scene.insert_with(|_| {}).await;
    let before = rows(storage).await;
    let sends = |site: &'static str| {
        scene.insert_with(move |comment| {
            site.clone_into(&mut comment.site);
            comment.submitted().repeats.keys = vec![format!("k:{}", comment.id)];
        })
    };
    sends(SITE).await;
    let mut expected = before;
    for table in ["comments", "repeat_keys"] {
        *expected.get_mut(table).expect("there") += 1;
    }
    assert_eq!(rows(storage).await, expected);

    scene.store.add_receiver(SITE, &receiver("a")).await.expect("added");
    let told = sends(SITE).await;
    sends(OTHER).await;
    let deliveries = async |of: String| storage.integer(&format!("SELECT COUNT(*) FROM deliveries{of}")).await;
    assert_eq!(deliveries(String::new()).await, Some(1));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM events").await, Some(0));
    let recorder = Recorder::default();
    recorder.is_told_at(&scene, 0).await;
    let (delivery, _) = recorder.told.borrow_mut().pop().expect("told");
    assert_eq!(
        (delivery.event, delivery.comment, delivery.seq),
        (told, Some(told), Some(0))
    );
    scene.store.close().await;
}

async fn an_approval_is_told_ten_seconds_later_and_an_undo_before_drops_it(storage: &Storage) {
    let scene = scene_with(storage, &["a", "b"]).await;
    let recorder = Recorder::default();
    let [kept, undone] = [scene.insert_with(|_| {}).await, scene.insert_with(|_| {}).await];
    recorder.is_told_at(&scene, 0).await;
    assert_eq!(recorder.takes(), [Kind::Arrived; 4]);
    scene.act(kept, Act::Approve).await;
    scene.act(undone, Act::Approve).await;
    recorder.is_told_at(&scene, 9).await;
    assert!(recorder.takes().is_empty(), "an undo may come");
    scene.act(undone, Act::Undo).await;
    recorder.is_told_at(&scene, 60).await;
    assert_eq!(recorder.takes(), [Kind::Approved; 2], "nobody hears of what was undone");
    let dropped = storage
        .integer("SELECT COUNT(*) FROM deliveries WHERE state = 'dropped'")
        .await;
    assert_eq!(dropped, Some(2));
    for (comment, told) in [(kept, vec![true]), (undone, vec![false, false])] {
        let facts = scene.store.decision_facts(comment).await.expect("read");
        let heard: Vec<bool> = facts.iter().map(|facts| facts.told_at.is_some()).collect();
        assert_eq!(heard, told, "when a decision was first told stands with it");
    }
    let events = storage.integer("SELECT COUNT(*) FROM events").await;
    assert_eq!(events, Some(3), "the undo is an event, and none is deleted");
    scene.store.close().await;
}

async fn an_undo_is_told_to_who_heard_of_the_decision(storage: &Storage) {
    let scene = scene_with(storage, &["a"]).await;
    let recorder = Recorder::default();
    let comment = scene.insert_with(|_| {}).await;
    let approved = scene.act(comment, Act::Approve).await;
    recorder.is_told_at(&scene, 10).await;
    scene.act(comment, Act::Undo).await;
    recorder.is_told_at(&scene, 10).await;
    let told = std::mem::take(&mut *recorder.told.borrow_mut());
    let told: Vec<_> = told
        .iter()
        .map(|(delivery, _)| (delivery.kind, delivery.decision, delivery.version, delivery.seq))
        .collect();
    assert_eq!(
        told,
        [
            (Kind::Arrived, None, None, Some(0)),
            (Kind::Approved, Some(approved), Some(2), Some(1)),
            (Kind::Undone, Some(approved), Some(3), Some(2)),
        ]
    );

    // One that is on its way when the undo comes may have arrived.
    let approved = scene.act(comment, Act::Approve).await;
    let late = START.plus(Duration::from_mins(1));
    let lease = Duration::from_secs(30);
    let claimed = scene.store.claim_deliveries(late, lease, 8).await.expect("claimed");
    assert_eq!(claimed[0].event, approved);
    scene.act(comment, Act::Undo).await;
    recorder.is_told_at(&scene, 61).await;
    assert!(recorder.takes().is_empty(), "it waits for the one on its way");
    let ended = scene.store.end_delivery(&claimed[0], Delivered::Done, late).await;
    assert!(ended.expect("written"));
    recorder.is_told_at(&scene, 61).await;
    assert_eq!(recorder.takes(), [Kind::Undone]);
    scene.store.close().await;
}

async fn what_happens_to_a_comment_is_told_in_its_order(storage: &Storage) {
    let scene = scene_with(storage, &["good", "bad"]).await;
    let recorder = Recorder::default();
    let acts = [Act::Reject, Act::Approve, Act::Spam, Act::Restore];
    let mut comments = Vec::new();
    for _ in 0..3 {
        let comment = scene.insert_with(|_| {}).await;
        for act in acts {
            scene.act(comment, act).await;
        }
        comments.push(comment);
    }
    let tries = RefCell::new(0);
    for seconds in (0..2000).step_by(50) {
        let now = START.plus(Duration::from_secs(seconds));
        let clock = Clock::Manual(ManualClock::at(now));
        let hears = async |delivery: Delivery| {
            *tries.borrow_mut() += 1;
            if delivery.receiver.id == "bad" && *tries.borrow() % 3 == 0 {
                return Err("not now".to_owned());
            }
            recorder.told.borrow_mut().push((delivery, now));
            Ok(Heard::Yes)
        };
        while jobs::deliver_with(&scene.store, &clock, hears)
            .await
            .expect("delivered")
            > 0
        {}
    }
    let told = std::mem::take(&mut *recorder.told.borrow_mut());
    assert_eq!(told.len(), 2 * 3 * 5);
    for id in ["good", "bad"] {
        for comment in &comments {
            let of_it = |delivery: &Delivery| delivery.receiver.id == id && delivery.comment == Some(*comment);
            let seqs: Vec<_> = told
                .iter()
                .filter(|(told, _)| of_it(told))
                .map(|(told, _)| told.seq)
                .collect();
            assert_eq!(seqs, [Some(0), Some(1), Some(2), Some(3), Some(4)], "{id}");
        }
    }
    scene.store.close().await;
}

async fn readers_and_time_are_told_of_as_well(storage: &Storage) {
    let scene = scene_with(storage, &["a"]).await;
    let recorder = Recorder::default();
    let spam = scene.insert_with(|comment| comment.status = Status::Spam).await;
    let refused = scene.insert_with(|comment| comment.status = Status::Refused).await;
    let reported = scene.store.report(spam, &["r1".to_owned()], "insulte", START).await;
    assert!(reported.expect("done"));
    let again = scene.store.report(spam, &["r1".to_owned()], "insulte", START).await;
    assert!(!again.expect("done"));
    let read = scene.store.comment(refused).await.expect("read").expect("there");
    let mut audit = scene.audit("appeal");
    audit.comment = Some(refused);
    let asked = scene.store.appeal(&read, audit, START).await.expect("done");
    assert_eq!(asked, Asked::Brought);
    let mut audit = scene.audit("erase");
    audit.comment = Some(refused);
    assert!(scene.store.erase(&read, audit, START).await.expect("done"));
    let late = START.plus(Duration::from_hours(1000));
    let expired = scene.store.expire_texts(SITE, Status::Spam, late, late).await;
    assert_eq!(expired.expect("done"), 1);
    for action in ["policy", "account_removed", "sign_in"] {
        scene.store.add_audit(scene.audit(action)).await.expect("added");
    }
    recorder.is_told_at(&scene, 3_600_000).await;
    let told = std::mem::take(&mut *recorder.told.borrow_mut());
    let of = |comment: Uuid| -> Vec<_> {
        let own = told.iter().filter(|(told, _)| told.comment == Some(comment));
        own.map(|(told, _)| (told.kind, told.seq.expect("numbered"))).collect()
    };
    assert_eq!(of(spam), [(Kind::Arrived, 0), (Kind::Reported, 1), (Kind::Expired, 2)]);
    assert_eq!(
        of(refused),
        [(Kind::Arrived, 0), (Kind::Appealed, 1), (Kind::Erased, 2)]
    );
    assert_eq!(told.len(), 6, "what is about no comment is told to nobody");
    let events = storage
        .integer("SELECT COUNT(*) FROM events WHERE comment_id IS NULL")
        .await;
    assert_eq!(events, Some(2), "a sign-in changes nobody's rights");
    scene.store.close().await;
}

async fn two_workers_at_once_deliver_each_once(storage: &Storage) {
    let scene = scene_with(storage, &["a", "b"]).await;
    for _ in 0..20 {
        scene.insert_with(|_| {}).await;
    }
    let (told, under_way) = (RefCell::new(Vec::new()), RefCell::new(BTreeSet::new()));
    let clock = Clock::Manual(ManualClock::at(START));
    let worker = async || {
        let hears = async |delivery: Delivery| {
            let one = (delivery.event, delivery.receiver.clone());
            assert!(under_way.borrow_mut().insert(one.clone()), "twice at the same time");
            tokio::task::yield_now().await;
            under_way.borrow_mut().remove(&one);
            told.borrow_mut().push(one);
            Ok(Heard::Yes)
        };
        while scene.store.has_due_deliveries(START).await.expect("read") {
            jobs::deliver_with(&scene.store, &clock, hears)
                .await
                .expect("delivered");
        }
    };
    join_all([worker(), worker(), worker()]).await;
    assert_eq!(told.borrow().len(), 40);
    let ids: BTreeSet<_> = told.borrow().iter().cloned().collect();
    assert_eq!(ids.len(), 40);
    scene.store.close().await;
}

async fn a_lease_that_ran_out_is_claimed_again_under_the_same_id(storage: &Storage) {
    let scene = scene_with(storage, &["a"]).await;
    scene.insert_with(|_| {}).await;
    let claims = async |seconds: u64| {
        let now = START.plus(Duration::from_secs(seconds));
        let claimed = scene.store.claim_deliveries(now, Duration::from_mins(1), 8).await;
        claimed.expect("claimed")
    };
    let first = claims(0).await;
    assert_eq!((first.len(), first[0].attempts), (1, 1));
    assert!(claims(59).await.is_empty(), "somebody has it");
    let second = claims(60).await;
    assert_eq!((second[0].event, second[0].attempts), (first[0].event, 2));
    let ends = async |delivery: &Delivery, how: Delivered| {
        let ended = scene.store.end_delivery(delivery, how, START).await;
        ended.expect("written")
    };
    let error = "slow".to_owned();
    assert!(
        !ends(&first[0], Delivered::Dead { error }).await,
        "the claim is another's"
    );
    assert!(ends(&second[0], Delivered::Done).await);
    assert!(!ends(&second[0], Delivered::Dropped).await, "it is over");
    assert!(claims(3600).await.is_empty());
    scene.store.close().await;
}

async fn a_receiver_that_fails_is_tried_later_and_later_and_given_up(storage: &Storage) {
    let scene = scene_with(storage, &["a"]).await;
    let comment = scene.insert_with(|_| {}).await;
    let tries = RefCell::new(Vec::new());
    // In steps of ten seconds, as long as it takes.
    let mut seconds = 0;
    while storage
        .integer("SELECT COUNT(*) FROM deliveries WHERE state = 'dead'")
        .await
        == Some(0)
    {
        let next = storage
            .integer("SELECT MIN(not_before) FROM deliveries")
            .await
            .expect("waiting");
        seconds = u64::try_from(next - START.0)
            .expect("later")
            .div_ceil(1000)
            .max(seconds);
        let now = START.plus(Duration::from_secs(seconds));
        let clock = Clock::Manual(ManualClock::at(now));
        let fails = async |_: Delivery| {
            tries.borrow_mut().push(seconds);
            Err("the receiver answers 503".to_owned())
        };
        jobs::deliver_with(&scene.store, &clock, fails).await.expect("tried");
    }
    let tries = tries.into_inner();
    assert_eq!(tries.len(), 12);
    let waits: Vec<u64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((24..=37).contains(&waits[0]), "{waits:?}");
    assert!((48..=73).contains(&waits[1]), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 3 * 3600 * 12 / 10 + 1), "{waits:?}");
    let dead = scene.store.dead_deliveries(SITE, START).await.expect("read");
    assert_eq!(dead, 1);
    // What came later is not kept back by what was given up.
    scene.act(comment, Act::Reject).await;
    let recorder = Recorder::default();
    recorder.is_told_at(&scene, seconds).await;
    assert_eq!(recorder.takes(), [Kind::Rejected]);
    scene.store.close().await;
}

async fn a_seq_goes_on_after_the_events_were_forgotten(storage: &Storage) {
    let scene = scene_with(storage, &["a"]).await;
    let recorder = Recorder::default();
    let comment = scene.insert_with(|_| {}).await;
    scene.act(comment, Act::Hold).await;
    let years = START.plus(Duration::from_hours(2 * 365 * 24));
    scene.store.forget_deliveries(years).await.expect("done");
    assert_eq!(
        storage.integer("SELECT COUNT(*) FROM events").await,
        Some(1),
        "still to be told"
    );
    recorder.is_told_at(&scene, 1).await;
    assert_eq!(recorder.takes(), [Kind::Arrived, Kind::Held]);
    scene
        .store
        .forget_deliveries(START.plus(Duration::from_hours(29 * 24)))
        .await
        .expect("done");
    assert_eq!(storage.integer("SELECT COUNT(*) FROM deliveries").await, Some(2));
    scene.store.forget_deliveries(years).await.expect("done");
    assert_eq!(storage.integer("SELECT COUNT(*) FROM deliveries").await, Some(0));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM events").await, Some(0));
    scene.act(comment, Act::Approve).await;
    assert_eq!(storage.integer("SELECT seq FROM events").await, Some(2));
    scene.store.close().await;
}

async fn owners_are_shown_what_was_given_up(storage: &Storage) {
    let (fake, server) = (fake().await, MailServer::start().await);
    let config = format!("{}{}", server.settings(), recaptcha(&fake, POLICY));
    let service = Service::start(storage, &config).await;
    let owner = service.owner().await;
    let (_, code) = service.invites("Une", "une@exemple.test", Role::Owner, &["faso"]).await;
    service.accepts(&code).await;
    let faults = async || {
        let answer = owner.gets("/api/v1/sites/faso/captcha/defence").await.expect(200);
        answer.json["faults"].clone()
    };
    fake.fault(crate::fake_provider::Fault::InvalidSecret);
    let fields = crate::captcha_road::scored(&fake, "Mal réglé", 0.9);
    service.reader().submits(&fields).await.expect(202);
    server.set(Mood::Refuses);
    // The service's own first look is a minute ago.
    service.clock.advance(Duration::from_mins(1));
    jobs::warn(&service.app).await.expect("done");
    for _ in 0..12 {
        delivers(&service, storage).await;
        service.clock.advance(Duration::from_hours(4));
    }
    let dead = storage
        .integer("SELECT COUNT(*) FROM deliveries WHERE state = 'dead'")
        .await;
    assert_eq!(dead, Some(1));
    let expected = serde_json::json!([{"code": "undelivered", "detail": null, "count": 1, "at": null}]);
    assert_eq!(faults().await, expected);
    // The session of before has ended.
    let browser = service.signs_in_as("une@exemple.test", PASSPHRASE).await;
    let page = browser.gets("/sites/faso/defence").await.expect(200);
    assert!(page.text.contains("1 message n’a pas pu être remis"), "{}", page.text);
    assert!(!page.text.contains("une@exemple.test"));
    let counts = service.app.store.delivery_counts().await.expect("counted");
    assert_eq!(
        counts.iter().find(|(state, _)| state == "dead"),
        Some(&("dead".to_owned(), 1))
    );
    let metrics = owner.gets("/metrics").await.expect(200);
    assert!(
        metrics.text.contains("palabre_deliveries{state=\"dead\"}"),
        "{}",
        metrics.text
    );
    service.get("/readyz").await.expect(200);
    service.clock.advance(Duration::from_hours(8 * 24));
    assert_eq!(faults().await, serde_json::json!([]), "after a week it is history");
    service.stop().await;
}
