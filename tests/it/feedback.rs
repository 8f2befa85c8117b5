//! What became of a comment, told to the provider that checked it: only where the site wants that, a week
//! after the decision, and nothing but the outcome.

use std::{sync::Arc, time::Duration};

use palabre::{domain::captcha::ProviderId, jobs};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    captcha_road::{fake, scored},
    fake_provider::{FakeProvider, Fault, SECRET},
    service::{SITE, Service},
    stores::Storage,
};

crate::stores::on_both_engines!(
    a_decision_is_told_once_a_week_later,
    a_provider_that_fails_is_told_later_and_one_that_knows_no_such_check_never,
    nothing_is_kept_to_be_told_where_the_site_does_not_want_it,
);

const DAY: Duration = Duration::from_hours(24);

fn site(fake: &FakeProvider, secret: &str, feedback: bool) -> String {
    format!(
        "[outgoing]\nallow_private_addresses = true\n{SITE}[site.captcha]\nprovider = \"recaptcha_enterprise\"\n\
         project = \"fake\"\nsite_key = \"fake-key\"\nsecret = \"{secret}\"\nverify_url = \"{}\"\nfeedback = {feedback}\n",
        fake.url_of(ProviderId::RecaptchaEnterprise)
    )
}

fn legitimate(number: u32) -> (String, Value) {
    let name = format!("projects/fake/assessments/{number}");
    (name, json!({"annotation": "LEGITIMATE"}))
}

fn spam(number: u32) -> (String, Value) {
    let name = format!("projects/fake/assessments/{number}");
    (name, json!({"annotation": "FRAUDULENT", "reasons": ["SOCIAL_SPAM"]}))
}

/// Sends one comment for each act and decides on it; the tokens, and so the assessments, are numbered from 0.
async fn decided(service: &Service, fake: &FakeProvider, acts: &[&str]) -> Vec<String> {
    let moderator = service.moderator().await;
    let mut ids = Vec::new();
    for (number, act) in acts.iter().enumerate() {
        let fields = scored(fake, &format!("Commentaire {number}"), 0.9);
        let id = service.reader().submits(&fields).await.expect(202).id();
        if *act != "none" {
            moderator.decides(&id, act).await.expect(200);
        }
        ids.push(id);
    }
    ids
}

async fn waits(service: &Service, time: Duration) {
    service.clock.advance(time);
    jobs::tell(&service.app).await.expect("told");
}

async fn kept(storage: &Storage) -> i64 {
    let kept = storage.integer("SELECT COUNT(*) FROM comments WHERE assessment IS NOT NULL");
    kept.await.expect("a count")
}

async fn a_decision_is_told_once_a_week_later(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &site(&fake, SECRET, true)).await;
    let acts = ["approve", "spam", "reject", "none", "approve"];
    let ids = decided(&service, &fake, &acts).await;
    assert_eq!(kept(storage).await, 5);
    waits(&service, DAY * 6).await;
    assert_eq!(fake.annotations(), [], "somebody may still see it otherwise");
    // The last one is seen otherwise: its week begins anew.
    service.moderator().await.decides(&ids[4], "spam").await.expect(200);
    waits(&service, DAY * 2).await;
    assert_eq!(fake.annotations(), [spam(1), legitimate(0)]);
    waits(&service, DAY * 6).await;
    waits(&service, DAY).await;
    assert_eq!(fake.annotations(), [spam(1), legitimate(0), spam(4)], "each once");
    assert_eq!(kept(storage).await, 2, "a rejection and a waiting one say nothing");
    waits(&service, DAY * 90).await;
    assert_eq!(kept(storage).await, 0);
    service.stop().await;
}

async fn a_provider_that_fails_is_told_later_and_one_that_knows_no_such_check_never(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &site(&fake, SECRET, true)).await;
    decided(&service, &fake, &["approve", "spam"]).await;
    for fault in [
        Fault::Status(503),
        Fault::Status(429),
        Fault::Status(403),
        Fault::RefuseConnection,
    ] {
        fake.fault(fault);
        waits(&service, DAY * 8).await;
        assert_eq!((fake.annotations().len(), kept(storage).await), (0, 2), "{fault:?}");
    }
    fake.fault_times(Fault::Status(404), 1);
    waits(&service, DAY).await;
    assert_eq!((fake.annotations(), kept(storage).await), (vec![legitimate(0)], 0));
    service.stop().await;
}

async fn nothing_is_kept_to_be_told_where_the_site_does_not_want_it(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &site(&fake, SECRET, false)).await;
    let clock = Arc::clone(&service.clock);
    decided(&service, &fake, &["approve"]).await;
    assert_eq!(kept(storage).await, 0);
    service.stop().await;

    let service = Service::start_at(storage, &site(&fake, SECRET, true), Arc::clone(&clock)).await;
    let fields = scored(&fake, "À effacer", 0.9);
    let sent = service.reader().submits(&fields).await.expect(202);
    let erase = format!("/r/{}/erase", sent.json["receipt"].as_str().expect("a receipt"));
    assert_eq!(kept(storage).await, 1);
    service
        .request(Method::POST, &erase, |request| request)
        .await
        .expect(200);
    assert_eq!(kept(storage).await, 0, "an erased comment leaves nothing to tell");
    decided(&service, &fake, &["approve"]).await;
    service.stop().await;

    assert_eq!(kept(storage).await, 1);
    let service = Service::start_at(storage, &site(&fake, SECRET, false), clock).await;
    waits(&service, DAY * 8).await;
    assert_eq!(kept(storage).await, 0, "the site wants it no longer");
    assert_eq!(fake.annotations(), []);
    service.stop().await;
}
