//! One e-mail, several owners who invite it: each makes a link of their own, and only who opens it gets what they give.
//! E-mails are not verified, so whoever invites one first may sit in its account.

use std::time::Duration;

use palabre::{
    actions::{accounts, authority::Authority, identify::Role, links},
    domain::{account::Rights, actor::Scope},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    makers::{code_of, email, two_sites},
    offers::rights,
    service::{Browser, PASSPHRASE, Service},
    store_accounts::audit,
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    tenants_who_sits_in_an_account_gets_nothing_that_others_give_to_its_email,
    tenants_whoever_opens_a_link_gets_its_makers_roles_alone,
    tenants_a_role_for_who_sits_in_an_account_waits_also_for_an_owner_of_everything,
    tenants_a_link_made_anew_or_emptied_ends_no_other,
    tenants_an_account_with_a_second_step_answers_by_the_link,
    tenants_a_program_makes_no_link_and_takes_offers_back,
    tenants_strangers_cannot_fill_an_account_with_links,
);

impl Service {
    /// What the page of a link answers, and its button.
    async fn presses(&self, code: &str) -> (u16, u16) {
        let page = self.get(&format!("/invitation?code={code}")).await.status.as_u16();
        let fields = [("code", code), ("passphrase", "quatre chevaux bruns au galop")];
        let done = self.request(Method::POST, "/invitation", |request| request.form(&fields));
        (page, done.await.status.as_u16())
    }
}

impl Browser<'_> {
    /// Answers by a link.
    async fn answers_by(&self, code: &str, site: &str, answer: &str) -> u16 {
        let fields = [("code", code), ("site", site), ("answer", answer)];
        self.posts("/account/offers", &fields).await.status.as_u16()
    }

    /// Invites that e-mail; gives the account and the code of the link.
    async fn invites_known(&self, email: &str, role: &str, site: &str) -> (Uuid, String) {
        let body = json!({"email": email, "name": email.split('@').next(), "role": role, "site": site});
        let given = self.sends(&Method::POST, "/api/v1/moderators", &body).await.expect(201);
        (
            Uuid::parse_str(&given.id()).expect("an id"),
            code_of(&given.json["link"]),
        )
    }
}

async fn tenants_who_sits_in_an_account_gets_nothing_that_others_give_to_its_email(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    // Oumar invites the e-mail of somebody at the other site, and comes in himself: before or after its owner invites it.
    for is_first in [true, false] {
        for role in ["moderator", "owner"] {
            let victim = email("victim");
            let before = if is_first {
                None
            } else {
                Some(issa.invites_known(&victim, role, "sahel").await)
            };
            let (account, own) = oumar.invites_known(&victim, "moderator", "faso").await;
            let seated = service.accepts(&own).await;
            let (known, code) = match before {
                Some(before) => before,
                None => issa.invites_known(&victim, role, "sahel").await,
            };
            assert_eq!(known, account);

            let listed = issa.lists(account).await.expect("listed");
            assert_eq!(
                (&listed["status"], &listed["roles"], &listed["offers"]),
                (&json!("active"), &json!({}), &json!({"sahel": role})),
                "somebody sits there, and has not said yes"
            );
            let page = seated.gets("/account").await.expect(200);
            assert!(!page.text.contains("Sahel"), "{}", page.text);
            for answer in ["yes", "no"] {
                seated.answers("sahel", answer).await.expect(404);
                for wrong in ["", &own, "x"] {
                    assert_eq!(seated.answers_by(wrong, "sahel", answer).await, 404, "{wrong}");
                }
            }
            seated.gets("/api/v1/moderation/queue?site=sahel").await.expect(404);
            assert_eq!(rights(&service, account).await, Rights::on(Role::Moderator, ["faso"]));

            // The link opens nothing of what Oumar gave either.
            assert_eq!(service.presses(&code).await, (200, 409));
            seated.gets("/account").await.expect(200);
            let (_, other) = service.somebody(Role::Moderator, &["sahel"]).await;
            assert_eq!(other.answers_by(&code, "sahel", "yes").await, 404, "another account");

            // The operator gives the account back to its person, who has the link.
            let back = links::reset(&service.app, Authority::Operator, account)
                .await
                .expect("a link");
            let person = service.accepts(&back).await;
            seated.gets("/account").await.expect(303);
            assert_eq!(person.answers_by(&code, "sahel", "yes").await, 303);
            let given = rights(&service, account).await.at("sahel");
            assert_eq!(given.map(Role::as_str), Some(role));
        }
    }
    service.stop().await;
}

async fn tenants_whoever_opens_a_link_gets_its_makers_roles_alone(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (maker, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let person = email("awa");
    let (awa, from_oumar) = oumar.invites_known(&person, "owner", "faso").await;
    let (_, from_issa) = issa.invites_known(&person, "moderator", "sahel").await;
    let awa_in = service.accepts(&from_issa).await;
    assert_eq!(rights(&service, awa).await, Rights::on(Role::Moderator, ["sahel"]));
    // Oumar knows the code of his own link: it opens no account that works elsewhere.
    assert_eq!(service.presses(&from_oumar).await, (200, 409));
    let link = format!("/api/v1/moderators/{awa}/link");
    let refused = oumar.sends(&Method::POST, &link, &json!({})).await;
    assert_eq!(refused.error(), (403, "works_elsewhere"));
    service.clock.advance(Duration::from_secs(601));
    assert_eq!(
        awa_in.answers_by(&from_oumar, "faso", "yes").await,
        403,
        "typed again first"
    );
    let fields = [
        ("code", from_oumar.as_str()),
        ("site", "faso"),
        ("answer", "yes"),
        ("retype_passphrase", PASSPHRASE),
    ];
    awa_in.posts("/account/offers", &fields).await.expect(303);
    let both = Rights::on(Role::Moderator, ["sahel"]).with("faso", Role::Owner);
    assert_eq!(rights(&service, awa).await, both);
    assert_eq!(service.presses(&from_oumar).await, (404, 404));

    // Who works for both and is refused, too old, or of somebody who fell.
    oumar
        .sends(&Method::POST, "/login/retype", &json!({"passphrase": PASSPHRASE}))
        .await
        .expect(200);
    issa.sends(&Method::POST, "/login/retype", &json!({"passphrase": PASSPHRASE}))
        .await
        .expect(200);
    let (_, new, third) = oumar.invites("moderator", "faso").await;
    let (third_id, code) = issa.invites_known(&third, "moderator", "sahel").await;
    let as_third = service.accepts(&code).await;
    let wider = oumar.wants(&third, "owner", "faso").await.expect(201);
    assert_eq!(wider.json["link"], Value::Null, "one's own link goes on");
    assert_eq!(as_third.answers_by(&new, "faso", "no").await, 303);
    assert_eq!(as_third.answers_by(&new, "faso", "yes").await, 404);
    let (_, new) = oumar.invites_known(&third, "moderator", "faso").await;
    service.clock.advance(links::INVITATION_LIFE);
    assert_eq!(service.presses(&new).await, (404, 404));
    let as_third = service.signs_in_as(&third, PASSPHRASE).await;
    assert_eq!(as_third.answers_by(&new, "faso", "yes").await, 404, "too late");
    assert_eq!(rights(&service, third_id).await, Rights::on(Role::Moderator, ["sahel"]));
    let (_, newest) = service
        .somebody(Role::Owner, &["faso"])
        .await
        .1
        .invites_known(&third, "moderator", "faso")
        .await;
    assert_eq!(service.presses(&newest).await, (200, 409));
    let (fourth, _) = service.somebody(Role::Owner, &["sahel"]).await;
    accounts::set_disabled(&service.app, Authority::Operator, maker, true)
        .await
        .expect("done");
    accounts::set_disabled(&service.app, Authority::Operator, fourth, true)
        .await
        .expect("done");
    assert_eq!(
        as_third.answers_by(&newest, "faso", "yes").await,
        303,
        "of who did not fall"
    );
    service.stop().await;
}

async fn tenants_a_role_for_who_sits_in_an_account_waits_also_for_an_owner_of_everything(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, both) = service.somebody(Role::Owner, &["faso", "sahel"]).await;
    let sits = async || {
        let (account, code, email) = oumar.invites("moderator", "faso").await;
        (account, email, service.accepts(&code).await)
    };
    for (giver, site) in [(&both, "sahel"), (&all, "sahel"), (&all, "*")] {
        let (account, email, seated) = sits().await;
        let (_, code) = giver.invites_known(&email, "owner", site).await;
        assert_eq!(rights(&service, account).await, Rights::on(Role::Moderator, ["faso"]));
        seated.answers(site, "yes").await.expect(404);
        assert_eq!(seated.answers_by(&code, site, "yes").await, 303, "who has the link");
        assert_eq!(rights(&service, account).await.at(site), Some(Role::Owner));

        let (account, _, seated) = sits().await;
        let given = json!({"site": site, "role": "moderator"});
        let changed = giver.changes(account, &given).await.expect(200);
        assert_eq!(changed.json["offers"], json!({site: "moderator"}));
        code_of(&changed.json["link"]);
        seated.answers(site, "yes").await.expect(404);
        // On the site where Oumar could give it too, it is given at once.
        let wider = json!({"site": "faso", "role": "owner"});
        let changed = giver.changes(account, &wider).await.expect(200);
        assert_eq!(
            (&changed.json["roles"], &changed.json["link"]),
            (&json!({"faso": "owner"}), &Value::Null)
        );
    }
    let (account, email, seated) = sits().await;
    let wanted = accounts::Wanted {
        name: "Awa".to_owned(),
        email,
    };
    let added = accounts::add(&service.app, Authority::Operator, &wanted, Role::Owner, &Scope::All)
        .await
        .expect("added");
    assert!(added.is_offer || added.code.is_some());
    seated.answers("*", "yes").await.expect(404);
    assert!(rights(&service, account).await.everywhere().is_none());
    let code = added.code.expect("a link");
    assert_eq!(seated.answers_by(&code, "*", "yes").await, 303);
    assert_eq!(rights(&service, account).await.everywhere(), Some(Role::Owner));

    // Who was let in by the giver, or by the operator, has it at once.
    let (account, code, _) = both.invites("moderator", "faso").await;
    service.accepts(&code).await;
    let given = json!({"site": "sahel", "role": "moderator"});
    let changed = both.changes(account, &given).await.expect(200);
    assert_eq!(
        changed.json["roles"],
        json!({"faso": "moderator", "sahel": "moderator"})
    );
    service.stop().await;
}

async fn tenants_a_link_made_anew_or_emptied_ends_no_other(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, aminata) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let person = email("awa");
    let (awa, first) = oumar.invites_known(&person, "moderator", "faso").await;
    let (_, others) = issa.invites_known(&person, "moderator", "sahel").await;
    let listed = oumar.lists(awa).await.expect("listed");

    // A colleague of the same site narrows, widens, and makes it anew.
    let again = aminata.wants(&person, "moderator", "faso").await.expect(201);
    assert_eq!(again.json["link"], Value::Null, "there is one");
    let wider = json!({"site": "faso", "role": "owner"});
    let changed = aminata.changes(awa, &wider).await.expect(200);
    let second = code_of(&changed.json["link"]);
    assert_eq!(
        service.presses(&first).await,
        (404, 404),
        "its roles are Aminata's to give"
    );
    let narrower = json!({"site": "faso", "role": "moderator"});
    let changed = oumar.changes(awa, &narrower).await.expect(200);
    assert_eq!(
        (&changed.json["link"], &changed.json["roles"]),
        (&Value::Null, &listed["roles"])
    );
    let path = format!("/api/v1/moderators/{awa}/link");
    let third = code_of(&oumar.sends(&Method::POST, &path, &json!({})).await.expect(201).json["link"]);
    assert_eq!(service.presses(&second).await, (404, 404));

    // Withdrawn, it opens nothing any more, also when the person is invited again.
    let none = json!({"site": "faso", "role": null});
    oumar.changes(awa, &none).await.expect(200);
    assert_eq!(service.presses(&third).await, (404, 404));
    assert_eq!(oumar.lists(awa).await, None);
    let (_, fourth) = oumar.invites_known(&person, "moderator", "faso").await;
    assert_eq!(service.presses(&third).await, (404, 404));
    // Removed by one of the two, and invited again.
    let path = format!("/api/v1/moderators/{awa}");
    let refused = oumar.sends(&Method::PATCH, &path, &json!({"disabled": true})).await;
    assert_eq!(refused.error(), (403, "works_elsewhere"));
    oumar.sends(&Method::DELETE, &path, &json!({})).await.expect(204);
    assert_eq!(service.presses(&fourth).await, (404, 404));
    oumar.sends(&Method::DELETE, &path, &json!({})).await.expect(404);
    let (_, fifth) = oumar.invites_known(&person, "moderator", "faso").await;
    assert_eq!(service.presses(&others).await, (200, 200), "Issa's is as it was");
    assert_eq!(rights(&service, awa).await, Rights::on(Role::Moderator, ["sahel"]));
    assert_eq!(service.presses(&fifth).await, (200, 409));
    service.stop().await;
}

async fn tenants_an_account_with_a_second_step_answers_by_the_link(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let (awa, code, email) = oumar.invites("moderator", "faso").await;
    let awa_in = service.accepts(&code).await;
    let store = &service.app.store;
    store
        .set_totp_seed(awa, Some("sealed".to_owned()), None)
        .await
        .expect("kept");
    assert!(store.take_totp_step(awa, 7, Some(audit("on"))).await.expect("taken"));
    let (_, code) = issa.invites_known(&email, "moderator", "sahel").await;
    assert_eq!(service.presses(&code).await, (200, 409));
    assert_eq!(awa_in.answers_by(&code, "sahel", "yes").await, 303);
    let known = accounts::get(&service.app, awa).await.expect("there");
    assert!(known.has_second_step(), "as it was");
    assert_eq!(known.rights, Rights::on(Role::Moderator, ["faso", "sahel"]));
    service.stop().await;
}

async fn tenants_a_program_makes_no_link_and_takes_offers_back(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let token = issa.makes_token(&json!({"role": "owner", "site": "sahel"})).await;
    let calls = async |method: Method, path: &str, body: Value| {
        let path = format!("/api/v1/moderators{path}");
        service
            .request(method, &path, |request| request.bearer_auth(&token).json(&body))
            .await
    };
    let (awa, code, email) = oumar.invites("moderator", "faso").await;
    service.accepts(&code).await;
    let invite = json!({"email": email, "name": "Awa", "role": "moderator", "site": "sahel"});
    assert_eq!(calls(Method::POST, "", invite).await.error(), (403, "forbidden"));
    let (_, code) = issa.invites_known(&email, "owner", "sahel").await;
    let path = format!("/{awa}");
    for role in ["owner", "moderator"] {
        let refused = calls(Method::PATCH, &path, json!({"site": "sahel", "role": role})).await;
        assert_eq!(refused.error(), (403, "forbidden"), "{role}");
    }
    let refused = calls(Method::POST, &format!("{path}/link"), json!({})).await;
    assert_eq!(refused.status, 403);
    calls(Method::PATCH, &path, json!({"site": "sahel", "role": null}))
        .await
        .expect(200);
    assert_eq!(service.presses(&code).await, (404, 404));

    // Of who has not come in: narrower, and with no new link where the old one ran out.
    let (new, code, _) = issa.invites("owner", "sahel").await;
    let path = format!("/{new}");
    let narrower = json!({"site": "sahel", "role": "moderator"});
    let changed = calls(Method::PATCH, &path, narrower.clone()).await.expect(200);
    assert_eq!(
        (&changed.json["link"], &changed.json["roles"]),
        (&Value::Null, &json!({"sahel": "moderator"}))
    );
    service.clock.advance(links::INVITATION_LIFE);
    let changed = calls(Method::PATCH, &path, narrower).await.expect(200);
    assert_eq!(changed.json["link"], Value::Null);
    assert_eq!(service.presses(&code).await, (404, 404));
    service.stop().await;
}

async fn tenants_strangers_cannot_fill_an_account_with_links(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let person = email("awa");
    // Whatever number of owners of a site invite somebody, one link of theirs counts.
    let mut codes = Vec::new();
    let mut account = Uuid::nil();
    for _ in 0..3 {
        let (_, stranger) = service.somebody(Role::Owner, &["faso"]).await;
        for role in ["moderator", "owner"] {
            let given = stranger.wants(&person, role, "faso").await.expect(201);
            account = Uuid::parse_str(&given.id()).expect("an id");
            codes.extend(given.json["link"].as_str().map(|_| code_of(&given.json["link"])));
            let none = json!({"site": "faso", "role": null});
            stranger.changes(account, &none).await.expect(200);
        }
        let last = stranger.wants(&person, "moderator", "faso").await.expect(201);
        codes.push(code_of(&last.json["link"]));
    }
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let (_, own) = issa.invites_known(&person, "moderator", "sahel").await;
    let mut counting = 0;
    for code in &codes {
        counting += usize::from(service.get(&format!("/invitation?code={code}")).await.status == 200);
    }
    assert_eq!(counting, 1, "of {}", codes.len());
    assert_eq!(service.presses(&own).await, (200, 200));
    assert_eq!(rights(&service, account).await, Rights::on(Role::Moderator, ["sahel"]));
    service.stop().await;
}
