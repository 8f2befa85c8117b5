//! Roles that are offered: an owner of one site gets no power over an account that works on another one, and the person
//! says yes or no.

use palabre::{
    actions::{accounts, authority::Authority, identify::Role},
    domain::account::Rights,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    makers::two_sites,
    service::{Answer, Browser, PASSPHRASE, Service},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    tenants_an_offer_takes_nothing_from_the_other_owner,
    tenants_an_open_link_outlives_an_offer_beside_it,
    tenants_an_offer_is_accepted_refused_or_taken_back,
    tenants_an_offer_ends_with_its_maker_and_with_a_link_in_place_of_a_lost_passphrase,
    tenants_an_owner_of_everything_gives_at_once,
);

impl Browser<'_> {
    /// Gives somebody with an account a role, by the call that invites.
    pub(crate) async fn wants(&self, email: &str, role: &str, site: &str) -> Answer {
        let body = json!({"email": email, "name": "Awa", "role": role, "site": site});
        self.sends(&Method::POST, "/api/v1/moderators", &body).await
    }

    pub(crate) async fn answers(&self, site: &str, answer: &str) -> Answer {
        self.posts("/account/offers", &[("site", site), ("answer", answer)])
            .await
    }

    /// The person as the list of an owner has them.
    pub(crate) async fn lists(&self, account: Uuid) -> Option<Value> {
        let list = self.gets("/api/v1/moderators").await.expect(200);
        let people = list.json["moderators"].as_array().expect("a list").clone();
        people.into_iter().find(|person| person["id"] == json!(account))
    }

    async fn log_of(&self, site: &str) -> Vec<String> {
        let path = format!("/api/v1/moderation/audit?site={site}");
        let log = self.gets(&path).await.expect(200);
        let entries = log.json["entries"].as_array().expect("a list");
        let actions = entries.iter().filter_map(|entry| entry["action"].as_str());
        actions.map(str::to_owned).collect()
    }
}

/// Somebody who works on `faso` and came in, with their e-mail.
async fn moderator(service: &Service) -> (Uuid, String, Browser<'_>) {
    let (id, browser) = service.somebody(Role::Moderator, &["faso"]).await;
    let known = accounts::get(&service.app, id).await.expect("there");
    (id, known.email, browser)
}

pub(crate) async fn rights(service: &Service, id: Uuid) -> Rights {
    accounts::get(&service.app, id).await.expect("there").rights
}

async fn tenants_an_offer_takes_nothing_from_the_other_owner(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    for way in ["call", "page", "owner"] {
        let (awa, email, _) = moderator(&service).await;
        let before = oumar.lists(awa).await.expect("listed");
        let log = oumar.log_of("faso").await;
        if way == "page" {
            let fields = [
                ("name", "Awa"),
                ("email", &*email),
                ("role", "moderator"),
                ("site", "sahel"),
            ];
            let done = issa.posts("/moderators", &fields).await.expect(303);
            let page = issa.gets(done.header("location")).await.expect(200);
            assert!(page.text.contains("ne compte qu’une fois accepté"), "{}", page.text);
            assert!(page.text.contains("Rôle proposé, pas encore accepté"));
            assert!(!page.text.contains(&format!("/moderators/{awa}/remove")), "no button");
        } else {
            let role = if way == "owner" { "owner" } else { "moderator" };
            let given = issa.wants(&email, role, "sahel").await.expect(201);
            assert_eq!(given.json["link"], Value::Null);
        }
        assert_eq!(oumar.lists(awa).await, Some(before), "nothing of it is seen");
        assert_eq!(oumar.log_of("faso").await, log);
        assert!(rights(&service, awa).await.at("sahel").is_none());
        let path = format!("/api/v1/moderators/{awa}");
        for body in [json!({"disabled": true}), json!({"disabled": false})] {
            assert_eq!(issa.changes(awa, &body).await.error(), (403, "works_elsewhere"));
        }
        let link = format!("{path}/link");
        let refused = issa.sends(&Method::POST, &link, &json!({})).await;
        assert_eq!(refused.error(), (403, "works_elsewhere"));
        let refused = issa.sends(&Method::DELETE, &path, &json!({})).await;
        assert_eq!(refused.error(), (403, "works_elsewhere"));

        oumar.changes(awa, &json!({"disabled": true})).await.expect(200);
        oumar.changes(awa, &json!({"disabled": false})).await.expect(200);
        oumar.sends(&Method::POST, &link, &json!({})).await.expect(201);
        oumar.sends(&Method::DELETE, &path, &json!({})).await.expect(204);
        assert_eq!(issa.lists(awa).await, None, "gone with the account");
    }
    service.stop().await;
}

async fn tenants_an_open_link_outlives_an_offer_beside_it(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let (awa, code, email) = oumar.invites("moderator", "faso").await;
    let given = issa.wants(&email, "moderator", "sahel").await.expect(201);
    assert_eq!(given.id(), awa.to_string());
    let issas = crate::makers::code_of(&given.json["link"]);
    for (owner, site) in [(&issa, "sahel"), (&oumar, "faso")] {
        let listed = owner.lists(awa).await.expect("listed");
        assert_eq!(
            (&listed["status"], &listed["roles"], &listed["offers"]),
            (&json!("invited"), &json!({site: "moderator"}), &json!({}))
        );
    }
    let awa_in = service.accepts(&code).await;
    let path = format!("/invitation?code={issas}");
    let page = awa_in.gets(&path).await.expect(200);
    assert!(
        page.text
            .contains("L’équipe de «\u{202f}Le Sahel\u{202f}» vous propose"),
        "{}",
        page.text
    );
    let outside = service.get(&path).await.expect(200);
    assert!(!outside.text.contains("Sahel") && outside.text.contains("/login?next=%2Finvitation%3Fcode%3D"));
    awa_in.gets("/api/v1/moderation/queue?site=sahel").await.expect(404);
    awa_in.answers("sahel", "yes").await.expect(404);
    let by_link = [("code", issas.as_str()), ("site", "sahel"), ("answer", "yes")];
    awa_in.posts("/account/offers", &by_link).await.expect(303);
    awa_in.gets("/api/v1/moderation/queue?site=sahel").await.expect(200);
    awa_in.posts("/account/offers", &by_link).await.expect(404);
    awa_in.gets(&path).await.expect(404);
    service.stop().await;
}

async fn tenants_an_offer_is_accepted_refused_or_taken_back(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let (awa, email, awa_in) = moderator(&service).await;
    let (_, _, other) = moderator(&service).await;

    // Refused, taken back, and what is not offered (any more).
    issa.wants(&email, "moderator", "sahel").await.expect(201);
    other.answers("sahel", "yes").await.expect(404);
    awa_in.answers("faso", "yes").await.expect(404);
    awa_in.answers("sahel", "no").await.expect(303);
    awa_in.answers("sahel", "yes").await.expect(404);
    assert_eq!(issa.lists(awa).await, None);
    issa.wants(&email, "moderator", "sahel").await.expect(201);
    let changed = issa
        .changes(awa, &json!({"site": "sahel", "role": "owner"}))
        .await
        .expect(200);
    assert_eq!(changed.json["offers"], json!({"sahel": "owner"}));
    let taken = issa
        .changes(awa, &json!({"site": "sahel", "role": null}))
        .await
        .expect(200);
    assert_eq!((&taken.json["roles"], &taken.json["offers"]), (&json!({}), &json!({})));
    awa_in.answers("sahel", "yes").await.expect(404);
    assert!(
        !awa_in
            .gets("/account")
            .await
            .expect(200)
            .text
            .contains("/account/offers")
    );

    // Accepted, with the passphrase typed lately.
    issa.wants(&email, "moderator", "sahel").await.expect(201);
    service.clock.advance(std::time::Duration::from_secs(601));
    let asked = awa_in.answers("sahel", "yes").await.expect(403);
    assert!(asked.text.contains("name=\"retype_passphrase\""), "{}", asked.text);
    assert!(rights(&service, awa).await.at("sahel").is_none());
    let fields = [("site", "sahel"), ("answer", "yes"), ("retype_passphrase", PASSPHRASE)];
    awa_in.posts("/account/offers", &fields).await.expect(303);
    assert_eq!(rights(&service, awa).await.at("sahel"), Some(Role::Moderator));
    awa_in.answers("sahel", "yes").await.expect(404);
    let log = issa.log_of("sahel").await;
    for action in ["role_offered", "role_refused", "role_taken", "role_accepted"] {
        assert!(log.iter().any(|here| here == action), "{action}: {log:?}");
    }
    let own = oumar.log_of("faso").await;
    assert!(!own.iter().any(|action| action.starts_with("role_")), "{own:?}");
    for owner in [&oumar, &issa] {
        let refused = owner.changes(awa, &json!({"disabled": true})).await;
        assert_eq!(refused.error(), (403, "works_elsewhere"), "they work on both");
    }
    // On one's own site the role is changed at once.
    oumar
        .sends(&Method::POST, "/login/retype", &json!({"passphrase": PASSPHRASE}))
        .await
        .expect(200);
    let wider = oumar
        .changes(awa, &json!({"site": "faso", "role": "owner"}))
        .await
        .expect(200);
    assert_eq!(wider.json["roles"], json!({"faso": "owner"}));
    service.stop().await;
}

async fn tenants_an_offer_ends_with_its_maker_and_with_a_link_in_place_of_a_lost_passphrase(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    for fall in [
        json!({"disabled": true}),
        json!({"site": "sahel", "role": "moderator"}),
        json!({"site": "sahel", "role": null}),
        json!({}),
    ] {
        let (maker, issa) = service.somebody(Role::Owner, &["sahel"]).await;
        let (_, email, awa_in) = moderator(&service).await;
        issa.wants(&email, "moderator", "sahel").await.expect(201);
        if fall == json!({}) {
            let path = format!("/api/v1/moderators/{maker}");
            all.sends(&Method::DELETE, &path, &fall).await.expect(204);
        } else {
            all.changes(maker, &fall).await.expect(200);
        }
        awa_in.answers("sahel", "yes").await.expect(404);
    }
    // Oumar can open the account by a link of his, and gets nothing that was offered to the person.
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let (awa, email, _) = moderator(&service).await;
    issa.wants(&email, "owner", "sahel").await.expect(201);
    let path = format!("/api/v1/moderators/{awa}/link");
    let made = oumar.sends(&Method::POST, &path, &json!({})).await.expect(201);
    let as_awa = service.accepts(&crate::makers::code_of(&made.json["link"])).await;
    as_awa.answers("sahel", "yes").await.expect(404);
    assert!(rights(&service, awa).await.at("sahel").is_none());
    service.stop().await;
}

async fn tenants_an_owner_of_everything_gives_at_once(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, both) = service.somebody(Role::Owner, &["faso", "sahel"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    for owner in [&all, &both] {
        let (awa, email, _) = moderator(&service).await;
        // In place of what was offered.
        issa.wants(&email, "owner", "sahel").await.expect(201);
        owner.wants(&email, "moderator", "sahel").await.expect(201);
        let listed = issa.lists(awa).await.expect("listed");
        assert_eq!(
            (&listed["roles"], &listed["offers"]),
            (&json!({"sahel": "moderator"}), &json!({}))
        );
    }
    let (awa, _, _) = moderator(&service).await;
    let given = accounts::change_role(&service.app, Authority::Operator, awa, "sahel", Some(Role::Owner)).await;
    assert!(!given.expect("given").is_offer);
    assert_eq!(rights(&service, awa).await.at("sahel"), Some(Role::Owner));
    service.stop().await;
}
