//! Tenants beside each other: an owner of one site reaches that site's pages, readers and comments, and nobody
//! else's; and a secret goes to nobody but whom it was typed for.
//!
//! [`Recorder`] is a server that keeps every byte it is sent, as a tenant would run it who wants more.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use palabre::{
    actions::identify::Role,
    app::secret_place,
    config::Config,
    domain::{
        captcha::{CaptchaSettings, ProviderId},
        site::SiteSettings,
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    service::{Answer, Browser, SITE, Service, values_of},
    stores::Storage,
};

crate::stores::on_both_engines!(
    h2_an_owner_of_one_site_names_no_source_of_readers_pages,
    h2_steps_one_by_one_lead_no_further_than_one_step,
    h2_what_such_an_owner_may_still_do,
    h2_an_address_that_nobody_vouched_for_is_not_used,
    h2_an_address_that_breaks_out_of_a_header_or_is_no_https_is_not_saved,
    h4_what_the_file_sets_of_a_check_it_sets_whole,
    h4_a_typed_secret_goes_to_nobody_but_whom_it_was_typed_for,
);

/// Two sites in the store beside the file's, and private addresses that may be called.
const TWO: &str = "[outgoing]\nallow_private_addresses = true\n";

const PATH: &str = "/api/v1/sites/quais";

async fn two_tenants(storage: &Storage) -> Service {
    let service = Service::start(storage, &format!("{TWO}{SITE}")).await;
    let owner = service.owner().await;
    for (id, name) in [("quais", "Les Quais"), ("rives", "Les Rives")] {
        let site = json!({"id": id, "name": name, "origins": [format!("https://{id}.test")]});
        owner.posts("/api/v1/sites", &site).await.expect(201);
    }
    service
}

impl Service {
    /// The owner of one site, at a browser.
    async fn owner_of(&self, site: &str) -> Browser<'_> {
        self.signs_in().await;
        let email = format!("{site}@example.org");
        let (_, link) = self
            .invites(&format!("Owner {site}"), &email, Role::Owner, &[site])
            .await;
        self.accepts(&link).await
    }

    async fn patches(&self, browser: &Browser<'_>, path: &str, body: &Value) -> Answer {
        self.request(Method::PATCH, path, |request| {
            request
                .header("cookie", &browser.cookie)
                .header("sec-fetch-site", "same-origin")
                .json(body)
        })
        .await
    }

    /// What a reader's page may load.
    async fn policy_of(&self, site: &str) -> String {
        let page = self.get(&format!("/t/{site}?thread=a")).await.expect(200);
        page.header("content-security-policy").to_owned()
    }
}

/// A server that keeps what it is sent and answers as a provider that knows no token.
#[derive(Clone)]
struct Recorder {
    address: SocketAddr,
    received: Arc<Mutex<String>>,
}

impl Recorder {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let recorder = Self {
            address: listener.local_addr().expect("bound"),
            received: Arc::default(),
        };
        let received = Arc::clone(&recorder.received);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let received = Arc::clone(&received);
                tokio::spawn(async move {
                    let mut piece = [0; 4096];
                    let answer = "{\"success\":false,\"error-codes\":[\"invalid-input-response\"]}";
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                        answer.len()
                    );
                    let mut whole = String::new();
                    while let Ok(read @ 1..) = connection.read(&mut piece).await {
                        whole += &String::from_utf8_lossy(&piece[..read]);
                        received
                            .lock()
                            .expect("no panic")
                            .push_str(&String::from_utf8_lossy(&piece[..read]));
                        let length = whole
                            .to_ascii_lowercase()
                            .split_once("content-length: ")
                            .and_then(|(_, rest)| rest.split("\r\n").next()?.parse::<usize>().ok());
                        let body = whole.split_once("\r\n\r\n").map(|(_, body)| body.len());
                        if length.zip(body).is_some_and(|(length, body)| body >= length) {
                            break;
                        }
                    }
                    let _ = connection.write_all(format!("{head}{answer}").as_bytes()).await;
                });
            }
        });
        recorder
    }

    fn url(&self) -> String {
        format!("http://{}/key/siteverify", self.address)
    }

    fn has_heard(&self, what: &str) -> bool {
        self.received.lock().expect("no panic").contains(what)
    }
}

/// A check of a provider with all that it may need.
fn check(provider: ProviderId, secret: &str, address: Option<&str>) -> Value {
    json!({
        "provider": provider.as_str(), "site_key": "cle", "project": "a-project", "secret": secret,
        "verify_url": address,
    })
}

fn sources() -> impl Iterator<Item = ProviderId> {
    [ProviderId::Cap, ProviderId::Mcaptcha, ProviderId::Siteverify].into_iter()
}

async fn h2_an_owner_of_one_site_names_no_source_of_readers_pages(storage: &Storage) {
    let service = two_tenants(storage).await;
    let evil = "https://evil.example/key/siteverify";
    let browser = service.owner_of("quais").await;
    let token = service.person("Programme", Role::Owner, &["quais"]).await;
    let before = (
        service.get("/t/quais?thread=a").await.text,
        service.policy_of("quais").await,
    );
    let stored = service
        .app
        .store
        .stored_site("quais")
        .await
        .expect("read")
        .expect("there");
    for provider in sources() {
        let wanted = json!({"name": "Pris", "captcha": check(provider, "s", Some(evil))});
        for answer in [
            service.patches(&browser, PATH, &wanted).await,
            token.sends(&Method::PATCH, PATH, &wanted).await,
        ] {
            assert_eq!(answer.error(), (403, "verify_url_forbidden"), "{provider:?}");
            assert!(!answer.json["title"].as_str().expect("a sentence").contains('_'));
        }
        let form = [
            ("provider", provider.as_str()),
            ("site_key", "cle"),
            ("secret", "s"),
            ("verify_url", evil),
            ("name", "Pris"),
        ];
        for act in ["", "test"] {
            let fields = [&form[..], &[("act", act)]].concat();
            let page = browser.posts("/sites/quais/settings", &fields).await.expect(403);
            assert!(page.text.contains("propriétaire de tous les sites"), "{}", page.text);
            assert_eq!(values_of(&page.text, "verify_url"), [evil], "what was typed stays");
        }
        let now = service
            .app
            .store
            .stored_site("quais")
            .await
            .expect("read")
            .expect("there");
        assert_eq!(
            serde_json::to_value(&now.settings).expect("JSON"),
            serde_json::to_value(&stored.settings).expect("JSON"),
            "nothing was changed"
        );
        assert!(now.secrets.first.is_none());
    }
    for provider in ProviderId::ALL.iter().copied().filter(|id| id.is_interactive()) {
        // The second check, by a token; and kept in store for a provider to come.
        let second = json!({"captcha": {"second": check(provider, "s", Some(evil))}});
        let refused = token.sends(&Method::PATCH, PATH, &second).await;
        assert_eq!(refused.error(), (403, "verify_url_forbidden"), "{provider:?}");
        let later = json!({"captcha": {"second": {"verify_url": evil}}});
        let refused = service.patches(&browser, PATH, &later).await;
        assert_eq!(refused.error(), (403, "verify_url_forbidden"), "{provider:?}");
    }
    let after = (
        service.get("/t/quais?thread=a").await.text,
        service.policy_of("quais").await,
    );
    assert_eq!(before.1, after.1);
    assert!(!after.0.contains("evil.example"));
    service.stop().await;
}

async fn h2_steps_one_by_one_lead_no_further_than_one_step(storage: &Storage) {
    let service = two_tenants(storage).await;
    let browser = service.owner_of("quais").await;
    let evil = "https://evil.example/key/siteverify";
    // An address for no provider, which one is chosen for later.
    for provider in ["house", "off"] {
        let change = json!({"captcha": {"provider": provider, "verify_url": evil}});
        let refused = service.patches(&browser, PATH, &change).await;
        assert_eq!(refused.error(), (403, "verify_url_forbidden"), "{provider}");
    }
    // One for a provider with a script of its own, which is changed for another then.
    let keys = check(ProviderId::Friendly, "s", Some(evil));
    service
        .patches(&browser, PATH, &json!({"captcha": keys}))
        .await
        .expect(200);
    for provider in sources() {
        for body in [
            json!({"captcha": {"provider": provider.as_str()}}),
            json!({"captcha": {"provider": provider.as_str(), "secret": "s"}}),
        ] {
            let refused = service.patches(&browser, PATH, &body).await;
            assert_eq!(refused.error(), (403, "verify_url_forbidden"), "{provider:?}");
        }
    }
    // An address that an owner of all gave for another provider was given to verify, not to bring scripts.
    let owner = service.owner().await;
    let good = "https://check.example.org/key/siteverify";
    let keys = json!({"captcha": check(ProviderId::Siteverify, "s", Some(good))});
    owner.sends(&Method::PATCH, PATH, &keys).await.expect(200);
    let change = json!({"captcha": {"provider": "cap", "secret": "s"}});
    let refused = service.patches(&browser, PATH, &change).await;
    assert_eq!(refused.error(), (403, "verify_url_forbidden"));
    // And one that an owner of all gave for this provider is not led elsewhere, by host, port, path or scheme.
    let keys = json!({"captcha": check(ProviderId::Cap, "s", Some(good))});
    owner.sends(&Method::PATCH, PATH, &keys).await.expect(200);
    assert!(service.policy_of("quais").await.contains("https://check.example.org"));
    for address in [
        evil,
        "https://check.example.org:8443/key/siteverify",
        "https://check.example.org/mine/key/siteverify",
        "http://check.example.org/key/siteverify",
    ] {
        let change = json!({"captcha": {"verify_url": address, "secret": "s"}});
        let refused = service.patches(&browser, PATH, &change).await;
        assert_eq!(refused.error(), (403, "verify_url_forbidden"), "{address}");
    }
    // The same again is no change: the form of the page sends all of it.
    let same = json!({"body_max": 900, "captcha": {"provider": "cap", "verify_url": good}});
    service.patches(&browser, PATH, &same).await.expect(200);
    assert!(service.policy_of("quais").await.contains("https://check.example.org"));
    service.stop().await;
}

async fn h2_what_such_an_owner_may_still_do(storage: &Storage) {
    let service = two_tenants(storage).await;
    let browser = service.owner_of("quais").await;
    let token = service.person("Programme", Role::Owner, &["quais"]).await;
    for provider in ProviderId::ALL.iter().copied().filter(|id| !id.needs_address()) {
        let keys = json!({"captcha": check(provider, "s", None)});
        service.patches(&browser, PATH, &keys).await.expect(200);
        let keys = json!({"captcha": {"site_key": "autre", "secret": "t", "action": "x"}});
        token.sends(&Method::PATCH, PATH, &keys).await.expect(200);
        let form = [("provider", provider.as_str()), ("site_key", "cle"), ("verify_url", "")];
        browser.posts("/sites/quais/settings", &form).await.expect(303);
        assert!(!service.policy_of("quais").await.contains("evil"));
    }
    // In Europe a provider with a script of its own has another address.
    let europe = "https://eu.frcapi.com/api/v2/captcha/siteverify";
    let keys = json!({"captcha": check(ProviderId::Friendly, "s", Some(europe))});
    let changed = service.patches(&browser, PATH, &keys).await.expect(200);
    assert_eq!(changed.json["captcha"]["verify_url"], europe);
    let back = json!({"captcha": {"verify_url": null, "secret": "s"}});
    assert_eq!(
        token.sends(&Method::PATCH, PATH, &back).await.error(),
        (403, "verify_url_forbidden"),
        "a token gives no address, and takes none"
    );
    service.patches(&browser, PATH, &back).await.expect(200);
    service.stop().await;
}

async fn h2_an_address_that_nobody_vouched_for_is_not_used(storage: &Storage) {
    let service = two_tenants(storage).await;
    let recorder = Recorder::start().await;
    // As an owner of one site left it before addresses were vouched for.
    let settings = SiteSettings {
        captcha: CaptchaSettings {
            provider: Some(ProviderId::Cap),
            verify_url: Some(recorder.url().parse().expect("an address")),
            ..CaptchaSettings::default()
        },
        ..SiteSettings::default()
    };
    let store = &service.app.store;
    store
        .ensure_site("anciens", &settings, service.app.clock.now())
        .await
        .expect("made");
    let sealed = service.app.keys.seal(&secret_place("anciens"), "typed");
    storage
        .execute(&format!(
            "UPDATE sites SET sealed_secret = '{sealed}', secret_at = 1 WHERE id = 'anciens'"
        ))
        .await;
    let host = recorder.address.to_string();
    let policy = service.policy_of("anciens").await;
    assert!(!policy.contains(&host), "{policy}");
    let form = service.get("/api/v1/sites/anciens/form?thread=a").await.expect(200);
    assert!(!form.text.contains(&host), "{}", form.text);
    let mut fields = crate::service::comment("Bonjour");
    fields["captcha"] = json!("a-token");
    let sent = service
        .request(Method::POST, "/api/v1/sites/anciens/comments", |request| {
            request.json(&fields)
        })
        .await
        .expect(202);
    let owner = service.owner().await;
    let item = owner.gets(&format!("/api/v1/comments/{}", sent.id())).await.expect(200);
    assert_eq!(item.json["captcha"]["verdict"], "misconfigured", "{}", item.text);
    owner
        .posts("/api/v1/sites/anciens/captcha/test", &json!({}))
        .await
        .expect(200);
    assert!(!recorder.has_heard("POST"), "nobody is asked there");
    let defence = owner.gets("/api/v1/sites/anciens/captcha/defence").await.expect(200);
    assert_eq!(defence.json["faults"][0]["code"], "address_unvouched");
    let browser = service.owner_of("anciens").await;
    for path in ["/sites/anciens/defence", "/sites/anciens/captcha"] {
        let page = browser.gets(path).await.expect(200);
        assert!(page.text.contains("propriétaire de tous les sites"), "{path}");
    }
    // It is not saved along with something else: its field is empty.
    let page = browser.gets("/sites/anciens/settings").await.expect(200);
    assert_eq!(values_of(&page.text, "verify_url"), [""]);
    let chosen = json!({"captcha": {"provider": "cap"}});
    let refused = owner.sends(&Method::PATCH, "/api/v1/sites/anciens", &chosen).await;
    assert_eq!(refused.json["errors"][0]["code"], "verify_url_missing");
    // Who may gives it again.
    let given = json!({"captcha": {"verify_url": recorder.url()}});
    let refused = service
        .patches(&browser, "/api/v1/sites/anciens", &given)
        .await
        .expect(200);
    assert_eq!(
        refused.json["captcha"]["verify_url"],
        Value::Null,
        "no change, and no mark"
    );
    assert!(!service.policy_of("anciens").await.contains(&host));
    owner
        .sends(&Method::PATCH, "/api/v1/sites/anciens", &given)
        .await
        .expect(200);
    assert!(service.policy_of("anciens").await.contains(&host));
    service.stop().await;
}

async fn h2_an_address_that_breaks_out_of_a_header_or_is_no_https_is_not_saved(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let site = json!({"id": "quais", "name": "Les Quais"});
    owner.posts("/api/v1/sites", &site).await.expect(201);
    for address in [
        "http://check.example.org/key/siteverify",
        "http://127.0.0.1:9/key/siteverify",
        "ftp://check.example.org/key/siteverify",
        "javascript:alert(1)//key/siteverify",
        "data:text/javascript,alert(1)",
        "file:///etc/passwd",
        "https://a;script-src *;/key/siteverify",
        "https://a;b.example/key/siteverify",
        "https://a'b.example/key/siteverify",
        "https://a,b.example/key/siteverify",
        "https://*.example/key/siteverify",
        "https://u:p@check.example.org/key/siteverify",
        "https://check.example.org@evil.example/key/siteverify",
        "https://[2001:db8::1]/key/siteverify",
        "https://169.254.169.254/key/siteverify",
        "https://10.0.0.1/key/siteverify",
    ] {
        for key in ["captcha", "second"] {
            let keys = check(
                if key == "captcha" {
                    ProviderId::Cap
                } else {
                    ProviderId::Turnstile
                },
                "s",
                Some(address),
            );
            let body = if key == "captcha" {
                json!({"captcha": keys})
            } else {
                json!({"captcha": {"second": keys}})
            };
            let refused = owner.sends(&Method::PATCH, PATH, &body).await;
            assert_eq!(refused.error(), (422, "invalid"), "{key} {address}");
            let error = &refused.json["errors"][0];
            let field = if key == "captcha" {
                "verify_url"
            } else {
                "second_verify_url"
            };
            assert_eq!(error["field"], field, "{address}");
            assert!(
                matches!(error["code"].as_str(), Some("verify_url_bad" | "value_bad")),
                "{error}"
            );
        }
        let made = json!({"id": "neuf", "name": "Neuf", "captcha": check(ProviderId::Mcaptcha, "s", Some(address))});
        assert_eq!(
            owner.posts("/api/v1/sites", &made).await.error(),
            (422, "invalid"),
            "{address}"
        );
        let toml = format!(
            "{SITE}[site.captcha]\nprovider = \"cap\"\nsecret = \"s\"\nverify_url = {}\n",
            json!(address)
        );
        let read = Config::from_layers(Some((std::path::Path::new("a.toml"), &toml)), []);
        let is_plain = ["http://check", "http://127", "https://169", "https://10."];
        if !is_plain.iter().any(|plain| address.starts_with(plain)) {
            assert!(read.is_err(), "the file: {address}");
        }
    }
    for address in [
        "https://check.example.org/key/siteverify",
        "https://Check.Example.org:8443/key/siteverify",
        "https://été.example/key/siteverify",
    ] {
        let keys = json!({"captcha": check(ProviderId::Cap, "s", Some(address))});
        owner.sends(&Method::PATCH, PATH, &keys).await.expect(200);
    }
    service.stop().await;
}

/// The body that changes the first check or the second.
fn of_check(which: &str, keys: &Value) -> Value {
    if which == "captcha" {
        json!({"captcha": keys})
    } else {
        json!({"captcha": {"second": keys}})
    }
}

/// Every provider that can stand as the first check or as the second, and is somebody else's.
fn outside() -> Vec<(&'static str, ProviderId)> {
    let first = ProviderId::ALL.iter().copied().filter(|id| id.is_outside());
    let second = ProviderId::ALL.iter().copied().filter(|id| id.is_interactive());
    let first = first.map(|id| ("captcha", id));
    first.chain(second.map(|id| ("captcha.second", id))).collect()
}

async fn h4_what_the_file_sets_of_a_check_it_sets_whole(storage: &Storage) {
    let (mine, theirs) = (Recorder::start().await, Recorder::start().await);
    let secret_file = storage.folder.join("secret");
    std::fs::write(&secret_file, "the-files-secret\n").expect("written");
    let mut config = TWO.to_owned();
    for (which, provider) in outside() {
        let name = provider.as_str();
        let id = format!("{}-{}", which.replace('.', "-"), name.replace('_', "-"));
        let mut table = vec![format!(
            "[[site]]\nid = \"{id}\"\n[site.{which}]\nprovider = \"{name}\"\nsite_key = \"cle\"\n"
        )];
        table.push(format!("secret_file = {:?}\n", secret_file.display().to_string()));
        if which == "captcha" {
            table.push("project = \"a-project\"\n".to_owned());
        }
        if provider.needs_address() {
            table.push(format!("verify_url = \"{}\"\n", mine.url()));
        }
        config += &table.concat();
    }
    // One key alone sets the others too.
    let alone = [
        ("a", "provider = \"house\""),
        ("b", "provider = \"off\""),
        ("c", "secret = \"the-files-secret\""),
        ("d", "verify_url = \"https://check.example.org/key/siteverify\""),
    ];
    let tables = alone.map(|(id, line)| format!("[[site]]\nid = \"{id}\"\n[site.captcha]\n{line}\n"));
    config += &tables.concat();
    let service = Service::start(storage, &config).await;
    let owner = service.owner().await;
    let sites = outside().into_iter().map(|(which, provider)| {
        let id = format!("{}-{}", which.replace('.', "-"), provider.as_str().replace('_', "-"));
        (id, which)
    });
    for (id, which) in sites.chain(alone.map(|(id, _)| (id.to_owned(), "captcha"))) {
        let path = format!("/api/v1/sites/{id}");
        for keys in [
            json!({"provider": "turnstile"}),
            json!({"secret": "typed"}),
            json!({"secret": null}),
            json!({"verify_url": theirs.url()}),
            json!({"verify_url": null}),
        ] {
            let refused = owner.sends(&Method::PATCH, &path, &of_check(which, &keys)).await;
            assert_eq!(refused.error(), (409, "set_in_file"), "{id} {keys}");
        }
        let shown = owner.gets(&path).await.expect(200);
        let fixed = shown.json["set_in_file"].as_array().expect("a list").clone();
        for key in ["provider", "secret", "verify_url"] {
            assert!(fixed.contains(&json!(format!("{which}.{key}"))), "{id}: {key}");
        }
        // A key beside the group is still the store's, where the file leaves it out.
        let action = json!({"captcha": {"action": "reply"}});
        owner.sends(&Method::PATCH, &path, &action).await.expect(200);
        if id.len() > 1 && which == "captcha" {
            let field = "verify_url";
            let browser = service.signs_in().await;
            let page = browser
                .posts(&format!("/sites/{id}/settings"), &[(field, &theirs.url())])
                .await;
            assert_eq!(page.status, 409, "{id}");
        }
    }
    for provider in sources() {
        let id = format!("captcha-{}", provider.as_str());
        owner
            .posts(&format!("/api/v1/sites/{id}/captcha/test"), &json!({}))
            .await
            .expect(200);
    }
    assert!(mine.has_heard("the-files-secret"), "the file's address is asked");
    assert!(!theirs.has_heard("secret"));
    service.stop().await;

    // What the store held of the group before counts for nothing, and the environment's secret is the file's.
    let text = "[[site]]\nid = \"faso\"\n";
    let variable = (
        "PALABRE_SITE_FASO_CAPTCHA_SECRET".to_owned(),
        "the-files-secret".to_owned(),
    );
    let config = Config::from_layers(Some((std::path::Path::new("a.toml"), text)), [variable]).expect("valid");
    let store = SiteSettings {
        captcha: CaptchaSettings {
            provider: Some(ProviderId::Siteverify),
            verify_url: Some(theirs.url().parse().expect("an address")),
            ..CaptchaSettings::default()
        },
        ..SiteSettings::default()
    };
    let site = palabre::domain::site::Site::resolve("faso", config.site("faso"), &store).expect("valid");
    assert_eq!(site.captcha.provider, ProviderId::BuiltIn);
    assert!(site.captcha.verify_url.is_none());
}

async fn h4_a_typed_secret_goes_to_nobody_but_whom_it_was_typed_for(storage: &Storage) {
    let service = two_tenants(storage).await;
    let owner = service.owner().await;
    let test = async || {
        let tested = owner.posts(&format!("{PATH}/captcha/test"), &json!({})).await;
        tested.expect(200);
    };
    for (which, provider) in outside() {
        let (first, other) = (Recorder::start().await, Recorder::start().await);
        let change = async |keys: Value| owner.sends(&Method::PATCH, PATH, &of_check(which, &keys)).await;
        let key = format!("{which}.secret");
        let field = if which == "captcha" { "secret" } else { "second_secret" };
        change(check(provider, "typed-for-the-first", Some(&first.url())))
            .await
            .expect(200);
        test().await;
        assert!(first.has_heard("typed-for-the-first"), "{which} {provider:?}");
        // Another path of the same origin is the same server.
        let path = first.url().replace("/key/", "/other/");
        let moved = change(json!({"verify_url": path})).await.expect(200);
        assert_eq!(moved.json["dropped"], json!([]), "{which} {provider:?}");

        // Led elsewhere without a secret of its own, it is refused, and nothing is sent there.
        let elsewhere = [other.url(), "https://elsewhere.example/key/siteverify".to_owned()];
        for address in elsewhere {
            let refused = change(json!({"verify_url": address})).await.expect(422);
            let error = &refused.json["errors"][0];
            assert_eq!(
                (&error["field"], &error["code"]),
                (&json!(field), &json!("secret_missing"))
            );
        }
        test().await;
        // So is another provider at the same address.
        let next = ProviderId::ALL
            .iter()
            .copied()
            .find(|id| id.is_interactive() && *id != provider)
            .expect("another");
        let refused = change(json!({"provider": next.as_str()})).await.expect(422);
        assert_eq!(
            refused.json["errors"][0]["code"], "secret_missing",
            "{which} {provider:?}"
        );
        // By the page, and with its test of the keys, it is the same.
        let browser = service.signs_in().await;
        let name = if which == "captcha" {
            "verify_url"
        } else {
            "second_verify_url"
        };
        let address = other.url();
        let page = browser
            .posts(
                "/sites/quais/settings",
                &[(name, &address), (field, ""), ("act", "test")],
            )
            .await
            .expect(422);
        assert!(page.text.contains("clé secrète"), "{}", page.text);

        // A provider that needs none takes the secret away, and the answer says so.
        let none = if which == "captcha" {
            json!("house")
        } else {
            Value::Null
        };
        let changed = change(json!({"provider": none})).await.expect(200);
        assert_eq!(changed.json["dropped"], json!([key]), "{which} {provider:?}");
        let log = owner
            .gets("/api/v1/moderation/audit?site=quais&limit=100")
            .await
            .expect(200);
        let entries = log.json["entries"].as_array().expect("entries");
        assert!(
            entries.iter().any(|entry| entry.to_string().contains("removed")),
            "the log says it too"
        );
        let back = change(json!({"provider": provider.as_str(), "verify_url": other.url()}))
            .await
            .expect(422);
        assert_eq!(back.json["errors"][0]["code"], "secret_missing", "{which} {provider:?}");

        // With a secret of its own the other is asked with that alone.
        change(check(provider, "typed-for-the-other", Some(&other.url())))
            .await
            .expect(200);
        test().await;
        assert!(other.has_heard("typed-for-the-other") && !other.has_heard("typed-for-the-first"));
        assert!(!first.has_heard("typed-for-the-other"));
        // The page says what was dropped as well.
        let name = if which == "captcha" {
            "provider"
        } else {
            "second_provider"
        };
        let house = if which == "captcha" { "house" } else { "" };
        let saved = browser
            .posts("/sites/quais/settings", &[(name, house)])
            .await
            .expect(303);
        let page = browser.gets(saved.header("location")).await.expect(200);
        assert!(page.text.contains("elle a été effacée"), "{}", page.text);
        let clean = change(json!({"verify_url": null})).await.expect(200);
        assert_eq!(clean.json["dropped"], json!([]));
    }
    service.stop().await;
}
