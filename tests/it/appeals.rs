//! A reader asks for a person: once, of whatever was turned down, before all else in the queue, and answered by
//! somebody else than whoever decided, by whatever way they try.

use std::{collections::BTreeSet, time::Duration};

use palabre::{
    actions::identify::Role,
    domain::{
        actor::{Actor, ActorKind, Scope},
        appeal::{Asked, Judge},
        decision::{Act, Decided},
        queue::{Filter, Order},
        status::Status,
        timestamp::Timestamp,
    },
    store::{AppealSeen, Comment, QueueRow},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    acts::moderator,
    service::{Answer, Browser, Person, SITE as CONFIG, Service, comment},
    store::{OTHER, SITE, START, Scene},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    each_state_has_its_answer_to_an_appeal,
    whoever_decided_does_not_answer_the_appeal_by_any_way,
    in_a_batch_the_other_decisions_go_through,
    who_is_alone_on_a_site_answers_and_it_is_logged,
    a_token_of_the_operator_stands_for_itself_and_for_those_it_made,
    an_appeal_is_against_the_decision_in_force,
    appeals_come_first_in_every_order_and_each_is_listed_once,
    an_appeal_knows_the_row_that_comes_after_it,
);

const QUEUE: &str = "/api/v1/moderation/queue";

/// A comment of a reader's, with the address of its receipt.
struct Sent {
    id: String,
    receipt: String,
}

async fn submits(service: &Service, body: &str) -> Sent {
    let sent = service.reader().submits(&comment(body)).await.expect(202);
    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    Sent {
        id: sent.id(),
        receipt: format!("/r/{receipt}"),
    }
}

async fn appeals(service: &Service, sent: &Sent) -> Answer {
    let path = format!("{}/appeal", sent.receipt);
    service.request(Method::POST, &path, |request| request).await
}

/// Somebody with an account of their own, at work.
async fn comes_in<'a>(service: &'a Service, name: &str, role: Role) -> Browser<'a> {
    let email = format!("{}@faso.test", name.to_lowercase());
    let (_, code) = service.invites(name, &email, role, &["faso"]).await;
    service.accepts(&code).await
}

async fn decides(browser: &Browser<'_>, sent: &Sent, act: &str) -> Answer {
    let path = format!("/api/v1/comments/{}/{act}", sent.id);
    browser.sends(&Method::POST, &path, &json!({})).await
}

async fn shows(browser: &Browser<'_>, sent: &Sent) -> Value {
    let path = format!("/api/v1/comments/{}", sent.id);
    browser
        .sends(&Method::GET, &path, &Value::Null)
        .await
        .expect(200)
        .json
        .clone()
}

async fn each_state_has_its_answer_to_an_appeal(storage: &Storage) {
    let service = Service::start(storage, CONFIG).await;
    let (one, other) = (service.moderator().await, service.moderator().await);
    let state = async |sent: &Sent| service.get(&sent.receipt).await.expect(200).json["status"].clone();
    for act in ["reject", "spam"] {
        let sent = submits(&service, act).await;
        let answer = appeals(&service, &sent).await;
        assert_eq!(answer.error(), (409, "conflict"), "a person reads it anyway");
        one.decides(&sent.id, act).await.expect(200);
        let told = service.get(&sent.receipt).await.expect(200);
        assert_eq!(told.json["status"], "rejected", "{act}");
        assert!(told.json["appeal"].is_string(), "{act}: told alike");
        one.decides(&sent.id, "undo").await.expect(200);
        let answer = appeals(&service, &sent).await;
        assert_eq!(answer.error(), (409, "conflict"), "it was taken back");
        one.decides(&sent.id, act).await.expect(200);
        for time in ["once", "the same request again"] {
            let asked = appeals(&service, &sent).await.expect(200);
            assert_eq!(asked.json["status"], "pending", "{act} {time}");
            assert!(asked.json["appealed_at"].is_string() && asked.json["appeal"].is_null());
        }
        let item = other.gets(&format!("/api/v1/comments/{}", sent.id)).await.expect(200);
        let history = item.json["history"].as_array().expect("a history");
        let appeal = history.last().expect("an entry");
        assert_eq!(appeal["action"], "appeal", "the second request wrote nothing");
        assert_eq!(appeal["detail"]["against"], history[history.len() - 2]["id"]);
        other.decides(&sent.id, "reject").await.expect(200);
        let again = appeals(&service, &sent).await;
        assert_eq!(again.error(), (409, "appeal_answered"), "{act}");
        assert_eq!(state(&sent).await, "rejected");
        other.decides(&sent.id, "approve").await.expect(200);
        let again = appeals(&service, &sent).await;
        assert_eq!(again.error(), (409, "appeal_answered"), "{act}");
    }
    let public = submits(&service, "Publié").await;
    one.decides(&public.id, "approve").await.expect(200);
    assert_eq!(appeals(&service, &public).await.error(), (409, "conflict"));
    let erase = format!("{}/erase", public.receipt);
    let erased = service.request(Method::POST, &erase, |request| request).await;
    erased.expect(200);
    assert_eq!(appeals(&service, &public).await.error(), (409, "erased"));

    // In a browser: a button, and the way back to the receipt.
    let sent = submits(&service, "Par la page").await;
    one.decides(&sent.id, "reject").await.expect(200);
    let html = |request: reqwest::RequestBuilder| request.header("accept", "text/html");
    let page = service.request(Method::GET, &sent.receipt, html).await.expect(200);
    let action = format!("action=\"{}/appeal\"", sent.receipt);
    assert!(page.text.contains(&action), "{}", page.text);
    let path = format!("{}/appeal", sent.receipt);
    service.request(Method::POST, &path, html).await.expect(303);
    let page = service.request(Method::GET, &sent.receipt, html).await.expect(200);
    assert!(!page.text.contains(&action));
    service.stop().await;
}

async fn whoever_decided_does_not_answer_the_appeal_by_any_way(storage: &Storage) {
    let service = Service::start(storage, CONFIG).await;
    let awa = comes_in(&service, "Awa", Role::Owner).await;
    let issa = comes_in(&service, "Issa", Role::Moderator).await;
    let token = json!({"name": "programme", "role": "moderator", "sites": ["faso"]});
    let made = awa.sends(&Method::POST, "/api/v1/tokens", &token).await.expect(201);
    let token = made.json["token"].as_str().expect("a token").to_owned();
    let hers = service.bearer(token);

    let sent = submits(&service, "Contesté").await;
    decides(&awa, &sent, "reject").await.expect(200);
    appeals(&service, &sent).await.expect(200);
    let seen = shows(&awa, &sent).await;
    assert_eq!(seen["appeal"]["at"], seen["appealed_at"]);
    assert_eq!(seen["appeal"]["against"]["action"], "reject");
    assert_eq!(seen["appeal"]["against"]["by"], "Awa");
    assert_eq!(seen["appeal"]["against"]["decision"], seen["history"][0]["id"]);
    assert_eq!(
        [&seen["appeal"]["may_decide"], &seen["appeal"]["alone"]],
        [false, false]
    );
    let seen = shows(&issa, &sent).await;
    assert_eq!([&seen["appeal"]["may_decide"], &seen["appeal"]["alone"]], [true, false]);

    let is_barred = async |sent: &Sent, acts: &[&str]| {
        for act in acts {
            let refused = decides(&awa, sent, act).await;
            assert_eq!(refused.error(), (409, "own_decision"), "{act}");
            assert_eq!(refused.json["item"]["id"], sent.id);
            let title = refused.json["title"].as_str().expect("a sentence");
            assert!(title.contains("conteste votre décision"), "{title}");
            assert_eq!(
                hers.decides(&sent.id, act).await.error(),
                (409, "own_decision"),
                "{act}"
            );
        }
    };
    is_barred(&sent, &["approve", "reject", "spam", "hold"]).await;
    // It waits already, and the last to happen is the appeal: nothing to put back, nothing to undo.
    decides(&awa, &sent, "restore").await.expect(200);
    assert_eq!(decides(&awa, &sent, "undo").await.error(), (409, "conflict"));
    let fields = [
        ("comment", sent.id.as_str()),
        ("version", "3"),
        ("return_to", "/queue?status=pending"),
        ("action", "approve"),
    ];
    let pressed = awa.posts("/queue/decide", &fields).await.expect(303);
    let back = awa.gets(pressed.header("location")).await.expect(200);
    assert!(back.text.contains("conteste votre décision"), "{}", back.text);
    assert_eq!(shows(&awa, &sent).await["version"], 3, "nothing was changed");

    // Set aside by another: whoever decided does not bring it back to decide.
    decides(&issa, &sent, "hold").await.expect(200);
    is_barred(&sent, &["restore", "approve"]).await;
    assert_eq!(decides(&awa, &sent, "undo").await.error(), (409, "conflict"));
    // Answered by another: whoever decided does not turn the answer round.
    decides(&issa, &sent, "approve").await.expect(200);
    decides(&awa, &sent, "approve").await.expect(200);
    is_barred(&sent, &["reject", "spam", "restore", "hold"]).await;
    // Taken back by another: it is still not theirs.
    decides(&issa, &sent, "undo").await.expect(200);
    is_barred(&sent, &["approve", "reject", "spam"]).await;
    decides(&issa, &sent, "reject").await.expect(200);
    is_barred(&sent, &["approve", "restore"]).await;
    let seen = shows(&issa, &sent).await;
    assert_eq!(
        (&seen["status"], &seen["appeal"]["may_decide"]),
        (&json!("rejected"), &json!(true))
    );
    service.stop().await;
}

async fn in_a_batch_the_other_decisions_go_through(storage: &Storage) {
    let service = Service::start(storage, CONFIG).await;
    let awa = comes_in(&service, "Awa", Role::Moderator).await;
    let issa = comes_in(&service, "Issa", Role::Moderator).await;
    let (own, other) = (submits(&service, "Contesté").await, submits(&service, "Autre").await);
    decides(&awa, &own, "spam").await.expect(200);
    appeals(&service, &own).await.expect(200);
    let decisions = json!({"decisions": [
        {"key": "1", "comment": own.id, "action": "approve"},
        {"key": "2", "comment": other.id, "action": "approve"},
        {"key": "3", "comment": own.id, "action": "undo"},
    ]});
    let batch = async |browser: &Browser<'_>| {
        let path = "/api/v1/moderation/decisions";
        let answer = browser.sends(&Method::POST, path, &decisions).await.expect(200);
        answer.json["results"].as_array().expect("results").clone()
    };
    let results = batch(&awa).await;
    assert_eq!(
        (&results[0]["result"], &results[0]["code"]),
        (&json!("conflict"), &json!("own_decision"))
    );
    let message = results[0]["message"].as_str().expect("a sentence");
    assert!(message.contains("conteste votre décision"), "{message}");
    assert_eq!(results[0]["item"]["status"], "pending");
    assert_eq!(results[1]["result"], "applied");
    assert!(results[1].get("code").is_none(), "{}", results[1]);
    assert_eq!(
        (&results[2]["result"], &results[2]["code"]),
        (&json!("conflict"), &json!("conflict"))
    );
    // What was refused used up no key.
    assert_eq!(batch(&awa).await[0]["code"], "own_decision");
    assert_eq!(batch(&issa).await[0]["result"], "applied");
    service.stop().await;
}

async fn who_is_alone_on_a_site_answers_and_it_is_logged(storage: &Storage) {
    let service = Service::start(storage, CONFIG).await;
    let awa = comes_in(&service, "Awa", Role::Owner).await;
    // A program, somebody who has not come in, and somebody of another site: none of them could decide in her place.
    service.moderator().await;
    service
        .invites("Issa", "issa@faso.test", Role::Moderator, &["faso"])
        .await;
    let sent = submits(&service, "Contesté").await;
    decides(&awa, &sent, "reject").await.expect(200);
    appeals(&service, &sent).await.expect(200);
    let seen = shows(&awa, &sent).await;
    assert_eq!([&seen["appeal"]["may_decide"], &seen["appeal"]["alone"]], [true, true]);
    decides(&awa, &sent, "approve").await.expect(200);
    let history = shows(&awa, &sent).await["history"].clone();
    assert_eq!(history[2]["detail"], json!({"alone": true}), "{history}");
    assert!(history[0].get("detail").is_none(), "{history}");
    decides(&awa, &sent, "undo").await.expect(200);

    let salif = comes_in(&service, "Salif", Role::Moderator).await;
    assert_eq!(decides(&awa, &sent, "approve").await.error(), (409, "own_decision"));
    let people = awa
        .sends(&Method::GET, "/api/v1/moderators", &Value::Null)
        .await
        .expect(200);
    let people = people.json["moderators"].as_array().expect("a list");
    let his = people.iter().find(|one| one["name"] == "Salif").expect("he is there");
    let path = format!("/api/v1/moderators/{}", his["id"].as_str().expect("an id"));
    let suspended = json!({"disabled": true});
    awa.sends(&Method::PATCH, &path, &suspended).await.expect(200);
    let refused = decides(&salif, &sent, "approve").await;
    assert_eq!(refused.error(), (401, "unauthenticated"));
    decides(&awa, &sent, "approve").await.expect(200);
    decides(&awa, &sent, "undo").await.expect(200);
    awa.sends(&Method::DELETE, &path, &Value::Null).await.expect(204);
    decides(&awa, &sent, "approve").await.expect(200);
    service.stop().await;
}

async fn a_token_of_the_operator_stands_for_itself_and_for_those_it_made(storage: &Storage) {
    let service = Service::start(storage, &format!("{CONFIG}[[site]]\nid = \"sahel\"\n")).await;
    let one = service.person("Un", Role::Owner, &["faso"]).await;
    let sent = submits(&service, "Contesté").await;
    let decides = async |person: &Person<'_>, act| person.decides(&sent.id, act).await;
    decides(&one, "reject").await.expect(200);
    appeals(&service, &sent).await.expect(200);
    let child = json!({"name": "enfant", "role": "moderator", "sites": ["faso"]});
    let made = one.posts("/api/v1/tokens", &child).await.expect(201);
    let child = service.bearer(made.json["token"].as_str().expect("a token").to_owned());
    let alone = decides(&child, "approve").await.expect(200);
    assert_eq!(alone.json["appeal"]["alone"], true, "the two are one");
    decides(&child, "undo").await.expect(200);

    let elsewhere = service.person("Ailleurs", Role::Owner, &["sahel"]).await;
    decides(&elsewhere, "approve").await.expect(404);
    decides(&one, "hold").await.expect(200);
    let two = service.person("Deux", Role::Moderator, &[]).await;
    for own in [&one, &child] {
        assert_eq!(decides(own, "approve").await.error(), (409, "own_decision"));
    }
    decides(&two, "approve").await.expect(200);
    let listed = two.gets(QUEUE).await.expect(200);
    assert_eq!(listed.json["items"], json!([]));
    service.stop().await;
}

// ---------------------------------------------------------------- the store

/// Two people with accounts, who have no role by which one could decide in the other's place.
fn two_people() -> [Actor; 2] {
    [1, 2].map(|number| Actor {
        kind: ActorKind::Account,
        id: Uuid::from_u128(number).to_string(),
        name: format!("Awa {number}"),
    })
}

async fn read(scene: &Scene, id: Uuid) -> Comment {
    scene.store.comment(id).await.expect("read").expect("it is there")
}

async fn asks(scene: &Scene, id: Uuid, at: Timestamp) -> Asked {
    let seen = read(scene, id).await;
    let mut audit = scene.audit("appeal");
    audit.comment = Some(id);
    scene.store.appeal(&seen, audit, at).await.expect("done")
}

async fn an_appeal_is_against_the_decision_in_force(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let [awa, issa] = two_people();
    let id = scene.insert_with(|_| {}).await;
    let decides = async |actor: &Actor, act| {
        let mut decision = scene.decision(id, act);
        decision.actor = actor.clone();
        let id = decision.id;
        assert_eq!(scene.decide(decision).await, Decided::Applied(id), "{act:?}");
        id
    };
    decides(&issa, Act::Spam).await;
    decides(&issa, Act::Undo).await;
    let hers = decides(&awa, Act::Reject).await;
    // Another's decision that was taken back leaves hers in force, and the last entry is no decision at all.
    decides(&issa, Act::Approve).await;
    decides(&issa, Act::Undo).await;
    assert_eq!(asks(&scene, id, START).await, Asked::Brought);
    let appealed = read(&scene, id).await;
    assert_eq!(
        (appealed.status, appealed.appeal_against),
        (Status::Pending, Some(hers))
    );
    let as_seen_by = async |actor: &Actor| -> AppealSeen {
        let mut seen = scene
            .store
            .appeals_seen(&[&appealed], actor, START)
            .await
            .expect("read");
        seen.remove(&id).expect("it is an appeal")
    };
    let seen = as_seen_by(&awa).await;
    assert_eq!(
        seen.against.map(|entry| (entry.id, entry.action)),
        Some((hers, "reject".to_owned()))
    );
    assert_eq!(
        (seen.judge, as_seen_by(&issa).await.judge),
        (Judge::Alone, Judge::Another)
    );

    // Of the policy's refusal there is none, whoever had a hand in it before.
    let refused = scene.insert_with(|comment| comment.status = Status::Refused).await;
    for act in [Act::Reject, Act::Undo] {
        scene.act(refused, act).await;
    }
    assert_eq!(asks(&scene, refused, START).await, Asked::Brought);
    let refused = read(&scene, refused).await;
    assert_eq!(refused.appeal_against, None);
    let seen = scene
        .store
        .appeals_seen(&[&refused], &moderator("m1"), START)
        .await
        .expect("read");
    assert!(seen[&refused.id].against.is_none());
    assert_eq!(seen[&refused.id].judge, Judge::Another);
}

fn waiting(order: Order, limit: i64) -> Filter {
    Filter {
        order,
        limit,
        site: None,
        ..Filter::all(Scope::Sites(vec![SITE.to_owned(), OTHER.to_owned()]), Status::Pending)
    }
}

async fn pages(scene: &Scene, mut filter: Filter, mut between: impl AsyncFnMut(usize)) -> Vec<QueueRow> {
    let mut rows = Vec::new();
    for page in 0.. {
        let found = scene.store.queue(&filter).await.expect("listed").rows;
        let Some(last) = found.last() else { break };
        filter.after = Some(last.page_key.clone());
        rows.extend(found);
        between(page).await;
    }
    rows
}

fn ids(rows: &[QueueRow]) -> Vec<Uuid> {
    rows.iter().map(|row| row.comment.id).collect()
}

/// Thirty that wait in four articles of two sites, and seven appeals, the latest comment's first.
async fn with_appeals(scene: &Scene) -> (Vec<Uuid>, BTreeSet<Uuid>) {
    let (mut others, mut appealed) = (BTreeSet::new(), Vec::new());
    for number in 0_u64..37 {
        let mut comment = scene.comment_in(&format!("/{}", number % 4));
        if number % 3 == 0 {
            OTHER.clone_into(&mut comment.site);
        }
        comment.at = START.plus(Duration::from_mins(number * 7 % 11));
        let is_appeal = number % 5 == 1;
        comment.status = if is_appeal { Status::Refused } else { Status::Pending };
        let id = scene.insert_with(|new| *new = comment).await;
        if is_appeal {
            appealed.insert(0, id);
        } else {
            others.insert(id);
        }
    }
    for (minute, id) in (0_u64..).zip(&appealed) {
        // Two in the same moment.
        let at = START.plus(Duration::from_mins(100 + minute / 2));
        assert_eq!(asks(scene, *id, at).await, Asked::Brought);
    }
    let mut appeals = Vec::new();
    for id in appealed {
        appeals.push((read(scene, id).await.appealed_at, id));
    }
    appeals.sort_unstable();
    (appeals.into_iter().map(|(_, id)| id).collect(), others)
}

async fn appeals_come_first_in_every_order_and_each_is_listed_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let (appeals, others) = with_appeals(&scene).await;
    for order in Order::ALL {
        for (limit, since) in [1, 3, 8, 50]
            .into_iter()
            .flat_map(|limit| [(limit, None), (limit, Some(START))])
        {
            let filter = Filter {
                since,
                ..waiting(*order, limit)
            };
            let listed = ids(&pages(&scene, filter, async |_| {}).await);
            assert_eq!(listed[..appeals.len()], appeals, "{order:?}, {limit} a page");
            let rest: BTreeSet<Uuid> = listed[appeals.len()..].iter().copied().collect();
            assert_eq!(listed.len(), appeals.len() + others.len(), "{order:?}, {limit} a page");
            assert_eq!(rest, others, "{order:?}, {limit} a page");
        }
    }
    // Of one site.
    let filter = Filter {
        site: Some(OTHER.to_owned()),
        ..waiting(Order::Article, 4)
    };
    let of_site = pages(&scene, filter, async |_| {}).await;
    let firsts = of_site
        .iter()
        .take_while(|row| row.comment.appealed_at.is_some())
        .count();
    assert!((1..appeals.len()).contains(&firsts), "{firsts}");
    assert!(of_site[firsts..].iter().all(|row| row.comment.appealed_at.is_none()));

    // What is decided while pages are turned, appeals and others, moves nothing else.
    let mut decided = BTreeSet::new();
    let listed = pages(&scene, waiting(Order::Article, 3), async |page| {
        let now = ids(&scene
            .store
            .queue(&waiting(Order::Article, 50))
            .await
            .expect("listed")
            .rows);
        let which = (page * 5) % now.len();
        scene.act(now[which], Act::Approve).await;
        decided.insert(now[which]);
    })
    .await;
    let listed = ids(&listed);
    let once: BTreeSet<Uuid> = listed.iter().copied().collect();
    assert_eq!(once.len(), listed.len(), "nothing twice");
    let stayed = appeals.iter().chain(&others).filter(|id| !decided.contains(*id));
    assert!(stayed.into_iter().all(|id| once.contains(id)), "nothing missed");
}

async fn an_appeal_knows_the_row_that_comes_after_it(storage: &Storage) {
    let scene = Scene::open(storage).await;
    with_appeals(&scene).await;
    for order in Order::ALL {
        let filter = waiting(*order, 50);
        let rows = scene.store.queue(&filter).await.expect("listed").rows;
        for pair in rows.windows(2) {
            assert!(filter.stands_after(&pair[1].page_key, &pair[0].page_key), "{order:?}");
            assert!(!filter.stands_after(&pair[0].page_key, &pair[1].page_key), "{order:?}");
        }
        for row in &rows {
            let key = scene.store.queue_key(row.comment.id, &filter).await.expect("read");
            assert_eq!(key.as_ref(), Some(&row.page_key), "{order:?}");
        }
    }
    // Also after it was decided.
    let filter = waiting(Order::Article, 50);
    let first = scene.store.queue(&filter).await.expect("listed").rows.remove(0);
    scene.act(first.comment.id, Act::Approve).await;
    let key = scene.store.queue_key(first.comment.id, &filter).await.expect("read");
    assert_eq!(key, Some(first.page_key));
}
