//! A noisy neighbour: what one site's slow provider takes from the readers of another.

use futures_util::future::join_all;
use palabre::domain::captcha::ProviderId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    captcha_road::fake,
    fake_provider::{FakeProvider, Fault, SECRET, Scenario},
    service::{Answer, SITE, Service, comment, eventually},
    stores::Storage,
};

crate::stores::on_both_engines!(
    h10_a_slow_provider_takes_the_room_from_nobody_else,
    h10_equal_submissions_that_wait_for_one_take_no_room,
    h10_what_waits_is_stored_before_the_service_ends,
);

/// Sites with a provider of their own behind one fake, beside `faso`, which has the built-in check.
fn noisy(fake: &FakeProvider, sites: usize) -> String {
    let tables: Vec<String> = (0..sites)
        .map(|index| {
            format!(
                "[[site]]\nid = \"noisy-{index}\"\norigins = [\"https://faso.test\"]\n[site.captcha]\n\
                 provider = \"recaptcha_v3\"\nsecret = \"{SECRET}\"\nverify_url = \"{}\"\n",
                fake.url_of(ProviderId::RecaptchaV3)
            )
        })
        .collect();
    format!("[outgoing]\nallow_private_addresses = true\n{SITE}{}", tables.concat())
}

fn slow(fake: &FakeProvider) {
    fake.set(Scenario {
        latency_ms: [1_500, 1_500],
        ..Scenario::default()
    });
}

async fn submits(service: &Service, site: &str, fields: &Value) -> Answer {
    let path = format!("/api/v1/sites/{site}/comments");
    service
        .request(Method::POST, &path, |request| {
            request.header("origin", "https://faso.test").json(fields)
        })
        .await
}

/// A comment of its own with a token of its own.
fn numbered(fake: &FakeProvider, number: usize) -> Value {
    let mut fields = comment(&format!("Texte {number}"));
    fields["captcha"] = json!(fake.token(0.9, "comment", "faso.test"));
    fields
}

async fn h10_a_slow_provider_takes_the_room_from_nobody_else(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &noisy(&fake, 1)).await;
    let moderator = service.moderator().await;
    slow(&fake);
    let flood = join_all((0..300).map(|number| {
        let (fields, service) = (numbered(&fake, number), &service);
        async move { submits(service, "noisy-0", &fields).await }
    }));
    let quiet = async {
        eventually("many wait for the provider", async || fake.calls() == 64).await;
        join_all((0..40).map(|number| {
            let fields = comment(&format!("Calme {number}"));
            let service = &service;
            async move { submits(service, "faso", &fields).await }
        }))
        .await
    };
    let (flood, quiet) = tokio::join!(flood, quiet);
    for answer in &quiet {
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    let mut unasked = 0;
    for answer in flood {
        let answer = answer.expect(202);
        let item = moderator
            .gets(&format!("/api/v1/comments/{}", answer.id()))
            .await
            .expect(200);
        let reasons = item.json["reasons"].as_array().expect("reasons");
        if let Some(busy) = reasons.iter().find(|reason| reason["code"] == "provider_busy") {
            unasked += 1;
            let words = busy["message"].as_str().expect("words");
            assert!(words.starts_with("Trop de commentaires attendaient"), "{words}");
            assert_eq!(item.json["captcha"]["verdict"], "unavailable");
            assert!(item.json["captcha"]["score"].is_null());
        }
    }
    assert_eq!(unasked, 300 - fake.calls(), "who was not asked about says so");
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(340));
    service.stop().await;
}

async fn h10_equal_submissions_that_wait_for_one_take_no_room(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &noisy(&fake, 1)).await;
    slow(&fake);
    let fields = numbered(&fake, 1);
    let send = || async {
        service
            .request(Method::POST, "/api/v1/sites/noisy-0/comments", |request| {
                request
                    .header("origin", "https://faso.test")
                    .header("idempotency-key", "the-same")
                    .json(&fields)
            })
            .await
    };
    let flood = join_all((0..300).map(|_| send()));
    let quiet = async {
        eventually("one of them is asked about", async || fake.calls() == 1).await;
        join_all((0..40).map(|number| {
            let fields = comment(&format!("Calme {number}"));
            let service = &service;
            async move { submits(service, "faso", &fields).await }
        }))
        .await
    };
    let (flood, quiet) = tokio::join!(flood, quiet);
    for answer in quiet {
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    let mut ids: Vec<String> = flood
        .into_iter()
        .map(|answer| {
            assert!(matches!(answer.status.as_u16(), 200 | 202), "{}", answer.text);
            answer.id()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1, "one comment");
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(41));
    service.stop().await;
}

async fn h10_what_waits_is_stored_before_the_service_ends(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &noisy(&fake, 1)).await;
    fake.fault(Fault::Hang);
    let bodies: Vec<Value> = (0..20).map(|number| numbered(&fake, number)).collect();
    let url = format!("{}/api/v1/sites/noisy-0/comments", service.url);
    let client = crate::service::client();
    let sending: Vec<_> = bodies
        .into_iter()
        .map(|fields| {
            let request = client.post(&url).header("origin", "https://faso.test").json(&fields);
            tokio::spawn(async move { request.send().await })
        })
        .collect();
    eventually("all are asked about", async || fake.calls() == 20).await;
    service.stop().await;
    let mut answered = 0;
    for sent in sending {
        if let Ok(answer) = sent.await.expect("no panic") {
            answered += usize::from(answer.status() == 202);
        }
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(20));
    assert!(answered <= 20);
}
