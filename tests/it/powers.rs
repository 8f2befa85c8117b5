//! What gives power wants a person who typed their passphrase lately.
//!
//! [`CALLS`] and [`FORMS`] hold every change that an owner can make, by the API and by page, with what it asks:
//! an operation of the document, a form's route or a key of a site's settings that is in neither fails.

use std::{collections::BTreeSet, time::Duration};

use palabre::{
    actions::{accounts, authority::Authority, identify::Role, own_account, tokens},
    domain::{account::EVERY_SITE, actor::Scope},
};
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};
use uuid::Uuid;

use crate::{
    document::operations,
    service::{Answer, Browser, OWNER_EMAIL, PASSPHRASE, Person, SITE, Service, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h2_every_call_that_gives_power_wants_the_passphrase_typed_lately,
    h2_every_form_that_gives_power_asks_in_between_and_loses_nothing,
    h2_ten_minutes_begin_with_whatever_was_typed,
    h2_five_wrong_passphrases_in_a_row_end_the_session_and_no_other,
    h2_wrong_tries_are_counted_wherever_a_passphrase_is_typed_again,
    h2_tries_at_once_are_no_more_than_five,
    h2_a_wait_at_the_door_is_told_to_staff_in_their_words,
    h2_a_second_step_is_asked_for_as_well,
    h2_the_door_takes_the_passphrase_again_as_json_and_as_a_form,
);

/// What a call asks of the one who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// The passphrase, and no program may do it.
    Person,
    /// The passphrase of a person; a program has none.
    Passphrase,
    /// Nothing more than the role.
    Nothing,
}
use Asks::{Nothing, Passphrase, Person as InPerson};

/// A call: its operation, a body, and what it asks. `{account}` is a moderator of `faso` who came in,
/// `{shut_out}` one who was shut out, `{n}` a number that was not used before.
type Call = (&'static str, &'static str, &'static str, Asks);

const CALLS: [Call; 42] = [
    (
        "POST",
        "/moderators",
        r#"{"email":"a{n}@example.org","name":"A","role":"moderator","site":"faso"}"#,
        InPerson,
    ),
    (
        "POST",
        "/moderators",
        r#"{"email":"{email}","name":"A","role":"owner","site":"faso"}"#,
        InPerson,
    ),
    (
        "POST",
        "/moderators/invite",
        r#"{"email":"b{n}@example.org","name":"B","role":"owner","all_sites":true}"#,
        InPerson,
    ),
    (
        "PATCH",
        "/moderators/{account}",
        r#"{"site":"faso","role":"owner"}"#,
        InPerson,
    ),
    (
        "PATCH",
        "/moderators/{account}",
        r#"{"site":"*","role":"moderator"}"#,
        InPerson,
    ),
    (
        "PATCH",
        "/moderators/{account}",
        r#"{"site":"sahel","role":"moderator"}"#,
        InPerson,
    ),
    (
        "PATCH",
        "/moderators/{account}",
        r#"{"site":"faso","role":"moderator"}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/moderators/{account}",
        r#"{"site":"faso","role":null}"#,
        Nothing,
    ),
    ("PATCH", "/moderators/{account}", r#"{"disabled":true}"#, Nothing),
    ("PATCH", "/moderators/{shut_out}", r#"{"disabled":false}"#, InPerson),
    ("POST", "/moderators/{account}/link", "{}", InPerson),
    ("POST", "/moderators/{shut_out}/link", "{}", InPerson),
    ("DELETE", "/moderators/{account}", "{}", Nothing),
    ("POST", "/tokens", r#"{"role":"moderator","site":"faso"}"#, Passphrase),
    ("POST", "/tokens", r#"{"role":"owner","all_sites":true}"#, Passphrase),
    ("DELETE", "/tokens/{token}", "{}", Nothing),
    ("POST", "/sites", r#"{"id":"neuf-{n}","name":"Neuf"}"#, Nothing),
    (
        "POST",
        "/sites",
        r#"{"id":"neuf-{n}","captcha":{"provider":"hcaptcha","site_key":"k","secret":"s"}}"#,
        Passphrase,
    ),
    ("PATCH", "/sites/{site}", r#"{"name":"Le Faso {n}"}"#, Nothing),
    ("PATCH", "/sites/{site}", r#"{"language":"en"}"#, Nothing),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"time_zone":"Africa/Ouagadougou"}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"origins":["https://faso-{n}.test"]}"#,
        Nothing,
    ),
    ("PATCH", "/sites/{site}", r#"{"moderation":"after"}"#, Nothing),
    ("PATCH", "/sites/{site}", r#"{"threads":"open"}"#, Nothing),
    ("PATCH", "/sites/{site}", r#"{"body_max":900}"#, Nothing),
    ("PATCH", "/sites/{site}", r#"{"cdn_max_age":10}"#, Nothing),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"provider":"hcaptcha","site_key":"k{n}","secret":"s{n}"}}"#,
        Passphrase,
    ),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"site_key":"k{n}"}}"#,
        Passphrase,
    ),
    ("PATCH", "/sites/{site}", r#"{"captcha":{"secret":"s{n}"}}"#, Passphrase),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"verify_url":"https://captcha{n}.test/verify","secret":"s{n}"}}"#,
        Passphrase,
    ),
    ("PATCH", "/sites/{site}", r#"{"captcha":{"project":"p{n}"}}"#, Nothing),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"recaptcha_net":true}}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"send_address":true}}"#,
        Nothing,
    ),
    ("PATCH", "/sites/{site}", r#"{"captcha":{"feedback":true}}"#, Nothing),
    ("PATCH", "/sites/{site}", r#"{"captcha":{"consent":"ask"}}"#, Nothing),
    ("PATCH", "/sites/{site}", r#"{"captcha":{"action":"comment"}}"#, Nothing),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"hostnames":["faso.test"]}}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"second":{"provider":"turnstile","site_key":"k{n}","secret":"s{n}"}}}"#,
        Passphrase,
    ),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"second":{"site_key":"k{n}"}}}"#,
        Passphrase,
    ),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"second":{"secret":"s{n}"}}}"#,
        Passphrase,
    ),
    (
        "PATCH",
        "/sites/{site}",
        r#"{"captcha":{"second":{"verify_url":"https://captcha{n}.test/verify","secret":"s{n}"}}}"#,
        Passphrase,
    ),
    ("POST", "/sites/{site}/captcha/test", "{}", Nothing),
];

/// Changes that are tried elsewhere and never ask: what readers do, comments' acts, cuts, one's own sessions.
const NEVER: [(&str, &str); 21] = [
    ("POST", "/login"),
    ("POST", "/login/code"),
    ("POST", "/logout"),
    ("POST", "/login/retype"),
    ("POST", "/r/{receipt}/appeal"),
    ("POST", "/r/{receipt}/erase"),
    ("POST", "/r/{receipt}/step-up"),
    ("POST", "/api/v1/sites/{site}/comments"),
    ("POST", "/api/v1/comments/{id}/report"),
    ("POST", "/api/v1/comments/{id}/{action}"),
    ("POST", "/api/v1/moderation/decisions"),
    ("POST", "/api/v1/moderation/bulk"),
    ("POST", "/api/v1/moderation/bulk/{id}/undo"),
    ("POST", "/api/v1/moderation/leases"),
    ("PUT", "/api/v1/sites/{site}/threads/{thread}"),
    ("POST", "/api/v1/sites/{site}/captcha/preview"),
    ("POST", "/api/v1/sites/{site}/captcha/policies"),
    ("POST", "/api/v1/sites/{site}/captcha/policies/{n}/revert"),
    ("DELETE", "/api/v1/sessions"),
    ("DELETE", "/api/v1/sessions/{session}"),
    ("POST", "/api/v1/sites/{site}/captcha/preview"),
];

fn two_sites() -> String {
    "[[site]]\nid = \"faso\"\n[[site]]\nid = \"sahel\"\nname = \"Le Sahel\"\n".to_owned()
}

/// Longer than a typed passphrase counts.
const LATER: Duration = Duration::from_secs(10 * 60 + 1);

/// Somebody who works on `faso`, come in, and shut out again if so wished.
async fn new_account(service: &Service, is_shut_out: bool) -> (Uuid, String) {
    let email = format!("{}@example.org", Uuid::now_v7());
    let (id, code) = service.invites("Awa", &email, Role::Moderator, &["faso"]).await;
    service.accepts(&code).await;
    if is_shut_out {
        accounts::set_disabled(&service.app, Authority::Operator, id, true)
            .await
            .expect("shut out");
    }
    (id, email)
}

/// The path and the body of a call, with what it needs.
async fn prepared(service: &Service, (_, path, body, _): Call, number: usize) -> (String, Value) {
    // Only what the call names: each account takes a passphrase's work.
    let mut account = (Uuid::nil(), String::new());
    if path.contains("{account}") || body.contains("{email}") {
        account = new_account(service, false).await;
    }
    let (account, email) = account;
    let mut shut_out = Uuid::nil();
    if path.contains("{shut_out}") {
        (shut_out, _) = new_account(service, true).await;
    }
    let wanted = tokens::Wanted {
        name: None,
        role: Role::Moderator,
        scope: Scope::All,
        expires_at: None,
    };
    let token = tokens::create(&service.app, Authority::Operator, wanted)
        .await
        .expect("a token");
    let filled = |text: &str| {
        text.replace("{account}", &account.to_string())
            .replace("{shut_out}", &shut_out.to_string())
            .replace("{email}", &email)
            .replace("{token}", &token.id.to_string())
            .replace("{site}", "faso")
            .replace("{n}", &number.to_string())
    };
    let body = serde_json::from_str(&filled(body)).expect("JSON");
    (format!("/api/v1{}", filled(path)), body)
}

/// The keys of a site's settings as a body names them: `captcha.second.provider`.
fn keys_of(object: &Value, before: &str, keys: &mut BTreeSet<String>) {
    for (key, value) in object.as_object().expect("an object") {
        let key = format!("{before}{key}");
        if value.is_object() {
            keys_of(value, &format!("{key}."), keys);
        } else {
            keys.insert(key);
        }
    }
}

async fn h2_every_call_that_gives_power_wants_the_passphrase_typed_lately(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let setup = {
        let code = palabre::actions::setup::new_code(&service.app).await.expect("a code");
        let opened = service
            .request(Method::POST, "/setup", |request| request.form(&[("code", code)]))
            .await
            .expect(303);
        service.browser(&opened).cookie
    };
    // A session that a setup code opened stands for nobody.
    for (number, call) in CALLS.into_iter().enumerate() {
        let (path, body) = prepared(&service, call, number).await;
        let method = Method::from_bytes(call.0.as_bytes()).expect("a method");
        let answer = service
            .request(method, &path, |request| {
                request
                    .header("cookie", &setup)
                    .header("sec-fetch-site", "same-origin")
                    .json(&body)
            })
            .await;
        if (call.0, call.1) == ("POST", "/sites") {
            // Its sites are the one thing that the first run makes before there is an owner.
            answer.expect(201);
        } else {
            assert_eq!(answer.error(), (401, "unauthenticated"), "{call:?}");
        }
    }
    let program = service.owner().await;
    let mut number = 1000;
    let browser = service.signs_in().await;
    for call in CALLS {
        let (_, _, _, asks) = call;
        let method = Method::from_bytes(call.0.as_bytes()).expect("a method");
        service.clock.advance(LATER);
        number += 1;
        let (path, body) = prepared(&service, call, number).await;
        let old = browser.sends(&method, &path, &body).await;
        if asks == Nothing {
            assert!(old.status.is_success(), "{call:?}: {}", old.text);
            continue;
        }
        assert_eq!(old.error(), (403, "retype_needed"), "{call:?}: {}", old.text);
        assert_eq!(old.header("content-type"), "application/problem+json");
        let typed = json!({"passphrase": PASSPHRASE});
        browser.sends(&Method::POST, "/login/retype", &typed).await.expect(200);
        let fresh = browser.sends(&method, &path, &body).await;
        assert!(fresh.status.is_success(), "{call:?}: {}", fresh.text);
        number += 1;
        let (path, body) = prepared(&service, call, number).await;
        let by_program = program.sends(&method, &path, &body).await;
        if asks == InPerson {
            assert_eq!(by_program.error(), (403, "forbidden"), "{call:?}: {}", by_program.text);
        } else {
            assert!(by_program.status.is_success(), "{call:?}: {}", by_program.text);
        }
    }
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    let mut tried: BTreeSet<(String, String)> = NEVER
        .iter()
        .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    let mut keys = BTreeSet::new();
    for (method, path, body, _) in CALLS {
        let path = path.replace("{shut_out}", "{account}");
        tried.insert((method.to_owned(), format!("/api/v1{path}")));
        if (method, path.as_str()) == ("PATCH", "/sites/{site}") {
            let body: Value = serde_json::from_str(body).expect("JSON");
            keys_of(&body, "", &mut keys);
        }
    }
    let changes: BTreeSet<_> = operations(&document)
        .into_iter()
        .filter(|(method, _)| method != "GET")
        .collect();
    assert_eq!(tried, changes, "every change of the document, and no other");
    let mut settable = BTreeSet::new();
    let mut objects = vec![(String::new(), &document["components"]["schemas"]["SiteChange"])];
    while let Some((before, schema)) = objects.pop() {
        for (key, own) in schema["properties"].as_object().expect("its keys") {
            let key = format!("{before}{key}");
            if own.get("properties").is_some() {
                objects.push((format!("{key}."), own));
            } else {
                settable.insert(key);
            }
        }
    }
    assert_eq!(keys, settable, "every key of a site's settings, and no other");
    service.stop().await;
}

/// A form's route, its fields, and the answer to it once the passphrase was typed.
type Form = (&'static str, &'static [(&'static str, &'static str)], u16);

const FORMS: [Form; 12] = [
    (
        "/moderators",
        &[
            ("name", "Awa <b>&\"'"),
            ("email", "c{n}@example.org"),
            ("role", "owner"),
            ("site", "*"),
        ],
        200,
    ),
    (
        "/moderators",
        &[
            ("name", "Awa"),
            ("email", "{email}"),
            ("role", "owner"),
            ("site", "faso"),
        ],
        303,
    ),
    (
        "/moderators/{account}/role",
        &[("site", "faso"), ("role", "owner")],
        303,
    ),
    ("/moderators/{account}/link", &[], 200),
    ("/moderators/{shut_out}/link?lang=en", &[], 200),
    ("/moderators/{shut_out}/disabled", &[("disabled", "no")], 303),
    (
        "/tokens",
        &[
            ("name", "Cron"),
            ("role", "moderator"),
            ("site", "faso"),
            ("expires", "12"),
        ],
        200,
    ),
    (
        "/sites",
        &[
            ("id", "neuf-{n}"),
            ("name", "Neuf"),
            ("provider", "hcaptcha"),
            ("site_key", "k"),
            ("secret", "un secret"),
        ],
        303,
    ),
    (
        "/sites/faso/settings",
        &[
            ("name", "Le Faso {n}"),
            ("origins", "https://a.test\r\nhttps://b.test"),
            ("provider", "hcaptcha"),
            ("site_key", "k{n}"),
            ("secret", "un secret \"de\" plus {n}"),
        ],
        303,
    ),
    (
        "/sites/faso/settings",
        &[("verify_url", "https://captcha{n}.test/verify"), ("secret", "s{n}")],
        303,
    ),
    (
        "/sites/faso/settings",
        &[
            ("second_provider", "turnstile"),
            ("second_site_key", "k{n}"),
            ("second_secret", "s{n}"),
        ],
        303,
    ),
    (
        "/sites/faso/settings",
        &[("second_secret_remove", "yes"), ("second_provider", "")],
        303,
    ),
];

/// Forms of pages that never ask, or are tried by a test of their own.
const OTHER_FORMS: [&str; 30] = [
    "/login",
    "/login/code",
    "/login/retype",
    "/login/recovery",
    "/logout",
    "/invitation",
    "/setup",
    "/setup/you",
    "/setup/site",
    "/setup/robots",
    "/setup/try",
    "/account/name",
    "/account/offers",
    "/account/sessions",
    "/account/passphrase",
    "/account/second-step",
    "/account/second-step/confirm",
    "/account/second-step/remove",
    "/account/codes",
    "/moderators/{id}/remove",
    "/tokens/{id}/revoke",
    "/queue/decide",
    "/queue/bulk",
    "/queue/all",
    "/queue/all/{id}/undo",
    "/queue/undo",
    "/sites/{site}/captcha/policies",
    "/sites/{site}/defence/test",
    "/sites/{site}/captcha/policies/{n}/revert",
    "/t/{site}",
];

/// The fields that the page in between carries, by the names of the form.
fn carried(page: &Answer, fields: &[(String, String)]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|(name, _)| (name.clone(), values_of(&page.text, name).concat()))
        .collect()
}

async fn h2_every_form_that_gives_power_asks_in_between_and_loses_nothing(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let mut number = 0;
    let browser = service.signs_in().await;
    let (shut_out, _) = new_account(&service, true).await;
    for form in FORMS {
        let (path, fields, done) = form;
        service.clock.advance(LATER);
        number += 1;
        let (account, email) = new_account(&service, false).await;
        let filled = |text: &str| {
            text.replace("{account}", &account.to_string())
                .replace("{shut_out}", &shut_out.to_string())
                .replace("{email}", &email)
                .replace("{n}", &number.to_string())
        };
        let path = filled(path);
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), filled(value)))
            .collect();
        let as_sent = |fields: &[(String, String)]| -> Vec<(String, String)> {
            let mut sent = fields.to_vec();
            sent.push(("retype_passphrase".to_owned(), PASSPHRASE.to_owned()));
            sent
        };
        let posts = async |fields: &[(String, String)]| {
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            browser.posts(&path, &fields).await
        };
        let asked = posts(&fields).await.expect(403);
        assert_eq!(asked.header("cache-control"), "no-store");
        assert!(
            asked.text.contains(&format!("action=\"{path}\"")),
            "{form:?}: the same address: {}",
            asked.text
        );
        assert!(asked.text.contains("name=\"retype_passphrase\"") && !asked.text.contains("retype_code"));
        let kept = carried(&asked, &fields);
        assert_eq!(kept, fields, "{form:?}: all that was typed");
        // A wrong one asks again, and still keeps all.
        let mut wrong = kept.clone();
        wrong.push(("retype_passphrase".to_owned(), "not this one".to_owned()));
        let again = posts(&wrong).await.expect(422);
        assert!(again.text.contains("id=\"retype_passphrase-error\"") && !again.text.contains("not this one"));
        assert_eq!(carried(&again, &fields), fields, "{form:?}");
        let empty = posts(&[&kept[..], &[("retype_passphrase".to_owned(), String::new())]].concat()).await;
        assert_eq!(carried(&empty.expect(422), &fields), fields, "{form:?}");
        let answer = posts(&as_sent(&kept)).await.expect(done);
        assert!(!answer.text.contains("retype"), "{form:?}: it is done");
        assert!(!answer.header("location").contains("secret"));
    }
    // What the act itself finds wrong is said first, and on its own page.
    service.clock.advance(LATER);
    let fields = [("name", "Awa"), ("email", "awa"), ("role", "owner"), ("site", "faso")];
    let asked = browser.posts("/moderators", &fields).await.expect(422);
    assert!(asked.text.contains("id=\"email-error\"") && !asked.text.contains("retype"));
    // A page's save that changes no key asks nothing.
    browser
        .posts(
            "/sites/faso/settings",
            &[
                ("name", "Le Faso"),
                ("site_key", &format!("k{}", 9)),
                ("body_max", "800"),
            ],
        )
        .await
        .expect(303);
    // Who has gone out meanwhile is led to the door.
    browser.posts("/logout", &[]).await.expect(303);
    let gone = browser
        .posts(
            "/tokens",
            &[
                ("role", "moderator"),
                ("site", "faso"),
                ("retype_passphrase", PASSPHRASE),
            ],
        )
        .await
        .expect(303);
    assert_eq!(gone.header("location"), "/login");
    service.stop().await;
}

#[test]
fn h2_every_form_has_its_line() {
    let source = include_str!("../../src/http/mod.rs");
    let mut routes = BTreeSet::new();
    for rest in source.split(".route(").skip(1) {
        let path = rest.split('"').nth(1).expect("a path");
        let handlers = rest.split(".route").next().unwrap_or_default();
        if handlers.contains("post(") {
            routes.insert(path.to_owned());
        }
    }
    let mut known: BTreeSet<String> = OTHER_FORMS.iter().map(|path| (*path).to_owned()).collect();
    known.extend(["/r/{receipt}/appeal", "/r/{receipt}/erase"].map(str::to_owned));
    for (path, ..) in FORMS {
        let path = path.split('?').next().expect("a path");
        let path = path.replace("{account}", "{id}").replace("{shut_out}", "{id}");
        known.insert(path.replace("/sites/faso", "/sites/{site}"));
    }
    assert_eq!(known, routes, "every form, and no other");
}

const TOKEN: &str = r#"{"role":"moderator","site":"faso"}"#;

async fn makes_token(browser: &Browser<'_>) -> Answer {
    let mut body: Value = serde_json::from_str(TOKEN).expect("JSON");
    // The ids of a test follow one another, and names made of them look alike (8 and b).
    body["name"] = format!("Programme {}", uuid::Uuid::now_v7()).into();
    browser.sends(&Method::POST, "/api/v1/tokens", &body).await
}

async fn h2_ten_minutes_begin_with_whatever_was_typed(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let ten = Duration::from_mins(10);
    // The first owner, then a sign-in.
    let first = service.signs_in().await;
    service.clock.advance(ten);
    makes_token(&first).await.expect(201);
    let second = service.signs_in().await;
    service.clock.advance(ten);
    makes_token(&second).await.expect(201);
    assert_eq!(makes_token(&first).await.error(), (403, "retype_needed"));
    service.clock.advance(Duration::from_millis(1));
    assert_eq!(makes_token(&second).await.error(), (403, "retype_needed"));
    // Use of a session is no typing; its use up to its end is as it was.
    second.gets("/queue").await.expect(200);
    let id = service.plants(service.seed()).await;
    second
        .sends(&Method::POST, &format!("/api/v1/comments/{id}/approve"), &json!({}))
        .await
        .expect(200);
    // A change of one's own passphrase, codes and second step type it as well, in that session alone.
    let codes = second
        .posts("/account/codes", &[("current", PASSPHRASE)])
        .await
        .expect(200);
    makes_token(&second).await.expect(201);
    assert_eq!(makes_token(&first).await.error(), (403, "retype_needed"));
    service.clock.advance(LATER);
    second
        .posts("/account/codes", &[("current", "wrong")])
        .await
        .expect(422);
    assert_eq!(
        makes_token(&second).await.error(),
        (403, "retype_needed"),
        "a wrong one"
    );
    // A recovery and a one-time link.
    let code = codes
        .text
        .split("<li><code>")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    let fields = [
        ("email", OWNER_EMAIL),
        ("recovery_code", code.expect("a code")),
        ("passphrase", PASSPHRASE),
    ];
    let recovered = service
        .request(Method::POST, "/login/recovery", |request| request.form(&fields))
        .await
        .expect(303);
    let recovered = service.browser(&recovered);
    makes_token(&recovered).await.expect(201);
    let (_, link) = service.invites("Awa", "awa@example.org", Role::Owner, &["faso"]).await;
    let guest = service.accepts(&link).await;
    makes_token(&guest).await.expect(201);
    service.clock.advance(LATER);
    assert_eq!(makes_token(&guest).await.error(), (403, "retype_needed"));
    // A session of before the rule was typed long ago.
    let fresh = service.signs_in().await;
    storage.execute("UPDATE sessions SET typed_at = 0").await;
    assert_eq!(makes_token(&fresh).await.error(), (403, "retype_needed"));
    fresh.gets("/queue").await.expect(200);
    service.stop().await;
}

async fn retypes(browser: &Browser<'_>, body: &Value) -> Answer {
    browser.sends(&Method::POST, "/login/retype", body).await
}

/// With the limits of the shipped file.
fn limited() -> String {
    format!("[rate_limit]\nenabled = true\n{SITE}")
}

async fn h2_five_wrong_passphrases_in_a_row_end_the_session_and_no_other(storage: &Storage) {
    for config in [SITE.to_owned(), limited()] {
        let service = Service::start(storage, &config).await;
        let browser = service.signs_in().await;
        let other = service.signs_in().await;
        service.clock.advance(LATER);
        let (wrong, right) = (json!({"passphrase": "not this one"}), json!({"passphrase": PASSPHRASE}));
        // In a row: a right one in between begins anew, and so does none of another session.
        for _ in 0..3 {
            for _ in 0..4 {
                let refused = retypes(&browser, &wrong).await;
                assert_eq!(refused.error(), (422, "invalid"), "{}", refused.text);
                assert_eq!(refused.json["errors"][0]["field"], "passphrase");
            }
            retypes(&browser, &right).await.expect(200);
        }
        for _ in 0..4 {
            retypes(&browser, &wrong).await.expect(422);
        }
        let ended = retypes(&browser, &wrong).await;
        assert_eq!(ended.error(), (401, "session_ended"), "{}", ended.text);
        assert_eq!(
            ended.json["title"],
            "Cinq essais de suite étaient faux : cette session a pris fin. Connectez-vous de nouveau."
        );
        assert_eq!(retypes(&browser, &right).await.error(), (401, "unauthenticated"));
        browser.gets("/queue").await.expect(303);
        // As a page, and in the other language.
        let form = [("role", "moderator"), ("site", "faso"), ("retype_passphrase", "wrong")];
        for _ in 0..4 {
            other.posts("/tokens?lang=en", &form).await.expect(422);
        }
        let ended = other.posts("/tokens?lang=en", &form).await.expect(401);
        assert!(
            ended.text.contains("Five tries in a row were wrong") && ended.text.contains("href=\"/login\""),
            "{}",
            ended.text
        );
        other.posts("/tokens", &form).await.expect(303);
        // The door of the account is as it was, and who comes in has five tries again.
        let again = service.signs_in().await;
        for _ in 0..4 {
            retypes(&again, &wrong).await.expect(422);
        }
        retypes(&again, &right).await.expect(200);
        let ends = "SELECT COUNT(*) FROM audit_entries WHERE action = 'sessions_ended'";
        assert!(storage.integer(ends).await >= Some(2), "it is written down");
        service.stop().await;
    }
}

async fn h2_wrong_tries_are_counted_wherever_a_passphrase_is_typed_again(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let forms: [(&str, &[(&str, &str)]); 4] = [
        (
            "/account/passphrase",
            &[("current", "wrong"), ("passphrase", "une phrase toute nouvelle")],
        ),
        ("/account/codes", &[("current", "wrong")]),
        ("/account/second-step", &[("current", "wrong")]),
        ("/login/retype", &[("passphrase", "wrong"), ("next", "/tokens")]),
    ];
    for (path, fields) in forms {
        let browser = service.signs_in().await;
        for _ in 0..4 {
            browser.posts(path, fields).await.expect(422);
        }
        let ended = browser.posts(path, fields).await.expect(401);
        assert!(
            ended.text.contains("cette session a pris fin"),
            "{path}: {}",
            ended.text
        );
        browser.gets("/account").await.expect(303);
    }
    // Together they are five as well, and a weak new passphrase is no wrong one.
    let browser = service.signs_in().await;
    for _ in 0..6 {
        let weak = [("current", PASSPHRASE), ("passphrase", "court")];
        browser.posts("/account/passphrase", &weak).await.expect(422);
    }
    for (path, fields) in forms {
        browser.posts(path, fields).await.expect(422);
    }
    let last = retypes(&browser, &json!({"passphrase": "wrong"})).await;
    assert_eq!(last.error(), (401, "session_ended"));
    service.signs_in().await.gets("/account").await.expect(200);
    service.stop().await;
}

async fn h2_tries_at_once_are_no_more_than_five(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let wrong = json!({"passphrase": "not this one"});
    let answers = futures_util::future::join_all((0..12).map(|_| retypes(&browser, &wrong))).await;
    let told = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert!(told(422) < 5, "{} were compared and told", told(422));
    assert!(told(401) > 0 && told(422) + told(401) + told(503) == answers.len());
    service.stop().await;
}

async fn h2_a_wait_at_the_door_is_told_to_staff_in_their_words(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    service.signs_in().await;
    let wrong = json!({"email": OWNER_EMAIL, "passphrase": "not this one"});
    for (path, words) in [("/login", "Trop d’essais."), ("/login?lang=en", "Too many tries.")] {
        let mut refused = service.post_json(path, &wrong).await;
        for _ in 0..6 {
            if refused.status != 429 {
                refused = service.post_json(path, &wrong).await;
            }
        }
        assert_eq!(refused.error(), (429, "rate_limited"));
        let title = refused.json["title"].as_str().expect("a sentence");
        assert!(title.starts_with(words), "{title}");
    }
    service.stop().await;
}

async fn h2_a_second_step_is_asked_for_as_well(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    browser
        .posts("/account/second-step", &[("current", PASSPHRASE)])
        .await
        .expect(303);
    let page = browser.gets("/account/second-step/confirm").await.expect(200);
    let seed = page.text.split("<code>").nth(1).and_then(|rest| rest.split('<').next());
    let seed = seed.expect("a seed").replace(' ', "");
    let totp = Builder::new()
        .with_secret(Secret::try_from_base32(&seed).expect("base 32"))
        .build_noncompliant();
    let code = || {
        let now = u64::try_from(service.app.clock.now().0 / 1000).expect("after 1970");
        totp.generate(now).to_string()
    };
    browser
        .posts("/account/second-step/confirm", &[("code", &code())])
        .await
        .expect(303);
    service.clock.advance(LATER);
    let form = [("name", "Cron"), ("role", "moderator"), ("site", "faso")];
    let asked = browser.posts("/tokens", &form).await.expect(403);
    assert!(asked.text.contains("name=\"retype_code\""));
    let with = |passphrase: &str, code: &str| {
        let mut fields: Vec<(String, String)> = form
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        fields.push(("retype_passphrase".to_owned(), passphrase.to_owned()));
        fields.push(("retype_code".to_owned(), code.to_owned()));
        fields
    };
    let posts = async |fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        browser.posts("/tokens", &fields).await
    };
    for (passphrase, typed, field) in [
        (PASSPHRASE, "", "retype_code"),
        (PASSPHRASE, "000000", "retype_code"),
        ("not this one", code().as_str(), "retype_passphrase"),
    ] {
        let asked = posts(with(passphrase, typed)).await.expect(422);
        assert!(
            asked.text.contains(&format!("id=\"{field}-error\"")),
            "{field}: {}",
            asked.text
        );
        assert_eq!(values_of(&asked.text, "name"), ["Cron"]);
        assert_eq!(makes_token(&browser).await.error(), (403, "retype_needed"));
    }
    let right = code();
    posts(with(PASSPHRASE, &right)).await.expect(200);
    // The passphrase alone, typed for something else, does not count as both.
    service.clock.advance(LATER);
    let codes = browser
        .posts("/account/codes", &[("current", PASSPHRASE)])
        .await
        .expect(200);
    assert_eq!(makes_token(&browser).await.error(), (403, "retype_needed"));
    // A recovery code stands in for a lost phone, once.
    let spare = codes
        .text
        .split("<li><code>")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    let body = json!({"passphrase": PASSPHRASE, "code": spare.expect("a code")});
    retypes(&browser, &body).await.expect(200);
    makes_token(&browser).await.expect(201);
    service.clock.advance(LATER);
    let used = retypes(&browser, &body).await.expect(422);
    assert_eq!(used.json["errors"][0]["field"], "code");
    service.stop().await;
}

async fn h2_the_door_takes_the_passphrase_again_as_json_and_as_a_form(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    service.clock.advance(LATER);
    let right = json!({"passphrase": PASSPHRASE});
    let nobody = service.post_json("/login/retype", &right).await;
    assert_eq!(nobody.error(), (401, "unauthenticated"));
    let program: Person<'_> = service.owner().await;
    let by_program = program.posts("/login/retype", &right).await;
    assert_eq!(by_program.error(), (403, "forbidden"));
    let foreign = service
        .request(Method::POST, "/login/retype", |request| {
            request
                .header("cookie", &browser.cookie)
                .header("sec-fetch-site", "cross-site")
                .json(&right)
        })
        .await;
    assert_eq!(foreign.error(), (403, "csrf"));
    assert_eq!(makes_token(&browser).await.error(), (403, "retype_needed"));
    for wrong in [
        json!({}),
        json!({"passphrase": ""}),
        json!({"passphrase": "not this one"}),
    ] {
        assert_eq!(retypes(&browser, &wrong).await.error(), (422, "invalid"), "{wrong}");
    }
    assert_eq!(makes_token(&browser).await.error(), (403, "retype_needed"));
    retypes(&browser, &right).await.expect(200);
    makes_token(&browser).await.expect(201);
    service.clock.advance(LATER);
    let asked = browser
        .posts("/login/retype", &[("passphrase", "not this one"), ("next", "/tokens")])
        .await
        .expect(422);
    assert_eq!(values_of(&asked.text, "next"), ["/tokens"]);
    for (next, led) in [("/tokens", "/tokens"), ("//evil.example", "/queue"), ("", "/queue")] {
        let typed = browser
            .posts("/login/retype", &[("passphrase", PASSPHRASE), ("next", next)])
            .await
            .expect(303);
        assert_eq!(typed.header("location"), led);
    }
    makes_token(&browser).await.expect(201);
    // The same passphrase typed in one session says nothing of another.
    service.clock.advance(LATER);
    let other = service.signs_in().await;
    assert_eq!(makes_token(&browser).await.error(), (403, "retype_needed"));
    makes_token(&other).await.expect(201);
    let who = palabre::actions::identify::by_session(
        &service.app,
        browser
            .cookie
            .split("palabre_session=")
            .nth(1)
            .and_then(|rest| rest.split(';').next())
            .expect("a secret"),
    )
    .await
    .expect("in");
    assert!(
        who.rights.at(EVERY_SITE).is_some() && !own_account::has_second_step(&service.app, &who).await.expect("read")
    );
    service.stop().await;
}
