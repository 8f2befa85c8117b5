//! The captcha on the road of a comment: whatever the provider does, the text is kept and a person is told why.
//!
//! The fake provider fails in every way it knows; each time the reader gets 202 and the moderator sees the
//! reason. To add a fault: its row in [`FAULTS`].

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use palabre::clock::ManualClock;
use serde_json::{Value, json};

use crate::{
    fake_provider::{FakeProvider, Fault, SECRET},
    service::{Answer, Person, SITE, START, Service, comment},
    stores::{Storage, on_postgres},
};

/// The host of the site's pages.
pub(crate) const HOST: &str = "faso.test";

/// Publishes from 0.7, asks again below 0.4, refuses below 0.2, and explores nothing.
pub(crate) const POLICY: &str =
    "[site.captcha.policy]\npublish_from = 0.7\nstep_up_below = 0.4\nrefuse_below = 0.2\nexplore = 0.0\n";

/// The site of [`SITE`] with reCAPTCHA v3 at the fake, where a policy may publish; `more` follows
/// `[site.captcha]`.
pub(crate) fn recaptcha(fake: &FakeProvider, more: &str) -> String {
    format!(
        "[outgoing]\nallow_private_addresses = true\n{SITE}moderation = \"after\"\n{}{more}",
        captcha_table(fake, SECRET)
    )
}

/// A further site with a provider of its own, and the publishing policy.
pub(crate) fn site_at(id: &str, fake: &FakeProvider, secret: &str) -> String {
    format!(
        "[[site]]\nid = \"{id}\"\norigins = [\"https://{HOST}\"]\nmoderation = \"after\"\n{}{POLICY}",
        captcha_table(fake, secret)
    )
}

fn captcha_table(fake: &FakeProvider, secret: &str) -> String {
    format!(
        "[site.captcha]\nprovider = \"recaptcha_v3\"\nsecret = \"{secret}\"\nverify_url = \"{}\"\n",
        fake.verify_url()
    )
}

/// A fake whose clock stands where the service's does.
pub(crate) async fn fake() -> FakeProvider {
    FakeProvider::start_at(START.0).await
}

/// A valid comment with a token of that score.
pub(crate) fn scored(fake: &FakeProvider, body: &str, score: f64) -> Value {
    with_token(body, &fake.token(score, "comment", HOST))
}

fn with_token(body: &str, token: &str) -> Value {
    let mut fields = comment(body);
    fields["captcha"] = json!(token);
    fields
}

/// Fault, code of the reason, a word of its figures where there is one, calls made.
pub(crate) const FAULTS: [(Fault, &str, &str, usize); 19] = [
    (Fault::RefuseConnection, "unavailable", "connect", 0),
    (Fault::Hang, "unavailable", "timeout", 1),
    (Fault::Status(500), "unavailable", "server_error", 1),
    (Fault::Status(503), "unavailable", "server_error", 1),
    (Fault::Status(429), "unavailable", "quota", 1),
    (Fault::Status(400), "unavailable", "garbage", 1),
    (Fault::Html, "unavailable", "garbage", 1),
    (Fault::Garbage, "unavailable", "garbage", 1),
    (Fault::Bom, "unavailable", "garbage", 1),
    (Fault::Huge, "unavailable", "garbage", 1),
    (Fault::LostReply, "unavailable", "connect", 1),
    (Fault::QuotaText, "unavailable", "quota", 1),
    (Fault::Status(403), "misconfigured", "403", 1),
    (Fault::Redirect, "misconfigured", "307", 1),
    (Fault::InvalidSecret, "misconfigured", "invalid-input-secret", 1),
    (Fault::SuccessWithoutScore, "misconfigured", "success without score", 1),
    (Fault::UnknownCode, "misconfigured", "flux-capacitor-empty", 1),
    (Fault::BrowserError, "not_run", "browser_error", 1),
    (Fault::EmptyHostname, "wrong_host", "", 1),
];

crate::stores::on_both_engines!(
    every_fault_of_the_provider_holds_the_comment_with_its_reason,
    a_good_token_is_scored_and_a_form_kept_open_for_ten_minutes_does_not_matter,
    a_token_that_does_not_count_holds_the_comment_with_its_reason,
    a_token_used_for_another_text_is_held_as_foreign_without_a_call,
    a_form_used_for_another_text_is_held_as_reused,
    a_provider_that_keeps_failing_is_left_alone,
    a_wrong_secret_holds_and_is_told_to_moderators_only,
);

async fn every_fault_of_the_provider_holds_the_comment_with_its_reason(storage: &Storage) {
    let mut fakes = Vec::new();
    let mut config = "[outgoing]\nallow_private_addresses = true\n".to_owned();
    for (index, (fault, ..)) in FAULTS.iter().enumerate() {
        let fake = fake().await;
        config += &site_at(&format!("site-{index}"), &fake, SECRET);
        fake.fault(*fault);
        fakes.push(fake);
    }
    let service = Service::start(storage, &config).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let sent = join_all(fakes.iter().enumerate().map(|(index, fake)| {
        let fields = scored(fake, &format!("Texte {index}"), 0.9);
        async move { reader.submits_to(&format!("site-{index}"), &fields).await }
    }))
    .await;

    for ((answer, fake), (fault, code, detail, calls)) in sent.into_iter().zip(&fakes).zip(FAULTS) {
        let answer = answer.expect(202);
        assert_eq!(answer.json["status"], "pending", "{fault:?}");
        assert_humane(&answer);
        assert_eq!(fake.calls(), calls, "{fault:?}: never asked twice");
        assert_eq!(fake.followed(), 0, "{fault:?}");
        let item = moderator
            .gets(&format!("/api/v1/comments/{}", answer.id()))
            .await
            .expect(200);
        assert_eq!(reasons(&item), [code], "{fault:?}");
        assert!(item.json["captcha"]["score"].is_null(), "{fault:?} is no score");
        assert!(!item.text.contains(SECRET), "{fault:?}");
        let row = stored_reasons(&service, &answer.id()).await;
        assert!(row.contains(detail), "{fault:?}: {row}");
    }
    assert_eq!(moderator.sees_waiting().await.len(), FAULTS.len(), "none is lost");
    service.stop().await;
}

async fn a_good_token_is_scored_and_a_form_kept_open_for_ten_minutes_does_not_matter(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let form = reader.opens_form("/article").await;
    let ten_minutes = Duration::from_mins(10);
    service.clock.advance(ten_minutes);
    fake.advance(ten_minutes);
    let mut fields = scored(&fake, "Après dix minutes", 0.9);
    fields["form"] = json!(form);
    let published = reader.submits(&fields).await.expect(201);
    assert_eq!(published.json["status"], "approved");
    let item = moderator
        .gets(&format!("/api/v1/comments/{}", published.id()))
        .await
        .expect(200);
    assert_eq!(item.json["captcha"]["score"], 0.9, "without its float noise");
    assert_eq!(item.json["captcha"]["verdict"], "scored");
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 1);
    service.stop().await;
}

async fn a_token_that_does_not_count_holds_the_comment_with_its_reason(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let stale = fake.token(0.9, "comment", HOST);
    let late = Duration::from_secs(121);
    service.clock.advance(late);
    fake.advance(late);
    let cases = [
        (stale, "token_expired", 1),
        (fake.token(0.9, "login", HOST), "wrong_action", 1),
        (fake.token(0.9, "comment", "evil.test"), "wrong_host", 1),
        (fake.token(0.9, "comment", "faso.test.evil.test"), "wrong_host", 1),
        ("not-a-token".to_owned(), "token_malformed", 1),
        ("jeton avec espaces".to_owned(), "token_malformed", 0),
        ("x".repeat(9_000), "token_malformed", 0),
    ];
    for (index, (token, code, calls)) in cases.into_iter().enumerate() {
        let before = fake.calls();
        let answer = reader
            .submits(&with_token(&format!("Texte {index}"), &token))
            .await
            .expect(202);
        assert_humane(&answer);
        assert_eq!(reasons_of(&moderator, &answer).await, [code], "{index}");
        assert_eq!(fake.calls() - before, calls, "{index}");
    }
    let answer = reader.submits(&comment("Sans jeton")).await.expect(202);
    assert!(
        reasons_of(&moderator, &answer)
            .await
            .contains(&"token_missing".to_owned())
    );
    assert_eq!(moderator.sees_waiting().await.len(), 8, "none is lost");
    service.stop().await;
}

async fn a_token_used_for_another_text_is_held_as_foreign_without_a_call(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let token = fake.token(0.9, "comment", HOST);
    reader.submits(&with_token("Le premier", &token)).await.expect(201);
    let repeat = reader.submits(&with_token("Le premier", &token)).await.expect(200);
    assert_eq!(repeat.header("idempotent-replayed"), "true");

    let other = reader.submits(&with_token("Un autre texte", &token)).await.expect(202);
    assert_eq!(reasons_of(&moderator, &other).await, ["token_foreign"]);
    assert_humane(&other);
    let mut with_key = with_token("Encore un autre", &token);
    with_key["form"] = json!(reader.opens_form("/article").await);
    let third = reader.submits(&with_key).await.expect(202);
    assert_eq!(reasons_of(&moderator, &third).await, ["token_foreign"]);
    assert_eq!(fake.calls(), 1);
    service.stop().await;
}

async fn a_form_used_for_another_text_is_held_as_reused(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let form = reader.opens_form("/article").await;
    let with_form = |body: &str| {
        let mut fields = scored(&fake, body, 0.9);
        fields["form"] = json!(form);
        fields
    };
    reader.submits(&with_form("Premier")).await.expect(201);
    let second = reader.submits(&with_form("Deuxième")).await.expect(202);
    assert!(
        reasons_of(&moderator, &second)
            .await
            .contains(&"form_reused".to_owned())
    );

    // At the same time as well: one is the first, the others are held, and none is lost or turned away.
    let form = reader.opens_form("/article").await;
    let answers = join_all((0..5).map(|index| {
        let mut fields = scored(&fake, &format!("Ensemble {index}"), 0.9);
        fields["form"] = json!(form);
        async move { reader.submits(&fields).await }
    }))
    .await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 202, 202, 202, 202]);
    for held in answers.iter().filter(|answer| answer.status == 202) {
        assert!(reasons_of(&moderator, held).await.contains(&"form_reused".to_owned()));
    }
    service.stop().await;
}

async fn a_provider_that_keeps_failing_is_left_alone(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    fake.fault(Fault::Status(500));
    for index in 0..5 {
        reader
            .submits(&scored(&fake, &format!("Pendant la panne {index}"), 0.9))
            .await
            .expect(202);
    }
    assert_eq!(fake.calls(), 5);
    let spared = reader.submits(&scored(&fake, "Sans appel", 0.9)).await.expect(202);
    assert_eq!(fake.calls(), 5);
    assert_eq!(reasons_of(&moderator, &spared).await, ["unavailable"]);
    assert!(stored_reasons(&service, &spared.id()).await.contains("breaker_open"));
    assert_humane(&spared);
    assert_eq!(moderator.sees_waiting().await.len(), 6, "none is lost");
    service.stop().await;
}

async fn a_wrong_secret_holds_and_is_told_to_moderators_only(storage: &Storage) {
    let fake = fake().await;
    let config = format!(
        "[outgoing]\nallow_private_addresses = true\n{}",
        site_at("ailleurs", &fake, "the-secret-of-another-key")
    );
    let service = Service::start(storage, &config).await;
    let moderator = service.moderator().await;
    let fields = scored(&fake, "Mauvaise clé", 0.9);
    let held = service.reader().submits_to("ailleurs", &fields).await.expect(202);
    assert_humane(&held);
    let item = moderator
        .gets(&format!("/api/v1/comments/{}", held.id()))
        .await
        .expect(200);
    assert_eq!(reasons(&item), ["misconfigured"]);
    let sentence = item.json["reasons"][0]["message"].as_str().expect("a sentence");
    assert!(sentence.contains("invalid-input-secret"), "what to mend: {sentence}");
    for answer in [&held, &item] {
        assert!(!answer.text.contains("the-secret-of-another-key"), "{}", answer.text);
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_on_one_store_ask_once_for_one_comment() {
    on_postgres(async |storage: &Storage| {
        let fake = fake().await;
        let config = recaptcha(&fake, POLICY);
        let clock = ManualClock::at(START);
        let first = Service::start_at(storage, &config, Arc::clone(&clock)).await;
        let second = Service::start_at(storage, &config, clock).await;
        let fields = scored(&fake, "Une seule fois", 0.9);
        let answers = join_all((0..10).map(|index| {
            let reader = if index % 2 == 0 {
                first.reader()
            } else {
                second.reader()
            };
            let fields = &fields;
            async move { reader.submits(fields).await }
        }))
        .await;
        assert_one_comment(&answers, 201);
        assert_eq!(fake.calls(), 1);
        assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(1));
        assert_eq!(second.reader().reads("/article").await.json["thread"]["count"], 1);
        first.stop().await;
        second.stop().await;
    })
    .await;
}

/// One of the answers is the first with that status, all others repeat its outcome.
#[track_caller]
pub(crate) fn assert_one_comment(answers: &[Answer], status: u16) {
    let id = answers[0].id();
    let mut firsts = 0;
    for answer in answers {
        assert_eq!(answer.id(), id, "{}", answer.text);
        assert_eq!(answer.json["status"], answers[0].json["status"]);
        assert_eq!(answer.json["reference"], answers[0].json["reference"]);
        if answer.header("idempotent-replayed") == "true" {
            assert_eq!(answer.status, 200, "{}", answer.text);
        } else {
            firsts += 1;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        }
    }
    assert_eq!(firsts, 1);
}

/// The sentence thanks or reassures, tells the reference, and speaks neither of machines nor of faults.
#[track_caller]
fn assert_humane(answer: &Answer) {
    let message = answer.json["message"].as_str().expect("a message");
    let reference = answer.json["reference"].as_str().expect("a reference");
    assert!(message.contains(reference), "{message}");
    assert!(message.contains("une personne"), "{message}");
    for word in ["captcha", "robot", "score", "jeton", "échou", "erreur", "!"] {
        assert!(!message.to_lowercase().contains(word), "{message}");
    }
}

async fn reasons_of(moderator: &Person<'_>, sent: &Answer) -> Vec<String> {
    reasons(
        &moderator
            .gets(&format!("/api/v1/comments/{}", sent.id()))
            .await
            .expect(200),
    )
}

/// The codes of an item's reasons; each has a sentence.
pub(crate) fn reasons(item: &Answer) -> Vec<String> {
    item.json["reasons"]
        .as_array()
        .expect("reasons")
        .iter()
        .map(|reason| {
            assert!(!reason["message"].as_str().expect("a sentence").is_empty());
            reason["code"].as_str().expect("a code").to_owned()
        })
        .collect()
}

/// The reasons as they are stored, with their figures.
async fn stored_reasons(service: &Service, comment: &str) -> String {
    let id = comment.parse().expect("an id");
    let comment = service.app.store.comment(id).await.expect("the store answers");
    serde_json::to_string(&comment.expect("the comment").reasons).expect("JSON")
}
