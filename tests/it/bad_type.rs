//! A known field of another JSON type: 422 `bad_type` with its name, and nothing stored. The fields are those of the
//! API's document, so that a new one without its type fails here.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{
    service::{Answer, Person, SITE, Service, comment},
    stores::Storage,
};
use palabre::actions::identify::Role;

crate::stores::on_both_engines!(
    bad_type_is_told_of_every_known_field_of_every_call,
    bad_type_is_told_of_a_whole_body_with_one_wrong_field,
    bad_type_leaves_forms_null_and_unknown_fields_alone,
    f7_null_takes_a_setting_back_or_is_told,
    f7_null_in_a_change_of_a_moderator_is_told,
    f7_null_of_any_call_takes_back_or_is_told_or_is_as_good_as_not_there,
    f7_null_takes_a_threads_title_and_address_back,
);

/// What a field may be, and how deep it stands.
struct Known {
    /// As the answer names it: `captcha.secret`, `decisions[0].version`.
    name: String,
    /// A body that holds this field alone, with that value.
    body: Box<dyn Fn(Value) -> Value>,
    kind: String,
}

/// The wrong values for a field of that JSON type.
fn wrong_for(kind: &str) -> Vec<Value> {
    let all = [
        ("string", json!("7")),
        ("integer", json!(7)),
        ("number", json!(1.5)),
        ("boolean", json!(true)),
        ("array", json!([])),
        ("object", json!({})),
    ];
    let mut wrong: Vec<Value> = all
        .into_iter()
        .filter(|(other, _)| *other != kind && !(kind == "number" && *other == "integer"))
        .map(|(_, value)| value)
        .collect();
    if kind == "array" {
        wrong.extend([json!([7]), json!([null]), json!([[]]), json!(["a", true])]);
    }
    wrong
}

/// The schema behind references and what may be null.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().expect("a name");
        return resolved(document, &document["components"]["schemas"][name]);
    }
    let ways = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    match ways.and_then(|ways| ways.iter().find(|way| way["type"] != "null")) {
        Some(way) => resolved(document, way),
        None => schema,
    }
}

fn kind_of(schema: &Value) -> String {
    let kinds = schema["type"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![schema["type"].clone()]);
    let kind = kinds.iter().find(|kind| **kind != "null").expect("a type");
    kind.as_str().expect("a word").to_owned()
}

fn known(document: &Value, schema: &Value) -> Vec<Known> {
    let schema = resolved(document, schema);
    let mut found = Vec::new();
    for (name, property) in schema["properties"].as_object().expect("properties") {
        let property = resolved(document, property);
        let kind = kind_of(property);
        let own = name.clone();
        if kind == "object" {
            for inner in known(document, property) {
                let own = own.clone();
                found.push(Known {
                    name: format!("{own}.{}", inner.name),
                    kind: inner.kind,
                    body: Box::new(move |value| json!({own.as_str(): (inner.body)(value)})),
                });
            }
        }
        let items = resolved(document, &property["items"]);
        if kind == "array" && items["type"] == "object" {
            for inner in known(document, items) {
                let own = own.clone();
                found.push(Known {
                    name: format!("{own}[0].{}", inner.name),
                    kind: inner.kind,
                    body: Box::new(move |value| json!({own.as_str(): [(inner.body)(value)]})),
                });
            }
        }
        found.push(Known {
            name: own.clone(),
            kind,
            body: Box::new(move |value| json!({own.as_str(): value})),
        });
    }
    found
}

/// All that a wrong call could leave behind.
async fn traces(storage: &Storage) -> Vec<Option<i64>> {
    let mut counts = Vec::new();
    for table in [
        "comments",
        "audit_entries",
        "policies",
        "sites",
        "tokens",
        "accounts",
        "threads",
    ] {
        counts.push(storage.integer(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

#[track_caller]
fn assert_names(answer: &Answer, field: &str, what: &str) {
    assert_eq!(answer.error(), (422, "bad_type"), "{what}: {}", answer.text);
    let errors = answer.json["errors"].as_array().expect("errors");
    let own = errors.iter().find(|error| error["field"] == field);
    let own = own.unwrap_or_else(|| panic!("{what}: {field} is named in {}", answer.text));
    assert_eq!(own["code"], "bad_type");
    assert!(!own["message"].as_str().expect("a sentence").contains('_'), "{own}");
}

async fn bad_type_is_told_of_every_known_field_of_every_call(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let (account, _) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let sent = service.reader().submits(&comment("Là")).await.expect(202);
    let receipt = sent.json["receipt"].as_str().expect("a receipt").to_owned();
    owner.decides(&sent.id(), "approve").await.expect(200);
    let waiting = service.plants(service.seed()).await;
    let before = traces(storage).await;
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    let (mut calls, mut fields) = (0, 0);
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue;
            }
            calls += 1;
            let about = if path.ends_with("/report") {
                sent.id()
            } else {
                waiting.to_string()
            };
            let address = path
                .replace("{site}", "faso")
                .replace("{id}", &about)
                .replace("{action}", "approve")
                .replace("{account}", &account.to_string())
                .replace("{thread}", "a")
                .replace("{receipt}", &receipt)
                .replace("{n}", "1");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            for known in known(&document, schema) {
                fields += 1;
                for value in wrong_for(&known.kind) {
                    let body = (known.body)(value);
                    let answer = owner.sends(&method, &address, &body).await;
                    assert_names(&answer, &known.name, &format!("{method} {address} {body}"));
                }
            }
        }
    }
    assert!(calls >= 15 && fields >= 80, "{calls} calls, {fields} fields");
    assert_eq!(traces(storage).await, before, "nothing was stored");
    service.stop().await;
}

async fn bad_type_is_told_of_a_whole_body_with_one_wrong_field(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let before = traces(storage).await;
    for (method, path, body, field, value) in [
        ("POST", "/api/v1/sites/faso/comments", comment("Là"), "body", json!(7)),
        (
            "POST",
            "/api/v1/sites/faso/comments",
            comment("Là"),
            "lang",
            json!(["fr"]),
        ),
        (
            "POST",
            "/api/v1/sites/faso/comments",
            comment("Là"),
            "subject",
            json!(false),
        ),
        (
            "POST",
            "/api/v1/sites",
            json!({"id": "neuf", "name": "Neuf"}),
            "body_max",
            json!("900"),
        ),
        (
            "POST",
            "/api/v1/sites",
            json!({"id": "neuf", "name": "Neuf"}),
            "captcha",
            json!("house"),
        ),
        (
            "POST",
            "/api/v1/tokens",
            json!({"role": "owner", "site": "faso"}),
            "expires",
            json!("30"),
        ),
        (
            "POST",
            "/api/v1/tokens",
            json!({"role": "owner", "site": "faso"}),
            "all_sites",
            json!("yes"),
        ),
        (
            "POST",
            "/api/v1/moderators",
            json!({"role": "owner", "site": "faso", "name": "Ali", "email": "ali@example.org"}),
            "sites",
            json!("faso"),
        ),
        (
            "POST",
            "/api/v1/sites/faso/captcha/policies",
            json!({"base": 0, "cuts": {"publish_from": 0.5}}),
            "base",
            json!("0"),
        ),
        (
            "PUT",
            "/api/v1/sites/faso/threads/a",
            json!({"title": "T"}),
            "open",
            json!("false"),
        ),
    ] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut wrong = body.clone();
        wrong[field] = value;
        assert_names(
            &owner.sends(&method, path, &wrong).await,
            field,
            &format!("{method} {path} {wrong}"),
        );
    }
    let two = json!({"name": 7, "captcha": {"second": {"secret": []}}, "body_max": "x"});
    let answer = owner.sends(&Method::PATCH, "/api/v1/sites/faso", &two).await;
    let errors = answer.json["errors"].as_array().expect("errors");
    let names: Vec<&Value> = errors.iter().map(|error| &error["field"]).collect();
    assert_eq!(names, ["name", "body_max", "captcha.second.secret"], "all at once");
    assert_eq!(traces(storage).await, before, "nothing was stored");
    // Pages read JSON too.
    for (path, field) in [
        ("/login", "email"),
        ("/login/recovery", "email"),
        ("/invitation", "code"),
    ] {
        let mut body = Map::new();
        body.insert(field.to_owned(), json!(7));
        let answer = service.post_json(path, &Value::Object(body)).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.text);
    }
    service.stop().await;
}

async fn bad_type_leaves_forms_null_and_unknown_fields_alone(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let form = [
        ("comment_post_ID", "12"),
        ("comment_parent", ""),
        ("author", "Awa"),
        ("email", "awa@example.org"),
        ("comment", "7"),
    ];
    let sent = service
        .request(Method::POST, "/api/v1/sites/faso/comments", |request| {
            request.header("origin", "https://faso.test").form(&form)
        })
        .await
        .expect(202);
    let item = owner.gets(&format!("/api/v1/comments/{}", sent.id())).await.expect(200);
    assert_eq!((&item.json["thread"], &item.json["body"]), (&json!("12"), &json!("7")));
    let mut fields = comment("Encore");
    for name in ["parent", "captcha", "lang", "device"] {
        fields[name] = Value::Null;
    }
    fields["score"] = json!({"deep": [1, 2]});
    service.reader().submits(&fields).await.expect(202);
    let nothing = json!({"body_max": null, "unknown": {"name": 7}});
    owner
        .sends(&Method::PATCH, "/api/v1/sites/faso", &nothing)
        .await
        .expect(200);
    service.stop().await;
}

/// `{"captcha":{"second":null}}` for `captcha.second`.
fn null_at(key: &str) -> Value {
    key.rsplit('.').fold(Value::Null, |inner, part| json!({ part: inner }))
}

/// A site of which all is set, but for its id.
fn whole_site() -> Value {
    json!({
    "name": "Les Quais", "language": "en", "time_zone": "Africa/Ouagadougou",
        "origins": ["https://quais.test"], "moderation": "after", "threads": "signed", "body_max": 900,
        "cdn_max_age": 7,
        "captcha": {
            "provider": "recaptcha_enterprise", "site_key": "k", "secret": "s", "project": "p",
            "recaptcha_net": true, "send_address": true, "feedback": true, "consent": "focus", "action": "reply",
            "hostnames": ["autre.test"], "verify_url": "https://check.example.org/verify",
            "second": {"provider": "turnstile", "site_key": "k2", "secret": "s2",
                "verify_url": "https://check.example.org/second"},
        },
    })
}

async fn f7_null_takes_a_setting_back_or_is_told(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let keys = palabre::actions::sites::keys().chain(["captcha", "captcha.second"]);
    for (number, key) in keys.enumerate() {
        let id = format!("quais-{number}");
        let mut site = whole_site();
        site["id"] = json!(id);
        owner.posts("/api/v1/sites", &site).await.expect(201);
        let path = format!("/api/v1/sites/{id}");
        let before = owner.gets(&path).await.expect(200).json;
        let answer = owner.sends(&Method::PATCH, &path, &null_at(key)).await;
        let after = owner.gets(&path).await.expect(200).json;
        match answer.status.as_u16() {
            200 => assert_ne!(before, after, "{key}: done, and not done"),
            422 => assert_eq!(before, after, "{key}"),
            other => panic!("{key}: {other} {}", answer.text),
        }
        assert_eq!(
            answer.text.contains("bad_type"),
            key == "captcha",
            "{key}: {}",
            answer.text
        );
        if key == "captcha.second" {
            assert_eq!(answer.status, 200);
            assert_eq!(after["captcha"]["second"], Value::Null);
            assert_eq!(after["captcha"]["site_key"], "k", "the first stays");
            let stored = service.app.store.stored_site(&id).await.expect("read").expect("there");
            assert!(stored.secrets.second.is_none() && stored.secrets.first.is_some());
            let both = json!({"name": "Autre", "captcha": null});
            assert_names(
                &owner.sends(&Method::PATCH, &path, &both).await,
                "captcha",
                "beside another",
            );
            assert_eq!(
                owner.gets(&path).await.json["name"],
                "Les Quais",
                "nothing is half done"
            );
        }
    }
    // A new site has its defaults where null stands.
    for (id, captcha) in [
        ("neuf", Value::Null),
        ("neuf-2", json!({"second": null, "secret": null})),
    ] {
        let made = json!({"id": id, "name": null, "captcha": captcha});
        let made = owner.posts("/api/v1/sites", &made).await.expect(201);
        assert_eq!(made.json["captcha"]["provider"], "house");
    }
    service.stop().await;
}

async fn f7_null_in_a_change_of_a_moderator_is_told(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let (account, _) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let path = format!("/api/v1/moderators/{account}");
    let before = owner.gets("/api/v1/moderators").await.expect(200).text;
    for (body, field, code) in [
        (json!({"role": "owner"}), "site", "site_missing"),
        (json!({"role": null}), "site", "site_missing"),
        (json!({"role": "king", "disabled": true}), "site", "site_missing"),
        (json!({"site": "", "role": "owner"}), "site", "site_missing"),
        (json!({"site": "faso"}), "role", "role_missing"),
        (json!({"site": "faso", "disabled": true}), "role", "role_missing"),
        (json!({"site": "faso", "role": "king"}), "role", "role_bad"),
        (json!({}), "role", "change_missing"),
        (json!({"sites": ["faso"], "name": "Issa"}), "role", "change_missing"),
    ] {
        let answer = owner.sends(&Method::PATCH, &path, &body).await.expect(422);
        let error = &answer.json["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code)),
            "{body}"
        );
        assert!(
            error["message"].as_str().is_some_and(|message| message.contains(' ')),
            "{body}: {error}"
        );
    }
    let after = owner.gets("/api/v1/moderators").await.expect(200).text;
    assert_eq!(before, after, "nothing is changed");
    for (body, field) in [
        (json!({"disabled": null}), "disabled"),
        (json!({"site": null, "role": null}), "site"),
        (json!({"role": null}), "role"),
        (json!({"site": "faso", "role": null, "disabled": null}), "disabled"),
    ] {
        let answer = owner.sends(&Method::PATCH, &path, &body).await;
        assert_names(&answer, field, &body.to_string());
    }
    service.stop().await;
}

/// A body without the nulls in it.
fn without_null(body: &Value) -> Value {
    match body {
        Value::Object(fields) => {
            let there = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(name, value)| (name.clone(), without_null(value))).collect())
        }
        Value::Array(list) => list.iter().map(without_null).collect(),
        other => other.clone(),
    }
}

/// What an answer says of its call: status, code and the fields that are wrong.
fn said(answer: &Answer) -> (u16, Value, Vec<Value>) {
    let errors = answer.json["errors"].as_array().cloned().unwrap_or_default();
    let of = |error: &Value| json!([error["field"], error["code"]]);
    (
        answer.status.as_u16(),
        answer.json["code"].clone(),
        errors.iter().map(of).collect(),
    )
}

/// Walks the API's document, so that a new call and a new field are looked at by themselves. A call that changes
/// something says by its answer what is so now: null that is taken must be seen there, in the field it was sent in.
async fn f7_null_of_any_call_takes_back_or_is_told_or_is_as_good_as_not_there(storage: &Storage) {
    let config = format!("{SITE}[rate_limit]\nenabled = false\n");
    let service = Service::start(storage, &config).await;
    let owner = service.owner().await;
    let (account, _) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let sent = service.reader().submits(&comment("Là")).await.expect(202);
    let receipt = sent.json["receipt"].as_str().expect("a receipt").to_owned();
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    let (mut changes, mut others) = (0, 0);
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue;
            }
            let is_change = matches!(method.as_str(), "put" | "patch");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            for known in known(&document, schema) {
                let body = (known.body)(Value::Null);
                let what = format!("{method} {path} {body}");
                if !is_change {
                    others += 1;
                    let mut answers = Vec::new();
                    for (body, letter) in [(without_null(&body), 'a'), (body, 'b')] {
                        // A site for each, because some calls do a thing once.
                        let mut site = "faso".to_owned();
                        if path.contains("/captcha/") {
                            site = format!("rive-{letter}-{others}");
                            let made = json!({"id": site, "name": "La Rive"});
                            owner.posts("/api/v1/sites", &made).await.expect(201);
                        }
                        let address = path
                            .replace("{site}", &site)
                            .replace("{id}", &sent.id())
                            .replace("{action}", "approve")
                            .replace("{receipt}", &receipt)
                            .replace("{n}", "1");
                        answers.push(owner.sends(&method, &address, &body).await);
                    }
                    let (bare, with_null) = (&answers[0], &answers[1]);
                    assert_eq!(said(with_null), said(bare), "{what}: {}", with_null.text);
                    continue;
                }
                changes += 1;
                let address = whole(&owner, path, account, changes).await;
                let before = owner.sends(&method, &address, &json!({})).await;
                let after = owner.sends(&method, &address, &body).await;
                if after.status == 422 {
                    continue;
                }
                assert!(after.status.is_success(), "{what}: {}", after.text);
                let place = format!("/{}", known.name.replace('.', "/"));
                let (was, is) = (before.json.pointer(&place), after.json.pointer(&place));
                // A secret is never answered: whether there is one is.
                let has_changed = if known.name.ends_with("secret") {
                    before.json["captcha"] != after.json["captcha"]
                } else {
                    was.is_some_and(|was| !was.is_null()) && was != is
                };
                assert!(has_changed, "{what}: taken, and {was:?} is {is:?} as before");
            }
        }
    }
    assert!(changes >= 30 && others >= 60, "{changes} of changes, {others} others");
    service.stop().await;
}

/// The address of something of which all is set.
async fn whole(owner: &Person<'_>, path: &str, account: uuid::Uuid, number: usize) -> String {
    match path {
        "/api/v1/sites/{site}" => {
            let id = format!("rives-{number}");
            let mut site = whole_site();
            site["id"] = json!(id);
            owner.posts("/api/v1/sites", &site).await.expect(201);
            format!("/api/v1/sites/{id}")
        }
        "/api/v1/sites/{site}/threads/{thread}" => {
            let address = format!("/api/v1/sites/faso/threads/fil-{number}");
            let said = json!({"title": "Le fil", "url": "https://faso.test/fil", "open": false});
            owner.sends(&Method::PUT, &address, &said).await.expect(200);
            address
        }
        "/api/v1/moderators/{account}" => format!("/api/v1/moderators/{account}"),
        other => panic!("{other}: say here how to make one of which all is set"),
    }
}

async fn f7_null_takes_a_threads_title_and_address_back(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let path = "/api/v1/sites/faso/threads/%2Farticle";
    let puts = async |body: Value| owner.sends(&Method::PUT, path, &body).await;
    let said = json!({"title": "Le fil", "url": "https://faso.test/fil", "open": false});
    puts(said).await.expect(200);
    let untitled = puts(json!({"title": null})).await.expect(200).json;
    assert_eq!(
        untitled,
        json!({"key": "/article", "title": null, "url": "https://faso.test/fil", "open": false})
    );
    assert_names(&puts(json!({"url": null, "open": null})).await, "open", "with another");
    let same = puts(json!({})).await.expect(200).json;
    assert_eq!(same, untitled, "nothing is half done");
    let bare = puts(json!({"url": null, "open": true})).await.expect(200).json;
    assert_eq!(
        bare,
        json!({"key": "/article", "title": null, "url": null, "open": true})
    );
    // As before anything was said, the next comment that is approved names it.
    let mut fields = comment("Bonjour");
    fields["thread_title"] = json!("D’une page");
    let sent = service.reader().submits(&fields).await.expect(202);
    owner.decides(&sent.id(), "approve").await.expect(200);
    assert_eq!(puts(json!({})).await.json["title"], "D’une page");
    // A thread that is not there yet takes it as well.
    let other = "/api/v1/sites/faso/threads/autre";
    let made = owner
        .sends(&Method::PUT, other, &json!({"title": null, "url": null}))
        .await;
    assert_eq!(made.expect(200).json["open"], true);
    service.stop().await;
}
