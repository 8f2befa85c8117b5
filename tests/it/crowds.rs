//! Nobody's many rows hide another's few: tokens, people, sites; and a site has only so many.

use std::collections::BTreeSet;

use palabre::{
    actions::{authority::Authority, identify::Role, tokens},
    domain::{actor::Scope, site::SiteSettings},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    makers::{email, two_sites},
    service::{Browser, Service, comment},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h9_six_hundred_tokens_of_one_tenant_hide_nobodys,
    h9_eleven_hundred_invitations_of_one_tenant_hide_nobody,
    h9_a_thousand_other_sites_hide_nobodys,
    h9_a_site_has_so_many_tokens_and_open_invitations_and_no_more,
);

/// All rows of a list, page by page.
async fn whole(browser: &Browser<'_>, path: &str, list: &str, limit: Option<u32>) -> Vec<Value> {
    let (mut rows, mut pages) = (Vec::new(), 0);
    let mut query = limit.map_or_else(|| "?".to_owned(), |limit| format!("?limit={limit}&"));
    let first = query.clone();
    loop {
        let page = browser.gets(&format!("{path}{query}")).await.expect(200);
        rows.extend(page.json[list].as_array().expect("a list").clone());
        let Some(next) = page.json["next"].as_str() else {
            return rows;
        };
        query = format!("{first}after={next}");
        pages += 1;
        assert!(pages < 200, "it ends");
    }
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    let ids: BTreeSet<String> = rows
        .iter()
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(ids.len(), rows.len(), "each once");
    ids
}

/// How many items the pages of a list show, following their links.
async fn shown(browser: &Browser<'_>, path: &str) -> usize {
    let mut items = 0;
    let mut next = path.to_owned();
    loop {
        let page = browser.gets(&next).await.expect(200);
        items += page.text.matches("<li class=\"item\">").count();
        let link = page.text.split(&format!("href=\"{path}?after=")).nth(1);
        let Some(link) = link else { return items };
        next = format!("{path}?after={}", link.split('"').next().expect("its end"));
    }
}

async fn h9_six_hundred_tokens_of_one_tenant_hide_nobodys(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, issa) = service.somebody(Role::Owner, &["sahel"]).await;
    let token = issa
        .makes_token(&json!({"name": "Serveur du Sahel", "role": "moderator", "site": "sahel"}))
        .await;
    for number in 0..600 {
        let wanted = tokens::Wanted {
            name: Some(format!("Cron {number}")),
            role: Role::Moderator,
            scope: Scope::Sites(vec!["faso".to_owned()]),
            expires_at: None,
        };
        tokens::create(&service.app, Authority::Operator, wanted)
            .await
            .expect("a token");
    }
    let own = issa.gets("/api/v1/tokens").await.expect(200);
    let names: Vec<_> = own.json["tokens"].as_array().expect("a list").iter().collect();
    assert_eq!(names.len(), 1, "{}", own.text);
    assert_eq!(
        (&names[0]["name"], &own.json["next"]),
        (&json!("Serveur du Sahel"), &Value::Null)
    );
    assert!(issa.gets("/tokens").await.text.contains("Serveur du Sahel"));
    assert_eq!(ids(&whole(&all, "/api/v1/tokens", "tokens", None).await).len(), 601);
    assert_eq!(ids(&whole(&all, "/api/v1/tokens", "tokens", Some(37)).await).len(), 601);
    assert_eq!(shown(&all, "/tokens").await, 601);
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    assert_eq!(shown(&oumar, "/tokens").await, 600);
    assert_eq!(shown(&issa, "/tokens").await, 1);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
    ] {
        let bad = all.gets(&format!("/api/v1/tokens?{query}")).await.expect(422);
        assert_eq!(bad.json["errors"][0]["field"], field, "{query}");
    }
    // No reader takes its name, and its owner revokes it.
    let mut fields = comment("Bonjour");
    fields["name"] = json!("Serveur du Sahel");
    let refused = service.reader().submits_to("sahel", &fields).await;
    assert_eq!(refused.json["errors"][0]["code"], "name_reserved", "{}", refused.text);
    let id = names[0]["id"].as_str().expect("an id");
    let path = format!("/api/v1/tokens/{id}");
    assert_eq!(
        oumar.sends(&Method::DELETE, &path, &json!({})).await.error(),
        (404, "not_found")
    );
    assert_eq!(service.asks(&token, "/api/v1/moderation/queue").await, 200);
    issa.sends(&Method::DELETE, &path, &json!({})).await.expect(204);
    assert_eq!(service.asks(&token, "/api/v1/moderation/queue").await, 401);
    // The oldest of many is revoked as well.
    let oldest = whole(&oumar, "/api/v1/tokens", "tokens", None).await;
    let oldest = oldest.last().and_then(|token| token["id"].as_str()).expect("an id");
    oumar.posts(&format!("/tokens/{oldest}/revoke"), &[]).await.expect(303);
    assert_eq!(shown(&oumar, "/tokens").await, 599);
    service.stop().await;
}

async fn h9_eleven_hundred_invitations_of_one_tenant_hide_nobody(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (zoe, code) = service
        .invites("Zoé Zongo", "zoe@example.org", Role::Owner, &["sahel"])
        .await;
    let zoe_in = service.accepts(&code).await;
    for number in 0..1100 {
        let email = format!("a{number:04}@example.org");
        let name = format!("Awa {number}");
        service.invites(&name, &email, Role::Moderator, &["faso"]).await;
    }
    let own = zoe_in.gets("/api/v1/moderators").await.expect(200);
    let own = ids(own.json["moderators"].as_array().expect("a list"));
    assert!(
        own.contains(&zoe.to_string()) && own.len() == 2,
        "herself, and who owns all"
    );
    assert_eq!(shown(&zoe_in, "/moderators").await, 2);
    let page = all.gets("/moderators").await.expect(200);
    assert_eq!(page.text.matches("<li class=\"item\">").count(), 100);
    assert_eq!(shown(&all, "/moderators").await, 1102);
    let found = ids(&whole(&all, "/api/v1/moderators", "moderators", None).await);
    assert!(found.len() == 1102 && found.contains(&zoe.to_string()));
    assert_eq!(
        ids(&whole(&all, "/api/v1/moderators", "moderators", Some(99)).await),
        found
    );
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    assert_eq!(
        whole(&oumar, "/api/v1/moderators", "moderators", Some(500)).await.len(),
        1102
    );
    for query in ["limit=0", "limit=1001", "after=zoe%40example.org"] {
        let bad = all.gets(&format!("/api/v1/moderators?{query}")).await;
        assert_eq!(bad.error(), (422, "invalid"), "{query}");
    }
    let mut fields = comment("Bonjour");
    fields["name"] = json!("Zoe Zongo");
    let refused = service.reader().submits_to("sahel", &fields).await;
    assert_eq!(refused.json["errors"][0]["code"], "name_reserved", "{}", refused.text);
    service.stop().await;
}

async fn h9_a_thousand_other_sites_hide_nobodys(storage: &Storage) {
    let config = format!("{}[[site]]\nid = \"zz\"\nname = \"Le Zénith\"\n", two_sites());
    let service = Service::start(storage, &config).await;
    service.signs_in().await;
    let (_, owner) = service.somebody(Role::Owner, &["zz"]).await;
    let now = service.app.clock.now();
    for number in 0..1001 {
        let id = format!("a{number}");
        let made = service.app.store.ensure_site(&id, &SiteSettings::default(), now).await;
        made.expect("made");
    }
    let listed = owner.gets("/api/v1/sites").await.expect(200);
    assert_eq!(listed.json["sites"][0]["id"], "zz", "{}", listed.text);
    for page in ["/sites", "/tokens", "/queue", "/moderators"] {
        let page = owner.gets(page).await.expect(200);
        assert!(page.text.contains("Le Zénith") || page.text.contains("zz"));
    }
    service.stop().await;
}

async fn h9_a_site_has_so_many_tokens_and_open_invitations_and_no_more(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, oumar) = service.somebody(Role::Owner, &["faso"]).await;
    let id = if storage.is_postgres() {
        "gen_random_uuid()"
    } else {
        "randomblob(16)"
    };
    let numbers = |most: i64| {
        format!("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {most}) ")
    };
    let now = service.app.clock.now().0;
    storage
        .execute(&format!(
            "INSERT INTO tokens (id, name, hash, role, created_at) {} SELECT {id}, 'many', 'many' || n, 'moderator', \
             {now} FROM numbers",
            numbers(999)
        ))
        .await;
    storage
        .execute("INSERT INTO token_sites (token_id, site_id) SELECT id, 'faso' FROM tokens WHERE name = 'many'")
        .await;
    let token = json!({"role": "moderator", "site": "faso"});
    oumar.makes_token(&token).await;
    let full = oumar.sends(&Method::POST, "/api/v1/tokens", &token).await;
    assert_eq!(full.error(), (409, "tokens_full"), "{}", full.text);
    assert_eq!(
        (&full.json["limit"], &full.json["site"]),
        (&json!(1000), &json!("faso"))
    );
    assert!(
        full.json["title"]
            .as_str()
            .is_some_and(|title| title.contains("1\u{202f}000"))
    );
    let fields = [("name", "Cron"), ("role", "moderator"), ("site", "faso")];
    let page = oumar.posts("/tokens", &fields).await.expect(409);
    assert!(page.text.contains("1\u{202f}000") && page.text.contains("value=\"Cron\""));
    // Another site has its own, and one that ends makes room.
    all.makes_token(&json!({"role": "moderator", "site": "sahel"})).await;
    storage
        .execute("UPDATE tokens SET revoked_at = 1 WHERE hash = 'many1'")
        .await;
    oumar.makes_token(&token).await;

    storage
        .execute(&format!(
            "INSERT INTO accounts (id, name, email, email_folded, totp_confirmed, totp_step, created_at) {} SELECT \
             {id}, 'many', 'many' || n || '@example.org', 'many' || n || '@example.org', FALSE, 0, {now} FROM numbers",
            numbers(1999)
        ))
        .await;
    storage
        .execute(
            "INSERT INTO role_offers (account_id, site_id, role, at) SELECT id, 'faso', 'moderator', created_at \
             FROM accounts WHERE name = 'many'",
        )
        .await;
    oumar.invites("moderator", "faso").await;
    let invite = json!({"email": email("x"), "name": "X", "role": "moderator", "site": "faso"});
    let full = oumar.sends(&Method::POST, "/api/v1/moderators", &invite).await;
    assert_eq!(full.error(), (409, "invitations_full"), "{}", full.text);
    assert_eq!(
        (&full.json["limit"], &full.json["site"]),
        (&json!(2000), &json!("faso"))
    );
    let fields = [
        ("name", "X"),
        ("email", "x@example.org"),
        ("role", "moderator"),
        ("site", "faso"),
    ];
    let page = oumar.posts("/moderators", &fields).await.expect(409);
    assert!(page.text.contains("2\u{202f}000") && page.text.contains("value=\"x@example.org\""));
    let elsewhere = json!({"email": email("x"), "name": "X", "role": "moderator", "site": "sahel"});
    all.sends(&Method::POST, "/api/v1/moderators", &elsewhere)
        .await
        .expect(201);
    service.stop().await;
}
