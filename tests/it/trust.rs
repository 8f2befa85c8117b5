//! What a device's record is worth: earned by decisions of people, lost by one spam, never more than a help.

use std::time::Duration;

use palabre::jobs;
use serde_json::{Value, json};

use crate::{
    service::{Answer, Person, SITE, Service, comment},
    stores::{Storage, on_both_engines},
    submit::solved,
};

on_both_engines!(
    h5_a_device_that_was_bought_publishes_nothing,
    h5_one_spam_ends_trust_and_only_its_undoing_brings_it_back,
    h5_spam_that_is_erased_or_expired_is_not_forgotten,
    h5_as_many_rejected_as_approved_is_no_trust,
    h5_trust_is_of_ninety_days_of_one_site_and_of_a_persons_word,
    h5_a_device_token_lives_ninety_days_from_its_last_use,
    h5_trust_never_lifts_a_missing_proof_over_the_publishing_cut,
    h5_three_links_hold_whatever_vouches,
    h5_a_device_has_a_limit_of_its_own_that_holds,
);

/// The built-in check; what reaches its best level is published.
const HOUSE: &str = "moderation = \"after\"\n[site.captcha.policy]\npublish_from = 0.9\n";

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// Sends a comment after a minute on the page, as somebody else each time: the device alone is the same.
async fn sends(service: &Service, body: &str, device: &Value, with_proof: bool) -> Answer {
    sends_to(service, "faso", body, device, with_proof).await
}

async fn sends_to(service: &Service, site: &str, body: &str, device: &Value, with_proof: bool) -> Answer {
    let form = service
        .get(&format!("/api/v1/sites/{site}/form?thread=%2Farticle"))
        .await
        .expect(200);
    service.clock.advance(MINUTE);
    let mut fields = comment(body);
    let who: String = body.chars().filter(char::is_ascii_alphanumeric).collect();
    fields["name"] = json!(format!("Nom {who}"));
    fields["email"] = json!(format!("{who}@example.org"));
    fields["form"] = form.json["form"].clone();
    if !device.is_null() {
        fields["device"] = device.clone();
    }
    if with_proof {
        fields["captcha"] = json!(solved(&form.json["captcha"]["challenge"]));
    }
    service.reader().submits_to(site, &fields).await
}

/// A device of which people have decided so on as many comments; gives its token.
async fn device_with(service: &Service, moderator: &Person<'_>, acts: &[&str]) -> Value {
    let mut device = Value::Null;
    for (number, act) in acts.iter().enumerate() {
        let sent = sends(service, &format!("Avant {number} {act}"), &device, false).await;
        device = sent.json["device"].clone();
        if !act.is_empty() {
            moderator.decides(&sent.id(), act).await.expect(200);
        }
    }
    device
}

async fn signals_like(storage: &Storage, pattern: &str) -> i64 {
    let query = format!("SELECT COUNT(*) FROM comments WHERE signals LIKE '%{pattern}%'");
    storage.integer(&query).await.expect("a number")
}

async fn codes(moderator: &Person<'_>, sent: &Answer) -> Vec<String> {
    let item = moderator
        .gets(&format!("/api/v1/comments/{}", sent.id()))
        .await
        .expect(200);
    let reasons = item.json["reasons"].as_array().expect("reasons").clone();
    let code = |reason: &Value| reason["code"].as_str().expect("a code").to_owned();
    reasons.iter().map(code).collect()
}

async fn h5_a_device_that_was_bought_publishes_nothing(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let moderator = service.moderator().await;
    let bought = device_with(&service, &moderator, &["approve"]).await;
    sends(&service, "Un seul ne suffit pas", &bought, true)
        .await
        .expect(202);
    let second = sends(&service, "Le second", &bought, false).await.expect(202);
    moderator.decides(&second.id(), "approve").await.expect(200);
    let known = sends(&service, "Maintenant connu", &bought, true).await.expect(201);
    assert_eq!(signals_like(storage, "author=known").await, 1);
    // What was known then is kept, and gives the same score again.
    assert_eq!(signals_like(storage, "device=2/0/0").await, 1);
    let item = moderator
        .gets(&format!("/api/v1/comments/{}", known.id()))
        .await
        .expect(200);
    assert_eq!(item.json["captcha"]["score"], 0.9);
    service.stop().await;
}

async fn h5_one_spam_ends_trust_and_only_its_undoing_brings_it_back(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let moderator = service.moderator().await;
    let device = device_with(&service, &moderator, &["approve", "approve", "approve"]).await;
    let spam = sends(&service, "Achetez", &device, false).await.expect(202);
    moderator.decides(&spam.id(), "spam").await.expect(200);
    sends(&service, "Encore", &device, true).await.expect(202);
    moderator.decides(&spam.id(), "undo").await.expect(200);
    sends(&service, "Repris", &device, true).await.expect(201);
    service.stop().await;
}

async fn h5_spam_that_is_erased_or_expired_is_not_forgotten(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let moderator = service.moderator().await;
    let device = device_with(&service, &moderator, &["approve", "approve"]).await;
    let spam = sends(&service, "Achetez ici", &device, false).await.expect(202);
    moderator.decides(&spam.id(), "spam").await.expect(200);
    let receipt = spam.json["receipt"].as_str().expect("a receipt");
    service
        .post_json(&format!("/r/{receipt}/erase"), &json!({}))
        .await
        .expect(200);
    sends(&service, "Lavé", &device, true).await.expect(202);

    let other = device_with(&service, &moderator, &["spam", "approve", "approve"]).await;
    service.clock.advance(DAY * 31);
    jobs::round(&service.app).await.expect("a round");
    let left = "SELECT COUNT(*) FROM comments WHERE status = 'spam'";
    assert_eq!(storage.integer(left).await, Some(0), "its text has expired");
    let device = sends(&service, "Un mois après", &other, true).await.expect(202).json["device"].clone();
    service.clock.advance(DAY * 61);
    jobs::round(&service.app).await.expect("a round");
    // Three months on, the spam counts no more, and neither do the good words.
    let sent = sends(&service, "Trois mois après", &device, true).await.expect(202);
    assert_eq!(signals_like(storage, "device=0/0/0").await, 1, "{}", sent.text);
    service.stop().await;
}

async fn h5_as_many_rejected_as_approved_is_no_trust(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let moderator = service.moderator().await;
    let device = device_with(&service, &moderator, &["approve", "approve", "reject", "reject"]).await;
    sends(&service, "Deux contre deux", &device, true).await.expect(202);
    let third = sends(&service, "Un de plus", &device, false).await.expect(202);
    moderator.decides(&third.id(), "approve").await.expect(200);
    sends(&service, "Trois contre deux", &device, true).await.expect(201);
    service.stop().await;
}

async fn h5_trust_is_of_ninety_days_of_one_site_and_of_a_persons_word(storage: &Storage) {
    let sahel = SITE.replace("\"faso\"", "\"sahel\"");
    let service = Service::start(storage, &format!("{SITE}{HOUSE}{sahel}{HOUSE}")).await;
    let moderator = service.moderator().await;
    let device = device_with(&service, &moderator, &["approve", "approve"]).await;
    sends_to(&service, "sahel", "Ailleurs inconnu", &device, true)
        .await
        .expect(202);
    service.clock.advance(DAY * 89);
    let known = sends(&service, "Le jour 89", &device, true).await.expect(201);
    let device = known.json["device"].clone();
    service.clock.advance(DAY * 2);
    sends(&service, "Le jour 91", &device, true).await.expect(202);
    // What the policy published nobody has said a word about.
    sends(&service, "Encore le jour 91", &device, true).await.expect(202);
    service.stop().await;
}

async fn h5_a_device_token_lives_ninety_days_from_its_last_use(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let devices = "SELECT COUNT(DISTINCT device_id) FROM comments";
    let first = sends(&service, "Un", &Value::Null, false).await.expect(202).json["device"].clone();
    service.clock.advance(DAY * 89);
    let second = sends(&service, "Deux", &first, false).await.expect(202).json["device"].clone();
    assert_eq!(storage.integer(devices).await, Some(1));
    service.clock.advance(DAY * 89);
    // The first is 178 days old, the second was given 89 days ago.
    sends(&service, "Trois", &second, false).await.expect(202);
    assert_eq!(storage.integer(devices).await, Some(1), "each answer renews it");
    sends(&service, "Quatre", &first, false).await.expect(202);
    assert_eq!(storage.integer(devices).await, Some(2), "an old token is a new device");
    service.stop().await;
}

async fn h5_trust_never_lifts_a_missing_proof_over_the_publishing_cut(storage: &Storage) {
    let low = HOUSE.replace("0.9", "0.7");
    let service = Service::start(storage, &format!("{SITE}{low}")).await;
    let moderator = service.moderator().await;
    let device = device_with(&service, &moderator, &["approve", "approve"]).await;
    let without = sends(&service, "Sans preuve", &device, false).await.expect(202);
    assert!(
        codes(&moderator, &without)
            .await
            .contains(&"trust_without_proof".to_owned())
    );
    sends(&service, "Avec preuve", &device, true).await.expect(201);
    service.stop().await;
}

async fn h5_three_links_hold_whatever_vouches(storage: &Storage) {
    let off = "moderation = \"after\"\n[site.captcha]\nprovider = \"off\"\n[site.captcha.policy]\npublish_from = 0.1\n";
    let sahel = SITE.replace("\"faso\"", "\"sahel\"");
    let service = Service::start(storage, &format!("{SITE}{HOUSE}{sahel}{off}")).await;
    let moderator = service.moderator().await;
    let device = device_with(&service, &moderator, &["approve", "approve"]).await;
    let two = "Deux http://a.test https://b.test";
    for three in [
        "Trois http://a.test http://b.test http://c.test",
        "Trois HTTPS://a.test [b](http://b.test) Http://c.test",
    ] {
        for site in ["faso", "sahel"] {
            let held = sends_to(&service, site, three, &device, site == "faso")
                .await
                .expect(202);
            let codes = codes(&moderator, &held).await;
            assert!(codes.contains(&"many_links".to_owned()), "{site}: {codes:?}");
        }
    }
    for site in ["faso", "sahel"] {
        sends_to(&service, site, two, &device, site == "faso").await.expect(201);
    }
    service.stop().await;
}

async fn h5_a_device_has_a_limit_of_its_own_that_holds(storage: &Storage) {
    let config = "[rate_limit]\nsubmit = { burst = 1000, per_hour = 1000, wide_burst = 1000, wide_per_hour = 1000 }\nnew_thread = { burst = 1000, per_hour = 1000 }\n";
    let off = "moderation = \"after\"\n[site.captcha]\nprovider = \"off\"\n[site.captcha.policy]\npublish_from = 0.1\n";
    let service = Service::start(storage, &format!("{config}{SITE}{off}")).await;
    let moderator = service.moderator().await;
    let device = sends(&service, "Zéro", &Value::Null, false).await.expect(201).json["device"].clone();
    let mut last = None;
    for number in 0..12 {
        let sent = sends(&service, &format!("Copie {number}"), &device, false).await;
        assert!(
            [201, 202].contains(&sent.status.as_u16()),
            "never refused: {}",
            sent.text
        );
        last = Some(sent);
    }
    let last = last.expect("sent").expect(202);
    assert!(codes(&moderator, &last).await.contains(&"device_rate".to_owned()));
    sends(&service, "Un autre appareil", &Value::Null, false)
        .await
        .expect(201);
    service.stop().await;
}
