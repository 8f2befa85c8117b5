//! Sites and their settings: by the API and by pages, what the file keeps for itself, secrets at rest; and
//! the steps of the first run that make a site.

use palabre::{
    actions::{identify::Role, setup},
    domain::captcha::ProviderId,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    fake_provider::{FakeProvider, SECRET},
    service::{Answer, PASSPHRASE, SITE, Service, comment, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    a_site_is_made_and_changed_by_the_api,
    what_the_file_sets_is_the_files,
    what_is_wrong_with_a_setting_is_said_by_field,
    only_its_owners_change_a_site,
    a_typed_secret_is_kept_encrypted_and_asked_with,
    a_second_check_has_a_provider_and_keys_of_its_own,
    settings_are_changed_by_their_page,
    changes_at_once_do_not_undo_each_other,
    a_time_zone_tells_when,
    the_first_run_makes_a_site_and_ends,
    the_first_run_goes_on_where_it_was_left,
    f7_the_site_after_the_thousandth_is_a_site_too,
);

/// Everything of a fresh service with one site in its store.
async fn with_site(storage: &Storage, config: &str) -> Service {
    let service = Service::start(storage, config).await;
    let owner = service.owner().await;
    let made = owner
        .posts(
            "/api/v1/sites",
            &json!({"id": "quais", "name": "Les Quais", "origins": ["https://quais.test"]}),
        )
        .await;
    made.expect(201);
    service
}

async fn a_site_is_made_and_changed_by_the_api(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let body = json!({
        "id": "quais", "name": "Les Quais", "language": "en", "origins": ["https://Quais.test:443"],
        "time_zone": "Africa/Ouagadougou", "moderation": "before", "body_max": 900,
        "captcha": {"provider": "house"}, "created_at": 1, "owner": "me",
    });
    let made = owner.posts("/api/v1/sites", &body).await.expect(201).json;
    assert_eq!(
        (&made["origins"], &made["language"]),
        (&json!(["https://quais.test"]), &json!("en"))
    );
    assert_eq!(
        (&made["set_in_file"], &made["captcha"]["secret_set"]),
        (&json!([]), &json!(false))
    );
    let again = owner.posts("/api/v1/sites", &body).await;
    assert_eq!(again.error(), (409, "site_exists"));
    // It takes comments at once, by its own rules.
    let sent = service
        .request(Method::POST, "/api/v1/sites/quais/comments", |request| {
            request.header("origin", "https://quais.test").json(&comment("Bonjour"))
        })
        .await;
    sent.expect(202);
    let path = "/api/v1/sites/quais";
    let changed = owner
        .sends(
            &Method::PATCH,
            path,
            &json!({"name": "Les Quais du soir", "body_max": null, "x": 1}),
        )
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&changed["name"], &changed["body_max"]),
        (&json!("Les Quais du soir"), &json!(5000))
    );
    assert_eq!(changed["time_zone"], "Africa/Ouagadougou", "what is not named stays");
    assert_eq!(owner.gets(path).await.expect(200).json, changed);
    let listed = owner.gets("/api/v1/sites").await.expect(200).json;
    let ids: Vec<&Value> = listed["sites"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|site| &site["id"])
        .collect();
    assert_eq!(ids, ["faso", "quais"]);
    let log = owner.gets("/api/v1/moderation/audit?site=quais").await.expect(200).json;
    let actions: Vec<&Value> = log["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["action"])
        .collect();
    assert_eq!(actions, ["site_made", "site_changed"]);
    service.stop().await;
}

async fn what_the_file_sets_is_the_files(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let path = "/api/v1/sites/faso";
    let shown = owner.gets(path).await.expect(200).json;
    assert_eq!(shown["set_in_file"], json!(["name", "origins"]));
    let refused = owner
        .sends(
            &Method::PATCH,
            path,
            &json!({"name": "X", "body_max": 100, "origins": null}),
        )
        .await;
    assert_eq!(refused.error(), (409, "set_in_file"));
    assert_eq!(refused.json["keys"], json!(["name", "origins"]));
    assert_eq!(
        owner.gets(path).await.json["body_max"],
        5000,
        "nothing of it was changed"
    );
    let changed = owner
        .sends(&Method::PATCH, path, &json!({"body_max": 100}))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&changed["name"], &changed["body_max"]),
        (&json!("Le Faso"), &json!(100))
    );
    let long = service.reader().submits(&comment(&"a".repeat(101))).await;
    assert_eq!(long.json["errors"][0]["code"], "body_too_long", "at once");
    service.stop().await;
}

async fn what_is_wrong_with_a_setting_is_said_by_field(storage: &Storage) {
    let service = with_site(storage, SITE).await;
    let owner = service.owner().await;
    for (body, field, code) in [
        (json!({"name": ""}), "name", "site_name_missing"),
        (json!({"name": "x".repeat(600)}), "name", "value_bad"),
        (json!({"language": "tlh"}), "language", "value_bad"),
        (json!({"time_zone": "Africa/Nowhere"}), "time_zone", "time_zone_bad"),
        (json!({"origins": ["quais.test"]}), "origins", "origin_bad"),
        (json!({"origins": ["https://quais.test/page"]}), "origins", "origin_bad"),
        (
            json!({"origins": vec!["https://quais.test"; 51]}),
            "origins",
            "value_bad",
        ),
        (json!({"body_max": 0}), "body_max", "body_max_bad"),
        (json!({"body_max": 20_001}), "body_max", "body_max_bad"),
        (json!({"body_max": -1}), "body_max", "value_bad"),
        (json!({"moderation": "never"}), "moderation", "value_bad"),
        (json!({"captcha": {"provider": "magic"}}), "provider", "value_bad"),
        (json!({"captcha": {"provider": "hcaptcha"}}), "secret", "secret_missing"),
        (
            json!({"captcha": {"provider": "cap", "secret": "s"}}),
            "verify_url",
            "verify_url_missing",
        ),
        (json!({"captcha": {"secret": ""}}), "secret", "value_bad"),
        (json!({"captcha": {"verify_url": "nowhere"}}), "verify_url", "value_bad"),
    ] {
        let answer = owner
            .sends(&Method::PATCH, "/api/v1/sites/quais", &body)
            .await
            .expect(422);
        let error = &answer.json["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code)),
            "{body}"
        );
        assert!(!error["message"].as_str().expect("a sentence").is_empty());
    }
    for id in ["", "Quais", "a b", "*", "../x", &"a".repeat(65)] {
        let answer = owner
            .posts("/api/v1/sites", &json!({"id": id, "name": "X"}))
            .await
            .expect(422);
        assert_eq!(answer.json["errors"][0]["code"], "id_bad", "{id:?}");
    }
    service.reader().submits_to("quais", &comment("Encore là")).await;
    let several = json!({"origins": ["quais.test"], "time_zone": "Africa/Nowhere", "body_max": 0,
        "captcha": {"provider": "hcaptcha"}});
    let answer = owner
        .sends(&Method::PATCH, "/api/v1/sites/quais", &several)
        .await
        .expect(422);
    let errors = answer.json["errors"].as_array().expect("errors").iter();
    let mut fields: Vec<&str> = errors.map(|error| error["field"].as_str().expect("a field")).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["body_max", "origins", "secret", "time_zone"], "all at once");
    service.stop().await;

    // A vendor's published test secret cannot guard a public address.
    let public = Storage::sqlite();
    let service = with_site(
        &public,
        &format!("[server]\npublic_url = \"https://comments.example.org\"\n{SITE}"),
    )
    .await;
    let keys = json!({"captcha": {"provider": "hcaptcha", "secret": "0x0000000000000000000000000000000000000000"}});
    let owner = service.owner().await;
    let answer = owner
        .sends(&Method::PATCH, "/api/v1/sites/quais", &keys)
        .await
        .expect(422);
    assert_eq!(answer.json["errors"][0]["code"], "test_key_public");
    service.stop().await;
}

async fn only_its_owners_change_a_site(storage: &Storage) {
    let service = with_site(storage, SITE).await;
    let faso = service.person("Oumar", Role::Owner, &["faso"]).await;
    let moderator = service.person("Awa", Role::Moderator, &["faso"]).await;
    let body = json!({"body_max": 10});
    for path in ["/api/v1/sites/quais", "/api/v1/sites/nowhere"] {
        assert_eq!(faso.gets(path).await.status, 404, "{path}");
        assert_eq!(faso.sends(&Method::PATCH, path, &body).await.status, 404, "{path}");
    }
    assert_eq!(moderator.gets("/api/v1/sites/faso").await.error(), (403, "forbidden"));
    let refused = moderator.sends(&Method::PATCH, "/api/v1/sites/faso", &body).await;
    assert_eq!(refused.error(), (403, "forbidden"));
    let made = faso
        .posts("/api/v1/sites", &json!({"id": "neuf", "name": "Neuf"}))
        .await;
    assert_eq!(made.error(), (403, "forbidden"), "only who owns every site");
    let listed = moderator.gets("/api/v1/sites").await.expect(200).json;
    assert_eq!(listed["sites"].as_array().expect("a list").len(), 1);
    assert_eq!(listed["sites"][0]["role"], "moderator");
    service.stop().await;
}

async fn a_typed_secret_is_kept_encrypted_and_asked_with(storage: &Storage) {
    let fake = FakeProvider::start().await;
    let service = with_site(storage, &format!("[outgoing]\nallow_private_addresses = true\n{SITE}")).await;
    let owner = service.owner().await;
    let path = "/api/v1/sites/quais";
    let secret = "un-secret-que-personne-ne-lit";
    let keys = |secret: &str| {
        json!({"captcha": {
            "provider": "recaptcha_v3", "site_key": "cle", "secret": secret,
            "verify_url": fake.url_of(ProviderId::RecaptchaV3),
        }})
    };
    let changed = owner.sends(&Method::PATCH, path, &keys(secret)).await.expect(200);
    assert_eq!(changed.json["captcha"]["secret_set"], true);
    let tested = owner
        .posts(&format!("{path}/captcha/test"), &json!({}))
        .await
        .expect(200);
    assert_eq!(
        tested.json["result"], "misconfigured",
        "the provider got it, and says it is not its own"
    );
    owner.sends(&Method::PATCH, path, &keys(SECRET)).await.expect(200);
    let tested = owner
        .posts(&format!("{path}/captcha/test"), &json!({}))
        .await
        .expect(200);
    assert_eq!(tested.json["result"], "accepted", "{}", tested.text);

    // It is nowhere to be read: not in answers, pages, the log of changes or the database.
    let browser = service.signs_in().await;
    let page = browser.gets("/sites/quais/settings").await.expect(200);
    let log = owner.gets("/api/v1/moderation/audit?site=quais").await.expect(200);
    for text in [&changed.text, &page.text, &log.text, &owner.gets(path).await.text] {
        assert!(!text.contains(secret) && !text.contains(SECRET));
    }
    assert!(log.text.contains("changed") && page.text.contains("Une clé est gardée"));
    let stored = service
        .app
        .store
        .stored_site("quais")
        .await
        .expect("read")
        .expect("there");
    let (sealed, _) = stored.secrets.first.expect("kept");
    assert!(sealed.starts_with("v1.") && !sealed.contains(SECRET));
    assert!(stored.settings.captcha.secret.is_none());

    // An empty field keeps it, a provider without one needs none, null removes it.
    owner
        .sends(&Method::PATCH, path, &json!({"captcha": {"action": "reply"}}))
        .await
        .expect(200);
    assert_eq!(owner.gets(path).await.json["captcha"]["secret_set"], true);
    let needed = owner
        .sends(&Method::PATCH, path, &json!({"captcha": {"secret": null}}))
        .await
        .expect(422);
    assert_eq!(needed.json["errors"][0]["code"], "secret_missing");
    let removed = json!({"captcha": {"provider": "house", "secret": null}});
    owner.sends(&Method::PATCH, path, &removed).await.expect(200);
    assert_eq!(owner.gets(path).await.json["captcha"]["secret_set"], false);
    service.stop().await;
}

async fn a_second_check_has_a_provider_and_keys_of_its_own(storage: &Storage) {
    let fake = FakeProvider::start().await;
    let service = with_site(storage, &format!("[outgoing]\nallow_private_addresses = true\n{SITE}")).await;
    let owner = service.owner().await;
    let path = "/api/v1/sites/quais";
    let change = async |second: Value| {
        owner
            .sends(&Method::PATCH, path, &json!({"captcha": {"second": second}}))
            .await
    };
    for (second, field, code) in [
        (json!({"provider": "house"}), "second_provider", "second_provider_bad"),
        (
            json!({"provider": "recaptcha_v3"}),
            "second_provider",
            "second_provider_bad",
        ),
        (json!({"provider": "nobody"}), "second_provider", "value_bad"),
        (
            json!({"provider": "turnstile", "site_key": "cle"}),
            "second_secret",
            "secret_missing",
        ),
        (
            json!({"provider": "turnstile", "secret": "s"}),
            "second_site_key",
            "site_key_missing",
        ),
    ] {
        let wrong = change(second.clone()).await.expect(422);
        let error = &wrong.json["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!(code)),
            "{second}"
        );
    }
    let secret = "un-second-secret-que-personne-ne-lit";
    let keys = |secret: &str| {
        json!({"provider": "turnstile", "site_key": "cle", "secret": secret,
            "verify_url": fake.url_of(ProviderId::Turnstile)})
    };
    let changed = change(keys(secret)).await.expect(200);
    let second = &changed.json["captcha"]["second"];
    assert_eq!(
        (&second["provider"], &second["site_key"], &second["secret_set"]),
        (&json!("turnstile"), &json!("cle"), &json!(true))
    );
    assert_eq!(changed.json["captcha"]["secret_set"], false, "the first has none");
    let test = async || {
        let answer = owner
            .posts(&format!("{path}/captcha/test"), &json!({}))
            .await
            .expect(200);
        assert_eq!(answer.json["result"], "not_needed", "the first is the built-in check");
        answer.json["second"].clone()
    };
    assert_eq!(
        test().await["result"],
        "misconfigured",
        "the provider got it, and says it is not its own"
    );
    change(keys(SECRET)).await.expect(200);
    let tested = test().await;
    assert_eq!(
        (&tested["provider"], &tested["result"]),
        (&json!("turnstile"), &json!("accepted")),
        "{tested}"
    );

    let browser = service.signs_in().await;
    let page = browser.gets("/sites/quais/settings").await.expect(200);
    let log = owner.gets("/api/v1/moderation/audit?site=quais").await.expect(200);
    for text in [&changed.text, &page.text, &log.text] {
        assert!(!text.contains(secret) && !text.contains(SECRET));
    }
    let stored = service
        .app
        .store
        .stored_site("quais")
        .await
        .expect("read")
        .expect("there");
    let (sealed, _) = stored.secrets.second.expect("kept");
    assert!(sealed.starts_with("v1.") && !sealed.contains(SECRET) && stored.secrets.first.is_none());

    // The page names its own fields, keeps the key when its field is empty and the provider the same, and takes all away.
    let form = [("second_provider", "hcaptcha"), ("second_secret", "")];
    browser.posts("/sites/quais/settings", &form).await.expect(422);
    let form = [("second_provider", "hcaptcha"), ("second_secret", "une-autre-clef")];
    browser.posts("/sites/quais/settings", &form).await.expect(303);
    let form = [("second_provider", "hcaptcha"), ("second_secret", "")];
    browser.posts("/sites/quais/settings", &form).await.expect(303);
    let now = owner.gets(path).await.json["captcha"]["second"].clone();
    assert_eq!(
        (&now["provider"], &now["secret_set"]),
        (&json!("hcaptcha"), &json!(true))
    );
    let form = [("second_provider", ""), ("second_secret_remove", "yes")];
    browser.posts("/sites/quais/settings", &form).await.expect(303);
    assert!(owner.gets(path).await.json["captcha"]["second"].is_null());
    service.stop().await;
}

async fn settings_are_changed_by_their_page(storage: &Storage) {
    let service = with_site(storage, SITE).await;
    let browser = service.signs_in().await;
    let sites = browser.gets("/sites").await.expect(200);
    assert!(sites.text.contains("Les Quais") && sites.text.contains("Le Faso"));
    let file = browser.gets("/sites/faso/settings").await.expect(200);
    assert!(file.text.contains("Fixé dans config.toml") && values_of(&file.text, "name").is_empty());
    let path = "/sites/quais/settings";
    let page = browser.gets(path).await.expect(200);
    assert_eq!(values_of(&page.text, "name"), ["Les Quais"]);
    let fields = [
        ("name", "Les Quais"),
        ("origins", "https://quais.test\r\nhttps://www.quais.test\r\n"),
        ("language", "en"),
        ("time_zone", ""),
        ("moderation", "after"),
        ("body_max", "800"),
        ("threads", "open"),
        ("cdn_max_age", ""),
        ("provider", "house"),
        ("site_key", ""),
        ("secret", ""),
        ("verify_url", ""),
        ("project", ""),
        ("consent", ""),
        ("hostnames", ""),
        ("action", ""),
        ("recaptcha_net", "no"),
        ("send_address", "yes"),
        ("feedback", "yes"),
    ];
    let saved = browser.posts(path, &fields).await.expect(303);
    let page = browser.gets(saved.header("location")).await.expect(200);
    assert!(page.text.contains("Réglages enregistrés.") && values_of(&page.text, "body_max") == ["800"]);
    let site = service.app.site("quais").await.expect("read");
    assert_eq!(site.site.origins, ["https://quais.test", "https://www.quais.test"]);
    assert!(site.site.captcha.send_address && site.site.captcha.feedback && !site.site.captcha.recaptcha_net);
    assert_eq!(
        site.site.captcha.hostnames,
        ["quais.test", "www.quais.test"],
        "what is empty is the default"
    );
    let mut yes = fields;
    yes[16].1 = "yes";
    browser.posts(path, &yes).await.expect(303);
    let page = browser.gets(path).await.expect(200);
    assert!(
        page.text.contains("<option value=\"yes\" selected>"),
        "it is shown as it was chosen"
    );
    let mut wrong = fields;
    wrong[5].1 = "beaucoup";
    wrong[1].1 = "quais.test";
    let asked = browser.posts(path, &wrong).await.expect(422);
    assert!(asked.text.contains("id=\"body_max-error\""), "{}", asked.text);
    assert_eq!(values_of(&asked.text, "body_max"), ["beaucoup"], "what was typed stays");
    assert!(asked.text.contains("quais.test</textarea>"));
    let tested = browser.posts(path, &[("act", "test")]).await.expect(200);
    assert!(tested.text.contains("class=\"flash\""), "{}", tested.text);
    let new = [
        ("id", "neuf"),
        ("name", "Neuf"),
        ("origins", ""),
        ("language", "fr"),
        ("moderation", "before"),
    ];
    let made = browser.posts("/sites", &new).await.expect(303);
    browser.gets(made.header("location")).await.expect(200);
    let again = browser.posts("/sites", &new).await.expect(409);
    assert!(again.text.contains("déjà un site") && values_of(&again.text, "id") == ["neuf"]);
    service.stop().await;
}

async fn changes_at_once_do_not_undo_each_other(storage: &Storage) {
    let service = with_site(storage, SITE).await;
    let owner = service.owner().await;
    let bodies = [
        json!({"body_max": 700}),
        json!({"cdn_max_age": 9}),
        json!({"language": "pt"}),
        json!({"threads": "signed"}),
    ];
    let all = futures_util::future::join_all(
        bodies
            .iter()
            .map(|body| owner.sends(&Method::PATCH, "/api/v1/sites/quais", body)),
    )
    .await;
    let shown = owner.gets("/api/v1/sites/quais").await.expect(200).json;
    let kept = [
        shown["body_max"] == 700,
        shown["cdn_max_age"] == 9,
        shown["language"] == "pt",
        shown["threads"] == "signed",
    ];
    for (answer, is_kept) in all.iter().zip(kept) {
        match answer.error() {
            (200, _) => assert!(is_kept, "what was acknowledged holds: {shown}"),
            error => assert_eq!((error, is_kept), ((409, "settings_changed"), false)),
        }
    }
    assert!(kept.contains(&true));
    service.stop().await;
}

async fn a_time_zone_tells_when(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}time_zone = \"Asia/Kolkata\"\n")).await;
    let moderator = service.moderator().await;
    let id = service.plants(service.seed()).await.to_string();
    moderator.decides(&id, "approve").await.expect(200);
    let page = service.get("/t/faso?thread=%2Farticle").await.expect(200);
    assert!(page.text.contains("15:30 IST"), "10:00 UTC: {}", page.text);
    assert!(page.text.contains("datetime=\"2026-11-24T10:00:00Z\""));
    let browser = service.signs_in().await;
    let queue = browser.gets("/queue?status=approved").await.expect(200);
    assert!(queue.text.contains("15:30 IST"));
    service.stop().await;
}

/// The first owner, at the first step after the account.
async fn first_owner(service: &Service) -> crate::service::Browser<'_> {
    let browser = service.signs_in().await;
    assert_eq!(setup::left(&service.app).await.expect("read"), setup::Left::Site);
    browser
}

async fn the_first_run_makes_a_site_and_ends(storage: &Storage) {
    let service = Service::start(storage, "").await;
    let browser = first_owner(&service).await;
    let step = async |path: &str, fields: &[(&str, &str)]| -> Answer { browser.posts(path, fields).await };
    let page = browser.gets("/setup/site").await.expect(200);
    assert!(
        page.text.contains("value=\"before\" selected"),
        "everything is read before it appears"
    );
    let asked = step("/setup/site", &[("name", ""), ("origins", "faso.test")])
        .await
        .expect(422);
    assert!(asked.text.contains("id=\"name-error\"") && asked.text.contains("faso.test"));
    let made = step(
        "/setup/site",
        &[
            ("name", "L’Écho du Faso"),
            ("origins", "https://faso.test"),
            ("language", "fr"),
            ("time_zone", "Africa/Ouagadougou"),
            ("moderation", "before"),
        ],
    )
    .await
    .expect(303);
    assert_eq!(made.header("location"), "/setup/robots");
    let site = service
        .app
        .site("lecho-du-faso")
        .await
        .or(service.app.site("l-echo-du-faso").await);
    let id = site.expect("made from its name").site.id.clone();
    let needs = step(
        "/setup/robots",
        &[("provider", "turnstile"), ("site_key", "k"), ("secret", "")],
    )
    .await;
    assert!(needs.expect(422).text.contains("id=\"secret-error\""));
    let tested = step("/setup/robots", &[("provider", "house"), ("act", "test")])
        .await
        .expect(200);
    assert!(tested.text.contains("class=\"flash\""));
    let next = step("/setup/robots", &[("provider", "house")]).await.expect(303);
    assert_eq!(next.header("location"), "/setup/try");
    let page = browser.gets("/setup/try").await.expect(200);
    assert!(page.text.contains(&format!("/t/{id}?thread=essai")) && page.text.contains("Pas encore"));
    let thread = service.get(&format!("/t/{id}?thread=essai")).await.expect(200);
    assert!(thread.text.contains("<textarea"));
    let mut fields = comment("Un essai");
    fields["thread"] = json!("essai");
    let sent = service.reader().submits_to(&id, &fields).await.expect(202);
    assert!(browser.gets("/setup/try").await.text.contains("attend dans la file"));
    let queue = browser.gets("/queue").await.expect(200);
    assert!(queue.text.contains("href=\"/setup/try\""), "the way on");
    step(
        "/queue/decide",
        &[("comment", &sent.id()), ("version", "1"), ("action", "approve")],
    )
    .await
    .expect(303);
    assert!(browser.gets("/setup/try").await.text.contains("est publié"));
    let done = step("/setup/try", &[]).await.expect(303);
    let team = browser.gets(done.header("location")).await.expect(200);
    assert!(team.text.contains("Invitez maintenant"));
    for path in ["/setup", "/setup/you", "/setup/site", "/setup/robots", "/setup/try"] {
        browser.gets(path).await.expect(404);
    }
    assert!(!browser.gets("/queue").await.text.contains("href=\"/setup"));
    service.stop().await;
}

async fn the_first_run_goes_on_where_it_was_left(storage: &Storage) {
    let service = Service::start(storage, "").await;
    let browser = first_owner(&service).await;
    for path in ["/setup/robots", "/setup/try"] {
        assert_eq!(
            browser.gets(path).await.expect(303).header("location"),
            "/setup/site",
            "{path}"
        );
        assert_eq!(
            browser.posts(path, &[]).await.expect(303).header("location"),
            "/setup/site"
        );
    }
    browser.posts("/setup/site", &[("name", "Faso")]).await.expect(303);
    let again = service
        .request(Method::POST, "/login", |request| {
            request.form(&[("email", crate::service::OWNER_EMAIL), ("passphrase", PASSPHRASE)])
        })
        .await
        .expect(303);
    assert_eq!(again.header("location"), "/setup/robots", "whoever comes back goes on");
    assert_eq!(
        browser.gets("/setup/site").await.expect(303).header("location"),
        "/setup/robots"
    );
    let (_, code) = service.invites("Awa", "awa@example.org", Role::Owner, &["faso"]).await;
    let guest = service.accepts(&code).await;
    guest.gets("/setup/robots").await.expect(404);
    let nobody = service.browser(&service.get("/healthz").await);
    assert!(
        nobody
            .gets("/setup/robots")
            .await
            .expect(303)
            .header("location")
            .starts_with("/login")
    );
    // What can be passed over is offered once another check was chosen, and leads back to the built-in one.
    let offers = async || {
        browser
            .gets("/setup/robots")
            .await
            .expect(200)
            .text
            .contains("value=\"skip\"")
    };
    assert!(!offers().await);
    let turnstile = [("provider", "turnstile")];
    let wrong = browser.posts("/setup/robots", &turnstile).await.expect(422);
    assert!(wrong.text.contains("value=\"skip\""), "{}", wrong.text);
    let owner = service.owner().await;
    let keys = json!({"captcha": {"provider": "turnstile", "site_key": "k", "secret": "s"}});
    owner
        .sends(&Method::PATCH, "/api/v1/sites/faso", &keys)
        .await
        .expect(200);
    assert!(offers().await);
    browser.posts("/setup/robots", &[("act", "skip")]).await.expect(303);
    let site = owner.gets("/api/v1/sites/faso").await.expect(200);
    assert_eq!(site.json["captcha"]["provider"], "house");
    browser.gets("/setup/try").await.expect(200);
    service.stop().await;
}

async fn f7_the_site_after_the_thousandth_is_a_site_too(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let rows: Vec<String> = (0..1000).map(|number| format!("('a-{number}', '{{}}', 0)")).collect();
    storage
        .execute(&format!(
            "INSERT INTO sites (id, settings, created_at) VALUES {}, ('le-faso', '{{}}', 0), ('zone', '{{}}', 0)",
            rows.join(", ")
        ))
        .await;
    for (name, id) in [
        ("Le Faso", "le-faso-2"),
        ("Zone", "zone-2"),
        ("Faso", "faso-2"),
        ("A 7", "a-7-2"),
        ("Neuf", "neuf"),
    ] {
        let free = palabre::actions::sites::free_id(&service.app, name).await;
        assert_eq!(free.expect("read"), id);
    }
    let owner = service.owner().await;
    let listed = owner.gets("/api/v1/sites").await.expect(200).json["sites"].clone();
    assert!(
        listed
            .as_array()
            .is_some_and(|sites| sites.iter().any(|site| site["id"] == "zone")),
        "it is listed"
    );
    service.stop().await;
    // Nothing is left unchecked behind the bound.
    let said = crate::child::Place::new(storage, SITE).runs(&["doctor"]).well();
    for site in ["faso", "zone", "a-999"] {
        assert!(said.contains(&format!("  {site}: ")), "{site} is not looked at");
    }
}
