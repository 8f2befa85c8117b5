//! What an owner of one site may set, and where it reaches: the table that SECURITY.md's sentence stands on.
//!
//! Each row is really set, by an owner of `quais` alone, by the API, by its page and by a program's token where there is
//! one; after each the neighbours of `rives` get what they got before, bar what belongs to the moment (tokens, times). A
//! key, a call or a page without its row fails.

use std::collections::BTreeSet;

use palabre::{
    actions::{identify::Role, sites},
    domain::captcha::ProviderId,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service::{Browser, Person, SITE, Service, comment},
    stores::Storage,
};

crate::stores::on_both_engines!(
    tenants_each_setting_reaches_its_own_site_alone,
    tenants_each_act_reaches_its_own_site_alone,
    tenants_an_offer_to_a_neighbours_account_reaches_ones_own_site_alone,
    tenants_pages_reach_their_own_site_alone,
    tenants_a_name_in_another_site_is_not_there,
    tenants_a_provider_that_fails_for_one_is_still_asked_for_the_other,
);

/// Where a setting can reach, of its own site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// What readers of the site's own pages get.
    Pages,
    /// Calls to others' servers about the site's own comments.
    Calls,
    /// The site's own newsroom.
    Newsroom,
}

/// Every key of a site's settings: values that are taken, and where they reach. The file's are the operator's alone.
fn settings() -> Vec<(&'static str, Reach, Vec<Value>)> {
    use Reach::{Calls, Newsroom, Pages};
    let providers = |fits: fn(&ProviderId) -> bool| -> Vec<Value> {
        let fitting = ProviderId::ALL.iter().copied().filter(fits);
        fitting.map(|id| json!(id.as_str())).collect()
    };
    vec![
        ("name", Pages, vec![json!("Les Rives"), json!("<b>x</b>")]),
        ("language", Pages, vec![json!("ar"), json!("en")]),
        ("time_zone", Newsroom, vec![json!("Africa/Dakar")]),
        // Another's origin, and the service's own.
        (
            "origins",
            Pages,
            vec![
                json!(["https://rives.test"]),
                json!(["https://faso.test", "http://127.0.0.1"]),
            ],
        ),
        ("moderation", Pages, vec![json!("after")]),
        ("threads", Pages, vec![json!("signed"), json!("open")]),
        ("body_max", Pages, vec![json!(1), json!(20_000)]),
        ("cdn_max_age", Pages, vec![json!(86_400)]),
        ("captcha.provider", Pages, providers(|id| !id.needs_address())),
        (
            "captcha.site_key",
            Pages,
            vec![json!("'; script-src *"), json!("rives")],
        ),
        ("captcha.secret", Calls, vec![json!("s")]),
        (
            "captcha.verify_url",
            Calls,
            vec![json!("https://check.example.org/siteverify")],
        ),
        ("captcha.project", Calls, vec![json!("another-project")]),
        ("captcha.recaptcha_net", Pages, vec![json!(true)]),
        ("captcha.send_address", Calls, vec![json!(true)]),
        ("captcha.feedback", Calls, vec![json!(true)]),
        ("captcha.consent", Pages, vec![json!("focus"), json!("ask")]),
        ("captcha.action", Pages, vec![json!("rives")]),
        ("captcha.hostnames", Calls, vec![json!(["rives.test", "127.0.0.1"])]),
        ("captcha.second.provider", Pages, providers(|id| id.is_interactive())),
        ("captcha.second.site_key", Pages, vec![json!("'; script-src *")]),
        ("captcha.second.secret", Calls, vec![json!("s")]),
        (
            "captcha.second.verify_url",
            Calls,
            vec![json!("https://check.example.org/siteverify")],
        ),
    ]
}

/// The change of one key, with what it cannot stand without.
fn change_of(key: &str, value: &Value) -> Value {
    let mut captcha = json!({"site_key": "k", "secret": "s", "project": "p"});
    let mut second = json!({"provider": "turnstile", "site_key": "k", "secret": "s"});
    if key == "captcha.verify_url" {
        captcha["provider"] = json!("friendly");
    }
    if let Some(inner) = key.strip_prefix("captcha.second.") {
        second[inner] = value.clone();
        return json!({"captcha": {"second": second}});
    }
    if let Some(inner) = key.strip_prefix("captcha.") {
        captcha[inner] = value.clone();
        return json!({"captcha": captcha});
    }
    json!({key: value})
}

/// Everything that changes something and is no reader's, with the body that an owner of `quais` sends.
const CALLS: [(&str, &str, Reach); 19] = [
    ("POST", "/api/v1/comments/{id}/{action}", Reach::Pages),
    ("POST", "/api/v1/moderation/decisions", Reach::Pages),
    ("POST", "/api/v1/moderation/bulk", Reach::Pages),
    ("POST", "/api/v1/moderation/bulk/{id}/undo", Reach::Pages),
    ("POST", "/api/v1/moderation/leases", Reach::Newsroom),
    ("PUT", "/api/v1/sites/{site}/threads/{thread}", Reach::Pages),
    ("POST", "/api/v1/sites/{site}/captcha/preview", Reach::Newsroom),
    ("POST", "/api/v1/sites/{site}/captcha/policies", Reach::Pages),
    ("POST", "/api/v1/sites/{site}/captcha/policies/{n}/revert", Reach::Pages),
    ("POST", "/api/v1/sites/{site}/captcha/test", Reach::Calls),
    ("POST", "/api/v1/sites", Reach::Newsroom),
    ("PATCH", "/api/v1/sites/{site}", Reach::Pages),
    ("POST", "/api/v1/moderators", Reach::Newsroom),
    ("POST", "/api/v1/moderators/invite", Reach::Newsroom),
    ("PATCH", "/api/v1/moderators/{account}", Reach::Newsroom),
    ("DELETE", "/api/v1/moderators/{account}", Reach::Newsroom),
    ("POST", "/api/v1/moderators/{account}/link", Reach::Newsroom),
    ("POST", "/api/v1/tokens", Reach::Newsroom),
    ("DELETE", "/api/v1/tokens/{token}", Reach::Newsroom),
];

/// Calls about nobody but the caller.
const ONES_OWN: [(&str, &str); 6] = [
    ("DELETE", "/api/v1/sessions"),
    ("DELETE", "/api/v1/sessions/{session}"),
    ("POST", "/login"),
    ("POST", "/login/code"),
    ("POST", "/logout"),
    ("POST", "/login/retype"),
];

/// The neighbours, and the owner who wants more.
struct Street<'a> {
    service: &'a Service,
    /// Of `rives`.
    neighbour: Person<'a>,
    /// Of `quais`, at a browser.
    browser: Browser<'a>,
    /// Of `quais`, a program's.
    token: Person<'a>,
}

async fn street(service: &Service) -> Street<'_> {
    let owner = service.owner().await;
    for (id, name) in [("quais", "Les Quais"), ("rives", "Les Rives")] {
        let site = json!({"id": id, "name": name, "origins": [format!("https://{id}.test")],
            "captcha": {"second": {"provider": "turnstile", "site_key": "k", "secret": "s"}}});
        owner.posts("/api/v1/sites", &site).await.expect(201);
        let sent = service
            .request(Method::POST, &format!("/api/v1/sites/{id}/comments"), |request| {
                request
                    .header("origin", format!("https://{id}.test"))
                    .json(&comment("Premier"))
            })
            .await
            .expect(202);
        owner.decides(&sent.id(), "approve").await.expect(200);
        let waiting = service
            .request(Method::POST, &format!("/api/v1/sites/{id}/comments"), |request| {
                request
                    .header("origin", format!("https://{id}.test"))
                    .json(&comment("En attente"))
            })
            .await;
        waiting.expect(202);
        let policy = json!({"base": 0, "cuts": {"publish_from": 0.9}, "confirm": id});
        owner
            .posts(&format!("/api/v1/sites/{id}/captcha/policies"), &policy)
            .await
            .expect(201);
    }
    service.signs_in().await;
    let (_, link) = service
        .invites("Quentin", "quentin@example.org", Role::Owner, &["quais"])
        .await;
    service
        .invites("Rita", "rita@example.org", Role::Moderator, &["rives"])
        .await;
    Street {
        browser: service.accepts(&link).await,
        token: service.person("Programme", Role::Owner, &["quais"]).await,
        neighbour: service.person("Rosa", Role::Owner, &["rives"]).await,
        service,
    }
}

impl Street<'_> {
    /// All that readers and owners of `rives` get, without what is another at each request.
    async fn what_neighbours_get(&self) -> Vec<String> {
        let mut seen = Vec::new();
        for path in [
            "/api/v1/sites/rives",
            "/api/v1/sites",
            "/api/v1/sites/rives/captcha/policies",
            "/api/v1/sites/rives/captcha/evidence",
            "/api/v1/sites/rives/captcha/defence",
            "/api/v1/moderation/queue",
            "/api/v1/moderation/counts",
            "/api/v1/moderation/audit",
            "/api/v1/moderators",
            "/api/v1/tokens",
            "/api/v1/sites/rives/comments?thread=/article",
            "/api/v1/sites/rives/counts?thread=/article",
            "/t/rives/feed.atom",
            "/t/rives/fragment?thread=/article",
        ] {
            let answer = self.neighbour.gets(path).await.expect(200);
            seen.push(format!(
                "{path}: {} {}",
                answer.header("content-security-policy"),
                answer.text
            ));
        }
        let mut form = self
            .service
            .get("/api/v1/sites/rives/form?thread=/article")
            .await
            .expect(200)
            .json;
        form["form"] = Value::Null;
        form["captcha"]["challenge"] = Value::Null;
        seen.push(form.to_string());
        let page = self.service.get("/t/rives?thread=/article").await.expect(200);
        seen.push(page.header("content-security-policy").to_owned());
        for origin in ["https://quais.test", "https://rives.test", "https://faso.test"] {
            let shared = self
                .service
                .request(Method::GET, "/api/v1/sites/rives/counts?thread=a", |request| {
                    request.header("origin", origin)
                })
                .await;
            seen.push(format!("{origin}: {}", shared.header("access-control-allow-origin")));
        }
        // A submission of the same kind meets the same rules.
        let sent = self
            .service
            .request(Method::POST, "/api/v1/sites/rives/comments", |request| {
                request.header("origin", "https://rives.test").json(&json!({}))
            })
            .await;
        seen.push(sent.json["errors"].to_string());
        seen
    }

    async fn patches(&self, path: &str, body: &Value) -> u16 {
        let answer = self
            .service
            .request(Method::PATCH, path, |request| {
                request
                    .header("cookie", &self.browser.cookie)
                    .header("sec-fetch-site", "same-origin")
                    .json(body)
            })
            .await;
        answer.status.as_u16()
    }
}

#[track_caller]
fn assert_same(before: &[String], after: &[String], what: &str) {
    for (before, after) in before.iter().zip(after) {
        assert_eq!(before, after, "after {what}");
    }
}

async fn tenants_each_setting_reaches_its_own_site_alone(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let street = street(&service).await;
    let rows = settings();
    let named: BTreeSet<&str> = rows.iter().map(|(key, ..)| *key).collect();
    let all: BTreeSet<&str> = sites::keys().collect();
    assert_eq!(named, all, "every key has its row");
    let before = street.what_neighbours_get().await;
    for (key, reach, values) in rows {
        for value in values {
            let body = change_of(key, &value);
            let what = format!("{key} = {value} ({reach:?})");
            assert_eq!(street.patches("/api/v1/sites/quais", &body).await, 200, "{what}");
            // What the row says to be nobody else's really is in force, on its own site.
            let own = street.token.gets("/api/v1/sites/quais").await.expect(200);
            let pointer = format!("/{}", key.replace('.', "/"));
            if !key.ends_with("secret") && !key.ends_with("origins") && !key.ends_with("verify_url") {
                assert_eq!(own.json.pointer(&pointer), Some(&value), "{what}");
            }
            let page = service.get("/t/quais?thread=/article").await.expect(200);
            let policy = page.header("content-security-policy");
            assert!(
                !policy.contains("script-src *") && !policy.contains("check.example.org"),
                "{what}: {policy}"
            );
            // The neighbour's settings are not theirs to change by the same call.
            assert_eq!(street.patches("/api/v1/sites/rives", &body).await, 404, "{what}");
            assert_eq!(street.patches("/api/v1/sites/faso", &body).await, 404, "{what}");
            // By the page, and back.
            let (group, field) = (key.rsplit('.').next().unwrap_or(key), sites::field_of(key));
            let typed = match &value {
                Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
                Value::Bool(answer) => if *answer { "yes" } else { "no" }.to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let secret = if key.starts_with("captcha.second.") {
                "second_secret"
            } else {
                "secret"
            };
            let posted = [(field, typed.as_str()), (secret, "s")];
            let saved = street.browser.posts("/sites/quais/settings", &posted).await;
            assert!(
                matches!(saved.status.as_u16(), 303 | 422),
                "{what} {group}: {}",
                saved.text
            );
            let other = street.browser.posts("/sites/rives/settings", &posted).await;
            assert_eq!(other.status, 404, "{what}");
        }
        assert_same(&before, &street.what_neighbours_get().await, key);
    }
    service.stop().await;
}

#[expect(clippy::too_many_lines, reason = "a table and its walk")]
async fn tenants_each_act_reaches_its_own_site_alone(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let street = street(&service).await;
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    let mut all = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            if method != "get" && operation["tags"][0] != "readers" {
                all.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    let rows = CALLS.iter().map(|(method, path, _)| (*method, *path)).chain(ONES_OWN);
    let named: BTreeSet<(String, String)> = rows.map(|(m, p)| (m.to_owned(), p.to_owned())).collect();
    assert_eq!(named, all, "every call that changes something has its row");

    let owner = service.owner().await;
    let of_site = async |site: &str| {
        let queue = owner
            .gets(&format!("/api/v1/moderation/queue?site={site}"))
            .await
            .expect(200);
        queue.json["items"][0]["id"].as_str().expect("one waits").to_owned()
    };
    let (own_comment, other_comment) = (of_site("quais").await, of_site("rives").await);
    let (helper, _) = service
        .invites("Hawa", "hawa@example.org", Role::Moderator, &["quais"])
        .await;
    let team = owner.gets("/api/v1/moderators").await.expect(200);
    let account_of = |email: &str| {
        let list = team.json["moderators"].as_array().expect("a list");
        let found = list.iter().find(|account| account["email"] == email);
        found.expect("there")["id"].as_str().expect("an id").to_owned()
    };
    let rita = account_of("rita@example.org");
    let tokens = owner.gets("/api/v1/tokens").await.expect(200);
    let token_of = |name: &str| {
        let list = tokens.json["tokens"].as_array().expect("a list");
        list.iter().find(|token| token["name"] == name).expect("there")["id"].clone()
    };
    let (own_token, other_token) = (token_of("Programme"), token_of("Rosa"));
    let before = street.what_neighbours_get().await;
    for (method, path, reach) in CALLS {
        // Once about one's own, once about the neighbour's: the same call, the same body.
        for is_own in [true, false] {
            let (site, comment_id) = if is_own {
                ("quais", &own_comment)
            } else {
                ("rives", &other_comment)
            };
            let account = if is_own { helper.to_string() } else { rita.clone() };
            let token = if is_own { &own_token } else { &other_token };
            let address = path
                .replace("{site}", site)
                .replace("{id}", comment_id)
                .replace("{action}", "approve")
                .replace("{thread}", "%2Farticle")
                .replace("{n}", "1")
                .replace("{account}", &account)
                .replace("{token}", token.as_str().expect("an id"));
            let body = match path.rsplit("/v1/").next().expect("a path") {
                "moderation/decisions" => {
                    json!({"decisions": [{"key": site, "comment": comment_id, "action": "spam"}]})
                }
                "moderation/bulk" => {
                    json!({"filter": {"site": site, "status": "spam"}, "action": "approve", "expect": 1})
                }
                "moderation/leases" => json!({"comment": comment_id}),
                "sites/{site}/threads/{thread}" => json!({"title": "Pris", "open": false}),
                "sites/{site}/captcha/preview" => json!({"cuts": {"publish_from": 0.1}}),
                "sites/{site}/captcha/policies" => {
                    json!({"base": 1, "cuts": {"refuse_below": 0.9, "step_up_below": 0.9, "publish_from": 0.95},
                        "confirm": site})
                }
                "sites/{site}/captcha/policies/{n}/revert" => json!({"base": 2}),
                "sites" => json!({"id": "neuf", "name": "Neuf"}),
                "sites/{site}" => json!({"name": "Pris", "body_max": 1}),
                "moderators" | "moderators/invite" => {
                    json!({"name": "Ami", "email": format!("{site}@friends.example"), "role": "moderator", "site": site})
                }
                "moderators/{account}" => json!({"site": site, "role": "moderator"}),
                "tokens" => json!({"name": "Autre", "role": "moderator", "site": site, "expires": 1}),
                _ => json!({}),
            };
            let what = format!("{method} {address} {body} ({reach:?})");
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            // The own token is ended by its row, so a browser asks.
            let answer = service
                .request(method, &address, |request| {
                    request
                        .header("cookie", &street.browser.cookie)
                        .header("sec-fetch-site", "same-origin")
                        .json(&body)
                })
                .await;
            let status = answer.status.as_u16();
            if path == "/api/v1/sites" {
                assert_eq!(status, 403, "{what}");
            } else if is_own {
                // 403: what asks for the passphrase first, or is no tenant's at all, is none of this test's.
                assert!(status < 500, "{what}: {}", answer.text);
            } else if path == "/api/v1/moderation/decisions" {
                assert_eq!(answer.json["results"][0]["result"], "not_found", "{what}");
            } else {
                assert!(matches!(status, 403 | 404), "{what}: {status} {}", answer.text);
            }
            assert!(
                !answer.text.contains("Rita") && !answer.text.contains("rives.test"),
                "{what}"
            );
            assert_same(&before, &street.what_neighbours_get().await, &what);
        }
    }
    service.stop().await;
}

/// A role on one's own site may be offered to anybody's e-mail: the neighbour's newsroom learns and loses nothing, also
/// where the account has not come in yet.
async fn tenants_an_offer_to_a_neighbours_account_reaches_ones_own_site_alone(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let street = street(&service).await;
    let (_, link) = service
        .invites("Rémi", "remi@example.org", Role::Moderator, &["rives"])
        .await;
    service.accepts(&link).await;
    let before = street.what_neighbours_get().await;
    for email in ["rita@example.org", "remi@example.org"] {
        for path in ["/api/v1/moderators", "/api/v1/moderators/invite", "/moderators"] {
            let fields = [("name", "Ami"), ("email", email), ("role", "owner"), ("site", "quais")];
            let what = format!("{path} {email}");
            let given = if path == "/moderators" {
                street.browser.posts(path, &fields).await
            } else {
                let body: serde_json::Map<String, Value> = fields
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), json!(value)))
                    .collect();
                street.browser.sends(&Method::POST, path, &Value::Object(body)).await
            };
            assert!(
                matches!(given.status.as_u16(), 200 | 201 | 303),
                "{what}: {}",
                given.text
            );
            assert!(!given.text.contains("rives"), "{what}: {}", given.text);
            assert_same(&before, &street.what_neighbours_get().await, &what);
        }
        let team = street.browser.gets("/api/v1/moderators").await.expect(200);
        assert!(!team.text.contains("rives"), "{}", team.text);
        let list = team.json["moderators"].as_array().expect("a list");
        let account = list.iter().find(|person| person["email"] == email).expect("listed");
        let address = format!("/api/v1/moderators/{}", account["id"].as_str().expect("an id"));
        for (method, path, body) in [
            (
                Method::PATCH,
                address.clone(),
                json!({"site": "quais", "role": "moderator"}),
            ),
            (Method::PATCH, address.clone(), json!({"disabled": true})),
            (Method::POST, format!("{address}/link"), json!({})),
            (Method::PATCH, address.clone(), json!({"site": "quais", "role": null})),
            (Method::POST, format!("{address}/link"), json!({})),
            (Method::DELETE, address.clone(), json!({})),
        ] {
            let answer = street.browser.sends(&method, &path, &body).await;
            assert!(
                answer.status.as_u16() < 500 && !answer.text.contains("rives"),
                "{method} {path}"
            );
            assert_same(
                &before,
                &street.what_neighbours_get().await,
                &format!("{method} {path} {body}"),
            );
        }
    }
    service.stop().await;
}

async fn tenants_pages_reach_their_own_site_alone(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let street = street(&service).await;
    // Every form of staff, from the routes; those of the door and of one's own account are about nobody else.
    let routes = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/mod.rs")).expect("the routes");
    let mut posted = BTreeSet::new();
    for route in routes.split(".route(").skip(1) {
        let (path, handlers) = route.split_once(',').expect("a route");
        let path = path.trim().trim_matches('"');
        let handlers = handlers.split(".route(").next().unwrap_or_default();
        let is_staffs = handlers.contains("post(");
        let is_ones_own = ["/login", "/logout", "/invitation", "/setup", "/account", "/t/", "/r/"];
        if is_staffs && !is_ones_own.iter().any(|prefix| path.starts_with(prefix)) {
            posted.insert(path.to_owned());
        }
    }
    let owner = service.owner().await;
    let queue = owner.gets("/api/v1/moderation/queue?site=rives").await.expect(200);
    let waiting = queue.json["items"][0]["id"].as_str().expect("one waits").to_owned();
    let team = owner.gets("/api/v1/moderators").await.expect(200);
    let list = team.json["moderators"].as_array().expect("a list");
    let rita = list
        .iter()
        .find(|account| account["email"] == "rita@example.org")
        .expect("there");
    let rita = rita["id"].as_str().expect("an id").to_owned();
    let tokens = owner.gets("/api/v1/tokens").await.expect(200);
    let rosa = tokens.json["tokens"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|token| token["name"] == "Rosa");
    let rosa = rosa.expect("there")["id"].as_str().expect("an id").to_owned();
    let rows: [(&str, &[(&str, &str)]); 16] = [
        ("/sites", &[("id", "neuf"), ("name", "Neuf")]),
        ("/sites/{site}/settings", &[("name", "Pris")]),
        (
            "/sites/{site}/captcha/policies",
            &[("base", "1"), ("refuse_below", "0.9"), ("confirm", "rives")],
        ),
        ("/sites/{site}/captcha/policies/{n}/revert", &[("base", "1")]),
        ("/sites/{site}/defence/test", &[]),
        (
            "/moderators",
            &[
                ("name", "Ami"),
                ("email", "ami@example.org"),
                ("role", "owner"),
                ("site", "rives"),
            ],
        ),
        ("/moderators/{id}/role", &[("site", "rives"), ("role", "none")]),
        ("/moderators/{id}/link", &[]),
        ("/moderators/{id}/disabled", &[("disabled", "yes")]),
        ("/moderators/{id}/remove", &[("confirm", "yes")]),
        ("/tokens", &[("name", "Autre"), ("role", "owner"), ("site", "rives")]),
        ("/tokens/{id}/revoke", &[]),
        ("/queue/decide", &[("action", "approve")]),
        ("/queue/bulk", &[("action", "approve")]),
        (
            "/queue/all",
            &[
                ("action", "approve"),
                ("site", "rives"),
                ("counted", "1"),
                ("expect", "1"),
            ],
        ),
        ("/queue/all/{id}/undo", &[]),
    ];
    let chosen = format!("pick.{waiting}");
    let mut named: BTreeSet<String> = rows.iter().map(|(path, _)| (*path).to_owned()).collect();
    named.insert("/queue/undo".to_owned());
    assert_eq!(named, posted, "every form has its row");
    let before = street.what_neighbours_get().await;
    for (path, fields) in rows.into_iter().chain([("/queue/undo", &[][..])]) {
        let address = path
            .replace("{site}", "rives")
            .replace("{n}", "1")
            .replace("{id}", if path.starts_with("/tokens") { &rosa } else { &rita });
        let mut fields = fields.to_vec();
        fields.extend([
            ("comment", waiting.as_str()),
            ("id", waiting.as_str()),
            ("of", waiting.as_str()),
            (chosen.as_str(), "1"),
        ]);
        let answer = street.browser.posts(&address, &fields).await;
        let status = answer.status.as_u16();
        assert!(status < 500, "{address}: {}", answer.text);
        assert!(
            !answer.text.contains("Rita") && !answer.text.contains("En attente"),
            "{address}: {}",
            answer.text
        );
        assert_same(&before, &street.what_neighbours_get().await, &address);
    }
    service.stop().await;
}

async fn tenants_a_name_in_another_site_is_not_there(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let street = street(&service).await;
    // Whatever is read with another's name in it answers as what does not exist.
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let Some(operation) = methods.get("get") else { continue };
        if operation["tags"][0] == "readers" || !path.contains("{site}") {
            continue;
        }
        let status = async |site: &str| street.token.gets(&path.replace("{site}", site)).await.error().0;
        assert_eq!(status("rives").await, 404, "{path}");
        assert_eq!(status("rives").await, status("nowhere").await, "{path}");
    }
    for path in [
        "/api/v1/moderation/queue?site=rives",
        "/api/v1/moderation/audit?site=rives",
        "/api/v1/moderation/counts?site=rives",
    ] {
        let answer = street.token.gets(path).await;
        let nowhere = street.token.gets(&path.replace("rives", "nowhere")).await;
        assert_eq!(answer.status, nowhere.status, "{path}");
        assert!(
            !answer.text.contains("En attente") && !answer.text.contains("\"pending\":1"),
            "{path}"
        );
    }
    service.stop().await;
}

/// Answers 500 under `/bad/` and a token that is none elsewhere; counts the others.
async fn moody() -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = connection.read(&mut head).await.unwrap_or(0);
            let is_bad = String::from_utf8_lossy(&head[..read]).starts_with("POST /bad/");
            if !is_bad {
                counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
            let body = "{\"success\":false,\"error-codes\":[\"invalid-input-response\"]}";
            let status = if is_bad { "500 Broken" } else { "200 OK" };
            let answer = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

async fn tenants_a_provider_that_fails_for_one_is_still_asked_for_the_other(storage: &Storage) {
    let (url, asked) = moody().await;
    let table = |id: &str, path: &str| {
        format!(
            "[[site]]\nid = \"{id}\"\norigins = [\"https://faso.test\"]\n[site.captcha]\nprovider = \"recaptcha_v2\"\n\
             secret = \"s\"\nverify_url = \"{url}{path}\"\n"
        )
    };
    let config = format!(
        "[outgoing]\nallow_private_addresses = true\n{}{}",
        table("quais", "/bad/siteverify"),
        table("rives", "/siteverify")
    );
    let service = Service::start(storage, &config).await;
    let reader = service.reader();
    for (site, calls) in [("quais", 0), ("rives", 8)] {
        for number in 0..8 {
            let mut fields = comment(&format!("{site} {number}"));
            fields["captcha"] = json!(format!("{site}-{number}"));
            reader.submits_to(site, &fields).await.expect(202);
        }
        assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), calls, "{site}");
    }
    service.stop().await;
}
