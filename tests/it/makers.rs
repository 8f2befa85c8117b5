//! What somebody made stands on what they may do now: one-time links and tokens.

use palabre::{
    actions::{accounts, authority::Authority, identify::Role, links},
    domain::{account::EVERY_SITE, actor::Scope},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    service::{Answer, Browser, PASSPHRASE, SITE, Service},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h3_a_link_opens_no_more_than_its_maker_could_take,
    h3_a_role_of_another_comes_with_a_link_of_theirs,
    h3_who_does_not_stand_above_an_account_gets_no_link_of_it,
    h3_a_link_of_the_operator_is_always_good,
    h6_a_token_may_no_more_than_its_maker_may_now,
    h6_the_tokens_of_who_is_shut_out_or_removed_have_ended,
    h6_a_token_makes_no_accounts_and_no_token_beyond_itself,
);

pub(crate) fn two_sites() -> String {
    format!("{SITE}[[site]]\nid = \"sahel\"\nname = \"Le Sahel\"\norigins = [\"https://faso.test\"]\n")
}

pub(crate) fn code_of(link: &Value) -> String {
    let link = link.as_str().expect("a link");
    link.split_once("/invitation?code=").expect("a link").1.to_owned()
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}-{}@example.org", Uuid::now_v7().simple())
}

impl Service {
    /// Somebody new with a role on `sites` (none: every site), come in.
    pub(crate) async fn somebody(&self, role: Role, sites: &[&str]) -> (Uuid, Browser<'_>) {
        let email = email("somebody");
        let name = email.split('@').next().expect("a name");
        let (id, code) = self.invites(name, &email, role, sites).await;
        (id, self.accepts(&code).await)
    }

    /// What the page of a link answers, and what its button does: the same, but for a link that counts.
    pub(crate) async fn opens(&self, code: &str) -> u16 {
        let page = self.get(&format!("/invitation?code={code}")).await.status.as_u16();
        let done = self
            .request(Method::POST, "/invitation", |request| {
                request.form(&[("code", code), ("passphrase", PASSPHRASE)])
            })
            .await
            .status
            .as_u16();
        assert_eq!(page, done, "the page says what its button does");
        done
    }

    /// Where a link gives a role that lets nobody in any more, for the account came in by another one.
    async fn gives_to_who_came_in(&self, code: &str) -> String {
        self.get(&format!("/invitation?code={code}")).await.expect(200);
        let tried = self.request(Method::POST, "/invitation", |request| {
            request.form(&[("code", code), ("passphrase", PASSPHRASE)])
        });
        tried.await.expect(409);
        let link = links::invited(&self.app, code).await.expect("it counts");
        let sites: Vec<&str> = link.offers.iter().map(|(site, _)| site).collect();
        sites.join(" ")
    }

    /// The status of a call by a bearer token.
    pub(crate) async fn asks(&self, token: &str, path: &str) -> u16 {
        let answer = self.request(Method::GET, path, |request| request.bearer_auth(token));
        answer.await.status.as_u16()
    }

    async fn calls(&self, token: &str, method: &Method, path: &str, body: &Value) -> Answer {
        self.request(method.clone(), path, |request| request.bearer_auth(token).json(body))
            .await
    }

    async fn shuts_out(&self, id: Uuid, is_shut_out: bool) {
        let done = accounts::set_disabled(&self.app, Authority::Operator, id, is_shut_out).await;
        done.expect("done");
    }

    async fn gives(&self, id: Uuid, site: &str, role: Option<Role>) {
        let done = accounts::change_role(&self.app, Authority::Operator, id, site, role).await;
        done.expect("done");
    }
}

impl Browser<'_> {
    /// Invites somebody new to a site; gives the account and the code of its link.
    pub(crate) async fn invites(&self, role: &str, site: &str) -> (Uuid, String, String) {
        let email = email("invited");
        let body = json!({"email": email, "name": email.split('@').next(), "role": role, "site": site});
        let invited = self
            .sends(&Method::POST, "/api/v1/moderators/invite", &body)
            .await
            .expect(201);
        let id = Uuid::parse_str(&invited.id()).expect("an id");
        (id, code_of(&invited.json["link"]), email)
    }

    /// Changes what somebody may do.
    pub(crate) async fn changes(&self, id: Uuid, body: &Value) -> Answer {
        self.sends(&Method::PATCH, &format!("/api/v1/moderators/{id}"), body)
            .await
    }

    /// Makes a token; gives its secret.
    pub(crate) async fn makes_token(&self, body: &Value) -> String {
        let made = self.sends(&Method::POST, "/api/v1/tokens", body).await.expect(201);
        made.json["token"].as_str().expect("a secret").to_owned()
    }
}

/// What happens between the making of a link and its use.
#[derive(Debug, Clone, Copy)]
enum Then {
    Nothing,
    MakerShutOut,
    MakerBack,
    MakerRemoved,
    MakerDemoted,
    MakerLostTheSite,
    MakerElsewhere,
    OtherSiteGiven,
    EverySiteGiven,
    RoleTaken,
    RoleTakenAndGivenByTheMaker,
    SameRoleGiven,
    Narrowed,
}

async fn h3_a_link_opens_no_more_than_its_maker_could_take(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    for (then, is_good) in [
        (Then::Nothing, true),
        (Then::MakerShutOut, false),
        (Then::MakerBack, false),
        (Then::MakerRemoved, false),
        (Then::MakerDemoted, false),
        (Then::MakerLostTheSite, false),
        (Then::MakerElsewhere, false),
        // Before somebody comes in, by the other's link.
        (Then::OtherSiteGiven, true),
        (Then::EverySiteGiven, true),
        (Then::RoleTaken, false),
        (Then::RoleTakenAndGivenByTheMaker, true),
        (Then::SameRoleGiven, true),
        (Then::Narrowed, true),
    ] {
        for is_reset in [false, true] {
            let (maker, oumar) = service.somebody(Role::Owner, &["faso"]).await;
            let (account, mut code, _) = oumar.invites("owner", "faso").await;
            let mut seated = None;
            if is_reset {
                seated = Some(service.accepts(&code).await);
                let path = format!("/api/v1/moderators/{account}/link");
                let link = oumar.sends(&Method::POST, &path, &json!({})).await.expect(201);
                code = code_of(&link.json["link"]);
            }
            match then {
                Then::Nothing => {}
                Then::MakerShutOut => service.shuts_out(maker, true).await,
                Then::MakerBack => {
                    service.shuts_out(maker, true).await;
                    service.shuts_out(maker, false).await;
                }
                Then::MakerRemoved => {
                    let path = format!("/api/v1/moderators/{maker}");
                    all.sends(&Method::DELETE, &path, &json!({})).await.expect(204);
                }
                Then::MakerDemoted => service.gives(maker, "faso", Some(Role::Moderator)).await,
                Then::MakerLostTheSite => service.gives(maker, "faso", None).await,
                Then::MakerElsewhere => {
                    service.gives(maker, "faso", None).await;
                    service.gives(maker, "sahel", Some(Role::Owner)).await;
                }
                Then::OtherSiteGiven | Then::EverySiteGiven => {
                    let site = if matches!(then, Then::OtherSiteGiven) {
                        "sahel"
                    } else {
                        "*"
                    };
                    let given = json!({"site": site, "role": "moderator"});
                    let given = all.changes(account, &given).await.expect(200);
                    if let Some(seated) = seated {
                        let link = code_of(&given.json["link"]);
                        let fields = [("code", link.as_str()), ("site", site), ("answer", "yes")];
                        seated.posts("/account/offers", &fields).await.expect(303);
                    }
                }
                Then::RoleTaken => service.gives(account, "faso", None).await,
                Then::RoleTakenAndGivenByTheMaker => {
                    // The account works on another site of the maker's meanwhile: without a role it is not theirs.
                    service.gives(maker, "sahel", Some(Role::Owner)).await;
                    let given = json!({"site": "sahel", "role": "moderator"});
                    oumar.changes(account, &given).await.expect(200);
                    for role in [Value::Null, json!("owner")] {
                        let given = json!({"site": "faso", "role": role});
                        oumar.changes(account, &given).await.expect(200);
                    }
                }
                Then::SameRoleGiven => {
                    let given = json!({"site": "faso", "role": "owner"});
                    all.changes(account, &given).await.expect(200);
                }
                Then::Narrowed => {
                    let given = json!({"site": "faso", "role": "moderator"});
                    all.changes(account, &given).await.expect(200);
                }
            }
            let takes_over = is_reset && matches!(then, Then::OtherSiteGiven | Then::EverySiteGiven);
            let expected = if is_good && !takes_over { 200 } else { 404 };
            let opened = service.opens(&code).await;
            assert_eq!(opened, expected, "{then:?}, reset: {is_reset}");
        }
    }
    service.stop().await;
}

async fn h3_a_role_of_another_comes_with_a_link_of_theirs(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;

    // By the call that changes a role.
    let (awa, old, _) = oumar.invites("moderator", "faso").await;
    let given = json!({"site": "*", "role": "owner"});
    let changed = all.changes(awa, &given).await.expect(200);
    let new = code_of(&changed.json["link"]);
    assert_eq!(service.opens(&new).await, 200);
    assert_eq!(service.gives_to_who_came_in(&old).await, "faso");
    let account = accounts::get(&service.app, awa).await.expect("there");
    assert_eq!(account.rights.everywhere(), Some(Role::Owner));
    let again = all
        .changes(awa, &json!({"site": "sahel", "role": "owner"}))
        .await
        .expect(200);
    assert_eq!(again.json["link"], Value::Null, "there was no link any more");

    // By the call that invites, also to several sites at once.
    let (_, old, email) = oumar.invites("moderator", "faso").await;
    let body = json!({"email": email, "name": "Awa", "role": "owner", "sites": ["faso", "sahel"]});
    let invited = all.sends(&Method::POST, "/api/v1/moderators", &body).await.expect(201);
    let new = code_of(&invited.json["link"]);
    assert_eq!((service.opens(&old).await, service.opens(&new).await), (404, 200));

    // By page.
    let (awa, old, email) = oumar.invites("moderator", "faso").await;
    let role = format!("/moderators/{awa}/role");
    let page = all
        .posts(&role, &[("site", "*"), ("role", "moderator")])
        .await
        .expect(200);
    let new = page.text.split("/invitation?code=").nth(1).expect("a link");
    let new = new.split(['<', '"', '&']).next().expect("its end").to_owned();
    let fields = [
        ("name", "Awa"),
        ("email", email.as_str()),
        ("role", "owner"),
        ("site", "sahel"),
    ];
    let own = all.posts("/moderators", &fields).await.expect(303);
    assert_eq!(
        own.header("location"),
        "/moderators?done=given",
        "one's own link goes on"
    );
    assert_eq!(service.opens(&new).await, 200);
    assert_eq!(service.gives_to_who_came_in(&old).await, "faso");

    // By the command line.
    let (awa, old, email) = oumar.invites("moderator", "faso").await;
    let wanted = accounts::Wanted {
        name: "Awa".to_owned(),
        email,
    };
    let sites = Scope::Sites(vec!["sahel".to_owned()]);
    let added = accounts::add(&service.app, Authority::Operator, &wanted, Role::Moderator, &sites).await;
    let added = added.expect("added");
    assert_eq!(added.account, awa);
    assert_eq!(service.opens(&added.code.expect("a link")).await, 200);
    assert_eq!(service.gives_to_who_came_in(&old).await, "faso");
    service.stop().await;
}

async fn h3_who_does_not_stand_above_an_account_gets_no_link_of_it(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let (awa, link, email) = oumar.invites("moderator", "faso").await;
    let body = json!({"email": email, "name": "Awa", "role": "moderator", "site": "sahel"});
    let given = issa.sends(&Method::POST, "/api/v1/moderators", &body).await.expect(201);
    let others = code_of(&given.json["link"]);
    let path = format!("/api/v1/moderators/{awa}/link");
    let made = issa.sends(&Method::POST, &path, &json!({})).await.expect(201);
    let others_new = code_of(&made.json["link"]);
    let made = oumar.sends(&Method::POST, &path, &json!({})).await.expect(201);
    let new = code_of(&made.json["link"]);
    for ended in [&link, &others] {
        assert_eq!(service.opens(ended).await, 404, "in its place there is a new one");
    }
    assert_eq!(service.opens(&new).await, 200, "what Issa offers takes nothing of it");
    assert_eq!(service.gives_to_who_came_in(&others_new).await, "sahel");
    let refused = issa.sends(&Method::POST, &path, &json!({})).await;
    assert_eq!(
        refused.error(),
        (403, "works_elsewhere"),
        "Awa works on a site that is not Issa's"
    );
    service.stop().await;
}

async fn h3_a_link_of_the_operator_is_always_good(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let (awa, link) = service.invites("Awa", &email("awa"), Role::Moderator, &["faso"]).await;
    let given = json!({"site": "faso", "role": "owner"});
    let given = oumar.changes(awa, &given).await.expect(200);
    assert_eq!(given.json["link"], Value::Null);
    let given = all
        .changes(awa, &json!({"site": "*", "role": "owner"}))
        .await
        .expect(200);
    code_of(&given.json["link"]);
    assert_eq!(service.opens(&link).await, 200);
    assert_eq!(service.opens(&link).await, 404, "once");
    let code = links::reset(&service.app, Authority::Operator, awa)
        .await
        .expect("a link");
    service.gives(awa, EVERY_SITE, None).await;
    service.gives(awa, "faso", None).await;
    assert_eq!(service.opens(&code).await, 200, "also where nothing is left");
    service.stop().await;
}

const SETTINGS: &str = "/api/v1/sites/faso";
const QUEUE: &str = "/api/v1/moderation/queue?site=faso";

async fn h6_a_token_may_no_more_than_its_maker_may_now(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (maker, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let token = oumar.makes_token(&json!({"role": "owner", "site": "faso"})).await;
    let child = service
        .calls(
            &token,
            &Method::POST,
            "/api/v1/tokens",
            &json!({"role": "owner", "site": "faso"}),
        )
        .await
        .expect(201);
    let child = child.json["token"].as_str().expect("a secret").to_owned();
    let asks = async |token: &str| (service.asks(token, SETTINGS).await, service.asks(token, QUEUE).await);
    let both = async || (asks(&token).await, asks(&child).await);
    assert_eq!(both().await, ((200, 200), (200, 200)));
    service.gives(maker, "faso", Some(Role::Moderator)).await;
    assert_eq!(both().await, ((403, 200), (403, 200)), "demoted with their maker");
    let made = service
        .calls(
            &token,
            &Method::POST,
            "/api/v1/tokens",
            &json!({"role": "moderator", "site": "faso"}),
        )
        .await;
    assert_eq!(made.error(), (403, "forbidden"));
    service.gives(maker, "faso", None).await;
    assert_eq!(both().await, ((404, 404), (404, 404)), "the site is not there for them");
    service.gives(maker, EVERY_SITE, Some(Role::Owner)).await;
    assert_eq!(
        both().await,
        ((200, 200), (200, 200)),
        "up to what the token was made for"
    );
    assert_eq!(service.asks(&token, "/api/v1/sites/sahel").await, 404);

    // A token of every site shrinks to the sites that its maker has left.
    let wide = oumar.makes_token(&json!({"role": "owner", "all_sites": true})).await;
    assert_eq!(service.asks(&wide, "/api/v1/sites/sahel").await, 200);
    service.gives(maker, "faso", Some(Role::Owner)).await;
    service.gives(maker, EVERY_SITE, Some(Role::Moderator)).await;
    assert_eq!(asks(&wide).await, (200, 200));
    assert_eq!(
        service.asks(&wide, "/api/v1/sites/sahel").await,
        403,
        "a moderator's there"
    );
    service.gives(maker, EVERY_SITE, None).await;
    assert_eq!(asks(&wide).await, (200, 200));
    assert_eq!(service.asks(&wide, "/api/v1/sites/sahel").await, 404);
    let listed = service
        .calls(&wide, &Method::GET, "/api/v1/sites", &json!({}))
        .await
        .expect(200);
    assert_eq!(listed.json["sites"].as_array().map(Vec::len), Some(1));
    // The operator's stand on nobody.
    let operators = service.owner().await;
    operators.gets(SETTINGS).await.expect(200);
    service.stop().await;
}

async fn h6_the_tokens_of_who_is_shut_out_or_removed_have_ended(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let operators = service.owner().await;
    let (maker, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let token = oumar.makes_token(&json!({"role": "moderator", "site": "faso"})).await;
    let parent = oumar.makes_token(&json!({"role": "owner", "site": "faso"})).await;
    let child = service
        .calls(
            &parent,
            &Method::POST,
            "/api/v1/tokens",
            &json!({"role": "moderator", "site": "faso"}),
        )
        .await
        .expect(201);
    let child = child.json["token"].as_str().expect("a secret").to_owned();
    let (_, other) = service.somebody(Role::Owner, &["faso"]).await;
    let others = other.makes_token(&json!({"role": "moderator", "site": "faso"})).await;
    all.changes(maker, &json!({"disabled": true})).await.expect(200);
    for ended in [&token, &parent, &child] {
        assert_eq!(service.asks(ended, QUEUE).await, 401, "at once");
    }
    all.changes(maker, &json!({"disabled": false})).await.expect(200);
    for ended in [&token, &parent, &child] {
        assert_eq!(service.asks(ended, QUEUE).await, 401, "for good");
    }
    let listed = all.gets("/api/v1/tokens").await.expect(200);
    assert_eq!(listed.json["tokens"].as_array().map(Vec::len), Some(2), "the others'");
    assert_eq!(service.asks(&others, QUEUE).await, 200);
    operators.gets(QUEUE).await.expect(200);
    // Who is back makes new ones, which end with the account.
    let account = accounts::get(&service.app, maker).await.expect("there");
    let oumar = service.signs_in_as(&account.email, PASSPHRASE).await;
    let token = oumar.makes_token(&json!({"role": "moderator", "site": "faso"})).await;
    assert_eq!(service.asks(&token, QUEUE).await, 200);
    let path = format!("/api/v1/moderators/{maker}");
    all.sends(&Method::DELETE, &path, &json!({})).await.expect(204);
    assert_eq!(service.asks(&token, QUEUE).await, 401);
    assert_eq!(service.asks(&others, QUEUE).await, 200);
    service.stop().await;
}

async fn h6_a_token_makes_no_accounts_and_no_token_beyond_itself(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let parent = oumar
        .makes_token(&json!({"role": "owner", "site": "faso", "expires": 10}))
        .await;
    let makes = async |token: &str, body: Value| service.calls(token, &Method::POST, "/api/v1/tokens", &body).await;
    for (body, error) in [
        (json!({"role": "moderator", "site": "faso"}), (403, "forbidden")),
        (
            json!({"role": "moderator", "site": "faso", "expires": 11}),
            (403, "forbidden"),
        ),
        (
            json!({"role": "moderator", "site": "faso", "expires": 3650}),
            (403, "forbidden"),
        ),
        (
            json!({"role": "moderator", "site": "sahel", "expires": 1}),
            (404, "not_found"),
        ),
        (
            json!({"role": "moderator", "all_sites": true, "expires": 1}),
            (403, "forbidden"),
        ),
    ] {
        assert_eq!(makes(&parent, body.clone()).await.error(), error, "{body}");
    }
    let own_end = json!({"role": "owner", "site": "faso", "expires": 10});
    let child = makes(&parent, own_end).await.expect(201);
    let child_token = child.json["token"].as_str().expect("a secret").to_owned();
    let grandchild = makes(&child_token, json!({"role": "moderator", "site": "faso", "expires": 1}))
        .await
        .expect(201);
    let grandchild = grandchild.json["token"].as_str().expect("a secret").to_owned();

    let invite = json!({"email": email("x"), "name": "X", "role": "moderator", "site": "faso"});
    let (here, _) = service.somebody(Role::Moderator, &["faso"]).await;
    let (out, _) = service.somebody(Role::Moderator, &["faso"]).await;
    service.shuts_out(out, true).await;
    let (here, out) = (
        format!("/api/v1/moderators/{here}"),
        format!("/api/v1/moderators/{out}"),
    );
    for (method, path, body) in [
        (Method::POST, "/api/v1/moderators", invite.clone()),
        (Method::POST, "/api/v1/moderators/invite", invite),
        (Method::PATCH, here.as_str(), json!({"site": "faso", "role": "owner"})),
        (Method::PATCH, out.as_str(), json!({"disabled": false})),
        (Method::POST, format!("{here}/link").as_str(), json!({})),
    ] {
        let refused = service.calls(&parent, &method, path, &body).await;
        assert_eq!(refused.error(), (403, "forbidden"), "{method} {path} {body}");
    }
    for body in [json!({"site": "faso", "role": "moderator"}), json!({"disabled": true})] {
        service.calls(&parent, &Method::PATCH, &here, &body).await.expect(200);
    }
    // Made by it, they end with it.
    assert_eq!(service.asks(&grandchild, QUEUE).await, 200);
    let listed = oumar.gets("/api/v1/tokens").await.expect(200);
    let tokens = listed.json["tokens"].as_array().expect("a list").clone();
    assert_eq!(tokens.len(), 3);
    let parents = tokens.last().and_then(|token| token["id"].as_str()).expect("an id");
    let path = format!("/api/v1/tokens/{parents}");
    oumar.sends(&Method::DELETE, &path, &json!({})).await.expect(204);
    for token in [&parent, &child_token, &grandchild] {
        assert_eq!(service.asks(token, QUEUE).await, 401);
    }
    let listed = oumar.gets("/api/v1/tokens").await.expect(200);
    assert_eq!(listed.json["tokens"], json!([]));
    service.stop().await;
}
