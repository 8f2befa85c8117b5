//! The teams of sites beside each other on one service: what an owner of one site learns of another's team, and
//! whose word counts about an account.

use palabre::{
    actions::{accounts, authority::Authority, identify::Role},
    domain::account::EVERY_SITE,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    makers::{email, two_sites},
    service::{Answer, Browser, Service},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h17_an_owner_of_one_site_sees_the_roles_on_it_alone,
    tenants_an_act_on_an_account_is_in_the_log_of_its_sites,
    h3_a_link_ends_when_its_maker_falls,
    h3_who_gave_a_suspension_decides_who_lifts_it,
);

impl Browser<'_> {
    async fn acts(&self, method: Method, account: Uuid, body: Value) -> Answer {
        let path = format!("/api/v1/moderators/{account}");
        self.sends(&method, &path, &body).await
    }

    async fn links(&self, account: Uuid) -> Answer {
        let path = format!("/api/v1/moderators/{account}/link");
        self.sends(&Method::POST, &path, &json!({})).await
    }

    /// The actions in a log with what they are about, oldest first.
    async fn log(&self, site: &str) -> Vec<(String, String)> {
        let path = format!("/api/v1/moderation/audit?site={}", crate::service::encoded(site));
        let log = self.gets(&path).await.expect(200);
        let entries = log.json["entries"].as_array().expect("a list");
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        entries
            .iter()
            .map(|entry| (text(entry, "action"), entry["detail"].to_string()))
            .collect()
    }
}

/// The person in a list of accounts.
fn row(list: &Answer, account: Uuid) -> Value {
    let people = list.json["moderators"].as_array().expect("a list");
    let found = people.iter().find(|person| person["id"] == json!(account));
    found.expect("listed").clone()
}

async fn h17_an_owner_of_one_site_sees_the_roles_on_it_alone(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, faso) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, both) = service.somebody(Role::Owner, &["faso", "sahel"]).await;
    let (awa, _) = service.somebody(Role::Moderator, &["faso", "sahel"]).await;
    let here = json!({"faso": "moderator"});
    let everywhere = json!({"faso": "moderator", "sahel": "moderator"});

    let list = async |browser: &Browser<'_>| {
        let list = browser.gets("/api/v1/moderators").await.expect(200);
        row(&list, awa)["roles"].clone()
    };
    assert_eq!(list(&faso).await, here);
    assert_eq!((list(&both).await, list(&all).await), (everywhere.clone(), everywhere));

    let page = faso.gets("/moderators").await.expect(200);
    assert!(
        !page.text.contains("sahel") && !page.text.contains("Sahel"),
        "{}",
        page.text
    );
    assert!(both.gets("/moderators").await.expect(200).text.contains("Sahel"));
    let given = json!({"site": "faso", "role": "owner"});
    let changed = faso.acts(Method::PATCH, awa, given).await.expect(200);
    assert_eq!(changed.json["roles"], json!({"faso": "owner"}));
    let taken = json!({"site": "faso", "role": null});
    let changed = faso.acts(Method::PATCH, awa, taken).await.expect(200);
    assert_eq!(
        changed.json["roles"],
        json!({}),
        "nothing of the other site is left to see"
    );
    // A moderator of one's site is an owner elsewhere: also that is not told.
    let given = json!({"site": "faso", "role": "moderator"});
    both.acts(Method::PATCH, awa, given).await.expect(200);
    let given = json!({"site": "sahel", "role": "owner"});
    both.acts(Method::PATCH, awa, given).await.expect(200);
    assert_eq!(list(&faso).await, here);
    let page = faso.posts(&format!("/moderators/{awa}/remove"), &[]).await.expect(403);
    assert!(
        !page.text.contains("sahel") && !page.text.contains("Sahel"),
        "{}",
        page.text
    );
    service.stop().await;
}

async fn tenants_an_act_on_an_account_is_in_the_log_of_its_sites(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let body = json!({
        "email": email("awa"), "name": "Awa des deux", "role": "moderator", "sites": ["faso", "sahel"],
    });
    let invited = all.sends(&Method::POST, "/api/v1/moderators", &body).await.expect(201);
    let awa = Uuid::parse_str(&invited.id()).expect("an id");
    for (method, body) in [
        (Method::PATCH, json!({"site": "faso", "role": "owner"})),
        (Method::PATCH, json!({"site": "faso", "role": "moderator"})),
        (Method::PATCH, json!({"disabled": true})),
        (Method::PATCH, json!({"disabled": false})),
        (Method::PATCH, json!({"site": "sahel", "role": null})),
        (Method::DELETE, json!({})),
    ] {
        let done = all.acts(method, awa, body).await;
        assert!(done.status.is_success(), "{}", done.text);
    }
    let body = json!({"name": "Programme", "role": "moderator", "sites": ["faso", "sahel"]});
    let made = all.sends(&Method::POST, "/api/v1/tokens", &body).await.expect(201);
    let path = format!("/api/v1/tokens/{}", made.id());
    all.sends(&Method::DELETE, &path, &json!({})).await.expect(204);

    let actions = |log: &[(String, String)]| -> Vec<String> { log.iter().map(|(action, _)| action.clone()).collect() };
    let faso = all.log("faso").await;
    assert_eq!(
        actions(&faso),
        [
            "account_invited",
            "role_given",
            "role_given",
            "account_disabled",
            "account_enabled",
            "account_removed",
            "token_made",
            "token_revoked"
        ]
    );
    let sahel = all.log("sahel").await;
    assert_eq!(
        actions(&sahel),
        [
            "account_invited",
            "account_disabled",
            "account_enabled",
            "role_taken",
            "token_made",
            "token_revoked"
        ]
    );
    for (log, other) in [(&faso, "sahel"), (&sahel, "faso")] {
        assert!(log.iter().all(|(_, detail)| !detail.contains(other)), "{log:?}");
    }
    let of_all = all.log(EVERY_SITE).await;
    for (action, _) in faso.iter().chain(&sahel) {
        assert!(of_all.iter().any(|(here, _)| here == action), "{action}");
    }
    service.stop().await;
}

async fn h3_a_link_ends_when_its_maker_falls(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let roles = |role: Value| json!({"site": "faso", "role": role});
    for (fall, rise) in [
        (json!({"disabled": true}), json!({"disabled": false})),
        (roles(json!("moderator")), roles(json!("owner"))),
        (roles(Value::Null), roles(json!("owner"))),
    ] {
        for way in ["api", "page", "command line"] {
            let (maker, oumar) = service.somebody(Role::Owner, &["faso", "sahel"]).await;
            let (_, lost, _) = oumar.invites("moderator", "faso").await;
            let (_, kept, _) = oumar.invites("moderator", "sahel").await;
            for change in [&fall, &rise] {
                let role = change["role"].as_str().unwrap_or("none");
                match (way, change["disabled"].as_bool()) {
                    ("page", Some(disabled)) => {
                        let fields = [("disabled", if disabled { "yes" } else { "no" })];
                        let path = format!("/moderators/{maker}/disabled");
                        all.posts(&path, &fields).await.expect(303);
                    }
                    ("page", None) => {
                        let path = format!("/moderators/{maker}/role");
                        all.posts(&path, &[("site", "faso"), ("role", role)]).await.expect(303);
                    }
                    ("command line", Some(disabled)) => {
                        let done = accounts::set_disabled(&service.app, Authority::Operator, maker, disabled).await;
                        done.expect("done");
                    }
                    ("command line", None) => {
                        let role = Role::parse(role);
                        let done = accounts::change_role(&service.app, Authority::Operator, maker, "faso", role).await;
                        done.expect("done");
                    }
                    _ => {
                        all.acts(Method::PATCH, maker, change.clone()).await.expect(200);
                    }
                }
            }
            let opens = async |code: &str| service.get(&format!("/invitation?code={code}")).await.status.as_u16();
            assert_eq!(opens(&lost).await, 404, "{fall} by {way}");
            let others = if fall["site"].is_null() { 404 } else { 200 };
            assert_eq!(
                opens(&kept).await,
                others,
                "{fall} by {way}: on the site that stayed theirs"
            );
        }
    }
    service.stop().await;
}

async fn h3_who_gave_a_suspension_decides_who_lifts_it(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, faso) = service.somebody(Role::Owner, &["faso"]).await;
    let suspend = || json!({"disabled": true});
    let lift = || json!({"disabled": false});

    // One's own, and a colleague's of the same power.
    let (_, colleague) = service.somebody(Role::Owner, &["faso"]).await;
    let (awa, _) = service.somebody(Role::Moderator, &["faso"]).await;
    colleague.acts(Method::PATCH, awa, suspend()).await.expect(200);
    faso.acts(Method::PATCH, awa, lift()).await.expect(200);

    // One of somebody with more power, also where one suspends over it.
    all.acts(Method::PATCH, awa, suspend()).await.expect(200);
    for _ in 0..2 {
        let refused = faso.acts(Method::PATCH, awa, lift()).await;
        assert_eq!(refused.error(), (403, "forbidden"));
        assert_eq!(faso.links(awa).await.error(), (403, "forbidden"));
        assert_eq!(
            faso.acts(Method::DELETE, awa, json!({})).await.error(),
            (403, "forbidden")
        );
        let page = format!("/moderators/{awa}");
        for (path, fields) in [("disabled", &[("disabled", "no")][..]), ("link", &[]), ("remove", &[])] {
            faso.posts(&format!("{page}/{path}"), fields).await.expect(403);
        }
        let people = faso.gets("/moderators").await.expect(200).text;
        assert!(
            !people.contains(&format!("{page}/disabled")),
            "no button that is refused"
        );
        assert!(
            all.gets("/moderators")
                .await
                .expect(200)
                .text
                .contains(&format!("{page}/disabled"))
        );
        faso.acts(Method::PATCH, awa, suspend()).await.expect(200);
    }
    let known = accounts::get(&service.app, awa).await.expect("there");
    let body = json!({"email": known.email, "name": known.name, "role": "owner", "site": "faso"});
    faso.sends(&Method::POST, "/api/v1/moderators", &body).await.expect(201);
    let known = accounts::get(&service.app, awa).await.expect("there");
    assert_eq!(known.standing(), "disabled", "invited anew, and out as before");
    all.acts(Method::PATCH, awa, lift()).await.expect(200);
    colleague.acts(Method::PATCH, awa, suspend()).await.expect(200);
    faso.acts(Method::PATCH, awa, lift()).await.expect(200);

    // One that was lifted by who may is forgotten; the command line's is as an owner's of every site.
    accounts::set_disabled(&service.app, Authority::Operator, awa, true)
        .await
        .expect("done");
    assert_eq!(faso.acts(Method::PATCH, awa, lift()).await.error(), (403, "forbidden"));
    all.acts(Method::PATCH, awa, lift()).await.expect(200);

    // One of an owner of two sites, when one of them is no more the account's.
    let (_, both) = service.somebody(Role::Owner, &["faso", "sahel"]).await;
    let (issa, _) = service.somebody(Role::Moderator, &["faso", "sahel"]).await;
    both.acts(Method::PATCH, issa, suspend()).await.expect(200);
    both.acts(Method::PATCH, issa, json!({"site": "sahel", "role": null}))
        .await
        .expect(200);
    assert_eq!(faso.acts(Method::PATCH, issa, lift()).await.error(), (403, "forbidden"));
    both.acts(Method::PATCH, issa, lift()).await.expect(200);
    service.stop().await;
}
