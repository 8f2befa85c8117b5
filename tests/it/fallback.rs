//! The built-in check in the place of a provider that said nothing: held whatever it says, told to the
//! moderator, and nothing is lost under any fault.

use std::time::Duration;

use futures_util::StreamExt as _;
use palabre::web::thread::HONEYPOT_FIELD;
use serde_json::{Value, json};

use crate::{
    captcha_road::{FAULTS, POLICY, fake, reasons, recaptcha, scored, site_at},
    example::Sent as _,
    fake_provider::{Fault, SECRET},
    service::{Answer, Person, SITE, Service, comment},
    stores::Storage,
    submit::solved,
};

crate::stores::on_both_engines!(
    the_built_in_check_says_what_a_silent_provider_does_not,
    a_form_carries_a_challenge_of_ours_when_the_provider_is_down_or_the_page_asks,
    no_token_publishes_nothing_whatever_else_is_good,
    what_moderators_decide_changes_what_a_signal_is_worth,
    a_long_text_under_another_article_weighs_against_it,
    submissions_over_all_faults_are_held_and_none_is_lost,
);

const FORM: &str = "/api/v1/sites/faso/form?thread=%2Farticle";
const MINUTE: Duration = Duration::from_mins(1);

/// Publishes whatever has a score.
const PUBLISHES_ALL: &str = "[site.captcha.policy]\npublish_from = 0.0\n";

async fn the_built_in_check_says_what_a_silent_provider_does_not(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, PUBLISHES_ALL)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let cases = [
        ("La panne", Fault::Status(503), None, "unavailable", "unavailable"),
        ("Script bloqué", Fault::None, Some("blocked"), "not_run", "not_run"),
        ("Refus", Fault::None, Some("consent_refused"), "not_run", "not_run"),
        (
            "Sans raison",
            Fault::None,
            Some("whatever"),
            "token_missing",
            "bad_token",
        ),
    ];
    for (body, fault, not_run, code, class) in cases {
        fake.fault(fault);
        let form = service.get(&format!("{FORM}&fallback=1")).await.expect(200);
        let mut fields = comment(body);
        fields["form"] = form.json["form"].clone();
        fields["proof"] = json!(solved(&form.json["captcha"]["fallback"]));
        match not_run {
            Some(why) => fields["captcha_not_run"] = json!(why),
            None => fields["captcha"] = json!(fake.token(0.9, "comment", "faso.test")),
        }
        service.clock.advance(MINUTE);
        let held = reader.submits(&fields).await.expect(202);
        let item = item(&moderator, &held).await;
        assert_eq!(reasons(&item), [code, "checked_here"], "{body}");
        assert_eq!(item.json["captcha"]["verdict"], class, "the class stays what it was");
        assert!(
            item.json["captcha"]["score"].is_null(),
            "{body}: no score of the provider"
        );
        let sentence = item.json["reasons"][1]["message"].as_str().expect("a sentence");
        assert!(sentence.contains("0,7"), "{sentence}");
    }
    // Each cause is a filter of the queue of its own.
    for (filter, bodies) in [
        ("unavailable", vec!["La panne"]),
        ("not_run", vec!["Script bloqué", "Refus"]),
        ("token_missing", vec!["Sans raison"]),
    ] {
        let path = format!("/api/v1/moderation/queue?order=oldest&reason={filter}");
        let queue = moderator.gets(&path).await.expect(200);
        let found: Vec<&Value> = queue.json["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| &item["body"])
            .collect();
        assert_eq!(found, bodies, "{filter}");
    }
    service.stop().await;
}

async fn a_form_carries_a_challenge_of_ours_when_the_provider_is_down_or_the_page_asks(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let reader = service.reader();
    let fallback = async |query: &str| {
        let form = service.get(&format!("{FORM}{query}")).await.expect(200);
        assert!(form.json["captcha"]["challenge"].is_null(), "that member is house's");
        form.json["captcha"]["fallback"].clone()
    };
    assert!(fallback("").await.is_null());
    assert!(fallback("&fallback=0").await.is_null());
    assert_eq!(fallback("&fallback=1").await["parameters"]["data"]["site"], "faso");

    fake.fault(Fault::Status(503));
    reader
        .submits(&scored(&fake, "Pendant la panne", 0.9))
        .await
        .expect(202);
    assert_eq!(fallback("").await["parameters"]["algorithm"], "PBKDF2/SHA-256");
    fake.fault(Fault::None);
    reader.submits(&scored(&fake, "Après la panne", 0.9)).await.expect(201);
    assert!(fallback("").await.is_null());
    service.stop().await;
}

async fn no_token_publishes_nothing_whatever_else_is_good(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, PUBLISHES_ALL)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    // A device that goes on, a solved proof and ten minutes of writing: still no publication.
    let mut first = scored(&fake, "Avec jeton", 0.9);
    first["form"] = json!(reader.opens_form("/article").await);
    let device = reader.submits(&first).await.expect(201).json["device"].clone();
    for token in [json!(null), json!("")] {
        let form = service.get(&format!("{FORM}&fallback=1")).await.expect(200);
        service.clock.advance(MINUTE * 10);
        let mut fields = comment(&format!("Jeton {token}"));
        fields["form"] = form.json["form"].clone();
        fields["proof"] = json!(solved(&form.json["captcha"]["fallback"]));
        fields["device"] = device.clone();
        fields["captcha"] = token;
        let held = reader.submits(&fields).await.expect(202);
        let item = item(&moderator, &held).await;
        assert_eq!(reasons(&item), ["token_missing", "checked_here"]);
        assert!(
            item.json["reasons"][1]["message"]
                .as_str()
                .expect("a sentence")
                .contains("0,7")
        );
    }
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 1);
    service.stop().await;
}

async fn what_moderators_decide_changes_what_a_signal_is_worth(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let links = "Voyez http://a.test http://b.test http://c.test";
    let before = stored(&service, links).await;
    assert!(before.ends_with("ratios=0,5,0,-10,0,0"), "the prior: {before}");
    // On this site links are what spam is made of, and nobody solves a proof.
    for number in 0..120 {
        let mut comment = service.seed();
        let spam = number % 2 == 0;
        let links = if spam { "many" } else { "few" };
        comment.submitted().captcha.signals = Some(format!("proof=missing age=calm links={links}"));
        let id = service.plants(comment).await;
        let act = if spam { "spam" } else { "approve" };
        moderator.decides(&id.to_string(), act).await.expect(200);
    }
    palabre::jobs::learn(&service.app).await.expect("learned");
    let after = stored(&service, links).await;
    assert!(after.ends_with("ratios=0,1,0,-20,0,0"), "{after}");

    // Either score can be computed again from what is stored with it.
    for (signals, level) in [(before, 300), (after, 100)] {
        let verdict = palabre::captcha::replay(&signals).expect("readable");
        assert_eq!(
            verdict.score().map(palabre::domain::score::Score::thousandths),
            Some(level),
            "{signals}"
        );
        let stored = format!("SELECT level FROM comments WHERE signals = '{signals}'");
        assert_eq!(storage.integer(&stored).await, Some(level));
    }
    service.stop().await;
}

/// What the built-in check saw of a comment that was written in a minute.
async fn stored(service: &Service, body: &str) -> String {
    let mut fields = comment(body);
    fields["form"] = json!(service.reader().opens_form("/article").await);
    service.clock.advance(MINUTE);
    let sent = service.reader().submits(&fields).await.expect(202);
    let id = sent.id().parse().expect("an id");
    let row = service.app.store.comment(id).await.expect("read").expect("it is there");
    row.signals.expect("it was looked at")
}

async fn a_long_text_under_another_article_weighs_against_it(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let body = "Une montre de luxe au prix le plus bas du marché";
    for (thread, score) in [("/a", 0.5), ("/a", 0.5), ("/b", 0.3)] {
        let mut fields = comment(body);
        fields["thread"] = json!(thread);
        fields["form"] = json!(service.reader().opens_form(thread).await);
        service.clock.advance(MINUTE);
        let sent = service.reader().submits(&fields).await.expect(202);
        assert_eq!(
            item(&moderator, &sent).await.json["captcha"]["score"],
            score,
            "{thread}"
        );
    }
    service.stop().await;
}

/// How many submissions meet the faults: `PALABRE_FAULT_ROUNDS`, else 200.
fn rounds() -> usize {
    std::env::var("PALABRE_FAULT_ROUNDS").map_or(200, |rounds| rounds.parse().expect("a number"))
}

async fn submissions_over_all_faults_are_held_and_none_is_lost(storage: &Storage) {
    let mut config = "[outgoing]\nallow_private_addresses = true\n".to_owned();
    let mut fakes = Vec::new();
    for (index, (fault, ..)) in FAULTS.iter().enumerate() {
        let fake = fake().await;
        config += &site_at(&format!("site-{index}"), &fake, SECRET).replace("publish_from = 0.7", "publish_from = 0.4");
        fake.fault(*fault);
        fakes.push(fake);
    }
    let service = Service::start(storage, &config).await;
    let reader = service.reader();
    let sent = futures_util::stream::iter((0..rounds()).map(|number| {
        let place = number % fakes.len();
        let mut fields = scored(&fakes[place], &format!("Texte {number}"), 0.9);
        fields["thread"] = json!(format!("/article-{}", number % 7));
        async move {
            let site = format!("site-{place}");
            let thread = fields["thread"].as_str().expect("a thread").to_owned();
            match number % 5 {
                0 => {}
                1 => fields[HONEYPOT_FIELD] = json!("Rolex"),
                2 => fields["proof"] = json!("e30="),
                _ => fields["form"] = json!(reader.opens_form_of(&site, &thread).await),
            }
            reader.submits_to(&site, &fields).await
        }
    }));
    // As many at once as the service lets in.
    let answers: Vec<Answer> = sent.buffered(200).collect().await;
    for (number, answer) in answers.iter().enumerate() {
        let fault = FAULTS[number % FAULTS.len()].0;
        assert_eq!(answer.status, 202, "{fault:?}: {}", answer.text);
        assert_eq!(answer.json["status"], "pending", "{fault:?}");
        let receipt = answer.json["receipt"].as_str().expect("a receipt");
        service.get(&format!("/r/{receipt}")).await.expect(200);
    }
    let count = |condition: &str| format!("SELECT COUNT(*) FROM comments WHERE {condition}");
    let held = storage
        .integer(&count("status = 'pending' AND body LIKE 'Texte %'"))
        .await;
    assert_eq!(held, i64::try_from(rounds()).ok(), "none is lost");
    let looked_at = storage.integer(&count("signals IS NOT NULL")).await;
    // Two in five had a form; not every fault leaves the provider silent.
    assert!(looked_at.is_some_and(|looked_at| looked_at >= 20), "{looked_at:?}");
    service.stop().await;
}

async fn item(moderator: &Person<'_>, sent: &Answer) -> Answer {
    moderator
        .gets(&format!("/api/v1/comments/{}", sent.id()))
        .await
        .expect(200)
}
