//! The second check: asked for with the answer, made once within ten minutes, and it takes a mark off
//! without publishing or refusing.

use std::time::Duration;

use futures_util::future::join_all;
use palabre::domain::captcha::ProviderId;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    captcha_road::{HOST, POLICY, fake, reasons, recaptcha, scored},
    fake_provider::{Canned, Claims, FakeProvider, Fault, SECRET, Scenario},
    service::{Answer, Person, SITE, Service, comment, eventually, in_time},
    stores::Storage,
    submit::solved,
};

crate::stores::on_both_engines!(
    a_score_between_the_cuts_asks_for_a_proof_and_passing_takes_the_mark_off,
    a_plain_no_of_a_provider_asks_for_a_proof_as_well,
    a_proof_of_something_else_does_not_pass_and_there_is_no_second_try,
    what_was_not_asked_or_comes_late_or_from_another_is_turned_away,
    of_two_answers_at_once_one_counts,
    a_repeat_asks_again_while_the_check_is_open,
    an_expired_token_asks_for_one_fresh_token,
    a_decision_ends_the_check,
    h10_a_second_check_waits_for_its_provider_outside_the_room,
    h10_a_second_check_stands_at_the_door_of_a_full_room,
    who_leaves_while_a_second_check_waits_is_judged_all_the_same,
    who_leaves_a_provider_that_hangs_has_a_check_that_did_not_pass,
    who_leaves_before_a_shutdown_is_judged_before_it_ends,
    the_sites_pages_may_answer_it,
    where_the_proof_fails_the_interactive_provider_may_answer,
    where_a_site_names_no_pages_our_own_count_for_the_second_check_too,
);

const MINUTE: Duration = Duration::from_mins(1);

/// Sends a comment that the policy is not sure about.
async fn sends_grey(service: &Service, fake: &FakeProvider, body: &str) -> Answer {
    let answer = service.reader().submits(&scored(fake, body, 0.3)).await.expect(202);
    assert_eq!(answer.json["step_up"]["kind"], "proof", "{}", answer.text);
    answer
}

async fn answers(service: &Service, sent: &Answer, given: &Value) -> Answer {
    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    service.post_json(&format!("/r/{receipt}/step-up"), given).await
}

async fn item(moderator: &Person<'_>, sent: &Answer) -> Answer {
    moderator
        .gets(&format!("/api/v1/comments/{}", sent.id()))
        .await
        .expect(200)
}

async fn a_score_between_the_cuts_asks_for_a_proof_and_passing_takes_the_mark_off(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let moderator = service.moderator().await;
    for (score, status) in [(0.9, 201), (0.5, 202)] {
        let other = service
            .reader()
            .submits(&scored(&fake, &format!("Niveau {score}"), score))
            .await
            .expect(status);
        assert!(other.json["step_up"].is_null(), "{score}");
    }
    let sent = sends_grey(&service, &fake, "Peut-être").await;
    let before = item(&moderator, &sent).await;
    assert_eq!(reasons(&before), ["step_up"]);

    service.clock.advance(MINUTE);
    let proof = json!({"proof": solved(&sent.json["step_up"]["challenge"])});
    let passed = answers(&service, &sent, &proof).await.expect(200);
    assert_eq!(passed.json, json!({"status": "pending", "passed": true}));
    assert_eq!(passed.header("cache-control"), "no-store");
    let after = item(&moderator, &sent).await;
    assert_eq!(reasons(&after), ["step_up_passed"]);
    assert_eq!(after.json["status"], "pending", "a person still reads it");
    assert_eq!(after.json["outcome"]["action"], "step_up", "what was decided stays");
    let version = before.json["version"].as_i64().expect("a version");
    assert_eq!(after.json["version"], version + 1);
    let again = answers(&service, &sent, &proof).await;
    assert_eq!(again.error(), (409, "step_up_closed"));

    // What was replaced stays in the audit log, as an act of nobody.
    let history = after.json["history"].as_array().expect("a history");
    assert_eq!(history.len(), 1, "{history:?}");
    assert_eq!(
        (&history[0]["action"], &history[0]["actor_kind"]),
        (&json!("step_up"), &json!("system"))
    );
    let replaced = json!({"code": "step_up", "score": 0.3, "cut": 0.4});
    assert_eq!(history[0]["detail"]["replaced"], replaced);
    let marked = moderator
        .gets("/api/v1/moderation/queue?reason=step_up")
        .await
        .expect(200);
    assert_eq!(marked.json["items"], json!([]));
    assert_eq!(service.reader().reads("/article").await.json["thread"]["count"], 1);
    service.stop().await;
}

async fn a_plain_no_of_a_provider_asks_for_a_proof_as_well(storage: &Storage) {
    let fake = fake().await;
    let config = recaptcha(&fake, POLICY).replace("\"recaptcha_v3\"", "\"siteverify\"");
    let service = Service::start(storage, &config).await;
    let moderator = service.moderator().await;
    fake.set(Scenario {
        canned: Some(Canned {
            status: 200,
            body: r#"{"success":false}"#.to_owned(),
        }),
        ..Scenario::default()
    });
    let sent = service
        .reader()
        .submits(&scored(&fake, "Recalé", 0.9))
        .await
        .expect(202);
    assert_eq!(sent.json["step_up"]["kind"], "proof", "{}", sent.text);
    assert_eq!(reasons(&item(&moderator, &sent).await), ["captcha_failed"]);
    service.clock.advance(MINUTE);
    let proof = json!({"proof": solved(&sent.json["step_up"]["challenge"])});
    let passed = answers(&service, &sent, &proof).await.expect(200);
    assert_eq!(
        passed.json,
        json!({"status": "pending", "passed": true}),
        "a person still reads it"
    );
    let after = item(&moderator, &sent).await;
    assert_eq!(reasons(&after), ["step_up_passed"]);
    assert_eq!(
        after.json["captcha"]["verdict"], "failed",
        "what the provider said stays"
    );
    service.stop().await;
}

async fn a_proof_of_something_else_does_not_pass_and_there_is_no_second_try(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let moderator = service.moderator().await;
    let form = service
        .get("/api/v1/sites/faso/form?thread=%2Farticle&fallback=1")
        .await
        .expect(200);
    let of_form = solved(&form.json["captcha"]["fallback"]);
    let first = sends_grey(&service, &fake, "Le premier").await;
    let of_first = solved(&first.json["step_up"]["challenge"]);
    for (body, proof) in [
        ("Preuve du formulaire", of_form.as_str()),
        ("Preuve d’un autre", of_first.as_str()),
        ("Rien de bon", "e30="),
    ] {
        let sent = sends_grey(&service, &fake, body).await;
        let failed = answers(&service, &sent, &json!({ "proof": proof })).await.expect(200);
        assert_eq!(failed.json, json!({"status": "pending", "passed": false}), "{body}");
        assert_eq!(reasons(&item(&moderator, &sent).await), ["step_up"], "{body}");
        let own = json!({"proof": solved(&sent.json["step_up"]["challenge"])});
        let second = answers(&service, &sent, &own).await;
        assert_eq!(second.error(), (409, "step_up_closed"), "{body}");
    }
    // What others tried with it does not spend it.
    let passed = answers(&service, &first, &json!({ "proof": of_first }))
        .await
        .expect(200);
    assert_eq!(passed.json["passed"], true);
    // Nor does a proof of a second check serve with a form.
    let mut fields = comment("Preuve recyclée");
    fields["form"] = form.json["form"].clone();
    fields["proof"] = json!(of_first);
    service.clock.advance(MINUTE);
    let sent = service.reader().submits(&fields).await.expect(202);
    assert!(
        reasons(&item(&moderator, &sent).await).contains(&"proof_forged".to_owned()),
        "{}",
        sent.text
    );
    service.stop().await;
}

async fn what_was_not_asked_or_comes_late_or_from_another_is_turned_away(storage: &Storage) {
    let fake = fake().await;
    let config = format!("{}\n{}", recaptcha(&fake, POLICY), SITE.replace("faso\"", "sahel\""));
    let service = Service::start(storage, &config).await;
    let proof = json!({"proof": "e30="});
    let held = service
        .reader()
        .submits(&scored(&fake, "Retenu", 0.5))
        .await
        .expect(202);
    assert_eq!(answers(&service, &held, &proof).await.error(), (409, "step_up_closed"));
    let refused = service
        .reader()
        .submits(&scored(&fake, "Refusé", 0.1))
        .await
        .expect(403);
    assert!(refused.json["step_up"].is_null());
    assert_eq!(
        answers(&service, &refused, &proof).await.error(),
        (409, "step_up_closed")
    );
    let elsewhere = service
        .reader()
        .submits_to("sahel", &comment("Ailleurs"))
        .await
        .expect(202);
    assert_eq!(
        answers(&service, &elsewhere, &proof).await.error(),
        (409, "step_up_closed")
    );

    let sent = sends_grey(&service, &fake, "En retard").await;
    for nothing in [json!({}), json!({"proof": ""}), json!({"captcha": "token"})] {
        assert_eq!(
            answers(&service, &sent, &nothing).await.error(),
            (400, "bad_json"),
            "{nothing}"
        );
    }
    let list = answers(&service, &sent, &json!({"proof": ["e30="]})).await;
    assert_eq!(list.error(), (422, "bad_type"));
    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    for other in [format!("{receipt}A"), "x".to_owned(), receipt[1..].to_owned()] {
        let answer = service.post_json(&format!("/r/{other}/step-up"), &proof).await;
        assert_eq!(answer.error(), (404, "not_found"), "{other}");
    }
    let right = json!({"proof": solved(&sent.json["step_up"]["challenge"])});
    service.clock.advance(MINUTE * 10 + Duration::from_millis(1));
    let late = answers(&service, &sent, &right).await;
    assert_eq!(late.error(), (409, "step_up_closed"));
    assert_eq!(
        late.json["title"],
        "Cette vérification est terminée, vous n’avez plus rien à faire."
    );
    service.stop().await;
}

async fn of_two_answers_at_once_one_counts(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let sent = sends_grey(&service, &fake, "Deux fois").await;
    let proof = json!({"proof": solved(&sent.json["step_up"]["challenge"])});
    // To the last millisecond.
    service.clock.advance(MINUTE * 10);
    let given = join_all((0..5).map(|_| answers(&service, &sent, &proof))).await;
    let mut statuses: Vec<u16> = given.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409]);
    let entries = storage
        .integer("SELECT COUNT(*) FROM audit_entries WHERE action = 'step_up'")
        .await;
    assert_eq!(entries, Some(1));
    service.stop().await;
}

async fn a_repeat_asks_again_while_the_check_is_open(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let fields = scored(&fake, "Répété", 0.3);
    let first = service.reader().submits(&fields).await.expect(202);
    service.clock.advance(MINUTE);
    let repeat = service.reader().submits(&fields).await.expect(200);
    assert_eq!(repeat.id(), first.id());
    assert_eq!(repeat.json["step_up"]["until"], first.json["step_up"]["until"]);
    // Either challenge serves, once.
    let proof = json!({"proof": solved(&repeat.json["step_up"]["challenge"])});
    assert_eq!(answers(&service, &first, &proof).await.expect(200).json["passed"], true);
    let after = service.reader().submits(&fields).await.expect(200);
    assert!(after.json["step_up"].is_null(), "{}", after.text);

    let fields = scored(&fake, "Répété trop tard", 0.3);
    service.reader().submits(&fields).await.expect(202);
    service.clock.advance(MINUTE * 11);
    let late = service.reader().submits(&fields).await.expect(200);
    assert!(late.json["step_up"].is_null());
    service.stop().await;
}

async fn an_expired_token_asks_for_one_fresh_token(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let moderator = service.moderator().await;
    let late = async |body: &str| {
        let fields = scored(&fake, body, 0.9);
        service.clock.advance(MINUTE * 3);
        fake.advance(MINUTE * 3);
        let sent = service.reader().submits(&fields).await.expect(202);
        assert_eq!(sent.json["step_up"]["kind"], "token", "{}", sent.text);
        assert!(sent.json["step_up"]["challenge"].is_null());
        (sent, fields["captcha"].clone())
    };
    let token = |score: f64| json!({"captcha": fake.token(score, "comment", "faso.test")});

    let (sent, _) = late("Écrit lentement").await;
    let calls = fake.calls();
    let passed = answers(&service, &sent, &token(0.9)).await.expect(200);
    assert_eq!(
        passed.json,
        json!({"status": "pending", "passed": true}),
        "never published by it"
    );
    assert_eq!(fake.calls(), calls + 1);
    assert_eq!(reasons(&item(&moderator, &sent).await), ["step_up_passed"]);

    // A low score, the old token, and one of another submission do not pass.
    let (sent, _) = late("Mauvais score").await;
    assert_eq!(
        answers(&service, &sent, &token(0.3)).await.expect(200).json["passed"],
        false
    );
    let (sent, old) = late("Le même jeton").await;
    let calls = fake.calls();
    let same = json!({ "captcha": old });
    assert_eq!(answers(&service, &sent, &same).await.expect(200).json["passed"], false);
    assert_eq!(fake.calls(), calls, "a used token is not asked about");
    assert_eq!(reasons(&item(&moderator, &sent).await), ["token_expired"]);

    // And the fresh token serves no other text afterwards.
    let (sent, _) = late("Jeton repris").await;
    let fresh = token(0.9);
    assert_eq!(answers(&service, &sent, &fresh).await.expect(200).json["passed"], true);
    let mut other = comment("Un autre texte");
    other["captcha"] = fresh["captcha"].clone();
    let other = service.reader().submits(&other).await.expect(202);
    assert!(reasons(&item(&moderator, &other).await).contains(&"token_foreign".to_owned()));
    service.stop().await;
}

/// [`recaptcha`] with Turnstile at the same fake as second check.
fn with_second(fake: &FakeProvider) -> String {
    let second = format!(
        "[site.captcha.second]\nprovider = \"turnstile\"\nsite_key = \"la-cle\"\nsecret = \"{SECRET}\"\n\
         verify_url = \"{}\"\n",
        fake.url_of(ProviderId::Turnstile)
    );
    recaptcha(fake, &format!("{second}{POLICY}"))
}

async fn where_the_proof_fails_the_interactive_provider_may_answer(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &with_second(&fake)).await;
    let moderator = service.moderator().await;
    let token = |action: &str| {
        fake.mint(Claims {
            action: action.to_owned(),
            hostname: HOST.to_owned(),
            ..Claims::default()
        })
    };
    let sent = sends_grey(&service, &fake, "Sans calcul").await;
    let second = &sent.json["step_up"]["second"];
    assert_eq!(
        (&second["provider"], &second["site_key"]),
        (&json!("turnstile"), &json!("la-cle"))
    );
    let told = second.to_string();
    assert!(
        told.contains("Cloudflare") && told.contains("challenges.cloudflare.com") && !told.contains(SECRET),
        "{told}"
    );

    // A wrong proof leaves it open; it takes the mark off and publishes nothing.
    let failed = answers(&service, &sent, &json!({"proof": "e30="})).await.expect(200);
    assert_eq!(failed.json["passed"], false);
    let calls = fake.calls();
    let given = json!({"captcha": token("comment")});
    let passed = answers(&service, &sent, &given).await.expect(200);
    assert_eq!(passed.json, json!({"status": "pending", "passed": true}));
    assert_eq!(fake.calls(), calls + 1);
    let after = item(&moderator, &sent).await;
    assert_eq!(reasons(&after), ["step_up_passed"]);
    assert_eq!(after.json["captcha"]["provider"], "recaptcha_v3", "who gave the score");
    let detail = &after.json["history"][0]["detail"];
    assert_eq!(
        (
            &detail["kind"],
            &detail["found"]["verdict"],
            &detail["replaced"]["code"]
        ),
        (&json!("second"), &json!("passed"), &json!("step_up"))
    );
    let again = answers(&service, &sent, &given).await;
    assert_eq!(again.error(), (409, "step_up_closed"));

    // It is asked once, about a token for this form of this site, and once about each token.
    let sent = sends_grey(&service, &fake, "Mauvaise action").await;
    let failed = answers(&service, &sent, &json!({"captcha": token("login")}))
        .await
        .expect(200);
    assert_eq!(failed.json["passed"], false);
    assert_eq!(reasons(&item(&moderator, &sent).await), ["step_up"]);
    let second_try = answers(&service, &sent, &json!({"captcha": token("comment")})).await;
    assert_eq!(second_try.error(), (409, "step_up_closed"));
    let proof = json!({"proof": solved(&sent.json["step_up"]["challenge"])});
    service.clock.advance(MINUTE);
    let passed = answers(&service, &sent, &proof).await.expect(200);
    assert_eq!(passed.json["passed"], true, "the proof is still open");
    let sent = sends_grey(&service, &fake, "Jeton d’un autre").await;
    let calls = fake.calls();
    let used = answers(&service, &sent, &given).await.expect(200);
    assert_eq!((&used.json["passed"], fake.calls()), (&json!(false), calls));

    // A dead provider loses nothing and says no; a repeat of the submission offers what is still open.
    let fields = scored(&fake, "Fournisseur muet", 0.3);
    let sent = service.reader().submits(&fields).await.expect(202);
    fake.fault(Fault::Status(500));
    let failed = answers(&service, &sent, &json!({"captcha": token("comment")}))
        .await
        .expect(200);
    assert_eq!(failed.json, json!({"status": "pending", "passed": false}));
    assert_eq!(reasons(&item(&moderator, &sent).await), ["step_up"]);
    let repeat = service.reader().submits(&fields).await.expect(200);
    assert_eq!(repeat.json["step_up"]["kind"], "proof", "{}", repeat.text);
    let failed = answers(&service, &sent, &json!({"proof": "e30="})).await.expect(200);
    assert_eq!(failed.json["passed"], false);
    let repeat = service.reader().submits(&fields).await.expect(200);
    assert!(repeat.json["step_up"].is_null(), "{}", repeat.text);
    service.stop().await;
}

async fn where_a_site_names_no_pages_our_own_count_for_the_second_check_too(storage: &Storage) {
    let fake = fake().await;
    let config = with_second(&fake).replace("origins = [\"https://faso.test\"]\n", "");
    let service = Service::start(storage, &config).await;
    let token = |score: f64| {
        fake.mint(Claims {
            score,
            hostname: "127.0.0.1".to_owned(),
            ..Claims::default()
        })
    };
    let mut fields = comment("Sur notre page");
    fields["captcha"] = json!(token(0.3));
    let sent = service
        .post_json("/api/v1/sites/faso/comments", &fields)
        .await
        .expect(202);
    assert_eq!(sent.json["step_up"]["kind"], "proof", "{}", sent.text);
    let passed = answers(&service, &sent, &json!({"captcha": token(0.9)}))
        .await
        .expect(200);
    assert_eq!(passed.json["passed"], true);
    service.stop().await;
}

async fn a_decision_ends_the_check(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let moderator = service.moderator().await;
    let sent = sends_grey(&service, &fake, "Décidé avant").await;
    moderator.decides(&sent.id(), "spam").await.expect(200);
    let proof = json!({"proof": solved(&sent.json["step_up"]["challenge"])});
    assert_eq!(answers(&service, &sent, &proof).await.error(), (409, "step_up_closed"));
    let after = item(&moderator, &sent).await;
    assert_eq!(
        (&after.json["status"], reasons(&after)),
        (&json!("spam"), vec!["step_up".to_owned()])
    );
    service.stop().await;
}

async fn the_sites_pages_may_answer_it(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let sent = sends_grey(&service, &fake, "D’une page du site").await;
    let path = format!("/r/{}/step-up", sent.json["receipt"].as_str().expect("a receipt"));
    for (path, origin, shared) in [
        (path.as_str(), "https://faso.test", "https://faso.test"),
        (path.as_str(), "https://evil.test", ""),
        ("/r/x/step-up", "https://faso.test", ""),
    ] {
        let preflight = service
            .request(Method::OPTIONS, path, |request| {
                request
                    .header("origin", origin)
                    .header("access-control-request-method", "POST")
                    .header("access-control-request-headers", "content-type")
            })
            .await;
        assert_eq!(
            preflight.header("access-control-allow-origin"),
            shared,
            "{path} {origin}"
        );
        assert_eq!(preflight.status == 204, !shared.is_empty());
    }
    service.stop().await;
}

/// A comment of `recaptcha` whose token was too old: it is asked for a fresh one.
async fn sends_late(service: &Service, fake: &FakeProvider, body: &str) -> Answer {
    let fields = scored(fake, body, 0.9);
    service.clock.advance(MINUTE * 3);
    fake.advance(MINUTE * 3);
    let sent = service.reader().submits(&fields).await.expect(202);
    assert_eq!(sent.json["step_up"]["kind"], "token", "{}", sent.text);
    sent
}

async fn h10_a_second_check_waits_for_its_provider_outside_the_room(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &with_second(&fake)).await;
    let late = sends_late(&service, &fake, "Écrit lentement").await;
    let grey = sends_grey(&service, &fake, "Peut-être").await;
    let other = sends_grey(&service, &fake, "Avec un calcul").await;
    let fresh = json!({"captcha": fake.token(0.9, "comment", "faso.test")});
    let interactive = json!({"captcha": fake.mint(Claims {
        action: "comment".to_owned(),
        hostname: HOST.to_owned(),
        ..Claims::default()
    })});
    // As many of the site wait already as may.
    let (end, ended) = tokio::sync::watch::channel(false);
    let mut waiting = Vec::new();
    let (standing, mut stands) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..64 {
        let place = service.app.room.enter().await.expect("room");
        let (standing, mut ended) = (standing.clone(), ended.clone());
        waiting.push(tokio::spawn(async move {
            let wait = async {
                standing.send(()).expect("counted");
                ended.changed().await
            };
            place.outside("faso", wait).await.is_some()
        }));
    }
    for _ in 0..64 {
        in_time("all stand outside", stands.recv())
            .await
            .expect("stands outside");
    }
    let calls = fake.calls();
    for (sent, given) in [(&late, &fresh), (&grey, &interactive)] {
        let refused = answers(&service, sent, given).await;
        assert_eq!(refused.error(), (503, "unavailable"), "{}", refused.text);
        assert!(!refused.header("retry-after").is_empty());
    }
    assert_eq!(fake.calls(), calls, "nobody is asked");
    // What waits for nobody goes on.
    let proof = json!({"proof": solved(&other.json["step_up"]["challenge"])});
    assert_eq!(answers(&service, &other, &proof).await.expect(200).json["passed"], true);
    end.send(true).expect("heard");
    for waited in waiting {
        assert!(in_time("who waited goes on", waited).await.expect("no panic"));
    }
    for (sent, given) in [(&late, &fresh), (&grey, &interactive)] {
        let passed = answers(&service, sent, given).await.expect(200);
        assert_eq!(passed.json["passed"], true, "no try was used up");
    }
    service.stop().await;
}

async fn h10_a_second_check_stands_at_the_door_of_a_full_room(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let late = sends_late(&service, &fake, "Écrit lentement").await;
    let fresh = json!({"captcha": fake.token(0.9, "comment", "faso.test")});
    let all = u32::try_from(service.app.room.places.available_permits()).expect("few");
    let full = std::sync::Arc::clone(&service.app.room.places)
        .acquire_many_owned(all)
        .await
        .expect("open");
    let calls = fake.calls();
    let refused = answers(&service, &late, &fresh).await;
    assert_eq!(refused.error(), (503, "unavailable"), "{}", refused.text);
    assert_eq!(fake.calls(), calls);
    drop(full);
    let passed = answers(&service, &late, &fresh).await.expect(200);
    assert_eq!(passed.json["passed"], true);
    assert_eq!(
        service.app.room.places.available_permits(),
        usize::try_from(all).expect("few")
    );
    service.stop().await;
}

/// Sends the answer to a second check and leaves as soon as the provider is asked.
async fn answers_and_leaves(service: &Service, fake: &FakeProvider, sent: &Answer, kind: &str, body: &str) {
    let calls = fake.calls();
    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    let address = service.url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "POST /r/{receipt}/step-up HTTP/1.1\r\nhost: {address}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await.expect("sent");
    eventually("the provider is asked", async || fake.calls() > calls).await;
    drop(connection);
}

/// The second check as the author reads it on the receipt.
async fn second_check(service: &Service, sent: &Answer) -> Value {
    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    let answer = service.get(&format!("/r/{receipt}")).await.expect(200);
    answer.json["step_up"].clone()
}

/// A provider that takes its time.
fn slow(latency_ms: u64) -> Scenario {
    Scenario {
        latency_ms: [latency_ms, latency_ms],
        ..Scenario::default()
    }
}

async fn who_leaves_while_a_second_check_waits_is_judged_all_the_same(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let moderator = service.moderator().await;
    for (kind, is_json) in [("application/json", true), ("application/x-www-form-urlencoded", false)] {
        let late = sends_late(&service, &fake, kind).await;
        assert_eq!(second_check(&service, &late).await, "open");
        let token = fake.token(0.9, "comment", "faso.test");
        let body = if is_json {
            json!({"captcha": token}).to_string()
        } else {
            format!("captcha={token}")
        };
        fake.set(slow(400));
        answers_and_leaves(&service, &fake, &late, kind, &body).await;
        eventually("the mark is off", async || {
            reasons(&item(&moderator, &late).await) == ["step_up_passed"]
        })
        .await;
        fake.set(Scenario::default());
        assert_eq!(second_check(&service, &late).await, "passed", "{kind}");
        let again = answers(&service, &late, &json!({"captcha": token})).await;
        assert_eq!(again.error(), (409, "step_up_closed"), "one try all the same");
    }
    // Where nothing was asked there is nothing to tell.
    let other = service
        .reader()
        .submits(&scored(&fake, "Sûr de lui", 0.5))
        .await
        .expect(202);
    assert_eq!(second_check(&service, &other).await, Value::Null);
    service.stop().await;
}

async fn who_leaves_a_provider_that_hangs_has_a_check_that_did_not_pass(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let moderator = service.moderator().await;
    let late = sends_late(&service, &fake, "Parti trop tôt").await;
    let body = json!({"captcha": fake.token(0.9, "comment", "faso.test")}).to_string();
    fake.fault(Fault::Hang);
    answers_and_leaves(&service, &fake, &late, "application/json", &body).await;
    eventually("it is judged", async || service.app.submissions.is_empty()).await;
    assert_eq!(second_check(&service, &late).await, "closed");
    assert_eq!(
        reasons(&item(&moderator, &late).await),
        ["token_expired"],
        "a person reads it"
    );
    service.stop().await;
}

async fn who_leaves_before_a_shutdown_is_judged_before_it_ends(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let late = sends_late(&service, &fake, "Parti trop tôt").await;
    let body = json!({"captcha": fake.token(0.9, "comment", "faso.test")}).to_string();
    fake.set(slow(800));
    answers_and_leaves(&service, &fake, &late, "application/json", &body).await;
    service.stop().await;
    let passed = "SELECT COUNT(*) FROM audit_entries WHERE action = 'step_up'";
    assert_eq!(storage.integer(passed).await, Some(1));
}
