//! Decisions about all that fits a filter, as a moderator's program makes them: counted first, begun, followed, taken
//! back. What the store promises of them is in `store_bulk.rs`, kills are in `bulk_across_kills.rs`.

use palabre::{actions::identify::Role, domain::status::Status};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    example::Sent as _,
    service::{Answer, Person, SITE, Service, comment, eventually},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    bulk_is_counted_first_and_decided_as_one_step,
    bulk_about_what_changed_since_the_count_changes_nothing,
    bulk_of_several_parts_goes_on_by_itself_and_is_taken_back_whole,
    bulk_that_cannot_be_is_told_with_its_reason,
    bulk_has_room_for_ten_thousand_and_no_more,
    bulk_is_its_sites_and_its_makers,
    bulk_keeps_nothing_of_what_was_looked_for,
);

pub(crate) const PATH: &str = "/api/v1/moderation/bulk";

/// Two sites, so that one has to be named.
fn two_sites() -> String {
    format!("{SITE}[[site]]\nid = \"sahel\"\nname = \"Le Sahel\"\n")
}

/// Makes of the comments that are there so many in all, each new one with an id of its own.
pub(crate) async fn multiply(storage: &Storage, count: i64) {
    let columns: Vec<String> = storage
        .columns()
        .await
        .into_iter()
        .filter(|(table, column, _)| table == "comments" && column != "id")
        .map(|(_, column, _)| column)
        .collect();
    let columns = columns.join(", ");
    let id = if storage.is_postgres() {
        "GEN_RANDOM_UUID()"
    } else {
        "RANDOMBLOB(16)"
    };
    loop {
        let there = storage.integer("SELECT COUNT(*) FROM comments").await.expect("counted");
        if there >= count {
            return;
        }
        let missing = count - there;
        storage
            .execute(&format!(
                "INSERT INTO comments (id, {columns}) SELECT {id}, {columns} FROM comments LIMIT {missing}"
            ))
            .await;
    }
}

/// How many comments have a status, counted in the rows.
async fn have(storage: &Storage, status: &str) -> i64 {
    let query = format!("SELECT COUNT(*) FROM comments WHERE status = '{status}'");
    storage.integer(&query).await.expect("counted")
}

async fn counts(person: &Person<'_>, filter: &Value) -> Answer {
    person.posts(PATH, &json!({"filter": filter, "dry_run": true})).await
}

async fn begins(person: &Person<'_>, filter: &Value, action: &str, expect: i64) -> Answer {
    let body = json!({"filter": filter, "action": action, "expect": expect});
    person.posts(PATH, &body).await
}

async fn is(person: &Person<'_>, bulk: &Answer, state: &str) -> Answer {
    let path = format!("{PATH}/{}", bulk.json["bulk_id"].as_str().expect("an id"));
    eventually(state, async || {
        person.gets(&path).await.expect(200).json["state"] == state
    })
    .await;
    person.gets(&path).await.expect(200)
}

async fn undoes(person: &Person<'_>, bulk: &Answer) -> Answer {
    let id = bulk.json["bulk_id"].as_str().expect("an id");
    person.posts(&format!("{PATH}/{id}/undo"), &json!({})).await
}

async fn bulk_is_counted_first_and_decided_as_one_step(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.person("Awa", Role::Moderator, &["faso"]).await;
    let plants = async |email: &str, status: Status, links: i64| {
        let mut comment = service.seed();
        comment.content.draft = crate::example::draft(palabre::domain::draft::RawDraft {
            thread: "/article".to_owned(),
            name: "Aminata".to_owned(),
            email: email.to_owned(),
            body: if links > 0 { "https://a.example" } else { "Bien." }.to_owned(),
            ..Default::default()
        });
        comment.status = status;
        comment.submitted().device_id = None;
        service.plants(comment).await.to_string()
    };
    for _ in 0..3 {
        plants("habituee@example.org", Status::Approved, 0).await;
    }
    for _ in 0..4 {
        plants("inconnu@example.org", Status::Pending, 1).await;
    }
    let regular = plants("habituee@example.org", Status::Pending, 1).await;
    let other = plants("inconnu@example.org", Status::Pending, 0).await;

    // Who works on one site names none.
    let filter = json!({"links": 1});
    let counted = counts(&moderator, &filter).await.expect(200);
    assert_eq!(
        (&counted.json["count"], &counted.json["more"]),
        (&json!(5), &json!(false))
    );
    let sample = counted.json["sample"].as_array().expect("ids");
    assert_eq!(sample.len(), 5);
    assert_eq!(sample[0], regular, "whoever has most published comes first");
    assert_eq!(have(storage, "pending").await, 6, "a count changes nothing");
    let audited = moderator.gets("/api/v1/moderation/audit").await.expect(200);
    assert!(!audited.text.contains("bulk_id"), "{}", audited.text);

    let bulk = begins(&moderator, &filter, "spam", 5).await.expect(200);
    let id = bulk.json["bulk_id"].as_str().expect("an id").to_owned();
    for (member, value) in [
        ("action", json!("spam")),
        ("by", json!("Awa")),
        ("count", json!(5)),
        ("done", json!(5)),
        ("filter", json!({"status": "pending", "links": 1})),
        ("not_undone", json!(0)),
        ("site", json!("faso")),
        ("skipped", json!(0)),
        ("state", json!("done")),
        ("undone", json!(0)),
        ("undone_at", Value::Null),
    ] {
        assert_eq!(bulk.json[member], value, "{member}");
    }
    let shown = moderator.gets(&format!("{PATH}/{id}")).await.expect(200);
    assert_eq!(shown.json, bulk.json);
    let queue = moderator.gets("/api/v1/moderation/queue").await.expect(200);
    assert_eq!(queue.json["items"][0]["id"], other);
    assert_eq!(queue.json["counts"]["pending"]["n"], 1);
    assert_eq!(queue.json["counts"]["spam"]["n"], 5);
    assert_eq!((have(storage, "pending").await, have(storage, "spam").await), (1, 5));
    let item = moderator.gets(&format!("/api/v1/comments/{regular}")).await.expect(200);
    let history = item.json["history"].as_array().expect("a history");
    assert_eq!(history.len(), 1);
    assert_eq!(
        (&history[0]["action"], &history[0]["bulk_id"]),
        (&json!("spam"), &json!(id))
    );
    assert_eq!(
        (&history[0]["actor"], &history[0]["from"]),
        (&json!("Awa"), &json!("pending"))
    );

    let undone = undoes(&moderator, &bulk).await.expect(200);
    assert_eq!(
        (&undone.json["state"], &undone.json["undone"]),
        (&json!("undone"), &json!(5))
    );
    assert!(undone.json["undone_at"].is_string());
    assert_eq!(have(storage, "pending").await, 6);
    let again = undoes(&moderator, &bulk).await.expect(200);
    assert_eq!(again.json, undone.json, "a second time changes nothing");
    let item = moderator.gets(&format!("/api/v1/comments/{regular}")).await.expect(200);
    assert_eq!(item.json["history"].as_array().expect("a history").len(), 2);
    service.stop().await;
}

async fn bulk_about_what_changed_since_the_count_changes_nothing(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    service.plants(service.seed()).await;
    let filter = json!({"site": "faso"});
    let counted = counts(&moderator, &filter).await.expect(200);
    assert_eq!(counted.json["count"], 1);
    service.reader().submits(&comment("Entre-temps")).await.expect(202);
    let begun = begins(&moderator, &filter, "reject", 1).await;
    assert_eq!(begun.error(), (409, "count_changed"));
    assert_eq!(begun.json["count"], 2);
    assert_eq!(have(storage, "pending").await, 2);
    assert_eq!(storage.integer("SELECT COUNT(*) FROM bulk_operations").await, Some(0));
    // With the count of now it is as wished; and a press that comes twice is told.
    let begun = begins(&moderator, &filter, "reject", 2).await.expect(200);
    assert_eq!(begun.json["done"], 2);
    let again = begins(&moderator, &filter, "reject", 2).await;
    assert_eq!(
        (again.error(), &again.json["count"]),
        ((409, "count_changed"), &json!(0))
    );
    // What is rejected can be restored in the same way, and nothing at all is a bulk too.
    let rejected = json!({"site": "faso", "status": "rejected"});
    assert_eq!(
        begins(&moderator, &rejected, "restore", 2).await.expect(200).json["done"],
        2
    );
    let nothing = begins(&moderator, &rejected, "approve", 0).await.expect(200);
    assert_eq!(
        (&nothing.json["state"], &nothing.json["done"]),
        (&json!("done"), &json!(0))
    );
    assert_eq!(have(storage, "pending").await, 2);
    service.stop().await;
}

async fn bulk_of_several_parts_goes_on_by_itself_and_is_taken_back_whole(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (moderator, colleague) = (service.moderator().await, service.moderator().await);
    let planted = service.plants(service.seed()).await;
    multiply(storage, 450).await;
    let filter = json!({"site": "faso"});
    let bulk = begins(&moderator, &filter, "approve", 450).await.expect(202);
    assert_eq!(
        (&bulk.json["state"], &bulk.json["done"]),
        (&json!("running"), &json!(200))
    );
    let late = service.reader().submits(&comment("Trop tard")).await.expect(202);
    // The next one waits until it is at its end, on this site.
    let busy = begins(&colleague, &filter, "spam", 251).await;
    if busy.error() == (409, "bulk_running") {
        assert_eq!(busy.json["bulk_id"], bulk.json["bulk_id"]);
    } else {
        assert_eq!(busy.error(), (409, "count_changed"), "the job was faster");
    }
    let done = is(&moderator, &bulk, "done").await;
    assert_eq!((&done.json["done"], &done.json["skipped"]), (&json!(450), &json!(0)));
    assert_eq!(have(storage, "approved").await, 450);
    assert_eq!(
        service.reader().reads("/article").await.expect(200).json["thread"]["count"],
        450
    );
    let waiting = moderator
        .gets(&format!("/api/v1/comments/{}", late.id()))
        .await
        .expect(200);
    assert_eq!(waiting.json["status"], "pending", "what came later was not counted");

    colleague.decides(&planted.to_string(), "spam").await.expect(200);
    let undoing = undoes(&moderator, &bulk).await.expect(202);
    assert_eq!(undoing.json["state"], "undoing");
    let undone = is(&moderator, &bulk, "undone").await;
    assert_eq!(
        (&undone.json["undone"], &undone.json["not_undone"]),
        (&json!(449), &json!(1))
    );
    assert_eq!((have(storage, "pending").await, have(storage, "spam").await), (450, 1));

    // While it runs it is stopped.
    let bulk = begins(&moderator, &filter, "hold", 450).await.expect(202);
    undoes(&moderator, &bulk).await;
    let undone = is(&moderator, &bulk, "undone").await;
    assert_eq!(undone.json["undone"], undone.json["done"]);
    let aside = "SELECT COUNT(*) FROM comments WHERE set_aside";
    assert_eq!(storage.integer(aside).await, Some(0));
    service.stop().await;
}

/// Bodies that are refused, with the field that is to be corrected and its code.
fn refused() -> Vec<(Value, &'static str, &'static str)> {
    let site = json!({"site": "faso"});
    let long = "x".repeat(513);
    vec![
        (json!({"filter": site, "expect": 1}), "action", "action_bad"),
        (
            json!({"filter": site, "action": "delete", "expect": 1}),
            "action",
            "action_bad",
        ),
        (
            json!({"filter": site, "action": "delete", "dry_run": true}),
            "action",
            "action_bad",
        ),
        (
            json!({"filter": site, "action": "undo", "expect": 1}),
            "action",
            "action_bad",
        ),
        (json!({"filter": site, "action": "spam"}), "expect", "expect_missing"),
        (json!({"action": "spam", "expect": 1}), "filter", "value_bad"),
        (json!({"filter": null, "dry_run": true}), "filter", "value_bad"),
        // Of several sites none is meant.
        (
            json!({"filter": {}, "action": "spam", "expect": 1}),
            "site",
            "site_missing",
        ),
        (json!({"filter": {}, "dry_run": true}), "site", "site_missing"),
        (
            json!({"filter": {"site": "faso", "status": "waiting"}, "dry_run": true}),
            "status",
            "status_bad",
        ),
        (
            json!({"filter": {"site": "faso", "status": "erased"}, "dry_run": true}),
            "status",
            "status_bad",
        ),
        (
            json!({"filter": {"site": "faso", "score_max": 1.5}, "dry_run": true}),
            "score_max",
            "score_bad",
        ),
        (
            json!({"filter": {"site": "faso", "since": "hier"}, "dry_run": true}),
            "since",
            "since_bad",
        ),
        (
            json!({"filter": {"site": "faso", "q": long}, "dry_run": true}),
            "q",
            "value_bad",
        ),
        (
            json!({"filter": {"site": "faso", "thread": long}, "dry_run": true}),
            "thread",
            "value_bad",
        ),
        (
            json!({"filter": {"site": "faso", "author": long}, "dry_run": true}),
            "author",
            "value_bad",
        ),
        (
            json!({"filter": {"site": "faso", "reason": long}, "dry_run": true}),
            "reason",
            "value_bad",
        ),
        (
            json!({"filter": {"site": 7}, "dry_run": true}),
            "filter.site",
            "bad_type",
        ),
        (
            json!({"filter": {"site": "faso", "score_max": "0.1"}, "dry_run": true}),
            "filter.score_max",
            "bad_type",
        ),
    ]
}

async fn bulk_that_cannot_be_is_told_with_its_reason(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let moderator = service.moderator().await;
    service.plants(service.seed()).await;
    for (body, field, code) in refused() {
        let told = moderator.posts(PATH, &body).await;
        let whole = if code == "bad_type" { code } else { "invalid" };
        assert_eq!(told.error(), (422, whole), "{body}: {}", told.text);
        let error = &told.json["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code)),
            "{body}"
        );
    }
    // A form has no place for a filter: it must not pass for one about everything.
    let form = service
        .request(Method::POST, PATH, |request| {
            request
                .bearer_auth(&moderator.token)
                .form(&[("filter", "{}"), ("action", "spam"), ("expect", "1")])
        })
        .await;
    assert_eq!(form.error(), (415, "unsupported_media_type"));
    for id in ["x", "019a0000-0000-7000-8000-000000000000"] {
        assert_eq!(moderator.gets(&format!("{PATH}/{id}")).await.status, 404);
        assert_eq!(
            moderator.posts(&format!("{PATH}/{id}/undo"), &json!({})).await.status,
            404
        );
    }
    assert_eq!(have(storage, "pending").await, 1);
    assert_eq!(storage.integer("SELECT COUNT(*) FROM bulk_operations").await, Some(0));
    service.stop().await;
}

async fn bulk_has_room_for_ten_thousand_and_no_more(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    service.plants(service.seed()).await;
    multiply(storage, 10_000).await;
    let filter = json!({"site": "faso"});
    let counted = counts(&moderator, &filter).await.expect(200);
    assert_eq!(
        (&counted.json["count"], &counted.json["more"]),
        (&json!(10_000), &json!(false))
    );
    multiply(storage, 10_001).await;
    let counted = counts(&moderator, &filter).await.expect(200);
    assert_eq!(
        (&counted.json["count"], &counted.json["more"]),
        (&json!(10_000), &json!(true))
    );
    for expect in [10_000, 10_001] {
        let begun = begins(&moderator, &filter, "spam", expect).await;
        assert_eq!(
            (begun.error(), &begun.json["limit"]),
            ((422, "bulk_too_large"), &json!(10_000))
        );
    }
    assert_eq!(have(storage, "pending").await, 10_001);
    assert_eq!(storage.integer("SELECT COUNT(*) FROM bulk_operations").await, Some(0));
    service.stop().await;
}

async fn bulk_is_its_sites_and_its_makers(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let own = service.person("Awa", Role::Moderator, &["faso"]).await;
    let colleague = service.person("Issa", Role::Owner, &["faso"]).await;
    let stranger = service.person("Rita", Role::Owner, &["sahel"]).await;
    service.plants(service.seed()).await;
    for filter in [json!({"site": "faso"}), json!({"site": "nowhere"})] {
        assert_eq!(counts(&stranger, &filter).await.error(), (404, "not_found"));
        assert_eq!(begins(&stranger, &filter, "spam", 1).await.error(), (404, "not_found"));
    }
    assert_eq!(
        counts(&stranger, &json!({})).await.expect(200).json["count"],
        0,
        "their own"
    );
    assert_eq!(service.post_json(PATH, &json!({"filter": {}})).await.status, 401);
    let bulk = begins(&own, &json!({}), "spam", 1).await.expect(200);
    let path = format!("{PATH}/{}", bulk.json["bulk_id"].as_str().expect("an id"));
    assert_eq!(stranger.gets(&path).await.error(), (404, "not_found"));
    assert_eq!(undoes(&stranger, &bulk).await.error(), (404, "not_found"));
    assert_eq!(colleague.gets(&path).await.expect(200).json["by"], "Awa");
    // Each takes back their own decisions; what others decided is restored.
    assert_eq!(undoes(&colleague, &bulk).await.error(), (403, "forbidden"));
    assert_eq!(have(storage, "spam").await, 1);
    assert_eq!(undoes(&own, &bulk).await.expect(200).json["undone"], 1);
    service.stop().await;
}

/// A filter may hold somebody's address or words: they are not kept with the bulk.
async fn bulk_keeps_nothing_of_what_was_looked_for(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    service.plants(service.seed()).await;
    let filter = json!({"site": "faso", "author": "aminata@example.org", "q": "point vue", "thread": "/article"});
    let bulk = begins(&moderator, &filter, "hold", 1).await.expect(200);
    let kept = &bulk.json["filter"];
    assert_eq!(
        (&kept["author"], &kept["q"], &kept["thread"]),
        (&json!(true), &json!(true), &json!("/article"))
    );
    let rows = storage.texts("SELECT filter FROM bulk_operations").await.concat();
    assert!(!rows.contains("aminata") && !rows.contains("vue"), "{rows}");
    service.stop().await;
}
