//! What stands around a comment that is reviewed: in the store, and as the queue's panel gets it.

use std::time::Duration;

use palabre::{
    actions::identify::Role,
    domain::{decision::Act, draft::RawDraft, score::Score, status::Status, timestamp::Timestamp, triage::Action},
    store::{Comment, NearComment, NewAudit, NewComment},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    acts,
    example::{Sent as _, draft},
    service::{self, Answer, Person, SITE, Service, comment},
    store::{OTHER, START, Scene},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    items_are_read_by_their_ids,
    near_a_reply_stand_what_it_answers_and_its_level,
    near_a_top_level_comment_stand_its_level_and_its_replies,
    what_is_near_is_bounded_and_nearest,
    an_authors_last_comments_are_of_the_device_or_of_the_email,
    what_happened_is_bounded_by_the_latest,
    q2_the_panel_shows_conversation_and_author,
    q2_the_author_is_the_device_once_it_has_a_record,
    q2_the_history_tells_what_happened_in_words,
    q2_the_history_tells_of_the_filter_and_of_the_reader,
    q2_a_panel_is_bounded,
    q2_what_is_not_the_callers_is_left_out,
    q2_one_to_three_ids_are_taken,
    q2_hostile_signs_stay_where_they_are,
);

fn minute(count: u64) -> Timestamp {
    START.plus(Duration::from_mins(count))
}

// ---------------------------------------------------------------- the store

async fn get(scene: &Scene, id: Uuid) -> Comment {
    scene.store.comment(id).await.expect("read").expect("it is there")
}

/// A comment in the thread `/a`, `at` minutes after the start, under `root` as an answer to `parent`.
async fn said(scene: &Scene, at: u64, status: Status, under: Option<(Uuid, Uuid)>) -> Uuid {
    scene
        .insert_with(|comment| {
            comment.at = minute(at);
            comment.status = status;
            comment.content.root = under.map(|(root, _)| root);
            comment.content.draft.parent = under.map(|(_, parent)| parent);
        })
        .await
}

async fn near(scene: &Scene, id: Uuid) -> Vec<NearComment> {
    let comment = get(scene, id).await;
    let mut near = scene.store.near(&[&comment]).await.expect("read");
    let mut near = near.remove(&id).unwrap_or_default();
    near.sort_by_key(|other| (other.created_at, other.id));
    near
}

fn ids(near: &[NearComment]) -> Vec<Uuid> {
    near.iter().map(|other| other.id).collect()
}

async fn items_are_read_by_their_ids(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let (first, second) = (
        scene.insert_with(|_| ()).await,
        scene.insert_with(|comment| OTHER.clone_into(&mut comment.site)).await,
    );
    let mut found: Vec<Uuid> = scene
        .store
        .queue_items(&[second, Uuid::nil(), first])
        .await
        .expect("read")
        .iter()
        .map(|row| row.comment.id)
        .collect();
    found.sort();
    assert_eq!(found, [first, second]);
    assert!(scene.store.queue_items(&[]).await.expect("read").is_empty());
}

async fn near_a_reply_stand_what_it_answers_and_its_level(storage: &Storage) {
    use Status::{Approved, Pending, Rejected, Spam};
    let scene = Scene::open(storage).await;
    let root = said(&scene, 0, Approved, None).await;
    let first = said(&scene, 1, Approved, Some((root, root))).await;
    // What became of what it answers does not matter, of what stands beside it it does.
    let parent = said(&scene, 2, Rejected, Some((root, first))).await;
    said(&scene, 3, Spam, Some((root, root))).await;
    let waits = said(&scene, 4, Pending, Some((root, root))).await;
    let here = said(&scene, 5, Pending, Some((root, parent))).await;
    let after = said(&scene, 6, Approved, Some((root, here))).await;
    let waits_after = said(&scene, 7, Pending, Some((root, root))).await;
    // Other discussions, of this article and of another.
    let other = said(&scene, 5, Approved, None).await;
    said(&scene, 6, Pending, Some((other, other))).await;
    scene.insert_with(|comment| *comment = scene.comment_in("/b")).await;

    let found = near(&scene, here).await;
    assert_eq!(ids(&found), [root, first, parent, waits, after, waits_after]);
    assert_eq!(found[2].status, Rejected);
    assert_eq!((found[2].parent, found[2].root), (Some(first), Some(root)));
    assert_eq!(
        (found[0].name.as_str(), found[0].body.as_str(), found[0].created_at),
        ("Aminata", "Un point de vue.", START)
    );

    // Erased, it keeps its place without a word.
    let erased = get(&scene, parent).await;
    let audit = NewAudit {
        comment: Some(parent),
        ..acts::audit(&scene.clock, "faso", "erase", acts::moderator("m"))
    };
    assert!(scene.store.erase(&erased, audit, START).await.expect("erased"));
    let found = near(&scene, here).await;
    assert_eq!(
        (found[2].status, found[2].name.as_str(), found[2].body.as_str()),
        (Status::Erased, "", "")
    );
}

async fn near_a_top_level_comment_stand_its_level_and_its_replies(storage: &Storage) {
    use Status::{Approved, Pending, Refused};
    let scene = Scene::open(storage).await;
    let before = said(&scene, 0, Approved, None).await;
    said(&scene, 1, Approved, Some((before, before))).await;
    let waits = said(&scene, 2, Pending, None).await;
    said(&scene, 3, Refused, None).await;
    let here = said(&scene, 4, Approved, None).await;
    let reply = said(&scene, 5, Approved, Some((here, here))).await;
    let waiting_reply = said(&scene, 6, Pending, Some((here, reply))).await;
    let after = said(&scene, 7, Approved, None).await;
    assert_eq!(
        ids(&near(&scene, here).await),
        [before, waits, reply, waiting_reply, after]
    );
    // Several at once are told apart.
    let (one, other) = (get(&scene, here).await, get(&scene, before).await);
    let found = scene.store.near(&[&one, &other]).await.expect("read");
    assert_eq!(found[&here].len(), 5);
    assert!(found[&before].iter().any(|near| near.id == here));
    assert!(found[&before].iter().all(|near| near.id != reply && near.id != before));
    assert!(scene.store.near(&[]).await.expect("read").is_empty());
}

async fn what_is_near_is_bounded_and_nearest(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut all = Vec::new();
    for at in 0..60 {
        let status = if at % 2 == 0 { Status::Approved } else { Status::Pending };
        all.push(said(&scene, at, status, None).await);
    }
    let found = ids(&near(&scene, all[30]).await);
    // Seven of each kind on each side.
    let mut expected: Vec<usize> = (0..7)
        .flat_map(|n| [28 - 2 * n, 32 + 2 * n, 29 - 2 * n, 31 + 2 * n])
        .collect();
    expected.sort_unstable();
    assert_eq!(found, expected.into_iter().map(|at| all[at]).collect::<Vec<_>>());
    // Of one time, by id.
    let same = said(&scene, 30, Status::Approved, None).await;
    assert!(ids(&near(&scene, all[30]).await).contains(&same));
    assert!(ids(&near(&scene, same).await).contains(&all[30]));
}

async fn an_authors_last_comments_are_of_the_device_or_of_the_email(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let by = async |site: &str, email: &str, device: Option<&str>, at: u64| {
        scene
            .insert_with(|comment| {
                site.clone_into(&mut comment.site);
                email.clone_into(&mut comment.content.email_key);
                comment.submitted().device_id = device.map(str::to_owned);
                comment.at = minute(at);
            })
            .await
    };
    let mut on_device = Vec::new();
    for at in 0..12 {
        on_device.push(by("faso", &format!("e{at}"), Some("d"), at).await);
    }
    let mut by_email = Vec::new();
    // Stored in another order than they were written.
    for at in [8, 6, 7] {
        by_email.push(by("faso", "e", None, at).await);
    }
    by("faso", "other", Some("other"), 20).await;
    by(OTHER, "e", Some("d"), 20).await;
    let here = get(&scene, by("faso", "e", Some("d"), 5).await).await;

    let last = async |by_device: bool| {
        let mut last = scene.store.last_of_authors(&[(&here, by_device)]).await.expect("read");
        let last = last.remove(&here.id).unwrap_or_default();
        last.iter().map(|past| past.id).collect::<Vec<_>>()
    };
    let newest: Vec<Uuid> = on_device.into_iter().rev().take(10).collect();
    assert_eq!(last(true).await, newest);
    assert_eq!(last(false).await, [by_email[0], by_email[2], by_email[1]]);

    // Another one of the same author has others: this one among them.
    let newest = get(&scene, newest[0]).await;
    let found = scene.store.last_of_authors(&[(&here, true), (&newest, true)]).await;
    let found = found.expect("read");
    assert_eq!(found[&newest.id].len(), 10);
    assert!(found[&here.id].iter().any(|past| past.id == newest.id));
    assert!(found[&newest.id].iter().any(|past| past.id == here.id));

    // What stands in a row.
    let titled = scene
        .insert_with(|comment| {
            "e".clone_into(&mut comment.content.email_key);
            comment.content.draft.thread_title = Some("Le marché".to_owned());
            comment.status = Status::Rejected;
            comment.at = minute(30);
        })
        .await;
    let found = scene.store.last_of_authors(&[(&here, false)]).await.expect("read");
    let past = found[&here.id].iter().find(|past| past.id == titled).expect("there");
    assert_eq!((past.status, past.created_at), (Status::Rejected, minute(30)));
    assert_eq!(
        (past.body.as_str(), past.thread_key.as_str()),
        ("Un point de vue.", "/a")
    );
    assert_eq!(
        (past.thread_title.as_deref(), past.claimed_title.as_deref()),
        (None, Some("Le marché"))
    );
    // Who left no address is nobody else.
    let nobody = get(&scene, by("faso", "", None, 1).await).await;
    by("faso", "", None, 2).await;
    let found = scene.store.last_of_authors(&[(&nobody, false)]).await.expect("read");
    assert!(found.is_empty(), "{found:?}");
    assert!(scene.store.last_of_authors(&[]).await.expect("read").is_empty());
}

async fn what_happened_is_bounded_by_the_latest(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let (one, other) = (scene.insert_with(|_| ()).await, scene.insert_with(|_| ()).await);
    let mut decisions = Vec::new();
    for round in 0..25 {
        let act = if round % 2 == 0 { Act::Approve } else { Act::Reject };
        decisions.push(scene.act(one, act).await);
    }
    let single = scene.act(other, Act::Spam).await;
    let found = scene.store.latest_entries(&[one, other]).await.expect("read");
    let of = |comment: Uuid| -> Vec<Uuid> {
        let own = found.iter().filter(|entry| entry.comment_id == Some(comment));
        own.map(|entry| entry.id).collect()
    };
    assert_eq!(of(one), decisions[5..]);
    assert_eq!(of(other), [single]);

    for number in 0..25 {
        let reporter = [format!("r{}", (number * 7) % 25)];
        let counted = scene
            .store
            .report(one, &reporter, &format!("motif {number}"), minute(number))
            .await;
        assert!(counted.expect("done"));
    }
    let reports = scene.store.latest_reports(&[other, one]).await.expect("read");
    let expected: Vec<String> = (5..25).map(|number| format!("motif {number}")).collect();
    assert_eq!(
        reports.iter().map(|report| report.reason.clone()).collect::<Vec<_>>(),
        expected
    );
    assert!(reports.iter().all(|report| report.comment_id == one));
    assert_eq!(reports[0].at, minute(5).0);
    assert!(scene.store.latest_entries(&[]).await.expect("read").is_empty());
    assert!(scene.store.latest_reports(&[]).await.expect("read").is_empty());
}

// ---------------------------------------------------------------- the panel

async fn asks(person: &Person<'_>, ids: &[Uuid]) -> Answer {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    person
        .gets(&format!("/api/v1/moderation/context?ids={}", ids.join(",")))
        .await
}

/// A comment of `/article` by somebody, `at` minutes after the clock's start.
fn planted(service: &Service, at: u64, name: &str, body: &str, under: Option<(Uuid, Uuid)>) -> NewComment {
    let mut seed = service.seed();
    seed.content.draft = draft(RawDraft {
        thread: "/article".to_owned(),
        name: name.to_owned(),
        email: if name.is_ascii() {
            format!("{}@example.org", name.to_lowercase())
        } else {
            "amina@example.org".to_owned()
        },
        body: body.to_owned(),
        parent: under.map(|(_, parent)| parent.to_string()),
        ..RawDraft::default()
    });
    seed.content.root = under.map(|(root, _)| root);
    seed.at = service::START.plus(Duration::from_mins(at));
    seed
}

fn sentences(item: &Value) -> Vec<&str> {
    let history = item["history"].as_array().expect("a history");
    history
        .iter()
        .map(|line| line["sentence"].as_str().expect("a sentence"))
        .collect()
}

fn column<'a>(rows: &'a Value, name: &str) -> Vec<&'a Value> {
    rows.as_array().expect("rows").iter().map(|row| &row[name]).collect()
}

/// A discussion of `/article`: a question, its answer, the reply that a moderator looks at, and one that waits.
struct Discussion {
    top: Uuid,
    answer: Uuid,
    here: Uuid,
    waits: Uuid,
}

async fn discussion(service: &Service) -> Discussion {
    let mut top = planted(service, 0, "Moussa", "Qui paie la **différence** ?", None);
    top.status = Status::Approved;
    let top = service.plants(top).await;
    let mut answer = planted(service, 1, "Bintou", "C’est écrit au dos.", Some((top, top)));
    answer.status = Status::Approved;
    let answer = service.plants(answer).await;
    let mut here = planted(service, 5, "Awa", "On nous répond que non.", Some((top, answer)));
    here.submitted().outcome.level = Score::from_thousandths(300);
    let here = service.plants(here).await;
    let waits = planted(service, 6, "Issa", "Depuis octobre.", Some((top, top)));
    Discussion {
        waits: service.plants(waits).await,
        top,
        answer,
        here,
    }
}

async fn q2_the_panel_shows_conversation_and_author(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let Discussion {
        top,
        answer,
        here,
        waits,
    } = discussion(&service).await;
    let mut earlier = planted(&service, 2, "Awa", "Le maïs a doublé.", None);
    earlier.status = Status::Rejected;
    earlier.content.draft.thread_title = Some("Le marché".to_owned());
    let earlier = service.plants(earlier).await;

    let found = asks(&moderator, &[here]).await.expect(200);
    assert_eq!(found.header("cache-control"), "no-store");
    let item = &found.json["items"][0];
    assert_eq!(item["id"], json!(here));
    assert_eq!(item["thread"], json!({"title": "/article", "url": null}));
    let row = |id: Uuid, name: &str, status: (&str, &str), at: &str, depth: u8, excerpt: &str| {
        json!({"id": id, "name": name, "status": status.0, "status_word": status.1, "at": at, "depth": depth,
            "here": id == here, "excerpt": excerpt})
    };
    let (public, waiting) = (("approved", "Publié"), ("pending", "À relire"));
    assert_eq!(
        item["conversation"],
        json!([
            row(
                top,
                "Moussa",
                public,
                "2026-11-24T10:00:00Z",
                0,
                "Qui paie la différence ?"
            ),
            row(
                answer,
                "Bintou",
                public,
                "2026-11-24T10:01:00Z",
                1,
                "C’est écrit au dos."
            ),
            row(
                here,
                "Awa",
                waiting,
                "2026-11-24T10:05:00Z",
                2,
                "On nous répond que non."
            ),
            row(waits, "Issa", waiting, "2026-11-24T10:06:00Z", 1, "Depuis octobre."),
        ])
    );
    assert_eq!(
        item["author"],
        json!({
            "email": "awa@example.org",
            "verified": false,
            "record": {"approved": 0, "rejected": 1, "spam": 0, "first_seen": "2026-11-24T10:02:00Z",
                "verified": false},
            "last": [{"id": earlier, "status": "rejected", "status_word": "Refusé", "at": "2026-11-24T10:02:00Z",
                "excerpt": "Le maïs a doublé.", "thread_title": "Le marché"}],
        })
    );

    // For several, in the order of the ids; an article has a link once it may be linked.
    let thread = json!({"title": "La réforme", "url": "https://faso.test/article"});
    let path = "/api/v1/sites/faso/threads/%2Farticle";
    moderator.sends(&reqwest::Method::PUT, path, &thread).await.expect(200);
    let path = format!("/api/v1/moderation/context?ids={waits},{here}&lang=en");
    let english = moderator.gets(&path).await.expect(200);
    let items = &english.json["items"];
    assert_eq!(column(items, "id"), [&json!(waits), &json!(here)]);
    assert_eq!(items[0]["thread"], thread);
    assert_eq!(items[0]["author"]["last"], json!([]));
    assert_eq!(items[1]["conversation"][0]["status_word"], "Published");
    service.stop().await;
}

async fn q2_the_author_is_the_device_once_it_has_a_record(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let plants = async |at: u64, name: &str, device: Option<&str>| {
        let mut seed = planted(&service, at, name, "Un point de vue.", None);
        seed.submitted().device_id = device.map(str::to_owned);
        service.plants(seed).await
    };
    let here = plants(5, "Awa", Some("d")).await;
    let by_email = plants(1, "Awa", None).await;
    let on_device = plants(2, "Issa", Some("d")).await;
    let author = async || asks(&moderator, &[here]).await.expect(200).json["items"][0]["author"].clone();
    // Of a device that nobody has decided about yet, what the e-mail hints at says more.
    let unknown = author().await;
    assert_eq!(
        (&unknown["verified"], &unknown["record"]["verified"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(column(&unknown["last"], "id"), [&json!(by_email)]);
    moderator.decides(&on_device.to_string(), "spam").await.expect(200);
    let known = author().await;
    assert_eq!(
        (&known["verified"], &known["record"]["spam"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(column(&known["last"], "id"), [&json!(on_device)]);
    assert_eq!(known["last"][0]["status_word"], "Indésirable");
    service.stop().await;
}

async fn q2_the_history_tells_what_happened_in_words(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let here = discussion(&service).await.here;
    for minutes in [10, 1, 1, 1, 1, 1] {
        service.clock.advance(Duration::from_mins(minutes));
        let act = match service.app.clock.now().millis_since(service::START) / 60_000 {
            10 => "approve",
            11 => {
                for reason in ["insulte", ""] {
                    let reporters = [format!("r{reason}")];
                    let now = service.app.clock.now();
                    let counted = service.app.store.report(here, &reporters, reason, now).await;
                    assert!(counted.expect("counted"));
                }
                continue;
            }
            12 => "hold",
            13 => "restore",
            14 => "reject",
            _ => "undo",
        };
        moderator.decides(&here.to_string(), act).await.expect(200);
    }
    let item = asks(&moderator, &[here]).await.expect(200).json["items"][0].clone();
    assert_eq!(
        item["history"],
        json!([
            {"at": "2026-11-24T10:05:00Z", "sentence": "reçu, score 0,3"},
            {"at": "2026-11-24T10:10:00Z", "sentence": "publié par Mariam Modératrice"},
            {"at": "2026-11-24T10:11:00Z", "sentence": "signalé"},
            {"at": "2026-11-24T10:11:00Z", "sentence": "signalé, insulte"},
            {"at": "2026-11-24T10:12:00Z", "sentence": "mis de côté par Mariam Modératrice"},
            {"at": "2026-11-24T10:13:00Z", "sentence": "remis à relire par Mariam Modératrice"},
            {"at": "2026-11-24T10:14:00Z", "sentence": "refusé par Mariam Modératrice"},
            {"at": "2026-11-24T10:15:00Z", "sentence": "décision annulée par Mariam Modératrice"},
        ])
    );
    let path = format!("/api/v1/moderation/context?ids={here}&lang=en");
    let english = moderator.gets(&path).await.expect(200);
    assert_eq!(
        sentences(&english.json["items"][0]),
        [
            "received, score 0.3",
            "published by Mariam Modératrice",
            "reported",
            "reported, insulte",
            "set aside by Mariam Modératrice",
            "put back to review by Mariam Modératrice",
            "rejected by Mariam Modératrice",
            "decision undone by Mariam Modératrice",
        ]
    );
    service.stop().await;
}

/// What a reader does to their own comment, and what was done to it at once.
async fn q2_the_history_tells_of_the_filter_and_of_the_reader(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let mut public = planted(&service, 0, "Moussa", "Merci.", None);
    public.status = Status::Approved;
    public.submitted().outcome.action = Action::Publish;
    public.submitted().outcome.level = Score::from_thousandths(900);
    let public = service.plants(public).await;
    let mut refused = planted(&service, 0, "Credit", "Crédit rapide.", None);
    refused.status = Status::Refused;
    refused.submitted().outcome.action = Action::Refuse;
    let refused = service.plants(refused).await;
    service.clock.advance(Duration::from_mins(1));
    let own = service.app.store.comment(refused).await.expect("read").expect("there");
    let appeal = NewAudit {
        comment: Some(refused),
        ..acts::audit(&service.app.clock, "faso", "appeal", acts::moderator("reader"))
    };
    let appealed = service.app.store.appeal(&own, appeal, service.app.clock.now()).await;
    assert_eq!(appealed.expect("done"), palabre::domain::appeal::Asked::Brought);
    let found = asks(&moderator, &[public, refused]).await.expect(200);
    let items = &found.json["items"];
    assert_eq!(sentences(&items[0]), ["reçu et publié, score 0,9"]);
    assert_eq!(
        sentences(&items[1]),
        ["reçu, écarté par le filtre", "le lecteur demande une relecture"]
    );
    service.stop().await;
}

async fn q2_a_panel_is_bounded(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let top = service.plants(planted(&service, 0, "Moussa", "Le début.", None)).await;
    let mut above = top;
    // A chain of answers, each to the one before.
    let mut chain = vec![top];
    for at in 1..=6 {
        above = service
            .plants(planted(&service, at, "Awa", &"mot ".repeat(100), Some((top, above))))
            .await;
        chain.push(above);
    }
    let here = above;
    for at in 7..30 {
        let reply = planted(&service, at, "Awa", "Après.", Some((top, here)));
        service.plants(reply).await;
    }
    for number in 0..40_u64 {
        let act = if number % 2 == 0 { "approve" } else { "reject" };
        if number < 22 {
            service.clock.advance(Duration::from_mins(1));
            moderator.decides(&here.to_string(), act).await.expect(200);
        } else {
            let at = service.app.clock.now();
            let counted = service.app.store.report(here, &[format!("r{number}")], "x", at).await;
            assert!(counted.expect("counted"));
        }
    }
    let item = asks(&moderator, &[here]).await.expect(200).json["items"][0].clone();
    let rows = &item["conversation"];
    assert_eq!(rows.as_array().map(Vec::len), Some(8));
    // The top-level comment and the two steps above, then itself and its first replies.
    let expected: Vec<Value> = [chain[0], chain[4], chain[5], here].map(|id| json!(id)).to_vec();
    assert_eq!(column(rows, "id")[..4], expected.iter().collect::<Vec<_>>());
    assert_eq!(
        column(rows, "depth"),
        [0, 2, 2, 2, 2, 2, 2, 2]
            .map(|depth| json!(depth))
            .iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(
        column(rows, "here")
            .iter()
            .filter(|here| **here == &json!(true))
            .count(),
        1
    );
    let excerpt = rows[1]["excerpt"].as_str().expect("text");
    assert!(excerpt.chars().count() <= 140 && excerpt.ends_with('…'), "{excerpt}");
    assert_eq!(item["author"]["last"].as_array().map(Vec::len), Some(10));
    // The arrival, then decisions before reports.
    let said = sentences(&item);
    assert_eq!((said.len(), said[0]), (20, "reçu"));
    assert!(said[1..].iter().all(|line| line.contains("Mariam")), "{said:?}");
    service.stop().await;
}

async fn q2_what_is_not_the_callers_is_left_out(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}[[site]]\nid = \"sahel\"\n")).await;
    let (own, foreign) = (service.seed(), {
        let mut seed = service.seed();
        "sahel".clone_into(&mut seed.site);
        seed
    });
    let (own, foreign) = (service.plants(own).await, service.plants(foreign).await);
    let sent = service.reader().submits(&comment("À effacer")).await.expect(202);
    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    service
        .post_json(&format!("/r/{receipt}/erase"), &json!({}))
        .await
        .expect(200);
    let erased: Uuid = sent.id().parse().expect("an id");
    let found = async |person: &Person<'_>, ids: &[Uuid]| {
        let answer = asks(person, ids).await.expect(200);
        let items = answer.json["items"].clone();
        column(&items, "id").into_iter().cloned().collect::<Vec<_>>()
    };
    for role in [Role::Moderator, Role::Owner] {
        let person = service.person("Awa Sanou", role, &["faso"]).await;
        assert_eq!(found(&person, &[foreign, own, Uuid::nil()]).await, [json!(own)]);
        assert_eq!(found(&person, &[erased, foreign]).await, Vec::<Value>::new());
        let answer = asks(&person, &[own]).await.expect(200);
        // The same e-mail wrote on both sites.
        assert_eq!(answer.json["items"][0]["author"]["last"], json!([]));
    }
    let all = service.moderator().await;
    assert_eq!(found(&all, &[foreign, own, erased]).await, [json!(foreign), json!(own)]);
    let path = format!("/api/v1/moderation/context?ids={own}");
    assert_eq!(service.get(&path).await.error(), (401, "unauthenticated"));
    let wrong = service.bearer("none".to_owned());
    assert_eq!(wrong.gets(&path).await.error(), (401, "unauthenticated"));
    service.stop().await;
}

async fn q2_one_to_three_ids_are_taken(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let id = service.plants(service.seed()).await;
    let path = "/api/v1/moderation/context";
    for query in [
        String::new(),
        "?ids=".to_owned(),
        "?ids=x".to_owned(),
        format!("?ids={id},"),
        format!("?ids={id},{id},{id},{id}"),
        format!("?ids={id};{id}"),
        format!("?ids={}", "a,".repeat(5_000)),
    ] {
        for (lang, words) in [("fr", "virgules"), ("en", "commas")] {
            let sign = if query.is_empty() { '?' } else { '&' };
            let answer = moderator.gets(&format!("{path}{query}{sign}lang={lang}")).await;
            assert_eq!(answer.error(), (422, "invalid"), "{query}: {}", answer.text);
            let error = &answer.json["errors"][0];
            assert_eq!((&error["field"], &error["code"]), (&json!("ids"), &json!("ids_bad")));
            assert!(
                error["message"].as_str().is_some_and(|text| text.contains(words)),
                "{error}"
            );
        }
    }
    // Named twice, it is there once.
    let answer = moderator
        .gets(&format!("{path}?ids={id},{id},{}", Uuid::nil()))
        .await
        .expect(200);
    assert_eq!(answer.json["items"].as_array().map(Vec::len), Some(1));
    service.stop().await;
}

async fn q2_hostile_signs_stay_where_they_are(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let pile = "\u{310}".repeat(40);
    let name = format!("أمينة{pile}");
    let body = format!("<b>Bonjour</b>{pile} \u{202e}abc [bceao.int](https://evil.example) &amp; \u{1}\n\nfin");
    let mut seed = planted(&service, 0, &name, &body, None);
    seed.content.draft.thread_title = Some(format!("Titre{pile}"));
    seed.submitted().outcome.action = Action::Refuse;
    seed.submitted().outcome.level = Score::from_thousandths(100);
    let (first, second) = (seed.clone(), {
        seed.id = service.app.clock.new_id();
        seed
    });
    let (first, second) = (service.plants(first).await, service.plants(second).await);
    let now = service.app.clock.now();
    let reason = format!("in\u{202e}sulte{pile}\u{7}\n<i>x</i>");
    service
        .app
        .store
        .report(first, &["r".to_owned()], &reason, now)
        .await
        .expect("counted");

    let answer = asks(&moderator, &[first]).await.expect(200);
    assert!(!answer.text.contains(&"\u{310}".repeat(5)), "{}", answer.text);
    assert!(!answer.text.contains('\u{202e}'), "{}", answer.text);
    let item = &answer.json["items"][0];
    assert_eq!(item["author"]["last"][0]["id"], json!(second));
    for excerpt in [
        &item["conversation"][0]["excerpt"],
        &item["author"]["last"][0]["excerpt"],
    ] {
        let excerpt = excerpt.as_str().expect("text");
        assert!(excerpt.contains("bceao.int (evil.example)"), "{excerpt}");
        assert!(!excerpt.contains(['<', '\n']) && excerpt.ends_with("fin"), "{excerpt}");
    }
    assert!(
        item["conversation"][0]["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("أمينة"))
    );
    let said = sentences(item);
    assert_eq!(said[0], "reçu, écarté par le filtre, score 0,1");
    assert!(
        said[1].starts_with("signalé, insulte") && !said[1].contains(['\u{7}', '\n']),
        "{said:?}"
    );
    service.stop().await;
}
