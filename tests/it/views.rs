//! Who of the newsroom saw which comment, and how, as it is written down and forgotten.

use std::time::Duration;

use palabre::{
    domain::{actor::Actor, timestamp::Timestamp, view::Seen},
    jobs,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    service::{Browser, SITE, Service},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    what_somebody_saw_is_written_down_and_a_list_is_not,
    a_bulk_and_a_program_see_nothing,
    views_are_forgotten_after_their_time,
);

const DAY: Duration = Duration::from_hours(24);

async fn approves(person: &Browser<'_>, comment: Uuid) {
    let path = format!("/api/v1/comments/{comment}/approve");
    person.sends(&Method::POST, &path, &json!({})).await.expect(200);
}

async fn views(person: &Browser<'_>, comment: Uuid) -> Vec<Value> {
    let shown = person.gets(&format!("/api/v1/comments/{comment}")).await.expect(200);
    shown.json["views"].as_array().expect("a list").clone()
}

fn ways(views: &[Value]) -> Vec<&str> {
    views.iter().filter_map(|view| view["how"].as_str()).collect()
}

async fn what_somebody_saw_is_written_down_and_a_list_is_not(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let mariam = service.signs_in().await;
    let comment = service.plants(service.seed()).await;
    mariam.gets("/api/v1/moderation/queue").await.expect(200);
    assert_eq!(
        views(&mariam, comment).await,
        Vec::<Value>::new(),
        "what stood in a list was not seen"
    );

    let leases = async |body: Value| {
        mariam
            .sends(&Method::POST, "/api/v1/moderation/leases", &body)
            .await
            .expect(200)
    };
    leases(json!({"comment": comment})).await;
    service.clock.advance(Duration::from_mins(1));
    leases(json!({"comment": comment, "opened": true})).await;
    service.clock.advance(Duration::from_mins(1));
    leases(json!({"comment": comment})).await;
    approves(&mariam, comment).await;
    let seen = views(&mariam, comment).await;
    assert_eq!(ways(&seen), ["focused", "opened", "decided"]);
    assert!(seen[0]["by"].is_string() && seen[0]["account"].is_string(), "{seen:?}");
    assert_eq!(
        (&seen[0]["first_at"], &seen[0]["last_at"], &seen[0]["revision"]),
        (
            &json!("2026-11-24T10:00:00Z"),
            &json!("2026-11-24T10:02:00Z"),
            &json!(0)
        )
    );
    service.stop().await;
}

async fn a_bulk_and_a_program_see_nothing(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (mariam, program) = (service.signs_in().await, service.moderator().await);
    let comment = service.plants(service.seed()).await;
    let bulk = json!({"filter": {}, "action": "reject", "expect": 1});
    let bulk = mariam
        .sends(&Method::POST, "/api/v1/moderation/bulk", &bulk)
        .await
        .expect(200);
    assert_eq!(bulk.json["done"], 1);
    program.decides(&comment.to_string(), "approve").await.expect(200);
    let lease = json!({"comment": comment});
    program.posts("/api/v1/moderation/leases", &lease).await.expect(200);
    let store = &service.app.store;
    let itself = Actor::system("housekeeping");
    let noted = store.note_view(comment, &itself, Seen::Focused, Timestamp(0)).await;
    noted.expect("nothing to write down");
    assert_eq!(views(&mariam, comment).await, Vec::<Value>::new());
    service.stop().await;
}

async fn views_are_forgotten_after_their_time(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let mariam = service.signs_in().await;
    let comment = service.plants(service.seed()).await;
    approves(&mariam, comment).await;
    service.clock.advance(365 * DAY);
    jobs::round(&service.app).await.expect("a round");
    let kept = service.app.store.views(comment).await.expect("read");
    assert_eq!(kept.len(), 1, "it is a year old, and not more");
    service.clock.advance(Duration::from_mins(2));
    jobs::round(&service.app).await.expect("a round");
    let kept = service.app.store.views(comment).await.expect("read");
    assert_eq!(kept, []);
    assert_eq!(service.app.store.forget_views(Timestamp(0)).await.expect("nothing"), 0);
    service.stop().await;
}
