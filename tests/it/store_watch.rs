//! What the store promises to those who watch the queue: what came in and was decided lately, who reads what.

use std::time::Duration;

use palabre::{
    domain::{actor::Scope, decision::Act, status::Status},
    store::Lease,
};
use uuid::Uuid;

use crate::{
    acts::moderator,
    store::{OTHER, SITE, START, Scene, at_once},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    what_came_in_lately_is_told_newest_first,
    what_was_decided_lately_is_told_newest_first,
    a_comment_is_leased_to_who_was_first_until_it_runs_out,
    h9_six_hundred_leases_of_one_site_hide_nobodys,
    of_ten_who_want_one_lease_one_has_it,
);

async fn what_came_in_lately_is_told_newest_first(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut sent = Vec::new();
    for (site, seconds, status) in [
        (SITE, 0, Status::Pending),
        (OTHER, 1, Status::Pending),
        (SITE, 2, Status::Spam),
        (SITE, 3, Status::Approved),
    ] {
        let sending = scene.insert_with(|comment| {
            site.clone_into(&mut comment.site);
            comment.status = status;
            comment.at = START.plus(Duration::from_secs(seconds));
        });
        sent.push(sending.await);
    }
    let both = [SITE.to_owned(), OTHER.to_owned()];
    let told = async |sites: &[String], seconds: u64, most: i64| -> Vec<Uuid> {
        let since = START.plus(Duration::from_secs(seconds));
        let arrivals = scene.store.arrivals(sites, since, most).await.expect("read");
        arrivals.into_iter().map(|arrival| arrival.comment).collect()
    };
    assert_eq!(told(&both, 0, 10).await, [sent[3], sent[2], sent[1], sent[0]]);
    assert_eq!(told(&both, 1, 2).await, [sent[3], sent[2]]);
    assert_eq!(
        told(&both[..1], 1, 10).await,
        [sent[3], sent[2]],
        "another's site is not told"
    );
    assert!(told(&[], 0, 10).await.is_empty() && told(&both, 4, 10).await.is_empty());

    scene.act(sent[1], Act::Reject).await;
    let other = scene.store.arrivals(&both[1..], START, 10).await.expect("read");
    let other = other.first().expect("one");
    assert_eq!(
        (other.site.as_str(), other.thread.as_str(), other.version),
        (OTHER, "/a", 2)
    );
    assert_eq!((other.status, other.created_at.0), (Status::Rejected, START.0 + 1000));
    scene.store.close().await;
}

async fn what_was_decided_lately_is_told_newest_first(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert_with(|_| {}).await;
    let first = scene.act(comment, Act::Approve).await;
    let mut other = scene.audit("policy");
    OTHER.clone_into(&mut other.site);
    let policy = other.id;
    scene.store.add_audit(other).await.expect("added");
    let last = scene.act(comment, Act::Spam).await;
    let told = async |scope: &Scope, since, most| -> Vec<Uuid> {
        let entries = scene.store.entries_since(scope, since, most).await.expect("read");
        entries.into_iter().map(|entry| entry.id).collect()
    };
    let own = Scope::Sites(vec![SITE.to_owned()]);
    assert_eq!(told(&Scope::All, START, 10).await, [last, policy, first]);
    assert_eq!(told(&Scope::All, START, 1).await, [last]);
    assert_eq!(told(&own, START, 10).await, [last, first]);
    assert!(told(&Scope::Sites(Vec::new()), START, 10).await.is_empty());
    assert!(
        told(&Scope::All, START.plus(Duration::from_secs(1)), 10)
            .await
            .is_empty()
    );
    scene.store.close().await;
}

impl Scene {
    async fn lease(&self, comment: Uuid, who: &str, seconds: u64) -> Lease {
        let now = START.plus(Duration::from_secs(seconds));
        let until = now.plus(Duration::from_secs(30));
        let who = moderator(who);
        let leased = self.store.lease_comment(comment, SITE, &who, until, now).await;
        leased.expect("answered")
    }

    /// Who reads what at that time.
    async fn leases(&self, seconds: u64) -> Vec<(Uuid, String)> {
        let leases = self.store.leases(START.plus(Duration::from_secs(seconds))).await;
        let leases = leases.expect("read").into_iter();
        leases.map(|lease| (lease.comment_id, lease.holder_id)).collect()
    }
}

async fn h9_six_hundred_leases_of_one_site_hide_nobodys(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let until = START.plus(Duration::from_secs(30));
    let lease = async |site: &str, number: u128| {
        let who = moderator(&format!("m{number}"));
        let comment = Uuid::from_u128(number);
        let leased = scene.store.lease_comment(comment, site, &who, until, START).await;
        leased.expect("answered");
    };
    for number in 0..600 {
        lease(SITE, number).await;
    }
    lease(OTHER, 1000).await;
    let leases = scene.store.leases(START).await.expect("read");
    let of = |site: &str| leases.iter().filter(|lease| lease.site_id == site).count();
    assert_eq!((of(SITE), of(OTHER)), (200, 1));
}

async fn a_comment_is_leased_to_who_was_first_until_it_runs_out(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let (a, b) = (scene.insert_with(|_| {}).await, scene.insert_with(|_| {}).await);
    let first = scene.lease(a, "m1", 0).await;
    assert_eq!((first.holder_id.as_str(), first.site_id.as_str()), ("m1", SITE));
    assert_eq!(first.leased_until, START.0 + 30_000);
    let refused = scene.lease(a, "m2", 10).await;
    assert_eq!(
        (refused.holder_id.as_str(), refused.leased_until),
        ("m1", START.0 + 30_000)
    );
    assert_eq!(scene.lease(a, "m1", 20).await.leased_until, START.0 + 50_000, "renewed");
    assert_eq!(scene.leases(49).await, [(a, "m1".to_owned())]);
    assert!(scene.leases(50).await.is_empty());
    assert_eq!(scene.lease(a, "m2", 50).await.holder_id, "m2", "it had run out");
    scene.lease(b, "m2", 51).await;
    assert_eq!(scene.leases(52).await, [(b, "m2".to_owned())], "one reads one comment");
    scene
        .store
        .purge(START.plus(Duration::from_secs(81)))
        .await
        .expect("purged");
    assert_eq!(storage.integer("SELECT COUNT(*) FROM review_leases").await, Some(0));
    scene.store.close().await;
}

async fn of_ten_who_want_one_lease_one_has_it(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert_with(|_| {}).await;
    let given = at_once((0..10).map(|number| {
        let store = std::sync::Arc::clone(&scene.store);
        async move {
            let until = START.plus(Duration::from_secs(30));
            let who = moderator(&number.to_string());
            let lease = store.lease_comment(comment, SITE, &who, until, START).await;
            lease.expect("answered").holder_id
        }
    }))
    .await;
    let holder = &scene.leases(0).await[0].1;
    assert!(given.iter().all(|given| given == holder), "{given:?}");
    scene.store.close().await;
}
