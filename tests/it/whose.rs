//! Whose decision it was: ids beside names, no two people of one site with one name, and entries about people where
//! the owners of their sites read them.

use palabre::{
    actions::{
        accounts::{self, Wanted},
        authority::Authority,
        identify::{self, Role},
        links, own_account, tokens,
    },
    domain::actor::Scope,
    error::Error,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    service::{Answer, Browser, OWNER_NAME, PASSPHRASE, SITE, Service},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h13_every_entry_and_export_names_the_actors_id,
    h13_nobody_takes_a_colleagues_name,
    h13_a_name_is_free_on_other_sites_and_one_s_own_stays_ones_own,
    h13_of_two_at_once_one_gets_the_name,
    h13_a_first_owner_is_nobody_elses_look_alike,
    h13_owners_read_what_happened_to_the_names_and_links_of_their_site,
);

fn two_sites() -> String {
    format!("{SITE}{}", SITE.replace("faso", "sahel"))
}

fn wanted(name: &str, email: &str) -> Wanted {
    Wanted {
        name: name.to_owned(),
        email: email.to_owned(),
    }
}

fn on(sites: &[&str]) -> Scope {
    Scope::Sites(sites.iter().map(|site| (*site).to_owned()).collect())
}

async fn adds(service: &Service, name: &str, email: &str, sites: &[&str]) -> Result<Uuid, Error> {
    let added = accounts::add(
        &service.app,
        Authority::Operator,
        &wanted(name, email),
        Role::Moderator,
        &on(sites),
    )
    .await;
    added.map(|added| added.account)
}

async fn makes_token(service: &Service, name: &str, scope: Scope) -> Result<tokens::Made, Error> {
    let wanted = tokens::Wanted {
        name: Some(name.to_owned()),
        role: Role::Moderator,
        scope,
        expires_at: None,
    };
    tokens::create(&service.app, Authority::Operator, wanted).await
}

async fn identity(service: &Service, browser: &Browser<'_>) -> identify::Identity {
    let mut pairs = browser.cookie.split("; ");
    let session = pairs.find_map(|pair| pair.strip_prefix("palabre_session="));
    identify::by_session(&service.app, session.expect("a session"))
        .await
        .expect("signed in")
}

async fn renames(service: &Service, browser: &Browser<'_>, name: &str) -> Result<(), Error> {
    let who = identity(service, browser).await;
    own_account::rename(&service.app, &who, name).await
}

#[track_caller]
fn is_taken<T>(result: Result<T, Error>, what: &str) {
    match result {
        Err(Error::Invalid(wrong)) => {
            assert_eq!(
                (wrong[0].field, wrong[0].code.as_str()),
                ("name", "name_taken"),
                "{what}"
            );
        }
        Err(other) => panic!("{what}: {other}"),
        Ok(_) => panic!("{what} was taken"),
    }
}

async fn h13_every_entry_and_export_names_the_actors_id(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let made = makes_token(&service, "Robot", on(&["faso"])).await.expect("made");
    let moderator = service.moderator().await;
    let id = service.plants(service.seed()).await.to_string();
    let decided = service
        .request(Method::POST, &format!("/api/v1/comments/{id}/reject"), |request| {
            request.bearer_auth(&made.secret).json(&json!({"version": 1}))
        })
        .await
        .expect(200);
    let robot = json!(made.id.to_string());
    assert_eq!(decided.json["decided"]["actor"], "Robot");
    assert_eq!(decided.json["decided"]["actor_id"], robot);
    let item = moderator.gets(&format!("/api/v1/comments/{id}")).await.expect(200);
    assert_eq!(item.json["history"][0]["actor_id"], robot);
    let queue = moderator
        .gets("/api/v1/moderation/queue?status=rejected")
        .await
        .expect(200);
    assert_eq!(queue.json["items"][0]["decided"]["actor_id"], robot);
    let conflict = moderator
        .posts(&format!("/api/v1/comments/{id}/approve"), &json!({"version": 1}))
        .await
        .expect(409);
    assert_eq!(conflict.json["decided_by"], "Robot");
    assert_eq!(conflict.json["decided_by_id"], robot);
    let log = moderator.gets("/api/v1/moderation/audit").await.expect(200);
    let entries = log.json["entries"].as_array().expect("entries");
    let decision = entries.iter().position(|entry| entry["action"] == "reject");
    let decision = decision.expect("an entry");
    assert_eq!(entries[decision]["actor_id"], robot);
    let export = async |accept: &str| -> Answer {
        service
            .request(Method::GET, "/api/v1/moderation/audit", |request| {
                request.bearer_auth(&moderator.token).header("accept", accept)
            })
            .await
            .expect(200)
    };
    let csv = export("text/csv").await.text;
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    let place = head.iter().position(|name| *name == "actor_id").expect("a column");
    assert_eq!(lines.nth(decision).expect("a line")[place], made.id.to_string());
    let lines = export("application/x-ndjson").await.text;
    let first: Value = serde_json::from_str(lines.lines().nth(decision).expect("a line")).expect("JSON");
    assert_eq!(first["actor_id"], robot);
    service.stop().await;
}

async fn h13_nobody_takes_a_colleagues_name(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, link) = service
        .invites("Mariam Sawadogo", "m@example.org", Role::Moderator, &["faso"])
        .await;
    service.accepts(&link).await;
    makes_token(&service, "Robot du matin", on(&["faso"]))
        .await
        .expect("made");
    let (_, link) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let awa = service.accepts(&link).await;
    for name in [
        "Mariam Sawadogo",
        "mariam sawadogo",
        "MARIAM  SAWADOGO",
        "Mariam\u{200b} Sawadogo",
        "Mаriam Sawadogo",
        "Ｍａｒｉａｍ Ｓａｗａｄｏｇｏ",
        "Mariarn Sawadogo",
        "Mariam Sawadog0",
        "Robot du matin",
        "robot du rnatin",
        // Who works on every site works on this one.
        OWNER_NAME,
    ] {
        is_taken(adds(&service, name, "other@example.org", &["faso"]).await, name);
        is_taken(renames(&service, &awa, name).await, name);
        is_taken(makes_token(&service, name, on(&["faso"])).await, name);
        is_taken(makes_token(&service, name, Scope::All).await, name);
    }
    // On a page the form comes back with the sentence, which asks for a word more.
    let page = awa.posts("/account/name", &[("name", "Mariam Sawadogo")]).await;
    assert_eq!(page.status, 422, "{}", page.text);
    assert!(page.text.contains("ajoutez un mot qui les distingue"), "{}", page.text);
    renames(&service, &awa, "Mariam Sawadogo (sports)")
        .await
        .expect("told apart");

    // Who is shut out may come back; who was removed has decided under the name.
    let (mariam, moussa) = (
        service
            .app
            .store
            .account_by_email("m@example.org")
            .await
            .expect("read")
            .expect("there")
            .id,
        service
            .invites("Moussa", "moussa@example.org", Role::Moderator, &["faso"])
            .await,
    );
    accounts::set_disabled(&service.app, Authority::Operator, mariam, true)
        .await
        .expect("shut out");
    is_taken(renames(&service, &awa, "Mariam Sawadogo").await, "suspended");
    accounts::remove(&service.app, Authority::Operator, mariam)
        .await
        .expect("removed");
    is_taken(renames(&service, &awa, "mariam sawadogo").await, "removed");
    is_taken(
        adds(&service, "Mariam Sawadogo", "m@example.org", &["faso"]).await,
        "removed",
    );
    // Who was only invited has done nothing under the name: a mistyped address can be made good.
    accounts::remove(&service.app, Authority::Operator, moussa.0)
        .await
        .expect("removed");
    adds(&service, "Moussa", "moussa2@example.org", &["faso"])
        .await
        .expect("free again");
    service.stop().await;
}

async fn h13_a_name_is_free_on_other_sites_and_one_s_own_stays_ones_own(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let (_, link) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let awa = service.accepts(&link).await;
    let other = adds(&service, "Awa", "awa2@example.org", &["sahel"])
        .await
        .expect("another site");
    makes_token(&service, "Robot", on(&["sahel"])).await.expect("made");
    makes_token(&service, "Robot", on(&["faso"]))
        .await
        .expect("another site");
    renames(&service, &awa, "AWA").await.expect("one's own");
    // A role on the other's site would make two of one name there.
    let both = accounts::change_role(&service.app, Authority::Operator, other, "faso", Some(Role::Moderator)).await;
    is_taken(both, "a role");
    is_taken(
        adds(&service, "Awa", "awa2@example.org", &["faso"]).await,
        "a role by e-mail",
    );
    is_taken(
        accounts::change_role(&service.app, Authority::Operator, other, "*", Some(Role::Owner)).await,
        "a role everywhere",
    );
    accounts::change_role(&service.app, Authority::Operator, other, "sahel", Some(Role::Owner))
        .await
        .expect("another role where they are");
    service.stop().await;
}

async fn h13_of_two_at_once_one_gets_the_name(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for round in 0..5 {
        let name = format!("Fatou {}", ["A", "B", "C", "D", "E"][round]);
        let emails = [format!("f{round}@example.org"), format!("g{round}@example.org")];
        let (one, two, three) = tokio::join!(
            adds(&service, &name, &emails[0], &["faso"]),
            adds(&service, &name, &emails[1], &["faso"]),
            makes_token(&service, &name, on(&["faso"])),
        );
        let got = usize::from(one.is_ok()) + usize::from(two.is_ok()) + usize::from(three.is_ok());
        assert_eq!(got, 1, "round {round}");
    }
    service.stop().await;
}

async fn h13_a_first_owner_is_nobody_elses_look_alike(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    makes_token(&service, "Rokia", on(&["faso"])).await.expect("made");
    let code = palabre::actions::setup::new_code(&service.app).await.expect("a code");
    let opened = service
        .request(Method::POST, "/setup", |request| request.form(&[("code", code)]))
        .await
        .expect(303);
    let browser = service.browser(&opened);
    let fields = [
        ("name", "ROKIA"),
        ("email", "r@example.org"),
        ("passphrase", PASSPHRASE),
    ];
    let refused = browser.posts("/setup/you", &fields).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let fields = [("name", "Rokia, chef"), fields[1], fields[2]];
    browser.posts("/setup/you", &fields).await.expect(200);
    service.stop().await;
}

async fn h13_owners_read_what_happened_to_the_names_and_links_of_their_site(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let (awa, link) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let browser = service.accepts(&link).await;
    renames(&service, &browser, "Awa Ouédraogo").await.expect("renamed");
    links::reset(&service.app, Authority::Operator, awa)
        .await
        .expect("a link");
    let faso = service.person("Propriétaire du Faso", Role::Owner, &["faso"]).await;
    let sahel = service.person("Propriétaire du Sahel", Role::Owner, &["sahel"]).await;
    let log = faso.gets("/api/v1/moderation/audit?site=faso").await.expect(200);
    let entries = log.json["entries"].as_array().expect("entries").clone();
    let actions: Vec<&str> = entries.iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(
        actions,
        [
            "account_invited",
            "link_redeemed",
            "account_renamed",
            "link_made",
            "token_made"
        ]
    );
    let renamed = &entries[2];
    assert_eq!(
        (&renamed["actor"], &renamed["actor_id"]),
        (&json!("Awa"), &json!(awa.to_string()))
    );
    assert_eq!(renamed["detail"]["from"], "Awa");
    assert_eq!(renamed["detail"]["to"], "Awa Ouédraogo");
    let log = sahel.gets("/api/v1/moderation/audit").await.expect(200);
    let entries = log.json["entries"].as_array().expect("entries");
    let actions: Vec<&str> = entries.iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["token_made"], "its own; the rest concerns nobody else");
    service.clock.advance(std::time::Duration::from_hours(1));
    palabre::jobs::round(&service.app).await.expect("a round");
    let (seals, fault) = service.app.store.check_seals("faso").await.expect("read");
    assert!(seals > 0 && fault.is_none());
    service.stop().await;
}
