//! The piles of the review page: what waits, what was set aside, what was reported; filters in its address; and several
//! decided at once by a form.
//!
//! To add a test: a sentence in the list below and its function.

use std::time::Duration;

use palabre::{
    domain::{queue::Pile, reason::Reason, score::Score, timestamp::Timestamp},
    jobs,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    example::Sent as _,
    service::{Answer, Browser, Person, SITE, Service, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    q3_what_is_set_aside_is_out_of_the_queue_and_comes_back_after_a_day,
    q3_what_is_public_and_reported_is_listed_until_somebody_decides,
    q4_filters_live_in_the_address_and_each_can_be_dropped,
    q4_a_wrong_filter_is_named,
    q18_several_are_decided_and_taken_back_in_one_step_by_forms,
    q1_what_is_true_of_all_is_said_once,
);

async fn lists(person: &Person<'_>, query: &str) -> Vec<String> {
    let page = person
        .gets(&format!("/api/v1/moderation/queue?{query}"))
        .await
        .expect(200);
    let items = page.json["items"].as_array().expect("items").iter();
    items
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn count(person: &Person<'_>, pile: Pile) -> Value {
    let page = person.gets("/api/v1/moderation/queue").await.expect(200);
    page.json["counts"][pile.as_str()]["n"].clone()
}

async fn q3_what_is_set_aside_is_out_of_the_queue_and_comes_back_after_a_day(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let hard = service.plants(service.seed()).await.to_string();
    let easy = service.plants(service.seed()).await.to_string();
    moderator.decides(&hard, "hold").await.expect(200);
    for order in ["article", "oldest", "newest", "score", "doubt", "reports", "mixed"] {
        assert_eq!(
            lists(&moderator, &format!("order={order}")).await,
            std::slice::from_ref(&easy),
            "{order}"
        );
    }
    assert_eq!(lists(&moderator, "aside=1").await, std::slice::from_ref(&hard));
    assert_eq!(count(&moderator, Pile::Pending).await, json!(1));
    assert_eq!(count(&moderator, Pile::SetAside).await, json!(1));

    service.clock.advance(Duration::from_hours(23));
    jobs::round(&service.app).await.expect("a round");
    assert_eq!(
        lists(&moderator, "aside=1").await,
        std::slice::from_ref(&hard),
        "not yet"
    );
    service.clock.advance(Duration::from_hours(2));
    jobs::round(&service.app).await.expect("a round");
    assert!(lists(&moderator, "aside=1").await.is_empty());
    assert_eq!(lists(&moderator, "order=oldest").await, [hard.clone(), easy]);
    let item = moderator
        .gets(&format!("/api/v1/comments/{hard}"))
        .await
        .expect(200)
        .json;
    let last = item["history"]
        .as_array()
        .expect("a history")
        .last()
        .expect("an entry")
        .clone();
    assert_eq!(
        (&last["action"], &last["actor_kind"]),
        (&json!("restore"), &json!("system"))
    );
    service.stop().await;
}

async fn q3_what_is_public_and_reported_is_listed_until_somebody_decides(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = service.plants(service.seed()).await;
        moderator.decides(&id.to_string(), "approve").await.expect(200);
        ids.push(id);
    }
    for (id, reporter) in [(ids[1], "one"), (ids[1], "two"), (ids[2], "one")] {
        let reporter = [reporter.to_owned()];
        let done = service
            .app
            .store
            .report(id, &reporter, "insulte", Timestamp(service.app.clock.now().0));
        assert!(done.await.expect("reported"));
    }
    let [kept, dropped] = [ids[1].to_string(), ids[2].to_string()];
    assert_eq!(
        lists(&moderator, "reported=1").await,
        [kept.clone(), dropped.clone()],
        "most reported first"
    );
    assert_eq!(count(&moderator, Pile::Reported).await, json!(2));
    let done = moderator.decides(&kept, "approve").await.expect(200).json;
    assert_eq!(
        (&done["status"], &done["version"], &done["reports"]),
        (&json!("approved"), &json!(3), &json!(2))
    );
    assert_eq!(lists(&moderator, "reported=1").await, std::slice::from_ref(&dropped));
    let again = moderator.decides(&kept, "approve").await.expect(200).json;
    assert_eq!(
        again["version"],
        json!(3),
        "with nothing left to say it changes nothing"
    );
    moderator.decides(&kept, "undo").await.expect(200);
    assert_eq!(
        lists(&moderator, "reported=1").await,
        [kept.clone(), dropped.clone()],
        "taken back"
    );
    moderator.decides(&dropped, "reject").await.expect(200);
    assert_eq!(lists(&moderator, "reported=1").await, [kept]);
    service.stop().await;
}

/// The comments of a page, in their order.
fn rows(page: &Answer) -> Vec<String> {
    let marked = page.text.split("<article class=\"item").skip(1);
    marked
        .filter_map(|item| Some(item.split(" id=\"i").nth(1)?.split('"').next()?.to_owned()))
        .collect()
}

async fn q4_filters_live_in_the_address_and_each_can_be_dropped(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let mut seed = service.seed();
    seed.submitted().outcome.reasons = vec![Reason::Links { count: 2 }];
    seed.submitted().outcome.level = Score::from_thousandths(100);
    let linked = service.plants(seed).await.to_string();
    service.clock.advance(Duration::from_hours(48));
    let plain = service.plants(service.seed()).await.to_string();
    let browser = service.signs_in().await;
    for (query, found) in [
        ("reason=links", vec![linked.clone()]),
        ("q=motif:links", vec![linked.clone()]),
        ("q=reason:links+auteur:nobody", vec![]),
        ("score_max=0,1", vec![linked.clone()]),
        ("days=1", vec![plain.clone()]),
        ("days=3&order=oldest", vec![linked.clone(), plain.clone()]),
    ] {
        let page = browser.gets(&format!("/queue?{query}")).await.expect(200);
        assert_eq!(rows(&page), found, "{query}");
    }
    let page = browser
        .gets("/queue?reason=links&score_max=0.5&days=30")
        .await
        .expect(200);
    for (label, href) in [
        ("Liens", "/queue?status=pending&amp;score_max=0.5&amp;days=30"),
        (
            "Score au plus 0,5",
            "/queue?status=pending&amp;reason=links&amp;days=30",
        ),
        (
            "30 derniers jours",
            "/queue?status=pending&amp;reason=links&amp;score_max=0.5",
        ),
    ] {
        let href = href.replace("&amp;", "&#38;");
        let chip = page
            .text
            .split("<a class=\"button chip\"")
            .find(|chip| chip.contains(label));
        assert!(chip.is_some_and(|chip| chip.contains(&href)), "{label} leads to {href}");
    }
    service.stop().await;
}

async fn q4_a_wrong_filter_is_named(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (browser, moderator) = (service.signs_in().await, service.moderator().await);
    for query in [
        "aside=2",
        "reported=oui",
        "aside=1&status=spam",
        "reported=1&status=pending",
    ] {
        let answer = moderator.gets(&format!("/api/v1/moderation/queue?{query}")).await;
        assert_eq!(answer.error(), (422, "invalid"), "{query}");
        browser.gets(&format!("/queue?{query}")).await.expect(422);
    }
    for query in ["days=0", "days=x", "days=99999", "links=x", "score_max=2"] {
        browser.gets(&format!("/queue?{query}")).await.expect(422);
    }
    service.stop().await;
}

/// Presses a button for all that is chosen, and comes back.
async fn decides_chosen(browser: &Browser<'_>, page: &Answer, chosen: &[(String, &str)], action: &str) -> Answer {
    let return_to = values_of(&page.text, "return_to").remove(0);
    let mut fields = vec![
        ("action".to_owned(), action.to_owned()),
        ("return_to".to_owned(), return_to),
    ];
    fields.extend(
        chosen
            .iter()
            .map(|(id, version)| (format!("pick.{id}"), (*version).to_owned())),
    );
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let pressed = browser.posts("/queue/bulk", &fields).await.expect(303);
    browser.gets(pressed.header("location")).await.expect(200)
}

async fn q18_several_are_decided_and_taken_back_in_one_step_by_forms(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (browser, other) = (service.signs_in().await, service.moderator().await);
    let mut ids = Vec::new();
    for _ in 0..6 {
        service.clock.advance(Duration::from_mins(1));
        ids.push(service.plants(service.seed()).await.to_string());
    }
    let page = browser.gets("/queue?order=oldest").await.expect(200);
    other.decides(&ids[2], "approve").await.expect(200);
    let chosen: Vec<(String, &str)> = ids.iter().take(4).map(|id| (id.clone(), "1")).collect();
    let after = decides_chosen(&browser, &page, &chosen, "reject").await;
    assert_eq!(rows(&after), ids[4..]);
    assert!(
        after.text.contains("3 décisions prises. 1 avait changé entre-temps."),
        "{}",
        after.text
    );
    assert_eq!(
        lists(&other, "status=approved").await,
        ids[2..3],
        "what changed was left"
    );

    let undo = values_of(&after.text, "decision").remove(0);
    assert_eq!(undo.split(',').count(), 3);
    let return_to = values_of(&after.text, "return_to").remove(0);
    let back = browser
        .posts("/queue/undo", &[("decision", &undo), ("return_to", &return_to)])
        .await
        .expect(303);
    let back = browser.gets(back.header("location")).await.expect(200);
    assert_eq!(rows(&back), [&ids[..2], &ids[3..]].concat());

    let none = decides_chosen(&browser, &back, &[], "reject").await;
    assert_eq!(rows(&none), rows(&back), "with nothing chosen nothing happens");
    let bad = browser
        .posts("/queue/undo", &[("decision", "x,y"), ("return_to", "/queue")])
        .await;
    assert_eq!(bad.status, 404);
    let gone = service
        .request(Method::POST, "/queue/bulk", |request| {
            request.form(&[("action", "reject")])
        })
        .await;
    assert!(gone.status.is_client_error() || gone.status.is_redirection());
    service.stop().await;
}

async fn q1_what_is_true_of_all_is_said_once(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    for links in [0, 0, 2] {
        let mut seed = service.seed();
        let mut reasons = vec![Reason::Observe];
        if links > 0 {
            reasons.push(Reason::Links { count: links });
        }
        seed.submitted().outcome.reasons = reasons;
        service.plants(seed).await;
    }
    let page = browser.gets("/queue").await.expect(200);
    assert_eq!(page.text.matches("<p>Mode observation").count(), 1);
    assert_eq!(
        page.text.matches("<b>2 liens</b>").count(),
        1,
        "what tells one from the others stands in its row"
    );
    service.stop().await;
}
