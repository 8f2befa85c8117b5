//! What a decision keeps beside its entry of the audit log: why and how it was made, on what, and whether it holds.

use std::collections::BTreeMap;

use palabre::{
    domain::{
        appeal::Asked,
        decision::{Act, Decided},
        decision_facts::{How, Restriction, Source},
        reason::Reason,
        score::Score,
        status::Status,
    },
    store::DecisionFacts,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    acts::moderator,
    example::Sent as _,
    service::{SITE as CONFIG, Service, comment},
    store::{START, Scene},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    a_decision_keeps_on_what_why_and_how_it_was_made,
    a_decision_holds_until_it_is_taken_back_or_another_leads_elsewhere,
    an_answer_to_an_appeal_upholds_or_overturns,
    the_history_of_a_comment_tells_what_its_decisions_keep,
);

async fn kept(scene: &Scene, comment: Uuid) -> BTreeMap<Uuid, DecisionFacts> {
    let facts = scene.store.decision_facts(comment).await.expect("read");
    facts.into_iter().map(|facts| (facts.id, facts)).collect()
}

/// Decides as somebody and must succeed; gives the decision's id.
async fn decides(scene: &Scene, who: &str, comment: Uuid, act: Act) -> Uuid {
    let mut decision = scene.decision(comment, act);
    decision.actor = moderator(who);
    let id = decision.id;
    assert_eq!(scene.decide(decision).await, Decided::Applied(id), "{act:?}");
    id
}

async fn a_decision_keeps_on_what_why_and_how_it_was_made(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let score = Score::from_thousandths(300).expect("in range");
    let scored = scene
        .insert_with(|comment| {
            let outcome = &mut comment.submitted().outcome;
            (outcome.level, outcome.policy_version) = (Some(score), Some(7));
            let (links, below) = (Reason::Links { count: 3 }, Reason::ScoreBelow { score, cut: score });
            outcome.reasons = vec![below, links];
        })
        .await;
    let mut approval = scene.decision(scored, Act::Approve);
    approval.focused_ms = Some(4_200);
    let first = approval.id;
    scene.decide(approval).await;
    let reported = scene.store.report(scored, &["r1".to_owned()], "insulte", START).await;
    assert!(reported.expect("done"));
    let second = scene.act(scored, Act::Spam).await;
    let facts = kept(&scene, scored).await;
    let plain = DecisionFacts {
        id: first,
        revision: 0,
        restriction: None,
        source: Source::Own,
        detection_codes: "score_below links".to_owned(),
        decided_how: How::Person,
        policy_version: Some(7),
        score_seen: Some(300),
        focused_ms: Some(4_200),
        reversed_by: Some(second),
        reversed_at: Some(START.0),
        explored_hidden: Some(false),
        effective_at: Some(START.0),
        told_at: None,
    };
    assert_eq!(facts[&first], plain);
    let removal = DecisionFacts {
        id: second,
        restriction: Some(Restriction::Removed),
        source: Source::Report,
        focused_ms: None,
        reversed_by: None,
        reversed_at: None,
        ..plain
    };
    assert_eq!(facts[&second], removal);

    let waiting = scene.insert_with(|_| {}).await;
    let mut rejection = scene.decision(waiting, Act::Reject);
    rejection.how = How::Rule;
    let id = rejection.id;
    scene.decide(rejection).await;
    let facts = &kept(&scene, waiting).await[&id];
    assert_eq!(
        (facts.restriction, facts.decided_how),
        (Some(Restriction::Disabled), How::Rule)
    );
    assert_eq!((facts.score_seen, facts.policy_version), (None, None));
}

async fn a_decision_holds_until_it_is_taken_back_or_another_leads_elsewhere(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert_with(|_| {}).await;
    let other = scene.insert_with(|_| {}).await;
    let elsewhere = scene.act(other, Act::Approve).await;
    let reversed = async || -> BTreeMap<Uuid, Uuid> {
        let facts = kept(&scene, comment).await.into_iter();
        facts.filter_map(|(id, facts)| Some((id, facts.reversed_by?))).collect()
    };
    let one = decides(&scene, "m1", comment, Act::Approve).await;
    assert_eq!(reversed().await, BTreeMap::new());
    let two = decides(&scene, "m2", comment, Act::Reject).await;
    assert_eq!(reversed().await, BTreeMap::from([(one, two)]));
    let undo = decides(&scene, "m2", comment, Act::Undo).await;
    assert_eq!(reversed().await, BTreeMap::from([(two, undo)]), "the first holds again");
    let back = decides(&scene, "m1", comment, Act::Restore).await;
    let again = decides(&scene, "m2", comment, Act::Approve).await;
    let must = BTreeMap::from([(one, back), (two, undo)]);
    assert_eq!(reversed().await, must, "nothing that was said before is reversed twice");
    let spam = decides(&scene, "m2", comment, Act::Spam).await;
    assert_eq!(
        reversed().await,
        BTreeMap::from([(one, back), (two, undo), (again, spam)])
    );
    assert_eq!(
        kept(&scene, other).await[&elsewhere].reversed_by,
        None,
        "of another comment"
    );
}

async fn an_answer_to_an_appeal_upholds_or_overturns(storage: &Storage) {
    let scene = Scene::open(storage).await;
    for (answer, is_upheld) in [(Act::Reject, true), (Act::Approve, false), (Act::Hold, false)] {
        let comment = scene.insert_with(|_| {}).await;
        let rejection = decides(&scene, "m1", comment, Act::Reject).await;
        let seen = scene.store.comment(comment).await.expect("read").expect("there");
        let mut audit = scene.audit("appeal");
        audit.comment = Some(comment);
        assert_eq!(
            scene.store.appeal(&seen, audit, START).await.expect("done"),
            Asked::Brought
        );
        assert_eq!(
            kept(&scene, comment).await[&rejection].reversed_by,
            None,
            "nobody has answered"
        );
        let answered = decides(&scene, "m2", comment, answer).await;
        let facts = kept(&scene, comment).await;
        assert_eq!(facts[&answered].source, Source::Appeal, "{answer:?}");
        assert_eq!(
            facts[&rejection].reversed_by,
            (!is_upheld).then_some(answered),
            "{answer:?}"
        );
    }
    // The policy's refusal is no decision.
    let refused = scene.insert_with(|comment| comment.status = Status::Refused).await;
    let approval = scene.act(refused, Act::Approve).await;
    assert_eq!(kept(&scene, refused).await.len(), 1);
    assert_eq!(kept(&scene, refused).await[&approval].source, Source::Own);
}

async fn the_history_of_a_comment_tells_what_its_decisions_keep(storage: &Storage) {
    let service = Service::start(storage, CONFIG).await;
    let sent = service.reader().submits(&comment("Bonjour")).await.expect(202);
    let (one, other) = (service.moderator().await, service.moderator().await);
    // How it was decided is never for the asker to say, and a focus is kept within a day.
    let decisions = json!({"decisions": [{
        "key": "1", "comment": sent.id(), "action": "reject", "focused_ms": i64::MAX,
        "decided_how": "rule", "source": "report", "how": "import",
    }]});
    let path = "/api/v1/moderation/decisions";
    one.posts(path, &decisions).await.expect(200);
    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    let appeal = format!("/r/{receipt}/appeal");
    let asked = service.request(Method::POST, &appeal, |request| request).await;
    asked.expect(200);
    let path = format!("/api/v1/comments/{}/approve", sent.id());
    let approved = other.posts(&path, &json!({"focused_ms": 900})).await.expect(200);
    let shown = one.gets(&format!("/api/v1/comments/{}", sent.id())).await.expect(200);
    let history = shown.json["history"].as_array().expect("a history");
    let [rejection, appeal, approval] = &history[..] else {
        panic!("{history:?}");
    };
    assert_eq!(rejection["decided_how"], "person");
    assert_eq!(rejection["source"], "own");
    assert_eq!(rejection["restriction"], "disabled");
    assert_eq!(rejection["revision"], 0);
    assert_eq!(rejection["focused_ms"], 86_400_000);
    let codes: Vec<&Value> = shown.json["reasons"]
        .as_array()
        .expect("reasons")
        .iter()
        .map(|reason| &reason["code"])
        .collect();
    assert_eq!(rejection["detection_codes"], json!(codes));
    assert_eq!(rejection["reversed_by"], approved.json["decision"]);
    assert_eq!(rejection["reversed_at"], approval["at"]);
    assert_eq!(
        (&approval["source"], &approval["focused_ms"]),
        (&json!("appeal"), &json!(900))
    );
    assert!(approval.get("restriction").is_none() && approval.get("reversed_by").is_none());
    assert!(
        appeal.get("decided_how").is_none(),
        "a reader's own act is no decision: {appeal}"
    );
    service.stop().await;
}
