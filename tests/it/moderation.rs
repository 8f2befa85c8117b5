//! Moderators at work over HTTP: the queue, decisions one by one and many at once, the way back, the
//! audit log, the review page's forms.
//!
//! Comments are planted as the path of a submission stores them; what is asserted is what a moderator's
//! client gets. To add a test: a sentence in the list below and its function.

use std::collections::BTreeSet;

use palabre::{
    actions::identify::Role,
    domain::{
        decision::{Act, Standing},
        draft::RawDraft,
        reason::Reason,
        score::Score,
        status::Status,
        verdict::Verdict,
    },
    store::NewComment,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    example::{Sent as _, draft},
    service::{Answer, OWNER_NAME, Person, SITE, Service, comment, encoded, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    an_item_has_every_field_a_moderator_needs,
    each_filter_narrows_the_queue_and_a_wrong_one_is_named,
    every_order_pages_through_the_whole_queue,
    counts_stop_at_one_thousand,
    each_act_leads_where_the_table_says,
    a_stale_version_meets_the_current_item_and_who_decided,
    of_two_moderators_on_one_version_one_succeeds,
    setting_aside_marks_an_item_and_raises_its_version,
    undo_takes_back_ones_own_last_decision_and_nothing_else,
    a_batch_gives_each_decision_its_own_result,
    a_batch_keeps_the_order_for_one_comment,
    a_batch_holds_one_to_a_hundred_decisions,
    a_key_used_again_changes_nothing,
    an_erased_comment_takes_no_decision,
    anothers_site_is_not_there,
    the_audit_log_names_who_did_what_in_pages_and_exports,
    a_publisher_names_and_closes_a_thread,
    the_review_page_decides_and_takes_back_by_forms,
    the_review_page_says_who_was_first,
);

/// Two sites of one newsroom.
fn two_sites() -> String {
    format!("{SITE}[[site]]\nid = \"sahel\"\n")
}

fn planted(service: &Service, thread: &str, name: &str, body: &str) -> NewComment {
    let mut seed = service.seed();
    seed.content.draft = draft(RawDraft {
        thread: thread.to_owned(),
        name: name.to_owned(),
        email: format!("{}@example.org", name.to_lowercase()),
        body: body.to_owned(),
        ..RawDraft::default()
    });
    seed
}

fn with_score(mut comment: NewComment, thousandths: i64) -> NewComment {
    let score = Score::from_thousandths(thousandths).expect("in range");
    comment.submitted().outcome.level = Some(score);
    comment.submitted().outcome.reasons = vec![Reason::ScoreHeld { score }];
    comment.submitted().captcha.verdict = Verdict::Scored {
        score,
        raw: score.to_string(),
    };
    comment
}

async fn queue_of(moderator: &Person<'_>, query: &str) -> Vec<String> {
    let answer = moderator
        .gets(&format!("/api/v1/moderation/queue?{query}"))
        .await
        .expect(200);
    bodies(&answer)
}

fn bodies(answer: &Answer) -> Vec<String> {
    let items = answer.json["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["body"].as_str().expect("a body").to_owned())
        .collect()
}

async fn item(moderator: &Person<'_>, id: impl ToString) -> Value {
    let path = format!("/api/v1/comments/{}", id.to_string());
    moderator.gets(&path).await.expect(200).json
}

async fn an_item_has_every_field_a_moderator_needs(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let root = reader.submits(&comment("La première")).await.expect(202);
    moderator.decides(&root.id(), "approve").await.expect(200);
    let mut fields = comment("Voir https://example.org/x, **bien**");
    for (name, value) in [
        ("parent", json!(root.id())),
        ("website", json!("https://aminata.example")),
        ("device", root.json["device"].clone()),
        ("thread_title", json!("Le marché")),
        ("thread_url", json!("https://faso.test/article")),
    ] {
        fields[name] = value;
    }
    let reply = reader.submits(&fields).await.expect(202);

    let answer = moderator.gets("/api/v1/moderation/queue").await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let item = &answer.json["items"][0];
    let expected = json!({
        "id": reply.id(),
        "site": "faso",
        "thread": "/article",
        "parent": root.id(),
        "name": "Aminata",
        "email": "aminata@example.org",
        "website": "https://aminata.example/",
        "body": "Voir https://example.org/x, **bien**",
        "status": "pending",
        "version": 1,
        "created_at": "2026-11-24T10:00:00Z",
        "reports": 0,
        "lease": null,
        "decision": null,
        "thread_title": null,
        "thread_url": null,
        "thread_title_unverified": "Le marché",
    });
    for (name, value) in expected.as_object().expect("an object") {
        if name == "website" {
            let website = item[name].as_str().expect("a website");
            assert_eq!(website.trim_end_matches('/'), "https://aminata.example");
        } else {
            assert_eq!(&item[name], value, "{name}");
        }
    }
    let html = item["html"].as_str().expect("html");
    assert!(html.contains("<strong>bien</strong>"), "{html}");
    let reasons = item["reasons"].as_array().expect("reasons");
    assert_eq!(reasons[0]["code"], "observe");
    assert!(reasons.iter().any(|reason| reason["code"] == "links"), "{reasons:?}");
    assert!(
        reasons
            .iter()
            .all(|reason| reason["message"].as_str().is_some_and(|text| text.contains(' '))),
        "{reasons:?}"
    );
    assert_eq!(item["captcha"]["provider"], "house");
    for name in ["verdict", "score", "level"] {
        assert!(item["captcha"].as_object().expect("an object").contains_key(name));
    }
    assert_eq!(
        item["author"],
        json!({"approved": 1, "rejected": 0, "spam": 0, "first_seen": "2026-11-24T10:00:00Z", "verified": true})
    );
    assert_eq!(answer.json["next"], Value::Null);
    assert_eq!(answer.json["counts"]["pending"], json!({"n": 1, "more": false}));
    assert_eq!(answer.json["counts"]["approved"], json!({"n": 1, "more": false}));

    let english = moderator.gets("/api/v1/moderation/queue?lang=en").await.expect(200);
    assert_ne!(
        english.json["items"][0]["reasons"][0]["message"], reasons[0]["message"],
        "the reasons are read out in the language asked for"
    );
    service.stop().await;
}

async fn each_filter_narrows_the_queue_and_a_wrong_one_is_named(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let moderator = service.moderator().await;
    let first = planted(
        &service,
        "/a",
        "Awa",
        "Le prix du mil https://x.example https://y.example",
    );
    service.plants(with_score(first, 100)).await;
    service.clock.advance(std::time::Duration::from_mins(1));
    let second = planted(&service, "/b", "Éloïse", "Une école 100% gratuite");
    service.plants(with_score(second, 700)).await;
    let mut elsewhere = planted(&service, "/a", "Issa", "Ailleurs");
    "sahel".clone_into(&mut elsewhere.site);
    service.plants(elsewhere).await;

    let (mil, school) = (
        "Le prix du mil https://x.example https://y.example",
        "Une école 100% gratuite",
    );
    for (query, expected) in [
        ("order=oldest", vec![mil, school, "Ailleurs"]),
        ("order=newest&site=faso", vec![school, mil]),
        ("site=sahel", vec!["Ailleurs"]),
        ("status=approved", vec![]),
        ("q=ECOLE", vec![school]),
        ("q=gratuite+ecole", vec![school]),
        ("q=%25&order=oldest", vec![school]),
        ("q=introuvable", vec![]),
        ("thread=%2Fb", vec![school]),
        ("author=eloise", vec![school]),
        ("author=awa%40example.org", vec![mil]),
        ("reason=observe", vec!["Ailleurs"]),
        ("reason=score_held&order=score", vec![mil, school]),
        ("score_max=0.1", vec![mil]),
        ("score_max=0.09", vec![]),
        ("links=2", vec![mil]),
        ("since=2026-11-24T10:00:30Z&order=oldest", vec![school, "Ailleurs"]),
        ("order=score", vec![mil, school, "Ailleurs"]),
        ("order=doubt", vec![school, mil, "Ailleurs"]),
        ("limit=1&order=oldest", vec![mil]),
    ] {
        assert_eq!(queue_of(&moderator, query).await, expected, "{query}");
    }
    for (query, field, code) in [
        ("status=Pending", "status", "status_bad"),
        ("order=best", "order", "order_bad"),
        ("score_max=2", "score_max", "score_bad"),
        ("reason=observed", "reason", "value_bad"),
        ("reason=Observe", "reason", "value_bad"),
        ("since=yesterday", "since", "since_bad"),
        ("after=%21", "after", "after_bad"),
        ("limit=0", "limit", "limit_bad"),
        ("limit=101", "limit", "limit_bad"),
        ("limit=ten", "limit", "limit_bad"),
    ] {
        let answer = moderator.gets(&format!("/api/v1/moderation/queue?{query}")).await;
        assert_eq!(answer.error(), (422, "invalid"), "{query}: {}", answer.text);
        let error = &answer.json["errors"][0];
        assert_eq!(
            (error["field"].as_str(), error["code"].as_str()),
            (Some(field), Some(code))
        );
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(' '), "{query}: no sentence: {message}");
    }
    let unknown = moderator.gets("/api/v1/moderation/queue?site=nowhere").await;
    assert_eq!(unknown.status, 404);
    service.stop().await;
}

async fn every_order_pages_through_the_whole_queue(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let mut all = BTreeSet::new();
    for number in 0..23_u64 {
        // Some share a moment, a score and a thread, so that only the id tells them apart.
        if number.is_multiple_of(3) {
            service.clock.advance(std::time::Duration::from_millis(1));
        }
        let mut seed = planted(&service, &format!("/{}", number % 4), "Awa", &format!("Texte {number}"));
        seed.submitted().outcome.draw = i64::try_from(number * 7919 % 13).expect("small");
        if number % 5 > 0 {
            seed = with_score(seed, i64::try_from(number % 3).expect("small") * 400);
        }
        all.insert(service.plants(seed).await.to_string());
    }
    for order in ["article", "oldest", "newest", "score", "doubt", "reports", "mixed"] {
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v1/moderation/queue?order={order}&limit=4{after}");
            let page = moderator.gets(&path).await.expect(200).json;
            let items = page["items"].as_array().expect("items");
            assert!(items.len() <= 4);
            seen.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            assert_eq!(items.len(), 4, "{order}: a page with a next one is full");
            after = format!("&after={next}");
        }
        assert_eq!(seen.len(), all.len(), "{order}: each once");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{order}: all of them");
    }

    let articles = moderator
        .gets("/api/v1/moderation/queue?limit=100")
        .await
        .expect(200)
        .json;
    let threads: Vec<&str> = articles["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["thread"].as_str().expect("a thread"))
        .collect();
    let mut runs = threads.clone();
    runs.dedup();
    assert_eq!(
        runs.len(),
        4,
        "the usual order keeps an article's comments together: {threads:?}"
    );
    assert_eq!(runs[0], "/0", "and begins with the one that waits longest");

    let reported = service.plants(planted(&service, "/9", "Awa", "Signalé")).await;
    moderator.decides(&reported.to_string(), "approve").await.expect(200);
    let report = format!("/api/v1/comments/{reported}/report");
    service
        .post_json(&report, &json!({"reason": "insulte"}))
        .await
        .expect(202);
    let top = moderator
        .gets("/api/v1/moderation/queue?status=approved&order=reports")
        .await;
    assert_eq!(top.json["items"][0]["reports"], 1);
    assert_eq!(
        reader.reads("/9").await.json["thread"]["count"],
        1,
        "a report alone hides nothing"
    );
    service.stop().await;
}

async fn counts_stop_at_one_thousand(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    for _ in 0..10 {
        let planting = (0..100).map(|_| service.plants(service.seed()));
        futures_util::future::join_all(planting).await;
    }
    let counts = async || {
        moderator
            .gets("/api/v1/moderation/queue?limit=1")
            .await
            .expect(200)
            .json["counts"]
            .clone()
    };
    assert_eq!(counts().await["pending"], json!({"n": 1000, "more": false}));
    let one_more = service.plants(service.seed()).await;
    service.plants(service.seed()).await;
    assert_eq!(counts().await["pending"], json!({"n": 1000, "more": true}));
    moderator.decides(&one_more.to_string(), "spam").await.expect(200);
    assert_eq!(counts().await["spam"], json!({"n": 1, "more": false}));
    let page = moderator.gets("/api/v1/moderation/queue?limit=100").await.expect(200);
    assert_eq!(page.json["items"].as_array().expect("items").len(), 100);
    service.stop().await;
}

async fn each_act_leads_where_the_table_says(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    for from in [
        Status::Pending,
        Status::Approved,
        Status::Rejected,
        Status::Spam,
        Status::Refused,
    ] {
        for act in [Act::Approve, Act::Reject, Act::Spam, Act::Restore, Act::Hold] {
            let mut seed = service.seed();
            seed.status = from;
            let id = service.plants(seed).await.to_string();
            let what = format!("{} from {}", act.as_str(), from.as_str());
            let standing = Standing {
                status: from,
                set_aside: false,
            };
            let to = act.leads_to().expect("the texts are there");

            let done = moderator.decides(&id, act.as_str()).await.expect(200).json;
            assert_eq!(done["status"], to.status.as_str(), "{what}");
            assert_eq!(done["set_aside"], to.set_aside, "{what}");
            let changes = to != standing;
            assert_eq!(done["version"], if changes { 2 } else { 1 }, "{what}");
            assert_eq!(done["decision"].is_string(), changes, "{what}");

            if act != Act::Hold {
                let again = moderator.decides(&id, act.as_str()).await.expect(200).json;
                assert_eq!(again["status"], to.status.as_str(), "{what}, again");
                assert_eq!(
                    again["version"], done["version"],
                    "{what}: nothing changes the second time"
                );
                assert!(
                    again["decision"].is_null(),
                    "{what}: nothing was decided the second time"
                );
            }
            let is_public = service.reader().reads("/article").await.text.contains(&id);
            assert_eq!(is_public, to.status == Status::Approved, "{what}");
        }
    }
    let id = service.plants(service.seed()).await.to_string();
    let unknown = moderator.decides(&id, "delete").await;
    assert_eq!(unknown.error(), (404, "not_found"));
    let missing = moderator.decides(&Uuid::nil().to_string(), "approve").await;
    assert_eq!(missing.error(), (404, "not_found"));
    let no_id = moderator.decides("one", "approve").await;
    assert_eq!(no_id.error(), (404, "not_found"));
    service.stop().await;
}

async fn a_stale_version_meets_the_current_item_and_who_decided(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let first = service.person("Awa Sanou", Role::Moderator, &[]).await;
    let second = service.person("Issa Kaboré", Role::Moderator, &[]).await;
    let id = service.plants(service.seed()).await;
    let path = |act: &str| format!("/api/v1/comments/{id}/{act}");
    first.posts(&path("reject"), &json!({"version": 1})).await.expect(200);
    service.clock.advance(std::time::Duration::from_secs(90));

    let late = second.posts(&path("approve"), &json!({"version": 1})).await;
    assert_eq!(late.error(), (409, "conflict"));
    assert_eq!(late.header("content-type"), "application/problem+json");
    assert_eq!(late.json["item"]["id"], id.to_string());
    assert_eq!(late.json["item"]["status"], "rejected");
    assert_eq!(late.json["item"]["version"], 2);
    assert_eq!(late.json["decided_by"], "Awa Sanou");
    assert_eq!(late.json["decided_at"], "2026-11-24T10:00:00Z");
    assert_eq!(item(&first, id).await["status"], "rejected", "nothing changed");

    let fresh = second.posts(&path("approve"), &json!({"version": 2})).await.expect(200);
    assert_eq!(fresh.json["version"], 3);
    let blind = first.posts(&path("spam"), &json!({})).await.expect(200);
    assert_eq!(
        blind.json["status"], "spam",
        "without a version it applies to whatever is there"
    );
    service.stop().await;
}

async fn of_two_moderators_on_one_version_one_succeeds(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let first = service.person("Awa Sanou", Role::Moderator, &[]).await;
    let second = service.person("Issa Kaboré", Role::Moderator, &[]).await;
    for _ in 0..10 {
        let id = service.plants(service.seed()).await;
        let (approve, reject) = (
            format!("/api/v1/comments/{id}/approve"),
            format!("/api/v1/comments/{id}/reject"),
        );
        let body = json!({"version": 1});
        let (one, two) = tokio::join!(first.posts(&approve, &body), second.posts(&reject, &body));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let (winner, loser, by) = if one.status == 200 {
            (one, two, "Awa Sanou")
        } else {
            (two, one, "Issa Kaboré")
        };
        assert_eq!(loser.json["item"]["status"], winner.json["status"]);
        assert_eq!(loser.json["decided_by"], by);
        assert_eq!(item(&first, id).await["version"], 2);
    }
    service.stop().await;
}

async fn setting_aside_marks_an_item_and_raises_its_version(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let id = service.plants(service.seed()).await.to_string();
    let held = moderator.decides(&id, "hold").await.expect(200).json;
    assert_eq!(
        (&held["status"], &held["set_aside"], &held["version"]),
        (&json!("pending"), &json!(true), &json!(2))
    );
    let again = moderator.decides(&id, "hold").await.expect(200).json;
    assert_eq!((&again["set_aside"], &again["version"]), (&json!(true), &json!(3)));
    let back = moderator.decides(&id, "undo").await.expect(200).json;
    assert_eq!(
        (&back["set_aside"], &back["version"]),
        (&json!(true), &json!(4)),
        "back before the second"
    );
    let restored = moderator.decides(&id, "restore").await.expect(200).json;
    assert_eq!(
        (&restored["status"], &restored["set_aside"]),
        (&json!("pending"), &json!(false))
    );
    moderator.decides(&id, "reject").await.expect(200);
    let from_rejected = moderator.decides(&id, "hold").await.expect(200).json;
    assert_eq!(
        (&from_rejected["status"], &from_rejected["set_aside"]),
        (&json!("pending"), &json!(true))
    );
    service.stop().await;
}

async fn undo_takes_back_ones_own_last_decision_and_nothing_else(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let first = service.person("Awa Sanou", Role::Moderator, &[]).await;
    let second = service.person("Issa Kaboré", Role::Moderator, &[]).await;
    for from in [
        Status::Pending,
        Status::Approved,
        Status::Rejected,
        Status::Spam,
        Status::Refused,
    ] {
        let mut seed = service.seed();
        seed.status = from;
        let id = service.plants(seed).await;
        let act = if from == Status::Spam { "approve" } else { "spam" };
        first.decides(&id.to_string(), act).await.expect(200);
        let undone = first.decides(&id.to_string(), "undo").await.expect(200);
        assert_eq!(undone.json["status"], from.as_str(), "back exactly where it was");
    }

    let id = service.plants(service.seed()).await.to_string();
    let undo = format!("/api/v1/comments/{id}/undo");
    assert_eq!(
        first.decides(&id, "undo").await.error(),
        (409, "conflict"),
        "nothing to undo yet"
    );
    let rejected = first.decides(&id, "reject").await.expect(200).json["decision"].clone();
    assert_eq!(
        second.decides(&id, "undo").await.error(),
        (409, "conflict"),
        "somebody else's"
    );
    let of = second.posts(&undo, &json!({"of": rejected})).await;
    assert_eq!(of.error(), (409, "conflict"), "somebody else's, named");
    let approved = second.decides(&id, "approve").await.expect(200).json["decision"].clone();
    let late = first.posts(&undo, &json!({"of": rejected})).await;
    assert_eq!(late.error(), (409, "conflict"), "something happened since");
    assert_eq!(late.json["decided_by"], "Issa Kaboré");
    let named = second.posts(&undo, &json!({"of": approved})).await.expect(200);
    assert_eq!(named.json["status"], "rejected");
    let twice = second.posts(&undo, &json!({"of": approved})).await;
    assert_eq!(
        twice.error(),
        (409, "conflict"),
        "a second undo has nothing to take back"
    );

    let history = item(&first, &id).await["history"].clone();
    let acts: Vec<&str> = history
        .as_array()
        .expect("a history")
        .iter()
        .map(|entry| entry["action"].as_str().expect("an action"))
        .collect();
    assert_eq!(acts, ["reject", "approve", "undo"]);
    assert_eq!(history[2]["undoes"], approved);
    service.stop().await;
}

async fn a_batch_gives_each_decision_its_own_result(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let moderator = service.person("Awa Sanou", Role::Moderator, &["faso"]).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(service.plants(service.seed()).await.to_string());
    }
    let mut foreign = service.seed();
    "sahel".clone_into(&mut foreign.site);
    let foreign = service.plants(foreign).await.to_string();
    moderator.decides(&ids[1], "reject").await.expect(200);

    let decisions = json!({"decisions": [
        {"key": "1", "comment": ids[0], "action": "approve", "version": 1},
        {"key": "2", "comment": ids[1], "action": "approve", "version": 1},
        {"key": "3", "comment": foreign, "action": "approve"},
        {"key": "4", "comment": "no id", "action": "spam"},
        {"key": "5", "comment": ids[2], "action": "spam", "note": "publicité"},
        {"key": "6", "comment": ids[3], "action": "restore"},
    ]});
    let answer = moderator
        .posts("/api/v1/moderation/decisions", &decisions)
        .await
        .expect(200);
    let results = answer.json["results"].as_array().expect("results");
    let words: Vec<_> = results
        .iter()
        .map(|one| one["result"].as_str().expect("a word"))
        .collect();
    assert_eq!(
        words,
        ["applied", "conflict", "not_found", "not_found", "applied", "applied"]
    );
    let keys: Vec<_> = results.iter().map(|one| one["key"].as_str().expect("a key")).collect();
    assert_eq!(keys, ["1", "2", "3", "4", "5", "6"], "in the order they were sent");
    assert_eq!(results[0]["comment"], ids[0]);
    assert_eq!(results[0]["item"]["status"], "approved");
    assert_eq!(results[1]["item"]["status"], "rejected", "the current item");
    assert!(results[2].get("item").is_none(), "another's comment is not shown");
    assert_eq!(results[4]["item"]["status"], "spam");

    let again = moderator
        .posts("/api/v1/moderation/decisions", &decisions)
        .await
        .expect(200);
    let words: Vec<_> = again.json["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|one| one["result"].as_str().expect("a word").to_owned())
        .collect();
    assert_eq!(
        words,
        ["replayed", "conflict", "not_found", "not_found", "replayed", "applied"]
    );
    assert_eq!(again.json["results"][0]["decision"], results[0]["decision"]);
    assert_eq!(item(&moderator, &ids[0]).await["version"], 2);
    service.stop().await;
}

async fn a_batch_keeps_the_order_for_one_comment(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let id = service.plants(service.seed()).await.to_string();
    let acts = ["approve", "spam", "undo", "reject", "restore", "hold"];
    let decisions: Vec<Value> = acts
        .iter()
        .enumerate()
        .map(|(place, act)| json!({"key": place.to_string(), "comment": id, "action": act, "version": place + 1}))
        .collect();
    let answer = moderator
        .posts("/api/v1/moderation/decisions", &json!({"decisions": decisions}))
        .await
        .expect(200);
    for result in answer.json["results"].as_array().expect("results") {
        assert_eq!(result["result"], "applied", "{result}");
    }
    let history = item(&moderator, &id).await["history"].clone();
    let done: Vec<&str> = history
        .as_array()
        .expect("a history")
        .iter()
        .map(|entry| entry["action"].as_str().expect("an action"))
        .collect();
    assert_eq!(done, acts);
    service.stop().await;
}

async fn a_batch_holds_one_to_a_hundred_decisions(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let planting = (0..101).map(|_| service.plants(service.seed()));
    let ids = futures_util::future::join_all(planting).await;
    let batch = |count: usize| -> Value {
        let decisions: Vec<Value> = ids[..count]
            .iter()
            .map(|id| json!({"key": id.to_string(), "comment": id, "action": "approve", "version": 1}))
            .collect();
        json!({ "decisions": decisions })
    };
    let path = "/api/v1/moderation/decisions";
    for refused in [
        batch(0),
        batch(101),
        json!({}),
        json!({"decisions": [{"comment": ids[0], "action": "delete"}]}),
    ] {
        let answer = moderator.posts(path, &refused).await;
        assert_eq!(answer.error(), (422, "invalid"), "{}", answer.text);
        assert_eq!(answer.json["errors"][0]["code"], "decisions_bad");
    }
    for mistyped in [json!({"decisions": "all"}), json!({"decisions": [1]})] {
        let answer = moderator.posts(path, &mistyped).await;
        assert_eq!(answer.error(), (422, "bad_type"), "{}", answer.text);
    }
    assert_eq!(
        item(&moderator, ids[0]).await["version"],
        1,
        "nothing of a refused batch was done"
    );
    let answer = moderator.posts(path, &batch(100)).await.expect(200);
    let results = answer.json["results"].as_array().expect("results");
    assert_eq!(results.len(), 100);
    assert!(results.iter().all(|one| one["result"] == "applied"));
    assert_eq!(service.reader().reads("/article").await.json["thread"]["count"], 100);
    service.stop().await;
}

async fn a_key_used_again_changes_nothing(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let first = service.person("Awa Sanou", Role::Moderator, &[]).await;
    let second = service.person("Issa Kaboré", Role::Moderator, &[]).await;
    let id = service.plants(service.seed()).await;
    let path = |act: &str| format!("/api/v1/comments/{id}/{act}");
    let body = json!({"key": "k1", "version": 1});
    let done = first.posts(&path("approve"), &body).await.expect(200);
    let repeated = first.posts(&path("approve"), &body).await.expect(200);
    assert_eq!(repeated.json["decision"], done.json["decision"]);
    assert_eq!(repeated.json["version"], 2);

    let other = second.posts(&path("reject"), &json!({"key": "k1"})).await.expect(200);
    assert_eq!(other.json["version"], 3, "keys are each person's own");
    let late = first.posts(&path("approve"), &body).await.expect(200);
    assert_eq!(late.json["status"], "rejected", "a late repeat does not decide again");

    let header = service
        .request(Method::POST, &path("spam"), |request| {
            request.bearer_auth(&first.token).header("idempotency-key", "k2")
        })
        .await
        .expect(200);
    let again = service
        .request(Method::POST, &path("spam"), |request| {
            request.bearer_auth(&first.token).header("idempotency-key", "k2")
        })
        .await
        .expect(200);
    assert_eq!(header.json["decision"], again.json["decision"]);
    assert_eq!(again.json["version"], 4);

    let at_once = futures_util::future::join_all((0..10).map(|_| {
        let (moderator, path) = (&first, path("restore"));
        async move { moderator.posts(&path, &json!({"key": "k3"})).await.expect(200) }
    }))
    .await;
    let decisions: BTreeSet<String> = at_once.iter().map(|one| one.json["decision"].to_string()).collect();
    assert_eq!(decisions.len(), 1, "ten at once are one decision");
    assert_eq!(item(&first, id).await["version"], 5);
    service.stop().await;
}

async fn an_erased_comment_takes_no_decision(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let sent = reader.submits(&comment("À effacer")).await.expect(202);
    let noted = json!({"note": "Elle habite rue du Marché"});
    let path = format!("/api/v1/comments/{}/reject", sent.id());
    moderator.posts(&path, &noted).await.expect(200);
    let erase = format!("/r/{}/erase", sent.json["receipt"].as_str().expect("a receipt"));
    service
        .request(Method::POST, &erase, |request| request)
        .await
        .expect(200);

    for act in ["approve", "reject", "spam", "restore", "hold", "undo"] {
        let answer = moderator.decides(&sent.id(), act).await;
        assert_eq!(answer.error(), (409, "erased"), "{act}");
        assert_eq!(answer.json["item"]["status"], "erased");
    }
    let seen = moderator
        .gets(&format!("/api/v1/comments/{}", sent.id()))
        .await
        .expect(200);
    for gone in ["À effacer", "Aminata", "aminata@example.org", "rue du Marché"] {
        assert!(!seen.text.contains(gone), "{gone}: {}", seen.text);
    }
    let acts: Vec<&str> = seen.json["history"]
        .as_array()
        .expect("a history")
        .iter()
        .map(|entry| entry["action"].as_str().expect("an action"))
        .collect();
    assert_eq!(acts, ["reject", "erase"], "that it happened stays");
    service.stop().await;
}

async fn anothers_site_is_not_there(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let moderator = service.person("Awa Sanou", Role::Moderator, &["sahel"]).await;
    let owner = service.person("Oumar", Role::Owner, &["sahel"]).await;
    let id = service.plants(service.seed()).await;
    service
        .moderator()
        .await
        .decides(&id.to_string(), "approve")
        .await
        .expect(200);
    for person in [&moderator, &owner] {
        for path in [
            format!("/api/v1/comments/{id}"),
            "/api/v1/moderation/queue?site=faso".to_owned(),
            "/api/v1/moderation/audit?site=faso".to_owned(),
            "/api/v1/sites/faso/captcha/evidence".to_owned(),
            "/api/v1/sites/faso/captcha/policies".to_owned(),
            "/sites/faso/captcha".to_owned(),
            "/queue?site=faso".to_owned(),
        ] {
            let answer = person.gets(&path).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text);
            let nowhere = person.gets(&path.replace("faso", "nowhere")).await;
            if path.contains("faso") {
                assert_eq!(
                    answer.json["code"], nowhere.json["code"],
                    "{path}: as if it were not there"
                );
            }
        }
        for act in ["approve", "reject", "spam", "restore", "hold", "undo"] {
            let answer = person.decides(&id.to_string(), act).await;
            assert_eq!(answer.error(), (404, "not_found"), "{act}");
            assert!(answer.json.get("item").is_none());
        }
        let cuts = json!({"base": 0, "cuts": {}});
        for path in [
            "/api/v1/sites/faso/captcha/preview",
            "/api/v1/sites/faso/captcha/policies",
            "/api/v1/sites/faso/captcha/policies/1/revert",
        ] {
            assert_eq!(person.posts(path, &cuts).await.error(), (404, "not_found"), "{path}");
        }
        let put = service
            .request(Method::PUT, "/api/v1/sites/faso/threads/%2Farticle", |request| {
                request.bearer_auth(&person.token).json(&json!({"open": false}))
            })
            .await;
        assert_eq!(put.error(), (404, "not_found"));

        let queue = person
            .gets("/api/v1/moderation/queue?status=approved")
            .await
            .expect(200);
        assert_eq!(queue.json["items"], json!([]));
        assert_eq!(queue.json["counts"]["approved"]["n"], 0);
        let audit = person.gets("/api/v1/moderation/audit").await.expect(200);
        // What its own site keeps of it is all that is there.
        for entry in audit.json["entries"].as_array().expect("a list") {
            assert_eq!(
                (&entry["site"], &entry["action"]),
                (&json!("sahel"), &json!("token_made"))
            );
        }
    }
    service.stop().await;
}

async fn the_audit_log_names_who_did_what_in_pages_and_exports(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let first = service.person("=Awa \"A\" Sanou", Role::Moderator, &[]).await;
    let second = service.person("Issa Kaboré", Role::Moderator, &[]).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(service.plants(service.seed()).await.to_string());
    }
    for id in &ids {
        service.clock.advance(std::time::Duration::from_secs(1));
        let path = format!("/api/v1/comments/{id}/reject");
        let body = json!({"reason": "off_topic", "note": "=cmd|' /C calc'!A0\r\nligne 2"});
        first.posts(&path, &body).await.expect(200);
    }
    second.decides(&ids[0], "approve").await.expect(200);

    let mut entries = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/api/v1/moderation/audit?site=faso&limit=4{after}");
        let page = first.gets(&path).await.expect(200).json;
        entries.extend(page["entries"].as_array().expect("entries").clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(entries.len(), 6);
    for (entry, id) in entries.iter().zip(&ids) {
        assert_eq!(entry["comment"], *id, "oldest first");
        assert_eq!(entry["actor"], "=Awa \"A\" Sanou");
        assert_eq!((&entry["from"], &entry["to"]), (&json!("pending"), &json!("rejected")));
        assert_eq!(
            (&entry["action"], &entry["reason"]),
            (&json!("reject"), &json!("off_topic"))
        );
        assert!(entry["id"].is_string() && entry["at"].is_string());
    }
    assert_eq!(entries[5]["actor"], "Issa Kaboré");
    assert_eq!(
        (&entries[5]["from"], &entries[5]["to"]),
        (&json!("rejected"), &json!("approved"))
    );

    let export = async |accept: &str| {
        service
            .request(Method::GET, "/api/v1/moderation/audit?site=faso", |request| {
                request.bearer_auth(&first.token).header("accept", accept)
            })
            .await
            .expect(200)
    };
    let lines = export("application/x-ndjson").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let parsed: Vec<Value> = lines
        .text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    assert_eq!(parsed, entries);

    let table = export("text/csv").await;
    assert!(table.header("content-type").starts_with("text/csv"));
    let mut reader = csv::Reader::from_reader(table.text.as_bytes());
    let names = reader.headers().expect("a head").clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 6);
    let cell = |row: usize, name: &str| {
        let place = names.iter().position(|head| head == name).expect("a column");
        rows[row][place].to_owned()
    };
    assert_eq!(cell(0, "comment"), ids[0]);
    assert_eq!(cell(5, "actor"), "Issa Kaboré");
    for row in &rows {
        for text in row {
            assert!(
                !text.starts_with(['=', '+', '-', '@']),
                "a spreadsheet would run {text:?}"
            );
            assert!(!text.contains(['\r', '\n']), "one row a line: {text:?}");
        }
    }
    for (query, code) in [
        ("limit=0", "limit_bad"),
        ("limit=many", "limit_bad"),
        ("after=one", "after_bad"),
    ] {
        let answer = first.gets(&format!("/api/v1/moderation/audit?{query}")).await;
        assert_eq!(answer.error(), (422, "invalid"), "{query}");
        assert_eq!(answer.json["errors"][0]["code"], code, "{query}");
    }
    service.stop().await;
}

async fn a_publisher_names_and_closes_a_thread(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let key = "https://faso.test/marché?page=2#a";
    let path = format!("/api/v1/sites/faso/threads/{}", encoded(key).replace('+', "%20"));
    let put = async |body: Value| {
        service
            .request(Method::PUT, &path, |request| {
                request.bearer_auth(&moderator.token).json(&body)
            })
            .await
    };
    let set = put(json!({"title": "Le marché\u{202e} rouvre", "url": "https://faso.test/marche"}))
        .await
        .expect(200);
    assert_eq!(
        set.json,
        json!({"key": key, "title": "Le marché rouvre", "url": "https://faso.test/marche", "open": true})
    );
    let before = reader.reads(key).await.expect(200);
    assert_eq!(before.json["thread"]["title"], "Le marché rouvre");

    let closed = put(json!({"open": false})).await.expect(200);
    assert_eq!(
        (&closed.json["open"], &closed.json["title"]),
        (&json!(false), &json!("Le marché rouvre"))
    );
    let after = reader.reads(key).await.expect(200);
    assert_eq!(after.json["thread"]["open"], false);
    assert_ne!(
        before.header("etag"),
        after.header("etag"),
        "a reader's copy is out of date"
    );
    let mut fields = comment("Trop tard");
    fields["thread"] = json!(key);
    assert_eq!(reader.submits(&fields).await.error(), (409, "thread_closed"));
    let page = service
        .get(&format!("/t/faso?thread={}", encoded(key)))
        .await
        .expect(200);
    assert!(!page.text.contains("<textarea"), "a closed thread shows no form");

    let foreign = put(json!({"url": "https://elsewhere.example/marche"})).await;
    assert_eq!(foreign.error(), (422, "invalid"));
    assert_eq!(foreign.json["errors"][0]["code"], "url_bad");
    let reopened = put(json!({"open": true})).await.expect(200);
    assert_eq!(
        reopened.json["url"], "https://faso.test/marche",
        "what is not named stays"
    );
    reader.submits(&fields).await.expect(202);
    let unknown = service
        .request(Method::PUT, "/api/v1/sites/nowhere/threads/a", |request| {
            request.bearer_auth(&moderator.token).json(&json!({}))
        })
        .await;
    assert_eq!(unknown.status, 404);
    service.stop().await;
}

async fn the_review_page_decides_and_takes_back_by_forms(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let reader = service.reader();
    let sent = reader.submits(&comment("Un <b>avis</b>")).await.expect(202);

    let page = browser.gets("/queue").await.expect(200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.text.contains("Un <b>avis</b>") && page.text.contains("aminata@example.org"));
    assert_eq!(values_of(&page.text, "comment"), [sent.id()]);
    assert_eq!(values_of(&page.text, "version"), ["1"]);
    let return_to = values_of(&page.text, "return_to").remove(0);
    let pressed = browser
        .posts(
            "/queue/decide",
            &[
                ("comment", &sent.id()),
                ("version", "1"),
                ("return_to", &return_to),
                ("action", "approve"),
            ],
        )
        .await
        .expect(303);
    let back = pressed.header("location").to_owned();
    assert!(back.starts_with("/queue?status=pending"), "{back}");
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 1);

    let after = browser.gets(&back).await.expect(200);
    let decision = values_of(&after.text, "decision");
    assert_eq!(decision.len(), 1, "one button takes it back");
    let undone = browser
        .posts("/queue/undo", &[("decision", &decision[0]), ("return_to", &return_to)])
        .await
        .expect(303);
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 0);
    let end = browser.gets(undone.header("location")).await.expect(200);
    assert!(end.text.contains(&sent.id()), "it waits again");
    let entry = &item(&service.moderator().await, sent.id()).await["history"][0];
    assert_eq!(
        (&entry["actor"], &entry["actor_kind"]),
        (&json!(OWNER_NAME), &json!("account"))
    );

    let away = browser
        .posts(
            "/queue/decide",
            &[
                ("comment", &sent.id()),
                ("return_to", "https://elsewhere.example/"),
                ("action", "spam"),
            ],
        )
        .await
        .expect(303);
    assert!(
        away.header("location").starts_with("/queue"),
        "{}",
        away.header("location")
    );
    service.stop().await;
}

async fn the_review_page_says_who_was_first(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let other = service.person("Issa Kaboré", Role::Moderator, &[]).await;
    let id = service.plants(service.seed()).await.to_string();
    other.decides(&id, "reject").await.expect(200);
    let pressed = browser
        .posts(
            "/queue/decide",
            &[("comment", &id), ("version", "1"), ("action", "approve")],
        )
        .await
        .expect(303);
    let page = browser.gets(pressed.header("location")).await.expect(200);
    assert!(page.text.contains("Issa Kaboré"), "{}", page.text);
    assert!(
        values_of(&page.text, "decision").is_empty(),
        "nothing of one's own to take back"
    );
    assert_eq!(item(&other, &id).await["status"], "rejected");
    service.stop().await;
}
