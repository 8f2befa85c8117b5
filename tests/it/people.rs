//! Who works on a site: pages, API and rights of owners over accounts and tokens; one's own account.

use palabre::{
    actions::{accounts, authority::Authority, identify::Role, own_account, tokens},
    domain::{account::EVERY_SITE, actor::Scope},
};
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};
use uuid::Uuid;

use crate::{
    service::{Answer, Browser, OWNER_EMAIL, OWNER_NAME, PASSPHRASE, Person, SITE, Service, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    an_owner_invites_by_the_page_and_the_guest_comes_in,
    the_team_is_changed_by_its_page,
    the_last_owner_cannot_be_taken_away_by_any_way,
    owners_rule_their_own_sites_and_nobody_elses,
    a_moderator_has_an_account_and_no_team,
    the_team_by_the_api,
    tokens_may_no_more_than_their_maker,
    tokens_are_made_and_revoked_by_their_page,
    tokens_without_a_name_get_names_that_are_told_apart,
    one_changes_ones_own_account,
    one_sets_up_a_second_step_by_its_pages,
    sessions_are_ones_own,
    the_log_of_accounts_is_for_who_owns_every_site,
);

const AWA: &str = "awa@example.org";

fn two_sites() -> String {
    format!("{SITE}[[site]]\nid = \"sahel\"\nname = \"Le Sahel\"\n")
}

/// The one secret that a page shows.
fn shown_once(page: &Answer) -> String {
    let rest = page.text.split("<code>").nth(1).expect("a secret");
    rest.split('<').next().expect("its end").to_owned()
}

fn code_of(link: &str) -> &str {
    link.split_once("/invitation?code=").expect("a link").1
}

impl Service {
    /// An account with a role on a site, come in.
    async fn has(&self, email: &str, role: Role, sites: &[&str]) -> (Uuid, Browser<'_>) {
        let (id, code) = self.invites(email, email, role, sites).await;
        (id, self.accepts(&code).await)
    }

    async fn email_of(&self, id: Uuid) -> Option<String> {
        let account = accounts::get(&self.app, id).await.ok()?;
        Some(account.email)
    }
}

async fn an_owner_invites_by_the_page_and_the_guest_comes_in(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let owner = service.signs_in().await;
    let page = owner.gets("/moderators").await.expect(200);
    assert!(page.text.contains(OWNER_NAME) && page.text.contains("Le Sahel"));
    let wrong = [("name", ""), ("email", "awa"), ("role", "king"), ("site", "faso")];
    let asked = owner.posts("/moderators", &wrong).await.expect(422);
    assert!(asked.text.contains("id=\"email-error\"") || asked.text.contains("Choisissez un rôle"));
    assert_eq!(values_of(&asked.text, "email"), ["awa"], "what was typed stays");
    let fields = [
        ("name", "Awa Ouédraogo"),
        ("email", AWA),
        ("role", "moderator"),
        ("site", "faso"),
    ];
    let invited = owner.posts("/moderators", &fields).await.expect(200);
    assert_eq!(invited.header("referrer-policy"), "no-referrer");
    assert_eq!(invited.header("cache-control"), "no-store");
    let link = shown_once(&invited);
    assert!(link.starts_with(&service.url), "{link}");
    let team = owner.gets("/moderators").await;
    assert!(team.text.contains("invité, n’est pas encore venu") && !team.text.contains(&link));
    let guest = service.accepts(code_of(&link)).await;
    guest.gets("/queue").await.expect(200);
    guest.gets("/sites/sahel/captcha").await.expect(404);
    let queue = guest.gets("/queue").await;
    assert!(queue.text.contains("href=\"/account\"") && !queue.text.contains("href=\"/moderators\""));

    // Who has an account gets the role without a link.
    let fields = [
        ("name", "Awa"),
        ("email", "AWA@example.org"),
        ("role", "owner"),
        ("site", "sahel"),
    ];
    let given = owner.posts("/moderators", &fields).await.expect(303);
    assert_eq!(given.header("location"), "/moderators?done=given");
    guest.gets("/sites/sahel/captcha").await.expect(200);
    // No reader takes the name of somebody who works on the site.
    let mut fields = crate::service::comment("Bonjour");
    fields["name"] = json!("Awa Ouedraogo");
    let refused = service.reader().submits(&fields).await;
    assert_eq!(refused.json["errors"][0]["code"], "name_reserved", "{}", refused.text);
    service.stop().await;
}

async fn the_team_is_changed_by_its_page(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let owner = service.signs_in().await;
    let (awa, guest) = service.has(AWA, Role::Moderator, &["faso"]).await;
    let act = async |what: &str, fields: &[(&str, &str)]| {
        let answer = owner
            .posts(&format!("/moderators/{awa}/{what}"), fields)
            .await
            .expect(303);
        let page = owner.gets(answer.header("location")).await.expect(200);
        assert!(page.text.contains("class=\"flash\""), "it says what was done: {what}");
    };
    act("role", &[("site", "faso"), ("role", "owner")]).await;
    guest.gets("/tokens").await.expect(200);
    act("role", &[("site", "faso"), ("role", "none")]).await;
    guest.gets("/sites/faso/captcha").await.expect(404);
    act("role", &[("site", "*"), ("role", "moderator")]).await;
    guest.gets("/sites/sahel/captcha").await.expect(200);
    act("disabled", &[("disabled", "yes")]).await;
    guest.gets("/queue").await.expect(303);
    act("disabled", &[("disabled", "no")]).await;
    let link = owner.posts(&format!("/moderators/{awa}/link"), &[]).await.expect(200);
    let guest = service.accepts(code_of(&shown_once(&link))).await;
    guest.gets("/queue").await.expect(200);
    act("remove", &[]).await;
    guest.gets("/queue").await.expect(303);
    assert!(!owner.gets("/moderators").await.text.contains(AWA));
    owner.posts(&format!("/moderators/{awa}/link"), &[]).await.expect(404);
    owner.posts("/moderators/x/remove", &[]).await.expect(404);
    service.stop().await;
}

async fn the_last_owner_cannot_be_taken_away_by_any_way(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let owner = service.owner().await;
    let listed = owner.gets("/api/v1/moderators").await.expect(200);
    let id = listed.json["moderators"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/moderators/{id}");
    for (method, path, body) in [
        (Method::DELETE, path.clone(), json!({})),
        (Method::PATCH, path.clone(), json!({"disabled": true})),
        (Method::PATCH, path.clone(), json!({"site": "*", "role": null})),
        (Method::PATCH, path.clone(), json!({"site": "*", "role": "moderator"})),
    ] {
        let answer = owner.sends(&method, &path, &body).await;
        assert_eq!(answer.error(), (409, "last_owner"), "{method} {path} {body}");
    }
    for (what, fields) in [
        ("remove", vec![]),
        ("disabled", vec![("disabled", "yes")]),
        ("role", vec![("site", "*"), ("role", "none")]),
    ] {
        let page = browser
            .posts(&format!("/moderators/{id}/{what}"), &fields)
            .await
            .expect(409);
        assert!(page.text.contains("dernière personne"), "{}", page.text);
    }
    browser.gets("/queue").await.expect(200);
    // With a second owner who came in, the first may go.
    service.has(AWA, Role::Owner, &[]).await;
    owner.sends(&Method::DELETE, &path, &json!({})).await.expect(204);
    browser.gets("/queue").await.expect(303);
    service.stop().await;
}

#[expect(clippy::too_many_lines, reason = "one journey")]
async fn owners_rule_their_own_sites_and_nobody_elses(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, faso) = service.has("oumar@example.org", Role::Owner, &["faso"]).await;
    let (here, _) = service.has("here@example.org", Role::Moderator, &["faso"]).await;
    let (there, there_browser) = service.has("there@example.org", Role::Moderator, &["sahel"]).await;
    let (both, _) = service
        .has("both@example.org", Role::Moderator, &["faso", "sahel"])
        .await;
    let (all, _) = service.has("all@example.org", Role::Owner, &[]).await;
    let listed = faso.gets("/api/v1/moderators").await.expect(200);
    let emails: Vec<&str> = listed.json["moderators"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|account| account["email"].as_str().expect("text"))
        .collect();
    assert_eq!(
        emails,
        [
            "all@example.org",
            "both@example.org",
            "here@example.org",
            "oumar@example.org",
            OWNER_EMAIL
        ]
    );
    let change = async |id: Uuid, body: Value| {
        faso.sends(&Method::PATCH, &format!("/api/v1/moderators/{id}"), &body)
            .await
    };
    assert_eq!(
        change(there, json!({"disabled": true})).await.error(),
        (404, "not_found")
    );
    assert_eq!(
        change(there, json!({"site": "faso", "role": "owner"})).await.error(),
        (404, "not_found")
    );
    assert_eq!(
        change(both, json!({"disabled": true})).await.error(),
        (403, "works_elsewhere")
    );
    assert_eq!(
        change(all, json!({"site": "*", "role": null})).await.error(),
        (403, "forbidden")
    );
    assert_eq!(
        change(all, json!({"disabled": true})).await.error(),
        (403, "works_elsewhere")
    );
    assert_eq!(
        change(both, json!({"site": "sahel", "role": null})).await.error(),
        (404, "not_found")
    );
    assert_eq!(
        change(here, json!({"site": "*", "role": "owner"})).await.error(),
        (403, "forbidden")
    );
    for id in [there, both, all, Uuid::nil()] {
        let link = faso
            .sends(&Method::POST, &format!("/api/v1/moderators/{id}/link"), &json!({}))
            .await;
        assert!(
            matches!(link.status.as_u16(), 403 | 404),
            "no way into another's account: {}",
            link.text
        );
        let gone = faso
            .sends(&Method::DELETE, &format!("/api/v1/moderators/{id}"), &json!({}))
            .await;
        assert!(matches!(gone.status.as_u16(), 403 | 404), "{}", gone.text);
    }
    // On their own site they may change each role.
    let changed = change(both, json!({"site": "faso", "role": "owner"})).await.expect(200);
    assert_eq!(
        changed.json["roles"],
        json!({"faso": "owner"}),
        "of the other site nothing is told"
    );
    change(both, json!({"site": "faso", "role": null})).await.expect(200);
    change(here, json!({"disabled": true})).await.expect(200);
    there_browser.gets("/queue").await.expect(200);
    for body in [
        json!({"email": "x@example.org", "name": "X", "role": "owner", "all_sites": true}),
        json!({"email": "x@example.org", "name": "X", "role": "owner", "site": "*"}),
    ] {
        assert_eq!(
            faso.sends(&Method::POST, "/api/v1/moderators", &body).await.error(),
            (403, "forbidden")
        );
    }
    for site in ["sahel", "nowhere"] {
        let body = json!({"email": "x@example.org", "name": "X", "role": "moderator", "sites": ["faso", site]});
        assert_eq!(
            faso.sends(&Method::POST, "/api/v1/moderators/invite", &body)
                .await
                .status,
            404,
            "{site}"
        );
    }
    assert_eq!(
        service
            .app
            .store
            .account_by_email("x@example.org")
            .await
            .expect("read")
            .map(|account| account.id),
        None
    );
    service.stop().await;
}

async fn a_moderator_has_an_account_and_no_team(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let (id, browser) = service.has(AWA, Role::Moderator, &["faso"]).await;
    browser.gets("/account").await.expect(200);
    for path in ["/moderators", "/tokens"] {
        browser.gets(path).await.expect(403);
    }
    let me = format!("/moderators/{id}/role");
    for (path, fields) in [
        (
            "/moderators",
            vec![
                ("name", "X"),
                ("email", "x@example.org"),
                ("role", "owner"),
                ("site", "faso"),
            ],
        ),
        ("/tokens", vec![("role", "owner"), ("site", "faso")]),
        (me.as_str(), vec![("site", "faso"), ("role", "owner")]),
    ] {
        browser.posts(path, &fields).await.expect(403);
    }
    // What the form of one's own account does not have is not read.
    let fields = [
        ("name", "Awa O."),
        ("role", "owner"),
        ("email", "new@example.org"),
        ("id", "x"),
    ];
    browser.posts("/account/name", &fields).await.expect(303);
    let account = accounts::get(&service.app, id).await.expect("read");
    assert_eq!((account.name.as_str(), account.email.as_str()), ("Awa O.", AWA));
    assert_eq!(account.rights.at("faso"), Some(Role::Moderator));
    service.stop().await;
}

async fn the_team_by_the_api(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.signs_in().await;
    let invite = json!({
        "email": AWA, "name": "Awa", "role": "moderator", "site": "faso",
        "id": "00000000-0000-0000-0000-000000000000", "passphrase": PASSPHRASE, "status": "active", "disabled": true,
    });
    let invited = owner
        .sends(&Method::POST, "/api/v1/moderators/invite", &invite)
        .await
        .expect(201);
    let link = invited.json["link"].as_str().expect("a link").to_owned();
    let id = invited.id();
    assert_ne!(id, Uuid::nil().to_string(), "what the caller may not set is not read");
    let listed = owner.gets("/api/v1/moderators").await.expect(200);
    let awa = listed.json["moderators"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|account| account["id"] == id.as_str())
        .expect("she is listed");
    assert_eq!(
        (&awa["status"], &awa["roles"]),
        (&json!("invited"), &json!({"faso": "moderator"}))
    );
    assert!(!listed.text.contains("argon2") && !listed.text.contains("passphrase"));
    service.accepts(code_of(&link)).await;
    let again = owner
        .sends(&Method::POST, "/api/v1/moderators", &invite)
        .await
        .expect(201);
    assert_eq!((again.id(), &again.json["link"]), (id.clone(), &Value::Null));
    for (body, field, code) in [
        (
            json!({"email": "", "name": "X", "role": "owner", "site": "faso"}),
            "email",
            "email_missing",
        ),
        (
            json!({"email": "x", "name": "X", "role": "owner", "site": "faso"}),
            "email",
            "email_bad",
        ),
        (
            json!({"email": "x@example.org", "name": " ", "role": "owner", "site": "faso"}),
            "name",
            "name_missing",
        ),
        (
            json!({"email": "x@example.org", "name": "X", "role": "king", "site": "faso"}),
            "role",
            "role_bad",
        ),
        (
            json!({"email": "x@example.org", "name": "X", "role": "owner"}),
            "site",
            "site_missing",
        ),
    ] {
        let answer = owner
            .sends(&Method::POST, "/api/v1/moderators", &body)
            .await
            .expect(422);
        let error = &answer.json["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)));
        assert!(!error["message"].as_str().expect("a sentence").is_empty());
    }
    let path = format!("/api/v1/moderators/{id}");
    let changed = owner
        .sends(&Method::PATCH, &path, &json!({"disabled": true}))
        .await
        .expect(200);
    assert_eq!(changed.json["status"], "disabled");
    let bad = json!({"site": "*", "role": null, "disabled": "yes"});
    let bad = owner.sends(&Method::PATCH, &path, &bad).await;
    assert_eq!(bad.error(), (422, "bad_type"));
    let kept = owner.gets("/api/v1/moderators").await.expect(200);
    let kept = kept.json["moderators"].as_array().expect("a list").clone();
    let kept = kept
        .iter()
        .find(|entry| entry["id"] == id.as_str())
        .expect("it is there");
    assert_eq!(
        kept["roles"], changed.json["roles"],
        "what is half wrong changes nothing"
    );
    owner.sends(&Method::DELETE, &path, &json!({})).await.expect(204);
    assert_eq!(
        owner.sends(&Method::DELETE, &path, &json!({})).await.error(),
        (404, "not_found")
    );
    assert_eq!(service.email_of(Uuid::parse_str(&id).expect("an id")).await, None);
    service.stop().await;
}

/// What the queue answers to a token.
async fn asks(service: &Service, token: &str) -> u16 {
    let path = "/api/v1/moderation/queue";
    let answer = service.request(Method::GET, path, |request| request.bearer_auth(token));
    answer.await.status.as_u16()
}

async fn tokens_may_no_more_than_their_maker(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.owner().await;
    let faso = service.person("Oumar", Role::Owner, &["faso"]).await;
    let moderator = service.person("Awa", Role::Moderator, &["faso"]).await;
    let path = "/api/v1/tokens";
    let made = faso
        .posts(
            path,
            &json!({"name": "Serveur", "role": "owner", "site": "faso", "expires": 30}),
        )
        .await
        .expect(201);
    let secret = made.json["token"].as_str().expect("a secret").to_owned();
    let asks = async |secret: &str, path: &str| {
        let answer = service
            .request(Method::GET, path, |request| request.bearer_auth(secret))
            .await;
        answer.status.as_u16()
    };
    assert_eq!(asks(&secret, "/api/v1/sites/faso/captcha/policies").await, 200);
    assert_eq!(asks(&secret, "/api/v1/sites/sahel/captcha/policies").await, 404);
    assert_eq!(asks(&secret, "/api/v1/sessions").await, 403, "a token has no sessions");
    for (person, body, error) in [
        (&faso, json!({"role": "owner", "all_sites": true}), (403, "forbidden")),
        (&faso, json!({"role": "moderator", "site": "sahel"}), (404, "not_found")),
        (
            &faso,
            json!({"role": "moderator", "sites": ["faso", "sahel"]}),
            (404, "not_found"),
        ),
        (
            &moderator,
            json!({"role": "moderator", "site": "faso"}),
            (403, "forbidden"),
        ),
        (&all, json!({"role": "owner"}), (422, "invalid")),
        (&all, json!({"role": "", "site": "faso"}), (422, "invalid")),
        (
            &all,
            json!({"role": "owner", "site": "faso", "expires": 0}),
            (422, "invalid"),
        ),
        (
            &all,
            json!({"role": "owner", "site": "faso", "expires": "soon"}),
            (422, "bad_type"),
        ),
        (&all, json!({"role": "owner", "sites": "faso"}), (422, "bad_type")),
    ] {
        assert_eq!(person.posts(path, &body).await.error(), error, "{body}");
    }
    let listed = faso.gets(path).await.expect(200);
    let names: Vec<&str> = listed.json["tokens"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|token| token["name"].as_str().expect("text"))
        .collect();
    assert_eq!(names, ["Serveur", "Awa", "Oumar"], "of their sites, newest first");
    assert!(!listed.text.contains(&secret));
    let ids = async |person: &Person<'_>| -> Vec<String> {
        let listed = person.gets(path).await.expect(200);
        let tokens = listed.json["tokens"].as_array().expect("a list").clone();
        tokens
            .iter()
            .map(|token| token["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let (theirs, everyones) = (ids(&faso).await, ids(&all).await);
    for foreign in everyones.iter().filter(|id| !theirs.contains(id)) {
        let answer = faso
            .sends(&Method::DELETE, &format!("{path}/{foreign}"), &json!({}))
            .await;
        assert_eq!(answer.error(), (404, "not_found"));
    }
    faso.sends(&Method::DELETE, &format!("{path}/{}", made.id()), &json!({}))
        .await
        .expect(204);
    assert_eq!(asks(&secret, "/api/v1/moderation/queue").await, 401, "at once");
    let again = faso
        .sends(&Method::DELETE, &format!("{path}/{}", made.id()), &json!({}))
        .await;
    assert_eq!(again.error(), (404, "not_found"));

    service.stop().await;
}

/// The ids that they are made of count up here.
async fn tokens_without_a_name_get_names_that_are_told_apart(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for _ in 0..32 {
        let wanted = tokens::Wanted {
            name: None,
            role: Role::Moderator,
            scope: Scope::All,
            expires_at: None,
        };
        let made = tokens::create(&service.app, Authority::Operator, wanted).await;
        made.expect("its name is nobody's");
    }
    service.stop().await;
}

async fn tokens_are_made_and_revoked_by_their_page(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.owner().await;
    let browser = service.signs_in().await;
    let page = browser.gets("/tokens").await.expect(200);
    assert!(
        page.text.contains("Oumar") && !page.text.contains("Serveur"),
        "live ones"
    );
    let fields = [
        ("name", "Cron"),
        ("role", "moderator"),
        ("site", "*"),
        ("expires", "12"),
    ];
    let made = browser.posts("/tokens", &fields).await.expect(200);
    assert_eq!(asks(&service, &shown_once(&made)).await, 200);
    let wrong = [
        ("name", "Cron"),
        ("role", "moderator"),
        ("site", "faso"),
        ("expires", "jamais"),
    ];
    let asked = browser.posts("/tokens", &wrong).await.expect(422);
    assert!(asked.text.contains("id=\"expires-error\"") && values_of(&asked.text, "expires") == ["jamais"]);
    let id = all.gets("/api/v1/tokens").await.json["tokens"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    browser.posts(&format!("/tokens/{id}/revoke"), &[]).await.expect(303);
    assert_eq!(asks(&service, &shown_once(&made)).await, 401);
    service.stop().await;
}

async fn one_changes_ones_own_account(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let other = service.signs_in().await;
    let page = browser.gets("/account").await.expect(200);
    assert!(page.text.contains(OWNER_EMAIL) && page.text.contains("il en reste 10"));
    let asked = browser.posts("/account/name", &[("name", "  ")]).await.expect(422);
    assert!(asked.text.contains("id=\"name-error\""));
    browser
        .posts("/account/name", &[("name", "Rokia S.")])
        .await
        .expect(303);
    assert!(browser.gets("/queue").await.text.contains("Rokia S."));

    let new = "une phrase toute nouvelle";
    let change = async |current: &str, new: &str| {
        browser
            .posts("/account/passphrase", &[("current", current), ("passphrase", new)])
            .await
    };
    for (current, chosen, field) in [("wrong", new, "current"), (PASSPHRASE, "court", "passphrase")] {
        let asked = change(current, chosen).await.expect(422);
        assert!(asked.text.contains(&format!("id=\"{field}-error\"")), "{}", asked.text);
        assert!(
            !asked.text.contains(chosen) || chosen == "court",
            "nothing typed comes back"
        );
    }
    other.gets("/queue").await.expect(200);
    change(PASSPHRASE, new).await.expect(303);
    other.gets("/queue").await.expect(303);
    browser.gets("/queue").await.expect(200);
    service.signs_in_as(OWNER_EMAIL, new).await;

    let refused = browser
        .posts("/account/codes", &[("current", PASSPHRASE)])
        .await
        .expect(422);
    assert!(refused.text.contains("id=\"current-error\""));
    let renewed = browser.posts("/account/codes", &[("current", new)]).await.expect(200);
    assert_eq!(renewed.text.matches("<li><code>").count(), 10);
    service.stop().await;
}

async fn one_sets_up_a_second_step_by_its_pages(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let confirm = "/account/second-step/confirm";
    assert_eq!(browser.gets(confirm).await.expect(303).header("location"), "/account");
    browser
        .posts("/account/second-step", &[("current", "wrong")])
        .await
        .expect(422);
    let begun = browser
        .posts("/account/second-step", &[("current", PASSPHRASE)])
        .await
        .expect(303);
    assert_eq!(begun.header("location"), confirm);
    let page = browser.gets(confirm).await.expect(200);
    assert!(page.text.contains("<svg") && page.text.contains("otpauth://totp/Palabre:"));
    let seed = shown_once(&page).replace(' ', "");
    let stored = service
        .app
        .store
        .account_by_email(OWNER_EMAIL)
        .await
        .expect("read")
        .expect("known");
    assert!(
        !stored.totp_seed.expect("kept").contains(&seed),
        "it is stored encrypted"
    );
    let totp = Builder::new()
        .with_secret(Secret::try_from_base32(&seed).expect("base 32"))
        .build_noncompliant();
    let asked = browser.posts(confirm, &[("code", "000000")]).await.expect(422);
    assert!(
        asked.text.contains("id=\"code-error\"") && asked.text.contains("<svg"),
        "the same seed again"
    );
    let now = u64::try_from(service.app.clock.now().0 / 1000).expect("after 1970");
    browser
        .posts(confirm, &[("code", &totp.generate(now).to_string())])
        .await
        .expect(303);
    assert!(browser.gets("/account").await.text.contains("en place."));
    let again = browser.posts("/account/second-step", &[("current", PASSPHRASE)]).await;
    assert_eq!(
        again.status, 409,
        "it is in place: a thief of the session makes no other"
    );
    browser
        .posts("/account/second-step/remove", &[("current", "wrong")])
        .await
        .expect(422);
    let passed = service
        .request(Method::POST, "/login", |request| {
            request.form(&[("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)])
        })
        .await
        .expect(200);
    assert_eq!(values_of(&passed.text, "pass").len(), 1, "it is asked for");
    browser
        .posts("/account/second-step/remove", &[("current", PASSPHRASE)])
        .await
        .expect(303);
    service.signs_in_as(OWNER_EMAIL, PASSPHRASE).await;
    service.stop().await;
}

async fn sessions_are_ones_own(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let first = service.signs_in().await;
    let (second, third) = (service.signs_in().await, service.signs_in().await);
    let (_, guest) = service.has(AWA, Role::Moderator, &[]).await;
    let api = async |browser: &Browser<'_>, method: Method, path: &str| {
        service
            .request(method, path, |request| {
                request
                    .header("cookie", &browser.cookie)
                    .header("sec-fetch-site", "same-origin")
                    .header(
                        "user-agent",
                        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                    )
            })
            .await
    };
    let listed = api(&first, Method::GET, "/api/v1/sessions").await.expect(200);
    let sessions = listed.json["sessions"].as_array().expect("a list").clone();
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let foreign = api(&guest, Method::GET, "/api/v1/sessions").await.json["sessions"][0]["id"].clone();
    let path = format!("/api/v1/sessions/{}", foreign.as_str().expect("an id"));
    assert_eq!(api(&first, Method::DELETE, &path).await.error(), (404, "not_found"));
    guest.gets("/queue").await.expect(200);

    let page = second.gets("/account").await.expect(200);
    let ids = values_of(&page.text, "session");
    assert_eq!(ids.len(), 2, "no button ends this one");
    second
        .posts("/account/sessions", &[("session", &ids[0])])
        .await
        .expect(303);
    second
        .posts("/account/sessions", &[("session", &ids[0])])
        .await
        .expect(303);
    let mut open = 0;
    for browser in [&first, &third] {
        open += u16::from(browser.gets("/queue").await.status == 200);
    }
    assert_eq!(open, 1);
    second.gets("/queue").await.expect(200);
    api(&second, Method::DELETE, "/api/v1/sessions").await.expect(204);
    for browser in [&first, &third] {
        browser.gets("/queue").await.expect(303);
    }
    second.gets("/queue").await.expect(200);
    service.stop().await;
}

async fn the_log_of_accounts_is_for_who_owns_every_site(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let who = palabre::actions::identify::by_session(
        &service.app,
        browser
            .cookie
            .split("palabre_session=")
            .nth(1)
            .and_then(|rest| rest.split(';').next())
            .expect("a session"),
    )
    .await
    .expect("in");
    own_account::rename(&service.app, &who, "Rokia").await.expect("renamed");
    let id = service.plants(service.seed()).await.to_string();
    let moderator = service.moderator().await;
    moderator.decides(&id, "approve").await.expect(200);
    let actions = async |person: &Person<'_>, query: &str| -> Vec<String> {
        let answer = person
            .gets(&format!("/api/v1/moderation/audit{query}"))
            .await
            .expect(200);
        let entries = answer.json["entries"].as_array().expect("a list").clone();
        entries
            .iter()
            .map(|entry| entry["action"].as_str().expect("text").to_owned())
            .collect()
    };
    let all = service.owner().await;
    let faso = service.person("Oumar", Role::Owner, &["faso"]).await;
    let seen = actions(&all, "").await;
    for action in ["first_owner", "account_renamed", "token_made", "approve"] {
        assert!(seen.iter().any(|seen| seen == action), "{action} in {seen:?}");
    }
    assert_eq!(actions(&all, "?site=faso").await, ["approve", "token_made"]);
    assert!(
        actions(&all, &format!("?site={}", crate::service::encoded(EVERY_SITE)))
            .await
            .len()
            >= 3
    );
    for person in [&faso, &moderator] {
        assert_eq!(actions(person, "").await, ["approve", "token_made"]);
        assert_eq!(
            person.gets("/api/v1/moderation/audit?site=*").await.error(),
            (404, "not_found")
        );
    }
    // The seals cover them too.
    service.clock.advance(std::time::Duration::from_hours(25));
    palabre::jobs::round(&service.app).await.expect("a round");
    let (seals, fault) = service.app.store.check_seals(EVERY_SITE).await.expect("read");
    assert!(seals > 0 && fault.is_none());
    accounts::set_disabled(&service.app, Authority::Operator, Uuid::nil(), true)
        .await
        .expect_err("nobody");
    service.stop().await;
}
